//! The parts of the demo: which role each is, where it listens, and the file that `enishi serve` would read for it.

use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use serde::Serialize;
use url::Url;
use web::Environment;

use super::{DELIVERY_ID, Made, PasswordCost, SECOND_ID};
use crate::config::{ConfigError, File, Role};
use crate::roles::{
    IssuerRoots, Name, Pem, PortalDelivery, PortalDesk, PortalTable, SampleDelivery, SampleTable, TestcardTable,
};
use crate::roles_delivery::{DeliveryTable, Samples};
use crate::roles_desk::{DeskPortal, DeskPortals, DeskTable};

/// One process's worth of the demo. The production world stands on another host name of this machine, so that its cookies
/// are its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Test cards.
    Cards,
    /// The delivery service of the test environment.
    Delivery,
    /// A second one, with a name and data of its own.
    Second,
    /// 接続確認環境
    Portal,
    /// The sample service of the test environment.
    Sample,
    /// The desk.
    Desk,
    /// 本番環境 (見本)
    LivePortal,
    /// Its delivery service.
    LiveDelivery,
    /// Cards of a demonstration's own authority, which only this portal trusts.
    LiveCards,
    /// A service that wants to be admitted.
    NewSample,
}

impl Part {
    /// All of them.
    pub(super) const ALL: [Self; 10] = [
        Self::Cards,
        Self::Delivery,
        Self::Second,
        Self::Portal,
        Self::Sample,
        Self::Desk,
        Self::LivePortal,
        Self::LiveDelivery,
        Self::LiveCards,
        Self::NewSample,
    ];

    pub(super) const fn role(self) -> Role {
        match self {
            Self::Cards | Self::LiveCards => Role::Testcard,
            Self::Delivery | Self::Second | Self::LiveDelivery => Role::Delivery,
            Self::Portal | Self::LivePortal => Role::Portal,
            Self::Sample | Self::NewSample => Role::Sample,
            Self::Desk => Role::Desk,
        }
    }

    /// Of its files, and of its schema in PostgreSQL (with `_`).
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Cards => "testcard",
            Self::Delivery => "delivery",
            Self::Second => "second-delivery",
            Self::Portal => "portal",
            Self::Sample => "sample",
            Self::Desk => "desk",
            Self::LivePortal => "production-portal",
            Self::LiveDelivery => "production-delivery",
            Self::LiveCards => "production-cards",
            Self::NewSample => "new-sample",
        }
    }

    const fn port(self) -> u16 {
        match self {
            Self::Portal => 0,
            Self::Delivery => 1,
            Self::Sample => 2,
            Self::Cards => 3,
            Self::Desk => 4,
            Self::LivePortal => 5,
            Self::LiveDelivery => 6,
            Self::LiveCards => 7,
            Self::NewSample => 8,
            Self::Second => 9,
        }
    }

    const fn host(self) -> &'static str {
        match self {
            Self::LivePortal | Self::LiveDelivery | Self::LiveCards | Self::NewSample => "127.0.0.1",
            _ => "localhost",
        }
    }

    /// The schema when it is not the role's usual one.
    pub(super) fn schema(self) -> Option<String> {
        (self.name() != self.role().name()).then(|| format!("enishi_{}", self.name().replace('-', "_")))
    }
}

pub(super) struct Demo {
    pub(super) data: PathBuf,
    pub(super) made: Made,
    pub(super) quiet: bool,
}

impl Demo {
    pub(super) fn origin(&self, part: Part) -> String {
        format!("http://{}:{}", part.host(), self.made.port_base + part.port())
    }

    fn url(&self, part: Part, path: &str) -> Result<Url, ConfigError> {
        Url::parse(&format!("{}{path}", self.origin(part))).map_err(|e| ConfigError::new(e.to_string()))
    }

    /// The same file that `enishi serve` reads.
    fn file(&self, part: Part) -> File {
        let local = || format!("sqlite:{}", self.data.join(format!("{}.db", part.name())).display());
        File {
            role: part.role(),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, self.made.port_base + part.port())),
            database: self.made.database.clone().unwrap_or_else(local),
            database_connections: 8,
            schema: part.schema(),
            key_file: self.data.join(format!("{}.key", part.name())),
            environment: Environment::Test,
            tls_cert: None,
            tls_key: None,
            behind_proxy: false,
            peers: Vec::new(),
            trusted_roots: Vec::new(),
            portal: None,
            delivery: None,
            sample: None,
            testcard: None,
            desk: None,
        }
    }

    /// Test cards, or those of the production world.
    pub(super) fn cards(&self, part: Part) -> Result<File, ConfigError> {
        let (demonstration, portal) = match part {
            Part::LiveCards => (true, Part::LivePortal),
            _ => (false, Part::Portal),
        };
        let table =
            TestcardTable { origin: self.origin(part), relying_parties: vec![self.origin(portal)], demonstration };
        Ok(File { testcard: Some(own(&table)?), ..self.file(part) })
    }

    /// A delivery service. That of the production world has the same test people: nobody is real here.
    pub(super) fn delivery(&self, part: Part, cost: PasswordCost) -> Result<File, ConfigError> {
        let portal = if part == Part::LiveDelivery { Part::LivePortal } else { Part::Portal };
        let second = part == Part::Second;
        let table = DeliveryTable {
            origin: self.origin(part),
            portal: self.origin(portal),
            portal_name: portal_name(portal),
            portal_client_id: "portal".to_owned(),
            our_client_id: if second { SECOND_ID } else { DELIVERY_ID }.to_owned(),
            name: second.then(second_name),
            cookies: second.then(|| "delivery2".to_owned()),
            password_cost: cost,
            test_people: true,
            samples: if second { Samples::Elsewhere } else { Samples::Usual },
            // Everybody here comes from one address.
            sign_up_limit: 0,
            authorization_server: None,
        };
        Ok(File { delivery: Some(own(&table)?), ..self.file(part) })
    }

    /// A portal. The production one has no sandbox, and its data, keys and cards are its own.
    pub(super) fn portal(&self, part: Part, card_roots: String) -> Result<File, ConfigError> {
        let live = part == Part::LivePortal;
        let (cards, delivery) =
            if live { (Part::LiveCards, Part::LiveDelivery) } else { (Part::Cards, Part::Delivery) };
        let table = PortalTable {
            origin: self.origin(part),
            open_registration: !live,
            card_reader: self.origin(cards),
            card_roots: Pem::Pem(card_roots),
            crl_base: self.url(cards, "/crl")?,
            predecessors: Some(self.url(cards, "/api/predecessors")?),
            desk: Some(PortalDesk {
                issuer: self.origin(Part::Desk),
                jwks_uri: self.url(Part::Desk, "/registry/jwks.json")?,
            }),
            deliveries: if live {
                vec![self.connection(delivery)?]
            } else {
                vec![self.connection(delivery)?, self.connection(Part::Second)?]
            },
        };
        let file = File { portal: Some(own(&table)?), ..self.file(part) };
        if !live {
            return Ok(file);
        }
        // In production nothing on this machine is called but what is named here.
        let peers = [Part::Desk, Part::LiveDelivery, Part::LiveCards, Part::NewSample].map(|p| self.origin(p));
        Ok(File { environment: Environment::Production, peers: peers.to_vec(), ..file })
    }

    /// A delivery service as its portal knows it.
    fn connection(&self, part: Part) -> Result<PortalDelivery, ConfigError> {
        let (id, name, operator) = match part {
            Part::Second => (
                SECOND_ID,
                second_name(),
                Name::of("みどり文書管理株式会社（見本）", "Midori Documents Inc. (fictitious)"),
            ),
            _ => {
                (DELIVERY_ID, delivery_name(), Name::of("見本送達株式会社（見本）", "Mihon Delivery Inc. (fictitious)"))
            }
        };
        Ok(PortalDelivery {
            id: id.to_owned(),
            name,
            operator,
            issuer: self.origin(part),
            resources: None,
            client_id: "portal".to_owned(),
            sso_client_id: Some(id.to_owned()),
            initiate_login_uri: Some(self.url(part, "/sso/start")?),
            operating: Some(operating()),
        })
    }

    /// The sample service, or the one that wants to be admitted to production.
    pub(super) fn sample(&self, part: Part) -> Result<File, ConfigError> {
        let new = part == Part::NewSample;
        let (portal, delivery) =
            if new { (Part::LivePortal, Part::LiveDelivery) } else { (Part::Portal, Part::Delivery) };
        let first = SampleDelivery { id: DELIVERY_ID.to_owned(), name: delivery_name() };
        let second = SampleDelivery { id: SECOND_ID.to_owned(), name: second_name() };
        let table = SampleTable {
            origin: self.origin(part),
            portal: self.origin(portal),
            portal_name: portal_name(portal),
            client_id: None,
            client_id_on_page: new,
            delivery_services: if new { vec![first] } else { vec![first, second] },
            issuer_roots: IssuerRoots::Urls(if new {
                vec![self.url(delivery, "/issuers.pem")?]
            } else {
                vec![self.url(delivery, "/issuers.pem")?, self.url(Part::Second, "/issuers.pem")?]
            }),
            operator: if new {
                Name::of("あなたの会社（見本）", "Your company (fictitious)")
            } else {
                Name::of("みほん年末調整株式会社（見本）", "Mihon Year-End Inc. (fictitious)")
            },
        };
        Ok(File { sample: Some(own(&table)?), ..self.file(part) })
    }

    pub(super) fn desk(&self, cost: PasswordCost) -> Result<File, ConfigError> {
        let portal = |part: Part| DeskPortal { origin: self.origin(part), name: portal_name(part) };
        let table = DeskTable {
            origin: self.origin(Part::Desk),
            procedures: None,
            documents: Vec::new(),
            password_cost: cost,
            smtp: None,
            portals: Some(DeskPortals { test: portal(Part::Portal), production: portal(Part::LivePortal) }),
        };
        Ok(File { desk: Some(own(&table)?), ..self.file(Part::Desk) })
    }

    /// Keeps a part's file in the data folder, so that `enishi serve` can run it alone.
    pub(super) fn keep(&self, part: Part, file: &File) -> Result<(), ConfigError> {
        let path = self.data.join(format!("{}.toml", part.name()));
        let text = toml::to_string_pretty(file).map_err(|e| ConfigError::new(e.to_string()))?;
        std::fs::write(&path, text).map_err(|e| ConfigError::new(format!("{} can't be written: {e}", path.display())))
    }

    pub(super) fn progress(&self, text: &str) {
        if !self.quiet {
            eprint!("{text}");
            // A terminal that can't be written to is no reason to stop.
            let _ = std::io::stderr().flush();
        }
    }
}

fn portal_name(part: Part) -> Name {
    if part == Part::LivePortal {
        Name::of("縁ポータル（本番の見本）", "Enishi Portal (sample of production)")
    } else {
        Name::of("縁ポータル", "Enishi Portal")
    }
}

fn delivery_name() -> Name {
    Name::of("見本ポスト", "Mihon Post")
}

fn second_name() -> Name {
    Name::of("みどり文書箱", "Midori Box")
}

fn operating() -> Name {
    Name::of("年中無休、24時間（メンテナンスの時間を除く）", "Every day, around the clock (except for maintenance)")
}

fn own<T: Serialize>(table: &T) -> Result<toml::Table, ConfigError> {
    toml::Table::try_from(table).map_err(|e| ConfigError::new(e.to_string()))
}
