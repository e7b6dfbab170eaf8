//! Complete runs over the public interface: the API user's back channel and the citizen's browser.
//!
//! The citizen takes the way a browser takes: every redirect is followed, every page is loaded, forms are
//! sent as they stand on the page. Each run begins without cookies. What a browser does beside that
//! (style sheet, script, a connection of its own) is left out.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Instant;

use base::{Clock, Rng};
use jose::SigningKey;
use oauth::{Form, assertion, pkce};
use serde_json::{Value, json};

use super::http::{Link, Reply, address};
use super::measure::Meter;
use super::page::{Body, Page};
use super::reader::{Person, Reader};

/// The password of every account that the bench makes at the delivery service.
pub const PASSWORD: &str = "bench-password-1";
/// Most requests in one run; more is a loop.
const MAX_HOPS: usize = 40;

/// What a run asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// `delivered_documents` alone: no link is made.
    Documents,
    /// `attribute_linkage` with one delivery service.
    Linkage,
}

/// What went wrong, as it is counted: never with an id or a token in it.
pub type Failure = String;

/// The API user: one client with its keys, as it registered.
pub struct ApiUser {
    /// The portal's issuer.
    pub portal: String,
    /// Its client id there.
    pub client_id: String,
    /// Signs assertions.
    pub signing: SigningKey,
    /// Proves possession.
    pub dpop: SigningKey,
    /// Where citizens come back.
    pub redirect_uri: String,
    /// Id of the delivery service in `authorization_details`.
    pub delivery_id: &'static str,
    /// The time.
    pub clock: Clock,
    /// Randomness.
    pub rng: Rng,
    /// The portal's latest DPoP nonce.
    pub nonce: RefCell<Option<String>>,
}

/// A run on its way: what the API user keeps until the citizen is back.
struct Begun {
    request_uri: String,
    state: String,
    verifier: String,
}

/// What a citizen's connections and cookies are.
pub struct Walker {
    api: Rc<ApiUser>,
    cards: CardSide,
    meter: Rc<RefCell<Meter>>,
    sites: Vec<Site>,
}

/// Where cards are read.
#[derive(Clone)]
pub enum CardSide {
    /// By the bench itself, at this origin.
    Own(Reader, String),
    /// At the target's test-card stand-in, through its pages, as this test person.
    StandIn(&'static pki::Person),
}

/// One origin as one browser sees it.
struct Site {
    origin: String,
    link: Link,
    cookies: Vec<(String, String)>,
}

impl Site {
    fn new(origin: &str, addr: std::net::SocketAddr) -> Self {
        Self { origin: origin.to_owned(), link: Link::new(addr), cookies: Vec::new() }
    }
}

/// What the browser does next.
struct Ask {
    site: usize,
    path: String,
    /// With a form: a `POST`, and the step it is.
    form: Option<(&'static str, Body)>,
}

fn broken(at: &str) -> impl Fn(std::io::Error) -> Failure {
    move |e| format!("no answer at {at}: {}", e.kind())
}

fn refused(at: &str, reply: &Reply) -> Failure {
    let error: Option<Value> = serde_json::from_slice(&reply.body).ok();
    let said = |name: &str| error.as_ref().and_then(|e| e[name].as_str()).unwrap_or_default().to_owned();
    format!("status {} at {at} {} {}", reply.status, said("error"), said("error_description")).trim().to_owned()
}

/// The step of a `GET` that is answered by a redirect.
fn hop(path: &str) -> &'static str {
    let plain = path.split('?').next().unwrap_or_default();
    if plain.starts_with("/card/return/") {
        "card return"
    } else if plain.ends_with("/next") {
        "hand-over"
    } else if plain == "/oauth/authorize" {
        "delivery: authorize"
    } else if plain == "/link/callback" {
        "callback (token, PUT, W6)"
    } else if plain == "/read" || plain.starts_with("/read/") {
        "stand-in: redirects"
    } else if plain.ends_with("/return") {
        "delivery: code"
    } else {
        "other redirects"
    }
}

impl Walker {
    /// A browser at these origins: the portal first.
    pub fn new(
        api: Rc<ApiUser>,
        cards: CardSide,
        meter: Rc<RefCell<Meter>>,
        origins: &[(String, std::net::SocketAddr)],
    ) -> Self {
        Self { api, cards, meter, sites: origins.iter().map(|(origin, addr)| Site::new(origin, *addr)).collect() }
    }

    fn step(&self, name: &'static str, since: Instant) {
        self.meter.borrow_mut().step(name, since);
    }

    /// A complete run, from PAR to the first call. Gives the access token.
    ///
    /// # Errors
    /// What went wrong, and where.
    pub async fn run(&mut self, asked: Asked, person: usize) -> Result<String, Failure> {
        for site in &mut self.sites {
            site.cookies.clear();
        }
        let begun = self.push(asked).await?;
        let query = self.browse(&begun, person).await?;
        let code = self.returned(&begun, &query)?;
        let token = self.token(&begun, &code, asked).await?;
        self.call(&token).await?;
        Ok(token)
    }

    async fn back_channel(
        &mut self,
        step: &'static str,
        path: &str,
        mut form: Form,
        proof: bool,
    ) -> Result<Reply, Failure> {
        let api = self.api.clone();
        let since = Instant::now();
        for attempt in 0..2 {
            let key = |_| format!("a key failed at {step}");
            let now = api.clock.now();
            let made = assertion::make(&api.signing, &api.client_id, &api.portal, now, &api.rng).map_err(key)?;
            let mut body = std::mem::replace(&mut form, Form::of([]));
            let kept = body.clone();
            body.push("client_assertion_type", assertion::TYPE);
            body.push("client_assertion", made);
            let body = body.encode();
            let dpop = if proof {
                let nonce = api.nonce.borrow().clone();
                let url = format!("{}{path}", api.portal);
                let made =
                    jose::dpop::prove(&api.dpop, "POST", &url, None, nonce.as_deref(), now, &api.rng).map_err(key)?;
                format!("dpop: {made}\r\n")
            } else {
                String::new()
            };
            let request = format!(
                "POST {path} HTTP/1.1\r\nhost: {}\r\naccept: application/json\r\n{dpop}content-type: \
                 application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{body}",
                host(&api.portal),
                body.len()
            );
            let reply = self.sites[0].link.send(request.as_bytes()).await.map_err(broken(step))?;
            self.remember(&reply);
            if attempt == 0 && reply.status == 400 && reply.text().contains("use_dpop_nonce") {
                form = kept;
                continue;
            }
            self.step(step, since);
            return Ok(reply);
        }
        Err(format!("no end of nonces at {step}"))
    }

    fn remember(&self, reply: &Reply) {
        if let Some(nonce) = reply.header("dpop-nonce") {
            let mut kept = self.api.nonce.borrow_mut();
            if kept.as_deref() != Some(nonce) {
                *kept = Some(nonce.to_owned());
            }
        }
    }

    async fn push(&mut self, asked: Asked) -> Result<Begun, Failure> {
        let api = self.api.clone();
        let (state, verifier) = (api.rng.token(), pkce::verifier(&api.rng));
        let (scope, details) = match asked {
            Asked::Documents => (
                "openid user_status documents",
                json!([{"type": "delivered_documents", "actions": ["list", "read"], "document_types": ["TEG800"],
                        "years": [2026], "period_days": 1}]),
            ),
            Asked::Linkage => (
                "openid user_status",
                json!([{"type": "attribute_linkage", "if_linked": "return",
                        "delivery_services": [{"id": api.delivery_id, "message": "bench"}]},
                       {"type": "user_registration"}]),
            ),
        };
        let nonce = api.rng.token();
        let form = Form::of([
            ("response_type", "code"),
            ("client_id", api.client_id.as_str()),
            ("redirect_uri", api.redirect_uri.as_str()),
            ("scope", scope),
            ("state", state.as_str()),
            ("nonce", nonce.as_str()),
            ("code_challenge", pkce::challenge(&verifier).as_str()),
            ("code_challenge_method", "S256"),
            ("dpop_jkt", api.dpop.kid()),
            ("authorization_details", details.to_string().as_str()),
        ]);
        let reply = self.back_channel("PAR", "/oauth/par", form, false).await?;
        let body: Option<Value> = serde_json::from_slice(&reply.body).ok().filter(|_| reply.status == 201);
        let request_uri = body.as_ref().and_then(|b| b["request_uri"].as_str());
        match request_uri {
            Some(uri) => Ok(Begun { request_uri: uri.to_owned(), state, verifier }),
            None => Err(refused("PAR", &reply)),
        }
    }

    /// From the API user's redirect to the citizen's return; gives the query that came back.
    async fn browse(&mut self, begun: &Begun, person: usize) -> Result<String, Failure> {
        let mut query = url::form_urlencoded::Serializer::new(String::from("/oauth/authorize?"));
        query.append_pair("client_id", &self.api.client_id).append_pair("request_uri", &begun.request_uri);
        let mut ask = Ask { site: 0, path: query.finish(), form: None };
        let mut last = "authorize";
        for _ in 0..MAX_HOPS {
            let since = Instant::now();
            let pressed = ask.form.as_ref().map(|(step, _)| *step);
            let (site, reply) = (ask.site, self.request(&ask).await.map_err(broken(pressed.unwrap_or(last)))?);
            if (300..400).contains(&reply.status) {
                let step = pressed.unwrap_or_else(|| hop(&ask.path));
                self.step(step, since);
                last = step;
                let to = reply.header("location").ok_or_else(|| format!("a redirect to nowhere at {step}"))?;
                if let Some(query) = to.strip_prefix(self.api.redirect_uri.as_str()) {
                    return Ok(query.trim_start_matches('?').to_owned());
                }
                ask = self.follow(site, to, person)?;
                continue;
            }
            if reply.status != 200 {
                let page = Page::new(reply.text());
                let (id, trouble) = (page.id().unwrap_or("-"), page.trouble().unwrap_or("-"));
                return Err(format!(
                    "status {} after {}: page {id} ({trouble})",
                    reply.status,
                    pressed.unwrap_or(last)
                ));
            }
            let page = Page::new(reply.text());
            let id = page.id().ok_or_else(|| format!("not a page of ours after {last}"))?;
            let (step, next) = self.decide(&page, id, site, person).map_err(|why| format!("{why}, after {last}"))?;
            self.step(step, since);
            last = step;
            ask = next;
        }
        Err(format!("going round in circles at {last}"))
    }

    /// What a citizen presses on a page who goes through.
    fn decide(&self, page: &Page<'_>, id: &str, site: usize, person: usize) -> Result<(&'static str, Ask), Failure> {
        let missing = |act: &str| format!("page {id} has no {act}");
        let press = |step: &'static str, act: &str| -> Result<Ask, Failure> {
            let (path, body) = page.form(act).ok_or_else(|| missing(act))?;
            Ok(Ask { site, path, form: Some((step, body)) })
        };
        let with = |ask: Ask, fields: &[(&str, &str)]| -> Ask {
            let form = ask.form.map(|(step, mut body)| {
                fields.iter().for_each(|(name, value)| body.push(name, value));
                (step, body)
            });
            Ask { form, ..ask }
        };
        let link = |act: &str| -> Result<Ask, Failure> {
            Ok(Ask { site, path: page.link(act).ok_or_else(|| missing(act))?, form: None })
        };
        Ok(match id {
            "consent" => ("page consent ②", press("consent", "agree")?),
            "identify" => ("page identify ③", press("card challenge", "identify")?),
            "register" => {
                let names = [("family_name", "番地"), ("given_name", "試験")];
                ("page register", with(press("registration", "register")?, &names))
            }
            "link" => ("page link ④", press("link (PAR there)", "link")?),
            "handover" => ("page hand-over ⑤", link("next")?),
            "sign-in" => {
                let who = self.person(person)?;
                let fields = [("email", who.email.as_str()), ("password", PASSWORD)];
                ("delivery: page sign-in", with(press("delivery: sign-in", "sign-in")?, &fields))
            }
            "allow" => ("delivery: page allow", press("delivery: allow", "allow")?),
            "linked" => ("delivery: page ⑥", link("return")?),
            "ready" => ("page ready", press("return", "return")?),
            "pick" => {
                let CardSide::StandIn(who) = &self.cards else { return Err("a stand-in nobody asked for".to_owned()) };
                let (path, body) = page.form_with("pick", Some(who.id)).ok_or_else(|| missing("such person"))?;
                ("stand-in: page pick", Ask { site, path, form: Some(("stand-in: pick", body)) })
            }
            "pin" => {
                let CardSide::StandIn(who) = &self.cards else { return Err("a stand-in nobody asked for".to_owned()) };
                ("stand-in: page PIN", with(press("stand-in: PIN", "enter-pin")?, &[("pin", who.pin)]))
            }
            other => return Err(format!("page {other} ({})", page.trouble().unwrap_or("-"))),
        })
    }

    /// Whose turn it is, among those whose cards the bench has.
    fn person(&self, n: usize) -> Result<&Person, Failure> {
        let CardSide::Own(reader, _) = &self.cards else {
            return Err("the target's people have no such account".to_owned());
        };
        reader.people().get(n).ok_or_else(|| "nobody has such a card".to_owned())
    }

    fn follow(&mut self, site: usize, to: &str, person: usize) -> Result<Ask, Failure> {
        let back;
        let mut to = to;
        if let CardSide::Own(reader, origin) = &self.cards
            && to.strip_prefix(origin.as_str()).is_some_and(|rest| rest.starts_with("/read?"))
        {
            back = reader.read(self.person(person)?, to).ok_or("the card challenge can't be read")?;
            to = &back;
        }
        if to.starts_with('/') {
            return Ok(Ask { site, path: to.to_owned(), form: None });
        }
        let found = self.sites.iter().enumerate().find_map(|(n, s)| Some((n, to.strip_prefix(&s.origin)?)));
        if let Some((site, path)) = found.filter(|(_, p)| p.starts_with('/')) {
            return Ok(Ask { site, path: path.to_owned(), form: None });
        }
        let (origin, addr) = address(to).ok_or("a redirect to an unknown place")?;
        let path = to[origin.len()..].to_owned();
        self.sites.push(Site::new(origin, addr));
        Ok(Ask { site: self.sites.len() - 1, path, form: None })
    }

    async fn request(&mut self, ask: &Ask) -> std::io::Result<Reply> {
        let site = &mut self.sites[ask.site];
        let mut text = String::with_capacity(1024);
        let method = if ask.form.is_some() { "POST" } else { "GET" };
        text.push_str(&format!(
            "{method} {} HTTP/1.1\r\nhost: {}\r\naccept: text/html\r\naccept-language: ja\r\n",
            ask.path,
            host(&site.origin)
        ));
        if !site.cookies.is_empty() {
            let cookies: Vec<_> = site.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            text.push_str(&format!("cookie: {}\r\n", cookies.join("; ")));
        }
        match &ask.form {
            Some((_, body)) => text.push_str(&format!(
                "origin: {}\r\nsec-fetch-site: same-origin\r\ncontent-type: \
                 application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{}",
                site.origin,
                body.as_str().len(),
                body.as_str()
            )),
            None => text.push_str("\r\n"),
        }
        let reply = site.link.send(text.as_bytes()).await?;
        for line in reply.headers("set-cookie") {
            let Some((name, value)) = line.split(';').next().and_then(|pair| pair.split_once('=')) else { continue };
            site.cookies.retain(|(known, _)| known != name);
            if !value.is_empty() {
                site.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
        Ok(reply)
    }

    fn returned(&self, begun: &Begun, query: &str) -> Result<String, Failure> {
        let mut code = None;
        let mut state = None;
        let mut outcome = None;
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "code" => code = Some(value.into_owned()),
                "state" => state = Some(value),
                "outcome" => outcome = Some(value),
                _ => {}
            }
        }
        if state.as_deref() != Some(begun.state.as_str()) {
            return Err("the state that came back is not the one sent".to_owned());
        }
        code.ok_or_else(|| format!("returned without a code: {}", outcome.as_deref().unwrap_or("no outcome")))
    }

    async fn token(&mut self, begun: &Begun, code: &str, asked: Asked) -> Result<String, Failure> {
        let form = Form::of([
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", self.api.redirect_uri.as_str()),
            ("code_verifier", begun.verifier.as_str()),
        ]);
        let reply = self.back_channel("token", "/oauth/token", form, true).await?;
        let body: Option<Value> = serde_json::from_slice(&reply.body).ok().filter(|_| reply.status == 200);
        let body = body.ok_or_else(|| refused("token", &reply))?;
        if asked == Asked::Linkage && body["outcome"] != "linked" {
            return Err(format!("a linking run ended as {}", body["outcome"]));
        }
        body["access_token"].as_str().map(str::to_owned).ok_or_else(|| "no access_token in the answer".to_owned())
    }

    /// One call with a token of this client: `GET /api/v1/user-status`.
    ///
    /// # Errors
    /// What went wrong.
    pub async fn call(&mut self, token: &str) -> Result<(), Failure> {
        const PATH: &str = "/api/v1/user-status";
        let api = self.api.clone();
        let since = Instant::now();
        for attempt in 0..2 {
            let nonce = api.nonce.borrow().clone();
            let url = format!("{}{PATH}", api.portal);
            let now = api.clock.now();
            let proof = jose::dpop::prove(&api.dpop, "GET", &url, Some(token), nonce.as_deref(), now, &api.rng)
                .map_err(|_| "a key failed at call")?;
            let request = format!(
                "GET {PATH} HTTP/1.1\r\nhost: {}\r\naccept: application/json\r\nauthorization: DPoP {token}\r\ndpop: \
                 {proof}\r\n\r\n",
                host(&api.portal)
            );
            let reply = self.sites[0].link.send(request.as_bytes()).await.map_err(broken("call"))?;
            self.remember(&reply);
            if attempt == 0
                && reply.status == 401
                && reply.header("www-authenticate").is_some_and(|w| w.contains("use_dpop_nonce"))
            {
                continue;
            }
            if reply.status != 200 {
                return Err(refused("call", &reply));
            }
            self.step("call (DPoP)", since);
            return Ok(());
        }
        Err("no end of nonces at call".to_owned())
    }

    /// Registers the API user as developers do in the test environment (RFC 7591); gives its client id.
    ///
    /// # Errors
    /// What went wrong.
    pub async fn register(
        link: &mut Link,
        portal: &str,
        signing: &SigningKey,
        redirect_uri: &str,
    ) -> Result<String, Failure> {
        let jwks = json!({ "keys": [signing.jwk().to_value()] });
        let body = json!({
            "client_name": "bench",
            "client_name#ja": "負荷試験の年末調整サービス",
            "client_name#en": "Bench Year-End Service",
            "redirect_uris": [redirect_uri],
            "jwks": jwks,
        })
        .to_string();
        let request = format!(
            "POST /oauth/register HTTP/1.1\r\nhost: {}\r\naccept: application/json\r\ncontent-type: \
             application/json\r\ncontent-length: {}\r\n\r\n{body}",
            host(portal),
            body.len()
        );
        let reply = link.send(request.as_bytes()).await.map_err(broken("registration of the client"))?;
        let answer: Option<Value> = serde_json::from_slice(&reply.body).ok();
        let id = answer.as_ref().and_then(|a| a["client_id"].as_str()).map(str::to_owned);
        id.ok_or_else(|| refused("registration of the client", &reply))
    }
}

fn host(origin: &str) -> &str {
    origin.split_once("://").map_or(origin, |(_, host)| host)
}
