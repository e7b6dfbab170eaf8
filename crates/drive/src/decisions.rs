//! What the citizen does at each step. Everything left out goes through.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A test person, as far as playing them needs it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Id at the card stand-in (`hanako`).
    pub id: String,
    /// Family name, for a sign-up form.
    pub family_name: String,
    /// Given name, for a sign-up form.
    pub given_name: String,
    /// PIN of the card.
    pub pin: String,
    /// Mailbox account.
    pub account: String,
    /// Its password.
    pub password: String,
    /// Whether the mailbox account exists: signs in when it does, else signs up.
    pub has_account: bool,
}

/// Declares the choices at a step; the first one goes through.
macro_rules! choice {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { #[default] $($(#[$vdoc])* $variant,)* }
    };
}

choice! {
    /// At ②.
    Consent {
        /// 「上記に同意する」
        Agree,
        /// 「同意しない」
        Refuse,
    }
}

choice! {
    /// At ③.
    Identify {
        /// 「本人確認をする」
        Identify,
        /// 「連携をやめる」
        Stop,
    }
}

choice! {
    /// At the PIN.
    Pin {
        /// Types it, after the wrong ones of [`Decisions::pins`].
        Enter,
        /// Gives up, once.
        Cancel,
    }
}

choice! {
    /// When the card could not be read (E1, E1b, E5b, E11, E13).
    CardError {
        /// 「もう一度」
        Retry,
        /// 「連携をやめる」, or back at once where the page offers that
        Stop,
    }
}

choice! {
    /// At the registration of a first-timer.
    Register {
        /// 「利用者登録をする」
        Register,
        /// 「連携をやめる」
        Stop,
    }
}

choice! {
    /// At ④.
    Link {
        /// 「{D}と連携する」
        Link,
        /// 「連携をやめる」
        Stop,
    }
}

choice! {
    /// At ⑤.
    HandOver {
        /// 「次へ」
        Next,
        /// 「戻る」, once; then 「次へ」
        Back,
        /// 「連携をやめる」
        Stop,
    }
}

choice! {
    /// At page Q.
    Stop {
        /// 「連携をやめて{R}に戻る」
        Return,
        /// 「手続きを続ける」; from then on the citizen goes through
        Continue,
    }
}

choice! {
    /// When an attempt came to nothing (E9, E9b, E7b).
    NotLinked {
        /// 「連携せずに{R}に戻る」
        Return,
        /// 「もう一度連携する」, once, and goes through over there
        Retry,
    }
}

choice! {
    /// How to come in at the delivery service.
    Sign {
        /// Signs in if the person has an account, else signs up.
        Auto,
        /// Signs in.
        In,
        /// Signs up.
        Up,
        /// Gives up there.
        Cancel,
    }
}

choice! {
    /// At the delivery service's permission page.
    Allow {
        /// 「許可する」
        Allow,
        /// 「許可しない」
        Deny,
        /// With another account: [`AtDelivery::other`].
        OtherAccount,
    }
}

choice! {
    /// When the delivery account is tied to another person (E7b, over there).
    Conflict {
        /// Gives up.
        Cancel,
        /// With another account: [`AtDelivery::other`].
        OtherAccount,
    }
}

choice! {
    /// At ⑥.
    Done {
        /// 「属性連携設定サービスへ戻る」
        Return,
        /// Closes the window.
        Leave,
    }
}

/// A mailbox account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// Its name.
    pub account: String,
    /// Its password; the person's own when left out.
    #[serde(default)]
    pub password: Option<String>,
}

/// What the citizen does at the delivery service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AtDelivery {
    /// How to come in.
    pub sign: Sign,
    /// With this account instead of the person's own.
    pub account: Option<String>,
    /// With this password instead of the person's own.
    pub password: Option<String>,
    /// Permission.
    pub allow: Allow,
    /// The account for `other_account`; without it, the person's own.
    pub other: Option<Account>,
    /// At a conflict.
    pub conflict: Conflict,
    /// At ⑥.
    pub done: Done,
}

/// What the citizen does about one of several delivery services, where it is not what [`Decisions`] says for all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AtService {
    /// At ④, when it is next.
    pub link: Option<Link>,
    /// At ⑤.
    pub hand_over: Option<HandOver>,
    /// There, first attempt.
    pub at_delivery: Option<AtDelivery>,
    /// When that came to nothing.
    pub not_linked: Option<NotLinked>,
}

/// What the citizen does. Default: goes through.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Decisions {
    /// At ②.
    pub consent: Consent,
    /// At ③.
    pub identify: Identify,
    /// Ids of the people whose cards are put on the reader, one per reading; afterwards the person's own.
    pub cards: Vec<String>,
    /// Faults of the card stand-in, one per reading, before any card (`card_not_read`, `other_card` …).
    pub faults: Vec<String>,
    /// Wrong PINs to type first.
    pub pins: Vec<String>,
    /// At the PIN, after the wrong ones.
    pub pin: Pin,
    /// When the card could not be read.
    pub card_error: CardError,
    /// At the registration.
    pub register: Register,
    /// At ④ (and between two delivery services).
    pub link: Link,
    /// At ④, where there is a choice: ids of the delivery services that are left out.
    pub leave_out: Vec<String>,
    /// At ⑤.
    pub hand_over: HandOver,
    /// At the delivery service, first attempt.
    pub at_delivery: AtDelivery,
    /// When that came to nothing.
    pub not_linked: NotLinked,
    /// By a delivery service's id: what is different there.
    pub services: BTreeMap<String, AtService>,
    /// At page Q.
    pub stop: Stop,
    /// Walks away at the page with this `data-page`, without pressing anything.
    pub stop_at: Option<String>,
    /// Presses everything twice.
    pub double_submit: bool,
    /// Reloads every page before pressing.
    pub reload: bool,
}
