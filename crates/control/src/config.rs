//! Which portals the desk acts on.

use procedures::Text;
use web::Origin;

/// One of the two portals of a desk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// 接続確認環境
    Test,
    /// 本番環境
    Production,
}

impl Place {
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::Test, Self::Production];

    /// As stored and in addresses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Test => "test",
            Self::Production => "production",
        }
    }

    /// Reads [`Place::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|p| p.as_str() == text)
    }
}

/// A portal as the desk knows it.
#[derive(Clone, Debug)]
pub struct PortalConfig {
    /// Its issuer, exactly; instructions are for it alone.
    pub origin: Origin,
    /// What staff and applicants call it.
    pub name: Text,
}

/// Settings of the control plane.
#[derive(Clone, Debug)]
pub struct Config {
    /// 接続確認環境
    pub test: PortalConfig,
    /// 本番環境
    pub production: PortalConfig,
}

impl Config {
    /// The portal of an environment.
    pub const fn portal(&self, place: Place) -> &PortalConfig {
        match place {
            Place::Test => &self.test,
            Place::Production => &self.production,
        }
    }
}
