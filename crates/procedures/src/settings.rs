//! From approved sheets to the client that a portal is told to have.

use base::Timestamp;
use oauth::client::{ClientKind, RegistrationPolicy};
use oauth::rar::types;
use oauth::registry::{ClientEntry, ClientStatus, Scheduled, TesterEntry};
use oauth::{ClientMetadata, Keys, Scope};
use serde_json::{Map, Value, json};

use crate::answers::Answers;
use crate::case::{Case, Context};
use crate::catalogue::{Api, Environment, Form, Means, plus_days};
use crate::check::parse_keys;

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
    pub testers: Vec<TesterEntry>,
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
) -> Result<ClientEntry, SettingsError> {
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
    Ok(ClientEntry {
        client_id: parts.client_id,
        kind: ClientKind::ApiUser,
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
