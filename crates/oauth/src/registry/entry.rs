//! What instructions carry: clients, delivery services, maintenance windows.

use base::{Lang, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Terms;
use super::terms::TesterTerms;
use crate::client::{ClientKind, ClientName};

/// Most changes of status that may be planned at a time.
pub const MAX_SCHEDULE: usize = 16;
/// Most testers of a client.
pub const MAX_TESTERS: usize = 50;
/// Most delivery services that a client is approved for.
const MAX_SERVICES: usize = 200;

/// Whether a client may act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientStatus {
    /// It may.
    Active,
    /// 本番動作確認: live, for its named testers only.
    ProductionVerification,
    /// Not for now: new requests, tokens and fetches are refused, running journeys return their citizens.
    Suspended,
    /// Never again.
    Terminated,
}

impl ClientStatus {
    /// Every member.
    pub const ALL: [Self; 4] = [Self::Active, Self::ProductionVerification, Self::Suspended, Self::Terminated];

    /// As stored and sent.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::ProductionVerification => "production_verification",
            Self::Suspended => "suspended",
            Self::Terminated => "terminated",
        }
    }

    /// The reverse of [`Self::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.as_str() == text)
    }
}

/// What a client may be approved for, each by itself (guideline 1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Api {
    /// 属性連携: `attribute_linkage`.
    AttributeLinkage,
    /// 利用者登録: `user_registration`.
    UserRegistration,
    /// お知らせ・民送情報取得: `delivered_documents`, scopes `notices` and `documents`.
    NoticesDocuments,
}

impl Api {
    /// Every member.
    pub const ALL: [Self; 3] = [Self::AttributeLinkage, Self::UserRegistration, Self::NoticesDocuments];

    /// As stored and sent.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AttributeLinkage => "attribute_linkage",
            Self::UserRegistration => "user_registration",
            Self::NoticesDocuments => "notices_documents",
        }
    }

    /// The reverse of [`Self::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|a| a.as_str() == text)
    }

    /// Its name on pages (guideline section 2.1).
    pub fn label(self, lang: Lang) -> &'static str {
        match (self, lang) {
            (Self::AttributeLinkage, Lang::Ja) => "属性連携設定API",
            (Self::AttributeLinkage, Lang::En) => "Attribute linkage API",
            (Self::UserRegistration, Lang::Ja) => "利用者登録等API",
            (Self::UserRegistration, Lang::En) => "User registration API",
            (Self::NoticesDocuments, Lang::Ja) => "お知らせ・民送情報取得API",
            (Self::NoticesDocuments, Lang::En) => "Notices and delivered documents API",
        }
    }
}

/// RFC 3339 in JSON, whole seconds.
pub(super) mod time {
    use base::Timestamp;
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(t: &Timestamp, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&t.rfc3339())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Timestamp, D::Error> {
        let text = String::deserialize(d)?;
        Timestamp::parse_rfc3339(&text).map(|t| Timestamp::from_secs(t.secs())).ok_or_else(|| {
            serde::de::Error::custom(format!(
                "'{}' is no time of RFC 3339 with its offset",
                crate::error::shorten(&text)
            ))
        })
    }
}

/// As [`time`], or `null`.
pub(super) mod opt_time {
    use base::Timestamp;
    use serde::{Deserialize, Deserializer, Serialize as _, Serializer};

    #[expect(clippy::ref_option, reason = "serde asks for it")]
    pub fn serialize<S: Serializer>(t: &Option<Timestamp>, s: S) -> Result<S::Ok, S::Error> {
        t.map(Timestamp::rfc3339).serialize(s)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Timestamp>, D::Error> {
        #[derive(Deserialize)]
        struct Wrapped(#[serde(with = "super::time")] Timestamp);
        Ok(Option::<Wrapped>::deserialize(d)?.map(|w| w.0))
    }
}

/// A change of status that takes effect by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scheduled {
    /// From when on.
    #[serde(with = "time")]
    pub at: Timestamp,
    /// What it is then.
    pub status: ClientStatus,
}

/// Somebody who may try a client in `production_verification`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TesterEntry {
    /// The desk's id of this person, opaque to the portal.
    pub tester_id: String,
    /// Whom the link is for, as the page says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `b64url(SHA-256(token))` of the token in the tester's link `{portal}/verification/{token}`.
    pub token_hash: String,
    /// Until when they may test.
    #[serde(with = "time")]
    pub not_after: Timestamp,
}

/// A client as the desk decided it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientEntry {
    /// `client_id`
    pub client_id: String,
    /// Grows with every change of this client.
    pub revision: u64,
    /// What kind of party it is; left out for an API user.
    #[serde(default = "api_user", skip_serializing_if = "is_api_user")]
    pub kind: ClientKind,
    /// RFC 7591 metadata.
    pub metadata: Map<String, Value>,
    /// Its status from now on.
    pub status: ClientStatus,
    /// Why, for the operator; never shown to citizens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Changes of status to come, in the order of their times.
    #[serde(default)]
    pub schedule: Vec<Scheduled>,
    /// End of a test period: from then on as `suspended`.
    #[serde(default, with = "opt_time")]
    pub not_after: Option<Timestamp>,
    /// What it is approved for.
    pub apis: Vec<Api>,
    /// The delivery services it is approved for.
    pub delivery_services: Vec<String>,
    /// Who may try it in `production_verification`.
    #[serde(default)]
    pub testers: Vec<TesterEntry>,
    /// Receipt number of the case that decided this.
    pub case: String,
    /// Opaque ids of the two people who decided it.
    pub decided_by: [String; 2],
}

const fn api_user() -> ClientKind {
    ClientKind::ApiUser
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn is_api_user(kind: &ClientKind) -> bool {
    *kind == ClientKind::ApiUser
}

/// 1 to 64 of letters, digits, `-`, `_` and `.`: what may become part of an address.
pub fn plain_id(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
    (1..=64).contains(&text.len()) && text.bytes().all(plain) && text != "." && text != ".."
}

/// Words for operators: 1 to `max` characters, no control characters but line breaks.
fn words(text: &str, max: usize) -> bool {
    (1..=max).contains(&text.chars().count()) && !text.chars().any(|c| c.is_control() && c != '\n')
}

impl ClientEntry {
    /// Out of an instruction's `client`. The metadata is judged where the server's policy is known
    /// ([`crate::ClientMetadata::from_json`]).
    ///
    /// # Errors
    /// What is wrong, naming the member.
    pub fn read(value: &Value) -> Result<Self, String> {
        let entry: Self = serde_json::from_value(value.clone()).map_err(|e| format!("client: {e}"))?;
        entry.judge().map_err(|(member, what)| format!("client.{member}: {what}"))?;
        Ok(entry)
    }

    fn judge(&self) -> Result<(), (String, &'static str)> {
        let fail = |member: &str, what| Err((member.to_owned(), what));
        if !plain_id(&self.client_id) {
            return fail("client_id", "has to be 1 to 64 of letters, digits, '-', '_' and '.'");
        }
        if self.revision == 0 || i64::try_from(self.revision).is_err() {
            return fail("revision", "begins with 1 and grows with every change");
        }
        if self.kind == ClientKind::Portal {
            return fail("kind", "is api_user or delivery");
        }
        if self.reason.as_ref().is_some_and(|r| !words(r, 2_000)) {
            return fail("reason", "has to be 1 to 2,000 characters");
        }
        if self.schedule.len() > MAX_SCHEDULE {
            return fail("schedule", "has more than 16 changes");
        }
        if let Some(i) = self.schedule.windows(2).position(|w| w[0].at >= w[1].at) {
            return Err((format!("schedule[{}].at", i + 1), "has to be later than the one before"));
        }
        if let Some(i) = self.schedule.iter().rev().skip(1).position(|s| s.status == ClientStatus::Terminated) {
            let i = self.schedule.len() - 2 - i;
            return Err((format!("schedule[{i}].status"), "terminated is the last change there can be"));
        }
        if (1..self.apis.len()).any(|i| self.apis[..i].contains(&self.apis[i])) {
            return fail("apis", "names one twice");
        }
        if self.delivery_services.len() > MAX_SERVICES {
            return fail("delivery_services", "has more than 200 ids");
        }
        if let Some(i) = self.delivery_services.iter().position(|d| !plain_id(d)) {
            return Err((format!("delivery_services[{i}]"), "is no id of a delivery service"));
        }
        if self.testers.len() > MAX_TESTERS {
            return fail("testers", "has more than 50 people");
        }
        for (i, t) in self.testers.iter().enumerate() {
            if !plain_id(&t.tester_id) {
                return Err((
                    format!("testers[{i}].tester_id"),
                    "has to be 1 to 64 of letters, digits, '-', '_' and '.'",
                ));
            }
            if t.name.as_ref().is_some_and(|n| !words(n, 100)) {
                return Err((format!("testers[{i}].name"), "has to be 1 to 100 characters"));
            }
            if base::codec::b64url_decode(&t.token_hash).is_none_or(|hash| hash.len() != 32) {
                return Err((format!("testers[{i}].token_hash"), "has to be the SHA-256 of the token, base64url"));
            }
            let same = |o: &TesterEntry| o.tester_id == t.tester_id || o.token_hash == t.token_hash;
            if self.testers[..i].iter().any(same) {
                return Err((format!("testers[{i}]"), "stands twice"));
            }
        }
        if !words(&self.case, 100) {
            return fail("case", "has to be the case's receipt number");
        }
        // Four eyes: whatever acts on the running system was decided by two people.
        match &self.decided_by {
            [a, b] if a != b && words(a, 100) && words(b, 100) => Ok(()),
            _ => fail("decided_by", "has to name two different people"),
        }
    }

    /// What the portal looks at when it judges a request.
    pub fn terms(&self) -> Terms {
        let tester = |t: &TesterEntry| TesterTerms { tester_id: t.tester_id.clone(), not_after: t.not_after };
        Terms {
            schedule: self.schedule.clone(),
            not_after: self.not_after,
            apis: Some(self.apis.clone()),
            delivery_services: Some(self.delivery_services.clone()),
            testers: self.testers.iter().map(tester).collect(),
        }
    }
}

/// A delivery service as the desk decided it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeliveryEntry {
    /// Id in `authorization_details`.
    pub id: String,
    /// Grows with every change of this delivery service.
    pub revision: u64,
    /// Name on the pages.
    pub name: ClientName,
    /// Who runs it, on the pages.
    pub operator: ClientName,
    /// Issuer of its authorization server.
    pub issuer: String,
    /// The portal's client id there.
    pub client_id: String,
    /// Origin of its linkage and document resources, when not at the issuer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resources: Option<String>,
    /// Its client id here, for single sign-on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sso_client_id: Option<String>,
    /// Where single sign-on begins there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initiate_login_uri: Option<String>,
    /// `active` or `suspended`.
    pub status: ClientStatus,
    /// Operating days and hours, in words (guideline table 2.4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operating: Option<ClientName>,
}

impl DeliveryEntry {
    /// Out of an instruction's `delivery_service`.
    ///
    /// # Errors
    /// What is wrong, naming the member.
    pub fn read(value: &Value) -> Result<Self, String> {
        let entry: Self = serde_json::from_value(value.clone()).map_err(|e| format!("delivery_service: {e}"))?;
        entry.judge().map_err(|(member, what)| format!("delivery_service.{member}: {what}"))?;
        Ok(entry)
    }

    fn judge(&self) -> Result<(), (&'static str, &'static str)> {
        let both = |n: &ClientName, max| words(&n.ja, max) && words(&n.en, max);
        if !plain_id(&self.id) {
            return Err(("id", "has to be 1 to 64 of letters, digits, '-', '_' and '.'"));
        }
        if self.revision == 0 || i64::try_from(self.revision).is_err() {
            return Err(("revision", "begins with 1 and grows with every change"));
        }
        if !both(&self.name, 100) {
            return Err(("name", "has to be 1 to 100 characters in ja and en"));
        }
        if !both(&self.operator, 100) {
            return Err(("operator", "has to be 1 to 100 characters in ja and en"));
        }
        if crate::redirect::check_url("issuer", &self.issuer).is_err() || self.issuer.ends_with('/') {
            return Err(("issuer", "has to be an https address (http only on localhost) without a slash at the end"));
        }
        if self.client_id.is_empty()
            || self.client_id.len() > 255
            || !self.client_id.bytes().all(|b| b.is_ascii_graphic())
        {
            return Err(("client_id", "has to be 1 to 255 visible ASCII characters"));
        }
        if self.resources.as_ref().is_some_and(|r| crate::redirect::check_url("resources", r).is_err()) {
            return Err(("resources", "has to be an https address (http only on localhost)"));
        }
        if self.sso_client_id.as_ref().is_some_and(|id| !plain_id(id)) {
            return Err(("sso_client_id", "has to be a client id of this portal"));
        }
        if self.initiate_login_uri.as_ref().is_some_and(|u| crate::redirect::check_url("u", u).is_err()) {
            return Err(("initiate_login_uri", "has to be an https address (http only on localhost)"));
        }
        if !matches!(self.status, ClientStatus::Active | ClientStatus::Suspended) {
            return Err(("status", "is active or suspended"));
        }
        if self.operating.as_ref().is_some_and(|o| !both(o, 500)) {
            return Err(("operating", "has to be 1 to 500 characters in ja and en"));
        }
        Ok(())
    }
}

/// A remark in both languages; each may be left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Note {
    /// 日本語
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ja: Option<String>,
    /// English
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub en: Option<String>,
}

/// A maintenance window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WindowEntry {
    /// Its id, the desk's.
    pub id: String,
    /// Whose.
    pub delivery_service: String,
    /// From.
    #[serde(with = "time")]
    pub starts_at: Timestamp,
    /// To.
    #[serde(with = "time")]
    pub ends_at: Timestamp,
    /// A remark, shown to everybody.
    #[serde(default)]
    pub note: Note,
}

impl WindowEntry {
    /// Out of an instruction's `window`.
    ///
    /// # Errors
    /// What is wrong, naming the member.
    pub fn read(value: &Value) -> Result<Self, String> {
        let entry: Self = serde_json::from_value(value.clone()).map_err(|e| format!("window: {e}"))?;
        if !plain_id(&entry.id) {
            return Err("window.id: has to be 1 to 64 of letters, digits, '-', '_' and '.'".to_owned());
        }
        if entry.ends_at <= entry.starts_at {
            return Err("window.ends_at: has to be after starts_at".to_owned());
        }
        for (lang, note) in [("ja", &entry.note.ja), ("en", &entry.note.en)] {
            if note.as_ref().is_some_and(|n| !n.is_empty() && !words(n, 500)) {
                return Err(format!("window.note.{lang}: has to be at most 500 characters"));
            }
        }
        Ok(entry)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn client() -> Value {
        json!({
            "client_id": "tax", "revision": 1, "metadata": {"client_name": "Tax"}, "status": "active",
            "schedule": [{"at": "2026-12-01T00:00:00+09:00", "status": "suspended"}], "not_after": null,
            "apis": ["attribute_linkage"], "delivery_services": ["post"],
            "testers": [{"tester_id": "t1", "token_hash": "RBNvo1WzZ4oRRq0W9-hknpT7T8If536DEMBg9hyq_4o", "not_after": "2026-12-01T00:00:00Z"}],
            "case": "A-2026-0001", "decided_by": ["stf_1", "stf_2"],
        })
    }

    #[test]
    fn an_entry_is_read_and_written() {
        let entry = ClientEntry::read(&client()).unwrap();
        assert_eq!(entry.kind, ClientKind::ApiUser);
        assert_eq!(entry.schedule[0].at.rfc3339(), "2026-11-30T15:00:00Z");
        let again = serde_json::to_value(&entry).unwrap();
        assert_eq!(ClientEntry::read(&again).unwrap(), entry);
        assert!(again.get("kind").is_none() && again["not_after"].is_null());
        assert_eq!(entry.terms().testers[0].tester_id, "t1");
    }

    #[test]
    fn mistakes_in_an_entry_are_named() {
        let t = |n: u8| json!({"tester_id": format!("t{n}"), "token_hash": "RBNvo1WzZ4oRRq0W9-hknpT7T8If536DEMBg9hyq_4o", "not_after": "2026-12-01T00:00:00Z"});
        let at = |day: u8, status: &str| json!({"at": format!("2026-12-0{day}T00:00:00Z"), "status": status});
        for (member, value, what) in [
            ("client_id", json!("a/b"), "client.client_id"),
            ("client_id", json!(".."), "client.client_id"),
            ("revision", json!(0), "client.revision"),
            ("revision", json!(-1), "client: invalid value"),
            ("kind", json!("portal"), "client.kind"),
            ("status", json!("on"), "unknown variant `on`"),
            ("reason", json!(""), "client.reason"),
            ("schedule", json!([{"at": "tomorrow", "status": "active"}]), "'tomorrow' is no time"),
            ("schedule", json!([at(2, "active"), at(1, "suspended")]), "client.schedule[1].at"),
            ("schedule", json!([at(1, "terminated"), at(2, "active")]), "client.schedule[0].status"),
            ("not_after", json!("2026-12-01"), "is no time"),
            ("apis", json!(["payment"]), "unknown variant `payment`"),
            ("apis", json!(["user_registration", "user_registration"]), "client.apis: names one twice"),
            ("delivery_services", json!(["a b"]), "client.delivery_services[0]"),
            ("testers", json!([t(1), t(2)]), "client.testers[1]: stands twice"),
            (
                "testers",
                json!([{"tester_id": "t", "token_hash": "abc", "not_after": "2026-12-01T00:00:00Z"}]),
                "token_hash",
            ),
            ("decided_by", json!(["stf_1", "stf_1"]), "client.decided_by: has to name two different people"),
            ("decided_by", json!(["stf_1"]), "invalid length 1"),
            ("case", json!(""), "client.case"),
            ("colour", json!("red"), "unknown field `colour`"),
        ] {
            let mut wrong = client();
            wrong[member] = value;
            let e = ClientEntry::read(&wrong).unwrap_err();
            assert!(e.contains(what), "{member}: {e}");
        }
        let mut missing = client();
        missing.as_object_mut().unwrap().remove("apis");
        assert!(ClientEntry::read(&missing).unwrap_err().contains("missing field `apis`"));
    }

    #[test]
    fn mistakes_in_services_and_windows_are_named() {
        let service = json!({
            "id": "post", "revision": 1, "name": {"ja": "郵便", "en": "Post"}, "operator": {"ja": "会社", "en": "Company"},
            "issuer": "https://post.example", "client_id": "portal", "status": "active",
            "operating": {"ja": "年中無休", "en": "Every day"},
        });
        DeliveryEntry::read(&service).unwrap();
        for (member, value, what) in [
            ("id", json!(""), "delivery_service.id"),
            ("revision", json!(0), "delivery_service.revision"),
            ("name", json!({"ja": "", "en": "x"}), "delivery_service.name"),
            ("operator", json!({"ja": "x"}), "missing field `en`"),
            ("issuer", json!("http://post.example"), "delivery_service.issuer"),
            ("issuer", json!("https://post.example/"), "delivery_service.issuer"),
            ("client_id", json!(""), "delivery_service.client_id"),
            ("resources", json!("ftp://x"), "delivery_service.resources"),
            ("sso_client_id", json!("a b"), "delivery_service.sso_client_id"),
            ("initiate_login_uri", json!("x"), "delivery_service.initiate_login_uri"),
            ("status", json!("terminated"), "delivery_service.status"),
            ("operating", json!({"ja": "", "en": ""}), "delivery_service.operating"),
        ] {
            let mut wrong = service.clone();
            wrong[member] = value;
            let e = DeliveryEntry::read(&wrong).unwrap_err();
            assert!(e.contains(what), "{member}: {e}");
        }
        let window = json!({"id": "mnt_1", "delivery_service": "post", "starts_at": "2026-12-01T00:00:00Z", "ends_at": "2026-12-01T02:00:00Z"});
        assert_eq!(WindowEntry::read(&window).unwrap().note, Note::default());
        for (member, value, what) in [
            ("id", json!("a b"), "window.id"),
            ("ends_at", json!("2026-12-01T00:00:00Z"), "window.ends_at"),
            ("note", json!({"ja": "x".repeat(501)}), "window.note.ja"),
            ("note", json!({"fr": "x"}), "unknown field `fr`"),
        ] {
            let mut wrong = window.clone();
            wrong[member] = value;
            let e = WindowEntry::read(&wrong).unwrap_err();
            assert!(e.contains(what), "{member}: {e}");
        }
    }
}
