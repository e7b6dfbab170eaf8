//! `/outbox`: the e-mails that the test environment kept instead of sending. In production the route does not exist.

use axum::extract::Path;
use axum::response::{IntoResponse as _, Response};
use mail::{Entry, State};
use serde::Serialize;
use web::{Fault, Page, Refusal, Visit};

use crate::Accounts;

const SHOWN: u32 = 100;

#[derive(Debug, Serialize)]
struct ListPage {
    mails: Vec<Entry>,
}

#[derive(Debug, Serialize)]
struct MailPage {
    mail: Entry,
    parts: Vec<Part>,
}

/// A piece of the text: addresses of ours are links.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Part {
    text: String,
    /// Path of ours.
    href: Option<String>,
}

/// Cuts a text where an address of ours stands.
fn parts(text: &str, origin: &str) -> Vec<Part> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(origin) {
        let tail = &rest[at + origin.len()..];
        let end = tail.find(|c: char| !c.is_ascii_graphic()).unwrap_or(tail.len());
        let path = &tail[..end];
        out.push(Part { text: rest[..at].to_owned(), href: None });
        let href = crate::session::own_path(path).map(str::to_owned);
        out.push(Part { text: format!("{origin}{path}"), href });
        rest = &tail[end..];
    }
    out.push(Part { text: rest.to_owned(), href: None });
    out.retain(|part| !part.text.is_empty());
    out
}

pub(crate) fn list_page(visit: &Visit, mails: Vec<Entry>) -> Page {
    visit.page("accounts/outbox.html", "outbox").with(ListPage { mails })
}

pub(crate) fn mail_page(visit: &Visit, mail: Entry) -> Page {
    let text = mail.content.as_ref().map_or("", |c| c.text.as_str());
    let parts = parts(text, visit.site().origin().as_str());
    visit.page("accounts/outbox-mail.html", "outbox-mail").with(MailPage { mail, parts }).back("/outbox").no_referrer()
}

impl Accounts {
    pub(crate) async fn outbox(&self, visit: Visit) -> Result<Response, Fault> {
        let mailer = self.0.mailer.clone();
        let mails = self.db().read(move |tx| {
            let mut all = mailer.list(tx, State::Kept, None, SHOWN)?;
            all.extend(mailer.list(tx, State::Queued, None, SHOWN)?);
            all.sort_by(|a, b| b.id.cmp(&a.id));
            Ok::<_, store::Error>(all)
        });
        Ok(list_page(&visit, mails.await?).respond())
    }

    pub(crate) async fn outbox_mail(&self, visit: Visit, Path(id): Path<String>) -> Result<Response, Fault> {
        let mailer = self.0.mailer.clone();
        Ok(match self.db().read(move |tx| mailer.get(tx, &id)).await? {
            Some(mail) => mail_page(&visit, mail).respond(),
            None => Refusal::NotFound.into_response(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_addresses_become_links() {
        let found = parts("See http://localhost:7104/x/y?z=1\nand http://evil.example/", "http://localhost:7104");
        let links: Vec<_> = found.iter().filter_map(|p| p.href.as_deref()).collect();
        assert_eq!(links, ["/x/y?z=1"]);
        let text: String = found.iter().map(|p| p.text.as_str()).collect();
        assert_eq!(text, "See http://localhost:7104/x/y?z=1\nand http://evil.example/");
        assert_eq!(parts("http://localhost:7104//evil.example", "http://localhost:7104")[0].href, None);
    }
}
