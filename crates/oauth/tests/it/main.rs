//! The client of this room against a server made of this room, in memory.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]

mod server;

use std::sync::Arc;
use std::time::Duration;

use base::outbound::Outbound;
use base::{FakeClock, Rng, Secret, Timestamp};
use bytes::Bytes;
use http::{Method, StatusCode};
use jose::{Alg, SigningKey};
use oauth::fapi::{AuthorizationRequest, Client, ClientError, Config, Pushed};
use oauth::pushed::Prompt;
use oauth::rar::{AttributeLinkage, Detail, Details, Granted, IfLinked, ServiceRequest};
use oauth::response::AuthorizationResponse;
use oauth::{ErrorCode, Scope};
use server::{BACK, ISSUER, Server};

struct World {
    time: FakeClock,
    server: Arc<Server>,
    client: Client,
}

fn world() -> World {
    let time = FakeClock::at(Timestamp::from_secs(1_780_000_000));
    let rng = Rng::seeded(42);
    let signing_key = SigningKey::generate(Alg::Es256, &rng).unwrap();
    let server = Arc::new(Server::new(&signing_key, time.clock()));
    let config = Config {
        issuer: ISSUER.to_owned(),
        client_id: "tax-service".to_owned(),
        signing_key,
        dpop_key: SigningKey::generate(Alg::EdDsa, &rng).unwrap(),
    };
    let http: Outbound = server.clone();
    let client = Client::new(config, http, time.clock(), rng);
    World { time, server, client }
}

fn request() -> AuthorizationRequest {
    AuthorizationRequest {
        redirect_uri: BACK.to_owned(),
        scope: Scope::of(&["openid"]),
        authorization_details: Details::of(vec![Detail::AttributeLinkage(AttributeLinkage {
            delivery_services: vec![ServiceRequest { id: "mailbox".to_owned(), message: Some("⑤ \"&=".to_owned()) }],
            if_linked: IfLinked::Return,
        })]),
        prompt: vec![Prompt::Login],
        ui_locales: Some("ja en".to_owned()),
        ..AuthorizationRequest::default()
    }
}

/// The citizen agrees; the code that comes back.
fn go_through(world: &World, pushed: &Pushed) -> Secret<String> {
    let redirect = world.server.agree(&pushed.authorization_url);
    let (_, query) = redirect.split_once('?').unwrap();
    match pushed.read(query).unwrap() {
        AuthorizationResponse::Code { code, outcome } => {
            assert_eq!(outcome.as_deref(), Some("linked"));
            code
        }
        AuthorizationResponse::Error { error, .. } => panic!("{error}"),
    }
}

#[tokio::test]
async fn a_complete_run() {
    let w = world();
    let pushed = w.client.push(&request()).await.unwrap();
    assert!(
        pushed.authorization_url.starts_with("https://portal.example/authorize?client_id=tax-service&request_uri=urn")
    );
    // Kept with the browser's session as JSON.
    let pushed: Pushed = serde_json::from_str(&serde_json::to_string(&pushed).unwrap()).unwrap();
    w.time.advance(Duration::from_secs(30));
    let code = go_through(&w, &pushed);
    let tokens = w.client.exchange(&pushed, &code).await.unwrap();
    let id_token = tokens.id_token.as_ref().unwrap();
    assert_eq!(id_token.sub, "pairwise-1");
    assert_eq!(tokens.response.extra["user_status"]["registered"], true);
    match tokens.response.granted().as_slice() {
        [Granted::AttributeLinkage { delivery_services }] => {
            assert_eq!(delivery_services[0].reply.as_deref(), Some("⑤ \"&="));
        }
        other => panic!("{other:?}"),
    }
    let url = "https://portal.example/api/v1/user-status?x=1".parse().unwrap();
    let answer = w.client.call(Method::GET, &url, &tokens.access_token, None).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    // The server's nonce ran out in the meantime: the client takes the new one and repeats once.
    w.time.advance(Duration::from_secs(200));
    let body = Some(("application/json", Bytes::from("{}")));
    let answer = w.client.call(Method::PUT, &url, &tokens.access_token, body).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let answer = w.client.call(Method::GET, &url, &Secret::new("another".to_owned()), None).await.unwrap();
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    w.time.advance(Duration::from_secs(200));
    let streamed = w.client.stream(&url, &tokens.access_token, 100).await.unwrap();
    assert_eq!(streamed.status(), StatusCode::OK);
    // Once only.
    let again = w.client.exchange(&pushed, &code).await.unwrap_err();
    assert_eq!(again.code(), Some("invalid_grant"));
}

#[tokio::test]
async fn a_token_for_the_client_itself() {
    let w = world();
    let tokens = w.client.client_credentials(&Scope::of(&["status"])).await.unwrap();
    assert_eq!(tokens.response.scope.as_deref(), Some("status"));
    assert_eq!(tokens.expires_at, Some(w.time.clock().now().plus(Duration::from_secs(300))));
    let e = w.client.client_credentials(&Scope::of(&["admin"])).await.unwrap_err();
    assert_eq!(e.code(), Some("invalid_scope"));
}

#[tokio::test]
async fn a_server_that_plays_false_is_found_out() {
    use server::Lie;
    for lie in [
        Lie::Nonce,
        Lie::Audience,
        Lie::Issuer,
        Lie::Signature,
        Lie::OldSignIn,
        Lie::Expired,
        Lie::NoIdToken,
        Lie::Bearer,
    ] {
        let w = world();
        let pushed = w.client.push(&request()).await.unwrap();
        let code = go_through(&w, &pushed);
        w.server.lie(lie);
        let e = w.client.exchange(&pushed, &code).await.unwrap_err();
        assert!(matches!(e, ClientError::IdToken(_) | ClientError::Protocol(_)), "{lie:?}: {e}");
    }
    let w = world();
    w.server.lie(Lie::Discovery);
    assert!(matches!(w.client.push(&request()).await, Err(ClientError::Protocol(_))));
    // A server that asks for a nonce for ever is asked twice, not for ever.
    let w = world();
    w.server.lie(Lie::AlwaysNonce);
    let e = w.client.client_credentials(&Scope::default()).await.unwrap_err();
    assert_eq!(e.code(), Some("use_dpop_nonce"));
    assert_eq!(w.server.token_requests(), 2);
}

#[tokio::test]
async fn new_keys_are_fetched_and_lost_answers_are_told() {
    let w = world();
    let pushed = w.client.push(&request()).await.unwrap();
    let code = go_through(&w, &pushed);
    w.client.exchange(&pushed, &code).await.unwrap();
    w.server.rotate_keys();
    w.time.advance(Duration::from_secs(11));
    let pushed = w.client.push(&request()).await.unwrap();
    let code = go_through(&w, &pushed);
    w.client.exchange(&pushed, &code).await.unwrap();
    w.server.lie(server::Lie::Silent);
    let e = w.client.push(&request()).await.unwrap_err();
    assert!(matches!(e, ClientError::Network(_)), "{e}");
}

#[tokio::test]
async fn mixed_up_redirects_are_refused() {
    let w = world();
    let one = w.client.push(&request()).await.unwrap();
    let two = w.client.push(&request()).await.unwrap();
    let redirect = w.server.agree(&two.authorization_url);
    let (_, query) = redirect.split_once('?').unwrap();
    assert!(one.read(query).is_err());
    assert!(two.read(&query.replace("portal.example", "other.example")).is_err());
    assert!(two.read(&query.replace("iss=", "is=")).is_err());
    assert!(two.read(&format!("{query}&error=access_denied")).is_err());
    assert!(two.read(&format!("{query}&code=x")).is_err());
    // A code of one request does not work with the verifier of another.
    let AuthorizationResponse::Code { code, .. } = two.read(query).unwrap() else { panic!("no code") };
    let e = w.client.exchange(&one, &code).await.unwrap_err();
    assert_eq!(e.code(), Some("invalid_grant"));
    assert!(e.to_string().contains("code_verifier"), "{e}");
}

#[tokio::test]
async fn refusals_name_the_mistake() {
    let w = world();
    let mut wrong = request();
    wrong.redirect_uri = "https://tax.example/calback".to_owned();
    let e = w.client.push(&wrong).await.unwrap_err();
    assert!(e.to_string().contains("nearest registered one is 'https://tax.example/callback?from=portal'"), "{e}");
    w.time.advance(Duration::from_secs(1));
    let mut wrong = request();
    wrong.extra = vec![("request_uri".to_owned(), "urn:x".to_owned())];
    assert_eq!(w.client.push(&wrong).await.unwrap_err().code(), Some(ErrorCode::InvalidRequest.as_str()));
}

#[tokio::test]
async fn a_client_registers_itself() {
    let w = world();
    let http: Outbound = w.server.clone();
    let metadata = w.client.metadata().await.unwrap();
    let id = oauth::fapi::register(&http, &metadata, &server::client_metadata(&w.client.config().signing_key)).await;
    assert_eq!(id.unwrap(), "tax-service");
}
