//! The pages, one file per noun. Handlers are methods of [`crate::Accounts`].

pub(crate) mod account;
pub(crate) mod again;
pub(crate) mod email;
pub(crate) mod factors;
pub(crate) mod forgot;
pub(crate) mod invitation;
pub(crate) mod outbox;
pub(crate) mod passkeys;
pub(crate) mod register;
pub(crate) mod second;
pub(crate) mod sign_in;

#[cfg(test)]
mod samples;

use axum::response::Response;
use base::{Lang, Secret};
use http::StatusCode;
use serde::Serialize;
use web::{Fault, FieldError, Page, Visit};

use crate::passwords::{LENGTH, Weak, judge};
use crate::session::{SignedIn, own_path, with_next};
use crate::{Accounts, Email, Realm};

/// The templates of the kit's pages.
pub const TEMPLATES: &[(&str, &str)] = web::templates![
    "accounts/layout.html",
    "accounts/parts.html",
    "accounts/register.html",
    "accounts/sent.html",
    "accounts/new-account.html",
    "accounts/link-gone.html",
    "accounts/sign-in.html",
    "accounts/second.html",
    "accounts/recovery-sign-in.html",
    "accounts/forgot.html",
    "accounts/reset.html",
    "accounts/account.html",
    "accounts/password.html",
    "accounts/email.html",
    "accounts/email-link.html",
    "accounts/email-done.html",
    "accounts/factors.html",
    "accounts/totp.html",
    "accounts/passkey.html",
    "accounts/recovery.html",
    "accounts/again.html",
    "accounts/invitation.html",
    "accounts/outbox.html",
    "accounts/outbox-mail.html"
];

/// What a field is blamed for.
pub(crate) fn wrong(visit: &Visit, field: &str, key: &str) -> Result<FieldError, Fault> {
    Ok(FieldError { field: field.to_owned(), message: visit.text(key, &[])? })
}

/// The error of a password that is not good enough.
pub(crate) fn weak(visit: &Visit, field: &str, weak: Weak) -> Result<FieldError, Fault> {
    let least = LENGTH.start().to_string();
    let most = LENGTH.end().to_string();
    let message = visit.text(weak.key(), &[("least", least.as_str()), ("most", most.as_str())])?;
    Ok(FieldError { field: field.to_owned(), message })
}

/// The page with what was wrong; more than a wrong entry has a status of its own.
pub(crate) fn refuse(page: Page, error: FieldError, status: StatusCode) -> Response {
    page.errors(vec![error]).status(status).respond()
}

/// A link that does not work: used, run out, or never ours.
pub(crate) fn link_gone(visit: &Visit, what: &'static str) -> Response {
    #[derive(Serialize)]
    struct Context {
        what: &'static str,
    }
    visit
        .page("accounts/link-gone.html", "link-gone")
        .status(StatusCode::GONE)
        .with(Context { what })
        .no_referrer()
        .failed()
        .respond()
}

/// Where somebody wanted to go, from the query.
pub(crate) fn next(visit: &Visit) -> Option<String> {
    visit.query("next").filter(|n| own_path(n).is_some())
}

/// The same from a form.
pub(crate) fn next_of(text: &str) -> Option<&str> {
    own_path(text)
}

pub(crate) fn lang_of(tag: &str) -> Option<Lang> {
    Lang::ALL.into_iter().find(|l| l.tag() == tag)
}

impl Accounts {
    /// A new password, judged.
    pub(crate) fn new_password(
        &self,
        visit: &Visit,
        field: &str,
        password: &Secret<String>,
        email: &Email,
        name: &str,
    ) -> Result<Option<FieldError>, Fault> {
        judge(password, email, name).err().map(|e| weak(visit, field, e)).transpose()
    }

    /// Who is signed in; also staff who have no second factor yet, which only the set-up pages ask for.
    pub(crate) async fn person(&self, visit: &Visit, realm: Realm) -> Result<Result<SignedIn, Response>, Fault> {
        match self.require(visit, realm, Some(visit.path())).await? {
            Ok(me) => Ok(Ok(me)),
            Err(elsewhere) => Ok(match self.found(visit, realm).await? {
                crate::session::Found::Whole(me) => Ok(me),
                _ => Err(elsewhere),
            }),
        }
    }

    /// The same with a fresh proof; without one the browser goes and gets it, and comes back to `page`.
    pub(crate) async fn fresh_person(
        &self,
        visit: &Visit,
        realm: Realm,
        page: &str,
    ) -> Result<Result<SignedIn, Response>, Fault> {
        Ok(match self.person(visit, realm).await? {
            Ok(me) if me.is_fresh(self.now()) => Ok(me),
            Ok(_) => Err(visit.redirect(&with_next(&realm.path("/account/again"), Some(&realm.path(page))))),
            Err(elsewhere) => Err(elsewhere),
        })
    }
}
