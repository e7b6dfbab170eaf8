//! What programs ask: redeem a handle, predecessors of a certificate, the authority's certificate and
//! lists, the test people.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use base::codec;
use http::{StatusCode, header};
use pki::Partition;
use pki::people::{MAILBOX_PASSWORD, PEOPLE};
use serde::{Deserialize, Serialize};
use serde_json::json;
use web::{Fault, Problem};

use crate::App;
use crate::cards::Signed;
use crate::request::handle_hash;
use crate::store::readings;

/// Why a reading failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FailReason {
    PinLocked,
    Cancelled,
    CardNotRead,
    OtherCard,
}

/// What is kept under a handle and given to the relying party.
#[derive(Serialize)]
#[serde(tag = "result", rename_all = "snake_case")]
pub(crate) enum ReadResult {
    Signed {
        certificate: String,
        signature: String,
    },
    Failed {
        reason: FailReason,
        #[serde(skip_serializing_if = "Option::is_none")]
        tries_left: Option<u8>,
    },
}

impl ReadResult {
    pub fn failed(reason: FailReason) -> Self {
        Self::Failed { reason, tries_left: None }
    }

    pub fn json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }
}

impl From<&Signed> for ReadResult {
    fn from(signed: &Signed) -> Self {
        Self::Signed { certificate: codec::b64(&signed.certificate), signature: codec::b64(&signed.signature) }
    }
}

#[derive(Deserialize)]
pub(crate) struct Redeem {
    handle: String,
}

/// `POST /api/redeem`: the result behind a handle, once.
pub(crate) async fn redeem(State(app): State<App>, body: bytes::Bytes) -> Result<Response, Fault> {
    let asked: Redeem = match read(&body, r#"{"handle": "…"}"#) {
        Ok(asked) => asked,
        Err(problem) => return Ok(problem.into_response()),
    };
    let (hash, now) = (handle_hash(&asked.handle), app.clock.now());
    let result = app.db.write(move |tx| readings::redeem(tx, &hash, now)).await?;
    Ok(match result {
        Some(json) => ([(header::CONTENT_TYPE, "application/json")], json).into_response(),
        None => Problem::new(StatusCode::NOT_FOUND, "unknown_handle", "There is no reading behind this handle")
            .detail("a handle is redeemed once, within a few minutes; send the citizen to the card again")
            .into_response(),
    })
}

#[derive(Deserialize)]
pub(crate) struct Predecessors {
    serial: String,
    aki: String,
}

/// `POST /api/predecessors`: which certificates the one asked about replaced.
pub(crate) async fn predecessors(State(app): State<App>, body: bytes::Bytes) -> Result<Response, Fault> {
    let asked: Predecessors = match read(&body, r#"{"serial": "hex", "aki": "hex"}"#) {
        Ok(asked) => asked,
        Err(problem) => return Ok(problem.into_response()),
    };
    let found = app.cards.predecessors(&asked.serial, &asked.aki).await?;
    Ok(axum::Json(json!({ "predecessors": found })).into_response())
}

/// `GET /ca.pem`: the root of the test cards.
pub(crate) async fn ca(State(app): State<App>) -> Result<Response, Fault> {
    let pem = app.cards.ca_pem().await?;
    Ok(([(header::CONTENT_TYPE, "application/x-pem-file")], pem).into_response())
}

/// `GET /crl/{partition}.crl`: the revocation list of a municipality.
pub(crate) async fn crl(State(app): State<App>, Path(file): Path<String>) -> Result<Response, Fault> {
    let partition = file.strip_suffix(".crl").and_then(Partition::parse_slug);
    let list = match &partition {
        Some(partition) => app.cards.crl(partition).await?,
        None => None,
    };
    Ok(match list {
        Some(der) => ([(header::CONTENT_TYPE, "application/pkix-crl")], der).into_response(),
        None => Problem::new(StatusCode::NOT_FOUND, "unknown_partition", "No such partition of the revocation list")
            .detail("lists are named {prefecture}.{municipality}.crl, as in Tokyo-to.Kiyose-shi.crl")
            .into_response(),
    })
}

/// `GET /people.json`: the test people, for test programs.
pub(crate) async fn people(State(app): State<App>) -> Result<Response, Fault> {
    let mut people = Vec::with_capacity(PEOPLE.len());
    for p in &PEOPLE {
        let key = app.cards.card_key(p).await?;
        let before = app.cards.predecessor_key(p).await?;
        people.push(json!({
            "id": p.id,
            "name": p.name,
            "kana": p.kana,
            "name_en": p.name_en,
            "birth_date": p.birth.to_string(),
            "municipality": { "code": p.municipality.code, "name": p.municipality.name_ja,
                              "prefecture": p.municipality.prefecture_ja, "partition": p.municipality.partition().slug() },
            "case": p.case.as_str(),
            "pin": p.pin,
            "tries_left": app.cards.tries_left(p).await?,
            "english_only": p.english_only,
            "mailbox": p.has_mailbox.then(|| json!({ "account": p.email(), "password": MAILBOX_PASSWORD,
                                                     "documents": p.has_documents })),
            "certificate": { "serial": key.serial_hex().expose(), "aki": key.aki_hex(),
                             "predecessor": before.map(|key| key.serial_hex().expose().clone()) },
        }));
    }
    Ok(axum::Json(json!({ "people": people })).into_response())
}

fn read<'a, T: Deserialize<'a>>(body: &'a [u8], example: &str) -> Result<T, Box<Problem>> {
    serde_json::from_slice(body).map_err(|_| {
        let problem = Problem::new(StatusCode::BAD_REQUEST, "bad_request", "The body is not the expected JSON");
        Box::new(problem.detail(format!("send {example}")))
    })
}
