//! The control plane: what decisions do to the portals.

use procedures::EffectKind;
use procedures::case::Effect;

use crate::Desk;

impl Desk {
    /// Carries an effect out on the running system; gives what came of it, for the record. Called at least once for each
    /// effect, so it has to be idempotent by [`Effect::key`]. An `Err` says in words what is in the way; it comes back.
    pub(crate) async fn carry_out(&self, _case: &str, effect: &Effect) -> Result<String, String> {
        match effect.kind {
            EffectKind::DiscloseSpecifications | EffectKind::GrantUse | EffectKind::RecordTested => {
                Ok("recorded".to_owned())
            }
            // Only a portal can do this; until one is configured the job waits and the log says so.
            kind => Err(format!("no portal is configured to carry out {kind:?}")),
        }
    }
}
