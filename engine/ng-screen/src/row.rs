//! The difference of one row: which cells are written, erased, or passed over.

use crate::cell::{Cell, Glyph, Trust};
use crate::pen::Pen;
use crate::style::StyleId;

/// Blank cells that are written rather than erased.
const FEW: usize = 3;

/// Bytes of a move, about.
const MOVE: usize = 5;

/// Writes what leads from the shown row to the target, and takes it as shown. Cells of the target that nobody has put
/// are left as they are.
pub(crate) fn write(pen: &mut Pen<'_>, row: usize, shown: &mut [Cell], target: &[Cell]) {
    if shown == target {
        return;
    }
    let differs = |x: usize| !target[x].is_unknown() && shown[x] != target[x];
    let columns = target.len();
    let Some(mut first) = (0..columns).find(|x| differs(*x)) else { return };
    let mut last = (first..columns).rfind(|x| differs(*x)).unwrap_or(first);
    let mut forced = false;
    if let Some((from, to)) = unsettled(pen, shown, target) {
        (first, last, forced) = (first.min(from), last.max(to), true);
    }
    let differs = |x: usize| !target[x].is_unknown() && (forced || shown[x] != target[x]);
    let end = blank_end(target);
    let mut x = first;
    while x <= last {
        if !differs(x) {
            x += 1;
            continue;
        }
        let cell = target[x];
        if cell.glyph == Glyph::RIGHT_HALF && x > 0 {
            x -= 1; // A wide cell is written whole.
        } else if !cell.is_blank() {
            pen.go_writing(row, x, target);
            pen.set_style(cell.style);
        }
        let cell = target[x];
        if !cell.is_blank() {
            pen.go(row, x);
            pen.set_style(cell.style);
            pen.write(cell);
            x += usize::from(cell.width.max(1));
            continue;
        }
        let (until, next) = blank_run(target, x);
        let until = (x..until.min(last + 1)).rfind(|x| differs(*x)).map_or(x + 1, |x| x + 1);
        let to_the_end = x >= end;
        let length = until - x;
        let moves = if until > last { 0 } else { 4 };
        pen.go_writing(row, x, target);
        pen.set_blank_style(cell.style, next.filter(|_| until <= last));
        if pen.can_erase(cell.style) && length > if to_the_end { FEW } else { FEW + 2 + moves } {
            pen.erase(length, to_the_end);
        } else {
            (0..length).for_each(|_| pen.write(cell));
        }
        x = until;
    }
    for x in 0..columns {
        if !target[x].is_unknown() {
            shown[x] = target[x];
        }
    }
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

/// Where the run of equal blank cells ends that begins at `x`, and the style of what is behind it.
fn blank_run(target: &[Cell], x: usize) -> (usize, Option<StyleId>) {
    let cell = target[x];
    let end = target[x..].iter().position(|other| *other != cell).map_or(target.len(), |length| x + length);
    (end, target.get(end).map(|next| next.style))
}
