//! A card in a reader: commands out, answers in, and a clean leave.

use zeroize::Zeroizing;

use crate::ap::aid;
use crate::apdu::{BadApdu, Command, Response, Status, ins};
use crate::tlv;

/// Largest file that is read, in bytes. The largest on the card are certificates of about 1,600.
const MAX_FILE: usize = 8 * 1024;
/// Most rounds of GET RESPONSE: a card that always has more is no card.
const MAX_ROUNDS: usize = 64;

/// The way to a card: one command out, one answer in.
pub trait Transport {
    /// Sends a command APDU, gives the response APDU with its status word.
    ///
    /// # Errors
    /// When the way to the card is gone.
    fn transmit(&mut self, command: &[u8]) -> Result<Zeroizing<Vec<u8>>, TransportError>;
}

impl<T: Transport + ?Sized> Transport for &mut T {
    fn transmit(&mut self, command: &[u8]) -> Result<Zeroizing<Vec<u8>>, TransportError> {
        (**self).transmit(command)
    }
}

impl<T: Transport + ?Sized> Transport for Box<T> {
    fn transmit(&mut self, command: &[u8]) -> Result<Zeroizing<Vec<u8>>, TransportError> {
        (**self).transmit(command)
    }
}

/// Why the way to a card is gone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// No service for readers on this machine.
    #[error("the service for card readers does not answer")]
    NoService,
    /// No reader.
    #[error("there is no card reader")]
    NoReader,
    /// No card in any reader.
    #[error("there is no card in the reader")]
    NoCard,
    /// Another program has the card.
    #[error("another program is using the card")]
    Busy,
    /// The card was taken away in the middle.
    #[error("the card was taken away")]
    Removed,
    /// Something else.
    #[error("the card reader failed: {0}")]
    Failed(String),
}

/// Why a card did not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The PIN is wrong; so many tries are left, at least one.
    #[error("the PIN is wrong, {tries_left} tries left")]
    WrongPin {
        /// Tries left.
        tries_left: u8,
    },
    /// The PIN is locked, by this try or before.
    #[error("the PIN is locked")]
    PinLocked,
    /// One try is left and nobody agreed to use it. Nothing was sent.
    #[error("one try is left; it is used only when the holder agrees")]
    LastTry,
    /// A PIN has to be presented first.
    #[error("a PIN has to be presented first")]
    PinNeeded,
    /// The card lacks the application: no Individual Number Card.
    #[error("the card is no Individual Number Card: it lacks the application")]
    OtherCard,
    /// The card lacks a file.
    #[error("the card has no file {0:04X}")]
    NoFile(u16),
    /// The certificate's key is of a kind we don't know.
    #[error("the card's key is of an unknown kind")]
    UnknownKey,
    /// A file isn't as it should be. Says what, never what is in it.
    #[error("unexpected content on the card: {0}")]
    Malformed(&'static str),
    /// The challenge is past its time: signing it would be for nothing.
    #[error("the challenge has expired")]
    ChallengeExpired,
    /// Any other answer.
    #[error("the card answered {1} to {0}")]
    Status(&'static str, Status),
    /// The way to the card.
    #[error(transparent)]
    Transport(#[from] TransportError),
}

impl From<BadApdu> for Error {
    fn from(_: BadApdu) -> Self {
        Self::Malformed("a command can't be encoded")
    }
}

/// Whether the holder agreed to use the last try before the PIN locks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LastTry {
    /// Stop when one try is left.
    Keep,
    /// The holder was told and agreed.
    Use,
}

/// A card that is there. When it is dropped the card forgets the PIN.
#[derive(Debug)]
pub struct Card<T: Transport> {
    transport: T,
    /// Something on the card may be open by a PIN.
    open: bool,
}

impl<T: Transport> Card<T> {
    /// Over a way to a card.
    pub const fn new(transport: T) -> Self {
        Self { transport, open: false }
    }

    /// Makes the card forget the PIN, by selecting another application. (A warm reset doesn't.)
    ///
    /// # Errors
    /// When the way to the card is gone: it may still be open.
    pub fn leave(mut self) -> Result<(), Error> {
        self.forget()
    }

    fn forget(&mut self) -> Result<(), Error> {
        if self.open {
            self.select_ap(aid::COMMON)?;
            self.open = false;
        }
        Ok(())
    }

    /// One command with its answer, collected over `61xx` and `6Cxx`.
    pub(crate) fn send(&mut self, command: &Command) -> Result<Response, Error> {
        let mut response = self.once(command)?;
        if let Some(le) = response.status.right_le() {
            response = self.once(&command.clone().le(le))?;
        }
        for _ in 0..MAX_ROUNDS {
            let Some(more) = response.status.more() else { return Ok(response) };
            let next = self.once(&Command::new(0, ins::GET_RESPONSE, 0, 0).le(more))?;
            response.data.extend_from_slice(&next.data);
            response.status = next.status;
        }
        Err(Error::Malformed("an answer without end"))
    }

    fn once(&mut self, command: &Command) -> Result<Response, Error> {
        let answer = self.transport.transmit(&command.encode()?)?;
        Response::parse(&answer).ok_or(Error::Malformed("an answer without a status word"))
    }

    pub(crate) fn select_ap(&mut self, aid: [u8; 10]) -> Result<(), Error> {
        match self.send(&Command::new(0, ins::SELECT, 0x04, 0x0c).data(&aid))?.status {
            Status::OK => Ok(()),
            Status::NOT_FOUND => Err(Error::OtherCard),
            other => Err(Error::Status("the selection of an application", other)),
        }
    }

    pub(crate) fn select_ef(&mut self, id: u16) -> Result<(), Error> {
        match self.send(&Command::new(0, ins::SELECT, 0x02, 0x0c).data(&id.to_be_bytes()))?.status {
            Status::OK => Ok(()),
            Status::NOT_FOUND => Err(Error::NoFile(id)),
            other => Err(Error::Status("the selection of a file", other)),
        }
    }

    /// The data object that a file begins with. What follows it is filler.
    pub(crate) fn read_object(&mut self, id: u16) -> Result<Vec<u8>, Error> {
        self.select_ef(id)?;
        let mut file = self.read_at(0, 256)?;
        let len =
            tlv::whole_len(&file).filter(|n| *n <= MAX_FILE).ok_or(Error::Malformed("a file of unknown length"))?;
        while file.len() < len {
            let part = self.read_at(file.len(), (len - file.len()).min(256))?;
            if part.is_empty() {
                return Err(Error::Malformed("a file that ends too early"));
            }
            file.extend_from_slice(&part);
        }
        file.truncate(len);
        Ok(file)
    }

    /// Exactly `len` bytes from the beginning of a file.
    pub(crate) fn read_fixed(&mut self, id: u16, len: usize) -> Result<Vec<u8>, Error> {
        self.select_ef(id)?;
        let file = self.read_at(0, len)?;
        if file.len() == len { Ok(file) } else { Err(Error::Malformed("a file of the wrong length")) }
    }

    fn read_at(&mut self, offset: usize, len: usize) -> Result<Vec<u8>, Error> {
        // 15 bits; MAX_FILE is within.
        let [p1, p2] = (offset as u16).to_be_bytes();
        let response = self.send(&Command::new(0, ins::READ_BINARY, p1, p2).le(len as u32))?;
        match response.status {
            Status::OK if response.data.len() <= len => Ok(response.data.to_vec()),
            Status::OK => Err(Error::Malformed("more than was asked for")),
            Status::PIN_NEEDED => Err(Error::PinNeeded),
            other => Err(Error::Status("READ BINARY", other)),
        }
    }

    pub(crate) fn read_record(&mut self, id: u16, record: u8) -> Result<Vec<u8>, Error> {
        self.select_ef(id)?;
        let response = self.send(&Command::new(0, ins::READ_RECORD, record, 0x04).le(256))?;
        match response.status {
            Status::OK => Ok(response.data.to_vec()),
            other => Err(Error::Status("READ RECORD", other)),
        }
    }

    /// Tries left of the PIN that is file `id`; 0 when it is locked. Costs none.
    pub(crate) fn tries_left(&mut self, id: u16) -> Result<u8, Error> {
        self.select_ef(id)?;
        let status = self.send(&Command::new(0, ins::VERIFY, 0, 0x80))?.status;
        match status.tries_left() {
            Some(left) => Ok(left),
            None if status == Status::LOCKED => Ok(0),
            None => Err(Error::Status("the question for the tries left", status)),
        }
    }

    /// Presents a PIN once.
    pub(crate) fn verify(&mut self, id: u16, pin: &[u8], last: LastTry) -> Result<(), Error> {
        match (self.tries_left(id)?, last) {
            (0, _) => return Err(Error::PinLocked),
            (1, LastTry::Keep) => return Err(Error::LastTry),
            _ => {}
        }
        self.open = true;
        let status = self.send(&Command::new(0, ins::VERIFY, 0, 0x80).data(pin))?.status;
        match (status, status.tries_left()) {
            (Status::OK, _) => Ok(()),
            (Status::LOCKED, _) | (_, Some(0)) => Err(Error::PinLocked),
            (_, Some(tries_left)) => Err(Error::WrongPin { tries_left }),
            (other, None) => Err(Error::Status("VERIFY", other)),
        }
    }
}

impl<T: Transport> Drop for Card<T> {
    fn drop(&mut self) {
        // The way may be gone; then power is gone too, or the reader's service resets the card.
        let _ = self.forget();
    }
}
