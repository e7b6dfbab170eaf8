// The world of the demo as four processes (`enishi serve`), so that one of them can be killed or configured anew.
import http from 'node:http';
import https from 'node:https';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Demo, enishi, freePorts, jsonLine, launch } from './demo.js';

const NAMES = { portal: 'portal', delivery: 'delivery', sample: 'sample', cards: 'testcard' };

/** Prepares a data folder by `enishi demo --prepare-only`, then starts every role by itself. */
export async function startRoles({ edit = () => {}, args = [] } = {}) {
  const data = mkdtempSync(join(tmpdir(), 'enishi-roles-'));
  const base = await freePorts();
  const made = await enishi(['demo', '--json', '--prepare-only', '--data', data, '--port-base', String(base), ...args], { timeout: 60_000 });
  if (made.code !== 0) throw new Error(`enishi demo --prepare-only: ${made.stderr}`);
  const world = new Roles(made.stdout.split('\n').map(jsonLine).find(Boolean), data);
  try {
    await edit(world);
    // Nothing depends on the order.
    await Promise.all(Object.keys(NAMES).map((role) => world.start(role)));
  } catch (error) {
    await world.stop();
    throw error;
  }
  return world;
}

export class Roles extends Demo {
  constructor(value, data) {
    super({ value, log: [], base: undefined }, data, true, {});
    this.processes = {};
  }

  config(role) {
    return join(this.data, `${NAMES[role]}.toml`);
  }

  /** Writes a role's configuration file anew. */
  rewrite(role, how) {
    writeFileSync(this.config(role), how(readFileSync(this.config(role), 'utf8')));
  }

  /** Changes a role's configuration file: pairs of a pattern and its replacement; every pattern has to fit. */
  change(role, ...pairs) {
    this.rewrite(role, (text) =>
      pairs.reduce((changed, [pattern, by]) => {
        if (!changed.match(pattern)) throw new Error(`${this.config(role)} has no ${pattern}`);
        return changed.replace(pattern, by);
      }, text),
    );
  }

  async start(role) {
    const origin = this[role];
    const child = await launch(['serve', NAMES[role], '--config', this.config(role)], {
      name: `enishi serve ${NAMES[role]}`,
      ready: () => undefined,
      until: () => healthy(origin),
    });
    this.processes[role] = child;
    this.log.push(...child.log);
    child.log.push = (...lines) => this.log.push(...lines.map((l) => `${role}: ${l}`));
  }

  /** As a power cut of one role. */
  async kill(role) {
    await this.processes[role].end('SIGKILL');
    delete this.processes[role];
  }

  async restart(role) {
    await this.kill(role);
    await this.start(role);
  }

  async stop() {
    await Promise.all(Object.values(this.processes).map((child) => child.end('SIGTERM')));
    rmSync(this.data, { recursive: true, force: true });
  }
}

/** Whether a role answers that it is ready. Over TLS it has a certificate that only the roles trust. */
function healthy(origin) {
  const url = new URL('/health/ready', origin);
  const { get } = url.protocol === 'https:' ? https : http;
  return new Promise((done) => {
    get(url, { rejectUnauthorized: false, agent: false, timeout: 1000 }, (response) => {
      response.resume();
      done(response.statusCode === 200);
    }).on('error', () => done(false));
  });
}
