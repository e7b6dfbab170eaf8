//! `/cases/{case}/forms/{form}/versions/{no}`: what was submitted, to read.

use axum::extract::{Path, State};
use base::Timestamp;
use procedures::Answers;
use procedures::case::Who;
use procedures::compare::{Differences, compare};
use serde::Serialize;
use web::{Page, Refusal, Visit};

use super::{ReadSection, Show};
use crate::access::Member;
use crate::case::act::Loaded;
use crate::case::page::{Facts, facts};
use crate::frame::{Frame, page};
use crate::{Desk, Oops, Reply};

#[derive(Serialize)]
pub(crate) struct ReadPage {
    case: String,
    receipt: String,
    form: String,
    heading: String,
    no: u32,
    at: Timestamp,
    by: Option<String>,
    /// The submission before, when there is one.
    previous: Option<u32>,
    /// Whether differences are against what is live or the version before.
    against: &'static str,
    sections: Vec<ReadSection>,
}

/// A submitted form with what it is compared with.
pub(crate) struct Version<'a> {
    pub(crate) form: &'a procedures::Form,
    pub(crate) answers: &'a Answers,
    pub(crate) no: u32,
    pub(crate) at: Timestamp,
    pub(crate) by: &'a Who,
    previous: Option<u32>,
    /// Against what is live (a change), else the version before.
    pub(crate) differences: Differences,
    against: &'static str,
}

/// Finds a submitted version.
pub(crate) fn version<'a>(desk: &'a Desk, facts: &'a Facts, form: &str, no: u32) -> Result<Version<'a>, Oops> {
    let case = &facts.loaded.case;
    let form = desk.catalogue().form(form).ok_or(Refusal::NotFound)?;
    let submission = case.submissions.iter().find(|s| s.no == no).ok_or(Refusal::NotFound)?;
    let answers = submission.forms.get(&form.id).ok_or(Refusal::NotFound)?;
    let before = case.submissions.iter().rev().filter(|s| s.no < no).find_map(|s| Some((s.no, s.forms.get(&form.id)?)));
    let (against, differences) = match (case.live.get(&form.id), before) {
        (Some(live), _) => ("live", compare(form, live, answers)),
        (None, Some((_, old))) => ("previous", compare(form, old, answers)),
        (None, None) => ("none", Differences::default()),
    };
    Ok(Version {
        form,
        answers,
        no,
        at: submission.at,
        by: &submission.by,
        previous: before.map(|(no, _)| no),
        differences,
        against,
    })
}

pub(crate) fn read_page(visit: &Visit, account: &accounts::Account, own: ReadPage) -> Page {
    let back = format!("/cases/{}", own.case);
    page(visit, Frame::person(account, "home"), "form-read.html", "form-read", own).back(back)
}

/// `GET /cases/{case}/forms/{form}/versions/{no}`
pub(crate) async fn show(
    State(desk): State<Desk>,
    visit: Visit,
    me: Member,
    Path((case, form, no)): Path<(String, String, u32)>,
) -> Reply {
    let facts = facts(&desk, &case).await?;
    let v = version(&desk, &facts, &form, no)?;
    let Loaded { row, offered, .. } = &facts.loaded;
    let by = match v.by {
        Who::Applicant(id) => desk.accounts().find(id).await?.map(|a| a.name),
        Who::Staff(_) | Who::System => None,
    };
    let comments: Vec<(String, String)> = facts
        .loaded
        .case
        .open_comments()
        .filter(|c| c.form == form && c.submission == no)
        .map(|c| (c.field.clone().unwrap_or_default(), c.text.as_str().to_owned()))
        .collect();
    let show = Show {
        form: v.form,
        answers: v.answers,
        offered,
        differences: &v.differences,
        comments: &comments,
        lang: visit.lang(),
        more: None,
    };
    let own = ReadPage {
        case: row.id.clone(),
        receipt: row.receipt.clone(),
        heading: v.form.heading(visit.lang()),
        no: v.no,
        at: v.at,
        by,
        previous: v.previous,
        against: v.against,
        sections: show.read(),
        form,
    };
    Ok(read_page(&visit, &me.account, own).respond())
}
