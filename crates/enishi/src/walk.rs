//! One whole run of a test person from the sample service and back, on the real pages: how the demo brings
//! people to where their case says they stand.

use base::Clock;
use base::outbound::Outbound;
use drive::{Arrival, Citizen, Decisions, drive};
use pki::people::{MAILBOX_PASSWORD, PEOPLE};

/// The person as the drive client knows people.
pub fn person(p: &pki::people::Person) -> drive::Person {
    let (family, given) = p.name.split_once(' ').unwrap_or((p.name, ""));
    drive::Person {
        id: p.id.to_owned(),
        family_name: family.to_owned(),
        given_name: given.to_owned(),
        pin: p.pin.to_owned(),
        account: p.email(),
        password: MAILBOX_PASSWORD.to_owned(),
        has_account: p.has_mailbox,
    }
}

/// Walks `p` through; gives the outcome that the sample service shows at the end.
///
/// # Errors
/// Where it stuck, in words.
pub async fn from_the_sample_service(
    http: Outbound,
    clock: &Clock,
    sample: &str,
    portal: &str,
    p: &pki::people::Person,
) -> Result<String, String> {
    let said = |e: drive::DriveError| e.to_string();
    let mut citizen = Citizen::new(http, clock.clone()).stopping_at([format!("{portal}/oauth/authorize")]);
    let start = citizen.open(sample).await.and_then(Arrival::page).map_err(said)?;
    let left = citizen.act(&start, "connect", &[]).await.map_err(said)?;
    let url = match left {
        Arrival::Stopped { redirect_to } => redirect_to,
        Arrival::Page(page) => {
            return Err(format!("the sample service shows \"{}\" in place of the portal", page.h1()));
        }
    };
    let mut citizen = citizen.stopping_at([format!("{sample}/callback")]);
    let people = |id: &str| PEOPLE.iter().find(|p| p.id == id).map(person);
    let driven = drive(&mut citizen, url.as_str(), &person(p), &Decisions::default(), &people).await.map_err(said)?;
    let back = driven.redirect_to.ok_or("the run did not come back")?;
    let mut citizen = citizen.stopping_at(Vec::<String>::new());
    let result = citizen.open(back.as_str()).await.and_then(Arrival::page).map_err(said)?;
    Ok(result.outcome().unwrap_or_default().to_owned())
}
