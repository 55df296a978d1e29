//! Tests of stamps: lines as the world writes them, what is no time, and what our own writer printed.

mod notations;
mod printed;
mod sources;

use super::{Found, find};
use crate::encoders::Clock;
use ng_model::event::Reading;
use ng_model::symbols::Sym;
use ng_wire::Format;

/// 2026-11-22T15:00:00Z, when the lines of the tests were written.
const WRITTEN: i64 = 1_795_359_600_000_000_000;
/// 2026-11-22T13:02:03Z.
const SHOWN: i64 = 1_795_352_523_000_000_000;

fn reading(raw: &[u8], source: Sym, written_ns: i64) -> Reading<'_> {
    Reading { source, received_ns: written_ns, written_ns, format: Format::Text, raw }
}

/// The stamp of a line and its time, read as UTC by somebody who has read nothing before.
fn read(line: &str) -> Option<(Found, i64)> {
    let found = find(line.as_bytes(), 0)?;
    Some((found, Clock::utc().time_ns(&found.stamp, &reading(line.as_bytes(), Sym(1), WRITTEN))))
}
