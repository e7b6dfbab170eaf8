// Runs the browser, foreign-client and crash tests and prints the totals.
//
//   node run.js [--full] [--only journey|desk|foreign|crash|card] [part of a file name …]
import { readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { run } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { binary } from './lib/demo.js';

const here = dirname(fileURLToPath(import.meta.url));
const { values, positionals } = parseArgs({
  options: { full: { type: 'boolean', default: false }, only: { type: 'string' }, workers: { type: 'string', default: '2' } },
  allowPositionals: true,
});
const groups = values.only ? [values.only] : ['journey', 'desk', 'foreign', 'crash'];
const files = groups
  .flatMap((group) => readdirSync(join(here, group)).sort().map((file) => join(group, file)))
  .filter((file) => file.endsWith('.test.js') && (positionals.length === 0 || positionals.some((p) => file.includes(p))))
  .map((file) => join(here, file));
if (files.length === 0) {
  console.error('no test file fits');
  process.exit(2);
}
if (values.full) process.env.ENISHI_E2E_FULL = '1';
try {
  process.env.ENISHI_BIN = binary();
} catch (error) {
  console.error(error.message);
  process.exit(2);
}
if (positionals.length === 0) rmSync(join(here, 'artifacts'), { recursive: true, force: true });

const count = { passed: 0, failed: 0, skipped: 0 };
const failed = [];
const isTest = (data) => data.details.type !== 'suite' && !files.includes(data.name);
const line = (mark, data) => {
  // Tests that come from lib/ name their file themselves.
  const file = data.file && !data.file.startsWith(join(here, 'lib')) ? `${data.file.slice(here.length + 1)}: ` : '';
  console.log(`${mark} ${file}${data.name} (${Math.round(data.details.duration_ms)} ms)`);
};

run({ files, concurrency: Number(values.workers), timeout: 30 * 60_000 })
  .on('test:pass', (data) => {
    if (!isTest(data)) return;
    if (data.skip !== undefined) count.skipped += 1;
    else count.passed += 1;
    line(data.skip !== undefined ? '-' : '✔', data);
  })
  .on('test:fail', (data) => {
    // A file that fails as a whole (an import, a hook) counts too; one that only holds a failed test does not.
    const cause = data.details.error?.cause ?? data.details.error;
    if (data.details.type === 'suite' || data.details.error?.failureType === 'subtestsFailed') return;
    count.failed += 1;
    failed.push({ data, cause });
    line('✘', data);
    console.log(`    ${String(cause?.stack ?? cause).replaceAll('\n', '\n    ')}`);
  })
  .on('test:stderr', (data) => process.stderr.write(data.message))
  .on('end', () => {
    if (failed.length) {
      console.log('\nFailed:');
      for (const { data } of failed) line('✘', data);
    }
    console.log(`\n${count.passed} passed, ${count.failed} failed${count.skipped ? `, ${count.skipped} skipped` : ''}`);
    process.exitCode = count.failed ? 1 : 0;
  })
  .resume();
