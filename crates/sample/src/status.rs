//! What the portal says publicly about maintenance, so that the citizen learns it before starting.
//!
//! Only a courtesy: the run itself says it again. So whatever is wrong here (no such address, no answer,
//! another format) means "nothing is announced", and nobody waits for it.

use std::time::Duration;

use base::outbound::Outbound;
use base::{Clock, Timestamp};
use bytes::Bytes;
use http::StatusCode;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

/// How long an answer is used.
const FRESH: Duration = Duration::from_secs(60);
/// How long the start page waits for one.
const PATIENCE: Duration = Duration::from_millis(1500);

/// An announced maintenance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Window {
    /// Id of the delivery service; none: the portal itself.
    pub(crate) service: Option<String>,
    pub(crate) from: Timestamp,
    pub(crate) until: Timestamp,
}

/// The portal's announcements, remembered for a minute.
pub(crate) struct Status {
    address: String,
    http: Outbound,
    clock: Clock,
    copy: Mutex<Option<(Timestamp, Vec<Window>)>>,
}

impl Status {
    /// `{portal}/api/v1/status`
    pub(crate) fn new(portal: &web::Origin, http: Outbound, clock: Clock) -> Self {
        Self { address: portal.url("/api/v1/status"), http, clock, copy: Mutex::new(None) }
    }

    /// What is announced and not yet over, the next one first.
    pub(crate) async fn windows(&self) -> Vec<Window> {
        let now = self.clock.now();
        let copy = self.copy.lock().clone();
        let windows = match copy {
            Some((at, windows)) if now.since(at) < FRESH => windows,
            _ => {
                let windows = tokio::time::timeout(PATIENCE, self.fetch()).await.ok().flatten().unwrap_or_default();
                *self.copy.lock() = Some((now, windows.clone()));
                windows
            }
        };
        windows.into_iter().filter(|w| w.until > now).collect()
    }

    async fn fetch(&self) -> Option<Vec<Window>> {
        let request = http::Request::builder().uri(&self.address).body(Bytes::new()).ok()?;
        let response = self.http.send(request).await.ok()?;
        if response.status() == StatusCode::OK { read(response.body()) } else { None }
    }
}

fn read(body: &[u8]) -> Option<Vec<Window>> {
    #[derive(Deserialize)]
    struct Answer {
        #[serde(default)]
        maintenance: Vec<Announced>,
    }
    #[derive(Deserialize)]
    struct Announced {
        delivery_service: Option<String>,
        starts_at: String,
        ends_at: String,
    }
    let answer: Answer = serde_json::from_slice(body).ok()?;
    let time = |text: &str| text.parse::<jiff::Timestamp>().ok().map(|t| Timestamp(t.as_microsecond()));
    let mut windows: Vec<Window> = answer
        .maintenance
        .into_iter()
        .filter_map(|m| {
            Some(Window { service: m.delivery_service, from: time(&m.starts_at)?, until: time(&m.ends_at)? })
        })
        .collect();
    windows.sort_by_key(|w| w.from);
    Some(windows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_announcements_and_shrugs_at_the_rest() {
        let body = br#"{"maintenance":[{"delivery_service":"post","starts_at":"2026-11-29T17:00:00Z","ends_at":"2026-11-29T20:00:00Z"},
                        {"delivery_service":null,"starts_at":"2026-11-01T00:00:00+09:00","ends_at":"2026-11-01T01:00:00+09:00"},
                        {"starts_at":"soon","ends_at":"later"}]}"#;
        let windows = read(body).unwrap();
        assert_eq!(windows.len(), 2);
        assert_eq!((windows[0].service.as_deref(), windows[1].service.as_deref()), (None, Some("post")));
        assert_eq!(windows[1].from.rfc3339(), "2026-11-29T17:00:00Z");
        assert_eq!(read(b"{}"), Some(Vec::new()));
        assert_eq!(read(b"[1]"), None);
        assert_eq!(read(b"<html>"), None);
    }
}
