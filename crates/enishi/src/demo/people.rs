//! Test people where their case says they stand: registered, linked.

use std::sync::Arc;

use base::outbound::Outbound;
use web::Environment;

use super::files::{Demo, Part};
use crate::config::ConfigError;
use crate::roles::World;
use crate::walk;

/// Brings the test people to where their case says they stand: registered, linked.
pub(super) async fn seed(
    demo: &Demo,
    portal: &portal::Portal,
    cards: &testcard::Cards,
    world: &World,
) -> Result<(), ConfigError> {
    let failed = |e: String| ConfigError::new(format!("the test people can't be prepared: {e}"));
    for person in pki::people::PEOPLE.iter().filter(|p| p.is_registered()) {
        // Somebody whose card was renewed registered with the card before.
        let old = cards.predecessor_key(person).await.map_err(|e| failed(e.to_string()))?;
        let key = match old {
            Some(old) => old,
            None => cards.card_key(person).await.map_err(|e| failed(e.to_string()))?,
        };
        let (family, given) = person.name.split_once(' ').unwrap_or((person.name, ""));
        portal.seed_citizen(&key, family, given).await.map_err(|e| failed(e.details()))?;
    }
    let http = web::outbound::Client::builder(Environment::Test).build().map_err(|e| failed(e.to_string()))?;
    let http: Outbound = Arc::new(http);
    for person in pki::people::PEOPLE.iter().filter(|p| p.case == pki::people::Case::Linked) {
        // The link is made the way every link is made: by a run through the real pages.
        let (sample, portal) = (demo.origin(Part::Sample), demo.origin(Part::Portal));
        let outcome = walk::from_the_sample_service(http.clone(), &world.clock, &sample, &portal, person)
            .await
            .map_err(failed)?;
        if !matches!(outcome.as_str(), "linked" | "already_linked") {
            return Err(failed(format!("the run of {} ended with {outcome}", person.id)));
        }
    }
    Ok(())
}
