//! One instruction to one portal: signed, sent, and what came back (docs/registry.md).

use std::time::Duration;

use base::outbound::OutboundError;
use bytes::Bytes;
use desk::Desk;
use http::{Request, StatusCode, header};
use oauth::registry::{Instruction, MEDIA_TYPE, PATH};
use serde_json::{Map, Value};
use web::Origin;

/// The longest answer that is kept in words.
const LONGEST: usize = 1_000;
/// A portal that does not answer within this is asked again later.
const PATIENCE: Duration = Duration::from_secs(20);

/// Why an instruction was not carried out, or nobody knows whether it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{words}")]
pub struct Trouble {
    /// In words: the portal's own where it said something.
    pub words: String,
    /// Whether sending it again as it is can't help.
    pub lasting: bool,
    /// The portal's code of the refusal.
    pub code: Option<String>,
    /// The revision that the portal has, where it said so.
    pub revision: Option<i64>,
}

impl Trouble {
    fn passing(words: impl Into<String>) -> Self {
        Self { words: words.into(), lasting: false, code: None, revision: None }
    }
}

/// Sends one instruction; gives the portal's answer. It may have been carried out also when this fails: whoever
/// repeats it repeats the revision too.
pub(crate) async fn tell(desk: &Desk, portal: &Origin, op: &str, body: Map<String, Value>) -> Result<Value, Trouble> {
    let iss = desk.config().origin.as_str();
    let token = Instruction::new(iss, portal.as_str(), op, body, desk.now(), desk.rng())
        .sign(desk.signing_key())
        .map_err(|e| Trouble::passing(format!("it can't be signed: {e}")))?;
    let request = Request::post(portal.url(PATH))
        .header(header::CONTENT_TYPE, MEDIA_TYPE)
        .header(header::ACCEPT, "application/json")
        .body(Bytes::from(token))
        .map_err(|e| Trouble::passing(e.to_string()))?;
    let answer = match tokio::time::timeout(PATIENCE, desk.outbound().send(request)).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => return Err(unreached(portal, &error)),
        Err(_) => return Err(unreached(portal, &OutboundError::Timeout)),
    };
    let (status, said) = (answer.status(), serde_json::from_slice::<Value>(answer.body()).ok());
    match said {
        Some(said) if status.is_success() => Ok(said),
        said => Err(refused(portal, status, said.as_ref())),
    }
}

fn unreached(portal: &Origin, error: &OutboundError) -> Trouble {
    Trouble::passing(format!("{portal}: {error}"))
}

fn refused(portal: &Origin, status: StatusCode, said: Option<&Value>) -> Trouble {
    let text = |name: &str| said.and_then(|s| s[name].as_str()).map(str::to_owned);
    let code = text("code").or_else(|| text("error"));
    let mut words = [text("title"), text("detail")].into_iter().flatten().collect::<Vec<_>>().join(": ");
    if words.is_empty() {
        words = match status {
            StatusCode::NOT_FOUND => "it takes no instructions: set [portal.desk] in its configuration".to_owned(),
            other => format!("it answered {other}"),
        };
    }
    // Ours is the fault only where the portal has looked at the instruction itself. Keys that it has not fetched yet (401)
    // and a desk that it does not know yet (404 without a code) mend themselves or are mended there.
    let lasting = status.is_client_error()
        && !matches!(status, StatusCode::UNAUTHORIZED | StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS)
        && code.is_some();
    let words = format!("{portal}: {words}").chars().take(LONGEST).collect();
    Trouble { words, lasting, code, revision: said.and_then(|s| s["revision"].as_i64()) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_portals_own_words_are_kept_and_what_lasts_is_told_from_what_passes() {
        let portal = Origin::parse("https://portal.example").unwrap();
        let said = json!({"code": "stale_revision", "title": "It does not fit", "detail": "7 is newer", "revision": 7});
        let t = refused(&portal, StatusCode::CONFLICT, Some(&said));
        assert_eq!(t.words, "https://portal.example: It does not fit: 7 is newer");
        assert_eq!((t.lasting, t.revision, t.code.as_deref()), (true, Some(7), Some("stale_revision")));
        assert!(!refused(&portal, StatusCode::SERVICE_UNAVAILABLE, Some(&said)).lasting);
        assert!(!refused(&portal, StatusCode::UNAUTHORIZED, Some(&said)).lasting);
        let nobody = refused(&portal, StatusCode::NOT_FOUND, None);
        assert!(!nobody.lasting && nobody.words.contains("[portal.desk]"), "{nobody}");
        assert!(!unreached(&portal, &OutboundError::Timeout).lasting);
    }
}
