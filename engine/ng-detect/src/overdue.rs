//! What happens at regular intervals and did not: a backup that finishes every night, a job that reports every minute.
//!
//! Of each pattern that comes after pauses the last intervals are remembered. They are regular when all of them lie within a
//! quarter of their median; then the next event is due at the median, give or take four times the largest deviation, and when that
//! has passed it is overdue, which is told once. The bound is that of a control chart, wide because intervals are few and their spread is
//! known badly.
//!
//! Time is that of arrival. Of a source that has ended, or that is watched and has said nothing at all since it was due,
//! nothing is told: that is silence, which is told of the source.

use super::streams::Streams;
use ng_model::checkpoint::{self, CheckpointReader, CheckpointWriter};
use ng_model::duration::in_words;
use ng_model::elapsed::Elapsed;
use ng_model::symbols::{Sym, Symbols};

/// Patterns that are followed; the one not seen for longest gives way, of those that are not regular, if there are such.
const MAX_PATTERNS: usize = 1024;
/// Intervals that are remembered of a pattern.
const INTERVALS: usize = 16;
/// How many have to be known, and of intervals that are shorter than [`LONG_NS`]: those that come at random, of which an hour has
/// many, are more often alike by chance.
const KNOWN: usize = 6;
const KNOWN_SHORT: usize = 10;
const LONG_NS: i64 = 600_000_000_000;
/// A pattern that comes sooner than this after the one before is not followed from there on: its source would fall silent.
const SHORTEST_NS: i64 = 5_000_000_000;
/// Largest deviation from the median of what is regular, as a share of it.
const REGULAR: f64 = 0.25;
/// What an event may be late by, in largest deviations, as a share of the median, and in nanoseconds.
const DEVIATIONS: i64 = 4;
const SHARE: i64 = 10;
const LEAST_NS: i64 = 3_000_000_000;
/// Most bytes of a saved state behind the rhythms of patterns.
const MAX_SAVED: usize = 59 << 20;

/// The rhythm of every pattern.
#[derive(Debug)]
pub struct Overdue {
    patterns: Streams<u32, Rhythm>,
    /// Time passed at the latest event of each source that has a rhythm.
    sources: Streams<Sym, i64>,
    clock: Elapsed,
    uses: u64,
}

/// A pattern did not come.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Missing {
    /// Which.
    pub pattern: u32,
    /// Its source.
    pub source: Sym,
    /// Nanoseconds that usually pass from one to the next.
    pub usual_ns: i64,
    /// How much earlier or later it comes, nanoseconds.
    pub tolerance_ns: i64,
    /// When it came last, nanoseconds since 1970, UTC.
    pub last_ns: i64,
}

/// What is known of one pattern. Times are those of the clock.
#[derive(Debug)]
struct Rhythm {
    source: Sym,
    last: i64,
    /// The latest intervals, as a ring.
    intervals: [i64; INTERVALS],
    known: u64,
    /// Usual interval and tolerance, where it is regular.
    due: Option<(i64, i64)>,
    /// That it is overdue was told.
    is_told: bool,
}

impl Default for Overdue {
    fn default() -> Self {
        Overdue {
            patterns: Streams::new(MAX_PATTERNS),
            sources: Streams::new(MAX_PATTERNS),
            clock: Elapsed::default(),
            uses: 0,
        }
    }
}

impl Overdue {
    /// Takes an event of a pattern that was seen last so many seconds before.
    pub fn observe(&mut self, source: Sym, pattern: u32, since_last_s: f32, received_ns: i64, learn: bool) {
        let is_followed = self.patterns.find(pattern).is_some();
        if !is_followed && (since_last_s * 1e9) < SHORTEST_NS as f32 {
            return;
        }
        let now = self.clock.advance(received_ns);
        self.uses += 1;
        *self.sources.get(source, self.uses, || now) = now;
        if is_followed || learn {
            if !is_followed {
                self.patterns.make_room(|rhythm| rhythm.due.is_some());
            }
            let rhythm = self.patterns.get(pattern, self.uses, || Rhythm::new(source, now));
            rhythm.step(now, learn);
        }
    }

    /// Lets time pass, and tells what did not come. Nothing is told of sources that have ended, nor, of those that are watched,
    /// while they are silent.
    pub fn advance(
        &mut self,
        now_ns: i64,
        ended: impl Fn(Sym) -> bool,
        watched: impl Fn(Sym) -> bool,
        mut tell: impl FnMut(Missing),
    ) {
        let now = self.clock.advance(now_ns);
        for (pattern, rhythm) in self.patterns.entries_mut() {
            let Some((usual_ns, tolerance_ns)) = rhythm.due.filter(|_| !rhythm.is_told) else { continue };
            if now - rhythm.last <= usual_ns + tolerance_ns {
                continue;
            }
            let spoke = self.sources.find(rhythm.source).is_some_and(|(_, last)| *last >= rhythm.last + usual_ns);
            if (spoke || !watched(rhythm.source)) && !ended(rhythm.source) {
                rhythm.is_told = true;
                let (source, last_ns) = (rhythm.source, self.clock.wall(rhythm.last));
                tell(Missing { pattern, source, usual_ns, tolerance_ns, last_ns });
            }
        }
    }

    /// A pattern has become part of another, and comes no more itself.
    pub fn forget(&mut self, pattern: u32) {
        let united = self.patterns.entries_mut().find(|(known, _)| *known == pattern);
        if let Some((_, rhythm)) = united {
            (rhythm.known, rhythm.due) = (0, None);
        }
    }

    /// Patterns that gave way to others.
    pub fn dropped(&self) -> u64 {
        self.patterns.dropped()
    }

    /// Patterns that come at regular intervals.
    pub fn regular(&self) -> usize {
        self.patterns.states().filter(|rhythm| rhythm.due.is_some()).count()
    }
}

impl Missing {
    /// The event that tells it, as JSON; the pattern is named as it reads.
    pub fn note(&self, source: &str, template: &str) -> String {
        let (usual, tolerance) = (in_words(self.usual_ns), in_words(self.tolerance_ns));
        let message = format!("{template} of {source} did not come: usual is every {usual} ± {tolerance}");
        serde_json::json!({
            "type": "pattern.overdue", "level": "warn", "message": message, "pattern_source": source,
            "pattern": self.pattern, "usual_s": self.usual_ns as f64 / 1e9, "last_ns": self.last_ns,
        })
        .to_string()
    }
}

impl Rhythm {
    fn new(source: Sym, now: i64) -> Rhythm {
        Rhythm { source, last: now, intervals: [0; INTERVALS], known: 0, due: None, is_told: false }
    }

    fn step(&mut self, now: i64, learn: bool) {
        let interval = now - self.last;
        if interval == 0 {
            return;
        }
        self.last = now;
        let was_told = std::mem::take(&mut self.is_told);
        // The interval in which it did not come is no habit.
        if learn && !was_told {
            self.intervals[(self.known % INTERVALS as u64) as usize] = interval;
            self.known += 1;
            self.due = self.regular();
        }
    }

    /// The median of the intervals and what an event may be late by, where they are regular.
    fn regular(&self) -> Option<(i64, i64)> {
        let count = (self.known as usize).min(INTERVALS);
        let mut intervals = self.intervals;
        let intervals = &mut intervals[..count];
        intervals.sort_unstable();
        let (shortest, longest) = (*intervals.first()?, *intervals.last()?);
        let median = intervals[count / 2];
        let deviation = (median - shortest).max(longest - median);
        let enough = if median < LONG_NS { KNOWN_SHORT } else { KNOWN };
        let is_regular = count >= enough && shortest >= SHORTEST_NS && deviation as f64 <= REGULAR * median as f64;
        is_regular.then(|| (median, (DEVIATIONS * deviation).max(median / SHARE).max(LEAST_NS)))
    }
}

impl Overdue {
    /// Adds what is known to a saved state, as far as it has room for it.
    pub fn save(&self, writer: &mut CheckpointWriter, symbols: &Symbols) {
        self.clock.save(&mut writer.bytes);
        for (pattern, used, rhythm) in self.patterns.entries() {
            let fits = writer.within(MAX_SAVED, |writer| {
                checkpoint::put_u32(&mut writer.bytes, 1);
                checkpoint::put_u32(&mut writer.bytes, pattern);
                checkpoint::put(&mut writer.bytes, used);
                writer.name(rhythm.source, symbols);
                rhythm.save(&mut writer.bytes);
            });
            if !fits {
                break;
            }
        }
        checkpoint::put_u32(&mut writer.bytes, 0);
        for (source, used, last) in self.sources.entries() {
            let fits = writer.within(MAX_SAVED, |writer| {
                checkpoint::put_u32(&mut writer.bytes, 1);
                writer.name(source, symbols);
                checkpoint::put(&mut writer.bytes, used);
                checkpoint::put(&mut writer.bytes, *last as u64);
            });
            if !fits {
                break;
            }
        }
        checkpoint::put_u32(&mut writer.bytes, 0);
    }

    /// Takes a saved state up; none when it is not valid. The time until the next event or tick is left out: nobody listened.
    pub fn restore(saved: &mut CheckpointReader<'_>) -> Option<Overdue> {
        let mut overdue = Overdue { clock: Elapsed::restore(&mut saved.bytes)?.paused(), ..Overdue::default() };
        while checkpoint::take_flag(&mut saved.bytes)? {
            let pattern = checkpoint::take_u32(&mut saved.bytes)?;
            let (used, source) = (checkpoint::take_count(&mut saved.bytes)?, saved.name()?);
            overdue.patterns.add(pattern, used, Rhythm::restore(source, &mut saved.bytes)?);
            overdue.uses = overdue.uses.max(used);
        }
        while checkpoint::take_flag(&mut saved.bytes)? {
            let (source, used) = (saved.name()?, checkpoint::take_count(&mut saved.bytes)?);
            overdue.sources.add(source, used, checkpoint::take_count(&mut saved.bytes)? as i64);
            overdue.uses = overdue.uses.max(used);
        }
        Some(overdue)
    }
}

impl Rhythm {
    fn save(&self, out: &mut Vec<u8>) {
        checkpoint::put(out, self.last as u64);
        checkpoint::put(out, self.known);
        self.intervals.iter().for_each(|interval| checkpoint::put(out, *interval as u64));
        checkpoint::put_u32(out, self.is_told.into());
    }

    fn restore(source: Sym, input: &mut &[u8]) -> Option<Rhythm> {
        let (last, known) = (checkpoint::take_count(input)? as i64, checkpoint::take_count(input)?);
        let mut rhythm = Rhythm { known, ..Rhythm::new(source, last) };
        for interval in &mut rhythm.intervals {
            *interval = checkpoint::take_count(input)? as i64;
        }
        rhythm.is_told = checkpoint::take_flag(input)?;
        rhythm.due = rhythm.regular();
        Some(rhythm)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: i64 = 1_000_000_000;
    const START: i64 = 1_700_000_000 * S;

    /// Runs a pattern at these seconds, with another one of the same source in between; when it was told to be overdue.
    fn told(seconds: &[i64], until: i64, other: Option<i64>) -> Vec<i64> {
        told_of(seconds, until, other, true)
    }

    /// The same of a source that is watched, or has said too little for that.
    fn told_of(seconds: &[i64], until: i64, other: Option<i64>, is_watched: bool) -> Vec<i64> {
        let (mut overdue, mut told) = (Overdue::default(), Vec::new());
        let mut last = None;
        for second in 0..until {
            if let Some(every) = other
                && second % every == 0
            {
                overdue.observe(Sym(1), 7, every as f32, START + second * S, true);
            }
            if seconds.contains(&second) {
                let since = last.map_or(f32::INFINITY, |last| (second - last) as f32);
                overdue.observe(Sym(1), 8, since, START + second * S, true);
                last = Some(second);
            }
            overdue.advance(
                START + second * S,
                |_| false,
                |_| is_watched,
                |missing| {
                    assert_eq!(missing.pattern, 8);
                    told.push(second);
                },
            );
        }
        told
    }

    #[test]
    fn what_comes_regularly_and_does_not_is_told_once() {
        let minutes: Vec<i64> = (0..20).map(|minute| minute * 60 + minute % 3).collect();
        // The latest interval is 61 s at most, its median 61, deviations of 2: due within 61 + 8.
        let last = *minutes.last().unwrap();
        let found = told(&minutes, last + 600, Some(7));
        assert_eq!(found.len(), 1);
        assert!((last + 65..last + 75).contains(&found[0]), "{found:?} after {last}");
        // It came again, and once more it did not.
        let again: Vec<i64> = minutes.iter().copied().chain((0..8).map(|minute| last + 300 + 60 * minute)).collect();
        assert_eq!(told(&again, last + 1500, Some(7)).len(), 2);
    }

    #[test]
    fn what_is_irregular_or_rare_is_never_due() {
        let irregular: Vec<i64> = (0..30).map(|step| step * 60 + step * step * 7 % 50).collect();
        assert!(told(&irregular, 5000, Some(7)).is_empty());
        let every = |interval: i64, count: i64| (0..=count).map(|step| step * interval).collect::<Vec<i64>>();
        assert!(told(&every(60, 9), 5000, Some(7)).is_empty(), "nine short intervals are too few");
        assert!(told(&every(3600, 5), 30_000, Some(7)).is_empty(), "five long intervals are too few");
        assert_eq!(told(&every(3600, 6), 30_000, Some(7)).len(), 1);
        let often: Vec<i64> = (0..600).collect();
        assert!(told(&often, 2000, Some(7)).is_empty(), "its source would fall silent");
    }

    #[test]
    fn what_is_regular_stays_while_others_give_way() {
        let (mut overdue, mut told) = (Overdue::default(), 0);
        for minute in 0..20 {
            overdue.observe(Sym(1), 8, 60.0, START + minute * 60 * S, true);
        }
        for line in 0..5000u32 {
            overdue.observe(Sym(1), 100 + line, f32::INFINITY, START + 1141 * S + i64::from(line) * S / 20, true);
        }
        overdue.advance(START + 1400 * S, |_| false, |_| true, |missing| told += i32::from(missing.pattern == 8));
        assert_eq!((told, overdue.dropped() > 0), (1, true));
    }

    #[test]
    fn the_silence_of_the_source_is_not_told_here_if_it_is_told_at_all() {
        let minutes: Vec<i64> = (0..20).map(|minute| minute * 60).collect();
        assert!(told(&minutes, 5000, None).is_empty());
        assert_eq!(told_of(&minutes, 5000, None, false).len(), 1);
    }

    #[test]
    fn memory_is_bounded_and_a_saved_state_goes_on() {
        let mut symbols = Symbols::new();
        let source = symbols.intern("app");
        let mut overdue = Overdue::default();
        for step in 0..5000u32 {
            overdue.observe(source, step % 2000, 1e6, START + i64::from(step) * S, true);
        }
        assert_eq!(overdue.patterns.len(), MAX_PATTERNS);
        let mut writer = CheckpointWriter::default();
        overdue.save(&mut writer, &symbols);
        let bytes = writer.finish();
        let restored = Overdue::restore(&mut CheckpointReader::open(&bytes, &mut symbols).unwrap()).unwrap();
        let mut again = CheckpointWriter::default();
        restored.save(&mut again, &symbols);
        assert_eq!(again.finish().len(), bytes.len() - 8, "all but where the clock of arrival stood");
    }
}
