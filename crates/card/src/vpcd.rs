//! The virtual reader of vsmartcard (`vpcd`, a driver of pcscd): a card in software in a reader that every program of
//! this machine sees.
//!
//! The reader listens (TCP 35963), the card connects. Each message is a length (u16, big-endian) and that many bytes.
//! One byte is for the reader's own: 00 power off, 01 power on, 02 reset, 04 asks for the answer to reset; everything
//! else is a command APDU. Only the last two are answered. Closing the connection takes the card out.

use std::io::{self, Read, Write};

use crate::soft::{ATR, SoftCard, trace};

/// Port of the first slot.
pub const PORT: u16 = 35_963;

/// Serves a card until the reader closes the connection. `log` gets the conversation line by line
/// ([`trace`]).
///
/// # Errors
/// When the connection breaks.
pub fn serve<S: Read + Write>(mut reader: S, card: &mut SoftCard, mut log: impl FnMut(&str)) -> io::Result<()> {
    while let Some(message) = receive(&mut reader)? {
        match message[..] {
            [] => {}
            [0x00] => {
                log("power off");
                card.power_off();
            }
            [0x01] => {
                log("power on");
                card.power_on();
            }
            [0x02] => {
                log("reset");
                card.reset();
            }
            // Asked several times a second: that the card is there.
            [0x04] => send(&mut reader, &ATR)?,
            ref command => {
                log(&trace::command(command));
                let answer = card.answer(command);
                log(&trace::answer(&answer));
                send(&mut reader, &answer)?;
            }
        }
    }
    card.power_off();
    Ok(())
}

/// `None` at the end of the connection.
fn receive(reader: &mut impl Read) -> io::Result<Option<zeroize::Zeroizing<Vec<u8>>>> {
    let mut len = [0; 2];
    match reader.read_exact(&mut len) {
        Ok(()) => {}
        Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(e) => return Err(e),
    }
    let mut message = zeroize::Zeroizing::new(vec![0; usize::from(u16::from_be_bytes(len))]);
    reader.read_exact(&mut message)?;
    Ok(Some(message))
}

fn send(reader: &mut impl Write, message: &[u8]) -> io::Result<()> {
    let len = u16::try_from(message.len()).map_err(|_| io::Error::other("an answer longer than the reader takes"))?;
    // In one piece: two would be two packets, and the second would wait.
    reader.write_all(&[&len.to_be_bytes()[..], message].concat())
}
