//! What there is of history, in numbers.

use super::health::Health;

/// What a folder of history has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Info {
    /// Events.
    pub events: u64,
    /// First and last `seq`; none where there is no event.
    pub seqs: Option<[u64; 2]>,
    /// Earliest and latest time, nanoseconds since 1970, UTC.
    pub times_ns: Option<[i64; 2]>,
    /// Files that can be read.
    pub files: u64,
    /// Bytes of these on the disk, with what SQLite keeps beside them.
    pub bytes: u64,
    /// What cannot be read, as far as it was met. A body is met when it is opened.
    pub health: Health,
}

impl Info {
    /// Takes up events that follow.
    pub(crate) fn add(&mut self, seqs: [u64; 2], times_ns: [i64; 2], events: u64) {
        let [first, last] = self.times_ns.unwrap_or(times_ns);
        self.times_ns = Some([first.min(times_ns[0]), last.max(times_ns[1])]);
        self.seqs = Some([self.seqs.unwrap_or(seqs)[0], seqs[1]]);
        self.events += events;
    }
}
