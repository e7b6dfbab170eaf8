// `kill -9` of a role at every step, and in the middle of a step: the citizen goes on or is returned with a
// precise outcome, and portal and delivery service agree about the link.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { citizen, fill, go, step } from '../lib/citizen.js';
import { startRoles } from '../lib/roles.js';
import { closeBrowser, show, visitor } from '../lib/visitor.js';

let world;
before(async () => {
  world = await startRoles();
});
after(async () => {
  await closeBrowser();
  world?.keepLog('kill');
  await world?.stop();
});

/** What each side says about a link, each with its own eyes. */
async function agreement(who) {
  const v = await visitor(world, { inspectPages: false });
  try {
    await v.open(new URL('/mailbox', world.delivery).href);
    await fill(v, who);
    await v.act('sign-in');
    await v.expect('delivery/mailbox');
    const delivery = await v.has('unlink');
    await v.open(new URL('/me', world.portal).href);
    await v.act('sign-in');
    await step(v, who);
    await step(v, who);
    await v.expect('portal/me');
    return { delivery, portal: await v.has('open') };
  } finally {
    await v.close();
  }
}

/** Both sides say the same; when they differ, the sweep (every 30 s) has to mend it. */
async function agreed(who, linked) {
  const end = Date.now() + 60_000;
  let both;
  do both = await agreement(who);
  while (both.portal !== both.delivery && Date.now() < end);
  assert.equal(both.portal, both.delivery, `the sides differ: ${JSON.stringify(both)}`);
  if (linked !== undefined) assert.equal(both.portal, linked);
  return both.portal;
}

for (const [role, id] of [
  ['portal', 'hanako'],
  ['delivery', 'katsuragi'],
  ['sample', 'emma'],
  ['cards', 'sora'],
]) {
  test(`${role} dies at every step; the citizen arrives all the same`, async () => {
    const who = citizen(world, id);
    const v = await visitor(world, { inspectPages: false });
    try {
      await v.open(world.sample);
      for (let steps = 0; steps < 25; steps += 1) {
        const where = await v.where();
        await world.restart(role);
        if (where.role === 'sample' && where.id === 'result') break;
        // The page that is open was made before the crash: its buttons still work, also after a reload.
        if (steps % 2) await v.reload();
        assert.equal(show(await v.where()), show(where));
        await step(v, who);
      }
      await v.expect('sample/result', { outcome: 'linked' });
    } finally {
      await v.close();
    }
    await agreed(who, true);
  });
}

/** Up to ⑥; then the code is minted, but the browser has not gone on. Answers the portal's callback address. */
async function atCallback(v, who) {
  await go(v, who, 'delivery/linked');
  const back = new URL(await v.page.locator('[data-act="return"]').getAttribute('href'), v.url()).href;
  const answer = await v.context.request.get(back, { maxRedirects: 0 });
  const location = answer.headers().location;
  assert.ok(location?.includes('/link/callback'), `⑥ leads to ${location}`);
  return location;
}

test('the delivery service is gone when its code comes back: E9b, and the second attempt links', async () => {
  const who = citizen(world, 'ichiro');
  const v = await visitor(world, { inspectPages: false });
  try {
    const callback = await atCallback(v, who);
    await world.kill('delivery');
    await v.open(callback);
    await v.expect('portal/not-linked', { error: 'E9b' });
    await world.start('delivery');
    await v.act('retry');
    await go(v, who, 'sample/result');
    await v.expect('sample/result', { outcome: 'linked' });
  } finally {
    await v.close();
  }
  await agreed(who, true);
});

test('the portal dies between the code and its use; the same address links', async () => {
  const who = citizen(world, 'naomi');
  const v = await visitor(world, { inspectPages: false });
  try {
    const callback = await atCallback(v, who);
    await world.restart('portal');
    await v.open(callback);
    await v.expect('sample/result', { outcome: 'linked' });
  } finally {
    await v.close();
  }
  await agreed(who, true);
});

test('the portal dies in the middle of the callback: nobody is left half linked', async () => {
  const who = citizen(world, 'mari');
  for (const delay of [2, 5, 10, 20, 40]) {
    const v = await visitor(world, { inspectPages: false });
    try {
      await v.open(world.sample);
      await step(v, who);
      const start = await go(v, who, 'portal/link').catch(() => v.where());
      if (start.id === 'already-linked') break; // an earlier round got through
      const callback = await atCallback(v, who);
      const flight = v.context.request.get(callback, { maxRedirects: 0 }).catch(() => {});
      await new Promise((done) => setTimeout(done, delay)); // the moment of the crash, not a wait
      await world.kill('portal');
      await flight;
      await world.start('portal');
      await v.open(callback);
      const where = await v.where();
      assert.ok(where.id, `after the crash: ${where.url}`);
      if (where.role === 'portal') {
        assert.ok(['not-linked', 'ended', 'done', 'handover', 'link'].includes(where.id), show(where));
        if (await v.has('return')) await v.act('return');
      }
    } finally {
      await v.close();
    }
    await agreed(who);
  }
});
