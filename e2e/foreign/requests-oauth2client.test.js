// The second opinion on leg A: PyPI requests-oauth2client, in foreign/leg_a.py.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { HERE, startDemo } from '../lib/demo.js';

const python = process.env.ENISHI_E2E_PYTHON ?? join(HERE, '.work', 'venv', 'bin', 'python');
let demo;

before(async () => {
  demo = await startDemo();
});
after(() => demo?.stop());

test('requests-oauth2client registers itself and completes leg A', async () => {
  assert.ok(existsSync(python), `${python} is missing: run scripts/test, which makes it`);
  const child = spawn(python, [join(HERE, 'foreign', 'leg_a.py')], { stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.end(`${JSON.stringify({ portal: demo.portal, service: demo.delivery_id, person: 'hanako' })}\n`);
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk) => (out += chunk));
  child.stderr.on('data', (chunk) => (err += chunk));
  const code = await new Promise((done) => child.on('close', done));
  assert.equal(code, 0, err);
  const result = JSON.parse(out);
  assert.equal(result.issuer, demo.portal);
  assert.equal(result.token_type.toLowerCase(), 'dpop');
  assert.equal(result.userinfo.sub, result.sub);
  assert.equal(result.user_status.registered, true);
  assert.equal(result.status.registered, true);
  assert.equal(result.authorization_details.find((d) => d.type === 'attribute_linkage').delivery_services[0].result, 'linked');
  assert.ok(result.documents.documents.length > 0);
});
