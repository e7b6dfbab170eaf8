//! Our own keys, made at the first start and kept sealed.

use base::{Clock, Rng};
use jose::{Alg, JwkSet, SigningKey};
use store::{Db, Error, Result, Sealer};

use crate::store::secrets;

/// Signs our client assertions; the portal finds the public half at `jwks_uri`.
const CLIENT: &str = "client-key";
/// Our tokens are bound to it. Never rotated while runs are under way: a code is bound to it too.
const DPOP: &str = "dpop-key";
/// Behind the tokens of our forms.
const FORM: &str = "form-key";
const COLUMN: &str = "sample_secrets.sealed";

/// Where the keys are.
#[derive(Clone)]
pub(crate) struct Keys {
    pub(crate) db: Db,
    pub(crate) sealer: Sealer,
    pub(crate) clock: Clock,
    pub(crate) rng: Rng,
}

impl Keys {
    /// The key that signs client assertions now.
    pub(crate) async fn client(&self) -> Result<SigningKey> {
        self.newest(CLIENT).await
    }

    /// The key that tokens are bound to.
    pub(crate) async fn dpop(&self) -> Result<SigningKey> {
        self.newest(DPOP).await
    }

    /// The key behind the tokens of our forms.
    pub(crate) async fn form(&self) -> Result<web::FormKey> {
        let bytes = self.versions(FORM, |rng| Ok(rng.bytes::<32>().to_vec())).await?;
        let newest = bytes.into_iter().next().and_then(|(_, b)| b.try_into().ok());
        newest.map(web::FormKey::new).ok_or_else(|| Error::inconsistent(COLUMN, "the form key is not 32 bytes"))
    }

    /// What stands at `/jwks.json`: the client key and, after a rotation, the one before. Read anew each
    /// time, so that every node publishes a key as soon as one node made it.
    pub(crate) async fn published(&self) -> Result<JwkSet> {
        let keys = self.versions(CLIENT, generate).await?;
        let jwks = keys.iter().map(|(_, der)| read(der).map(|k| k.jwk().clone()));
        Ok(JwkSet::new(jwks.collect::<Result<_>>()?))
    }

    /// Makes a new client key. The portal fetches our keys anew when it meets the unknown `kid`, so
    /// nobody has to be told; the key before stays published for assertions under way.
    pub(crate) async fn rotate(&self) -> Result<()> {
        let versions = self.versions(CLIENT, generate).await?;
        let newest = versions.first().map_or(1, |(v, _)| *v);
        let sealed = self.sealer.seal(COLUMN, &generate(&self.rng)?)?;
        let now = self.clock.now();
        self.db
            .write(move |tx| {
                secrets::add(tx, CLIENT, newest + 1, &sealed, now)?;
                secrets::forget_before(tx, CLIENT, newest)
            })
            .await
    }

    async fn newest(&self, name: &'static str) -> Result<SigningKey> {
        let versions = self.versions(name, generate).await?;
        read(versions.first().map_or(&[], |(_, der)| der))
    }

    /// Every version of a secret, newest first; the first one is made when there is none. All nodes end
    /// up with the same: the database lets one win.
    async fn versions(
        &self,
        name: &'static str,
        make: impl Fn(&Rng) -> Result<Vec<u8>> + Send,
    ) -> Result<Vec<(i64, Vec<u8>)>> {
        let mut rows = self.db.read(move |tx| secrets::list(tx, name)).await?;
        if rows.is_empty() {
            let sealed = self.sealer.seal(COLUMN, &make(&self.rng)?)?;
            let now = self.clock.now();
            rows = self
                .db
                .write(move |tx| {
                    secrets::add(tx, name, 1, &sealed, now)?;
                    secrets::list(tx, name)
                })
                .await?;
        }
        rows.into_iter().map(|(version, sealed)| Ok((version, self.sealer.open(COLUMN, &sealed)?))).collect()
    }
}

fn generate(rng: &Rng) -> Result<Vec<u8>> {
    let pkcs8 = SigningKey::generate(Alg::Es256, rng).and_then(|k| k.to_pkcs8());
    pkcs8.map(|der| der.expose().clone()).map_err(|e| Error::inconsistent(COLUMN, e))
}

fn read(der: &[u8]) -> Result<SigningKey> {
    SigningKey::from_pkcs8(der).map_err(|e| Error::inconsistent(COLUMN, e))
}
