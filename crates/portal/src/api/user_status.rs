//! `GET /api/v1/user-status`: ② again, for the services that this client is approved for.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, Method, Uri};

use super::{ApiError, grant, with_nonce};
use hub::Portal;
use hub::role::scopes;

pub(super) async fn get(State(portal): State<Portal>, method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let access = match portal.provider().access(&method, uri.path(), &headers, scopes::USER_STATUS).await {
        Ok(access) => access,
        Err(refusal) => return refusal.into_response(),
    };
    let answer = async {
        let citizen = &grant(&access)?.account;
        let status = portal.user_status(citizen, &access.client).await?;
        Ok::<_, ApiError>(Json(status).into_response())
    };
    with_nonce(&portal, answer.await)
}
