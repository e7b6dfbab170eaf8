//! Conversations recorded from programs (`enishi card plug hanako --trace`) said again: the card still answers them in
//! the same way. What a program asks is its own; so a change of ours that it would notice is noticed here, without it.

use card::soft::trace;

use super::*;

/// What was typed in is not in the trace; by its length it is the PIN or the password.
fn typed(head: &str, len: usize) -> Vec<u8> {
    let secret = if len == 4 { hanako().pin.to_owned() } else { hanako().sign_password() };
    assert_eq!(secret.len(), len, "a secret of hanako's");
    [&unhex(head)[..], &[len as u8], secret.as_bytes()].concat()
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len() / 2).map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap()).collect()
}

fn replay(name: &str, text: &str) -> usize {
    let mut card = plugged(image());
    let (mut answer, mut commands) = (None, 0);
    for (n, line) in text.lines().enumerate() {
        match (line, line.get(..2)) {
            ("power on", _) => card.power_on(),
            ("power off", _) => card.power_off(),
            ("reset", _) => card.reset(),
            (_, Some("> ")) => {
                let command = match line[2..].split_once(' ') {
                    Some((head, rest)) => typed(head, rest.strip_suffix(" bytes").unwrap().parse().unwrap()),
                    None => unhex(&line[2..]),
                };
                answer = Some(trace::answer(&card.answer(&command)));
                commands += 1;
            }
            (_, Some("< ")) => assert_eq!(answer.take().as_deref(), Some(line), "{name}, line {}", n + 1),
            _ => assert!(line.is_empty() || line.starts_with('#'), "{name}, line {}: {line}", n + 1),
        }
    }
    commands
}

#[test]
fn recorded_conversations_go_as_they_went() {
    for (name, text, at_least) in [
        ("opensc-dump", include_str!("../traces/opensc-dump.trace"), 40),
        ("opensc-sign", include_str!("../traces/opensc-sign.trace"), 40),
    ] {
        assert!(replay(name, text) >= at_least, "{name} is a whole conversation");
    }
}
