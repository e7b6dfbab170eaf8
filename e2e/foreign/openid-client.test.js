// Leg A with a stock OpenID client (npm openid-client, certified for FAPI 2.0): documented options only.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import * as jose from 'jose';
import * as oidc from 'openid-client';
import { startDemo } from '../lib/demo.js';
import { drive } from '../lib/drive.js';

const REDIRECT = 'http://localhost:9/callback'; // nobody listens: the drive API hands the address over

let demo;
let config;
let DPoP;

before(async () => {
  demo = await startDemo();
  const key = await oidc.randomDPoPKeyPair('ES256', { extractable: true });
  config = await oidc.dynamicClientRegistration(
    new URL(demo.portal),
    {
      client_name: 'openid-client',
      redirect_uris: [REDIRECT],
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [{ ...(await jose.exportJWK(key.publicKey)), alg: 'ES256', use: 'sig', kid: 'a' }] },
    },
    oidc.PrivateKeyJwt({ key: key.privateKey, kid: 'a' }),
    { execute: [oidc.allowInsecureRequests] }, // plain http: loopback only
  );
  DPoP = oidc.getDPoPHandle(config, await oidc.randomDPoPKeyPair('ES256'));
});

after(async () => {
  demo?.keepLog('openid-client');
  await demo?.stop();
});

/** One run from the pushed request to the tokens. */
async function run(person, details, decisions) {
  const pkceCodeVerifier = oidc.randomPKCECodeVerifier();
  const expectedState = oidc.randomState();
  const expectedNonce = oidc.randomNonce();
  const url = await oidc.buildAuthorizationUrlWithPAR(
    config,
    {
      redirect_uri: REDIRECT,
      scope: 'openid user_status documents',
      code_challenge: await oidc.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: 'S256',
      state: expectedState,
      nonce: expectedNonce,
      authorization_details: JSON.stringify(details),
    },
    { DPoP },
  );
  const redirect = await drive(demo, { authorization_url: url.href, person, decisions });
  assert.equal(redirect.origin + redirect.pathname, REDIRECT);
  const tokens = await oidc.authorizationCodeGrant(config, redirect, { pkceCodeVerifier, expectedState, expectedNonce }, undefined, { DPoP });
  return { redirect, tokens };
}

const everything = (service) => [
  { type: 'attribute_linkage', delivery_services: [{ id: service, message: 'hello' }] },
  { type: 'user_registration' },
  { type: 'delivered_documents', actions: ['list', 'read'], period_days: 1 },
];

const resource = (tokens, path) => oidc.fetchProtectedResource(config, tokens.access_token, new URL(path, demo.portal), 'GET', undefined, undefined, { DPoP });

test('discovery says what FAPI 2.0 asks for', () => {
  const as = config.serverMetadata();
  assert.equal(as.issuer, demo.portal);
  assert.equal(as.require_pushed_authorization_requests, true);
  assert.equal(as.authorization_response_iss_parameter_supported, true);
  assert.deepEqual(as.token_endpoint_auth_methods_supported, ['private_key_jwt']);
  assert.deepEqual(as.code_challenge_methods_supported, ['S256']);
  assert.deepEqual(as.subject_types_supported, ['pairwise']);
  assert.ok(as.authorization_details_types_supported.includes('attribute_linkage'));
  assert.ok(as.registration_endpoint);
});

test('a first-timer registers, links and shows documents', async () => {
  const { redirect, tokens } = await run('hanako', everything(demo.delivery_id));
  assert.equal(redirect.searchParams.get('iss'), demo.portal);
  assert.equal(tokens.token_type, 'dpop');
  assert.ok(tokens.expires_in <= 300);
  assert.equal(tokens.refresh_token, undefined);

  const claims = tokens.claims();
  assert.ok(claims.sub);
  assert.ok(!/hanako|citizen|ctz/i.test(claims.sub), 'the subject is a random value of this client');
  assert.ok(claims.auth_time === undefined || Math.abs(claims.auth_time - Date.now() / 1000) < 120);
  assert.equal(jose.decodeProtectedHeader(tokens.id_token).alg, 'ES256');
  const keys = jose.createRemoteJWKSet(new URL(config.serverMetadata().jwks_uri));
  await jose.jwtVerify(tokens.id_token, keys, { issuer: demo.portal, audience: config.clientMetadata().client_id });

  const linkage = tokens.authorization_details.find((d) => d.type === 'attribute_linkage');
  const [service] = linkage.delivery_services;
  assert.equal(service.id, demo.delivery_id);
  assert.equal(service.result, 'linked');
  assert.match(service.linkage_id, /^lnk_/);
  assert.ok(tokens.user_status, 'user_status ② comes with the tokens');
  assert.equal(tokens.user_status.registered, true);

  const userinfo = await oidc.fetchUserInfo(config, tokens.access_token, claims.sub, { DPoP });
  assert.equal(userinfo.sub, claims.sub);

  const status = await resource(tokens, '/api/v1/user-status');
  assert.equal(status.status, 200);
  assert.deepEqual(await status.json().then((s) => s.registered), true);

  const documents = await resource(tokens, '/api/v1/documents');
  assert.equal(documents.status, 200);
  const list = await documents.json();
  const mine = list.services.find((s) => s.id === demo.delivery_id);
  assert.equal(mine.status, 'ready');
  assert.ok(list.documents.length > 0);
  const content = await resource(tokens, `/api/v1/documents/${list.documents[0].id}/content`);
  assert.equal(content.status, 200);
  assert.match(content.headers.get('content-type'), /xml/);
  assert.match(await content.text(), /<TEG8\d0/);
});

test('the second run answers already_linked, with the same subject', async () => {
  const first = await run('ichiro', everything(demo.delivery_id));
  const second = await run('ichiro', everything(demo.delivery_id));
  assert.equal(second.tokens.claims().sub, first.tokens.claims().sub);
  const [service] = second.tokens.authorization_details.find((d) => d.type === 'attribute_linkage').delivery_services;
  assert.equal(service.result, 'already_linked');
});

test('documents alone: no screen of the delivery service is needed', async () => {
  const { tokens } = await run('yoko', [{ type: 'delivered_documents', actions: ['list', 'read'] }]);
  const list = await resource(tokens, '/api/v1/documents').then((r) => r.json());
  assert.ok(list.documents.length > 0);
});

test('a token works only with its key, and a code only once', async () => {
  const { redirect, tokens } = await run('katsuragi', everything(demo.delivery_id));
  const other = oidc.getDPoPHandle(config, await oidc.randomDPoPKeyPair('ES256'));
  await assert.rejects(
    () => oidc.fetchProtectedResource(config, tokens.access_token, new URL('/api/v1/user-status', demo.portal), 'GET', undefined, undefined, { DPoP: other }),
    (error) => /invalid_token|DPoP/i.test(JSON.stringify(error.cause ?? '') + error.message),
  );
  await assert.rejects(
    () => oidc.authorizationCodeGrant(config, redirect, { pkceCodeVerifier: oidc.randomPKCECodeVerifier(), expectedState: redirect.searchParams.get('state') }, undefined, { DPoP }),
    (error) => error.error === 'invalid_grant',
  );
});

for (const [decisions, outcome, error] of [
  [{ consent: 'refuse' }, 'consent_denied', 'access_denied'],
  [{ link: 'stop' }, 'user_cancelled', 'access_denied'],
]) {
  test(`refused: ${JSON.stringify(decisions)} comes back as ${outcome}`, async () => {
    await assert.rejects(run('emma', everything(demo.delivery_id), decisions), (caught) => {
      assert.ok(caught instanceof oidc.AuthorizationResponseError, String(caught));
      assert.equal(caught.error, error);
      assert.equal(caught.cause.get('outcome'), outcome);
      return true;
    });
  });
}
