//! The sandbox of the test environment: `POST /sandbox/drive` plays the citizen, so that an API user's CI
//! needs no browser. In production the route does not exist.
//!
//! The walk goes through the real pages of every role, by HTTP, with a cookie jar (the `drive` room): no
//! second code path. It stops before the API user's redirect address and never calls it.

use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use base::Lang;
use drive::{Citizen, Decisions, DriveError, Person, Visited, drive};
use http::StatusCode;
use oauth::ClientKind;
use pki::people;
use serde::{Deserialize, Serialize};
use url::Url;
use web::{Fault, Problem, Route, Routes, Who};

use hub::Portal;

/// The sandbox; in production these rows are left out.
pub const ROUTES: &[Route] = &[Route::post("/sandbox/drive", Who::Sandbox)];

/// How long a walk may take: below the limit of every handler.
const PATIENCE: Duration = Duration::from_secs(50);

pub(crate) fn mount(routes: Routes<Portal>) -> Routes<Portal> {
    routes.post("/sandbox/drive", run)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ask {
    /// What the browser would be sent to: `{portal}/oauth/authorize?client_id=&request_uri=`.
    authorization_url: String,
    /// Id of a test person.
    person: String,
    /// What the citizen does; what is left out goes through.
    #[serde(default)]
    decisions: Decisions,
    /// Language of the pages; without it the person's own.
    #[serde(default)]
    lang: Option<Lang>,
}

#[derive(Serialize)]
struct Answer {
    /// Where the browser would go, with the answer; `null` when the decisions made the citizen walk away.
    redirect_to: Option<String>,
    /// The pages on the way.
    pages: Vec<Visited>,
}

async fn run(State(portal): State<Portal>, body: Bytes) -> Result<Response, Fault> {
    let ask: Ask = match serde_json::from_slice(&body) {
        Ok(ask) => ask,
        Err(e) => return Ok(bad("bad_request", format!("the body: {e}"))),
    };
    let Some(person) = people::find(&ask.person) else {
        let known: Vec<_> = people::PEOPLE.iter().map(|p| p.id).collect();
        return Ok(bad(
            "unknown_person",
            format!("there is no test person '{}'; there are: {}", cut(&ask.person), known.join(", ")),
        ));
    };
    let redirect_uri = match where_it_ends(&portal, &ask.authorization_url).await? {
        Ok(uri) => uri,
        Err(why) => return Ok(bad("bad_authorization_url", why)),
    };
    let lang = ask.lang.unwrap_or(if person.english_only { Lang::En } else { Lang::Ja });
    let mut citizen =
        Citizen::new(portal.outbound().clone(), portal.clock().clone()).speaking(lang).stopping_at([redirect_uri]);
    let person = play(person);
    let find = |id: &str| people::find(id).map(play);
    let walk = drive(&mut citizen, &ask.authorization_url, &person, &ask.decisions, &find);
    Ok(match tokio::time::timeout(PATIENCE, walk).await {
        Ok(Ok(driven)) => {
            Json(Answer { redirect_to: driven.redirect_to.map(String::from), pages: driven.pages }).into_response()
        }
        Ok(Err(e)) => failed(&e),
        Err(_) => {
            let title = "The walk takes too long";
            let why = format!("no end after {} seconds and {} requests", PATIENCE.as_secs(), citizen.requests());
            Problem::new(StatusCode::GATEWAY_TIMEOUT, "too_slow", title).detail(why).into_response()
        }
    })
}

/// The redirect address of the request that an authorization address stands for. Only addresses of ours
/// are opened: nobody walks elsewhere by way of us.
async fn where_it_ends(portal: &Portal, address: &str) -> Result<Result<String, String>, Fault> {
    let endpoint = portal.config().origin.url("/oauth/authorize");
    let refuse = |why: &str| Ok(Err(format!("authorization_url {why}")));
    let Ok(url) = Url::parse(address) else { return refuse("is not an absolute URL") };
    let plain = format!("{}{}", url.origin().ascii_serialization(), url.path());
    if plain != endpoint || !url.username().is_empty() || url.password().is_some() {
        return refuse(&format!("has to be {endpoint}?client_id=…&request_uri=…, as after a pushed request"));
    }
    let get = |name: &str| url.query_pairs().find(|(n, _)| n == name).map(|(_, v)| v.into_owned());
    let (Some(client_id), Some(request_uri)) = (get("client_id"), get("request_uri")) else {
        return refuse("has no client_id or no request_uri");
    };
    match portal.provider().request(&client_id, &request_uri).await? {
        Ok(loaded) if loaded.client.registered.kind == ClientKind::ApiUser => {
            Ok(Ok(loaded.request.redirect_uri.as_str().to_owned()))
        }
        Ok(_) => refuse("is a delivery service's; the sandbox plays runs of API users"),
        Err(_) => refuse("is of no request that this client pushed here, or it is too old; push a new one"),
    }
}

/// A test person as the walk knows them.
fn play(p: &pki::Person) -> Person {
    let (family_name, given_name) = names(p.name);
    Person {
        id: p.id.to_owned(),
        family_name,
        given_name,
        pin: p.pin.to_owned(),
        account: p.email(),
        password: people::MAILBOX_PASSWORD.to_owned(),
        has_account: p.has_mailbox,
    }
}

/// 姓 and 名. A name in Latin letters has its family name last.
fn names(name: &str) -> (String, String) {
    let parts = if name.is_ascii() { name.rsplit_once(' ') } else { name.split_once(' ').map(|(f, g)| (g, f)) };
    parts.map_or_else(|| (name.to_owned(), name.to_owned()), |(given, family)| (family.to_owned(), given.to_owned()))
}

fn cut(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(40).collect()
}

fn bad(code: &'static str, why: String) -> Response {
    Problem::new(StatusCode::BAD_REQUEST, code, "The walk can't begin").detail(why).into_response()
}

/// At which page it stuck, and why.
fn failed(e: &DriveError) -> Response {
    let (status, code) = match e {
        DriveError::UnknownPerson(_) => (StatusCode::BAD_REQUEST, "unknown_person"),
        DriveError::Outbound { .. } => (StatusCode::BAD_GATEWAY, "no_answer"),
        _ => (StatusCode::UNPROCESSABLE_ENTITY, "stuck"),
    };
    let page = match e {
        DriveError::FormAction { page, .. }
        | DriveError::NoAct { page, .. }
        | DriveError::NoField { page, .. }
        | DriveError::NoWayOn { page, .. }
        | DriveError::Stuck { page, .. } => Some(page.clone()),
        _ => None,
    };
    let problem = Problem::new(status, code, "The citizen could not go on").detail(e.to_string());
    match page {
        Some(page) => problem.with("page", page),
        None => problem,
    }
    .into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_has_two_names() {
        assert_eq!(names("佐藤 花子"), ("佐藤".into(), "花子".into()));
        assert_eq!(names("Emma Louise Johansson"), ("Johansson".into(), "Emma Louise".into()));
        assert_eq!(names("王"), ("王".into(), "王".into()));
        for p in &people::PEOPLE {
            let played = play(p);
            assert!(!played.family_name.is_empty() && !played.given_name.is_empty(), "{}", p.id);
            assert!(!played.family_name.contains(' '));
        }
    }

    #[test]
    fn a_request_says_what_it_means() {
        let ask: Ask = serde_json::from_str(
            r#"{"authorization_url": "https://p/", "person": "hanako", "decisions": {"consent": "refuse"}, "lang": "en"}"#,
        )
        .unwrap();
        assert_eq!((ask.decisions.consent, ask.lang), (drive::Consent::Refuse, Some(Lang::En)));
        for bad in [
            r#"{"authorization_url": "https://p/", "person": "hanako", "decision": {}}"#,
            r#"{"authorization_url": "https://p/", "person": "hanako", "decisions": {"consnet": "refuse"}}"#,
            r#"{"person": "hanako"}"#,
        ] {
            assert!(serde_json::from_str::<Ask>(bad).is_err(), "{bad}");
        }
    }

    #[tokio::test]
    async fn errors_name_the_page() {
        let e = DriveError::NoWayOn {
            page: "error".into(), status: 400, h1: "このページを表示できません".into()
        };
        let response = failed(&e);
        assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY);
        let body = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
        let json: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!((json["code"].as_str(), json["page"].as_str()), (Some("stuck"), Some("error")));
        assert!(json["detail"].as_str().unwrap().contains("表示できません"));
    }
}
