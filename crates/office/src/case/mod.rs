//! A case as the staff see it.

pub(crate) mod act;
pub(crate) mod decide;
pub(crate) mod form;
pub(crate) mod message;
pub(crate) mod page;

use ::store::{Error, Tx};
use base::Lang;
use desk::Desk;
use desk::kit::{Loaded, StaffMember, broken, load, orgs, services};
use desk::{ActError, Oops};
use procedures::case::{Case, Context, Event};
use procedures::compare::{Differences, compare};
use procedures::{Act, Answers, Form, Step, Task};
use web::Refusal;

/// A case with the names around it.
pub(crate) struct Facts {
    pub(crate) loaded: Loaded,
    pub(crate) org: String,
    pub(crate) service: String,
}

/// Reads a case; none when it is not there.
pub(crate) fn facts_in(tx: &mut Tx<'_>, id: &str) -> Result<Option<Facts>, Error> {
    let Some(loaded) = load(tx, id)? else { return Ok(None) };
    Ok(Some(Facts {
        org: orgs::get(tx, &loaded.row.org)?.map(|o| o.name).unwrap_or_default(),
        service: services::get(tx, &loaded.row.service)?.map(|s| s.name).unwrap_or_default(),
        loaded,
    }))
}

pub(crate) async fn facts(desk: &Desk, id: &str) -> Result<Facts, Oops> {
    let id = id.to_owned();
    let found = desk.db().read(move |tx| facts_in(tx, &id)).await?;
    found.ok_or(Oops::Refusal(Refusal::NotFound))
}

/// What a form is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Against {
    /// What is live (a change).
    Live,
    /// The submission of this number, on which a decision was made.
    Approved(u32),
    /// The submission of this number, which was before.
    Previous(u32),
    /// Nothing: it is the first.
    None,
}

impl Against {
    /// In a stable word.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Approved(_) => "approved",
            Self::Previous(_) => "previous",
            Self::None => "none",
        }
    }
}

/// The differences of submission `no` of a form from what was approved last: what is live, else the newest earlier
/// submission that a decision was about, else the submission before.
pub(crate) fn differences(case: &Case, form: &Form, no: u32, answers: &Answers) -> (Against, Differences) {
    if let Some(live) = case.live.get(&form.id) {
        return (Against::Live, compare(form, live, answers));
    }
    let decided = case.decisions.iter().filter(|d| !d.review.proposal.refuse).map(|d| d.submission).max().unwrap_or(0);
    let earlier = |most: u32| {
        let before = case.submissions.iter().rev().filter(|s| s.no < no && s.no <= most);
        before.filter_map(|s| Some((s.no, s.forms.get(&form.id)?))).next()
    };
    match (earlier(decided), earlier(no)) {
        (Some((n, old)), _) => (Against::Approved(n), compare(form, old, answers)),
        (None, Some((n, old))) => (Against::Previous(n), compare(form, old, answers)),
        (None, None) => (Against::None, Differences::default()),
    }
}

/// Where the case is; a refusal of the catalogue is a fault of whoever replaced it.
pub(crate) fn place<'c>(case: &Case, ctx: &Context<'c>) -> Result<Option<(&'c Step, &'c Task)>, Oops> {
    case.at(ctx).map_err(|e| broken(&e))
}

/// Where the case is being decided: at a review, or the approval after it.
pub(crate) fn deciding<'c>(case: &Case, ctx: &Context<'c>) -> Result<Option<(&'c Step, &'c Task)>, Oops> {
    Ok(place(case, ctx)?.filter(|(_, task)| matches!(task.act, Act::Review | Act::Approve)))
}

/// What came of an event.
pub(crate) enum Done {
    /// It happened.
    Acted,
    /// The case is not as the reader saw it.
    Raced,
    /// Why not, in the reader's language.
    Refused(String),
}

/// Lets a member of staff do something to a case that is still as they saw it.
pub(crate) async fn act(
    desk: &Desk,
    me: &StaffMember,
    case: &str,
    seen: i64,
    event: Event,
    lang: Lang,
) -> Result<Done, Oops> {
    let (writer, id, by) = (desk.clone(), case.to_owned(), me.by());
    let acted = desk.db().write(move |tx| {
        writer.act_in(tx, &id, event, &by, |_, loaded| {
            // A form sent again, or one about a case that has moved on since.
            if loaded.row.seq == seen { Ok(()) } else { Err(ActError::Raced) }
        })
    });
    Ok(match acted.await {
        Ok(_) => Done::Acted,
        Err(ActError::Raced) => Done::Raced,
        Err(ActError::Refused(refusal)) => Done::Refused(refusal.message().get(lang).to_owned()),
        Err(ActError::NoSuchCase) => return Err(Refusal::NotFound.into()),
        Err(ActError::Store(e)) => return Err(e.into()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_what_is_compared_with() {
        let all = [Against::Live, Against::Approved(1), Against::Previous(1), Against::None];
        assert_eq!(all.map(Against::word), ["live", "approved", "previous", "none"]);
    }
}
