// A PostgreSQL server of the test's own, on a free port, gone afterwards.
import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePorts } from './demo.js';

const run = promisify(execFile);

function binaries() {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const found = versions.map((v) => join(debian, v, 'bin')).find((bin) => existsSync(join(bin, 'initdb')));
  return found ?? (process.env.PATH ?? '').split(':').find((bin) => existsSync(join(bin, 'initdb')));
}

/** Starts it; `url` has a database for the demo. */
export async function startPostgres() {
  const bin = binaries();
  if (!bin) throw new Error('PostgreSQL is missing (initdb); run scripts/test, which installs it');
  const folder = mkdtempSync(join(tmpdir(), 'enishi-pg-'));
  // PostgreSQL refuses to run as root; Debian's package has a user for it.
  const root = process.getuid() === 0;
  const as = (program, ...args) => (root ? run('runuser', ['-u', 'postgres', '--', join(bin, program), ...args]) : run(join(bin, program), args));
  if (root) await run('chown', ['postgres', folder]);
  chmodSync(folder, 0o700);
  const data = join(folder, 'data');
  const port = await freePorts(1);
  await as('initdb', '-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '-N');
  // pg_ctl would hand its pipes to the server and never let go of ours, so the server logs to a file.
  await as('pg_ctl', '-D', data, '-w', '-l', join(folder, 'log'), '-o', `-p ${port} -k ${folder} -c listen_addresses=127.0.0.1 -c fsync=off`, 'start');
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    stop: async () => {
      await as('pg_ctl', '-D', data, '-m', 'immediate', 'stop').catch(() => {});
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
