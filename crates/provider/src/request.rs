//! Pushed requests on their way through the browser.

use std::sync::Arc;
use std::time::Duration;

use base::Timestamp;
use base::codec::sha256_b64url;
use oauth::PushedRequest;
use oauth::pushed::PushedResponse;
use store::Tx;

use crate::store::requests;
use crate::{Client, Provider};

/// How long a browser may take to begin with a `request_uri` (FAPI 2.0: under 600 s).
pub const REQUEST_LIFE: Duration = Duration::from_secs(300);
/// How long we know where a late citizen belongs.
pub const RETURN_WINDOW: Duration = Duration::from_secs(24 * 3600);

/// A request found again.
#[derive(Clone, Debug)]
pub struct LoadedRequest {
    /// Key of the request in storage: a hash of its `request_uri`.
    pub id: String,
    /// Whose it is. It may be suspended by now: [`Client::must_be_active`].
    pub client: Arc<Client>,
    /// What is asked for.
    pub request: PushedRequest,
    /// When it was pushed.
    pub pushed_at: Timestamp,
    /// Whether a browser may still begin with it.
    pub fresh: bool,
    /// Whether it already led to an end.
    pub consumed: bool,
}

/// Why no page can be shown for an address. None of these is ever answered by a redirect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestRefusal {
    /// `client_id` or `request_uri` is missing or malformed; parameters by value are not taken (PAR only).
    Malformed,
    /// No such client.
    UnknownClient,
    /// No such request, or it is too old to know where it came from.
    UnknownRequest,
    /// The request is another client's.
    OtherClient,
}

impl Provider {
    /// Finds the request that a browser brings (RFC 9126 section 4).
    ///
    /// # Errors
    /// Inner: [`RequestRefusal`], for a page; outer: the database.
    pub async fn request(
        &self,
        client_id: &str,
        request_uri: &str,
    ) -> store::Result<Result<LoadedRequest, RequestRefusal>> {
        let Some(handle) = PushedResponse::handle(request_uri) else { return Ok(Err(RequestRefusal::Malformed)) };
        self.request_by_id(client_id, &sha256_b64url(handle)).await
    }

    /// Finds a request again by [`LoadedRequest::id`].
    ///
    /// # Errors
    /// As [`Provider::request`].
    pub async fn request_by_id(
        &self,
        client_id: &str,
        id: &str,
    ) -> store::Result<Result<LoadedRequest, RequestRefusal>> {
        let Some(client) = self.client(client_id).await? else { return Ok(Err(RequestRefusal::UnknownClient)) };
        let key = id.to_owned();
        let Some(row) = self.db().read(move |tx| requests::get(tx, &key)).await? else {
            return Ok(Err(RequestRefusal::UnknownRequest));
        };
        if row.client_id != client_id {
            return Ok(Err(RequestRefusal::OtherClient));
        }
        let now = self.clock().now();
        if now.since(row.created_at) > RETURN_WINDOW {
            return Ok(Err(RequestRefusal::UnknownRequest));
        }
        let request =
            serde_json::from_str(&row.request).map_err(|e| store::Error::inconsistent("oauth_requests.request", e))?;
        Ok(Ok(LoadedRequest {
            id: id.to_owned(),
            client,
            request,
            pushed_at: row.created_at,
            fresh: now < row.expires_at,
            consumed: row.consumed_at.is_some(),
        }))
    }

    /// Uses a request up, in the transaction of what it led to; `false` when it was used before.
    ///
    /// # Errors
    /// The database.
    pub fn consume_request(&self, tx: &mut Tx<'_>, id: &str) -> store::Result<bool> {
        requests::consume(tx, id, self.clock().now())
    }
}
