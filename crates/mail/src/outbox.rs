//! Queueing and looking.

use base::{Lang, Rng, Timestamp};
use serde::{Deserialize, Serialize};
use store::{Error, Result, Sealer, Tx};

use crate::message::clean;
use crate::store::mails::{self, Line, New};
use crate::{Email, Message};

base::id!(
    /// A queued message.
    MailId,
    "mail"
);

const CONTENT: &str = "mails.content";

/// Where messages are put down. Cheap to clone.
///
/// Subject and text are sealed: they hold links that work, and a stolen database must not.
#[derive(Clone, Debug)]
pub struct Outbox {
    sealer: Sealer,
    rng: Rng,
}

/// What became of a message that was handed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Queued {
    /// It will be sent once the transaction commits.
    New(String),
    /// A message with its dedupe key was queued before; nothing was written.
    Before,
}

/// Where a message stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It waits, or is tried again later.
    Queued,
    /// The server took it.
    Sent,
    /// It was kept instead of sent (the test environment).
    Kept,
    /// It will not be tried again unless somebody says so.
    GivenUp,
}

impl State {
    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sent => "sent",
            Self::Kept => "kept",
            Self::GivenUp => "given_up",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::Queued, Self::Sent, Self::Kept, Self::GivenUp].into_iter().find(|s| s.as_str() == text)
    }
}

/// A message in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Its id; newer ones sort higher.
    pub id: String,
    /// To whom.
    pub to: Email,
    /// In which language.
    pub lang: Lang,
    /// What sort of message.
    pub kind: String,
    /// Where it stands.
    pub state: State,
    /// How often it was tried.
    pub attempts: i64,
    /// What the last try said.
    pub last_error: Option<String>,
    /// When it was queued.
    pub created: Timestamp,
    /// When it is tried next.
    pub due: Timestamp,
    /// When it was sent, kept or given up.
    pub ended: Option<Timestamp>,
    /// Its subject and text, while they are kept.
    pub content: Option<Content>,
}

/// What is sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// The subject.
    pub subject: String,
    /// The text.
    pub text: String,
}

impl Outbox {
    /// An outbox over the role's database, opened with [`crate::MIGRATIONS`].
    pub const fn new(sealer: Sealer, rng: Rng) -> Self {
        Self { sealer, rng }
    }

    /// Puts a message down in the caller's transaction.
    ///
    /// # Errors
    /// What the database said.
    pub fn queue(&self, tx: &mut Tx<'_>, message: &Message, now: Timestamp) -> Result<Queued> {
        let id = MailId::new(now, &self.rng);
        let content = Content { subject: message.subject.as_str().to_owned(), text: clean(&message.text) };
        let json = serde_json::to_vec(&content).map_err(|e| Error::inconsistent(CONTENT, e))?;
        let sealed = self.sealer.seal(CONTENT, &json)?;
        let new = New {
            id: id.as_str(),
            recipient: message.to.as_str(),
            lang: message.lang.tag(),
            kind: message.kind,
            dedupe: message.dedupe.as_deref(),
            content: &sealed,
            expires: message.expires,
        };
        Ok(if mails::insert(tx, &new, now)? { Queued::New(id.as_str().to_owned()) } else { Queued::Before })
    }

    /// Messages in `state`, newest first: at most `limit`, from below the id `before` on.
    ///
    /// # Errors
    /// What the database said; a message sealed with another master key.
    pub fn list(&self, tx: &mut Tx<'_>, state: State, before: Option<&str>, limit: u32) -> Result<Vec<Entry>> {
        // 'n' sorts behind every "mail_…".
        let lines = mails::list(tx, state.as_str(), before.unwrap_or("n"), limit.into())?;
        lines.into_iter().map(|line| self.entry(line)).collect()
    }

    /// One message.
    ///
    /// # Errors
    /// As [`Outbox::list`].
    pub fn get(&self, tx: &mut Tx<'_>, id: &str) -> Result<Option<Entry>> {
        mails::get(tx, id)?.map(|line| self.entry(line)).transpose()
    }

    /// Lets a message that was given up be tried anew, as if it had just been queued. `false` when there is none such.
    ///
    /// # Errors
    /// What the database said.
    pub fn try_again(&self, tx: &mut Tx<'_>, id: &str, now: Timestamp) -> Result<bool> {
        mails::again(tx, id, now)
    }

    /// How many messages wait, and since when the oldest: for readiness and figures.
    ///
    /// # Errors
    /// What the database said.
    pub fn waiting(&self, tx: &mut Tx<'_>) -> Result<(i64, Option<Timestamp>)> {
        mails::waiting(tx)
    }

    pub(crate) fn open(&self, sealed: &[u8]) -> Result<Content> {
        let plain = self.sealer.open(CONTENT, sealed)?;
        serde_json::from_slice(&plain).map_err(|e| Error::inconsistent(CONTENT, e))
    }

    fn entry(&self, line: Line) -> Result<Entry> {
        Ok(Entry {
            to: Email::parse(&line.recipient).map_err(|e| Error::inconsistent("mails.recipient", e))?,
            lang: Lang::from_tag(&line.lang).unwrap_or_default(),
            state: State::parse(&line.state).ok_or_else(|| Error::inconsistent("mails.state", "not a state"))?,
            content: line.content.as_deref().map(|sealed| self.open(sealed)).transpose()?,
            id: line.id,
            kind: line.kind,
            attempts: line.attempts,
            last_error: line.last_error,
            created: line.created,
            due: line.due,
            ended: line.ended,
        })
    }
}
