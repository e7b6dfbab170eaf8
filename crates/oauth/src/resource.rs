//! Protected resources (RFC 6750 section 3, RFC 9449 section 7).

use jose::{Alg, DpopError};

use crate::error::{ErrorCode, OAuthError};

/// Longest access token that is looked at.
const MAX_TOKEN: usize = 4096;

/// Takes the access token out of `Authorization: DPoP …`. Without one the error asks for it; a
/// `Bearer` token is refused, since every token of the house is bound to a key.
pub fn access_token(authorization: Option<&str>) -> Result<&str, OAuthError> {
    let Some(value) = authorization else {
        return Err(OAuthError::new(
            ErrorCode::InvalidToken,
            "no access token: send 'Authorization: DPoP <token>' and a DPoP header",
        ));
    };
    let (scheme, token) = value.trim().split_once(' ').unwrap_or((value, ""));
    let token = token.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        return Err(OAuthError::new(
            ErrorCode::InvalidToken,
            "the token is bound to a DPoP key; send it as 'Authorization: DPoP <token>' with a proof, not as Bearer",
        ));
    }
    if !scheme.eq_ignore_ascii_case("dpop") {
        return Err(OAuthError::new(ErrorCode::InvalidToken, "the Authorization scheme has to be DPoP"));
    }
    let legal = |b: u8| b.is_ascii_alphanumeric() || b"-._~+/=".contains(&b);
    if token.is_empty() || token.len() > MAX_TOKEN || !token.bytes().all(legal) {
        return Err(OAuthError::new(ErrorCode::InvalidToken, "the access token is malformed"));
    }
    Ok(token)
}

/// A proof that a resource refused: with status 401, unlike at the token endpoint (RFC 9449 sections 7.1, 9).
pub fn proof_error(e: DpopError) -> OAuthError {
    OAuthError::from(e).status(401)
}

/// The `DPoP` header is missing.
pub fn no_proof() -> OAuthError {
    OAuthError::new(ErrorCode::InvalidDpopProof, "the DPoP header is missing; make a proof for this request (RFC 9449)")
        .status(401)
}

/// The `WWW-Authenticate` value that goes with an error (RFC 9449 section 7.1). `None`: no credentials
/// came, so that no error is named (RFC 6750 section 3.1).
pub fn challenge(error: Option<&OAuthError>, scope: Option<&str>) -> String {
    let mut out = "DPoP".to_owned();
    let mut put = |name: &str, value: &str| {
        out.push_str(if out.len() == 4 { " " } else { ", " });
        // Descriptions are free of quotes and backslashes by construction.
        out.push_str(&format!("{name}=\"{value}\""));
    };
    if let Some(e) = error {
        put("error", e.code.as_str());
        put("error_description", &e.description);
    }
    if let Some(scope) = scope {
        put("scope", scope);
    }
    put("algs", &Alg::names().join(" "));
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn tokens_come_with_their_scheme() {
        assert_eq!(access_token(Some("DPoP abc.~-")).unwrap(), "abc.~-");
        assert_eq!(access_token(Some("dpop  abc")).unwrap(), "abc");
        for (value, what) in [
            (None, "no access token"),
            (Some("Bearer abc"), "not as Bearer"),
            (Some("Basic abc"), "scheme"),
            (Some("DPoP"), "malformed"),
            (Some("DPoP a b"), "malformed"),
            (Some("DPoP a,DPoP b"), "malformed"),
        ] {
            let e = access_token(value).unwrap_err();
            assert!(e.status == 401 && e.description.contains(what), "{e}");
        }
    }

    #[test]
    fn challenges_are_well_formed() {
        assert_eq!(challenge(None, None), r#"DPoP algs="ES256 PS256 EdDSA""#);
        let e = proof_error(DpopError::Nonce { present: false });
        assert_eq!(e.status, 401);
        assert!(
            challenge(Some(&e), Some("documents")).starts_with(r#"DPoP error="use_dpop_nonce", error_description=""#)
        );
        assert!(challenge(Some(&no_proof()), Some("documents")).contains(r#", scope="documents", algs="#));
    }

    proptest! {
        #[test]
        fn no_header_panics(text in "\\PC{0,100}") {
            let _ = access_token(Some(&text));
            let c = challenge(Some(&OAuthError::invalid_request(&text)), None);
            prop_assert!(c.is_ascii() && c.matches('"').count() == 6);
        }
    }
}
