//! 本番動作確認: a client in `production_verification` is open to its named testers only.
//!
//! The desk gives each tester a link with a token ([`oauth::registry::TesterEntry`]). The first browser that
//! presses the button behind it is bound to the tester (a cookie, hashed at rest), and the first card that is
//! read in that browser's run for the client becomes the tester's. Everybody else is returned before anything
//! happens.

use std::time::Duration;

use base::Timestamp;
use base::codec::sha256_b64url;
use provider::{Client, Status};

use crate::Portal;
use crate::store::testers::{self, TesterRow};

/// How long a browser stays bound to its tester, at most.
pub const BINDING: Duration = Duration::from_secs(30 * 86_400);

/// A tester's link, looked at from one browser.
#[derive(Clone, Debug)]
pub enum Link {
    /// Nobody's, run out, or its client is not in production verification (any more).
    Dead,
    /// Its browser may be bound.
    Open(TesterRow),
    /// This browser is bound to it, until then.
    Ours(TesterRow, Timestamp),
    /// Another browser is bound to it, or this one was for too long: the desk has to make a new link.
    Used(TesterRow),
}

/// Until when the browser of a tester stays bound.
fn bound_until(row: &TesterRow) -> Option<Timestamp> {
    row.bound_at.map(|at| at.plus(BINDING).min(row.not_after))
}

fn is_bound(row: &TesterRow, browser: Option<&str>, now: Timestamp) -> bool {
    row.browser.is_some() && row.browser.as_deref() == browser && bound_until(row).is_some_and(|until| now < until)
}

impl Portal {
    /// What a link is to the browser with this cookie value. A token is compared by its hash.
    ///
    /// # Errors
    /// The database.
    pub async fn tester_link(&self, token: &str, cookie: Option<&str>) -> store::Result<Link> {
        let (hash, now) = (sha256_b64url(token), self.clock().now());
        let Some(row) = self.db().read(move |tx| testers::by_token(tx, &hash)).await? else { return Ok(Link::Dead) };
        let client = self.provider().client(&row.client_id).await?;
        let verifying = client
            .is_some_and(|c| c.status(now) == Status::ProductionVerification && c.terms.tests(&row.tester_id, now));
        let browser = cookie.map(sha256_b64url);
        Ok(match bound_until(&row) {
            _ if !verifying => Link::Dead,
            None => Link::Open(row),
            Some(until) if is_bound(&row, browser.as_deref(), now) => Link::Ours(row, until),
            Some(_) => Link::Used(row),
        })
    }

    /// Binds the browser with this cookie value to the tester of a link; `false` when another was first.
    ///
    /// # Errors
    /// The database.
    pub async fn bind_tester(&self, token: &str, cookie: &str) -> store::Result<bool> {
        let (hash, browser, now) = (sha256_b64url(token), sha256_b64url(cookie), self.clock().now());
        self.db().write(move |tx| testers::bind(tx, &hash, &browser, now)).await
    }

    /// Whom a browser tests a client as, if anybody.
    ///
    /// # Errors
    /// The database.
    pub async fn tester(&self, client: &Client, cookie: Option<&str>) -> store::Result<Option<String>> {
        let Some(browser) = cookie.map(sha256_b64url) else { return Ok(None) };
        let (id, key, now) = (client.id().to_owned(), browser.clone(), self.clock().now());
        let rows = self.db().read(move |tx| testers::by_browser(tx, &id, &key)).await?;
        let ours = |r: &&TesterRow| is_bound(r, Some(&browser), now) && client.terms.tests(&r.tester_id, now);
        Ok(rows.iter().find(ours).map(|r| r.tester_id.clone()))
    }
}
