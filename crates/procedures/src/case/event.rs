//! What can happen to a case, what comes of it, and why not.

use std::collections::BTreeMap;

use base::{Lang, Timestamp};
use serde::{Deserialize, Serialize};

use crate::answers::{Answers, Plain};
use crate::catalogue::{Actor, Api, EffectKind};
use crate::check::Finding;
use crate::text::Text;

/// What a reviewer proposes; an approver decides on it as it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// Whether to refuse (不承諾) rather than to agree.
    #[serde(default)]
    pub refuse: bool,
    /// The APIs to approve, where the decision is about them. Each is approved on its own.
    #[serde(default)]
    pub apis: Vec<Api>,
    /// The delivery services to approve, likewise.
    #[serde(default)]
    pub delivery_services: Vec<String>,
    /// Whether to leave out the steps that may be left out.
    #[serde(default)]
    pub skip_tests: bool,
    /// Why a notice shorter than the guideline asks for is accepted.
    #[serde(default)]
    pub short_notice: Option<Plain>,
    /// The digest of the differences that the reviewer was shown ([`crate::Differences::digest`]).
    #[serde(default)]
    pub differences_seen: Option<String>,
    /// What was found; of a refusal its reason, for the applicant.
    pub note: Plain,
}

/// What happens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// It has been done.
    Confirm {
        /// How it went, such as the notes of a meeting.
        note: Plain,
    },
    /// The applicant says what is planned (guideline 5.2 to 5.4: ご連絡).
    Contact {
        /// In their words.
        message: Plain,
    },
    /// The desk opens the form (届出用のフォーム).
    OpenForm {
        /// Words to go with it.
        note: Plain,
    },
    /// The applicant submits all forms of the task.
    Submit {
        /// By form.
        forms: BTreeMap<String, Answers>,
    },
    /// A reviewer proposes to agree or to refuse. Again before the decision replaces the proposal, and whoever made
    /// the earlier one can't approve either.
    Review(Proposal),
    /// A reviewer or approver returns what was submitted (差し戻し).
    Return {
        /// Why, and what to mend.
        reason: Plain,
        /// The step to go back to, when it is not the last one where something was submitted.
        to: Option<String>,
    },
    /// The approver wants the review done again.
    SendBack {
        /// Why.
        reason: Plain,
    },
    /// Another person decides as proposed.
    Approve {
        /// Why.
        note: Plain,
        /// Which of the proposed APIs, when not all of them.
        apis: Option<Vec<Api>>,
        /// The digest of the differences that the approver was shown.
        differences_seen: Option<String>,
    },
    /// The applicant agrees to the decision.
    Accept {
        /// In their words.
        note: Plain,
    },
    /// The desk carried an effect out on the running system.
    Applied {
        /// [`Effect::key`].
        key: String,
    },
    /// The desk could not carry an effect out, and an operator has to look.
    ApplyFailed {
        /// [`Effect::key`].
        key: String,
        /// What went wrong.
        error: Plain,
    },
    /// An operator has the desk try again.
    Retry {
        /// What was done about it.
        note: Plain,
    },
    /// The planned time has come.
    TimeReached,
    /// A remark on a form, a field or a row.
    Comment {
        /// The form.
        form: String,
        /// The field.
        field: Option<String>,
        /// The row or entry, from 0.
        row: Option<u32>,
        /// The remark.
        text: Plain,
    },
    /// A remark is settled.
    Resolve {
        /// Its number.
        comment: u32,
    },
    /// Notes of a meeting or a call.
    Note {
        /// The notes.
        text: Plain,
        /// Whether the applicant sees them.
        shared: bool,
    },
    /// The applicant goes back to an earlier step, to mend settings.
    Reopen {
        /// The step.
        step: String,
        /// Why.
        reason: Plain,
    },
    /// The applicant gives up.
    Withdraw {
        /// Why.
        reason: Plain,
    },
}

impl Event {
    /// Its name, as it is written down.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Confirm { .. } => "confirm",
            Self::Contact { .. } => "contact",
            Self::OpenForm { .. } => "open_form",
            Self::Submit { .. } => "submit",
            Self::Review(_) => "review",
            Self::Return { .. } => "return",
            Self::SendBack { .. } => "send_back",
            Self::Approve { .. } => "approve",
            Self::Accept { .. } => "accept",
            Self::Applied { .. } => "applied",
            Self::ApplyFailed { .. } => "apply_failed",
            Self::Retry { .. } => "retry",
            Self::TimeReached => "time_reached",
            Self::Comment { .. } => "comment",
            Self::Resolve { .. } => "resolve",
            Self::Note { .. } => "note",
            Self::Reopen { .. } => "reopen",
            Self::Withdraw { .. } => "withdraw",
        }
    }
}

/// What has to be done now, once. Carried out again it has to come to the same: `key` says which it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effect {
    /// What.
    pub kind: EffectKind,
    /// Unique over all cases: receipt number, step and the count of decisions.
    pub key: String,
    /// When it takes effect; absent: at once.
    pub at: Option<Timestamp>,
    /// Who agreed and who approved: two different people of the staff.
    pub decided_by: [String; 2],
}

/// Why an event was refused. Nothing has changed then.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The case is over.
    #[error("the case is over")]
    Closed,
    /// Something else has to be done now.
    #[error("this can't be done now")]
    NotNow,
    /// It is another party's turn, or the role is missing.
    #[error("this is for {0:?} to do")]
    NotYours(Actor),
    /// Whoever agreed can't approve.
    #[error("the person who agreed can't approve")]
    FourEyes,
    /// A reason is missing.
    #[error("a reason is missing")]
    ReasonMissing,
    /// The forms of the task are not all there, or others are.
    #[error("forms are missing or too many: {0:?}")]
    Forms(Vec<String>),
    /// The forms have mistakes.
    #[error("{} findings", .0.len())]
    Findings(Vec<Finding>),
    /// No API or delivery service is named, or one that was not asked for or proposed.
    #[error("an API or delivery service that was not asked for, or none")]
    Apis,
    /// The differences were not shown to this person as they are now.
    #[error("the differences were not seen")]
    DifferencesUnseen,
    /// The settings for production can't be approved, because the test sheets were not tested as they are now.
    #[error("the settings were not tested")]
    Untested,
    /// The tests can't be left out: these fields were tested.
    #[error("tested settings changed: {0:?}")]
    TestsNeeded(Vec<String>),
    /// The notice is short and was not accepted; the earliest day by the rule.
    #[error("the notice is shorter than it has to be; the earliest day is {0}")]
    ShortNotice(jiff::civil::Date),
    /// The planned time is over.
    #[error("the planned time is over")]
    PlannedPast,
    /// Too late to withdraw: the portal has been told.
    #[error("too late to withdraw")]
    TooLate,
    /// There is no such form, field, comment or step.
    #[error("there is no {0}")]
    NoSuch(String),
    /// The procedure can't begin in this state of the service.
    #[error("the service is in another state")]
    WrongState,
    /// The catalogue was replaced, and the case's place is not in it.
    #[error("the catalogue has no {0}")]
    Catalogue(String),
}

impl Refusal {
    /// In words: what is wrong and what to do.
    pub fn message(&self) -> Text {
        match self {
            Self::Closed => Text::new("この手続はすでに終わっています。", "This procedure is over."),
            Self::NotNow => Text::new(
                "今の段階では、この操作はできません。画面を読み込み直して、今の状態を確かめてください。",
                "This can't be done at this stage. Reload the page to see where the case is.",
            ),
            Self::NotYours(actor) => {
                let a = actor.label();
                Text::new(
                    format!("この操作は、{}が行います。", a.ja),
                    format!("This is for the {} to do.", a.en.to_lowercase()),
                )
            }
            Self::FourEyes => Text::new(
                "審査をした人は、承認できません。別の人が承認してください。",
                "Whoever reviewed can't approve. Somebody else has to.",
            ),
            Self::ReasonMissing => Text::new("理由を入力してください。", "Give a reason."),
            Self::Forms(ids) => Text::new(
                format!("提出する書類が揃っていません（{}）。", ids.join("、")),
                format!("The documents are not complete ({}).", ids.join(", ")),
            ),
            Self::Findings(list) => Text::new(
                format!("入力内容を確認してください（{}件）。", list.len()),
                format!("Check what you entered ({} findings).", list.len()),
            ),
            Self::Apis => Text::new(
                "申請されたAPIと民間送達サービスの中から、承諾するものを1つ以上選んでください。",
                "Choose at least one of the APIs and delivery services that were applied for, and no other.",
            ),
            Self::DifferencesUnseen => Text::new(
                "違いの一覧を確認してから、もう一度操作してください。確認した後に内容が変わったか、まだ確認していません。",
                "Look at the list of differences, then try again. It was not shown to you yet, or has changed since.",
            ),
            Self::Untested => Text::new(
                "接続試験に合格した設定がないため、承認できません。申請者に差し戻し、接続試験を行ってもらってください。",
                "There are no settings that passed the connection test. Return it to the applicant for the test.",
            ),
            Self::TestsNeeded(fields) => Text::new(
                format!(
                    "試験をした設定が変わるため、接続試験と本番動作確認を省略できません（{}）。",
                    fields.join("、")
                ),
                format!(
                    "The tests can't be left out, because settings change that were tested ({}).",
                    fields.join(", ")
                ),
            ),
            Self::ShortNotice(day) => Text::new(
                format!(
                    "予定日が届出から2週間ありません（原則として{}以降）。認める理由を書くか、差し戻してください。",
                    base::calendar::long_date(*day, Lang::Ja)
                ),
                format!(
                    "The planned day is nearer than two weeks (in principle not before {}). Write why it is accepted, or return it.",
                    base::calendar::long_date(*day, Lang::En)
                ),
            ),
            Self::PlannedPast => Text::new(
                "予定の日時を過ぎています。予定日を直してもらうため、差し戻してください。",
                "The planned time is over. Return it so that the day can be mended.",
            ),
            Self::TooLate => Text::new(
                "すでに予定が本番環境に設定されているため、取り下げられません。運営にご連絡ください。",
                "It can't be withdrawn, because production has been told already. Contact the desk.",
            ),
            Self::NoSuch(what) => Text::new(format!("「{what}」はありません。"), format!("There is no '{what}'.")),
            Self::WrongState => Text::new(
                "サービスの今の状態では、この手続は始められません。",
                "This procedure can't begin in the present state of the service.",
            ),
            Self::Catalogue(what) => Text::new(
                format!(
                    "手続の定義に「{what}」がありません。定義を置き換えたときは、進行中の手続の段階を残してください。"
                ),
                format!("The catalogue has no '{what}'. When it is replaced, it has to keep the steps of open cases."),
            ),
        }
    }
}
