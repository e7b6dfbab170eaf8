//! Who may ask: dynamic client registration (RFC 7591) and the client as servers store it.

use base::{Lang, Timestamp};
use jose::{Alg, JwkError, JwkSet};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use url::Url;

use crate::error::{ErrorCode, OAuthError, shorten};
use crate::redirect::{self, RedirectUri};
use crate::scope::Scope;

/// What kind of party a client is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientKind {
    /// API利用者: leg A at the portal.
    ApiUser,
    /// 民間送達サービス: single sign-on at the portal.
    Delivery,
    /// The portal: leg B at a delivery service.
    Portal,
}

/// A client's name in both languages of the pages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientName {
    /// 日本語
    pub ja: String,
    /// English
    pub en: String,
}

impl ClientName {
    /// The name for a reader.
    pub fn get(&self, lang: Lang) -> &str {
        match lang {
            Lang::Ja => &self.ja,
            Lang::En => &self.en,
        }
    }
}

/// Where a client's public keys come from: exactly one of the two (RFC 7591 section 2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Keys {
    /// Registered by value.
    Jwks(JwkSet),
    /// Fetched from the client's address.
    JwksUri(Url),
}

/// What a client registers, checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientMetadata {
    /// `client_name`, `client_name#ja`, `client_name#en`.
    pub name: ClientName,
    /// Where its citizens are sent back to; empty for a client with `client_credentials` only.
    pub redirect_uris: Vec<RedirectUri>,
    /// `jwks` or `jwks_uri`.
    pub keys: Keys,
    /// `grant_types`, of the server's list.
    pub grant_types: Vec<String>,
    /// `scope`.
    pub scope: Scope,
    /// `authorization_details_types` (RFC 9396 section 10).
    pub authorization_details_types: Vec<String>,
    /// `token_endpoint_auth_signing_alg`, when the client binds itself to one.
    pub assertion_alg: Option<Alg>,
    /// `id_token_signed_response_alg`.
    pub id_token_alg: Alg,
    /// `initiate_login_uri` (OpenID Connect Core section 4).
    pub initiate_login_uri: Option<Url>,
    /// `client_uri`: the service's home page, for the way out of an error.
    pub client_uri: Option<Url>,
    /// `policy_uri`
    pub policy_uri: Option<Url>,
    /// `tos_uri`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tos_uri: Option<Url>,
    /// `logo_uri`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo_uri: Option<Url>,
    /// `contacts`: e-mail addresses of the people responsible (RFC 7591 section 2). For operators, never
    /// shown to citizens.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<String>,
}

/// What a server lets clients register.
#[derive(Clone, Copy, Debug)]
pub struct RegistrationPolicy<'a> {
    /// Grant types.
    pub grant_types: &'a [&'a str],
    /// Scopes; a client that names none gets all of these.
    pub scope: &'a Scope,
    /// Types of authorization details; a client that names none gets all of these.
    pub authorization_details_types: &'a [&'a str],
    /// Algorithms that the server can sign ID Tokens with, the default first.
    pub id_token_algs: &'a [Alg],
}

impl ClientMetadata {
    /// Reads a registration request (RFC 7591 section 3.1). Unknown members are ignored, as the RFC
    /// asks; values that FAPI 2.0 rules out are refused by name.
    pub fn from_json(body: &[u8], policy: &RegistrationPolicy<'_>) -> Result<Self, OAuthError> {
        let Ok(Value::Object(map)) = serde_json::from_slice(body) else {
            return Err(bad("the body has to be a JSON object of client metadata"));
        };
        let keys = keys(&map)?;
        let name = name(&map)?;
        for (member, fixed) in [
            ("token_endpoint_auth_method", "private_key_jwt"),
            ("subject_type", "pairwise"),
            ("application_type", "web"),
        ] {
            if let Some(got) = string(&map, member)?
                && got != fixed
                && !(member == "application_type" && got == "native")
            {
                return Err(bad(format!("{member} '{}' is not supported; it has to be {fixed}", shorten(got))));
            }
        }
        for member in ["dpop_bound_access_tokens", "require_pushed_authorization_requests"] {
            if map.get(member).is_some_and(|v| *v != Value::Bool(true)) {
                return Err(bad(format!("{member} has to be true or absent: FAPI 2.0 asks for it")));
            }
        }
        for member in ["id_token_encrypted_response_alg", "userinfo_signed_response_alg", "request_object_signing_alg"]
        {
            if map.get(member).is_some_and(|v| !v.is_null()) {
                return Err(bad(format!("{member} is not supported; leave it out")));
            }
        }
        let grant_types = strings(&map, "grant_types")?.unwrap_or_else(|| vec!["authorization_code".to_owned()]);
        if let Some(g) = grant_types.iter().find(|g| !policy.grant_types.contains(&g.as_str())) {
            return Err(bad(format!(
                "grant type '{}' is not supported; use {}",
                shorten(g),
                policy.grant_types.join(", ")
            )));
        }
        let with_code = grant_types.iter().any(|g| g == "authorization_code");
        match strings(&map, "response_types")? {
            Some(types) if types.iter().any(|t| t != "code") => {
                return Err(bad("only response type 'code' is supported"));
            }
            _ => {}
        }
        let mut redirect_uris = Vec::new();
        for text in strings(&map, "redirect_uris")?.unwrap_or_default() {
            redirect_uris.push(RedirectUri::parse(&text)?);
        }
        if with_code && redirect_uris.is_empty() {
            return Err(OAuthError::new(ErrorCode::InvalidRedirectUri, "redirect_uris is missing or empty"));
        }
        if redirect_uris.len() > 16 {
            return Err(OAuthError::new(ErrorCode::InvalidRedirectUri, "more than 16 redirect_uris"));
        }
        let scope = match string(&map, "scope")? {
            Some(text) => Scope::parse(text).map_err(|e| bad(&e.description))?,
            None => policy.scope.clone(),
        };
        scope.within(policy.scope).map_err(|e| bad(e.description.replace("registered for this client", "offered")))?;
        let details = strings(&map, "authorization_details_types")?
            .unwrap_or_else(|| policy.authorization_details_types.iter().map(|t| (*t).to_owned()).collect());
        if let Some(t) = details.iter().find(|t| !policy.authorization_details_types.contains(&t.as_str())) {
            return Err(bad(format!("authorization details type '{}' is not offered", shorten(t))));
        }
        let assertion_alg = alg(&map, "token_endpoint_auth_signing_alg", &Alg::ALL)?;
        let id_token_alg = alg(&map, "id_token_signed_response_alg", policy.id_token_algs)?
            .or(policy.id_token_algs.first().copied())
            .unwrap_or(Alg::Es256);
        Ok(Self {
            name,
            redirect_uris,
            keys,
            grant_types,
            scope,
            authorization_details_types: details,
            assertion_alg,
            id_token_alg,
            initiate_login_uri: url(&map, "initiate_login_uri")?,
            client_uri: url(&map, "client_uri")?,
            policy_uri: url(&map, "policy_uri")?,
            tos_uri: url(&map, "tos_uri")?,
            logo_uri: url(&map, "logo_uri")?,
            contacts: contacts(&map)?,
        })
    }

    /// The metadata as RFC 7591 writes it: for the request of a client and the response of a server.
    pub fn to_json(&self) -> Map<String, Value> {
        let mut map = Map::new();
        let mut put = |k: &str, v: Value| map.insert(k.to_owned(), v);
        put("client_name", self.name.ja.clone().into());
        put("client_name#ja", self.name.ja.clone().into());
        put("client_name#en", self.name.en.clone().into());
        put("redirect_uris", json!(self.redirect_uris));
        match &self.keys {
            Keys::Jwks(set) => put("jwks", json!(set)),
            Keys::JwksUri(uri) => put("jwks_uri", uri.as_str().into()),
        };
        put("grant_types", json!(self.grant_types));
        let code = self.grant_types.iter().any(|g| g == "authorization_code");
        put("response_types", if code { json!(["code"]) } else { json!([]) });
        put("scope", self.scope.to_string().into());
        put("authorization_details_types", json!(self.authorization_details_types));
        put("token_endpoint_auth_method", "private_key_jwt".into());
        put("subject_type", "pairwise".into());
        // Some servers leave `auth_time` out of an ID Token otherwise.
        put("require_auth_time", true.into());
        put("dpop_bound_access_tokens", true.into());
        put("require_pushed_authorization_requests", true.into());
        put("id_token_signed_response_alg", self.id_token_alg.name().into());
        if let Some(alg) = self.assertion_alg {
            put("token_endpoint_auth_signing_alg", alg.name().into());
        }
        for (k, v) in [
            ("initiate_login_uri", &self.initiate_login_uri),
            ("client_uri", &self.client_uri),
            ("policy_uri", &self.policy_uri),
            ("tos_uri", &self.tos_uri),
            ("logo_uri", &self.logo_uri),
        ] {
            if let Some(v) = v {
                put(k, v.as_str().into());
            }
        }
        if !self.contacts.is_empty() {
            put("contacts", json!(self.contacts));
        }
        map
    }
}

/// A client as server rooms store it (one JSON text).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegisteredClient {
    /// `client_id`
    pub client_id: String,
    /// What kind of party it is.
    pub kind: ClientKind,
    /// When it was registered.
    pub issued_at: Timestamp,
    /// What it registered.
    #[serde(flatten)]
    pub metadata: ClientMetadata,
}

impl RegisteredClient {
    /// The registration response (RFC 7591 section 3.2.1). There is no client secret.
    pub fn response(&self) -> Value {
        let mut map = self.metadata.to_json();
        map.insert("client_id".to_owned(), self.client_id.clone().into());
        map.insert("client_id_issued_at".to_owned(), self.issued_at.secs().into());
        Value::Object(map)
    }

    /// Whether it may use a grant type.
    pub fn may_grant(&self, grant_type: &str) -> bool {
        self.metadata.grant_types.iter().any(|g| g == grant_type)
    }

    /// The registered address that is exactly `text`, or `invalid_request` with the nearest one.
    pub fn redirect_uri(&self, text: &str) -> Result<&RedirectUri, OAuthError> {
        let uris = &self.metadata.redirect_uris;
        uris.iter().find(|r| r.as_str() == text).ok_or_else(|| {
            let hint = match redirect::nearest(uris, text) {
                Some(near) => format!("; the nearest registered one is '{}'", near.as_str()),
                None => "; this client has none registered".to_owned(),
            };
            OAuthError::invalid_request(format!(
                "redirect_uri '{}' is not registered for this client (it has to match exactly){hint}",
                shorten(text)
            ))
        })
    }
}

fn bad(description: impl AsRef<str>) -> OAuthError {
    OAuthError::new(ErrorCode::InvalidClientMetadata, description)
}

fn string<'a>(map: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, OAuthError> {
    match map.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(s)) if s.len() <= 2048 => Ok(Some(s)),
        Some(_) => Err(bad(format!("{name} has to be a string of at most 2048 octets"))),
    }
}

fn strings(map: &Map<String, Value>, name: &str) -> Result<Option<Vec<String>>, OAuthError> {
    match map.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(v) => serde_json::from_value::<Vec<String>>(v.clone())
            .ok()
            .filter(|l| l.len() <= 64)
            .map(Some)
            .ok_or_else(|| bad(format!("{name} has to be an array of at most 64 strings"))),
    }
}

fn alg(map: &Map<String, Value>, name: &str, allowed: &[Alg]) -> Result<Option<Alg>, OAuthError> {
    let Some(text) = string(map, name)? else { return Ok(None) };
    Alg::parse(text).filter(|a| allowed.contains(a)).map(Some).ok_or_else(|| {
        let list: Vec<_> = allowed.iter().map(|a| a.name()).collect();
        bad(format!("{name} '{}' is not supported; use {}", shorten(text), list.join(", ")))
    })
}

fn url(map: &Map<String, Value>, name: &str) -> Result<Option<Url>, OAuthError> {
    string(map, name)?.map(|text| redirect::check_url(name, text).map_err(bad)).transpose()
}

fn contacts(map: &Map<String, Value>) -> Result<Vec<String>, OAuthError> {
    let list = strings(map, "contacts")?.unwrap_or_default();
    let address = |c: &String| {
        let parts = c.rsplit_once('@').is_some_and(|(local, host)| !local.is_empty() && !host.is_empty());
        parts && c.len() <= 254 && !c.chars().any(|c| c.is_whitespace() || c.is_control())
    };
    match list.iter().position(|c| !address(c)) {
        Some(i) => Err(bad(format!("contacts[{i}] has to be an e-mail address of at most 254 octets"))),
        None if list.len() > 16 => Err(bad("more than 16 contacts")),
        None => Ok(list),
    }
}

fn name(map: &Map<String, Value>) -> Result<ClientName, OAuthError> {
    let plain = string(map, "client_name")?;
    let ja = string(map, "client_name#ja")?.or(string(map, "client_name#ja-JP")?);
    let en = string(map, "client_name#en")?;
    let pick = |first: Option<&str>, second: Option<&str>| {
        first.or(plain).or(second).map(|n| n.trim().to_owned()).filter(|n| !n.is_empty() && n.chars().count() <= 100)
    };
    match (pick(ja, en), pick(en, ja)) {
        (Some(ja), Some(en)) if !(ja.clone() + &en).chars().any(char::is_control) => Ok(ClientName { ja, en }),
        _ => Err(bad(
            "client_name is missing, longer than 100 characters, or has control characters; add client_name#ja and client_name#en for both languages",
        )),
    }
}

fn keys(map: &Map<String, Value>) -> Result<Keys, OAuthError> {
    let inline = map.get("jwks").filter(|v| !v.is_null());
    match (inline, string(map, "jwks_uri")?) {
        (Some(_), Some(_)) => Err(bad("jwks and jwks_uri are both present; send one of them")),
        (None, None) => Err(bad(
            "jwks or jwks_uri is missing: private_key_jwt needs your public keys (make a P-256 key pair, send the public JWK in jwks.keys)",
        )),
        (None, Some(_)) => {
            url(map, "jwks_uri")?.map(Keys::JwksUri).ok_or_else(|| bad("jwks_uri is not an absolute URL"))
        }
        (Some(value), None) => {
            let set = JwkSet::from_value_strict(value).map_err(|(i, e)| {
                let e: JwkError = e;
                bad(format!("jwks.keys[{i}]: {e}"))
            })?;
            if !set.keys.iter().any(jose::Jwk::signs) {
                return Err(bad("jwks has no signature key"));
            }
            jose::KeySet::from_jwks(&set).map_err(|e| bad(format!("jwks: {e}")))?;
            Ok(Keys::Jwks(set))
        }
    }
}

#[cfg(test)]
mod tests {
    use base::Rng;
    use jose::SigningKey;
    use proptest::prelude::*;

    use super::*;

    fn request() -> Value {
        let key = SigningKey::generate(Alg::Es256, &Rng::seeded(1)).unwrap();
        json!({"client_name": "Tax", "client_name#ja": "税", "redirect_uris": ["http://localhost:3000/cb"], "jwks": {"keys": [key.jwk()]}})
    }

    fn parse(value: &Value) -> Result<ClientMetadata, OAuthError> {
        let scope = Scope::of(&["openid"]);
        let policy = RegistrationPolicy {
            grant_types: &["authorization_code", "client_credentials"],
            scope: &scope,
            authorization_details_types: &["attribute_linkage"],
            id_token_algs: &[Alg::Es256, Alg::EdDsa],
        };
        ClientMetadata::from_json(value.to_string().as_bytes(), &policy)
    }

    #[test]
    fn a_small_request_gets_sound_defaults() {
        let m = parse(&request()).unwrap();
        assert_eq!((m.name.get(Lang::Ja), m.name.get(Lang::En)), ("税", "Tax"));
        assert_eq!((m.id_token_alg, m.scope.to_string().as_str()), (Alg::Es256, "openid"));
        // What we answer can be registered again, and what we store can be read.
        assert_eq!(parse(&Value::Object(m.to_json())).unwrap(), m);
        let stored = RegisteredClient {
            client_id: "c".to_owned(),
            kind: ClientKind::ApiUser,
            issued_at: Timestamp::from_secs(9),
            metadata: m,
        };
        let text = serde_json::to_string(&stored).unwrap();
        assert_eq!(serde_json::from_str::<RegisteredClient>(&text).unwrap(), stored);
        assert_eq!(stored.response()["client_id_issued_at"], 9);
        assert!(stored.response().get("client_secret").is_none());
    }

    #[test]
    fn pages_and_contacts_are_kept() {
        let mut r = request();
        r["tos_uri"] = json!("https://a.example/terms");
        r["logo_uri"] = json!("https://a.example/logo.png");
        r["contacts"] = json!(["tech@a.example"]);
        let m = parse(&r).unwrap();
        assert_eq!(m.contacts, ["tech@a.example"]);
        assert_eq!(parse(&Value::Object(m.to_json())).unwrap(), m);
        // What was stored before these members were known can still be read.
        let mut old = serde_json::to_value(parse(&request()).unwrap()).unwrap();
        assert!(old.as_object_mut().unwrap().remove("contacts").is_none());
        serde_json::from_value::<ClientMetadata>(old).unwrap();
    }

    #[test]
    fn mistakes_are_named() {
        use ErrorCode::{InvalidClientMetadata as M, InvalidRedirectUri as R};
        let mut private = request()["jwks"].clone();
        private["keys"][0]["d"] = json!("AAAA");
        for (name, value, code, what) in [
            ("jwks", private, M, "jwks.keys[0]: this is a private key"),
            ("jwks", Value::Null, M, "jwks or jwks_uri is missing"),
            ("jwks", json!({"keys": []}), M, "no signature key"),
            ("jwks_uri", json!("https://a.example/jwks"), M, "both present"),
            ("redirect_uris", json!([]), R, "missing or empty"),
            ("redirect_uris", json!(["http://a.example/"]), R, "https"),
            ("redirect_uris", json!("https://a.example/"), M, "array"),
            ("client_name", json!(" "), M, "client_name"),
            ("client_name", json!("a\u{0}"), M, "control characters"),
            ("client_name", json!(1), M, "string"),
            ("token_endpoint_auth_method", json!("client_secret_basic"), M, "has to be private_key_jwt"),
            ("subject_type", json!("public"), M, "has to be pairwise"),
            ("dpop_bound_access_tokens", json!(false), M, "has to be true"),
            ("grant_types", json!(["implicit"]), M, "'implicit'"),
            ("response_types", json!(["token"]), M, "only response type"),
            ("scope", json!("openid admin"), M, "'admin' is not offered"),
            ("authorization_details_types", json!(["payment"]), M, "'payment'"),
            ("id_token_signed_response_alg", json!("RS256"), M, "use ES256, EdDSA"),
            ("token_endpoint_auth_signing_alg", json!("HS256"), M, "use ES256, PS256, EdDSA"),
            ("initiate_login_uri", json!("http://a.example/login"), M, "https"),
            ("tos_uri", json!("ftp://a.example/"), M, "tos_uri has to be https"),
            ("logo_uri", json!("logo.png"), M, "logo_uri is not an absolute URL"),
            ("contacts", json!(["a@a.example", "nobody"]), M, "contacts[1]"),
            ("contacts", json!("a@a.example"), M, "contacts has to be an array"),
            ("id_token_encrypted_response_alg", json!("RSA-OAEP"), M, "not supported"),
        ] {
            let mut r = request();
            if name == "client_name" {
                r.as_object_mut().unwrap().remove("client_name#ja");
            }
            r[name] = value;
            let e = parse(&r).unwrap_err();
            assert!(e.code == code && e.description.contains(what), "{name}: {e}");
        }
        assert!(
            ClientMetadata::from_json(
                b"[]",
                &RegistrationPolicy {
                    grant_types: &[],
                    scope: &Scope::default(),
                    authorization_details_types: &[],
                    id_token_algs: &[]
                }
            )
            .is_err()
        );
    }

    #[test]
    fn keys_by_reference() {
        let mut r = request();
        r.as_object_mut().unwrap().remove("jwks");
        r["jwks_uri"] = json!("https://a.example/jwks");
        assert!(matches!(parse(&r).unwrap().keys, Keys::JwksUri(_)));
        r["jwks_uri"] = json!("http://a.example/jwks");
        assert!(parse(&r).is_err());
    }

    proptest! {
        #[test]
        fn no_body_panics(body in proptest::collection::vec(any::<u8>(), 0..200), member in "client_name|scope|jwks|redirect_uris|grant_types", text in "\\PC{0,60}") {
            let mut r = request();
            r[&member] = text.into();
            let _ = parse(&r);
            let scope = Scope::default();
            let _ = ClientMetadata::from_json(&body, &RegistrationPolicy { grant_types: &[], scope: &scope, authorization_details_types: &[], id_token_algs: &[] });
        }
    }
}
