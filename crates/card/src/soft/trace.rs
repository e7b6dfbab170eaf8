//! A conversation between a program and a card as lines of text: commands without what was typed in, answers without
//! what was read. For finding out what a program does, and for replaying it in tests.
//!
//! ```text
//! > 00A4040C0AD392F000260100000001
//! < 9000
//! > 00200080 4 bytes
//! < 63C2
//! > 00B0000000
//! < 9000 256 bytes
//! ```

use crate::apdu::{Command, Response, ins};

/// A command as a line. The data of VERIFY and of a change of PIN are left out.
pub fn command(bytes: &[u8]) -> String {
    let secret =
        Command::parse(bytes).is_ok_and(|c| matches!(c.ins, ins::VERIFY | ins::CHANGE_PIN) && !c.data.is_empty());
    match bytes.split_at_checked(4).filter(|_| secret) {
        Some((head, rest)) => format!("> {} {} bytes", hex(head), rest.len() - 1),
        None => format!("> {}", hex(bytes)),
    }
}

/// An answer as a line: status word and how much was read.
pub fn answer(bytes: &[u8]) -> String {
    match Response::parse(bytes) {
        Some(r) if r.data.is_empty() => format!("< {:?}", r.status),
        Some(r) => format!("< {:?} {} bytes", r.status, r.data.len()),
        None => "< nothing".to_owned(),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02X}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_pin_and_no_content_is_written() {
        assert_eq!(command(&[0, 0x20, 0, 0x80, 4, b'1', b'2', b'3', b'4']), "> 00200080 4 bytes");
        assert_eq!(command(&[0, 0x20, 0, 0x80]), "> 00200080");
        assert_eq!(command(&[0, 0xa4, 2, 0x0c, 2, 0, 6]), "> 00A4020C020006");
        assert_eq!(answer(&[1, 2, 3, 0x90, 0]), "< 9000 3 bytes");
        assert_eq!(answer(&[0x63, 0xc2]), "< 63C2");
    }
}
