//! The outbox: e-mails are written in the transaction of their reason and sent at least once.
//!
//! ```text
//! db.write(move |tx| {
//!     cases::insert(tx, &case)?;
//!     outbox.queue(tx, &Message { to, lang, subject: "…".into(), text, kind: "receipt", dedupe: None, expires: None }, now)
//! }).await?;
//! ```
//!
//! [`Worker`] sends what is due: through an SMTP server ([`Smtp`]), or into the drawer ([`Transport::Keep`]) where the test
//! environment shows it. A message that can't be sent is tried again with growing pauses, and given up loudly
//! ([`Outbox::list`] shows it, the log has an error line).
//!
//! **Invariant:** a message of a committed transaction is sent or visibly given up; a message of a transaction that was
//! rolled back is never sent; no text can become a header line. **Boundary:** knows no role and no wording.

mod address;
mod message;
mod outbox;
mod smtp;
mod store;
mod worker;

pub use address::{Email, NotAnEmail};
pub use message::{Message, Subject};
pub use outbox::{Content, Entry, MailId, Outbox, Queued, State};
pub use smtp::{Security, SendError, Smtp, SmtpError, SmtpSettings};
pub use store::{MIGRATIONS, STATEMENTS};
pub use worker::{Transport, Worker};
