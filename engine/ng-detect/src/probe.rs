//! Durations of the search for neighbours, measured for the few events that the engine samples.

/// Adds up how long the searches of one event take. Without a clock it only passes them through.
#[derive(Debug, Default)]
pub struct Probe {
    clock: Option<fn() -> u64>,
    spent_ns: Option<u64>,
}

impl Probe {
    /// A probe that reads a monotonic clock in nanoseconds, or measures nothing.
    pub fn new(clock: Option<fn() -> u64>) -> Self {
        Probe { clock, spent_ns: None }
    }

    /// Nanoseconds that the searches took; none when nothing was searched for, or nothing was measured.
    pub fn spent_ns(&self) -> Option<u64> {
        self.spent_ns
    }

    /// Does a search and measures it.
    pub(super) fn time<R>(&mut self, search: impl FnOnce() -> R) -> R {
        let Some(clock) = self.clock else { return search() };
        let start = clock();
        let found = search();
        let spent = clock().saturating_sub(start);
        self.spent_ns = Some(self.spent_ns.unwrap_or(0) + spent);
        found
    }
}
