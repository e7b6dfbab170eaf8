//! 公的個人認証AP: the user-authentication certificate, its PIN and its key.

use base::Clock;
use pki::{Algorithm, AuthCert, Challenge};

use super::aid;
use crate::apdu::{Command, Status, ins};
use crate::pin::AuthPin;
use crate::reader::{Card, Error, LastTry, Transport};

/// Files of the application.
pub(crate) mod ef {
    /// 署名用電子証明書; needs its password.
    pub(crate) const SIGN_CERT: u16 = 0x0001;
    /// Certificate of its authority.
    pub(crate) const SIGN_CA: u16 = 0x0002;
    /// `CK_TOKEN_INFO` (PKCS #11), 160 bytes.
    pub(crate) const TOKEN: u16 = 0x0006;
    /// Which certificates there are.
    pub(crate) const AVAILABLE: u16 = 0x0008;
    /// 利用者証明用電子証明書; free.
    pub(crate) const AUTH_CERT: u16 = 0x000a;
    /// Certificate of its authority.
    pub(crate) const AUTH_CA: u16 = 0x000b;
    /// Its key.
    pub(crate) const AUTH_KEY: u16 = 0x0017;
    /// Its PIN.
    pub(crate) const AUTH_PIN: u16 = 0x0018;
    /// Key of the digital-signature certificate.
    pub(crate) const SIGN_KEY: u16 = 0x001a;
    /// Its password.
    pub(crate) const SIGN_PIN: u16 = 0x001b;
}

/// Length of the token information.
pub(crate) const TOKEN_LEN: usize = 160;
/// `DigestInfo` of SHA-256 (RFC 8017 section 9.2, note 1) before the hash.
const DIGEST_INFO: [u8; 19] =
    [0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20];

/// In what the certificates live, by the label of the token information.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token {
    /// A card.
    Card,
    /// An Android phone.
    Android,
    /// An iPhone.
    Iphone,
    /// Another label.
    Other,
}

impl Token {
    pub(crate) const CARD_LABEL: &'static [u8; 32] = b"JPKIAPICCTOKEN2                 ";

    fn of(info: &[u8]) -> Self {
        match info.get(..32) {
            Some(label) if label == Self::CARD_LABEL => Self::Card,
            Some(b"JPKIAPGPSETOKEN                 ") => Self::Android,
            Some(b"JPKIAPIOSTOKEN                  ") => Self::Iphone,
            _ => Self::Other,
        }
    }
}

/// What a card gave for a challenge.
#[derive(Clone, PartialEq, Eq)]
pub struct Signed {
    /// User-authentication certificate, DER. Personal data.
    pub certificate: Vec<u8>,
    /// Over [`Challenge::signed_bytes`], by [`Self::algorithm`].
    pub signature: Vec<u8>,
    /// How.
    pub algorithm: Algorithm,
}

impl std::fmt::Debug for Signed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signed").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

/// The application, selected.
#[derive(Debug)]
pub struct Jpki<'a, T: Transport>(&'a mut Card<T>);

impl<'a, T: Transport> Jpki<'a, T> {
    /// Selects it.
    ///
    /// # Errors
    /// [`Error::OtherCard`] when the card lacks it.
    pub fn select(card: &'a mut Card<T>) -> Result<Self, Error> {
        card.select_ap(aid::JPKI)?;
        Ok(Self(card))
    }

    /// Card or phone.
    ///
    /// # Errors
    /// When the card does not answer as it should.
    pub fn token(&mut self) -> Result<Token, Error> {
        Ok(Token::of(&self.0.read_fixed(ef::TOKEN, TOKEN_LEN)?))
    }

    /// The user-authentication certificate, DER; needs no PIN. Personal data: not to be logged.
    ///
    /// # Errors
    /// When the card does not answer as it should.
    pub fn certificate(&mut self) -> Result<Vec<u8>, Error> {
        self.0.read_object(ef::AUTH_CERT)
    }

    /// The certificate of its authority, DER. Proves nothing: it comes from the card.
    ///
    /// # Errors
    /// When the card does not answer as it should.
    pub fn authority(&mut self) -> Result<Vec<u8>, Error> {
        self.0.read_object(ef::AUTH_CA)
    }

    /// Tries left of the PIN; 0 when it is locked. Costs none.
    ///
    /// # Errors
    /// When the card does not answer as it should.
    pub fn tries_left(&mut self) -> Result<u8, Error> {
        self.0.tries_left(ef::AUTH_PIN)
    }

    /// Presents the PIN, once.
    ///
    /// # Errors
    /// [`Error::WrongPin`], [`Error::PinLocked`], [`Error::LastTry`].
    pub fn verify(&mut self, pin: &AuthPin, last: LastTry) -> Result<Open<'_, 'a, T>, Error> {
        self.0.verify(ef::AUTH_PIN, pin.bytes(), last)?;
        Ok(Open(self))
    }
}

/// The application after its PIN was accepted.
#[derive(Debug)]
pub struct Open<'j, 'a, T: Transport>(&'j mut Jpki<'a, T>);

impl<T: Transport> Open<'_, '_, T> {
    /// Signs a challenge: builds the bytes, hashes them, has the card sign the hash.
    ///
    /// # Errors
    /// [`Error::ChallengeExpired`], or what the card answered.
    pub fn sign(&mut self, challenge: &Challenge, clock: &Clock) -> Result<Signed, Error> {
        if challenge.expires <= clock.now() {
            return Err(Error::ChallengeExpired);
        }
        let certificate = self.0.certificate()?;
        let cert = AuthCert::parse(&certificate).map_err(|_| Error::Malformed("the certificate"))?;
        let algorithm = cert.algorithm().ok_or(Error::UnknownKey)?;
        let message = challenge.signed_bytes();
        let (input, len) = match algorithm {
            Algorithm::Rsa2048Sha256 => ([&DIGEST_INFO[..], &base::codec::sha256(&message)].concat(), 256),
            // Not published: a card given a hash signs it, as today's does.
            Algorithm::EcdsaP384Sha384 => (pki::key_p384::sha384(&message).to_vec(), 96),
            _ => return Err(Error::UnknownKey),
        };
        let card = &mut *self.0.0;
        card.select_ef(ef::AUTH_KEY)?;
        let response = card.send(&Command::new(0x80, ins::SIGN, 0x00, 0x80).data(&input).le(256))?;
        match response.status {
            Status::OK if response.data.len() == len => {
                Ok(Signed { certificate, signature: response.data.to_vec(), algorithm })
            }
            Status::OK => Err(Error::Malformed("a signature of the wrong length")),
            Status::PIN_NEEDED => Err(Error::PinNeeded),
            other => Err(Error::Status("COMPUTE DIGITAL SIGNATURE", other)),
        }
    }
}
