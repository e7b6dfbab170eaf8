// Reload, back, second tab, double submit, keyboard only, foreign or broken requests.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { citizen, enterPin, fill, go, link, step } from '../lib/citizen.js';
import { show } from '../lib/visitor.js';
import { soundness, suite } from '../lib/suite.js';

const world = suite(import.meta.url);
const who = (id, options) => citizen(world.demo, id, options);
const name = (w) => `${w.role}/${w.id}`;

test('reload at every page changes nothing', () =>
  world.visit({}, async (v) => {
    const person = who('hanako');
    await v.open(world.demo.sample);
    for (;;) {
      const where = await v.where();
      for (let times = 0; times < 2; times += 1) {
        await v.reload();
        await v.expect(name(where));
      }
      if (where.id === 'result') break;
      await step(v, person);
    }
    await v.expect('sample/result', { outcome: 'linked' });
  }));

test('back at every page leads nowhere bad, and the run goes on', () =>
  world.visit({}, async (v) => {
    const person = who('katsuragi');
    await v.open(world.demo.sample);
    await step(v, person);
    for (;;) {
      const where = await v.where();
      const url = v.url();
      await v.back();
      const there = await v.where();
      assert.ok(there.id, `back from ${show(where)} shows no page of ours: ${there.url}`);
      assert.ok(there.status < 500, `back from ${show(where)} answers ${there.status}`);
      await v.open(url);
      const again = await v.where();
      assert.equal(name(again), name(where), `after back, the page ${show(where)} is shown again`);
      if (where.id === 'result') break;
      await step(v, person);
    }
    await v.expect('sample/result', { outcome: 'linked' });
  }));

test('the form of a page that was left is harmless', () =>
  world.visit({}, async (v) => {
    const person = who('sora');
    await go(v, person, 'portal/identify');
    const old = await formOf(v, 'identify');
    await go(v, person, 'portal/link');
    const answer = await v.context.request.post(old.action, { form: old.fields, maxRedirects: 0 });
    assert.ok(answer.status() < 500, `the old form answers ${answer.status()}`);
    await v.reload();
    await v.expect('portal/link');
    await link(v, person);
  }));

test('a second tab: E14, and the citizen may go on there', () =>
  world.visit({}, async (v) => {
    const person = who('ichiro');
    await go(v, person, 'portal/link');
    const other = await v.tab();
    await other.open(v.url());
    await other.expect('portal/link');
    await v.act('stop');
    await v.expect('portal/stop');
    await other.act('link');
    await other.expect('portal/elsewhere', { error: 'E14' });
    await other.act('here');
    await other.expect('portal/stop');
    await other.act('continue');
    await other.expect('portal/link');
  }));

for (const [page, act, next] of [
  ['portal/consent', 'agree', 'portal/identify'],
  ['portal/register', 'register', 'portal/link'],
  ['portal/link', 'link', 'portal/handover'],
]) {
  test(`double submit of '${act}' counts once`, () =>
    world.visit({}, async (v) => {
      const person = who('emma');
      if (page === 'portal/link') await go(v, person, 'portal/link');
      else await go(v, person, page);
      await fill(v, person);
      const form = await formOf(v, act);
      const post = () => v.context.request.post(form.action, { form: form.fields, maxRedirects: 0 });
      const answers = await Promise.all([post(), post(), post()]);
      for (const answer of answers) assert.ok(answer.status() < 400, `${act} answered ${answer.status()}`);
      const location = answers.map((a) => a.headers().location).find(Boolean);
      await v.open(new URL(location, form.action).href);
      await v.expect(next);
      if (page === 'portal/register') {
        await v.act('stop');
        await v.act('return');
      }
    }));
}

test('double submit of the last step: one link, one code', () =>
  world.visit({}, async (v) => {
    const person = who('mari');
    await go(v, person, 'delivery/allow');
    const form = await formOf(v, 'allow');
    const post = () => v.context.request.post(form.action, { form: form.fields, maxRedirects: 0 });
    const answers = await Promise.all([post(), post()]);
    for (const answer of answers) assert.ok(answer.status() < 400, `allow answered ${answer.status()}`);
    await v.open(new URL(answers[0].headers().location, form.action).href);
    await v.expect('delivery/linked');
    const back = await v.page.locator('[data-act="return"]').getAttribute('href');
    await v.act('return');
    await v.expect('sample/result', { outcome: 'linked' });
    await v.open(new URL(back, world.demo.delivery).href);
    assert.notEqual((await v.where()).status, 500);
  }));

test('keyboard only, from ① to ⑦', () =>
  world.visit({ width: 1280 }, async (v) => {
    const person = who('naomi');
    await v.open(world.demo.sample);
    await press(v, 'connect');
    await press(v, 'agree');
    await press(v, 'identify');
    await tabTo(v, 'button[name="person"][value="naomi"]');
    await v.led(() => v.page.keyboard.press('Enter'), 'Enter on the person');
    await tabTo(v, 'input[name="pin"]');
    await v.page.keyboard.type(person.pin);
    await v.led(() => v.page.keyboard.press('Enter'), 'Enter in the PIN field');
    await v.expect('portal/register');
    await typeFields(v, person);
    await press(v, 'register');
    await press(v, 'link');
    await press(v, 'next');
    await v.expect('delivery/sign-in');
    await typeFields(v, person);
    await press(v, 'sign-in');
    await press(v, 'allow');
    await press(v, 'return');
    await v.expect('sample/result', { outcome: 'linked' });
  }));

test('the first Tab leads past the header, and the error summary takes the focus', () =>
  world.visit({}, async (v) => {
    const person = who('yoko');
    await go(v, person, 'cards/pin');
    await v.page.keyboard.press('Tab');
    const first = await v.page.evaluate(() => document.activeElement.getAttribute('href'));
    assert.ok(first === '#main' || (await v.page.evaluate(() => document.activeElement.name)) === 'pin', `first stop of Tab: ${first}`);
    await enterPin(v, '0000');
    assert.equal(await v.page.evaluate(() => document.activeElement.getAttribute('role')), 'alert');
    await enterPin(v, person.pin);
  }));

test('another browser can not take over a run', () =>
  world.visit({}, async (v) => {
    await go(v, who('yoko'), 'portal/consent');
    const consent = v.url();
    await v.act('agree');
    const run = v.url();
    await world.visit({}, async (thief) => {
      for (const url of [run, consent]) {
        await thief.open(url);
        const where = await thief.where();
        assert.equal(where.role, 'portal', 'no redirect to anywhere');
        assert.ok(['error', 'ended', 'done', 'elsewhere'].includes(where.id), `${url}: ${show(where)}`);
        assert.ok(where.status >= 400 || where.id !== 'identify');
      }
    });
    await v.reload();
    await v.expect('portal/identify');
  }));

test('E12: unknown client, unknown request, foreign redirect address: a page with a receipt number, never a redirect', () =>
  world.visit({}, async (v) => {
    const real = await parameters(v);
    for (const change of [
      { client_id: 'cl_unknown' },
      { request_uri: 'urn:ietf:params:oauth:request_uri:unknown' },
      { client_id: 'cl_unknown', redirect_uri: 'https://evil.example/', response_type: 'code' },
      { request_uri: '' },
    ]) {
      const url = new URL('/oauth/authorize', world.demo.portal);
      for (const [key, value] of Object.entries({ ...real, ...change })) if (value) url.searchParams.set(key, value);
      await v.open(url.href);
      await v.expect('portal/error', { error: 'E12' });
      assert.match(await v.text(), /受付番号/);
      assert.equal(await v.page.locator('main form, main a[href^="http"]').count(), 0, 'no way out that somebody else chose');
    }
  }));

/** client_id and request_uri of a real request. */
async function parameters(v) {
  await go(v, who('yoko'), 'portal/consent');
  const url = new URL(v.url());
  return { client_id: url.searchParams.get('client_id'), request_uri: url.searchParams.get('request_uri') };
}

test('a form without its token, or from another site, is refused and nothing happens', () =>
  world.visit({}, async (v) => {
    await go(v, who('yoko'), 'portal/identify');
    const form = await formOf(v, 'stop');
    for (const change of [{ csrf: '' }, { csrf: 'x' }]) {
      const answer = await v.context.request.post(form.action, { form: { ...form.fields, ...change }, maxRedirects: 0 });
      assert.ok([400, 403, 422].includes(answer.status()), `${answer.status()}`);
    }
    const answer = await v.context.request.post(form.action, { form: form.fields, headers: { origin: 'https://evil.example' }, maxRedirects: 0 });
    assert.ok([400, 403, 422].includes(answer.status()), `foreign Origin: ${answer.status()}`);
    await v.reload();
    await v.expect('portal/identify');
  }));

test('changing the language keeps the step', () =>
  world.visit({}, async (v) => {
    await go(v, who('yoko'), 'portal/identify');
    const english = v.page.locator('a[hreflang="en"]');
    await v.led(() => english.click(), 'English');
    await v.expect('portal/identify');
    assert.equal(await v.page.locator('html').getAttribute('lang'), 'en');
    v.lang = 'en';
    await v.act('identify');
    assert.equal(await v.page.locator('html').getAttribute('lang'), 'en', 'the language goes along to the next site');
  }));

for (const path of ['/nothing-here', '/run/unknown', '/me/x', '/oauth/authorize', '/link/callback', '/card/return/unknown']) {
  test(`${path} is answered by a page, not by a fault`, () =>
    world.visit({ inspectPages: false }, async (v) => {
      await v.page.goto(new URL(path, world.demo.portal).href);
      const { status } = v.documents.at(-1);
      assert.ok(status < 500 && status >= 200, `${status}`);
      assert.ok((await v.page.locator('main#main').count()) === 1);
    }));
}

/** The form behind a button: where it goes and what it sends. */
async function formOf(v, act) {
  return v.page.locator(`[data-act="${act}"]`).first().evaluate((button) => {
    const form = button.form;
    const fields = Object.fromEntries(new FormData(form, button));
    return { action: form.action, fields };
  });
}

/** Tab until the element has the focus. */
async function tabTo(v, selector) {
  for (let presses = 0; presses < 60; presses += 1) {
    if (await v.page.evaluate((s) => document.activeElement?.matches(s) ?? false, selector)) return;
    await v.page.keyboard.press('Tab');
  }
  assert.fail(`Tab never reaches ${selector} on ${show(await v.where())}`);
}

async function press(v, act) {
  await tabTo(v, `[data-act="${act}"]`);
  await v.led(() => v.page.keyboard.press('Enter'), `Enter on '${act}'`);
}

async function typeFields(v, person) {
  const fields = await v.page.locator('main input[required]').evaluateAll((all) => all.map((e) => ({ id: e.id, auto: e.autocomplete, value: e.value })));
  for (const field of fields) {
    if (field.value) continue;
    await tabTo(v, `#${field.id}`);
    const text = { 'family-name': '山本', 'given-name': '直美', email: person.email, username: person.email, 'current-password': person.password }[field.auto];
    assert.ok(text, `no idea what to type into ${field.id}`);
    await v.page.keyboard.type(text);
  }
}

soundness(world);
