//! Large forms: many fields, several values under one name, and files (`multipart/form-data`, RFC 7578).
//!
//! [`Upload`] checks like [`crate::Form`] that the form is ours. The body is bounded by the row of the route
//! table before it is read, so put the extractor that knows who is signed in before it: a stranger's
//! upload is then refused unread.

use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use http::header;

use crate::form::decode;
use crate::{FormError, Refusal, Visit};

/// Most parts of one form.
const MAX_PARTS: usize = 3_000;
/// Most files of one form.
const MAX_FILES: usize = 20;
/// Longest value that is not a file, in bytes.
const MAX_VALUE: usize = 128 * 1024;
/// Longest head of a part, in bytes.
const MAX_HEAD: usize = 2_048;
/// Longest file name that is kept, in characters.
const MAX_NAME: usize = 120;

/// A file as it was sent. Nothing about it is believed: neither the name nor the type it came with.
#[derive(Clone, PartialEq, Eq)]
pub struct FilePart {
    /// The field's name.
    pub field: String,
    /// The file's name without folders and control characters; empty when nothing is left.
    pub name: String,
    /// The bytes.
    pub bytes: Bytes,
}

impl std::fmt::Debug for FilePart {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "FilePart({}, {} bytes)", self.field, self.bytes.len())
    }
}

/// The form: values in the order they were sent, a name may stand several times, and files.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Upload {
    values: Vec<(String, String)>,
    files: Vec<FilePart>,
}

impl Upload {
    /// The first value of a field. Line ends are `\n`.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// All values of a field: ticked boxes of a group.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.values.iter().filter(move |(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// Names and values in the order they were sent.
    pub fn values(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values.iter().map(|(n, v)| (n.as_str(), v.as_str()))
    }

    /// The files that were chosen; a field without a chosen file is not among them.
    pub fn files(&self) -> &[FilePart] {
        &self.files
    }

    /// The file of a field.
    pub fn file(&self, field: &str) -> Option<&FilePart> {
        self.files.iter().find(|f| f.field == field)
    }

    /// Parses a body of the given `Content-Type`: `multipart/form-data` or
    /// `application/x-www-form-urlencoded`.
    ///
    /// # Errors
    /// See [`FormError`].
    pub fn parse(content_type: &str, body: &Bytes) -> Result<Self, FormError> {
        let kind = content_type.split(';').next().unwrap_or_default().trim();
        if kind.eq_ignore_ascii_case("multipart/form-data") {
            return multipart(&boundary(content_type).ok_or(FormError::ContentType)?, body);
        }
        if !kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Err(FormError::ContentType);
        }
        let mut form = Self::default();
        for pair in body.split(|&b| b == b'&').filter(|pair| !pair.is_empty()) {
            let at = pair.iter().position(|&b| b == b'=').unwrap_or(pair.len());
            let value = pair.get(at + 1..).unwrap_or_default();
            form.push(decode(&pair[..at])?, decode(value)?)?;
        }
        Ok(form)
    }

    fn push(&mut self, name: String, value: String) -> Result<(), FormError> {
        if self.values.len() + self.files.len() >= MAX_PARTS {
            return Err(FormError::TooMany);
        }
        if value.len() > MAX_VALUE {
            return Err(FormError::TooLarge);
        }
        self.values.push((name, value.replace("\r\n", "\n")));
        Ok(())
    }
}

/// Prints names only.
impl std::fmt::Debug for Upload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.values.iter().map(|(n, _)| n)).entries(&self.files).finish()
    }
}

/// The parameter `boundary` of the media type: 1 to 70 characters (RFC 2046, 5.1.1).
fn boundary(content_type: &str) -> Option<String> {
    let value = content_type.split(';').skip(1).find_map(|p| {
        let (name, value) = p.trim().split_once('=')?;
        name.trim().eq_ignore_ascii_case("boundary").then(|| value.trim().trim_matches('"').to_owned())
    })?;
    let fits = (1..=70).contains(&value.len()) && value.bytes().all(|b| b.is_ascii_graphic() || b == b' ');
    fits.then_some(value)
}

fn multipart(boundary: &str, body: &Bytes) -> Result<Upload, FormError> {
    let opening = format!("--{boundary}");
    let closing = format!("\r\n--{boundary}");
    // What stands before the first boundary (a preamble) is never sent by a browser.
    let mut at = body.strip_prefix(opening.as_bytes()).map(|_| opening.len()).ok_or(FormError::Malformed)?;
    let mut form = Upload::default();
    loop {
        let rest = &body[at..];
        if rest.starts_with(b"--") {
            return Ok(form);
        }
        let rest = rest.strip_prefix(b"\r\n").ok_or(FormError::Malformed)?;
        let head_len = find(&rest[..rest.len().min(MAX_HEAD)], b"\r\n\r\n").ok_or(FormError::Malformed)?;
        let head = std::str::from_utf8(&rest[..head_len]).map_err(|_| FormError::Malformed)?;
        let start = at + 2 + head_len + 4;
        // An empty part's closing line end is the one that ends its head.
        let length = find(&body[start - 2..], closing.as_bytes()).ok_or(FormError::Malformed)?;
        let content = body.slice(start..(start - 2 + length).max(start));
        at = start - 2 + length + closing.len();
        let (name, file) = disposition(head).ok_or(FormError::Malformed)?;
        match file {
            None => {
                let value = std::str::from_utf8(&content).map_err(|_| FormError::Malformed)?;
                if value.contains('\0') {
                    return Err(FormError::Malformed);
                }
                form.push(name, value.to_owned())?;
            }
            // No file was chosen.
            Some(file) if file.is_empty() && content.is_empty() => {}
            Some(file) => {
                if form.files.len() >= MAX_FILES {
                    return Err(FormError::TooMany);
                }
                form.files.push(FilePart { field: name, name: file_name(&file), bytes: content });
            }
        }
    }
}

/// `name` and `filename` of the part's `Content-Disposition`. `filename*` is not to be used (RFC 7578, 4.2).
fn disposition(head: &str) -> Option<(String, Option<String>)> {
    let line = head.split("\r\n").find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.trim().eq_ignore_ascii_case("content-disposition").then_some(value.trim())
    })?;
    let mut rest = line.strip_prefix("form-data")?;
    let (mut name, mut file) = (None, None);
    while let Some(tail) = rest.trim_start().strip_prefix(';') {
        let (key, tail) = tail.split_once('=')?;
        let (value, tail) = match tail.strip_prefix('"') {
            // Browsers send a quote inside as %22, so the next quote ends the value.
            Some(quoted) => quoted.split_once('"')?,
            None => tail.split_at(tail.find(';').unwrap_or(tail.len())),
        };
        let slot = match key.trim() {
            "name" => &mut name,
            "filename" => &mut file,
            _ => &mut None,
        };
        if slot.is_some() {
            return None;
        }
        *slot = Some(value.replace("%22", "\"").replace("%0D", "").replace("%0A", ""));
        rest = tail;
    }
    let name = name.filter(|n: &String| !n.is_empty() && !n.contains('\0'))?;
    rest.trim().is_empty().then_some((name, file))
}

/// The last part of what may be a path, without what could steer a terminal, a header or the reading
/// direction (`exe.fdp` shown as `pdf.exe`).
fn file_name(sent: &str) -> String {
    let last = sent.rsplit(['/', '\\']).next().unwrap_or_default();
    let steers = |c: char| {
        c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let kept: String = last.chars().filter(|&c| !steers(c)).collect();
    let kept = kept.trim().trim_start_matches('.');
    // The end holds the extension.
    let skip = kept.chars().count().saturating_sub(MAX_NAME);
    kept.chars().skip(skip).collect()
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    let first = *needle.first()?;
    let mut from = 0;
    while let Some(step) = haystack[from..].iter().position(|&b| b == first) {
        if haystack[from + step..].starts_with(needle) {
            return Some(from + step);
        }
        from += step + 1;
    }
    None
}

impl<S: Send + Sync> FromRequest<S> for Upload {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        let visit = request.extensions().get::<Visit>().cloned().ok_or(Refusal::Form)?;
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
        let kind = kind.to_owned();
        let body = Bytes::from_request(request, state).await.map_err(|e| {
            if e.status() == http::StatusCode::PAYLOAD_TOO_LARGE { Refusal::TooLarge } else { Refusal::Form }
        })?;
        let mut form = Self::parse(&kind, &body).map_err(|e| match e {
            FormError::TooLarge => Refusal::TooLarge,
            _ => Refusal::Form,
        })?;
        let token = form.get("csrf").unwrap_or_default();
        if form.all("csrf").count() != 1 || !visit.accepts_form(token) {
            return Err(Refusal::StaleForm);
        }
        form.values.retain(|(name, _)| name != "csrf");
        Ok(form)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn body(parts: &[(&str, Option<&str>, &[u8])]) -> Bytes {
        let mut out = Vec::new();
        for (name, file, content) in parts {
            out.extend_from_slice(b"--XyZ\r\n");
            out.extend_from_slice(format!("Content-Disposition: form-data; name=\"{name}\"").as_bytes());
            if let Some(file) = file {
                out.extend_from_slice(format!("; filename=\"{file}\"\r\nContent-Type: application/pdf").as_bytes());
            }
            out.extend_from_slice(b"\r\n\r\n");
            out.extend_from_slice(content);
            out.extend_from_slice(b"\r\n");
        }
        out.extend_from_slice(b"--XyZ--\r\n");
        Bytes::from(out)
    }

    const KIND: &str = "multipart/form-data; boundary=XyZ";

    #[test]
    fn values_files_and_repeated_names() {
        let sent = body(&[
            ("a", None, "一行目\r\n二行目".as_bytes()),
            ("box", None, b"1"),
            ("box", None, b"2"),
            ("empty", None, b""),
            ("none", Some(""), b""),
            ("f", Some("C:\\tmp\\資料 1.pdf"), b"%PDF-1.7\r\n--Xy\r\n\r\n"),
        ]);
        let form = Upload::parse(KIND, &sent).unwrap();
        assert_eq!(form.get("a"), Some("一行目\n二行目"));
        assert_eq!(form.all("box").collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!((form.get("empty"), form.get("nothing")), (Some(""), None));
        assert_eq!(form.files().len(), 1);
        let file = form.file("f").unwrap();
        assert_eq!((file.name.as_str(), &file.bytes[..]), ("資料 1.pdf", &b"%PDF-1.7\r\n--Xy\r\n\r\n"[..]));
        let plain = Upload::parse("application/x-www-form-urlencoded", &Bytes::from_static(b"box=1&box=%E4%B8%80"));
        assert_eq!(plain.unwrap().all("box").collect::<Vec<_>>(), ["1", "一"]);
    }

    #[test]
    fn names_lose_what_steers() {
        assert_eq!(file_name("../../etc/passwd"), "passwd");
        assert_eq!(file_name("a\u{202e}fdp.exe\r\n"), "afdp.exe");
        assert_eq!(file_name("..hidden"), "hidden");
        assert_eq!(file_name(&format!("{}.pdf", "長".repeat(300))).chars().count(), MAX_NAME);
        assert!(file_name(&format!("{}.pdf", "x".repeat(300))).ends_with(".pdf"));
    }

    #[test]
    fn what_no_browser_sends_is_refused() {
        let bad = |kind: &str, body: &str| Upload::parse(kind, &Bytes::copy_from_slice(body.as_bytes())).unwrap_err();
        assert_eq!(bad("text/plain", "a=1"), FormError::ContentType);
        assert_eq!(bad("multipart/form-data", "--XyZ--"), FormError::ContentType);
        assert_eq!(bad(KIND, "--other--"), FormError::Malformed);
        assert_eq!(bad(KIND, "--XyZ\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx"), FormError::Malformed);
        assert_eq!(bad(KIND, "--XyZ\r\nContent-Disposition: form-data\r\n\r\nx\r\n--XyZ--"), FormError::Malformed);
        let twice = "--XyZ\r\nContent-Disposition: form-data; name=\"a\"; name=\"b\"\r\n\r\nx\r\n--XyZ--";
        assert_eq!(bad(KIND, twice), FormError::Malformed);
        let files: Vec<_> = (0..=MAX_FILES).map(|_| ("f", Some("a.pdf"), &b"x"[..])).collect();
        assert_eq!(Upload::parse(KIND, &body(&files)), Err(FormError::TooMany));
        let long = vec![b'x'; MAX_VALUE + 1];
        assert_eq!(Upload::parse(KIND, &body(&[("a", None, &long)])), Err(FormError::TooLarge));
        assert_eq!(Upload::parse(KIND, &body(&[("a", None, &[0xff, 0xfe])])), Err(FormError::Malformed));
    }

    proptest! {
        #[test]
        fn gives_back_what_was_sent(
            parts in proptest::collection::vec(("[a-z.0-9]{1,12}", proptest::collection::vec(any::<u8>(), 0..60)), 0..6),
        ) {
            prop_assume!(parts.iter().all(|(_, c)| !c.windows(7).any(|w| w == b"\r\n--XyZ")));
            let list: Vec<_> = parts.iter().map(|(n, c)| (n.as_str(), Some("f.bin"), &c[..])).collect();
            let form = Upload::parse(KIND, &body(&list)).unwrap();
            let got: Vec<_> = form.files().iter().map(|f| (f.field.clone(), f.bytes.to_vec())).collect();
            prop_assert_eq!(got, parts);
        }

        #[test]
        fn never_panics(body in proptest::collection::vec(any::<u8>(), 0..300), cut in 0usize..40) {
            let _ = Upload::parse(KIND, &Bytes::from(body.clone()));
            let mut framed = b"--XyZ\r\nContent-Disposition: form-data; name=\"a\"; filename=\"".to_vec();
            framed.truncate(framed.len() - cut);
            framed.extend(body);
            framed.extend_from_slice(b"\r\n--XyZ--");
            let _ = Upload::parse(KIND, &Bytes::from(framed));
        }
    }
}
