//! One cell of the screen, and the characters that need more than one code point.

use crate::style::{PLAIN, StyleId};
use rustc_hash::FxHashMap;

/// Clusters kept.
const MOST: usize = 8192;

/// Numbers from here on are not characters.
const BEYOND: u32 = char::MAX as u32 + 1;

/// What stands in a cell: a character, a cluster by its number, the right half of a wide one, or nothing known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Glyph(u32);

impl Glyph {
    pub(crate) const BLANK: Glyph = Glyph(' ' as u32);
    pub(crate) const RIGHT_HALF: Glyph = Glyph(u32::MAX);
    pub(crate) const UNKNOWN: Glyph = Glyph(u32::MAX - 1);
}

/// One cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Cell {
    pub(crate) glyph: Glyph,
    pub(crate) style: StyleId,
    /// Cells that it takes, 1 or 2; 0 for a right half.
    pub(crate) width: u8,
    pub(crate) trust: Trust,
}

/// How far terminals agree about a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Hash)]
pub(crate) enum Trust {
    /// All give it the same width, and show it where it stands.
    Settled,
    /// All give it the same width; some shape it or put it elsewhere, by what stands beside it.
    Moves,
    /// Some give it another width.
    Doubtful,
}

impl Cell {
    pub(crate) const UNKNOWN: Cell = Cell { glyph: Glyph::UNKNOWN, style: PLAIN, width: 1, trust: Trust::Settled };

    /// A blank cell; `style` is one of a blank cell.
    pub(crate) fn blank(style: StyleId) -> Cell {
        Cell { glyph: Glyph::BLANK, style, width: 1, trust: Trust::Settled }
    }

    pub(crate) fn is_blank(self) -> bool {
        self.glyph == Glyph::BLANK
    }

    pub(crate) fn is_unknown(self) -> bool {
        self.glyph == Glyph::UNKNOWN
    }
}

/// The clusters that cells name by number.
#[derive(Debug, Default)]
pub(crate) struct Glyphs {
    clusters: Vec<Box<str>>,
    numbers: FxHashMap<Box<str>, u32>,
}

impl Glyphs {
    pub(crate) fn of_char(c: char) -> Glyph {
        Glyph(c as u32)
    }

    pub(crate) fn is_ascii(glyph: Glyph) -> bool {
        (0x20..0x7f).contains(&glyph.0)
    }

    /// The glyph of a text that takes one place, None when there is no room for it.
    pub(crate) fn register(&mut self, text: &str) -> Option<Glyph> {
        let mut chars = text.chars();
        if let (Some(c), None) = (chars.next(), chars.next()) {
            return Some(Glyph(c as u32));
        }
        if let Some(number) = self.numbers.get(text) {
            return Some(Glyph(BEYOND + number));
        }
        if self.clusters.len() >= MOST {
            return None;
        }
        let number = self.clusters.len() as u32;
        self.clusters.push(text.into());
        self.numbers.insert(text.into(), number);
        Some(Glyph(BEYOND + number))
    }

    /// Writes what the terminal is sent for a glyph.
    pub(crate) fn write(&self, glyph: Glyph, out: &mut String) {
        match char::from_u32(glyph.0) {
            Some(c) => out.push(c),
            None => out.push_str(self.text(glyph)),
        }
    }

    /// The text of a cluster; empty for what is none.
    pub(crate) fn text(&self, glyph: Glyph) -> &str {
        let number = glyph.0.wrapping_sub(BEYOND) as usize;
        self.clusters.get(number).map_or("", |text| text)
    }

    /// The cells that a glyph takes on a terminal that knows nothing of clusters, at most.
    pub(crate) fn widest(&self, glyph: Glyph) -> usize {
        2 * self.text(glyph).chars().count().clamp(1, 16)
    }

    /// The glyph is a cluster of this table.
    pub(crate) fn is_cluster(&self, glyph: Glyph) -> bool {
        (glyph.0.wrapping_sub(BEYOND) as usize) < self.clusters.len()
    }

    pub(crate) fn is_full(&self) -> bool {
        self.clusters.len() >= MOST
    }
}

/// How far terminals agree about a text that is to take `width` cells.
pub(crate) fn trust(text: &str, width: u8) -> Trust {
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        (Some(c), None) if is_narrow(c) && width == 1 => Trust::Settled,
        (Some(c), None) if is_wide(c) && width == 2 => Trust::Settled,
        (Some(c), None) if is_right_to_left(c) && width == 1 => Trust::Moves,
        _ => Trust::Doubtful,
    }
}

/// One cell everywhere: Latin, Greek, Cyrillic, punctuation, arrows, mathematics, boxes, blocks, braille, and the signs
/// that the console draws. Not the symbols that are emoji somewhere.
pub(crate) fn is_narrow(c: char) -> bool {
    matches!(c,
        ' '..='~' | '\u{a0}'..='\u{ac}' | '\u{ae}'..='\u{2ff}' | '\u{370}'..='\u{482}' | '\u{48a}'..='\u{52f}'
        | '\u{1e00}'..='\u{1eff}' | '\u{2010}'..='\u{2027}' | '\u{2030}'..='\u{205e}' | '\u{20a0}'..='\u{20bf}'
        | '\u{2190}'..='\u{2193}' | '\u{219a}'..='\u{21a8}' | '\u{21ab}'..='\u{2319}' | '\u{231c}'..='\u{2327}'
        | '\u{232b}'..='\u{23ce}' | '\u{23d0}'..='\u{23e8}' | '\u{2500}'..='\u{25a9}' | '\u{25ac}'..='\u{25b5}'
        | '\u{25b7}'..='\u{25bf}' | '\u{25c1}'..='\u{25fa}' | '\u{2691}' | '\u{2713}' | '\u{2715}' | '\u{2717}'
        | '\u{2718}' | '\u{2800}'..='\u{28ff}')
}

/// Two cells everywhere: ideographs, kana, syllables of Hangul, full-width forms.
fn is_wide(c: char) -> bool {
    matches!(c,
        '\u{1100}'..='\u{115f}' | '\u{3001}'..='\u{3029}' | '\u{3041}'..='\u{3096}' | '\u{309b}'..='\u{30ff}'
        | '\u{3105}'..='\u{312f}' | '\u{3131}'..='\u{318e}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}'
        | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}' | '\u{ff01}'..='\u{ff60}' | '\u{ffe0}'..='\u{ffe6}')
}

/// Letters that are one cell wide and that some terminals reorder or join.
fn is_right_to_left(c: char) -> bool {
    matches!(c, '\u{5d0}'..='\u{5ea}' | '\u{620}'..='\u{64a}' | '\u{671}'..='\u{6d3}')
}
