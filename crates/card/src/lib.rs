//! The Individual Number Card (マイナンバーカード): commands and answers of ISO/IEC 7816-4, the card's applications,
//! readers, and a card in software that other programs take for one.
//!
//! **Invariant:** with the user-authentication key of a citizen's card nothing can be signed but a
//! [`pki::Challenge`]: no function here takes a hash or bytes made elsewhere. A PIN is tried once per call, the
//! last try only when the citizen said so, and a card is left with its PIN forgotten.
//! **Boundary:** knows nothing of HTTP or pages. The digital-signature key (署名用) and the 12-digit number are never
//! asked for. PIN and attributes don't print.
//!
//! Sources: JICSAP 1.1 and ISO/IEC 7816-4 for the commands; for files and status words what OpenSC and the crate
//! myna-card (surveyed on test cards) publish. What was tried with which program is in `docs/card.md`.

pub mod ap;
pub mod apdu;
pub mod pin;
pub mod reader;
pub mod soft;
pub mod tlv;
pub mod vpcd;

#[cfg(feature = "pcsc")]
pub mod pcsc;

pub use ap::{Attributes, CardInfo, Consent, Jpki, Signed, Token};
pub use apdu::{Command, Response, Status};
pub use pin::{AuthPin, BadPin};
pub use reader::{Card, Error, LastTry, Transport, TransportError};
