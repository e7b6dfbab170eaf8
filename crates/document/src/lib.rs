//! Certificate documents (控除証明書): build, sign, verify, read, and fill the 年末調整 form from them.
//!
//! **Invariant:** what [`verify()`] returns was read from the bytes that were digested, under a signature
//! by a trusted issuer whose name the document carries. **Boundary:** no I/O, no clock, no network; bytes,
//! roots and the time come in as arguments.
//!
//! # Forms
//!
//! XML *shaped like* three forms of e-Tax: TEG800 (生命保険料), TEG810 (地震保険料), TEG840 (国民年金保険料等). The
//! official XSDs are not part of this project and documents made here are **not** valid against them:
//! TEG800 uses the official element codes as far as we know them, TEG810 and TEG840 mostly codes of our
//! own, which carry an X (`WDX00010`, `WOX00010`). Each file under `form/` says where its codes come from.
//! Namespaces, the root's attributes, dates of three child elements without leading zeros and codes in
//! `gen:kubun_CD` are as in the real ones. Reading is strict: an unknown element, attribute or order is an
//! error; dates and amounts may have leading zeros.
//!
//! # Signature profile
//!
//! One profile, to be written and read: a single enveloped `dsig:Signature` as last child of the root;
//! one `Reference URI=""`; transforms enveloped-signature and Exclusive C14N (without comments), in this
//! order; SHA-256; RSASSA-PKCS1-v1_5 with SHA-256; `KeyInfo` with exactly one X.509 certificate. UTF-8 only.
//! DTDs, entities, comments, CDATA, processing instructions, `Object`s, `Manifest`s, parameters of algorithms
//! and everything else are refused, and size, depth, number of nodes and length of tags are bounded.
//!
//! Real documents differ, as far as third parties tell: they have an `xml-stylesheet` instruction before
//! the root and a reference to the root's `id`. A second profile for them has to be added with real samples
//! at hand, next to this one and not by loosening it.
//!
//! The check reads each thing only after the step before vouched for it: the certificate's key verifies the
//! canonical `SignedInfo`; the digest is read from those canonical bytes; the canonical content must have
//! that digest; the form is read from that canonical content. The original file is never read again. So
//! signature wrapping finds nothing to exploit, and a mistake in parsing or canonicalising can refuse a
//! good document but cannot make a forged one pass.
//!
//! # Why no XML-signature library
//!
//! Looked at in November 2026:
//!
//! | library | why not |
//! |---|---|
//! | `xml-sec` 0.4.1 | by far more than one profile needs: some 240,000 lines of its own and about 190 crates, among them a second crypto stack (RustCrypto `rsa`, `dsa`, `p256`, `ed448` …) next to aws-lc, even with its aws-lc feature |
//! | `bergshamra` 0.11.1 | the best of them (secure defaults, can use aws-lc alone), but it answers with nodes of the file as it came in, not with the bytes that were digested, which is the one thing wanted here; and it brings all of XMLDSig, XMLEnc, PKCS#12 and XPath: some 70,000 lines with `uppsala` and `kryptering`, 79 crates, a command line parser among them |
//! | `xml-canonicalization` 0.1.2 | Canonical XML only, not exclusive; a grammar and regular expressions over another parser's events; young |
//! | `xml_c14n` and other bindings of libxml2 | C code that parses hostile input in our process |
//!
//! What is left to do by ourselves for one fixed profile is small: [`roxmltree`] parses (no unsafe code, DTDs
//! refused, no recursion, two crates), a canonicaliser of about 100 lines covers the subset that the gate
//! lets through, and the cryptography is aws-lc-rs by way of `pki`. `xmlsec1` is the oracle of the tests, in both
//! directions.

mod c14n;
mod check;
pub mod deduction;
mod error;
mod form;
mod model;
pub mod samples;
mod signature;
mod xml;

pub use check::{Checked, verify};
pub use error::DocumentError;
pub use model::{
    AppliedSystem, Certificate, EarthquakeInsurance, EarthquakePolicy, Form, InsuredObject, LifeAmounts, LifeCategory,
    LifeInsurance, LifePolicy, MAX_DETAILS, MAX_YEN, NationalPension, PensionKind, PensionMonth, PensionState, Premium,
    PremiumAtDecember, Yen,
};
pub use signature::{KeyAndCertificate, SignError, Signer, sign};

/// Largest file that is looked at. A certificate with 100 details of the largest form has about 300 KiB.
pub const MAX_BYTES: usize = 1024 * 1024;
