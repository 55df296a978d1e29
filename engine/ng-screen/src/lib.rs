//! The model of a terminal's screen: cells in, the fewest bytes out.
//!
//! A [`Screen`] keeps two grids: what the terminal shows, and what it is to show. Whoever draws writes cells into the
//! second with [`Screen::put`]; [`Screen::flush`] says the bytes that lead from the first to the second. Nothing is lost
//! by flushing late: what was overwritten meanwhile is never sent.
//!
//! ```text
//! text with styles ─▶ prepare ─▶ Prepared ─▶ put ─▶ target ┐
//!                                          scrolled(…) ───┼─▶ flush ─▶ bytes
//!                                                   shown ┘
//! ```
//!
//! * The unit is the cell. Of styles only what changes is sent; blank cells are erased, or left out where they are.
//! * What scrolled is told by [`Screen::scrolled`] and never inferred: rows may repeat. A word that is wrong costs bytes
//!   and no truth, for the difference is taken after it.
//! * Terminals disagree about the width of some characters. Behind such a cell the next one is addressed absolutely,
//!   and a row that holds one is written again from the first such cell to the last when any cell of it changes.
//! * A frame ends with plain style, without a scroll region and outside any link, so that whatever else is written
//!   between two frames disturbs nothing.
//!
//! # Layout
//!
//! `style` → `cell` → `prepare` → `pen`, which knows the terminal's cursor and style → `row`, the difference of one
//! row → `screen`.

#![forbid(unsafe_code)]

mod cell;
mod pen;
mod prepare;
mod row;
mod screen;
mod style;
#[cfg(test)]
mod tests;

pub use prepare::{Part, Prepared};
pub use screen::{MAX_COLUMNS, MAX_ROWS, Screen};
pub use style::{Style, StyleId};
