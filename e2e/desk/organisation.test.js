// Organisations: members, roles, handing over, leaving; and what is behind the doors of others.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { arrive, mails, mailTo, openDesk, person, register } from '../lib/desk.js';
import { begin, fill, invite, mistakes, newOrg, openForm, ORG, save } from '../lib/desk-forms.js';
import { soundness, suite } from '../lib/suite.js';

const world = suite(import.meta.url);

for (const lang of ['ja', 'en']) {
  test(`registered, corrected, with a colleague (${lang})`, () =>
    world.visit({ lang, width: lang === 'ja' ? 390 : 1280 }, async (v) => {
      const who = person(`owner-${lang}`, lang === 'ja' ? '所有 一郎' : 'Ichiro Owner');
      await arrive(v, who);
      await openDesk(v, '/orgs/new');
      await fill(v, { name: '見本', corporate_number: '7000012050003' });
      v.variant = 'mistakes';
      await v.act('save');
      v.variant = undefined;
      await v.expect('desk/org-edit');
      assert.ok((await mistakes(v)).length >= 3);
      assert.equal(await v.page.inputValue('#name'), '見本');
      const org = await newOrg(v);
      await openDesk(v, `/orgs/${org}/edit`);
      await fill(v, { name: '株式会社みほん二' });
      await v.act('save');
      await v.expect('desk/org');
      assert.equal(await v.h1(), '株式会社みほん二');
      await world.visit({ lang }, async (other) => {
        const colleague = person(`viewer-${lang}`, lang === 'ja' ? '閲覧 花子' : 'Hanako Viewer');
        await invite(v, org, other, colleague, 'viewer');
        v.variant = 'two';
        await openDesk(v, `/orgs/${org}/members`);
        v.variant = undefined;
        assert.match(await v.text(), new RegExp(colleague.name));
        // May look, may not write.
        const kase = await begin(v, org);
        other.variant = 'as-viewer';
        await openDesk(other, `/orgs/${org}`);
        assert.equal(await other.has('start'), false);
        await openDesk(other, `/cases/${kase}`);
        other.variant = undefined;
        await other.expect('desk/case');
        assert.equal(await other.has('check'), false);
        for (const path of [`/cases/${kase}/forms/plan`, `/cases/${kase}/check`, `/orgs/${org}/edit`]) {
          await openDesk(other, path);
          assert.ok([403, 404].includes((await other.where()).status), path);
        }
        // As an editor, at once.
        await openDesk(v, `/orgs/${org}/members`);
        await v.led(() => v.page.locator('main a', { hasText: colleague.name }).click(), 'the colleague');
        await v.expect('desk/member');
        await fill(v, { role: 'editor' });
        await v.act('set-role');
        await openForm(other, kase, 'plan');
        await other.expect('desk/form');
        await fill(other, { address: '東京都' });
        await save(other);
        // Removed, at once, in the middle of it.
        await openDesk(v, `/orgs/${org}/members`);
        await v.led(() => v.page.locator('main a', { hasText: colleague.name }).click(), 'the colleague');
        await v.act('remove');
        await other.led(() => other.page.locator('[data-act="save"]').last().click(), 'save');
        assert.equal((await other.where()).status, 404);
        for (const path of [`/orgs/${org}`, `/cases/${kase}`, `/cases/${kase}/forms/plan`, `/orgs/${org}/members`]) {
          await openDesk(other, path);
          assert.equal((await other.where()).status, 404, path);
        }
        await openDesk(other, '/');
        assert.doesNotMatch(await other.text(), /みほん二/);
      });
    }));
}

test('the only owner can not leave; handed over, the other owns it', () =>
  world.visit({}, async (v) => {
    await arrive(v, person('leaving', '引継 太郎'));
    const org = await newOrg(v);
    await world.visit({ inspectPages: false }, async (other) => {
      const heir = person('heir', '後任 次郎');
      await invite(v, org, other, heir, 'editor');
      await openDesk(v, `/orgs/${org}/members`);
      await v.led(() => v.page.locator('main a', { hasText: '引継 太郎' }).click(), 'myself');
      v.variant = 'only-owner';
      await v.reload();
      v.variant = 'refused';
      await v.act('remove');
      v.variant = undefined;
      await openDesk(v, `/orgs/${org}`);
      await v.expect('desk/org');
      await openDesk(v, `/orgs/${org}/members`);
      await v.led(() => v.page.locator('main a', { hasText: '引継 太郎' }).click(), 'myself');
      await v.page.locator('[name="to"]').first().check({ force: true });
      await fill(v, { then: 'leave' });
      await v.act('hand-over');
      await openDesk(v, `/orgs/${org}`);
      assert.equal((await v.where()).status, 404);
      await openDesk(other, `/orgs/${org}/edit`);
      await other.expect('desk/org-edit');
    });
  }));

test('an invitation is for its address alone, and can be withdrawn', () =>
  world.visit({}, async (v) => {
    await arrive(v, person('inviting', '招待 三郎'));
    await world.visit({ inspectPages: false }, (guest) => arrive(guest, person('guest', '招待 された')));
    const org = await newOrg(v);
    await openDesk(v, `/orgs/${org}/members`);
    await fill(v, { email: 'not an address', role: 'editor' });
    v.variant = 'mistake';
    await v.act('invite');
    assert.equal((await mistakes(v)).length, 1);
    v.variant = 'invited';
    await fill(v, { email: 'guest@example.jp', role: 'editor' });
    await v.act('invite');
    v.variant = undefined;
    const { links } = await mailTo(world.demo, 'guest@example.jp', /招待/);
    const link = links.find((l) => l.includes('/invitation/'));
    await world.visit({}, async (stranger) => {
      await arrive(stranger, person('stranger', '他人 四郎'));
      await stranger.open(link);
      await stranger.expect('desk/invitation');
      assert.equal(await stranger.has('accept-invitation'), false, "another's invitation can not be accepted");
      await openDesk(stranger, `/orgs/${org}`);
      assert.equal((await stranger.where()).status, 404);
    });
    await v.act('withdraw');
    await world.visit({ inspectPages: false }, async (guest) => {
      await guest.open(link);
      await guest.expect('desk/link-gone');
    });
  }));

test("another organisation's address says no more than one that does not exist", () =>
  world.visit({}, async (v) => {
    await arrive(v, person('mine', '自分 五郎'));
    const org = await newOrg(v);
    const kase = await begin(v, org);
    await world.visit({}, async (other) => {
      await arrive(other, person('theirs', '別人 六郎'));
      await newOrg(other, { ...ORG, kind: 'other', name: '別の組織', corporate_number: '' });
      const paths = ['', '/check', '/submitted', '/forms/plan', '/forms/plan/sheet', '/forms/plan/upload', '/forms/plan/versions/1', '/forms/plan/versions/1/pdf'].map((p) => `/cases/${kase}${p}`);
      paths.push(...['', '/edit', '/members', '/documents', '/start'].map((p) => `/orgs/${org}${p}`));
      const body = async (path) => {
        const r = await other.context.request.get(new URL(path, world.demo.desk).href);
        return { status: r.status(), text: (await r.text()).replaceAll(/[?&]next=[^"&]*|href="[^"]*lang=\w\w"/g, '').replaceAll(/\b[0-9A-Z]{8,}\b/g, '') };
      };
      const nothing = await body('/cases/cas_00000000000000000000000000');
      assert.equal(nothing.status, 404);
      for (const path of paths) {
        const got = await body(path);
        assert.equal(got.status, 404, path);
        assert.equal(got.text.length, nothing.text.length, `${path} looks the same as nothing`);
      }
      await openDesk(other, `/cases/${kase}`);
      assert.equal((await other.where()).status, 404);
    });
    // And a stranger is asked to sign in, wherever they go.
    await world.visit({ inspectPages: false }, async (stranger) => {
      await openDesk(stranger, `/cases/${kase}`);
      await stranger.expect('desk/sign-in');
    });
    // Members are not staff.
    await openDesk(v, '/staff');
    assert.notEqual((await v.where()).id, 'staff-home');
  }));

test('registered by the way: signed in, one is led back to where one was going', () =>
  world.visit({ inspectPages: false }, async (v) => {
    await openDesk(v, '/inquiries/new');
    await v.expect('desk/sign-in');
    assert.equal((await mails(world.demo)).some((m) => m.to === 'x'), false);
    const who = person('returning', '再訪 七子');
    await register(v, who);
    await v.act('later');
    await openDesk(v, '/account');
    await v.act('sign-out');
    await openDesk(v, '/inquiries/new');
    await v.page.fill('#email', who.email);
    await v.page.fill('#password', who.password);
    await v.act('sign-in');
    await v.expect('desk/inquiry-new');
  }));

soundness(world);
