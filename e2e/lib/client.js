// A client of the portal made by hand, to send what a stock client would never send.
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

export const REDIRECT = 'http://localhost:9/callback';
const sha256 = (text) => createHash('sha256').update(text).digest('base64url');

export class Client {
  static async register(portal) {
    const client = new Client();
    client.portal = portal;
    const key = await generateKeyPair('ES256');
    const dpop = await generateKeyPair('ES256');
    client.key = key.privateKey;
    client.dpop = dpop.privateKey;
    client.dpopJwk = await exportJWK(dpop.publicKey);
    client.jwks = { keys: [{ ...(await exportJWK(key.publicKey)), alg: 'ES256', use: 'sig', kid: 'k' }] };
    const { registration_endpoint } = await fetch(`${portal}/.well-known/openid-configuration`).then((r) => r.json());
    const answer = await fetch(registration_endpoint, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ client_name: 'by hand', redirect_uris: [REDIRECT], token_endpoint_auth_method: 'private_key_jwt', jwks: client.jwks }),
    });
    if (answer.status !== 201) throw new Error(`registration: ${answer.status} ${await answer.text()}`);
    client.id = (await answer.json()).client_id;
    return client;
  }

  /** `ahead`: by how much the clock of the demo is put forward, ms. */
  now() {
    return Math.floor((Date.now() + (this.ahead ?? 0)) / 1000);
  }

  /** A client that the desk wrote to the portal, with the keys of its sheet. */
  static async of(portal, id, key, redirect) {
    const client = new Client();
    const dpop = await generateKeyPair('ES256');
    Object.assign(client, { portal, id, key, redirect, dpop: dpop.privateKey, dpopJwk: await exportJWK(dpop.publicKey) });
    return client;
  }

  /** A good request; its verifier is kept for the token request. */
  request(service) {
    this.verifier = randomBytes(32).toString('base64url');
    return {
      client_id: this.id,
      response_type: 'code',
      redirect_uri: this.redirect ?? REDIRECT,
      scope: 'openid user_status documents',
      state: randomUUID(),
      nonce: randomUUID(),
      code_challenge: sha256(this.verifier),
      code_challenge_method: 'S256',
      authorization_details: JSON.stringify([
        { type: 'attribute_linkage', delivery_services: [{ id: service }] },
        { type: 'user_registration' },
        { type: 'delivered_documents', actions: ['list', 'read'] },
      ]),
    };
  }

  assertion(url, change = (a) => a) {
    const now = this.now();
    const claims = change({ iss: this.id, sub: this.id, aud: this.portal, jti: randomUUID(), iat: now, exp: now + 60 }, url);
    return new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid: 'k' }).sign(this.key);
  }

  proof(htm, htu, token) {
    const claims = { jti: randomUUID(), htm, htu, iat: this.now(), nonce: this.nonce, ath: token && sha256(token) };
    return new SignJWT(claims).setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk: this.dpopJwk }).sign(this.dpop);
  }

  /** Posts a form with client authentication; goes round once more for the server's nonce. */
  async post(path, form, { assertion, query = false, dpop = true } = {}) {
    const url = this.portal + path;
    for (let tries = 0; ; tries += 1) {
      const all = {
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: await this.assertion(url, assertion),
        ...form,
      };
      const parameters = new URLSearchParams(Object.entries(all).filter(([, v]) => v !== undefined));
      const headers = dpop ? { dpop: await this.proof('POST', url) } : {};
      const response = await fetch(query ? `${url}?${parameters}` : url, { method: 'POST', headers, body: query ? new URLSearchParams() : parameters });
      this.nonce = response.headers.get('dpop-nonce') ?? this.nonce;
      const body = await response.json();
      if (body.error === 'use_dpop_nonce' && tries === 0) continue;
      return { status: response.status, body, headers: response.headers };
    }
  }

  async push(service) {
    const answer = await this.post('/oauth/par', this.request(service));
    if (answer.status !== 201) throw new Error(`PAR: ${answer.status} ${JSON.stringify(answer.body)}`);
    const query = new URLSearchParams({ client_id: this.id, request_uri: answer.body.request_uri });
    return { authorization_url: `${this.portal}/oauth/authorize?${query}`, verifier: this.verifier };
  }

  token(form) {
    return this.post('/oauth/token', { grant_type: 'authorization_code', redirect_uri: REDIRECT, client_id: this.id, ...form });
  }

  async get(path, token) {
    const url = this.portal + path;
    for (let tries = 0; ; tries += 1) {
      const response = await fetch(url, { headers: { authorization: `DPoP ${token}`, dpop: await this.proof('GET', url, token) } });
      this.nonce = response.headers.get('dpop-nonce') ?? this.nonce;
      const body = await response.json().catch(() => undefined);
      if (body?.error === 'use_dpop_nonce' && tries === 0) continue;
      return { status: response.status, body };
    }
  }
}
