//! Files that people send: what they are is found by looking at the bytes, never believed.
//!
//! They are kept sealed, handed out only as downloads (`attachment`, `nosniff`), and never opened, converted or
//! rendered here. Refused are types nobody needs, macros, pictures whose size on screen is absurd, and archives that
//! claim to grow out of proportion.

/// Largest file in bytes.
pub const MAX_FILE: usize = 10 * 1024 * 1024;
/// Most bytes of one organisation, or of one person without an organisation.
pub const QUOTA: i64 = 500 * 1024 * 1024;
/// Widest and highest picture in pixels.
const MAX_SIDE: u32 = 12_000;
/// What an office document may claim to unpack to.
const MAX_UNPACKED: u64 = 200 * 1024 * 1024;

/// Why a file is not taken. Each has a text `file-{word}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileProblem {
    /// Nothing in it.
    Empty,
    /// Above [`MAX_FILE`].
    TooLarge,
    /// Of a type that nobody needs.
    Type,
    /// Its name promises another type.
    Mismatch,
    /// It can run something.
    Macro,
    /// A picture that can't be read, or is absurdly large.
    Picture,
    /// It claims to grow out of proportion.
    Archive,
    /// Its owner has no room left.
    Quota,
    /// It holds a private key.
    PrivateKey,
}

impl FileProblem {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Empty,
        Self::TooLarge,
        Self::Type,
        Self::Mismatch,
        Self::Macro,
        Self::Picture,
        Self::Archive,
        Self::Quota,
        Self::PrivateKey,
    ];

    /// Its text.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Empty => "file-empty",
            Self::TooLarge => "file-too-large",
            Self::Type => "file-type",
            Self::Mismatch => "file-mismatch",
            Self::Macro => "file-macro",
            Self::Picture => "file-picture",
            Self::Archive => "file-archive",
            Self::Quota => "file-quota",
            Self::PrivateKey => "file-private-key",
        }
    }
}

struct Kind {
    media_type: &'static str,
    endings: &'static [&'static str],
}

const PDF: Kind = Kind { media_type: "application/pdf", endings: &["pdf"] };
const PNG: Kind = Kind { media_type: "image/png", endings: &["png"] };
const JPEG: Kind = Kind { media_type: "image/jpeg", endings: &["jpg", "jpeg"] };
const XLSX: Kind =
    Kind { media_type: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", endings: &["xlsx"] };
const DOCX: Kind =
    Kind { media_type: "application/vnd.openxmlformats-officedocument.wordprocessingml.document", endings: &["docx"] };
const PPTX: Kind = Kind {
    media_type: "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    endings: &["pptx"],
};
const TEXT: Kind = Kind { media_type: "text/plain; charset=utf-8", endings: &["txt", "csv", "log", "md", "json"] };

/// Looks at a file; gives its media type.
pub fn inspect(name: &str, bytes: &[u8]) -> Result<&'static str, FileProblem> {
    if bytes.is_empty() {
        return Err(FileProblem::Empty);
    }
    if bytes.len() > MAX_FILE {
        return Err(FileProblem::TooLarge);
    }
    if procedures::private_key::is_in_file(bytes) {
        return Err(FileProblem::PrivateKey);
    }
    let kind = if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        picture(png_size(bytes))?;
        PNG
    } else if bytes.starts_with(b"%PDF-") {
        PDF
    } else if bytes.starts_with(&[0xff, 0xd8, 0xff]) {
        picture(jpeg_size(bytes))?;
        JPEG
    } else if bytes.starts_with(b"PK\x03\x04") {
        office(bytes)?
    } else if is_text(bytes) {
        TEXT
    } else {
        return Err(FileProblem::Type);
    };
    // A name that promises something else would open in another program than the type says.
    let ending = name.rsplit_once('.').map(|(_, e)| e.to_ascii_lowercase()).unwrap_or_default();
    if kind.endings.contains(&ending.as_str()) { Ok(kind.media_type) } else { Err(FileProblem::Mismatch) }
}

fn picture(size: Option<(u32, u32)>) -> Result<(), FileProblem> {
    match size {
        Some((w, h)) if (1..=MAX_SIDE).contains(&w) && (1..=MAX_SIDE).contains(&h) => Ok(()),
        _ => Err(FileProblem::Picture),
    }
}

fn png_size(bytes: &[u8]) -> Option<(u32, u32)> {
    let chunk = bytes.get(8..33)?;
    if chunk.get(4..8)? != b"IHDR" {
        return None;
    }
    let number = |at: usize| Some(u32::from_be_bytes(chunk.get(at..at + 4)?.try_into().ok()?));
    Some((number(8)?, number(12)?))
}

/// The size in the first start-of-frame segment (ITU-T T.81, B.2.2).
fn jpeg_size(bytes: &[u8]) -> Option<(u32, u32)> {
    let mut at = 2;
    loop {
        let marker = bytes.get(at..at + 2)?;
        if marker[0] != 0xff {
            return None;
        }
        if marker[1] == 0xff {
            at += 1;
            continue;
        }
        let length = usize::from(u16::from_be_bytes(bytes.get(at + 2..at + 4)?.try_into().ok()?));
        if matches!(marker[1], 0xc0..=0xcf) && !matches!(marker[1], 0xc4 | 0xc8 | 0xcc) {
            let number = |from: usize| Some(u32::from(u16::from_be_bytes(bytes.get(from..from + 2)?.try_into().ok()?)));
            return Some((number(at + 7)?, number(at + 5)?));
        }
        at += 2 + length.max(2);
    }
}

/// An office document, by the names in the archive's central directory. Nothing is unpacked.
fn office(bytes: &[u8]) -> Result<Kind, FileProblem> {
    let entries = central_directory(bytes).ok_or(FileProblem::Archive)?;
    let unpacked: u64 = entries.iter().map(|(_, size)| u64::from(*size)).sum();
    if unpacked > MAX_UNPACKED || unpacked > (bytes.len() as u64).saturating_mul(200) {
        return Err(FileProblem::Archive);
    }
    let has = |name: &str| entries.iter().any(|(n, _)| n == name);
    if entries.iter().any(|(n, _)| {
        let n = n.to_ascii_lowercase();
        n.contains("vbaproject") || n.contains("/activex/") || n.contains("/embeddings/") || n.contains("macrosheets")
    }) {
        return Err(FileProblem::Macro);
    }
    if !has("[Content_Types].xml") {
        return Err(FileProblem::Type);
    }
    [("xl/workbook.xml", XLSX), ("word/document.xml", DOCX), ("ppt/presentation.xml", PPTX)]
        .into_iter()
        .find_map(|(name, kind)| has(name).then_some(kind))
        .ok_or(FileProblem::Type)
}

/// Names and claimed sizes (APPNOTE 4.3.12, 4.3.16); `None` when the archive does not add up.
fn central_directory(bytes: &[u8]) -> Option<Vec<(String, u32)>> {
    let u16_at = |at: usize| Some(u16::from_le_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?));
    let u32_at = |at: usize| Some(u32::from_le_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?));
    let from = bytes.len().saturating_sub(22 + 65_535);
    let end = from + bytes[from..].windows(4).rposition(|w| w == b"PK\x05\x06")?;
    let count = usize::from(u16_at(end + 10)?);
    let mut at = usize::try_from(u32_at(end + 16)?).ok()?;
    let mut entries = Vec::new();
    for _ in 0..count {
        if bytes.get(at..at.checked_add(4)?)? != b"PK\x01\x02" {
            return None;
        }
        let size = u32_at(at + 24)?;
        let (name, extra, comment) = (u16_at(at + 28)?, u16_at(at + 30)?, u16_at(at + 32)?);
        let start = at + 46;
        let name = bytes.get(start..start + usize::from(name))?;
        entries.push((String::from_utf8_lossy(name).into_owned(), size));
        at = start + name.len() + usize::from(extra) + usize::from(comment);
    }
    Some(entries)
}

/// UTF-8 text without control characters that no text file has.
fn is_text(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes)
        .is_ok_and(|text| !text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t' | '\u{c}')))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn png(w: u32, h: u32) -> Vec<u8> {
        let mut out = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
        out.extend(w.to_be_bytes());
        out.extend(h.to_be_bytes());
        out.extend([8, 2, 0, 0, 0, 0, 0, 0, 0]);
        out
    }

    fn zip(entries: &[(&str, u32)]) -> Vec<u8> {
        let mut out = b"PK\x03\x04".to_vec();
        out.resize(200, 0);
        let start = out.len() as u32;
        for (name, size) in entries {
            let mut entry = b"PK\x01\x02".to_vec();
            entry.resize(46, 0);
            entry[24..28].copy_from_slice(&size.to_le_bytes());
            entry[28..30].copy_from_slice(&(name.len() as u16).to_le_bytes());
            out.extend(entry);
            out.extend(name.as_bytes());
        }
        let length = out.len() as u32 - start;
        out.extend(b"PK\x05\x06\0\0\0\0");
        out.extend((entries.len() as u16).to_le_bytes());
        out.extend((entries.len() as u16).to_le_bytes());
        out.extend(length.to_le_bytes());
        out.extend(start.to_le_bytes());
        out.extend([0, 0]);
        out
    }

    #[test]
    fn what_a_file_is_and_what_is_refused() {
        let evidence = |name: &str, bytes: &[u8]| inspect(name, bytes);
        assert_eq!(evidence("a.pdf", b"%PDF-1.7 x"), Ok("application/pdf"));
        assert_eq!(evidence("結果.txt", "試験".as_bytes()), Ok("text/plain; charset=utf-8"));
        assert_eq!(evidence("a.png", &png(800, 600)), Ok("image/png"));
        assert_eq!(evidence("a.png", &png(800, 90_000)), Err(FileProblem::Picture));
        assert_eq!(evidence("a.pdf", &png(8, 6)), Err(FileProblem::Mismatch));
        assert_eq!(evidence("a.html", b"<script>alert(1)</script>"), Err(FileProblem::Mismatch));
        assert_eq!(evidence("a.svg", b"<svg onload='x'/>"), Err(FileProblem::Mismatch));
        let key =
            b"-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg\n-----END PRIVATE KEY-----";
        assert_eq!(evidence("a.txt", key), Err(FileProblem::PrivateKey));
        assert_eq!(evidence("a.exe", b"MZ\x90\0\x03"), Err(FileProblem::Type));
        assert_eq!(evidence("a.pdf", b""), Err(FileProblem::Empty));
        assert_eq!(evidence("a.pdf", &vec![b' '; MAX_FILE + 1]), Err(FileProblem::TooLarge));
        let book = [("[Content_Types].xml", 900), ("xl/workbook.xml", 900)];
        assert_eq!(evidence("a.xlsx", &zip(&book)), Ok(XLSX.media_type));
        let bomb = [("[Content_Types].xml", 900), ("xl/workbook.xml", 4_000_000_000)];
        assert_eq!(evidence("a.xlsx", &zip(&bomb)), Err(FileProblem::Archive));
        let mut with_macro = book.to_vec();
        with_macro.push(("xl/vbaProject.bin", 900));
        assert_eq!(evidence("a.xlsx", &zip(&with_macro)), Err(FileProblem::Macro));
        assert_eq!(evidence("a.zip", &zip(&[("x.exe", 10)])), Err(FileProblem::Type));
        let jpeg = [0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 1, 0xff, 0xc0, 0, 11, 8, 0, 60, 0, 80, 1, 1, 17, 0];
        assert_eq!(jpeg_size(&jpeg), Some((80, 60)));
    }

    proptest! {
        #[test]
        fn looking_never_panics(head in 0usize..4, bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let heads: [&[u8]; 4] = [b"PK\x03\x04", b"\x89PNG\r\n\x1a\n", &[0xff, 0xd8, 0xff], b""];
            let mut all = heads[head].to_vec();
            all.extend(bytes);
            let _ = inspect("a.xlsx", &all);
            all.extend(b"PK\x05\x06\0\0\0\0\xff\xff\xff\xff\0\0\0\0\x02\0\0\0\0\0");
            let _ = inspect("a.xlsx", &all);
        }
    }
}
