//! From the authorization address to the answer, page by page.

use serde::Serialize;
use url::Url;

use crate::decisions::{
    Allow, CardError, Conflict, Consent, Decisions, Done, HandOver, Identify, Link, NotLinked, Person, Pin, Register,
    Sign, Stop,
};
use crate::page::Control;
use crate::{Arrival, Citizen, DriveError, Kind, Page};

/// No walk of ours is longer; with retries, double readings and all.
const PAGES: usize = 80;
/// The same page with the same words this often in a row is a circle.
const SAME: usize = 4;

/// A page that was visited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Visited {
    /// `data-page`.
    pub page: String,
    /// `data-error`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// `data-outcome`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// Until it was there, redirects included: microseconds.
    pub took: u64,
}

/// A walk that came to its end.
#[derive(Clone, Debug)]
pub struct Driven {
    /// Where the browser would go back to, with the answer for the API user; `None` when the citizen walked
    /// away ([`Decisions::stop_at`], [`Done::Leave`]).
    pub redirect_to: Option<Url>,
    /// The pages visited, in order.
    pub pages: Vec<Visited>,
}

impl Driven {
    /// The ids of the pages visited.
    pub fn page_ids(&self) -> Vec<&str> {
        self.pages.iter().map(|p| p.page.as_str()).collect()
    }
}

/// Walks `person` from `authorization_url` to the API user's redirect URI (which `citizen` must stop at, see
/// [`Citizen::stopping_at`]). `people` finds the other people of [`Decisions::cards`].
///
/// # Errors
/// When a page offers no way on, a circle is noticed, or [`DriveError`] says otherwise.
pub async fn drive(
    citizen: &mut Citizen,
    authorization_url: &str,
    person: &Person,
    decisions: &Decisions,
    people: &(dyn Fn(&str) -> Option<Person> + Sync),
) -> Result<Driven, DriveError> {
    let mut walk = Walk {
        citizen,
        person,
        all: decisions,
        decisions: decisions.clone(),
        people,
        read: Vec::new(),
        at: None,
        other: false,
        up: None,
    };
    let mut pages: Vec<Visited> = Vec::new();
    let mut before = walk.citizen.clock().now();
    let mut arrival = walk.citizen.open(authorization_url).await?;
    loop {
        let mut page = match arrival {
            Arrival::Page(page) => *page,
            Arrival::Stopped { redirect_to } => return Ok(Driven { redirect_to: Some(redirect_to), pages }),
        };
        let now = walk.citizen.clock().now();
        pages.push(Visited {
            page: page.id().to_owned(),
            error: page.error().map(str::to_owned),
            outcome: page.outcome().map(str::to_owned),
            took: u64::try_from(now.since(before).as_micros()).unwrap_or(u64::MAX),
        });
        let here = pages.last();
        let same =
            pages.iter().rev().take_while(|v| here.is_some_and(|h| h.page == v.page && h.error == v.error)).count();
        if same > SAME || pages.len() > PAGES {
            return Err(DriveError::Stuck { page: page.name(), says: page.says() });
        }
        if walk.decisions.stop_at.as_deref() == Some(page.id()) {
            return Ok(Driven { redirect_to: None, pages });
        }
        if walk.decisions.reload && page.status() == 200 {
            page = match walk.citizen.reload(&page).await? {
                Arrival::Page(page) => *page,
                Arrival::Stopped { redirect_to } => return Ok(Driven { redirect_to: Some(redirect_to), pages }),
            };
        }
        let Some(press) = walk.choose(&page, same)? else { return Ok(Driven { redirect_to: None, pages }) };
        before = walk.citizen.clock().now();
        let fields: Vec<(&str, &str)> = press.fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        arrival = if walk.decisions.double_submit {
            walk.citizen.act_twice(&page, press.act, &fields).await?
        } else {
            walk.citizen.act(&page, press.act, &fields).await?
        };
    }
}

/// What to press, and what to fill in.
struct Press {
    act: &'static str,
    fields: Vec<(String, String)>,
}

impl From<&'static str> for Press {
    fn from(act: &'static str) -> Self {
        Self { act, fields: Vec::new() }
    }
}

struct Walk<'a> {
    citizen: &'a mut Citizen,
    person: &'a Person,
    /// What was decided at the start.
    all: &'a Decisions,
    /// What is still to be done: a decision that is meant once is taken out when it has been.
    decisions: Decisions,
    people: &'a (dyn Fn(&str) -> Option<Person> + Sync),
    /// The PINs of the cards put on the reader, the last one on it.
    read: Vec<String>,
    /// The delivery service that is under way.
    at: Option<String>,
    /// Whether the other account is to be used over there from now on.
    other: bool,
    /// Signing in (or up) came to nothing, so the other way is tried: whether that is signing up.
    up: Option<bool>,
}

impl Walk<'_> {
    /// `None`: walks away.
    fn choose(&mut self, page: &Page, same: usize) -> Result<Option<Press>, DriveError> {
        let d = &mut self.decisions;
        Ok(Some(match page.id() {
            "consent" if d.consent == Consent::Refuse => "refuse".into(),
            "consent" => "agree".into(),
            "identify" if d.identify == Identify::Stop => "stop".into(),
            "identify" => "identify".into(),
            "pick" => return self.pick().map(Some),
            "pin" => return Ok(Some(self.pin(page))),
            "card-locked" => "back".into(),
            "card-error" if d.card_error == CardError::Stop => if page.has("stop") { "stop" } else { "return" }.into(),
            "card-error" => "retry".into(),
            "register" if d.register == Register::Stop => "stop".into(),
            "register" => Press { act: "register", fields: self.fill(page, "register") },
            "link" | "between" => return Ok(Some(self.link(page))),
            "handover" => match d.hand_over {
                HandOver::Next => "next".into(),
                HandOver::Stop => "stop".into(),
                HandOver::Back => {
                    d.hand_over = HandOver::Next;
                    "back".into()
                }
            },
            "stop" if d.stop == Stop::Return => "return".into(),
            "stop" => {
                // Having thought better of it, the citizen goes through.
                d.identify = Identify::Identify;
                d.card_error = CardError::Retry;
                d.register = Register::Register;
                d.link = Link::Link;
                d.hand_over = HandOver::Next;
                d.stop = Stop::Return;
                "continue".into()
            }
            "not-linked" if d.not_linked == NotLinked::Retry => {
                d.not_linked = NotLinked::Return;
                d.at_delivery = crate::AtDelivery::default();
                self.other = false;
                self.up = None;
                "retry".into()
            }
            "not-linked" | "already-linked" | "ready" | "ended" => "return".into(),
            "elsewhere" => "here".into(),
            "sign-in" => return Ok(Some(self.sign_in(page, same))),
            "sign-up" => return Ok(Some(self.sign_up(page, same))),
            "allow" => match d.at_delivery.allow {
                Allow::Deny => "deny".into(),
                Allow::OtherAccount if !self.other => {
                    self.other = true;
                    "other-account".into()
                }
                Allow::Allow | Allow::OtherAccount => "allow".into(),
            },
            "conflict" if d.at_delivery.conflict == Conflict::OtherAccount && !self.other => {
                self.other = true;
                "other-account".into()
            }
            "conflict" => "cancel".into(),
            "linked" if d.at_delivery.done == Done::Leave => return Ok(None),
            "linked" => "return".into(),
            "sso-replace" => "replace".into(),
            _ => {
                return Err(DriveError::NoWayOn { page: page.name(), status: page.status(), h1: page.h1().to_owned() });
            }
        }))
    }

    /// ④: which services, and on to the next; what was decided for that one counts from here.
    fn link(&mut self, page: &Page) -> Press {
        let left_out = |c: &&Control| self.all.leave_out.iter().any(|id| id == c.value());
        let boxes: Vec<&Control> = page.fields("link").filter(|c| c.kind == Kind::Checkbox).collect();
        // An empty value takes the tick away.
        let fields = boxes.iter().filter(|c| left_out(c)).map(|c| (c.name.clone(), String::new())).collect();
        let ticked = boxes.iter().find(|c| c.is_on() && !left_out(c)).map(|c| c.value());
        let next = ticked.or_else(|| page.hidden("link", "service")).map(str::to_owned);
        if next != self.at {
            self.turn_to(next);
        }
        if self.decisions.link == Link::Stop {
            return "stop".into();
        }
        Press { act: "link", fields }
    }

    /// Another delivery service is next: what is done once over there is done once at each. A citizen who thought
    /// better of stopping does not stop again.
    fn turn_to(&mut self, service: Option<String>) {
        let own = service.as_ref().and_then(|id| self.all.services.get(id)).cloned().unwrap_or_default();
        let d = &mut self.decisions;
        d.link = own.link.unwrap_or(d.link);
        let once = if self.all.hand_over == HandOver::Back { HandOver::Back } else { d.hand_over };
        d.hand_over = own.hand_over.unwrap_or(once);
        d.at_delivery = own.at_delivery.unwrap_or_else(|| self.all.at_delivery.clone());
        d.not_linked = own.not_linked.unwrap_or(self.all.not_linked);
        (self.other, self.up) = (false, None);
        self.at = service;
    }

    fn pick(&mut self) -> Result<Press, DriveError> {
        let field = |name: &str, value: String| Press {
            // Giving up before a card is on the reader has a button of its own.
            act: if value == "cancelled" { "cancel" } else { "pick" },
            fields: vec![(name.to_owned(), value)],
        };
        if !self.decisions.faults.is_empty() {
            return Ok(field("fault", self.decisions.faults.remove(0)));
        }
        let card = if self.decisions.cards.is_empty() {
            self.person.clone()
        } else {
            let id = self.decisions.cards.remove(0);
            (self.people)(&id).ok_or(DriveError::UnknownPerson(id))?
        };
        self.read.push(card.pin);
        Ok(field("person", card.id))
    }

    fn pin(&mut self, page: &Page) -> Press {
        let d = &mut self.decisions;
        let pin = if !d.pins.is_empty() {
            d.pins.remove(0)
        } else if d.pin == Pin::Cancel {
            d.pin = Pin::Enter;
            return "cancel".into();
        } else {
            self.read.last().unwrap_or(&self.person.pin).clone()
        };
        let name = page.fields("enter-pin").find(|c| c.kind == Kind::Password).map_or("pin", |c| c.name.as_str());
        Press { act: "enter-pin", fields: vec![(name.to_owned(), pin)] }
    }

    /// The account to use over there: name and password.
    fn account(&self) -> (String, String) {
        let d = &self.decisions.at_delivery;
        let own = || (self.person.account.clone(), self.person.password.clone());
        match &d.other {
            Some(other) if self.other => {
                (other.account.clone(), other.password.clone().unwrap_or_else(|| self.person.password.clone()))
            }
            None if self.other => own(),
            _ => {
                let (account, password) = own();
                (d.account.clone().unwrap_or(account), d.password.clone().unwrap_or(password))
            }
        }
    }

    /// Whether the way in was left to us.
    fn any_way_in(&self) -> bool {
        let d = &self.decisions.at_delivery;
        d.sign == Sign::Auto && d.account.is_none() && d.password.is_none() && !self.other
    }

    fn signs_up(&self) -> bool {
        match self.decisions.at_delivery.sign {
            _ if self.other => false,
            Sign::Up => self.up.unwrap_or(true),
            Sign::Auto => self.up.unwrap_or(!self.person.has_account && self.any_way_in()),
            Sign::In | Sign::Cancel => false,
        }
    }

    fn sign_in(&mut self, page: &Page, same: usize) -> Press {
        if self.decisions.at_delivery.sign == Sign::Cancel {
            return "cancel".into();
        }
        if same > 1 {
            // Refused: there is no such account yet, or the password was meant to be wrong.
            if self.up.is_some() || !self.any_way_in() || !page.has("to-sign-up") {
                return "cancel".into();
            }
            self.up = Some(true);
        }
        if self.signs_up() {
            return "to-sign-up".into();
        }
        Press { act: "sign-in", fields: self.fill(page, "sign-in") }
    }

    fn sign_up(&mut self, page: &Page, same: usize) -> Press {
        if same > 1 {
            if self.up.is_some() {
                return "cancel".into();
            }
            // The account exists, from an earlier run.
            self.up = Some(false);
        }
        if self.signs_up() {
            return Press { act: "sign-up", fields: self.fill(page, "sign-up") };
        }
        "to-sign-in".into()
    }

    /// Fills a form as a browser's autofill would, by type and `autocomplete`.
    fn fill(&self, page: &Page, act: &str) -> Vec<(String, String)> {
        let (account, password) = self.account();
        let mut fields = Vec::new();
        for c in page.fields(act) {
            let is = |what: &str| {
                c.autocomplete.split_ascii_whitespace().any(|t| t == what) || c.name == what.replace('-', "_")
            };
            let value = match &c.kind {
                Kind::Password => password.clone(),
                Kind::Checkbox if c.required => "on".to_owned(),
                Kind::Text(_) if is("family-name") => self.person.family_name.clone(),
                Kind::Text(_) if is("given-name") => self.person.given_name.clone(),
                Kind::Text(_) if is("name") => format!("{} {}", self.person.family_name, self.person.given_name),
                Kind::Text(t) if t == "email" || is("username") || is("email") || c.required => account.clone(),
                _ => continue,
            };
            fields.push((c.name.clone(), value));
        }
        fields
    }
}
