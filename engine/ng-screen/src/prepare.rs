//! From text with styles to cells, once for each text that is drawn.

use crate::cell::{Cell, Glyph, Glyphs, Trust, is_narrow, trust};
use crate::style::{StyleId, Styles};

/// A text in one style.
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
    /// What is shown.
    pub text: &'a str,
    /// How.
    pub style: StyleId,
    /// The cells that the whole text takes as one, 1 or 2; 0 when each of its characters takes one.
    pub width: u8,
}

/// Cells that are ready to be put on a screen of the same generation.
#[derive(Clone, Debug)]
pub struct Prepared {
    pub(crate) cells: Box<[Cell]>,
    pub(crate) generation: u32,
}

/// The cells of a text. Characters that steer a terminal are blanks, or left out of a cluster.
pub(crate) fn cells(parts: &[Part<'_>], styles: &Styles, glyphs: &mut Glyphs) -> Box<[Cell]> {
    let mut cells = Vec::with_capacity(parts.iter().map(|part| part.text.len()).sum());
    for part in parts {
        if part.width == 0 {
            let blank = Cell::blank(styles.get(part.style).blank);
            for c in part.text.chars() {
                cells.push(if c == ' ' || c.is_control() { blank } else { single(c, part.style) });
            }
        } else {
            cluster(part, styles, glyphs, &mut cells);
        }
    }
    cells.into()
}

fn single(c: char, style: StyleId) -> Cell {
    let trust = if is_narrow(c) { Trust::Settled } else { trust(c.encode_utf8(&mut [0; 4]), 1) };
    Cell { glyph: Glyphs::of_char(c), style, width: 1, trust }
}

fn cluster(part: &Part<'_>, styles: &Styles, glyphs: &mut Glyphs, cells: &mut Vec<Cell>) {
    let blank = Cell::blank(styles.get(part.style).blank);
    let width = part.width.min(2);
    let clean: String;
    let text = if part.text.chars().any(char::is_control) {
        clean = part.text.chars().filter(|c| !c.is_control()).collect();
        &clean
    } else {
        part.text
    };
    let glyph = if text.is_empty() { Some(Glyph::BLANK) } else { glyphs.register(text) };
    match glyph {
        Some(glyph) if glyph != Glyph::BLANK => {
            cells.push(Cell { glyph, style: part.style, width, trust: trust(text, width) });
            if width == 2 {
                cells.push(Cell { glyph: Glyph::RIGHT_HALF, style: part.style, width: 0, trust: Trust::Settled });
            }
        }
        // A blank, or a cluster for which there is no room.
        _ => cells.extend((0..width).map(|_| blank)),
    }
}
