//! Readers through the PC/SC service of the system.

use std::ffi::CString;

use pcsc::{Context, Disposition, Protocols, Scope, ShareMode};
use zeroize::Zeroizing;

use crate::reader::{Transport, TransportError};

/// Longest answer: 65,536 bytes and the status word.
const MAX_ANSWER: usize = 65_538;

/// A card in a reader, for this program alone. When it is dropped the card loses power, and with it every PIN.
pub struct PcscCard {
    /// `None` only while it is dropped.
    card: Option<pcsc::Card>,
}

impl std::fmt::Debug for PcscCard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PcscCard")
    }
}

/// Names of the readers of this machine.
///
/// # Errors
/// [`TransportError::NoService`].
pub fn readers() -> Result<Vec<String>, TransportError> {
    let context = Context::establish(Scope::User).map_err(failed)?;
    match context.list_readers_owned() {
        Ok(names) => Ok(names.iter().map(|n| n.to_string_lossy().into_owned()).collect()),
        Err(pcsc::Error::NoReadersAvailable) => Ok(Vec::new()),
        Err(e) => Err(failed(e)),
    }
}

impl PcscCard {
    /// The card in the reader of this name, or in the first reader that has one.
    ///
    /// # Errors
    /// [`TransportError`]: no service, reader or card, or another program has it.
    pub fn connect(reader: Option<&str>) -> Result<Self, TransportError> {
        let context = Context::establish(Scope::User).map_err(failed)?;
        let names = match reader {
            Some(name) => vec![name.to_owned()],
            None => readers()?,
        };
        let mut why = TransportError::NoReader;
        for name in names {
            let name = CString::new(name).map_err(|_| TransportError::NoReader)?;
            // Exclusive: a PIN that was presented opens the key for every program that shares the card.
            match context.connect(&name, ShareMode::Exclusive, Protocols::ANY) {
                Ok(card) => return Ok(Self { card: Some(card) }),
                Err(e) => {
                    let e = failed(e);
                    // A card that somebody else has says more than an empty reader.
                    if why != TransportError::Busy {
                        why = e;
                    }
                }
            }
        }
        Err(why)
    }
}

impl Transport for PcscCard {
    fn transmit(&mut self, command: &[u8]) -> Result<Zeroizing<Vec<u8>>, TransportError> {
        let card = self.card.as_ref().ok_or(TransportError::Removed)?;
        let mut buffer = Zeroizing::new(vec![0; MAX_ANSWER]);
        let len = card.transmit(command, &mut buffer).map_err(failed)?.len();
        Ok(Zeroizing::new(buffer[..len].to_vec()))
    }
}

impl Drop for PcscCard {
    fn drop(&mut self) {
        if let Some(card) = self.card.take() {
            // A card that was taken away has lost power already.
            let _ = card.disconnect(Disposition::UnpowerCard);
        }
    }
}

fn failed(e: pcsc::Error) -> TransportError {
    match e {
        pcsc::Error::NoService | pcsc::Error::ServiceStopped => TransportError::NoService,
        pcsc::Error::NoReadersAvailable | pcsc::Error::UnknownReader | pcsc::Error::ReaderUnavailable => {
            TransportError::NoReader
        }
        pcsc::Error::NoSmartcard | pcsc::Error::UnresponsiveCard | pcsc::Error::UnpoweredCard => TransportError::NoCard,
        pcsc::Error::SharingViolation => TransportError::Busy,
        pcsc::Error::RemovedCard | pcsc::Error::ResetCard => TransportError::Removed,
        other => TransportError::Failed(other.to_string()),
    }
}
