//! The model of the terminal's screen, for the console.

use ng_screen::{Part, Style};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What the terminal shows, and what it is to show. See `ng_screen::Screen`.
#[pyclass(module = "ng_tui._engine", frozen)]
pub(crate) struct Screen {
    inside: Mutex<ng_screen::Screen>,
}

/// Cells of a text, ready to be put on the screen that made them.
#[pyclass(module = "ng_tui._engine", frozen)]
pub(crate) struct Prepared {
    cells: ng_screen::Prepared,
}

impl Screen {
    fn lock(&self) -> MutexGuard<'_, ng_screen::Screen> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl Screen {
    #[new]
    fn new(columns: usize, rows: usize, erases_colour: bool) -> Self {
        Screen { inside: Mutex::new(ng_screen::Screen::new(columns, rows, erases_colour)) }
    }

    /// Takes another size; nothing is known of the terminal any more.
    fn resize(&self, columns: usize, rows: usize) {
        self.lock().resize(columns, rows);
    }

    /// Columns and rows.
    fn size(&self) -> (usize, usize) {
        self.lock().size()
    }

    /// The next flush paints everything.
    fn invalidate(&self) {
        self.lock().invalidate();
    }

    /// Raised when the numbers of styles, and what was prepared, are void.
    fn generation(&self) -> u32 {
        self.lock().generation()
    }

    /// The number of a style: parameters of SGR for both colours, a bit for each attribute, and what OSC 8 is told.
    fn register(&self, foreground: String, background: String, attributes: u16, link: String) -> u16 {
        self.lock().register(&Style { foreground, background, attributes, link })
    }

    /// Makes cells of texts, each with its style, and with the cells it takes as one, or 0 when each character takes one.
    fn prepare(&self, parts: Vec<(PyBackedStr, u16, u8)>) -> Prepared {
        let parts: Vec<Part<'_>> =
            parts.iter().map(|(text, style, width)| Part { text, style: *style, width: *width }).collect();
        Prepared { cells: self.lock().prepare(&parts) }
    }

    /// Puts cells, each at a row and column. False when some were prepared before the numbers changed their meaning.
    fn put(&self, cells: Vec<(usize, usize, Bound<'_, Prepared>)>) -> bool {
        let mut screen = self.lock();
        cells.iter().fold(true, |all, (row, column, cells)| screen.put(*row, *column, &cells.get().cells) && all)
    }

    /// Says that rows `top..=bottom` have moved up by `lines`, below zero down.
    fn scrolled(&self, top: usize, bottom: usize, lines: isize) {
        self.lock().scrolled(top, bottom, lines);
    }

    /// Where the cursor stands after each frame: row and column; None leaves it.
    fn set_cursor(&self, place: Option<(usize, usize)>) {
        self.lock().set_cursor(place);
    }

    /// The next flush paints one row, another each time.
    fn heal(&self) {
        self.lock().heal();
    }

    /// What makes the terminal show what was put: what moves regions, and the rest; with `by_rows` row after row. False when
    /// it was cut, by rows, behind `limit` bytes.
    fn flush(&self, by_rows: bool, limit: Option<usize>) -> (String, String, bool) {
        let mut screen = self.lock();
        let (scroll, rest) = screen.flush(by_rows, limit);
        (scroll, rest, screen.is_complete())
    }

    /// A number for what the terminal is taken to show.
    fn checksum(&self) -> u64 {
        self.lock().checksum()
    }
}
