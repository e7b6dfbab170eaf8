// Several delivery services in one run: chosen at ④, gone through one after the other, each with its own result.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { citizen, go, returned, step } from '../lib/citizen.js';
import { enishi } from '../lib/demo.js';
import { drive } from '../lib/drive.js';
import { Client } from '../lib/client.js';
import { soundness, suite } from '../lib/suite.js';

const world = suite(import.meta.url);
const who = (id, options) => citizen(world.demo, id, options);
/** Two services in one run are many pages, each looked at in two widths. */
const PATIENCE = 300_000;
const POST = { ja: '見本ポスト', en: 'Mihon Post' };
const BOX = { ja: 'みどり文書箱', en: 'Midori Box' };

/** ① with both services ticked. */
async function both(v) {
  await v.open(world.demo.sample);
  await v.expect('sample/start');
  assert.equal(await v.page.locator('#services').isChecked(), true, 'the first is ticked');
  assert.equal(await v.page.locator('#services-2').isChecked(), false, 'the second is not');
  await v.page.locator('#services-2').check();
}

/** The row of ⑦ about a service. */
const row = (v, name) => v.page.locator('main dl > div').filter({ has: v.page.locator('dt', { hasText: new RegExp(`^${name}$`) }) }).locator('dd').innerText();

for (const { id, lang, width, js } of [
  { id: 'hanako', lang: 'ja', width: 390, js: true },
  { id: 'sora', lang: 'en', width: 1280, js: true },
  { id: 'ichiro', lang: 'ja', width: 1280, js: false },
  { id: 'emma', lang: 'en', width: 390, js: false },
]) {
  test(`${id}: both, one after the other: ${lang}, ${width} px, ${js ? 'with' : 'without'} JavaScript`, () =>
    world.visit({ lang, width, js, patience: PATIENCE }, async (v) => {
      const person = who(id);
      await both(v);
      await v.act('connect');
      await v.expect('portal/consent');
      assert.match(await v.text(), lang === 'ja' ? /2つのサービスと、1つずつ順に/ : /There are 2 services/);
      await go(v, person, 'portal/link');
      const boxes = v.page.locator('fieldset input[type=checkbox]');
      assert.equal(await boxes.count(), 2);
      assert.deepEqual(await Promise.all((await boxes.all()).map((b) => b.isChecked())), [true, true]);
      await v.act('link');
      await v.expect('portal/handover');
      assert.match(await v.text(), lang === 'ja' ? /2つのうち1つめ/ : /service 1 of 2/);
      assert.match(await v.h1(), new RegExp(POST[lang]));
      await go(v, person, 'portal/between');
      // Said what is done and what is next; nobody is sent on without a press.
      const text = await v.text();
      assert.match(text, lang === 'ja' ? /見本ポスト：連携しました/ : /Mihon Post: linked/);
      assert.match(text, lang === 'ja' ? /2つのうち1つのサービスの手続きが終わりました/ : /1 of 2 services done/);
      assert.match(await v.h1(), new RegExp(BOX[lang]));
      await v.reload();
      await v.expect('portal/between');
      await v.act('link');
      await v.expect('portal/handover');
      assert.match(await v.text(), lang === 'ja' ? /2つのうち2つめ/ : /service 2 of 2/);
      await v.act('next');
      await v.expect('second_delivery/sign-in');
      assert.match(await v.page.title(), new RegExp(BOX[lang]));
      await go(v, person, 'sample/result');
      await returned(v, 'linked');
      for (const name of [POST[lang], BOX[lang]]) assert.match(await row(v, name), lang === 'ja' ? /^連携しました/ : /^(L|l)inked/);
      await v.act('import');
      await v.expect('sample/form');
      const form = await v.text();
      assert.ok(form.includes('みどり見本生命保険株式会社') && form.includes('かえで見本生命保険相互会社'), 'certificates of both services');
      // Signed in at one of them is not signed in at the other.
      const names = (await v.context.cookies()).map((c) => c.name);
      assert.ok(names.some((n) => n.startsWith('enishi_delivery_')) && names.some((n) => n.startsWith('enishi_delivery2_')), names.join());
    }));
}

test('refused at the second: the first stays, and only the second is gone through again', () =>
  world.visit({ patience: PATIENCE }, async (v) => {
    const person = who('katsuragi', { signUp: true });
    await both(v);
    await go(v, person, 'second_delivery/sign-in');
    await v.act('cancel');
    await v.expect('portal/not-linked', { error: 'E9' });
    assert.match(await v.text(), /みどり文書箱との連携は行われていません。\s*見本ポストとの連携は、そのまま残ります。/);
    await v.act('return');
    await returned(v, 'partly_linked');
    assert.match(await row(v, POST.ja), /^連携しました/);
    assert.match(await row(v, BOX.ja), /^連携先で中止しました/);
    await v.act('retry');
    await go(v, person, 'portal/link');
    assert.equal(await v.page.locator('fieldset').count(), 0, 'nothing to choose');
    assert.match(await v.text(), /見本ポスト：以前から連携しています/);
    await go(v, person, 'sample/result');
    await returned(v, 'linked');
  }));

test('refused at the first: told so, then on with the second', () =>
  world.visit({ lang: 'en', width: 1280, patience: PATIENCE }, async (v) => {
    const person = who('mari');
    await both(v);
    await go(v, person, 'delivery/allow');
    await v.act('deny');
    if ((await v.where()).role === 'delivery') await v.act('return');
    await v.expect('portal/not-linked', { error: 'E9' });
    assert.match(await v.text(), /Go on with Midori Box without linking Mihon Post/);
    await v.act('return');
    await v.expect('portal/between');
    assert.match(await v.text(), /Mihon Post: not linked \(stopped there\)/);
    await go(v, person, 'sample/result');
    await returned(v, 'partly_linked');
    assert.match(await row(v, BOX.en), /^(L|l)inked/);
  }));

test('stopped between: what is linked stays', () =>
  world.visit({ patience: PATIENCE }, async (v) => {
    const person = who('naomi');
    await both(v);
    await go(v, person, 'portal/between');
    await v.act('stop');
    await v.expect('portal/stop');
    assert.match(await v.text(), /見本ポストとの連携は、そのまま残ります/);
    await v.act('continue');
    await v.expect('portal/between');
    await v.act('stop');
    await v.act('return');
    await returned(v, 'partly_linked');
    assert.match(await row(v, BOX.ja), /^途中で中止しました/);
  }));

test('one left out, and none: the page says what to do', () =>
  world.visit({ patience: PATIENCE }, async (v) => {
    const person = who('yoko');
    // Yoko's first link was made before; here everything is confirmed anew.
    await both(v);
    await v.page.locator('details summary').first().click();
    await v.page.locator('#reconfirm').check();
    await go(v, person, 'portal/link');
    for (const box of await v.page.locator('fieldset input[type=checkbox]').all()) await box.uncheck();
    await v.act('link');
    await v.expect('portal/link');
    assert.equal(v.documents.at(-1).status, 422);
    assert.match(await v.page.locator('[role=alert]').innerText(), /連携するサービスを1つ以上選んでください/);
    assert.equal(await v.page.evaluate(() => document.activeElement?.getAttribute('role')), 'alert');
    await v.page.locator('#services-2').check();
    await v.act('link');
    await v.expect('portal/handover');
    assert.match(await v.h1(), /みどり文書箱/);
    assert.ok(!/つのうち/.test(await v.text()), 'one service: nothing to count');
    // Back at ④ the choice can still be changed.
    await v.act('back');
    await v.expect('portal/link');
    assert.deepEqual(await Promise.all((await v.page.locator('fieldset input[type=checkbox]').all()).map((b) => b.isChecked())), [false, true]);
    await go(v, person, 'sample/result');
    await returned(v, 'partly_linked');
    assert.match(await row(v, POST.ja), /^選びませんでした/);
    assert.match(await row(v, BOX.ja), /^連携しました/);
  }));

test('none ticked at the sample service: the page says what to do', () =>
  world.visit({ lang: 'en' }, async (v) => {
    await v.open(world.demo.sample);
    await v.page.locator('#services').uncheck();
    await v.act('connect');
    await v.expect('sample/start');
    assert.equal(v.documents.at(-1).status, 422);
    assert.match(await v.page.locator('[role=alert]').innerText(), /Choose at least one service/);
  }));

test('the drive API decides for each service by its id', async () => {
  const client = await Client.register(world.demo.portal);
  const form = client.request(world.demo.delivery_id);
  form.authorization_details = JSON.stringify([
    { type: 'attribute_linkage', delivery_services: [{ id: world.demo.delivery_id }, { id: world.demo.second_delivery_id, message: 'for the box' }], if_linked: 'reconfirm' },
    { type: 'user_registration' },
  ]);
  const pushed = await client.post('/oauth/par', form);
  assert.equal(pushed.status, 201, JSON.stringify(pushed.body));
  const query = new URLSearchParams({ client_id: client.id, request_uri: pushed.body.request_uri });
  const back = await drive(world.demo, {
    authorization_url: `${world.demo.portal}/oauth/authorize?${query}`,
    person: 'yoko',
    decisions: { services: { [world.demo.delivery_id]: { at_delivery: { sign: 'cancel' } } } },
  });
  assert.equal(back.searchParams.get('outcome'), 'partly_linked');
  const tokens = await client.token({ code: back.searchParams.get('code'), code_verifier: client.verifier });
  assert.equal(tokens.status, 200, JSON.stringify(tokens.body));
  const [linkage] = tokens.body.authorization_details;
  assert.deepEqual(linkage.delivery_services.map((s) => [s.id, s.result, Boolean(s.linkage_id)]), [
    // Her earlier link stands though she did not confirm it again.
    [world.demo.delivery_id, 'declined', true],
    [world.demo.second_delivery_id, 'linked', true],
  ]);
});

// Last: the others need the service.
test('the first in maintenance: said before the start, and the second goes on', () =>
  world.visit({ patience: PATIENCE }, async (v) => {
    const config = join(world.demo.data, 'portal.toml');
    const at = (minutes) => new Date(Date.now() + minutes * 60_000).toISOString().replace(/\.\d+Z/, 'Z');
    const made = await enishi(['delivery', '--config', config, 'maintenance', world.demo.delivery_id, at(-1), at(60)]);
    assert.equal(made.code, 0, made.stderr);
    await new Promise((done) => setTimeout(done, 1500));
    // Ticked at the sample service, which says it too as soon as it hears of it.
    const person = who('hanako');
    await both(v);
    await v.page.locator('details summary').first().click();
    await v.page.locator('#reconfirm').check();
    await v.act('connect');
    await v.expect('portal/consent');
    assert.match(await v.text(), /見本ポストはメンテナンス中です/);
    assert.match(await v.text(), /ほかのサービスの手続きは進められます/);
    await go(v, person, 'portal/link');
    assert.match(await v.text(), /見本ポストはメンテナンス中です/);
    assert.equal(await v.page.locator('fieldset').count(), 0, 'one service is left: nothing to choose');
    await v.act('link');
    assert.match(await v.h1(), /みどり文書箱/);
    await go(v, person, 'sample/result');
    await returned(v, 'partly_linked');
    assert.match(await row(v, POST.ja), /^メンテナンス中です/);
    assert.match(await row(v, BOX.ja), /^連携しました/);
  }));

soundness(world);
