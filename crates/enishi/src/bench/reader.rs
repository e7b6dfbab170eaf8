//! The card side of the bench: a test authority, cards, and the address where a portal redeems handles.
//!
//! It stands in for the reader as `testcard` does, in the load process: same challenge, same bytes, a
//! fresh RSA-2048 signature for each. What it leaves out are the pages where a person picks a card and
//! types a PIN, which are not what is measured.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use base::codec::{b64, b64url_decode};
use base::{Rng, Timestamp};
use pki::testca::{CardSpec, TestCa};
use pki::{CardKey, Challenge, Partition, Purpose, RsaKey};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

use super::http::find;
use crate::config::ConfigError;

/// How many RSA keys the cards share; each certificate has a serial number of its own.
const KEYS: usize = 4;
const MUNICIPALITY: &str = "13221";

/// Somebody with a card, and an account at the delivery service.
pub struct Person {
    /// The certificate in base64.
    certificate: String,
    key: usize,
    /// E-mail address at the delivery service.
    pub email: String,
}

/// The authority and everybody's cards.
pub struct Cards {
    ca: TestCa,
    keys: Vec<RsaKey>,
    /// Everybody.
    pub people: Vec<Person>,
    crl: Vec<u8>,
}

fn failed(e: impl std::fmt::Display) -> ConfigError {
    ConfigError::new(format!("the bench's test authority: {e}"))
}

impl Cards {
    /// Issues `count` cards. Takes a third of a millisecond each on every core there is.
    ///
    /// # Errors
    /// The cryptographic library.
    pub fn issue(count: usize, now: Timestamp, rng: &Rng) -> Result<Self, ConfigError> {
        let partition = Partition::new("Tokyo-to", "Kiyose-shi").ok_or_else(|| failed("its partition has no name"))?;
        let ca = TestCa::generate(now, rng).map_err(failed)?;
        let keys = (0..KEYS).map(|_| RsaKey::generate()).collect::<Result<Vec<_>, _>>().map_err(failed)?;
        let day = Duration::from_secs(86_400);
        let crl = ca.crl(&partition, 1, &[], now.minus(day), now.plus(day)).map_err(failed)?;
        let issue = |n: usize| -> Result<Person, ConfigError> {
            let serial = serial(n)?;
            let spec = CardSpec {
                serial,
                municipality_code: MUNICIPALITY.to_owned(),
                partition: partition.clone(),
                not_before: now.minus(day),
                not_after: now.plus(day * 365),
                environment: pki::Environment::Test,
            };
            let key = n % KEYS;
            let der = ca.issue(&spec, &keys[key], rng).map_err(failed)?;
            Ok(Person { certificate: b64(&der), key, email: format!("citizen{n}@example.jp") })
        };
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let share = count.div_ceil(cores).max(1);
        let people = std::thread::scope(|scope| {
            let parts: Vec<_> = (0..count)
                .step_by(share)
                .map(|from| {
                    let issue = &issue;
                    scope.spawn(move || (from..count.min(from + share)).map(issue).collect::<Result<Vec<_>, _>>())
                })
                .collect();
            let joined = parts.into_iter().map(|p| p.join().unwrap_or_else(|_| Err(failed("a thread panicked"))));
            joined.collect::<Result<Vec<_>, _>>()
        })?;
        Ok(Self { people: people.into_iter().flatten().collect(), ca, keys, crl })
    }

    /// The root, for the portal's configuration.
    pub fn root_pem(&self) -> String {
        self.ca.cert_pem()
    }

    /// What identifies a person's certificate, for registering them beforehand.
    pub fn card_key(&self, person: usize) -> Result<CardKey, ConfigError> {
        self.ca.card_key(serial(person)?).map_err(failed)
    }
}

fn serial(n: usize) -> Result<u32, ConfigError> {
    u32::try_from(n + 0x0010_0000).map_err(failed)
}

/// Cards with the readings that nobody redeemed yet. For one thread.
#[derive(Clone)]
pub struct Reader(Rc<Inner>);

struct Inner {
    cards: std::sync::Arc<Cards>,
    rng: Rng,
    waiting: RefCell<HashMap<String, String>>,
}

impl Reader {
    /// A reader for these cards.
    pub fn new(cards: std::sync::Arc<Cards>, rng: Rng) -> Self {
        Self(Rc::new(Inner { cards, rng, waiting: RefCell::default() }))
    }

    /// Everybody who has a card.
    pub fn people(&self) -> &[Person] {
        &self.0.cards.people
    }

    /// Reads a person's card for the challenge in `url` (`/read?…`). Gives the address to go back to.
    pub fn read(&self, person: &Person, url: &str) -> Option<String> {
        let url = Url::parse(url).ok()?;
        let fields: HashMap<_, _> = url.query_pairs().collect();
        let bytes = |name: &str| b64url_decode(fields.get(name)?)?.try_into().ok();
        let challenge = Challenge {
            origin: pki::Origin::parse(fields.get("origin")?)?,
            nonce: bytes("nonce")?,
            session_hash: bytes("session")?,
            expires: Timestamp::from_secs(fields.get("expires")?.parse().ok()?),
            purpose: Purpose::parse(fields.get("purpose")?)?,
        };
        let return_to = fields.get("return_to")?;
        let signature = self.0.cards.keys[person.key].sign(&challenge.signed_bytes()).ok()?;
        let handle = self.0.rng.token();
        let reading = format!(
            r#"{{"result":"signed","certificate":"{}","signature":"{}"}}"#,
            person.certificate,
            b64(&signature)
        );
        let back = format!("{return_to}?handle={handle}");
        self.0.waiting.borrow_mut().insert(handle, reading);
        Some(back)
    }

    /// Answers the portal until dropped.
    pub async fn serve(self, listener: TcpListener) {
        loop {
            let Ok((stream, _)) = listener.accept().await else { continue };
            let reader = self.clone();
            tokio::task::spawn_local(async move {
                // A portal that goes away is no error here.
                let _ = reader.connection(stream).await;
            });
        }
    }

    async fn connection(&self, mut stream: TcpStream) -> std::io::Result<()> {
        stream.set_nodelay(true)?;
        let mut buffer = Vec::with_capacity(8 * 1024);
        loop {
            let head_end = loop {
                if let Some(at) = find(&buffer, b"\r\n\r\n") {
                    break at;
                }
                if buffer.len() > 64 * 1024 || stream.read_buf(&mut buffer).await? == 0 {
                    return Ok(());
                }
            };
            let head = String::from_utf8_lossy(&buffer[..head_end]).into_owned();
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
            });
            let end = head_end + 4 + length.unwrap_or(0);
            while buffer.len() < end {
                if stream.read_buf(&mut buffer).await? == 0 {
                    return Ok(());
                }
            }
            let mut words = head.split_ascii_whitespace();
            let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
            let (status, kind, body) = self.answer(method, path, &buffer[head_end + 4..end]);
            let mut out =
                format!("HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\r\n", body.len())
                    .into_bytes();
            out.extend_from_slice(&body);
            stream.write_all(&out).await?;
            buffer.drain(..end);
        }
    }

    fn answer(&self, method: &str, path: &str, body: &[u8]) -> (&'static str, &'static str, Vec<u8>) {
        #[derive(serde::Deserialize)]
        struct Redeem {
            handle: String,
        }
        const JSON: &str = "application/json";
        match (method, path) {
            ("POST", "/api/redeem") => {
                let asked: Option<Redeem> = serde_json::from_slice(body).ok();
                let reading = asked.and_then(|asked| self.0.waiting.borrow_mut().remove(&asked.handle));
                match reading {
                    Some(reading) => ("200 OK", JSON, reading.into_bytes()),
                    None => ("404 Not Found", JSON, b"{}".to_vec()),
                }
            }
            ("POST", "/api/predecessors") => ("200 OK", JSON, br#"{"predecessors":[]}"#.to_vec()),
            ("GET", path) if path.starts_with("/crl/") => ("200 OK", "application/pkix-crl", self.0.cards.crl.clone()),
            _ => ("404 Not Found", JSON, b"{}".to_vec()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use base::codec::b64url;
    use pki::{Anchors, CrlSet, Policy};

    use super::*;

    #[test]
    fn its_cards_pass_the_portals_checks() {
        let (now, rng) = (Timestamp::from_secs(1_800_000_000), Rng::seeded(1));
        let cards = Arc::new(Cards::issue(5, now, &rng).unwrap());
        assert_eq!(cards.people.len(), 5);
        let reader = Reader::new(cards.clone(), rng);
        let challenge = Challenge {
            origin: pki::Origin::parse("http://127.0.0.1:7100").unwrap(),
            nonce: [1; 32],
            session_hash: [2; 32],
            expires: now.plus(Duration::from_secs(300)),
            purpose: Purpose::AttributeLinkage,
        };
        let url = format!(
            "http://127.0.0.1:1/read?origin=http%3A%2F%2F127.0.0.1%3A7100&nonce={}&session={}&expires={}&purpose=attribute-linkage&return_to=http%3A%2F%2F127.0.0.1%3A7100%2Fcard%2Freturn%2Fx",
            b64url(&challenge.nonce),
            b64url(&challenge.session_hash),
            challenge.expires.secs()
        );
        let back = reader.read(&reader.people()[4], &url).unwrap();
        let handle = back.strip_prefix("http://127.0.0.1:7100/card/return/x?handle=").unwrap();
        let body = format!(r#"{{"handle":"{handle}"}}"#);
        let (status, _, answer) = reader.answer("POST", "/api/redeem", body.as_bytes());
        assert_eq!(status, "200 OK");
        let answer: serde_json::Value = serde_json::from_slice(&answer).unwrap();
        let bytes = |name: &str| base::codec::b64_decode(answer[name].as_str().unwrap()).unwrap();
        let anchors = Anchors::from_pem(&cards.root_pem()).unwrap();
        let mut lists = CrlSet::new();
        lists.insert(pki::Crl::parse_and_verify(&cards.crl, &anchors, now).unwrap());
        let policy = Policy { environment: pki::Environment::Test };
        let card =
            pki::verify(policy, &anchors, &lists, &bytes("certificate"), &bytes("signature"), &challenge, now).unwrap();
        assert!(card.key == cards.card_key(4).unwrap());
        assert_eq!(reader.answer("POST", "/api/redeem", body.as_bytes()).0, "404 Not Found");
    }
}
