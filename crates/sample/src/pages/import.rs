//! `POST /import`: fetches the citizen's certificates and fills the form with those that hold.

use axum::extract::State;
use axum::response::Response;
use base::Secret;
use document::Certificate;
use serde::Deserialize;
use web::{Fault, Form, Visit};

use crate::Sample;
use crate::documents::{self, Entry, FetchError, MAX_DOCUMENTS};
use crate::filing::{Accepted, Import, Refused};
use crate::store::runs;

#[derive(Deserialize)]
pub(crate) struct Press {
    run: String,
}

pub(crate) async fn post(State(app): State<Sample>, visit: Visit, Form(press): Form<Press>) -> Result<Response, Fault> {
    let browser = visit.browser().hash();
    let (id, whose) = (press.run, browser.clone());
    let Some(row) = app.0.db.read(move |tx| runs::by_id(tx, &id, &whose)).await? else {
        return Ok(visit.redirect("/"));
    };
    // Page ⑦ sees that the token has ended and offers to connect again, which is short for who is linked.
    let result = format!("/result?run={}", row.id);
    let Some(token) = row.token(&app.0.sealer, app.0.clock.now())? else {
        return Ok(visit.redirect(&result));
    };
    let (certificates, import) = match gather(&app, &token).await {
        Ok(found) => found,
        Err(FetchError::TokenEnded) => {
            let id = row.id;
            app.0.db.write(move |tx| runs::drop_token(tx, &id)).await?;
            return Ok(visit.redirect(&result));
        }
        Err(error) => {
            tracing::warn!(receipt = %visit.receipt(), %error, "no documents could be fetched");
            let trouble = match error {
                FetchError::NotAllowed => "not_allowed",
                FetchError::Roots(_) => "roots",
                FetchError::Portal(_) | FetchError::TokenEnded => "portal",
            };
            (Vec::new(), Import { trouble: Some(trouble.to_owned()), ..Import::default() })
        }
    };
    let (mut filing, _) = app.filing(browser.clone()).await?;
    filing.fill(&certificates, Import { at: app.0.clock.now(), ..import });
    app.save_filing(browser, &filing).await?;
    Ok(visit.redirect("/form"))
}

/// Everything the token opens, checked. One document that does not hold or does not come spoils none of
/// the others.
async fn gather(app: &Sample, token: &Secret<String>) -> Result<(Vec<Certificate>, Import), FetchError> {
    // Before anything is fetched: without roots nothing could be checked.
    app.0.roots.get().await?;
    let client = app.0.portal.client().await.map_err(|e| FetchError::Portal(e.to_string()))?;
    let portal = &app.0.portal_url;
    let listing = documents::list(&client, portal, token).await?;
    let mut certificates = Vec::new();
    let mut import =
        Import { services: listing.services.into_iter().map(|s| (s.id, s.status)).collect(), ..Import::default() };
    for entry in listing.documents.into_iter().take(MAX_DOCUMENTS) {
        let verified = match documents::content(&client, portal, token, &entry.id).await {
            Ok(xml) => app.0.roots.verify(&xml).await?,
            Err(FetchError::TokenEnded) => return Err(FetchError::TokenEnded),
            Err(error) => {
                tracing::warn!(%error, "a document did not come");
                import.refused.push(refused(entry, "not_received"));
                continue;
            }
        };
        match verified {
            Ok(checked) => {
                let certificate = checked.certificate;
                import.accepted.push(Accepted {
                    form: certificate.form(),
                    issuer: certificate.issuer().to_owned(),
                    certified_on: certificate.certified_on().to_string(),
                    service: entry.delivery_service,
                });
                certificates.push(certificate);
            }
            Err(error) => {
                tracing::warn!(%error, "a document was refused");
                import.refused.push(refused(entry, error.reason()));
            }
        }
    }
    Ok((certificates, import))
}

fn refused(entry: Entry, reason: &str) -> Refused {
    let title = if entry.title.is_empty() { entry.id } else { entry.title };
    Refused { title: title.chars().take(100).collect(), service: entry.delivery_service, reason: reason.to_owned() }
}
