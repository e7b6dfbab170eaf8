//! The protocol of the virtual reader, with the reader's side played here. With the real one: `e2e/card`.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;

use card::soft::ATR;

use super::*;

fn ask(reader: &mut TcpStream, message: &[u8]) -> Vec<u8> {
    tell(reader, message);
    let mut len = [0; 2];
    reader.read_exact(&mut len).unwrap();
    let mut answer = vec![0; usize::from(u16::from_be_bytes(len))];
    reader.read_exact(&mut answer).unwrap();
    answer
}

fn tell(reader: &mut TcpStream, message: &[u8]) {
    reader.write_all(&(message.len() as u16).to_be_bytes()).unwrap();
    reader.write_all(message).unwrap();
}

#[test]
fn a_card_in_the_virtual_reader_answers_and_is_taken_out() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let serving = thread::spawn(move || {
        let mut lines = Vec::new();
        let mut card = plugged(image());
        card::vpcd::serve(TcpStream::connect(address).unwrap(), &mut card, |line| lines.push(line.to_owned())).unwrap();
        lines
    });
    let (mut reader, _) = listener.accept().unwrap();
    assert_eq!(ask(&mut reader, &[4]), ATR);
    tell(&mut reader, &[1]);
    let select = [0, 0xa4, 4, 0x0c, 10, 0xd3, 0x92, 0xf0, 0, 0x26, 1, 0, 0, 0, 1];
    assert_eq!(ask(&mut reader, &select), [0x90, 0x00]);
    assert_eq!(ask(&mut reader, &[0, 0xa4, 2, 0x0c, 2, 0, 0x18]), [0x90, 0x00]);
    assert_eq!(ask(&mut reader, &[0, 0x20, 0, 0x80, 4, b'1', b'1', b'1', b'1']), [0x90, 0x00]);
    // All of a certificate's file in one extended answer.
    assert_eq!(ask(&mut reader, &[0, 0xb0, 0x8a, 0, 0, 0, 0]).len(), 2_002);
    tell(&mut reader, &[2]);
    assert_eq!(ask(&mut reader, &[0, 0xb0, 0, 0, 0]), [0x69, 0x86]);
    // Not an APDU, but not the reader's own either.
    assert_eq!(ask(&mut reader, &[0, 0xa4]), [0x67, 0x00]);
    tell(&mut reader, &[0]);
    tell(&mut reader, &[]);
    drop(reader);
    let lines = serving.join().unwrap();
    assert_eq!(lines[0], "power on");
    assert!(lines.contains(&"> 00200080 4 bytes".to_owned()), "{lines:?}");
    assert!(lines.iter().all(|l| !l.contains("31313131")));
    assert_eq!(lines.last().unwrap(), "power off");
}

#[test]
fn half_a_message_is_an_error() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let serving = thread::spawn(move || {
        card::vpcd::serve(TcpStream::connect(address).unwrap(), &mut plugged(image()), |_| {}).is_err()
    });
    let (mut reader, _) = listener.accept().unwrap();
    reader.write_all(&[0, 5, 0]).unwrap();
    drop(reader);
    assert!(serving.join().unwrap());
}
