//! From blocks to pages: what stands where, and to which part of the document it belongs.

use krilla::tagging::{ListNumbering, TableHeaderScope, Tag, TagKind};
use krilla::text::KrillaGlyph;

use super::font::{Face, Run};
use super::lines;
use super::model::{Block, Check, Document, Fact, Mark, Table};

/// A4 in points.
pub(super) const WIDTH: f32 = 595.28;
pub(super) const HEIGHT: f32 = 841.89;
pub(super) const MARGIN: f32 = 51.0;
const BOTTOM: f32 = HEIGHT - 62.0;
const INNER: f32 = WIDTH - 2.0 * MARGIN;

const BODY: f32 = 10.0;
const SMALL: f32 = 8.5;
/// Line height in parts of the type size.
const LEAD: f32 = 1.55;
/// Inside a cell.
const PAD: f32 = 5.0;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Ink {
    Text,
    Muted,
    Rule,
    Label,
    Changed,
}

/// Something to draw. Without a node it is an artifact: nothing for screen readers.
pub(super) enum Op {
    Text {
        x: f32,
        baseline: f32,
        size: f32,
        bold: bool,
        ink: Ink,
        text: String,
        glyphs: Vec<KrillaGlyph>,
        node: Option<usize>,
    },
    Fill {
        x: f32,
        y: f32,
        width: f32,
        height: f32,
        ink: Ink,
    },
}

/// A part of the document's structure.
pub(super) struct Node {
    pub(super) tag: TagKind,
    pub(super) parent: Option<usize>,
}

pub(super) struct Pages {
    pub(super) pages: Vec<Vec<Op>>,
    pub(super) nodes: Vec<Node>,
    /// Headings: text, page, height on it.
    pub(super) outline: Vec<(String, usize, f32)>,
}

/// Text of a cell: lines in one look.
struct Part {
    run: Run,
    lines: Vec<std::ops::Range<usize>>,
    size: f32,
    bold: bool,
    ink: Ink,
    node: Option<usize>,
}

struct Cell {
    x: f32,
    width: f32,
    right: bool,
    fill: Option<Ink>,
    parts: Vec<Part>,
}

impl Part {
    fn lead(&self) -> f32 {
        self.size * LEAD
    }
}

impl Cell {
    fn height(&self) -> f32 {
        self.parts.iter().map(|p| p.lead() * p.lines.len() as f32).sum::<f32>() + 2.0 * PAD
    }

    /// Takes the lines that fit into `room` off the front.
    fn take(&mut self, room: f32) -> Self {
        let mut left = room - 2.0 * PAD;
        let mut taken = Vec::new();
        for part in &mut self.parts {
            let fit = ((left / part.lead() + 0.001).floor().max(0.0) as usize).min(part.lines.len());
            left -= fit as f32 * part.lead();
            let rest = part.lines.split_off(fit);
            let whole = rest.is_empty();
            let lines = std::mem::replace(&mut part.lines, rest);
            let run = Run { text: part.run.text.clone(), clusters: part.run.clusters.clone() };
            taken.push(Part { run, lines, size: part.size, bold: part.bold, ink: part.ink, node: part.node });
            if !whole {
                break;
            }
        }
        self.parts.retain(|p| !p.lines.is_empty());
        Self { x: self.x, width: self.width, right: self.right, fill: self.fill, parts: taken }
    }
}

/// Where a column stands: left edge, width, set to the right.
type Place = (f32, f32, bool);

pub(super) struct Flow<'a> {
    face: &'a mut Face,
    out: Pages,
    y: f32,
}

impl<'a> Flow<'a> {
    pub(super) fn new(face: &'a mut Face) -> Self {
        Self { face, out: Pages { pages: vec![Vec::new()], nodes: Vec::new(), outline: Vec::new() }, y: MARGIN }
    }

    pub(super) fn document(mut self, document: &Document) -> Pages {
        self.head(document);
        for block in &document.blocks {
            if self.too_long() {
                break;
            }
            match block {
                Block::Heading(text) => self.heading(text),
                Block::Paragraph(text) => {
                    let node = self.node(Tag::P, None);
                    self.text(text, BODY, false, Ink::Text, node);
                    self.y += 6.0;
                }
                Block::Facts(facts) => self.facts(facts, document),
                Block::Table(table) => self.table(table),
                Block::Checks(checks) => self.checks(checks, document),
                Block::NewPage => {
                    if self.y > MARGIN {
                        self.new_page();
                    }
                }
            }
        }
        self.feet(document);
        self.out
    }

    /// Such a document is refused; no need to set it to its end.
    fn too_long(&self) -> bool {
        self.out.pages.len() > super::MAX_PAGES
    }

    fn node(&mut self, tag: impl Into<TagKind>, parent: Option<usize>) -> usize {
        self.out.nodes.push(Node { tag: tag.into(), parent });
        self.out.nodes.len() - 1
    }

    fn push(&mut self, op: Op) {
        if let Some(page) = self.out.pages.last_mut() {
            page.push(op);
        }
    }

    fn new_page(&mut self) {
        self.out.pages.push(Vec::new());
        self.y = MARGIN;
    }

    fn part(&mut self, text: &str, size: f32, bold: bool, ink: Ink, width: f32, node: Option<usize>) -> Vec<Part> {
        let mut parts = Vec::new();
        for line in text.replace("\r\n", "\n").split(['\n', '\r', '\u{2028}', '\u{2029}', '\u{b}', '\u{c}']) {
            let run = self.face.run(line);
            let lines = lines::lines(&run, width / size);
            parts.push(Part { run, lines, size, bold, ink, node });
        }
        parts
    }

    fn head(&mut self, document: &Document) {
        let receipt = document.receipt.as_ref().map(|receipt| match document.lang {
            base::Lang::Ja => format!("受付番号　{receipt}"),
            base::Lang::En => format!("Receipt number: {receipt}"),
        });
        for text in [document.number.clone(), receipt, document.date.clone()].into_iter().flatten() {
            let node = self.node(Tag::P, None);
            let parts = self.part(&text, BODY, false, Ink::Text, INNER, Some(node));
            self.lines(parts, MARGIN, INNER, true);
        }
        self.y += 10.0;
        // A heading without a name is not allowed in PDF/UA, and nothing to see.
        if !self.face.run(&document.title).clusters.is_empty() {
            let name = super::plain(&document.title);
            let node = self.node(Tag::Hn(std::num::NonZeroU16::MIN, Some(name)), None);
            self.text(&document.title, 18.0, true, Ink::Text, node);
        }
        self.push(Op::Fill { x: MARGIN, y: self.y + 3.0, width: INNER, height: 1.2, ink: Ink::Rule });
        self.y += 16.0;
    }

    /// Lines that may run over the page's end.
    fn text(&mut self, text: &str, size: f32, bold: bool, ink: Ink, node: usize) {
        let parts = self.part(text, size, bold, ink, INNER, Some(node));
        self.lines(parts, MARGIN, INNER, false);
    }

    fn lines(&mut self, parts: Vec<Part>, x: f32, width: f32, right: bool) {
        for part in parts {
            for line in part.lines.clone() {
                if self.y + part.lead() > BOTTOM {
                    self.new_page();
                }
                self.line(&part, line, x, self.y, width, right);
                self.y += part.lead();
            }
        }
    }

    fn line(&mut self, part: &Part, line: std::ops::Range<usize>, x: f32, y: f32, width: f32, right: bool) {
        if line.is_empty() {
            return;
        }
        let x = if right { x + width - part.run.width(line.clone()) * part.size } else { x };
        let (text, glyphs) = part.run.glyphs(line);
        // The ideographic em box stands in the middle of the line; its baseline is 0.88 below its top.
        let baseline = y + (part.lead() - part.size) / 2.0 + 0.88 * part.size;
        let (size, bold, ink, node) = (part.size, part.bold, part.ink, part.node);
        self.push(Op::Text { x, baseline, size, bold, ink, text, glyphs, node });
    }

    fn heading(&mut self, text: &str) {
        if self.face.run(text).clusters.is_empty() {
            return;
        }
        self.y += 8.0;
        // Not alone at the page's end.
        if self.y + 70.0 > BOTTOM {
            self.new_page();
        }
        let level = std::num::NonZeroU16::MIN.saturating_add(1);
        let node = self.node(Tag::Hn(level, Some(super::plain(text))), None);
        let (page, y) = (self.out.pages.len() - 1, self.y);
        self.out.outline.push((text.to_owned(), page, y));
        self.push(Op::Fill { x: MARGIN, y: y + 2.5, width: 4.0, height: 15.0, ink: Ink::Rule });
        let parts = self.part(text, 13.0, true, Ink::Text, INNER - 11.0, Some(node));
        self.lines(parts, MARGIN + 11.0, INNER - 11.0, false);
        self.y += 4.0;
    }

    fn facts(&mut self, facts: &[Fact], document: &Document) {
        if facts.is_empty() {
            return;
        }
        let (changed, before) = match document.lang {
            base::Lang::Ja => ("【変更】", "変更前："),
            base::Lang::En => ("[Changed]", "Before: "),
        };
        let table = self.node(Tag::Table, None);
        let split = INNER * 0.3;
        for fact in facts {
            let row = self.node(Tag::TR, Some(table));
            let head = self.node(Tag::TH(TableHeaderScope::Row), Some(row));
            let data = self.node(Tag::TD, Some(row));
            let mut label = self.part(&fact.label, BODY, true, Ink::Text, split - 2.0 * PAD, Some(head));
            let room = INNER - split - 2.0 * PAD;
            let mut value = self.part(&fact.value, BODY, false, Ink::Text, room, Some(data));
            if let Some(old) = &fact.before {
                label.extend(self.part(changed, SMALL, true, Ink::Text, split - 2.0 * PAD, Some(head)));
                value.extend(self.part(&format!("{before}{old}"), SMALL, false, Ink::Muted, room, Some(data)));
            }
            let fill = fact.before.is_some().then_some(Ink::Changed);
            let cells = vec![
                Cell { x: MARGIN, width: split, right: false, fill: Some(Ink::Label), parts: label },
                Cell { x: MARGIN + split, width: INNER - split, right: false, fill, parts: value },
            ];
            self.row(cells, None);
        }
        self.y += 10.0;
    }

    fn table(&mut self, table: &Table) {
        if table.columns.is_empty() {
            return;
        }
        if !table.caption.is_empty() {
            if self.y + 60.0 > BOTTOM {
                self.new_page();
            }
            let caption = self.node(Tag::P, None);
            self.text(&table.caption, BODY, true, Ink::Text, caption);
            self.y += 2.0;
        }
        let summary = (!table.caption.is_empty()).then(|| table.caption.clone());
        let root = self.node(Tag::Table.with_summary(summary), None);
        let total: f32 = table.columns.iter().map(|c| f32::from(c.weight.max(1))).sum();
        let mut places = Vec::new();
        let mut x = MARGIN;
        for column in &table.columns {
            let width = INNER * f32::from(column.weight.max(1)) / total;
            places.push((x, width, column.right));
            x += width;
        }
        let thead = self.node(Tag::THead, Some(root));
        let head_row = self.node(Tag::TR, Some(thead));
        let nodes: Vec<usize> =
            places.iter().map(|_| self.node(Tag::TH(TableHeaderScope::Column), Some(head_row))).collect();
        let head = self.header(table, &places, Some(&nodes));
        self.row(head, None);
        let tbody = self.node(Tag::TBody, Some(root));
        for row in &table.rows {
            if self.too_long() {
                break;
            }
            let tr = self.node(Tag::TR, Some(tbody));
            let mut cells = Vec::new();
            for (i, (x, width, right)) in places.iter().copied().enumerate() {
                let td = self.node(Tag::TD, Some(tr));
                let text = row.get(i).map_or("", String::as_str);
                let parts = self.part(text, BODY, false, Ink::Text, width - 2.0 * PAD, Some(td));
                cells.push(Cell { x, width, right, fill: None, parts });
            }
            self.row(cells, Some((table, &places)));
        }
        self.y += 10.0;
    }

    fn header(&mut self, table: &Table, places: &[Place], nodes: Option<&[usize]>) -> Vec<Cell> {
        let mut cells = Vec::new();
        for (i, (column, (x, width, right))) in table.columns.iter().zip(places.iter().copied()).enumerate() {
            let node = nodes.and_then(|n| n.get(i).copied());
            let parts = self.part(&column.label, BODY, true, Ink::Text, width - 2.0 * PAD, node);
            cells.push(Cell { x, width, right, fill: Some(Ink::Label), parts });
        }
        cells
    }

    /// A row goes to the next page whole if it is not higher than half a page; a higher one is cut between lines.
    fn row(&mut self, mut cells: Vec<Cell>, repeat: Option<(&Table, &[Place])>) {
        loop {
            let height = cells.iter().map(Cell::height).fold(0.0, f32::max);
            let room = BOTTOM - self.y;
            if height <= room {
                self.boxes(&cells, height);
                return;
            }
            let least = 2.0 * PAD + 2.0 * BODY * LEAD;
            // At the top of a page something is always drawn, so that this comes to an end.
            if self.y > MARGIN + 120.0 && (height < (BOTTOM - MARGIN) / 2.0 || room < least) {
                self.new_page();
            } else {
                let part: Vec<Cell> = cells.iter_mut().map(|c| c.take(room)).collect();
                self.boxes(&part, room);
                self.new_page();
                if cells.iter().all(|c| c.parts.is_empty()) {
                    return;
                }
            }
            if let Some((table, places)) = repeat {
                let head = self.header(table, places, None);
                let height = head.iter().map(Cell::height).fold(0.0, f32::max);
                if height < 120.0 {
                    self.boxes(&head, height);
                }
            }
        }
    }

    fn boxes(&mut self, cells: &[Cell], height: f32) {
        let top = self.y;
        for cell in cells {
            if let Some(ink) = cell.fill {
                self.push(Op::Fill { x: cell.x, y: top, width: cell.width, height, ink });
            }
        }
        for cell in cells {
            const HAIR: f32 = 0.5;
            for (x, y, width, height) in [
                (cell.x, top, cell.width, HAIR),
                (cell.x, top + height, cell.width + HAIR, HAIR),
                (cell.x, top, HAIR, height),
                (cell.x + cell.width, top, HAIR, height),
            ] {
                self.push(Op::Fill { x, y, width, height, ink: Ink::Rule });
            }
            let mut y = top + PAD;
            for part in &cell.parts {
                for line in part.lines.clone() {
                    self.line(part, line, cell.x + PAD, y, cell.width - 2.0 * PAD, cell.right);
                    y += part.lead();
                }
            }
        }
        self.y = top + height;
    }

    fn checks(&mut self, checks: &[Check], document: &Document) {
        if checks.is_empty() {
            return;
        }
        const BOX: f32 = 10.0;
        const AT_LABEL: f32 = 62.0;
        let list = self.node(Tag::L(ListNumbering::None), None);
        for check in checks {
            let item = self.node(Tag::LI, Some(list));
            let mark = self.node(Tag::Lbl, Some(item));
            let body = self.node(Tag::LBody, Some(item));
            let width = INNER - AT_LABEL;
            let mut parts = self.part(&check.label, BODY, false, Ink::Text, width, Some(body));
            if !check.note.is_empty() {
                parts.extend(self.part(&check.note, SMALL, false, Ink::Muted, width, Some(body)));
            }
            if self.y + BODY * LEAD > BOTTOM {
                self.new_page();
            }
            let (x, y) = (MARGIN + 2.0, self.y + (BODY * LEAD - BOX) / 2.0);
            for (dx, dy, width, height) in
                [(0.0, 0.0, BOX, 0.8), (0.0, BOX - 0.8, BOX, 0.8), (0.0, 0.0, 0.8, BOX), (BOX - 0.8, 0.0, 0.8, BOX)]
            {
                self.push(Op::Fill { x: x + dx, y: y + dy, width, height, ink: Ink::Text });
            }
            // The box shows it at a glance, the word says it: nothing hangs on the picture alone.
            match check.mark {
                Mark::Done => {
                    let tick = self.part("✓", 11.0, true, Ink::Text, 20.0, None);
                    for part in &tick {
                        let width = part.run.width(0..part.run.clusters.len()) * part.size;
                        self.line(part, 0..part.run.clusters.len(), x + (BOX - width) / 2.0, y - 3.6, 20.0, false);
                    }
                }
                Mark::NotApplicable => {
                    self.push(Op::Fill {
                        x: x + 2.5,
                        y: y + BOX / 2.0 - 0.5,
                        width: BOX - 5.0,
                        height: 1.0,
                        ink: Ink::Text,
                    });
                }
                Mark::Open => {}
            }
            let word = self.part(check.mark.text(document.lang), BODY, false, Ink::Text, 60.0, Some(mark));
            for part in &word {
                self.line(part, 0..part.run.clusters.len(), MARGIN + 18.0, self.y, 60.0, false);
            }
            self.lines(parts, MARGIN + AT_LABEL, width, false);
            self.y += 4.0;
        }
        self.y += 6.0;
    }

    /// Feet, now that the number of pages is known.
    fn feet(&mut self, document: &Document) {
        let total = self.out.pages.len();
        let mut names: Vec<&str> =
            [&document.number, &document.receipt].into_iter().flatten().map(String::as_str).collect();
        names.push(&document.title);
        let name = names.join("　");
        for page in 0..total {
            let number = self.part(&format!("{} / {total}", page + 1), SMALL, false, Ink::Muted, 100.0, None);
            let mut left = self.part(&name, SMALL, false, Ink::Muted, INNER - 80.0, None);
            left.truncate(1);
            let y = HEIGHT - 44.0;
            let behind = std::mem::replace(&mut self.out.pages, vec![Vec::new()]);
            for part in &left {
                if let Some(line) = part.lines.first().cloned() {
                    self.line(part, line, MARGIN, y, INNER, false);
                }
            }
            for part in &number {
                self.line(part, 0..part.run.clusters.len(), MARGIN, y, INNER, true);
            }
            let foot = std::mem::replace(&mut self.out.pages, behind);
            self.out.pages[page].extend(foot.into_iter().flatten());
        }
    }
}
