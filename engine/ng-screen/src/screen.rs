//! The screen: what the terminal shows, what it is to show, and the bytes between them.

use crate::cell::{Cell, Glyph, Glyphs};
use crate::pen::{Pen, Place};
use crate::prepare::{Part, Prepared, cells};
use crate::row::{self, Run};
use crate::style::{PLAIN, Style, StyleId, Styles};
use rustc_hash::FxHasher;
use std::fmt::Write;
use std::hash::{Hash, Hasher};

/// The widest screen that is modelled.
pub const MAX_COLUMNS: usize = 500;
/// The highest.
pub const MAX_ROWS: usize = 300;

/// Bytes that setting a region and moving it takes.
const SCROLL_BYTES: usize = 24;

/// The model of a terminal's screen.
#[derive(Debug)]
pub struct Screen {
    columns: usize,
    rows: usize,
    shown: Vec<Cell>,
    target: Vec<Cell>,
    styles: Styles,
    glyphs: Glyphs,
    /// Raised when the numbers of styles and clusters change their meaning.
    generation: u32,
    erases_colour: bool,
    place: Place,
    cursor: Option<(usize, usize)>,
    /// First and last row of a region, and by how many rows it has moved up since the last frame.
    moved: Option<(usize, usize, isize)>,
    /// Rows that were put with other cells since the last frame.
    changed: Vec<bool>,
    healed: usize,
    is_complete: bool,
}

impl Screen {
    /// A screen of which nothing is known. `erases_colour`: cells that the terminal erases take the background colour.
    /// Sizes beyond what is modelled are cut.
    pub fn new(columns: usize, rows: usize, erases_colour: bool) -> Screen {
        let mut screen = Screen {
            columns: 0,
            rows: 0,
            shown: Vec::new(),
            target: Vec::new(),
            styles: Styles::new(),
            glyphs: Glyphs::default(),
            generation: 0,
            erases_colour,
            place: None,
            cursor: None,
            moved: None,
            changed: Vec::new(),
            healed: 0,
            is_complete: true,
        };
        screen.resize(columns, rows);
        screen
    }

    /// Columns and rows.
    pub fn size(&self) -> (usize, usize) {
        (self.columns, self.rows)
    }

    /// Raised when what was prepared and registered before is void.
    pub fn generation(&self) -> u32 {
        self.generation
    }

    /// Takes another size. Nothing is known of the terminal any more, and nothing is asked of it.
    pub fn resize(&mut self, columns: usize, rows: usize) {
        (self.columns, self.rows) = (columns.clamp(1, MAX_COLUMNS), rows.clamp(1, MAX_ROWS));
        self.target = vec![Cell::UNKNOWN; self.columns * self.rows];
        self.changed = vec![false; self.rows];
        self.cursor = None;
        self.invalidate();
    }

    /// Nothing is known of the terminal any more: the next frame paints all that was put.
    pub fn invalidate(&mut self) {
        self.shown = vec![Cell::UNKNOWN; self.columns * self.rows];
        self.place = None;
        self.moved = None;
    }

    /// The number of a style. When the table is full, those that no cell has any more are given up first.
    pub fn register(&mut self, style: &Style) -> StyleId {
        if let Some(number) = self.styles.register(style.clone()) {
            return number;
        }
        self.give_up_unused();
        self.styles.register(style.clone()).unwrap_or(PLAIN)
    }

    /// Makes cells of a text. Where that took giving up what no cell has any more, `put` does not accept them.
    pub fn prepare(&mut self, parts: &[Part<'_>]) -> Prepared {
        let generation = self.generation;
        if self.glyphs.is_full() {
            self.give_up_unused();
        }
        Prepared { cells: cells(parts, &self.styles, &mut self.glyphs), generation }
    }

    /// Puts cells into the next frame, cut at the edges. False, and nothing done, when they are of an earlier generation.
    pub fn put(&mut self, row: usize, column: usize, prepared: &Prepared) -> bool {
        if prepared.generation != self.generation {
            return false;
        }
        if row >= self.rows || column >= self.columns {
            return true;
        }
        let width = prepared.cells.len().min(self.columns - column);
        if width == 0 {
            return true;
        }
        let line = &mut self.target[row * self.columns..][..self.columns];
        if line[column..column + width] == prepared.cells[..width] {
            return true;
        }
        self.changed[row] = true;
        // No half of a wide cell stays where the other is overwritten.
        if column > 0 && line[column].glyph == Glyph::RIGHT_HALF {
            line[column - 1] = Cell::blank(self.styles.get(line[column - 1].style).blank);
        }
        if let Some(next) = line.get_mut(column + width).filter(|next| next.glyph == Glyph::RIGHT_HALF) {
            *next = Cell::blank(self.styles.get(next.style).blank);
        }
        line[column..column + width].copy_from_slice(&prepared.cells[..width]);
        let (first, last) = (column, column + width - 1);
        for x in [first, last] {
            let cell = line[x];
            if (x == first && cell.glyph == Glyph::RIGHT_HALF) || (x == last && cell.width == 2) {
                line[x] = Cell::blank(self.styles.get(cell.style).blank);
            }
        }
        true
    }

    /// Says that rows `top..=bottom` of the next frame are those of the last one, `lines` further up; below zero, down.
    /// The terminal is asked to move them where that saves bytes.
    pub fn scrolled(&mut self, top: usize, bottom: usize, lines: isize) {
        self.moved = match self.moved {
            Some((above, below, before)) if (above, below) == (top, bottom) => Some((top, bottom, before + lines)),
            _ => Some((top, bottom, lines)),
        };
    }

    /// Where the cursor stands after each frame; None leaves it where it happens to be.
    pub fn set_cursor(&mut self, cursor: Option<(usize, usize)>) {
        self.cursor = cursor.map(|(row, column)| (row.min(self.rows - 1), column.min(self.columns - 1)));
    }

    /// Paints one row again with the next frame, another each time, so that what others wrote over does not stay.
    pub fn heal(&mut self) {
        let row = self.healed % self.rows;
        self.healed = row + 1;
        self.shown[row * self.columns..][..self.columns].fill(Cell::UNKNOWN);
        self.place = None;
    }

    /// The bytes that make the terminal show what was put: first those that move regions, which stand outside any
    /// synchronised update, then the rest. With `by_rows` row after row, so that over a slow line the upper ones are there
    /// before the others; else in the order that takes the fewest bytes. A frame of more than `limit` bytes goes by rows and
    /// ends behind the row that reaches it; then [`is_complete`](Screen::is_complete) is false.
    pub fn flush(&mut self, by_rows: bool, limit: Option<usize>) -> (String, String) {
        let scroll = self.scroll().unwrap_or_default();
        let pen = Pen {
            styles: &self.styles,
            glyphs: &self.glyphs,
            columns: self.columns,
            erases_colour: self.erases_colour,
            place: self.place,
            style: PLAIN,
            out: String::new(),
        };
        let mut runs = Vec::new();
        let rows = self.shown.chunks_exact(self.columns).zip(self.target.chunks_exact(self.columns));
        for (y, (shown, target)) in rows.enumerate() {
            row::runs(&pen, y, shown, target, &mut runs);
        }
        let limit = limit.unwrap_or(usize::MAX);
        let (mut written, rows) = self.written(pen.clone(), &runs, limit);
        if !by_rows && rows == self.rows {
            // Colours take more bytes than moves: where rows look alike, one style after the other may be shorter.
            runs.sort_by_key(|run| if run.in_order { (0, 0) } else { (1, run.style) });
            let (by_styles, _) = self.written(pen, &runs, usize::MAX);
            if by_styles.out.len() < written.out.len() {
                written = by_styles;
            }
        }
        let (place, out) = (written.place, written.out);
        let cells = self.shown.iter_mut().zip(&self.target).take(rows * self.columns);
        for (shown, target) in cells.filter(|(_, target)| !target.is_unknown()) {
            *shown = *target;
        }
        self.place = place;
        self.changed[..rows].fill(false);
        self.is_complete = rows == self.rows;
        (scroll, out)
    }

    /// The latest frame was the whole of what was put.
    pub fn is_complete(&self) -> bool {
        self.is_complete
    }

    /// The pen that has written the runs and rests, and the rows that are right then: those up to the one that reached the
    /// limit, when the runs stand row by row.
    fn written<'a>(&'a self, mut pen: Pen<'a>, runs: &[Run], limit: usize) -> (Pen<'a>, usize) {
        let mut rows = self.rows;
        for (index, run) in runs.iter().enumerate() {
            if pen.out.len() >= limit && runs[index - 1].row < run.row {
                rows = run.row;
                break;
            }
            row::write(&mut pen, run, &self.target[run.row * self.columns..][..self.columns]);
        }
        pen.rest();
        if let Some((row, column)) = self.cursor {
            pen.go(row, column);
        }
        (pen, rows)
    }

    /// A number for what the terminal is taken to show, for tests.
    pub fn checksum(&self) -> u64 {
        let mut hasher = FxHasher::default();
        for cell in &self.shown {
            self.glyphs.text(cell.glyph).hash(&mut hasher);
            self.styles.get(cell.style).style.hash(&mut hasher);
            if !self.glyphs.is_cluster(cell.glyph) {
                cell.glyph.hash(&mut hasher);
            }
        }
        hasher.finish()
    }

    /// What is to stand in a row: for each cell its text, the cells it takes, and its style. None where nobody has put
    /// anything; a right half is empty.
    pub fn target_row(&self, row: usize) -> Vec<Option<(String, usize, &Style)>> {
        let line = self.target.chunks_exact(self.columns).nth(row).unwrap_or_default();
        let read = |cell: &Cell| {
            let mut text = String::new();
            self.glyphs.write(cell.glyph, &mut text);
            (!cell.is_unknown()).then(|| (text, usize::from(cell.width), &self.styles.get(cell.style).style))
        };
        line.iter().map(read).collect()
    }

    /// Moves what scrolled, where that saves bytes.
    fn scroll(&mut self) -> Option<String> {
        let (top, bottom, lines) = self.moved?;
        let (bottom, by) = (bottom.min(self.rows - 1), lines.unsigned_abs());
        if bottom <= top {
            self.moved = None;
            return None;
        }
        let put = self.changed.get(top..=bottom)?.iter().filter(|changed| **changed).count();
        if 2 * put <= bottom - top {
            return None; // Told, and not yet drawn.
        }
        self.moved = None;
        if by == 0 || by > bottom - top {
            return None;
        }
        let columns = self.columns;
        let wrong = |shown: &[Cell], target: &[Cell]| -> usize {
            shown.chunks_exact(columns).zip(target.chunks_exact(columns)).map(|(a, b)| row::bytes(a, b)).sum()
        };
        let region = top * columns..(bottom + 1) * columns;
        let mut moved = self.shown[region.clone()].to_vec();
        if lines > 0 {
            moved.rotate_left(by * columns);
            let kept = moved.len() - by * columns;
            moved[kept..].fill(Cell::UNKNOWN);
        } else {
            moved.rotate_right(by * columns);
            moved[..by * columns].fill(Cell::UNKNOWN);
        }
        let target = &self.target[region.clone()];
        if wrong(&moved, target) + SCROLL_BYTES >= wrong(&self.shown[region.clone()], target) {
            return None;
        }
        self.shown[region].copy_from_slice(&moved);
        self.place = None;
        let mut out = String::new();
        let how = if lines > 0 { 'M' } else { 'L' };
        let _ = write!(out, "\x1b[{};{}r\x1b[{}H\x1b[{by}{how}\x1b[r", top + 1, bottom + 1, top + 1);
        Some(out)
    }

    /// Keeps the styles and clusters that cells have, under new numbers. Without room for them all is forgotten.
    fn give_up_unused(&mut self) {
        let (old_styles, old_glyphs) =
            (std::mem::replace(&mut self.styles, Styles::new()), std::mem::take(&mut self.glyphs));
        self.generation = self.generation.wrapping_add(1);
        for cell in self.shown.iter_mut().chain(self.target.iter_mut()) {
            let style = self.styles.register(old_styles.get(cell.style).style.clone());
            let glyph = if old_glyphs.is_cluster(cell.glyph) {
                self.glyphs.register(old_glyphs.text(cell.glyph))
            } else {
                Some(cell.glyph)
            };
            *cell = match (style, glyph) {
                (Some(style), Some(glyph)) => Cell { style, glyph, ..*cell },
                _ => Cell::UNKNOWN,
            };
        }
    }
}
