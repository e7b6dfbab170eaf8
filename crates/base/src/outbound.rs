//! Outbound HTTP as an argument.
//!
//! Rooms that talk to another role take an [`Outbound`]; the real one (limits on size, time,
//! redirects and addresses) is in the `web` room, and tests put one in front of it that delays,
//! drops or cuts.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;

/// A request with its whole body.
pub type Request = http::Request<Bytes>;
/// A response with its whole body.
pub type Response = http::Response<Bytes>;

/// Sends one request and reads the whole answer, within the implementation's limits of size and
/// time. Never follows redirects: a redirect of a back channel is somebody else's idea of where
/// our secrets go.
#[async_trait]
pub trait Http: Send + Sync + 'static {
    /// Sends `request`, whose URI is absolute.
    async fn send(&self, request: Request) -> Result<Response, OutboundError>;

    /// Sends `request` and hands over the body as it arrives, for content that is relayed. At most
    /// `limit` bytes; more is an error of the stream.
    async fn stream(&self, request: Request, limit: u64) -> Result<http::Response<BodyStream>, OutboundError>;
}

/// A body that arrives in pieces.
pub type BodyStream = std::pin::Pin<Box<dyn futures_core::Stream<Item = Result<Bytes, OutboundError>> + Send>>;

/// A shared [`Http`].
pub type Outbound = Arc<dyn Http>;

/// Why no answer came.
#[derive(Debug, thiserror::Error)]
pub enum OutboundError {
    /// The address may not be called: wrong scheme, or a private address in production.
    #[error("the address {0} may not be called from here")]
    Forbidden(String),
    /// Nobody answered, the connection broke, or TLS failed.
    #[error("no connection: {0}")]
    Connect(String),
    /// No answer in time. Whether the other side acted is unknown.
    #[error("no answer in time")]
    Timeout,
    /// The answer was larger than allowed.
    #[error("the answer was larger than {0} bytes")]
    TooLarge(u64),
}
