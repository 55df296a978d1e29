//! What every event has that a filter lets through, so that history opens no more of itself than it must.

use super::Filter;
use super::ast::Op;
use super::eval::{self, Node, TextOf};
use super::head::HeadTest;
use super::pattern::Pattern;
use ng_model::record::StoredRecord;
use std::ops::RangeInclusive;

/// What all events have that a filter lets through. An event that lacks any of it does not pass.
///
/// The *class* of an event is its level, source, type and pattern, the outcome of Guardian, the state of its scoring, whether it is
/// the first of its kind, and whether it raised an alert: what many events have in common.
#[derive(Clone, Debug)]
pub struct Needed<'f> {
    /// Texts that they contain, none of them empty.
    pub texts: Vec<NeededText>,
    /// Their times, nanoseconds since 1970, UTC. Empty when no event passes.
    pub times_ns: RangeInclusive<i64>,
    /// An event that has all of this passes.
    pub is_all: bool,
    /// Tests of their class alone; all of them hold.
    tests: Vec<&'f Node>,
    /// Tests that hold of an event when they hold of one with lower scores; all of them hold.
    floors: Vec<&'f Node>,
}

/// A text that an event contains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NeededText {
    /// The text.
    pub text: String,
    /// ASCII letters may be in another case.
    pub any_case: bool,
    /// Where it stands.
    pub within: Within,
}

/// Where a text stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Within {
    /// In the bytes of the event as they arrived, or in its message as people read it.
    Event,
    /// In the value of a field as people read it; in the bytes of the event it may be written with escapes.
    Field,
}

/// A difference of two times is compared as a float, which is so far from it at most, in nanoseconds.
const ROUNDED_NS: i128 = 1 << 11;

impl Filter {
    /// What every event has that passes at this time; `now_ns` is that of [`Filter::matches`].
    pub fn needed(&self, now_ns: i64) -> Needed<'_> {
        let (times_ns, tests, floors) = (i64::MIN..=i64::MAX, Vec::new(), Vec::new());
        let mut needed = Needed { texts: Vec::new(), times_ns, is_all: true, tests, floors };
        if let Some(root) = &self.root {
            needed.add(root, now_ns);
        }
        needed
    }
}

impl<'f> Needed<'f> {
    /// Events of some classes do not pass.
    pub fn asks_class(&self) -> bool {
        !self.tests.is_empty()
    }

    /// Events of the class of this record may pass. Nothing else of it is read.
    pub fn fits_class(&self, stored: &StoredRecord<'_>) -> bool {
        self.tests.iter().all(|test| eval::matches(test, stored, None, 0))
    }

    /// Events whose scores are low do not pass.
    pub fn asks_scores(&self) -> bool {
        !self.floors.is_empty()
    }

    /// One of some events may pass, of whose scores this record, which is a scored one, has the highest. Nothing else of it is read.
    pub fn fits_scores(&self, stored: &StoredRecord<'_>) -> bool {
        self.floors.iter().all(|test| eval::matches(test, stored, None, 0))
    }

    /// Takes up a part of the filter that has to hold.
    fn add(&mut self, node: &'f Node, now_ns: i64) {
        match node {
            Node::All(parts) => parts.iter().for_each(|part| self.add(part, now_ns)),
            Node::Head(HeadTest::Time { op, than }) => self.add_time(*op, *than),
            Node::Head(HeadTest::Age { op, than }) => self.add_age(*op, *than, now_ns),
            Node::Text { of: TextOf::Whole, pattern, differ: false } => {
                self.is_all &= matches!(pattern, Pattern::Contains(_) | Pattern::Folded(_));
                self.add_text(pattern, Within::Event);
            }
            Node::Text { of: TextOf::Message, pattern, differ: false } => {
                self.is_all = false;
                self.add_text(pattern, Within::Event);
            }
            Node::Text { of: TextOf::Attr(_) | TextOf::Module, pattern, differ: false } => {
                self.is_all = false;
                self.add_text(pattern, Within::Field);
            }
            test @ Node::Head(HeadTest::Score { op: Op::Above | Op::AtLeast, .. }) => {
                self.is_all = false;
                self.floors.push(test);
            }
            test if is_of_class(test) => self.tests.push(test),
            _ => self.is_all = false,
        }
    }

    fn add_text(&mut self, pattern: &Pattern, within: Within) {
        let (pieces, any_case): (Vec<&[u8]>, bool) = match pattern {
            Pattern::Glob { glob, fold } => (glob.split(|byte| *byte == b'*').collect(), *fold),
            other => (other.needle().into_iter().collect(), matches!(other, Pattern::Folded(_))),
        };
        // All of them are parts of what was written as text.
        let texts = pieces.into_iter().filter_map(|piece| std::str::from_utf8(piece).ok());
        let texts = texts.filter(|text| !text.is_empty());
        self.texts.extend(texts.map(|text| NeededText { text: text.into(), any_case, within }));
    }

    fn add_time(&mut self, op: Op, than: i64) {
        let times = match op {
            Op::Above => than.checked_add(1).map(|first| first..=i64::MAX),
            Op::AtLeast => Some(than..=i64::MAX),
            Op::Below => than.checked_sub(1).map(|last| i64::MIN..=last),
            Op::AtMost => Some(i64::MIN..=than),
            Op::Like | Op::Equal => Some(than..=than),
            Op::Differ => {
                self.is_all = false;
                return;
            }
        };
        self.limit_times(times.unwrap_or(RangeInclusive::new(i64::MAX, i64::MIN)));
    }

    /// An age says no more than roughly which times there are.
    fn add_age(&mut self, op: Op, than: f64, now_ns: i64) {
        self.is_all = false;
        let then = i128::from(now_ns).saturating_sub(than as i128);
        let bound = |ns: i128| ns.clamp(i64::MIN.into(), i64::MAX.into()) as i64;
        match op {
            Op::Below | Op::AtMost => self.limit_times(bound(then.saturating_sub(ROUNDED_NS))..=i64::MAX),
            Op::Above | Op::AtLeast => self.limit_times(i64::MIN..=bound(then.saturating_add(ROUNDED_NS))),
            Op::Like | Op::Equal | Op::Differ => {}
        }
    }

    fn limit_times(&mut self, times_ns: RangeInclusive<i64>) {
        let (first, last) = (self.times_ns.start().max(times_ns.start()), self.times_ns.end().min(times_ns.end()));
        self.times_ns = *first..=*last;
    }
}

/// Events of one class all pass the test, or none does.
fn is_of_class(node: &Node) -> bool {
    match node {
        Node::All(parts) | Node::Any(parts) => parts.iter().all(is_of_class),
        Node::Not(part) => is_of_class(part),
        Node::Head(HeadTest::Bits { row, .. } | HeadTest::Number { row, .. }) => {
            matches!(row.name, "level" | "pattern" | "priority" | "verdict")
        }
        Node::Head(HeadTest::Flag(_)) => true,
        Node::Text { of, .. } => matches!(of, TextOf::Source | TextOf::Type),
        _ => false,
    }
}
