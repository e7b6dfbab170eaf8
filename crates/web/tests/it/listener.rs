//! The listener.

use std::path::Path;
use std::time::Duration;

use base::outbound::{Http as _, OutboundError};
use bytes::Bytes;
use web::outbound::Client;
use web::serve::{ListenError, TlsConfig, may_listen};
use web::{Environment, Origin, Route, Routes, Who};

use crate::{listen, site, start};

fn fixture(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/tls").join(name)
}

fn get(url: &str) -> http::Request<Bytes> {
    http::Request::builder().uri(url).body(Bytes::new()).unwrap()
}

const TABLE: &[Route] = &[Route::get("/slow", Who::Public), Route::get("/peer", Who::Public)];

fn router(origin: &str) -> axum::Router {
    Routes::new(&site(origin, Environment::Test), TABLE)
        .get("/slow", async || {
            tokio::time::sleep(Duration::from_millis(400)).await;
            "done"
        })
        .get("/peer", async |peer: axum::Extension<web::serve::Peer>| peer.0.0.ip().to_string())
        .build(())
        .unwrap()
}

#[tokio::test]
async fn open_requests_finish_before_the_end() {
    let (listener, origin) = listen().await;
    let (stop, served) = start(listener, router(origin.as_str()), None);
    let client = Client::builder(Environment::Test).build().unwrap();
    assert_eq!(client.send(get(&origin.url("/peer"))).await.unwrap().body(), "127.0.0.1");
    let asked = tokio::spawn({
        let (client, url) = (std::sync::Arc::new(client), origin.url("/slow"));
        async move { client.send(get(&url)).await }
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    stop.notify_one();
    assert_eq!(asked.await.unwrap().unwrap().body(), "done");
    tokio::time::timeout(Duration::from_secs(5), served).await.expect("ends soon").unwrap().unwrap();
    let client = Client::builder(Environment::Test).build().unwrap();
    assert!(matches!(client.send(get(&origin.url("/peer"))).await, Err(OutboundError::Connect(_))));
}

#[tokio::test]
async fn tls_from_pem_files() {
    let (listener, plain) = listen().await;
    let origin = Origin::parse(&plain.as_str().replace("http:", "https:")).unwrap();
    let tls = TlsConfig::from_pem_files(&fixture("cert.pem"), &fixture("key.pem")).unwrap();
    let (_stop, _served) = start(listener, router(origin.as_str()), Some(tls));
    let ca = std::fs::read(fixture("ca.pem")).unwrap();
    let trusting = Client::builder(Environment::Test).root(&ca).build().unwrap();
    let answer = trusting.send(get(&origin.url("/peer"))).await.unwrap();
    assert_eq!(answer.body(), "127.0.0.1");
    assert!(answer.headers().contains_key("strict-transport-security"));
    let stranger = Client::builder(Environment::Test).build().unwrap();
    assert!(matches!(stranger.send(get(&origin.url("/peer"))).await, Err(OutboundError::Connect(_))));
    assert!(stranger.send(get(&plain.url("/peer"))).await.is_err(), "no plain HTTP on a TLS port");
}

#[test]
fn bad_files_and_plain_listeners_are_named() {
    let error = TlsConfig::from_pem_files(&fixture("README.md"), &fixture("key.pem")).unwrap_err();
    assert!(matches!(&error, ListenError::Pem { file, .. } if file.ends_with("README.md")), "{error}");
    let error = TlsConfig::from_pem_files(&fixture("cert.pem"), &fixture("absent.pem")).unwrap_err();
    assert!(matches!(&error, ListenError::Pem { file, .. } if file.ends_with("absent.pem")), "{error}");
    let other_key = TlsConfig::from_pem_files(&fixture("ca.pem"), &fixture("key.pem")).unwrap_err();
    assert!(matches!(other_key, ListenError::Tls(_)), "{other_key}");
    let outside = "0.0.0.0:8080".parse().unwrap();
    assert!(may_listen(outside, false, false).unwrap_err().to_string().contains("--behind-proxy"));
    assert!(may_listen(outside, true, false).is_ok() && may_listen(outside, false, true).is_ok());
    assert!(may_listen("127.0.0.1:8080".parse().unwrap(), false, false).is_ok());
}

#[tokio::test]
async fn behind_a_proxy_the_last_forwarded_address_counts() {
    let (listener, origin) = listen().await;
    let (_stop, _served) = start(listener, web::serve::behind_proxy(router(origin.as_str())), None);
    let client = Client::builder(Environment::Test).build().unwrap();
    let (_direct, direct_origin) = {
        let (listener, origin) = listen().await;
        (start(listener, router(origin.as_str()), None), origin)
    };
    for (sent, seen) in [
        (None, "127.0.0.1"),
        (Some("198.51.100.7"), "198.51.100.7"),
        // What the client claims stands before what the proxy adds.
        (Some("10.0.0.1, 203.0.113.9"), "203.0.113.9"),
        (Some("203.0.113.9:52100"), "203.0.113.9"),
        (Some("2001:db8::7"), "2001:db8::7"),
        (Some("[2001:db8::7]:52100"), "2001:db8::7"),
        (Some("[2001:db8::7]"), "2001:db8::7"),
        (Some("198.51.100.7, unknown"), "127.0.0.1"),
        (Some(""), "127.0.0.1"),
    ] {
        let mut request = get(&origin.url("/peer"));
        let mut direct = get(&direct_origin.url("/peer"));
        if let Some(sent) = sent {
            request.headers_mut().insert("x-forwarded-for", sent.parse().unwrap());
            direct.headers_mut().insert("x-forwarded-for", sent.parse().unwrap());
        }
        assert_eq!(client.send(request).await.unwrap().body(), seen, "{sent:?}");
        assert_eq!(client.send(direct).await.unwrap().body(), "127.0.0.1", "nobody declared a proxy");
    }
}
