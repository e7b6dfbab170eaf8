//! The configuration file of a role: one TOML file, the same keys for every role, and one table
//! with what only this role knows.
//!
//! ```toml
//! role = "portal"
//! listen = "127.0.0.1:7100"
//! database = "sqlite:portal.db"      # or postgres://user@host/database?sslmode=require
//! key_file = "portal.key"            # 32 bytes in base64url; made by `enishi migrate` when missing
//! environment = "test"               # or "production"
//!
//! [portal]
//! origin = "https://portal.example.jp"
//! ```
//!
//! Relative paths are relative to the file.

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use base::codec::{b64url, b64url_decode};
use base::{Rng, Secret};
use serde::{Deserialize, Serialize};
use store::Target;
use web::Environment;

/// A role of the binary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The hub.
    Portal,
    /// A delivery service.
    Delivery,
    /// The sample API user.
    Sample,
    /// The test-card stand-in and test CA: test environment only.
    Testcard,
    /// The desk.
    Desk,
}

impl Role {
    /// Its name: of the table in the file, of the database file, of the PostgreSQL schema.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Portal => "portal",
            Self::Delivery => "delivery",
            Self::Sample => "sample",
            Self::Testcard => "testcard",
            Self::Desk => "desk",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What every role's file says.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// Which role this is.
    pub role: Role,
    /// Where it listens.
    pub listen: SocketAddr,
    /// `sqlite:PATH` or `postgres://…`.
    pub database: String,
    /// PostgreSQL: how many connections this process may hold (SQLite has its own way).
    #[serde(default = "sixteen")]
    pub database_connections: usize,
    /// PostgreSQL: the schema with the role's tables, when it is not `enishi_{role}` (two portals in one database).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// The master key's file.
    pub key_file: PathBuf,
    /// Test or production.
    pub environment: Environment,
    /// Certificate chain (PEM) for TLS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_cert: Option<PathBuf>,
    /// Its private key (PEM).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_key: Option<PathBuf>,
    /// Set when a TLS proxy stands in front: then plain HTTP is right.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub behind_proxy: bool,
    /// Origins of the other roles that may have private addresses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub peers: Vec<String>,
    /// Further certificate authorities (PEM files) for calls to other roles.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trusted_roots: Vec<PathBuf>,
    /// The portal's own settings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub portal: Option<toml::Table>,
    /// The delivery service's own settings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery: Option<toml::Table>,
    /// The sample API user's own settings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sample: Option<toml::Table>,
    /// The test-card stand-in's own settings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub testcard: Option<toml::Table>,
    /// The desk's own settings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub desk: Option<toml::Table>,
}

const fn sixteen() -> usize {
    16
}

/// What is wrong with a configuration, in words for the operator.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(pub String);

impl ConfigError {
    /// With these words.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl File {
    /// Reads a file; relative paths in it become relative to its folder.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text =
            std::fs::read_to_string(path).map_err(|e| ConfigError(format!("{} can't be read: {e}", path.display())))?;
        let mut file: Self = toml::from_str(&text).map_err(|e| ConfigError(format!("{}: {e}", path.display())))?;
        let dir = path.parent().unwrap_or(Path::new("."));
        let absolute = |p: &mut PathBuf| {
            if p.is_relative() {
                *p = dir.join(&*p);
            }
        };
        absolute(&mut file.key_file);
        file.tls_cert.iter_mut().for_each(absolute);
        file.tls_key.iter_mut().for_each(absolute);
        file.trusted_roots.iter_mut().for_each(absolute);
        if let Some(rest) = file.database.strip_prefix("sqlite:")
            && Path::new(rest).is_relative()
        {
            file.database = format!("sqlite:{}", dir.join(rest).display());
        }
        Ok(file)
    }

    /// The table with this role's own settings.
    pub fn own<T: serde::de::DeserializeOwned>(&self) -> Result<T, ConfigError> {
        let tables = [
            (Role::Portal, &self.portal),
            (Role::Delivery, &self.delivery),
            (Role::Sample, &self.sample),
            (Role::Testcard, &self.testcard),
            (Role::Desk, &self.desk),
        ];
        let table = tables.iter().find(|(role, _)| *role == self.role).and_then(|(_, table)| table.as_ref());
        if tables.iter().any(|(role, table)| *role != self.role && table.is_some()) {
            return Err(ConfigError(format!(
                "this file is for the role {}; tables of other roles belong in their files",
                self.role
            )));
        }
        let table = table.cloned().ok_or_else(|| ConfigError(format!("the table [{}] is missing", self.role)))?;
        table.try_into().map_err(|e| ConfigError(format!("[{}]: {e}", self.role)))
    }

    /// The database.
    pub fn target(&self) -> Result<Target, ConfigError> {
        target(&self.database, self.role, self.schema.as_deref(), self.database_connections)
    }
}

/// `sqlite:PATH` or `postgres://…` (the role's tables go to a schema of its name).
pub fn target(database: &str, role: Role, schema: Option<&str>, connections: usize) -> Result<Target, ConfigError> {
    if let Some(path) = database.strip_prefix("sqlite:") {
        return Ok(Target::Sqlite(path.into()));
    }
    if database.starts_with("postgres://") || database.starts_with("postgresql://") {
        return Ok(Target::Postgres {
            url: database.to_owned(),
            schema: schema.map_or_else(|| format!("enishi_{}", role.name()), str::to_owned),
            connections,
        });
    }
    Err(ConfigError("database has to be sqlite:PATH or postgres://…".to_owned()))
}

/// The master key in a file.
pub fn master_key(path: &Path) -> Result<Secret<[u8; 32]>, ConfigError> {
    let text = Secret::new(std::fs::read_to_string(path).map_err(|e| {
        ConfigError(format!(
            "the master key {} can't be read ({e}); restore it from your backup, or for a new database let \
             `enishi migrate` make one",
            path.display()
        ))
    })?);
    let bytes = Secret::new(b64url_decode(text.expose().trim()).unwrap_or_default());
    let array: [u8; 32] = bytes
        .expose()
        .as_slice()
        .try_into()
        .map_err(|_| ConfigError(format!("{} is not a master key: 32 bytes in base64url", path.display())))?;
    Ok(Secret::new(array))
}

/// Makes a master key when there is none; readable by its owner only. Tells whether it made one.
pub fn make_master_key(path: &Path, rng: &Rng) -> Result<bool, ConfigError> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let failed = |e: std::io::Error| ConfigError(format!("the master key {} can't be made: {e}", path.display()));
    if path.exists() {
        return Ok(false);
    }
    if let Some(dir) = path.parent() {
        std::fs::create_dir_all(dir).map_err(failed)?;
    }
    let key = Secret::new(b64url(&rng.bytes::<32>()));
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(failed)?;
    writeln!(file, "{}", key.expose()).and_then(|()| file.sync_all()).map_err(failed)?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_and_mistakes_are_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("portal.toml");
        let good = "role = \"portal\"\nlisten = \"127.0.0.1:7100\"\ndatabase = \"sqlite:p.db\"\nkey_file = \"p.key\"\nenvironment = \"test\"\n[portal]\norigin = \"http://localhost:7100\"\n";
        std::fs::write(&path, good).unwrap();
        let file = File::read(&path).unwrap();
        assert_eq!(file.key_file, dir.path().join("p.key"));
        assert_eq!(file.target().unwrap(), Target::Sqlite(dir.path().join("p.db")));
        std::fs::write(&path, good.replace("listen", "lisen")).unwrap();
        assert!(File::read(&path).unwrap_err().to_string().contains("lisen"));
        assert!(target("mysql://x", Role::Portal, None, 4).is_err());
    }

    #[test]
    fn a_master_key_is_made_once_and_for_its_owner_only() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x/role.key");
        assert!(master_key(&path).unwrap_err().to_string().contains("migrate"));
        assert!(make_master_key(&path, &Rng::system()).unwrap());
        let first = *master_key(&path).unwrap().expose();
        assert!(!make_master_key(&path, &Rng::system()).unwrap());
        assert_eq!(*master_key(&path).unwrap().expose(), first);
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
