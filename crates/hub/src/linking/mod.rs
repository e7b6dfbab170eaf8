//! Leg B from the portal's side (docs/leg-b.md): offer, hand-over, callback, linking, repair.
//!
//! | file | what |
//! |---|---|
//! | `offer` | ④: the linkage row, the subject token, the pushed request |
//! | [`callback`] | back from the delivery service: every check, W4, `PUT`, W6 |
//! | `confirmation` | the signed confirmation and its checks |
//! | `resolve` | what became of an attempt that was cut; cancelling |
//! | `reconcile` | both sides' lists compared |

pub mod callback;
mod confirmation;
mod offer;
mod reconcile;
pub mod resolve;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use journey::DeliveryFailure;
use oauth::fapi::{ClientError, Pushed};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use crate::Portal;

pub use offer::{delivery_url, new_id, offer, push};
pub use reconcile::Reconciled;
pub use resolve::{Cancel, Mode, resolve};

/// Path of the redirect address that the portal has registered at delivery services.
pub const CALLBACK: &str = "/link/callback";

/// What is kept, sealed, until the citizen comes back from a delivery service.
#[derive(Clone, Serialize, Deserialize)]
pub struct Pending {
    /// The pushed request with its `state`, `nonce` and PKCE verifier.
    pub(crate) pushed: Pushed,
    /// The subject token that went with it; the linkage resource gets the same.
    pub(crate) subject_token: String,
}

const PENDING: &str = "hand_overs.pending";

impl Pending {
    fn seal(&self, portal: &Portal) -> store::Result<Vec<u8>> {
        let json = serde_json::to_vec(self).map_err(|e| store::Error::Refused(e.to_string()))?;
        portal.sealer().seal(PENDING, &json)
    }

    fn open(portal: &Portal, sealed: &[u8]) -> store::Result<Self> {
        let json = portal.sealer().open(PENDING, sealed)?;
        serde_json::from_slice(&json).map_err(|e| store::Error::inconsistent(PENDING, e))
    }
}

/// The attempts that this process is working on right now. On SQLite there is no other process, so an
/// attempt that began and is not among them was cut by a crash and can be repaired at once.
#[derive(Clone, Default)]
pub struct InFlight(Arc<Mutex<HashSet<String>>>);

impl InFlight {
    /// Marks an attempt until the guard is dropped; `None` when it is marked already.
    pub fn enter(&self, id: &str) -> Option<InFlightGuard> {
        let fresh = self.0.lock().insert(id.to_owned());
        fresh.then(|| InFlightGuard { set: self.clone(), id: id.to_owned() })
    }

    /// Whether this process works on it.
    pub fn has(&self, id: &str) -> bool {
        self.0.lock().contains(id)
    }
}

/// See [`InFlight::enter`].
pub struct InFlightGuard {
    set: InFlight,
    id: String,
}

impl Drop for InFlightGuard {
    fn drop(&mut self) {
        self.set.0.lock().remove(&self.id);
    }
}

/// How long a second request for the same thing waits for the first.
const PATIENCE: Duration = Duration::from_secs(12);

impl Portal {
    /// Waits until this process no longer works on something (a challenge, an attempt), within reason.
    pub async fn wait_for(&self, id: &str) {
        let pause = Duration::from_millis(50);
        for _ in 0..PATIENCE.as_millis() / pause.as_millis() {
            if !self.0.in_flight.has(id) {
                return;
            }
            tokio::time::sleep(pause).await;
        }
    }
}

/// What the run hears of a failed call.
fn failure(e: &ClientError) -> DeliveryFailure {
    use base::outbound::OutboundError;
    match e {
        ClientError::Network(OutboundError::Forbidden(_)) => DeliveryFailure::Failed,
        ClientError::Network(_) => DeliveryFailure::Unavailable,
        ClientError::OAuth { status, error, .. } if *status >= 500 || error == "temporarily_unavailable" => {
            DeliveryFailure::Unavailable
        }
        _ => DeliveryFailure::Failed,
    }
}
