//! The test issuers of the sample documents: a small authority and one key for each issuer, made at the
//! first start and kept sealed. Test environment only.

use std::collections::HashMap;
use std::sync::Arc;

use ::store::{Db, Sealer};
use base::{Clock, Rng};
use document::samples::Issuer;
use pki::RsaKey;
use pki::testca::{IssuerCa, IssuerName};
use tokio::sync::OnceCell;
use web::Fault;

use crate::store::issuers::{self, IssuerRow};

const COLUMN: &str = "issuers.sealed";
const CA: &str = "ca";

/// Keys and certificates, ready to sign.
pub(crate) struct Issuers {
    /// The trust anchor.
    pub(crate) root_pem: String,
    /// By id.
    pub(crate) signers: HashMap<&'static str, (RsaKey, Vec<u8>)>,
}

/// The issuers once somebody has asked for them. RSA keys take some tenths of a second each, which no
/// start-up should wait for.
pub(crate) struct LazyIssuers {
    made: OnceCell<Arc<Issuers>>,
    of: &'static [Issuer],
}

impl LazyIssuers {
    /// Of these: no key is made that no document needs.
    pub(crate) const fn new(of: &'static [Issuer]) -> Self {
        Self { made: OnceCell::const_new(), of }
    }

    pub(crate) async fn get(&self, db: &Db, sealer: &Sealer, clock: &Clock, rng: &Rng) -> Result<Arc<Issuers>, Fault> {
        self.made.get_or_try_init(|| load(self.of, db, sealer, clock, rng)).await.cloned()
    }
}

async fn load(
    of: &'static [Issuer],
    db: &Db,
    sealer: &Sealer,
    clock: &Clock,
    rng: &Rng,
) -> Result<Arc<Issuers>, Fault> {
    // The second round reads what another node wrote while we were making ours.
    for _ in 0..2 {
        let rows = db.read(issuers::all).await?;
        let (sealer, rng) = (sealer.clone(), rng.clone());
        let now = clock.now();
        let (issuers, fresh) = tokio::task::spawn_blocking(move || complete(of, &rows, &sealer, now, &rng)).await??;
        if fresh.is_empty() {
            return Ok(Arc::new(issuers));
        }
        let written = db.write(move |tx| fresh.iter().try_for_each(|row| issuers::insert(tx, row, now))).await;
        match written {
            Ok(()) => return Ok(Arc::new(issuers)),
            Err(::store::Error::Unique(_)) => {}
            Err(e) => return Err(e.into()),
        }
    }
    Err(Fault::new("the test issuers' keys change under our hands"))
}

/// The issuers of the rows, and rows for those that are missing.
fn complete(
    of: &'static [Issuer],
    rows: &[IssuerRow],
    sealer: &Sealer,
    now: base::Timestamp,
    rng: &Rng,
) -> Result<(Issuers, Vec<IssuerRow>), Fault> {
    let mut fresh = Vec::new();
    let stored = |id: &str| rows.iter().find(|r| r.id == id);
    let ca = match stored(CA) {
        Some(row) => IssuerCa::from_stored(&sealer.open(COLUMN, &row.sealed)?, &row.certificate)?,
        None => {
            let ca = IssuerCa::generate(now, rng)?;
            let sealed = sealer.seal(COLUMN, ca.pkcs8()?.expose())?;
            fresh.push(IssuerRow { id: CA.to_owned(), sealed, certificate: ca.cert_der().to_vec() });
            ca
        }
    };
    let mut signers = HashMap::new();
    for issuer in of {
        let (key, certificate) = match stored(issuer.id) {
            Some(row) => (RsaKey::from_pkcs8(&sealer.open(COLUMN, &row.sealed)?)?, row.certificate.clone()),
            None => {
                let name = IssuerName { organisation: issuer.name, corporate_number: issuer.corporate_number };
                let (key, certificate) = ca.issue_issuer(&name, now, rng)?;
                let sealed = sealer.seal(COLUMN, key.to_pkcs8()?.expose())?;
                fresh.push(IssuerRow { id: issuer.id.to_owned(), sealed, certificate: certificate.clone() });
                (key, certificate)
            }
        };
        signers.insert(issuer.id, (key, certificate));
    }
    Ok((Issuers { root_pem: ca.cert_pem(), signers }, fresh))
}
