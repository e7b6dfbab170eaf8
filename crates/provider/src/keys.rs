//! The server's own signing keys.

use base::{Clock, Rng};
use jose::{Alg, JwkSet, KeySet, SigningKey};
use store::{Db, Sealer};

use crate::store::keys;

const COLUMN: &str = "oauth_keys.pkcs8";

/// The key that signs now, and all that are published.
#[derive(Clone)]
pub(crate) struct OwnKeys {
    pub(crate) signing: SigningKey,
    pub(crate) published: JwkSet,
    pub(crate) verifying: KeySet,
}

impl OwnKeys {
    /// Loads the keys, making the first one when there is none.
    pub(crate) async fn load(db: &Db, sealer: &Sealer, clock: &Clock, rng: &Rng) -> store::Result<Self> {
        let broken = |e: jose::KeyError| store::Error::inconsistent(COLUMN, e);
        let mut rows = db.read(keys::list).await?;
        if rows.is_empty() {
            let fresh = SigningKey::generate(Alg::Es256, rng).map_err(broken)?;
            let sealed = sealer.seal(COLUMN, fresh.to_pkcs8().map_err(broken)?.expose())?;
            let now = clock.now();
            db.write(move |tx| keys::insert(tx, fresh.kid(), &sealed, now)).await?;
            // Another node may have made one at the same moment: read what is there now.
            rows = db.read(keys::list).await?;
        }
        let mut signing = None;
        let mut published = Vec::new();
        for row in rows {
            let key = SigningKey::from_pkcs8(&sealer.open(COLUMN, &row.pkcs8)?).map_err(broken)?;
            published.push(key.jwk().clone());
            if signing.is_none() && row.retired_at.is_none() {
                signing = Some(key);
            }
        }
        let signing = signing.ok_or_else(|| store::Error::inconsistent("oauth_keys", "every key is retired"))?;
        let published = JwkSet::new(published);
        let verifying = KeySet::from_jwks(&published).map_err(|e| store::Error::inconsistent(COLUMN, e))?;
        Ok(Self { signing, published, verifying })
    }
}

/// A secret that all nodes of one database share, such as the key of DPoP nonces.
pub(crate) async fn shared_secret(db: &Db, sealer: &Sealer, name: &'static str, rng: &Rng) -> store::Result<[u8; 32]> {
    let fresh: [u8; 32] = rng.bytes();
    let sealed = sealer.seal("oauth_secrets.sealed", &fresh)?;
    let stored = db.write(move |tx| keys::secret(tx, name, &sealed)).await?;
    let plain = sealer.open("oauth_secrets.sealed", &stored)?;
    plain.try_into().map_err(|_| store::Error::inconsistent("oauth_secrets.sealed", "not 32 bytes"))
}

impl OwnKeys {
    /// The published keys as JSON values.
    pub(crate) fn published_values(&self) -> Vec<serde_json::Value> {
        self.published.keys.iter().map(jose::Jwk::to_value).collect()
    }
}
