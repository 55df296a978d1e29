//! When sources speak: events counted in bins of ten seconds, and the alert that a source has fallen silent, while it is.
//! How unusual the counts are is left to a detector of metrics.
//!
//! Time is that of arrival, which events bring along and the tick of the event loop moves on. A stretch without either,
//! as when the host slept, says nothing of any source and is left out.
//!
//! # When silence is told
//!
//! After a number of empty bins in a row that is out of proportion in two ways. It is more than twice the longest that
//! the source made before. And with empty bins as frequent as they are in this source, a row of them would come by
//! chance in one of a million; this is not asked of a source that speaks at regular intervals of a minute or more, whose
//! empty bins do not come by chance. A silence that was told counts among the longest when it has come twice: an
//! outage is no habit, nights are.

use super::streams::Streams;
use ng_model::checkpoint::{self, CheckpointReader, CheckpointWriter};
use ng_model::duration::in_words;
use ng_model::elapsed::Elapsed;
use ng_model::symbols::{Sym, Symbols};
use std::collections::VecDeque;

/// Nanoseconds of a bin.
const BIN_NS: i64 = 10_000_000_000;
/// Bins without an event of any source and without a tick that are left out.
const PAUSE: i64 = 6;
/// Sources that are followed; the one not heard of for longest gives way.
const MAX_SOURCES: usize = 1024;
/// Bins before a source can fall silent: five minutes.
const FIRST_BINS: f64 = 30.0;
/// Events before a source can fall silent.
const FIRST_EVENTS: f64 = 20.0;
/// Least empty bins of a silence.
const LEAST: u64 = 3;
/// Decades of odds against a silence by chance.
const DECADES: f64 = 6.0;
/// Rows of empty bins that are remembered of a source.
const ROWS: usize = 64;
/// Rows before they can be found regular, and the shortest of them.
const REGULAR_ROWS: usize = 20;
const REGULAR_BINS: u64 = 6;
/// Silences that are remembered of a source.
const SILENCES: usize = 8;
/// Most bytes of a saved state behind the rhythms.
const MAX_SAVED: usize = 58 << 20;
/// Bins after which older ones fade: a day.
const MEMORY: f64 = 8640.0;

/// The rhythm of every source.
#[derive(Debug)]
pub struct ActivityMonitor {
    sources: Streams<Sym, Rhythm>,
    uses: u64,
    clock: Elapsed,
    /// The bin that is being filled.
    bin: i64,
}

/// A source has fallen silent or speaks again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// Which.
    pub source: Sym,
    /// It has fallen silent; otherwise it speaks again.
    pub silent: bool,
    /// When it spoke last before, nanoseconds since 1970, UTC.
    pub since_ns: i64,
    /// How long that is ago, in seconds.
    pub for_s: f64,
    /// Events that it usually brings in ten seconds.
    pub usual: f64,
}

/// What a source brought in a bin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Count {
    /// Which.
    pub source: Sym,
    /// Events of the bin.
    pub events: u64,
    /// Events that it usually brings in ten seconds.
    pub usual: f64,
}

/// What the end of a bin says of a source.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SourceActivity {
    /// It brought so many events, and is not silent.
    Count(Count),
    /// It has fallen silent.
    Change(Change),
}

/// What is known of one source.
#[derive(Debug, Default)]
struct Rhythm {
    /// Events of the bin that is being filled.
    count: u64,
    /// Empty bins since the last event.
    empty: u64,
    last_ns: i64,
    bins: f64,
    empties: f64,
    events: f64,
    rows: VecDeque<u64>,
    silences: VecDeque<u64>,
    is_silent: bool,
}

impl Default for ActivityMonitor {
    fn default() -> Self {
        ActivityMonitor { sources: Streams::new(MAX_SOURCES), uses: 0, clock: Elapsed::default(), bin: 0 }
    }
}

impl ActivityMonitor {
    /// Counts events of a source that arrived together; returns that it speaks again if it was silent.
    pub fn record_arrival(&mut self, source: Sym, events: u64, received_ns: i64) -> Option<Change> {
        self.uses += 1;
        let rhythm = self.sources.get(source, self.uses, Rhythm::default);
        let resumed = std::mem::take(&mut rhythm.is_silent);
        let change = resumed.then(|| rhythm.change(source, false, received_ns));
        if resumed {
            push(&mut rhythm.silences, SILENCES, rhythm.empty);
            rhythm.empty = 0;
        }
        rhythm.count += events;
        rhythm.last_ns = received_ns;
        change
    }

    /// Lets time pass, and tells what each source brought or that it has fallen silent. Nothing is told of those that have
    /// ended.
    pub fn advance(&mut self, now_ns: i64, ended: impl Fn(Sym) -> bool, mut tell: impl FnMut(SourceActivity)) {
        let bin = self.clock.advance(now_ns) / BIN_NS;
        if bin - self.bin > PAUSE {
            self.bin = bin - 1;
        }
        while self.bin < bin {
            self.bin += 1;
            for (source, rhythm) in self.sources.entries_mut() {
                let count = Count { source, events: rhythm.count, usual: rhythm.usual() };
                let falls_silent = rhythm.end_bin();
                if ended(source) {
                    continue;
                }
                if falls_silent {
                    rhythm.is_silent = true;
                    tell(SourceActivity::Change(rhythm.change(source, true, now_ns)));
                } else if !rhythm.is_silent {
                    tell(SourceActivity::Count(count));
                }
            }
        }
    }

    /// Enough is known of a source to say that it has fallen silent.
    pub fn watches(&self, source: Sym) -> bool {
        self.sources.find(source).is_some_and(|(_, rhythm)| rhythm.is_known())
    }

    /// Sources that are silent now.
    pub fn silent(&self) -> usize {
        self.sources.states().filter(|rhythm| rhythm.is_silent).count()
    }

    /// Sources that are followed.
    pub fn followed(&self) -> usize {
        self.sources.len()
    }

    /// Sources that gave way to others.
    pub fn dropped(&self) -> u64 {
        self.sources.dropped()
    }
}

impl Change {
    /// The event that tells it, as JSON.
    pub fn note(&self, source: &str) -> String {
        let Change { since_ns, for_s, usual, .. } = self;
        let long = in_words((for_s * 1e9) as i64);
        let (kind, level, message) = if self.silent {
            let message = format!("{source} has been silent for {long}; usual are {usual:.1} events in 10 s");
            ("source.silent", "warn", message)
        } else {
            ("source.resumed", "notice", format!("{source} speaks again after {long}"))
        };
        serde_json::json!({
            "type": kind, "level": level, "message": message, "source": source, "since_ns": since_ns, "silent_s": for_s,
            "usual_per_10s": usual,
        })
        .to_string()
    }
}

impl Count {
    /// The event that tells that it is unusual, as JSON.
    pub fn note(&self, source: &str, strength: f64) -> String {
        let Count { events, usual, .. } = self;
        let message = format!("{source} brought {events} events in 10 s; usual are {usual:.1}");
        serde_json::json!({
            "type": "source.rate", "level": "warn", "message": message, "source": source, "events_per_10s": events,
            "usual_per_10s": usual, "strength": strength,
        })
        .to_string()
    }
}

impl Rhythm {
    /// Ends a bin; returns that it makes a silence that is to be told.
    fn end_bin(&mut self) -> bool {
        if self.count == 0 {
            self.empty += 1;
            return !self.is_silent && self.is_unusual();
        }
        if self.empty > 0 {
            push(&mut self.rows, ROWS, self.empty);
        }
        self.bins += 1.0 + self.empty as f64;
        self.empties += self.empty as f64;
        self.events += self.count as f64;
        if self.bins > MEMORY {
            self.bins *= 0.5;
            self.empties *= 0.5;
            self.events *= 0.5;
        }
        (self.count, self.empty) = (0, 0);
        false
    }

    fn is_known(&self) -> bool {
        self.bins >= FIRST_BINS && self.events >= FIRST_EVENTS
    }

    fn is_unusual(&self) -> bool {
        if !self.is_known() || self.empty < LEAST {
            return false;
        }
        let longest = self.rows.iter().copied().max().unwrap_or(0);
        if self.empty <= 2 * longest.max(self.habit()) {
            return false;
        }
        let odds = (self.empties + 1.0) / (self.bins + 2.0);
        self.is_regular() || self.empty as f64 * -odds.log10() >= DECADES
    }

    /// The second longest of the silences that were told.
    fn habit(&self) -> u64 {
        let (mut first, mut second) = (0, 0);
        for &silence in &self.silences {
            second = second.max(silence.min(first));
            first = first.max(silence);
        }
        second
    }

    /// Rows of empty bins are long, and of about the same length.
    fn is_regular(&self) -> bool {
        let (shortest, longest) =
            self.rows.iter().fold((u64::MAX, 0), |(low, high), row| (low.min(*row), high.max(*row)));
        self.rows.len() >= REGULAR_ROWS && longest >= REGULAR_BINS && longest * 2 <= shortest * 3
    }

    fn change(&self, source: Sym, silent: bool, now_ns: i64) -> Change {
        let for_s = now_ns.saturating_sub(self.last_ns) as f64 / 1e9;
        Change { source, silent, since_ns: self.last_ns, for_s, usual: self.usual() }
    }

    /// Events that are usual in a bin.
    fn usual(&self) -> f64 {
        self.events / self.bins.max(1.0)
    }
}

fn push(lengths: &mut VecDeque<u64>, most: usize, length: u64) {
    if lengths.len() == most {
        lengths.pop_front();
    }
    lengths.push_back(length);
}

impl ActivityMonitor {
    /// Adds what is known of the sources to a saved state, as far as it has room for it.
    pub fn save(&self, writer: &mut CheckpointWriter, symbols: &Symbols) {
        self.clock.save(&mut writer.bytes);
        for (source, used, rhythm) in self.sources.entries() {
            let fits = writer.within(MAX_SAVED, |writer| {
                checkpoint::put_u32(&mut writer.bytes, 1);
                writer.name(source, symbols);
                checkpoint::put(&mut writer.bytes, used);
                rhythm.save(&mut writer.bytes);
            });
            if !fits {
                break;
            }
        }
        checkpoint::put_u32(&mut writer.bytes, 0);
    }

    /// Takes a saved state up; none when it is not valid. The time until the next event or tick is left out: nobody listened.
    pub fn restore(saved: &mut CheckpointReader<'_>) -> Option<ActivityMonitor> {
        let mut timing =
            ActivityMonitor { clock: Elapsed::restore(&mut saved.bytes)?.paused(), ..ActivityMonitor::default() };
        timing.bin = timing.clock.now() / BIN_NS;
        while checkpoint::take_flag(&mut saved.bytes)? {
            let (source, used) = (saved.name()?, checkpoint::take_count(&mut saved.bytes)?);
            let rhythm = Rhythm::restore(&mut saved.bytes)?;
            timing.sources.add(source, used, rhythm);
            timing.uses = timing.uses.max(used);
        }
        Some(timing)
    }
}

impl Rhythm {
    fn save(&self, out: &mut Vec<u8>) {
        [self.count, self.empty, self.last_ns as u64].into_iter().for_each(|number| checkpoint::put(out, number));
        [self.bins, self.empties, self.events].into_iter().for_each(|number| checkpoint::put_float(out, number));
        [&self.rows, &self.silences].into_iter().for_each(|lengths| checkpoint::put_all(out, lengths.iter().copied()));
        checkpoint::put_u32(out, self.is_silent.into());
    }

    fn restore(input: &mut &[u8]) -> Option<Rhythm> {
        let (count, empty, last_ns) =
            (checkpoint::take_count(input)?, checkpoint::take_count(input)?, checkpoint::take(input)? as i64);
        let (bins, empties) = (checkpoint::take_finite(input)?, checkpoint::take_finite(input)?);
        let events = checkpoint::take_finite(input)?;
        let rows: VecDeque<u64> = checkpoint::take_all(input, ROWS)?.into();
        let silences: VecDeque<u64> = checkpoint::take_all(input, SILENCES)?.into();
        let is_silent = checkpoint::take_flag(input)?;
        let is_valid = rows.iter().chain(&silences).all(|length| *length <= 1 << 56);
        is_valid.then_some(Rhythm { count, empty, last_ns, bins, empties, events, rows, silences, is_silent })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: i64 = 1_000_000_000;
    const DAY: i64 = 86_400;

    /// Ticks once a second; `events` says how many each source brings in that second.
    fn run(
        timing: &mut ActivityMonitor,
        seconds: std::ops::Range<i64>,
        mut events: impl FnMut(i64) -> Vec<u64>,
    ) -> Vec<(i64, Change)> {
        let mut changes = Vec::new();
        for second in seconds {
            let mut tell = |heard| changes.extend(change(heard).map(|change| (second, change)));
            timing.advance(second * S, |source| source == Sym(99), &mut tell);
            for (source, count) in events(second).into_iter().enumerate().filter(|(_, count)| *count > 0) {
                changes.extend(
                    timing.record_arrival(Sym(source as u32), count, second * S).map(|change| (second, change)),
                );
            }
        }
        changes
    }

    fn change(heard: SourceActivity) -> Option<Change> {
        if let SourceActivity::Change(change) = heard { Some(change) } else { None }
    }

    struct Noise(u64);

    impl Noise {
        fn next(&mut self) -> f64 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 11) as f64 / (1u64 << 53) as f64
        }
    }

    #[test]
    fn a_steady_source_that_stops_is_told_within_a_minute_and_told_again_when_it_speaks() {
        let mut timing = ActivityMonitor::default();
        let changes = run(&mut timing, 0..5000, |second| vec![u64::from(!(3600..4000).contains(&second)), 2]);
        let [(silent_at, silent), (resumed_at, resumed)] = changes[..] else { panic!("{changes:?}") };
        assert!(silent.silent && silent.source == Sym(0) && silent_at <= 3660, "{silent_at}");
        assert_eq!(silent.since_ns, 3599 * S);
        assert!((silent.usual - 10.0).abs() < 0.5, "{silent:?}");
        assert!(!resumed.silent && resumed_at == 4000 && (resumed.for_s - 401.0).abs() < 1.5, "{resumed:?}");
        let note = silent.note("tcp:[a]");
        assert!(note.contains("\"source.silent\"") && note.contains("tcp:[a] has been silent for"), "{note}");
    }

    #[test]
    fn sources_that_speak_by_chance_do_not_cry_wolf() {
        // Four simulated days for each rate are 34 560 bins; one false alarm in 10 000 bins is allowed.
        for (seed, per_second) in [0.002, 0.01, 0.03, 0.1, 0.3, 1.0].into_iter().enumerate() {
            let mut timing = ActivityMonitor::default();
            let mut noise = Noise(seed as u64 + 1);
            let changes = run(&mut timing, 0..4 * DAY, |_| vec![u64::from(noise.next() < per_second)]);
            let told = changes.iter().filter(|(_, change)| change.silent).count();
            assert!(told <= 3, "{told} silences at {per_second} events a second");
        }
    }

    #[test]
    fn a_source_that_speaks_every_five_minutes_is_told_after_the_second_that_it_misses() {
        let mut timing = ActivityMonitor::default();
        let changes = run(&mut timing, 0..DAY, |second| vec![u64::from(second % 300 == 0 && second < DAY / 2)]);
        assert_eq!(changes.len(), 1);
        assert!(changes[0].0 <= DAY / 2 + 900, "{changes:?}");
    }

    #[test]
    fn a_silence_that_has_come_twice_is_a_habit_and_one_outage_is_not() {
        let mut timing = ActivityMonitor::default();
        let night = |second: i64| second % 7200 >= 5400;
        let changes = run(&mut timing, 0..5 * 7200, |second| vec![u64::from(!night(second))]);
        let silences: Vec<i64> = changes.iter().filter(|(_, c)| c.silent).map(|(second, _)| second / 7200).collect();
        assert_eq!(silences, [0, 1]);
    }

    #[test]
    fn what_ended_is_not_silent_and_a_host_that_slept_hears_nobody() {
        let mut timing = ActivityMonitor::default();
        run(&mut timing, 0..3600, |_| vec![1]);
        (0..3600).for_each(|second| _ = timing.record_arrival(Sym(99), 1, second * S));
        assert_eq!(run(&mut timing, 30_000..30_020, |_| vec![1]), []);
        assert_eq!(run(&mut timing, 30_020..40_000, |_| vec![1]), []);
        assert_eq!(timing.silent(), 0);
    }

    #[test]
    fn sources_are_bounded_and_counted() {
        let mut timing = ActivityMonitor::default();
        (0..MAX_SOURCES as u32 + 5).for_each(|source| _ = timing.record_arrival(Sym(source), 1, 0));
        assert_eq!((timing.followed(), timing.dropped()), (MAX_SOURCES, 5));
    }

    #[test]
    fn without_a_tick_the_events_of_others_let_time_pass() {
        let mut timing = ActivityMonitor::default();
        let mut silences = Vec::new();
        for second in 0..4000i64 {
            let mut tell = |heard| silences.extend(change(heard).map(|change| (second, change.source)));
            timing.advance(second * S, |_| false, &mut tell);
            timing.record_arrival(Sym(0), 1, second * S);
            if second < 3000 {
                timing.record_arrival(Sym(1), 1, second * S);
            }
        }
        assert_eq!(silences.len(), 1);
        assert!(silences[0].0 < 3060 && silences[0].1 == Sym(1));
    }
}
