//! Inquiries (問合せ, guideline 4.1.1 and 7): threads with attachments, from anybody signed in, at any time.

pub mod pages;
pub mod write;

use ::store::{Error, Tx};
use accounts::Account;
use base::Timestamp;
use serde::Serialize;

use crate::Desk;
use crate::store::attachments::{self, Attachment};
use crate::store::threads::{self, Message, Thread};
use crate::store::{orgs, services};

base::id!(
    /// An inquiry.
    ThreadId,
    "thr"
);

base::id!(
    /// A message of an inquiry.
    MessageId,
    "msg"
);

/// What an inquiry can be about; each has a text `topic-{topic}`.
pub const TOPICS: [&str; 6] = ["application", "settings", "test", "production", "service", "other"];

/// Longest subject in characters.
pub const LONGEST_SUBJECT: usize = 200;
/// Longest message in characters.
pub const LONGEST_BODY: usize = 10_000;
/// Most messages of one person within a day.
pub const MESSAGES_A_DAY: i64 = 100;

/// A message as pages show it.
#[derive(Clone, Debug, Serialize)]
pub struct Said {
    /// Who: a member's name, or none for the desk (staff stay nameless to API users).
    pub name: Option<String>,
    /// A note among the staff.
    pub internal: bool,
    /// Paragraphs.
    pub body: Vec<String>,
    /// When.
    pub at: Timestamp,
    /// What was sent with it.
    pub files: Vec<Attachment>,
}

/// Whether a person may read a thread: their own, or one of their organisations'.
pub fn may_read(tx: &mut Tx<'_>, thread: &Thread, account: &str) -> Result<bool, Error> {
    Ok(match &thread.org {
        Some(org) => orgs::role_of(tx, org, account)?.is_some(),
        None => thread.opened_by == account,
    })
}

impl Desk {
    /// The messages of a thread. `staff`: internal notes and names of staff too.
    pub fn said(&self, tx: &mut Tx<'_>, thread: &str, staff: bool) -> Result<Vec<Said>, Error> {
        let mut out = Vec::new();
        for m in threads::messages(tx, thread)? {
            if m.internal && !staff {
                continue;
            }
            let by_desk = m.author_kind == "staff";
            let name = if by_desk && !staff { None } else { self.accounts().find_in(tx, &m.author)?.map(|a| a.name) };
            out.push(Said {
                name,
                internal: m.internal,
                body: m.body.split("\n\n").map(str::to_owned).collect(),
                at: m.created_at,
                files: attachments::of(tx, &m.id)?,
            });
        }
        Ok(out)
    }

    /// Adds a message and gives the thread its status. The files were sealed for [`Message::id`].
    pub fn say(&self, tx: &mut Tx<'_>, thread: &str, message: &Message, status: &str) -> Result<(), Error> {
        threads::say(tx, thread, message)?;
        threads::touch(tx, thread, status, message.created_at)
    }

    /// The name of an organisation and of a case's service, for headings.
    pub fn about(&self, tx: &mut Tx<'_>, thread: &Thread) -> Result<(Option<String>, Option<String>), Error> {
        let org = match &thread.org {
            Some(org) => orgs::get(tx, org)?.map(|o| o.name),
            None => None,
        };
        let service = match &thread.case_id {
            Some(case) => match crate::store::cases::get(tx, case)? {
                Some(row) => services::get(tx, &row.service)?.map(|s| s.name),
                None => None,
            },
            None => None,
        };
        Ok((org, service))
    }

    /// Everybody who hears of an answer: who asked, as long as they may still read it.
    pub fn askers(&self, tx: &mut Tx<'_>, thread: &Thread) -> Result<Vec<Account>, Error> {
        let mut out = Vec::new();
        if may_read(tx, thread, &thread.opened_by)? {
            out.extend(self.accounts().find_in(tx, &thread.opened_by)?);
        }
        if out.is_empty()
            && let Some(org) = &thread.org
        {
            for member in orgs::members(tx, org)?.into_iter().filter(|m| m.role.owns()) {
                out.extend(self.accounts().find_in(tx, &member.account)?);
            }
        }
        Ok(out)
    }
}
