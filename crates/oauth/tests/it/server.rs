//! An authorization server and resource, played in memory with the server side of the room.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use async_trait::async_trait;
use base::outbound::{BodyStream, Http, OutboundError, Request, Response};
use base::{Clock, Rng};
use bytes::Bytes;
use jose::{Alg, DpopExpectation, JwkSet, KeySet, NonceKey, SigningKey, dpop};
use oauth::client::{Keys, RegistrationPolicy};
use oauth::id_token::{Audience, IdTokenClaims};
use oauth::pushed::PushedResponse;
use oauth::rar::{Granted, ServiceResult};
use oauth::response::Redirect;
use oauth::token::CodeBinding;
use oauth::{
    ClientKind, ClientMetadata, ClientName, ErrorCode, Form, OAuthError, PushedRequest, RedirectUri, RegisteredClient,
    Scope, ServerMetadata, TokenRequest, TokenResponse, assertion, pushed, resource,
};
use parking_lot::Mutex;
use url::Url;

pub const ISSUER: &str = "https://portal.example";
pub const BACK: &str = "https://tax.example/callback?from=portal";

/// How the server misbehaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lie {
    Nothing,
    Nonce,
    Audience,
    Issuer,
    Signature,
    OldSignIn,
    Expired,
    NoIdToken,
    Bearer,
    Discovery,
    AlwaysNonce,
    Silent,
}

struct State {
    key: SigningKey,
    published: Vec<SigningKey>,
    lie: Lie,
    seen: HashSet<String>,
    requests: HashMap<String, PushedRequest>,
    codes: HashMap<String, PushedRequest>,
    tokens: HashMap<String, String>,
    token_requests: usize,
}

pub struct Server {
    client: RegisteredClient,
    nonces: NonceKey,
    clock: Clock,
    rng: Rng,
    state: Mutex<State>,
}

pub fn client_metadata(key: &SigningKey) -> ClientMetadata {
    ClientMetadata {
        name: ClientName { ja: "年末調整サービス".to_owned(), en: "Year-end service".to_owned() },
        redirect_uris: vec![RedirectUri::parse("https://other.example/cb").unwrap(), RedirectUri::parse(BACK).unwrap()],
        keys: Keys::Jwks(JwkSet::new(vec![key.jwk().clone()])),
        grant_types: vec!["authorization_code".to_owned(), "client_credentials".to_owned()],
        scope: Scope::of(&["openid", "status"]),
        authorization_details_types: vec!["attribute_linkage".to_owned()],
        assertion_alg: None,
        id_token_alg: Alg::Es256,
        initiate_login_uri: None,
        client_uri: None,
        policy_uri: None,
        tos_uri: None,
        logo_uri: None,
        contacts: Vec::new(),
    }
}

impl Server {
    pub fn new(client_key: &SigningKey, clock: Clock) -> Self {
        let rng = Rng::seeded(7);
        let key = SigningKey::generate(Alg::Es256, &rng).unwrap();
        let client = RegisteredClient {
            client_id: "tax-service".to_owned(),
            kind: ClientKind::ApiUser,
            issued_at: clock.now(),
            metadata: client_metadata(client_key),
        };
        // As it comes back from storage.
        let client = serde_json::from_str(&serde_json::to_string(&client).unwrap()).unwrap();
        let state = State {
            published: vec![key.clone()],
            key,
            lie: Lie::Nothing,
            seen: HashSet::new(),
            requests: HashMap::new(),
            codes: HashMap::new(),
            tokens: HashMap::new(),
            token_requests: 0,
        };
        Self { client, nonces: NonceKey::new([3; 32]), clock, rng, state: Mutex::new(state) }
    }

    pub fn lie(&self, lie: Lie) {
        self.state.lock().lie = lie;
    }

    pub fn token_requests(&self) -> usize {
        self.state.lock().token_requests
    }

    pub fn rotate_keys(&self) {
        let key = SigningKey::generate(Alg::EdDsa, &self.rng).unwrap();
        let mut s = self.state.lock();
        s.published.push(key.clone());
        s.key = key;
    }

    /// The citizen follows the address and agrees to everything.
    pub fn agree(&self, authorization_url: &str) -> String {
        let url = Url::parse(authorization_url).unwrap();
        let query: HashMap<_, _> = url.query_pairs().into_owned().collect();
        let mut s = self.state.lock();
        let request = s.requests.remove(PushedResponse::handle(&query["request_uri"]).unwrap()).unwrap();
        assert_eq!(request.client_id, query["client_id"]);
        let code = self.rng.token();
        s.codes.insert(code.clone(), request.clone());
        Redirect {
            redirect_uri: &request.redirect_uri,
            state: request.state.as_deref(),
            issuer: ISSUER,
            outcome: Some("linked"),
        }
        .code(&code)
    }

    fn metadata(&self) -> ServerMetadata {
        let at = |path: &str| Url::parse(&format!("{ISSUER}{path}")).unwrap();
        let mut m = ServerMetadata::fapi(ISSUER, at("/authorize"), at("/token"), at("/par"), at("/jwks"));
        m.registration_endpoint = Some(at("/register"));
        if self.state.lock().lie == Lie::Discovery {
            m.issuer = "https://portal.example.evil".to_owned();
        }
        m
    }

    fn authenticate(&self, form: &Form) -> Result<(), OAuthError> {
        let (id, token) = assertion::peek(form)?;
        if id != self.client.client_id {
            return Err(assertion::unknown_client(&id));
        }
        let Keys::Jwks(set) = &self.client.metadata.keys else { panic!("registered by value") };
        let checked = assertion::check(token, &id, &KeySet::from_jwks(set).unwrap(), ISSUER, self.clock.now())?;
        if self.state.lock().seen.insert(checked.jti) { Ok(()) } else { Err(assertion::replayed()) }
    }

    fn par(&self, request: &Request) -> Result<String, OAuthError> {
        let form = form(request)?;
        self.authenticate(&form)?;
        let pushed = PushedRequest::parse(&form, &self.client, None)?;
        let pushed: PushedRequest = serde_json::from_str(&serde_json::to_string(&pushed).unwrap()).unwrap();
        let handle = self.rng.token();
        self.state.lock().requests.insert(handle.clone(), pushed);
        Ok(serde_json::to_string(&PushedResponse::new(&handle, 90)).unwrap())
    }

    fn token(&self, request: &Request) -> Result<String, OAuthError> {
        let form = form(request)?;
        let lie = {
            let mut s = self.state.lock();
            s.token_requests += 1;
            s.lie
        };
        let proof = request.headers()["DPoP"].to_str().unwrap();
        let expect = DpopExpectation {
            htm: "POST",
            htu: "https://portal.example/token",
            access_token: None,
            nonce: Some(&self.nonces),
            now: self.clock.now(),
        };
        let proof = dpop::check(proof, &expect)?;
        if lie == Lie::AlwaysNonce {
            return Err(OAuthError::new(ErrorCode::UseDpopNonce, "again"));
        }
        self.authenticate(&form)?;
        let access_token = self.rng.token();
        let mut response = TokenResponse::dpop(access_token.clone(), 300);
        match TokenRequest::parse(&form)? {
            TokenRequest::AuthorizationCode { code, redirect_uri, code_verifier } => {
                let gone = || OAuthError::invalid_grant("the code is unknown, expired or already used");
                let r = self.state.lock().codes.remove(code.expose()).ok_or_else(gone)?;
                let binding = CodeBinding {
                    client_id: &r.client_id,
                    redirect_uri: r.redirect_uri.as_str(),
                    code_challenge: &r.code_challenge,
                    dpop_jkt: r.dpop_jkt.as_deref(),
                };
                binding.check(&self.client.client_id, &redirect_uri, code_verifier.expose(), &proof.jkt)?;
                assert!(r.prompts(pushed::Prompt::Login));
                let asked = r.authorization_details.attribute_linkage().unwrap();
                let results = asked
                    .delivery_services
                    .iter()
                    .map(|d| ServiceResult::new(&d.id, "linked").linked("lnk_1", self.clock.now(), d.message.clone()));
                response = response
                    .with_details(&[Granted::AttributeLinkage { delivery_services: results.collect() }])
                    .with("user_status", serde_json::json!({"registered": true}));
                response.id_token = (lie != Lie::NoIdToken).then(|| self.id_token(&r, lie));
            }
            TokenRequest::ClientCredentials { scope } => {
                scope.within(&self.client.metadata.scope)?;
                response.scope = Some(scope.to_string());
            }
            TokenRequest::RefreshToken { .. } => {
                return Err(OAuthError::new(ErrorCode::UnsupportedGrantType, "no refresh tokens here"));
            }
        }
        if lie == Lie::Bearer {
            response.token_type = "Bearer".to_owned();
        }
        self.state.lock().tokens.insert(access_token, proof.jkt);
        Ok(response.body())
    }

    fn id_token(&self, r: &PushedRequest, lie: Lie) -> String {
        let now = self.clock.now();
        let mut claims = IdTokenClaims::new(ISSUER, "pairwise-1", &r.client_id, now, Duration::from_secs(300));
        claims.nonce = r.nonce.clone();
        claims.auth_time = Some(now.secs());
        match lie {
            Lie::Nonce => claims.nonce = Some("another".to_owned()),
            Lie::Audience => claims.aud = Audience::Many(vec![r.client_id.clone(), "another".to_owned()]),
            Lie::Issuer => claims.iss = "https://other.example".to_owned(),
            Lie::OldSignIn => claims.auth_time = Some(now.secs() - 3600),
            Lie::Expired => claims.exp = now.secs() - 60,
            _ => {}
        }
        let key = match lie {
            Lie::Signature => SigningKey::generate(Alg::Es256, &self.rng).unwrap(),
            _ => self.state.lock().key.clone(),
        };
        claims.sign(&key).unwrap()
    }

    fn resource(&self, request: &Request) -> Result<String, OAuthError> {
        let header = |name: &str| request.headers().get(name).map(|v| v.to_str().unwrap());
        let token = resource::access_token(header("authorization"))?;
        let expect = DpopExpectation {
            htm: request.method().as_str(),
            htu: "https://portal.example/api/v1/user-status",
            access_token: Some(token),
            nonce: Some(&self.nonces),
            now: self.clock.now(),
        };
        let proof = header("dpop").ok_or_else(resource::no_proof)?;
        let proof = dpop::check(proof, &expect).map_err(resource::proof_error)?;
        if self.state.lock().tokens.get(token) != Some(&proof.jkt) {
            return Err(OAuthError::new(ErrorCode::InvalidToken, "the access token is unknown, expired or revoked"));
        }
        Ok("{}".to_owned())
    }

    fn register(&self, request: &Request) -> Result<String, OAuthError> {
        let scope = Scope::of(&["openid", "status"]);
        let policy = RegistrationPolicy {
            grant_types: &["authorization_code", "client_credentials"],
            scope: &scope,
            authorization_details_types: &["attribute_linkage"],
            id_token_algs: &[Alg::Es256],
        };
        let metadata = ClientMetadata::from_json(request.body(), &policy)?;
        assert_eq!(metadata, self.client.metadata);
        Ok(self.client.response().to_string())
    }
}

fn form(request: &Request) -> Result<Form, OAuthError> {
    let media = request.headers().get("content-type").map(|v| v.to_str().unwrap());
    Form::from_request(media, request.uri().query(), request.body())
}

#[async_trait]
impl Http for Server {
    async fn send(&self, request: Request) -> Result<Response, OutboundError> {
        if self.state.lock().lie == Lie::Silent {
            return Err(OutboundError::Timeout);
        }
        let uri = request.uri().to_string();
        let path = uri.strip_prefix(ISSUER).unwrap();
        let answer = match path.split('?').next().unwrap() {
            "/.well-known/openid-configuration" => Ok(serde_json::to_string(&self.metadata()).unwrap()),
            "/jwks" => {
                let keys = self.state.lock().published.iter().map(|k| k.jwk().clone()).collect();
                Ok(serde_json::to_string(&JwkSet::new(keys)).unwrap())
            }
            "/par" => self.par(&request),
            "/token" => self.token(&request),
            "/register" => self.register(&request),
            _ => self.resource(&request),
        };
        let response = http::Response::builder().header("DPoP-Nonce", self.nonces.issue(self.clock.now()));
        Ok(match answer {
            Ok(body) => response.body(Bytes::from(body)),
            Err(e) => response
                .status(e.status)
                .header("WWW-Authenticate", resource::challenge(Some(&e), None))
                .body(Bytes::from(e.body())),
        }
        .unwrap())
    }

    async fn stream(&self, request: Request, _limit: u64) -> Result<http::Response<BodyStream>, OutboundError> {
        let (parts, body) = self.send(request).await?.into_parts();
        let stream: BodyStream = Box::pin(futures_util::stream::once(async move { Ok(body) }));
        Ok(http::Response::from_parts(parts, stream))
    }
}
