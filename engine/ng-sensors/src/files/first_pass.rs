//! How far the first pass over a file that is merged with others has come.

use super::ahead::Ahead;
use std::time::Instant;

/// How far the first pass over a file has come.
#[derive(Debug)]
pub(super) struct FirstPass {
    /// Of events of one time, those of the file with the lowest rank come first.
    pub(super) rank: u32,
    /// What stands behind this place came later, and is read when the pass is over.
    pub(super) end: u64,
    /// Most bytes read at a time.
    pub(super) portion: usize,
    pub(super) ahead: Ahead,
    /// Since when the end has been reached while the last event may go on.
    pub(super) held: Option<Instant>,
    /// Everything was read.
    pub(super) is_read: bool,
}
