//! The pen: where the terminal's cursor is, which style it writes in, and the cheapest way to another place or style.

use crate::cell::{Cell, Glyph, Glyphs, Trust};
use crate::style::{PLAIN, StyleId, Styles};
use std::fmt::Write;

/// The row of the cursor, and its column where that is known.
pub(crate) type Place = Option<(usize, Option<usize>)>;

/// Writes cells one after the other.
#[derive(Clone)]
pub(crate) struct Pen<'a> {
    pub(crate) styles: &'a Styles,
    pub(crate) glyphs: &'a Glyphs,
    pub(crate) columns: usize,
    /// Erased cells take the background of the style.
    pub(crate) erases_colour: bool,
    pub(crate) place: Place,
    pub(crate) style: StyleId,
    pub(crate) out: String,
}

impl Pen<'_> {
    /// Moves the cursor, by the shortest of the sequences that every terminal knows.
    pub(crate) fn go(&mut self, row: usize, column: usize) {
        if self.place == Some((row, Some(column))) {
            return;
        }
        let start = self.out.len();
        match self.place {
            Some((at, from)) if at == row => self.go_along(from, column),
            Some((at, _)) if at + 1 == row && column == 0 => self.out.push_str("\r\n"),
            _ => self.go_to(row, column),
        }
        debug_assert!(self.out.len() > start);
        self.place = Some((row, Some(column)));
    }

    /// Moves the cursor wherever it is.
    fn go_to(&mut self, row: usize, column: usize) {
        let _ = match (row, column) {
            (0, 0) => write!(self.out, "\x1b[H"),
            (row, 0) => write!(self.out, "\x1b[{}H", row + 1),
            (row, column) => write!(self.out, "\x1b[{};{}H", row + 1, column + 1),
        };
    }

    /// Moves the cursor in its row.
    fn go_along(&mut self, from: Option<usize>, column: usize) {
        let to = column + 1;
        let _ = match from {
            _ if column == 0 => write!(self.out, "\r"),
            Some(from) if column + 1 == from => write!(self.out, "\x08"),
            Some(from) if column + 2 == from => write!(self.out, "\x08\x08"),
            Some(from) if column == from + 1 => write!(self.out, "\x1b[C"),
            Some(from) if column > from && digits(column - from) < digits(to) => {
                write!(self.out, "\x1b[{}C", column - from)
            }
            Some(from) if column < from && digits(from - column) < digits(to) => {
                write!(self.out, "\x1b[{}D", from - column)
            }
            _ => write!(self.out, "\x1b[{to}G"),
        };
    }

    /// Moves the cursor to a cell that is to be written. A few cells that need not be are written again where that is
    /// shorter than to pass them over; `cells` is their row.
    pub(crate) fn go_writing(&mut self, row: usize, column: usize, cells: &[Cell]) {
        if let Some((at, Some(from))) = self.place
            && at == row
            && from < column
            && column - from <= 3
            && cells[from..column].iter().all(|cell| self.comes_for_free(*cell))
        {
            for cell in &cells[from..column] {
                self.glyphs.write(cell.glyph, &mut self.out);
            }
            self.place = Some((row, Some(column)));
            return;
        }
        self.go(row, column);
    }

    /// The cell is written by one ASCII character, without a change of style.
    fn comes_for_free(&self, cell: Cell) -> bool {
        let plain = Glyphs::is_ascii(cell.glyph);
        plain && if cell.is_blank() { self.blanks_as(cell.style) } else { cell.style == self.style }
    }

    /// Blank cells that are written or erased now have this style.
    pub(crate) fn blanks_as(&self, style: StyleId) -> bool {
        self.styles.get(self.style).blank == style
    }

    /// Changes the style.
    pub(crate) fn set_style(&mut self, style: StyleId) {
        if style != self.style {
            self.styles.write_change(self.style, style, &mut self.out);
            self.style = style;
        }
    }

    /// A style writes this cell.
    pub(crate) fn writes(&self, style: StyleId, cell: Cell) -> bool {
        cell.style == if cell.is_blank() { self.styles.get(style).blank } else { style }
    }

    /// Blank cells of this style can be made by erasing.
    pub(crate) fn can_erase(&self, style: StyleId) -> bool {
        let entry = self.styles.get(style);
        entry.erasable && (self.erases_colour || entry.style.background.is_empty())
    }

    /// Erases cells from the cursor on; it stays.
    pub(crate) fn erase(&mut self, cells: usize, to_the_end: bool) {
        let _ = if to_the_end { write!(self.out, "\x1b[K") } else { write!(self.out, "\x1b[{cells}X") };
    }

    /// Writes a cell at the cursor.
    pub(crate) fn write(&mut self, cell: Cell) {
        let Some((row, Some(column))) = self.place else { return };
        let width = usize::from(cell.width);
        if cell.trust == Trust::Doubtful {
            // What it does not cover is blank, and whatever comes next is addressed.
            (0..width).for_each(|_| self.out.push(' '));
            self.place = Some((row, (column + width < self.columns).then_some(column + width)));
            self.go(row, column);
            self.glyphs.write(cell.glyph, &mut self.out);
            self.place = Some((row, None));
            return;
        }
        self.glyphs.write(if cell.is_unknown() { Glyph::BLANK } else { cell.glyph }, &mut self.out);
        // Behind the last column the cursor stands in it, or waits behind it.
        self.place = Some((row, (column + width < self.columns).then_some(column + width)));
    }

    /// Ends a frame: plain style.
    pub(crate) fn rest(&mut self) {
        self.set_style(PLAIN);
    }
}

fn digits(number: usize) -> usize {
    number.checked_ilog10().map_or(1, |log| log as usize + 1)
}
