//! Certificates of the public personal authentication service (公的個人認証サービス, JPKI): the path
//! check of a user-authentication certificate, revocation lists and OCSP, the challenge a card signs, a test CA
//! and the test people.
//!
//! **Invariant:** [`verify`](verify()) answers with a [`VerifiedCard`] only when every check of a card
//! reading held; what it can't decide it refuses. **Boundary:** no I/O; certificates, lists and the
//! time come in as arguments. Certificates and serials are personal data: no type here prints them.
//!
//! General-purpose path checkers can't be used: the profile has a critical certificatePolicies and
//! revocation lists whose issuing distribution point is a directory name, and all generations of the
//! root share one distinguished name.

pub mod cert;
pub mod challenge;
pub mod crl;
pub mod issuer;
pub mod key;
pub mod key_p384;
pub mod ocsp;
pub mod people;
pub mod profile;
pub mod signing;
pub mod testca;
pub mod verify;

mod build;
#[cfg(test)]
mod tests;

pub use cert::{Anchors, AuthCert, CardKey};
pub use challenge::{Challenge, Origin, Purpose};
pub use crl::{Crl, CrlSet};
pub use key::RsaKey;
pub use key_p384::P384Key;
pub use people::Person;
pub use profile::{Environment, Partition};
pub use verify::{Algorithm, CardError, Policy, Revocation, VerifiedCard, verify};
