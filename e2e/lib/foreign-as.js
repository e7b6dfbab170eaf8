// npm oidc-provider as a delivery service's authorization server: FAPI 2.0, PAR, RAR, DPoP, private_key_jwt,
// JWT access tokens for the linkage resource. Documented options only; its two pages are here.
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { exportJWK, generateKeyPair } from 'jose';
import Provider from 'oidc-provider';

const SCOPES = 'linkage linkages documents';

/**
 * Starts it. `portal`: the portal's origin, its only client. `resource`: whose linkage resource the tokens
 * are for. `accounts`: e-mail address → { password, sub }. `claims(sub)`: further claims of access tokens.
 */
export async function startForeignServer({ port, portal, redirectUri, jwksUri, resource, accounts }) {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  const signedIn = new Map(); // account → when it signed in, in seconds: for the access token's auth_time
  const issuer = `http://localhost:${port}`;
  const provider = new Provider(issuer, {
    jwks: { keys: [{ ...(await exportJWK(privateKey)), alg: 'ES256', use: 'sig', kid: 'as' }] },
    clients: [
      {
        client_id: 'portal',
        client_name: 'Enishi portal',
        jwks_uri: jwksUri ?? `${portal}/oauth/jwks`,
        redirect_uris: [redirectUri ?? `${portal}/link/callback`],
        grant_types: ['authorization_code', 'client_credentials'],
        response_types: ['code'],
        scope: 'openid',
        token_endpoint_auth_method: 'private_key_jwt',
        token_endpoint_auth_signing_alg: 'ES256',
        id_token_signed_response_alg: 'ES256',
        dpop_bound_access_tokens: true,
        require_pushed_authorization_requests: true,
        require_auth_time: true,
        authorization_details_types: ['linkage'],
      },
    ],
    clientAuthMethods: ['private_key_jwt'],
    clientDefaults: { id_token_signed_response_alg: 'ES256', token_endpoint_auth_method: 'private_key_jwt' },
    scopes: ['openid'],
    responseTypes: ['code'],
    cookies: { keys: [randomBytes(32).toString('hex')] },
    ttl: { AuthorizationCode: 60, AccessToken: 300, ClientCredentials: 300, IdToken: 300, Interaction: 900, Session: 900, Grant: 900 },
    fetch: (url, options) => fetch(url, { ...options, dispatcher: undefined }), // its own refuses loopback addresses
    findAccount: (ctx, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
    interactions: { url: (ctx, interaction) => `/interaction/${interaction.uid}` },
    // The kit wants to know when the citizen signed in; RFC 9068 section 2.2.1 has the claim for it.
    extraTokenClaims: (ctx, token) => (token.accountId ? { auth_time: signedIn.get(token.accountId) } : undefined),
    features: {
      devInteractions: { enabled: false },
      fapi: { enabled: true, profile: '2.0' },
      pushedAuthorizationRequests: { enabled: true, requirePushedAuthorizationRequests: true },
      dPoP: { enabled: true, nonceSecret: randomBytes(32), requireNonce: () => true },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => resource,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({ scope: SCOPES, audience: resource, accessTokenFormat: 'jwt', accessTokenTTL: 300, jwt: { sign: { alg: 'ES256' } } }),
      },
      richAuthorizationRequests: {
        enabled: true,
        types: {
          linkage: {
            validate: (ctx, detail) => {
              if (typeof detail.linkage_id !== 'string' || typeof detail.subject_token !== 'string') throw new Error('linkage_id and subject_token are needed');
            },
          },
        },
        authorizationDetailsForGrantSource: (ctx) => JSON.parse(ctx.oidc.params.authorization_details ?? '[]'),
        // The subject token has done its work; the access token names the linkage only.
        authorizationDetailsForAccessToken: (ctx, token, source) => source?.rar?.map(({ type, linkage_id }) => ({ type, linkage_id })),
        authorizationDetailsForIntrospection: (ctx, token) => token.rar,
      },
    },
  });
  const problems = [];
  for (const event of ['server_error', 'pushed_authorization_request.error', 'grant.error', 'authorization.error', 'userinfo.error']) {
    provider.on(event, (ctx, error) => problems.push(`${event}: ${error.message} ${error.error_description ?? ''} ${error.error_detail ?? ''}`));
  }

  const interact = async (request, response) => {
    const { uid, prompt, params, session } = await provider.interactionDetails(request, response);
    const form = request.method === 'POST' ? new URLSearchParams(await body(request)) : undefined;
    const finish = (result) => provider.interactionFinished(request, response, result, { mergeWithLastSubmission: true });
    if (form?.has('deny')) return finish({ error: 'access_denied', error_description: 'the citizen refused' });
    if (form && prompt.name === 'login') {
      const account = accounts[form.get('email')];
      if (account && account.password === form.get('password')) {
        const ts = Math.floor(Date.now() / 1000);
        signedIn.set(account.sub, ts);
        return finish({ login: { accountId: account.sub, ts, remember: false } });
      }
    }
    if (form && prompt.name === 'consent') {
      const grant = new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
      const { missingOIDCScope, missingResourceScopes = {}, rar = [] } = prompt.details;
      if (missingOIDCScope) grant.addOIDCScope(missingOIDCScope.join(' '));
      for (const [indicator, scopes] of Object.entries(missingResourceScopes)) grant.addResourceScope(indicator, scopes.join(' '));
      for (const detail of rar) grant.addRar(detail);
      return finish({ consent: { grantId: await grant.save() } });
    }
    const shown = JSON.parse(params.authorization_details ?? '[]')[0];
    const display = shown ? JSON.parse(Buffer.from(shown.subject_token.split('.')[1], 'base64url')).display : '';
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' });
    response.end(prompt.name === 'login' ? signInPage(uid) : allowPage(uid, display));
  };

  const callback = provider.callback();
  const server = createServer((request, response) => {
    if (!request.url.startsWith('/interaction/')) return callback(request, response);
    interact(request, response).catch((error) => {
      problems.push(`interaction: ${error.stack}`);
      response.writeHead(400).end(String(error.message));
    });
  });
  await new Promise((done) => server.listen(port, '127.0.0.1', done));
  return {
    issuer,
    problems,
    stop: () => {
      server.closeAllConnections();
      return new Promise((done) => server.close(done));
    },
  };
}

async function body(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

const escape = (text) => String(text).replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);

const page = (id, title, content) => `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>${title}</title><link rel="icon" href="data:,"></head>
<body><main id="main" data-page="${id}"><h1>${title}</h1>${content}</main></body></html>`;

const signInPage = (uid) =>
  page(
    'foreign-sign-in',
    'Sign in',
    `<form method="post" action="/interaction/${uid}"><label>E-mail <input name="email" type="email" autocomplete="username" required></label>
<label>Password <input name="password" type="password" autocomplete="current-password" required></label>
<button data-act="sign-in">Sign in</button></form>
<form method="post" action="/interaction/${uid}"><button name="deny" value="1" data-act="cancel">Cancel</button></form>`,
  );

const allowPage = (uid, display) =>
  page(
    'foreign-allow',
    'Allow the link?',
    `<p>${escape(display)}</p><form method="post" action="/interaction/${uid}"><button data-act="allow">Allow</button>
<button name="deny" value="1" data-act="deny">Refuse</button></form>`,
  );
