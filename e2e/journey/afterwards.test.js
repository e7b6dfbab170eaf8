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

for (const lang of ['ja', 'en']) {
  test(`one press on the portal opens the mailbox, signed in; a document is shown and downloaded (${lang})`, () =>
    world.visit({ lang }, async (v) => {
      const who = citizen(world.demo, 'yoko');
      await me(v, who);
      await v.act('open');
      await v.expect('delivery/mailbox');
      assert.equal(await v.page.locator('input[type=password]').count(), 0);
      await v.led(() => v.page.locator('main a[href*="document"]').first().click(), 'open a document');
      await v.expect('delivery/document');
      assert.match(await v.text(), /[0-9]{1,3}(,[0-9]{3})+/);
      const href = await v.page.locator('[data-act="download"]').getAttribute('href');
      const file = await v.context.request.get(new URL(href, v.url()).href);
      assert.equal(file.status(), 200);
      assert.match(file.headers()['content-type'], /xml/);
      assert.match(file.headers()['content-disposition'] ?? '', /attachment/);
      assert.match(await file.text(), /<TEG8\d0/);
    }));

  test(`another account that is signed in is asked about before it is replaced (${lang})`, () =>
    world.visit({ lang }, async (v) => {
      await mailbox(v, citizen(world.demo, 'sora'));
      await me(v, citizen(world.demo, 'yoko'));
      await v.act('open');
      await v.expect('delivery/sso-replace');
      await v.act('replace');
      await v.expect('delivery/mailbox');
      assert.ok((await v.page.locator('header').innerText()).includes('yoko@example.jp'));
    }));

  test(`unlinked at the portal: both sides know (${lang})`, () =>
    world.visit({ lang }, async (v) => {
      const who = citizen(world.demo, lang === 'ja' ? 'hanako' : 'emma');
      await link(v, who);
      await me(v, who);
      await v.act('unlink');
      await v.expect('portal/unlink');
      const words = lang === 'ja' ? /見本ポストを開けなくなります/ : /no longer open Mihon Post/;
      assert.match(await v.text(), words, 'the effects name the delivery service');
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

  test(`unlinked at the delivery service: both sides know, and so does the API user (${lang})`, () =>
    world.visit({ lang }, async (v) => {
      const who = citizen(world.demo, lang === 'ja' ? 'katsuragi' : 'naomi');
      await link(v, who);
      const result = v.url();
      await mailbox(v, who);
      await v.act('unlink');
      await v.expect('delivery/unlink');
      await v.act('confirm');
      await v.expect('delivery/mailbox');
      assert.equal(await v.has('unlink'), false);
      await me(v, who);
      await until(v, async () => !(await v.has('open')), 'the portal still shows the link');
      await v.open(result);
      await v.act('import');
      await v.expect('sample/form');
      assert.doesNotMatch(await v.text(), IMPORTED[lang]);
      assert.match(await v.text(), lang === 'ja' ? /連携をやり直す必要があります/ : /link.*again/i);
    }));
}

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
