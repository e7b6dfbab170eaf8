//! A network in memory: origins lead to routers, and any call can be made to fail the way networks do.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use base::outbound::{BodyStream, Http, OutboundError, Request, Response};
use bytes::Bytes;
use futures_util::StreamExt as _;
use http_body_util::BodyExt as _;
use parking_lot::Mutex;
use tower::ServiceExt as _;

/// The network. Cheap to clone.
#[derive(Clone, Default)]
pub struct Net(Arc<State>);

#[derive(Default)]
struct State {
    hosts: Mutex<HashMap<String, Vec<Router>>>,
    rules: Mutex<Vec<Rule>>,
    calls: Mutex<Vec<Call>>,
    turn: AtomicU64,
}

/// A call that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// `POST`
    pub method: String,
    /// `https://delivery.example/linkages/…`, without the query.
    pub url: String,
    /// What came back; `None` when nothing did.
    pub status: Option<u16>,
    /// What was sent.
    pub body: Bytes,
}

/// What goes wrong with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// It never arrives.
    Refused,
    /// It arrives and is acted on, but the answer is lost.
    AnswerLost,
    /// The other side answers 503.
    Busy,
}

struct Rule {
    part: String,
    trouble: Trouble,
    times: u64,
}

impl Net {
    /// Puts these nodes behind an origin (`https://portal.example`); several take turns.
    pub fn host(&self, origin: &str, nodes: Vec<Router>) {
        self.0.hosts.lock().insert(origin.to_owned(), nodes);
    }

    /// Takes an origin off the network.
    pub fn unplug(&self, origin: &str) -> Vec<Router> {
        self.0.hosts.lock().remove(origin).unwrap_or_default()
    }

    /// Takes everybody off the network. Routers hold the network and the network holds them: without
    /// this neither ever goes.
    pub fn clear(&self) {
        let hosts = std::mem::take(&mut *self.0.hosts.lock());
        drop(hosts);
    }

    /// The next `times` calls whose `METHOD url` contains `part` go wrong.
    pub fn trouble(&self, part: &str, trouble: Trouble, times: u64) {
        self.0.rules.lock().push(Rule { part: part.to_owned(), trouble, times });
    }

    /// Forgets all trouble.
    pub fn calm(&self) {
        self.0.rules.lock().clear();
    }

    /// The calls made so far, oldest first.
    pub fn calls(&self) -> Vec<Call> {
        self.0.calls.lock().clone()
    }

    fn router(&self, origin: &str) -> Option<Router> {
        let hosts = self.0.hosts.lock();
        let nodes = hosts.get(origin)?;
        let turn = self.0.turn.fetch_add(1, Ordering::SeqCst) as usize;
        nodes.get(turn.checked_rem(nodes.len())?).cloned()
    }

    fn strike(&self, what: &str) -> Option<Trouble> {
        let mut rules = self.0.rules.lock();
        let rule = rules.iter_mut().find(|r| r.times > 0 && what.contains(&r.part))?;
        rule.times -= 1;
        Some(rule.trouble)
    }

    async fn deliver(&self, request: Request) -> Result<http::Response<Body>, OutboundError> {
        let (mut parts, body) = request.into_parts();
        let uri = parts.uri.clone();
        let origin = format!("{}://{}", uri.scheme_str().unwrap_or("http"), uri.authority().map_or("", |a| a.as_str()));
        let url = format!("{origin}{}", uri.path());
        let what = format!("{} {url}", parts.method);
        let record = |status| {
            let body = body.clone();
            self.0.calls.lock().push(Call { method: parts.method.to_string(), url: url.clone(), status, body });
        };
        let trouble = self.strike(&what);
        if trouble == Some(Trouble::Refused) {
            record(None);
            return Err(OutboundError::Connect("unplugged (test)".to_owned()));
        }
        if trouble == Some(Trouble::Busy) {
            record(Some(503));
            let mut answer = http::Response::new(Body::empty());
            *answer.status_mut() = http::StatusCode::SERVICE_UNAVAILABLE;
            return Ok(answer);
        }
        let Some(router) = self.router(&origin) else {
            record(None);
            return Err(OutboundError::Connect(format!("nobody is at {origin} (test)")));
        };
        let path = uri.path_and_query().map_or("/", |p| p.as_str());
        let Ok(relative) = path.parse() else { return Err(OutboundError::Forbidden(url)) };
        let status = {
            let (method, sent) = (parts.method.clone(), body.clone());
            parts.uri = relative;
            let host = uri.authority().map_or("", |a| a.as_str());
            if let Ok(value) = http::HeaderValue::from_str(host) {
                parts.headers.entry(http::header::HOST).or_insert(value);
            }
            let answer = match router.oneshot(http::Request::from_parts(parts, Body::from(body))).await {
                Ok(answer) => answer,
                Err(never) => match never {},
            };
            let status = answer.status().as_u16();
            self.0.calls.lock().push(Call { method: method.to_string(), url, status: Some(status), body: sent });
            answer
        };
        if trouble == Some(Trouble::AnswerLost) {
            // The handler has run; read its body so that everything it does is done.
            let _ = status.into_body().collect().await;
            return Err(OutboundError::Timeout);
        }
        Ok(status)
    }
}

#[async_trait]
impl Http for Net {
    async fn send(&self, request: Request) -> Result<Response, OutboundError> {
        let (parts, body) = self.deliver(request).await?.into_parts();
        let body = body.collect().await.map_err(|e| OutboundError::Connect(e.to_string()))?.to_bytes();
        Ok(http::Response::from_parts(parts, body))
    }

    async fn stream(&self, request: Request, limit: u64) -> Result<http::Response<BodyStream>, OutboundError> {
        let (parts, body) = self.deliver(request).await?.into_parts();
        let mut seen = 0u64;
        let stream = body.into_data_stream().map(move |piece: Result<Bytes, axum::Error>| {
            let piece = piece.map_err(|e| OutboundError::Connect(e.to_string()))?;
            seen += piece.len() as u64;
            if seen > limit { Err(OutboundError::TooLarge(limit)) } else { Ok(piece) }
        });
        Ok(http::Response::from_parts(parts, Box::pin(stream)))
    }
}
