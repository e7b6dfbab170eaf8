// pcscd with vsmartcard's virtual reader, and our card in it. The machine has one reader service and one port for the
// virtual reader: files that use it must not run beside each other.
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { binary, launch } from './demo.js';

const PORT = 35963;
const SOCKET = '/run/pcscd/pcscd.comm';

const answers = (where) =>
  new Promise((done) => {
    const socket = connect(where);
    socket.once('connect', () => done(true)).once('error', () => done(false));
    socket.once('connect', () => socket.destroy());
  });

/** Runs a program to its end: code and everything it wrote. */
export function call(command, args, { input, env = {} } = {}) {
  return new Promise((done) => {
    const child = execFile(command, args, { env: { ...process.env, ...env }, maxBuffer: 1 << 24, encoding: 'buffer', timeout: 60_000 }, (error, out, err) =>
      done({ code: error ? (error.code ?? error.signal) : 0, out: out.toString(), raw: out, err: err.toString(), said: `${out}${err}` }),
    );
    child.stdin.on('error', () => {});
    child.stdin.end(input ?? '');
  });
}

/** Waits until `ask` is true; says `what` when it does not happen. */
export async function until(what, ask, limit = 20_000) {
  for (const end = Date.now() + limit; Date.now() < end; ) {
    if (await ask()) return;
    await new Promise((go) => setTimeout(go, 100));
  }
  throw new Error(`${what}: not within ${limit / 1000} s`);
}

/** The reader service, started when none is there, and an authority for test cards. */
export async function startReader() {
  let service;
  if (!(existsSync(SOCKET) && (await answers(SOCKET)))) {
    rmSync(SOCKET, { force: true });
    service = await launch(['--foreground'], { command: 'pcscd', ready: () => undefined, until: () => answers(SOCKET), name: 'pcscd' });
  }
  await until(`the virtual reader on port ${PORT} (vsmartcard-vpcd)`, () => answers({ port: PORT, host: '127.0.0.1' }));
  const folder = mkdtempSync(join(tmpdir(), 'enishi-card-'));
  const config = join(folder, 'testcard.toml');
  const lines = ['role = "testcard"', 'listen = "127.0.0.1:7999"', 'database = "sqlite:testcard.db"', 'key_file = "testcard.key"', 'environment = "test"', '[testcard]', 'origin = "http://localhost:7999"', 'relying_parties = ["http://localhost:7998"]'];
  writeFileSync(config, lines.join('\n'));
  const reader = new Reader(service, folder, config);
  try {
    await reader.enishi(['migrate', '--config', config]);
  } catch (error) {
    await reader.stop();
    throw error;
  }
  return reader;
}

class Reader {
  constructor(service, folder, config) {
    Object.assign(this, { service, folder, config });
  }

  /** `enishi …`, which has to succeed. */
  async enishi(args, options) {
    const done = await call(binary(), args, options);
    if (done.code !== 0) throw new Error(`enishi ${args.join(' ')} ended with ${done.code}: ${done.said}`);
    return done;
  }

  /** Puts a person's card in; what it gives has `trace` and `remove`. */
  async plug(person, ...flags) {
    const trace = join(this.folder, `${person}.trace`);
    const card = await launch(['card', 'plug', person, '--config', this.config, '--trace', trace, ...flags], {
      ready: (line) => (line.includes('is in the virtual reader') ? true : undefined),
      name: `enishi card plug ${person}`,
    });
    await until('the card in the reader', () => this.hasCard());
    const remove = async () => {
      const how = await card.end('SIGINT');
      await until('the card out of the reader', async () => !(await this.hasCard()));
      return how;
    };
    return { trace, log: card.log, remove };
  }

  async hasCard() {
    return /^\d+\s+Yes\s/m.test((await call('opensc-tool', ['-l'])).out);
  }

  path(name) {
    return join(this.folder, name);
  }

  async stop() {
    await this.service?.end('SIGTERM');
    rmSync(this.folder, { recursive: true, force: true });
  }
}
