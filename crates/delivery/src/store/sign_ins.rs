//! Runs through the authorize pages, each bound to one pushed request and one browser.

use base::Timestamp;
use store::{Error, Result, Tx, params};

store::statements! {
    GET = "SELECT browser, phase, account, linkage, auth_time, code FROM sign_ins WHERE request = $1";
    // The first browser that acts has the request; another one's try changes nothing.
    ENTER = "INSERT INTO sign_ins (request, browser, phase, account, linkage, auth_time, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (request) DO UPDATE SET phase = $3, account = $4, auth_time = $6
            WHERE sign_ins.browser = $2 AND sign_ins.phase IN ('begun', 'signed_in')";
    ALLOW = "UPDATE sign_ins SET phase = 'allowed' WHERE request = $1 AND browser = $2 AND phase = 'signed_in' AND account = $3";
    SET_CODE = "UPDATE sign_ins SET code = $2 WHERE request = $1";
    PURGE = "DELETE FROM sign_ins WHERE created_at < $1";
}

/// How far a run has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Bound to a browser; nobody is signed in.
    Begun,
    /// Signed in for this request.
    SignedIn,
    /// Allowed: the linkage is offered.
    Allowed,
    /// Cancelled or denied.
    Refused,
}

impl Phase {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Begun => "begun",
            Self::SignedIn => "signed_in",
            Self::Allowed => "allowed",
            Self::Refused => "refused",
        }
    }

    fn parse(text: &str) -> Result<Self> {
        [Self::Begun, Self::SignedIn, Self::Allowed, Self::Refused]
            .into_iter()
            .find(|p| p.as_str() == text)
            .ok_or_else(|| Error::inconsistent("sign_ins.phase", "not a phase"))
    }
}

/// A run.
#[derive(Clone, Debug)]
pub struct SignIn {
    /// Hash of the browser's cookie.
    pub browser: String,
    /// How far it has come.
    pub phase: Phase,
    /// Who signed in.
    pub account: Option<String>,
    /// The linkage that is asked for.
    pub linkage: String,
    /// When they signed in.
    pub auth_time: Option<Timestamp>,
    /// Hash of the last code.
    pub code: Option<String>,
}

/// The run of a request.
pub fn get(tx: &mut Tx<'_>, request: &str) -> Result<Option<SignIn>> {
    tx.query_opt(GET, &params![request])?
        .map(|mut r| {
            Ok(SignIn {
                browser: r.text(0)?,
                phase: Phase::parse(&r.text(1)?)?,
                account: r.opt_text(2)?,
                linkage: r.text(3)?,
                auth_time: r.opt_time(4)?,
                code: r.opt_text(5)?,
            })
        })
        .transpose()
}

/// Where a run goes.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a> {
    /// The pushed request.
    pub request: &'a str,
    /// Hash of the browser's cookie.
    pub browser: &'a str,
    /// The linkage that is asked for.
    pub linkage: &'a str,
    /// The next phase.
    pub phase: Phase,
    /// Who signed in just now.
    pub account: Option<&'a str>,
}

/// Binds a request to a browser, or goes on in the same browser; `false` when another browser has it
/// or the run is past that point.
pub fn enter(tx: &mut Tx<'_>, step: &Step<'_>, now: Timestamp) -> Result<bool> {
    let auth_time = step.account.map(|_| now);
    let phase = step.phase.as_str();
    let changed =
        tx.execute(ENTER, &params![step.request, step.browser, phase, step.account, step.linkage, auth_time, now])?;
    Ok(changed == 1)
}

/// From signed in to allowed, once; `false` when somebody else signed in meanwhile.
pub fn allow(tx: &mut Tx<'_>, request: &str, browser: &str, account: &str) -> Result<bool> {
    Ok(tx.execute(ALLOW, &params![request, browser, account])? == 1)
}

/// Remembers the last code of a run.
pub fn set_code(tx: &mut Tx<'_>, request: &str, code_hash: &str) -> Result<()> {
    tx.execute(SET_CODE, &params![request, code_hash]).map(drop)
}

/// Forgets runs that began before `before`.
pub fn purge(tx: &mut Tx<'_>, before: Timestamp) -> Result<u64> {
    tx.execute(PURGE, &params![before])
}
