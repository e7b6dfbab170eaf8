//! Procedures, their steps and tasks as data.

use serde::{Deserialize, Serialize};

use crate::text::{Basis, Text};

/// A phase of the way to a running service (guideline section 4.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Phase {
    /// Its id.
    pub id: String,
    /// Its name.
    pub label: Text,
    /// What happens in it.
    pub explanation: Text,
    /// Where it comes from.
    pub basis: Basis,
}

/// Who has to act on a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// The API user (利用を希望する者), or a member of its organisation.
    Applicant,
    /// 受付
    Reception,
    /// 審査
    Reviewer,
    /// 承認
    Approver,
    /// 運用
    Operator,
    /// The desk itself: it carries out what was approved, or waits for the planned time.
    System,
}

impl Actor {
    /// Its name on pages.
    pub fn label(self) -> Text {
        match self {
            Self::Applicant => Text::new("申請者", "Applicant"),
            Self::Reception => Text::new("受付担当", "Reception"),
            Self::Reviewer => Text::new("審査担当", "Reviewer"),
            Self::Approver => Text::new("承認者", "Approver"),
            Self::Operator => Text::new("運用担当", "Operator"),
            Self::System => Text::new("システム", "System"),
        }
    }
}

/// What is done in a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Somebody says that it has been done.
    Confirm,
    /// The applicant tells the desk what is planned, before there is a form.
    Contact,
    /// The desk opens the form for the applicant.
    OpenForm,
    /// The applicant submits forms.
    Submit,
    /// A member of staff agrees with what was submitted, proposes to refuse it, or returns it.
    Review,
    /// Another member of staff decides.
    Approve,
    /// The applicant agrees to what was decided.
    Accept,
    /// The desk carries out the effect on the running system, and is done when that is applied.
    Apply,
    /// The planned time is awaited.
    Wait,
}

impl Act {
    /// Its name on pages.
    pub fn label(self) -> Text {
        match self {
            Self::Confirm => Text::new("実施の確認", "Confirm"),
            Self::Contact => Text::new("連絡", "Contact the desk"),
            Self::OpenForm => Text::new("届出フォームの送付", "Open the form"),
            Self::Submit => Text::new("提出", "Submit"),
            Self::Review => Text::new("審査", "Review"),
            Self::Approve => Text::new("承認", "Approve"),
            Self::Accept => Text::new("合意", "Accept"),
            Self::Apply => Text::new("設定の反映", "Apply the settings"),
            Self::Wait => Text::new("予定日時の到来待ち", "Wait for the planned time"),
        }
    }
}

/// What a decision does, beyond moving the case on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EffectKind {
    /// The specification documents are shown to the organisation.
    DiscloseSpecifications,
    /// The use of the approved APIs is consented to (利用規約6条1項).
    GrantUse,
    /// The client is written to the test portal.
    ProvisionTest,
    /// The settings under test are recorded as tested.
    RecordTested,
    /// The client is written to the production portal for its named testers only.
    ProvisionVerification,
    /// The production client becomes active.
    StartService,
    /// The changed settings replace the live ones.
    ApplyChange,
    /// The portal is told to suspend the client at the planned time.
    ScheduleSuspension,
    /// The portal is told to resume the client at the planned time.
    ScheduleResumption,
    /// The portal is told to terminate the client at the planned time.
    ScheduleTermination,
    /// The portal is told to suspend the client at once.
    SuspendNow,
    /// What was opened for an application that is given up is closed again.
    CloseAccess,
    /// What was opened for a change that is given up is closed again; the live settings stay.
    DiscardChange,
}

impl EffectKind {
    /// Whether it changes a portal, so that it has to be carried out by a task of its own and awaited.
    pub const fn is_remote(self) -> bool {
        !matches!(self, Self::DiscloseSpecifications | Self::GrantUse | Self::RecordTested)
    }

    /// Whether it takes effect at the planned time.
    pub const fn is_planned(self) -> bool {
        matches!(self, Self::ScheduleSuspension | Self::ScheduleResumption | Self::ScheduleTermination)
    }

    /// Whether something was opened by it that has to be closed when the case is given up.
    pub const fn opens(self) -> bool {
        matches!(self, Self::ProvisionTest | Self::ProvisionVerification)
    }

    /// Its name on pages.
    pub fn label(self) -> Text {
        match self {
            Self::DiscloseSpecifications => Text::new("仕様書等の開示", "Disclose the specifications"),
            Self::GrantUse => Text::new("利用の承諾", "Consent to the use"),
            Self::ProvisionTest => Text::new("接続確認環境の設定", "Settings in the test environment"),
            Self::RecordTested => Text::new("接続試験の合格の記録", "Record the connection test as passed"),
            Self::ProvisionVerification => Text::new("本番動作確認のための設定", "Settings for the production check"),
            Self::StartService => Text::new("サービス提供の開始", "Start of the service"),
            Self::ApplyChange => Text::new("変更の反映", "Apply the change"),
            Self::ScheduleSuspension => Text::new("利用停止の予約", "Schedule the suspension"),
            Self::ScheduleResumption => Text::new("利用再開の予約", "Schedule the resumption"),
            Self::ScheduleTermination => Text::new("利用終了の予約", "Schedule the termination"),
            Self::SuspendNow => Text::new("緊急の利用停止", "Suspend at once"),
            Self::CloseAccess => Text::new("アクセス権等の削除", "Remove the access"),
            Self::DiscardChange => Text::new("変更の取消し", "Discard the change"),
        }
    }
}

/// How long a task may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Due {
    /// Days from the day on which the task began.
    pub days: u16,
    /// Whether only days count on which the desk works.
    #[serde(default)]
    pub working: bool,
}

/// One thing that one party has to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Task {
    /// Its id in the step; the name of its act when left out.
    #[serde(default)]
    pub id: String,
    /// Who.
    pub actor: Actor,
    /// What.
    pub act: Act,
    /// Its name, when the act's is too general.
    #[serde(default)]
    pub label: Option<Text>,
    /// The forms that are submitted.
    #[serde(default)]
    pub forms: Vec<String>,
    /// By when.
    #[serde(default)]
    pub due: Option<Due>,
    /// What it does. Of an [`Act::Apply`] when it begins, else when it is done.
    #[serde(default)]
    pub effect: Option<EffectKind>,
    /// Whether it is left out when the case comes by a second time.
    #[serde(default)]
    pub once: bool,
    /// Whether its decision says which of the APIs and delivery services asked for are approved.
    #[serde(default)]
    pub decides_apis: bool,
    /// Whether its decision may leave out the steps that are `skippable`.
    #[serde(default)]
    pub decides_tests: bool,
    /// Whether its decision is about settings that go from test to production, so that both people have to have
    /// seen the differences.
    #[serde(default)]
    pub promotion: bool,
    /// Earlier steps to which the applicant may go back from here, to mend settings.
    #[serde(default)]
    pub reopen: Vec<String>,
}

impl Task {
    /// Its name on pages.
    pub fn name(&self) -> Text {
        self.label.clone().unwrap_or_else(|| self.act.label())
    }
}

/// A step, such as A-3.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Its id.
    pub id: String,
    /// Its phase.
    #[serde(default)]
    pub phase: Option<String>,
    /// Its name.
    pub label: Text,
    /// What happens, for the applicant.
    pub explanation: Text,
    /// Where it comes from.
    pub basis: Basis,
    /// Whether a decision may leave it out.
    #[serde(default)]
    pub skippable: bool,
    /// What has to be done, in order.
    #[serde(rename = "task")]
    pub tasks: Vec<Task>,
}

impl Step {
    /// The task of this id.
    pub fn task(&self, id: &str) -> Option<&Task> {
        self.tasks.iter().find(|t| t.id == id)
    }
}

/// What a service is at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServiceState {
    /// Not in production yet.
    New,
    /// In production.
    Active,
    /// Suspended.
    Suspended,
    /// Ended for good.
    Terminated,
}

/// Who can begin a procedure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Initiator {
    /// The API user.
    #[default]
    Applicant,
    /// The desk.
    Desk,
}

/// A procedure: admission, change, suspension, resumption, termination.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Procedure {
    /// Its id, which is also the name of its file.
    pub id: String,
    /// Its name.
    pub label: Text,
    /// What it is for.
    pub explanation: Text,
    /// Where it comes from.
    pub basis: Basis,
    /// Who begins it.
    #[serde(default)]
    pub initiator: Initiator,
    /// The states of a service in which it can be begun.
    pub from: Vec<ServiceState>,
    /// Calendar days between the notification and the planned day, in principle.
    #[serde(default)]
    pub notice_days: Option<u16>,
    /// Its steps, in order.
    #[serde(rename = "step")]
    pub steps: Vec<Step>,
    /// How what was opened is closed again when the case is withdrawn or refused.
    #[serde(default)]
    pub winding_up: Option<Step>,
}

impl Procedure {
    /// The step of this id, the winding up included.
    pub fn step(&self, id: &str) -> Option<&Step> {
        self.steps.iter().chain(&self.winding_up).find(|s| s.id == id)
    }

    /// Every step and task, in order, without the winding up.
    pub fn tasks(&self) -> impl DoubleEndedIterator<Item = (&Step, &Task)> {
        self.steps.iter().flat_map(|s| s.tasks.iter().map(move |t| (s, t)))
    }

    /// All forms that it uses, each once, in order.
    pub fn forms(&self) -> Vec<&str> {
        let mut out: Vec<&str> = Vec::new();
        for id in self.tasks().flat_map(|(_, t)| &t.forms) {
            if !out.contains(&id.as_str()) {
                out.push(id);
            }
        }
        out
    }
}
