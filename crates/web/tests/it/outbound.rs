//! Outbound HTTP against real listeners.

use std::time::Duration;

use base::outbound::{Http as _, OutboundError};
use bytes::Bytes;
use futures_util::StreamExt as _;
use http::Request;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use web::outbound::Client;
use web::{Environment, Origin};

use crate::listen;

/// Answers every connection with these bytes, and keeps it open when `hold`.
async fn raw(answer: &'static str, hold: bool) -> Origin {
    let (listener, origin) = listen().await;
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                let mut buffer = [0; 4096];
                let _ = stream.read(&mut buffer).await;
                let _ = stream.write_all(answer.as_bytes()).await;
                if hold {
                    tokio::time::sleep(Duration::from_secs(30)).await;
                }
            });
        }
    });
    origin
}

fn request(url: &str) -> Request<Bytes> {
    Request::builder().uri(url).body(Bytes::new()).unwrap()
}

fn client() -> Client {
    Client::builder(Environment::Test)
        .body_limit(100)
        .time_limits(Duration::from_millis(300), Duration::from_millis(500))
        .build()
        .unwrap()
}

#[tokio::test]
async fn redirects_come_back_as_they_are() {
    let origin = raw("HTTP/1.1 302 Found\r\nlocation: http://localhost:1/\r\ncontent-length: 0\r\n\r\n", false).await;
    let answer = client().send(request(&origin.url("/"))).await.unwrap();
    assert_eq!(answer.status(), 302);
    assert_eq!(answer.headers()["location"], "http://localhost:1/");
}

#[tokio::test]
async fn large_answers_are_cut_off() {
    let announced = raw("HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n", true).await;
    assert!(matches!(client().send(request(&announced.url("/"))).await, Err(OutboundError::TooLarge(100))));
    let long: &'static str = Box::leak(
        format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n80\r\n{}\r\n0\r\n\r\n", "x".repeat(128))
            .into_boxed_str(),
    );
    let chunked = raw(long, false).await;
    assert!(matches!(client().send(request(&chunked.url("/"))).await, Err(OutboundError::TooLarge(100))));
    let stream = client().stream(request(&chunked.url("/")), 100).await.unwrap();
    let pieces: Vec<_> = stream.into_body().collect().await;
    assert!(matches!(pieces.last(), Some(Err(OutboundError::TooLarge(100)))), "{pieces:?}");
    let stream = client().stream(request(&chunked.url("/")), 128).await.unwrap();
    let pieces: Vec<_> = stream.into_body().map(|p| p.unwrap().len()).collect().await;
    assert_eq!(pieces.iter().sum::<usize>(), 128);
}

#[tokio::test]
async fn silence_is_a_timeout_and_nobody_is_no_connection() {
    let silent = raw("", true).await;
    assert!(matches!(client().send(request(&silent.url("/"))).await, Err(OutboundError::Timeout)));
    let (listener, gone) = listen().await;
    drop(listener);
    let error = client().send(request(&gone.url("/path?secret=1"))).await.unwrap_err();
    assert!(matches!(&error, OutboundError::Connect(text) if !text.contains("secret")), "{error}");
    let cut = raw("HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nhalf", false).await;
    assert!(matches!(client().send(request(&cut.url("/"))).await, Err(OutboundError::Connect(_))));
}

#[tokio::test]
async fn addresses_that_may_not_be_called() {
    let ok = raw("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", false).await;
    let test = client();
    assert_eq!(test.send(request(&ok.url("/"))).await.unwrap().body(), "ok");
    for url in
        ["http://portal.example.jp/", "http://192.168.0.1/", "ftp://localhost/", "https://user:pw@portal.example.jp/"]
    {
        let error = test.send(request(url)).await.unwrap_err();
        assert!(matches!(&error, OutboundError::Forbidden(text) if !text.contains("pw")), "{url}: {error}");
    }
    let production = Client::builder(Environment::Production).build().unwrap();
    for url in [
        &*ok.url("/"),
        "https://localhost/",
        "https://127.0.0.1/",
        "https://10.1.2.3/",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://[fd00::1]/",
        "https://0x7f000001/",
        "https://2130706433/",
        "https://100.64.0.1/",
    ] {
        let error = production.send(request(url)).await.unwrap_err();
        assert!(matches!(error, OutboundError::Forbidden(_)), "{url}: {error}");
    }
    let allowed = Client::builder(Environment::Production).peer(&ok).build().unwrap();
    assert_eq!(allowed.send(request(&ok.url("/"))).await.unwrap().body(), "ok");
    let neighbour = raw("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nno", false).await;
    let error = allowed.send(request(&neighbour.url("/"))).await.unwrap_err();
    assert!(matches!(error, OutboundError::Forbidden(_)), "another port of a peer's host is no peer: {error}");
}
