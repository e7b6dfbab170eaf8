//! The authorization server against the client side of `oauth`, on both engines, in process: what
//! FAPI 2.0 asks for, and the attacks it is there to stop.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail loudly")]

mod world;

use std::time::Duration;

use base::Secret;
use base::codec::sha256_b64url;
use http::{Method, StatusCode};
use jose::{Alg, SigningKey, dpop};
use oauth::fapi::{AuthorizationRequest, ClientError};
use oauth::{Form, Scope, assertion};
use provider::{Provider, RequestRefusal, Status};
use serde_json::Value;
use store::testing::engines;
use url::Url;
use world::{ISSUER, REDIRECT, World};

fn request() -> AuthorizationRequest {
    AuthorizationRequest {
        redirect_uri: REDIRECT.to_owned(),
        scope: Scope::of(&["openid", "data"]),
        ..Default::default()
    }
}

fn oauth_code(e: &ClientError) -> String {
    e.code().map_or_else(|| panic!("not an OAuth error: {e}"), str::to_owned)
}

fn description(e: ClientError) -> String {
    match e {
        ClientError::OAuth { description, .. } => description.unwrap_or_default(),
        e => panic!("not an OAuth error: {e}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn push_code_token_and_a_call() {
    for engine in engines() {
        let w = World::new(engine).await;
        let client = w.client().await;
        let pushed = client.push(&request()).await.unwrap();
        let code = w.allow(&pushed.authorization_url).await;
        let tokens = client.exchange(&pushed, &Secret::new(code)).await.unwrap();
        let id_token = tokens.id_token.as_ref().unwrap();
        assert_eq!(id_token.sub, "subject-1");
        assert_eq!(tokens.response.extra["user_status"]["registered"], Value::Bool(true));
        assert_eq!(tokens.expires_at.unwrap().since(w.clock.clock().now()), provider::TOKEN_LIFE);

        let userinfo = Url::parse(&format!("{ISSUER}/oauth/userinfo")).unwrap();
        for _ in 0..3 {
            let answer = client.call(Method::GET, &userinfo, &tokens.access_token, None).await.unwrap();
            assert_eq!(answer.status(), StatusCode::OK, "{:?}", answer.body());
        }
        // Five minutes later the token is dead, also in the memory of the server.
        w.clock.advance(provider::TOKEN_LIFE);
        let answer = client.call(Method::GET, &userinfo, &tokens.access_token, None).await.unwrap();
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_works_once_and_its_second_use_ends_the_first_token() {
    for engine in engines() {
        let w = World::new(engine).await;
        let client = w.client().await;
        let pushed = client.push(&request()).await.unwrap();
        let code = Secret::new(w.allow(&pushed.authorization_url).await);
        let tokens = client.exchange(&pushed, &code).await.unwrap();
        assert_eq!(oauth_code(&client.exchange(&pushed, &code).await.unwrap_err()), "invalid_grant");
        w.clock.advance(provider::FRESH);
        let userinfo = Url::parse(&format!("{ISSUER}/oauth/userinfo")).unwrap();
        let answer = client.call(Method::GET, &userinfo, &tokens.access_token, None).await.unwrap();
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn racers_for_one_code_have_at_most_one_winner() {
    for engine in engines() {
        let w = World::new(engine).await;
        let client = w.client().await;
        let pushed = client.push(&request()).await.unwrap();
        let code = w.allow(&pushed.authorization_url).await;
        let racers: Vec<_> = (0..16)
            .map(|_| {
                let (client, pushed, code) = (client.clone(), pushed.clone(), Secret::new(code.clone()));
                tokio::spawn(async move { client.exchange(&pushed, &code).await.is_ok() })
            })
            .collect();
        let mut winners = 0;
        for racer in racers {
            winners += usize::from(racer.await.unwrap());
        }
        assert_eq!(winners, 1, "{engine:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_are_bound_to_client_verifier_key_and_time() {
    let w = World::new(engines()[0]).await;
    let (client, other) = (w.client().await, w.client().await);

    let pushed = client.push(&request()).await.unwrap();
    let code = Secret::new(w.allow(&pushed.authorization_url).await);
    let stolen = oauth_code(&other.exchange(&pushed, &code).await.unwrap_err());
    assert_eq!(stolen, "invalid_grant");
    let mut wrong = pushed.clone();
    wrong.code_verifier = "x".repeat(43);
    let e = client.exchange(&wrong, &code).await.unwrap_err();
    assert!(description(e).contains("code_verifier does not match"));
    // Neither attempt used the code up: its owner still gets in.
    client.exchange(&pushed, &code).await.unwrap();

    let pushed = client.push(&request()).await.unwrap();
    let code = Secret::new(w.allow(&pushed.authorization_url).await);
    let mut config = client.config().clone();
    config.dpop_key = SigningKey::generate(Alg::Es256, &w.rng).unwrap();
    let other_key = w.client_with(config);
    let e = other_key.exchange(&pushed, &code).await.unwrap_err();
    assert!(description(e).contains("dpop_jkt"));

    w.clock.advance(provider::CODE_LIFE);
    let e = client.exchange(&pushed, &code).await.unwrap_err();
    assert!(description(e).contains("expired"));
}

#[tokio::test(flavor = "multi_thread")]
async fn assertions_and_proofs_work_once_also_after_a_restart() {
    for engine in engines() {
        let mut w = World::new(engine).await;
        let client = w.client().await;
        let nonce = w.nonce().await;
        let now = w.clock.clock().now();
        let config = client.config();
        let jwt = assertion::make(&config.signing_key, &config.client_id, ISSUER, now, &w.rng).unwrap();
        let par = format!("{ISSUER}/oauth/par");
        let rng = w.rng.clone();
        let prove = |nonce: &str| dpop::prove(&config.dpop_key, "POST", &par, None, Some(nonce), now, &rng).unwrap();
        let form = w.push_form(&config.client_id, &jwt);

        // Without a nonce: asked for one, and the assertion is still good afterwards.
        let bare = dpop::prove(&config.dpop_key, "POST", &par, None, None, now, &w.rng).unwrap();
        let (status, body) = w.post("/oauth/par", &form, Some(&bare)).await;
        assert_eq!((status, body["error"].as_str()), (StatusCode::BAD_REQUEST, Some("use_dpop_nonce")));
        let proof = prove(&nonce);
        let (status, body) = w.post("/oauth/par", &form, Some(&proof)).await;
        assert_eq!(status, StatusCode::CREATED, "{body}");

        // The same assertion with a new proof, and the same proof with a new assertion.
        let (status, body) = w.post("/oauth/par", &form, Some(&prove(&nonce))).await;
        assert_eq!((status, body["error"].as_str()), (StatusCode::UNAUTHORIZED, Some("invalid_client")));
        assert!(body["error_description"].as_str().unwrap().contains("used before"));
        let jwt2 = assertion::make(&config.signing_key, &config.client_id, ISSUER, now, &w.rng).unwrap();
        let form2 = w.push_form(&config.client_id, &jwt2);
        let (status, body) = w.post("/oauth/par", &form2, Some(&proof)).await;
        assert_eq!(
            (status, body["error"].as_str()),
            (StatusCode::BAD_REQUEST, Some("invalid_dpop_proof")),
            "{engine:?}"
        );

        w.restart().await;
        let (status, _) = w.post("/oauth/par", &form, None).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{engine:?}: an assertion stays used after a restart");
        let nonce = w.nonce().await;
        let (status, body) = w.post("/oauth/par", &w.push_form(&config.client_id, &jwt), Some(&prove(&nonce))).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{body}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_is_good_for_one_call_to_one_address_with_one_token() {
    for engine in engines() {
        let w = World::new(engine).await;
        let client = w.client().await;
        let tokens = w.tokens(&client).await;
        let token = tokens.access_token.expose();
        let url = format!("{ISSUER}/oauth/userinfo");
        let nonce = w.nonce().await;
        let now = w.clock.clock().now();
        let key = &client.config().dpop_key;
        let prove = |method: &str, url: &str, token: &str| {
            dpop::prove(key, method, url, Some(token), Some(&nonce), now, &w.rng).unwrap()
        };
        let good = prove("GET", &url, token);
        assert_eq!(w.get("/oauth/userinfo", token, &good).await.0, StatusCode::OK);
        let (status, body) = w.get("/oauth/userinfo", token, &good).await;
        assert_eq!(
            (status, body["error"].as_str()),
            (StatusCode::UNAUTHORIZED, Some("invalid_dpop_proof")),
            "{engine:?}"
        );
        for wrong in [
            prove("POST", &url, token),
            prove("GET", &format!("{ISSUER}/oauth/other"), token),
            prove("GET", &url, "another-token"),
            dpop::prove(
                &SigningKey::generate(Alg::Es256, &w.rng).unwrap(),
                "GET",
                &url,
                Some(token),
                Some(&nonce),
                now,
                &w.rng,
            )
            .unwrap(),
        ] {
            assert_eq!(w.get("/oauth/userinfo", token, &wrong).await.0, StatusCode::UNAUTHORIZED);
        }
        // Many at once, one wins.
        let racing = prove("GET", &url, token);
        let mut won = 0;
        for _ in 0..8 {
            won += usize::from(w.get("/oauth/userinfo", token, &racing).await.0 == StatusCode::OK);
        }
        assert_eq!(won, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn suspension_is_in_force_within_a_second_everywhere() {
    for engine in engines() {
        let w = World::new(engine).await;
        let client = w.client().await;
        let tokens = w.tokens(&client).await;
        let userinfo = Url::parse(&format!("{ISSUER}/oauth/userinfo")).unwrap();
        let id = client.config().client_id.clone();
        // As another node does it: straight into the database.
        let now = w.clock.clock().now();
        let key = id.clone();
        w.db.write(move |tx| {
            provider::store::clients::set_status(
                tx,
                &key,
                Status::Suspended,
                &provider::Terms::default(),
                now.plus(Duration::from_secs(1)),
            )
        })
        .await
        .unwrap();
        w.clock.advance(Duration::from_secs(1));
        let e = client.push(&request()).await.unwrap_err();
        assert_eq!(oauth_code(&e), "unauthorized_client");
        let answer = client.call(Method::GET, &userinfo, &tokens.access_token, None).await.unwrap();
        assert_eq!(answer.status(), StatusCode::FORBIDDEN);
        let body: Value = serde_json::from_slice(answer.body()).unwrap();
        assert_eq!(body["outcome"], "client_suspended");
        assert!(w.provider.set_client_status(&id, Status::Active).await.unwrap());
        client.push(&request()).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_uri_is_nobody_elses_and_not_for_ever() {
    let w = World::new(engines()[0]).await;
    let (client, other) = (w.client().await, w.client().await);
    let pushed = client.push(&request()).await.unwrap();
    let (client_id, uri) = world::split(&pushed.authorization_url);
    let other_id = other.config().client_id.clone();
    let refused = async |client: &str, uri: &str| w.provider.request(client, uri).await.unwrap().unwrap_err();
    assert_eq!(refused(&other_id, &uri).await, RequestRefusal::OtherClient);
    assert_eq!(refused("nobody", &uri).await, RequestRefusal::UnknownClient);
    assert_eq!(
        refused(&client_id, &format!("{}{}", &uri[..uri.len() - 4], "AAAA")).await,
        RequestRefusal::UnknownRequest
    );
    assert_eq!(refused(&client_id, "https://evil.example/request").await, RequestRefusal::Malformed);
    assert!(w.provider.request(&client_id, &uri).await.unwrap().unwrap().fresh);
    w.clock.advance(provider::REQUEST_LIFE);
    assert!(!w.provider.request(&client_id, &uri).await.unwrap().unwrap().fresh);
    w.clock.advance(provider::RETURN_WINDOW);
    assert_eq!(refused(&client_id, &uri).await, RequestRefusal::UnknownRequest);
}

#[tokio::test(flavor = "multi_thread")]
async fn mistakes_are_named() {
    let w = World::new(engines()[0]).await;
    let client = w.client().await;
    let config = client.config();
    let now = w.clock.clock().now();
    let make = |aud: &str| assertion::make(&config.signing_key, &config.client_id, aud, now, &w.rng).unwrap();
    let says = async |path: &str, form: &Form, words: &str| {
        let (status, body) = w.post(path, form, None).await;
        assert!(status.is_client_error(), "{status} {body}");
        let text = body["error_description"].as_str().unwrap_or_default().to_owned();
        assert!(text.contains(words), "{text:?} does not say {words:?}");
    };
    says(
        "/oauth/par",
        &w.push_form(&config.client_id, &make(&format!("{ISSUER}/oauth/token"))),
        "not the address of an endpoint",
    )
    .await;
    says("/oauth/par?response_type=code", &w.push_form(&config.client_id, &make(ISSUER)), "query").await;
    says("/oauth/par", &w.push_form("cl_nobody", &make(ISSUER)), "client_id is not the sub").await;
    let mut form = Form::of([
        ("client_assertion_type", assertion::TYPE),
        ("client_assertion", &make(ISSUER)),
        ("response_type", "code"),
        ("redirect_uri", "https://client.example/calback"),
        ("code_challenge", &sha256_b64url("v")),
        ("code_challenge_method", "S256"),
        ("scope", "openid"),
    ]);
    says("/oauth/par", &form, "the nearest registered one is 'https://client.example/callback'").await;
    form = Form::of([("grant_type", "authorization_code"), ("client_assertion_type", assertion::TYPE)]);
    form.push("client_assertion", make(ISSUER));
    says("/oauth/token", &form, "DPoP header is missing").await;
    let e = description(client.client_credentials(&Scope::of(&["data"])).await.unwrap_err());
    assert!(e.contains("not registered for grant_type client_credentials"), "{e}");
}

#[tokio::test(flavor = "multi_thread")]
async fn registration_refuses_what_must_not_be_there() {
    let w = World::new(engines()[0]).await;
    let key = SigningKey::generate(Alg::Es256, &w.rng).unwrap();
    let mut private = key.jwk().to_value();
    private["d"] = Value::String("secret".to_owned());
    let body = serde_json::json!({ "redirect_uris": [REDIRECT], "client_name": "x", "jwks": { "keys": [private] } });
    let e = w.provider.register(body.to_string().as_bytes()).await.unwrap_err();
    assert!(e.description.contains("private"), "{}", e.description);
    assert!(!e.description.contains("secret"));
    for bad in ["http://evil.example/cb", "https://client.example/cb#x", "javascript:alert(1)"] {
        let body = serde_json::json!({ "redirect_uris": [bad], "client_name": "x", "jwks": { "keys": [key.jwk().to_value()] } });
        w.provider.register(body.to_string().as_bytes()).await.unwrap_err();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_statement_prepares_on_every_engine() {
    let complaints = store::testing::prepare_all(&[provider::MIGRATIONS], provider::store::STATEMENTS).await;
    assert_eq!(complaints, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn old_rows_go_and_living_ones_stay() {
    for engine in engines() {
        let w = World::new(engine).await;
        let client = w.client().await;
        let pushed = client.push(&request()).await.unwrap();
        w.clock.advance(Duration::from_secs(3600));
        w.provider.purge().await.unwrap();
        let (client_id, uri) = world::split(&pushed.authorization_url);
        assert!(w.provider.request(&client_id, &uri).await.unwrap().is_ok(), "a late citizen is still returned");
        w.clock.advance(provider::RETURN_WINDOW);
        w.provider.purge().await.unwrap();
        let rows =
            w.db.read(|tx| tx.query("SELECT id FROM oauth_requests UNION ALL SELECT id FROM oauth_replay", &[])).await;
        assert_eq!(rows.unwrap().len(), 0, "{engine:?}");
        let _: &Provider = &w.provider;
    }
}
