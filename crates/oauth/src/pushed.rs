//! Pushed authorization requests (RFC 9126), as FAPI 2.0 section 5.3.2.2 narrows them.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::client::RegisteredClient;
use crate::error::{ErrorCode, OAuthError, shorten};
use crate::form::Form;
use crate::pkce;
use crate::rar::Details;
use crate::redirect::RedirectUri;
use crate::scope::Scope;

/// `prompt` (OpenID Connect Core section 3.1.2.1, and `create` of its Prompt Create extension).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Prompt {
    /// Show nothing.
    None,
    /// Sign in again.
    Login,
    /// Ask for consent again.
    Consent,
    /// Choose an account.
    SelectAccount,
    /// Sign up.
    Create,
}

impl Prompt {
    const ALL: [(&'static str, Self); 5] = [
        ("none", Self::None),
        ("login", Self::Login),
        ("consent", Self::Consent),
        ("select_account", Self::SelectAccount),
        ("create", Self::Create),
    ];

    /// The value as it is sent.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(_, p)| *p == self).map_or("", |(n, _)| n)
    }
}

/// A request that was pushed and checked. Stored as JSON under its `request_uri`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushedRequest {
    /// Whose request it is.
    pub client_id: String,
    /// Where the citizen goes afterwards: one of the registered addresses.
    pub redirect_uri: RedirectUri,
    /// Given back as it came.
    pub state: Option<String>,
    /// For the ID Token.
    pub nonce: Option<String>,
    /// What is asked for.
    pub scope: Scope,
    /// PKCE, S256.
    pub code_challenge: String,
    /// How to ask.
    #[serde(default)]
    pub prompt: Vec<Prompt>,
    /// Oldest acceptable sign-in, in seconds.
    pub max_age: Option<u64>,
    /// Languages, as sent: space-separated BCP 47 tags in order of preference.
    pub ui_locales: Option<String>,
    /// Authentication context, as sent.
    pub acr_values: Option<String>,
    /// Whom the client expects, as sent.
    pub login_hint: Option<String>,
    /// The `claims` parameter.
    pub claims: Option<Value>,
    /// The DPoP key that the code will be bound to (RFC 9449 section 10), by parameter or by header.
    pub dpop_jkt: Option<String>,
    /// What is asked for in detail.
    #[serde(default)]
    pub authorization_details: Details,
}

/// Without what belongs to the citizen and the client alone.
impl std::fmt::Debug for PushedRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PushedRequest")
            .field("client_id", &self.client_id)
            .field("redirect_uri", &self.redirect_uri)
            .field("scope", &self.scope)
            .field("authorization_details", &self.authorization_details)
            .finish_non_exhaustive()
    }
}

impl PushedRequest {
    /// Checks a request from an authenticated client. `proof_jkt` is the thumbprint of the DPoP
    /// proof that came in the header, if one did.
    pub fn parse(form: &Form, client: &RegisteredClient, proof_jkt: Option<&str>) -> Result<Self, OAuthError> {
        if form.get("request_uri").is_some() {
            return Err(OAuthError::invalid_request(
                "request_uri may not be pushed (RFC 9126 section 2.1); push the parameters themselves",
            ));
        }
        if form.get("request").is_some() {
            return Err(OAuthError::invalid_request(
                "request objects are not supported; push the parameters themselves",
            ));
        }
        if form.get("client_id").is_some_and(|c| c != client.client_id) {
            return Err(OAuthError::invalid_request("client_id is not the client that authenticated"));
        }
        if !client.may_grant("authorization_code") {
            return Err(OAuthError::new(
                ErrorCode::UnauthorizedClient,
                "this client is not registered for the grant type authorization_code",
            ));
        }
        match form.require("response_type")? {
            "code" => {}
            other => {
                return Err(OAuthError::new(
                    ErrorCode::UnsupportedResponseType,
                    format!("response_type '{}' is not supported; use code", shorten(other)),
                ));
            }
        }
        if let Some(mode) = form.get("response_mode").filter(|m| *m != "query") {
            return Err(OAuthError::invalid_request(format!(
                "response_mode '{}' is not supported; use query or leave it out",
                shorten(mode)
            )));
        }
        let redirect_uri = client.redirect_uri(form.require("redirect_uri")?)?.clone();
        let code_challenge = form.get("code_challenge").ok_or_else(|| {
            OAuthError::invalid_request(
                "code_challenge is missing: make a code_verifier, keep it for the token request, \
                 and send its S256 challenge (RFC 7636)",
            )
        })?;
        if form.get("code_challenge_method") != Some("S256") {
            return Err(OAuthError::invalid_request("code_challenge_method has to be S256"));
        }
        if !pkce::is_challenge(code_challenge) {
            return Err(OAuthError::invalid_request(
                "code_challenge has to be the base64url SHA-256 of the code_verifier: 43 characters without padding",
            ));
        }
        let scope = Scope::parse(form.get("scope").unwrap_or_default())?;
        scope.within(&client.metadata.scope)?;
        let nonce = form.bounded("nonce", 256)?;
        let authorization_details = match form.get("authorization_details") {
            Some(text) => Details::parse(text)?,
            None => Details::default(),
        };
        authorization_details.within(&client.metadata.authorization_details_types)?;
        Ok(Self {
            client_id: client.client_id.clone(),
            redirect_uri,
            state: form.bounded("state", 1024)?.map(str::to_owned),
            nonce: nonce.map(str::to_owned),
            scope,
            code_challenge: code_challenge.to_owned(),
            prompt: prompt(form)?,
            max_age: max_age(form)?,
            ui_locales: form.bounded("ui_locales", 256)?.map(str::to_owned),
            acr_values: form.bounded("acr_values", 256)?.map(str::to_owned),
            login_hint: form.bounded("login_hint", 256)?.map(str::to_owned),
            claims: claims(form)?,
            dpop_jkt: dpop_jkt(form, proof_jkt)?,
            authorization_details,
        })
    }

    /// Whether an ID Token is asked for.
    pub fn openid(&self) -> bool {
        self.scope.has("openid")
    }

    /// Whether a way of asking is asked for.
    pub fn prompts(&self, prompt: Prompt) -> bool {
        self.prompt.contains(&prompt)
    }
}

fn prompt(form: &Form) -> Result<Vec<Prompt>, OAuthError> {
    let mut out = Vec::new();
    for word in form.get("prompt").unwrap_or_default().split_ascii_whitespace() {
        let known = Prompt::ALL.iter().find(|(n, _)| *n == word).map(|(_, p)| *p);
        let p = known.ok_or_else(|| {
            OAuthError::invalid_request(format!(
                "prompt '{}' is unknown; use none, login, consent, select_account or create",
                shorten(word)
            ))
        })?;
        if !out.contains(&p) {
            out.push(p);
        }
    }
    if out.contains(&Prompt::None) && out.len() > 1 {
        return Err(OAuthError::invalid_request("prompt none can't be combined with others"));
    }
    Ok(out)
}

fn max_age(form: &Form) -> Result<Option<u64>, OAuthError> {
    let Some(text) = form.get("max_age") else { return Ok(None) };
    match text.parse::<u32>() {
        Ok(n) if text.bytes().all(|b| b.is_ascii_digit()) => Ok(Some(n.into())),
        _ => Err(OAuthError::invalid_request("max_age has to be a number of seconds")),
    }
}

fn claims(form: &Form) -> Result<Option<Value>, OAuthError> {
    let Some(text) = form.bounded("claims", 4096)? else { return Ok(None) };
    match serde_json::from_str::<Value>(text) {
        Ok(v) if v.is_object() => Ok(Some(v)),
        _ => Err(OAuthError::invalid_request("claims has to be a JSON object (OpenID Connect Core section 5.5)")),
    }
}

fn dpop_jkt(form: &Form, proof_jkt: Option<&str>) -> Result<Option<String>, OAuthError> {
    match (form.get("dpop_jkt"), proof_jkt) {
        (Some(asked), _) if !pkce::is_challenge(asked) => Err(OAuthError::invalid_request(
            "dpop_jkt has to be the RFC 7638 SHA-256 thumbprint of the DPoP key: 43 characters without padding",
        )),
        (Some(asked), Some(proven)) if asked != proven => Err(OAuthError::new(
            ErrorCode::InvalidDpopProof,
            "dpop_jkt is not the thumbprint of the key in the DPoP header (RFC 9449 section 10.1)",
        )),
        (asked, proven) => Ok(asked.or(proven).map(str::to_owned)),
    }
}

/// The answer to a pushed request (RFC 9126 section 2.2), to be sent with status 201.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushedResponse {
    /// `urn:ietf:params:oauth:request_uri:` and a random token.
    pub request_uri: String,
    /// Seconds; under 600 (FAPI 2.0 section 5.3.2.2).
    pub expires_in: u64,
}

impl PushedResponse {
    /// What every `request_uri` of PAR starts with.
    pub const PREFIX: &str = "urn:ietf:params:oauth:request_uri:";

    /// The address of a handle.
    pub fn new(handle: &str, expires_in: u64) -> Self {
        Self { request_uri: format!("{}{handle}", Self::PREFIX), expires_in }
    }

    /// The handle in a `request_uri` of ours.
    pub fn handle(request_uri: &str) -> Option<&str> {
        request_uri.strip_prefix(Self::PREFIX).filter(|h| h.len() == 43)
    }
}

#[cfg(test)]
mod tests {
    use base::{Rng, Timestamp};
    use jose::{Alg, JwkSet, SigningKey};
    use proptest::prelude::*;

    use super::*;
    use crate::client::{ClientKind, ClientMetadata, ClientName, Keys};

    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    const JKT: &str = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";

    fn client() -> RegisteredClient {
        let key = SigningKey::generate(Alg::Es256, &Rng::seeded(1)).unwrap();
        RegisteredClient {
            client_id: "c".to_owned(),
            kind: ClientKind::ApiUser,
            issued_at: Timestamp::from_secs(0),
            metadata: ClientMetadata {
                name: ClientName { ja: "税".to_owned(), en: "Tax".to_owned() },
                redirect_uris: vec![RedirectUri::parse("https://a.example/callback").unwrap()],
                keys: Keys::Jwks(JwkSet::new(vec![key.jwk().clone()])),
                grant_types: vec!["authorization_code".to_owned()],
                scope: Scope::of(&["openid"]),
                authorization_details_types: vec!["user_registration".to_owned()],
                assertion_alg: None,
                id_token_alg: Alg::Es256,
                initiate_login_uri: None,
                client_uri: None,
                policy_uri: None,
                tos_uri: None,
                logo_uri: None,
                contacts: Vec::new(),
            },
        }
    }

    fn good() -> Vec<(&'static str, &'static str)> {
        vec![
            ("response_type", "code"),
            ("redirect_uri", "https://a.example/callback"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
            ("scope", "openid"),
            ("state", "s"),
        ]
    }

    fn with(name: &'static str, value: &'static str, jkt: Option<&str>) -> Result<PushedRequest, OAuthError> {
        let mut pairs = good();
        pairs.retain(|(n, _)| *n != name);
        pairs.push((name, value));
        PushedRequest::parse(&Form::of(pairs), &client(), jkt)
    }

    #[test]
    fn good_requests_survive_storage() {
        let r = with("prompt", "login consent", Some(JKT)).unwrap();
        assert!(r.openid() && r.prompts(Prompt::Login) && !r.prompts(Prompt::Create));
        assert_eq!(r.dpop_jkt.as_deref(), Some(JKT));
        assert_eq!(serde_json::from_str::<PushedRequest>(&serde_json::to_string(&r).unwrap()).unwrap(), r);
        assert_eq!(with("max_age", "0", None).unwrap().max_age, Some(0));
        assert_eq!(with("dpop_jkt", JKT, None).unwrap().dpop_jkt.as_deref(), Some(JKT));
        assert_eq!(
            with("claims", "{\"id_token\":{}}", None).unwrap().claims.unwrap()["id_token"],
            serde_json::json!({})
        );
    }

    #[test]
    fn mistakes_are_named() {
        use ErrorCode as E;
        for (name, value, code, what) in [
            ("request_uri", "urn:x", E::InvalidRequest, "request_uri may not be pushed"),
            ("request", "a.b.c", E::InvalidRequest, "request objects are not supported"),
            ("client_id", "d", E::InvalidRequest, "client_id"),
            ("response_type", "", E::InvalidRequest, "'response_type' is missing"),
            ("response_type", "code id_token", E::UnsupportedResponseType, "use code"),
            ("response_mode", "fragment", E::InvalidRequest, "use query"),
            ("redirect_uri", "", E::InvalidRequest, "'redirect_uri' is missing"),
            (
                "redirect_uri",
                "https://a.example/calback",
                E::InvalidRequest,
                "nearest registered one is 'https://a.example/callback'",
            ),
            ("redirect_uri", "https://a.example/callback/", E::InvalidRequest, "match exactly"),
            ("code_challenge", "", E::InvalidRequest, "code_challenge is missing"),
            ("code_challenge", "short", E::InvalidRequest, "43 characters"),
            ("code_challenge_method", "plain", E::InvalidRequest, "S256"),
            ("code_challenge_method", "", E::InvalidRequest, "S256"),
            ("scope", "openid admin", E::InvalidScope, "'admin'"),
            ("prompt", "sudo", E::InvalidRequest, "'sudo' is unknown"),
            ("prompt", "none login", E::InvalidRequest, "can't be combined"),
            ("max_age", "-1", E::InvalidRequest, "max_age"),
            ("max_age", "+1", E::InvalidRequest, "max_age"),
            ("claims", "[]", E::InvalidRequest, "claims"),
            ("dpop_jkt", "x", E::InvalidRequest, "thumbprint"),
            ("dpop_jkt", CHALLENGE, E::InvalidDpopProof, "not the thumbprint of the key in the DPoP header"),
            (
                "authorization_details",
                "[{\"type\":\"linkage\",\"linkage_id\":\"l\",\"subject_token\":\"a.b.c\"}]",
                E::InvalidAuthorizationDetails,
                "not approved",
            ),
        ] {
            let e = with(name, value, Some(JKT)).unwrap_err();
            assert!(e.code == code && e.description.contains(what), "{name}={value}: {e}");
        }
        let e = PushedRequest::parse(&Form::of(good()).tap_state(&"s".repeat(1025)), &client(), None).unwrap_err();
        assert!(e.description.contains("'state' is longer than 1024"));
    }

    impl Form {
        fn tap_state(self, state: &str) -> Self {
            let mut out = Self::of(self.iter().filter(|(n, _)| *n != "state"));
            out.push("state", state);
            out
        }
    }

    #[test]
    fn handles_of_request_uris() {
        let handle = Rng::seeded(1).token();
        let r = PushedResponse::new(&handle, 90);
        assert_eq!(PushedResponse::handle(&r.request_uri), Some(handle.as_str()));
        assert_eq!(PushedResponse::handle("urn:ietf:params:oauth:request_uri:x"), None);
        assert_eq!(PushedResponse::handle("https://a.example/r"), None);
    }

    proptest! {
        #[test]
        fn no_form_panics(name in "scope|prompt|max_age|claims|authorization_details|redirect_uri|nonce|dpop_jkt", value in "\\PC{0,100}") {
            let mut form = Form::of(good().into_iter().filter(|(n, _)| *n != name));
            form.push(&name, value);
            let _ = PushedRequest::parse(&form, &client(), None);
        }
    }
}
