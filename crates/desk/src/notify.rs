//! E-mails of the desk: written in the transaction of their reason. Subject and text are the texts `{stem}-subject` and
//! `{stem}-text` in the reader's language.

use ::store::{Error, Result, Tx};
use accounts::Account;
use base::{Lang, Timestamp};
use mail::{Email, Message};

use crate::Desk;
use crate::store::orgs;

/// An e-mail before it is written.
#[derive(Clone, Debug)]
pub struct Mail<'a> {
    stem: &'static str,
    to: Email,
    lang: Lang,
    args: Vec<(&'a str, String)>,
    dedupe: Option<String>,
}

impl<'a> Mail<'a> {
    /// To a person.
    pub fn new(stem: &'static str, to: &Account) -> Self {
        let person = vec![("person", to.name.clone())];
        Self { stem, to: to.email.clone(), lang: to.lang, args: person, dedupe: None }
    }

    /// A variable of the text.
    pub fn arg(mut self, name: &'a str, value: impl Into<String>) -> Self {
        self.args.push((name, value.into()));
        self
    }

    /// Sent once for this key and person, however often it is asked for.
    pub fn once(mut self, key: &str) -> Self {
        self.dedupe = Some(format!("{key}:{}", self.to.as_str()));
        self
    }
}

impl Desk {
    /// Queues an e-mail in the caller's transaction.
    pub fn mail(&self, tx: &mut Tx<'_>, mail: Mail<'_>, now: Timestamp) -> Result<()> {
        let args: Vec<(&str, &str)> = mail.args.iter().map(|(n, v)| (*n, v.as_str())).collect();
        let text = |part: &str| {
            let key = format!("{}-{part}", mail.stem);
            self.site().text(mail.lang, &key, &args).map_err(|e| Error::inconsistent("texts", e))
        };
        let foot = self.site().text(mail.lang, "mail-foot", &[("origin", self.site().origin().as_str())]);
        let foot = foot.map_err(|e| Error::inconsistent("texts", e))?;
        let message = Message {
            to: mail.to.clone(),
            lang: mail.lang,
            subject: text("subject")?.into(),
            text: format!("{}\n\n{foot}\n", text("text")?),
            kind: mail.stem,
            dedupe: mail.dedupe.clone(),
            expires: None,
        };
        self.outbox().queue(tx, &message, now).map(drop)
    }

    /// Queues the same e-mail to everybody in an organisation who can act. `make` gives the mail for one person.
    pub fn mail_org<'a>(
        &self,
        tx: &mut Tx<'_>,
        org: &str,
        now: Timestamp,
        make: impl Fn(&Account) -> Mail<'a>,
    ) -> Result<()> {
        for member in orgs::members(tx, org)?.into_iter().filter(|m| m.role.may_edit()) {
            if let Some(account) = self.accounts().find_in(tx, &member.account)? {
                self.mail(tx, make(&account), now)?;
            }
        }
        Ok(())
    }
}
