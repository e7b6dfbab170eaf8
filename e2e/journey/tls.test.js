// With TLS and a host of its own for every role, as in production: other cookie names, no shared host.
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { citizen, go, link, returned } from '../lib/citizen.js';
import { startRoles } from '../lib/roles.js';
import { soundness } from '../lib/suite.js';
import { makeCertificates } from '../lib/tls.js';
import { closeBrowser, visitor } from '../lib/visitor.js';

const HOSTS = { portal: 'localhost', delivery: '127.0.0.2', sample: '127.0.0.3', cards: '127.0.0.4' };
const world = {};

before(async () => {
  world.demo = await startRoles({
    edit: (roles) => {
      makeCertificates(roles.data, Object.values(HOSTS));
      const moves = Object.entries(HOSTS).map(([role, host]) => [role, roles[role], roles[role].replace('http://localhost', `https://${host}`)]);
      for (const [role, host] of Object.entries(HOSTS)) {
        roles.rewrite(role, (text) => moves.reduce((moved, [, from, to]) => moved.replaceAll(from, to), text));
        roles.change(
          role,
          [/^listen = "127\.0\.0\.1:/m, `listen = "${host === 'localhost' ? '127.0.0.1' : host}:`],
          [/^environment = .*$/m, '$&\ntls_cert = "tls.pem"\ntls_key = "tls.key"\ntrusted_roots = ["ca.pem"]'],
        );
      }
      for (const [role, , to] of moves) roles[role] = to;
      // What was prepared belongs to the other addresses; the cards and their authority stay.
      for (const role of ['portal', 'delivery', 'sample']) for (const end of ['', '-wal', '-shm']) rmSync(join(roles.data, `${role}.db${end}`), { force: true });
    },
  });
});
after(async () => {
  await closeBrowser();
  world.demo?.keepLog('tls');
  await world.demo?.stop();
});

test('① → ⑦, already linked, single sign-on, with secure cookies only', async () => {
  const v = await visitor(world.demo);
  try {
    const who = citizen(world.demo, 'hanako');
    await link(v, who);
    await v.act('import');
    await v.expect('sample/form');

    const cookies = await v.context.cookies();
    assert.ok(cookies.length >= 3);
    for (const cookie of cookies) {
      assert.ok(cookie.secure, `${cookie.name} is not Secure`);
      assert.match(cookie.name, /^__Host-enishi_/);
      assert.ok(cookie.httpOnly || /lang|theme/.test(cookie.name), `${cookie.name} can be read by scripts`);
      assert.notEqual(cookie.sameSite, 'None');
    }
    const { response } = v.documents.at(-1);
    assert.match(response.headers()['strict-transport-security'] ?? '', /max-age=\d{6,}/);

    await v.open(world.demo.sample);
    await go(v, who, 'portal/already-linked');
    await v.act('return');
    await returned(v, 'already_linked');

    await v.context.clearCookies({ domain: HOSTS.delivery });
    await v.open(new URL('/me', world.demo.portal).href);
    if ((await v.where()).id === 'sign-in') {
      await v.act('sign-in');
      await go(v, who, 'portal/me');
    }
    await v.act('open');
    await v.expect('delivery/mailbox');
  } finally {
    await v.close();
  }
});

test('a first-timer signs up in English without JavaScript', async () => {
  const v = await visitor(world.demo, { lang: 'en', width: 1280, js: false });
  try {
    await link(v, citizen(world.demo, 'emma', { signUp: true }));
  } finally {
    await v.close();
  }
});

soundness(world);
