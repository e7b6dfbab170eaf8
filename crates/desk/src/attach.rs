//! Files kept and handed out.

use ::store::Tx;
use axum::response::{IntoResponse, Response};
use base::codec::{b64url, sha256};
use http::{HeaderName, HeaderValue, header};
use procedures::{FileRef, Plain, PrivateKey};

use crate::files::{self, FileProblem};
use crate::store::attachments::{self, Attachment};
use crate::{Desk, Oops};

base::id!(
    /// A file.
    FileId,
    "fil"
);

const COLUMN: &str = "desk_attachments.sealed";

/// A file that was looked at and sealed, before it is kept.
#[derive(Debug)]
pub struct Sealed {
    facts: Attachment,
    sealed: Vec<u8>,
}

/// Whose a file is and where it belongs.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The organisation.
    pub org: Option<&'a str>,
    /// The case or message.
    pub place: &'a str,
    /// Who sent it.
    pub by: &'a str,
}

impl Desk {
    /// Looks at a file and seals it.
    pub fn seal_file(&self, name: &str, bytes: &[u8], to: Place<'_>) -> Result<Result<Sealed, FileProblem>, Oops> {
        Ok(match files::inspect(name, bytes) {
            Ok(kind) => Ok(self.sealed(name, kind, bytes, to)?),
            Err(problem) => Err(problem),
        })
    }

    /// Seals bytes whose type is known.
    pub fn sealed(&self, name: &str, kind: &str, bytes: &[u8], to: Place<'_>) -> Result<Sealed, ::store::Error> {
        let now = self.now();
        let facts = Attachment {
            id: FileId::new(now, self.rng()).to_string(),
            org: to.org.map(str::to_owned),
            place: to.place.to_owned(),
            name: if name.is_empty() { "file".to_owned() } else { name.to_owned() },
            kind: kind.to_owned(),
            size: i64::try_from(bytes.len()).unwrap_or(i64::MAX),
            digest: b64url(&sha256(bytes)),
            uploaded_by: to.by.to_owned(),
            uploaded_at: now,
        };
        Ok(Sealed { facts, sealed: self.sealer().seal(COLUMN, bytes)? })
    }

    /// Hands a file out: as a download, whatever it is.
    pub async fn hand_out(&self, file: Attachment) -> Result<Response, Oops> {
        let id = file.id.clone();
        let sealed = self.db().read(move |tx| attachments::sealed(tx, &id)).await?;
        let sealed = sealed.ok_or(web::Refusal::NotFound)?;
        let bytes = self.sealer().open(COLUMN, &sealed)?;
        Ok(download(&file.name, &file.kind, bytes))
    }
}

impl Sealed {
    /// Keeps the file, unless its owner has no room left.
    pub fn keep(&self, tx: &mut Tx<'_>) -> Result<Result<(), FileProblem>, ::store::Error> {
        let used = attachments::used(tx, self.facts.org.as_deref(), &self.facts.uploaded_by)?;
        if used.saturating_add(self.facts.size) > files::QUOTA {
            return Ok(Err(FileProblem::Quota));
        }
        attachments::insert(tx, &self.facts, &self.sealed)?;
        Ok(Ok(()))
    }

    /// As answers refer to it.
    pub fn reference(&self) -> Result<FileRef, PrivateKey> {
        Ok(FileRef {
            id: Plain::new(self.facts.id.as_str())?,
            name: Plain::new(self.facts.name.as_str())?,
            media_type: Plain::new(self.facts.kind.as_str())?,
            size: u64::try_from(self.facts.size).unwrap_or(0),
            sha256: Plain::new(self.facts.digest.as_str())?,
        })
    }
}

/// An answer that a browser saves and never shows: what people sent must not run on this origin.
pub fn download(name: &str, kind: &str, bytes: Vec<u8>) -> Response {
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_str(kind).unwrap_or(HeaderValue::from_static("application/octet-stream")),
    );
    headers.insert(
        header::CONTENT_DISPOSITION,
        HeaderValue::from_str(&disposition(name)).unwrap_or(HeaderValue::from_static("attachment")),
    );
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox; default-src 'none'"));
    headers.insert(HeaderName::from_static("x-download-options"), HeaderValue::from_static("noopen"));
    response
}

/// RFC 6266 with the name in RFC 8187's form, and a plain one for old programs.
fn disposition(name: &str) -> String {
    let plain: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '_' }).collect();
    let mut full = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.".contains(&byte) {
            full.push(char::from(byte));
        } else {
            full.push_str(&format!("%{byte:02X}"));
        }
    }
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{full}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_can_not_end_its_header() {
        let line = disposition("結果\"; x=\r\n.pdf");
        assert!(!line.contains(['\r', '\n']));
        assert_eq!(
            line,
            "attachment; filename=\"_____x___.pdf\"; filename*=UTF-8''%E7%B5%90%E6%9E%9C%22%3B%20x%3D%0D%0A.pdf"
        );
    }
}
