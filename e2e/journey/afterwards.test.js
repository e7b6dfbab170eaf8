// After the run: already linked, single sign-on, unlinking from either side.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { citizen, fill, go, IMPORTED, link, returned } from '../lib/citizen.js';
import { soundness, suite } from '../lib/suite.js';

const world = suite(import.meta.url);

/** The portal's own page, signed in by card. */
async function me(v, who) {
  await v.open(new URL('/me', world.demo.portal).href);
  if ((await v.where()).id === 'sign-in') {
    if (v.lang === 'ja') assert.ok(!/属性連携設定サービスを開く/.test(await v.text()), 'nobody asked to open another service');
    await v.act('sign-in');
    await go(v, who, 'portal/me');
  }
  await v.expect('portal/me');
}

for (const lang of ['ja', 'en']) {
  test(`a linked citizen is told so and nothing is done twice (${lang})`, () =>
    world.visit({ lang }, async (v) => {
      await go(v, citizen(world.demo, 'yoko'), 'portal/already-linked');
      if (lang === 'ja') assert.match(await v.h1(), /すでに.+と連携しています/);
      await v.act('return');
      await returned(v, 'already_linked');
      await v.act('import');
      await v.expect('sample/form');
      assert.match(await v.text(), IMPORTED[v.lang]);
    }));
}

test('the second run of a new link answers already_linked', () =>
  world.visit({}, async (v) => {
    const who = citizen(world.demo, 'ichiro');
    await link(v, who);
    await v.open(world.demo.sample);
    await go(v, who, 'portal/already-linked');
    await v.act('return');
    await returned(v, 'already_linked');
  }));

test('one press on the portal opens the mailbox, signed in', () =>
  world.visit({}, async (v) => {
    const who = citizen(world.demo, 'yoko');
    await me(v, who);
    await v.act('open');
    const where = await v.where();
    if (where.id === 'linkage') await v.act('open');
    await v.expect('delivery/mailbox');
    assert.equal(await v.page.locator('input[type=password]').count(), 0);
  }));

test('another account that is signed in is asked about before it is replaced', () =>
  world.visit({}, async (v) => {
    await v.open(world.demo.delivery);
    if ((await v.where()).id !== 'mailbox') {
      await v.expect('delivery/sign-in');
      await fill(v, citizen(world.demo, 'sora'));
      await v.act('sign-in');
    }
    await v.expect('delivery/mailbox');
    await me(v, citizen(world.demo, 'yoko'));
    await v.act('open');
    if ((await v.where()).id === 'linkage') await v.act('open');
    await v.expect('delivery/sso-replace');
    await v.act('replace');
    await v.expect('delivery/mailbox');
  }));

test('a mailbox document is shown as a page, and can be downloaded', () =>
  world.visit({}, async (v) => {
    await me(v, citizen(world.demo, 'yoko'));
    await v.act('open');
    if ((await v.where()).id === 'linkage') await v.act('open');
    await v.expect('delivery/mailbox');
    await v.led(() => v.page.locator('main a[href*="document"]').first().click(), 'open a document');
    await v.expect('delivery/document');
    assert.match(await v.text(), /円|¥|[0-9]{1,3}(,[0-9]{3})+/);
  }));

test('unlinked at the portal: both sides know', () =>
  world.visit({}, async (v) => {
    const who = citizen(world.demo, 'hanako');
    await link(v, who);
    await me(v, who);
    if (!(await v.has('unlink'))) await v.led(() => v.page.locator('main a[href*="linkage"]').first().click(), 'open the linkage');
    await v.act('unlink');
    await v.expect('portal/unlink');
    assert.match(await v.text(), /見本ポストを開けなくなります/, 'the effects name the delivery service');
    await v.act('confirm');
    if ((await v.where()).role === 'cards') await go(v, who, 'portal/unlinked');
    await v.expect('portal/unlinked');
    await v.open(new URL('/me', world.demo.portal).href);
    await v.expect('portal/me');
    assert.equal(await v.has('open'), false, 'nothing is left to open');
    // The delivery service hears of it by a pushed event: its page says so soon.
    await mailbox(v, who);
    await until(v, async () => !(await v.has('unlink')), 'the delivery service still shows the link');
    // And a new run links again.
    await v.open(world.demo.sample);
    await link(v, who);
  }));

test('unlinked at the delivery service: both sides know', () =>
  world.visit({}, async (v) => {
    const who = citizen(world.demo, 'katsuragi');
    await link(v, who);
    await mailbox(v, who);
    await v.act('unlink');
    await v.expect('delivery/unlink');
    await v.act('confirm');
    await v.expect('delivery/mailbox');
    assert.equal(await v.has('unlink'), false);
    await me(v, who);
    await until(v, async () => !(await v.has('open')), 'the portal still shows the link');
    // Documents can't be had any more; the sample service says so.
    await v.open(new URL('/result', world.demo.sample).href);
    if (await v.has('import')) {
      await v.act('import');
      await v.expect('sample/form');
      assert.ok(!/katsuragi/.test(await v.text()));
    }
  }));

/** The mailbox, signed in with its own password. */
async function mailbox(v, who) {
  await v.open(new URL('/mailbox', world.demo.delivery).href);
  if ((await v.where()).id === 'sign-in') {
    await fill(v, who);
    await v.act('sign-in');
  }
  await v.expect('delivery/mailbox');
}

/** Reloads until it is so. */
async function until(v, good, otherwise) {
  const end = Date.now() + 15_000;
  while (Date.now() < end) {
    if (await good()) return;
    await v.reload();
  }
  assert.fail(`${otherwise}: ${(await v.text()).slice(0, 300)}`);
}

soundness(world);
