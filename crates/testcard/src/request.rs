//! What a relying party asks for in the address of `/read`.

use std::time::Duration;

use base::codec::{b64url, b64url_decode};
use base::{Timestamp, codec};
use pki::{Challenge, Purpose};
use serde::{Deserialize, Serialize};
use url::Url;
use web::Origin;

/// A challenge that lives longer than this is no challenge.
const LONGEST: Duration = Duration::from_secs(15 * 60);
/// Longest `return_to`.
const MAX_RETURN: usize = 1_000;

/// The parameters as they were sent: in the address, and again in the hidden fields of the page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Parameters {
    pub origin: String,
    pub nonce: String,
    pub session: String,
    pub expires: String,
    pub purpose: String,
    pub return_to: String,
}

/// What is wrong with a request. Nobody is sent anywhere then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BadRequest {
    /// A parameter is missing or stands twice.
    Missing,
    /// `origin` is no origin or not on the allow list.
    Origin,
    /// `return_to` is not within `origin`.
    ReturnTo,
    /// `nonce` or `session` is not base64url of 32 bytes.
    Bytes,
    /// `expires` is not a time in whole seconds, or too far away.
    Expires,
    /// `purpose` is not one we know.
    Purpose,
}

impl BadRequest {
    /// Stem of its text.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Origin => "origin",
            Self::ReturnTo => "return-to",
            Self::Bytes => "bytes",
            Self::Expires => "expires",
            Self::Purpose => "purpose",
        }
    }
}

/// A request that holds: the challenge and where to go afterwards.
#[derive(Clone, Debug)]
pub(crate) struct ReadRequest {
    pub challenge: Challenge,
    pub origin: Origin,
    pub return_to: Url,
}

impl ReadRequest {
    pub fn parse(p: &Parameters, allowed: &[Origin], now: Timestamp) -> Result<Self, BadRequest> {
        // As a browser writes it: the card signs this text.
        let signed = pki::Origin::parse(&p.origin).ok_or(BadRequest::Origin)?;
        let origin = allowed.iter().find(|o| o.as_str() == p.origin).ok_or(BadRequest::Origin)?;
        let return_to = Url::parse(&p.return_to).map_err(|_| BadRequest::ReturnTo)?;
        let plain = return_to.username().is_empty() && return_to.password().is_none() && return_to.fragment().is_none();
        if !plain || !signed.contains(&return_to) || p.return_to.len() > MAX_RETURN {
            return Err(BadRequest::ReturnTo);
        }
        let bytes = |text: &str| b64url_decode(text).and_then(|b| b.try_into().ok()).ok_or(BadRequest::Bytes);
        let secs: i64 = p.expires.parse().map_err(|_| BadRequest::Expires)?;
        let expires = Timestamp::from_secs(secs);
        if secs < 0 || expires > now.plus(LONGEST) {
            return Err(BadRequest::Expires);
        }
        let purpose = Purpose::parse(&p.purpose).ok_or(BadRequest::Purpose)?;
        let challenge =
            Challenge { origin: signed, nonce: bytes(&p.nonce)?, session_hash: bytes(&p.session)?, expires, purpose };
        Ok(Self { challenge, origin: origin.clone(), return_to })
    }

    /// The parameters again, for hidden fields and storage.
    pub fn parameters(&self) -> Parameters {
        let c = &self.challenge;
        Parameters {
            origin: c.origin.as_str().to_owned(),
            nonce: b64url(&c.nonce),
            session: b64url(&c.session_hash),
            expires: c.expires.secs().to_string(),
            purpose: c.purpose.as_str().to_owned(),
            return_to: self.return_to.as_str().to_owned(),
        }
    }

    /// The address of the page that asks for the card.
    pub fn page(&self) -> String {
        let p = self.parameters();
        let mut query = url::form_urlencoded::Serializer::new(String::from("/read?"));
        query
            .append_pair("origin", &p.origin)
            .append_pair("nonce", &p.nonce)
            .append_pair("session", &p.session)
            .append_pair("expires", &p.expires)
            .append_pair("purpose", &p.purpose)
            .append_pair("return_to", &p.return_to);
        query.finish()
    }

    /// Where the browser goes with a handle.
    pub fn back(&self, handle: &str) -> String {
        let mut url = self.return_to.clone();
        url.query_pairs_mut().append_pair("handle", handle);
        url.into()
    }
}

/// How a handle is stored.
pub(crate) fn handle_hash(handle: &str) -> String {
    codec::sha256_b64url(handle)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_795_435_200);

    fn good() -> Parameters {
        Parameters {
            origin: "https://portal.example".to_owned(),
            nonce: b64url(&[1; 32]),
            session: b64url(&[2; 32]),
            expires: (NOW.secs() + 300).to_string(),
            purpose: "attribute-linkage".to_owned(),
            return_to: "https://portal.example/card/return/chl_1?x=1".to_owned(),
        }
    }

    fn allowed() -> Vec<Origin> {
        vec![Origin::parse("https://portal.example").unwrap(), Origin::parse("http://localhost:7001").unwrap()]
    }

    fn wrong(change: impl FnOnce(&mut Parameters)) -> BadRequest {
        let mut p = good();
        change(&mut p);
        ReadRequest::parse(&p, &allowed(), NOW).unwrap_err()
    }

    #[test]
    fn a_good_request_comes_back_the_same() {
        let r = ReadRequest::parse(&good(), &allowed(), NOW).unwrap();
        assert_eq!(r.parameters(), good());
        assert_eq!(r.back("h"), "https://portal.example/card/return/chl_1?x=1&handle=h");
        let page = Url::parse(&format!("http://localhost{}", r.page())).unwrap();
        assert_eq!(page.query_pairs().find(|(k, _)| k == "return_to").unwrap().1, good().return_to);
    }

    #[test]
    fn nobody_is_sent_elsewhere() {
        for origin in ["https://evil.example", "https://portal.example/", "https://portal.example:8443", "null", ""] {
            assert_eq!(wrong(|p| p.origin = origin.to_owned()), BadRequest::Origin, "{origin}");
        }
        for to in [
            "https://evil.example/",
            "https://portal.example@evil.example/",
            "https://user@portal.example/",
            "https://portal.example:8443/",
            "http://portal.example/",
            "https://portal.example.evil.example/",
            "https://portal.example/#x",
            "http://localhost:7001/",
            "javascript:alert(1)",
            "/card/return",
            "",
        ] {
            assert_eq!(wrong(|p| p.return_to = to.to_owned()), BadRequest::ReturnTo, "{to}");
        }
    }

    #[test]
    fn the_challenge_is_read_strictly() {
        assert_eq!(wrong(|p| p.nonce = b64url(&[1; 31])), BadRequest::Bytes);
        assert_eq!(wrong(|p| p.session = "=".to_owned()), BadRequest::Bytes);
        for expires in ["", "-1", "1e9", "99999999999999999999", &(NOW.secs() + 901).to_string()] {
            assert_eq!(wrong(|p| p.expires = expires.to_owned()), BadRequest::Expires, "{expires}");
        }
        assert_eq!(wrong(|p| p.purpose = "payment".to_owned()), BadRequest::Purpose);
    }

    proptest! {
        #[test]
        fn whatever_is_accepted_stays_within_the_origin(to in "(https://portal\\.example)?[ -~]{0,40}") {
            let p = Parameters { return_to: to, ..good() };
            if let Ok(r) = ReadRequest::parse(&p, &allowed(), NOW) {
                let back = Url::parse(&r.back("h")).unwrap();
                prop_assert_eq!(back.origin().ascii_serialization(), "https://portal.example");
            }
        }
    }
}
