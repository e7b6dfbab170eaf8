//! What is in the databases before a measurement begins: citizens, accounts, linkages.

use base::{Lang, Secret};
use delivery::kit::{Accounts as _, NewAccount};
use mailbox::store::accounts::{self as mailbox_accounts, AccountRow};
use portal::store::{citizens, linkages};
use provider::store::clients;
use store::{Db, Sealer};
use tokio::task::JoinSet;

use super::reader::Cards;
use super::walk::PASSWORD;
use crate::config::{ConfigError, File, master_key};
use crate::demo::DELIVERY_ID;
use crate::roles::World;

/// How many citizens are registered at a time: as many as share a commit.
const AT_ONCE: usize = 128;
/// What the citizens are called.
const NAME: (&str, &str) = ("番地", "試験");

fn failed(what: &str) -> impl Fn(String) -> ConfigError {
    move |e| ConfigError::new(format!("bench: {what}: {e}"))
}

/// Refuses a database in which a role lives already: its data would be changed and, at the end, erased.
///
/// # Errors
/// In words for the person at the terminal.
pub async fn must_be_empty(file: &File) -> Result<(), ConfigError> {
    let role = file.role;
    let db = Db::attach(&file.target()?).map_err(|e| ConfigError::new(e.to_string()))?;
    // Without the table there is no role.
    if db.read(clients::list).await.is_ok() {
        return Err(ConfigError::new(format!(
            "this database has the data of a {role} already, which the bench would erase; give it an empty database"
        )));
    }
    Ok(())
}

/// Registers everybody at the portal.
///
/// # Errors
/// The database.
pub async fn register(portal: &portal::Portal, cards: &Cards) -> Result<(), ConfigError> {
    let mut waiting = JoinSet::new();
    let fail = failed("a citizen can't be registered");
    for person in 0..cards.people.len() {
        let key = cards.card_key(person)?;
        let portal = portal.clone();
        waiting.spawn(async move { portal.seed_citizen(&key, NAME.0, NAME.1).await.map_err(|e| e.details()) });
        if waiting.len() >= AT_ONCE
            && let Some(done) = waiting.join_next().await
        {
            done.map_err(|e| fail(e.to_string()))?.map_err(&fail)?;
        }
    }
    while let Some(done) = waiting.join_next().await {
        done.map_err(|e| fail(e.to_string()))?.map_err(&fail)?;
    }
    Ok(())
}

/// Links every registered citizen, on the portal's side: enough to ask for documents.
///
/// # Errors
/// The database.
pub async fn link(file: &File, cards: &Cards, world: &World) -> Result<(), ConfigError> {
    let fail = failed("a citizen can't be linked");
    let sealer = Sealer::new(&master_key(&file.key_file)?, world.rng.clone()).map_err(|e| fail(e.to_string()))?;
    let mut indexes = Vec::new();
    for person in 0..cards.people.len() {
        let key = cards.card_key(person)?;
        indexes.push(sealer.blind_index("citizens.card_index", key.canonical().expose()));
    }
    let db = crate::roles::open(file)?;
    let (now, rng) = (world.clock.now(), world.rng.clone());
    let linked = db.write(move |tx| {
        let mut linked = 0;
        for index in &indexes {
            let Some(citizen) = citizens::by_card(tx, index)? else { continue };
            let party = portal::deliveries::subject_party(DELIVERY_ID);
            let subject = citizens::subject(tx, &citizen, &party, || rng.token())?;
            let id = format!("lnk_{}", base::id::ulid(now, &rng));
            let offer = linkages::NewLinkage {
                id: &id,
                citizen_id: &citizen,
                delivery_id: DELIVERY_ID,
                journey_id: "before",
                client_id: "before",
                subject: &subject,
                nonce: &rng.token(),
                subject_token_hash: "",
            };
            linkages::insert(tx, &offer, now)?;
            linkages::start(tx, &id, &rng.token(), now, "", now)?;
            if let Some(row) = linkages::get(tx, &id)? {
                linked += usize::from(linkages::link(tx, &row, now, "", None, now)?.is_some());
            }
        }
        Ok::<_, store::Error>(linked)
    });
    let linked = linked.await.map_err(|e| fail(e.to_string()))?;
    if linked == cards.people.len() { Ok(()) } else { Err(fail(format!("{linked} of {} are", cards.people.len()))) }
}

/// Makes the first person's account at the delivery service.
///
/// # Errors
/// The database.
pub async fn first_account(delivery: &mailbox::Delivery, cards: &Cards) -> Result<(), ConfigError> {
    let fail = failed("the first account can't be made");
    let Some(first) = cards.people.first() else { return Ok(()) };
    let new = NewAccount {
        email: first.email.clone(),
        family_name: NAME.0.to_owned(),
        given_name: NAME.1.to_owned(),
        password: Secret::new(PASSWORD.to_owned()),
        lang: Lang::Ja,
    };
    let made = delivery.post().sign_up(new).await.map_err(|e| fail(e.details()))?;
    made.map(drop).map_err(|e| fail(format!("{e:?}")))
}

/// Everybody else's account. All have the same password, so one hash serves all: checking it costs what
/// checking any hash costs.
///
/// # Errors
/// The database.
pub async fn accounts(file: &File, cards: &Cards, world: &World) -> Result<(), ConfigError> {
    let db = crate::roles::open(file)?;
    let emails: Vec<_> = cards.people.iter().map(|p| p.email.clone()).collect();
    let (now, rng) = (world.clock.now(), world.rng.clone());
    let filled = db.write(move |tx| {
        let Some(first) = emails.first() else { return Ok(()) };
        let Some(one) = mailbox_accounts::by_email(tx, first)? else { return Ok(()) };
        for email in emails.iter().skip(1) {
            let id = format!("acc_{}", base::id::ulid(now, &rng));
            let row = AccountRow { id, email: email.clone(), documents_at: None, ..one.clone() };
            mailbox_accounts::insert(tx, &row, now)?;
        }
        Ok::<_, store::Error>(())
    });
    filled.await.map_err(|e| failed("the accounts can't be made")(e.to_string()))
}
