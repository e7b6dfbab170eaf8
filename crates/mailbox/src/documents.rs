//! The mailbox's documents.

use std::time::Duration;

use async_trait::async_trait;
use base::{Lang, Timestamp, calendar};
use bytes::Bytes;
use document::samples::{self, issuer_named};
use document::{Certificate, Form, KeyAndCertificate};
use jiff::civil::{Date, date};
use web::Fault;

use crate::Post;
use crate::Samples;
use crate::issuers::Issuers;
use crate::store::accounts::{self, AccountRow};
use crate::store::documents::{self, DocumentRow, NewDocument};
use delivery::kit::{AccountId, ContentStream, Entry, Mailbox};

base::id!(
    /// A document of the mailbox.
    DocumentId,
    "doc"
);

/// Pieces in which content is handed over.
const PIECE: usize = 16 * 1024;
/// Media type of the documents.
const XML: &str = "application/xml";

/// The title of a document by its kind.
pub(crate) fn title(kind: &str, lang: Lang) -> String {
    Form::from_code(kind).map_or_else(|| kind.to_owned(), |form| form.title(lang).to_owned())
}

fn entry(row: &DocumentRow) -> Result<Entry, Fault> {
    Ok(Entry {
        id: row.id.clone(),
        kind: row.kind.clone(),
        year: i16::try_from(row.year).ok(),
        title: title(&row.kind, Lang::Ja),
        issuer: row.issuer.clone(),
        size: u64::try_from(row.size)?,
        digest: row.digest.as_slice().try_into()?,
        received: row.received,
        content_type: XML.to_owned(),
    })
}

/// The tax year whose certificates have come by `today`: they come in October.
fn tax_year(today: Date) -> i16 {
    if (today.month(), today.day()) >= (10, 25) { today.year() } else { today.year() - 1 }
}

/// Builds and signs a person's documents.
fn make(
    issuers: &Issuers,
    certificates: Vec<Certificate>,
    year: i16,
    now: Timestamp,
    rng: &base::Rng,
) -> Result<Vec<NewDocument>, Fault> {
    certificates
        .into_iter()
        .map(|certificate| {
            let name = certificate.issuer().to_owned();
            let signer = issuer_named(&name).and_then(|i| issuers.signers.get(i.id));
            let (key, der) = signer.ok_or_else(|| Fault::new(format!("no key for the issuer {name}")))?;
            let xml = document::sign(&certificate.to_xml()?, &KeyAndCertificate { key, certificate: der })?;
            let received = calendar::from_jst(certificate.certified_on().at(9, 0, 0, 0))
                .plus(Duration::from_secs(3 * 24 * 3600))
                .min(now);
            Ok(NewDocument {
                row: DocumentRow {
                    id: DocumentId::new(received, rng).to_string(),
                    kind: certificate.form().code().to_owned(),
                    year: year.into(),
                    issuer: name,
                    size: i64::try_from(xml.len())?,
                    digest: base::codec::sha256(xml.as_bytes()).to_vec(),
                    received,
                    read: None,
                },
                certificate: serde_json::to_string(&certificate)?,
                content: xml.into_bytes(),
            })
        })
        .collect()
}

impl Post {
    /// Delivers the sample documents to an account, once; `false` when they came before.
    pub(crate) async fn deliver_samples(&self, account: &AccountRow) -> Result<bool, Fault> {
        if account.documents_at.is_some() {
            return Ok(false);
        }
        let issuers = self.issuers().await?;
        let now = self.0.clock.now();
        let year = tax_year(calendar::jst(now).date().max(date(2019, 1, 1)));
        let seed = account.person.clone().unwrap_or_else(|| account.email.clone());
        let (name, rng, id) = (account.name(), self.0.rng.clone(), account.id.clone());
        let of = match self.0.samples {
            Samples::Usual => samples::certificates,
            Samples::Elsewhere => samples::certificates_elsewhere,
        };
        let documents =
            tokio::task::spawn_blocking(move || make(&issuers, of(&seed, &name, year), year, now, &rng)).await??;
        Ok(self
            .0
            .db
            .write(move |tx| {
                if !accounts::delivered(tx, &id, now)? {
                    return Ok(false);
                }
                for d in &documents {
                    documents::document_insert(tx, &id, d)?;
                }
                Ok::<_, ::store::Error>(true)
            })
            .await?)
    }

    /// The rows of an account's documents. A test person's come with the first look.
    pub(crate) async fn rows(&self, account: &AccountId) -> Result<Vec<DocumentRow>, Fault> {
        let row = self.account(account).await?;
        if let Some(row) = row
            && row.documents_at.is_none()
            && row.person.as_deref().and_then(pki::people::find).is_some_and(|p| p.has_documents)
        {
            self.deliver_samples(&row).await?;
        }
        let id = account.0.clone();
        Ok(self.0.db.read(move |tx| documents::documents(tx, &id)).await?)
    }

    /// A document for its page: row and what it says. Opening it marks it as read.
    pub(crate) async fn page(
        &self,
        account: &AccountId,
        id: &str,
    ) -> Result<Option<(DocumentRow, Certificate)>, Fault> {
        let (key, id) = (account.0.clone(), id.to_owned());
        let now = self.0.clock.now();
        let (a, d) = (key.clone(), id.clone());
        let Some((row, json)) = self.0.db.read(move |tx| documents::document_page(tx, &a, &d)).await? else {
            return Ok(None);
        };
        if row.read.is_none() {
            self.0.db.write(move |tx| documents::document_read(tx, &key, &id, now)).await?;
        }
        Ok(Some((row, serde_json::from_str(&json)?)))
    }
}

#[async_trait]
impl Mailbox for Post {
    async fn documents(&self, account: &AccountId) -> Result<Vec<Entry>, Fault> {
        self.rows(account).await?.iter().map(entry).collect()
    }

    async fn open(&self, account: &AccountId, id: &str) -> Result<Option<(Entry, ContentStream)>, Fault> {
        let (key, id) = (account.0.clone(), id.to_owned());
        let found = self.0.db.read(move |tx| documents::document_content(tx, &key, &id)).await?;
        let Some((row, content)) = found else { return Ok(None) };
        let mut rest = Bytes::from(content);
        let pieces = std::iter::from_fn(move || (!rest.is_empty()).then(|| Ok(rest.split_to(PIECE.min(rest.len())))));
        Ok(Some((entry(&row)?, Box::pin(futures_util::stream::iter(pieces)))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certificates_of_a_year_come_in_october() {
        assert_eq!(tax_year(date(2026, 11, 23)), 2026);
        assert_eq!(tax_year(date(2026, 10, 24)), 2025);
        assert_eq!(tax_year(date(2026, 10, 25)), 2026);
        assert_eq!(tax_year(date(2027, 2, 16)), 2026);
    }
}
