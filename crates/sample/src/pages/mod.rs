//! The pages, one file each.

pub(crate) mod callback;
pub(crate) mod connect;
pub(crate) mod developer;
pub(crate) mod edit;
pub(crate) mod form;
pub(crate) mod import;
pub(crate) mod jwks;
pub(crate) mod result;
pub(crate) mod start;
pub(crate) mod submit;

use serde::Serialize;
use store::{Error, Result};

use crate::Sample;
use crate::filing::Filing;
use crate::store::filings;

const FILING: &str = "sample_filings.body";

impl Sample {
    /// The form this browser is filling in, and its version; a new one (version 0) when there is none.
    pub(crate) async fn filing(&self, browser: String) -> Result<(Filing, i64)> {
        let row = self.0.db.read(move |tx| filings::get(tx, &browser)).await?;
        match row {
            None => Ok((Filing::new(self.tax_year()), 0)),
            Some((sealed, version)) => Ok((self.open_filing(&sealed)?, version)),
        }
    }

    pub(crate) async fn save_filing(&self, browser: String, filing: &Filing) -> Result<()> {
        let sealed = self.seal_filing(filing)?;
        let now = self.0.clock.now();
        self.0.db.write(move |tx| filings::put(tx, &browser, &sealed, now)).await
    }

    pub(crate) fn seal_filing(&self, filing: &Filing) -> Result<Vec<u8>> {
        let json = serde_json::to_vec(filing).map_err(|e| Error::inconsistent(FILING, e))?;
        self.0.sealer.seal(FILING, &json)
    }

    pub(crate) fn open_filing(&self, sealed: &[u8]) -> Result<Filing> {
        serde_json::from_slice(&self.0.sealer.open(FILING, sealed)?).map_err(|e| Error::inconsistent(FILING, e))
    }
}

/// A context without anything.
#[derive(Serialize)]
pub(crate) struct Nothing {}
