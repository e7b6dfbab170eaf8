//! Frequently asked questions (guideline 7): anybody reads and searches them, in both languages.

mod seeds;

use accounts::MaybeSignedIn;
use axum::extract::State;
use base::{Lang, Timestamp};
use serde::Serialize;
use web::{Page, Visit};

use crate::access::frame_of;
use crate::frame::page;
use crate::store::faq::{self, Entry};
use crate::{Desk, Reply};

base::id!(
    /// An entry.
    FaqId,
    "faq"
);

/// The topics, in the order of the page; each has a text `faq-topic-{topic}`.
pub const TOPICS: [&str; 6] = ["general", "application", "settings", "test", "service", "trouble"];

/// Longest search that is looked at, in characters.
const LONGEST: usize = 100;

#[derive(Serialize)]
pub(crate) struct Faq {
    q: String,
    found: usize,
    topics: Vec<Topic>,
    signed_in: bool,
}

#[derive(Serialize)]
struct Topic {
    topic: String,
    entries: Vec<Line>,
}

#[derive(Serialize)]
struct Line {
    question: String,
    answer: Vec<String>,
    open: bool,
    updated: Timestamp,
}

/// Every word stands in the entry. Both languages: a Japanese term may be searched from an English page.
fn matches(entry: &Entry, words: &[String]) -> bool {
    let all = format!("{}\n{}\n{}\n{}", entry.question_ja, entry.answer_ja, entry.question_en, entry.answer_en);
    let all = web::form::folded(&all);
    words.iter().all(|w| all.contains(w.as_str()))
}

fn words(q: &str) -> Vec<String> {
    web::form::folded(q).split_whitespace().map(str::to_owned).take(8).collect()
}

pub(crate) fn view(entries: Vec<Entry>, q: &str, lang: Lang, signed_in: bool) -> Faq {
    let words = words(q);
    let found: Vec<Entry> = entries.into_iter().filter(|e| matches(e, &words)).collect();
    let line = |e: &Entry| Line {
        question: e.question(lang).to_owned(),
        answer: e.answer(lang).split("\n\n").map(str::to_owned).collect(),
        open: !words.is_empty(),
        updated: e.updated_at,
    };
    let topics = TOPICS.into_iter().filter_map(|topic| {
        let entries: Vec<Line> = found.iter().filter(|e| e.topic == topic).map(line).collect();
        (!entries.is_empty()).then(|| Topic { topic: topic.to_owned(), entries })
    });
    Faq { topics: topics.collect(), found: found.len(), q: q.to_owned(), signed_in }
}

pub(crate) fn faq_page(visit: &Visit, me: &MaybeSignedIn, own: Faq) -> Page {
    page(visit, frame_of(me, "faq"), "faq.html", "faq", own)
}

/// `GET /faq?q=…`
pub(crate) async fn show(State(desk): State<Desk>, visit: Visit, me: MaybeSignedIn) -> Reply {
    let q: String = visit.query("q").unwrap_or_default().chars().take(LONGEST).collect();
    let entries = desk.db().read(faq::published).await?;
    Ok(faq_page(&visit, &me, view(entries, q.trim(), visit.lang(), me.0.is_some())).respond())
}

impl Desk {
    /// Puts the first entries down, if they are not there: the page is of use from the first day. Staff change them as
    /// they like; an entry that is there is left alone.
    ///
    /// # Errors
    /// The database.
    pub async fn seed_faq(&self) -> ::store::Result<()> {
        let now = self.now();
        self.db()
            .write(move |tx| seeds::entries(now).iter().try_for_each(|entry| faq::insert(tx, entry, "system")))
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_in_both_languages_and_widths() {
        let entries = seeds::entries(Timestamp(0));
        assert!(entries.iter().all(|e| TOPICS.contains(&e.topic.as_str())));
        let keys = entries.iter().find(|e| e.id == "faq_jwks").unwrap();
        for (q, hit) in
            [("ｊｗｋｓ", true), ("公開鍵　jwks", true), ("PRIVATE", true), ("控除証明書", false), ("", true)]
        {
            assert_eq!(matches(keys, &words(q)), hit, "{q}");
        }
    }
}
