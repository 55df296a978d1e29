//! Tests of the routes: the queue of a reader, and that the index finds what a linear matcher finds.

mod linear;
mod lists;
mod queue;

use super::{Queue, Taken};
use std::time::Duration;

const NO_WAIT: Duration = Duration::ZERO;

/// All positions that wait in a queue from which nothing was dropped.
fn drained(queue: &Queue) -> Vec<u64> {
    match queue.take(usize::MAX, NO_WAIT) {
        Taken::Seqs(seqs) => seqs,
        Taken::Nothing => Vec::new(),
        other => panic!("{other:?}"),
    }
}
