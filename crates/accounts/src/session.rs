//! Sessions: who is signed in in this browser, and how sure we are.

use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse as _, Response};
use base::Timestamp;
use base::codec::sha256_b64url;
use http::HeaderMap;
use http::request::Parts;
use store::Tx;
use web::{Fault, Visit, Who};

use crate::store::{accounts, sessions};
use crate::{Account, Accounts, Level, Realm};

/// How long the second step may take.
const HALF: Duration = Duration::from_secs(10 * 60);
/// A session is written again only when it is this much shorter than it could be.
const STEP: Duration = Duration::from_secs(60);
/// How fresh a proof has to be for changes of password, address and factors.
pub(crate) const FRESH: Duration = Duration::from_secs(15 * 60);

const HALF_LEVEL: &str = "half";

/// A session's name: the hash of its cookie, useless as a cookie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionId(pub(crate) String);

impl SessionId {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Somebody signed in in this browser: an extractor for handlers of a role whose state is `AsRef<Accounts>`.
///
/// Staff come with a second factor always.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// Who, as the account is now.
    pub account: Account,
    /// In which realm.
    pub realm: Realm,
    /// How they proved it.
    pub level: Level,
    /// When they proved it last.
    pub since: Timestamp,
    /// The session.
    pub session: SessionId,
}

/// The same where a page is for everybody and only looks different to somebody who is signed in.
#[derive(Clone, Debug)]
pub struct MaybeSignedIn(pub Option<SignedIn>);

/// What the cookie of this browser stands for.
pub(crate) enum Found {
    /// Nobody.
    Nobody,
    /// Somebody who has the second step before them.
    Half(SignedIn),
    /// Somebody.
    Whole(SignedIn),
}

impl SignedIn {
    /// Whether the last proof is fresh enough for a sensitive change.
    pub fn is_fresh(&self, now: Timestamp) -> bool {
        now.since(self.since) < FRESH && self.since <= now
    }

    /// Staff who have no second factor yet: they see the set-up pages and nothing else.
    pub(crate) fn must_set_up(&self) -> bool {
        self.realm == Realm::Staff && self.level == Level::Password
    }
}

impl Accounts {
    /// Who is signed in in this browser, for `realm`; staff only with a second factor.
    ///
    /// # Errors
    /// The database.
    pub async fn signed_in(&self, visit: &Visit, realm: Realm) -> Result<Option<SignedIn>, Fault> {
        Ok(match self.found(visit, realm).await? {
            Found::Whole(me) if !me.must_set_up() => Some(me),
            _ => None,
        })
    }

    pub(crate) async fn found(&self, visit: &Visit, realm: Realm) -> Result<Found, Fault> {
        let Some(id) = visit.cookie(self.cookie(realm)).map(sha256_b64url) else { return Ok(Found::Nobody) };
        let now = self.now();
        let key = id.clone();
        let found = self.db().read(move |tx| {
            let Some(session) = sessions::get(tx, &key, realm, now)? else { return Ok(None) };
            let account = accounts::get(tx, &session.account)?.filter(|a| a.disabled.is_none());
            Ok::<_, store::Error>(account.map(|a| (session, a)))
        });
        let Some((session, account)) = found.await? else { return Ok(Found::Nobody) };
        let half = session.level == HALF_LEVEL;
        let level = match Level::parse(&session.level) {
            Some(level) => level,
            None if half => Level::Password,
            None => return Err(Fault::new("account_sessions.level: not a level")),
        };
        let longest = now.plus(realm.idle());
        if !half && session.expires.plus(STEP) < longest {
            let id = id.clone();
            self.db().write(move |tx| sessions::seen(tx, &id, now, longest)).await?;
        }
        let me = SignedIn { account, realm, level, since: session.proved, session: SessionId(id) };
        Ok(if half { Found::Half(me) } else { Found::Whole(me) })
    }

    /// Who is signed in, or where the browser has to go first: sign-in, second step, set-up. `next` is where it wants to be.
    pub(crate) async fn require(
        &self,
        visit: &Visit,
        realm: Realm,
        next: Option<&str>,
    ) -> Result<Result<SignedIn, Response>, Fault> {
        let go = |path: &str| visit.redirect(&with_next(&realm.path(path), next));
        Ok(match self.found(visit, realm).await? {
            Found::Nobody => Err(go("/sign-in")),
            Found::Half(_) => Err(go("/sign-in/second")),
            Found::Whole(me) if me.must_set_up() => Err(go("/account/factors")),
            Found::Whole(me) => Ok(me),
        })
    }

    /// Begins a session in this browser in place of any other of its realm. The cookie is new, so that nobody can have
    /// planted it. `level` none: the second step is still missing. `also` runs in the same transaction.
    pub(crate) async fn begin_session<F>(
        &self,
        visit: &Visit,
        headers: &HeaderMap,
        account: &Account,
        level: Option<Level>,
        also: F,
    ) -> Result<(), Fault>
    where
        F: FnOnce(&mut Tx<'_>) -> store::Result<()> + Send + 'static,
    {
        let token = self.rng().token();
        let realm = account.realm;
        let now = self.now();
        let (idle, longest) = if level.is_some() { (realm.idle(), realm.longest()) } else { (HALF, HALF) };
        let session = sessions::Session {
            id: sha256_b64url(&token),
            account: account.id.clone(),
            realm,
            level: level.map_or(HALF_LEVEL, Level::as_str).to_owned(),
            agent: agent(headers),
            created: now,
            proved: now,
            seen: now,
            expires: now.plus(idle),
            ends: now.plus(longest),
        };
        let old = visit.cookie(self.cookie(realm)).map(sha256_b64url);
        self.db()
            .write(move |tx| {
                also(tx)?;
                if let Some(old) = &old {
                    sessions::end(tx, old)?;
                }
                sessions::insert(tx, &session)
            })
            .await?;
        visit.set_cookie(self.cookie(realm), &token)
    }

    /// Where the browser goes for a fresh proof ([`SignedIn::is_fresh`]) before a sensitive act of the role; it comes back to
    /// `page`, a path of ours.
    pub fn prove_again(&self, visit: &Visit, me: &SignedIn, page: &str) -> Response {
        visit.redirect(&with_next(&me.realm.path("/account/again"), Some(page)))
    }

    /// Ends the session of this browser.
    pub(crate) async fn end_session(&self, visit: &Visit, realm: Realm) -> Result<(), Fault> {
        if let Some(id) = visit.cookie(self.cookie(realm)).map(sha256_b64url) {
            self.db().write(move |tx| sessions::end(tx, &id)).await?;
            visit.clear_cookie(self.cookie(realm));
        }
        Ok(())
    }
}

/// A path of ours, from outside: where somebody wanted to go. Anything that a browser could read as another site is none.
pub(crate) fn own_path(text: &str) -> Option<&str> {
    let good = text.len() <= 500
        && text.starts_with('/')
        && !text.starts_with("//")
        && text.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    good.then_some(text)
}

/// `path?next=…`.
pub(crate) fn with_next(path: &str, next: Option<&str>) -> String {
    match next.and_then(own_path) {
        Some(next) => format!("{path}?next={}", encode(next)),
        None => path.to_owned(),
    }
}

fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for b in text.bytes() {
        if b.is_ascii_alphanumeric() || b"-._~/".contains(&b) {
            out.push(b as char);
        } else {
            out.push_str(&format!("%{b:02X}"));
        }
    }
    out
}

/// Browser and system in words, so that people recognise their sessions; never the whole header.
fn agent(headers: &HeaderMap) -> String {
    let text = headers.get(http::header::USER_AGENT).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let first =
        |names: &[(&str, &'static str)]| names.iter().find(|(mark, _)| text.contains(mark)).map(|(_, name)| *name);
    // In this order: each of the later ones stands in the headers of earlier ones too.
    let browser = first(&[("Edg", "Edge"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari")]);
    let system = first(&[
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("Mac OS", "macOS"),
        ("Linux", "Linux"),
    ]);
    [browser, system].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn realm_of(visit: &Visit) -> Realm {
    match visit.route().map(|row| row.who) {
        Some(Who::Staff) => Realm::Staff,
        _ => Realm::Member,
    }
}

impl<S: AsRef<Accounts> + Send + Sync> FromRequestParts<S> for SignedIn {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let visit = Visit::from_request_parts(parts, state).await.map_err(|f| f.into_response())?;
        let realm = realm_of(&visit);
        let next = if parts.method == http::Method::GET {
            parts.uri.path_and_query().map(ToString::to_string)
        } else {
            visit.previous()
        };
        let who = state.as_ref().require(&visit, realm, next.as_deref()).await.map_err(|f| f.into_response())?;
        if who.is_err() {
            visit.turns_away();
        }
        who
    }
}

impl<S: AsRef<Accounts> + Send + Sync> FromRequestParts<S> for MaybeSignedIn {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Fault> {
        let visit = Visit::from_request_parts(parts, state).await?;
        Ok(Self(state.as_ref().signed_in(&visit, realm_of(&visit)).await?))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nobody_is_sent_to_another_site() {
        for good in ["/", "/cases/1?x=1&y=2", "/a//b"] {
            assert_eq!(own_path(good), Some(good));
        }
        for bad in ["", "//evil.example", "/\\evil.example", "https://evil.example", "cases", "/a b", "/\u{9}/x", "/花"]
        {
            assert_eq!(own_path(bad), None, "{bad}");
        }
        assert_eq!(with_next("/sign-in", Some("/a?b=c&d=e")), "/sign-in?next=/a%3Fb%3Dc%26d%3De");
        assert_eq!(with_next("/sign-in", Some("//evil.example")), "/sign-in");
    }

    proptest! {
        #[test]
        fn a_next_path_stays_on_the_origin(text in "[/\\\\a-z:@.?#\t ]{0,12}") {
            if let Some(path) = own_path(&text) {
                let origin = web::Origin::parse("https://desk.example.jp").unwrap();
                let base = url::Url::parse(origin.as_str()).unwrap();
                let target = base.join(path).unwrap();
                prop_assert_eq!(target.origin().ascii_serialization(), origin.as_str());
            }
        }
    }

    #[test]
    fn sessions_are_named_by_browser_and_system() {
        let with = |ua: &str| {
            let mut h = HeaderMap::new();
            h.insert(http::header::USER_AGENT, ua.parse().unwrap());
            agent(&h)
        };
        let chrome = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0 Safari/537.36";
        assert_eq!(with(chrome), "Chrome, Windows");
        assert_eq!(
            with("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Safari/604.1"),
            "Safari, iPhone"
        );
        assert_eq!(with("<script>"), "");
        assert_eq!(agent(&HeaderMap::new()), "");
    }
}
