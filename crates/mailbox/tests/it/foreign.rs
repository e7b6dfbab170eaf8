//! A foreign authorization server in front of the linkage resource.

use base::Secret;
use http::{Method, StatusCode};
use jose::{Alg, SigningKey};
use serde_json::{Value, json};
use store::Engine;
use url::Url;

use crate::world::{POST, World, config, value};
use delivery::kit::{ForeignServer, SubjectToken, Tokens};

const SERVER: &str = "http://localhost:7009";

struct Scene {
    world: World,
    key: SigningKey,
}

impl Scene {
    async fn new() -> Self {
        let mut config = config();
        config.tokens = Tokens::Foreign(ForeignServer {
            issuer: SERVER.to_owned(),
            jwks_uri: Url::parse(&format!("{SERVER}/jwks")).unwrap(),
            audience: POST.to_owned(),
            portal_client_id: "portal-there".to_owned(),
        });
        let world = World::with(Engine::Sqlite, config).await;
        let key = SigningKey::generate(Alg::Es256, &world.rng).unwrap();
        let jwks = json!({ "keys": [key.jwk().to_value()] }).to_string();
        world.net.add(SERVER, axum::Router::new().route("/jwks", axum::routing::get(async move || jwks.clone())));
        Self { world, key }
    }

    fn claims(&self, account: &str) -> Value {
        let now = self.world.now().secs();
        json!({
            "iss": SERVER, "sub": account, "aud": POST, "client_id": "portal-there", "iat": now, "exp": now + 300,
            "jti": self.world.rng.token(), "scope": "openid linkage", "auth_time": now,
            "cnf": { "jkt": self.world.portal.client.config().dpop_key.kid() },
            "authorization_details": [{ "type": "linkage", "linkage_id": "lnk_1", "subject_token": "…" }],
        })
    }

    fn token(&self, claims: &Value) -> Secret<String> {
        Secret::new(jose::jws::sign(&self.key, "at+jwt", claims).unwrap())
    }

    fn subject_token(&self, linkage: &str) -> String {
        let plain = SubjectToken::stored(&self.world.subject_token(linkage, "s")).unwrap();
        let token = SubjectToken { aud: SERVER.to_owned(), ..plain };
        token.sign(self.world.portal.provider.signing_key()).unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn its_tokens_link_and_ours_rules_hold() {
    let s = Scene::new().await;
    let account = s.world.delivery.post().account_by_email("hanako@example.jp").await.unwrap().unwrap();
    let body = Some(json!({ "subject_token": s.subject_token("lnk_1"), "message": "⑤" }));
    let good = s.claims(account.as_str());
    let change = |name: &str, to: Value| {
        let mut claims = good.clone();
        claims[name] = to;
        claims
    };
    let now = s.world.now().secs();
    let put =
        async |claims: &Value| s.world.call(Method::PUT, "/linkages/lnk_1", &s.token(claims), body.clone()).await.0;
    for (claims, status) in [
        (change("iss", json!("https://evil.example")), StatusCode::UNAUTHORIZED),
        (change("aud", json!("https://other.example")), StatusCode::UNAUTHORIZED),
        (change("exp", json!(now - 11)), StatusCode::UNAUTHORIZED),
        (change("cnf", json!({ "jkt": "other" })), StatusCode::UNAUTHORIZED),
        (change("auth_time", Value::Null), StatusCode::UNAUTHORIZED),
        (change("client_id", json!("somebody")), StatusCode::FORBIDDEN),
        (change("scope", json!("openid")), StatusCode::FORBIDDEN),
        (change("authorization_details", json!([])), StatusCode::FORBIDDEN),
        (change("authorization_details", json!([{ "type": "linkage", "linkage_id": "lnk_2" }])), StatusCode::FORBIDDEN),
        // A session that was open already: no proof of who sits there now.
        (change("auth_time", json!(now - 3600)), StatusCode::BAD_REQUEST),
    ] {
        assert_eq!(put(&claims).await, status, "{claims}");
    }
    let wrong_typ = Secret::new(jose::jws::sign(&s.key, "JWT", &good).unwrap());
    assert_eq!(
        s.world.call(Method::PUT, "/linkages/lnk_1", &wrong_typ, body.clone()).await.0,
        StatusCode::UNAUTHORIZED
    );

    let (status, _, first) = s.world.call(Method::PUT, "/linkages/lnk_1", &s.token(&good), body.clone()).await;
    assert_eq!(status, StatusCode::OK, "{first:?}");
    let (_, _, again) = s.world.call(Method::PUT, "/linkages/lnk_1", &s.token(&good), body.clone()).await;
    assert_eq!(first, again);
    let confirmation = value(&first)["confirmation"].as_str().unwrap().to_owned();
    let (_, claims) = jose::jws::peek::<Value>(&confirmation).unwrap();
    assert_eq!((claims["iss"].as_str(), claims["account"].as_str()), (Some(SERVER), Some(account.as_str())));

    // Client credentials: the subject is the client itself.
    let mut own = change("sub", json!("portal-there"));
    own["scope"] = json!("linkages documents");
    let (status, _, l) = s.world.call(Method::GET, "/linkages/lnk_1", &s.token(&own), None).await;
    assert_eq!((status, value(&l)["state"].as_str()), (StatusCode::OK, Some("active")));
    let (status, _, list) = s.world.call(Method::GET, "/documents?linkage_id=lnk_1", &s.token(&own), None).await;
    assert_eq!((status, value(&list)["documents"].as_array().map(Vec::len)), (StatusCode::OK, Some(4)));
    // A late `PUT` after a withdrawal is refused here too.
    assert_eq!(s.world.call(Method::DELETE, "/linkages/lnk_2", &s.token(&own), None).await.0, StatusCode::NO_CONTENT);
    let mut late = good.clone();
    late["authorization_details"][0]["linkage_id"] = json!("lnk_2");
    let body = Some(json!({ "subject_token": s.subject_token("lnk_2") }));
    assert_eq!(s.world.call(Method::PUT, "/linkages/lnk_2", &s.token(&late), body).await.0, StatusCode::GONE);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_is_used_once() {
    let s = Scene::new().await;
    let mut own = s.claims("portal-there");
    own["scope"] = json!("linkages");
    let token = s.token(&own);
    let key = &s.world.portal.client.config().dpop_key;
    let send = async |nonce: Option<&str>, proof: Option<String>| {
        let url = format!("{POST}/linkages");
        let proof = proof.unwrap_or_else(|| {
            jose::dpop::prove(key, "GET", &url, Some(token.expose()), nonce, s.world.now(), &s.world.rng).unwrap()
        });
        let request = http::Request::builder()
            .uri(&url)
            .header("authorization", format!("DPoP {}", token.expose()))
            .header("dpop", &proof)
            .body(bytes::Bytes::new())
            .unwrap();
        (base::outbound::Http::send(&*s.world.net, request).await.unwrap(), proof)
    };
    let (first, _) = send(None, None).await;
    assert_eq!(first.status(), StatusCode::UNAUTHORIZED);
    let challenge = first.headers()["www-authenticate"].to_str().unwrap();
    assert!(challenge.contains("use_dpop_nonce"), "{challenge}");
    let nonce = first.headers()["dpop-nonce"].to_str().unwrap().to_owned();
    let (second, proof) = send(Some(&nonce), None).await;
    assert_eq!(second.status(), StatusCode::OK);
    assert_eq!(send(None, Some(proof)).await.0.status(), StatusCode::UNAUTHORIZED);
}
