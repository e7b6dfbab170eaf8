// What approvers, auditors, administrators and operators see at the desk, in both languages; and what everybody sees of operation:
// maintenance at the desk, 稼働状況 at the portals.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mailTo, openDesk, signIn } from '../lib/desk.js';
import { fill } from '../lib/desk-forms.js';
import { asRole, inBoth } from '../lib/staff.js';
import { soundness, suite } from '../lib/suite.js';

const world = suite(import.meta.url);

test('approvers and auditors: what is proposed to them, and what they may only look at', async () => {
  await asRole(world, 'approver', (v, at) =>
    inBoth(v, [
      [at.review, 'review-of-others'],
      ['/staff/control', 'as-approver'],
    ]),
  );
  await asRole(world, 'auditor', (v, at) =>
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
  asRole(world, 'administrator', async (v) => {
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
  asRole(world, 'operator', async (v) => {
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
    await openDesk(v, '/staff/maintenance');
    await v.act('withdraw');
    assert.match(await v.text(), /取りやめました/);
  }));

for (const lang of ['ja', 'en']) {
  test(`a member sees what runs out, and the way to the desk from the account (${lang})`, () =>
    world.visit({}, async (v) => {
      await signIn(v, { email: 'mutsumi@nenkin.example', password: world.demo.owner.password });
      // Who signs in reads in the language of the account.
      if (lang !== 'ja') {
        v.lang = lang;
        await v.led(() => v.page.locator(`.en-languages a[lang="${lang}"]`).click(), lang);
      }
      await openDesk(v, '/notices');
      await v.expect('desk/notices');
      await openDesk(v, '/account');
      await v.expect('desk/account');
      assert.equal(await v.page.locator('nav.en-nav a[href="/"]').count(), 1);
    }));
}

soundness(world);
