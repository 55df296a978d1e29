//! What history is asked.

use super::shelf::Item;
use crate::event::EventHeader;
use crate::run::Run;
use crate::scan::Scanner;
use crate::term::Term;
use std::ops::RangeInclusive;

/// Says something of an event by what is kept of it and its raw bytes.
pub type Predicate<'a> = &'a dyn Fn(&EventHeader, &[u8]) -> bool;

/// Which events are looked for.
#[derive(Clone)]
pub struct Question<'a> {
    /// All of these stand in them.
    pub terms: Vec<Term>,
    /// Their time is one of these.
    pub times_ns: RangeInclusive<i64>,
    /// Says instead of the terms whether an event is one whose message is written with escapes. Where this is none, terms are
    /// looked for in the bytes of these too.
    pub escaped: Option<Predicate<'a>>,
    /// Holds of them as well. Who gives it has every block opened that may have the terms.
    pub also: Option<Predicate<'a>>,
}

/// By what events are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// Minutes since 1970.
    Minute,
    /// The number of the pattern.
    Pattern,
    /// The number of the level.
    Level,
    /// The number of the source, as [`Reader::name`](super::Reader::name) knows it.
    Source,
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
        Question { terms: Vec::new(), times_ns: i64::MIN..=i64::MAX, escaped: None, also: None }
    }

    /// No part with these times has such an event.
    pub(crate) fn is_outside(&self, times_ns: [i64; 2]) -> bool {
        times_ns[1] < *self.times_ns.start() || times_ns[0] > *self.times_ns.end()
    }

    /// All events of a part with these times are within those that are asked for.
    fn has_all_of(&self, times_ns: [i64; 2]) -> bool {
        self.times_ns.contains(&times_ns[0]) && self.times_ns.contains(&times_ns[1])
    }

    /// The header of a block can say everything.
    pub(crate) fn is_for_headers(&self, item: &Item) -> bool {
        let Item::Block(header) = item else { return false };
        self.also.is_none()
            && !self.is_read_by_others(item)
            && self.terms.len() <= 1
            && self.has_all_of(header.times_ns)
    }

    /// Terms say nothing of some events of the part.
    pub(crate) fn is_read_by_others(&self, item: &Item) -> bool {
        self.escaped.is_some()
            && match item {
                Item::Block(header) => header.has_escaped,
                Item::Batch(_) => true,
            }
    }

    /// Calls with the place of each event that is one.
    pub(crate) fn find(&self, run: &Run, scanners: &[Scanner], mut each: impl FnMut(usize)) {
        let mut hits = vec![0; run.len()];
        for scanner in scanners {
            scanner.scan_run(run, |place| hits[place] += 1);
        }
        for (place, (header, raw)) in run.iter().enumerate() {
            let has_terms = match self.escaped {
                Some(escaped) if header.message.escaped => escaped(header, raw),
                _ => hits[place] == scanners.len(),
            };
            let is_one =
                has_terms && self.times_ns.contains(&header.time_ns) && self.also.is_none_or(|also| also(header, raw));
            if is_one {
                each(place);
            }
        }
    }
}

impl std::fmt::Debug for Question<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Question").field("terms", &self.terms).field("times_ns", &self.times_ns).finish_non_exhaustive()
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
