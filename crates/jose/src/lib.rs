//! JWS, JWK and DPoP proofs.
