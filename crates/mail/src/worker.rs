//! Sending what is due.

use std::time::Duration;

use base::{Clock, Lang, Timestamp};
use store::{Db, Result};

use crate::smtp::{Letter, SendError, Smtp};
use crate::store::mails::{self, Claimed};
use crate::{Email, Outbox};

/// Where messages go.
#[derive(Clone, Debug)]
pub enum Transport {
    /// To an SMTP server.
    Smtp(Smtp),
    /// Nowhere: they are kept and can be listed (the test environment).
    Keep,
}

/// Sends the outbox's messages. Several nodes may have one; a message is in the hands of one at a time.
///
/// What happens to a message that could not be sent:
///
/// - No connection, no answer, a 4xx answer, or an answer that is about our own account at the server (530, 534, 535,
///   538): tried again after 1, 2, 4 … minutes, at most an hour apart, for four days (RFC 5321 section 4.5.4.1).
/// - Another 5xx answer: the server refuses this very message. Tried twice more, because servers say 5xx by mistake
///   too, then given up.
/// - [`crate::Message::expires`] is over: given up.
///
/// What is given up is an error in the log (with the message's id, never its text or recipient) and in
/// [`Outbox::list`], from where it can be tried again.
#[derive(Clone, Debug)]
pub struct Worker {
    db: Db,
    outbox: Outbox,
    clock: Clock,
    transport: Transport,
}

/// How long a worker may be busy with one message before another takes it over; longer than [`crate::smtp`]'s limits.
const LEASE: Duration = Duration::from_secs(180);
/// For how long a message is tried.
const LONGEST: Duration = Duration::from_secs(4 * 86_400);
/// How many refusals of a message end it.
const REFUSALS: i64 = 3;
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);
/// How long what was sent (without its text), and the text of what was given up, is remembered.
const MEMORY: Duration = Duration::from_secs(90 * 86_400);

impl Worker {
    /// A worker over the role's database.
    pub const fn new(db: Db, outbox: Outbox, clock: Clock, transport: Transport) -> Self {
        Self { db, outbox, clock, transport }
    }

    /// Sends every message that is due now; tells how many went out.
    ///
    /// # Errors
    /// What the database said; what the server said is kept with the message.
    pub async fn run_due(&self) -> Result<usize> {
        let mut done = 0;
        while let Some(mail) = self.claim().await? {
            if self.deliver(mail).await? {
                done += 1;
            }
        }
        Ok(done)
    }

    /// Sends until the task is dropped, looking every `every`; once an hour forgets what is old.
    pub async fn run_forever(self, every: Duration) {
        let mut purged = Timestamp(0);
        loop {
            if let Err(e) = self.run_due().await {
                tracing::warn!(error = %e, "the outbox can't be read");
            }
            let now = self.clock.now();
            if now.since(purged) > Duration::from_secs(3600) {
                purged = now;
                if let Err(e) = self.db.write(move |tx| mails::purge(tx, now.minus(MEMORY))).await {
                    tracing::warn!(error = %e, "old messages can't be removed");
                }
            }
            tokio::time::sleep(every).await;
        }
    }

    async fn claim(&self) -> Result<Option<Claimed>> {
        let now = self.clock.now();
        // A look without writing first: an idle role must not write every second.
        if self.db.read(move |tx| mails::due(tx, now)).await? == 0 {
            return Ok(None);
        }
        self.db.write(move |tx| mails::claim(tx, now, now.plus(LEASE))).await
    }

    async fn deliver(&self, mail: Claimed) -> Result<bool> {
        let now = self.clock.now();
        let id = mail.id.clone();
        if mail.expires.is_some_and(|t| t <= now) {
            self.give_up(&mail, "it was of no use any more when its turn came", mail.refusals).await?;
            return Ok(false);
        }
        let smtp = match &self.transport {
            Transport::Keep => {
                self.db.write(move |tx| mails::kept(tx, &id, now)).await?;
                return Ok(true);
            }
            Transport::Smtp(smtp) => smtp,
        };
        let sent = match self.letter(&mail, now) {
            Ok(letter) => smtp.send(&letter).await,
            // Sealed with another key, or no address any more: no repetition helps.
            Err(e) => Err(SendError::Refused(e)),
        };
        match sent {
            Ok(()) => {
                self.db.write(move |tx| mails::sent(tx, &id, now)).await?;
                Ok(true)
            }
            Err(error) => {
                self.failed(&mail, &error).await?;
                Ok(false)
            }
        }
    }

    fn letter(&self, mail: &Claimed, now: Timestamp) -> Result<Letter, String> {
        let content = self.outbox.open(&mail.content).map_err(|e| e.to_string())?;
        Ok(Letter {
            id: mail.id.clone(),
            to: Email::parse(&mail.recipient).map_err(|e| e.to_string())?,
            lang: Lang::from_tag(&mail.lang).unwrap_or_default(),
            subject: content.subject,
            text: content.text,
            date: now,
        })
    }

    async fn failed(&self, mail: &Claimed, error: &SendError) -> Result<()> {
        let refusals = mail.refusals + i64::from(matches!(error, SendError::Refused(_)));
        let text = error.to_string();
        let now = self.clock.now();
        if refusals >= REFUSALS || now.since(mail.created) >= LONGEST {
            return self.give_up(mail, &text, refusals).await;
        }
        tracing::warn!(
            mail = mail.id,
            kind = mail.kind,
            attempt = mail.attempts,
            error = text,
            "a message was not sent"
        );
        let (id, due) = (mail.id.clone(), now.plus(pause(mail.attempts)));
        self.db.write(move |tx| mails::retry(tx, &id, due, &text, refusals)).await
    }

    async fn give_up(&self, mail: &Claimed, why: &str, refusals: i64) -> Result<()> {
        tracing::error!(
            mail = mail.id,
            kind = mail.kind,
            attempts = mail.attempts,
            error = why,
            "a message was given up"
        );
        let (id, why, now) = (mail.id.clone(), why.to_owned(), self.clock.now());
        self.db.write(move |tx| mails::give_up(tx, &id, now, &why, refusals)).await
    }
}

/// 1, 2, 4 … minutes, up to an hour.
fn pause(attempt: i64) -> Duration {
    let exponent = u32::try_from(attempt.clamp(1, 10)).unwrap_or(10) - 1;
    Duration::from_secs(60 << exponent).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_an_hour() {
        let minutes: Vec<_> = (1..=9).map(|n| pause(n).as_secs() / 60).collect();
        assert_eq!(minutes, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
        assert_eq!(pause(i64::MAX), LONGEST_PAUSE);
    }
}
