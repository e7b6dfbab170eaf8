//! Decisions of the PAR and token endpoints: who calls, with what proof, for what.

use std::sync::Arc;

use ::store::Tx;
use base::Timestamp;
use base::codec::sha256_b64url;
use jose::{DpopExpectation, DpopProof, dpop};
use oauth::assertion::{self, CheckedAssertion};
use oauth::id_token::IdTokenClaims;
use oauth::pushed::PushedResponse;
use oauth::token::CodeBinding;
use oauth::{ErrorCode, Form, OAuthError, PushedRequest, Scope, TokenRequest, TokenResponse};

use crate::replay::{assertion_id, proof_id};
use crate::store::{grants, replay, requests};
use crate::{CODE_LIFE, Client, GrantBody, ID_TOKEN_LIFE, Provider, REQUEST_LIFE, TOKEN_LIFE};

/// The key id that an assertion names, to know whether a fetched key set has to be fetched again.
fn kid(assertion: &str) -> Option<String> {
    jose::jws::peek::<serde::de::IgnoredAny>(assertion).ok()?.0.kid
}

/// An endpoint's request, as far as OAuth cares.
pub(crate) struct Call<'a> {
    pub(crate) form: &'a Form,
    /// The `DPoP` header, when exactly one came.
    pub(crate) proof: Option<&'a str>,
    /// The endpoint's public address.
    pub(crate) htu: &'a str,
}

/// Who called, with everything that may be used only once still to be used up.
struct Caller {
    client: Arc<Client>,
    assertion: CheckedAssertion,
    proof: Option<DpopProof>,
}

/// The database failed: the log knows, the client hears `server_error`.
pub(crate) fn database(e: ::store::Error) -> OAuthError {
    tracing::error!(error = %e, "the authorization server's database");
    match e {
        ::store::Error::Unavailable(_) => {
            OAuthError::new(ErrorCode::TemporarilyUnavailable, "too busy for a moment; try again").status(503)
        }
        _ => OAuthError::server_error(),
    }
}

impl Provider {
    async fn caller(&self, call: &Call<'_>, now: Timestamp) -> Result<Caller, OAuthError> {
        let (client_id, unchecked) = assertion::peek(call.form)?;
        let client =
            self.client(&client_id).await.map_err(database)?.ok_or_else(|| assertion::unknown_client(&client_id))?;
        let kid = call.form.get("client_assertion").and_then(kid);
        let keys = self.0.clients.keys(&client, kid.as_deref()).await?;
        let assertion = assertion::check(unchecked, &client_id, &keys, self.issuer(), now)?;
        if client.registered.metadata.assertion_alg.is_some_and(|alg| alg != assertion.alg) {
            return Err(OAuthError::invalid_client(
                "the client_assertion is signed with another algorithm than the registered token_endpoint_auth_signing_alg",
            ));
        }
        client.must_be_active(now)?;
        // The nonce is looked at before the assertion's jti is used up, so that the retry that
        // `use_dpop_nonce` asks for may carry the same assertion.
        let proof = call.proof.map(|p| self.proof(p, "POST", call.htu, None, now)).transpose()?;
        Ok(Caller { client, assertion, proof })
    }

    /// Checks a proof, all but its first use.
    pub(crate) fn proof(
        &self,
        proof: &str,
        htm: &str,
        htu: &str,
        access_token: Option<&str>,
        now: Timestamp,
    ) -> Result<DpopProof, OAuthError> {
        dpop::check(proof, &DpopExpectation { htm, htu, access_token, nonce: Some(&self.0.nonces), now })
            .map_err(OAuthError::from)
    }

    /// The nonce that the next proof has to carry.
    pub fn dpop_nonce(&self) -> String {
        self.0.nonces.issue(self.0.clock.now())
    }

    pub(crate) async fn push(&self, call: &Call<'_>) -> Result<PushedResponse, OAuthError> {
        let now = self.0.clock.now();
        let caller = self.caller(call, now).await?;
        let jkt = caller.proof.as_ref().map(|p| p.jkt.as_str());
        let request = PushedRequest::parse(call.form, &caller.client.registered, jkt)?;
        self.0.role.check_pushed(&caller.client, &request).await?;

        let handle = self.0.rng.token();
        let id = sha256_b64url(&handle);
        let json = serde_json::to_string(&request).map_err(|_| OAuthError::server_error())?;
        let answer = self.0.db.write(move |tx| {
            if let Err(refused) = caller.use_up(tx)? {
                return Ok(Err(refused));
            }
            requests::insert(tx, &id, caller.client.id(), &json, now, now.plus(REQUEST_LIFE))?;
            Ok::<_, ::store::Error>(Ok(()))
        });
        answer.await.map_err(database)??;
        Ok(PushedResponse::new(&handle, REQUEST_LIFE.as_secs()))
    }

    pub(crate) async fn token(&self, call: &Call<'_>) -> Result<TokenResponse, OAuthError> {
        let now = self.0.clock.now();
        let caller = self.caller(call, now).await?;
        let jkt = match &caller.proof {
            Some(proof) => proof.jkt.clone(),
            None => {
                return Err(OAuthError::new(
                    ErrorCode::InvalidDpopProof,
                    "the DPoP header is missing: access tokens are bound to a key here (RFC 9449)",
                ));
            }
        };
        let request = TokenRequest::parse(call.form)?;
        let grant_type = request.grant_type();
        if !caller.client.registered.may_grant(grant_type) || !self.0.settings.grant_types.contains(&grant_type) {
            return Err(OAuthError::new(
                ErrorCode::UnauthorizedClient,
                format!("this client is not registered for grant_type {grant_type}"),
            ));
        }
        match request {
            TokenRequest::AuthorizationCode { code, redirect_uri, code_verifier } => {
                let trade = Trade {
                    code: sha256_b64url(code.expose()),
                    redirect_uri,
                    verifier: code_verifier,
                    jkt,
                    token: self.0.rng.token(),
                    now,
                };
                self.trade_code(caller, trade).await
            }
            TokenRequest::ClientCredentials { scope } => self.client_credentials(caller, scope, jkt, now).await,
            TokenRequest::RefreshToken { .. } => {
                Err(OAuthError::new(ErrorCode::UnsupportedGrantType, "refresh tokens are not issued here"))
            }
        }
    }

    async fn trade_code(&self, caller: Caller, trade: Trade) -> Result<TokenResponse, OAuthError> {
        let client = caller.client.clone();
        let token = trade.token.clone();
        let now = trade.now;
        let answer = self.0.db.write(move |tx| {
            // A refusal is an `Ok` here: what it uses up and revokes has to stay.
            match caller.use_up(tx)? {
                Ok(()) => trade.run(tx, &caller.client),
                Err(refused) => Ok(Err(refused)),
            }
        });
        let (subject, body) = answer.await.map_err(database)??;
        let mut response = TokenResponse::dpop(token, TOKEN_LIFE.as_secs()).with_details(&body.details);
        if !body.scope.is_empty() {
            response.scope = Some(body.scope.to_string());
        }
        if body.scope.has("openid") {
            let mut claims = IdTokenClaims::new(self.issuer(), &subject, client.id(), now, ID_TOKEN_LIFE);
            claims.nonce = body.nonce;
            claims.auth_time = Some(body.auth_time.secs());
            claims.acr = body.acr;
            response.id_token = Some(claims.sign(self.signing_key()).map_err(|_| OAuthError::server_error())?);
        }
        response.extra = body.extra;
        Ok(response)
    }

    async fn client_credentials(
        &self,
        caller: Caller,
        scope: Scope,
        jkt: String,
        now: Timestamp,
    ) -> Result<TokenResponse, OAuthError> {
        let allowed = &caller.client.registered.metadata.scope;
        scope.within(allowed)?;
        if scope.is_empty() || scope.has("openid") {
            return Err(OAuthError::new(
                ErrorCode::InvalidScope,
                "name the scope you need; openid needs a citizen and can't be had by client_credentials",
            ));
        }
        let token = self.0.rng.token();
        let hash = sha256_b64url(&token);
        let text = scope.to_string();
        let answer = self.0.db.write(move |tx| {
            if let Err(refused) = caller.use_up(tx)? {
                return Ok(Err(refused));
            }
            grants::insert_token(tx, &hash, None, caller.client.id(), &jkt, &text, now.plus(TOKEN_LIFE))?;
            Ok::<_, ::store::Error>(Ok(()))
        });
        answer.await.map_err(database)??;
        let mut response = TokenResponse::dpop(token, TOKEN_LIFE.as_secs());
        response.scope = Some(scope.to_string());
        Ok(response)
    }
}

impl Caller {
    /// Uses up the assertion and the proof. Durable, because an assertion is not bound to a nonce.
    fn use_up(&self, tx: &mut Tx<'_>) -> ::store::Result<Result<(), OAuthError>> {
        let id = assertion_id(self.client.id(), &self.assertion.jti);
        if !replay::first_time(tx, &id, self.assertion.expires)? {
            return Ok(Err(assertion::replayed()));
        }
        if let Some(proof) = &self.proof
            && !replay::first_time(tx, &proof_id(&proof.jkt, &proof.jti), proof.replayable_until)?
        {
            return Ok(Err(replayed_proof()));
        }
        Ok(Ok(()))
    }
}

/// What to answer when storage has seen a proof before.
pub(crate) fn replayed_proof() -> OAuthError {
    OAuthError::new(
        ErrorCode::InvalidDpopProof,
        "the jti of the DPoP proof was used before; make a new proof for each request",
    )
}

/// A code on its way to a token.
struct Trade {
    code: String,
    redirect_uri: String,
    verifier: base::Secret<String>,
    jkt: String,
    token: String,
    now: Timestamp,
}

impl Trade {
    fn run(&self, tx: &mut Tx<'_>, client: &Client) -> ::store::Result<Result<(String, GrantBody), OAuthError>> {
        let client_id = client.id();
        let unknown = || OAuthError::invalid_grant("the code is unknown, expired or already used");
        let Some(row) = grants::by_code(tx, &self.code)? else { return Ok(Err(unknown())) };
        let body: GrantBody =
            serde_json::from_str(&row.body).map_err(|e| ::store::Error::inconsistent("oauth_grants.body", e))?;
        let binding = CodeBinding {
            client_id: &row.client_id,
            redirect_uri: &body.redirect_uri,
            code_challenge: &body.code_challenge,
            dpop_jkt: body.dpop_jkt.as_deref(),
        };
        if let Err(refused) = binding.check(client_id, &self.redirect_uri, self.verifier.expose(), &self.jkt) {
            return Ok(Err(refused));
        }
        // Before the code is used up: a client that is opened to everybody within the minute can still redeem it.
        if let Err(refused) = client.must_serve(body.tester.as_deref(), self.now) {
            return Ok(Err(refused));
        }
        if row.code_used_at.is_some() || !grants::use_code(tx, &row.id, self.now)? {
            // Somebody has the code twice: whoever came first may not be the right one (RFC 6749
            // section 4.1.2), so what came of it ends.
            grants::revoke(tx, &row.id, self.now)?;
            return Ok(Err(unknown()));
        }
        if self.now >= row.code_expires_at || row.revoked_at.is_some() {
            return Ok(Err(OAuthError::invalid_grant(format!(
                "the code has expired; redeem it within {} seconds",
                CODE_LIFE.as_secs()
            ))));
        }
        let expires = self.now.plus(TOKEN_LIFE).min(row.expires_at);
        let hash = sha256_b64url(&self.token);
        grants::insert_token(tx, &hash, Some(&row.id), client_id, &self.jkt, &body.scope.to_string(), expires)?;
        Ok(Ok((row.subject, body)))
    }
}
