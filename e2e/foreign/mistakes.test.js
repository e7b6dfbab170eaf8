// What a developer is told when a call is wrong: the mistake, and the way out.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Client } from '../lib/client.js';
import { startDemo } from '../lib/demo.js';
import { drive } from '../lib/drive.js';

let demo;
let client;

before(async () => {
  demo = await startDemo();
  client = await Client.register(demo.portal);
});
after(async () => {
  demo?.keepLog('mistakes');
  await demo?.stop();
});

/** Pushes a request that is wrong in one way; answers status and body. */
const push = (change) => client.post('/oauth/par', { ...client.request(demo.delivery_id), ...change.form }, change);

for (const [name, change, status, error, words] of [
  ['parameters in the query', { query: true }, 400, 'invalid_request', /form body|body of the form|query/i],
  ['audience is the endpoint', { assertion: (a, url) => ({ ...a, aud: url }) }, 401, 'invalid_client', /aud/],
  ['audience is an array', { assertion: (a) => ({ ...a, aud: [a.aud] }) }, 401, 'invalid_client', /aud/],
  ['assertion of yesterday', { assertion: (a) => ({ ...a, iat: a.iat - 86400, exp: a.exp - 86400 }) }, 401, 'invalid_client', /clock|expired|seconds/i],
  ['assertion of another client', { assertion: (a) => ({ ...a, iss: 'cl_other', sub: 'cl_other' }) }, 401, 'invalid_client', /client/i],
  ['no PKCE', { form: { code_challenge: undefined, code_challenge_method: undefined } }, 400, 'invalid_request', /code_challenge is missing/],
  ['plain PKCE', { form: { code_challenge_method: 'plain' } }, 400, 'invalid_request', /S256/],
  ['unregistered redirect address', { form: { redirect_uri: 'http://localhost:9/calback' } }, 400, 'invalid_request', /nearest registered one is 'http:\/\/localhost:9\/callback'/],
  ['unknown delivery service', { form: { authorization_details: JSON.stringify([{ type: 'attribute_linkage', delivery_services: [{ id: 'nobody' }] }]) } }, 400, 'invalid_authorization_details', /nobody.*there are: midori-box, mihon-post/],
  ['details are no JSON', { form: { authorization_details: '{' } }, 400, 'invalid_authorization_details', /JSON array/],
  ['unknown type of details', { form: { authorization_details: '[{"type":"everything"}]' } }, 400, 'invalid_authorization_details', /everything/],
  ['nothing asked for', { form: { authorization_details: undefined } }, 400, 'invalid_authorization_details', /attribute_linkage/],
  ['a scope that is not ours', { form: { scope: 'openid profile' } }, 400, 'invalid_scope', /profile/],
  ['another response type', { form: { response_type: 'token' } }, 400, 'unsupported_response_type', /code/],
]) {
  test(`pushed request: ${name}`, async () => {
    const answer = await push(change);
    assert.equal(answer.status, status, JSON.stringify(answer.body));
    assert.equal(answer.body.error, error, JSON.stringify(answer.body));
    assert.match(answer.body.error_description, words);
  });
}

test('an assertion works once', async () => {
  const assertion = await client.assertion();
  const first = await client.post('/oauth/par', { ...client.request(demo.delivery_id), client_assertion: assertion });
  assert.equal(first.status, 201, JSON.stringify(first.body));
  const again = await client.post('/oauth/par', { ...client.request(demo.delivery_id), client_assertion: assertion });
  assert.equal(again.status, 401);
  assert.match(again.body.error_description, /jti|once|before|replay/i);
});

for (const [name, change, error, words] of [
  ['no code_verifier', { code_verifier: undefined }, 'invalid_request', /code_verifier is missing/],
  ['another code_verifier', { code_verifier: 'a'.repeat(43) }, 'invalid_grant', /code_verifier does not match/],
  ['another redirect address', { redirect_uri: 'http://localhost:9/other' }, 'invalid_grant', /redirect_uri/],
]) {
  test(`token request: ${name}`, async () => {
    const { code, verifier } = await code_for('yoko');
    const answer = await client.token({ code, code_verifier: verifier, ...change });
    assert.equal(answer.status, 400, JSON.stringify(answer.body));
    assert.equal(answer.body.error, error, JSON.stringify(answer.body));
    assert.match(answer.body.error_description, words);
  });
}

test('a code works once, and its second use ends the tokens of the first', async () => {
  const { code, verifier } = await code_for('yoko');
  const first = await client.token({ code, code_verifier: verifier });
  assert.equal(first.status, 200, JSON.stringify(first.body));
  assert.equal((await client.get('/api/v1/user-status', first.body.access_token)).status, 200);
  const second = await client.token({ code, code_verifier: verifier });
  assert.equal(second.body.error, 'invalid_grant', JSON.stringify(second.body));
  const end = Date.now() + 3000; // what is known of a token is at most a second old
  let status;
  do status = (await client.get('/api/v1/user-status', first.body.access_token)).status;
  while (status === 200 && Date.now() < end);
  assert.equal(status, 401);
});

test('a proof works once, for its own method, address and token', async () => {
  const { code, verifier } = await code_for('yoko');
  const { body: tokens } = await client.token({ code, code_verifier: verifier });
  const url = `${demo.portal}/api/v1/user-status`;
  const call = (proof, token = tokens.access_token) => fetch(url, { headers: { authorization: `DPoP ${token}`, dpop: proof } });
  const good = await client.proof('GET', url, tokens.access_token);
  assert.equal((await call(good)).status, 200);
  assert.equal((await call(good)).status, 401, 'replayed');
  assert.equal((await call(await client.proof('POST', url, tokens.access_token))).status, 401, 'another method');
  assert.equal((await call(await client.proof('GET', `${demo.portal}/api/v1/documents`, tokens.access_token))).status, 401, 'another address');
  assert.equal((await call(await client.proof('GET', url, 'x'))).status, 401, 'another token');
  const stranger = await Client.register(demo.portal);
  assert.equal((await call(await stranger.proof('GET', url, tokens.access_token))).status, 401, 'another key');
  const bearer = await fetch(url, { headers: { authorization: `Bearer ${tokens.access_token}` } });
  assert.equal(bearer.status, 401);
  assert.match(bearer.headers.get('www-authenticate'), /^DPoP/);
});

test('registration: what is missing or ruled out is named', async () => {
  const { registration_endpoint } = await fetch(`${demo.portal}/.well-known/openid-configuration`).then((r) => r.json());
  const register = (body) => fetch(registration_endpoint, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }).then((r) => r.json());
  assert.match((await register({ client_name: 'x', redirect_uris: ['http://localhost:9/'] })).error_description, /jwks or jwks_uri is missing/);
  assert.match((await register({ client_name: 'x', redirect_uris: ['http://localhost:9/'], jwks: client.jwks, token_endpoint_auth_method: 'client_secret_basic' })).error_description, /private_key_jwt/);
  assert.equal((await register({ client_name: 'x', redirect_uris: ['http://example.org/'], jwks: client.jwks })).error, 'invalid_redirect_uri');
});

async function code_for(person) {
  const { authorization_url, verifier } = await client.push(demo.delivery_id);
  const redirect = await drive(demo, { authorization_url, person });
  return { code: redirect.searchParams.get('code'), verifier };
}
