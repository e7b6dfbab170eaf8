//! Plays the citizen: a cookie-jar client of the real pages.
//!
//! [`Citizen`] behaves like a browser with JavaScript off: it keeps cookies (by host, shared across
//! ports, with `Path`, `Secure`, `SameSite` and lifetimes), follows redirects across origins, sends
//! `Origin`, `Referer` and `Sec-Fetch-*` as browsers do, obeys the page's `form-action`, and can press only
//! what is on the page and fill only fields that are there. [`drive`] decides what to press from a page's
//! `data-page` and [`Decisions`].
//!
//! **Invariant:** no second code path: everything goes through pages that a citizen sees. **Boundary:** imports
//! `base` only; HTTP comes in as [`base::outbound::Outbound`]. Errors never carry queries, PINs, passwords or
//! cookies.

mod citizen;
mod decisions;
mod error;
mod jar;
mod page;
mod policy;
mod walk;

pub use citizen::{Arrival, Citizen};
pub use decisions::{
    Account, Allow, AtDelivery, AtService, CardError, Conflict, Consent, Decisions, Done, HandOver, Identify, Link,
    NotLinked, Person, Pin, Register, Sign, Stop,
};
pub use error::DriveError;
pub use jar::Jar;
pub use page::{Act, Control, Kind, Page};
pub use walk::{Driven, Visited, drive};
