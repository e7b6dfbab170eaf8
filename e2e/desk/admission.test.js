// The life of a client: inquiry, A-1 to A-19, a change, suspension at once, resumption, planned suspension, termination.
// The tests of this file follow one another: the same organisation, the same people of the desk.
import assert from 'node:assert/strict';
import { cpus, loadavg } from 'node:os';
import { test } from 'node:test';
import { exportJWK, generateKeyPair } from 'jose';
import { Client } from '../lib/client.js';
import { citizen, go, step as citizenStep } from '../lib/citizen.js';
import { arrive, mailTo, openDesk, person, signIn, signInStaff } from '../lib/desk.js';
import { A12, A15, A18, A2, A8, begin, day, fill, fillForms, FORM_7, mistakes, newOrg, NOTICE, openForm, PLAN, REDIRECT_URI, save, submit } from '../lib/desk-forms.js';
import { agree, approve, confirm, crew, giveBack, staffCase } from '../lib/staff.js';
import { soundness, suite } from '../lib/suite.js';

const world = suite(import.meta.url);
/** What one test hands to the next. */
const life = {};
const who = person('admitted', '山田 太郎');

const before = (name) => assert.ok(life[name], 'the test before this one has to pass');

/** Asks again until the answer is good; the last answer is told when it never is. */
async function until(what, ask, good) {
  let answer;
  for (let tries = 0; tries < 150; tries += 1) {
    answer = await ask();
    if (good(answer)) return answer;
    await new Promise((done) => setTimeout(done, 100));
  }
  return assert.fail(`${what}: ${JSON.stringify(answer)}`);
}

const LINKAGE = () => ({ type: 'attribute_linkage', delivery_services: [{ id: world.demo.delivery_id }] });

/** A pushed request of a client made by hand. */
const push = (client, types = [LINKAGE()]) => {
  client.ahead = world.demo.ahead;
  return client.post('/oauth/par', { ...client.request(world.demo.delivery_id), scope: 'openid', authorization_details: JSON.stringify(types) });
};
const open = (answer) => answer.status === 201;
const closed = (answer) => answer.body.outcome === 'client_suspended' || answer.body.error === 'invalid_client';

/** The applicant confirms the step that the case is at. */
async function confirmStep(v, kase, id, act = 'confirm') {
  await openDesk(v, `/cases/${kase}`);
  assert.match(await v.text(), new RegExp(`今[^\n]*${id} `), `${id} is what has to be done now`);
  await v.act(act);
  await v.expect('desk/case');
}

/** Waits until the case has left what the desk does by itself. */
const arrivesAt = (v, kase, id) =>
  until(`${kase} comes to ${id}`, async () => {
    await openDesk(v, `/cases/${kase}`);
    return v.text();
  }, (text) => new RegExp(`今[^\n]*${id} `).test(text));

async function start(v, act, service) {
  await openDesk(v, `/orgs/${life.org}/start`);
  await v.expect('desk/start');
  if (service) await v.page.locator(`h2:has-text("${service}")`).waitFor();
  await v.act(act);
  await v.expect('desk/case');
  return /\/cases\/([^/?]+)/.exec(v.url())[1];
}

test('an inquiry before anything else is answered', async () => {
  life.v = await world.stay({ width: 1280 });
  Object.assign(life, await crew(world, { reception: { inspectPages: false, width: 1280 }, reviewer: { inspectPages: false, lang: 'en', width: 1280 }, approver: { inspectPages: false } }));
  const { v, reception } = life;
  await arrive(v, who);
  life.org = await newOrg(v);
  await openDesk(v, '/inquiries/new');
  await fill(v, { subject: '対象となる手続について', body: '年末調整は対象になりますか。' });
  await v.page.locator('#topic').selectOption({ index: 1 });
  await v.act('ask');
  const address = new URL(v.url()).pathname;
  await openDesk(reception, '/staff/inquiries');
  await reception.led(() => reception.page.getByRole('link', { name: '対象となる手続について' }).click(), 'the inquiry');
  await reception.act('take');
  await fill(reception, { body: '対象になります。' });
  await reception.act('answer');
  const { text } = await mailTo(world.demo, who.email, /回答|問合せ/);
  assert.ok(!text.includes('年末調整は対象'), 'the mail leads to the page and repeats nothing');
  await openDesk(v, address);
  assert.match(await v.text(), /対象になります。/);
});

test('A-1 to A-3: applied, received, returned with a remark on a field', async () => {
  before('org');
  const { v, reception, reviewer } = life;
  const kase = (life.kase = await begin(v, life.org));
  await fillForms(v, kase, { ...A2, plan: { ...PLAN, apis: 'all' } });
  await submit(v, kase);

  await openDesk(reception, `/staff?q=${encodeURIComponent('株式会社みほん')}`);
  await reception.led(() => reception.page.locator(`a[href="/staff/cases/${kase}"]`).click(), 'the case in the queue');
  await reception.act('take');
  await confirm(reception, kase, { text: '書類がそろっていることを確認しました。' });

  await openDesk(reviewer, `/staff/cases/${kase}/forms/plan?field=purpose`);
  await fill(reviewer, { text: '取り込む証明書の種類を書いてください。' });
  await reviewer.act('comment');
  assert.match(await reviewer.text(), /取り込む証明書の種類/);
  await giveBack(reviewer, kase, '利用目的を詳しくしてください。');
  await mailTo(world.demo, who.email, /差し戻/);
  life.returned = true;
});

test('A-3 and A-4: mended, agreed by one, approved by another', async () => {
  before('returned');
  const { v, reviewer, approver, kase } = life;
  // The applicant sees reason and remark, mends the field and submits again.
  await openDesk(v, `/cases/${kase}`);
  v.variant = 'returned';
  await v.reload();
  assert.match(await v.text(), /利用目的を詳しく/);
  await openForm(v, kase, 'plan');
  v.variant = undefined;
  const remark = v.page.locator('.en-banner', { hasText: '取り込む証明書の種類' });
  assert.equal(await remark.count(), 1);
  await fill(v, { purpose: '生命保険料控除証明書のデータを申告書に転記するため。' });
  await save(v);
  assert.deepEqual(await mistakes(v), []);
  await submit(v, kase);

  // What changed is marked. Whoever agreed is offered no approval, and gets none.
  await staffCase(reviewer, kase, '/forms/plan');
  assert.match(await reviewer.page.locator('#f-purpose').innerText(), /転記するため。[\s\S]*生命保険料控除証明書/);
  assert.equal(await reviewer.page.locator('#f-overview del').count(), 0, 'what did not change is not marked');
  await reviewer.act('resolve');
  await agree(reviewer, kase);
  await staffCase(reviewer, kase, '/decide');
  assert.equal(await reviewer.has('approve'), false);
  const csrf = /name="csrf" value="([^"]+)"/.exec(await reviewer.page.content())[1];
  const forced = await reviewer.context.request.post(new URL(`/staff/cases/${kase}/approve`, world.demo.desk).href, { form: { csrf, seq: '99', approve_note: '' }, headers: { origin: world.demo.desk } });
  assert.equal(forced.status(), 403);
  await approve(approver, kase);
  await staffCase(approver, kase, '/decide');
  assert.equal(await approver.has('approve'), false, 'it is approved once');
  await openDesk(v, `/orgs/${life.org}/documents`);
  await v.expect('desk/documents');

  // which APIs, each on its own.
  await agree(reviewer, kase, { values: { apis: 'all', services: 'all' } });
  await approve(approver, kase);
  await confirmStep(v, kase, 'A-4', 'accept');
  for (const id of ['A-5', 'A-6', 'A-7']) await confirmStep(v, kase, id);
  life.accepted = true;
});

test('A-8 to A-11: settings, a private key refused, the test portal serves the client', async () => {
  before('accepted');
  const { v, reviewer, approver, kase, org } = life;
  const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
  life.key = privateKey;
  life.jwk = { ...(await exportJWK(publicKey)), kid: 'k', alg: 'ES256', use: 'sig' };
  const secret = await exportJWK(privateKey);
  await openForm(v, kase, 'sheet-2');
  await fill(v, { jwks: JSON.stringify({ keys: [secret] }) });
  v.variant = 'private-key';
  await save(v);
  v.variant = undefined;
  assert.match((await mistakes(v)).join(), /秘密鍵/);
  assert.ok(!(await v.page.content()).includes(secret.d));
  await fillForms(v, kase, A8({ keys: [life.jwk] }));
  await submit(v, kase);
  await agree(reviewer, kase);
  await approve(approver, kase);
  const { text } = await mailTo(world.demo, who.email, /接続確認環境の設定が完了/);
  const id = /クライアントID：(\S+)/.exec(text)[1];
  assert.ok(text.includes(world.demo.portal));
  const client = await Client.of(world.demo.portal, id, privateKey, REDIRECT_URI);
  await until('the test portal serves it', () => push(client), open);
  const three = [LINKAGE(), { type: 'user_registration' }];
  assert.equal((await push(client, three)).status, 400, 'an API that the sheet does not name');
  await openDesk(v, `/orgs/${org}`);
  assert.ok((await v.text()).includes(id), 'the page of the organisation has the id');
  // Back to A-8, to ask for all that was consented to; it is checked again by two people.
  await openDesk(v, `/cases/${kase}`);
  await v.page.locator('details:has([data-act="reopen"]) summary').click();
  await fill(v, { step: 'A-8' });
  await v.page.fill('#reopen-reason', '利用者登録APIも試験するため。');
  await v.act('reopen');
  await fillForms(v, kase, { 'sheet-1-test': { apis: 'all' } });
  await submit(v, kase);
  await agree(reviewer, kase);
  await approve(approver, kase);
  await until('the test portal serves what was asked for', () => push(client, three), open);
  await arrivesAt(v, kase, 'A-11');

  await confirmStep(v, kase, 'A-11');
  life.eleven = true;
});

test('A-12 and A-13: the report of the connection test', async () => {
  before('eleven');
  const { v, reviewer, approver, kase } = life;
  await fillForms(v, kase, A12);
  await submit(v, kase);
  await agree(reviewer, kase);
  await approve(approver, kase);
  life.tested = true;
});

test('A-14 to A-16: the differences from what was tested, seen by both who decide', async () => {
  before('tested');
  const { v, reviewer, approver, kase } = life;
  const service = world.demo.new_sample;
  const redirect = `${service}/callback`;
  // The service's own key, and one of the test's to ask the portal by hand.
  const { keys } = await fetch(`${service}/jwks.json`).then((r) => r.json());
  await confirmStep(v, kase, 'A-14');
  const tester = { name: '確認 する子', email: 'tester@example.jp' };
  await fillForms(v, kase, A15({ tester, redirect, jwks: { keys: [...keys, life.jwk] } }));
  await submit(v, kase);
  const seen = async (staff) => {
    const table = staff.page.locator('table');
    assert.match(await table.innerText(), /nencho\.example\.co\.jp\/callback[\s\S]*127\.0\.0\.1/, 'the redirect address before and after');
  };
  await agree(reviewer, kase, { look: () => seen(reviewer) });
  await approve(approver, kase, { look: () => seen(approver) });

  const told = await mailTo(world.demo, who.email, /本番動作確認の設定が完了/);
  const id = (life.id = /クライアントID：(\S+)/.exec(told.text)[1]);
  life.link = /https?:\S+\/verification\/\S+/.exec((await mailTo(world.demo, tester.email, /本番動作確認のリンク/)).text)[0];
  life.client = await Client.of(world.demo.production_portal, id, life.key, redirect);
  await arrivesAt(v, kase, 'A-17');
});

test('A-17: production is open to the tester, and to nobody else', async () => {
  before('link');
  const { id, link } = life;
  const service = world.demo.new_sample;
  await world.visit({ patience: 300_000 }, async (dev) => {
    await dev.open(`${service}/developer`);
    await dev.page.fill('#client_id', id);
    await dev.act('enter');
  });
  const hanako = citizen(world.demo, 'hanako');
  // A stranger is returned before anything happens.
  await world.visit({}, async (stranger) => {
    await stranger.open(service);
    await citizenStep(stranger, hanako);
    await stranger.expect('portal/ended', { outcome: 'client_suspended' });
    await stranger.act('return');
    await stranger.expect('sample/result', { outcome: 'client_suspended' });
  });
  await world.visit({ patience: 300_000 }, async (t) => {
    await t.open(link);
    await t.expect('portal/verification');
    await t.act('bind');
    await t.expect('portal/verification');
    await t.open(service);
    await go(t, hanako, 'sample/result');
    await t.expect('sample/result', { outcome: 'linked' });
  });
  // Another browser with the same link is nobody.
  await world.visit({ inspectPages: false }, async (other) => {
    await other.open(link);
    await other.expect('portal/verification');
    assert.equal(await other.has('bind'), false);
  });
  life.verified = true;
});

test('A-17 to A-19: reported, checked, started: open to every citizen', async () => {
  before('verified');
  const { v, reviewer, approver, kase } = life;
  const service = world.demo.new_sample;
  await confirmStep(v, kase, 'A-17');
  await fillForms(v, kase, A18);
  await submit(v, kase);
  await agree(reviewer, kase);
  await approve(approver, kase);
  await confirmStep(v, kase, 'A-19');
  await mailTo(world.demo, who.email, /サービスの提供を開始しました/);
  await world.visit({ inspectPages: false }, async (anybody) => {
    await anybody.open(service);
    await go(anybody, citizen(world.demo, 'yoko'), 'portal/consent');
    assert.match(await anybody.text(), /みほん年末調整/);
  });
  await openDesk(v, `/cases/${kase}`);
  v.variant = 'completed';
  await v.reload();
  v.variant = undefined;
  assert.match(await v.text(), /完了/);
  life.live = true;
});

test('a change: filled in with what is live, marked field by field, live only when it is put live', async () => {
  before('live');
  const { v, reviewer, approver } = life;
  const kase = await start(v, 'start-change');
  await fillForms(v, kase, { 'form-7': FORM_7 });
  await openForm(v, kase, 'sheet-1-production');
  assert.equal(await v.page.inputValue('#service_name_ja'), 'みほん年末調整', 'filled in with what is live');
  await fill(v, { service_name_ja: 'みほん年末調整プラス' });
  await save(v);
  assert.deepEqual(await mistakes(v), []);
  v.variant = 'changed';
  await v.reload();
  v.variant = undefined;
  await openForm(v, kase, 'plan');
  await fill(v, { service_name_ja: 'みほん年末調整プラス', overview: '従業員が控除証明書を取り込む。扶養控除にも使う。' });
  await save(v);
  for (const form of ['check-eligibility', 'check-security', 'sheet-4']) {
    await openForm(v, kase, form);
    await save(v);
    assert.deepEqual(await mistakes(v), [], `${form} is right as it is`);
  }
  await submit(v, kase);
  await staffCase(reviewer, kase, '/forms/plan');
  assert.match(await reviewer.page.locator('#f-service_name_ja').innerText(), /みほん年末調整[\s\S]*みほん年末調整プラス/);
  assert.equal(await reviewer.page.locator('#f-purpose del').count(), 0);
  const seen = async (staff) => assert.match(await staff.page.locator('table').innerText(), /みほん年末調整プラス/);
  await agree(reviewer, kase, { values: { skip_tests: ['1'] }, look: () => seen(reviewer) });
  await approve(approver, kase, { look: () => seen(approver) });
  const shown = (name) =>
    world.visit({ inspectPages: false }, async (anybody) => {
      await anybody.open(world.demo.new_sample);
      await go(anybody, citizen(world.demo, 'yoko'), 'portal/consent');
      return (await anybody.text()).includes(name);
    });
  await confirmStep(v, kase, 'B-2', 'accept');
  assert.equal(await shown('みほん年末調整プラス'), false, 'agreed is not live');
  await confirmStep(v, kase, 'B-10');
  await mailTo(world.demo, who.email, /変更を本番環境に反映しました/);
  assert.equal(await shown('みほん年末調整プラス'), true);
  life.changed = true;
});

test('suspended at once by two people of the desk: within a second the portal refuses', async () => {
  before('changed');
  const { v, approver } = life;
  life.operator = await world.stay({ inspectPages: false });
  await signInStaff(life.operator, 'operator');
  const { operator } = life;
  await until('it is open', () => push(life.client), open);
  await openDesk(operator, '/staff/services');
  await operator.led(() => operator.page.locator('tr', { hasText: life.id }).locator('a[href$="/suspend"]').click(), 'suspend');
  await fill(operator, { reason: '不正な要求が続いているため。' });
  await operator.act('suspend');
  await operator.expect('desk/staff-case');
  const kase = /\/cases\/([^/?]+)/.exec(operator.url())[1];
  assert.ok(open(await push(life.client)), 'a proposal stops nothing');
  await approve(approver, kase);
  const from = Date.now();
  await until('it is closed', () => push(life.client), closed);
  const took = Date.now() - from;
  const quiet = loadavg()[0] <= cpus().length;
  assert.ok(took < (quiet ? 1_000 : 10_000), `${took} ms`);
  await mailTo(world.demo, who.email, /利用を停止しました/);
  await openDesk(v, `/orgs/${life.org}`);
  v.variant = 'suspended';
  await v.reload();
  v.variant = undefined;
  assert.match(await v.text(), /停止/);
  // Citizens are returned with that outcome.
  await world.visit({ inspectPages: false }, async (anybody) => {
    await anybody.open(world.demo.new_sample);
    await anybody.act('connect');
    await anybody.expect('sample/result', { outcome: 'client_suspended' });
  });
  life.suspended = true;
});

/** Contact, form, notification, review, approval. `short`: the day is nearer than two weeks, with the applicant's reason for it. */
async function notify(procedure, form, values, { short } = {}) {
  const { v, reception, reviewer, approver } = life;
  const kase = await start(v, `start-${procedure}`);
  await v.page.fill('#text', '時期が決まったのでご連絡します。');
  await v.act('contact');
  await confirm(reception, kase, { act: 'open_form', text: '届出用のフォームをお使いください。' });
  await openDesk(v, `/cases/${kase}`);
  assert.match(await v.text(), /届出用のフォームをお使いください/, 'the words that go with the form');
  if (short) {
    await openForm(v, kase, form);
    await fill(v, values);
    v.variant = 'short';
    await save(v);
    v.variant = undefined;
    assert.match(await v.text(), /以降の日付を入力してください。早める必要があるときは、理由を/, 'the two-week rule is told');
  }
  await fillForms(v, kase, { [form]: short ? { short_notice_reason: short } : values });
  await submit(v, kase);
  if (short) {
    await staffCase(reviewer, kase, '/decide');
    await reviewer.act('review');
    assert.equal((await reviewer.where()).status, 422, 'the desk has to say why it accepts that');
  }
  await agree(reviewer, kase, { values: short ? { short_notice: '利用者への影響がないため。' } : {} });
  await approve(approver, kase);
  return kase;
}

/** So many days later: whoever works at the desk signs in again. */
async function later(days) {
  await world.daysLater(days);
  await signIn(life.v, who);
  for (const role of ['reception', 'reviewer', 'approver']) await signInStaff(life[role], role);
}

test('resumed on the planned day; a day nearer than two weeks needs reasons on both sides', async () => {
  before('suspended');
  const { v } = life;
  await notify('resumption', 'form-8-resumption', NOTICE(day(1), { changes: 'なし', readiness: '対策を終えた。' }), { short: '利用者が待っているため。' });
  assert.ok(closed(await push(life.client)), 'before its time nothing changes');
  await later(2);
  await until('it is open again', () => push(life.client), open);
  await openDesk(v, `/orgs/${life.org}`);
  assert.match(await v.text(), /利用中|提供中/);
  life.resumed = true;
});

test('a planned suspension takes effect by itself, after two weeks', async () => {
  before('resumed');
  const { v } = life;
  const kase = await notify('suspension', 'form-8-suspension', NOTICE(day(15, world.demo), { citizen_notice: '画面で案内する。', data_handling: '保存を続ける。' }));
  await openDesk(v, `/cases/${kase}`);
  v.variant = 'planned';
  await v.reload();
  v.variant = undefined;
  assert.ok(open(await push(life.client)), 'until then it goes on');
  await later(18);
  await until('it is closed', () => push(life.client), closed);
  await until('the case is over', async () => {
    await openDesk(v, `/cases/${kase}`);
    return v.text();
  }, (text) => /完了/.test(text));
  life.stopped = true;
});

test('terminated: what was open is closed for good, at both portals', async () => {
  before('stopped');
  const { v } = life;
  const values = NOTICE(day(15, world.demo), { citizen_notice: '画面で案内する。', data_disposal: '消去する。', understood: 'all' });
  await notify('termination', 'form-9', values);
  await later(34);
  await until('the portal knows the client no more', () => push(life.client), closed);
  await until('the service is terminated', async () => {
    await openDesk(v, `/orgs/${life.org}`);
    return v.text();
  }, (text) => /終了/.test(text));
  // Nothing is begun for it any more.
  await openDesk(v, `/orgs/${life.org}/start`);
  for (const act of ['start-change', 'start-suspension', 'start-resumption', 'start-termination']) assert.equal(await v.has(act), false, act);
});

test('auditors look and change nothing; members of organisations see none of it', () =>
  world.visit({ width: 1280, inspectPages: false }, async (v) => {
    await signInStaff(v, 'auditor');
    await openDesk(v, '/staff?closed=1');
    const first = await v.page.locator('main a[href^="/staff/cases/"]').first().getAttribute('href');
    await openDesk(v, first);
    for (const act of ['take', 'confirm', 'decide', 'note', 'return']) assert.equal(await v.has(act), false, act);
    const page = await v.page.content();
    const csrf = /name="csrf" value="([^"]+)"/.exec(page)?.[1] ?? '';
    for (const path of ['/assign', '/act', '/review', '/approve', '/return']) {
      const answer = await v.context.request.post(new URL(first + path, world.demo.desk).href, { form: { csrf, seq: '1', reason: 'x', event: 'note', note: 'x' }, headers: { origin: world.demo.desk } });
      assert.equal(answer.status(), 403, path);
    }
    await world.visit({ inspectPages: false }, async (member) => {
      await arrive(member, person('outside', '外部 花子'));
      for (const path of ['/staff', first, '/staff/record', '/staff/people', '/staff/control']) {
        await openDesk(member, path);
        assert.ok((await member.where()).id === 'sign-in' || (await member.where()).status >= 400, path);
      }
    });
  }));

soundness(world);
