//! What history is asked.

use super::shelf::Order;
use crate::event::EventHeader;
use crate::header::{Pair, minute};
use crate::term::Term;
use ng_model::record::StoredRecord;
use ng_wire::Level;
use std::ops::{Range, RangeInclusive};

/// Says something of an event.
pub type Predicate<'a> = &'a dyn Fn(&StoredRecord<'_>) -> bool;

/// Which events are looked for.
#[derive(Clone)]
pub struct Question<'a> {
    /// Their `seq` is one of these.
    pub seqs: Range<u64>,
    /// Their time is one of these.
    pub times_ns: RangeInclusive<i64>,
    /// They have all of these.
    pub terms: Vec<Term>,
    /// Holds of their level, source, type and pattern, the outcome of Guardian, the state of scoring, and whether they are new and
    /// raised an alert. The rest of the record that it is given says nothing.
    pub class: Option<Predicate<'a>>,
    /// Holds of a scored record that has the highest scores of some events, if one of them is looked for. The rest of the record says
    /// nothing, and of single events nothing is said.
    pub scores: Option<Predicate<'a>>,
    /// Holds of them as well. Who gives it has every block opened that may have such events.
    pub also: Option<Predicate<'a>>,
}

/// By what events are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// The minute.
    Minute,
    /// The pattern.
    Pattern,
    /// The level.
    Level,
    /// The source.
    Source,
}

/// What the events have in common that are counted together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    /// Minutes since 1970, UTC.
    Minute(i64),
    /// The number of the pattern, or one that stands for none.
    Pattern(u32),
    /// The level.
    Level(Level),
    /// The name of the source.
    Source(String),
}

/// What is done at most before an answer is given, so that somebody can be told how it goes on.
#[derive(Clone, Copy)]
pub struct Budget<'a> {
    /// Events that are shown.
    pub events: usize,
    /// Blocks that are opened.
    pub opened: usize,
    /// Asked at each block: it is not wanted any more.
    pub cancelled: &'a dyn Fn() -> bool,
}

/// How far it came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Events that were found.
    pub events: u64,
    /// Blocks that were opened.
    pub opened: u64,
    /// Where to go on; none when nothing is left.
    pub next: Option<u64>,
}

impl Question<'_> {
    /// All events that have this.
    pub fn of(term: Term) -> Question<'static> {
        Question { terms: vec![term], ..Question::all() }
    }

    /// All events.
    pub fn all() -> Question<'static> {
        let (seqs, times_ns) = (0..u64::MAX, i64::MIN..=i64::MAX);
        Question { seqs, times_ns, terms: Vec::new(), class: None, scores: None, also: None }
    }

    /// No part with these first and last `seq`, and times, has such an event.
    pub(crate) fn is_outside(&self, seqs: [u64; 2], times_ns: [i64; 2]) -> bool {
        let is_before = seqs[1] < self.seqs.start || times_ns[1] < *self.times_ns.start();
        let is_behind = seqs[0] >= self.seqs.end || times_ns[0] > *self.times_ns.end();
        is_before || is_behind || self.times_ns.is_empty()
    }

    /// By place and time all events of such a part are looked for.
    pub(crate) fn has_all_of(&self, seqs: [u64; 2], times_ns: [i64; 2]) -> bool {
        seqs.iter().all(|seq| self.seqs.contains(seq)) && times_ns.iter().all(|time| self.times_ns.contains(time))
    }

    /// The event is looked for by its place and time.
    pub(crate) fn takes(&self, header: &EventHeader) -> bool {
        self.seqs.contains(&header.seq) && self.times_ns.contains(&header.time_ns)
    }
}

impl Key {
    /// The number by which the events of a pair are counted.
    pub(crate) fn of_pair(self, pair: &Pair) -> i64 {
        match self {
            Key::Minute => pair.minute.into(),
            Key::Pattern => pair.pattern.into(),
            Key::Level => pair.level as i64,
            Key::Source => pair.source.into(),
        }
    }

    /// The same of an event.
    pub(crate) fn of_event(self, header: &EventHeader) -> i64 {
        match self {
            Key::Minute => minute(header.time_ns).into(),
            Key::Pattern => header.pattern.into(),
            Key::Level => header.level as i64,
            Key::Source => header.source.into(),
        }
    }
}

impl Progress {
    /// What is left of a range that was asked for in this order; none when nothing is.
    pub fn rest(&self, order: Order, seqs: &Range<u64>) -> Option<Range<u64>> {
        let next = self.next?;
        let rest = match order {
            Order::Oldest => next..seqs.end,
            Order::Newest => seqs.start..next.saturating_add(1),
        };
        (!rest.is_empty()).then_some(rest)
    }
}

impl std::fmt::Debug for Question<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Question { seqs, times_ns, terms, .. } = self;
        let mut told = f.debug_struct("Question");
        told.field("seqs", seqs).field("times_ns", times_ns).field("terms", terms).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Budget<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Budget").field("events", &self.events).field("opened", &self.opened).finish_non_exhaustive()
    }
}

impl Budget<'_> {
    /// Everything.
    pub fn none() -> Budget<'static> {
        Budget { events: usize::MAX, opened: usize::MAX, cancelled: &|| false }
    }
}
