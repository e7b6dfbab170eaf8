//! `xmlsec1` and we agree, in both directions.

use std::fmt::Write as _;
use std::process::{Command, Output};

use base::codec::b64;
use document::Certificate;
use proptest::prelude::*;

use crate::{Signing, WORLD, ichiro, reason, signed, signing_for, verify};

/// What the template of one signature is made of; the defaults are our profile.
pub(crate) struct Template {
    pub(crate) canonicalization: &'static str,
    pub(crate) method: &'static str,
    pub(crate) references: Vec<String>,
    pub(crate) key_info: &'static str,
    pub(crate) after: &'static str,
}

pub(crate) const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
pub(crate) const INCLUSIVE: &str = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315";
pub(crate) const WITH_COMMENTS: &str = "http://www.w3.org/2001/10/xml-exc-c14n#WithComments";
pub(crate) const ENVELOPED: &str =
    "<dsig:Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"/>";
pub(crate) const C14N: &str = "<dsig:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/>";
pub(crate) const SHA256: &str = "http://www.w3.org/2001/04/xmlenc#sha256";

pub(crate) fn reference(attributes: &str, transforms: &str, digest: &str) -> String {
    format!(
        "<dsig:Reference {attributes}>\n<dsig:Transforms>{transforms}</dsig:Transforms>\n\
         <dsig:DigestMethod Algorithm=\"{digest}\"/>\n<dsig:DigestValue></dsig:DigestValue>\n</dsig:Reference>"
    )
}

impl Default for Template {
    fn default() -> Self {
        Self {
            canonicalization: EXCLUSIVE,
            method: "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
            references: vec![reference("URI=\"\"", &format!("{ENVELOPED}{C14N}"), SHA256)],
            key_info: "<dsig:X509Data><dsig:X509Certificate></dsig:X509Certificate></dsig:X509Data>",
            after: "",
        }
    }
}

impl Template {
    /// The document with this template before its last closing tag.
    pub(crate) fn put_into(&self, xml: &str) -> String {
        let at = xml.rfind("</").unwrap();
        let (before, after) = xml.split_at(at);
        format!(
            "{before}\n<dsig:Signature xmlns:dsig=\"http://www.w3.org/2000/09/xmldsig#\">\n<dsig:SignedInfo>\n\
             <dsig:CanonicalizationMethod Algorithm=\"{}\"/>\n<dsig:SignatureMethod Algorithm=\"{}\"/>\n{}\n\
             </dsig:SignedInfo>\n<dsig:SignatureValue/>\n<dsig:KeyInfo>{}</dsig:KeyInfo>{}\n</dsig:Signature>\n{after}",
            self.canonicalization,
            self.method,
            self.references.join("\n"),
            self.key_info,
            self.after
        )
    }
}

fn xmlsec1(args: &[&str]) -> Output {
    Command::new("xmlsec1").args(args).output().expect("these tests need xmlsec1: install the package `xmlsec1`")
}

fn pem(label: &str, der: &[u8]) -> String {
    let mut out = format!("-----BEGIN {label}-----\n");
    for line in b64(der).as_bytes().chunks(64) {
        let _ = writeln!(out, "{}", std::str::from_utf8(line).unwrap());
    }
    let _ = writeln!(out, "-----END {label}-----");
    out
}

/// Has `xmlsec1` fill the template in `xml`.
pub(crate) fn xmlsec1_signs(xml: &str, signing: &Signing) -> String {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(path("in.xml"), xml).unwrap();
    std::fs::write(path("key.pem"), pem("PRIVATE KEY", signing.key.to_pkcs8().unwrap().expose())).unwrap();
    std::fs::write(path("cert.pem"), pem("CERTIFICATE", &signing.certificate)).unwrap();
    let key = format!("{},{}", path("key.pem"), path("cert.pem"));
    let done = xmlsec1(&[
        "--sign",
        "--id-attr:id",
        "TEG800",
        "--privkey-pem",
        &key,
        "--output",
        &path("out.xml"),
        &path("in.xml"),
    ]);
    assert!(done.status.success(), "xmlsec1 could not sign: {}", String::from_utf8_lossy(&done.stderr));
    std::fs::read_to_string(path("out.xml")).unwrap()
}

/// Whether `xmlsec1` accepts the signature and finds its way to our test root.
pub(crate) fn xmlsec1_accepts(xml: &str) -> bool {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(path("in.xml"), xml).unwrap();
    std::fs::write(path("root.pem"), &WORLD.root_pem).unwrap();
    let done = xmlsec1(&[
        "--verify",
        "--enabled-key-data",
        "x509",
        "--verification-time",
        "2026-11-02 03:00:00",
        "--trusted-pem",
        &path("root.pem"),
        &path("in.xml"),
    ]);
    done.status.success()
}

#[test]
fn xmlsec1_verifies_what_we_sign() {
    for certificate in ichiro() {
        let signed = signing_for(&certificate).sign(&certificate.to_xml().unwrap());
        assert!(xmlsec1_accepts(&signed), "{}", certificate.issuer());
        assert!(!xmlsec1_accepts(&signed.replace("一郎", "二郎")), "xmlsec1 would accept anything");
        let checked = verify(&signed).unwrap();
        assert_eq!(checked.certificate, certificate);
        assert_eq!(checked.issuer.organisation, certificate.issuer());
    }
}

#[test]
fn we_verify_what_xmlsec1_signs() {
    for certificate in ichiro() {
        let template = Template::default().put_into(&certificate.to_xml().unwrap());
        let signed = xmlsec1_signs(&template, signing_for(&certificate));
        assert_eq!(verify(&signed).unwrap().certificate, certificate);
    }
}

/// Long names with variation selectors, and names that XML has to escape.
#[test]
fn names_survive() {
    for name in
        ["葛\u{e0100}城\u{e0101} 麟太郎左衛門尉", "Emma Louise <Johansson> & \"Co\" ' ]]>", "髙\u{301}﨑 \u{20bb7}野家"]
    {
        for certificate in document::samples::certificates("katsuragi", name, 2026) {
            let signed = signing_for(&certificate).sign(&certificate.to_xml().unwrap());
            assert!(xmlsec1_accepts(&signed));
            assert_eq!(verify(&signed).unwrap().certificate.policy_holder(), name);
        }
    }
}

/// Printing it nicely, a byte-order mark and other line ends do not change what a document says, and
/// both sides agree about the bytes all the same.
#[test]
fn other_spellings_of_the_same_document() {
    let plain = ichiro()[0].to_xml().unwrap();
    let spaced = plain.replace("><WC", ">\r\n\t<WC").replace("id=\"TEG800\"", "id = 'TEG800'");
    let prefixed = plain
        .replace("</", "</k:")
        .replace("</k:gen:", "</gen:")
        .replace("<WC", "<k:WC")
        .replace("<TEG800 xmlns=", "<k:TEG800 xmlns:k=");
    for xml in [spaced, format!("\u{feff}{plain}"), prefixed] {
        let ours = WORLD.issuers[0].sign(&xml);
        assert!(xmlsec1_accepts(&ours));
        assert_eq!(verify(&ours).unwrap().certificate, ichiro()[0]);
        let theirs = xmlsec1_signs(&Template::default().put_into(&xml), &WORLD.issuers[0]);
        assert_eq!(verify(&theirs).unwrap().certificate, ichiro()[0]);
    }
}

#[test]
fn zero_padded_dates_and_amounts_are_read() {
    let plain = ichiro()[0].to_xml().unwrap();
    let padded = plain.replace("<gen:dd>9<", "<gen:dd>09<").replace("<WCE00330>", "<WCE00330>0000");
    assert_ne!(plain, padded);
    assert_eq!(verify(&WORLD.issuers[0].sign(&padded)).unwrap().certificate, ichiro()[0]);
}

/// The profile is narrow: all of these are good signatures to `xmlsec1`, and outside it to us.
#[test]
fn good_signatures_outside_the_profile_are_refused() {
    let xpath = "<dsig:Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xpath-19991116\">\
                 <dsig:XPath>not(ancestor-or-self::dsig:Signature)</dsig:XPath></dsig:Transform>";
    let inclusive_prefixes = "<dsig:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\">\
                 <ec:InclusiveNamespaces xmlns:ec=\"http://www.w3.org/2001/10/xml-exc-c14n#\" PrefixList=\"gen\"/></dsig:Transform>";
    let whole = || reference("URI=\"\"", &format!("{ENVELOPED}{C14N}"), SHA256);
    let cases = [
        ("inclusive C14N", Template { canonicalization: INCLUSIVE, ..Template::default() }),
        ("C14N with comments", Template { canonicalization: WITH_COMMENTS, ..Template::default() }),
        ("SHA-512", Template { method: "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512", ..Template::default() }),
        ("two references", Template { references: vec![whole(), whole()], ..Template::default() }),
        (
            "a reference by id",
            Template {
                references: vec![reference("URI=\"#TEG800\"", &format!("{ENVELOPED}{C14N}"), SHA256)],
                ..Template::default()
            },
        ),
        (
            "a named reference",
            Template {
                references: vec![reference("Id=\"r\" URI=\"\"", &format!("{ENVELOPED}{C14N}"), SHA256)],
                ..Template::default()
            },
        ),
        (
            "an XPath transform",
            Template {
                references: vec![reference("URI=\"\"", &format!("{xpath}{C14N}"), SHA256)],
                ..Template::default()
            },
        ),
        (
            "a third transform",
            Template {
                references: vec![reference("URI=\"\"", &format!("{ENVELOPED}{C14N}{C14N}"), SHA256)],
                ..Template::default()
            },
        ),
        (
            "a parameter of the canonicalisation",
            Template {
                references: vec![reference("URI=\"\"", &format!("{ENVELOPED}{inclusive_prefixes}"), SHA256)],
                ..Template::default()
            },
        ),
        (
            "another digest",
            Template {
                references: vec![reference(
                    "URI=\"\"",
                    &format!("{ENVELOPED}{C14N}"),
                    "http://www.w3.org/2001/04/xmldsig-more#sha384",
                )],
                ..Template::default()
            },
        ),
        ("an object", Template { after: "<dsig:Object>anything</dsig:Object>", ..Template::default() }),
        (
            "more key information",
            Template {
                key_info: "<dsig:KeyValue/><dsig:X509Data><dsig:X509Certificate></dsig:X509Certificate></dsig:X509Data>",
                ..Template::default()
            },
        ),
    ];
    let plain = ichiro()[0].to_xml().unwrap();
    for (what, template) in cases {
        let signed = xmlsec1_signs(&template.put_into(&plain), &WORLD.issuers[0]);
        assert_eq!(reason(&signed), "not_supported", "{what}");
    }
}

/// As text, so that the test does not depend on what the installed `xmlsec1` still signs.
#[test]
fn sha1_and_xslt_are_refused_before_anything_is_computed() {
    let good = signed();
    let sha1 =
        good.replace("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", "http://www.w3.org/2000/09/xmldsig#rsa-sha1");
    let digest = good.replace(SHA256, "http://www.w3.org/2000/09/xmldsig#sha1");
    let xslt = good.replace(
        "http://www.w3.org/2000/09/xmldsig#enveloped-signature\">",
        "http://www.w3.org/TR/1999/REC-xslt-19991116\"><x:stylesheet xmlns:x=\"http://www.w3.org/1999/XSL/Transform\"/>",
    );
    let hmac = good
        .replace("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", "http://www.w3.org/2000/09/xmldsig#hmac-sha1");
    for xml in [sha1, digest, xslt, hmac] {
        assert_ne!(xml, good);
        assert_eq!(reason(&xml), "not_supported");
    }
}

/// Any tree of elements, prefixes, attributes and text.
fn tree() -> impl Strategy<Value = String> {
    let text = "[ a-c<>&\"'\t\n\r日\u{e0100}]{0,6}".prop_map(|t: String| escape(&t));
    let namespaces =
        prop::sample::subsequence(vec![" xmlns='u:1'", " xmlns:p='u:2'", " xmlns:q='u:3'", " xmlns:gen='u:1'"], 0..2)
            .prop_map(|n| n.concat());
    let name = prop::sample::select(vec!["a", "b", "p:a", "q:b", "gen:c"]);
    let attributes = prop::collection::btree_map(
        prop::sample::select(vec!["z", "a", "p:z", "q:a", "xml:lang", "gen:y"]),
        "[ a-c<>&\"\t\n\r日]{0,4}".prop_map(|t: String| escape(&t)),
        0..4,
    )
    .prop_map(|all| all.into_iter().fold(String::new(), |out, (n, v)| format!("{out}  {n}\n=\"{v}\"")));
    let leaf = text.clone().boxed();
    let element = leaf.prop_recursive(5, 40, 4, move |inner| {
        (name.clone(), namespaces.clone(), attributes.clone(), prop::collection::vec(inner, 1..4))
            .prop_map(|(name, ns, attributes, inner)| format!("<{name}{ns}{attributes} >{}</{name} >", inner.concat()))
    });
    // Seldom by itself more than a text: five of them, so that most trees have some depth.
    prop::collection::vec(element, 5).prop_map(|all| all.concat())
}

/// Character references, so that the parsers have something to normalise.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&#60;").replace('"', "&quot;").replace('\r', "&#xd;").replace('\t', "&#9;")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    /// Our canonicaliser and libxml2's write the same bytes for any tree: otherwise the digests differ.
    #[test]
    fn canonical_forms_agree(tree in tree()) {
        let xml = format!("<r xmlns:p='u:2' xmlns:q='u:2b' xmlns:gen='u:4' xmlns='u:0'>{tree}</r>");
        // Two prefixes for one name can make two attributes the same; then both sides refuse it.
        let Ok(ours) = document::sign(&xml, &document::KeyAndCertificate {
            key: &WORLD.issuers[0].key,
            certificate: &WORLD.issuers[0].certificate,
        }) else { return Ok(()) };
        prop_assert!(xmlsec1_accepts(&ours), "xmlsec1 computes another digest for {ours}");
        // The other direction: anything but "tampered" (it is no form).
        let theirs = xmlsec1_signs(&Template::default().put_into(&xml), &WORLD.issuers[0]);
        // The signature's own namespace may be the one too many for the reader's limit.
        let said = reason(&theirs);
        prop_assert!(matches!(said, "malformed" | "too_large"), "{}: {}", said, theirs);
    }
}

/// Not a certificate at all, but correctly signed by a trusted issuer.
#[test]
fn other_signed_xml_is_not_a_certificate() {
    let signed = WORLD.issuers[0].sign("<a xmlns='urn:x'>b</a>");
    assert!(xmlsec1_accepts(&signed));
    assert_eq!(reason(&signed), "malformed");
    let unknown_form = ichiro()[0].to_xml().unwrap().replace("TEG800", "TEG830");
    assert_eq!(reason(&WORLD.issuers[0].sign(&unknown_form)), "malformed");
    let Certificate::Life(_) = verify(&signed_life()).unwrap().certificate else {
        panic!("a life insurance certificate")
    };
}

fn signed_life() -> String {
    signed()
}
