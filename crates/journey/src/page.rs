//! Which page a run shows, what can be done there, and where the browser goes after a press.

use crate::{CardTrouble, End, Event, Journey, LegTrouble, Outcome, Phase, Refusal, Why};

/// A page of the journey. Its texts and the button texts are those of facts/screens.md section 3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// ② 「利用者の同意」.
    Consent,
    /// ③ 「マイナンバーカードで本人確認」.
    Identify {
        /// The card has been read in this run, too long ago: say why it is asked for again.
        again: bool,
    },
    /// E1, E1b, E5b, E11, E13.
    CardError(CardTrouble),
    /// User registration of a first-timer.
    Register,
    /// ④ 「サービス連携」: the services of the run, with [`Journey::current`] as the next.
    Link,
    /// ④ again, between two services: what came of those before, and which is next. Nobody is sent on to another
    /// company without a press.
    Between,
    /// ⑤ 「{D}の画面に移動します」.
    HandOver,
    /// Q 「連携をやめますか」.
    Stop,
    /// E9, E9b, E7b.
    NotLinked(LegTrouble),
    /// E9b, while it is unknown whether the link exists: "could not be confirmed yet". 「もう一度」 resolves
    /// again.
    Unconfirmed,
    /// E7.
    AlreadyLinked,
    /// The card is done and there is nothing else to ask.
    Ready,
    /// The run is over; the citizen is not back yet.
    Ended(End),
    /// E14: another window is further on.
    Elsewhere,
    /// The API user has its answer.
    Done,
}

/// Something the citizen can do on a page: `data-act` of its button or link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Act {
    /// 「上記に同意する」
    Agree,
    /// 「同意しない」
    Refuse,
    /// 「本人確認をする」
    Identify,
    /// 「もう一度…」
    Retry,
    /// 「利用者登録をする」
    Register,
    /// 「{D}と連携する」
    Link,
    /// 「次へ」 (a link)
    Next,
    /// 「戻る」
    Back,
    /// 「連携をやめる」: asks first
    Stop,
    /// 「手続きを続ける」
    Continue,
    /// 「{R}に戻る」
    Return,
    /// 「連携の内容を見る」 (a link)
    Details,
    /// 「この画面で続ける」 (a link to the run's current page)
    Here,
    /// To the portal's start page (a link)
    Home,
}

impl Act {
    /// `data-act`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Agree => "agree",
            Self::Refuse => "refuse",
            Self::Identify => "identify",
            Self::Retry => "retry",
            Self::Register => "register",
            Self::Link => "link",
            Self::Next => "next",
            Self::Back => "back",
            Self::Stop => "stop",
            Self::Continue => "continue",
            Self::Return => "return",
            Self::Details => "details",
            Self::Here => "here",
            Self::Home => "home",
        }
    }
}

impl Page {
    /// `data-page`.
    pub const fn id(&self) -> &'static str {
        match self {
            Self::Consent => "consent",
            Self::Identify { .. } => "identify",
            Self::CardError(_) => "card-error",
            Self::Register => "register",
            Self::Link => "link",
            Self::Between => "between",
            Self::HandOver => "handover",
            Self::Stop => "stop",
            Self::NotLinked(_) | Self::Unconfirmed => "not-linked",
            Self::AlreadyLinked => "already-linked",
            Self::Ready => "ready",
            Self::Ended(_) => "ended",
            Self::Elsewhere => "elsewhere",
            Self::Done => "done",
        }
    }

    /// `data-error`: the error state of facts/screens.md 3.1.
    pub const fn error(&self) -> Option<&'static str> {
        Some(match self {
            Self::CardError(CardTrouble::NotRead) => "E1",
            Self::CardError(CardTrouble::OtherCard) => "E1b",
            Self::CardError(CardTrouble::TooLate) => "E11",
            Self::CardError(CardTrouble::ValidityUnknown) => "E5b",
            Self::CardError(CardTrouble::OtherPerson) => "E13",
            Self::NotLinked(LegTrouble::Declined) => "E9",
            Self::NotLinked(LegTrouble::Unavailable | LegTrouble::Failed) | Self::Unconfirmed => "E9b",
            Self::NotLinked(LegTrouble::Conflict) => "E7b",
            Self::AlreadyLinked => "E7",
            Self::Elsewhere => "E14",
            Self::Ended(End { why: Why::PinLocked, .. }) => "E3",
            Self::Ended(End { why: Why::CertExpired { .. }, .. }) => "E4",
            Self::Ended(End { why: Why::CertRevoked, .. }) => "E5",
            Self::Ended(End { why: Why::Maintenance, .. }) => "E6",
            Self::Ended(End { why: Why::Idle, .. }) => "E8",
            _ => return None,
        })
    }

    /// `data-outcome`, where the page shows an outcome.
    pub const fn outcome(&self) -> Option<Outcome> {
        match self {
            Self::Ended(end) => Some(end.outcome),
            Self::AlreadyLinked => Some(Outcome::AlreadyLinked),
            _ => None,
        }
    }

    /// What the citizen can do, primary first.
    pub const fn acts(&self) -> &'static [Act] {
        match self {
            Self::Consent => &[Act::Agree, Act::Refuse],
            Self::Identify { .. } => &[Act::Identify, Act::Stop],
            Self::CardError(CardTrouble::ValidityUnknown) => &[Act::Retry, Act::Return],
            Self::CardError(_) => &[Act::Retry, Act::Stop],
            Self::Register => &[Act::Register, Act::Stop],
            Self::Link | Self::Between => &[Act::Link, Act::Stop],
            Self::HandOver => &[Act::Next, Act::Back, Act::Stop],
            Self::Stop => &[Act::Continue, Act::Return],
            Self::NotLinked(_) | Self::Unconfirmed => &[Act::Retry, Act::Return],
            Self::AlreadyLinked => &[Act::Return, Act::Details],
            Self::Ready | Self::Ended(_) => &[Act::Return],
            Self::Elsewhere => &[Act::Here],
            Self::Done => &[Act::Home],
        }
    }

    /// The event of an act that needs no more data. `None` for the acts that do (`agree`, `identify`,
    /// `register`, `link`, `next`, and `retry`: a new challenge on `card-error`, a new linkage on
    /// `not-linked`), for links that lead elsewhere, and for acts that the page does not have.
    pub fn event(&self, act: Act) -> Option<Event> {
        if !self.acts().contains(&act) {
            return None;
        }
        match (act, self) {
            (Act::Refuse, _) => Some(Event::ConsentRefused),
            (Act::Stop, _) => Some(Event::StopAsked),
            (Act::Continue, _) => Some(Event::Continue),
            (Act::Back, _) => Some(Event::BackFromHandOver),
            (Act::Return, Self::Stop) => Some(Event::StopConfirmed),
            (Act::Return, Self::CardError(_) | Self::NotLinked(_) | Self::Unconfirmed) => Some(Event::GiveUp),
            (Act::Return, _) => Some(Event::Returned),
            _ => None,
        }
    }
}

/// Where the browser goes after a press or a callback.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// To the run's page (303 to its own address).
    Page(Page),
    /// To the card, with this challenge. When the challenge has run out meanwhile, apply
    /// [`Event::IdentifyStarted`] with a new one.
    Card {
        /// The challenge.
        challenge: String,
    },
    /// To the delivery service.
    Delivery {
        /// The linkage.
        linkage_id: String,
    },
    /// Nowhere yet: find out whether the link exists, or decide that it does not (and store the job that
    /// cancels it over there), and apply the result.
    Resolve {
        /// The linkage.
        linkage_id: String,
    },
    /// Back to the API user: apply [`Event::Returned`] and mint the answer in one transaction.
    Return(Outcome),
}

impl Journey {
    /// The page of the current state: what a GET of the run shows. It changes nothing.
    pub fn page(&self) -> Page {
        if self.stop_asked {
            return Page::Stop;
        }
        match self.phase {
            Phase::Requested => Page::Consent,
            Phase::Consented | Phase::Identifying => match self.card_trouble {
                Some(trouble) => Page::CardError(trouble),
                None => Page::Identify { again: self.card_at.is_some() },
            },
            Phase::Register => Page::Register,
            Phase::Confirm if self.services.iter().any(|l| l.attempt > 0 && l.result.is_some()) => Page::Between,
            Phase::Confirm => Page::Link,
            Phase::HandOver | Phase::AtDelivery => Page::HandOver,
            Phase::Linking => Page::Unconfirmed,
            Phase::NotLinked => Page::NotLinked(self.current().and_then(|l| l.trouble).unwrap_or(LegTrouble::Failed)),
            Phase::Ready if self.asked.documents_only() => Page::Ready,
            Phase::Ready => Page::AlreadyLinked,
            Phase::Ended => self.end.map_or(Page::Done, Page::Ended),
            Phase::Returned => Page::Done,
        }
    }

    /// What the citizen can do now.
    pub fn exits(&self) -> &'static [Act] {
        self.page().acts()
    }

    /// Where the browser goes after a press or a callback, whether it was applied or
    /// [`Refusal::AlreadyDone`].
    pub fn next(&self) -> Next {
        match self.phase {
            Phase::Identifying if self.last == "identify_started" => {
                Next::Card { challenge: self.challenge.clone().unwrap_or_default() }
            }
            Phase::AtDelivery if self.last == "hand_over" => {
                Next::Delivery { linkage_id: self.current().and_then(|l| l.linkage_id.clone()).unwrap_or_default() }
            }
            Phase::Linking => {
                Next::Resolve { linkage_id: self.current().and_then(|l| l.linkage_id.clone()).unwrap_or_default() }
            }
            Phase::Ended => match self.end {
                Some(end) if end.straight => Next::Return(end.outcome),
                _ => Next::Page(self.page()),
            },
            _ => Next::Page(self.page()),
        }
    }

    /// The page that answers an event that was not applied.
    pub fn page_after(&self, refusal: &Refusal) -> Page {
        match refusal {
            Refusal::Stale => Page::Elsewhere,
            Refusal::Gone => Page::Done,
            _ => self.page(),
        }
    }
}
