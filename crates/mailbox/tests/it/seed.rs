//! Links that both sides know from the start, for tests that begin there.

use base::Timestamp;
use jose::jws;

use delivery::kit::{CONFIRMATION_TYP, Confirmation, OFFER_LIFE};
use delivery::store::linkages::{self, Activation, Offer};
use mailbox::Delivery;

/// A link that both sides are to know from the start, as the portal's seeding makes it up.
#[derive(Clone, Debug)]
pub struct SeedLink {
    /// The portal's id of it.
    pub linkage_id: String,
    /// The account here.
    pub email: String,
    /// The portal's pairwise subject for this service.
    pub subject: String,
    /// Masked name at the portal.
    pub display: String,
    /// What would have been the subject token's nonce.
    pub nonce: String,
    /// Since when.
    pub linked_at: Timestamp,
}

/// Writes a link and gives its confirmation; `None` when that account or that subject is linked already.
pub async fn seed_link(delivery: &Delivery, link: SeedLink) -> Option<String> {
    let kit = delivery.kit();
    let account = delivery.post().account_by_email(&link.email).await.unwrap().unwrap();
    let account_sub = kit.subject_of(&account).await.unwrap();
    let portal = kit.config().portal.issuer.as_str().to_owned();
    let hash = base::codec::sha256_b64url(&format!("seed {}", link.linkage_id));
    let confirmation = jws::sign(
        kit.provider().signing_key(),
        CONFIRMATION_TYP,
        &Confirmation {
            iss: kit.issuer().to_owned(),
            aud: portal.clone(),
            linkage_id: link.linkage_id.clone(),
            nonce: link.nonce.clone(),
            sub: link.subject.clone(),
            account: account_sub.clone(),
            auth_time: link.linked_at.secs(),
            linked_at: link.linked_at.secs(),
            subject_token_hash: hash.clone(),
            jti: link.linkage_id.clone(),
            iat: link.linked_at.secs(),
        },
    )
    .unwrap();
    let at = link.linked_at;
    let offer = Offer {
        id: link.linkage_id,
        portal,
        account: account.0,
        account_sub,
        subject: link.subject,
        display: link.display,
        nonce: link.nonce,
        subject_token_hash: hash,
        request: String::new(),
        auth_time: at,
        expires: at.plus(OFFER_LIFE),
    };
    let activation = Activation { message: None, reply: None, confirmation: confirmation.clone() };
    let written = kit
        .db()
        .write(move |tx| {
            if linkages::conflict(tx, &offer.portal, &offer.account, &offer.subject)? != linkages::Conflict::None
                || linkages::get(tx, &offer.portal, &offer.id)?.is_some()
            {
                return Ok::<_, store::Error>(false);
            }
            linkages::offer(tx, &offer, at)?;
            let (id, account, hash) = (&offer.id, &offer.account, &offer.subject_token_hash);
            linkages::activate(tx, &offer.portal, id, account, hash, &activation, at)
        })
        .await
        .unwrap();
    written.then_some(confirmation)
}
