//! Sessions at the mailbox.

use std::time::Duration;

use axum::response::Response;
use base::codec::sha256_b64url;
use web::{Fault, Form, Visit};

use super::limits::Tries;
use super::sign_in::SignedIn;
use super::{AccountId, Kit, NoFields};
use crate::store::sessions::{self, Session};

/// Idle time after which a session ends.
const LIFE: Duration = Duration::from_secs(30 * 60);
/// A session is written again only when it is this much shorter than it could be.
const STEP: Duration = Duration::from_secs(60);

impl Kit {
    /// Who is signed in in this browser.
    ///
    /// # Errors
    /// The database.
    pub async fn session(&self, visit: &Visit) -> Result<Option<AccountId>, Fault> {
        let Some(id) = visit.cookie(&self.0.session).map(sha256_b64url) else { return Ok(None) };
        let now = self.now();
        let key = id.clone();
        let Some(session) = self.db().read(move |tx| sessions::get(tx, &key, now)).await? else { return Ok(None) };
        let longest = now.plus(LIFE);
        if session.expires.plus(STEP) < longest {
            self.db().write(move |tx| sessions::extend(tx, &id, longest)).await?;
        }
        Ok(Some(AccountId(session.account)))
    }

    /// Begins a session for `account` in this browser, in place of any other. The cookie is new, so that
    /// nobody can have planted it.
    ///
    /// # Errors
    /// The database.
    pub async fn begin_session(&self, visit: &Visit, account: &AccountId, by_portal: bool) -> Result<(), Fault> {
        self.write_session(visit, account, by_portal, None).await
    }

    /// The same for somebody who just signed in by password.
    pub(crate) async fn begin_session_for(&self, visit: &Visit, signed_in: SignedIn) -> Result<(), Fault> {
        self.write_session(visit, &signed_in.account, false, signed_in.tries).await
    }

    async fn write_session(
        &self,
        visit: &Visit,
        account: &AccountId,
        by_portal: bool,
        tries: Option<Tries>,
    ) -> Result<(), Fault> {
        let token = self.0.parts.rng.token();
        let id = sha256_b64url(&token);
        let old = visit.cookie(&self.0.session).map(sha256_b64url);
        let now = self.now();
        let session = Session { account: account.0.clone(), by_portal, since: now, expires: now.plus(LIFE) };
        self.db()
            .write(move |tx| {
                if let Some(tries) = &tries {
                    tries.succeeded(tx)?;
                }
                if let Some(old) = &old {
                    sessions::end(tx, old)?;
                }
                sessions::insert(tx, &id, &session)
            })
            .await?;
        visit.set_cookie(&self.0.session, &token)
    }

    /// Ends the session of this browser.
    ///
    /// # Errors
    /// The database.
    pub async fn end_session(&self, visit: &Visit) -> Result<(), Fault> {
        if let Some(id) = visit.cookie(&self.0.session).map(sha256_b64url) {
            self.db().write(move |tx| sessions::end(tx, &id)).await?;
            visit.clear_cookie(&self.0.session);
        }
        Ok(())
    }

    pub(crate) async fn sign_out(&self, visit: Visit, _: Form<NoFields>) -> Result<Response, Fault> {
        self.end_session(&visit).await?;
        Ok(visit.redirect("/sign-in?signed_out=1"))
    }
}
