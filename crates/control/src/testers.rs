//! Named testers of a production check: the desk makes a link for each, the portal gets only its hash, the tester gets it
//! by e-mail once the portal knows it.

use std::time::Duration;

use ::store::{Error, Result, Tx};
use base::codec::sha256_b64url;
use base::{Lang, Timestamp};
use desk::Desk;
use mail::{Email, Message};
use oauth::registry::TesterEntry;
use procedures::settings::NamedTester;

use crate::Control;
use crate::config::Place;
use crate::store::testers::{self, TesterRow};

/// As long as a portal keeps a browser bound to its tester.
const LIFE: Duration = Duration::from_secs(30 * 86_400);
const COLUMN: &str = "control_testers.sealed_token";

base::id!(
    /// A tester of one client.
    TesterId,
    "tst"
);

/// The testers of a client from now on. Who is one already keeps their link; who is not named any more loses it.
pub(crate) fn seats(
    desk: &Desk,
    tx: &mut Tx<'_>,
    client: &str,
    named: &[NamedTester],
    now: Timestamp,
) -> Result<Vec<TesterEntry>> {
    let mut known = testers::of_client(tx, client)?;
    let mut out: Vec<TesterRow> = Vec::new();
    for n in named {
        let same = |t: &TesterRow| t.email == n.email && t.name == n.name && t.not_after > now.plus(LIFE / 2);
        let row = match known.iter().position(same) {
            Some(i) => known.swap_remove(i),
            None => {
                let token = desk.rng().token();
                let row = TesterRow {
                    tester_id: TesterId::new(now, desk.rng()).to_string(),
                    name: n.name.clone(),
                    email: n.email.clone(),
                    token_hash: sha256_b64url(&token),
                    sealed_token: Some(desk.sealer().seal(COLUMN, token.as_bytes())?),
                    not_after: Timestamp::from_secs(now.plus(LIFE).secs()),
                };
                testers::insert(tx, client, &row)?;
                row
            }
        };
        out.push(row);
    }
    for gone in known {
        testers::remove(tx, client, &gone.tester_id)?;
    }
    Ok(out
        .into_iter()
        .map(|t| TesterEntry {
            tester_id: t.tester_id,
            name: Some(t.name),
            token_hash: t.token_hash,
            not_after: t.not_after,
        })
        .collect())
}

/// Writes to each tester who has not got their link yet; the token is forgotten in the same transaction.
pub(crate) fn write_to(
    control: &Control,
    desk: &Desk,
    tx: &mut Tx<'_>,
    client: &str,
    service: &str,
    now: Timestamp,
) -> Result<()> {
    let portal = control.config().portal(Place::Production);
    for t in testers::of_client(tx, client)? {
        let Some(sealed) = &t.sealed_token else { continue };
        let token =
            String::from_utf8(desk.sealer().open(COLUMN, sealed)?).map_err(|e| Error::inconsistent(COLUMN, e))?;
        let link = portal.origin.url(&format!("/verification/{token}"));
        let until = base::calendar::long_time(t.not_after, Lang::Ja);
        // The sheet does not ask for their language; the text has both.
        let args = [
            ("person", t.name.as_str()),
            ("service", service),
            ("portal", portal.name.get(Lang::Ja)),
            ("link", link.as_str()),
            ("until", until.as_str()),
        ];
        if let Ok(to) = Email::parse(&t.email) {
            send(desk, tx, to, "mail-tester", &args, &format!("tester:{client}:{}", t.tester_id), now)?;
        }
        testers::told(tx, client, &t.tester_id)?;
    }
    Ok(())
}

/// An e-mail to somebody without an account, in Japanese.
fn send(
    desk: &Desk,
    tx: &mut Tx<'_>,
    to: Email,
    stem: &'static str,
    args: &[(&str, &str)],
    once: &str,
    now: Timestamp,
) -> Result<()> {
    let text = |key: &str, args: &[(&str, &str)]| {
        desk.site().text(Lang::Ja, key, args).map_err(|e| Error::inconsistent("texts", e))
    };
    let foot = text("mail-foot", &[("origin", desk.site().origin().as_str())])?;
    let message = Message {
        to,
        lang: Lang::Ja,
        subject: text(&format!("{stem}-subject"), args)?.into(),
        text: format!("{}\n\n{foot}\n", text(&format!("{stem}-text"), args)?),
        kind: stem,
        dedupe: Some(once.to_owned()),
        expires: None,
    };
    desk.outbox().queue(tx, &message, now).map(drop)
}
