//! The portal's own tokens for documents at the delivery services.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use base::{Secret, Timestamp};
use oauth::Scope;
use oauth::fapi::ClientError;
use parking_lot::Mutex;

use crate::deliveries::Delivery;

/// The scope of the document resource there.
const DOCUMENTS: &str = "documents";
/// A token that ends sooner than this is not begun with.
const MARGIN: Duration = Duration::from_secs(20);

type Slot = tokio::sync::Mutex<Option<(Secret<String>, Timestamp)>>;

/// One token for each delivery service, by client credentials. Callers at the same moment wait for one
/// request instead of making one each.
#[derive(Default)]
pub struct Tokens(Mutex<HashMap<(String, String), Arc<Slot>>>);

impl Tokens {
    fn slot(&self, delivery: &Delivery) -> Arc<Slot> {
        let key = (delivery.config.issuer.clone(), delivery.config.client_id.clone());
        self.0.lock().entry(key).or_default().clone()
    }

    /// A token for documents.
    ///
    /// # Errors
    /// What the client says.
    pub async fn get(&self, delivery: &Delivery, now: Timestamp) -> Result<Secret<String>, ClientError> {
        let slot = self.slot(delivery);
        let mut kept = slot.lock().await;
        if let Some((token, until)) = &*kept
            && now.plus(MARGIN) < *until
        {
            return Ok(token.clone());
        }
        let tokens = delivery.client().client_credentials(&Scope::of(&[DOCUMENTS])).await?;
        *kept = Some((tokens.access_token.clone(), tokens.expires_at.unwrap_or(now)));
        Ok(tokens.access_token)
    }

    /// Forgets a token that was refused, unless another caller has got a new one meanwhile.
    pub async fn refused(&self, delivery: &Delivery, token: &Secret<String>) {
        let slot = self.slot(delivery);
        let mut kept = slot.lock().await;
        if kept.as_ref().is_some_and(|(known, _)| known.expose() == token.expose()) {
            *kept = None;
        }
    }
}
