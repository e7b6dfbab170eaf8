//! `/help/keys`: what a JWKS is, and how to make keys with tools that are at hand. Nothing is entered here.

use accounts::MaybeSignedIn;
use web::{Page, Visit};

use crate::access::frame_of;
use crate::frame::{Nothing, page};

/// `GET /help/keys`
pub(crate) async fn keys(visit: Visit, me: MaybeSignedIn) -> Page {
    page(&visit, frame_of(&me, "keys"), "help-keys.html", "help-keys", Nothing {})
}
