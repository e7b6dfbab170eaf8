//! Documents to print and to keep, as PDF.
//!
//! A [`Document`] is a neutral model; [`render`] sets it on A4: Japanese lines break by the basic rules of JIS X 4051, table
//! headers are repeated, long rows run over pages, feet carry the page numbers. The files are PDF/A-2a and PDF/UA-1: tagged
//! (headings, lists, tables with header cells), with language and title, the font embedded as the subset that is used.
//!
//! ```
//! use base::{Lang, Timestamp};
//! use paper::pdf::{self, Block, Document, Fact};
//!
//! let pdf = pdf::render(&Document {
//!     lang: Lang::Ja,
//!     title: "接続確認環境利用申請書".into(),
//!     number: Some("様式3".into()),
//!     receipt: Some("2026-000017".into()),
//!     date: Some("令和8年（2026年）6月1日".into()),
//!     author: "属性連携設定API 運営".into(),
//!     created: Timestamp::from_secs(1_780_000_000),
//!     blocks: vec![
//!         Block::Heading("申請者".into()),
//!         Block::Facts(vec![Fact { label: "担当者".into(), value: "髙橋 花子".into(), before: None }]),
//!     ],
//! })?;
//! assert!(pdf.bytes.starts_with(b"%PDF-1.7"));
//! assert!(pdf.missing.is_empty()); // every character is in the font
//! # Ok::<(), paper::pdf::PdfError>(())
//! ```
//!
//! # The library
//!
//! [`krilla`](https://docs.rs/krilla) 0.8 (MIT OR Apache-2.0, the writer of typst): it subsets CFF fonts, tags, and checks its output against PDF/A
//! and PDF/UA while writing. Without its features for pictures and shaping it needs no shaping engine: texts here are horizontal and in one
//! font, so characters are mapped to glyphs one by one (`font.rs`), which also tells exactly what the font lacks. typst itself brings some 290 crates,
//! printpdf neither tags nor subsets CFF.

mod font;
mod layout;
mod lines;
mod model;

pub use model::{Block, Check, Column, Document, Fact, Mark, Table};

use base::calendar;
use krilla::SerializeSettings;
use krilla::color::rgb;
use krilla::configure::{Accessibility, Archival, ConfigurationBuilder};
use krilla::destination::XyzDestination;
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::metadata::{DateTime, Metadata, TextDirection};
use krilla::num::NormalizedF32;
use krilla::outline::{Outline, OutlineNode};
use krilla::page::PageSettings;
use krilla::paint::{Fill, Stroke};
use krilla::surface::Surface;
use krilla::tagging::{Artifact, ArtifactType, ContentTag, Identifier, Node as TreeNode, SpanTag, TagGroup, TagTree};

use layout::{Flow, Ink, Op, Pages};

/// More pages than any form has; a document that would have more is refused.
pub const MAX_PAGES: usize = 500;

/// A finished file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pdf {
    /// The file.
    pub bytes: Vec<u8>,
    /// Number of pages.
    pub pages: usize,
    /// Characters (with their variation selectors) that the font lacks, in order of code. They are printed as 〓, or, when only the
    /// variation is missing, in their plain shape; tell the people concerned.
    pub missing: Vec<String>,
}

/// Why a document could not be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PdfError {
    /// More than [`MAX_PAGES`] pages.
    #[error("the document has {0} pages, {MAX_PAGES} are made")]
    TooLong(usize),
    /// The library could not write it, or what it wrote would not be PDF/A and PDF/UA.
    #[error("the PDF could not be made: {0}")]
    Library(String),
}

/// Sets a document. The same document gives the same bytes.
///
/// # Errors
/// [`PdfError::TooLong`] for a document of more than [`MAX_PAGES`] pages.
pub fn render(document: &Document) -> Result<Pdf, PdfError> {
    let mut face = font::Face::new()?;
    let laid = Flow::new(&mut face).document(document);
    let pages = laid.pages.len();
    if pages > MAX_PAGES {
        return Err(PdfError::TooLong(pages));
    }
    let bytes = write(document, &face, laid)?;
    Ok(Pdf { bytes, pages, missing: face.missing.into_iter().collect() })
}

fn library(error: impl std::fmt::Debug) -> PdfError {
    PdfError::Library(format!("{error:?}"))
}

fn write(document: &Document, face: &font::Face, laid: Pages) -> Result<Vec<u8>, PdfError> {
    let configuration = ConfigurationBuilder::new()
        .with_archival_validator(Archival::A2_A)
        .with_accessibility_validator(Accessibility::UA1)
        .finish()
        .map_err(library)?;
    let settings = SerializeSettings { configuration, enable_tagging: true, ..SerializeSettings::default() };
    let mut file = krilla::Document::new_with(settings);
    let made = calendar::jst(document.created);
    let title = if document.title.trim().is_empty() { "-".to_owned() } else { plain(&document.title) };
    file.set_metadata(
        Metadata::new()
            .title(title)
            .authors(vec![plain(&document.author)])
            .language(document.lang.tag().to_owned())
            .text_direction(TextDirection::LeftToRight)
            .producer("Enishi".to_owned())
            .creation_date(
                DateTime::new(made.year().clamp(0, 9999) as u16)
                    .month(made.month() as u8)
                    .day(made.day() as u8)
                    .hour(made.hour() as u8)
                    .minute(made.minute() as u8)
                    .second(made.second() as u8)
                    .utc_offset_hour(9)
                    .utc_offset_minute(0),
            ),
    );
    let Pages { pages, nodes, outline } = laid;
    let mut content: Vec<Vec<Identifier>> = nodes.iter().map(|_| Vec::new()).collect();
    for ops in pages {
        let settings = PageSettings::from_wh(layout::WIDTH, layout::HEIGHT).ok_or_else(|| library("page size"))?;
        let mut page = file.start_page_with(settings);
        let mut surface = page.surface();
        for op in ops {
            draw(&mut surface, face, op, &mut content);
        }
        surface.finish();
        page.finish();
    }
    let mut index = Outline::new();
    for (text, page, y) in outline {
        let there = XyzDestination::new(page, Point::from_xy(layout::MARGIN, y));
        index.push_child(OutlineNode::new(plain(&text), there));
    }
    file.set_outline(index);
    file.set_tag_tree(tree(document, nodes, content));
    file.finish().map_err(library)
}

/// For properties and bookmarks: no characters that cannot be seen.
fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() && (u32::from(*c) & 0xfffe) != 0xfffe && *c != '\u{feff}').collect()
}

fn draw(surface: &mut Surface<'_>, face: &font::Face, op: Op, content: &mut [Vec<Identifier>]) {
    match op {
        Op::Text { x, baseline, size, bold, ink, text, glyphs, node } => {
            let tag = match node {
                Some(_) => ContentTag::Span(SpanTag::empty()),
                None => ContentTag::Artifact(Artifact::with_kind(ArtifactType::PaginationOther)),
            };
            let identifier = surface.start_tagged(tag);
            surface.set_fill(Some(fill(ink)));
            // One font for both weights: the bold one is stroked a little.
            surface.set_stroke(bold.then(|| Stroke {
                paint: color(ink).into(),
                width: size * 0.035,
                ..Stroke::default()
            }));
            surface.draw_glyphs(Point::from_xy(x, baseline), &glyphs, face.font.clone(), &text, size, false);
            surface.set_stroke(None);
            surface.end_tagged();
            if let Some(content) = node.and_then(|node| content.get_mut(node)) {
                content.push(identifier);
            }
        }
        Op::Fill { x, y, width, height, ink } => {
            let Some(rect) = Rect::from_xywh(x, y, width, height) else { return };
            let mut path = PathBuilder::new();
            path.push_rect(rect);
            let Some(path) = path.finish() else { return };
            surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(ArtifactType::Layout)));
            surface.set_fill(Some(fill(ink)));
            surface.set_stroke(None);
            surface.draw_path(&path);
            surface.end_tagged();
        }
    }
}

fn color(ink: Ink) -> rgb::Color {
    match ink {
        Ink::Text => rgb::Color::new(0x1a, 0x1a, 0x1a),
        Ink::Muted => rgb::Color::new(0x4d, 0x4d, 0x4d),
        Ink::Rule => rgb::Color::new(0x76, 0x76, 0x76),
        Ink::Label => rgb::Color::new(0xf2, 0xf2, 0xf2),
        Ink::Changed => rgb::Color::new(0xff, 0xf4, 0xce),
    }
}

fn fill(ink: Ink) -> Fill {
    Fill { paint: color(ink).into(), opacity: NormalizedF32::ONE, ..Fill::default() }
}

/// The structure, children after parents, in reading order.
fn tree(document: &Document, nodes: Vec<layout::Node>, content: Vec<Vec<Identifier>>) -> TagTree {
    let mut groups: Vec<(Option<usize>, TagGroup)> = nodes
        .into_iter()
        .zip(content)
        .map(|(node, content)| {
            let leaves = content.into_iter().map(TreeNode::from).collect();
            (node.parent, TagGroup::with_children(node.tag, leaves))
        })
        .collect();
    // A parent stands before its children, so from the end each group is complete when it is given to its parent.
    let mut children: Vec<Vec<TagGroup>> = groups.iter().map(|_| Vec::new()).collect();
    let mut roots = Vec::new();
    while let Some((parent, mut group)) = groups.pop() {
        for child in children[groups.len()].drain(..).rev() {
            group.push(child);
        }
        match parent {
            Some(parent) => children[parent].push(group),
            None => roots.push(group),
        }
    }
    let mut tree = TagTree::new().with_lang(Some(document.lang.tag().to_owned()));
    for root in roots.into_iter().rev() {
        tree.push(root);
    }
    tree
}

#[cfg(test)]
mod tests {
    use base::{Lang, Timestamp};
    use proptest::prelude::*;

    use super::*;

    fn document(blocks: Vec<Block>) -> Document {
        Document {
            lang: Lang::Ja,
            title: "様式".into(),
            number: Some("様式3".into()),
            receipt: None,
            date: None,
            author: "運営".into(),
            created: Timestamp::from_secs(1_780_000_000),
            blocks,
        }
    }

    fn table(rows: usize, text: &str) -> Table {
        let column = |label: &str, weight, right| Column { label: label.into(), weight, right };
        Table {
            caption: "表".into(),
            columns: vec![column("番号", 1, true), column("内容", 5, false)],
            rows: (0..rows).map(|i| vec![i.to_string(), text.to_owned(), "too much".into()]).collect(),
        }
    }

    fn count(haystack: &[u8], needle: &str) -> usize {
        haystack.windows(needle.len()).filter(|w| *w == needle.as_bytes()).count()
    }

    #[test]
    fn the_file_is_tagged_and_says_its_language() {
        let pdf = render(&document(vec![
            Block::Heading("申請者".into()),
            Block::Facts(vec![Fact { label: "氏名".into(), value: "花子".into(), before: Some("太郎".into()) }]),
            Block::Table(table(40, "一行")),
            Block::Checks(vec![Check { mark: Mark::Done, label: "確認".into(), note: String::new() }]),
        ]))
        .unwrap();
        assert_eq!(pdf.pages, 2);
        assert!(pdf.missing.is_empty());
        for part in ["/Marked true", "/Lang(ja)", "/StructTreeRoot", "<pdfuaid:part>1<", "<pdfaid:part>2<"] {
            assert!(count(&pdf.bytes, part) > 0, "{part} is not in the file");
        }
        // The header that is repeated on page 2 is not in the structure a second time.
        assert_eq!(count(&pdf.bytes, "/S/TH/"), 1 + 2);
        assert_eq!(count(&pdf.bytes, "/S/H1/"), 1);
        assert_eq!(count(&pdf.bytes, "/S/TR/"), 1 + 41);
        assert!(pdf.bytes.len() < 200_000, "only the glyphs that are used are in the file: {}", pdf.bytes.len());
    }

    #[test]
    fn long_rows_run_over_pages_and_the_end_is_the_end() {
        let pdf = render(&document(vec![Block::Table(table(1, &"長い文。".repeat(3000)))])).unwrap();
        assert!(pdf.pages > 5, "{} pages", pdf.pages);
        let breaks = vec![Block::Paragraph("x".into()), Block::NewPage];
        let many = breaks.into_iter().cycle().take(2 * MAX_PAGES + 2).collect();
        assert!(matches!(render(&document(many)), Err(PdfError::TooLong(_))));
    }

    #[test]
    fn the_same_document_gives_the_same_bytes() {
        let document = document(vec![Block::Paragraph("𠮷野家".into()), Block::Table(table(3, "x"))]);
        assert_eq!(render(&document).unwrap(), render(&document).unwrap());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]

        /// Whatever people write: a file comes out, and it passes the library's checks for PDF/A-2a and PDF/UA-1.
        #[test]
        fn every_text_can_be_set(
            title in any::<String>(), label in any::<String>(), value in "(?s).{0,300}", cell in any::<String>(),
            weights in proptest::collection::vec(any::<u16>(), 0..6), mark in 0..3, english in any::<bool>(),
        ) {
            let columns: Vec<Column> = weights.iter().map(|w| Column { label: label.clone(), weight: *w, right: w % 2 == 0 }).collect();
            let mark = [Mark::Done, Mark::Open, Mark::NotApplicable][mark as usize];
            let mut document = document(vec![
                Block::Heading(label.clone()),
                Block::Paragraph(value.clone()),
                Block::Facts(vec![Fact { label: label.clone(), value: value.clone(), before: Some(cell.clone()) }]),
                Block::Table(Table { caption: cell.clone(), columns, rows: vec![vec![cell.clone(); 3], vec![value.clone()]] }),
                Block::Checks(vec![Check { mark, label: label.clone(), note: value.clone() }]),
            ]);
            document.title = title;
            document.receipt = Some(cell);
            document.author = label;
            document.lang = if english { Lang::En } else { Lang::Ja };
            let pdf = render(&document).unwrap();
            prop_assert!(pdf.bytes.starts_with(b"%PDF-1.7"));
        }
    }
}
