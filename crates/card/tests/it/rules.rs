//! The software card's rules, command by command, and as a property over any commands.

use card::soft::{Memory, SoftCard};
use proptest::prelude::*;

use super::*;
use base::Rng;

const JPKI: &str = "00A4040C0AD392F000260100000001";
const PROFILE: &str = "00A4040C0AD3921000310001010408";
const COMMON: &str = "00A4040C0AD3921000310001010100";
const AUTH_PIN: &str = "00A4020C020018";
const RIGHT: &str = "002000800431313131";
const WRONG: &str = "002000800439393939";
const ASK: &str = "00200080";
/// By short identifier: 32 bytes for P1=02.
const SIGN: &str = concat!("802A029720", "0000000000000000000000000000000000000000000000000000000000000000", "00");

/// A conversation: command and status word.
fn goes(card: &mut SoftCard, conversation: &[(&str, &str)]) {
    for (n, (command, status)) in conversation.iter().enumerate() {
        assert_eq!(say(card, command), *status, "step {n}: {command}");
    }
}

#[test]
fn only_its_own_applications_are_there() {
    let mut card = plugged(image());
    goes(
        &mut card,
        &[
            ("00A4040009A00000030800001000", "6A82"),
            ("00A4040C07A0000002471001", "6A82"),
            // A prefix isn't the name.
            ("00A4040C05D392F00026", "6A82"),
            // 券面事項確認AP is not emulated.
            ("00A4040C0AD3921000310001010402", "6A82"),
            ("00A4000C023F00", "6A82"),
            ("00A40000", "6A86"),
            (JPKI, "9000"),
            ("00A40000", "9000"),
            // A foreign name leaves the selection as it was.
            ("00A4040C07A0000002471001", "6A82"),
            (AUTH_PIN, "9000"),
            ("00A4020C020099", "6A82"),
            ("00A4020C0100", "6700"),
        ],
    );
}

#[test]
fn classes_instructions_and_lengths() {
    let mut card = plugged(image());
    goes(
        &mut card,
        &[
            (JPKI, "9000"),
            ("0031000000", "6D00"),
            ("80A4040C0AD392F000260100000001", "6D00"),
            ("FF00000000", "6E00"),
            ("00", "6700"),
            ("0020008005313131", "6700"),
            ("0084000008", "9000"),
            ("00CA7F2100", "6A88"),
            ("00B0000000", "6986"),
            (AUTH_PIN, "9000"),
            // A PIN is no file to read; a certificate is no PIN.
            ("00B0000000", "6981"),
            ("00A4020C02000A", "9000"),
            (ASK, "6981"),
            ("00B0000000", "9000"),
            ("00B00000", "6700"),
            ("00B07FFF00", "6B00"),
            // By short identifier, and extended.
            ("00B08A0004", "9000"),
            ("00B09F0004", "6A82"),
            ("00B00000000000", "9000"),
        ],
    );
}

#[test]
fn a_pin_has_three_tries_and_a_right_one_brings_them_back() {
    let mut card = plugged(image());
    goes(
        &mut card,
        &[
            (JPKI, "9000"),
            (AUTH_PIN, "9000"),
            (ASK, "63C3"),
            (WRONG, "63C2"),
            (ASK, "63C2"),
            (RIGHT, "9000"),
            (ASK, "63C3"),
            (WRONG, "63C2"),
            // Another form of wrong: length. It counts; what no card takes as a PIN doesn't.
            ("0020008001FF", "63C1"),
            (&format!("0020008011{}", "31".repeat(17)), "6700"),
            (ASK, "63C1"),
            (WRONG, "63C0"),
            (ASK, "63C0"),
            (RIGHT, "6984"),
        ],
    );
    // Power doesn't help.
    card.power_off();
    card.power_on();
    goes(&mut card, &[(JPKI, "9000"), (AUTH_PIN, "9000"), (RIGHT, "6984")]);
}

#[test]
fn a_presented_pin_survives_a_reset_and_not_another_application() {
    let mut card = plugged(image());
    goes(&mut card, &[(JPKI, "9000"), (SIGN, "6982"), (AUTH_PIN, "9000"), (RIGHT, "9000"), (SIGN, "9000")]);
    card.reset();
    goes(&mut card, &[(SIGN, "6A82"), (JPKI, "9000"), (SIGN, "9000"), (JPKI, "9000"), (SIGN, "9000")]);
    goes(&mut card, &[(COMMON, "9000"), (JPKI, "9000"), (SIGN, "6982"), (AUTH_PIN, "9000"), (RIGHT, "9000")]);
    card.power_on();
    goes(&mut card, &[(JPKI, "9000"), (SIGN, "6982")]);
    // A wrong PIN closes what a right one opened.
    goes(&mut card, &[(AUTH_PIN, "9000"), (RIGHT, "9000"), (WRONG, "63C2"), (SIGN, "6982")]);
}

#[test]
fn every_key_and_file_has_its_own_pin() {
    let mut card = plugged(image());
    let attributes = "00A4020C020002";
    goes(
        &mut card,
        &[
            (JPKI, "9000"),
            // The signing certificate needs the password: the other PIN opens neither it nor its key.
            (AUTH_PIN, "9000"),
            (RIGHT, "9000"),
            ("00A4020C020001", "9000"),
            ("00B0000000", "6982"),
            (&SIGN.replace("802A0297", "802A029A"), "6982"),
            ("00A4020C02001B", "9000"),
            (ASK, "63C5"),
            ("00200080085349474E31313131", "9000"),
            ("00B0810000", "9000"),
            (&SIGN.replace("802A0297", "802A029A"), "9000"),
            (PROFILE, "9000"),
            (attributes, "9000"),
            ("00B0000000", "6982"),
            ("00A4020C020011", "9000"),
            (RIGHT, "9000"),
            (attributes, "9000"),
            ("00B0000000", "9000"),
            // No 12-digit number, nor a code that is it.
            ("00A4020C020001", "6A82"),
            ("00A4020C020014", "6A82"),
            (COMMON, "9000"),
            ("00A4020C020001", "9000"),
            ("00B2010400", "9000"),
            ("00B2020400", "6A83"),
            ("00B0000000", "6981"),
        ],
    );
}

#[test]
fn what_is_signed_has_a_length() {
    let mut card = plugged(image());
    goes(
        &mut card,
        &[
            (JPKI, "9000"),
            (AUTH_PIN, "9000"),
            (RIGHT, "9000"),
            ("802A009700", "6700"),
            ("802A0297200000", "6700"),
            (&format!("802A02971F{}00", "00".repeat(31)), "6985"),
            (&format!("802A0097F5{}00", "01".repeat(245)), "9000"),
            (&format!("802A0097F6{}00", "01".repeat(246)), "6985"),
            (&format!("802A0397FF{}00", "01".repeat(255)), "9000"),
            (&format!("802A049720{}00", "01".repeat(32)), "9000"),
            (&format!("802A069720{}00", "01".repeat(32)), "6A86"),
            (&format!("802A009720{}10", "01".repeat(32)), "6C00"),
            // The key is no PIN and no file.
            ("00A4020C020017", "9000"),
            ("00B0000000", "6981"),
            (ASK, "6981"),
        ],
    );
}

#[test]
fn a_pin_can_be_changed_by_who_knows_it() {
    let mut card = plugged(image());
    goes(
        &mut card,
        &[
            (JPKI, "9000"),
            (AUTH_PIN, "9000"),
            ("002401800432323232", "6982"),
            (RIGHT, "9000"),
            ("00240180043232", "6700"),
            ("0024018003323232", "6A80"),
            ("002401800461616161", "6A80"),
            ("002401800432323232", "9000"),
            (RIGHT, "63C2"),
            ("002000800432323232", "9000"),
        ],
    );
}

#[test]
fn tries_stay_used_in_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("hanako.card");
    image().write(&path).unwrap();
    let plug = || {
        let image = Image::read(&path).unwrap().unwrap();
        let mut card = SoftCard::new(image, Memory::File(path.clone()), Rng::seeded(4)).unwrap();
        card.power_on();
        goes(&mut card, &[(JPKI, "9000"), (AUTH_PIN, "9000")]);
        card
    };
    goes(&mut plug(), &[(WRONG, "63C2")]);
    goes(&mut plug(), &[(ASK, "63C2"), (WRONG, "63C1"), (WRONG, "63C0")]);
    goes(&mut plug(), &[(RIGHT, "6984")]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    // A card that can't write down a try doesn't compare: else tries would be free.
    let mut card = SoftCard::new(image(), Memory::File(dir.path().join("no/such/folder")), Rng::seeded(4)).unwrap();
    card.power_on();
    goes(
        &mut card,
        &[
            (JPKI, "9000"),
            (AUTH_PIN, "9000"),
            (WRONG, "6581"),
            (RIGHT, "6581"),
            (SIGN, "6982"),
            (AUTH_PIN, "9000"),
            (ASK, "63C3"),
        ],
    );
    assert!(Image::read(&dir.path().join("nobody.card")).unwrap().is_none());
    std::fs::write(&path, "{}").unwrap();
    assert!(Image::read(&path).is_err());
}

/// Commands that mean something, and some that don't.
fn commands() -> impl Strategy<Value = Vec<u8>> {
    let known = [
        JPKI,
        PROFILE,
        COMMON,
        AUTH_PIN,
        RIGHT,
        WRONG,
        ASK,
        SIGN,
        "00A4020C02000A",
        "00B0000000",
        "00A4020C020011",
        "00A4020C02001B",
        "00B2010400",
        "002401800431313131",
    ];
    let known = prop::sample::select(known.to_vec()).prop_map(|hex| {
        (0..hex.len() / 2).map(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).unwrap()).collect::<Vec<u8>>()
    });
    let changed = (known.clone(), 0usize..8, any::<u8>()).prop_map(|(mut bytes, at, byte)| {
        let at = at % bytes.len();
        bytes[at] = byte;
        bytes
    });
    prop_oneof![6 => known, 2 => changed, 1 => prop::collection::vec(any::<u8>(), 0..20)]
}

/// What happens to a card.
#[derive(Clone, Debug)]
enum Step {
    Command(Vec<u8>),
    Reset,
    Power,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![20 => commands().prop_map(Step::Command), 1 => Just(Step::Reset), 1 => Just(Step::Power)];
    prop::collection::vec(step, 0..60)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Whatever is sent: a status word comes back, tries only come back by the right PIN, and the key signs only
    /// between a right PIN and the loss of it.
    #[test]
    fn nothing_is_signed_without_its_pin(steps in steps()) {
        let mut card = plugged(image());
        card.power_on();
        // The model: is the user-authentication PIN open, in which application are we, in which was it opened.
        let (mut open, mut left) = (false, 3u8);
        let (mut ap, mut last) = (None::<Vec<u8>>, None::<Vec<u8>>);
        let mut file = 0u8;
        for step in steps {
            let bytes = match step {
                Step::Reset => { card.reset(); ap = None; file = 0; continue }
                Step::Power => { card.power_on(); ap = None; last = None; open = false; file = 0; continue }
                Step::Command(bytes) => bytes,
            };
            let answer = card.answer(&bytes);
            prop_assert!(answer.len() >= 2);
            let status = &answer[answer.len() - 2..];
            let ok = status == [0x90, 0x00];
            let jpki = ap.as_deref().is_some_and(|a| a[1] == 0x92 && a[2] == 0xf0);
            match &bytes[..] {
                [0x00, 0xa4, 0x04, _, _, name @ ..] if ok => {
                    let name = name[..10].to_vec();
                    if last.as_ref() != Some(&name) { open = false }
                    (ap, last, file) = (Some(name.clone()), Some(name), 0);
                }
                [0x00, 0xa4, 0x02, _, _, _, id, ..] if ok => file = *id,
                [0x00, 0x20, 0x00, p2, _, pin @ ..] if jpki => {
                    let target = if p2 & 0x1f == 0 { file } else { p2 & 0x1f };
                    if target == 0x18 && matches!(status, [0x90, 0x00] | [0x63, _]) && !pin.is_empty() {
                        if left == 0 { prop_assert!(!ok) }
                        prop_assert_eq!(ok, pin == b"1111");
                        left = if ok { 3 } else { left - 1 };
                        open = ok;
                    }
                    if status != [0x6a, 0x86] && status != [0x6a, 0x82] && status != [0x67, 0x00] { file = target }
                }
                [0x80, 0x2a, _, p2, ..] => {
                    let target = if p2 & 0x1f == 0 { file } else { p2 & 0x1f };
                    prop_assert!(!ok || (jpki && target == 0x17 && open), "{bytes:02x?}");
                    if status != [0x6a, 0x86] && status != [0x6a, 0x82] && status != [0x67, 0x00] { file = target }
                }
                [0x00, 0xb0, p1, ..] if p1 & 0x80 != 0 && (ok || status == [0x69, 0x82] || status == [0x69, 0x81] || status == [0x6b, 0x00]) => file = p1 & 0x1f,
                _ => {}
            }
        }
        // What the model says is left, the card says too.
        let asked = [say(&mut card, JPKI), say(&mut card, AUTH_PIN), say(&mut card, ASK)];
        prop_assert_eq!(asked, ["9000".to_owned(), "9000".to_owned(), format!("63C{left}")]);
    }
}
