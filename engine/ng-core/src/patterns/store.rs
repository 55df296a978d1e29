//! The patterns themselves: numbered once, ordered by last use, bounded.
//!
//! # Layout
//!
//! `store/saved.rs` has the saved form.

mod saved;

use super::tokens::HALVE_AT;
use ng_model::event::Event;
use ng_model::symbols::Sym;
use ng_wire::Level;
use rustc_hash::FxHashMap;

/// Bytes kept of the first event of a pattern.
const EXAMPLE: usize = 512;
/// Seconds over which the rate of a pattern is averaged.
const RATE_SECONDS: f64 = 60.0;
/// Lengths after which older ones begin to fade.
const LENGTHS: f64 = 1024.0;
/// Most numbers by which a pattern is found besides its own; the oldest are forgotten first.
const MOST_ABSORBED: usize = 1024;
/// No place.
pub(super) const NOWHERE: u32 = u32::MAX;

/// What the events of a pattern have in common.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// Tokens of a text template; variables are `WILDCARD`, and one of them at most is a `RUN`.
    Template(Vec<u32>),
    /// Key set of JSON objects, as text.
    Shape(String),
    /// The stream of a metric or vector.
    Stream(Sym),
}

/// A group of events of one source.
#[derive(Debug)]
pub struct Pattern {
    /// Its number; not given twice before four thousand million others.
    pub id: u32,
    /// Numbers of patterns that have become a part of it, and are found as it.
    also: Vec<u32>,
    /// Its source.
    pub source: Sym,
    /// What its events have in common.
    pub body: Body,
    /// Events so far.
    pub count: u64,
    /// Those of them that were learnt, which is what everything but times and rate is made of.
    learnt: u64,
    /// `seq` of the first event.
    pub first_seq: u64,
    /// `seq` of the latest event.
    pub last_seq: u64,
    /// Time of the first event, nanoseconds since 1970, UTC.
    pub first_ns: i64,
    /// Latest time of an event, nanoseconds since 1970, UTC.
    pub last_ns: i64,
    /// Raw bytes of the first event, at most 512.
    pub example: Vec<u8>,
    /// Mean length of the message in bytes.
    pub length_mean: f64,
    /// Variance of the length.
    pub length_variance: f64,
    rate: f64,
    /// Count that is halved together with the other patterns of the source.
    weight: u32,
    halvings: u32,
    /// Words that its template had when it was made.
    pub(super) words: u16,
    /// Key in the index of streams and shapes, or the bucket of a template.
    pub(super) key: Key,
    used_before: u32,
    used_after: u32,
}

/// Where a pattern is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Key {
    /// Templates of one family and number of tokens, which is 0 for those with a run.
    Bucket(Family, u16),
    /// Source and hash of the key set.
    Shape(Sym, u64),
    /// Source, kind, and whether it is a vector.
    Stream(Sym, Sym, bool),
}

/// What lines have in common that are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Family {
    pub(super) source: Sym,
    pub(super) level: Level,
    /// The token of the class of the exception that the event names; `EMPTY` where it names none.
    pub(super) exception: u32,
    /// The first token; `EMPTY` where that is a variable, and `WILDCARD` where it was learnt to be one.
    pub(super) first: u32,
}

/// Event counts of one source.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct SourceTotals {
    /// Events ever.
    pub(super) events: u64,
    weight: u32,
    halvings: u32,
}

/// What was known of a pattern before an event was counted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Before {
    pub(super) count: u64,
    pub(super) bits: f32,
    pub(super) since_last_s: f32,
    pub(super) length_deviation: f32,
}

impl Pattern {
    /// The level of its events; none where those of any level belong to it.
    pub fn level(&self) -> Option<Level> {
        match self.key {
            Key::Bucket(family, _) => Some(family.level),
            _ => None,
        }
    }

    /// What stands in a place that is free.
    fn nothing() -> Self {
        Pattern {
            id: NOWHERE,
            also: Vec::new(),
            source: Sym(0),
            body: Body::Stream(Sym(0)),
            count: 0,
            learnt: 0,
            first_seq: 0,
            last_seq: 0,
            first_ns: 0,
            last_ns: 0,
            example: Vec::new(),
            length_mean: 0.0,
            length_variance: 0.0,
            rate: 0.0,
            weight: 0,
            halvings: 0,
            words: 0,
            key: Key::Stream(Sym(0), Sym(0), false),
            used_before: NOWHERE,
            used_after: NOWHERE,
        }
    }

    /// Events per second, averaged over about a minute, at the time of the latest event.
    pub fn rate(&self) -> f64 {
        self.rate
    }

    /// Counts an event, which is learnt unless its source is frozen; says what was known before. A pattern of which nothing
    /// was learnt is as rare as one that was never seen.
    pub(super) fn count(&mut self, totals: &mut SourceTotals, event: &Event<'_>, length: usize, learn: bool) -> Before {
        self.weight >>= (totals.halvings - self.halvings).min(31);
        self.halvings = totals.halvings;
        let now = event.head.time_ns;
        let elapsed_s = now.saturating_sub(self.last_ns).max(0) as f64 / 1e9;
        let before = Before {
            count: self.count,
            bits: ((f64::from(totals.weight) + 1.0) / (f64::from(self.weight) + 0.5)).log2() as f32,
            since_last_s: if self.learnt == 0 { f32::INFINITY } else { elapsed_s as f32 },
            length_deviation: self.deviation(length),
        };
        self.rate =
            if self.count == 0 { 0.0 } else { self.rate * (-elapsed_s / RATE_SECONDS).exp() } + 1.0 / RATE_SECONDS;
        self.count += 1;
        self.last_seq = event.head.seq;
        self.last_ns = self.last_ns.max(now);
        totals.events += 1;
        if !learn {
            return before;
        }
        self.learn_length(length);
        self.learnt += 1;
        self.weight += 1;
        totals.weight += 1;
        if totals.weight >= HALVE_AT {
            totals.weight /= 2;
            totals.halvings += 1;
        }
        before
    }

    /// Takes in what is known of another pattern of the source.
    fn absorb(&mut self, other: Pattern, totals: &SourceTotals) {
        let (own, others) = (self.learnt as f64, other.learnt as f64);
        if own + others > 0.0 {
            let (share, step) = (others / (own + others), other.length_mean - self.length_mean);
            self.length_mean += share * step;
            self.length_variance +=
                share * (other.length_variance - self.length_variance) + share * (1.0 - share) * step * step;
        }
        let now = |pattern: &Pattern| pattern.weight >> (totals.halvings - pattern.halvings).min(31);
        self.weight = now(self) + now(&other);
        self.halvings = totals.halvings;
        self.count += other.count;
        self.learnt += other.learnt;
        self.rate += other.rate;
        if other.first_seq < self.first_seq {
            self.first_seq = other.first_seq;
            self.example = other.example;
        }
        self.first_ns = self.first_ns.min(other.first_ns);
        self.last_seq = self.last_seq.max(other.last_seq);
        self.last_ns = self.last_ns.max(other.last_ns);
        self.also.push(other.id);
        self.also.extend(other.also);
    }

    fn deviation(&self, length: usize) -> f32 {
        if self.learnt < 2 {
            return 0.0;
        }
        ((length as f64 - self.length_mean).abs() / self.length_variance.sqrt().max(1.0)) as f32
    }

    fn learn_length(&mut self, length: usize) {
        let step = length as f64 - self.length_mean;
        let count = ((self.learnt + 1) as f64).min(LENGTHS);
        self.length_mean += step / count;
        self.length_variance += (step * (length as f64 - self.length_mean) - self.length_variance) / count;
    }
}

/// All patterns by place. A place is reused after its pattern was dropped; its number is not.
#[derive(Debug)]
pub(super) struct PatternStore {
    places: Vec<Pattern>,
    free: Vec<u32>,
    by_id: FxHashMap<u32, u32>,
    next_id: u32,
    /// Least and most recently used.
    oldest: u32,
    latest: u32,
}

impl PatternStore {
    pub(super) fn new() -> Self {
        PatternStore {
            places: Vec::new(),
            free: Vec::new(),
            by_id: FxHashMap::default(),
            next_id: 0,
            oldest: NOWHERE,
            latest: NOWHERE,
        }
    }

    /// Patterns that are known.
    pub(super) fn len(&self) -> usize {
        self.places.len() - self.free.len()
    }

    /// The place of the pattern not used for longest.
    pub(super) fn oldest(&self) -> Option<u32> {
        (self.oldest != NOWHERE).then_some(self.oldest)
    }

    /// The number of the next pattern.
    pub(super) fn next_id(&self) -> u32 {
        self.next_id
    }

    /// The next pattern gets this number, or the first behind it that is free.
    pub(super) fn go_on_at(&mut self, next_id: u32) {
        self.next_id = next_id;
        while self.next_id == NOWHERE || self.by_id.contains_key(&self.next_id) {
            self.next_id = self.next_id.wrapping_add(1);
        }
    }

    /// Number and place of every pattern, in no order.
    pub(super) fn places(&self) -> impl Iterator<Item = (u32, u32)> {
        (0..).zip(&self.places).filter(|(_, pattern)| pattern.id != NOWHERE).map(|(place, pattern)| (pattern.id, place))
    }

    /// The place of a pattern.
    pub(super) fn place(&self, id: u32) -> Option<u32> {
        self.by_id.get(&id).copied()
    }

    pub(super) fn at(&self, place: u32) -> &Pattern {
        &self.places[place as usize]
    }

    pub(super) fn at_mut(&mut self, place: u32) -> &mut Pattern {
        &mut self.places[place as usize]
    }

    pub(super) fn find(&self, id: u32) -> Option<&Pattern> {
        self.by_id.get(&id).map(|place| self.at(*place))
    }

    /// Every pattern, in the order of their use, latest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Pattern> {
        let mut place = self.latest;
        std::iter::from_fn(move || {
            let pattern = self.places.get(place as usize)?;
            place = pattern.used_before;
            Some(pattern)
        })
    }

    /// Adds a pattern that no event was counted for yet.
    pub(super) fn add(&mut self, key: Key, body: Body, event: &Event<'_>) -> u32 {
        let head = &event.head;
        let pattern = Pattern {
            id: self.next_id,
            source: head.source,
            body,
            first_seq: head.seq,
            last_seq: head.seq,
            first_ns: head.time_ns,
            last_ns: head.time_ns,
            example: event.raw[..event.raw.len().min(EXAMPLE)].to_vec(),
            key,
            ..Pattern::nothing()
        };
        let place = match self.free.pop() {
            Some(place) => {
                self.places[place as usize] = pattern;
                place
            }
            None => {
                self.places.push(pattern);
                self.places.len() as u32 - 1
            }
        };
        self.by_id.insert(self.next_id, place);
        self.go_on_at(self.next_id.wrapping_add(1));
        self.link_latest(place);
        place
    }

    /// Marks a pattern as the latest used.
    pub(super) fn touch(&mut self, place: u32) {
        if self.latest != place {
            self.unlink(place);
            self.link_latest(place);
        }
    }

    /// Makes a pattern a part of another, in whose place it is found from now on.
    pub(super) fn absorb(&mut self, place: u32, other: u32, totals: &SourceTotals) {
        let other = self.take(other);
        for id in std::iter::once(other.id).chain(other.also.iter().copied()) {
            self.by_id.insert(id, place);
        }
        self.at_mut(place).absorb(other, totals);
        let surplus = self.at(place).also.len().saturating_sub(MOST_ABSORBED);
        for id in self.places[place as usize].also.drain(..surplus) {
            self.by_id.remove(&id);
        }
    }

    /// Removes a pattern; its memory is kept for the next.
    pub(super) fn remove(&mut self, place: u32) {
        self.take(place);
    }

    fn take(&mut self, place: u32) -> Pattern {
        self.unlink(place);
        let pattern = std::mem::replace(&mut self.places[place as usize], Pattern::nothing());
        for id in std::iter::once(&pattern.id).chain(&pattern.also) {
            self.by_id.remove(id);
        }
        self.free.push(place);
        pattern
    }

    fn link_latest(&mut self, place: u32) {
        let before = self.latest;
        let pattern = self.at_mut(place);
        pattern.used_before = before;
        pattern.used_after = NOWHERE;
        if before == NOWHERE {
            self.oldest = place
        } else {
            self.at_mut(before).used_after = place
        }
        self.latest = place;
    }

    fn unlink(&mut self, place: u32) {
        let (before, after) = (self.at(place).used_before, self.at(place).used_after);
        if before == NOWHERE {
            self.oldest = after
        } else {
            self.at_mut(before).used_after = after
        }
        if after == NOWHERE { self.latest = before } else { self.at_mut(after).used_before = before }
    }
}
