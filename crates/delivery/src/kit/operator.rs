//! What an operator brings: accounts and a mailbox.

use std::pin::Pin;

use async_trait::async_trait;
use base::{Lang, Secret, Timestamp};
use bytes::Bytes;
use futures_util::Stream;
use web::Fault;

/// The operator's id of an account: stable, never reused, of any form. It never leaves the service.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AccountId(pub String);

impl AccountId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What pages may say about an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Masked, for the permission page and for [`Accounts::linked`]: `h***@example.jp`.
    pub masked: String,
    /// In full, for the account's own pages.
    pub full: String,
    /// The language the person chose for good.
    pub lang: Option<Lang>,
}

/// A new account as the sign-up page takes it; checked for form.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// E-mail address, lower case.
    pub email: String,
    /// 姓
    pub family_name: String,
    /// 名
    pub given_name: String,
    /// Between 8 and 128 characters.
    pub password: Secret<String>,
    /// The language of the page.
    pub lang: Lang,
}

/// Why nobody was signed up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignUpRefusal {
    /// The address has an account already.
    Taken,
    /// This operator signs nobody up here.
    NotOffered,
}

/// A link that is about to be made.
#[derive(Clone, Debug)]
pub struct NewLink {
    /// The linkage.
    pub linkage_id: String,
    /// The account here.
    pub account: AccountId,
    /// The portal's pairwise subject.
    pub subject: String,
    /// Masked name at the portal.
    pub display: String,
    /// ⑤: what the API利用者 sends along, unread by portal and kit.
    pub message: Option<String>,
}

/// The operator's accounts.
#[async_trait]
pub trait Accounts: Send + Sync + 'static {
    /// Checks a sign-in. Takes equally long for a wrong password and for a name that nobody has.
    ///
    /// # Errors
    /// Only what is wrong on our side.
    async fn check(&self, email: &str, password: &Secret<String>) -> Result<Option<AccountId>, Fault>;

    /// Signs somebody up.
    ///
    /// # Errors
    /// Outer: what is wrong on our side.
    async fn sign_up(&self, new: NewAccount) -> Result<Result<AccountId, SignUpRefusal>, Fault>;

    /// What pages may say about an account; `None` when it is gone.
    ///
    /// # Errors
    /// What is wrong on our side.
    async fn shown(&self, account: &AccountId) -> Result<Option<Shown>, Fault>;

    /// The account behind the `sub` of a foreign authorization server ([`super::TokenCheck::Foreign`]).
    /// Unless told otherwise, that `sub` is the account's id.
    ///
    /// # Errors
    /// What is wrong on our side.
    async fn by_foreign_subject(&self, sub: &str) -> Result<Option<AccountId>, Fault> {
        Ok(Some(AccountId(sub.to_owned())))
    }

    /// A link is about to be made; takes ⑤ and may answer ⑥ (at most 4 KiB), which goes back to the
    /// API利用者. May be called again for the same linkage, and the link may still fail: keep what it
    /// says under the linkage id, and act on nothing that can't be undone by [`Accounts::unlinked`].
    ///
    /// # Errors
    /// Refuses the link for now; the portal may try again.
    async fn linked(&self, link: &NewLink) -> Result<Option<String>, Fault> {
        let _ = link;
        Ok(None)
    }

    /// A link has ended, by whichever side. May be called twice.
    ///
    /// # Errors
    /// Logged; the link has ended all the same.
    async fn unlinked(&self, linkage_id: &str, account: &AccountId) -> Result<(), Fault> {
        let _ = (linkage_id, account);
        Ok(())
    }
}

/// A document as lists show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Id, unique within the service: letters, digits, `-`, `_`, `.`, at most 64.
    pub id: String,
    /// Kind, such as `TEG800`.
    pub kind: String,
    /// Tax year, where it has one.
    pub year: Option<i16>,
    /// 件名
    pub title: String,
    /// 差出人
    pub issuer: String,
    /// Size of the content in bytes.
    pub size: u64,
    /// SHA-256 of the content.
    pub digest: [u8; 32],
    /// When it came.
    pub received: Timestamp,
    /// Media type of the content.
    pub content_type: String,
}

/// The content of a document as it arrives from storage.
pub type ContentStream = Pin<Box<dyn Stream<Item = Result<Bytes, std::io::Error>> + Send>>;

/// The operator's mailbox. An empty one is nothing unusual.
#[async_trait]
pub trait Mailbox: Send + Sync + 'static {
    /// The documents of an account that the portal may see, newest first.
    ///
    /// # Errors
    /// What is wrong on our side.
    async fn documents(&self, account: &AccountId) -> Result<Vec<Entry>, Fault>;

    /// Opens a document; `None` when the account has none of that id.
    ///
    /// # Errors
    /// What is wrong on our side.
    async fn open(&self, account: &AccountId, id: &str) -> Result<Option<(Entry, ContentStream)>, Fault>;
}
