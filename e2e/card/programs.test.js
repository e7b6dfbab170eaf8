// Programs that nobody here wrote take the card in software for a card: OpenSC, openssl, pyscard, the crates myna-card
// and jpki. And our own side of the reader, through the same service.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { ARTIFACTS, HERE, binary, launch } from '../lib/demo.js';
import { call, startReader, until } from '../lib/reader.js';

const MODULE = ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/lib64', '/usr/lib'].map((d) => join(d, 'opensc-pkcs11.so')).find(existsSync);
const PEERS = process.env.ENISHI_CARD_PEERS;
const AUTH = 'JPKI (User Authentication PIN)';
const MESSAGE = 'a message';
const DIGEST_INFO = `3031300d060960864801650304020105000420${createHash('sha256').update(MESSAGE).digest('hex')}`;

let reader;
let card;
before(async () => {
  reader = await startReader();
});
afterEach(async () => {
  await card?.remove();
  card = undefined;
});
after(async () => {
  await reader?.stop();
});

/** What a program said, for crates/card/tests/traces. */
function keepTrace(name) {
  mkdirSync(ARTIFACTS, { recursive: true });
  copyFileSync(card.trace, join(ARTIFACTS, `${name}.trace`));
}

const plug = async (...args) => (card = await reader.plug(...args));

async function good(command, args, options) {
  const done = await call(command, args, options);
  assert.equal(done.code, 0, `${command} ${args.join(' ')}: ${done.said}`);
  return done;
}

const write = (name, content) => {
  const path = reader.path(name);
  writeFileSync(path, content);
  return path;
};

/** openssl says that the signature is the certificate's over the message, and the certificate the authority's. */
async function judged({ certificate, authority, signature }) {
  const pem = (name, der) => good('openssl', ['x509', '-inform', 'DER', '-in', write(`${name}.der`, der), '-out', reader.path(`${name}.pem`)]);
  await pem('leaf', certificate);
  if (authority) {
    await pem('root', authority);
    // The policy extension is critical; openssl is told that it may be there.
    await good('openssl', ['verify', '-CAfile', reader.path('root.pem'), '-purpose', 'any', reader.path('leaf.pem')]);
  }
  if (!signature) return;
  const key = await good('openssl', ['x509', '-in', reader.path('leaf.pem'), '-noout', '-pubkey']);
  const args = ['dgst', '-sha256', '-verify', write('leaf.pub', key.out), '-signature', write('signature', signature), write('message', MESSAGE)];
  assert.match((await good('openssl', args)).out, /Verified OK/);
}

const pkcs11 = (...args) => call('pkcs11-tool', ['--module', MODULE, '--token-label', AUTH, ...args]);
const sign = (pin) => pkcs11('--login', '--pin', pin, '--sign', '-m', 'SHA256-RSA-PKCS', '--id', '01', '-i', write('message', MESSAGE), '-o', reader.path('signature'));

test('OpenSC names the card, and reads its PINs, keys and certificates', async () => {
  await plug('hanako');
  assert.match((await good('opensc-tool', ['-n'])).out, /^jpki$/m);
  assert.match((await good('opensc-tool', ['-a'])).out, /3b:e0:00:ff:81:31:fe:45:14/);
  const dump = (await good('pkcs15-tool', ['--dump'])).out;
  assert.equal(dump.match(/^PIN \[/gm)?.length, 2, dump);
  assert.equal(dump.match(/^Private RSA Key \[/gm)?.length, 2, dump);
  assert.equal(dump.match(/^X\.509 Certificate \[/gm)?.length, 4, dump);
  assert.match(dump, /Tries left\s*: 3/);
  assert.match(dump, /Tries left\s*: 5/);
  keepTrace('opensc-dump');
});

test('OpenSC reads certificates that openssl finds in order', async () => {
  await plug('hanako');
  const read = async (id, ...pin) => {
    const pem = write(`${id}.pem`, (await good('pkcs15-tool', ['--read-certificate', id, ...pin])).out);
    return (await call('openssl', ['x509', '-in', pem, '-outform', 'DER'])).raw;
  };
  await judged({ certificate: await read('01'), authority: await read('03') });
  // Not without its password; afterwards it stays readable, as a presented PIN survives the end of a program.
  assert.notEqual((await call('pkcs15-tool', ['--read-certificate', '02'])).code, 0);
  const signing = ['--verify-pin', '--auth-id', '02', '--pin', 'SIGN1111'];
  await judged({ certificate: await read('02', ...signing), authority: await read('04') });
});

test('OpenSC logs in through PKCS #11 and signs, openssl verifies', async () => {
  await plug('hanako');
  const signed = await sign('1111');
  assert.equal(signed.code, 0, signed.said);
  const pem = write('01.pem', (await good('pkcs15-tool', ['--read-certificate', '01'])).out);
  const certificate = (await call('openssl', ['x509', '-in', pem, '-outform', 'DER'])).raw;
  await judged({ certificate, signature: readFileSync(reader.path('signature')) });
  keepTrace('opensc-sign');
  const trace = readFileSync(card.trace, 'utf8');
  assert.ok(!trace.includes('31313131'), 'no PIN in the trace');
});

test('three wrong PINs lock it, for every program and also after the card was taken out', async () => {
  await plug('ichiro');
  for (let i = 0; i < 3; i += 1) assert.match((await sign('9999')).said, /CKR_PIN_(INCORRECT|LOCKED)/);
  assert.notEqual((await sign('2222')).code, 0);
  await card.remove();
  await plug('ichiro');
  const dump = (await good('pkcs15-tool', ['--dump'])).out;
  assert.match(dump, /Tries left\s*: 0/);
  await card.remove();
  await plug('ichiro', '--fresh');
  assert.equal((await sign('2222')).code, 0);
});

test('pyscard talks to it command by command', async () => {
  await plug('yoko');
  const script = join(HERE, 'card', 'pyscard_peer.py');
  const found = JSON.parse((await good('/usr/bin/python3', [script, 'sign', '3333', DIGEST_INFO])).out);
  assert.equal(found.tries, '63C3');
  await judged({ certificate: Buffer.from(found.certificate, 'hex'), signature: Buffer.from(found.signature, 'hex') });
});

const lines = (out) => Object.fromEntries(out.trim().split('\n').map((l) => [l.slice(0, l.indexOf(' ')), l.slice(l.indexOf(' ') + 1)]));
const bytes = (found) => ({ certificate: Buffer.from(found.certificate, 'hex'), authority: Buffer.from(found.authority, 'hex'), signature: Buffer.from(found.signature, 'hex') });

test('the crate myna-card reads and signs', async () => {
  await plug('katsuragi');
  const found = lines((await good(PEERS, ['myna', '1234', 'SIGN1234', MESSAGE])).out);
  assert.equal(found.name, '葛\u{E0100}城\u{E0101}　麟太郎左衛門尉');
  assert.deepEqual([found.token, found.tries, found.issuer], ['JPKIAPICCTOKEN2', 'Remaining(3)', '29211']);
  await judged(bytes(found));
  await judged({ certificate: Buffer.from(found['signing-certificate'], 'hex') });
});

test('the crate jpki reads and signs', async () => {
  await plug('hanako');
  const found = lines((await good(PEERS, ['jpki', '1111', DIGEST_INFO])).out);
  assert.deepEqual([found.name, found.tries], ['佐藤　花子', '3']);
  await judged(bytes(found));
});

test('our side signs through the same service, alone with the card, and leaves it closed', async () => {
  await plug('hanako');
  const check = (input, ...flags) => call(binary(), ['card', 'check', ...flags], { input });
  const done = await check('1111\n', '--sign');
  assert.equal(done.code, 0, done.said);
  assert.match(done.out, /token: Card\nkey: RSA-2048\ntries left: 3\nthe card signs/);
  const script = join(HERE, 'card', 'pyscard_peer.py');
  assert.deepEqual(JSON.parse((await good('/usr/bin/python3', [script, 'sign-without-pin'])).out), { status: '6982' });

  // Another program has it: nothing is tried.
  const holder = await launch(['-c', 'import sys,time\nfrom smartcard.System import readers\nfrom smartcard.scard import SCARD_SHARE_EXCLUSIVE\nfor r in readers():\n  c=r.createConnection()\n  try:\n    c.connect(mode=SCARD_SHARE_EXCLUSIVE); print("held",flush=True); time.sleep(60)\n  except Exception: pass'], { command: '/usr/bin/python3', ready: (line) => (line === 'held' ? true : undefined), name: 'holder' });
  assert.match((await check('1111\n', '--sign')).said, /another program is using the card/);
  await holder.end('SIGKILL');
  await until('the card free again', async () => (await check('')).code === 0);

  assert.match((await check('12\n', '--sign')).said, /four digits/);
  assert.match((await check('9999\n', '--sign')).said, /the PIN is wrong, 2 tries left/);
  assert.match((await check('9999\n', '--sign')).said, /the PIN is wrong, 1 tries left/);
  assert.match((await check('9999\n', '--sign')).said, /one try is left; it is used only when the holder agrees/);
  assert.equal((await check('1111\n', '--sign', '--last-try')).code, 0);
});

test('our side says what a locked card and an empty reader are', async () => {
  await plug('takashi');
  const check = () => call(binary(), ['card', 'check', '--sign'], { input: '6666\n' });
  assert.match((await check()).said, /the PIN is locked/);
  await card.remove();
  card = undefined;
  assert.match((await check()).said, /there is no card in the reader/);
});

test('a card of the next generation: OpenSC still names it, our side signs with P-384', async () => {
  await plug('emma', '--next');
  assert.match((await good('opensc-tool', ['-n'])).out, /^jpki$/m);
  const done = await call(binary(), ['card', 'check', '--sign'], { input: '2345\n' });
  assert.equal(done.code, 0, done.said);
  assert.match(done.out, /key: ECDSA P-384[^]*the card signs/);
});
