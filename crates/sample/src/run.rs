//! A run: from pressing 「もっとつながる」 to being back.

use base::{Secret, Timestamp};
use oauth::TokenResponse;
use oauth::fapi::{Pushed, Tokens};
use oauth::rar::Granted;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{Error, Result, Sealer};

use crate::config::Config;
use crate::outcome::Outcome;
use crate::store::runs::{End, RunRow};

base::id!(
    /// One run.
    RunId,
    "run"
);

const PUSHED: &str = "sample_runs.pushed";
const RESULT: &str = "sample_runs.result";
const TOKEN: &str = "sample_runs.token";

/// What to ask for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Ask {
    /// Link, register a first-time user on the way, fetch documents.
    #[default]
    All,
    /// Fetch documents of a citizen who is linked.
    Documents,
}

/// What the citizen (or a developer) chose on the start page; kept, so that 「もう一度」 asks the same.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Choice {
    #[serde(default)]
    pub(crate) ask: Ask,
    /// Ids of the delivery services; empty: the first of the configuration.
    #[serde(default)]
    pub(crate) services: Vec<String>,
    /// ⑤ for the delivery services; `{service}` in it stands for the id of each.
    #[serde(default)]
    pub(crate) message: String,
    /// Go through linking again although linked.
    #[serde(default)]
    pub(crate) reconfirm: bool,
    /// Send a redirect address that is not registered, to see how the portal refuses it.
    #[serde(default)]
    pub(crate) unregistered: bool,
}

/// What came of one delivery service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Service {
    pub(crate) id: String,
    pub(crate) result: String,
    /// RFC 3339
    pub(crate) linked_at: Option<String>,
}

/// 利用者状態: what the portal tells about the citizen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct UserStatus {
    pub(crate) registered: Option<bool>,
    /// Delivery service and whether it is linked.
    pub(crate) linked: Vec<(String, bool)>,
}

/// What we learned at the end of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Learned {
    pub(crate) services: Vec<Service>,
    pub(crate) user_status: UserStatus,
    /// Whether the citizen became a user of the portal in this run.
    pub(crate) registered_now: bool,
    /// `error` and `error_description`, for developers.
    pub(crate) error: Option<(String, String)>,
    /// `authorization_details` as they came, for developers. Holds `reply` ⑥.
    pub(crate) details: Option<Value>,
}

/// A run that has ended, opened.
#[derive(Clone, Debug)]
pub(crate) struct Ended {
    pub(crate) outcome: Outcome,
    pub(crate) learned: Learned,
    pub(crate) at: Timestamp,
}

/// Where a run is.
#[derive(Clone, Debug)]
pub(crate) enum Stage {
    /// The citizen came back and the code is being traded.
    Pending,
    /// It ended.
    Ended(Ended),
}

/// After this, a code that is still "being traded" was lost: we died in between, or the answer did.
const LOST_AFTER: std::time::Duration = std::time::Duration::from_secs(60);

impl Choice {
    /// The delivery services to ask for, in the order of the configuration.
    pub(crate) fn ids<'a>(&self, config: &'a Config) -> Vec<&'a str> {
        let known = || config.delivery_services.iter().map(|d| d.id.as_str());
        match self.services.as_slice() {
            [] => known().take(1).collect(),
            chosen => known().filter(|id| chosen.iter().any(|c| c == id)).collect(),
        }
    }
}

impl RunRow {
    /// What was asked for.
    pub(crate) fn choice(&self) -> Choice {
        serde_json::from_str(&self.asked).unwrap_or_default()
    }

    /// The pushed request; none when the run has ended.
    pub(crate) fn pushed(&self, sealer: &Sealer) -> Result<Option<Pushed>> {
        self.pushed.as_ref().map(|sealed| open(sealer, PUSHED, sealed)).transpose()
    }

    /// Where the run is.
    pub(crate) fn stage(&self, sealer: &Sealer, now: Timestamp) -> Result<Stage> {
        let lost = || Ended { outcome: Outcome::Unconfirmed, learned: Learned::default(), at: now };
        match (&self.outcome, &self.result, self.finished_at) {
            (Some(word), Some(result), Some(at)) => {
                let outcome = Outcome::parse(word).unwrap_or(Outcome::Unconfirmed);
                Ok(Stage::Ended(Ended { outcome, learned: open(sealer, RESULT, result)?, at }))
            }
            _ if now.since(self.used_at.unwrap_or(self.created_at)) > LOST_AFTER => Ok(Stage::Ended(lost())),
            _ => Ok(Stage::Pending),
        }
    }

    /// The access token, while it lasts.
    pub(crate) fn token(&self, sealer: &Sealer, now: Timestamp) -> Result<Option<Secret<String>>> {
        let Some(sealed) = self.token.as_ref().filter(|_| self.token_expires_at.is_none_or(|t| now < t)) else {
            return Ok(None);
        };
        let bytes = sealer.open(TOKEN, sealed)?;
        String::from_utf8(bytes).map(|t| Some(Secret::new(t))).map_err(|e| Error::inconsistent(TOKEN, e))
    }
}

/// A pushed request, sealed: it holds `state` and the PKCE verifier.
pub(crate) fn seal_pushed(sealer: &Sealer, pushed: &Pushed) -> Result<Vec<u8>> {
    seal(sealer, PUSHED, pushed)
}

/// The end of a run as it is stored.
pub(crate) fn end(sealer: &Sealer, outcome: Outcome, learned: &Learned, tokens: Option<&Tokens>) -> Result<End> {
    Ok(End {
        outcome: outcome.as_str(),
        result: seal(sealer, RESULT, learned)?,
        token: tokens.map(|t| sealer.seal(TOKEN, t.access_token.expose().as_bytes())).transpose()?,
        token_expires_at: tokens.and_then(|t| t.expires_at),
    })
}

fn seal<T: Serialize>(sealer: &Sealer, column: &str, value: &T) -> Result<Vec<u8>> {
    let json = serde_json::to_vec(value).map_err(|e| Error::inconsistent(column, e))?;
    sealer.seal(column, &json)
}

fn open<T: DeserializeOwned>(sealer: &Sealer, column: &str, sealed: &[u8]) -> Result<T> {
    serde_json::from_slice(&sealer.open(column, sealed)?).map_err(|e| Error::inconsistent(column, e))
}

impl Learned {
    /// What a token response says besides the token. Leaves out what it does not understand.
    pub(crate) fn of_tokens(response: &TokenResponse) -> Self {
        let mut learned =
            Self { details: Some(Value::Array(response.authorization_details.clone())), ..Self::default() };
        for granted in response.granted() {
            match granted {
                Granted::AttributeLinkage { delivery_services } => {
                    let service =
                        |s: oauth::rar::ServiceResult| Service { id: s.id, result: s.result.0, linked_at: s.linked_at };
                    learned.services = delivery_services.into_iter().map(service).collect();
                }
                Granted::UserRegistration { registered_now, .. } => learned.registered_now = registered_now,
                _ => {}
            }
        }
        if let Some(status) = response.extra.get("user_status") {
            learned.user_status = UserStatus::read(status);
        }
        learned
    }
}

impl UserStatus {
    /// `{"registered": true, "delivery_services": [{"id": "…", "linked": true}]}`
    fn read(value: &Value) -> Self {
        let services = value.get("delivery_services").and_then(Value::as_array).into_iter().flatten();
        let linked = services.filter_map(|s| Some((s.get("id")?.as_str()?.to_owned(), s.get("linked")?.as_bool()?)));
        Self { registered: value.get("registered").and_then(Value::as_bool), linked: linked.collect() }
    }
}

/// What the portal's code was for: its own word, or what follows from the services' results.
pub(crate) fn outcome_of_tokens(response: &TokenResponse, services: &[Service]) -> Outcome {
    let said = response.extra.get("outcome").and_then(Value::as_str).and_then(Outcome::parse);
    if let Some(outcome) = said.filter(|o| o.with_token()) {
        return outcome;
    }
    let linked = services.iter().filter(|s| matches!(s.result.as_str(), "linked" | "already_linked")).count();
    if linked < services.len() {
        Outcome::PartlyLinked
    } else if services.iter().any(|s| s.result == "linked") {
        Outcome::Linked
    } else {
        Outcome::AlreadyLinked
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_outcome_follows_from_the_services_when_nobody_says_it() {
        let response = TokenResponse::dpop("t".to_owned(), 300);
        let of = |results: &[&str]| {
            let services: Vec<_> = results
                .iter()
                .map(|r| Service { id: "x".to_owned(), result: (*r).to_owned(), linked_at: None })
                .collect();
            outcome_of_tokens(&response, &services)
        };
        assert_eq!(of(&["linked"]), Outcome::Linked);
        assert_eq!(of(&["already_linked"]), Outcome::AlreadyLinked);
        assert_eq!(of(&["already_linked", "declined"]), Outcome::PartlyLinked);
        assert_eq!(of(&[]), Outcome::AlreadyLinked);
        let said = response.with("outcome", "linked");
        assert_eq!(outcome_of_tokens(&said, &[]), Outcome::Linked);
        let nonsense = TokenResponse::dpop("t".to_owned(), 300).with("outcome", "user_cancelled");
        assert_eq!(outcome_of_tokens(&nonsense, &[]), Outcome::AlreadyLinked);
    }

    #[test]
    fn user_status_is_read_as_far_as_it_goes() {
        let full = UserStatus::read(
            &json!({"registered": true, "delivery_services": [{"id": "post", "linked": false}, {}], "x": 1}),
        );
        assert_eq!(full, UserStatus { registered: Some(true), linked: vec![("post".to_owned(), false)] });
        assert_eq!(UserStatus::read(&json!("new")), UserStatus::default());
    }
}
