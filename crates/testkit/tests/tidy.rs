//! The house's rules that a compiler can't check.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail loudly")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn rooms() -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(root().join("crates"))
        .unwrap()
        .map(|e| e.unwrap())
        .filter(|e| e.path().join("Cargo.toml").exists())
        .map(|e| e.file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// What each room may import: the table of ARCHITECTURE.md, read from there.
fn allowed() -> BTreeMap<String, BTreeSet<String>> {
    let text = std::fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let all = rooms();
    let mut table = BTreeMap::new();
    let mut above: Vec<String> = Vec::new();
    for line in text.lines().filter(|l| l.starts_with("| `")) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [room, _, imports] = cells[..] else { continue };
        let room = room.trim_matches('`').to_owned();
        let (base, except) = match imports.split_once(" but ") {
            Some((base, except)) => (base, except.split(',').map(|s| s.trim().to_owned()).collect()),
            None => (imports, BTreeSet::new()),
        };
        let set: BTreeSet<String> = match base {
            "–" => BTreeSet::new(),
            "all" => all.iter().filter(|r| **r != room).cloned().collect(),
            "all above" => above.iter().cloned().collect(),
            list => list.split(',').map(|s| s.trim().to_owned()).collect(),
        };
        // A role never imports another role: they talk over HTTP.
        let roles = ["portal", "delivery", "sample", "testcard", "desk"];
        let set = set
            .into_iter()
            .filter(|r| !except.contains(r))
            .filter(|r| !(roles.contains(&room.as_str()) && roles.contains(&r.as_str())))
            .collect();
        above.push(room.clone());
        table.insert(room, set);
    }
    table
}

#[test]
fn every_room_imports_only_what_the_map_allows() {
    let table = allowed();
    let mut complaints = Vec::new();
    for room in rooms() {
        let Some(may) = table.get(&room) else {
            complaints.push(format!("{room} is not on the map (ARCHITECTURE.md)"));
            continue;
        };
        let manifest = std::fs::read_to_string(root().join("crates").join(&room).join("Cargo.toml")).unwrap();
        let manifest: toml::Table = manifest.parse().unwrap();
        let deps = manifest["dependencies"].as_table().unwrap();
        for dep in deps.keys().filter(|d| table.contains_key(*d)) {
            if !may.contains(dep) {
                complaints.push(format!("{room} imports {dep}, which the map does not allow"));
            }
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    assert!(table.len() >= 15, "the map was not read: {table:?}");
}

fn files(ending: &str) -> Vec<(PathBuf, String)> {
    fn walk(dir: &Path, ending: &str, out: &mut Vec<(PathBuf, String)>) {
        for entry in std::fs::read_dir(dir).unwrap().map(|e| e.unwrap()) {
            let path = entry.path();
            if path.is_dir() {
                walk(&path, ending, out);
            } else if path.to_string_lossy().ends_with(ending) {
                let text = std::fs::read_to_string(&path).unwrap();
                out.push((path, text));
            }
        }
    }
    let mut out = Vec::new();
    walk(&root().join("crates"), ending, &mut out);
    out
}

#[test]
fn sql_stands_in_store_folders_only() {
    let offenders: Vec<_> = files(".rs")
        .into_iter()
        .filter(|(path, _)| {
            let p = path.to_string_lossy();
            !p.contains("/store/") && !p.contains("/tests/") && !p.ends_with("tidy.rs") && !p.contains("/testkit/")
        })
        .filter(|(_, text)| {
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            ["SELECT ", "INSERT INTO ", "UPDATE ", "DELETE FROM "].iter().any(|w| code.contains(&format!("\"{w}")))
        })
        .map(|(path, _)| path)
        .collect();
    assert!(offenders.is_empty(), "{offenders:?}");
}

#[test]
fn no_marks_of_unfinished_work() {
    let marks = [concat!("to", "do!("), concat!("unimple", "mented!("), concat!("FIX", "ME"), concat!("#[ign", "ore")];
    let offenders: Vec<_> = files(".rs")
        .into_iter()
        .filter(|(_, text)| marks.iter().any(|m| text.contains(m)))
        .map(|(path, _)| path)
        .collect();
    assert!(offenders.is_empty(), "{offenders:?}");
}

#[test]
fn no_room_grows_out_of_hand() {
    let mut sizes: BTreeMap<String, usize> = BTreeMap::new();
    // Compile time is what counts: integration tests are programs of their own.
    for (path, text) in files(".rs").into_iter().filter(|(path, _)| path.to_string_lossy().contains("/src/")) {
        let room = path.strip_prefix(root().join("crates")).unwrap().components().next().unwrap();
        *sizes.entry(room.as_os_str().to_string_lossy().into_owned()).or_default() += text.lines().count();
    }
    let big: Vec<_> = sizes.iter().filter(|(_, n)| **n > 10_500).collect();
    assert!(big.is_empty(), "rooms well above 10,000 lines: {big:?}");
}
