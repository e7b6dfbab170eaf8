//! ⑥: done here; and the way back, which makes the code.

use axum::extract::Path;
use axum::response::Response;
use base::Timestamp;
use http::{HeaderMap, Method};
use oauth::rar::Granted;
use oauth::response::Redirect;
use provider::{GrantBody, NewGrant, Provider};
use serde::Serialize;
use serde_json::Map;
use std::time::Duration;
use web::{Fault, Visit};

use super::authorize::Run;
use super::{Kit, not_now, only_looks};
use crate::store::sign_ins;

/// How long tokens may live on the grant of one return: the portal needs it for one `PUT`.
const GRANT_LIFE: Duration = Duration::from_secs(10 * 60);

#[derive(Serialize)]
struct LinkedPage {
    portal: String,
    display: String,
    masked: String,
    /// When the citizen allowed it.
    at: Timestamp,
    /// Until when they may go back.
    until: Timestamp,
    back: String,
}

impl Kit {
    /// `GET …/done`: ⑥.
    pub(crate) async fn link_done(&self, visit: Visit, Path(id): Path<String>) -> Result<Response, Fault> {
        let run = match self.run(&visit, &id).await? {
            Ok(run) => run,
            Err(stop) => return Ok(self.stopped(&visit, &stop)),
        };
        if let Some(elsewhere) = Self::astray(&visit, &run, "done") {
            return Ok(elsewhere);
        }
        let Some((account, _)) = run.signed_in() else { return self.where_it_is(&visit, &run).await };
        let masked = self.0.accounts.shown(&account).await?.map(|s| s.masked).unwrap_or_default();
        let until = run.linkage.as_ref().and_then(|l| l.expires).unwrap_or(run.now);
        let page = LinkedPage {
            portal: self.portal_name(visit.lang()),
            display: run.token.display.clone(),
            masked,
            at: until.minus(super::OFFER_LIFE),
            until,
            back: run.path("return"),
        };
        Ok(visit.page("linked.html", "linked").step(4).receipt().with(page).respond())
    }

    /// `GET …/return`: a fresh code; the one before dies. A browser that only looks ahead gets nothing.
    pub(crate) async fn link_return(
        &self,
        visit: Visit,
        Path(id): Path<String>,
        method: Method,
        headers: HeaderMap,
    ) -> Result<Response, Fault> {
        if only_looks(&method, &headers) {
            return Ok(not_now());
        }
        let run = match self.run(&visit, &id).await? {
            Ok(run) => run,
            Err(stop) => return Ok(self.stopped(&visit, &stop)),
        };
        if let Some(elsewhere) = Self::astray(&visit, &run, "done") {
            return Ok(elsewhere);
        }
        let Some(grant) = self.grant(&run) else { return self.where_it_is(&visit, &run).await };
        let provider = self.provider().clone();
        let request = run.id().to_owned();
        let code = self
            .db()
            .write(move |tx| {
                if let Some(old) = sign_ins::get(tx, &request)?.and_then(|s| s.code) {
                    provider.drop_code(tx, &old)?;
                }
                let code = provider.issue_code(tx, &grant)?;
                sign_ins::set_code(tx, &request, &Provider::code_hash(&code))?;
                Ok::<_, store::Error>(code)
            })
            .await?;
        let to = Redirect {
            redirect_uri: &run.request.request.redirect_uri,
            state: run.request.request.state.as_deref(),
            issuer: self.provider().issuer(),
            outcome: None,
        }
        .code(&code);
        Ok(visit.redirect(&to))
    }

    /// What this run granted.
    fn grant(&self, run: &Run) -> Option<NewGrant> {
        let (account, auth_time) = run.signed_in()?;
        let request = &run.request.request;
        Some(NewGrant {
            client_id: request.client_id.clone(),
            account: account.0,
            subject: run.linkage.as_ref()?.account_sub.clone()?,
            expires: run.now.plus(GRANT_LIFE),
            body: GrantBody {
                redirect_uri: request.redirect_uri.as_str().to_owned(),
                code_challenge: request.code_challenge.clone(),
                dpop_jkt: request.dpop_jkt.clone(),
                nonce: request.nonce.clone(),
                scope: request.scope.clone(),
                auth_time,
                acr: None,
                details: vec![Granted::Linkage { linkage_id: run.token.linkage_id.clone() }],
                extra: Map::new(),
                private: Map::new(),
                tester: None,
            },
        })
    }
}
