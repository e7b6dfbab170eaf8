//! Sign-in and sign-up: what the pages within a link run and the mailbox's own have in common, and the
//! latter.

use axum::response::Response;
use base::{Lang, Secret};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use web::{Fault, FieldError, Form, Page, Visit};

use super::limits::Tries;
use super::{AccountId, ClientAddress, Kit, NewAccount, SignUpRefusal};

/// Shortest password of a new account; the longest that is looked at.
const PASSWORD: std::ops::RangeInclusive<usize> = 8..=128;
const NAME: usize = 50;

/// What the sign-in page sends.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct SignInForm {
    email: String,
    password: Secret<String>,
}

/// What the sign-up page sends.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct SignUpForm {
    family_name: String,
    given_name: String,
    email: String,
    password: Secret<String>,
}

/// Where the forms of a page lead.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Ways {
    /// Where the form is sent.
    pub(crate) action: String,
    /// The other page: sign-up from sign-in, and the reverse.
    pub(crate) other: String,
    /// Where the way out of a link run is sent.
    pub(crate) cancel: Option<String>,
    /// The portal's name, within a link run.
    pub(crate) portal: Option<String>,
}

/// The variables of the sign-in page.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct SignInPage {
    #[serde(flatten)]
    pub(crate) ways: Ways,
    pub(crate) email: String,
    /// Whether somebody has just signed out.
    pub(crate) signed_out: bool,
}

/// The variables of the sign-up page.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct SignUpValues {
    pub(crate) family_name: String,
    pub(crate) given_name: String,
    pub(crate) email: String,
}

#[derive(Clone, Debug, Serialize)]
struct SignUpPage {
    #[serde(flatten)]
    ways: Ways,
    #[serde(flatten)]
    values: SignUpValues,
}

/// Somebody who proved who they are. The counters are set right in the transaction that makes use of it.
pub(crate) struct SignedIn {
    pub(crate) account: AccountId,
    pub(crate) tries: Option<Tries>,
}

/// What is wrong with what somebody entered.
#[derive(Debug)]
pub(crate) struct Refused {
    status: StatusCode,
    errors: Vec<FieldError>,
}

fn wrong(visit: &Visit, field: &str, key: &str) -> Result<FieldError, Fault> {
    Ok(FieldError { field: field.to_owned(), message: visit.text(key, &[])? })
}

/// An e-mail address as people type it: full-width characters become plain ones, capitals small.
pub(crate) fn email(text: &str) -> Option<String> {
    let plain: String = web::form::line(text)
        .chars()
        .map(|c| match c {
            '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
            c => c,
        })
        .collect::<String>()
        .to_lowercase();
    let (local, domain) = plain.split_once('@')?;
    let good_domain = domain.contains('.')
        && domain.split('.').all(|l| !l.is_empty())
        && domain.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'));
    let good_local = !local.is_empty()
        && local.len() <= 64
        && local.bytes().all(|b| {
            b.is_ascii_graphic()
                && !matches!(b, b'@' | b'"' | b'(' | b')' | b',' | b':' | b';' | b'<' | b'>' | b'[' | b']' | b'\\')
        });
    (good_local && good_domain && plain.len() <= 254).then_some(plain)
}

impl Kit {
    /// Checks what somebody entered on a sign-in page.
    pub(crate) async fn try_sign_in(
        &self,
        visit: &Visit,
        form: &SignInForm,
        from: &ClientAddress,
    ) -> Result<Result<SignedIn, Refused>, Fault> {
        let mut errors = Vec::new();
        let email = email(&form.email);
        if email.is_none() {
            errors.push(wrong(visit, "email", "kit-error-email")?);
        }
        let length = form.password.expose().chars().count();
        if length == 0 {
            errors.push(wrong(visit, "password", "kit-error-password-empty")?);
        }
        let Some(email) = email.filter(|_| errors.is_empty()) else {
            return Ok(Err(Refused { status: StatusCode::UNPROCESSABLE_ENTITY, errors }));
        };
        let tries = self.tries(&email, from);
        if !self.take_try(&tries).await? {
            let errors = vec![wrong(visit, "password", "kit-error-too-often")?];
            return Ok(Err(Refused { status: StatusCode::TOO_MANY_REQUESTS, errors }));
        }
        let found = if length <= *PASSWORD.end() { self.0.accounts.check(&email, &form.password).await? } else { None };
        match found {
            Some(account) => Ok(Ok(SignedIn { account, tries: Some(tries) })),
            None => {
                let errors = vec![wrong(visit, "password", "kit-error-sign-in")?];
                Ok(Err(Refused { status: StatusCode::UNPROCESSABLE_ENTITY, errors }))
            }
        }
    }

    /// Checks what somebody entered on a sign-up page, and makes the account.
    pub(crate) async fn try_sign_up(
        &self,
        visit: &Visit,
        form: &SignUpForm,
        from: &ClientAddress,
    ) -> Result<Result<SignedIn, Refused>, Fault> {
        let mut errors = Vec::new();
        let name = |text: &str| {
            let line = web::form::line(text);
            (!line.is_empty() && line.chars().count() <= NAME).then_some(line)
        };
        let (family_name, given_name) = (name(&form.family_name), name(&form.given_name));
        if family_name.is_none() {
            errors.push(wrong(visit, "family_name", "kit-error-family-name")?);
        }
        if given_name.is_none() {
            errors.push(wrong(visit, "given_name", "kit-error-given-name")?);
        }
        let email = email(&form.email);
        if email.is_none() {
            errors.push(wrong(visit, "email", "kit-error-email")?);
        }
        if !PASSWORD.contains(&form.password.expose().chars().count()) {
            errors.push(wrong(visit, "password", "kit-error-password-length")?);
        }
        let refused = |status, errors| Ok(Err(Refused { status, errors }));
        let (Some(family_name), Some(given_name), Some(email), true) =
            (family_name, given_name, email, errors.is_empty())
        else {
            return refused(StatusCode::UNPROCESSABLE_ENTITY, errors);
        };
        if !self.may_sign_up(from).await? {
            return refused(StatusCode::TOO_MANY_REQUESTS, vec![wrong(visit, "email", "kit-error-sign-up-often")?]);
        }
        let new = NewAccount { email, family_name, given_name, password: form.password.clone(), lang: visit.lang() };
        match self.0.accounts.sign_up(new).await? {
            Ok(account) => Ok(Ok(SignedIn { account, tries: None })),
            Err(SignUpRefusal::Taken) => {
                refused(StatusCode::UNPROCESSABLE_ENTITY, vec![wrong(visit, "email", "kit-error-taken")?])
            }
            Err(SignUpRefusal::NotOffered) => {
                refused(StatusCode::UNPROCESSABLE_ENTITY, vec![wrong(visit, "email", "kit-error-not-offered")?])
            }
        }
    }

    /// The sign-in page. `refused`: what was wrong with what was entered.
    pub(crate) fn sign_in_page(&self, visit: &Visit, ways: Ways, email: String, refused: Option<Refused>) -> Page {
        let within_run = ways.portal.is_some();
        let signed_out = !within_run && visit.query("signed_out").is_some();
        let page = visit.page("sign-in.html", "sign-in").with(SignInPage { ways, email, signed_out });
        self.finish(page, within_run, refused)
    }

    pub(crate) fn sign_up_page(
        &self,
        visit: &Visit,
        ways: Ways,
        values: SignUpValues,
        refused: Option<Refused>,
    ) -> Page {
        let within_run = ways.portal.is_some();
        let page = visit.page("sign-up.html", "sign-up").with(SignUpPage { ways, values });
        self.finish(page, within_run, refused)
    }

    fn finish(&self, mut page: Page, within_run: bool, refused: Option<Refused>) -> Page {
        if within_run {
            // The way out is a form that ends at the portal.
            page = page.step(4).form_action(self.0.config.portal.issuer.clone());
        }
        match refused {
            Some(refused) => page.errors(refused.errors).status(refused.status),
            None => page,
        }
    }

    fn own_ways(action: &str, other: &str) -> Ways {
        Ways { action: action.to_owned(), other: other.to_owned(), cancel: None, portal: None }
    }

    /// `GET /sign-in`
    pub(crate) async fn sign_in(&self, visit: Visit) -> Result<Response, Fault> {
        if self.session(&visit).await?.is_some() {
            return Ok(visit.redirect(self.0.config.home));
        }
        Ok(self.sign_in_page(&visit, Self::own_ways("/sign-in", "/sign-up"), String::new(), None).respond())
    }

    /// `POST /sign-in`
    pub(crate) async fn sign_in_post(
        &self,
        visit: Visit,
        from: ClientAddress,
        Form(form): Form<SignInForm>,
    ) -> Result<Response, Fault> {
        match self.try_sign_in(&visit, &form, &from).await? {
            Ok(signed_in) => {
                self.begin_session_for(&visit, signed_in).await?;
                Ok(visit.redirect(self.0.config.home))
            }
            Err(refused) => {
                let page = self.sign_in_page(&visit, Self::own_ways("/sign-in", "/sign-up"), form.email, Some(refused));
                Ok(page.at("/sign-in").respond())
            }
        }
    }

    /// `GET /sign-up`
    pub(crate) async fn sign_up(&self, visit: Visit) -> Result<Response, Fault> {
        let ways = Self::own_ways("/sign-up", "/sign-in");
        Ok(self.sign_up_page(&visit, ways, SignUpValues::default(), None).respond())
    }

    /// `POST /sign-up`
    pub(crate) async fn sign_up_post(
        &self,
        visit: Visit,
        from: ClientAddress,
        Form(form): Form<SignUpForm>,
    ) -> Result<Response, Fault> {
        match self.try_sign_up(&visit, &form, &from).await? {
            Ok(signed_in) => {
                self.begin_session_for(&visit, signed_in).await?;
                Ok(visit.redirect(self.0.config.home))
            }
            Err(refused) => {
                let ways = Self::own_ways("/sign-up", "/sign-in");
                Ok(self.sign_up_page(&visit, ways, form.values(), Some(refused)).at("/sign-up").respond())
            }
        }
    }

    /// The portal's name for a reader.
    pub fn portal_name(&self, lang: Lang) -> String {
        self.0.config.portal.name.get(lang).to_owned()
    }
}

impl SignInForm {
    pub(crate) fn email(self) -> String {
        self.email
    }
}

impl SignUpForm {
    pub(crate) fn values(self) -> SignUpValues {
        SignUpValues { family_name: self.family_name, given_name: self.given_name, email: self.email }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_as_people_type_them() {
        assert_eq!(email(" Hanako@Example.JP ").as_deref(), Some("hanako@example.jp"));
        assert_eq!(email("ｈａｎａｋｏ＠ｅｘａｍｐｌｅ．ｊｐ").as_deref(), Some("hanako@example.jp"));
        assert_eq!(email("a.b+c@x.example").as_deref(), Some("a.b+c@x.example"));
        for bad in
            ["", "hanako", "@example.jp", "a@b", "a b@example.jp", "a@@example.jp", "a@example..jp", "花@example.jp"]
        {
            assert_eq!(email(bad), None, "{bad}");
        }
    }
}
