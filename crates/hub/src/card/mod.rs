//! Card checks for every purpose: identification at ③, sign-in to the citizen's page, unlinking.
//!
//! ```text
//! begin (challenge in the transaction of its reason) ─▶ the reader's own site ─▶ /card/return/{id}?handle=
//!   ─▶ redeem (once) ─▶ pki::verify ─▶ what the purpose makes of it
//! ```
//!
//! The PIN is typed at the reader's site and never comes here. No certificate and no serial number is
//! stored: a keyed index of the certificate finds its citizen again.

mod reading;
mod revocation;

use std::time::Duration;

use base::codec::{b64url, b64url_decode};
use base::{Lang, Timestamp};
use journey::CardFailure;
use pki::{Anchors, CardKey, Challenge, Policy, Purpose};
use store::Tx;
use url::Url;
use web::{Browser, Fault};

use crate::Portal;
use crate::config::Config;
use crate::store::challenges::{self, ChallengeRow};
use crate::store::citizens;

/// How long a citizen may take at the reader.
pub const CHALLENGE_LIFE: Duration = Duration::from_secs(300);

/// What the portal needs to judge a card.
pub struct Cards {
    policy: Policy,
    anchors: Anchors,
    lists: revocation::Lists,
}

impl Cards {
    /// Reads the roots.
    ///
    /// # Errors
    /// Roots that can't be read.
    pub fn new(config: &Config) -> Result<Self, Fault> {
        let anchors = Anchors::from_pem(&config.card.anchors_pem)
            .map_err(|e| Fault::from(e).context("the roots of the card hierarchy"))?;
        let policy = Policy { environment: config.card_environment() };
        Ok(Self { policy, anchors, lists: revocation::Lists::default() })
    }
}

/// A card that passed every check.
pub struct Card {
    /// Keyed index of its certificate: what `citizens.card_index` holds.
    pub index: String,
    /// What identifies the certificate; not to be stored.
    pub key: CardKey,
}

impl std::fmt::Debug for Card {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Card")
    }
}

/// Whose card it is.
#[derive(Debug, PartialEq, Eq)]
pub enum Holder {
    /// This citizen's.
    Citizen(String),
    /// Nobody's who is registered.
    Unknown,
    /// A renewed card: its predecessor is registered.
    Renewed,
    /// The predecessors have to be asked for first ([`Portal::predecessors`]), outside the transaction.
    AskPredecessors,
}

/// A challenge that has begun: send the browser to `url`.
#[derive(Clone, Debug)]
pub struct Begun {
    /// The challenge.
    pub id: String,
    /// The reader's address with the challenge in it.
    pub url: String,
}

impl Portal {
    /// Makes a challenge for this browser, in the transaction of its reason.
    ///
    /// # Errors
    /// The database.
    pub fn begin_card(
        &self,
        tx: &mut Tx<'_>,
        id: &str,
        browser: &Browser,
        purpose: Purpose,
        journey: Option<&str>,
        lang: Lang,
    ) -> store::Result<Begun> {
        let now = self.clock().now();
        let row = ChallengeRow {
            id: id.to_owned(),
            browser: browser.hash(),
            journey_id: journey.map(str::to_owned),
            purpose: purpose.as_str().to_owned(),
            nonce: self.rng().bytes::<32>().to_vec(),
            // Whole seconds count in the signed bytes.
            expires_at: Timestamp::from_secs(now.plus(CHALLENGE_LIFE).secs()),
            used_at: None,
        };
        challenges::insert(tx, &row, now)?;
        Ok(Begun { id: row.id.clone(), url: self.reader_url(&row, lang) })
    }

    /// A new challenge id.
    pub fn new_challenge_id(&self) -> String {
        format!("chl_{}", base::id::ulid(self.clock().now(), self.rng()))
    }

    /// Where the browser goes with a challenge.
    pub fn reader_url(&self, row: &ChallengeRow, lang: Lang) -> String {
        let origin = &self.config().origin;
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query
            .append_pair("origin", origin.as_str())
            .append_pair("nonce", &b64url(&row.nonce))
            .append_pair("session", &row.browser)
            .append_pair("expires", &row.expires_at.secs().to_string())
            .append_pair("purpose", &row.purpose)
            .append_pair("return_to", &origin.url(&format!("/card/return/{}", row.id)))
            .append_pair("ui_locales", lang.tag());
        self.config().card.reader.url(&format!("/read?{}", query.finish()))
    }

    /// Whose card it is. `predecessors`: what [`Portal::predecessors`] gave, or `None` at the first try.
    ///
    /// # Errors
    /// The database.
    pub fn holder(&self, tx: &mut Tx<'_>, card: &Card, predecessors: Option<&[String]>) -> store::Result<Holder> {
        if let Some(citizen) = citizens::by_card(tx, &card.index)? {
            return Ok(Holder::Citizen(citizen));
        }
        match predecessors {
            None if self.config().card.predecessors.is_some() => Ok(Holder::AskPredecessors),
            None => Ok(Holder::Unknown),
            Some(indexes) => {
                for index in indexes {
                    if citizens::by_card(tx, index)?.is_some() {
                        return Ok(Holder::Renewed);
                    }
                }
                Ok(Holder::Unknown)
            }
        }
    }

    /// The keyed index of a certificate.
    pub(crate) fn card_index(&self, key: &CardKey) -> String {
        self.sealer().blind_index("citizens.card_index", key.canonical().expose())
    }
}

/// What the way back from the reader hands to the purpose of a challenge: a browser that made it, and a reading.
pub struct Reading {
    /// The challenge, not used up yet: the purpose does that in the transaction of what it makes of it
    /// ([`challenges::use_up`]), and does nothing when it was used before.
    pub challenge: ChallengeRow,
    /// The card, or why it does not count.
    pub result: Result<Card, CardFailure>,
}

/// The challenge as it was sent out, to be checked against the signature.
fn rebuilt(portal: &Portal, row: &ChallengeRow, purpose: Purpose) -> Option<Challenge> {
    Some(Challenge {
        origin: pki::Origin::parse(portal.config().origin.as_str())?,
        nonce: row.nonce.as_slice().try_into().ok()?,
        session_hash: b64url_decode(&row.browser)?.try_into().ok()?,
        expires: row.expires_at,
        purpose,
    })
}

/// An address below a configured one.
fn below(base: &Url, path: &str) -> Option<Url> {
    Url::parse(&format!("{}/{path}", base.as_str().trim_end_matches('/'))).ok()
}
