//! The one font, and texts as its glyphs.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use krilla::text::{Font, GlyphId, KrillaGlyph};
use skrifa::charmap::MapVariant;
use skrifa::{FontRef, MetadataProvider as _};
use unicode_normalization::char::compose;
use unicode_segmentation::UnicodeSegmentation as _;

use super::PdfError;

/// See `fonts/README.md`.
const FILE: &[u8] = include_bytes!("../../fonts/NotoSansCJKjp-Regular-subset.otf");

/// 〓, which Japanese typesetters put where a character is missing.
const GETA: char = '〓';

pub(super) struct Face {
    pub(super) font: Font,
    chars: skrifa::charmap::Charmap<'static>,
    widths: skrifa::metrics::GlyphMetrics<'static>,
    em: f32,
    known: BTreeMap<String, Vec<(char, u32)>>,
    /// What was asked for and is not in the font.
    pub(super) missing: BTreeSet<String>,
}

/// What a reader sees as one character: its place in the text, its glyphs and its width in units of the type size.
#[derive(Clone, Debug)]
pub(super) struct Cluster {
    pub(super) text: Range<usize>,
    glyphs: Vec<(u32, f32)>,
    pub(super) width: f32,
}

/// A text without what cannot be set, and its clusters.
#[derive(Clone, Debug)]
pub(super) struct Run {
    pub(super) text: String,
    pub(super) clusters: Vec<Cluster>,
}

impl Face {
    pub(super) fn new() -> Result<Self, PdfError> {
        let broken = || PdfError::Library("the font cannot be read".into());
        let data: Arc<dyn AsRef<[u8]> + Send + Sync> = Arc::new(FILE);
        let font = Font::new(data.into(), 0).ok_or_else(broken)?;
        let reference = FontRef::new(FILE).map_err(|_| broken())?;
        let location = skrifa::instance::LocationRef::default();
        Ok(Self {
            em: font.units_per_em(),
            font,
            chars: reference.charmap(),
            widths: reference.glyph_metrics(skrifa::instance::Size::unscaled(), location),
            known: BTreeMap::new(),
            missing: BTreeSet::new(),
        })
    }

    /// The text as clusters. A character that the font lacks is set as 〓 and noted; its own code stays in the document's text, so that
    /// it can still be copied, searched and read aloud. A variation sequence that the font lacks is set as its plain character and noted.
    pub(super) fn run(&mut self, source: &str) -> Run {
        let mut run = Run { text: String::new(), clusters: Vec::new() };
        for piece in source.graphemes(true) {
            let parts = self.known.get(piece).cloned().unwrap_or_else(|| {
                let parts = self.parts(piece);
                self.known.insert(piece.to_owned(), parts.clone());
                parts
            });
            if parts.is_empty() {
                continue;
            }
            let start = run.text.len();
            run.text.extend(parts.iter().map(|(c, _)| *c));
            let glyphs: Vec<(u32, f32)> = parts
                .iter()
                .filter(|(c, _)| !is_selector(*c))
                .map(|(_, id)| (*id, self.widths.advance_width((*id).into()).unwrap_or(self.em) / self.em))
                .collect();
            let width = glyphs.iter().map(|(_, w)| w).sum();
            run.clusters.push(Cluster { text: start..run.text.len(), glyphs, width });
        }
        run
    }

    /// Characters to write and the glyph of each.
    fn parts(&mut self, piece: &str) -> Vec<(char, u32)> {
        // Only marks are composed with their letters (macOS writes が as か and ゙). Normalisation as a whole would
        // replace compatibility ideographs (神 U+FA19) in people's names.
        let mut chars: Vec<char> = Vec::new();
        for c in piece.chars() {
            let whole =
                chars.last().filter(|_| unicode_normalization::char::is_combining_mark(c)).and_then(|l| compose(*l, c));
            match (whole, chars.last_mut()) {
                (Some(whole), Some(last)) => *last = whole,
                _ => chars.push(c),
            }
        }
        let mut out: Vec<(char, u32)> = Vec::new();
        let geta = self.chars.map(GETA).map_or(0, |g| g.to_u32());
        for c in chars {
            if is_selector(c) {
                let Some((base, id)) = out.last_mut() else { continue };
                match self.chars.map_variant(*base, c) {
                    Some(MapVariant::Variant(variant)) => *id = variant.to_u32(),
                    Some(MapVariant::UseDefault) => {}
                    None => {
                        self.missing.insert(piece.to_owned());
                    }
                }
                out.push((c, 0));
                continue;
            }
            let c = if matches!(c, '\t' | '\u{a0}' | '\u{2028}' | '\u{2029}') { ' ' } else { c };
            if is_dropped(c) {
                continue;
            }
            match self.chars.map(c) {
                Some(id) if id.to_u32() != 0 => out.push((c, id.to_u32())),
                _ => {
                    self.missing.insert(piece.to_owned());
                    // Private characters (外字) mean nothing elsewhere; not even their code is kept.
                    out.push((if is_private(c) { GETA } else { c }, geta));
                }
            }
        }
        out
    }
}

impl Run {
    /// The clusters in `range` as a text of its own with its glyphs.
    pub(super) fn glyphs(&self, range: Range<usize>) -> (String, Vec<KrillaGlyph>) {
        let mut text = String::new();
        let mut glyphs = Vec::new();
        for cluster in &self.clusters[range] {
            let start = text.len();
            text.push_str(&self.text[cluster.text.clone()]);
            for (id, width) in &cluster.glyphs {
                glyphs.push(KrillaGlyph::new(GlyphId::new(*id), *width, 0.0, 0.0, 0.0, start..text.len(), None));
            }
        }
        (text, glyphs)
    }

    pub(super) fn width(&self, range: Range<usize>) -> f32 {
        self.clusters[range].iter().map(|c| c.width).sum()
    }

    /// The character that decides how the cluster behaves at a line's end.
    pub(super) fn lead(&self, at: usize) -> char {
        self.text[self.clusters[at].text.clone()].chars().next().unwrap_or(' ')
    }
}

fn is_selector(c: char) -> bool {
    matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}')
}

fn is_private(c: char) -> bool {
    matches!(c, '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..)
}

/// Controls, marks of direction, joiners, non-characters: nothing to see, and not allowed in PDF/A and PDF/UA.
fn is_dropped(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
        || (u32::from(c) & 0xfffe) == 0xfffe
        || matches!(c, '\u{fdd0}'..='\u{fdef}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_font_is_the_one_of_the_readme() {
        let hash: String = base::codec::sha256(FILE).iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!(hash, "f21b40ce42781affb2d57045f1a3affeff7df3432172f4138a3133199b793b2a");
    }

    #[test]
    fn names_are_set_as_they_are_written() {
        let mut face = Face::new().unwrap();
        // JIS level 3 and 4, a compatibility ideograph, a character beyond the BMP.
        for name in ["髙橋", "﨑山", "𠮷野", "神田", "齋藤", "彅", "鷗外", "ヴァイオリン", "①㈱"]
        {
            let run = face.run(name);
            assert_eq!(run.text, name);
            assert!(face.missing.is_empty(), "{name}: {:?}", face.missing);
        }
        // A registered variation sequence (Adobe-Japan1) has its own glyph.
        let plain = face.run("葛").clusters[0].glyphs[0].0;
        let variant = face.run("葛\u{e0100}");
        assert_eq!(variant.clusters.len(), 1);
        assert_ne!(variant.clusters[0].glyphs[0].0, plain);
        assert!(face.missing.is_empty());
        // か and a combining mark are one.
        assert_eq!(face.run("か\u{3099}").text, "が");
    }

    #[test]
    fn what_is_not_there_is_shown_and_told() {
        let mut face = Face::new().unwrap();
        let run = face.run("a𪜀\u{e000}葛\u{e01ef}\u{200b}");
        assert_eq!(run.text, "a𪜀〓葛\u{e01ef}");
        assert_eq!(face.missing, BTreeSet::from(["𪜀".to_owned(), "\u{e000}".to_owned(), "葛\u{e01ef}".to_owned()]));
        let geta = face.run("〓").clusters[0].glyphs[0].0;
        assert_eq!([run.clusters[1].glyphs[0].0, run.clusters[2].glyphs[0].0], [geta, geta]);
    }
}
