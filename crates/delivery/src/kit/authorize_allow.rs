//! The permission page, with both accounts masked; and E7b when one of them is linked with another.

use axum::extract::Path;
use axum::response::Response;
use base::codec::sha256_b64url;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use web::{Fault, Form, Visit};

use super::authorize::Run;
use super::{AccountId, Kit, OFFER_LIFE};
use crate::store::linkages::{self, Conflict, Offer};
use crate::store::{sessions, sign_ins};

/// What the permission page sends: for whom the person said yes, so that a permission given on a stale
/// page is never one for another account.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct AllowForm {
    account: String,
}

#[derive(Serialize)]
struct AllowPage {
    portal: String,
    portal_host: String,
    /// Masked name at the portal.
    display: String,
    /// Masked account here.
    masked: String,
    /// Ties the button to the account on the page.
    account: String,
    allow: String,
    deny: String,
    other_account: String,
}

#[derive(Serialize)]
struct ConflictPage {
    portal: String,
    masked: String,
    other_account: String,
    cancel: String,
}

impl Kit {
    pub(super) async fn is_conflict(&self, account: &AccountId, subject: &str) -> Result<bool, Fault> {
        let (portal, account, subject) =
            (self.portal_issuer().to_owned(), account.as_str().to_owned(), subject.to_owned());
        let found = self.db().read(move |tx| linkages::conflict(tx, &portal, &account, &subject)).await?;
        Ok(found == Conflict::Other)
    }

    /// What stands on the form in place of the account's id.
    fn account_mark(&self, run: &Run, account: &AccountId) -> String {
        self.0.parts.sealer.blind_index("sign_ins.account", format!("{}\n{}", run.id(), account.as_str()).as_bytes())
    }

    async fn conflict_page(&self, visit: &Visit, run: &Run, masked: String) -> Response {
        visit
            .page("conflict.html", "conflict")
            .status(StatusCode::CONFLICT)
            .error("E7b")
            .step(4)
            .with(ConflictPage {
                portal: self.portal_name(visit.lang()),
                masked,
                other_account: run.path("other-account"),
                cancel: run.path("cancel"),
            })
            .form_action(self.0.config.portal.issuer.clone())
            .at(run.path("allow"))
            .respond()
    }

    /// `GET …/allow`
    pub(crate) async fn link_allow(&self, visit: Visit, Path(id): Path<String>) -> Result<Response, Fault> {
        let run = match self.run(&visit, &id).await? {
            Ok(run) => run,
            Err(stop) => return Ok(self.stopped(&visit, &stop)),
        };
        if let Some(elsewhere) = Self::astray(&visit, &run, "allow") {
            return Ok(elsewhere);
        }
        let Some((account, _)) = run.signed_in() else { return self.where_it_is(&visit, &run).await };
        let Some(shown) = self.0.accounts.shown(&account).await? else {
            return Ok(visit.redirect(&run.path("sign-in")));
        };
        if self.is_conflict(&account, &run.token.sub).await? {
            return Ok(self.conflict_page(&visit, &run, shown.masked).await);
        }
        let page = AllowPage {
            portal: self.portal_name(visit.lang()),
            portal_host: self.0.config.portal.issuer.authority().to_owned(),
            display: run.token.display.clone(),
            masked: shown.masked,
            account: self.account_mark(&run, &account),
            allow: run.path("allow"),
            deny: run.path("deny"),
            other_account: run.path("other-account"),
        };
        let portal = self.0.config.portal.issuer.clone();
        Ok(visit.page("allow.html", "allow").step(4).with(page).form_action(portal).respond())
    }

    /// `POST …/allow`: the offer (W1).
    pub(crate) async fn link_allow_post(
        &self,
        visit: Visit,
        Path(id): Path<String>,
        Form(form): Form<AllowForm>,
    ) -> Result<Response, Fault> {
        let run = match self.run(&visit, &id).await? {
            Ok(run) => run,
            Err(stop) => return Ok(self.stopped(&visit, &stop)),
        };
        if let Some(elsewhere) = Self::astray(&visit, &run, "allow") {
            return Ok(elsewhere);
        }
        let Some((account, auth_time)) = run.signed_in() else { return self.where_it_is(&visit, &run).await };
        if !base::codec::same(form.account.as_bytes(), self.account_mark(&run, &account).as_bytes()) {
            // Another account signed in since this page was shown: ask again.
            return Ok(visit.redirect(&run.path("allow")));
        }
        let now = self.now();
        let offer = Offer {
            id: run.token.linkage_id.clone(),
            portal: self.portal_issuer().to_owned(),
            account: account.0.clone(),
            account_sub: String::new(),
            subject: run.token.sub.clone(),
            display: run.token.display.clone(),
            nonce: run.token.nonce.clone(),
            subject_token_hash: sha256_b64url(&run.token_text),
            request: run.id().to_owned(),
            auth_time,
            expires: now.plus(OFFER_LIFE),
        };
        let provider = self.provider().clone();
        let client = self.0.config.portal.client_id.clone();
        let (request, browser) = (run.id().to_owned(), visit.browser().hash());
        let offered = self
            .db()
            .write(move |tx| {
                if linkages::conflict(tx, &offer.portal, &offer.account, &offer.subject)? == Conflict::Other {
                    return Ok(false);
                }
                if !sign_ins::allow(tx, &request, &browser, &offer.account)? {
                    return Ok(false);
                }
                let account_sub = sessions::subject(tx, &offer.account, &client, &provider.new_subject())?;
                // `false`: the portal has withdrawn it. The run then ends with the way back.
                linkages::offer(tx, &Offer { account_sub, ..offer }, now)?;
                provider.consume_request(tx, &request)?;
                Ok::<_, store::Error>(true)
            })
            .await?;
        if offered { Ok(visit.redirect(&run.path("done"))) } else { self.where_it_is(&visit, &run).await }
    }
}
