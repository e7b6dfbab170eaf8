// Forms as spreadsheets, through openpyxl and LibreOffice; files and keys that nobody should take.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { HERE } from '../lib/demo.js';
import { arrive, person } from '../lib/desk.js';
import { begin, download, file, fill, mistakes, newOrg, openForm, ORG, save } from '../lib/desk-forms.js';
import { soundness, suite } from '../lib/suite.js';

const world = suite(import.meta.url);
const python = process.env.ENISHI_E2E_PYTHON ?? join(HERE, '.work', 'venv', 'bin', 'python');
const XLSX = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet';

let folder;
before(() => (folder = mkdtempSync(join(tmpdir(), 'enishi-e2e-'))));
after(() => rmSync(folder, { recursive: true, force: true }));

const inFolder = (name, bytes) => {
  if (bytes) writeFileSync(join(folder, name), bytes);
  return join(folder, name);
};

/** As a person does with Excel. */
function fillSheet(from, to, values) {
  execFileSync(python, [join(HERE, 'desk', 'fill_sheet.py'), from, to], { input: JSON.stringify(values) });
}

/** Opened and saved again by LibreOffice, which has a profile of its own here. */
function throughLibreOffice(path) {
  const out = mkdtempSync(join(folder, 'lo-'));
  const profile = `-env:UserInstallation=file://${join(folder, 'profile')}`;
  execFileSync('soffice', [profile, '--headless', '--norestore', '--convert-to', 'xlsx:Calc MS Excel 2007 XML', '--outdir', out, path], { timeout: 110_000, stdio: 'pipe' });
  return join(out, path.split('/').at(-1));
}

/** Uploads a spreadsheet on the page of the form. */
async function upload(v, kase, form, buffer, name = 'plan.xlsx') {
  await openForm(v, kase, form);
  await v.expect('desk/form');
  await v.page.locator('#sheet').setInputFiles({ name, mimeType: XLSX, buffer });
  await v.act('upload');
}

const PLAN_JA = {
  組織の区分: '民間事業者',
  '法人・団体名': '株式会社エクセル商事',
  郵便番号: '１０２－００９４',
  所在地: '東京都千代田区紀尾井町1-3',
  連絡担当者の氏名: '表 計算',
  連絡担当者のフリガナ: 'ﾋｮｳ ｹｲｻﾝ',
  連絡担当者のメールアドレス: 'hyo@example.co.jp',
  連絡担当者の電話番号: '03-1234-5678',
  サービスの概要: '一行目\n二行目「全角・①」',
  年間の利用者数の見込み: 50000,
  属性連携設定API: '○',
  'お知らせ・民送情報取得API': '○',
  接続試験の開始予定日: { date: '2027-03-01' },
  サービス提供の開始予定日: '2027/6/1',
};

async function sheetIsTaken(v, kase) {
  await v.expect('desk/upload');
  assert.match(await v.text(), /株式会社エクセル商事/);
  await v.act('take');
  await v.expect('desk/form');
  assert.deepEqual(await mistakes(v), []);
  const value = (id) => v.page.inputValue(`[id="${id}"]`);
  assert.equal(await value('organisation_name'), '株式会社エクセル商事');
  assert.equal(await value('contact_kana'), 'ヒョウ ケイサン');
  assert.equal((await value('overview')).replaceAll('\r', ''), '一行目\n二行目「全角・①」');
  assert.equal(await value('citizens_per_year'), '50000');
  assert.equal(await value('test_start-month'), '3');
  assert.equal(await value('service_start'), '2027');
  assert.equal(await v.page.locator('[name="apis"]:checked').count(), 2);
  assert.equal(await v.page.locator('[name="organisation_kind"]:checked').getAttribute('value'), 'private_company');
  return kase;
}

test('a form filled in with openpyxl comes back whole', () =>
  world.visit({}, async (v) => {
    await arrive(v, person('openpyxl'));
    const kase = await begin(v, await newOrg(v));
    const sheet = await download(v, `/cases/${kase}/forms/plan/sheet`);
    assert.match(sheet.name, /\.xlsx$/);
    fillSheet(inFolder('a.xlsx', sheet.bytes), inFolder('b.xlsx'), PLAN_JA);
    await upload(v, kase, 'plan', readFileSync(inFolder('b.xlsx')));
    await sheetIsTaken(v, kase);
  }));

test('a form filled in and saved by LibreOffice comes back whole', () =>
  world.visit({ inspectPages: false }, async (v) => {
    await arrive(v, person('libreoffice'));
    const kase = await begin(v, await newOrg(v));
    const sheet = await download(v, `/cases/${kase}/forms/plan/sheet`);
    fillSheet(inFolder('c.xlsx', sheet.bytes), inFolder('d.xlsx'), PLAN_JA);
    await upload(v, kase, 'plan', readFileSync(throughLibreOffice(inFolder('d.xlsx'))));
    await sheetIsTaken(v, kase);
    // What is filled in on the page stands in the sheet, and an untouched round trip changes nothing.
    const again = await download(v, `/cases/${kase}/forms/plan/sheet`);
    await upload(v, kase, 'plan', readFileSync(throughLibreOffice(inFolder('e.xlsx', again.bytes))));
    await v.expect('desk/upload');
    assert.match(await v.text(), /下書きと同じ内容です/);
  }));

test('mistakes in a sheet are told by sheet and cell, with the mend; nothing is taken unseen', () =>
  world.visit({ lang: 'en' }, async (v) => {
    await arrive(v, person('cells', 'Sheet Mistake'));
    const kase = await begin(v, await newOrg(v));
    const sheet = await download(v, `/cases/${kase}/forms/plan/sheet`);
    const wrong = { Organisation: '=1+1', 'Postal code': '12', 'Contact: e-mail': 'nobody', 'Start of the connection test': 'soon', 'Citizens expected in a year': 'many' };
    fillSheet(inFolder('f.xlsx', sheet.bytes), inFolder('g.xlsx'), wrong);
    v.variant = 'findings';
    await upload(v, kase, 'plan', readFileSync(inFolder('g.xlsx')));
    await v.expect('desk/upload');
    const places = await v.page.locator('.en-banner li strong').allInnerTexts();
    assert.ok(places.length >= 5 && places.every((p) => /[A-Z]+\d+/.test(p)), places.join('\n'));
    await v.act('drop');
    await v.expect('desk/form');
    assert.equal(await v.page.inputValue('#organisation_name'), ORG.name, 'as the draft was');
    // The sheet of another form, and no sheet at all.
    const other = await download(v, `/cases/${kase}/forms/check-security/sheet`);
    await upload(v, kase, 'plan', other.bytes);
    await v.expect('desk/form');
    assert.match((await mistakes(v)).join(), /another form/);
    await openForm(v, kase, 'plan');
    await v.act('upload');
    assert.equal((await mistakes(v)).length, 1);
  }));

test('text that looks like a formula is text in the spreadsheet', () =>
  world.visit({ inspectPages: false }, async (v) => {
    await arrive(v, person('formula'));
    const kase = await begin(v, await newOrg(v));
    await openForm(v, kase, 'plan');
    await fill(v, { organisation_name: '=HYPERLINK("http://x.example","押す")', overview: '+1+1', purpose: '@SUM(A1)', address: '-2' });
    await save(v);
    const sheet = await download(v, `/cases/${kase}/forms/plan/sheet`);
    const look = 'import openpyxl, sys\nfor s in openpyxl.load_workbook(sys.argv[1]).worksheets:\n for r in s.iter_rows():\n  for c in r:\n   assert c.data_type != "f", c.coordinate\n   if str(c.value).startswith(("=", "+", "@", "-2")): print(c.coordinate, c.data_type)';
    const cells = execFileSync(python, ['-c', look, inFolder('h.xlsx', sheet.bytes)], { encoding: 'utf8' }).trim().split('\n');
    assert.equal(cells.length, 4, cells.join('\n'));
    assert.ok(cells.every((c) => c.endsWith(' s')), cells.join('\n'));
    // And LibreOffice takes it for text too.
    const reread = throughLibreOffice(inFolder('h.xlsx'));
    assert.match(execFileSync(python, ['-c', look, reread], { encoding: 'utf8' }), / s/);
  }));

test('files that nobody should take are refused, and the page says why', () =>
  world.visit({}, async (v) => {
    await arrive(v, person('evil'));
    const kase = await begin(v, await newOrg(v));
    const sheet = await download(v, `/cases/${kase}/forms/plan/sheet`);
    execFileSync(python, [join(HERE, 'desk', 'evil.py'), folder, inFolder('template.xlsx', sheet.bytes)]);
    const attach = async (name, why) => {
      await openForm(v, kase, 'plan');
      await fill(v, { contact_name: name, materials: [file(name, readFileSync(inFolder(name)), 'application/octet-stream')] });
      await v.led(() => v.page.locator('[data-act="save"]').last().click(), 'save');
      await v.expect('desk/form');
      assert.equal((await v.where()).status, 422, name);
      const said = (await mistakes(v)).join('\n');
      assert.match(said, why, `${name}: ${said}`);
      assert.ok(said.includes(name), `${name} is named: ${said}`);
      assert.equal(await v.page.inputValue('#contact_name'), name, 'what was typed is kept');
      assert.equal(await v.page.locator('main a[href*="/files/"]').count(), 0, `${name} is not kept`);
    };
    v.variant = 'file-refused';
    await attach('bomb.xlsx', /展開すると大きく/);
    v.variant = undefined;
    await attach('macro.xlsx', /マクロ/);
    await attach('truncated.xlsx', /壊れている/);
    await attach('huge.png', /ピクセル/);
    await attach('program.pdf', /受け付けられない種類/);
    await attach('page.pdf', /拡張子/);
    await attach('picture.svg', /拡張子|種類/);
    await attach('empty.pdf', /空/);
    await attach('archive.zip', /種類/);
    for (const [name, why] of [['bomb.xlsx', /大き/], ['macro.xlsx', /マクロ/], ['truncated.xlsx', /壊れ|開けません|読み取れません/], ['program.pdf', /xlsx/i], ['huge.png', /xlsx/i]]) {
      const start = Date.now();
      await upload(v, kase, 'plan', readFileSync(inFolder(name)), name);
      await v.expect('desk/form');
      assert.match((await mistakes(v)).join(), why, name);
      assert.ok(Date.now() - start < 20_000, `${name} is refused soon`);
    }
  }));

test('a private key is refused wherever it is put, never shown again, and not kept', () =>
  world.visit({}, async (v) => {
    await arrive(v, person('key'));
    const kase = await begin(v, await newOrg(v));
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
    const jwk = JSON.stringify({ keys: [privateKey.export({ format: 'jwk' })] });
    const secret = privateKey.export({ format: 'jwk' }).d;
    const body = pem.split('\n')[1];
    for (const [text, needle] of [[pem, body], [jwk, secret]]) {
      await openForm(v, kase, 'plan');
      await fill(v, { contact_name: '鍵 太郎', retention: `鍵は次のとおりです。\n${text}` });
      v.variant = 'private-key';
      await v.led(() => v.page.locator('[data-act="save"]').last().click(), 'save');
      v.variant = undefined;
      await v.expect('desk/form');
      assert.match((await mistakes(v)).join(), /秘密鍵/);
      assert.ok(!(await v.page.content()).includes(needle), 'the key is not shown again');
      await openForm(v, kase, 'plan');
      assert.ok(!(await v.page.content()).includes(needle), 'the key is not kept');
    }
    await fill(v, { materials: [file('key.txt', Buffer.from(pem), 'text/plain')] });
    await v.led(() => v.page.locator('[data-act="save"]').last().click(), 'save');
    assert.match((await mistakes(v)).join(), /秘密鍵/);
    const sheet = await download(v, `/cases/${kase}/forms/plan/sheet`);
    fillSheet(inFolder('k.xlsx', sheet.bytes), inFolder('l.xlsx'), { 取得した情報の保存と削除: pem });
    await upload(v, kase, 'plan', readFileSync(inFolder('l.xlsx')));
    assert.match(await v.text(), /秘密鍵/);
    assert.ok(!(await v.page.content()).includes(body));
    assert.ok(!world.demo.log.some((line) => line.includes(body) || line.includes(secret)), 'nor in the log');
  }));

soundness(world);
