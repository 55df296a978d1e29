//! The difference of one row: which cells are written, erased, or passed over.

use crate::cell::{Cell, Glyph, Trust};
use crate::pen::Pen;
use crate::style::StyleId;

/// Blank cells that are written rather than erased.
const FEW: usize = 3;

/// Bytes of a move, about.
const MOVE: usize = 5;

/// Cells of a row that one style writes, one beside the other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    pub(crate) row: usize,
    from: usize,
    to: usize,
    pub(crate) style: StyleId,
    /// It stands in a row of which something is not settled, and such are written from left to right.
    pub(crate) in_order: bool,
    /// Nothing is written to the right of it.
    is_last: bool,
}

/// The runs that lead from the shown row to the target. Cells of the target that nobody has put are left as they are.
pub(crate) fn runs(pen: &Pen<'_>, row: usize, shown: &[Cell], target: &[Cell], runs: &mut Vec<Run>) {
    if shown == target {
        return;
    }
    let differs = |x: usize| !target[x].is_unknown() && shown[x] != target[x];
    let columns = target.len();
    let Some(mut first) = (0..columns).find(|x| differs(*x)) else { return };
    let mut last = (first..columns).rfind(|x| differs(*x)).unwrap_or(first);
    let mut in_order = false;
    if let Some((from, to)) = unsettled(pen, shown, target) {
        (first, last, in_order) = (first.min(from), last.max(to), true);
    }
    let differs = |x: usize| !target[x].is_unknown() && (in_order || shown[x] != target[x]);
    let before = runs.len();
    let mut x = first;
    while x <= last {
        if !differs(x) {
            x += 1;
            continue;
        }
        // A wide cell is written whole.
        let from = if target[x].glyph == Glyph::RIGHT_HALF && x > 0 { x - 1 } else { x };
        let style = style_of_run(pen, target, from);
        x = from + width(target[from]);
        while x <= last && differs(x) && pen.writes(style, target[x]) {
            x += width(target[x]);
        }
        runs.push(Run { row, from, to: x.min(columns), style, in_order, is_last: false });
    }
    if let Some(last) = runs[before..].last_mut() {
        last.is_last = true;
    }
}

/// Writes the cells of a run; `target` is its row.
pub(crate) fn write(pen: &mut Pen<'_>, run: &Run, target: &[Cell]) {
    let end = blank_end(target);
    let mut x = run.from;
    while x < run.to {
        let cell = target[x];
        pen.go_writing(run.row, x, target);
        if !cell.is_blank() {
            pen.set_style(cell.style);
            pen.write(cell);
            x += width(cell);
            continue;
        }
        let until = target[x..run.to].iter().position(|other| *other != cell).map_or(run.to, |length| x + length);
        let (length, to_the_end) = (until - x, x >= end);
        let moves = if until < run.to || !run.is_last { 4 } else { 0 };
        if !pen.blanks_as(cell.style) {
            pen.set_style(run.style);
        }
        if pen.can_erase(cell.style) && length > if to_the_end { FEW } else { FEW + 2 + moves } {
            pen.erase(length, to_the_end);
        } else {
            (0..length).for_each(|_| pen.write(cell));
        }
        x = until;
    }
}

/// The style of a run that begins here: of blank cells that of what comes behind them, where it writes them too.
fn style_of_run(pen: &Pen<'_>, target: &[Cell], from: usize) -> StyleId {
    let cell = target[from];
    if !cell.is_blank() {
        return cell.style;
    }
    let next = target[from..].iter().find(|other| **other != cell);
    next.map(|next| next.style).filter(|style| pen.writes(*style, cell)).unwrap_or(cell.style)
}

fn width(cell: Cell) -> usize {
    usize::from(cell.width.max(1))
}

/// About how many bytes it takes to lead from one row to the other.
pub(crate) fn bytes(shown: &[Cell], target: &[Cell]) -> usize {
    let mut bytes = 0;
    let mut goes_on = false;
    for (old, new) in shown.iter().zip(target) {
        let differs = !new.is_unknown() && old != new;
        if differs && !goes_on {
            bytes += MOVE;
        }
        bytes += usize::from(differs && !new.is_blank());
        goes_on = differs;
    }
    bytes
}

/// The cells, of what stands and of what is to stand, that one of them can spoil whose width or place is not settled.
fn unsettled(pen: &Pen<'_>, shown: &[Cell], target: &[Cell]) -> Option<(usize, usize)> {
    let cells = || (0..target.len()).flat_map(|x| [(x, shown[x]), (x, target[x])]);
    let odd = || cells().filter(|(_, cell)| cell.trust > Trust::Settled);
    let (first, _) = odd().next()?;
    let last = odd().map(|(x, cell)| x + pen.glyphs.widest(cell.glyph)).max().unwrap_or(first);
    Some((first, last.min(target.len() - 1)))
}

/// Where the blank cells of one style begin that end the row.
fn blank_end(target: &[Cell]) -> usize {
    match target.last() {
        Some(cell) if cell.is_blank() => target.iter().rposition(|other| other != cell).map_or(0, |x| x + 1),
        _ => target.len(),
    }
}
