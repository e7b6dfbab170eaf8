//! The kit's e-mails: their texts are in the catalogue (`acc-mail-…`).

use base::{Lang, Timestamp};
use mail::{Email, Message};
use store::{Error, Result, Tx};

use crate::{Account, Accounts};

impl Accounts {
    /// An e-mail with the texts `acc-mail-{stem}-subject` and `acc-mail-{stem}`.
    pub(crate) fn message(
        &self,
        to: &Email,
        lang: Lang,
        stem: &str,
        args: &[(&str, &str)],
        expires: Option<Timestamp>,
    ) -> Result<Message> {
        let text = |key: &str, args: &[(&str, &str)]| {
            self.0.site.text(lang, key, args).map_err(|e| Error::inconsistent("texts", e))
        };
        let service = text("service-name", &[])?;
        let origin = self.0.origin.as_str();
        let mut all = vec![("service", service.as_str()), ("origin", origin)];
        all.extend_from_slice(args);
        let subject = text(&format!("acc-mail-{stem}-subject"), &all)?;
        let body = text(&format!("acc-mail-{stem}"), &all)?;
        let foot = text("acc-mail-foot", &all)?;
        Ok(Message {
            to: to.clone(),
            lang,
            subject: subject.into(),
            text: format!("{body}\n\n-- \n{foot}\n"),
            kind: "account",
            dedupe: None,
            expires,
        })
    }

    /// Tells the owner of an account that something about its safety changed: text `acc-changed-{what}`.
    pub(crate) fn tell_owner(&self, tx: &mut Tx<'_>, account: &Account, what: &str) -> Result<()> {
        let now = self.now();
        let key = format!("acc-changed-{what}");
        let what = self.0.site.text(account.lang, &key, &[]).map_err(|e| Error::inconsistent("texts", e))?;
        let time = base::calendar::long_time(now, account.lang);
        let args = [("name", account.name.as_str()), ("what", what.as_str()), ("time", time.as_str())];
        let message = self.message(&account.email, account.lang, "changed", &args, None)?;
        self.0.mailer.queue(tx, &message, now).map(drop)
    }
}
