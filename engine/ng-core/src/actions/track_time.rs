//! The time by which a group of a rule goes.
//!
//! It runs with the clock by which events arrive, and runs ahead of it while history comes in: events that a source brings
//! late, and faster than they happened, are as far apart as their own times say. It never goes back, so that nothing waits
//! for a time to be reached again; what comes late from a source that is late all along is no hurry.

use ng_model::checkpoint::{put, take};
use ng_model::elapsed::Elapsed;

/// An event that is not later than this came as it happened.
const LATE_NS: i64 = 60_000_000_000;
/// A source whose events are this much older than those before brings another piece of history.
const OLDER_NS: i64 = 3_600_000_000_000;
/// Sources that are followed; the one known for longest gives way.
const MAX_SOURCES: usize = 16;

/// When an event happened and came, and what it is of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hit {
    /// Its place in the stream.
    pub(super) seq: u64,
    /// When it happened, nanoseconds since 1970, UTC.
    pub(super) time_ns: i64,
    /// When it came.
    pub(super) received_ns: i64,
    /// A hash of the name of its source.
    pub(super) source: u64,
    /// What it is another of: its pattern, or its source where it has none.
    pub(super) cause: u64,
}

/// How far a group is ahead of the clock.
#[derive(Clone, Debug, Default)]
pub(super) struct TrackTime {
    ahead_ns: i64,
    /// How late the latest event was, where that is more than [`LATE_NS`]; otherwise 0.
    lag_ns: i64,
    /// Late sources, and what has to be added to the time of their events.
    sources: Vec<(u64, i64)>,
}

impl TrackTime {
    /// Now.
    pub(super) fn now(&self, clock: &Elapsed) -> i64 {
        clock.now().saturating_add(self.ahead_ns)
    }

    /// How far it is ahead of the clock.
    pub(super) fn ahead_ns(&self) -> i64 {
        self.ahead_ns
    }

    /// The moment, nanoseconds since 1970, that the events at a time say they are of.
    pub(super) fn wall(&self, at: i64, clock: &Elapsed) -> i64 {
        clock.wall(at.saturating_sub(self.ahead_ns)).saturating_sub(self.lag_ns)
    }

    /// Goes on to the time of an event.
    pub(super) fn follow(&mut self, hit: &Hit, clock: &Elapsed) {
        let late_ns = hit.received_ns.saturating_sub(hit.time_ns);
        self.lag_ns = if late_ns > LATE_NS { late_ns } else { 0 };
        let now = self.now(clock);
        let shift = now.saturating_sub(hit.time_ns);
        match self.sources.iter_mut().find(|(source, _)| *source == hit.source) {
            Some((_, known)) => {
                let at = hit.time_ns.saturating_add(*known);
                if at < now.saturating_sub(OLDER_NS) {
                    *known = shift;
                }
                self.ahead_ns = self.ahead_ns.max(at.saturating_sub(clock.now()));
            }
            None if self.lag_ns > 0 => {
                if self.sources.len() == MAX_SOURCES {
                    self.sources.remove(0);
                }
                self.sources.push((hit.source, shift));
            }
            None => {}
        }
    }

    /// Adds it to a saved state.
    pub(super) fn save(&self, out: &mut Vec<u8>) {
        put(out, self.ahead_ns as u64);
        put(out, self.lag_ns as u64);
        put(out, self.sources.len() as u64);
        for (source, shift) in &self.sources {
            put(out, *source);
            put(out, *shift as u64);
        }
    }

    /// Takes it up again.
    pub(super) fn restore(input: &mut &[u8]) -> Option<TrackTime> {
        let ahead_ns = take(input)? as i64;
        let lag_ns = take(input)? as i64;
        let count = usize::try_from(take(input)?).ok().filter(|count| *count <= MAX_SOURCES)?;
        let sources = (0..count).map(|_| Some((take(input)?, take(input)? as i64))).collect::<Option<_>>()?;
        (ahead_ns >= 0 && lag_ns >= 0).then_some(TrackTime { ahead_ns, lag_ns, sources })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: i64 = 1_000_000_000;
    const DAY: i64 = 86_400 * S;

    /// Source, second of arrival, second of the event, and the second that it is then.
    fn check(steps: &[(u64, i64, i64, i64)]) {
        let (mut time, mut clock) = (TrackTime::default(), Elapsed::default());
        for (number, (source, received, happened, expect)) in steps.iter().enumerate() {
            let (received_ns, time_ns) = (DAY + received * S, DAY + happened * S);
            clock.advance(received_ns);
            time.follow(&Hit { seq: 0, time_ns, received_ns, source: *source, cause: 0 }, &clock);
            assert_eq!(time.now(&clock), expect * S, "step {number}");
            assert!(time.wall(time.now(&clock), &clock) <= received_ns);
        }
    }

    #[test]
    fn history_is_as_long_as_it_says() {
        // Piped in at once, an hour between them.
        check(&[(1, 0, -9000, 0), (1, 0, -5400, 3600), (1, 0, -1800, 7200), (1, 0, 0, 9000), (1, 5, 5, 9005)]);
        // Live events go by their arrival, whatever their time says within a minute.
        check(&[(1, 0, 0, 0), (1, 10, -20, 10), (1, 20, 19, 20), (1, 30, 90, 30)]);
        // An older piece, and one that goes back within the hour.
        check(&[(1, 0, -3600, 0), (1, 0, -1800, 1800), (1, 0, -9000, 1800), (1, 0, -8940, 1860), (1, 0, -9000, 1860)]);
    }

    #[test]
    fn a_source_that_is_late_all_along_hurries_nobody() {
        let mixed: Vec<_> =
            (0..50).map(|step| (step % 2, step as i64, step as i64 - 7200 * (step % 2) as i64)).collect();
        check(&mixed.iter().map(|(source, at, of)| (*source, *at, *of, *at)).collect::<Vec<_>>());
        // What is brought every two minutes is ahead by two minutes once, and not again each time.
        let steps = [(1, 0, -120, 0), (1, 0, 0, 120), (1, 120, 0, 240), (1, 120, 120, 240), (1, 240, 240, 360)];
        check(&steps);
    }

    #[test]
    fn what_was_saved_comes_back() {
        let (mut time, mut clock) = (TrackTime::default(), Elapsed::default());
        for step in 0..20 {
            clock.advance(DAY + step * S);
            let hit = Hit { seq: 0, time_ns: step * 2 * S, received_ns: DAY + step * S, source: step as u64, cause: 0 };
            time.follow(&hit, &clock);
        }
        let mut bytes = Vec::new();
        time.save(&mut bytes);
        assert_eq!(time.sources.len(), MAX_SOURCES);
        let restored = TrackTime::restore(&mut bytes.as_slice()).unwrap();
        assert_eq!((restored.ahead_ns, restored.lag_ns), (time.ahead_ns, time.lag_ns));
        assert_eq!(restored.sources, time.sources);
    }
}
