//! The archive of an .xlsx file, opened with limits.
//!
//! Nothing behind this module sees the file that was sent. What it gets is a second archive, not compressed, with only
//! the parts that are read, each unpacked here under limits and looked through once: no document type, no oversized
//! tags, no deep nesting. Sizes are counted while unpacking; what the archive claims about itself is used
//! only to refuse earlier.

use std::collections::BTreeSet;
use std::io::{Cursor, Read, Write};

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::Limits;
use super::error::{OtherKind, Refusal};

/// Longest tag in bytes: XML readers compare every attribute with all before it.
const MAX_TAG: usize = 16 * 1024;
/// Deepest nesting of elements.
const MAX_DEPTH: usize = 64;

/// The checked parts as an archive for the spreadsheet reader.
pub(super) fn open(bytes: &[u8], limits: &Limits) -> Result<Vec<u8>, Refusal> {
    if bytes.len() > limits.file_bytes {
        return Err(Refusal::TooLarge { bytes: bytes.len(), limit: limits.file_bytes });
    }
    if !bytes.starts_with(b"PK\x03\x04") {
        return Err(not_a_zip(bytes));
    }
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|e| damaged(&e))?;
    if archive.len() > limits.entries {
        return Err(Refusal::TooMuchInside("entries"));
    }
    let mut claimed = 0u64;
    let mut names = BTreeSet::new();
    for i in 0..archive.len() {
        let entry = archive.by_index_raw(i).map_err(|e| damaged(&e))?;
        if entry.encrypted() {
            return Err(Refusal::Encrypted);
        }
        if !matches!(entry.compression(), CompressionMethod::Stored | CompressionMethod::Deflated) {
            return Err(Refusal::Damaged(format!("compression {}", entry.compression())));
        }
        claimed = claimed.saturating_add(entry.size());
        let name = entry.name().map_err(|e| damaged(&e))?.trim_start_matches('/').to_owned();
        if name.len() > 512 || !names.insert(name.to_ascii_lowercase()) {
            return Err(Refusal::Damaged(format!("name of entry {i}")));
        }
    }
    if claimed > limits.unpacked_bytes as u64 {
        return Err(Refusal::TooMuchInside("bytes"));
    }
    judge_names(&names)?;

    let mut left = limits.unpacked_bytes;
    let mut out = ZipWriter::new(Cursor::new(Vec::new()));
    // Links to other workbooks first, so that they are refused by what they are.
    let mut order: Vec<usize> = (0..archive.len()).collect();
    order.sort_by_key(|i| {
        !archive
            .name_for_index(*i)
            .and_then(Result::ok)
            .is_some_and(|n| n.to_ascii_lowercase().contains("externallinks/"))
    });
    for i in order {
        let mut entry = archive.by_index(i).map_err(|e| damaged(&e))?;
        let name = entry.name().map_err(|e| damaged(&e))?.trim_start_matches('/').to_owned();
        let lower = name.to_ascii_lowercase();
        if !is_read(&lower) {
            continue;
        }
        let packed = entry.compressed_size() as usize;
        // A form's XML packs by 10 to 30; a bomb's zeros by 1,000.
        let room = left.min(packed.saturating_mul(limits.ratio).max(64 * 1024));
        let mut content = Vec::new();
        entry.by_ref().take(room as u64 + 1).read_to_end(&mut content).map_err(|e| damaged(&e))?;
        if content.len() > room {
            return Err(Refusal::TooMuchInside("bytes"));
        }
        left -= content.len();
        look_through(&lower, &content)?;
        out.start_file(name, SimpleFileOptions::default().compression_method(CompressionMethod::Stored))
            .map_err(|e| damaged(&e))?;
        out.write_all(&content).map_err(|e| damaged(&e))?;
    }
    Ok(out.finish().map_err(|e| damaged(&e))?.into_inner())
}

fn damaged(error: &dyn std::fmt::Display) -> Refusal {
    Refusal::Damaged(error.to_string())
}

/// The parts that are handed on. Charts, pictures, comments, themes and the like are not read.
fn is_read(name: &str) -> bool {
    name == "[content_types].xml"
        || name == "_rels/.rels"
        || name.ends_with(".rels") && name.starts_with("xl/")
        || name.ends_with(".xml")
            && name.starts_with("xl/")
            && (name.starts_with("xl/worksheets/")
                || name.starts_with("xl/externallinks/")
                || !name["xl/".len()..].contains('/'))
}

/// What is refused by the name of a part alone.
fn judge_names(names: &BTreeSet<String>) -> Result<(), Refusal> {
    if !names.contains("[content_types].xml") {
        let other =
            if names.contains("mimetype") && names.contains("content.xml") { OtherKind::Ods } else { OtherKind::Zip };
        return Err(Refusal::OtherKind(other));
    }
    for name in names {
        let file = name.rsplit('/').next().unwrap_or(name);
        let within = |part: &str| name.contains(part);
        if file.starts_with("vbaproject")
            || file.starts_with("vbadata")
            || within("/macrosheets/")
            || within("/dialogsheets/")
        {
            return Err(Refusal::Macros(name.clone()));
        }
        if within("/embeddings/") || within("/activex/") || within("/ctrlprops/") || file.starts_with("oleobject") {
            return Err(Refusal::EmbeddedObject(name.clone()));
        }
        if within("/querytables/") || file == "connections.xml" || within("/model/") || within("/pivotcache/") {
            return Err(Refusal::ExternalLink(name.clone()));
        }
    }
    if names.contains("encryptioninfo") || names.contains("encryptedpackage") {
        return Err(Refusal::Encrypted);
    }
    if names.iter().any(|n| n.ends_with("workbook.bin")) {
        return Err(Refusal::OtherKind(OtherKind::Xlsb));
    }
    if names.iter().any(|n| n.starts_with("word/") || n.starts_with("ppt/")) {
        return Err(Refusal::OtherKind(OtherKind::OtherOffice));
    }
    if !names.iter().any(|n| n.starts_with("xl/") && n.ends_with(".xml")) {
        return Err(Refusal::OtherKind(OtherKind::Zip));
    }
    Ok(())
}

/// Files that are no zip archive.
fn not_a_zip(bytes: &[u8]) -> Refusal {
    let contains = |needle: &str| {
        let wide: Vec<u8> = needle.encode_utf16().flat_map(u16::to_le_bytes).collect();
        bytes.windows(wide.len()).any(|w| w == wide)
    };
    let kind = match bytes {
        [] => OtherKind::Empty,
        // A compound file: encrypted packages and the old format. Its directory is UTF-16.
        [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1, ..] => {
            if contains("EncryptedPackage") || contains("EncryptionInfo") {
                return Refusal::Encrypted;
            }
            if contains("_VBA_PROJECT") {
                return Refusal::Macros("_VBA_PROJECT".into());
            }
            if contains("Workbook") || contains("Book") { OtherKind::Xls } else { OtherKind::Unknown }
        }
        [b'%', b'P', b'D', b'F', ..] => OtherKind::Pdf,
        [b'P', b'K', ..] => return Refusal::Damaged("not a zip archive".into()),
        // Text has no zero bytes, unless it is UTF-16 with its byte order mark. Shift_JIS counts as text too.
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => OtherKind::Text,
        _ if bytes.iter().take(4096).all(|b| *b >= 0x20 || matches!(b, b'\t' | b'\r' | b'\n')) => OtherKind::Text,
        _ => OtherKind::Unknown,
    };
    Refusal::OtherKind(kind)
}

/// Reads a part once for what must not be in it.
fn look_through(name: &str, content: &[u8]) -> Result<(), Refusal> {
    let text = std::str::from_utf8(content).map_err(|_| Refusal::Damaged(format!("{name} is not UTF-8")))?;
    let mut reader = Reader::from_str(text);
    let mut depth = 0usize;
    let mut formula: Option<String> = None;
    loop {
        let before = reader.buffer_position();
        let event = reader.read_event().map_err(|e| Refusal::Damaged(format!("{name}: {e}")))?;
        let length = (reader.buffer_position() - before) as usize;
        match event {
            Event::Start(tag) => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return Err(Refusal::TooMuchInside("nesting"));
                }
                judge_tag(name, &tag, length)?;
                if tag.local_name().as_ref() == "f" {
                    formula = Some(String::new());
                }
            }
            Event::Empty(tag) => judge_tag(name, &tag, length)?,
            Event::End(_) => {
                depth = depth.saturating_sub(1);
                if formula.take().is_some_and(|f| is_dde(&f)) {
                    return Err(Refusal::Dde);
                }
            }
            Event::Text(text) => {
                if let Some(formula) = &mut formula {
                    formula.push_str(&text);
                }
            }
            Event::GeneralRef(entity) => {
                if let Some(formula) = &mut formula {
                    formula.push(if entity.as_ref() == "quot" { '"' } else { '\'' });
                }
            }
            Event::DocType(_) => return Err(Refusal::Damaged(format!("{name} has a document type"))),
            Event::Eof => break,
            _ => {}
        }
    }
    if name.starts_with("xl/externallinks/") && name.ends_with(".xml") {
        return Err(Refusal::ExternalLink(name.to_owned()));
    }
    Ok(())
}

/// `=cmd|'/c calc'!A1` and `=DDE("cmd";…)`, which stand as text of `f` elements.
fn is_dde(text: &str) -> bool {
    let text = text.trim_start_matches(['=', '+', '-', '@', ' ']);
    let upper: String = text.chars().take(64).collect::<String>().to_ascii_uppercase();
    upper.starts_with("DDE(")
        || upper.contains("CMD|")
        || text.split_once('|').is_some_and(|(program, rest)| {
            !program.is_empty()
                && program.len() < 64
                && program.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'\\' | b':' | b'\''))
                && rest.trim_start().starts_with('\'')
                && rest.contains('!')
        })
}

/// `C7`, `C` or `7`, or a range of two such from top left to bottom right, within what a sheet has.
fn is_reference(text: &str) -> bool {
    let mut corners = text.split(':').map(corner);
    match (corners.next(), corners.next(), corners.next()) {
        (Some(Some(_)), None, None) => true,
        (Some(Some(from)), Some(Some(to)), None) => from.0 <= to.0 && from.1 <= to.1,
        _ => false,
    }
}

fn corner(text: &str) -> Option<(u32, u32)> {
    let digits = text.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    let letters = &text[..text.len() - digits.len()];
    let column = letters
        .bytes()
        .try_fold(0u32, |n, b| Some(n.checked_mul(26)? + u32::from(b.to_ascii_uppercase() - b'A') + 1))?;
    let row = if digits.is_empty() { 1 } else { digits.parse::<u32>().ok()? };
    (!text.is_empty() && letters.len() <= 3 && column <= 16_384 && (1..=1_048_576).contains(&row))
        .then_some((row, column))
}

fn judge_tag(name: &str, tag: &BytesStart<'_>, length: usize) -> Result<(), Refusal> {
    if length > MAX_TAG {
        return Err(Refusal::TooMuchInside("tag"));
    }
    let attribute = |wanted: &str| -> Result<Option<String>, Refusal> {
        for attribute in tag.attributes() {
            let attribute = attribute.map_err(|e| Refusal::Damaged(format!("{name}: {e}")))?;
            if attribute.key.local_name().as_ref() == wanted {
                return Ok(Some(attribute.value.to_string()));
            }
        }
        Ok(None)
    };
    match tag.local_name().as_ref() {
        "Override" | "Default" if name == "[content_types].xml" => {
            let kind = attribute("ContentType")?.unwrap_or_default().to_ascii_lowercase();
            let part = attribute("PartName")?.unwrap_or_default();
            if kind.contains("macroenabled") || kind.contains("vba") || kind.contains("macrosheet") {
                return Err(Refusal::Macros(part));
            }
            if kind.contains("oleobject") || kind.contains("activex") {
                // A default for a file ending means nothing as long as there is no such file.
                if !part.is_empty() {
                    return Err(Refusal::EmbeddedObject(part));
                }
            }
            if kind.contains("sheet.binary") {
                return Err(Refusal::OtherKind(OtherKind::Xlsb));
            }
            if kind.contains("spreadsheetml.template") {
                return Err(Refusal::OtherKind(OtherKind::Xltx));
            }
        }
        "Relationship" if name.ends_with(".rels") => {
            let kind = attribute("Type")?.unwrap_or_default().to_ascii_lowercase();
            let target = attribute("Target")?.unwrap_or_default();
            let external = attribute("TargetMode")?.is_some_and(|m| m.eq_ignore_ascii_case("external"));
            if kind.contains("vbaproject") || kind.contains("macrosheet") {
                return Err(Refusal::Macros(target));
            }
            if kind.contains("oleobject") || kind.ends_with("/package") || kind.contains("/control") {
                return Err(Refusal::EmbeddedObject(target));
            }
            // Excel makes an address that is typed into a cell a hyperlink by itself; it is not followed.
            if kind.contains("externallink") || external && !kind.ends_with("/hyperlink") {
                return Err(Refusal::ExternalLink(target));
            }
        }
        // The reader calculates with these: addresses beyond a sheet and ranges upside down would overflow.
        "row" | "c" | "dimension" | "f" | "mergeCell" if name.starts_with("xl/worksheets/") => {
            for key in ["r", "ref"] {
                if attribute(key)?.is_some_and(|reference| !is_reference(&reference)) {
                    return Err(Refusal::Damaged(format!("{name}: a cell's address")));
                }
            }
        }
        "ddeLink" => return Err(Refusal::Dde),
        "oleObject" | "oleObjects" => return Err(Refusal::EmbeddedObject(name.to_owned())),
        "sst" => {
            // The reader reserves memory for as many texts as are claimed here.
            let claimed = attribute("uniqueCount")?.and_then(|n| n.trim().parse::<u64>().ok()).unwrap_or(0);
            if claimed > 1_000_000 || attribute("uniqueCount")?.is_some_and(|n| n.trim().len() > 7) {
                return Err(Refusal::TooMuchInside("texts"));
            }
        }
        _ => {}
    }
    Ok(())
}
