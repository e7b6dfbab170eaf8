// An application through the desk's staff, to a client at the test portal: return, comments, agreement, four eyes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exportJWK, generateKeyPair } from 'jose';
import { Client } from '../lib/client.js';
import { arrive, mailTo, openDesk, person, signInStaff } from '../lib/desk.js';
import { A2, A8, begin, fill, fillForms, mistakes, newOrg, openForm, REDIRECT_URI, save, submit } from '../lib/desk-forms.js';
import { soundness, suite } from '../lib/suite.js';

const world = suite(import.meta.url);
const LONG = { patience: 600_000 };

const staffCase = (v, kase, more = '') => openDesk(v, `/staff/cases/${kase}${more}`);
async function decided(v, act, label) {
  await v.act(act);
  const { status } = await v.where();
  assert.equal(status, 200, `${label}: ${await v.text()}`);
}

test('from the application to a client that the test portal serves', () =>
  world.visit({ ...LONG, inspectPages: false }, (v) =>
    world.visit({ ...LONG, width: 1280 }, (reception) =>
      world.visit({ ...LONG, lang: 'en' }, (reviewer) =>
        world.visit({ ...LONG }, async (approver) => {
          const who = person('admitted', '山田 太郎');
          await arrive(v, who);
          const org = await newOrg(v);
          const kase = await begin(v, org);
          await fillForms(v, kase, A2);
          await submit(v, kase);

          // Reception: finds it in the queue, takes it, confirms.
          await signInStaff(reception, 'reception');
          await openDesk(reception, '/staff?q=' + encodeURIComponent('株式会社みほん'));
          await reception.led(() => reception.page.locator(`a[href="/staff/cases/${kase}"]`).click(), 'the case in the queue');
          await reception.act('take');
          await decided(reception, 'confirm', 'reception');

          // The reviewer comments on a field and returns it.
          await signInStaff(reviewer, 'reviewer');
          await staffCase(reviewer, kase);
          await staffCase(reviewer, kase, '/forms/plan');
          await openDesk(reviewer, `/staff/cases/${kase}/forms/plan?field=purpose`);
          await fill(reviewer, { text: '取り込む証明書の種類を書いてください。' });
          await reviewer.act('comment');
          assert.match(await reviewer.text(), /取り込む証明書の種類/);
          await staffCase(reviewer, kase, '/decide');
          await reviewer.page.locator('details summary').first().click();
          await fill(reviewer, { reason: '利用目的を詳しくしてください。' });
          await decided(reviewer, 'return', 'returned');
          await mailTo(world.demo, who.email, /差し戻|修正|返/);

          // The applicant sees reason and comment, mends the field and submits again.
          await openDesk(v, `/cases/${kase}`);
          assert.match(await v.text(), /利用目的を詳しく/);
          await openForm(v, kase, 'plan');
          assert.match(await v.text(), /取り込む証明書の種類/);
          await fill(v, { purpose: '生命保険料控除証明書のデータを申告書に転記するため。' });
          await save(v);
          assert.deepEqual(await mistakes(v), []);
          await submit(v, kase);

          // What changed is marked; the reviewer agrees; who agreed can not approve.
          await staffCase(reception, kase);
          if (await reception.has('confirm')) await decided(reception, 'confirm', 'reception again');
          reviewer.variant = 'second-version';
          await staffCase(reviewer, kase, '/forms/plan');
          reviewer.variant = undefined;
          assert.match(await reviewer.text(), /生命保険料控除証明書/);
          await staffCase(reviewer, kase, '/decide');
          await fill(reviewer, { verdict: 'agree' }).catch(() => {});
          await decided(reviewer, 'review', 'agreed');
          await staffCase(reviewer, kase, '/decide');
          assert.equal(await reviewer.has('approve'), false, 'who agreed is not offered the approval');

          await signInStaff(approver, 'approver');
          await staffCase(approver, kase, '/decide');
          await decided(approver, 'approve', 'disclosure approved');
          // Once: the second press finds that it is done.
          await staffCase(approver, kase, '/decide');
          assert.equal(await approver.has('approve'), false);

          // which APIs.
          await staffCase(reviewer, kase, '/decide');
          reviewer.variant = 'apis';
          await reviewer.reload();
          reviewer.variant = undefined;
          if ((await reviewer.page.locator('[name="verdict"][type="radio"]').count()) > 0) await fill(reviewer, { verdict: 'agree' });
          await fill(reviewer, { apis: ['attribute_linkage', 'notices_documents'] });
          if ((await reviewer.page.locator('[name="services"]').count()) > 0) await fill(reviewer, { services: 'all' });
          await decided(reviewer, 'review', 'agreed to the use');
          await staffCase(approver, kase, '/decide');
          approver.variant = 'use';
          await approver.reload();
          approver.variant = undefined;
          await decided(approver, 'approve', 'use approved');

          // The applicant: accepts, develops, applies for the test environment.
          await openDesk(v, `/cases/${kase}`);
          await v.act('accept');
          for (let step = 0; step < 3; step += 1) {
            await openDesk(v, `/cases/${kase}`);
            await v.act('confirm');
          }
          await openDesk(v, `/orgs/${org}/documents`);
          await v.expect('desk/documents');
          const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
          const jwk = { ...(await exportJWK(publicKey)), kid: 'k', alg: 'ES256', use: 'sig' };
          const secret = await exportJWK(privateKey);
          await openForm(v, kase, 'sheet-2');
          await fill(v, { jwks: JSON.stringify({ keys: [secret] }) });
          await v.led(() => v.page.locator('[data-act="save"]').last().click(), 'save');
          assert.match((await mistakes(v)).join(), /秘密鍵/);
          assert.ok(!(await v.page.content()).includes(secret.d));
          await fillForms(v, kase, A8({ keys: [jwk] }));
          await submit(v, kase);

          // Review and approval; the portal is told by itself.
          await staffCase(reviewer, kase, '/decide');
          reviewer.variant = 'settings';
          await reviewer.reload();
          if ((await reviewer.page.locator('[name="verdict"][type="radio"]').count()) > 0) await fill(reviewer, { verdict: 'agree' });
          await decided(reviewer, 'review', 'settings agreed');
          await staffCase(approver, kase, '/decide');
          await decided(approver, 'approve', 'settings approved');
          let id;
          for (let tries = 0; tries < 100 && !id; tries += 1) {
            await openDesk(v, `/orgs/${org}`);
            id = (await v.page.locator('main li code').allInnerTexts())[0];
            if (!id) await new Promise((done) => setTimeout(done, 200));
          }
          assert.ok(id, 'the client has an id');
          const client = await Client.of(world.demo.portal, id, privateKey, REDIRECT_URI);
          const ask = (types) =>
            client.post('/oauth/par', {
              ...client.request(world.demo.delivery_id),
              scope: 'openid',
              authorization_details: JSON.stringify(types),
            });
          const linkage = { type: 'attribute_linkage', delivery_services: [{ id: world.demo.delivery_id }] };
          let answer;
          for (let tries = 0; tries < 100; tries += 1) {
            answer = await ask([linkage]);
            if (answer.status === 201) break;
            await new Promise((done) => setTimeout(done, 200));
          }
          assert.equal(answer.status, 201, JSON.stringify(answer.body));
          const refused = await ask([linkage, { type: 'user_registration' }]);
          assert.equal(refused.status, 400, 'an API that was not approved');
        }),
      ),
    ),
  ));

test('auditors look and change nothing; members of organisations see none of it', () =>
  world.visit({ width: 1280, inspectPages: false }, async (v) => {
    await signInStaff(v, 'auditor');
    await openDesk(v, '/staff');
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
