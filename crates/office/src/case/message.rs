//! `/staff/cases/{case}/message`: writes to the applicant, from a template or freely. It becomes a thread of the case, where they
//! answer.

use axum::extract::{Path, State};
use base::Lang;
use desk::kit::{Doer, Frame, LONGEST_BODY, LONGEST_SUBJECT, Line, MessageId, StaffMember, ThreadId, page, threads};
use desk::{Desk, Oops, Reply};
use serde::Serialize;
use web::{FieldError, Page, Refusal, Upload, Visit};

use super::page::{Head, head};
use super::{Facts, facts_in};
use crate::inquiry::tell;
use crate::shared::{Choice, Names, plain, wrong};
use crate::store::templates::{self, Template};

#[derive(Serialize)]
pub(crate) struct MessagePage {
    pub(crate) head: Head,
    pub(crate) templates: Vec<Choice>,
    pub(crate) template: String,
    /// In which language the template was taken.
    pub(crate) body_lang: &'static str,
    pub(crate) subject: String,
    pub(crate) body: String,
}

/// Puts what is known of a case into a template: `{組織}` or `{org}`, and so on.
pub(crate) fn filled(text: &str, values: &[(&str, &str, &str)]) -> String {
    values.iter().fold(text.to_owned(), |text, (ja, en, value)| {
        text.replace(&format!("{{{ja}}}"), value).replace(&format!("{{{en}}}"), value)
    })
}

/// The placeholders, for the help on the page of templates.
pub(crate) const PLACEHOLDERS: [(&str, &str); 6] = [
    ("組織", "org"),
    ("サービス", "service"),
    ("手続", "procedure"),
    ("受付番号", "receipt"),
    ("段階", "step"),
    ("リンク", "link"),
];

fn fill(desk: &Desk, facts: &Facts, template: &Template, lang: Lang) -> (String, String) {
    let row = &facts.loaded.row;
    let procedure = desk.catalogue().procedure(&row.kind);
    let step = procedure.and_then(|p| p.step(&row.step));
    let step = step.map(|s| format!("{} {}", s.id, s.label.get(lang))).unwrap_or_default();
    let link = desk.site().origin().url(&format!("/cases/{}", row.id));
    let procedure = procedure.map(|p| p.label.get(lang)).unwrap_or_default();
    let values = [facts.org.as_str(), facts.service.as_str(), procedure, row.receipt.as_str(), &step, &link];
    let values: Vec<_> = PLACEHOLDERS.iter().zip(values).map(|((ja, en), v)| (*ja, *en, v)).collect();
    let (subject, body) = match lang {
        Lang::En => (&template.subject_en, &template.body_en),
        _ => (&template.subject_ja, &template.body_ja),
    };
    (filled(subject, &values), filled(body, &values))
}

async fn load_page(desk: &Desk, visit: &Visit, me: &StaffMember, case: &str) -> Result<MessagePage, Oops> {
    let (reader, id, who, lang) = (desk.clone(), case.to_owned(), me.id().to_owned(), visit.lang());
    let wanted = visit.query("template").unwrap_or_default();
    let body_lang = match visit.query("in").as_deref() {
        Some("en") => Lang::En,
        _ => Lang::Ja,
    };
    let found = desk.db().read(move |tx| {
        let Some(facts) = facts_in(tx, &id)? else { return Ok(None) };
        let all: Vec<_> = templates::all(tx)?.into_iter().filter(|t| t.retired_at.is_none()).collect();
        let chosen = all.iter().find(|t| t.id == wanted);
        let (subject, body) = chosen.map(|t| fill(&reader, &facts, t, body_lang)).unwrap_or_default();
        let mut names = Names::default();
        Ok::<_, ::store::Error>(Some(MessagePage {
            head: head(&reader, tx, &mut names, &facts, &who, lang)?,
            template: chosen.map(|t| t.id.clone()).unwrap_or_default(),
            templates: all.into_iter().map(|t| Choice::new(t.id, t.title)).collect(),
            body_lang: body_lang.tag(),
            subject,
            body,
        }))
    });
    found.await?.ok_or(Oops::Refusal(Refusal::NotFound))
}

pub(crate) fn message_page(visit: &Visit, frame: Frame, own: MessagePage) -> Page {
    let (back, here) = (format!("/staff/cases/{}", own.head.id), format!("/staff/cases/{}/message", own.head.id));
    page(visit, frame, "staff-message.html", "staff-message", own).back(back).at(here)
}

/// `GET /staff/cases/{case}/message?template=…&in=ja|en`
pub(crate) async fn show(State(desk): State<Desk>, visit: Visit, me: StaffMember, Path(case): Path<String>) -> Reply {
    me.must_be(crate::ACTING)?;
    let own = load_page(&desk, &visit, &me, &case).await?;
    Ok(message_page(&visit, desk.staff_frame(&me, "staff"), own).respond())
}

/// `POST /staff/cases/{case}/message`
pub(crate) async fn send(
    State(desk): State<Desk>,
    visit: Visit,
    me: StaffMember,
    Path(case): Path<String>,
    form: Upload,
) -> Reply {
    me.must_be(crate::ACTING)?;
    let mut errors: Vec<FieldError> = Vec::new();
    let mut read = |name: &str, longest: usize, missing: &str| -> Result<String, Oops> {
        Ok(match plain(&form, &visit, name)? {
            Ok(text) if text.as_str().is_empty() || text.as_str().chars().count() > longest => {
                errors.push(wrong(&visit, name, missing)?);
                text.as_str().to_owned()
            }
            Ok(text) => text.as_str().to_owned(),
            Err(error) => {
                errors.push(error);
                String::new()
            }
        })
    };
    let subject = web::form::line(&read("subject", LONGEST_SUBJECT, "st-message-subject-missing")?);
    let body = read("body", LONGEST_BODY, "st-message-body-missing")?;
    if !errors.is_empty() {
        let mut own = load_page(&desk, &visit, &me, &case).await?;
        (own.subject, own.body) = (subject, body);
        return Ok(message_page(&visit, desk.staff_frame(&me, "staff"), own).errors(errors).respond());
    }
    let (writer, id, by, now) = (desk.clone(), case.clone(), me.id().to_owned(), desk.now());
    let sent = desk
        .db()
        .write(move |tx| {
            let Some(facts) = facts_in(tx, &id)? else { return Ok(false) };
            let thread = threads::Thread {
                id: ThreadId::new(now, writer.rng()).to_string(),
                receipt: format!("Q-{}", web::Receipt::new(writer.rng())),
                org: Some(facts.loaded.row.org.clone()),
                case_id: Some(id.clone()),
                topic: "application".to_owned(),
                subject,
                status: "answered".to_owned(),
                assignee: Some(by.clone()),
                opened_by: by.clone(),
                opened_at: now,
                updated_at: now,
                waiting_since: now,
            };
            threads::insert(tx, &thread)?;
            threads::assign(tx, &thread.id, Some(&by))?;
            let message = threads::Message {
                id: MessageId::new(now, writer.rng()).to_string(),
                author: by.clone(),
                author_kind: "staff".to_owned(),
                internal: false,
                body,
                created_at: now,
            };
            writer.say(tx, &thread.id, &message, "answered")?;
            let line = Line::new(&id, Doer::Staff(&by), "message_sent").org(&facts.loaded.row.org);
            writer.record(tx, line.detail("thread", thread.id.as_str()), now)?;
            tell(&writer, tx, &thread, &message.id, now)?;
            Ok::<_, ::store::Error>(true)
        })
        .await?;
    if !sent {
        return Err(Refusal::NotFound.into());
    }
    Ok(visit.redirect(&format!("/staff/cases/{case}?done=sent")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_of_both_languages_are_filled() {
        let values = [("組織", "org", "見本{service}"), ("サービス", "service", "ねんちょう")];
        assert_eq!(
            filled("{組織}／{org}の{サービス}、{知らない}", &values),
            "見本ねんちょう／見本ねんちょうのねんちょう、{知らない}"
        );
    }
}
