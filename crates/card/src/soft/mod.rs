//! A card in software: the applications of the Individual Number Card with a real card's rules, for test people.
//!
//! It answers as published surveys of real cards say: foreign applications are not there (6A82), a PIN that is locked
//! answers 6984, a VERIFY survives a warm reset and is lost when another application is selected or power goes. It
//! has no 12-digit number. What no survey says is decided here and named in `docs/card.md`.

mod files;
mod image;
mod rsa;
mod sign;
pub mod trace;

use std::path::PathBuf;

use base::Rng;
use base::codec::same;
use zeroize::Zeroizing;

use crate::apdu::{Command, Response, Status, ins};
use crate::reader::{Transport, TransportError};
use files::{File, PinId};

pub use image::{AuthPart, Generation, Image, ImageError};

/// Answer to reset of a contact card (T=1). That of a contactless card is made up by the reader.
pub const ATR: [u8; 9] = [0x3b, 0xe0, 0x00, 0xff, 0x81, 0x31, 0xfe, 0x45, 0x14];

/// Longest PIN that a card takes (JICSAP 6.4.9).
const MAX_PIN: usize = 16;

/// Where the card's state is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Memory {
    /// In a file: tries stay used when the card is plugged in again.
    File(PathBuf),
    /// Nowhere: the card is as it was issued, each time.
    None,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ap {
    Jpki,
    Profile,
    Common,
}

/// A card in software.
#[derive(Debug)]
pub struct SoftCard {
    image: Image,
    memory: Memory,
    files: files::Files,
    keys: sign::Keys,
    rng: Rng,
    powered: bool,
    ap: Option<Ap>,
    file: Option<u16>,
    /// PINs that were presented, and in which application.
    open: (Option<Ap>, Vec<PinId>),
}

impl SoftCard {
    /// A card without power.
    ///
    /// # Errors
    /// When the image holds no usable keys.
    pub fn new(image: Image, memory: Memory, rng: Rng) -> Result<Self, ImageError> {
        let (files, keys) = (files::Files::of(&image)?, sign::Keys::of(&image)?);
        Ok(Self { image, memory, files, keys, rng, powered: false, ap: None, file: None, open: (None, Vec::new()) })
    }

    /// Whose card it is, and in which state.
    pub const fn image(&self) -> &Image {
        &self.image
    }

    /// Power is switched on: nothing is selected, nothing is open.
    pub fn power_on(&mut self) {
        self.power_off();
        self.powered = true;
    }

    /// Power is gone.
    pub fn power_off(&mut self) {
        self.powered = false;
        self.reset();
        self.open = (None, Vec::new());
    }

    /// A warm reset: nothing is selected, but a PIN that was presented stays so.
    pub const fn reset(&mut self) {
        self.ap = None;
        self.file = None;
    }

    /// Answers a command APDU. The answer always has a status word.
    pub fn answer(&mut self, command: &[u8]) -> Vec<u8> {
        let response = match Command::parse(command) {
            Ok(command) => self.run(&command).unwrap_or_else(Response::from),
            Err(_) => Status::LENGTH.into(),
        };
        response.encode()
    }

    fn run(&mut self, c: &Command) -> Result<Response, Status> {
        match (c.cla, c.ins) {
            (0x00, ins::SELECT) => self.select(c).map(|()| Status::OK.into()),
            (0x00, ins::READ_BINARY) => self.read_binary(c),
            (0x00, ins::READ_RECORD) => self.read_record(c),
            (0x00, ins::VERIFY) => self.verify(c).map(|()| Status::OK.into()),
            (0x00, ins::CHANGE_PIN) => self.change(c).map(|()| Status::OK.into()),
            (0x80, ins::SIGN) => self.sign(c),
            (0x00, ins::GET_CHALLENGE) => self.challenge(c),
            (0x00, ins::GET_DATA) => Err(Status::NO_DATA_OBJECT),
            (0x00 | 0x80, _) => Err(Status::INSTRUCTION),
            _ => Err(Status::CLASS),
        }
    }

    fn select(&mut self, c: &Command) -> Result<(), Status> {
        match (c.p1, c.p2) {
            (0x04, p2) => {
                let ap = files::ap(&c.data).ok_or(Status::NOT_FOUND)?;
                if p2 != 0x0c {
                    return Err(Status::PARAMETERS);
                }
                if self.open.0 != Some(ap) {
                    self.open = (Some(ap), Vec::new());
                }
                (self.ap, self.file) = (Some(ap), None);
                Ok(())
            }
            (0x02, 0x0c) => {
                let id = <[u8; 2]>::try_from(&c.data[..]).map_err(|_| Status::LENGTH)?;
                let id = u16::from_be_bytes(id);
                self.find(id)?;
                self.file = Some(id);
                Ok(())
            }
            // Surveyed: the MF is selected when something is, and that changes nothing.
            (0x00, 0x00) if c.data.is_empty() => {
                if self.ap.is_some() {
                    Ok(())
                } else {
                    Err(Status::PARAMETERS)
                }
            }
            (0x00, _) => Err(Status::NOT_FOUND),
            _ => Err(Status::PARAMETERS),
        }
    }

    fn find(&self, id: u16) -> Result<&File, Status> {
        self.ap.and_then(|ap| self.files.get(ap, id)).ok_or(Status::NOT_FOUND)
    }

    /// The file that P2 names, which becomes the current one, or the current one.
    fn named(&mut self, p2: u8) -> Result<&File, Status> {
        match p2 & 0x7f {
            _ if p2 & 0x80 == 0 => return Err(Status::PARAMETERS),
            0 => {}
            sfi @ 1..=0x1e => {
                self.find(u16::from(sfi))?;
                self.file = Some(u16::from(sfi));
            }
            _ => return Err(Status::PARAMETERS),
        }
        let id = self.file.ok_or(Status::NO_CURRENT_FILE)?;
        self.find(id)
    }

    fn may_read(&self, pins: &[PinId]) -> Result<(), Status> {
        if pins.is_empty() || pins.iter().any(|p| self.open.1.contains(p)) { Ok(()) } else { Err(Status::PIN_NEEDED) }
    }

    fn read_binary(&mut self, c: &Command) -> Result<Response, Status> {
        if !c.data.is_empty() {
            return Err(Status::LENGTH);
        }
        let offset = if c.p1 & 0x80 == 0 {
            usize::from(u16::from_be_bytes([c.p1, c.p2]))
        } else {
            let sfi = u16::from(c.p1 & 0x1f);
            self.find(sfi)?;
            self.file = Some(sfi);
            usize::from(c.p2)
        };
        let id = self.file.ok_or(Status::NO_CURRENT_FILE)?;
        let File::Binary { bytes, pins } = self.find(id)? else { return Err(Status::FILE_KIND) };
        self.may_read(pins)?;
        let rest = bytes.get(offset..).filter(|r| !r.is_empty()).ok_or(Status::PAST_END)?;
        let le = c.le.ok_or(Status::LENGTH)? as usize;
        Ok(ok(&rest[..rest.len().min(le)]))
    }

    fn read_record(&mut self, c: &Command) -> Result<Response, Status> {
        if c.p2 & 0x07 != 0x04 {
            return Err(Status::PARAMETERS);
        }
        let file = self.named(0x80 | c.p2 >> 3)?;
        let File::Record(record) = file else { return Err(Status::FILE_KIND) };
        let le = c.le.ok_or(Status::LENGTH)? as usize;
        if c.p1 == 1 { Ok(ok(&record[..record.len().min(le)])) } else { Err(Status::NO_RECORD) }
    }

    fn verify(&mut self, c: &Command) -> Result<(), Status> {
        if c.p1 != 0 {
            return Err(Status::PARAMETERS);
        }
        let File::Pin(id) = *self.named(c.p2)? else { return Err(Status::FILE_KIND) };
        let left = self.pin(id).left;
        // The question has no try in it: 63C0 when none is left. OpenSC takes a card that says 6984 here for no card.
        if c.data.is_empty() {
            return Err(Status::wrong_pin(left));
        }
        if left == 0 {
            return Err(Status::LOCKED);
        }
        if c.data.len() > MAX_PIN {
            return Err(Status::LENGTH);
        }
        // The try is gone before the PIN is compared: who pulls the plug in between doesn't get it back.
        self.pin(id).left = left - 1;
        if let Err(status) = self.save() {
            self.pin(id).left = left;
            return Err(status);
        }
        self.open.1.retain(|open| *open != id);
        if !same(self.pin(id).value.as_bytes(), &c.data) {
            return Err(Status::wrong_pin(left - 1));
        }
        let pin = self.pin(id);
        pin.left = pin.most;
        self.save()?;
        self.open.1.push(id);
        Ok(())
    }

    fn change(&mut self, c: &Command) -> Result<(), Status> {
        if c.p1 != 1 {
            return Err(Status::PARAMETERS);
        }
        let File::Pin(id) = *self.named(c.p2)? else { return Err(Status::FILE_KIND) };
        if !self.open.1.contains(&id) {
            return Err(Status::PIN_NEEDED);
        }
        let new = id.accepts(&c.data).ok_or(Status::DATA)?.to_owned();
        let before = std::mem::replace(&mut self.pin(id).value, new);
        self.save().inspect_err(|_| self.pin(id).value = before)
    }

    fn sign(&mut self, c: &Command) -> Result<Response, Status> {
        let File::Key(key) = *self.named(c.p2)? else { return Err(Status::FILE_KIND) };
        self.may_read(&[key.pin()])?;
        let signature = self.keys.sign(key, c.p1, &c.data, &self.rng)?;
        match c.le {
            Some(le) if (le as usize) < signature.len() => Err(Status(0x6c00 | (signature.len() as u16 & 0xff))),
            _ => Ok(ok(&signature)),
        }
    }

    fn challenge(&self, c: &Command) -> Result<Response, Status> {
        let le = c.le.filter(|_| c.data.is_empty()).ok_or(Status::LENGTH)?;
        let mut random = vec![0; le.min(256) as usize];
        self.rng.fill(&mut random);
        if (c.p1, c.p2) == (0, 0) { Ok(ok(&random)) } else { Err(Status::PARAMETERS) }
    }

    const fn pin(&mut self, id: PinId) -> &mut image::Pin {
        &mut self.image.pins[id as usize]
    }

    fn save(&self) -> Result<(), Status> {
        match &self.memory {
            Memory::File(path) => self.image.write(path).map_err(|_| Status::MEMORY),
            Memory::None => Ok(()),
        }
    }
}

fn ok(data: &[u8]) -> Response {
    Response { data: Zeroizing::new(data.to_vec()), status: Status::OK }
}

/// In this process, without a reader. Has power from the first command on.
impl Transport for SoftCard {
    fn transmit(&mut self, command: &[u8]) -> Result<Zeroizing<Vec<u8>>, TransportError> {
        if !self.powered {
            self.power_on();
        }
        Ok(Zeroizing::new(self.answer(command)))
    }
}
