//! Why a walk could not go on.

use url::Url;

/// Why a walk could not go on. Names pages, acts and addresses without their query, never what was typed.
#[derive(Debug, thiserror::Error)]
pub enum DriveError {
    /// Not an address a browser would open.
    #[error("not an http(s) address: {0}")]
    Address(String),
    /// No answer.
    #[error("no answer from {address}: {source}")]
    Outbound {
        /// Scheme, host, port and path.
        address: String,
        /// What happened.
        source: base::outbound::OutboundError,
    },
    /// A redirect without a usable `Location`.
    #[error("{0} redirects to nowhere")]
    Location(String),
    /// More redirects in a row than a browser takes.
    #[error("too many redirects; the last one came from {0}")]
    TooManyHops(String),
    /// The page's `form-action` forbids where its form leads; a browser would stay put without a word.
    #[error("the page {page} may not send its form on to {to}: Content-Security-Policy form-action")]
    FormAction {
        /// The page's `data-page`.
        page: String,
        /// The origin that was refused.
        to: String,
    },
    /// The page does not have what was to be pressed.
    #[error("the page {page} has no {act}; it has: {has}")]
    NoAct {
        /// `data-page`, or the address of something that is no page of ours.
        page: String,
        /// `data-act`
        act: String,
        /// The acts it has.
        has: String,
    },
    /// The form does not have this field, or a citizen could not fill it so.
    #[error("the form of {act} on {page} takes no such {field}")]
    NoField {
        /// `data-page`
        page: String,
        /// `data-act`
        act: String,
        /// The name of the field.
        field: String,
    },
    /// The answer was a redirect to where the walk stops, where a page was expected.
    #[error("left for {0} where a page was expected")]
    Left(String),
    /// The walk knows nothing to do on this page.
    #[error("nothing to do on the page {page} (status {status}): {h1}")]
    NoWayOn {
        /// `data-page`, or the address of something that is no page of ours.
        page: String,
        /// HTTP status.
        status: u16,
        /// What the page says.
        h1: String,
    },
    /// The walk turns in a circle.
    #[error("the walk does not get past the page {page}: {says}")]
    Stuck {
        /// `data-page`
        page: String,
        /// Its heading and alerts.
        says: String,
    },
    /// Nobody of this id among the test people.
    #[error("there is no test person {0:?}")]
    UnknownPerson(String),
}

/// An address without what it carries.
pub(crate) fn bare(url: &Url) -> String {
    format!("{}{}", url.origin().ascii_serialization(), url.path())
}
