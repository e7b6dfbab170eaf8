//! The smallest operator: everybody has an account under their own name, mailboxes are empty.

use async_trait::async_trait;
use base::Secret;
use web::Fault;

use crate::kit::{AccountId, Accounts, ContentStream, Entry, Mailbox, NewAccount, NewLink, Shown, SignUpRefusal};

pub(super) struct Everybody;

#[async_trait]
impl Accounts for Everybody {
    async fn check(&self, email: &str, _: &Secret<String>) -> Result<Option<AccountId>, Fault> {
        Ok(Some(AccountId(email.to_owned())))
    }

    async fn sign_up(&self, _: NewAccount) -> Result<Result<AccountId, SignUpRefusal>, Fault> {
        Ok(Err(SignUpRefusal::NotOffered))
    }

    async fn shown(&self, account: &AccountId) -> Result<Option<Shown>, Fault> {
        Ok(Some(Shown { masked: "***".to_owned(), full: account.0.clone(), lang: None }))
    }

    async fn linked(&self, link: &NewLink) -> Result<Option<String>, Fault> {
        Ok(Some(format!("{} for {}", link.linkage_id, link.account.as_str())))
    }
}

#[async_trait]
impl Mailbox for Everybody {
    async fn documents(&self, _: &AccountId) -> Result<Vec<Entry>, Fault> {
        Ok(Vec::new())
    }

    async fn open(&self, _: &AccountId, _: &str) -> Result<Option<(Entry, ContentStream)>, Fault> {
        Ok(None)
    }
}
