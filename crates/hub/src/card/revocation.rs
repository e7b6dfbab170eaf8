//! Revocation lists: fetched when needed, used for five minutes or until `nextUpdate`, then fetched
//! anew. Without a list nobody passes.

use std::collections::HashMap;
use std::time::Duration;

use base::Timestamp;
use base::outbound::Outbound;
use bytes::Bytes;
use http::{Method, StatusCode};
use parking_lot::{Mutex, RwLock};
use pki::{Anchors, AuthCert, Crl, CrlSet, Partition};
use url::Url;

use super::below;

/// How long a list is used before it is fetched again, though it may be valid for longer: a card that
/// was reported lost stops working here this fast.
const FRESH: Duration = Duration::from_secs(300);

#[derive(Default)]
pub(super) struct Lists {
    set: RwLock<CrlSet>,
    fetched: Mutex<HashMap<Partition, Timestamp>>,
}

impl Lists {
    /// Brings the list for a certificate up to date. Whether there is a fresh one now.
    pub(super) async fn refresh(
        &self,
        cert: &AuthCert,
        anchors: &Anchors,
        base: &Url,
        http: &Outbound,
        now: Timestamp,
    ) -> bool {
        let Some(partition) = cert.partition() else { return false };
        let at = self.fetched.lock().get(partition).copied();
        let listed = self.set.read().list_for(cert).is_some_and(|list| list.next_update() > now);
        if listed && at.is_some_and(|at| at <= now && now.since(at) < FRESH) {
            return true;
        }
        match fetch(partition, anchors, base, http, now).await {
            Ok(list) => {
                self.set.write().insert(list);
                self.fetched.lock().insert(partition.clone(), now);
                true
            }
            Err(why) => {
                tracing::warn!(why, "a revocation list can't be had");
                false
            }
        }
    }

    /// Looks at the lists there are.
    pub(super) fn with<T>(&self, f: impl FnOnce(&CrlSet) -> T) -> T {
        f(&self.set.read())
    }
}

async fn fetch(
    partition: &Partition,
    anchors: &Anchors,
    base: &Url,
    http: &Outbound,
    now: Timestamp,
) -> Result<Crl, String> {
    let url = below(base, &format!("{}.crl", partition.slug())).ok_or("its address can't be built")?;
    let request = http::Request::builder()
        .method(Method::GET)
        .uri(url.as_str())
        .body(Bytes::new())
        .map_err(|_| "its address can't be called".to_owned())?;
    let response = http.send(request).await.map_err(|e| e.to_string())?;
    if response.status() != StatusCode::OK {
        return Err(format!("the answer has status {}", response.status().as_u16()));
    }
    Crl::parse_and_verify(response.body(), anchors, now).map_err(|e| e.to_string())
}
