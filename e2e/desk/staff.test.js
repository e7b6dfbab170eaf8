// Every page of the desk's staff and of the control plane, as each role sees it, in both languages; and what everybody sees of
// operation: maintenance at the desk, 稼働状況 at the portals.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mailTo, openDesk, signIn, signInStaff } from '../lib/desk.js';
import { file, fill } from '../lib/desk-forms.js';
import { soundness, suite } from '../lib/suite.js';

const world = suite(import.meta.url);
const LONG = { width: 1280, patience: 600_000 };
/** The sample organisations of the demo, by the service's name. */
const CASES = { review: '保険の見直し', test: '給与計算クラウド', check: '確定申告ソフト', change: '年末調整', stop: '年金の相談' };

/** Waits until the demo's sample organisations are all there; answers their cases' addresses. */
let found;
function cases(v) {
  found ??= (async () => {
    for (let tries = 0; tries < 600; tries += 1) {
      await v.page.goto(new URL('/staff?closed=1', v.demo.desk).href);
      const rows = await v.page.locator('main tbody tr').evaluateAll((all) => all.map((r) => ({ text: r.innerText, href: r.querySelector('a').getAttribute('href') })));
      const of = (service, more = '') => rows.find((r) => r.text.includes(service) && r.text.includes(more))?.href;
      const all = { review: of(CASES.review), test: of(CASES.test), check: of(CASES.check), change: of(CASES.change, '変更'), stop: of(CASES.stop, '停止') };
      const stopped = rows.find((r) => r.href === all.stop);
      if (Object.values(all).every(Boolean) && /C-5/.test(stopped.text) && rows.some((r) => r.href === all.change && /B-2/.test(r.text))) return all;
      await new Promise((done) => setTimeout(done, 500));
    }
    return assert.fail('the sample organisations are not complete');
  })();
  return found;
}

/** The same pages once more in the other language, by the link at the top. */
async function inBoth(v, pages) {
  for (const lang of ['ja', 'en']) {
    if (v.lang !== lang) {
      v.lang = lang;
      await v.led(() => v.page.locator(`.en-languages a[lang="${lang}"]`).click(), lang);
    }
    for (const [path, more] of pages) {
      const { variant, id, then } = typeof more === 'string' ? { variant: more } : (more ?? {});
      v.variant = variant;
      await openDesk(v, path);
      const where = await v.where();
      assert.equal(where.status, 200, `${path} as ${v.role}`);
      if (id) assert.equal(where.id, id, path);
      if (then) await then();
    }
    v.variant = undefined;
  }
}

const visit = (role, what) =>
  world.visit(LONG, async (v) => {
    await signInStaff(v, role);
    v.role = role;
    await what(v, await cases(v));
  });

test('reviewers: queue, case, review, forms, remarks, messages, inquiries, figures', async () => {
  await world.visit({ inspectPages: false }, async (member) => {
    await signIn(member, { email: world.demo.owner.email, password: world.demo.owner.password });
    await openDesk(member, '/inquiries/new');
    await fill(member, { subject: '接続試験の日程について', body: '10月に行えますか。\n見込みを教えてください。', files: [file('日程.pdf')] });
    await member.page.locator('#topic').selectOption({ index: 1 });
    await member.act('ask');
  });
  await visit('reviewer', async (v, at) => {
    await openDesk(v, `${at.review}/forms/plan?field=purpose`);
    await fill(v, { text: '対象となる証明書の種類を書いてください。' });
    await v.act('comment');
    await openDesk(v, '/staff/inquiries');
    const inquiry = await v.page.locator('main .en-tasks a[href^="/staff/inquiries/"]:not([href*="status"])').first().getAttribute('href');
    await openDesk(v, '/staff/templates');
    const template = await v.page.locator('main a[href^="/staff/templates/"]:not([href$="/new"])').first().getAttribute('href').catch(() => undefined);
    await openDesk(v, '/staff/faq');
    const faq = await v.page.locator('main a[href$="/history"]').first().getAttribute('href');
    await inBoth(v, [
      ['/staff', { id: 'staff-queue' }],
      ['/staff?phase=development&waiting=desk&sort=age', 'filtered'],
      ['/staff?q=%E3%81%AA%E3%81%84%E3%82%82%E3%81%AE', 'nothing'],
      [at.review, 'review'],
      [at.test, 'connection-test'],
      [at.check, 'production-check'],
      [at.change, 'change'],
      [at.stop, 'planned'],
      [`${at.review}/decide`, 'review'],
      [`${at.change}/decide`, 'change'],
      [`${at.review}/forms/plan`, 'remarked'],
      [`${at.change}/forms/plan`, 'changed'],
      [`${at.check}/forms/sheet-4`, 'promotion'],
      [`${at.review}/message`],
      ['/staff/inquiries'],
      [inquiry],
      ['/staff/services'],
      ['/staff/faq'],
      ['/staff/faq/new', 'new'],
      [faq.replace('/history', '')],
      [faq, 'faq'],
      ['/staff/templates'],
      ['/staff/templates/new', 'new'],
      ...(template ? [[template], [`${template}/history`, 'template']] : []),
      ['/staff/figures'],
      ['/staff/account'],
    ]);
    // What is wrong is told in place, and what was typed is kept.
    for (const lang of ['ja', 'en']) {
      v.lang = lang;
      await v.led(() => v.page.locator(`.en-languages a[lang="${lang}"]`).click(), lang);
      v.variant = 'mistakes';
      await openDesk(v, '/staff/faq/new');
      await fill(v, { answer_ja: '回答です' });
      await v.act('save');
      assert.equal((await v.where()).status, 422);
      assert.equal(await v.page.inputValue('#answer_ja'), '回答です');
      await openDesk(v, `${at.review}/decide`);
      await fill(v, { verdict: 'refuse' });
      await v.act('review');
      assert.equal((await v.where()).status, 422, 'a refusal needs its reason');
      v.variant = undefined;
      await openDesk(v, '/staff');
    }
  });
});

test('approvers and auditors: what is proposed to them, and what they may only look at', async () => {
  await visit('approver', (v, at) =>
    inBoth(v, [
      [at.review, 'review-of-others'],
      ['/staff/control', 'as-approver'],
    ]),
  );
  await visit('auditor', (v, at) =>
    inBoth(v, [
      [at.review, 'as-auditor'],
      [`${at.review}/forms/plan`, 'as-auditor'],
      ['/staff/record'],
      ['/staff/record?kind=member', 'filtered'],
      ['/staff/faq', 'as-auditor'],
    ]),
  );
});

test('administrators: who is among the staff', () =>
  visit('administrator', async (v) => {
    await openDesk(v, '/staff/people');
    await fill(v, { email: 'new-reviewer@desk.example', roles: ['reviewer'], lang: 'ja' });
    await v.act('invite');
    await mailTo(world.demo, 'new-reviewer@desk.example');
    const [other, me] = await Promise.all([v.page.getByRole('link', { name: '受付 一郎' }).getAttribute('href'), v.page.getByRole('link', { name: '管理 六郎' }).getAttribute('href')]);
    await inBoth(v, [['/staff/people'], [other], [me, 'myself']]);
    v.variant = 'mistakes';
    await openDesk(v, '/staff/people');
    await v.act('invite');
    assert.equal((await v.where()).status, 422);
  }));

test('operators: portals, clients, differences, delivery services, maintenance; it shows at the portals', () =>
  visit('operator', async (v) => {
    await openDesk(v, '/staff/maintenance');
    const day = new Date(Date.now() + 9 * 3_600_000 + 3 * 86_400_000).toISOString().slice(0, 10);
    const note = { note_ja: 'サーバーの入替え', note_en: 'Servers are replaced' };
    await fill(v, { place: 'both', ...note });
    await v.page.locator('#delivery').selectOption({ index: 0 });
    for (const [id, value] of [['from_day', day], ['until_day', day], ['from_time', '01:00'], ['until_time', '03:00']]) await v.page.fill(`#${id}`, value);
    await v.act('announce');
    assert.match(await v.text(), /サーバーの入替え/);
    await openDesk(v, '/staff/control');
    await v.act('look');
    assert.match(await v.text(), /差異はありませんでした/);
    const client = await v.page.locator('main a[href^="/staff/control/production/client/"]').first().getAttribute('href');
    await openDesk(v, '/staff/services');
    const suspend = await v.page.locator('main a[href$="/suspend"]').first().getAttribute('href');
    await inBoth(v, [
      ['/staff/control'],
      [client],
      ['/staff/services', 'as-operator'],
      [suspend],
      ['/staff/deliveries'],
      ['/staff/deliveries/-new', 'new'],
      [`/staff/deliveries/${world.demo.delivery_id}`],
      ['/staff/maintenance'],
    ]);
    v.lang = 'ja';
    await v.led(() => v.page.locator('.en-languages a[lang="ja"]').click(), 'ja');
    for (const path of ['/staff/deliveries/-new', '/staff/maintenance', client]) {
      v.variant = 'mistakes';
      await openDesk(v, path);
      await v.act(path === '/staff/maintenance' ? 'announce' : path === client ? 'again' : 'save');
      assert.equal((await v.where()).status, 422, path);
    }
    v.variant = undefined;
    for (const lang of ['ja', 'en']) {
      await world.visit({ lang, width: 1280 }, async (anybody) => {
        await openDesk(anybody, '/maintenance');
        await anybody.expect('desk/maintenance');
        for (const portal of [world.demo.portal, world.demo.production_portal]) {
          for (let tries = 0; ; tries += 1) {
            await anybody.open(`${portal}/status`);
            if ((await anybody.text()).includes(lang === 'ja' ? note.note_ja : note.note_en)) break;
            assert.ok(tries < 50, `${portal}/status shows it`);
          }
        }
        assert.equal((await anybody.where()).id, 'status');
      });
    }
  }));

for (const lang of ['ja', 'en']) {
  test(`a member sees what runs out, and the way to the desk from the account (${lang})`, () =>
    world.visit({ lang }, async (v) => {
      await signIn(v, { email: 'mutsumi@nenkin.example', password: world.demo.owner.password });
      await openDesk(v, '/notices');
      await v.expect('desk/notices');
      await openDesk(v, '/account');
      await v.expect('desk/account');
      assert.equal(await v.page.locator('nav.en-nav a[href="/"]').count(), 1);
    }));
}

soundness(world);
