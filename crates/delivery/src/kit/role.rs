//! What the kit's authorization server asks of a pushed request.

use std::sync::Arc;

use async_trait::async_trait;
use base::Clock;
use base::outbound::Outbound;
use jose::KeySet;
use oauth::pushed::Prompt;
use oauth::remote_keys::RemoteKeys;
use oauth::{ErrorCode, OAuthError, PushedRequest};
use provider::{Client, Role};
use store::Db;

use super::subject::{Expected, SubjectToken};
use crate::store::linkages::{self, State};

/// The portal's keys, fetched when needed.
#[derive(Clone)]
pub(crate) struct PortalKeys {
    pub(crate) keys: Arc<RemoteKeys>,
    pub(crate) outbound: Outbound,
    pub(crate) clock: Clock,
}

impl PortalKeys {
    /// The keys that may have signed `token`.
    ///
    /// # Errors
    /// Why they can't be fetched, in words.
    pub(crate) async fn of(&self, token: &str) -> Result<KeySet, String> {
        let kid = jose::jws::peek::<serde::de::IgnoredAny>(token).ok().and_then(|(header, _)| header.kid);
        self.keys.get(&self.outbound, &self.clock, kid.as_deref()).await.map_err(|e| e.to_string())
    }
}

/// The kit's judgement of pushed requests.
pub(crate) struct KitRole {
    pub(crate) issuer: String,
    pub(crate) portal: String,
    pub(crate) portal_client: String,
    pub(crate) keys: PortalKeys,
    pub(crate) db: Db,
    pub(crate) clock: Clock,
}

#[async_trait]
impl Role for KitRole {
    async fn check_pushed(&self, client: &Client, request: &PushedRequest) -> Result<(), OAuthError> {
        if client.id() != self.portal_client {
            return Err(OAuthError::new(ErrorCode::UnauthorizedClient, "only the portal links accounts here"));
        }
        let details = |text: String| OAuthError::new(ErrorCode::InvalidAuthorizationDetails, text);
        let asked = request
            .authorization_details
            .linkage()
            .ok_or_else(|| details("authorization_details has to name one linkage".to_owned()))?;
        if !request.openid() || !request.scope.has("linkage") {
            return Err(OAuthError::new(ErrorCode::InvalidScope, "scope has to be 'openid linkage'"));
        }
        if !request.prompts(Prompt::Login) {
            return Err(OAuthError::invalid_request("prompt has to be login: a link needs a fresh sign-in"));
        }
        let keys = self.keys.of(&asked.subject_token).await.map_err(|e| {
            OAuthError::new(ErrorCode::TemporarilyUnavailable, format!("the portal's keys can't be fetched: {e}"))
        })?;
        let now = self.clock.now();
        let expect = Expected { portal: &self.portal, issuer: &self.issuer, linkage_id: &asked.linkage_id, now };
        SubjectToken::check(&asked.subject_token, &keys, &expect).map_err(|e| details(e.to_string()))?;

        // The citizen should not be sent through our pages for a linkage that can't come any more.
        let (portal, id) = (self.portal.clone(), asked.linkage_id.clone());
        let known = self.db.read(move |tx| linkages::get(tx, &portal, &id)).await.map_err(|e| {
            tracing::error!(error = %e, "linkages can't be read");
            OAuthError::new(ErrorCode::TemporarilyUnavailable, "too busy for a moment; try again").status(503)
        })?;
        match known.map(|l| l.state_at(now)) {
            None | Some(State::Offered) => Ok(()),
            Some(state) => Err(details(format!("this linkage is {} already; begin a new one", state.as_str()))
                .with("linkage_state", state.as_str())),
        }
    }
}
