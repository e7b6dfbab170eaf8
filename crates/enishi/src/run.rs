//! Running roles: listeners, background work, a clean end.

use std::future::Future;
use std::net::SocketAddr;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use web::serve::TlsConfig;

use crate::config::{ConfigError, File};
use crate::roles::{Built, Handle, World};

/// A role that listens.
pub struct Running {
    /// The role itself.
    pub handle: Handle,
    server: JoinHandle<()>,
    background: JoinHandle<()>,
}

impl Running {
    /// Waits until open requests are answered (the stop signal must have been given), and ends the
    /// background work.
    pub async fn finish(self) {
        // A role's task ends by itself or was cut by the runtime; there is nothing to mend here.
        let _ = self.server.await;
        self.background.abort();
    }
}

/// Binds the role's address: before anything is built, so that a taken port is told first.
///
/// # Errors
/// Plain HTTP to the outside, TLS files that can't be read, an address in use.
pub async fn bind(file: &File) -> Result<(TcpListener, Option<TlsConfig>), ConfigError> {
    let tls = match (&file.tls_cert, &file.tls_key) {
        (Some(cert), Some(key)) => {
            Some(TlsConfig::from_pem_files(cert, key).map_err(|e| ConfigError::new(e.to_string()))?)
        }
        (None, None) => None,
        _ => return Err(ConfigError::new("tls_cert and tls_key belong together: one of them is missing")),
    };
    web::serve::may_listen(file.listen, tls.is_some(), file.behind_proxy)
        .map_err(|e| ConfigError::new(e.to_string()))?;
    let listener = listen(file.listen).await?;
    Ok((listener, tls))
}

async fn listen(addr: SocketAddr) -> Result<TcpListener, ConfigError> {
    TcpListener::bind(addr).await.map_err(|e| {
        ConfigError::new(format!("can't listen on {addr}: {e}; choose another port or stop what runs there"))
    })
}

/// Starts serving a built role until `stop` says so.
pub fn start(
    built: Built,
    listener: TcpListener,
    tls: Option<TlsConfig>,
    behind_proxy: bool,
    stop: watch::Receiver<bool>,
) -> Running {
    let Built { router, background, handle, origin } = built;
    let router = if behind_proxy { web::serve::behind_proxy(router) } else { router };
    let server = tokio::spawn(async move {
        if let Err(error) = web::serve(listener, router, tls, stopped(stop)).await {
            tracing::error!(%error, %origin, "the listener ended");
        }
    });
    Running { handle, server, background: tokio::spawn(background) }
}

async fn stopped(mut stop: watch::Receiver<bool>) {
    // An error means that the sender is gone, which is a stop too.
    let _ = stop.wait_for(|s| *s).await;
}

/// Serves one role until Ctrl-C or SIGTERM.
///
/// # Errors
/// In words for the operator.
pub async fn serve(file: &File, world: &World) -> Result<(), ConfigError> {
    let (listener, tls) = bind(file).await?;
    let built = crate::roles::build(file, world).await?;
    tracing::info!(role = %file.role, origin = %built.origin, listen = %file.listen, "ready");
    let (stop, stopping) = watch::channel(false);
    let running = start(built, listener, tls, file.behind_proxy, stopping);
    interrupted().await;
    tracing::info!(role = %file.role, "stopping");
    let _ = stop.send(true);
    running.finish().await;
    Ok(())
}

/// Ready at Ctrl-C or SIGTERM.
pub fn interrupted() -> impl Future<Output = ()> + Send {
    use tokio::signal::unix::{SignalKind, signal};
    // Registered now, not when first polled: a signal during start-up counts.
    let mut terminate = signal(SignalKind::terminate()).ok();
    let mut interrupt = signal(SignalKind::interrupt()).ok();
    async move {
        let wait = async |s: &mut Option<tokio::signal::unix::Signal>| match s {
            Some(s) => {
                s.recv().await;
            }
            None => std::future::pending().await,
        };
        tokio::select! {
            () = wait(&mut terminate) => {}
            () = wait(&mut interrupt) => {}
        }
    }
}
