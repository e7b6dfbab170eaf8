// Every outcome that the demo can produce: the citizen is returned, and told plainly whether a link was made.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { citizen, enterPin, go, link, returned, step } from '../lib/citizen.js';
import { soundness, suite } from '../lib/suite.js';

const world = suite(import.meta.url);
const who = (id, options) => citizen(world.demo, id, options);

for (const lang of ['ja', 'en']) {
  test(`consent refused: straight back (${lang})`, () =>
    world.visit({ lang }, async (v) => {
      await go(v, who('emma'), 'portal/consent');
      await v.act('refuse');
      await returned(v, 'consent_denied');
    }));

  // Card states that end the run; none of them leaves anything behind.
  for (const [id, error, outcome] of [
    ['kenji', 'E4', 'cert_expired'],
    ['mika', 'E5', 'cert_revoked'],
  ]) {
    test(`${id}: ${outcome} (${lang})`, () =>
      world.visit({ lang }, async (v) => {
        await go(v, who(id), 'portal/ended');
        await v.expect('portal/ended', { error, outcome });
        await v.act('return');
        await returned(v, outcome);
      }));
  }

  test(`takashi: the PIN is locked (${lang})`, () =>
    world.visit({ lang }, async (v) => {
      const takashi = who('takashi');
      await go(v, takashi, 'cards/pick');
      await v.pick('person', 'takashi');
      if ((await v.where()).id === 'pin') await enterPin(v, takashi.pin);
      if ((await v.where()).role === 'cards') {
        await v.expect('cards/card-locked');
        await v.act('back');
      }
      await v.expect('portal/ended', { error: 'E3', outcome: 'card_pin_locked' });
      await v.act('return');
      await returned(v, 'card_pin_locked');
    }));

  test(`jun's renewed card: a clear page, no second account (${lang})`, () =>
    world.visit({ lang }, async (v) => {
      await go(v, who('jun'), 'portal/ended');
      await v.expect('portal/ended', { outcome: 'link_failed' });
      await v.act('return');
      await returned(v, 'link_failed');
    }));

  for (const page of ['portal/identify', 'portal/register', 'portal/link', 'portal/handover']) {
    test(`stopped at ${page}: asked once, returned (${lang})`, () =>
      world.visit({ lang }, async (v) => {
        // emma never registers, so ④ and ⑤ need somebody who is registered: ichiro.
        const person = who(page === 'portal/register' ? 'emma' : 'ichiro');
        await go(v, person, page);
        await v.act('stop');
        await v.expect('portal/stop');
        await v.act('continue');
        await v.expect(page);
        await v.act('stop');
        await v.act('return');
        await returned(v, 'user_cancelled');
      }));
  }

  test(`stopped at the PIN (${lang})`, () =>
    world.visit({ lang }, async (v) => {
      await go(v, who('emma'), 'cards/pin');
      await v.act('cancel');
      await v.expect('portal/stop');
      await v.act('return');
      await returned(v, 'user_cancelled');
    }));

  for (const [name, page, act] of [
    ['sign-in cancelled', 'delivery/sign-in', 'cancel'],
    ['permission refused', 'delivery/allow', 'deny'],
  ]) {
    test(`at the delivery service, ${name}: E9 (${lang})`, () =>
      world.visit({ lang }, async (v) => {
        await go(v, who('ichiro'), page);
        await v.act(act);
        await v.expect('portal/not-linked', { error: 'E9' });
        await v.act('retry');
        await v.expect('portal/handover');
        await go(v, who('ichiro'), page);
        await v.act(act);
        await v.expect('portal/not-linked', { error: 'E9' });
        await v.act('return');
        await returned(v, 'user_cancelled');
      }));
  }

  test(`somebody else's mailbox: conflict, and the way with one's own account (${lang})`, () =>
    world.visit({ lang }, async (v) => {
      const person = who('ichiro', { email: 'yoko@example.jp' });
      await go(v, person, 'delivery/sign-in');
      await step(v, person);
      if ((await v.where()).id === 'allow') await v.act('allow');
      await v.expect('delivery/conflict');
      assert.ok(!/陽子|yoko/i.test((await v.text()).replaceAll(/y\S*@example\.jp/g, '')), 'nothing about the other person');
      await v.act('other-account');
      await v.expect('delivery/sign-in');
      await step(v, person);
      if ((await v.where()).id === 'allow') await v.act('allow');
      await v.expect('delivery/conflict');
      await v.act('cancel');
      await v.expect('portal/not-linked', { error: 'E7b' });
      await v.act('return');
      await returned(v, 'link_conflict');
    }));
}

for (const [fault, error] of [
  ['card_not_read', 'E1'],
  ['other_card', 'E1b'],
  ['wrong_key', undefined],
  ['wrong_challenge', undefined],
  ['other_hierarchy', undefined],
]) {
  test(`card fault ${fault}: read again, and go on`, () =>
    world.visit({}, async (v) => {
      await go(v, who('ichiro'), 'cards/pick');
      await v.pick('fault', fault);
      await v.expect('portal/card-error', { error });
      await v.act('retry');
      if ((await v.where()).id === 'identify') await v.act('identify');
      await v.expect('cards/pick');
      await go(v, who('ichiro'), 'portal/link');
      await v.act('stop');
      await v.act('return');
      await returned(v, 'user_cancelled');
    }));
}

test('wrong PIN: two left, one left with a warning, then right, and the count starts anew', () =>
  world.visit({}, async (v) => {
    const sora = who('sora');
    for (const round of [1, 2]) {
      if (round === 2) await v.open(world.demo.sample);
      await go(v, sora, 'cards/pin');
      await enterPin(v, '0000');
      await v.expect('cards/pin');
      assert.match(await v.text(), /暗証番号が違います。残り2回です。/);
      assert.equal(await v.page.locator('input[name="pin"]').inputValue(), '', 'a PIN is never shown again');
      await enterPin(v, '0000');
      assert.match(await v.text(), /残り1回/);
      assert.match(await v.text(), /次にまちがえるとロックされます/);
      await enterPin(v, sora.pin);
      await v.expect('portal/register');
      await v.act('stop');
      await v.act('return');
      await returned(v, 'user_cancelled');
    }
  }));

test('full-width digits are taken, letters are told apart from a wrong PIN', () =>
  world.visit({}, async (v) => {
    await go(v, who('emma'), 'cards/pin');
    await enterPin(v, 'abcd');
    await v.expect('cards/pin');
    assert.ok(!/残り2回です。/.test(await v.text()), 'no try is used up by letters');
    await v.page.locator('input[name="pin"]').fill('２３４５');
    await v.act('enter-pin');
    await v.expect('portal/register');
  }));

test('naomi has one try left: warned, wrong, locked', () =>
  world.visit({}, async (v) => {
    await go(v, who('naomi'), 'cards/pin');
    assert.match(await v.text(), /残り1回/);
    await enterPin(v, '0000');
    if ((await v.where()).role === 'cards') {
      await v.expect('cards/card-locked');
      await v.act('back');
    }
    await v.expect('portal/ended', { error: 'E3', outcome: 'card_pin_locked' });
    await v.act('return');
    await returned(v, 'card_pin_locked');
  }));

test('a registration that was confirmed stays when the citizen stops later, and both pages say so', () =>
  world.visit({}, async (v) => {
    await go(v, who('mari'), 'portal/link');
    await v.act('stop');
    assert.match(await v.text(), /利用者登録は完了しています/);
    await v.act('return');
    await returned(v, 'user_cancelled');
    await v.open(world.demo.sample);
    await go(v, who('mari'), 'cards/pin');
    await step(v, who('mari'));
    await v.expect('portal/link');
  }));

test('a linked run shows its success and keeps it on reload', () =>
  world.visit({}, async (v) => {
    await link(v, who('hanako'));
    await v.reload();
    await v.expect('sample/result', { outcome: 'linked' });
  }));

soundness(world);
