//! The predicate: a tree of tests without names, run once for each event.

use super::ast::Op;
use super::attrs;
use super::pattern::Pattern;
use super::units;
use crate::event::Parsed;
use crate::record::{Detection, Head, Stored};
use ng_wire::{Format, Unit};
use std::borrow::Cow;
use std::cell::RefCell;

/// A compiled filter.
#[derive(Clone, Debug)]
pub(super) enum Node {
    /// All of them; with none, everything.
    All(Vec<Node>),
    /// Any of them.
    Any(Vec<Node>),
    Not(Box<Node>),
    /// One of the wanted bits is set; with `differ`, a bit is set but none of the wanted.
    Bits {
        of: fn(&Stored<'_>) -> u32,
        wanted: u32,
        differ: bool,
    },
    /// A number of the head, NaN where it is missing.
    Number {
        of: fn(&Head) -> f64,
        op: Op,
        than: f64,
    },
    /// A number of the detector; missing unless the event was scored.
    Score {
        of: fn(&Detection) -> f32,
        op: Op,
        than: f32,
    },
    /// The measured value, of this unit if one is given.
    Quantity {
        op: Op,
        than: f64,
        unit: Option<Unit>,
    },
    /// Nanoseconds from the event to now.
    Age {
        op: Op,
        than: f64,
    },
    /// The time of the event.
    Time {
        op: Op,
        than: i64,
    },
    Flag(fn(&Stored<'_>) -> bool),
    /// A text is present and fits; with `differ`, is present and does not.
    Text {
        of: TextOf,
        pattern: Pattern,
        differ: bool,
    },
    /// An attribute as a number, of this unit if one is given.
    AttrNumber {
        key: Box<str>,
        op: Op,
        than: f64,
        unit: Option<Unit>,
    },
}

/// Where a text comes from.
#[derive(Clone, Debug)]
pub(super) enum TextOf {
    Message,
    Source,
    Type,
    /// The module that an event of the engine itself is about.
    Module,
    Attr(Box<str>),
}

/// The event passes.
pub(super) fn matches(node: &Node, stored: &Stored<'_>, now_ns: i64) -> bool {
    thread_local! {
        static SCRATCH: RefCell<Parsed> = RefCell::default();
    }
    let mut event = Reader { stored, now_ns, message: None, parsed: None, spare: || SCRATCH.take() };
    let passes = event.passes(node);
    if let Some(parsed) = event.parsed {
        SCRATCH.set(parsed);
    }
    passes
}

impl Node {
    /// Puts cheap tests first. The order cannot be seen in the result: tests have no effects.
    pub(super) fn sort(nodes: &mut [Node]) {
        nodes.sort_by_key(Node::cost);
    }

    fn cost(&self) -> u32 {
        match self {
            Node::All(nodes) | Node::Any(nodes) => nodes.iter().map(Node::cost).max().unwrap_or(0),
            Node::Not(node) => node.cost(),
            Node::Bits { .. } | Node::Number { .. } | Node::Score { .. } => 0,
            Node::Quantity { .. } | Node::Age { .. } | Node::Time { .. } => 0,
            Node::Flag(_) => 1,
            Node::Text { of: TextOf::Source | TextOf::Type, .. } => 2,
            Node::Text { of: TextOf::Message, pattern: Pattern::Regex(_), .. } => 4,
            Node::Text { of: TextOf::Message, .. } => 3,
            Node::Text { .. } | Node::AttrNumber { .. } => 5,
        }
    }

    /// Adds the places where tests that must hold hit the message.
    pub(super) fn hits(&self, text: &str, holds: bool, hits: &mut Vec<(usize, usize)>) {
        match self {
            Node::All(nodes) | Node::Any(nodes) => nodes.iter().for_each(|node| node.hits(text, holds, hits)),
            Node::Not(node) => node.hits(text, !holds, hits),
            Node::Text { of: TextOf::Message, pattern, differ } if holds != *differ => {
                pattern.hits(text.as_bytes(), hits)
            }
            _ => {}
        }
    }
}

/// One event during one evaluation: what several tests may ask for is worked out once.
struct Reader<'s, 'a> {
    stored: &'s Stored<'a>,
    now_ns: i64,
    /// The message when it had to be decoded.
    message: Option<Cow<'a, [u8]>>,
    /// The fields once they were asked for.
    parsed: Option<Parsed>,
    /// Memory for the fields.
    spare: fn() -> Parsed,
}

impl<'a> Reader<'_, 'a> {
    fn passes(&mut self, node: &Node) -> bool {
        let head = self.stored.head;
        match node {
            Node::All(nodes) => nodes.iter().all(|node| self.passes(node)),
            Node::Any(nodes) => nodes.iter().any(|node| self.passes(node)),
            Node::Not(node) => !self.passes(node),
            Node::Bits { of, wanted, differ } => {
                let bits = of(self.stored);
                bits != 0 && (bits & wanted != 0) != *differ
            }
            Node::Number { of, op, than } => compare(of(head), *op, *than),
            Node::Score { of, op, than } => {
                head.detection.is_scored() && compare(of(&head.detection).into(), *op, (*than).into())
            }
            Node::Quantity { op, than, unit } => {
                unit.is_none_or(|unit| unit == head.unit) && compare(head.value, *op, *than)
            }
            Node::Age { op, than } => compare((i128::from(self.now_ns) - i128::from(head.time_ns)) as f64, *op, *than),
            Node::Time { op, than } => match op {
                Op::Above => head.time_ns > *than,
                Op::AtLeast => head.time_ns >= *than,
                Op::Below => head.time_ns < *than,
                Op::AtMost => head.time_ns <= *than,
                Op::Differ => head.time_ns != *than,
                Op::Like | Op::Equal => head.time_ns == *than,
            },
            Node::Flag(test) => test(self.stored),
            Node::Text { of, pattern, differ } => self.text_fits(of, pattern, *differ),
            Node::AttrNumber { key, op, than, unit } => match (self.attr(key), unit) {
                (None, _) => false,
                (Some((_, number)), None) => compare(number, *op, *than),
                (Some((text, _)), Some(unit)) => std::str::from_utf8(&text)
                    .ok()
                    .and_then(units::quantity)
                    .is_some_and(|(number, found)| found == Some(*unit) && compare(number, *op, *than)),
            },
        }
    }

    fn text_fits(&mut self, of: &TextOf, pattern: &Pattern, differ: bool) -> bool {
        let fits = match of {
            TextOf::Message if attrs::is_plain(self.stored) => pattern.fits(self.stored.message()),
            TextOf::Message => {
                let stored = self.stored;
                pattern.fits(self.message.get_or_insert_with(|| attrs::message(stored)))
            }
            TextOf::Source => pattern.fits(self.stored.source().as_bytes()),
            TextOf::Type => pattern.fits(self.stored.kind().as_bytes()),
            TextOf::Module if self.stored.head.format != Format::Note => return false,
            TextOf::Module => match self.attr("module") {
                Some((text, _)) => pattern.fits(&text),
                None => return false,
            },
            TextOf::Attr(key) => match self.attr(key) {
                Some((text, _)) => pattern.fits(&text),
                None => return false,
            },
        };
        fits != differ
    }

    fn attr(&mut self, key: &str) -> Option<(Cow<'a, [u8]>, f64)> {
        let parsed = match &mut self.parsed {
            Some(parsed) => parsed,
            empty => {
                let mut parsed = (self.spare)();
                attrs::parse(self.stored, &mut parsed);
                empty.insert(parsed)
            }
        };
        attrs::find(self.stored, key, parsed)
    }
}

/// A missing number, which is NaN, makes every comparison false.
fn compare(number: f64, op: Op, than: f64) -> bool {
    match op {
        Op::Like | Op::Equal => number == than,
        Op::Differ => number != than && !number.is_nan(),
        Op::Above => number > than,
        Op::AtLeast => number >= than,
        Op::Below => number < than,
        Op::AtMost => number <= than,
    }
}
