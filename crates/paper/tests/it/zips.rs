//! Takes an .xlsx apart and puts it together again.

use std::io::{Cursor, Read, Write};

use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

pub fn parts(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).unwrap();
    (0..archive.len())
        .map(|i| {
            let mut entry = archive.by_index(i).unwrap();
            let mut content = Vec::new();
            entry.read_to_end(&mut content).unwrap();
            (entry.name().unwrap().into_owned(), content)
        })
        .collect()
}

pub fn zip(parts: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut out = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in parts {
        out.start_file(name.as_str(), SimpleFileOptions::default()).unwrap();
        out.write_all(content).unwrap();
    }
    out.finish().unwrap().into_inner()
}

/// Replaces text in a part; fails when it is not there.
pub fn edit(bytes: &[u8], part: &str, from: &str, to: &str) -> Vec<u8> {
    let mut all = parts(bytes);
    let content = &mut all.iter_mut().find(|(name, _)| name == part).unwrap_or_else(|| panic!("no {part}")).1;
    let text = String::from_utf8(content.clone()).unwrap();
    assert!(text.contains(from), "{from} is not in {part}: {text}");
    *content = text.replacen(from, to, 1).into_bytes();
    zip(&all)
}

pub fn add(bytes: &[u8], part: &str, content: &[u8]) -> Vec<u8> {
    let mut all = parts(bytes);
    all.push((part.into(), content.to_vec()));
    zip(&all)
}
