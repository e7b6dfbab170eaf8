// Accounts at the desk: registration, second factors, passkeys, forgotten passwords; in both languages, and without scripts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addApp, App, authenticator, mails, mailTo, openDesk, person, register, signIn, signOut, writeDown } from '../lib/desk.js';
import { soundness, suite } from '../lib/suite.js';

const world = suite(import.meta.url);

for (const lang of ['ja', 'en']) {
  test(`registers by e-mail, sets up an authenticator app, signs in with it (${lang})`, () =>
    world.visit({ lang, width: lang === 'ja' ? 390 : 1280 }, async (v) => {
      const who = person(`app-${lang}`, lang === 'ja' ? '佐々木 あおい' : 'Aoi Sasaki');
      await register(v, who);
      const { app } = await addApp(v);
      await openDesk(v);
      await v.expect('desk/home');
      await signOutFrom(v);
      await signIn(v, who);
      await v.expect('desk/second-step');
      await v.page.fill('#code', '000000');
      await v.act('second-code');
      await v.expect('desk/second-step');
      assert.equal((await v.where()).status, 422, 'a wrong code is told');
      await v.page.fill('#code', await app.code());
      await v.act('second-code');
      await v.expect('desk/home');
      // The same code again is worth nothing.
      await signOutFrom(v);
      await signIn(v, who);
      await v.page.fill('#code', app.at(app.last));
      await v.act('second-code');
      await v.expect('desk/second-step');
    }));

  test(`makes a passkey and signs in with it alone (${lang})`, () =>
    world.visit({ lang, width: lang === 'ja' ? 1280 : 390 }, async (v) => {
      const who = person(`passkey-${lang}`, '山口 みどり');
      const device = await authenticator(v);
      await register(v, who);
      await v.act('add-passkey');
      await v.expect('desk/passkey');
      await v.page.fill('#name', '仕事のパソコン');
      await v.act('make-passkey');
      await writeDown(v);
      assert.equal((await device.credentials()).length, 1);
      await openDesk(v);
      await signOutFrom(v);
      await v.act('sign-in-passkey');
      await v.expect('desk/home');
      // A password alone is not enough any more; the passkey does for the second step too.
      await signOutFrom(v);
      await signIn(v, who);
      await v.expect('desk/second-step');
      await v.act('second-passkey');
      await v.expect('desk/home');
      // The device does not know its owner: nobody gets in, and the page says so.
      await signOutFrom(v);
      await device.verified(false);
      await v.page.locator('[data-act="sign-in-passkey"]').click();
      const said = v.page.locator('[data-passkey-error]:visible');
      await said.waitFor();
      assert.ok((await said.innerText()).length > 5);
      await openDesk(v, '/account');
      await v.expect('desk/sign-in');
    }));
}

/** Signs out from wherever the account pages show a button for it. */
async function signOutFrom(v) {
  await openDesk(v, '/account');
  await v.expect('desk/account');
  await signOut(v);
}

test('a recovery code lets in once', () =>
  world.visit({}, async (v) => {
    const who = person('recovery');
    await register(v, who);
    const { codes } = await addApp(v);
    for (const again of [false, true]) {
      await signOutFrom(v);
      await signIn(v, who);
      await v.act('to-recovery');
      await v.expect('desk/recovery-sign-in');
      await v.page.fill('#code', codes[0].toLowerCase());
      await v.act('recovery-code');
      if (again) {
        await v.expect('desk/recovery-sign-in');
        assert.equal((await v.where()).status, 422);
      } else {
        assert.notEqual((await v.where()).id, 'recovery-sign-in');
        assert.match((await mailTo(world.demo, who.email)).text, /復元コード|回復コード|リカバリー/, 'the owner is told');
      }
    }
  }));

for (const lang of ['ja', 'en']) {
  test(`a forgotten password: a link by e-mail, which works once and ends every session (${lang})`, () =>
    world.visit({ lang }, async (v) => {
      const who = person(`forgot-${lang}`);
      await register(v, who);
      await world.visit({ lang, inspectPages: false }, async (other) => {
        await openDesk(other, '/sign-in');
        await other.act('forgot');
        await other.page.fill('#email', who.email);
        await other.act('forgot');
        await other.expect('desk/forgot-sent');
        const { links } = await mailTo(world.demo, who.email, lang === 'ja' ? /パスワード/ : /password/i);
        await other.open(links[0]);
        await other.expect('desk/reset');
        await other.page.fill('#password', 'kawa-no-nagare-08');
        await other.act('reset');
        await other.expect('desk/sign-in');
        await other.open(links[0]);
        await other.expect('desk/link-gone');
        await signIn(other, { ...who, password: who.password });
        await other.expect('desk/sign-in');
        assert.equal((await other.where()).status, 422, 'the old password is worth nothing');
        await signIn(other, { ...who, password: 'kawa-no-nagare-08' });
        await other.expect('desk/home');
      });
      await openDesk(v, '/account');
      await v.expect('desk/sign-in');
      // The pages of the way, looked at in this language.
      await openDesk(v, '/forgot');
      await v.page.fill('#email', 'nobody@example.jp');
      await v.act('forgot');
      await v.expect('desk/forgot-sent');
      assert.equal((await mails(world.demo)).filter((m) => m.to === 'nobody@example.jp').length, 0, 'no mail to strangers, and the same page');
      await openDesk(v, `/reset/${'A'.repeat(43)}`);
      await v.expect('desk/link-gone');
    }));
}

test('other sessions are seen and ended', () =>
  world.visit({ width: 1280 }, async (v) => {
    const who = person('sessions');
    await register(v, who);
    await world.visit({ inspectPages: false }, async (other) => {
      await signIn(other, who);
      await other.expect('desk/home');
      await openDesk(v, '/account');
      v.variant = 'two-sessions';
      await v.reload();
      await v.act('end-sessions');
      if ((await v.where()).id === 'again') {
        await v.page.fill('#password', who.password);
        await v.act('again');
      }
      await openDesk(other, '/account');
      await other.expect('desk/sign-in');
    });
    await openDesk(v, '/account');
    await v.expect('desk/account');
  }));

test('password, profile, address: changed with care', () =>
  world.visit({ lang: 'en' }, async (v) => {
    const who = person('changes', 'Rin Kato');
    await register(v, who);
    await openDesk(v, '/account');
    await v.act('change-password');
    await v.page.fill('#current', 'not-it-at-all-33');
    await v.page.fill('#password', 'umi-no-hotori-41');
    await v.act('change-password');
    await v.expect('desk/password');
    assert.equal((await v.where()).status, 422);
    await v.page.fill('#current', who.password);
    await v.page.fill('#password', 'umi-no-hotori-41');
    await v.act('change-password');
    await v.expect('desk/account');
    await v.act('change-email');
    await v.expect('desk/email');
    await v.page.fill('#email', 'changes-new@example.jp');
    await v.act('change-email');
    const old = await mailTo(world.demo, who.email);
    const fresh = await mailTo(world.demo, 'changes-new@example.jp');
    for (const mail of [fresh, old]) {
      const link = mail.links.find((l) => l.includes('/email/'));
      if (!link) continue;
      await v.open(link);
      await v.expect('desk/email-link');
      await v.act('agree-email');
      await v.expect('desk/email-done');
    }
    await signIn(v, { email: 'changes-new@example.jp', password: 'umi-no-hotori-41' });
    assert.notEqual((await v.where()).status, 422);
    await openDesk(v, '/account');
    assert.match(await v.text(), /changes-new@example\.jp/);
  }));

test('without scripts: password and authenticator app', () =>
  world.visit({ js: false }, async (v) => {
    const who = person('no-scripts');
    await register(v, who);
    const { app } = await addApp(v);
    await signOutFrom(v);
    assert.equal(await v.page.locator('[data-act="sign-in-passkey"]').isVisible(), false, 'no button that can not work');
    await signIn(v, who);
    await v.page.fill('#code', await app.code());
    await v.act('second-code');
    await v.expect('desk/home');
  }));

test('guesses are slowed down, and an account says nothing of itself', () =>
  world.visit({}, async (v) => {
    const who = person('guessed');
    await register(v, who);
    await signOutFrom(v);
    const said = async (email) => {
      await signIn(v, { email, password: 'wrong-password-9' });
      return v.page.locator('.en-error-summary').innerText();
    };
    assert.equal(await said(who.email), await said('nobody-at-all@example.jp'));
    let status = 422;
    for (let tries = 0; tries < 12 && status === 422; tries += 1) {
      await said(who.email);
      status = (await v.where()).status;
    }
    assert.equal(status, 429);
  }));

test('registering an address that has an account tells its owner, not the stranger', () =>
  world.visit({}, async (v) => {
    const who = person('known');
    await register(v, who);
    await world.visit({ inspectPages: false }, async (stranger) => {
      await openDesk(stranger, '/register');
      await stranger.page.fill('#email', who.email);
      await stranger.act('register');
      await stranger.expect('desk/register-sent');
    });
    assert.equal((await mails(world.demo)).filter((m) => m.to === who.email).length, 2);
  }));

test('an app made of the shown text is the same as the picture', () =>
  world.visit({ inspectPages: false }, async (v) => {
    await register(v, person('text-secret'));
    await v.act('add-totp');
    const shown = await v.page.locator('.en-list').first().innerText();
    const uri = new URL(await v.page.locator('[data-act="open-app"]').getAttribute('href'));
    const app = new App(uri.searchParams.get('secret'));
    assert.ok(shown.replace(/\s/g, '').includes(uri.searchParams.get('secret')), shown);
    assert.ok(await v.page.locator('figure.en-qr svg').isVisible());
    await v.page.fill('#code', await app.code());
    await v.act('confirm-totp');
    await v.expect('desk/recovery');
  }));

soundness(world);
