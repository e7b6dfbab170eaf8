// A demo for one test file, and the checks that every file ends with.
import assert from 'node:assert/strict';
import { basename } from 'node:path';
import { after, before, test } from 'node:test';
import { startDemo } from './demo.js';
import { closeBrowser, findings, secrets, visitor } from './visitor.js';

/** No single visit takes longer, unless it says so. */
const PATIENCE = 300_000;

/**
 * One demo for the tests of a file. Tests in one file use different people, or leave no state behind.
 * `world.visit(options, what)` gives a browser of its own and closes it.
 */
export function suite(url, options = {}) {
  const name = basename(new URL(url).pathname, '.test.js');
  const world = {
    demo: undefined,
    stayed: [],
    /** A browser that stays open until the file ends. */
    async stay(how) {
      const v = await visitor(world.demo, how);
      world.stayed.push(v);
      return v;
    },
    /** The demo again, so many days later; the browsers that stayed go on. */
    async daysLater(days) {
      await world.demo.process.end('SIGINT');
      const log = world.demo.log;
      world.demo = await world.demo.restart({ days });
      world.demo.log.unshift(...log);
      for (const v of world.stayed) v.demo = world.demo;
    },
    async visit(how, what) {
      const v = await visitor(world.demo, how);
      const patience = how.patience ?? PATIENCE;
      const limit = new Promise((_, no) => setTimeout(no, patience, new Error(`took longer than ${patience / 1000} s`)).unref());
      try {
        return await Promise.race([what(v), limit]);
      } catch (error) {
        await v.page.screenshot({ path: `${new URL('../artifacts/', import.meta.url).pathname}failed-${name}-${Date.now()}.png`, fullPage: true }).catch(() => {});
        throw error;
      } finally {
        await v.close();
      }
    },
  };
  before(async () => {
    world.demo = await startDemo(options);
  });
  after(async () => {
    for (const v of world.stayed) await v.close();
    await closeBrowser();
    world.demo?.keepLog(name);
    await world.demo?.stop();
  });
  return world;
}

/** Call last in a file: what was found on the pages, and in the log. */
export function soundness(world) {
  const file = basename(process.argv[1], '.test.js'); // each file runs in a process of its own
  test(`${file}: every page visited is accessible, valid, within its width, silent in the console`, () => {
    assert.ok(findings.length === 0, `\n${[...new Set(findings)].join('\n')}`);
  });

  test(`${file}: the log tells no secrets, no panics, no faults`, () => {
    const { log } = world.demo;
    const bad = log.filter((line) => /panicked|\bERROR\b/.test(line));
    assert.ok(bad.length === 0, `\n${bad.join('\n')}`);
    const told = [...secrets].filter((secret) => log.some((line) => line.includes(secret)));
    assert.ok(told.length === 0, `${told.length} codes, handles, states or request addresses stand in the log`);
  });
}
