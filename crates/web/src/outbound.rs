//! Outbound HTTP: the one place that talks to other machines.
//!
//! Addresses come from configuration and, at API users, from registrations (`jwks_uri`), so a caller of
//! ours must not be able to make us fetch from our own network: no redirects, `https` only (or `http` to
//! this machine), in production no private addresses, judged on the addresses the name resolves to and
//! then connected to (no second look-up in between), limits on size and time.

use std::collections::BTreeSet;
use std::error::Error as StdError;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use base::outbound::{BodyStream, Http, OutboundError, Request, Response};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

use crate::Environment;
use crate::origin::is_loopback;

/// The real [`Http`]: pooled connections, limits, and the rules above.
pub struct Client {
    inner: reqwest::Client,
    rules: Arc<Rules>,
    body_limit: u64,
    time_limit: Duration,
    stream_limit: Duration,
}

/// Makes a [`Client`].
#[derive(Clone, Debug)]
pub struct ClientBuilder {
    environment: Environment,
    peers: BTreeSet<String>,
    roots: Vec<Vec<u8>>,
    body_limit: u64,
    connect_limit: Duration,
    time_limit: Duration,
    stream_limit: Duration,
}

/// Why no client can be made.
#[derive(Debug, thiserror::Error)]
#[error("outbound HTTP can't start: {0}")]
pub struct ClientError(String);

impl Client {
    /// A builder with the house's limits: 1 MiB, 3 s to connect, 10 s in all, 60 s for a stream.
    pub fn builder(environment: Environment) -> ClientBuilder {
        ClientBuilder {
            environment,
            peers: BTreeSet::new(),
            roots: Vec::new(),
            body_limit: 1024 * 1024,
            connect_limit: Duration::from_secs(3),
            time_limit: Duration::from_secs(10),
            stream_limit: Duration::from_secs(60),
        }
    }

    async fn start(&self, request: Request, limit: Duration) -> Result<reqwest::Response, OutboundError> {
        let (parts, body) = request.into_parts();
        let text = parts.uri.to_string();
        let url = Url::parse(&text).map_err(|_| OutboundError::Forbidden(plain(&text)))?;
        self.rules.check(&url)?;
        let mut request = reqwest::Request::new(parts.method, url);
        *request.headers_mut() = parts.headers;
        if !body.is_empty() {
            *request.body_mut() = Some(body.into());
        }
        *request.timeout_mut() = Some(limit);
        self.inner.execute(request).await.map_err(explain)
    }
}

impl ClientBuilder {
    /// Allows private addresses of a configured peer (`host:port` as in its URL) in production too, for
    /// roles that run side by side in one network.
    #[must_use]
    pub fn peer(mut self, origin: &crate::Origin) -> Self {
        self.peers.insert(origin.as_str().to_owned());
        self
    }

    /// Trusts a further certificate authority (PEM), for peers with certificates of a private one.
    #[must_use]
    pub fn root(mut self, pem: &[u8]) -> Self {
        self.roots.push(pem.to_vec());
        self
    }

    /// Largest answer in bytes.
    #[must_use]
    pub const fn body_limit(mut self, bytes: u64) -> Self {
        self.body_limit = bytes;
        self
    }

    /// Longest time to connect and in all.
    #[must_use]
    pub const fn time_limits(mut self, connect: Duration, total: Duration) -> Self {
        self.connect_limit = connect;
        self.time_limit = total;
        self
    }

    /// Longest time for a streamed answer.
    #[must_use]
    pub const fn stream_limit(mut self, limit: Duration) -> Self {
        self.stream_limit = limit;
        self
    }

    /// The client.
    pub fn build(self) -> Result<Client, ClientError> {
        let rules = Arc::new(Rules { environment: self.environment, peers: self.peers.clone() });
        let mut roots = Vec::new();
        for pem in &self.roots {
            roots.extend(reqwest::Certificate::from_pem_bundle(pem).map_err(|e| ClientError(e.to_string()))?);
        }
        let with_system = self.base(&rules).tls_certs_merge(roots.clone()).build();
        let inner = with_system.or_else(|error| {
            // A machine without certificate authorities (a bare container) can still run roles that talk
            // over the loopback or to peers with certificates of a private authority.
            tracing::warn!(error = causes(&error), "the system's certificate authorities can't be used; going without");
            self.base(&rules).tls_certs_only(roots).build()
        });
        let inner = inner.map_err(|e| ClientError(causes(&e)))?;
        Ok(Client {
            inner,
            rules,
            body_limit: self.body_limit,
            time_limit: self.time_limit,
            stream_limit: self.stream_limit,
        })
    }

    #[expect(clippy::disallowed_methods, reason = "the one place that makes HTTP clients")]
    fn base(&self, rules: &Arc<Rules>) -> reqwest::ClientBuilder {
        reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            // A proxy from the environment would resolve names behind our back.
            .no_proxy()
            .dns_resolver(Arc::new(Resolver(rules.clone())))
            .connect_timeout(self.connect_limit)
            // Shorter than the idle limit of our own listener, so that a connection is rarely reused
            // at the moment the other side closes it.
            .pool_idle_timeout(Duration::from_secs(20))
            .tcp_nodelay(true)
            .user_agent(concat!("enishi/", env!("CARGO_PKG_VERSION")))
            .referer(false)
    }
}

#[async_trait]
impl Http for Client {
    async fn send(&self, request: Request) -> Result<Response, OutboundError> {
        let mut answer = self.start(request, self.time_limit).await?;
        let limit = self.body_limit;
        if answer.content_length().is_some_and(|n| n > limit) {
            return Err(OutboundError::TooLarge(limit));
        }
        let mut body = BytesMut::new();
        while let Some(piece) = answer.chunk().await.map_err(explain)? {
            if (body.len() + piece.len()) as u64 > limit {
                return Err(OutboundError::TooLarge(limit));
            }
            body.extend_from_slice(&piece);
        }
        Ok(parts(&answer, body.freeze()))
    }

    async fn stream(&self, request: Request, limit: u64) -> Result<http::Response<BodyStream>, OutboundError> {
        let answer = self.start(request, self.stream_limit).await?;
        if answer.content_length().is_some_and(|n| n > limit) {
            return Err(OutboundError::TooLarge(limit));
        }
        let head = parts(&answer, ());
        let mut taken = 0;
        let mut done = false;
        let pieces = answer.bytes_stream().map(move |piece| {
            let piece: Bytes = piece.map_err(explain)?;
            taken += piece.len() as u64;
            if taken > limit { Err(OutboundError::TooLarge(limit)) } else { Ok(piece) }
        });
        // After an error nothing more may come: what follows would look like the rest of the content.
        let until_error = pieces.take_while(move |piece| {
            let go_on = !done;
            done |= piece.is_err();
            std::future::ready(go_on)
        });
        let stream: BodyStream = Box::pin(until_error);
        Ok(head.map(|()| stream))
    }
}

fn parts<B>(answer: &reqwest::Response, body: B) -> http::Response<B> {
    let mut out = http::Response::new(body);
    *out.status_mut() = answer.status();
    *out.headers_mut() = answer.headers().clone();
    out
}

/// Scheme, host and path: queries and users may hold secrets.
fn plain(url: &str) -> String {
    let end = url.find(['?', '#']).unwrap_or(url.len());
    let url = &url[..end];
    match (url.find("://"), url.rfind('@')) {
        (Some(scheme), Some(at)) if at > scheme => format!("{}{}", &url[..scheme + 3], &url[at + 1..]),
        _ => url.to_owned(),
    }
}

fn explain(error: reqwest::Error) -> OutboundError {
    let mut source: Option<&(dyn StdError + 'static)> = Some(&error);
    while let Some(e) = source {
        if let Some(refused) = e.downcast_ref::<Refused>() {
            return OutboundError::Forbidden(refused.0.clone());
        }
        source = e.source();
    }
    if error.is_timeout() { OutboundError::Timeout } else { OutboundError::Connect(causes(&error.without_url())) }
}

fn causes(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}

#[derive(Debug)]
struct Rules {
    environment: Environment,
    peers: BTreeSet<String>,
}

#[derive(Debug, Clone, thiserror::Error)]
#[error("{0} has no address that may be called")]
struct Refused(String);

impl Rules {
    /// Scheme and, for addresses in numbers, the address. Names are judged when they are resolved.
    fn check(&self, url: &Url) -> Result<(), OutboundError> {
        let refused = || OutboundError::Forbidden(plain(url.as_str()));
        let peer = self.peers.contains(&url.origin().ascii_serialization());
        let scheme_ok = match url.scheme() {
            "https" => true,
            "http" => is_loopback(url) && (peer || self.environment == Environment::Test),
            _ => false,
        };
        let host_ok = match url.host() {
            Some(Host::Ipv4(ip)) => peer || self.may_call(ip.into()),
            Some(Host::Ipv6(ip)) => peer || self.may_call(ip.into()),
            Some(Host::Domain(_)) => true,
            None => false,
        };
        let bare = url.username().is_empty() && url.password().is_none();
        if scheme_ok && host_ok && bare { Ok(()) } else { Err(refused()) }
    }

    fn may_call(&self, ip: IpAddr) -> bool {
        self.environment == Environment::Test || is_public(ip)
    }

    /// Whether any configured peer has this host name; the resolver does not learn the port.
    fn is_peer_host(&self, host: &str) -> bool {
        self.peers.iter().filter_map(|origin| Url::parse(origin).ok()).any(|url| url.host_str() == Some(host))
    }

    fn keep(&self, host: &str, found: impl Iterator<Item = SocketAddr>) -> Vec<SocketAddr> {
        let peer = self.is_peer_host(host);
        let this_machine = host == "localhost" || host.ends_with(".localhost");
        found
            .filter(|addr| match this_machine {
                // "localhost" that leads elsewhere would carry plain HTTP over the network.
                true => addr.ip().is_loopback() && (peer || self.environment == Environment::Test),
                false => peer || self.may_call(addr.ip()),
            })
            .collect()
    }
}

struct Resolver(Arc<Rules>);

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let rules = self.0.clone();
        Box::pin(async move {
            let host = name.as_str().to_owned();
            let found = tokio::net::lookup_host((host.as_str(), 0)).await?;
            let kept = rules.keep(&host, found);
            if kept.is_empty() {
                return Err(Refused(host).into());
            }
            let addrs: Addrs = Box::new(kept.into_iter());
            Ok(addrs)
        })
    }
}

/// Whether an address belongs to the public Internet: not private, loopback, link-local, shared,
/// documentation, multicast or reserved (IANA special-purpose address registries, RFC 6890).
fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    !(a == 0
        || ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_multicast()
        || ip.is_documentation()
        || a >= 240
        || (a == 100 && (64..128).contains(&b)) // RFC 6598 shared address space
        || (a == 192 && b == 0 && c == 0) // RFC 6890 protocol assignments
        || (a == 192 && b == 88 && c == 99) // RFC 7526 deprecated 6to4 relay
        || (a == 198 && (18..20).contains(&b))) // RFC 2544 benchmarking
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    if let Some(v4) = ip.to_ipv4_mapped() {
        return is_public_v4(v4);
    }
    let s = ip.segments();
    if s[..6] == [0x64, 0xff9b, 0, 0, 0, 0] {
        // RFC 6052: a translated IPv4 address is as public as that one.
        return is_public_v4(Ipv4Addr::from((u32::from(s[6]) << 16) | u32::from(s[7])));
    }
    // Only global unicast 2000::/3, less its special parts.
    (s[0] & 0xe000) == 0x2000
        && !(s[0] == 0x2001 && s[1] < 0x0200) // RFC 2928 protocol assignments, Teredo among them
        && !(s[0] == 0x2001 && s[1] == 0x0db8) // documentation
        && s[0] != 0x2002 // 6to4 can hold any IPv4 address
        && !(s[0] == 0x3fff && s[1] < 0x1000) // RFC 9637 documentation
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Client({:?})", self.rules)
    }
}
