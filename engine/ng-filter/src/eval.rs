//! The predicate: a tree of tests without names, run once for each event.

use super::ast::Op;
use super::attrs;
use super::head::{HeadTest, compare};
use super::pattern::Pattern;
use super::units;
use ng_model::event::{Field, Parsed};
use ng_model::record::StoredRecord;
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
    /// A test of the head.
    Head(HeadTest),
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
        /// The same where it is a whole number.
        whole: Option<i128>,
        unit: Option<Unit>,
    },
}

/// Where a text comes from.
#[derive(Clone, Debug)]
pub(super) enum TextOf {
    /// The whole event: its bytes as they arrived, or the message as people read it.
    Whole,
    Message,
    Source,
    Type,
    /// The module that an event of the engine itself is about.
    Module,
    Attr(Box<str>),
}

/// The event passes. Fields are read from `given`, or parsed when a test asks for one.
pub(super) fn matches(node: &Node, stored: &StoredRecord<'_>, given: Option<&Parsed>, now_ns: i64) -> bool {
    thread_local! {
        static SCRATCH: RefCell<Parsed> = RefCell::default();
    }
    let mut event = Reader { stored, now_ns, message: None, given, parsed: None, spare: || SCRATCH.take() };
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
            Node::Head(HeadTest::Flag(_)) => 1,
            Node::Head(_) => 0,
            Node::Text { of: TextOf::Source | TextOf::Type, .. } => 2,
            Node::Text { of: TextOf::Whole | TextOf::Message, pattern: Pattern::Regex(_), .. } => 4,
            Node::Text { of: TextOf::Whole | TextOf::Message, .. } => 3,
            Node::Text { .. } | Node::AttrNumber { .. } => 5,
        }
    }

    /// Adds the places where tests that must hold hit the message.
    pub(super) fn hits(&self, text: &str, holds: bool, hits: &mut Vec<(usize, usize)>) {
        match self {
            Node::All(nodes) | Node::Any(nodes) => nodes.iter().for_each(|node| node.hits(text, holds, hits)),
            Node::Not(node) => node.hits(text, !holds, hits),
            Node::Text { of: TextOf::Whole | TextOf::Message, pattern, differ } if holds != *differ => {
                pattern.hits(text.as_bytes(), hits)
            }
            _ => {}
        }
    }
}

/// A whole number that a float cannot tell from its neighbours.
fn exact(text: &[u8], number: f64) -> Option<i128> {
    const TOLD_APART: f64 = (1u64 << f64::MANTISSA_DIGITS) as f64;
    let text = (number.abs() >= TOLD_APART).then_some(text)?;
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// One event during one evaluation: what several tests may ask for is worked out once.
struct Reader<'s, 'a> {
    stored: &'s StoredRecord<'a>,
    now_ns: i64,
    /// The message when it had to be decoded.
    message: Option<Cow<'a, [u8]>>,
    /// The fields when they are known from the start.
    given: Option<&'s Parsed>,
    /// The fields once they were asked for.
    parsed: Option<Parsed>,
    /// Memory for the fields.
    spare: fn() -> Parsed,
}

impl<'a> Reader<'_, 'a> {
    fn passes(&mut self, node: &Node) -> bool {
        match node {
            Node::All(nodes) => nodes.iter().all(|node| self.passes(node)),
            Node::Any(nodes) => nodes.iter().any(|node| self.passes(node)),
            Node::Not(node) => !self.passes(node),
            Node::Head(test) => test.holds(self.stored, self.now_ns),
            Node::Text { of, pattern, differ } => self.text_fits(of, pattern, *differ),
            Node::AttrNumber { key, op, than, whole, unit } => match (self.attr(key), unit) {
                (None, _) => false,
                (Some((text, field)), None) => match (whole, exact(&text, field.number)) {
                    (Some(than), Some(number)) => compare(number, *op, *than),
                    _ => compare(field.number, *op, *than),
                },
                // Where the reading spells out no unit, its format may know it.
                (Some((_, field)), Some(unit)) if field.unit == *unit => compare(field.number, *op, *than),
                (Some((text, _)), Some(unit)) => std::str::from_utf8(&text)
                    .ok()
                    .and_then(units::quantity)
                    .is_some_and(|(number, found)| found == Some(*unit) && compare(number, *op, *than)),
            },
        }
    }

    fn text_fits(&mut self, of: &TextOf, pattern: &Pattern, differ: bool) -> bool {
        let fits = match of {
            // A plain message is a part of the bytes; an expression may still be bound to its beginning or end.
            TextOf::Whole => {
                pattern.fits(self.stored.raw)
                    || (!attrs::is_plain(self.stored) || matches!(pattern, Pattern::Regex(_)))
                        && self.message_fits(pattern)
            }
            TextOf::Message => self.message_fits(pattern),
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

    fn message_fits(&mut self, pattern: &Pattern) -> bool {
        let stored = self.stored;
        match attrs::is_plain(stored) {
            true => pattern.fits(stored.message()),
            false => pattern.fits(self.message.get_or_insert_with(|| attrs::message(stored))),
        }
    }

    fn attr(&mut self, key: &str) -> Option<(Cow<'a, [u8]>, Field)> {
        let parsed = match (self.given, &mut self.parsed) {
            (Some(parsed), _) => parsed,
            (None, Some(parsed)) => parsed,
            (None, empty) => {
                let mut parsed = (self.spare)();
                attrs::parse(self.stored, &mut parsed);
                empty.insert(parsed)
            }
        };
        attrs::find(self.stored, key, parsed)
    }
}
