//! The registration form: 姓 and 名 as the citizen writes them, e-mail if they like.

use web::form::{self, Fields};
use web::{Fault, FieldError, Visit};

use hub::citizen::Profile;

/// Longest name part, in characters. The resident register allows far fewer; variation selectors count too.
const MAX_NAME: usize = 100;
const MAX_EMAIL: usize = 254;

/// Checks the form.
///
/// # Errors
/// Outer: a text is missing. Inner: what the citizen has to mend.
pub(crate) fn parse(visit: &Visit, fields: &Fields) -> Result<Result<Profile, Vec<FieldError>>, Fault> {
    let value = |name: &str| fields.get(name).map(form::line).unwrap_or_default();
    let (family_name, given_name, email) = (value("family_name"), value("given_name"), value("email"));
    let mut errors = Vec::new();
    for (field, value) in [("family_name", &family_name), ("given_name", &given_name)] {
        let key = field.replace('_', "-");
        let what = if value.is_empty() {
            format!("register-{key}-empty")
        } else if value.chars().count() > MAX_NAME {
            format!("register-{key}-long")
        } else {
            continue;
        };
        errors.push(FieldError { field: field.to_owned(), message: visit.text(&what, &[])? });
    }
    if !email.is_empty() && !is_email(&email) {
        errors.push(FieldError { field: "email".to_owned(), message: visit.text("register-email-wrong", &[])? });
    }
    if !errors.is_empty() {
        return Ok(Err(errors));
    }
    Ok(Ok(Profile { family_name, given_name, email: (!email.is_empty()).then_some(email) }))
}

/// Something before the last `@`, a host with a dot after it, no blanks. Whether it is read is for a
/// message to find out.
fn is_email(text: &str) -> bool {
    let Some((local, host)) = text.rsplit_once('@') else { return false };
    let labels = host.split('.').collect::<Vec<_>>();
    !local.is_empty()
        && text.len() <= MAX_EMAIL
        && !text.chars().any(char::is_whitespace)
        && labels.len() > 1
        && labels.iter().all(|l| !l.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for good in ["a@example.jp", "a.b+c@mail.example.jp", "花子@例え.jp"] {
            assert!(is_email(good), "{good}");
        }
        for bad in ["", "a", "@example.jp", "a@", "a@example", "a@.jp", "a b@example.jp", "a@example."] {
            assert!(!is_email(bad), "{bad}");
        }
    }
}
