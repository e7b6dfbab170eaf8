//! The outbox: e-mails are written in the transaction of their reason and sent at least once.
//!
//! **Boundary:** knows no role and no wording.
