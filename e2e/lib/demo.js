// Starts and stops `enishi` for a test: its own data folder, its own ports, its log kept.
import { spawn, execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createInterface } from 'node:readline';

export const HERE = resolve(dirname(fileURLToPath(import.meta.url)), '..');
export const ARTIFACTS = join(HERE, 'artifacts');
const START_LIMIT = 60_000;
const STOP_LIMIT = 10_000;
const DAY = 86_400_000;

/** The binary under test: `ENISHI_BIN`, else what `scripts/test` builds. */
export function binary() {
  if (process.env.ENISHI_BIN) return process.env.ENISHI_BIN;
  const target = process.env.CARGO_TARGET_DIR ?? join(HERE, '..', 'target');
  const found = ['release', 'debug'].map((kind) => join(target, kind, 'enishi')).find(existsSync);
  if (!found) throw new Error('no enishi binary: run scripts/test, or set ENISHI_BIN');
  return found;
}

/** What the announcement names, by role; `production_…` and `new_sample` are of the production world. */
const PLACES = ['portal', 'delivery', 'second_delivery', 'sample', 'cards', 'desk', 'production_portal', 'production_delivery', 'production_cards', 'new_sample'];

const running = new Set();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/**
 * A child process with its output kept. It is ready when `ready` makes something of a line of stdout, or
 * when `until` (asked again and again) says so.
 */
export async function launch(args, { ready, until, env = {}, name = args[0], command = binary() }) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { RUST_LOG: 'info', ...process.env, ...env } });
  running.add(child);
  const log = [];
  const ended = new Promise((done) => {
    child.on('error', (error) => done({ error }));
    child.on('exit', (code, signal) => done({ code, signal }));
  }).finally(() => running.delete(child));
  createInterface({ input: child.stderr }).on('line', (line) => log.push(line));
  const value = await new Promise((yes, no) => {
    const timer = setTimeout(() => no(new Error(`${name} was not ready after ${START_LIMIT / 1000} s\n${log.join('\n')}`)), START_LIMIT);
    createInterface({ input: child.stdout }).on('line', (line) => {
      log.push(line);
      const got = ready(line);
      if (got !== undefined) {
        clearTimeout(timer);
        yes(got);
      }
    });
    if (until) {
      const ask = async () => {
        if (await until()) {
          clearTimeout(timer);
          yes();
        } else if (running.has(child)) {
          setTimeout(ask, 50);
        }
      };
      ask();
    }
    ended.then((how) => {
      clearTimeout(timer);
      no(Object.assign(new Error(`${name} ended at start: ${JSON.stringify(how)}\n${log.slice(-30).join('\n')}`), { log }));
    });
  }).catch((error) => {
    child.kill('SIGKILL');
    throw error;
  });
  const end = async (signal) => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    const late = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT);
    const how = await ended;
    clearTimeout(late);
    return how;
  };
  return { value, log, pid: child.pid, end, ended };
}

/** The one line that `--json` prints when everything is ready. */
export const jsonLine = (line) => {
  if (!line.startsWith('{')) return undefined;
  try {
    const value = JSON.parse(line);
    return value.portal ? value : undefined;
  } catch {
    return undefined;
  }
};

const portIsFree = (port) =>
  new Promise((done) => {
    const server = createServer();
    server.once('error', () => done(false));
    server.listen(port, '127.0.0.1', () => server.close(() => done(true)));
  });

/** A base with `count` free ports after it, below the range that the kernel gives out by itself. */
export async function freePorts(count = 10) {
  for (let tries = 0; tries < 200; tries += 1) {
    const base = 20_000 + Math.floor(Math.random() * 1_200) * 10;
    const free = await Promise.all(Array.from({ length: count }, (_, i) => portIsFree(base + i)));
    if (free.every(Boolean)) return base;
  }
  throw new Error('no free ports between 20000 and 32000');
}

/** `enishi demo`, ready. Options: `data` (keep this folder), `args`, `env`. */
export async function startDemo({ data, args = [], env = {}, portBase } = {}) {
  const own = !data;
  const folder = data ?? mkdtempSync(join(tmpdir(), 'enishi-e2e-'));
  let process_;
  for (let tries = 0; ; tries += 1) {
    const base = portBase ?? (await freePorts());
    try {
      process_ = await launch(['demo', '--json', '--data', folder, '--port-base', String(base), ...args], { ready: jsonLine, env, name: 'enishi demo' });
      process_.base = base;
      break;
    } catch (error) {
      // Somebody else took a port between the look and the start.
      if (tries === 2 || portBase || !/in use/i.test(String(error))) throw error;
    }
  }
  return new Demo(process_, folder, own, { args, env });
}

export class Demo {
  constructor(process_, data, own, options) {
    Object.assign(this, process_.value);
    this.process = process_;
    this.log = process_.log;
    this.data = data;
    this.own = own;
    this.options = options;
    this.base = process_.base;
    /** By how much the clock of the demo is put forward, ms. */
    this.ahead = 0;
  }

  person(id) {
    const person = this.people.find((p) => p.id === id);
    if (!person) throw new Error(`the demo has no test person '${id}'`);
    return person;
  }

  /** Which role an address belongs to; the production world's roles are the same roles. */
  role(url) {
    const origin = new URL(url).origin;
    const name = PLACES.find((place) => this[place] && new URL(this[place]).origin === origin);
    return name?.replace(/^(production|new)_/, '');
  }

  /** Ctrl-C, as a developer does. */
  async stop() {
    const how = await this.process.end('SIGINT');
    if (this.own) rmSync(this.data, { recursive: true, force: true });
    return how;
  }

  /** As a power cut: nothing is told to the process. */
  kill() {
    return this.process.end('SIGKILL');
  }

  /** The same world again: same folder, same ports. `days`: so many days later than today. */
  async restart({ days = 0 } = {}) {
    const { args, env } = this.options;
    const more = days ? ['--days-ahead', String(days)] : [];
    const demo = await startDemo({ data: this.data, portBase: this.base, args: [...args, ...more], env });
    return Object.assign(demo, { own: this.own, options: this.options, ahead: days * DAY });
  }

  keepLog(name) {
    mkdirSync(ARTIFACTS, { recursive: true });
    writeFileSync(join(ARTIFACTS, `${name}.log`), this.log.join('\n') + '\n');
  }
}

/** Runs the binary to its end. */
export function enishi(args, options = {}) {
  return new Promise((done) => {
    execFile(binary(), args, { timeout: 30_000, ...options }, (error, stdout, stderr) => done({ code: error ? (error.code ?? 1) : 0, stdout, stderr }));
  });
}
