//! The listener: HTTP/1.1 over TLS, or plain on the loopback or behind a declared proxy.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt as _;

/// How long a client may take to send its request's head; also how long an idle connection is kept.
const HEAD_LIMIT: Duration = Duration::from_secs(30);
/// How long a TLS handshake may take.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(10);
/// How long open requests may go on after the end was asked for.
const DRAIN_LIMIT: Duration = Duration::from_secs(10);
/// Most connections at a time; more wait in the accept queue.
const CONNECTIONS: usize = 8_192;

/// The address of the other end of the connection; behind a proxy what the proxy says ([`behind_proxy`]). A
/// request extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(pub SocketAddr);

/// Certificate and key of a listener.
#[derive(Clone)]
pub struct TlsConfig(Arc<rustls::ServerConfig>);

/// Why a role can't listen.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// Plain HTTP to the outside.
    #[error(
        "plain HTTP on {0} would carry people's sessions in the clear: give --tls-cert and --tls-key, listen on \
         127.0.0.1, or declare the TLS proxy in front with --behind-proxy"
    )]
    Plain(SocketAddr),
    /// A PEM file can't be read.
    #[error("{file} can't be read as PEM: {detail}")]
    Pem {
        /// Which file.
        file: String,
        /// What is wrong.
        detail: String,
    },
    /// Certificate and key do not make a server.
    #[error("certificate and key can't be used: {0}")]
    Tls(#[from] rustls::Error),
}

impl TlsConfig {
    /// From PEM files: the certificate chain (own certificate first) and its private key.
    pub fn from_pem_files(cert: &Path, key: &Path) -> Result<Self, ListenError> {
        let pem = |file: &Path, detail: String| ListenError::Pem { file: file.display().to_string(), detail };
        let chain = CertificateDer::pem_file_iter(cert)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|e| pem(cert, e.to_string()))?;
        if chain.is_empty() {
            return Err(pem(cert, "no certificate in it".to_owned()));
        }
        let key_der = PrivateKeyDer::from_pem_file(key).map_err(|e| pem(key, e.to_string()))?;
        Self::new(chain, key_der)
    }

    /// From DER.
    pub fn new(chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> Result<Self, ListenError> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self(Arc::new(config)))
    }
}

impl std::fmt::Debug for TlsConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TlsConfig")
    }
}

/// Whether a role may listen at `addr` this way: with TLS, on the loopback, or behind a proxy that the
/// operator has declared.
pub fn may_listen(addr: SocketAddr, tls: bool, behind_proxy: bool) -> Result<(), ListenError> {
    if tls || behind_proxy || addr.ip().is_loopback() { Ok(()) } else { Err(ListenError::Plain(addr)) }
}

/// For a role with a declared proxy in front: every [`Peer`] gets the address that the proxy names, the last entry
/// of `X-Forwarded-For`. Those before it were sent by the client and may say anything. Without an entry, or
/// with one that is no address, the proxy's own address stays, so that limits count too much rather than
/// nothing.
pub fn behind_proxy(router: Router) -> Router {
    router.layer(axum::middleware::map_request(async |mut request: axum::extract::Request| {
        let named = request.headers().get_all("x-forwarded-for").iter().next_back().and_then(|v| v.to_str().ok());
        let last = named.and_then(|list| list.rsplit(',').next()).and_then(forwarded_address);
        if let (Some(ip), Some(peer)) = (last, request.extensions_mut().get_mut::<Peer>()) {
            peer.0.set_ip(ip);
        }
        request
    }))
}

/// `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]:4711`.
fn forwarded_address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    bare.parse().ok().or_else(|| text.parse().ok().map(|addr: SocketAddr| addr.ip()))
}

/// Serves until `shutdown` is ready, then lets open requests finish for at most ten seconds.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    tls: Option<TlsConfig>,
    shutdown: impl Future<Output = ()> + Send,
) -> io::Result<()> {
    let acceptor = tls.map(|TlsConfig(config)| TlsAcceptor::from(config));
    let slots = Arc::new(Semaphore::new(CONNECTIONS));
    let (stop, stopped) = watch::channel(false);
    let mut open = JoinSet::new();
    tokio::pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            biased;
            () = &mut shutdown => break,
            Some(_) = open.join_next(), if !open.is_empty() => continue,
            accepted = accept(&listener, &slots) => accepted,
        };
        let Some((stream, addr, slot)) = accepted else { continue };
        let (router, acceptor, stopped) = (router.clone(), acceptor.clone(), stopped.clone());
        open.spawn(async move {
            let _slot = slot;
            match acceptor {
                None => connection(stream, addr, router, stopped).await,
                Some(acceptor) => match tokio::time::timeout(HANDSHAKE_LIMIT, acceptor.accept(stream)).await {
                    Ok(Ok(stream)) => connection(stream, addr, router, stopped).await,
                    Ok(Err(error)) => tracing::debug!(%error, "TLS handshake failed"),
                    Err(_) => tracing::debug!("TLS handshake took too long"),
                },
            }
        });
    }
    drop(listener);
    // Receivers may all be gone; then there is nobody to tell.
    let _ = stop.send(true);
    let drained = async { while open.join_next().await.is_some() {} };
    if tokio::time::timeout(DRAIN_LIMIT, drained).await.is_err() {
        tracing::warn!("connections still open after {DRAIN_LIMIT:?} are cut");
    }
    Ok(())
}

async fn accept(
    listener: &TcpListener,
    slots: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit)> {
    // The semaphore is never closed.
    let slot = slots.clone().acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, addr)) => {
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "no TCP_NODELAY");
            }
            Some((stream, addr, slot))
        }
        Err(error) => {
            // Out of file descriptors, for instance: wait instead of spinning.
            tracing::warn!(%error, "can't accept a connection");
            tokio::time::sleep(Duration::from_millis(100)).await;
            None
        }
    }
}

async fn connection<I>(stream: I, addr: SocketAddr, router: Router, mut stopped: watch::Receiver<bool>)
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let with_peer = router.map_request(move |mut request: http::Request<hyper::body::Incoming>| {
        request.extensions_mut().insert(Peer(addr));
        request
    });
    let service = TowerToHyperService::new(with_peer);
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_LIMIT)
        .max_buf_size(64 * 1024)
        .serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let stop = async { stopped.wait_for(|stop| *stop).await.is_ok() };
    let result = tokio::select! {
        result = connection.as_mut() => result,
        _ = stop => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = result {
        tracing::debug!(%error, "connection ended early");
    }
}
