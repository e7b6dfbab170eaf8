// People at the desk: their accounts, their mail, their second factors.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';

export const PASSWORD = 'tsuyu-no-atosaki-27';

/** A person who has no account yet. */
export const person = (id, name = '見本 花') => ({ id, email: `${id}@example.jp`, name, password: PASSWORD });

const at = (v, path) => new URL(path, v.demo.desk).href;
export const openDesk = (v, path = '/') => v.open(at(v, path));

// ---- mail

const unescape = (html) =>
  html.replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&quot;/g, '"').replace(/&#x27;|&#39;/g, "'").replace(/&#x2f;/g, '/').replace(/&amp;/g, '&');

/** Mail in the outbox, newest first: `{ id, subject, to }`. */
export async function mails(demo) {
  const html = await (await fetch(new URL('/outbox', demo.desk))).text();
  const entry = /<a href="\/outbox\/([^"]+)" data-act="open-mail">([^<]*)<\/a><\/dt><dd>([^<]*)<\/dd>/g;
  return [...html.matchAll(entry)].map(([, id, subject, to]) => ({ id, subject: unescape(subject), to: unescape(to) }));
}

/** The newest mail to `to` whose subject fits, with its text and links; waits for it. */
export async function mailTo(demo, to, subject = /./) {
  for (let tries = 0; tries < 100; tries += 1) {
    const found = (await mails(demo)).find((m) => m.to === to && subject.test(m.subject));
    if (found) {
      const html = await (await fetch(new URL(`/outbox/${found.id}`, demo.desk))).text();
      const links = [...html.matchAll(/<a href="([^"]+)" data-act="mail-link">/g)].map((m) => new URL(unescape(m[1]), demo.desk).href);
      const text = unescape(/<pre[^>]*>([\s\S]*?)<\/pre>/.exec(html)?.[1].replace(/<[^>]+>/g, '') ?? '');
      return { ...found, links, text };
    }
    await new Promise((done) => setTimeout(done, 100));
  }
  return assert.fail(`no mail to ${to} with ${subject}: ${JSON.stringify(await mails(demo))}`);
}

// ---- accounts

/** From the welcome page to an account of one's own; ends on the page that offers a second factor. */
export async function register(v, who) {
  await openDesk(v);
  await v.act('register');
  await v.expect('desk/register');
  await v.page.fill('#email', who.email);
  await v.act('register');
  await v.expect('desk/register-sent');
  const { links } = await mailTo(v.demo, who.email);
  await v.open(links[0]);
  await v.expect('desk/new-account');
  await v.page.fill('#name', who.name);
  await v.page.fill('#password', who.password);
  await v.act('create-account');
  await v.expect('desk/factors');
}

/** A new person, signed in, at the desk's first page. */
export async function arrive(v, who) {
  await register(v, who);
  await v.act('later');
  await v.expect('desk/home');
}

/** E-mail and password; ends wherever that leads. */
export async function signIn(v, who, base = '') {
  await openDesk(v, `${base}/sign-in`);
  await v.page.fill('#email', who.email);
  await v.page.fill('#password', who.password);
  await v.act('sign-in');
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
function unbase32(text) {
  let bits = '';
  for (const letter of text.replace(/[^A-Z2-7]/gi, '').toUpperCase()) bits += ALPHABET.indexOf(letter).toString(2).padStart(5, '0');
  return Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
}

/** An authenticator app with one secret (RFC 6238). The desk takes a code once: `code()` never shows one twice. */
export class App {
  constructor(secret) {
    this.key = unbase32(secret);
    this.last = 0;
  }

  at(step) {
    const counter = Buffer.alloc(8);
    counter.writeBigUInt64BE(BigInt(step));
    const tag = createHmac('sha1', this.key).update(counter).digest();
    const number = tag.readUInt32BE(tag[19] & 15) & 0x7fffffff;
    return String(number % 1_000_000).padStart(6, '0');
  }

  /** A code not used yet. The one after the present is taken too (clocks differ); beyond it one has to wait. `ahead`: of a demo's clock, ms. */
  async code(ahead = 0) {
    const now = () => Math.floor((Date.now() + ahead) / 30_000);
    const step = Math.max(now(), this.last + 1);
    while (step > now() + 1) await new Promise((done) => setTimeout(done, 500));
    this.last = step;
    return this.at(step);
  }
}

/** On the page of factors: sets up an authenticator app. Ends at the recovery codes, which it answers with the app. */
export async function addApp(v) {
  await v.act('add-totp');
  await v.expect('desk/totp');
  const app = new App(await v.page.locator('[data-act="open-app"]').getAttribute('href').then((uri) => new URL(uri).searchParams.get('secret')));
  await v.page.fill('#code', await app.code());
  await v.act('confirm-totp');
  return { app, codes: await writeDown(v) };
}

/** Reads the recovery codes of the page and says that they are written down. */
export async function writeDown(v) {
  await v.expect('desk/recovery');
  const codes = await v.page.locator('.en-codes code').allInnerTexts();
  assert.ok(codes.length >= 8, `${codes.length} recovery codes`);
  await v.act('recovery-done');
  return codes;
}

/** An authenticator in the browser (CDP): `internal` with its own user verification, as a phone or laptop has. */
export async function authenticator(v) {
  const cdp = await v.context.newCDPSession(v.page);
  await cdp.send('WebAuthn.enable');
  const options = { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true };
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', { options });
  return {
    credentials: async () => (await cdp.send('WebAuthn.getCredentials', { authenticatorId })).credentials,
    /** The finger is not recognised. */
    verified: (isUserVerified) => cdp.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified }),
  };
}

export async function signOut(v) {
  await v.act('sign-out');
  await v.expect('desk/sign-in');
}

const apps = new Map();

/** A member of the demo's staff who holds the role signs in with password and authenticator app. */
export async function signInStaff(v, role) {
  const member = v.demo.staff.find((s) => s.roles.includes(role));
  assert.ok(member, `the demo has nobody for ${role}`);
  await signIn(v, member, '/staff');
  await v.expect('desk/second-step');
  if (!apps.has(member.email)) apps.set(member.email, new App(member.totp_secret));
  await v.page.fill('#code', await apps.get(member.email).code(v.demo.ahead));
  await v.act('second-code');
  // Who only looks after accounts is led to the people.
  assert.match(new URL(v.url()).pathname, /^\/staff(\/people)?$/, 'signed in');
  return member;
}
