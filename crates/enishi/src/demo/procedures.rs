//! Sample organisations at the desk, in every phase: made by the desk's own services, each step by somebody else.

use std::time::Duration;

use control::players::{self, Applicant, Crew, Fill, Service};
use desk::Desk;
use desk::staff::StaffRole;
use jose::{Alg, SigningKey};
use procedures::Text;
use serde_json::json;

use super::DELIVERY_ID;
use super::files::{Demo, Part};
use crate::config::ConfigError;

/// Everybody's password at the desk of a demonstration.
pub(super) const PASSWORD: &str = "mihon-desk-2026-enishi";
/// Everybody's authenticator.
const TOTP: &[u8; 20] = b"enishi-mihon-desk-01";

/// A member of staff.
pub(super) struct Staff {
    pub(super) email: &'static str,
    name: &'static str,
    roles: &'static [StaffRole],
}

impl Staff {
    pub(super) fn roles(&self) -> Vec<&'static str> {
        self.roles.iter().map(|r| r.as_str()).collect()
    }
}

/// The members of staff.
pub(super) const STAFF: &[Staff] = &[
    Staff { email: "reception@desk.example", name: "受付 一郎", roles: &[StaffRole::Reception] },
    Staff { email: "reviewer@desk.example", name: "審査 二子", roles: &[StaffRole::Reviewer] },
    Staff { email: "approver@desk.example", name: "承認 三郎", roles: &[StaffRole::Approver] },
    Staff { email: "operator@desk.example", name: "運用 四葉", roles: &[StaffRole::Operator] },
    Staff { email: "administrator@desk.example", name: "管理 六郎", roles: &[StaffRole::Administrator] },
    Staff { email: "auditor@desk.example", name: "監査 五月", roles: &[StaffRole::Auditor] },
];

/// People who act for the sample organisations.
pub(super) const OWNERS: &[&str] = &[
    "hajime@kakeibo.example",
    "futaba@hoken.example",
    "mitsuki@kyuyo.example",
    "yotsuba@zeimu.example",
    "itsuki@nencho.example",
    "mutsumi@nenkin.example",
];

/// The authenticator's secret as apps take it.
pub(super) fn totp_text() -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    // 20 bytes are 32 characters without padding.
    let bit = |i: usize| usize::from(TOTP[i / 8] >> (7 - i % 8) & 1);
    (0..32).map(|c| (0..5).fold(0, |n, b| n << 1 | bit(c * 5 + b))).map(|n| char::from(ALPHABET[n])).collect()
}

fn failed(e: impl std::fmt::Display) -> ConfigError {
    ConfigError::new(format!("desk: {e}"))
}

/// The staff, with their known passwords.
pub(super) async fn staff(desk: &Desk) -> Result<Crew, ConfigError> {
    let mut made = Vec::new();
    for s in STAFF {
        made.push(players::hire(desk, s.email, s.name, PASSWORD, TOTP, s.roles).await.map_err(failed)?);
    }
    let [reception, reviewer, approver, operator, ..] =
        <[_; STAFF.len()]>::try_from(made).map_err(|_| failed("the staff is not complete"))?;
    Ok(Crew { reception, reviewer, approver, operator, patience: Duration::from_secs(30) })
}

/// Where a sample organisation stands.
struct Stand {
    org: (&'static str, &'static str),
    person: &'static str,
    service: &'static str,
    /// The step before which its application stands; none: it is in service.
    until: Option<&'static str>,
    /// A procedure begun after that, and where it stands.
    then: Option<(&'static str, Option<&'static str>)>,
}

const STANDS: [Stand; 6] = [
    Stand {
        org: ("みほん家計簿株式会社", "Mihon Household Inc."),
        person: "家計 一",
        service: "家計簿アプリ",
        until: Some("A-2"),
        then: None,
    },
    Stand {
        org: ("みほん保険代理店株式会社", "Mihon Insurance Agency Inc."),
        person: "保険 二葉",
        service: "保険の見直し",
        until: Some("A-4"),
        then: None,
    },
    Stand {
        org: ("みほん給与計算株式会社", "Mihon Payroll Inc."),
        person: "給与 三月",
        service: "給与計算クラウド",
        until: Some("A-11"),
        then: None,
    },
    Stand {
        org: ("みほん税務ソフト株式会社", "Mihon Tax Software Inc."),
        person: "税務 四葉",
        service: "確定申告ソフト",
        until: Some("A-17"),
        then: None,
    },
    Stand {
        org: ("みほん年末調整株式会社", "Mihon Year-End Inc."),
        person: "調整 五樹",
        service: "年末調整",
        until: None,
        then: Some(("change", Some("B-2"))),
    },
    Stand {
        org: ("みほん年金相談株式会社", "Mihon Pension Advice Inc."),
        person: "年金 六実",
        service: "年金の相談",
        until: None,
        then: Some(("suspension", None)),
    },
];

/// The delivery service and the organisations, each brought to its phase. What is there already is left as it is.
pub(super) async fn organisations(demo: &Demo, desk: &Desk, crew: &Crew) -> Result<(), ConfigError> {
    delivery_service(demo, desk, crew).await?;
    for (stand, email) in STANDS.iter().zip(OWNERS) {
        let person = players::member(desk, email).await.map_err(failed)?;
        if person.is_some() {
            // Of a start that was interrupted; people may have gone on with it by hand.
            continue;
        }
        let company = players::company(desk, stand.org.0, stand.org.1);
        let who = players::register(desk, email, stand.person, PASSWORD, company).await.map_err(failed)?;
        one(desk, crew, &who, stand).await?;
        demo.progress(&format!("  desk: {}\n", stand.org.0));
    }
    Ok(())
}

async fn one(desk: &Desk, crew: &Crew, who: &Applicant, stand: &Stand) -> Result<(), ConfigError> {
    let key = SigningKey::generate(Alg::Es256, desk.rng()).map_err(failed)?;
    let fill = Fill::from([
        ("jwks".to_owned(), json!({ "keys": [key.jwk()] }).to_string()),
        ("organisation_name".to_owned(), who.name.clone()),
        ("service_name_ja".to_owned(), stand.service.to_owned()),
    ]);
    let case = players::open(desk, who, "admission", Service::New(stand.service)).await.map_err(failed)?;
    players::play(desk, crew, who, &case, stand.until, &fill).await.map_err(failed)?;
    if let Some((procedure, until)) = stand.then {
        let service = players::service_of(desk, &case).await.map_err(failed)?;
        let case = players::open(desk, who, procedure, Service::There(&service)).await.map_err(failed)?;
        players::play(desk, crew, who, &case, until, &fill).await.map_err(failed)?;
    }
    Ok(())
}

async fn delivery_service(demo: &Demo, desk: &Desk, crew: &Crew) -> Result<(), ConfigError> {
    let at = |part: Part| {
        let issuer = demo.origin(part);
        Some(control::Connection {
            resources: None,
            client_id: "portal".to_owned(),
            sso_client_id: Some(DELIVERY_ID.to_owned()),
            initiate_login_uri: Some(format!("{issuer}/sso/start")),
            issuer,
        })
    };
    let put = control::Put {
        id: DELIVERY_ID.to_owned(),
        service: control::DeliveryService {
            name: Text::new("見本ポスト", "Mihon Post"),
            operator: Text::new("見本送達株式会社（見本）", "Mihon Delivery Inc. (fictitious)"),
            operating: Text::new(
                "年中無休、24時間（メンテナンスの時間を除く）",
                "Every day, around the clock (except for maintenance)",
            ),
            test: at(Part::Delivery),
            production: at(Part::LiveDelivery),
        },
        status: control::Admission::Active,
        seen: 0,
        by: crew.operator.id.clone(),
        note: String::new(),
    };
    let writer = desk.clone();
    // `false`: it was admitted by an earlier start.
    desk.db().write(move |tx| control::put_delivery_service(&writer, tx, &put)).await.map(drop).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secret_is_base32() {
        // Computed with Python's base64.b32encode.
        assert_eq!(totp_text(), "MVXGS43INEWW22LIN5XC2ZDFONVS2MBR");
    }
}
