//! The mailbox's own accounts.

use async_trait::async_trait;
use base::{Lang, Secret, mask};
use pki::people::{MAILBOX_PASSWORD, PEOPLE};
use serde_json::json;
use web::Fault;

use crate::Post;
use crate::store::accounts::{self, AccountRow};
use delivery::kit::{AccountId, Accounts, Mailbox as _, NewAccount, NewLink, Shown, SignUpRefusal};

base::id!(
    /// An account of the mailbox.
    PostAccountId,
    "acc"
);

impl AccountRow {
    /// The name as its owner writes it.
    pub(crate) fn name(&self) -> String {
        let latin = |t: &str| t.chars().all(|c| c.is_ascii() || ('\u{c0}'..='\u{24f}').contains(&c));
        if latin(&self.family_name) && latin(&self.given_name) {
            format!("{} {}", self.given_name, self.family_name).trim().to_owned()
        } else {
            format!("{} {}", self.family_name, self.given_name).trim().to_owned()
        }
    }
}

impl Post {
    pub(crate) async fn account(&self, id: &AccountId) -> Result<Option<AccountRow>, Fault> {
        let id = id.0.clone();
        Ok(self.0.db.read(move |tx| accounts::by_id(tx, &id)).await?)
    }

    /// The id of the account with this e-mail address.
    ///
    /// # Errors
    /// The database.
    pub async fn account_by_email(&self, email: &str) -> Result<Option<AccountId>, Fault> {
        let email = email.to_owned();
        Ok(self.0.db.read(move |tx| accounts::by_email(tx, &email)).await?.map(|a| AccountId(a.id)))
    }

    /// Adds the accounts of the test people that are not there yet.
    pub(super) async fn seed(&self) -> Result<(), Fault> {
        let people: Vec<_> = PEOPLE.iter().filter(|p| p.has_mailbox).collect();
        let emails: Vec<_> = people.iter().map(|p| p.email()).collect();
        let known = self
            .0
            .db
            .read(move |tx| {
                emails.iter().map(|e| Ok(accounts::by_email(tx, e)?.is_some())).collect::<::store::Result<Vec<_>>>()
            })
            .await?;
        if known.iter().all(|k| *k) {
            return Ok(());
        }
        // One hash for all: they share the password, and start-up should not wait for nine.
        let password = self.0.passwords.hash(&Secret::new(MAILBOX_PASSWORD.to_owned())).await?;
        let now = self.0.clock.now();
        let rows: Vec<AccountRow> = people
            .iter()
            .map(|p| {
                let (family, given) = if p.english_only {
                    p.name.rsplit_once(' ').map_or((p.name, ""), |(given, family)| (family, given))
                } else {
                    p.name.split_once(' ').unwrap_or((p.name, ""))
                };
                AccountRow {
                    id: PostAccountId::new(now, &self.0.rng).to_string(),
                    email: p.email(),
                    family_name: family.to_owned(),
                    given_name: given.to_owned(),
                    password: password.clone(),
                    lang: p.english_only.then(|| Lang::En.tag().to_owned()),
                    person: Some(p.id.to_owned()),
                    documents_at: None,
                }
            })
            .collect();
        Ok(self.0.db.write(move |tx| rows.iter().try_for_each(|row| accounts::insert(tx, row, now).map(drop))).await?)
    }
}

#[async_trait]
impl Accounts for Post {
    async fn check(&self, email: &str, password: &Secret<String>) -> Result<Option<AccountId>, Fault> {
        let key = email.to_owned();
        let row = self.0.db.read(move |tx| accounts::by_email(tx, &key)).await?;
        let good = self.0.passwords.verify(password, row.as_ref().map(|r| r.password.as_str())).await?;
        let Some(row) = row.filter(|_| good) else { return Ok(None) };
        if self.0.passwords.is_outdated(&row.password) {
            // The cost was changed since: now is the only time we know the password.
            let new = self.0.passwords.hash(password).await?;
            let (id, old) = (row.id.clone(), row.password.clone());
            self.0.db.write(move |tx| accounts::set_password(tx, &id, &new, &old)).await?;
        }
        Ok(Some(AccountId(row.id)))
    }

    async fn sign_up(&self, new: NewAccount) -> Result<Result<AccountId, SignUpRefusal>, Fault> {
        let now = self.0.clock.now();
        let id = PostAccountId::new(now, &self.0.rng).to_string();
        let row = AccountRow {
            id: id.clone(),
            email: new.email,
            family_name: new.family_name,
            given_name: new.given_name,
            password: self.0.passwords.hash(&new.password).await?,
            lang: Some(new.lang.tag().to_owned()),
            person: None,
            documents_at: None,
        };
        let made = self.0.db.write(move |tx| accounts::insert(tx, &row, now)).await?;
        Ok(if made { Ok(AccountId(id)) } else { Err(SignUpRefusal::Taken) })
    }

    async fn shown(&self, account: &AccountId) -> Result<Option<Shown>, Fault> {
        Ok(self.account(account).await?.map(|row| Shown {
            masked: mask::account(&row.email),
            lang: row.lang.as_deref().and_then(Lang::from_tag),
            full: row.email,
        }))
    }

    /// ⑤ is kept with the linkage by the kit; ⑥ says which mailbox it is (masked) and how much is in it.
    async fn linked(&self, link: &NewLink) -> Result<Option<String>, Fault> {
        let Some(shown) = self.shown(&link.account).await? else {
            return Err(Fault::new("the account of a link is gone"));
        };
        let documents = self.documents(&link.account).await?.len();
        Ok(Some(json!({ "mailbox": shown.masked, "documents": documents }).to_string()))
    }
}
