//! Command and response APDUs (ISO/IEC 7816-3 section 12, 7816-4 section 5), short and extended.

use zeroize::Zeroizing;

/// Longest data field of a command.
pub const MAX_DATA: usize = 65_535;
/// Most that can be asked for with one command.
pub const MAX_LE: u32 = 65_536;

/// Instructions of the card.
pub mod ins {
    /// VERIFY
    pub const VERIFY: u8 = 0x20;
    /// CHANGE REFERENCE DATA
    pub const CHANGE_PIN: u8 = 0x24;
    /// COMPUTE DIGITAL SIGNATURE, of the card's own kind (CLA 80).
    pub const SIGN: u8 = 0x2a;
    /// GET CHALLENGE
    pub const GET_CHALLENGE: u8 = 0x84;
    /// SELECT FILE
    pub const SELECT: u8 = 0xa4;
    /// READ BINARY
    pub const READ_BINARY: u8 = 0xb0;
    /// READ RECORD
    pub const READ_RECORD: u8 = 0xb2;
    /// GET RESPONSE
    pub const GET_RESPONSE: u8 = 0xc0;
    /// GET DATA
    pub const GET_DATA: u8 = 0xca;
}

/// A command to a card. Its data may be a PIN: it doesn't print and is wiped.
#[derive(Clone, PartialEq, Eq)]
pub struct Command {
    /// Class.
    pub cla: u8,
    /// Instruction.
    pub ins: u8,
    /// First parameter.
    pub p1: u8,
    /// Second parameter.
    pub p2: u8,
    /// Data, at most [`MAX_DATA`].
    pub data: Zeroizing<Vec<u8>>,
    /// How much is expected back, 1 to [`MAX_LE`]; `None`: nothing.
    pub le: Option<u32>,
}

impl std::fmt::Debug for Command {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { cla, ins, p1, p2, data, le } = self;
        write!(f, "{cla:02X}{ins:02X}{p1:02X}{p2:02X} data {} le {le:?}", data.len())
    }
}

/// A command that can't be encoded, or bytes that are no command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadApdu {
    /// Data or expected length beyond what an APDU can say.
    #[error("the data or the expected length is beyond what a command can carry")]
    TooLong,
    /// The length bytes and the bytes there are don't agree.
    #[error("the lengths of the command don't agree")]
    Lengths,
}

impl Command {
    /// A command without data and without an answer (case 1).
    pub fn new(cla: u8, ins: u8, p1: u8, p2: u8) -> Self {
        Self { cla, ins, p1, p2, data: Zeroizing::default(), le: None }
    }

    /// With data.
    #[must_use]
    pub fn data(mut self, data: &[u8]) -> Self {
        self.data = Zeroizing::new(data.to_vec());
        self
    }

    /// Expecting up to `le` bytes.
    #[must_use]
    pub const fn le(mut self, le: u32) -> Self {
        self.le = Some(le);
        self
    }

    /// The bytes, short when both lengths fit into one byte, else extended.
    ///
    /// # Errors
    /// [`BadApdu::TooLong`].
    pub fn encode(&self) -> Result<Zeroizing<Vec<u8>>, BadApdu> {
        let le = self.le.unwrap_or(1);
        if self.data.len() > MAX_DATA || le == 0 || le > MAX_LE {
            return Err(BadApdu::TooLong);
        }
        // Whole from the start: growing would leave copies of a PIN behind.
        let mut out = Zeroizing::new(Vec::with_capacity(self.data.len() + 9));
        out.extend_from_slice(&[self.cla, self.ins, self.p1, self.p2]);
        let extended = self.data.len() > 255 || le > 256;
        if extended {
            out.push(0);
        }
        if !self.data.is_empty() {
            let n = self.data.len() as u16;
            if extended {
                out.extend_from_slice(&n.to_be_bytes())
            } else {
                out.push(n as u8)
            }
            out.extend_from_slice(&self.data);
        }
        // The largest length is written as zero.
        match self.le {
            Some(le) if extended => out.extend_from_slice(&(le as u16).to_be_bytes()),
            Some(le) => out.push(le as u8),
            None => {}
        }
        Ok(out)
    }

    /// Reads a command, for a card in software.
    ///
    /// # Errors
    /// [`BadApdu::Lengths`] for anything that isn't exactly one command of cases 1 to 4.
    pub fn parse(bytes: &[u8]) -> Result<Self, BadApdu> {
        let (&[cla, ins, p1, p2], body) = bytes.split_first_chunk::<4>().ok_or(BadApdu::Lengths)?;
        let command = Self::new(cla, ins, p1, p2);
        let largest = |n: u32, zero: u32| if n == 0 { zero } else { n };
        let short = |n: u8| largest(u32::from(n), 256);
        let long = |n: [u8; 2]| largest(u32::from(u16::from_be_bytes(n)), MAX_LE);
        match body {
            [] => Ok(command),
            [le] => Ok(command.le(short(*le))),
            [0, a, b] => Ok(command.le(long([*a, *b]))),
            [0, a, b, rest @ ..] => {
                let n = usize::from(u16::from_be_bytes([*a, *b]));
                let (data, le) = rest.split_at_checked(n).filter(|_| n > 0).ok_or(BadApdu::Lengths)?;
                match le {
                    [] => Ok(command.data(data)),
                    [a, b] => Ok(command.data(data).le(long([*a, *b]))),
                    _ => Err(BadApdu::Lengths),
                }
            }
            [n, rest @ ..] => {
                let n = usize::from(*n);
                let (data, le) = rest.split_at_checked(n).filter(|_| n > 0).ok_or(BadApdu::Lengths)?;
                match le {
                    [] => Ok(command.data(data)),
                    [le] => Ok(command.data(data).le(short(*le))),
                    _ => Err(BadApdu::Lengths),
                }
            }
        }
    }
}

/// SW1 and SW2.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Status(pub u16);

impl Status {
    /// Done.
    pub const OK: Self = Self(0x9000);
    /// The memory of the card failed.
    pub const MEMORY: Self = Self(0x6581);
    /// Wrong length.
    pub const LENGTH: Self = Self(0x6700);
    /// The command doesn't fit the kind of file.
    pub const FILE_KIND: Self = Self(0x6981);
    /// A PIN has to be presented first.
    pub const PIN_NEEDED: Self = Self(0x6982);
    /// The PIN is locked (JICSAP 5.2.2: the IEF is locked).
    pub const LOCKED: Self = Self(0x6984);
    /// Conditions of use aren't met: length of what is to be signed.
    pub const CONDITIONS: Self = Self(0x6985);
    /// No file is selected.
    pub const NO_CURRENT_FILE: Self = Self(0x6986);
    /// The data are wrong.
    pub const DATA: Self = Self(0x6a80);
    /// No such application or file.
    pub const NOT_FOUND: Self = Self(0x6a82);
    /// No such record.
    pub const NO_RECORD: Self = Self(0x6a83);
    /// Wrong P1 or P2.
    pub const PARAMETERS: Self = Self(0x6a86);
    /// No such data object.
    pub const NO_DATA_OBJECT: Self = Self(0x6a88);
    /// The offset is past the end.
    pub const PAST_END: Self = Self(0x6b00);
    /// Unknown instruction.
    pub const INSTRUCTION: Self = Self(0x6d00);
    /// Unknown class.
    pub const CLASS: Self = Self(0x6e00);

    /// `63Cx`: the PIN is wrong, so many tries left. 63C0 is the answer to the try that locks.
    pub const fn wrong_pin(tries_left: u8) -> Self {
        Self(0x63c0 | (tries_left & 0x0f) as u16)
    }

    /// The tries that `63Cx` says are left.
    pub const fn tries_left(self) -> Option<u8> {
        if self.0 & 0xfff0 == 0x63c0 { Some((self.0 & 0x0f) as u8) } else { None }
    }

    /// `61xx`: so much more can be fetched with GET RESPONSE.
    pub const fn more(self) -> Option<u32> {
        self.second(0x61)
    }

    /// `6Cxx`: the length that should have been asked for.
    pub const fn right_le(self) -> Option<u32> {
        self.second(0x6c)
    }

    const fn second(self, first: u16) -> Option<u32> {
        match (self.0 >> 8 == first, self.0 & 0xff) {
            (false, _) => None,
            (true, 0) => Some(256),
            (true, n) => Some(n as u32),
        }
    }
}

impl std::fmt::Debug for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04X}", self.0)
    }
}

impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let meaning = match *self {
            Self::OK => "done",
            Self::MEMORY => "memory failure",
            Self::LENGTH => "wrong length",
            Self::FILE_KIND => "not for this kind of file",
            Self::PIN_NEEDED => "a PIN has to be presented first",
            Self::LOCKED => "the PIN is locked",
            Self::CONDITIONS => "conditions of use are not met",
            Self::NO_CURRENT_FILE => "no file is selected",
            Self::DATA => "wrong data",
            Self::NOT_FOUND => "no such application or file",
            Self::NO_RECORD => "no such record",
            Self::PARAMETERS => "wrong parameters",
            Self::NO_DATA_OBJECT => "no such data object",
            Self::PAST_END => "past the end of the file",
            Self::INSTRUCTION => "unknown instruction",
            Self::CLASS => "unknown class",
            s if s.tries_left().is_some() => "wrong PIN",
            _ => "of another kind",
        };
        write!(f, "{:04X} ({meaning})", self.0)
    }
}

/// A card's answer. Its data may be the citizen's: they don't print.
#[derive(Clone, PartialEq, Eq)]
pub struct Response {
    /// What was asked for.
    pub data: Zeroizing<Vec<u8>>,
    /// How it went.
    pub status: Status,
}

impl std::fmt::Debug for Response {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} data {}", self.status, self.data.len())
    }
}

impl Response {
    /// From the bytes of an answer; `None` without a status word.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let (data, status) = bytes.split_last_chunk::<2>()?;
        Some(Self { data: Zeroizing::new(data.to_vec()), status: Status(u16::from_be_bytes(*status)) })
    }

    /// The bytes of an answer.
    pub fn encode(&self) -> Vec<u8> {
        [&self.data[..], &self.status.0.to_be_bytes()].concat()
    }
}

impl From<Status> for Response {
    fn from(status: Status) -> Self {
        Self { data: Zeroizing::default(), status }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_cases_are_written_as_the_standard_has_them() {
        let c = |le: Option<u32>, data: &[u8]| Command { le, ..Command::new(0, 0xa4, 2, 0x0c).data(data) };
        let bytes = |c: Command| c.encode().unwrap().to_vec();
        assert_eq!(bytes(c(None, &[])), [0, 0xa4, 2, 0x0c]);
        assert_eq!(bytes(c(Some(256), &[])), [0, 0xa4, 2, 0x0c, 0]);
        assert_eq!(bytes(c(Some(7), &[])), [0, 0xa4, 2, 0x0c, 7]);
        assert_eq!(bytes(c(None, &[0, 6])), [0, 0xa4, 2, 0x0c, 2, 0, 6]);
        assert_eq!(bytes(c(Some(256), &[0, 6])), [0, 0xa4, 2, 0x0c, 2, 0, 6, 0]);
        assert_eq!(bytes(c(Some(65_536), &[])), [0, 0xa4, 2, 0x0c, 0, 0, 0]);
        assert_eq!(bytes(c(Some(257), &[0, 6])), [0, 0xa4, 2, 0x0c, 0, 0, 2, 0, 6, 1, 1]);
        assert_eq!(bytes(c(None, &[9; 256]))[..7], [0, 0xa4, 2, 0x0c, 0, 1, 0]);
        assert_eq!(c(Some(0), &[]).encode(), Err(BadApdu::TooLong));
        assert_eq!(c(Some(65_537), &[]).encode(), Err(BadApdu::TooLong));
        assert_eq!(c(None, &[0; 65_536]).encode(), Err(BadApdu::TooLong));
    }

    #[test]
    fn lengths_have_to_agree() {
        for bad in [
            &[][..],
            &[0, 1, 2],
            &[0, 0x20, 0, 0x80, 4, 1, 2, 3],
            &[0, 0x20, 0, 0x80, 1, 2, 3, 4],
            &[0, 0x20, 0, 0x80, 0, 0],
            &[0, 0x20, 0, 0x80, 0, 0, 2, 1],
            &[0, 0x20, 0, 0x80, 0, 0, 0, 1],
            &[0, 0x20, 0, 0x80, 0, 0, 1, 1, 1],
        ] {
            assert_eq!(Command::parse(bad), Err(BadApdu::Lengths), "{bad:02x?}");
        }
    }

    #[test]
    fn status_words_say_what_they_mean() {
        assert_eq!(Status::wrong_pin(2).tries_left(), Some(2));
        assert_eq!(Status::LOCKED.tries_left(), None);
        assert_eq!(Status(0x6c00).right_le(), Some(256));
        assert_eq!(Status(0x6110).more(), Some(16));
        assert_eq!(Status(0x63c1).to_string(), "63C1 (wrong PIN)");
        let pin = Command::new(0, ins::VERIFY, 0, 0x80).data(b"1234");
        assert_eq!(format!("{pin:?}"), "00200080 data 4 le None");
    }

    proptest! {
        #[test]
        fn parse_reverses_encode(head: [u8; 4], data in prop::collection::vec(any::<u8>(), 0..600), le in prop::option::of(1u32..=65_536)) {
            let [cla, ins, p1, p2] = head;
            let command = Command { le, ..Command::new(cla, ins, p1, p2).data(&data) };
            prop_assert_eq!(Command::parse(&command.encode().unwrap()), Ok(command));
        }

        #[test]
        fn whatever_parses_is_one_command(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            if let Ok(command) = Command::parse(&bytes) {
                prop_assert_eq!(Command::parse(&command.encode().unwrap()), Ok(command));
            }
            if let Some(response) = Response::parse(&bytes) {
                prop_assert_eq!(response.encode(), bytes);
            }
        }
    }
}
