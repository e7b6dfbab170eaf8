// The same world on PostgreSQL: a whole run, what comes after it, a restart.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { citizen, go, IMPORTED, link, returned } from '../lib/citizen.js';
import { startDemo } from '../lib/demo.js';
import { startPostgres } from '../lib/postgres.js';
import { soundness } from '../lib/suite.js';
import { closeBrowser, visitor } from '../lib/visitor.js';

const world = {};
let postgres;

before(async () => {
  postgres = await startPostgres();
  world.demo = await startDemo({ args: ['--database', postgres.url] });
});
after(async () => {
  await closeBrowser();
  world.demo?.keepLog('postgres');
  await world.demo?.stop();
  await postgres?.stop();
});

test('linked, imported; after kill -9 and a restart still linked', async () => {
  const who = citizen(world.demo, 'hanako');
  const v = await visitor(world.demo, { inspectPages: false });
  try {
    await link(v, who);
    await v.act('import');
    await v.expect('sample/form');
    assert.match(await v.text(), IMPORTED.ja);
    await world.demo.kill();
    world.demo = await world.demo.restart();
    v.demo = world.demo;
    await v.open(world.demo.sample);
    await go(v, who, 'portal/already-linked');
    await v.act('return');
    await returned(v, 'already_linked');
  } finally {
    await v.close();
  }
});

test('stopped at ④ after registering: the registration stays', async () => {
  const who = citizen(world.demo, 'emma');
  const v = await visitor(world.demo, { inspectPages: false, lang: 'en' });
  try {
    await go(v, who, 'portal/link');
    await v.act('stop');
    await v.act('return');
    await returned(v, 'user_cancelled');
    await v.open(world.demo.sample);
    await link(v, who);
    assert.ok(!v.trail.slice(-9).includes('portal/register'));
  } finally {
    await v.close();
  }
});

soundness(world);
