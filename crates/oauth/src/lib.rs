//! FAPI 2.0 Security Profile (Final) messages and decisions, for both sides.
//!
//! Server: [`form`] → [`assertion`] → [`pushed`] / [`token`] → [`response`], [`id_token`],
//! [`resource`]; what may be asked for is in [`rar`], who may ask in [`client`]. Client: [`fapi`].
//! Both: [`metadata`], [`error`], [`set`]. Between a desk and its portals: [`registry`].
//!
//! **Invariant:** every refusal is an [`OAuthError`] that names the mistake and how to mend it, and
//! no message can be built from input that was not checked. **Boundary:** no sockets, no SQL, no
//! time of its own; whether a `jti`, code or request was used before is for the caller's storage to
//! say. Imports `base` and `jose` only.

pub mod assertion;
pub mod client;
pub mod error;
pub mod fapi;

pub mod form;
pub mod id_token;
pub mod metadata;
pub mod pkce;
pub mod pushed;
pub mod rar;
pub mod redirect;
pub mod registry;
pub mod remote_keys;
pub mod resource;
pub mod response;
pub mod scope;
pub mod set;
pub mod token;

pub use client::{ClientKind, ClientMetadata, ClientName, Keys, RegisteredClient};
pub use error::{ErrorCode, OAuthError};
pub use form::Form;
pub use metadata::ServerMetadata;
pub use pushed::PushedRequest;
pub use redirect::RedirectUri;
pub use scope::Scope;
pub use token::{TokenRequest, TokenResponse};
