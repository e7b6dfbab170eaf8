//! The strict reader and the writer: the subset of XML that certificate documents may use.

use std::fmt::Write as _;

use jiff::civil::Date;
use roxmltree::{Document, Node, NodeType, ParsingOptions};

use crate::DocumentError;

/// Namespace of the forms (e-Tax "kyotsu").
pub(crate) const KYOTSU: &str = "http://xml.e-tax.nta.go.jp/XSD/kyotsu";
/// Namespace of the shared vocabulary (e-Tax "general"): dates, codes.
pub(crate) const GENERAL: &str = "http://xml.e-tax.nta.go.jp/XSD/general";

/// Deepest nesting of elements; the forms need six, a signature five.
pub(crate) const MAX_DEPTH: usize = 32;
/// Longest stretch without a `<`. A tag cannot contain one, so this bounds tags and texts. A certificate
/// in base64 needs about 3 KiB.
const MAX_STRETCH: usize = 16 * 1024;
/// Most attributes of an element; the forms' roots have eight. The reader compares each with each.
const MAX_ATTRIBUTES: usize = 32;
/// Most namespace declarations in a file; the forms need three.
const MAX_NAMESPACES: usize = 16;
/// Most elements, attributes aside. 100 details of the largest form need about 6,000.
const MAX_NODES: u32 = 50_000;
/// Longest text of one field, in characters.
pub(crate) const MAX_TEXT: usize = 1_000;

fn malformed(what: impl Into<String>) -> DocumentError {
    DocumentError::Malformed(what.into())
}

/// The file as text, when it keeps to the subset that can be judged without parsing: UTF-8, no DTD, no
/// comment, no CDATA, no processing instruction, nothing oversized.
///
/// A raw `<` cannot stand in text or in attribute values, so `<!` and `<?` are always markup and a
/// search for them is exact.
pub(crate) fn gate(file: &[u8]) -> Result<&str, DocumentError> {
    if file.len() > crate::MAX_BYTES {
        return Err(DocumentError::TooLarge("more bytes than a certificate document can have"));
    }
    let text = std::str::from_utf8(file).map_err(|_| malformed("not UTF-8"))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let body = match text.strip_prefix("<?xml") {
        Some(rest) if rest.starts_with([' ', '\t', '\r', '\n']) => {
            let (declaration, body) =
                rest.split_once("?>").ok_or_else(|| malformed("the XML declaration does not end"))?;
            check_declaration(declaration)?;
            body
        }
        _ => text,
    };
    if body.contains("<!DOCTYPE") {
        return Err(DocumentError::NotSupported("a document type declaration (DTD)"));
    }
    if body.contains("<!--") {
        return Err(DocumentError::NotSupported("a comment"));
    }
    if body.contains("<!") {
        return Err(DocumentError::NotSupported("a CDATA section or other markup declaration"));
    }
    if body.contains("<?") {
        return Err(DocumentError::NotSupported("a processing instruction"));
    }
    if body.split('<').any(|stretch| stretch.len() > MAX_STRETCH) {
        return Err(DocumentError::TooLarge("an overlong tag or text"));
    }
    if body.split('<').skip(1).any(|stretch| attributes(stretch) > MAX_ATTRIBUTES) {
        return Err(DocumentError::TooLarge("too many attributes"));
    }
    if body.matches("xmlns").count() > MAX_NAMESPACES {
        return Err(DocumentError::TooLarge("too many namespace declarations"));
    }
    Ok(text)
}

/// How many quoted values stand in a tag, which begins at `stretch`: an attribute has exactly one.
fn attributes(stretch: &str) -> usize {
    let (mut count, mut within) = (0, None);
    for byte in stretch.bytes() {
        match (within, byte) {
            (None, b'>') => break,
            (None, b'"' | b'\'') => {
                within = Some(byte);
                count += 1;
            }
            (Some(quote), _) if byte == quote => within = None,
            _ => {}
        }
    }
    count
}

/// Only XML 1.0 in UTF-8; another declared encoding would make another reader see other characters.
fn check_declaration(declaration: &str) -> Result<(), DocumentError> {
    let spaced = declaration.replace('=', " = ").replace('\'', "\"");
    let mut words = spaced.split_ascii_whitespace();
    let mut allowed = [("version", true), ("encoding", false), ("standalone", false)].into_iter();
    while let Some(name) = words.next() {
        if !allowed.any(|(n, _)| n == name) || words.next() != Some("=") {
            return Err(malformed("the XML declaration"));
        }
        let value = words.next().unwrap_or_default().to_ascii_lowercase();
        let fits = match name {
            "version" => value == "\"1.0\"",
            "encoding" => value == "\"utf-8\"",
            _ => value == "\"yes\"" || value == "\"no\"",
        };
        if !fits {
            return Err(DocumentError::NotSupported("an XML version or encoding other than 1.0 and UTF-8"));
        }
    }
    Ok(())
}

/// Parses text that passed [`gate`] (or that our canonicaliser wrote) and checks its depth.
pub(crate) fn parse(text: &str) -> Result<Document<'_>, DocumentError> {
    let options = ParsingOptions { allow_dtd: false, nodes_limit: MAX_NODES, ..ParsingOptions::default() };
    let doc = Document::parse_with_options(text, options).map_err(|e| match e {
        roxmltree::Error::DtdDetected => DocumentError::NotSupported("a document type declaration (DTD)"),
        roxmltree::Error::NodesLimitReached => DocumentError::TooLarge("too many elements"),
        other => malformed(other.to_string()),
    })?;
    let mut depth = 0usize;
    let mut node = doc.root_element();
    // Iterative, so that the check itself needs no stack.
    loop {
        if let Some(child) = node.first_child() {
            depth += 1;
            if depth > MAX_DEPTH {
                return Err(DocumentError::TooLarge("nested too deeply"));
            }
            node = child;
            continue;
        }
        loop {
            if node == doc.root_element() {
                return Ok(doc);
            }
            if let Some(next) = node.next_sibling() {
                node = next;
                break;
            }
            match node.parent() {
                Some(parent) => {
                    depth = depth.saturating_sub(1);
                    node = parent;
                }
                None => return Ok(doc),
            }
        }
    }
}

/// The child elements of an element, read in order; anything unexpected is an error.
pub(crate) struct Children<'a, 'i> {
    of: Node<'a, 'i>,
    rest: std::iter::Peekable<std::vec::IntoIter<Node<'a, 'i>>>,
}

impl<'a, 'i> Children<'a, 'i> {
    /// Only elements and white space may stand in `of`.
    pub(crate) fn of(of: Node<'a, 'i>) -> Result<Self, DocumentError> {
        let mut elements = Vec::new();
        for child in of.children() {
            match child.node_type() {
                NodeType::Element => elements.push(child),
                NodeType::Text if child.text().unwrap_or_default().chars().all(|c| " \t\r\n".contains(c)) => {}
                _ => return Err(malformed(format!("text between the elements of {}", of.tag_name().name()))),
            }
        }
        Ok(Self { of, rest: elements.into_iter().peekable() })
    }

    /// The next element, if it is `namespace`:`name`.
    pub(crate) fn optional(&mut self, namespace: &str, name: &str) -> Option<Node<'a, 'i>> {
        self.rest.next_if(|n| is(*n, namespace, name))
    }

    /// The next element, which has to be `namespace`:`name`.
    pub(crate) fn required(&mut self, namespace: &str, name: &str) -> Result<Node<'a, 'i>, DocumentError> {
        self.optional(namespace, name)
            .ok_or_else(|| malformed(format!("{name} is missing in {}", self.of.tag_name().name())))
    }

    /// Passes over elements of the form that the model does not carry.
    pub(crate) fn skip(&mut self, names: &[&str]) {
        while self.rest.next_if(|n| names.iter().any(|name| is(*n, KYOTSU, name))).is_some() {}
    }

    /// Nothing may follow.
    pub(crate) fn end(mut self) -> Result<(), DocumentError> {
        match self.rest.next() {
            None => Ok(()),
            Some(n) => {
                Err(malformed(format!("{} is not expected in {}", n.tag_name().name(), self.of.tag_name().name())))
            }
        }
    }

    /// The text of the next element of the form.
    pub(crate) fn text(&mut self, code: &str) -> Result<String, DocumentError> {
        self.required(KYOTSU, code).and_then(text)
    }

    /// The text of the next element of the form, if it is there.
    pub(crate) fn optional_text(&mut self, code: &str) -> Result<Option<String>, DocumentError> {
        self.optional(KYOTSU, code).map(text).transpose()
    }

    /// An amount of yen.
    pub(crate) fn yen(&mut self, code: &str) -> Result<u64, DocumentError> {
        let node = self.required(KYOTSU, code)?;
        number(&text(node)?, 12).ok_or_else(|| malformed(format!("{code} is not an amount of yen")))
    }

    /// An amount of yen, if it is there.
    pub(crate) fn optional_yen(&mut self, code: &str) -> Result<Option<u64>, DocumentError> {
        if self.rest.peek().is_some_and(|n| is(*n, KYOTSU, code)) { self.yen(code).map(Some) } else { Ok(None) }
    }

    /// A date of three child elements, zero-padded or not.
    pub(crate) fn date(&mut self, code: &str) -> Result<Date, DocumentError> {
        date(self.required(KYOTSU, code)?)
    }

    /// A date of three child elements, if it is there.
    pub(crate) fn optional_date(&mut self, code: &str) -> Result<Option<Date>, DocumentError> {
        self.optional(KYOTSU, code).map(date).transpose()
    }

    /// A year in one child element.
    pub(crate) fn year(&mut self, code: &str) -> Result<i16, DocumentError> {
        let node = self.required(KYOTSU, code)?;
        plain(node)?;
        let mut parts = Children::of(node)?;
        let year = part(&mut parts, "yyyy", 4)?;
        parts.end()?;
        i16::try_from(year).map_err(|_| malformed(format!("{code} is not a year")))
    }

    /// A year and a month in two child elements.
    pub(crate) fn year_month(&mut self, code: &str) -> Result<(i16, i8), DocumentError> {
        let node = self.required(KYOTSU, code)?;
        plain(node)?;
        let mut parts = Children::of(node)?;
        let (year, month) = (part(&mut parts, "yyyy", 4)?, part(&mut parts, "mm", 2)?);
        parts.end()?;
        match (i16::try_from(year), i8::try_from(month)) {
            (Ok(year), Ok(month @ 1..=12)) => Ok((year, month)),
            _ => Err(malformed(format!("{code} is not a month"))),
        }
    }

    /// A code (区分) in one child element.
    pub(crate) fn code(&mut self, code: &str) -> Result<String, DocumentError> {
        let node = self.required(KYOTSU, code)?;
        plain(node)?;
        let mut parts = Children::of(node)?;
        let value = text(parts.required(GENERAL, "kubun_CD")?)?;
        parts.end()?;
        Ok(value)
    }
}

/// Whether the element has this name.
pub(crate) fn is(node: Node<'_, '_>, namespace: &str, name: &str) -> bool {
    node.tag_name().name() == name && node.tag_name().namespace() == Some(namespace)
}

/// No attributes may stand on this element.
pub(crate) fn plain(node: Node<'_, '_>) -> Result<(), DocumentError> {
    match node.attributes().next() {
        None => Ok(()),
        Some(a) => Err(malformed(format!("attribute {} is not expected on {}", a.name(), node.tag_name().name()))),
    }
}

/// The text of an element without attributes and child elements.
pub(crate) fn text(node: Node<'_, '_>) -> Result<String, DocumentError> {
    plain(node)?;
    let mut out = String::new();
    for child in node.children() {
        if !child.is_text() {
            return Err(malformed(format!("{} should contain text only", node.tag_name().name())));
        }
        out.push_str(child.text().unwrap_or_default());
    }
    Ok(out)
}

/// A number of up to `digits` ASCII digits, leading zeros allowed.
fn number(text: &str, digits: usize) -> Option<u64> {
    let fits = (1..=digits).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    fits.then(|| text.parse().ok()).flatten()
}

fn part(parts: &mut Children<'_, '_>, name: &str, digits: usize) -> Result<u64, DocumentError> {
    number(&text(parts.required(GENERAL, name)?)?, digits).ok_or_else(|| malformed(format!("{name} is not a number")))
}

fn date(node: Node<'_, '_>) -> Result<Date, DocumentError> {
    plain(node)?;
    let mut parts = Children::of(node)?;
    let (y, m, d) = (part(&mut parts, "yyyy", 4)?, part(&mut parts, "mm", 2)?, part(&mut parts, "dd", 2)?);
    parts.end()?;
    let parsed = i16::try_from(y).ok().zip(i8::try_from(m).ok()).zip(i8::try_from(d).ok());
    parsed
        .and_then(|((y, m), d)| Date::new(y, m, d).ok())
        .ok_or_else(|| malformed(format!("{} is not a date", node.tag_name().name())))
}

/// Writes a form. Elements without prefix belong to [`KYOTSU`], `gen:` to [`GENERAL`].
#[derive(Default)]
pub(crate) struct Writer {
    out: String,
}

impl Writer {
    /// Opens an element, runs `inside`, closes it.
    pub(crate) fn element(&mut self, code: &str, inside: impl FnOnce(&mut Self)) {
        let _ = write!(self.out, "<{code}>");
        inside(self);
        let _ = write!(self.out, "</{code}>");
    }

    /// The root element with its attributes.
    pub(crate) fn root(&mut self, code: &str, attributes: &[(&str, &str)], inside: impl FnOnce(&mut Self)) {
        let _ = write!(self.out, "<{code} xmlns=\"{KYOTSU}\" xmlns:gen=\"{GENERAL}\"");
        for (name, value) in attributes {
            let _ = write!(self.out, " {name}=\"");
            escape_attribute(&mut self.out, value);
            self.out.push('"');
        }
        self.out.push('>');
        inside(self);
        let _ = write!(self.out, "</{code}>");
    }

    /// An element with text.
    pub(crate) fn text(&mut self, code: &str, text: &str) {
        self.element(code, |w| escape_text(&mut w.out, text));
    }

    /// An element with text, unless there is none.
    pub(crate) fn optional_text(&mut self, code: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.text(code, text);
        }
    }

    /// An amount of yen.
    pub(crate) fn yen(&mut self, code: &str, yen: u64) {
        self.text(code, &yen.to_string());
    }

    /// A date as three child elements, not zero-padded, as the real documents write them.
    pub(crate) fn date(&mut self, code: &str, date: Date) {
        self.element(code, |w| {
            w.text("gen:yyyy", &date.year().to_string());
            w.text("gen:mm", &date.month().to_string());
            w.text("gen:dd", &date.day().to_string());
        });
    }

    /// A year.
    pub(crate) fn year(&mut self, code: &str, year: i16) {
        self.element(code, |w| w.text("gen:yyyy", &year.to_string()));
    }

    /// A code (区分).
    pub(crate) fn code(&mut self, code: &str, value: &str) {
        self.element(code, |w| w.text("gen:kubun_CD", value));
    }

    /// The document, with its XML declaration.
    pub(crate) fn finish(self) -> String {
        format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}\n", self.out)
    }
}

/// Text as Canonical XML writes it (section 1.1: text nodes).
pub(crate) fn escape_text(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\r' => out.push_str("&#xD;"),
            _ => out.push(c),
        }
    }
}

/// An attribute value as Canonical XML writes it (section 1.1: attribute nodes).
pub(crate) fn escape_attribute(out: &mut String, value: &str) {
    for c in value.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '"' => out.push_str("&quot;"),
            '\t' => out.push_str("&#x9;"),
            '\n' => out.push_str("&#xA;"),
            '\r' => out.push_str("&#xD;"),
            _ => out.push(c),
        }
    }
}

/// Whether XML 1.0 can carry this text in one of our fields (production `Char`, section 2.2).
pub(crate) fn writable(text: &str) -> bool {
    text.chars().count() <= MAX_TEXT
        && text.chars().all(|c| {
            matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..='\u{10ffff}')
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gate_names_what_it_refuses() {
        let reason = |s: &str| gate(s.as_bytes()).map(|_| ()).unwrap_err().reason();
        assert_eq!(reason("<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>"), "not_supported");
        assert_eq!(reason("<a>x<!-- y -->z</a>"), "not_supported");
        assert_eq!(reason("<a><![CDATA[x]]></a>"), "not_supported");
        assert_eq!(reason("<?xml-stylesheet href=\"x\"?><a/>"), "not_supported");
        assert_eq!(reason("<?xml version=\"1.0\" encoding=\"Shift_JIS\"?><a/>"), "not_supported");
        assert_eq!(reason("<?xml version=\"1.1\"?><a/>"), "not_supported");
        assert_eq!(reason(&format!("<a>{}</a>", "x".repeat(MAX_STRETCH + 1))), "too_large");
        assert_eq!(reason(&" ".repeat(crate::MAX_BYTES + 1)), "too_large");
        assert_eq!(gate(b"<a>\xff</a>").unwrap_err().reason(), "malformed");
        assert!(gate("\u{feff}<?xml version='1.0' encoding='utf-8' standalone='no' ?><a/>".as_bytes()).is_ok());
    }

    #[test]
    fn depth_and_number_of_elements_are_bounded() {
        let deep = |n: usize| format!("{}{}", "<a>".repeat(n), "</a>".repeat(n));
        assert!(parse(&deep(MAX_DEPTH)).is_ok());
        assert_eq!(parse(&deep(MAX_DEPTH + 2)).unwrap_err().reason(), "too_large");
        assert_eq!(parse(&deep(100_000)).unwrap_err().reason(), "too_large");
        let wide = format!("<a>{}</a>", "<b/>".repeat(MAX_NODES as usize + 1));
        assert_eq!(parse(&wide).unwrap_err().reason(), "too_large");
    }

    #[test]
    fn dates_are_read_with_and_without_zeros() {
        let read = |m: &str, d: &str| {
            let xml = format!(
                "<r xmlns='{KYOTSU}' xmlns:gen='{GENERAL}'><WCC00000>\
                 <gen:yyyy>2026</gen:yyyy><gen:mm>{m}</gen:mm><gen:dd>{d}</gen:dd></WCC00000></r>"
            );
            let doc = parse(&xml).unwrap();
            Children::of(doc.root_element()).unwrap().date("WCC00000")
        };
        assert_eq!(read("6", "1"), read("06", "01"));
        assert_eq!(read("6", "1"), Ok(jiff::civil::date(2026, 6, 1)));
        assert!(read("13", "1").is_err());
        assert!(read("2", "30").is_err());
        assert!(read("006", "1").is_err());
        assert!(read("+6", "1").is_err());
        assert!(read("", "1").is_err());
    }
}
