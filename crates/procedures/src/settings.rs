//! From approved sheets to the client that a portal is told to have.

use base::Timestamp;
use oauth::client::RegistrationPolicy;
use oauth::rar::types;
use oauth::{ClientMetadata, Keys, Scope};
use serde_json::{Map, Value, json};

use crate::answers::Answers;
use crate::case::{Case, Context, Effect};
use crate::catalogue::{Api, EffectKind, Environment, Form, Means, plus_days};
use crate::check::parse_keys;
use crate::registry::{ClientSettings, ClientStatus, Scheduled, Tester};

/// Why there are no settings.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// No sheet of the environment was submitted.
    #[error("no settings sheet for this environment was submitted")]
    NoSheet,
    /// No API that was approved is asked for.
    #[error("no API was approved, or none of those is asked for")]
    NoApi,
    /// Nobody decided.
    #[error("there is no decision of two people")]
    Undecided,
    /// What the sheets say is not the metadata of a client; the portal would refuse it likewise.
    #[error("{0}")]
    Metadata(String),
}

/// What the sheets don't say.
#[derive(Clone, Debug)]
pub struct ClientParts {
    /// `client_id`
    pub client_id: String,
    /// Greater than any before.
    pub revision: u64,
    /// What it is to be now.
    pub status: ClientStatus,
    /// Why.
    pub reason: Option<String>,
    /// What it is to be later.
    pub schedule: Vec<Scheduled>,
    /// The links of the testers ([`testers`] says who they are).
    pub testers: Vec<Tester>,
    /// Where the logo is served.
    pub logo_uri: Option<String>,
}

/// A tester as the form names them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedTester {
    /// The name.
    pub name: String,
    /// The address for the link.
    pub email: String,
}

/// The testers that the newest application names.
pub fn testers(case: &Case, ctx: &Context<'_>) -> Vec<NamedTester> {
    let forms = case.submissions.iter().rev().flat_map(|s| &s.forms);
    let rows = forms.filter_map(|(id, a)| Some(a.rows(&ctx.catalogue.form(id)?.meaning(Means::Testers)?.id))).next();
    let text = |row: &crate::Row, column: &str| row.get(column).map(|t| t.as_str().to_owned()).unwrap_or_default();
    let named = |row| NamedTester { name: text(row, "name"), email: text(row, "email") };
    rows.unwrap_or_default().iter().map(named).collect()
}

/// The client of a case for one environment, from its newest sheets (or the live ones, where the case has none) and what
/// was approved. It is read once more as the portal will read it.
///
/// # Errors
/// [`SettingsError`]
pub fn client(
    case: &Case,
    environment: Environment,
    parts: ClientParts,
    ctx: &Context<'_>,
) -> Result<ClientSettings, SettingsError> {
    let sheets: Vec<(&Form, &Answers)> = ctx
        .catalogue
        .forms
        .iter()
        .filter(|f| f.environment == Some(environment))
        .filter_map(|f| Some((f, case.form(&f.id).or_else(|| case.live.get(&f.id))?)))
        .collect();
    if sheets.is_empty() {
        return Err(SettingsError::NoSheet);
    }
    let decision = case.decisions.last().ok_or(SettingsError::Undecided)?;
    // Of what was approved, what the sheets ask for.
    let asked = |means: Means| sheets.iter().find_map(|(f, a)| Some(a.list(&f.meaning(means)?.id)));
    let (wanted, services) = (asked(Means::Apis), asked(Means::DeliveryServices));
    let apis: Vec<Api> =
        case.apis.iter().copied().filter(|a| wanted.as_ref().is_none_or(|w| w.contains(&a.as_str()))).collect();
    let delivery_services = case.delivery_services.iter();
    let delivery_services = delivery_services.filter(|s| services.as_ref().is_none_or(|w| w.contains(&s.as_str())));
    if apis.is_empty() {
        return Err(SettingsError::NoApi);
    }
    Ok(ClientSettings {
        client_id: parts.client_id,
        revision: parts.revision,
        metadata: metadata(&sheets, &apis, parts.logo_uri)?,
        status: parts.status,
        reason: parts.reason,
        schedule: parts.schedule,
        not_after: (environment == Environment::Test).then(|| test_until(&sheets)).flatten(),
        delivery_services: delivery_services.cloned().collect(),
        apis,
        testers: parts.testers,
        case: case.receipt.clone(),
        decided_by: decision.decided_by(),
    })
}

/// What a portal was told last, as it has to be after an effect that changes what a client is and not its settings: the start
/// of the service, the planned ones, suspension at once, and the closing of what was opened. `None` for effects that are about
/// settings (those are made by [`client`]) or about no portal.
pub fn restated(
    last: &ClientSettings,
    effect: &Effect,
    receipt: &str,
    revision: u64,
    now: Timestamp,
) -> Option<ClientSettings> {
    let mut next = ClientSettings {
        revision,
        case: receipt.to_owned(),
        decided_by: effect.decided_by.clone(),
        reason: None,
        ..last.clone()
    };
    // What was planned and has come is what it is now; it need not be said again.
    next.schedule.sort_by_key(|s| s.at);
    for s in next.schedule.extract_if(.., |s| s.at <= now) {
        next.status = s.status;
    }
    let planned = |status| effect.at.map(|at| Scheduled { at, status });
    match effect.kind {
        EffectKind::StartService => {
            next.status = ClientStatus::Active;
            next.testers.clear();
        }
        EffectKind::ScheduleSuspension => next.schedule.push(planned(ClientStatus::Suspended)?),
        EffectKind::ScheduleResumption => next.schedule.push(planned(ClientStatus::Active)?),
        EffectKind::ScheduleTermination => next.schedule.push(planned(ClientStatus::Terminated)?),
        EffectKind::SuspendNow => {
            next.status = ClientStatus::Suspended;
            // It resumes by a procedure of its own; its end stays planned.
            next.schedule.retain(|s| s.status == ClientStatus::Terminated);
        }
        EffectKind::CloseAccess | EffectKind::DiscardChange => {
            next.status = ClientStatus::Terminated;
            next.schedule.clear();
            next.testers.clear();
        }
        EffectKind::DiscloseSpecifications
        | EffectKind::GrantUse
        | EffectKind::RecordTested
        | EffectKind::ProvisionTest
        | EffectKind::ProvisionVerification
        | EffectKind::ApplyChange => return None,
    }
    next.schedule.sort_by_key(|s| s.at);
    Some(next)
}

/// The end of the last day of the test period, in Japan.
fn test_until(sheets: &[(&Form, &Answers)]) -> Option<Timestamp> {
    let day = sheets.iter().find_map(|(f, a)| a.date(&f.meaning(Means::TestUntil)?.id))?;
    Some(base::calendar::from_jst(plus_days(day, 1).to_datetime(jiff::civil::Time::midnight())))
}

/// Client metadata (RFC 7591) from every field that says which member it becomes, with the scopes and types of
/// authorization details of the approved APIs.
///
/// # Errors
/// [`SettingsError::Metadata`]: what the portal would refuse.
pub fn metadata(
    sheets: &[(&Form, &Answers)],
    apis: &[Api],
    logo_uri: Option<String>,
) -> Result<Map<String, Value>, SettingsError> {
    let mut map = Map::new();
    for (form, answers) in sheets {
        for field in form.fields() {
            let (Some(member), Some(_)) = (&field.metadata, answers.get(&field.id)) else { continue };
            let text = answers.text(&field.id);
            match member.as_str() {
                "redirect_uris" => map.insert(member.clone(), json!(answers.list(&field.id))),
                "contacts" => map.insert(member.clone(), json!([text])),
                "jwks" => match parse_keys(text).map_err(|e| SettingsError::Metadata(e.to_string()))? {
                    Keys::Jwks(set) => map.insert("jwks".to_owned(), json!(set)),
                    Keys::JwksUri(uri) => map.insert("jwks_uri".to_owned(), uri.as_str().into()),
                },
                "client_name#ja" => {
                    map.insert("client_name".to_owned(), text.into());
                    map.insert(member.clone(), text.into())
                }
                _ => map.insert(member.clone(), text.into()),
            };
        }
    }
    if let Some(logo) = logo_uri {
        map.insert("logo_uri".to_owned(), logo.into());
    }
    let mut scope = vec!["openid", "user_status"];
    let mut details = Vec::new();
    for api in apis {
        match api {
            Api::AttributeLinkage => details.push(types::ATTRIBUTE_LINKAGE),
            Api::UserRegistration => details.push(types::USER_REGISTRATION),
            Api::NoticesDocuments => {
                details.push(types::DELIVERED_DOCUMENTS);
                scope.extend(["notices", "documents"]);
            }
        }
    }
    map.insert("scope".to_owned(), scope.join(" ").into());
    map.insert("authorization_details_types".to_owned(), json!(details));
    map.insert("grant_types".to_owned(), json!(["authorization_code"]));
    map.insert("token_endpoint_auth_method".to_owned(), "private_key_jwt".into());
    let policy = RegistrationPolicy {
        grant_types: &["authorization_code"],
        scope: &Scope::of(&scope),
        authorization_details_types: &details,
        id_token_algs: &jose::Alg::ALL,
    };
    let body = Value::Object(map.clone()).to_string();
    ClientMetadata::from_json(body.as_bytes(), &policy).map_err(|e| SettingsError::Metadata(e.description))?;
    Ok(map)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_client_is_follows_from_the_effect() {
        let at = Timestamp::from_secs;
        let mut last = ClientSettings {
            client_id: "cl_1".to_owned(),
            revision: 1,
            metadata: Map::new(),
            status: ClientStatus::ProductionVerification,
            reason: Some("earlier".to_owned()),
            schedule: Vec::new(),
            not_after: None,
            apis: vec![Api::AttributeLinkage],
            delivery_services: Vec::new(),
            testers: vec![Tester {
                tester_id: "t".to_owned(),
                name: None,
                token_hash: "h".to_owned(),
                not_after: at(9),
            }],
            case: "R8-1".to_owned(),
            decided_by: ["a".to_owned(), "b".to_owned()],
        };
        let effect = |kind, secs: Option<i64>| Effect {
            kind,
            key: "k".to_owned(),
            at: secs.map(at),
            decided_by: ["c".to_owned(), "d".to_owned()],
        };
        let mut then = |kind, secs, now| {
            last = restated(&last, &effect(kind, secs), "R8-2", last.revision + 1, at(now)).unwrap();
            let plan: Vec<_> = last.schedule.iter().map(|s| (s.at.secs(), s.status)).collect();
            (last.status, plan, last.testers.len())
        };
        use ClientStatus::{Active, Suspended, Terminated};
        assert_eq!(then(EffectKind::StartService, None, 10), (Active, vec![], 0));
        assert_eq!(then(EffectKind::ScheduleSuspension, Some(100), 20), (Active, vec![(100, Suspended)], 0));
        // Suspended meanwhile by the plan; the end and the resumption are planned in order of time.
        let both = vec![(300, Active), (900, Terminated)];
        assert_eq!(then(EffectKind::ScheduleTermination, Some(900), 100).1, [(900, Terminated)]);
        assert_eq!(then(EffectKind::ScheduleResumption, Some(300), 110), (Suspended, both, 0));
        assert_eq!(then(EffectKind::SuspendNow, None, 301), (Suspended, vec![(900, Terminated)], 0));
        assert_eq!(then(EffectKind::CloseAccess, None, 302), (Terminated, vec![], 0));
        assert_eq!(
            (last.revision, last.case.as_str(), &last.decided_by[0], &last.reason),
            (7, "R8-2", &"c".to_owned(), &None)
        );
        assert_eq!(restated(&last, &effect(EffectKind::ApplyChange, None), "R8-2", 8, at(400)), None);
        // A plan without its time is none.
        assert_eq!(restated(&last, &effect(EffectKind::ScheduleResumption, None), "R8-2", 8, at(400)), None);
    }
}
