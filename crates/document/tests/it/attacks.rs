//! What attackers try, and the reason each gets.

use base::Timestamp;
use document::{Certificate, DocumentError};

use crate::{ISSUED, NOW, WORLD, ichiro, reason, signed, signed_by, verify};

/// The parts of a signed document: root's start tag with what precedes it, content, signature, end tag.
struct Parts {
    head: String,
    content: String,
    signature: String,
    tail: String,
}

fn parts() -> Parts {
    let xml = signed();
    let start = xml.find("<TEG800").unwrap();
    let open = start + xml[start..].find('>').unwrap() + 1;
    let signature = xml.find("<dsig:Signature ").unwrap();
    let end = xml.find("</dsig:Signature>").unwrap() + "</dsig:Signature>".len();
    Parts {
        head: xml[..open].to_owned(),
        content: xml[open..signature].to_owned(),
        signature: xml[signature..end].to_owned(),
        tail: xml[end..].to_owned(),
    }
}

/// The content an attacker wishes for.
fn forged(content: &str) -> String {
    content.replace("鈴木 一郎", "鈴木 悪郎")
}

/// Namespaces have to hold when a signed document is moved under another root.
fn inner(p: &Parts) -> String {
    let start = p.head.find("<TEG800").unwrap();
    format!("{}{}", &p.head[start..], p.content)
}

#[test]
fn the_parts_are_good() {
    let p = parts();
    assert_eq!(reason(&format!("{}{}{}{}", p.head, p.content, p.signature, p.tail)), "accepted");
}

#[test]
fn changed_content_is_tampered() {
    let good = signed();
    for (from, to) in [
        ("鈴木 一郎", "鈴木 二郎"),
        ("<WCE00040>", "<WCE00040>9"),
        ("VR=\"1.1\"", "VR=\"1.0\""),
        ("<gen:yyyy>2026", "<gen:yyyy>2025"),
        ("</WCA00000>", "</WCA00000> "),
    ] {
        let bad = good.replacen(from, to, 1);
        assert_ne!(bad, good);
        assert_eq!(reason(&bad), "tampered", "{from}");
    }
}

#[test]
fn changed_signatures_are_tampered() {
    let good = signed();
    let digest = good.find("<dsig:DigestValue>").unwrap() + "<dsig:DigestValue>".len();
    let value = good.find("<dsig:SignatureValue>").unwrap() + "<dsig:SignatureValue>".len();
    for at in [digest, value] {
        let mut bytes = good.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        assert_eq!(reason(&String::from_utf8(bytes).unwrap()), "tampered");
    }
    // Another trusted issuer's certificate does not make it that issuer's document.
    let p = parts();
    let other = base::codec::b64(&WORLD.issuers[1].certificate);
    let start = p.signature.find("<dsig:X509Certificate>").unwrap() + "<dsig:X509Certificate>".len();
    let end = p.signature.find("</dsig:X509Certificate>").unwrap();
    let swapped = format!("{}{other}{}", &p.signature[..start], &p.signature[end..]);
    assert_eq!(reason(&format!("{}{}{swapped}{}", p.head, p.content, p.tail)), "tampered");
}

#[test]
fn no_signature() {
    assert_eq!(reason(&ichiro()[0].to_xml().unwrap()), "no_signature");
    let p = parts();
    let renamed = p.signature.replace("http://www.w3.org/2000/09/xmldsig#\"", "http://example.jp/xmldsig#\"");
    assert_eq!(reason(&format!("{}{}{renamed}{}", p.head, p.content, p.tail)), "no_signature");
}

#[test]
fn foreign_and_other_signers() {
    assert_eq!(reason(&signed_by(&WORLD.foreign)), "foreign_signer");
    // A trusted insurer cannot certify in the name of another.
    assert_eq!(reason(&signed_by(&WORLD.issuers[1])), "other_issuer");
}

#[test]
fn the_certificate_has_its_time() {
    let at = |t: Timestamp| document::verify(signed().as_bytes(), &WORLD.anchors, t).map(|_| ());
    const DAY: i64 = 86_400;
    assert_eq!(at(NOW), Ok(()));
    assert_eq!(at(Timestamp::from_secs(ISSUED.secs() - 2 * DAY)), Err(DocumentError::IssuerNotYetValid));
    assert_eq!(at(Timestamp::from_secs(ISSUED.secs() + 1097 * DAY)), Err(DocumentError::IssuerExpired));
}

/// The NTA's order: tampering is told before expiry, expiry before the path, the path before the content.
#[test]
fn the_earliest_fault_is_told() {
    let late = Timestamp::from_secs(ISSUED.secs() + 2_000 * 86_400);
    let reason = |xml: &str, t| document::verify(xml.as_bytes(), &WORLD.anchors, t).unwrap_err().reason();
    let foreign = signed_by(&WORLD.foreign);
    assert_eq!(reason(&foreign.replace("一郎", "二郎"), late), "tampered");
    assert_eq!(reason(&foreign, late), "issuer_expired");
    assert_eq!(reason(&foreign, NOW), "foreign_signer");
    let nonsense = WORLD.foreign.sign("<a>b</a>");
    assert_eq!(reason(&nonsense, NOW), "foreign_signer");
    assert_eq!(reason(&WORLD.issuers[0].sign("<a>b</a>"), NOW), "malformed");
}

/// Signature wrapping: the signed document is kept somewhere, and something else is to be read.
#[test]
fn wrapped_signatures() {
    let p = parts();
    let bad = forged(&p.content);
    assert_ne!(bad, p.content);
    let original = inner(&p);
    let cases = [
        // The original, signed, under another root.
        ("original under a new root", format!("<root>{original}{}</TEG800></root>", p.signature)),
        ("original beside forged content", format!("{}{bad}{original}</TEG800>{}{}", p.head, p.signature, p.tail)),
        (
            "signed original inside the forged document",
            format!("{}{bad}{original}{}</TEG800>{}", p.head, p.signature, p.tail),
        ),
        // The original hidden inside the signature.
        (
            "original in an Object",
            format!(
                "{}{bad}{}{}",
                p.head,
                p.signature.replace(
                    "</dsig:Signature>",
                    &format!("<dsig:Object>{original}</TEG800></dsig:Object></dsig:Signature>")
                ),
                p.tail
            ),
        ),
        (
            "original in KeyInfo",
            format!(
                "{}{bad}{}{}",
                p.head,
                p.signature.replace("</dsig:KeyInfo>", &format!("{original}</TEG800></dsig:KeyInfo>")),
                p.tail
            ),
        ),
        // Two signatures.
        ("the same signature twice", format!("{}{}{}{}{}", p.head, p.content, p.signature, p.signature, p.tail)),
        ("a signature within the signature", {
            let nested = p.signature.replace("</dsig:KeyInfo>", &format!("{}</dsig:KeyInfo>", p.signature));
            format!("{}{}{nested}{}", p.head, p.content, p.tail)
        }),
        // The signature somewhere else.
        (
            "signature in a nested element",
            format!("{}<WCE00000>{}</WCE00000>{}{}", p.head, p.signature, p.content, p.tail),
        ),
        ("signature first", format!("{}{}{}{}", p.head, p.signature, p.content, p.tail)),
        // Two SignedInfo: one is checked, the other one read?
        ("two SignedInfo", {
            let end = p.signature.find("</dsig:SignedInfo>").unwrap() + "</dsig:SignedInfo>".len();
            let info = &p.signature[p.signature.find("<dsig:SignedInfo").unwrap()..end];
            let twice = p.signature.replacen(info, &format!("{info}{info}"), 1);
            format!("{}{}{twice}{}", p.head, p.content, p.tail)
        }),
        // A second digest: which one counts?
        ("two digests", {
            let value = "<dsig:DigestValue>";
            let twice =
                p.signature.replace(value, &format!("{value}{}</dsig:DigestValue>{value}", base::codec::b64(&[0; 32])));
            format!("{}{}{twice}{}", p.head, p.content, p.tail)
        }),
    ];
    for (what, xml) in cases {
        let got = reason(&xml);
        assert!(["not_supported", "tampered", "malformed"].contains(&got), "{what}: {got}");
    }
    // Those whose structure alone gives them away are told so.
    let root_moved = format!("<root>{original}{}</TEG800></root>", p.signature);
    assert_eq!(reason(&root_moved), "not_supported");
    assert_eq!(reason(&format!("{}{}{}{}{}", p.head, p.content, p.signature, p.signature, p.tail)), "not_supported");
    assert_eq!(reason(&format!("{}{bad}{}{}", p.head, p.signature, p.tail)), "tampered");
}

/// The signature is the root, with the document inside (enveloping), or the document has no root of ours.
#[test]
fn enveloping_signatures() {
    let p = parts();
    let object = p
        .signature
        .replace("</dsig:Signature>", &format!("<dsig:Object>{}</TEG800></dsig:Object></dsig:Signature>", inner(&p)));
    assert_eq!(reason(&object), "not_supported");
}

#[test]
fn other_references_are_refused() {
    let good = signed();
    for uri in ["#TEG800", "#xpointer(/)", "file:///etc/passwd", "http://127.0.0.1/", "other.xml", " "] {
        let bad = good.replace("<dsig:Reference URI=\"\">", &format!("<dsig:Reference URI=\"{uri}\">"));
        assert_ne!(bad, good);
        assert_eq!(reason(&bad), "not_supported", "{uri}");
    }
    assert_eq!(reason(&good.replace(" URI=\"\"", "")), "not_supported");
    assert_eq!(
        reason(&good.replace("<dsig:Reference URI=\"\">", "<dsig:Reference URI=\"\" Type=\"x\">")),
        "not_supported"
    );
}

#[test]
fn document_types_and_entities_are_refused() {
    let good = signed();
    let with = |dtd: &str| good.replacen("<TEG800", &format!("{dtd}<TEG800"), 1);
    for dtd in [
        "<!DOCTYPE TEG800>",
        "<!DOCTYPE TEG800 SYSTEM \"http://127.0.0.1/x.dtd\">",
        "<!DOCTYPE TEG800 [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>",
        "<!DOCTYPE a [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\"><!ENTITY c \"&b;&b;&b;&b;&b;&b;\">]>",
        "<!DOCTYPE TEG800 [<!ATTLIST TEG800 id ID #IMPLIED>]>",
    ] {
        assert_eq!(reason(&with(dtd)), "not_supported", "{dtd}");
    }
    assert_eq!(reason(&good.replace("鈴木 一郎", "&who;")), "malformed");
    assert_eq!(reason(&with("<?xml-stylesheet href=\"x.xsl\" type=\"text/xsl\"?>")), "not_supported");
    assert_eq!(reason(&good.replace("UTF-8", "UTF-16")), "not_supported");
}

/// Comments are not signed, and some readers stop a text at them: `見本<!---->.evil`.
#[test]
fn comments_and_cdata_are_refused() {
    let good = signed();
    assert_eq!(reason(&good.replace("鈴木 一郎", "鈴木<!-- --> 一郎")), "not_supported");
    assert_eq!(reason(&good.replace("鈴木 一郎", "<![CDATA[鈴木 一郎]]>")), "not_supported");
    let p = parts();
    let digest = p.signature.replace("<dsig:DigestValue>", "<dsig:DigestValue><!-- -->");
    assert_eq!(reason(&format!("{}{}{digest}{}", p.head, p.content, p.tail)), "not_supported");
}

#[test]
fn huge_inputs_are_refused_quickly() {
    let p = parts();
    let with = |extra: &str| format!("{}{}{extra}{}{}", p.head, p.content, p.signature, p.tail);
    assert_eq!(reason(&" ".repeat(document::MAX_BYTES + 1)), "too_large");
    assert_eq!(reason(&with(&"<a>".repeat(20_000))), "malformed");
    assert_eq!(reason(&with(&"<a>".repeat(200_000))), "too_large");
    assert_eq!(reason(&with(&format!("{}{}", "<a>".repeat(100_000), "</a>".repeat(100_000)))), "too_large");
    assert_eq!(reason(&with(&"<a/>".repeat(200_000))), "too_large");
    let few: String = (0..100).map(|i| format!(" a{i}='>'")).collect();
    assert_eq!(reason(&with(&format!("<a{few}/>"))), "too_large");
    let attributes: String = (0..50_000).map(|i| format!(" a{i}=\"\"")).collect();
    assert_eq!(reason(&with(&format!("<a{attributes}/>"))), "too_large");
    let namespaces: String = (0..5_000).map(|i| format!("<a xmlns:n{i}=\"u:{i}\"/>")).collect();
    assert_eq!(reason(&with(&namespaces)), "too_large");
    assert_eq!(reason(&with(&format!("<a b=\"{}\"/>", "x".repeat(100_000)))), "too_large");
}

/// Even a trusted issuer's document has to make sense.
#[test]
fn signed_nonsense_is_malformed() {
    let plain = ichiro()[0].to_xml().unwrap();
    let cases = [
        ("an unknown element", plain.replace("</WCA00000>", "</WCA00000><WCA00001>x</WCA00001>")),
        ("an unknown attribute", plain.replace("page=\"1\"", "page=\"1\" extra=\"1\"")),
        ("an attribute on a field", plain.replace("<WCD00000>", "<WCD00000 a=\"1\">")),
        ("an element in a field", plain.replace("鈴木 一郎", "鈴木<b/> 一郎")),
        ("text between fields", plain.replace("</WCA00000>", "</WCA00000>text")),
        ("another namespace", plain.replace("/XSD/kyotsu", "/XSD/other")),
        ("a sum that does not add up", plain.replacen("<WCE00350>", "<WCE00350>9", 1)),
        ("a negative amount", plain.replacen("<WCE00330>", "<WCE00330>-", 1)),
        ("no such day", plain.replacen("<gen:dd>9<", "<gen:dd>32<", 1)),
        ("no such system", plain.replace("<gen:kubun_CD>1<", "<gen:kubun_CD>4<")),
        ("the other system", plain.replace("<gen:kubun_CD>1<", "<gen:kubun_CD>2<")),
        ("another version", plain.replace("VR=\"1.1\"", "VR=\"2.0\"")),
        ("no holder", plain.replace("<WCD00000>鈴木 一郎</WCD00000>", "")),
        ("an empty holder", plain.replace("<WCD00000>鈴木 一郎</WCD00000>", "<WCD00000/>")),
    ];
    for (what, xml) in cases {
        assert_ne!(xml, plain, "{what}");
        assert_eq!(reason(&WORLD.issuers[0].sign(&xml)), "malformed", "{what}");
    }
    let Certificate::Life(life) = &ichiro()[0] else { panic!("the first sample is a life insurance certificate") };
    let many =
        Certificate::Life(document::LifeInsurance { details: vec![life.details[0].clone(); 100], ..life.clone() });
    let xml = many.to_xml().unwrap();
    assert_eq!(verify(&WORLD.issuers[0].sign(&xml)).unwrap().certificate, many);
    let detail = &xml[xml.find("<WCE00000>").unwrap()..xml.find("</WCE00000>").unwrap() + "</WCE00000>".len()];
    assert_eq!(reason(&WORLD.issuers[0].sign(&xml.replacen(detail, &format!("{detail}{detail}"), 1))), "malformed");
}

#[test]
fn signing_refuses_what_verifying_would() {
    let key = document::KeyAndCertificate { key: &WORLD.issuers[0].key, certificate: &WORLD.issuers[0].certificate };
    assert!(document::sign(&signed(), &key).is_err(), "signed already");
    assert!(document::sign("<a/>", &key).is_err(), "nowhere to put it");
    assert!(document::sign("<!DOCTYPE a><a>b</a>", &key).is_err(), "a DTD");
    assert!(document::sign("no xml", &key).is_err());
}
