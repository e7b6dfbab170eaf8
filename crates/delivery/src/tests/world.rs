//! A portal of which there are only the keys, and a clock moved by hand.

use std::sync::Arc;

use async_trait::async_trait;
use base::outbound::{BodyStream, Http, OutboundError, Request};
use base::{Clock, FakeClock, Rng, Secret, Timestamp};
use bytes::Bytes;
use jose::{Alg, SigningKey};
use oauth::ClientName;
use serde_json::json;
use store::Sealer;
use url::Url;
use web::{Environment, Origin};

use crate::kit::{KitConfig, Limits, Portal, SubjectToken, Tokens};

pub(super) const PORTAL: &str = "http://localhost:7001";
pub(super) const POST: &str = "http://localhost:7002";
/// 23 November 2026, 12:00 in Japan.
const START: Timestamp = Timestamp(1_795_402_800_000_000);
pub(super) const SCHEMA: store::Schema<'static> = &[provider::MIGRATIONS, crate::KIT_MIGRATIONS];

/// Answers every request with the portal's keys.
pub(super) struct Keys(String);

#[async_trait]
impl Http for Keys {
    async fn send(&self, _: Request) -> Result<base::outbound::Response, OutboundError> {
        Ok(http::Response::new(Bytes::from(self.0.clone())))
    }

    async fn stream(&self, _: Request, _: u64) -> Result<http::Response<BodyStream>, OutboundError> {
        Err(OutboundError::Forbidden("not in these tests".to_owned()))
    }
}

pub(super) struct World {
    pub(super) clock: FakeClock,
    pub(super) rng: Rng,
    pub(super) net: Arc<Keys>,
    key: SigningKey,
}

pub(super) fn sealer(n: u8) -> Sealer {
    Sealer::new(&Secret::new([n; 32]), Rng::system()).unwrap()
}

pub(super) fn config() -> KitConfig {
    let portal = Origin::parse(PORTAL).unwrap();
    KitConfig {
        origin: Origin::parse(POST).unwrap(),
        environment: Environment::Test,
        portal: Portal {
            name: ClientName { ja: "縁ポータル".to_owned(), en: "Enishi Portal".to_owned() },
            client_id: "portal".to_owned(),
            jwks_uri: Url::parse(&portal.url("/oauth/jwks")).unwrap(),
            our_client_id: "post".to_owned(),
            issuer: portal,
        },
        home: "/",
        limits: Limits::default(),
        tokens: Tokens::Own,
    }
}

impl World {
    pub(super) fn new() -> Self {
        let rng = Rng::system();
        let key = SigningKey::generate(Alg::Es256, &rng).unwrap();
        let net = Arc::new(Keys(json!({ "keys": [key.jwk().to_value()] }).to_string()));
        Self { clock: FakeClock::at(START), rng, net, key }
    }

    fn clock(&self) -> Clock {
        self.clock.clock()
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock().now()
    }

    pub(super) fn subject_token(&self, linkage_id: &str, subject: &str) -> String {
        let now = self.now().secs();
        SubjectToken {
            iss: PORTAL.to_owned(),
            aud: POST.to_owned(),
            sub: subject.to_owned(),
            linkage_id: linkage_id.to_owned(),
            nonce: self.rng.token(),
            display: "佐＊ 花＊".to_owned(),
            jti: self.rng.token(),
            iat: now,
            exp: now + 1800,
        }
        .sign(&self.key)
        .unwrap()
    }
}
