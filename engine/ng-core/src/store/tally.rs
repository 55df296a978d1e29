//! How often each pattern occurs from a place in the stream on, followed as the ring grows.

use super::Shared;
use super::reader::{Purpose, Reader};
use ng_model::record::{NO_PATTERN, RecordHeader};
use ng_model::symbols::Sym;
use ng_wire::{Format, Level};
use rustc_hash::FxHashMap;
use std::cmp::Reverse;

/// Patterns that are kept apart; events of further ones are counted together.
const MOST: usize = 20_000;
/// Length of one span of the recent past, seconds.
pub const SPAN_S: u32 = 10;
/// Spans of the recent past.
const SPANS: usize = 30;

/// Counts of the patterns of text and JSON. The streams of metrics and vectors are left out: each is one pattern.
pub struct Tally {
    reader: Reader,
    from_seq: u64,
    next_seq: u64,
    patterns: FxHashMap<(Sym, u32), Counts>,
    sums: Sums,
}

/// Counters over all patterns of a tally.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// Events that were counted, those of further patterns included.
    pub events: u64,
    /// Of them, those that raised an alert.
    pub alerts: u64,
    /// Patterns that are kept apart.
    pub patterns: u64,
    /// Of them, those whose first event is among those counted.
    pub new_patterns: u64,
    /// Events of further patterns.
    pub left_out: u64,
    /// Records that left the ring before they were counted.
    pub missed: u64,
}

/// How often one pattern occurred.
#[derive(Clone, Debug)]
pub struct Counts {
    /// Source of its events.
    pub source: Sym,
    /// Its number.
    pub pattern: u32,
    /// Events.
    pub count: u64,
    /// The first of its kind is among them.
    pub is_new: bool,
    /// Events that raised an alert.
    pub alerts: u64,
    /// The most severe level.
    pub worst: Level,
    /// `seq` of the first of them.
    pub first_seq: u64,
    /// `seq` of the latest.
    pub last_seq: u64,
    /// Arrival of the latest, nanoseconds since 1970, UTC.
    pub last_ns: i64,
    /// Events by the number of their span, as a ring.
    recent: [u32; SPANS],
    /// Number of the latest span with an event.
    span: i64,
}

impl Tally {
    /// Counts from `from_seq` on; nothing has been counted yet.
    pub fn new(shared: Shared, from_seq: u64) -> Self {
        Tally {
            reader: Reader::new(shared),
            from_seq,
            next_seq: from_seq,
            patterns: FxHashMap::default(),
            sums: Sums::default(),
        }
    }

    /// Follows the ring and counts at most `budget` records. False when there are more.
    pub fn advance(&mut self, budget: usize) -> bool {
        let snapshot = self.reader.look();
        let mut ordinal = self.reader.ordinal_of(&snapshot, self.next_seq);
        if ordinal == snapshot.first {
            let first = self.reader.seq_at(&snapshot, ordinal);
            self.sums.missed += first.saturating_sub(self.next_seq);
        }
        let end = snapshot.next.min(ordinal.saturating_add(budget as u64));
        while ordinal < end {
            let block_end = self.reader.bounds(&snapshot, ordinal).end.min(end);
            if let Some(block) = self.reader.block(&snapshot, ordinal, Purpose::Heads) {
                let heads = (ordinal - block.first) as usize..(block_end - block.first) as usize;
                block.heads[heads].iter().for_each(|head| count(&mut self.patterns, &mut self.sums, head));
            }
            ordinal = block_end;
        }
        self.next_seq = self.next_seq.max(self.reader.seq_at(&snapshot, ordinal));
        ordinal >= snapshot.next
    }

    /// The first `seq` that is counted.
    pub fn from_seq(&self) -> u64 {
        self.from_seq
    }

    /// The first `seq` that has not been looked at.
    pub fn next_seq(&self) -> u64 {
        self.next_seq
    }

    /// Counters over all patterns.
    pub fn sums(&self) -> Sums {
        self.sums
    }

    /// Reads single records.
    pub fn reader(&mut self) -> &mut Reader {
        &mut self.reader
    }

    /// At most `most` patterns: for one half the new ones, the latest first, then the others by their number of events.
    pub fn top(&self, most: usize) -> Vec<Counts> {
        let mut order: Vec<&Counts> = self.patterns.values().collect();
        order.sort_unstable_by_key(|one| (Reverse((one.is_new, one.first_seq)), one.source, one.pattern));
        let fresh = order.iter().take(most / 2).take_while(|one| one.is_new).count();
        order[fresh..].sort_unstable_by_key(|one| (Reverse(one.count), one.source, one.pattern));
        order.into_iter().take(most).cloned().collect()
    }
}

fn count(patterns: &mut FxHashMap<(Sym, u32), Counts>, sums: &mut Sums, head: &RecordHeader) {
    let pattern = head.detection.pattern;
    if pattern == NO_PATTERN || !matches!(head.format, Format::Text | Format::Journal | Format::Json) {
        return;
    }
    sums.events += 1;
    sums.alerts += u64::from(head.detection.is_alert);
    let key = (head.source, pattern);
    if patterns.len() >= MOST && !patterns.contains_key(&key) {
        sums.left_out += 1;
        return;
    }
    let counts = patterns.entry(key).or_insert_with(|| {
        sums.patterns += 1;
        Counts::of(head)
    });
    if head.detection.is_novel && !counts.is_new {
        counts.is_new = true;
        sums.new_patterns += 1;
    }
    counts.add(head);
}

impl Counts {
    fn of(head: &RecordHeader) -> Self {
        Counts {
            source: head.source,
            pattern: head.detection.pattern,
            count: 0,
            is_new: false,
            alerts: 0,
            worst: head.level,
            first_seq: head.seq,
            last_seq: head.seq,
            last_ns: head.received_ns,
            recent: [0; SPANS],
            span: span_of(head.received_ns),
        }
    }

    fn add(&mut self, head: &RecordHeader) {
        self.count += 1;
        self.alerts += u64::from(head.detection.is_alert);
        self.worst = self.worst.max(head.level);
        self.last_seq = head.seq;
        self.last_ns = head.received_ns;
        let span = span_of(head.received_ns);
        // A clock that was set back adds to the latest span.
        for between in self.span + 1..=span.min(self.span + SPANS as i64) {
            self.recent[place(between)] = 0;
        }
        if span > self.span + SPANS as i64 {
            self.recent = [0; SPANS];
        }
        self.span = self.span.max(span);
        self.recent[place(self.span)] += 1;
    }

    /// Events in each of the latest spans, oldest first; the last is the one under way at `now_ns`.
    pub fn recent(&self, now_ns: i64) -> Vec<u32> {
        let now = span_of(now_ns).max(self.span);
        let known = self.span - SPANS as i64 + 1..=self.span;
        (now - SPANS as i64 + 1..=now)
            .map(|span| if known.contains(&span) { self.recent[place(span)] } else { 0 })
            .collect()
    }
}

fn span_of(ns: i64) -> i64 {
    ns.div_euclid(i64::from(SPAN_S) * 1_000_000_000)
}

fn place(span: i64) -> usize {
    span.rem_euclid(SPANS as i64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;
    use ng_model::record::Detection;
    use parking_lot::Mutex;
    use std::sync::Arc;

    const SECOND: i64 = 1_000_000_000;

    fn push(shared: &Shared, pattern: u32, time_s: i64, level: Level, is_novel: bool) {
        let mut store = shared.lock();
        let source = store.intern("app.log");
        let detection = Detection { pattern, is_novel, is_alert: level == Level::Fatal, ..Detection::default() };
        let head = RecordHeader {
            seq: store.next_seq(),
            received_ns: time_s * SECOND,
            source,
            level,
            detection,
            ..crate::store::testing::head(0)
        };
        store.push(&head, b"some line");
    }

    fn ring() -> Shared {
        Arc::new(Mutex::new(Store::new(5000)))
    }

    #[test]
    fn new_patterns_come_first_and_then_the_frequent_ones() {
        let shared = ring();
        for round in 0..10 {
            push(&shared, 1, round, Level::Info, false);
            push(&shared, 1, round, Level::Error, false);
            push(&shared, 2, round, Level::Info, false);
        }
        let mut tally = Tally::new(shared.clone(), 3);
        push(&shared, 7, 11, Level::Info, true);
        push(&shared, 8, 12, Level::Fatal, true);
        push(&shared, 8, 13, Level::Info, false);
        assert!(!tally.advance(1));
        while !tally.advance(1) {}
        let found: Vec<_> = tally.top(10).iter().map(|one| (one.pattern, one.count, one.worst, one.alerts)).collect();
        assert_eq!(
            found,
            [(8, 2, Level::Fatal, 1), (7, 1, Level::Info, 0), (1, 18, Level::Error, 0), (2, 9, Level::Info, 0)]
        );
        assert_eq!(tally.sums(), Sums { events: 30, alerts: 1, patterns: 4, new_patterns: 2, left_out: 0, missed: 0 });
        assert_eq!(tally.top(2).iter().map(|one| one.pattern).collect::<Vec<_>>(), [8, 1]);
    }

    #[test]
    fn it_follows_the_ring_and_counts_what_it_missed() {
        let shared = ring();
        let mut tally = Tally::new(shared.clone(), 0);
        for round in 0..3000 {
            push(&shared, 1, round, Level::Info, false);
        }
        tally.advance(usize::MAX);
        for round in 3000..12_000 {
            push(&shared, 1, round, Level::Info, false);
        }
        tally.advance(usize::MAX);
        let counted = tally.top(1)[0].count;
        assert_eq!(counted + tally.sums().missed, 12_000);
        assert!(tally.sums().missed >= 4000 && tally.next_seq() == 12_000);
    }

    #[test]
    fn the_recent_past_slides() {
        let shared = ring();
        for (time, times) in [(5, 3), (15, 1), (45, 2)] {
            (0..times).for_each(|_| push(&shared, 1, time, Level::Info, false));
        }
        let mut tally = Tally::new(shared.clone(), 0);
        tally.advance(usize::MAX);
        let recent = tally.top(1)[0].recent(49 * SECOND);
        assert_eq!(recent.len(), SPANS);
        assert_eq!(recent[SPANS - 5..], [3, 1, 0, 0, 2]);
        assert_eq!(tally.top(1)[0].recent(69 * SECOND)[SPANS - 7..], [3, 1, 0, 0, 2, 0, 0]);
        assert_eq!(tally.top(1)[0].recent(9999 * SECOND), [0; SPANS]);
        push(&shared, 1, 9999, Level::Info, false);
        tally.advance(usize::MAX);
        let recent = tally.top(1)[0].recent(9999 * SECOND);
        assert_eq!((recent[SPANS - 1], recent.iter().sum::<u32>()), (1, 1));
    }

    #[test]
    fn metrics_and_events_without_a_pattern_are_left_out() {
        let shared = ring();
        push(&shared, NO_PATTERN, 0, Level::Info, false);
        let head = RecordHeader { format: Format::Metric, ..crate::store::testing::head(1) };
        shared.lock().push(&head, b"1");
        let mut tally = Tally::new(shared, 0);
        assert!(tally.advance(10));
        assert!(tally.top(10).is_empty());
    }
}
