// The application for use: from the account to the receipt, in both languages; papers, mistakes, editors side by side.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ARTIFACTS } from '../lib/demo.js';
import { arrive, mailTo, openDesk, person } from '../lib/desk.js';
import { A2, begin, download, ELIGIBILITY, fill, fillForms, invite, mistakes, newOrg, openForm, ORG, save, submit } from '../lib/desk-forms.js';
import { soundness, suite } from '../lib/suite.js';

const world = suite(import.meta.url);

for (const lang of ['ja', 'en']) {
  test(`from the account to the receipt, with papers (${lang})`, () =>
    world.visit({ lang, width: lang === 'ja' ? 390 : 1280, patience: 300_000 }, async (v) => {
      const who = person(`applicant-${lang}`, '山田 太郎');
      await arrive(v, who);
      v.variant = undefined;
      const org = await newOrg(v);
      const kase = await begin(v, org);
      await openDesk(v, `/cases/${kase}/check`);
      await v.expect('desk/check');
      v.variant = 'too-early';
      await v.act('submit');
      await v.expect('desk/check');
      assert.ok((await mistakes(v)).length > 5 || /\d/.test(await v.text()), 'says what is missing');
      v.variant = undefined;
      await fillForms(v, kase, A2);
      await openDesk(v, '/');
      v.variant = 'with-task';
      await v.reload();
      v.variant = undefined;
      await openDesk(v, `/cases/${kase}/check`);
      v.variant = 'complete';
      await v.reload();
      const text = await v.text();
      for (const value of ['株式会社みほん', 'ヤマダ タロウ', '102-0094', '50,000', '画面遷移.pdf']) assert.ok(text.includes(value), `the check shows ${value}`);
      v.variant = undefined;
      await v.act('submit');
      await v.expect('desk/submitted');
      const receipt = /D-[0-9A-Z]{10}/.exec(await v.text())?.[0];
      assert.ok(receipt, await v.text());
      await mailTo(world.demo, who.email, new RegExp(receipt));
      await v.act('case');
      await v.expect('desk/case');
      v.variant = 'submitted';
      await v.reload();
      v.variant = undefined;
      // What was submitted is read, and is a paper.
      await v.led(() => v.page.locator('a[href*="/forms/plan/versions/1"]').click(), 'the submitted plan');
      await v.expect('desk/form-read');
      const base = `/cases/${kase}/forms/plan/versions/1`;
      const pdf = await download(v, `${base}/pdf`);
      assert.match(pdf.name, /\.pdf$/);
      const folder = mkdtempSync(join(tmpdir(), 'enishi-e2e-'));
      try {
        const path = join(folder, 'plan.pdf');
        writeFileSync(path, pdf.bytes);
        const said = execFileSync('pdftotext', ['-layout', path, '-'], { encoding: 'utf8' }).normalize('NFKC');
        for (const value of ['株式会社みほん', '東京都千代田区紀尾井町1-3', 'みほん年末調整', 'ヤマダ タロウ', '控除証明書のデータを申告書に転記するため。']) {
          assert.ok(said.replace(/\s/g, '').includes(value.replace(/\s/g, '')), `the PDF says ${value}:\n${said.slice(0, 1500)}`);
        }
        execFileSync('pdftoppm', ['-png', '-r', '70', path, join(ARTIFACTS, `plan-pdf-${lang}`)]);
        assert.match(execFileSync('pdffonts', [path], { encoding: 'utf8' }), /yes yes/, 'the font is embedded');
      } finally {
        rmSync(folder, { recursive: true });
      }
      // A form that was submitted is closed.
      await openForm(v, kase, 'plan');
      assert.equal((await v.where()).status, 404);
      const book = await download(v, `${base}/xlsx`);
      assert.equal(book.bytes.subarray(0, 2).toString(), 'PK');
    }));
}

test('mistakes are told in place and nothing typed is lost', () =>
  world.visit({}, async (v) => {
    await arrive(v, person('mistaken'));
    const kase = await begin(v, await newOrg(v));
    await openForm(v, kase, 'plan');
    await fill(v, { organisation_name: '間違い商事', contact_email: 'yamada(at)example', postal_code: '12', website: 'javascript:alert(1)', test_start: '2027-02-30', corporate_number: '1234567890123' });
    v.variant = 'mistakes';
    await save(v);
    v.variant = undefined;
    const said = await mistakes(v);
    assert.equal(said.length, 5, said.join('\n'));
    assert.equal(await v.page.inputValue('#contact_email'), 'yamada(at)example');
    assert.equal(await v.page.inputValue('#organisation_name'), '間違い商事');
    assert.equal(await v.page.inputValue('#test_start-day'), '30');
    // Each line of the summary leads to its field.
    for (const link of await v.page.locator('.en-error-summary a').all()) {
      const id = (await link.getAttribute('href')).slice(1);
      assert.equal(await v.page.locator(`[id="${id}"]`).count(), 1, `#${id}`);
    }
    // Mended, it is right; still there after a reload.
    await fill(v, { contact_email: 'yamada@example.co.jp', postal_code: '1020094', website: 'https://example.co.jp', test_start: '2027-02-28', corporate_number: '' });
    await save(v);
    assert.deepEqual(await mistakes(v), []);
    await openForm(v, kase, 'plan');
    assert.equal(await v.page.inputValue('#organisation_name'), '間違い商事');
  }));

test('two editors: the second sees what the first changed and loses nothing', () =>
  world.visit({ lang: 'en' }, async (v) => {
    await arrive(v, person('first-editor', 'Ichi First'));
    const org = await newOrg(v);
    const kase = await begin(v, org);
    await world.visit({ lang: 'en', inspectPages: false }, async (other) => {
      await invite(v, org, other, person('second-editor', 'Ni Second'), 'editor');
      await openForm(v, kase, 'plan');
      await openForm(other, kase, 'plan');
      await fill(other, { overview: 'What the second wrote', purpose: 'Only theirs' });
      await save(other);
      await fill(v, { overview: 'What the first wrote', address: 'Tokyo' });
      await v.led(() => v.page.locator('[data-act="save"]').last().click(), 'save');
      await v.expect('desk/form');
      assert.equal((await v.where()).status, 409);
      const text = await v.text();
      assert.match(text, /Ni Second/);
      assert.match(text, /What the second wrote/);
      assert.equal(await v.page.inputValue('#overview'), 'What the first wrote');
      v.variant = 'conflict';
      await save(v);
      await openForm(other, kase, 'plan');
      assert.equal(await other.page.inputValue('#overview'), 'What the first wrote');
      assert.equal(await other.page.inputValue('#address'), 'Tokyo');
    });
  }));

test('attachments: put on, looked at, taken off', () =>
  world.visit({}, async (v) => {
    await arrive(v, person('attaching'));
    const kase = await begin(v, await newOrg(v));
    await openForm(v, kase, 'check-eligibility');
    await fill(v, { legal_entity: 'yes', legal_entity_evidence: ELIGIBILITY.legal_entity_evidence });
    await save(v);
    const link = v.page.locator('a[href*="/files/"]');
    assert.equal(await link.count(), 1);
    const kept = await download(v, await link.getAttribute('href'));
    assert.deepEqual(kept.bytes, ELIGIBILITY.legal_entity_evidence[0].buffer);
    v.variant = 'with-file';
    await v.reload();
    v.variant = undefined;
    await v.page.locator('input[name="remove-file"]').check({ force: true });
    await save(v);
    assert.equal(await link.count(), 0);
  }));

test('without scripts an application is filled in and submitted', () =>
  world.visit({ js: false }, async (v) => {
    await arrive(v, person('plain'));
    const kase = await begin(v, await newOrg(v, { ...ORG, kind: 'local', name: '見本市', name_en: '', corporate_number: '' }));
    await fillForms(v, kase, A2);
    await submit(v, kase);
  }));

soundness(world);
