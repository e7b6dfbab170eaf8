// What needs single processes or another configuration: outages, maintenance, suspension.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { citizen, enterPin, go, returned, step } from '../lib/citizen.js';
import { enishi } from '../lib/demo.js';
import { startRoles } from '../lib/roles.js';
import { soundness } from '../lib/suite.js';
import { closeBrowser, visitor } from '../lib/visitor.js';

const world = {};
let lists; // stands before the revocation lists, so that they can fail

before(async () => {
  lists = await revocationLists();
  world.demo = await startRoles({
    edit: (roles) => {
      lists.from = roles.cards;
      roles.change('portal', [/crl_base = "[^"]*"/, `crl_base = "${lists.base}"`]);
    },
  });
});
after(async () => {
  await closeBrowser();
  world.demo?.keepLog('outages');
  await world.demo?.stop();
  lists?.server.close();
});

async function revocationLists() {
  const state = { down: false, from: undefined };
  state.server = createServer(async (request, response) => {
    if (state.down) return response.writeHead(503).end();
    const answer = await fetch(state.from + request.url);
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') });
    response.end(Buffer.from(await answer.arrayBuffer()));
  });
  await new Promise((done) => state.server.listen(0, '127.0.0.1', done));
  state.base = `http://localhost:${state.server.address().port}/crl`;
  return state;
}

const visit = async (how, what) => {
  const v = await visitor(world.demo, how);
  try {
    await what(v);
  } finally {
    await v.close();
  }
};

for (const lang of ['ja', 'en']) {
  test(`the delivery service is down: service_unavailable (${lang})`, () =>
    visit({ lang }, async (v) => {
      const who = citizen(world.demo, 'ichiro');
      await go(v, who, 'portal/link');
      await world.demo.kill('delivery');
      try {
        await v.act('link');
        await v.expect('portal/not-linked', { error: 'E9b' });
        await v.act('retry');
        await v.expect('portal/not-linked', { error: 'E9b' });
        await v.act('return');
        await returned(v, 'service_unavailable');
      } finally {
        await world.demo.start('delivery');
      }
    }));

  test(`a revocation list can not be had: E5b, checked again, then returned (${lang})`, () =>
    visit({ lang }, async (v) => {
      // Nobody else lives in this municipality, so no list of it is kept from another test.
      const who = citizen(world.demo, lang === 'ja' ? 'katsuragi' : 'emma');
      lists.down = true;
      try {
        await go(v, who, 'cards/pin');
        await step(v, who);
        await v.expect('portal/card-error', { error: 'E5b' });
        await v.act('return');
        await returned(v, 'temporarily_unavailable');
        await v.open(world.demo.sample);
        await go(v, who, 'cards/pin');
        await step(v, who);
        await v.expect('portal/card-error', { error: 'E5b' });
      } finally {
        lists.down = false;
      }
      await v.act('retry');
      await go(v, who, 'portal/register');
    }));
}

test('the service is suspended while a citizen is on the way, and resumed', () =>
  visit({}, async (v) => {
    const who = citizen(world.demo, 'ichiro');
    await go(v, who, 'portal/consent');
    const id = new URL(v.url()).searchParams.get('client_id');
    await go(v, who, 'portal/link');
    const client = (action) => enishi(['client', '--config', world.demo.config('portal'), action, id]);
    const suspended = await client('suspend');
    assert.equal(suspended.code, 0, suspended.stderr);
    try {
      const end = Date.now() + 5000; // in force everywhere within a second
      do {
        await v.act('stop');
        if ((await v.where()).id === 'ended') break;
        await v.act('continue');
      } while ((await v.where()).id !== 'ended' && Date.now() < end);
      await v.expect('portal/ended', { outcome: 'client_suspended' });
      await v.act('return');
      await returned(v, 'client_suspended');
      await v.open(world.demo.sample);
      await v.act('connect');
      await v.expect('sample/result', { outcome: 'client_suspended' });
    } finally {
      const resumed = await client('resume');
      assert.equal(resumed.code, 0, resumed.stderr);
    }
    const end = Date.now() + 5000;
    do {
      await v.open(world.demo.sample);
      await v.act('connect');
    } while ((await v.where()).id !== 'consent' && Date.now() < end);
    await v.expect('portal/consent');
  }));

test('half an hour without a sign of the citizen: E8, told as session_expired', () =>
  visit({}, async (v) => {
    await go(v, citizen(world.demo, 'ichiro'), 'portal/link');
    await halfAnHourAgo('started', 'card_at', 'last_activity');
    await v.act('link');
    await v.expect('portal/ended', { error: 'E8', outcome: 'session_expired' });
    await v.reload();
    await v.expect('portal/ended', { error: 'E8' });
    await v.act('return');
    await returned(v, 'session_expired');
  }));

test("the card is read again half an hour later, and it is somebody else's: E13, told as different_person", () =>
  visit({}, async (v) => {
    await go(v, citizen(world.demo, 'ichiro'), 'portal/link');
    await halfAnHourAgo('card_at');
    await v.act('link');
    await v.expect('portal/identify');
    await v.act('identify');
    await v.pick('person', 'yoko');
    await enterPin(v, world.demo.person('yoko').pin);
    await v.expect('portal/card-error', { error: 'E13' });
    await v.act('retry');
    if ((await v.where()).id === 'identify') await v.act('identify');
    await v.pick('person', 'yoko');
    await enterPin(v, world.demo.person('yoko').pin);
    await v.expect('portal/card-error', { error: 'E13' });
    await v.act('stop');
    await v.expect('portal/stop');
    await v.act('return');
    await returned(v, 'different_person');
  }));

for (const lang of ['ja', 'en']) {
  test(`an announced maintenance: told before the citizen begins, and in the middle of a run (${lang})`, () =>
    visit({ lang }, async (v) => {
      const who = citizen(world.demo, 'ichiro');
      await go(v, who, 'portal/link');
      const hour = 3_600_000_000;
      const now = Date.now() * 1000;
      await changed(`INSERT INTO maintenance (id, delivery_id, starts_at, ends_at, note_ja, note_en)
        VALUES ('mnt_test', '${world.demo.delivery_id}', ${now - hour}, ${now + hour}, '設備の更新', 'New equipment')`);
      try {
        await v.act('link');
        await v.expect('portal/ended', { error: 'E6', outcome: 'service_maintenance' });
        assert.match(await v.text(), lang === 'ja' ? /設備の更新/ : /New equipment/);
        await v.act('return');
        await returned(v, 'service_maintenance');

        await v.open(world.demo.sample);
        await v.act('connect');
        await v.expect('portal/ended', { error: 'E6' });
        await v.act('return');
        await returned(v, 'service_maintenance');
      } finally {
        await changed("DELETE FROM maintenance WHERE id = 'mnt_test'");
      }
    }));
}

/**
 * The clock can't be moved from outside; so these times of the runs under way are moved back by 31 minutes
 * while the portal is not running.
 */
async function halfAnHourAgo(...fields) {
  const values = fields.map((f) => `'$.${f}', json_extract(state, '$.${f}') - 1860000000`);
  await changed(`UPDATE journeys SET state = json_set(state, ${values.join(', ')}) WHERE ended_at IS NULL`);
}

/** Changes the portal's database while the portal is not running. */
async function changed(statement) {
  await world.demo.kill('portal');
  const program = 'import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute(sys.argv[2]); c.commit()';
  await promisify(execFile)('python3', ['-c', program, join(world.demo.data, 'portal.db'), statement]);
  await world.demo.start('portal');
}

soundness(world);
