//! How long the stages take, of sampled events.

use crate::registry::Latency;

/// Durations of the stages, sampled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
#[expect(missing_docs, reason = "the names are the documentation")]
pub enum Stage {
    Encode,
    Guard,
    Patterns,
    Links,
    Detect,
    Route,
    Act,
    Record,
    Total,
}

/// The names of the stages, in the order of [`Stage`].
pub const STAGES: [&str; 9] = ["encode", "guard", "patterns", "links", "detect", "route", "act", "record", "total"];

/// A monotonic clock in nanoseconds, read only for sampled events.
pub type Sampler = fn() -> u64;

/// Reads the clock at the borders of the stages of a sampled event, and not at all otherwise.
pub(super) struct Watch {
    sampler: Option<Sampler>,
    pub(super) start: u64,
    pub(super) last: u64,
}

impl Watch {
    pub(super) fn new(sampler: Option<Sampler>) -> Self {
        let start = sampler.map_or(0, |sampler| sampler());
        Watch { sampler, start, last: start }
    }

    pub(super) fn lap(&mut self, stages: &mut [Latency], stage: Stage) -> Option<u64> {
        let now = self.sampler?();
        let lap = now.saturating_sub(self.last);
        self.last = now;
        stages[stage as usize].note(lap);
        Some(lap)
    }
}
