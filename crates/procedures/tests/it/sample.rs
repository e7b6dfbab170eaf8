//! Sound answers to every form, and people.

use std::collections::BTreeMap;
use std::sync::{LazyLock, Mutex};

use base::{Rng, Timestamp};
use jose::{Alg, SigningKey};
use procedures::{
    Answer, Answers, By, Case, Catalogue, Choice, Context, FileRef, Kind, Member, Opening, Plain, ServiceState, Staff,
    Text,
};

pub static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::builtin().unwrap());
pub static SERVICES: LazyLock<Vec<Choice>> = LazyLock::new(|| {
    vec![
        Choice { id: "mihon-post".to_owned(), label: Text::new("みほん私書箱", "Mihon Post") },
        Choice { id: "other-post".to_owned(), label: Text::new("ほかの私書箱", "Other Post") },
    ]
});

pub fn at(text: &str) -> Timestamp {
    Timestamp::parse_rfc3339(text).unwrap()
}

pub fn ctx(now: Timestamp) -> Context<'static> {
    Context { catalogue: &CATALOGUE, delivery_services: &SERVICES, now, local_is_fine: false }
}

pub fn plain(text: &str) -> Plain {
    Plain::new(text).unwrap()
}

pub fn file(name: &str) -> Answer {
    let p = |t: &str| plain(t);
    Answer::Files(vec![FileRef {
        id: p("att_1"),
        name: p(name),
        media_type: p("application/pdf"),
        size: 9,
        sha256: p("x"),
    }])
}

static MADE: LazyLock<Mutex<BTreeMap<(String, String), Answers>>> = LazyLock::new(Mutex::default);

/// Sound answers to a form on that day, made from the examples of its fields.
pub fn answers(form: &str, now: Timestamp) -> Answers {
    let key = (form.to_owned(), ctx(now).world(None).today.to_string());
    if let Some(made) = MADE.lock().unwrap().get(&key) {
        return made.clone();
    }
    let made = make(form, now);
    MADE.lock().unwrap().insert(key, made.clone());
    made
}

fn make(form: &str, now: Timestamp) -> Answers {
    let form = CATALOGUE.form(form).unwrap();
    let world = ctx(now).world(None);
    let mut pairs: Vec<(String, String)> = Vec::new();
    let day = |n: i64| world.today.saturating_add(jiff::Span::new().days(n)).to_string();
    let text = |f: &procedures::Field| match f.kind {
        Kind::Date if f.until_today => day(0),
        Kind::Date => day(60),
        Kind::Choice => f.choices[0].id.clone(),
        Kind::YesNo => "yes".to_owned(),
        Kind::Apis => "attribute_linkage\nnotices_documents".to_owned(),
        Kind::DeliveryServices => "mihon-post".to_owned(),
        Kind::Choices => f.choices.iter().map(|c| c.id.clone()).collect::<Vec<_>>().join("\n"),
        _ => f.example.clone().unwrap_or_else(|| "説明".to_owned()),
    };
    for f in form.fields().filter(|f| f.required) {
        if f.kind.is_rows() {
            for c in &f.columns {
                pairs.push((format!("{}.0.{}", f.id, c.id), text(c)));
            }
        } else if f.id == "jwks" {
            let key = SigningKey::generate(Alg::Es256, &Rng::seeded(1)).unwrap();
            pairs.push((f.id.clone(), serde_json::json!({"keys": [key.jwk()]}).to_string()));
        } else if !f.kind.is_files() {
            pairs.push((f.id.clone(), text(f)));
        }
    }
    let reading = form.read(pairs.iter().map(|(a, b)| (a.as_str(), b.as_str())), &Answers::new(), &world);
    assert_eq!(reading.findings, [], "{}", form.id);
    let mut out = reading.answers;
    for f in form.fields().filter(|f| f.required && f.kind.is_files()) {
        out.set(&f.id, file("証跡.pdf"));
    }
    out
}

pub fn forms(ids: &[String], now: Timestamp) -> BTreeMap<String, Answers> {
    ids.iter().map(|id| (id.clone(), answers(id, now))).collect()
}

pub fn applicant() -> By {
    By::member("acc_owner", "org_1", Member::Owner)
}

pub fn reception() -> By {
    By::staff("acc_reception", &[Staff::Reception])
}

pub fn reviewer() -> By {
    By::staff("acc_reviewer", &[Staff::Reviewer, Staff::Operator])
}

pub fn approver() -> By {
    By::staff("acc_approver", &[Staff::Approver, Staff::Reviewer])
}

pub fn operator() -> By {
    By::staff("acc_operator", &[Staff::Operator])
}

pub fn opening(procedure: &str, state: ServiceState, now: Timestamp) -> Opening {
    let live: &[&str] = match state {
        ServiceState::New => &[],
        _ => &["plan", "check-eligibility", "check-security", "sheet-1-production", "sheet-4"],
    };
    Opening {
        receipt: "R8-000001".to_owned(),
        procedure: procedure.to_owned(),
        organisation: "org_1".to_owned(),
        service: "svc_1".to_owned(),
        state,
        live: live.iter().map(|f| ((*f).to_owned(), answers(f, now))).collect(),
        reason: plain("事故のため"),
    }
}

pub fn open(procedure: &str, state: ServiceState, now: Timestamp) -> Case {
    let by = if procedure == "emergency" { operator() } else { applicant() };
    Case::open(opening(procedure, state, now), &by, &ctx(now)).unwrap()
}
