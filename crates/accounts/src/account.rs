//! Accounts, realms and how sure we are.

use std::time::Duration;

use ::store::{Result, Tx};
use base::{Lang, Timestamp};
use mail::Email;
use serde::{Deserialize, Serialize};
use web::Fault;

use crate::Accounts;
use crate::store::{accounts, counters, emails, factors, links, passkeys, sessions};

base::id!(
    /// An account.
    AccountId,
    "acc"
);

/// Whose accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Realm {
    /// People of API users: they register by themselves or are invited.
    Member,
    /// The desk's staff: by invitation only, never without a second factor.
    Staff,
}

impl Realm {
    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Staff => "staff",
        }
    }

    /// From storage.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Member, Self::Staff].into_iter().find(|r| r.as_str() == text)
    }

    /// What stands before the paths of this realm's pages.
    pub const fn base(self) -> &'static str {
        match self {
            Self::Member => "",
            Self::Staff => "/staff",
        }
    }

    /// A page of this realm.
    pub(crate) fn path(self, path: &str) -> String {
        format!("{}{path}", self.base())
    }

    /// How long a session lives without use.
    pub(crate) const fn idle(self) -> Duration {
        match self {
            Self::Member => Duration::from_secs(12 * 3600),
            Self::Staff => Duration::from_secs(30 * 60),
        }
    }

    /// How long it lives at most.
    pub(crate) const fn longest(self) -> Duration {
        match self {
            Self::Member => Duration::from_secs(7 * 86_400),
            Self::Staff => Duration::from_secs(12 * 3600),
        }
    }
}

/// How somebody proved who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// By a password alone.
    Password,
    /// By a password, and an authenticator app, a recovery code or a passkey.
    TwoFactors,
    /// By a passkey that checked its user.
    Passkey,
}

impl Level {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::TwoFactors => "two_factors",
            Self::Passkey => "passkey",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        [Self::Password, Self::TwoFactors, Self::Passkey].into_iter().find(|l| l.as_str() == text)
    }
}

/// Somebody's account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Account {
    /// `acc_…`; never reused.
    pub id: String,
    /// Whose sort it is.
    pub realm: Realm,
    /// The confirmed address; one account per address and realm.
    pub email: Email,
    /// How the person is called on pages.
    pub name: String,
    /// In which language e-mails are written.
    pub lang: Lang,
    /// Since when.
    pub created: Timestamp,
    /// Since when nobody can sign in with it.
    pub disabled: Option<Timestamp>,
    /// How often second factors were added or removed.
    #[serde(skip)]
    pub(crate) factors: i64,
}

/// A person's name as they type it: one line, at most 60 characters, and nothing that reads like an address on the
/// web, because names go into e-mails that strangers get.
pub(crate) fn name(text: &str) -> Option<String> {
    let line = web::form::line(text);
    let bad = line.contains(['<', '>', '/', '\\', '\u{2028}', '\u{2029}']) || line.to_lowercase().contains("www.");
    (!line.is_empty() && line.chars().count() <= 60 && !bad).then_some(line)
}

impl Accounts {
    /// An account.
    ///
    /// # Errors
    /// The database.
    pub async fn find(&self, id: &str) -> Result<Option<Account>> {
        let id = id.to_owned();
        self.db().read(move |tx| accounts::get(tx, &id)).await
    }

    /// The account of an address.
    ///
    /// # Errors
    /// The database.
    pub async fn find_by_email(&self, realm: Realm, email: &Email) -> Result<Option<Account>> {
        let email = email.clone();
        self.db().read(move |tx| accounts::by_email(tx, realm, &email)).await
    }

    /// The same within the caller's transaction.
    ///
    /// # Errors
    /// The database.
    pub fn find_in(&self, tx: &mut Tx<'_>, id: &str) -> Result<Option<Account>> {
        accounts::get(tx, id)
    }

    /// Every account of a realm, oldest first: for staff pages.
    ///
    /// # Errors
    /// The database.
    pub async fn list(&self, realm: Realm) -> Result<Vec<Account>> {
        self.db().read(move |tx| accounts::list(tx, realm)).await
    }

    /// Signs an account out everywhere.
    ///
    /// # Errors
    /// The database.
    pub async fn revoke_sessions(&self, id: &str) -> Result<()> {
        let id = id.to_owned();
        self.db().write(move |tx| sessions::end_all(tx, &id).map(drop)).await
    }

    /// Closes or opens an account in the caller's transaction. A closed one is signed out everywhere, and its links stop
    /// working; nobody is told at sign-in that it exists.
    ///
    /// # Errors
    /// The database.
    pub fn set_disabled(&self, tx: &mut Tx<'_>, id: &str, disabled: bool, now: Timestamp) -> Result<()> {
        accounts::set_disabled(tx, id, disabled.then_some(now))?;
        if disabled {
            sessions::end_all(tx, id)?;
            links::end_kind(tx, id, crate::links::RESET)?;
        }
        Ok(())
    }

    /// Takes every second factor and recovery code from an account, in the caller's transaction: for a person who has lost
    /// them all and whose identity was checked by other means. They are signed out everywhere and told; staff set a new factor
    /// up at their next sign-in, so whoever calls this should have two people agree.
    ///
    /// # Errors
    /// The database.
    pub fn reset_factors(&self, tx: &mut Tx<'_>, id: &str) -> Result<()> {
        let Some(account) = accounts::get(tx, id)? else { return Ok(()) };
        factors::end_totp(tx, id)?;
        factors::end_codes(tx, id)?;
        for passkey in passkeys::list(tx, id)? {
            passkeys::end(tx, id, &passkey.id)?;
        }
        accounts::factors_changed(tx, id)?;
        sessions::end_all(tx, id)?;
        self.tell_owner(tx, &account, "factors-reset")
    }

    /// Gives an account another address, in the caller's transaction, without asking the old mailbox: for a person who can't
    /// read it any more and whose identity was checked by other means. `false`: the address has an account in this realm.
    /// They are signed out everywhere, and both addresses are told.
    ///
    /// # Errors
    /// The database.
    pub fn replace_email(&self, tx: &mut Tx<'_>, id: &str, email: &Email) -> Result<bool> {
        let Some(account) = accounts::get(tx, id)? else { return Ok(false) };
        if accounts::by_email(tx, account.realm, email)?.is_some() {
            return Ok(false);
        }
        self.change_email(tx, account, email)?;
        Ok(true)
    }

    /// What every change of an address does.
    pub(crate) fn change_email(&self, tx: &mut Tx<'_>, account: Account, email: &Email) -> Result<()> {
        accounts::set_email(tx, &account.id, email)?;
        links::end_kind(tx, &account.id, crate::links::RESET)?;
        sessions::end_all(tx, &account.id)?;
        // To both: whoever has the old mailbox should know too.
        self.tell_owner(tx, &account, "email")?;
        self.tell_owner(tx, &Account { email: email.clone(), ..account }, "email")
    }

    /// Forgets sessions, links and counters that have run out; to be called now and then.
    ///
    /// # Errors
    /// The database.
    pub async fn purge(&self) -> Result<u64> {
        let now = self.now();
        self.db()
            .write(move |tx| {
                Ok(sessions::purge(tx, now)?
                    + links::purge(tx, now)?
                    + emails::purge(tx, now)?
                    + factors::purge(tx, now)?
                    + counters::purge(tx, now)?)
            })
            .await
    }

    /// Calls [`Accounts::purge`] once an hour until the task is dropped.
    pub async fn background(self) {
        loop {
            if let Err(e) = self.purge().await {
                tracing::warn!(error = %e, "old sessions can't be removed");
            }
            tokio::time::sleep(Duration::from_secs(3600)).await;
        }
    }

    /// Makes an account with a known password, for demonstrations and tests: no e-mail is confirmed. `None`: the address
    /// has one already. Never offered on a page.
    ///
    /// # Errors
    /// The database, the password hash.
    pub async fn seed(
        &self,
        realm: Realm,
        email: &Email,
        person: &str,
        lang: Lang,
        password: &str,
    ) -> Result<Option<Account>, Fault> {
        let hash = self.0.passwords.hash(&base::Secret::new(password.to_owned())).await?;
        let account = self.new_account(realm, email, person, lang);
        let kept = account.clone();
        let made = self.db().write(move |tx| accounts::insert(tx, &kept, &hash)).await?;
        Ok(made.then_some(account))
    }

    /// Gives an account an authenticator app with a known secret, for demonstrations and tests. `false`: it has one
    /// already. Never offered on a page.
    ///
    /// # Errors
    /// The database.
    pub async fn seed_totp(&self, id: &str, secret: &[u8; crate::totp::SECRET]) -> Result<bool, Fault> {
        let sealed = self.0.sealer.seal("account_totp.sealed", secret)?;
        let (id, now) = (id.to_owned(), self.now());
        Ok(self.db().write(move |tx| factors::set_totp(tx, &id, &sealed, 0, now)).await?)
    }

    pub(crate) fn new_account(&self, realm: Realm, email: &Email, name: &str, lang: Lang) -> Account {
        let now = self.now();
        Account {
            id: AccountId::new(now, self.rng()).as_str().to_owned(),
            realm,
            email: email.clone(),
            name: name.to_owned(),
            lang,
            created: now,
            disabled: None,
            factors: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_names() {
        assert_eq!(name(" 葛\u{E0100}城　花子 ").as_deref(), Some("葛\u{E0100}城　花子"));
        for bad in ["", " ", "click http://evil.example", "www.evil.example", "<b>x</b>", &"x".repeat(61)] {
            assert_eq!(name(bad), None, "{bad}");
        }
    }

    #[test]
    fn words_are_stored_and_read_back() {
        for realm in [Realm::Member, Realm::Staff] {
            assert_eq!(Realm::parse(realm.as_str()), Some(realm));
        }
        for level in [Level::Password, Level::TwoFactors, Level::Passkey] {
            assert_eq!(Level::parse(level.as_str()), Some(level));
        }
        assert_eq!(Level::parse("half"), None);
        assert!(Level::Password < Level::TwoFactors && Level::TwoFactors < Level::Passkey);
    }
}
