//! 2次元コード: a text as inline SVG.
//!
//! The picture stands in a page under a strict content security policy, so it has attributes only: no `style`
//! attribute, no script, no address. Dark modules are drawn on a white ground that includes the quiet zone;
//! it can be read by a camera in the dark colour scheme too.
//!
//! ```
//! let svg = paper::qr::svg("otpauth://totp/Enishi:hanako@example.jp?secret=GEZDGNBVGY3TQOJQ", "認証アプリ用の2次元コード")?;
//! assert!(svg.starts_with("<svg ") && svg.contains(r#"aria-label="認証アプリ用の2次元コード""#));
//! # Ok::<(), paper::qr::TooLong>(())
//! ```
//!
//! Texts that cannot be scanned must be shown beside the code as text; that is the page's part.

use std::fmt::Write as _;

use qrcode::{EcLevel, QrCode};

/// The longest text in bytes: what fits a version 20 symbol (97 modules) at level M (ISO/IEC 18004 table 7).
/// Larger symbols are hard to read from a screen with a telephone.
pub const MAX_BYTES: usize = 666;

/// Modules of light ground around the symbol (ISO/IEC 18004, 9.1: at least 4).
const QUIET: usize = 4;

/// The edge of the picture in CSS pixels is at most this, so that it fits a page of 320 pixels.
const EDGE: usize = 256;

/// The text does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a two-dimensional code holds {MAX_BYTES} bytes here, the text has {bytes}")]
pub struct TooLong {
    /// Length of the text in bytes.
    pub bytes: usize,
}

/// `text` as a QR code (error correction level M), as an SVG element to stand inside a page. `label` is its
/// alternative text (`role="img"`, `aria-label`); it is escaped here. The result needs no further escaping.
///
/// # Errors
/// [`TooLong`] when `text` has more than [`MAX_BYTES`] bytes.
pub fn svg(text: &str, label: &str) -> Result<String, TooLong> {
    let too_long = TooLong { bytes: text.len() };
    if text.len() > MAX_BYTES {
        return Err(too_long);
    }
    let code = QrCode::with_error_correction_level(text, EcLevel::M).map_err(|_| too_long)?;
    let width = code.width();
    let size = width + 2 * QUIET;
    // Whole pixels for each module: blurred edges cost reading distance.
    let edge = size * (EDGE / size).max(2);
    let mut path = String::new();
    let colors = code.to_colors();
    for (y, row) in colors.chunks(width).enumerate() {
        let mut x = 0;
        while x < width {
            let run = row[x..].iter().take_while(|c| **c == qrcode::Color::Dark).count();
            if run > 0 {
                let _ = write!(path, "M{} {}h{run}v1h-{run}z", x + QUIET, y + QUIET);
            }
            x += run.max(1);
        }
    }
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" aria-label=\"{}\" width=\"{edge}\" height=\"{edge}\" \
         viewBox=\"0 0 {size} {size}\" shape-rendering=\"crispEdges\"><rect width=\"{size}\" height=\"{size}\" \
         fill=\"#fff\"/><path fill=\"#000\" d=\"{path}\"/></svg>",
        escape(label)
    ))
}

/// For an attribute in double quotes; what XML 1.0 cannot hold is left out.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\r' | '\t' => out.push(' '),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Draws the picture from its own attributes and reads it with another implementation.
    fn scan(svg: &str) -> String {
        let doc = roxmltree::Document::parse(svg).unwrap();
        let root = doc.root_element();
        let size: usize = root.attribute("viewBox").unwrap().split(' ').nth(2).unwrap().parse().unwrap();
        let path = root.children().find(|n| n.has_tag_name(("http://www.w3.org/2000/svg", "path"))).unwrap();
        let mut dark = vec![false; size * size];
        for run in path.attribute("d").unwrap().split_terminator('z') {
            let (x, rest) = run.strip_prefix('M').unwrap().split_once(' ').unwrap();
            let (y, rest) = rest.split_once('h').unwrap();
            let (run, _) = rest.split_once('v').unwrap();
            let [x, y, run] = [x, y, run].map(|v| v.parse::<usize>().unwrap());
            dark[y * size + x..y * size + x + run].fill(true);
        }
        const ZOOM: usize = 3;
        let mut image = rqrr::PreparedImage::prepare_from_greyscale(size * ZOOM, size * ZOOM, |x, y| {
            if dark[y / ZOOM * size + x / ZOOM] { 0 } else { 255 }
        });
        let grids = image.detect_grids();
        assert_eq!(grids.len(), 1, "one code is seen");
        grids[0].decode().unwrap().1
    }

    #[test]
    fn a_sign_in_address_is_read_back() {
        let text =
            "otpauth://totp/%E7%B8%81:hanako%40example.jp?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=%E7%B8%81";
        assert_eq!(scan(&svg(text, "認証アプリ").unwrap()), text);
    }

    #[test]
    fn the_picture_obeys_the_policy_and_has_a_name() {
        let svg = svg("x", "a \"b\" <c> & 'd'\n").unwrap();
        assert!(!svg.contains("style"));
        let doc = roxmltree::Document::parse(&svg).unwrap();
        assert_eq!(doc.root_element().attribute("aria-label"), Some("a \"b\" <c> & 'd' "));
        assert_eq!(doc.root_element().attribute("role"), Some("img"));
        // Version 1 has 21 modules; with the quiet zone 29, eight pixels each.
        assert_eq!(doc.root_element().attribute("width"), Some("232"));
    }

    #[test]
    fn too_long_is_said() {
        assert_eq!(svg(&"a".repeat(MAX_BYTES + 1), ""), Err(TooLong { bytes: MAX_BYTES + 1 }));
        let full = "~".repeat(MAX_BYTES);
        assert_eq!(scan(&svg(&full, "").unwrap()), full);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn every_text_is_read_back(text in "[ -~ぁ-んァ-ヶ一-龥]{1,100}") {
            prop_assert_eq!(scan(&svg(&text, "").unwrap()), text);
        }

        #[test]
        fn every_label_stays_inside_its_attribute(label in any::<String>()) {
            let svg = svg("x", &label).unwrap();
            let doc = roxmltree::Document::parse(&svg).unwrap();
            prop_assert_eq!(doc.descendants().filter(|n| n.is_element()).count(), 3);
        }
    }
}
