//! Exclusive XML Canonicalization 1.0, for the subset of XML that the reader lets through.
//!
//! Source: W3C "Exclusive XML Canonicalization Version 1.0" (18 July 2002), without comments and without
//! an `InclusiveNamespaces` prefix list. Comments, processing instructions, CDATA and DTDs never get
//! here (`xml::gate`), which is what keeps this short.
//!
//! Nothing about security rests on this being right: what is read is read from the bytes that
//! it wrote and that were digested. A mistake here can only refuse a good document; the tests compare it
//! with `xmllint --exc-c14n` and `xmlsec1`.

use roxmltree::Node;

use crate::DocumentError;
use crate::xml::{MAX_DEPTH, escape_attribute, escape_text};

/// Algorithm identifier.
pub(crate) const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";

const XML: &str = "http://www.w3.org/XML/1998/namespace";

/// The canonical form of `apex` and everything in it, except the element `without`.
pub(crate) fn canonicalize(apex: Node<'_, '_>, without: Option<Node<'_, '_>>) -> Result<String, DocumentError> {
    let mut out = String::with_capacity(apex.range().len());
    element(&mut out, apex, without, &[], 0)?;
    Ok(out)
}

fn element<'i>(
    out: &mut String,
    node: Node<'_, 'i>,
    without: Option<Node<'_, '_>>,
    rendered: &[(&'i str, String)],
    depth: usize,
) -> Result<(), DocumentError> {
    if depth > MAX_DEPTH {
        return Err(DocumentError::TooLarge("nested too deeply"));
    }
    let source = node.document().input_text();
    let name = qualified_name(source, node)?;
    let mut attributes: Vec<(&str, &str, &str, &str)> = Vec::new();
    for a in node.attributes() {
        let qname = source.get(a.range_qname()).unwrap_or_default();
        attributes.push((a.namespace().unwrap_or_default(), a.name(), qname, a.value()));
    }
    attributes.sort_unstable_by_key(|(namespace, local, ..)| (*namespace, *local));

    // Namespaces that this element uses visibly, by prefix ("" is the default namespace).
    let mut used: Vec<(&'i str, &str)> = vec![(prefix(name), node.tag_name().namespace().unwrap_or_default())];
    for a in node.attributes() {
        let qname = source.get(a.range_qname()).unwrap_or_default();
        if qname.contains(':') {
            used.push((prefix(qname), a.namespace().unwrap_or_default()));
        }
    }
    used.retain(|(_, uri)| *uri != XML);
    used.sort_unstable();
    used.dedup();

    out.push('<');
    out.push_str(name);
    let mut inside = rendered.to_vec();
    for (prefix, uri) in used {
        let above = inside.iter().rev().find(|(p, _)| *p == prefix).map_or("", |(_, u)| u.as_str());
        if above == uri {
            continue;
        }
        out.push_str(if prefix.is_empty() { " xmlns" } else { " xmlns:" });
        out.push_str(prefix);
        out.push_str("=\"");
        escape_attribute(out, uri);
        out.push('"');
        inside.push((prefix, uri.to_owned()));
    }
    for (_, _, qname, value) in attributes {
        out.push(' ');
        out.push_str(qname);
        out.push_str("=\"");
        escape_attribute(out, value);
        out.push('"');
    }
    out.push('>');
    for child in node.children() {
        if Some(child) == without {
            continue;
        }
        if child.is_element() {
            element(out, child, without, &inside, depth + 1)?;
        } else if let (true, Some(text)) = (child.is_text(), child.text()) {
            escape_text(out, text);
        } else {
            return Err(DocumentError::NotSupported("a comment or processing instruction"));
        }
    }
    out.push_str("</");
    out.push_str(name);
    out.push('>');
    Ok(())
}

/// The name with its prefix, as it stands in the source.
fn qualified_name<'i>(source: &'i str, node: Node<'_, 'i>) -> Result<&'i str, DocumentError> {
    source
        .get(node.range())
        .and_then(|tag| tag.strip_prefix('<'))
        .and_then(|tag| tag.split([' ', '\t', '\r', '\n', '/', '>']).next())
        .ok_or_else(|| DocumentError::Malformed("a tag".to_owned()))
}

fn prefix(qname: &str) -> &str {
    qname.split_once(':').map_or("", |(p, _)| p)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xml::parse;

    fn c14n(xml: &str) -> String {
        canonicalize(parse(xml).unwrap().root_element(), None).unwrap()
    }

    #[test]
    fn examples_of_the_recommendation() {
        // Canonical XML 1.0 section 3.3 and Exclusive C14N section 2.2, by hand.
        assert_eq!(c14n("<a   b = 'x'\n a='y'/>"), "<a a=\"y\" b=\"x\"></a>");
        assert_eq!(
            c14n("<n1:e2 xmlns:n1='http://b' xmlns:n0='http://a'><n1:e3 xmlns=''/></n1:e2>"),
            "<n1:e2 xmlns:n1=\"http://b\"><n1:e3></n1:e3></n1:e2>"
        );
        assert_eq!(
            c14n("<a xmlns='u:1'><b xmlns=''><c xmlns='u:1' p:x='1' xmlns:p='u:2'/></b></a>"),
            "<a xmlns=\"u:1\"><b xmlns=\"\"><c xmlns=\"u:1\" xmlns:p=\"u:2\" p:x=\"1\"></c></b></a>"
        );
        assert_eq!(
            c14n("<a x='&#9;&#10;&#13;&quot;&lt;&amp;>'>&#13;&lt;&gt;&amp;\"\r\n</a>"),
            "<a x=\"&#x9;&#xA;&#xD;&quot;&lt;&amp;>\">&#xD;&lt;&gt;&amp;\"\n</a>"
        );
        // A prefix that is bound again to the same name is written once.
        assert_eq!(
            c14n("<p:a xmlns:p='u:1'><p:b xmlns:p='u:1'/><p:b xmlns:p='u:2'/></p:a>"),
            "<p:a xmlns:p=\"u:1\"><p:b></p:b><p:b xmlns:p=\"u:2\"></p:b></p:a>"
        );
    }
}
