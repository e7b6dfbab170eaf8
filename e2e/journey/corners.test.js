// Corners: runs that overlap, strangers' links, wrong passwords, odd names, documents only, the form.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { citizen, fill, go, IMPORTED, link, returned, step } from '../lib/citizen.js';
import { soundness, suite } from '../lib/suite.js';

const world = suite(import.meta.url);
const who = (id, options) => citizen(world.demo, id, options);

test("a stranger's hand-over address is worth nothing to who sent it", () =>
  world.visit({}, async (attacker) => {
    // The attacker goes to the delivery service's door and sends its address to the victim.
    const thief = who('sora');
    await go(attacker, thief, 'delivery/sign-in');
    const door = attacker.documents.findLast((d) => d.url.includes('/oauth/authorize')).url;
    await world.visit({}, async (victim) => {
      await victim.page.goto(door);
      await victim.arrived();
      let where = await victim.where();
      if (where.id === 'sign-in') {
        await fill(victim, who('hanako'));
        await victim.act('sign-in');
        where = await victim.where();
      }
      if (where.id === 'allow') {
        assert.ok(!/花/.test(await victim.text()), "the page shows the attacker's account, not the victim's");
        await victim.act('allow');
        await victim.act('return');
      }
      where = await victim.where();
      assert.ok(['error', 'notice', 'ended'].includes(where.id), `the victim ends at ${JSON.stringify(where)}`);
      await victim.open(new URL('/mailbox', world.demo.delivery).href);
      if ((await victim.where()).id === 'sign-in') {
        await fill(victim, who('hanako'));
        await victim.act('sign-in');
      }
      await victim.expect('delivery/mailbox');
      assert.equal(await victim.has('unlink'), false, 'the mailbox is not linked');
    });
    // Nor can the attacker finish what the victim allowed.
    await attacker.open(attacker.documents.findLast((d) => d.url.includes('/run/')).url);
    const where = await attacker.where();
    assert.notEqual(where.role, 'sample', 'no link for the attacker');
  }));

test('a session left open at the mailbox does not count: sign-in is asked for again', () =>
  world.visit({}, async (v) => {
    await v.open(new URL('/mailbox', world.demo.delivery).href);
    await fill(v, who('yoko'));
    await v.act('sign-in');
    await v.expect('delivery/mailbox');
    await v.open(world.demo.sample);
    await go(v, who('ichiro'), 'portal/handover');
    await v.act('next');
    await v.expect('delivery/sign-in');
    await v.act('cancel');
    await v.act('return');
    await returned(v, 'user_cancelled');
  }));

test('left at ⑥, begun anew: the second run links', () =>
  world.visit({}, async (v) => {
    const person = who('hanako');
    await go(v, person, 'delivery/linked');
    await v.open(world.demo.sample);
    await link(v, person);
    // What was left behind does no harm when it is opened after all.
    await v.open(v.documents.find((d) => d.url.includes('/link/') && d.url.startsWith(world.demo.delivery)).url);
    assert.ok((await v.where()).status < 500);
  }));

test('two runs side by side: the second to finish is told that the link is there', () =>
  world.visit({}, async (v) => {
    const person = who('katsuragi');
    await go(v, person, 'portal/link');
    const other = await v.tab();
    await other.open(world.demo.sample);
    await link(other, person);
    await v.act('link');
    await v.expect('portal/already-linked');
    await v.act('return');
    await returned(v, 'already_linked');
  }));

test('back from ⑦: the run is over, nothing happens twice', () =>
  world.visit({}, async (v) => {
    const person = who('yoko');
    await go(v, person, 'portal/already-linked');
    const run = v.url();
    await v.act('return');
    await returned(v, 'already_linked');
    await v.open(run);
    await v.expect('portal/done');
    await v.act('home');
    await v.expect('sample/start');
    assert.match(await v.text(), /連携/);
  }));

test('a stranger can not read the result of a run', () =>
  world.visit({}, async (v) => {
    await go(v, who('yoko'), 'portal/already-linked');
    await v.act('return');
    const url = v.url();
    await world.visit({}, async (stranger) => {
      await stranger.page.goto(url);
      await stranger.arrived();
      assert.equal(await stranger.has('import'), false);
      const where = await stranger.where();
      assert.notEqual(where.id, 'result');
    });
  }));

test('wrong passwords: told, kept from guessing on, and still a way back', () =>
  world.visit({}, async (v) => {
    const person = who('ichiro', { password: 'wrong-password-9' });
    await go(v, person, 'delivery/sign-in');
    for (let tries = 0; tries < 7; tries += 1) {
      await v.page.fill('input[name="email"]', person.email);
      await v.page.fill('input[name="password"]', person.password);
      await v.act('sign-in');
      await v.expect('delivery/sign-in');
      assert.equal(await v.page.locator('input[name="password"]').inputValue(), '');
    }
    const locked = await v.text();
    await v.page.fill('input[name="email"]', person.email);
    await v.page.fill('input[name="password"]', 'demo-password-1');
    await v.act('sign-in');
    await v.expect('delivery/sign-in');
    assert.match(locked, /分|時間|しばらく/, 'the page says how long');
    await v.act('cancel');
    await v.expect('portal/not-linked', { error: 'E9' });
    await v.act('return');
    await returned(v, 'user_cancelled');
  }));

test('odd names are taken as they are, and shown as text', () =>
  world.visit({}, async (v) => {
    await go(v, who('mari'), 'portal/register');
    await v.page.fill('input[name="family_name"]', '𠮷田<b>');
    await v.page.fill('input[name="given_name"]', '葛\u{E0100}"\'&');
    await v.act('register');
    if ((await v.where()).id === 'register') {
      // Refused with a reason: then with what is left of them.
      assert.match(await v.text(), /入力/);
      await v.page.fill('input[name="family_name"]', '𠮷田');
      await v.page.fill('input[name="given_name"]', '葛\u{E0100}');
      await v.act('register');
    }
    await v.expect('portal/link');
    assert.equal(await v.page.locator('main b').count(), 0);
    await go(v, who('mari', { signUp: true, email: 'odd+name@example.jp' }), 'delivery/allow');
    await v.act('allow');
    await v.act('return');
    await v.expect('sample/result', { outcome: 'linked' });
  }));

test('registration: empty and too long names are told apart, what was typed stays', () =>
  world.visit({}, async (v) => {
    await go(v, who('naomi'), 'portal/register');
    await v.page.fill('input[name="given_name"]', '直美');
    await v.act('register');
    await v.expect('portal/register');
    assert.equal((await v.where()).status, 422);
    assert.match(await v.page.title(), /^エラー：/);
    assert.equal(await v.page.inputValue('input[name="given_name"]'), '直美');
    assert.equal(await v.page.locator('[aria-invalid="true"]').count(), 1);
    const target = await v.page.locator('[role="alert"] a').first().getAttribute('href');
    assert.ok(await v.page.locator(target).count(), 'the summary leads to the field');
    await v.page.fill('input[name="family_name"]', '山'.repeat(300));
    await v.page.fill('input[name="email"]', 'no address');
    await v.act('register');
    await v.expect('portal/register');
  }));

for (const lang of ['ja', 'en']) {
  test(`documents only: linked people get them at once, others are told (${lang})`, () =>
    world.visit({ lang }, async (v) => {
      await v.open(world.demo.sample);
      await v.page.check('input[name="ask"][value="documents"]');
      await v.act('connect');
      await go(v, who('yoko'), 'portal/ready').catch(async (error) => {
        if ((await v.where()).role !== 'sample') throw error;
      });
      if ((await v.where()).id === 'ready') await v.act('return');
      await returned(v, 'already_linked');
      await v.act('import');
      await v.expect('sample/form');
      assert.match(await v.text(), IMPORTED[lang]);

      await v.open(world.demo.sample);
      await v.page.check('input[name="ask"][value="documents"]');
      await v.act('connect');
      await go(v, who('ichiro'), 'portal/ended');
      await v.act('return');
      await returned(v, 'link_failed');
    }));
}

test('a request that the portal refuses: the citizen stays, and a developer learns why', () =>
  world.visit({}, async (v) => {
    await v.open(world.demo.sample);
    await v.page.locator('details summary').click();
    await v.page.check('input[name="unregistered"]');
    await v.act('connect');
    await returned(v, 'server_error');
    await v.page.locator('details summary').click();
    assert.match(await v.text(), /redirect_uri|nearest registered/);
  }));

test('the form: imported, changed by hand, sent once', () =>
  world.visit({}, async (v) => {
    await go(v, who('yoko'), 'portal/already-linked');
    await v.act('return');
    await v.act('import');
    await v.expect('sample/form');
    const total = await v.text();
    await v.act('edit');
    const field = v.page.locator('main input[inputmode="numeric"]').first();
    await field.fill('１２３，４５６');
    await v.act('save');
    await v.expect('sample/form');
    assert.match(await v.text(), /123,456円/);
    assert.notEqual(await v.text(), total);
    await v.act('submit');
    const sent = await v.where();
    assert.equal(sent.role, 'sample');
    assert.match(await v.text(), /受付|番号/);
    await v.reload();
    assert.equal((await v.where()).id, sent.id);
  }));

test('an import whose token has ended is told, with the way out', () =>
  world.visit({}, async (v) => {
    const person = who('yoko');
    await go(v, person, 'portal/already-linked');
    await v.act('return');
    // The citizen takes the permission back on the portal's page, in another tab.
    const portal = await v.tab();
    await portal.open(new URL('/me', world.demo.portal).href);
    await portal.act('sign-in');
    await go(portal, person, 'portal/me');
    const revoke = portal.page.locator('[data-act="revoke"]').first();
    assert.ok(await revoke.count(), 'a permission can be taken back');
    await portal.led(() => revoke.click(), 'revoke');
    if (await portal.has('confirm')) await portal.act('confirm');
    const end = Date.now() + 5000; // in force within a second
    let text;
    do {
      await v.act('import');
      text = await v.text();
      if (!IMPORTED.ja.test(text)) break;
      await v.back();
    } while (Date.now() < end);
    assert.doesNotMatch(text, IMPORTED.ja);
    assert.equal((await v.where()).role, 'sample');
  }));

soundness(world);
