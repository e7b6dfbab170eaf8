//! The cards and their authority: keys made at first use, PINs, signatures, revocation lists.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use base::codec::same;
use base::{Clock, Rng, Timestamp, calendar};
use jiff::ToSpan as _;
use jiff::civil::Date;
use parking_lot::Mutex;
use pki::people::{self, Case, PEOPLE};
use pki::profile::end_of;
use pki::testca::{CardSpec, IssueError, Reason, Revoked, TestCa};
use pki::{CardKey, Challenge, P384Key, Partition, Person, RsaKey};
use store::{Db, Sealer};
use tokio::sync::OnceCell;

use crate::Hierarchy;
use crate::store::{keys, pins};

const DAY: Duration = Duration::from_secs(86_400);
/// How long a revocation list may be used.
const LIST_LIFE: Duration = Duration::from_secs(86_400);
/// After this a new list is made.
const LIST_FRESH: Duration = Duration::from_secs(600);

/// The cards of the test people, and the authority that issued them. Cheap to clone.
#[derive(Clone)]
pub struct Cards(Arc<Inner>);

struct Inner {
    db: Db,
    sealer: Sealer,
    clock: Clock,
    rng: Rng,
    hierarchy: Hierarchy,
    authority: OnceCell<Arc<TestCa>>,
    stray: OnceCell<Arc<Stray>>,
    cards: HashMap<&'static str, OnceCell<Arc<Card>>>,
    lists: Mutex<HashMap<Partition, (Timestamp, Vec<u8>)>>,
}

struct Card {
    key: RsaKey,
    certificate: Vec<u8>,
}

/// A key and certificate that belong to nobody: the certificate is of a hierarchy that looks the same and
/// that nobody trusts.
struct Stray(Card);

/// What a card gave.
#[derive(Clone, PartialEq, Eq)]
pub struct Signed {
    /// User-authentication certificate, DER.
    pub certificate: Vec<u8>,
    /// RSASSA-PKCS1-v1_5 with SHA-256 over [`Challenge::signed_bytes`].
    pub signature: Vec<u8>,
}

impl std::fmt::Debug for Signed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Signed")
    }
}

/// What of a card comes from its authority, for a card in software (`enishi card plug`).
#[derive(Debug)]
pub struct Exported {
    /// Private key, PKCS #8.
    pub key: base::Secret<Vec<u8>>,
    /// User-authentication certificate, DER.
    pub certificate: Vec<u8>,
    /// Certificate of the authority, DER.
    pub authority: Vec<u8>,
}

/// Why a card gave nothing.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// Another PIN than the card's.
    #[error("the PIN is wrong, {tries_left} tries left")]
    WrongPin {
        /// Tries left; never 0.
        tries_left: u8,
    },
    /// The PIN is locked, by this try or before.
    #[error("the PIN is locked")]
    Locked,
    /// The database.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// A key or certificate can't be made.
    #[error(transparent)]
    Issue(#[from] IssueError),
    /// A key can't be used.
    #[error(transparent)]
    Key(#[from] pki::key::KeyError),
    /// The thread that makes keys went away.
    #[error("the key was not made: {0}")]
    Thread(#[from] tokio::task::JoinError),
}

/// Signatures that a relying party has to refuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CardFault {
    /// A good certificate, signed with by another key.
    WrongKey,
    /// A good signature over another challenge.
    WrongChallenge,
    /// A certificate of another hierarchy with the same names.
    OtherHierarchy,
}

impl Cards {
    pub(crate) fn new(db: Db, sealer: Sealer, clock: Clock, rng: Rng, hierarchy: Hierarchy) -> Self {
        let cards = PEOPLE.iter().map(|p| (p.id, OnceCell::new())).collect();
        let (authority, stray) = (OnceCell::new(), OnceCell::new());
        let lists = Mutex::new(HashMap::new());
        Self(Arc::new(Inner { db, sealer, clock, rng, hierarchy, authority, stray, cards, lists }))
    }

    /// Signs a challenge with a person's card, as the reader does: checks the PIN, counts misses.
    ///
    /// # Errors
    /// [`SignError::WrongPin`] and [`SignError::Locked`] as the card answers; the rest is ours.
    pub async fn sign(&self, person: &'static Person, pin: &str, challenge: &Challenge) -> Result<Signed, SignError> {
        let signed = self.prepare(person, pin, challenge).await?;
        let correct = signed.is_some();
        // Nothing changes when the PIN is right and no try was lost: that needs no write.
        let mut left = self.0.db.read(move |tx| pins::left(tx, person)).await?;
        if !(correct && left == pins::TRIES) {
            left = self.0.db.write(move |tx| pins::tried(tx, person, correct)).await?.unwrap_or(0);
        }
        outcome(left, signed)
    }

    /// The signature, when the PIN is right; doesn't count. The caller counts in the transaction that
    /// keeps the signature.
    pub(crate) async fn prepare(
        &self,
        person: &'static Person,
        pin: &str,
        challenge: &Challenge,
    ) -> Result<Option<Signed>, SignError> {
        if !same(pin.as_bytes(), person.pin.as_bytes()) {
            return Ok(None);
        }
        let card = self.card(person).await?;
        let signature = card.key.sign(&challenge.signed_bytes())?;
        Ok(Some(Signed { certificate: card.certificate.clone(), signature }))
    }

    /// A signature with something wrong with it, in the name of `person`.
    ///
    /// # Errors
    /// When a key can't be made or stored.
    pub async fn sign_wrongly(
        &self,
        person: &'static Person,
        fault: CardFault,
        challenge: &Challenge,
    ) -> Result<Signed, SignError> {
        let card = self.card(person).await?;
        let stray = self.stray().await?;
        let mut other = challenge.clone();
        other.nonce[0] ^= 1;
        let (certificate, signature) = match fault {
            CardFault::WrongKey => (&card.certificate, stray.0.key.sign(&challenge.signed_bytes())?),
            CardFault::WrongChallenge => (&card.certificate, card.key.sign(&other.signed_bytes())?),
            CardFault::OtherHierarchy => (&stray.0.certificate, stray.0.key.sign(&challenge.signed_bytes())?),
        };
        Ok(Signed { certificate: certificate.clone(), signature })
    }

    /// Key and certificate of a person's card, the same that sign here; with `next` those of the person's card of the
    /// next generation, which replaces it. PIN tries are each card's own.
    ///
    /// # Errors
    /// When a key can't be made or stored.
    pub async fn export(&self, person: &'static Person, next: bool) -> Result<Exported, SignError> {
        let authority = self.authority().await?;
        let root = authority.cert_der().to_vec();
        let (now, rng, hierarchy) = (self.0.clock.now(), self.0.rng.clone(), self.0.hierarchy);
        let (key, certificate) = if next {
            let make = move || {
                let key = P384Key::generate()?;
                let spec = CardSpec { serial: person.next_serial(), ..of(hierarchy, spec(person, now)) };
                Ok((key.to_pkcs8()?, authority.issue_p384(&spec, &key, &rng)?))
            };
            self.stored(&format!("next.{}", person.id), make).await?
        } else {
            self.card(person).await?;
            self.stored(person.id, || Err(IssueError::Stored("it is gone"))).await?
        };
        Ok(Exported { key: base::Secret::new(key), certificate, authority: root })
    }

    /// PIN tries left on a card; 0 is locked.
    ///
    /// # Errors
    /// What the database said.
    pub async fn tries_left(&self, person: &'static Person) -> Result<u8, store::Error> {
        Ok(tries(self.0.db.read(move |tx| pins::left(tx, person)).await?))
    }

    /// Puts every card back into the state it was handed out in.
    ///
    /// # Errors
    /// What the database said.
    pub async fn reset(&self) -> Result<(), store::Error> {
        self.0.db.write(pins::reset).await
    }

    /// What identifies the certificate on a person's card, whether or not it was used yet.
    ///
    /// # Errors
    /// When the authority can't be made or stored.
    pub async fn card_key(&self, person: &Person) -> Result<CardKey, SignError> {
        Ok(self.authority().await?.card_key(person.serial)?)
    }

    /// What identifies the certificate on the card a person had before, if it was renewed.
    ///
    /// # Errors
    /// When the authority can't be made or stored.
    pub async fn predecessor_key(&self, person: &Person) -> Result<Option<CardKey>, SignError> {
        let Some(serial) = person.predecessor else { return Ok(None) };
        Ok(Some(self.authority().await?.card_key(serial)?))
    }

    /// Serial numbers (hexadecimal) of the certificates that the one with this serial number and
    /// authority key identifier replaced: the number correspondence of J-LIS.
    ///
    /// # Errors
    /// When the authority can't be made or stored.
    pub async fn predecessors(&self, serial: &str, aki: &str) -> Result<Vec<String>, SignError> {
        let authority = self.authority().await?;
        for person in &PEOPLE {
            let key = authority.card_key(person.serial)?;
            let Some(asked) = key.with_serial_hex(serial) else { return Ok(Vec::new()) };
            let next = authority.card_key(person.next_serial())?;
            if (key == asked || next == asked) && key.aki_hex().eq_ignore_ascii_case(aki) {
                let serials = (next == asked).then_some(person.serial).into_iter().chain(person.predecessor);
                let before = serials.map(|serial| authority.card_key(serial)).collect::<Result<Vec<_>, _>>()?;
                return Ok(before.iter().map(|key| key.serial_hex().expose().clone()).collect());
            }
        }
        Ok(Vec::new())
    }

    /// The authority's root certificate as PEM text.
    ///
    /// # Errors
    /// When the authority can't be made or stored.
    pub async fn ca_pem(&self) -> Result<String, SignError> {
        Ok(self.authority().await?.cert_pem())
    }

    /// The revocation list of a partition in DER; `None` when no test person lives there.
    ///
    /// # Errors
    /// When the authority can't be made or stored.
    pub async fn crl(&self, partition: &Partition) -> Result<Option<Vec<u8>>, SignError> {
        let here: Vec<&Person> = PEOPLE.iter().filter(|p| p.municipality.partition() == *partition).collect();
        if here.is_empty() {
            return Ok(None);
        }
        let now = self.0.clock.now();
        if let Some((made, list)) = self.0.lists.lock().get(partition)
            && *made <= now
            && now.since(*made) < LIST_FRESH
        {
            return Ok(Some(list.clone()));
        }
        let authority = self.authority().await?;
        let mut revoked = Vec::new();
        for person in here {
            if person.case == Case::CertificateRevoked {
                let reason = Reason::KeyCompromise;
                for serial in [person.serial, person.next_serial()] {
                    revoked.push(Revoked { serial, when: now.minus(DAY * 30), reason });
                }
            }
            if let Some(serial) = person.predecessor {
                revoked.push(Revoked { serial, when: now.minus(DAY * 10), reason: Reason::Superseded });
            }
        }
        // Lists are numbered by time: later ones have higher numbers, on every node.
        let list = authority.crl(partition, now.secs().max(0) as u64, &revoked, now, now.plus(LIST_LIFE))?;
        self.0.lists.lock().insert(partition.clone(), (now, list.clone()));
        Ok(Some(list))
    }

    pub(crate) async fn authority(&self) -> Result<Arc<TestCa>, SignError> {
        let made = self.0.authority.get_or_try_init(async || {
            let (now, rng, hierarchy) = (self.0.clock.now(), self.0.rng.clone(), self.0.hierarchy);
            let (key, cert) = self
                .stored("authority", move || {
                    let ca = match hierarchy {
                        Hierarchy::Test => TestCa::generate(now, &rng)?,
                        Hierarchy::Demonstration => TestCa::demonstration(now, &rng)?,
                    };
                    Ok((ca.pkcs8()?, ca.cert_der().to_vec()))
                })
                .await?;
            Ok::<_, SignError>(Arc::new(TestCa::from_stored(&key, &cert)?))
        });
        made.await.cloned()
    }

    async fn card(&self, person: &'static Person) -> Result<Arc<Card>, SignError> {
        let cell = self.0.cards.get(person.id).ok_or_else(|| unknown(person))?;
        let made = cell.get_or_try_init(async || {
            let authority = self.authority().await?;
            let (now, rng, hierarchy) = (self.0.clock.now(), self.0.rng.clone(), self.0.hierarchy);
            let (key, certificate) = self
                .stored(person.id, move || {
                    let key = RsaKey::generate()?;
                    let certificate = authority.issue(&of(hierarchy, spec(person, now)), &key, &rng)?;
                    Ok((key.to_pkcs8()?, certificate))
                })
                .await?;
            Ok::<_, SignError>(Arc::new(Card { key: RsaKey::from_pkcs8(&key)?, certificate }))
        });
        made.await.cloned()
    }

    async fn stray(&self) -> Result<Arc<Stray>, SignError> {
        let made = self.0.stray.get_or_try_init(async || {
            let (now, rng) = (self.0.clock.now(), self.0.rng.clone());
            let make = move || {
                let (authority, key) = (TestCa::generate(now, &rng)?, RsaKey::generate()?);
                let certificate = authority.issue(&spec(&PEOPLE[0], now), &key, &rng)?;
                Ok::<_, IssueError>(Stray(Card { key, certificate }))
            };
            Ok::<_, SignError>(Arc::new(tokio::task::spawn_blocking(make).await??))
        });
        made.await.cloned()
    }

    /// The key called `name` and its certificate: from the database, or made off this thread and stored.
    async fn stored(
        &self,
        name: &str,
        make: impl FnOnce() -> Result<(base::Secret<Vec<u8>>, Vec<u8>), IssueError> + Send + 'static,
    ) -> Result<(Vec<u8>, Vec<u8>), SignError> {
        const COLUMN: &str = "card_keys.sealed_key";
        let (name, wanted) = (name.to_owned(), name.to_owned());
        let mut found = self.0.db.read(move |tx| keys::find(tx, &wanted)).await?;
        if found.is_none() {
            let (key, certificate) = tokio::task::spawn_blocking(make).await??;
            let sealed = self.0.sealer.seal(COLUMN, key.expose())?;
            found = self.0.db.write(move |tx| keys::insert(tx, &name, &sealed, &certificate)).await?;
        }
        let (sealed, certificate) =
            found.ok_or_else(|| store::Error::inconsistent("card_keys.name", "a key vanished while it was stored"))?;
        Ok((self.0.sealer.open(COLUMN, &sealed)?, certificate))
    }
}

impl std::fmt::Debug for Cards {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Cards")
    }
}

/// What a card answers after a PIN was entered.
pub(crate) fn outcome(left: i64, signed: Option<Signed>) -> Result<Signed, SignError> {
    match (left, signed) {
        (0, _) => Err(SignError::Locked),
        (_, Some(signed)) => Ok(signed),
        (left, None) => Err(SignError::WrongPin { tries_left: tries(left) }),
    }
}

fn tries(left: i64) -> u8 {
    left.clamp(0, pins::TRIES) as u8
}

fn unknown(person: &Person) -> SignError {
    store::Error::inconsistent("people.id", format!("{} is not one of the test people", person.id)).into()
}

/// With the policy of the cards' hierarchy.
fn of(hierarchy: Hierarchy, spec: CardSpec) -> CardSpec {
    let environment = match hierarchy {
        Hierarchy::Test => pki::Environment::Test,
        Hierarchy::Demonstration => pki::Environment::Production,
    };
    CardSpec { environment, ..spec }
}

/// The certificate of a person: valid from yesterday to the fifth birthday from now; the expired one to the
/// last birthday.
fn spec(person: &Person, now: Timestamp) -> CardSpec {
    let municipality = person.municipality;
    let mut spec =
        CardSpec::new(person.serial, municipality.code, municipality.partition(), person.birth, now.minus(DAY));
    if person.case == Case::CertificateExpired {
        let birthday = last_birthday(person.birth, calendar::jst(now).date());
        spec.not_after = end_of(birthday);
        // Its card expired on that day, two years after the certificate was issued.
        spec.not_before = spec.not_after.minus(DAY * 730);
    }
    spec
}

/// The last birthday before `today`.
fn last_birthday(birth: Date, today: Date) -> Date {
    // Adding years to 29 February gives the 28th in common years.
    let at = |year: i16| birth.saturating_add((i32::from(year) - i32::from(birth.year())).years());
    let this_year = at(today.year());
    if this_year < today { this_year } else { at(today.year() - 1) }
}

/// A test person by id.
pub(crate) fn person(id: &str) -> Option<&'static Person> {
    people::find(id)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn the_expired_certificate_ended_on_a_birthday() {
        let kenji = person("kenji").unwrap();
        let now = calendar::from_jst(date(2026, 11, 23).at(12, 0, 0, 0));
        assert_eq!(spec(kenji, now).not_after, end_of(date(2026, 5, 31)));
        assert_eq!(last_birthday(kenji.birth, date(2026, 5, 31)), date(2025, 5, 31));
        assert_eq!(last_birthday(date(1984, 2, 29), date(2026, 3, 1)), date(2026, 2, 28));
    }
}
