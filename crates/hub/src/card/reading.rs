//! From a one-time handle to a verified card.

use base::codec::b64_decode;
use base::outbound::OutboundError;
use bytes::Bytes;
use http::{Method, StatusCode, header};
use journey::CardFailure;
use pki::{AuthCert, CardError, Purpose};
use serde::Deserialize;

use super::{Card, rebuilt};
use crate::Portal;
use crate::store::challenges::ChallengeRow;

/// Most predecessors that are looked at: a person has one card in ten years and a new certificate in five.
const MAX_PREDECESSORS: usize = 16;

/// The reader's answer to a handle.
#[derive(Deserialize)]
#[serde(tag = "result", rename_all = "snake_case")]
enum Redeemed {
    Signed { certificate: String, signature: String },
    Failed { reason: String },
}

impl Portal {
    /// Redeems the handle and checks what it stands for. Uses up nothing here.
    ///
    /// # Errors
    /// Why the reading does not count.
    pub async fn read_card(
        &self,
        challenge: &ChallengeRow,
        purpose: Purpose,
        handle: &str,
    ) -> Result<Card, CardFailure> {
        if challenge.expires_at <= self.clock().now() {
            return Err(CardFailure::TooLate);
        }
        match self.redeem(handle).await? {
            Redeemed::Failed { reason } => Err(match reason.as_str() {
                "pin_locked" => CardFailure::PinLocked,
                "cancelled" => CardFailure::Cancelled,
                "other_card" => CardFailure::OtherCard,
                _ => CardFailure::NotRead,
            }),
            Redeemed::Signed { certificate, signature } => {
                let (Some(certificate), Some(signature)) = (b64_decode(&certificate), b64_decode(&signature)) else {
                    return Err(CardFailure::NotRead);
                };
                self.check_card(challenge, purpose, &certificate, &signature).await
            }
        }
    }

    async fn redeem(&self, handle: &str) -> Result<Redeemed, CardFailure> {
        if handle.is_empty() || handle.len() > 256 {
            return Err(CardFailure::NotRead);
        }
        let body = serde_json::json!({ "handle": handle }).to_string();
        let url = self.config().card.reader.url("/api/redeem");
        match self.post_json(&url, body).await {
            Ok((StatusCode::OK, body)) => serde_json::from_slice(&body).map_err(|_| CardFailure::NotRead),
            // Used or unknown: a reload, a crash in between, or somebody else's.
            Ok((status, _)) if status.is_client_error() => Err(CardFailure::NotRead),
            Ok((status, _)) => {
                tracing::warn!(status = status.as_u16(), "the card reader's site refuses a handle");
                Err(CardFailure::ValidityUnknown)
            }
            Err(e) => {
                tracing::warn!(error = %e, "the card reader's site does not answer");
                Err(CardFailure::ValidityUnknown)
            }
        }
    }

    async fn check_card(
        &self,
        row: &ChallengeRow,
        purpose: Purpose,
        certificate: &[u8],
        signature: &[u8],
    ) -> Result<Card, CardFailure> {
        let cards = &self.0.cards;
        let cert = AuthCert::parse(certificate).map_err(|_| CardFailure::OtherCard)?;
        // Whether the list could be had is told by the check: without one the state is unknown.
        let base = &self.config().card.crl_base;
        let listed = cards.lists.refresh(&cert, &cards.anchors, base, self.outbound(), self.clock().now()).await;
        let challenge = rebuilt(self, row, purpose).ok_or(CardFailure::NotRead)?;
        let none = pki::CrlSet::new();
        let now = self.clock().now();
        let checked = cards.lists.with(|set| {
            let set = if listed { set } else { &none };
            pki::verify(cards.policy, &cards.anchors, set, certificate, signature, &challenge, now)
        });
        match checked {
            Ok(card) => Ok(Card { index: self.card_index(&card.key), key: card.key }),
            Err(e) => {
                let why = failure(&e);
                // The error's text has nothing of the person but the expiry date, which has the birthday.
                if !matches!(e, CardError::Expired { .. }) {
                    tracing::info!(error = %e, "a card reading is refused");
                }
                Err(why)
            }
        }
    }

    /// The keyed indexes of the certificates that this card's holder had before (the number
    /// correspondence of J-LIS). Fails closed: without an answer a card is not taken for a first-timer's.
    ///
    /// # Errors
    /// [`CardFailure::ValidityUnknown`].
    pub async fn predecessors(&self, card: &Card) -> Result<Vec<String>, CardFailure> {
        #[derive(Deserialize)]
        struct Answer {
            predecessors: Vec<String>,
        }
        let Some(url) = &self.config().card.predecessors else { return Ok(Vec::new()) };
        let serial = card.key.serial_hex();
        let body = serde_json::json!({ "serial": serial.expose(), "aki": card.key.aki_hex() }).to_string();
        let answer: Answer = match self.post_json(url.as_str(), body).await {
            Ok((StatusCode::OK, body)) => serde_json::from_slice(&body).map_err(|_| CardFailure::ValidityUnknown)?,
            Ok((status, _)) => {
                tracing::warn!(status = status.as_u16(), "the number correspondence refuses");
                return Err(CardFailure::ValidityUnknown);
            }
            Err(e) => {
                tracing::warn!(error = %e, "the number correspondence does not answer");
                return Err(CardFailure::ValidityUnknown);
            }
        };
        let keys = answer.predecessors.iter().take(MAX_PREDECESSORS).map(|serial| card.key.with_serial_hex(serial));
        keys.map(|key| key.map(|k| self.card_index(&k)).ok_or(CardFailure::ValidityUnknown)).collect()
    }

    async fn post_json(&self, url: &str, body: String) -> Result<(StatusCode, Bytes), OutboundError> {
        let request = http::Request::builder()
            .method(Method::POST)
            .uri(url)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT, "application/json")
            .body(Bytes::from(body))
            .map_err(|_| OutboundError::Forbidden(url.to_owned()))?;
        let response = self.outbound().send(request).await?;
        Ok((response.status(), response.into_body()))
    }
}

/// What the run hears of a refused reading.
fn failure(e: &CardError) -> CardFailure {
    match e {
        CardError::Expired { not_after } => CardFailure::CertExpired { not_after: Some(*not_after) },
        CardError::Revoked => CardFailure::CertRevoked,
        CardError::RevocationUnknown(_) | CardError::IssuerExpired | CardError::NotYetValid { .. } => {
            CardFailure::ValidityUnknown
        }
        CardError::ChallengeExpired => CardFailure::TooLate,
        CardError::BadSignature => CardFailure::NotRead,
        _ => CardFailure::OtherCard,
    }
}
