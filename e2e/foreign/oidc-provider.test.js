// Leg B with a foreign authorization server: npm oidc-provider signs citizens in and mints the tokens, the
// kit serves the linkage resource and checks them.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { citizen, go, IMPORTED, PASSWORD, returned } from '../lib/citizen.js';
import { freePorts } from '../lib/demo.js';
import { startForeignServer } from '../lib/foreign-as.js';
import { startRoles } from '../lib/roles.js';
import { closeBrowser, visitor } from '../lib/visitor.js';

/**
 * The operator's accounts, as a server of the operator's own would know them: its subjects are the mailbox's
 * account ids. Read from the mailbox's database while the role is not running.
 */
async function accounts(roles) {
  const query = 'import json, sqlite3, sys; print(json.dumps(dict(sqlite3.connect(sys.argv[1]).execute("SELECT email, id FROM accounts"))))';
  const { stdout } = await promisify(execFile)('python3', ['-c', query, join(roles.data, 'delivery.db')]);
  return Object.fromEntries(Object.entries(JSON.parse(stdout)).map(([email, sub]) => [email, { password: PASSWORD, sub }]));
}

/** A world whose delivery service is signed in to at the foreign server. */
async function withForeignServer(what) {
  const port = await freePorts(1);
  const issuer = `http://localhost:${port}`;
  let server;
  const world = await startRoles({
    edit: async (roles) => {
      roles.change(
        'portal',
        [/(\[\[portal\.deliveries\]\][\s\S]*?)issuer = "[^"]*"/, `$1issuer = "${issuer}"\nresources = "${roles.delivery}"`],
      );
      roles.change(
        'delivery',
        [/$/, `\n[delivery.authorization_server]\nissuer = "${issuer}"\njwks_uri = "${issuer}/jwks"\naudience = "${roles.delivery}"\nportal_client_id = "portal"\n`],
      );
      server = await startForeignServer({
        port,
        portal: roles.portal,
        resource: roles.delivery,
        accounts: await accounts(roles),
      });
    },
  });
  world.foreign = issuer;
  world.role = (url) => (new URL(url).origin === issuer ? 'foreign' : Object.getPrototypeOf(world).role.call(world, url));
  try {
    await what(world, server);
  } catch (error) {
    console.error(server.problems.join('\n'));
    console.error(world.log.slice(-20).join('\n'));
    throw error;
  } finally {
    world.keepLog('oidc-provider');
    await closeBrowser();
    await world.stop();
    await server.stop();
  }
}

async function throughForeign(v, who) {
  await go(v, who, 'portal/handover');
  await v.act('next');
  await v.expect('foreign/foreign-sign-in');
  await v.page.fill('[name=email]', who.email);
  await v.page.fill('[name=password]', who.password);
  await v.act('sign-in');
  await v.expect('foreign/foreign-allow');
}

test('oidc-provider as authorization server: linked, then known as linked; refused; unlinked', () =>
  withForeignServer(async (world, server) => {
    const v = await visitor(world, { inspectPages: false });
    const who = citizen(world, 'hanako');
    await throughForeign(v, who);
    assert.match(await v.text(), /＊|\*|●|…/, 'the portal account is shown, masked');
    await v.act('allow');
    await v.expect('sample/result', { outcome: 'linked' });
    await v.act('import');
    await v.expect('sample/form');
    assert.match(await v.text(), IMPORTED[v.lang]);

    await v.open(world.sample);
    await go(v, who, 'portal/already-linked');
    await v.act('return');
    await returned(v, 'already_linked');
    await v.close();

    const other = await visitor(world, { inspectPages: false });
    await throughForeign(other, citizen(world, 'ichiro'));
    await other.act('deny');
    await other.expect('portal/not-linked', { error: 'E9' });
    await other.act('return');
    await returned(other, 'user_cancelled');
    await other.close();

    // Somebody else's mailbox: the kit refuses the link.
    const thief = await visitor(world, { inspectPages: false });
    await throughForeign(thief, citizen(world, 'sora', { email: who.email }));
    await thief.act('allow');
    await thief.expect('portal/not-linked', { error: 'E7b' });
    await thief.act('return');
    await returned(thief, 'link_conflict');
    await thief.close();

    const bad = server.problems.filter((p) => !/use_dpop_nonce|the citizen refused/.test(p));
    assert.deepEqual(bad, []);
  }));
