//! JOSE as FAPI 2.0 needs it: JWK (RFC 7517, 7638), compact JWS (RFC 7515, 8037) and DPoP proofs
//! (RFC 9449).
//!
//! **Invariant:** only ES256, PS256 and EdDSA with Ed25519 exist here; `none` and shared secrets
//! can't be expressed. A token's header never chooses a key that the caller did not bring, except
//! in a DPoP proof, where that is the point. **Boundary:** no I/O; claims are read here but judged
//! by the caller, under `base::Clock` time. Imports `base` only.

pub mod alg;
pub mod dpop;
pub mod jwk;
pub mod jws;
pub mod key;
pub mod nonce;

pub use alg::Alg;
pub use dpop::{DpopError, DpopExpectation, DpopProof};
pub use jwk::{Jwk, JwkError, JwkSet};
pub use jws::{Header, JwsError, Typ, Verified};
pub use key::{KeyError, KeySet, SigningKey, VerifyingKey};
pub use nonce::NonceKey;
