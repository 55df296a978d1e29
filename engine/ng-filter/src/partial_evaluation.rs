//! What is settled about a filter before the record comes: its result for every level and verdict, as far as those
//! and what else is known of the record decide it.

use super::Filter;
use super::eval::{Node, TextOf};
use super::head::{HeadTest, compare};
use super::keys::Key;
use ng_model::record::{RecordHeader, StoredRecord};
use ng_wire::Level;

/// Kinds of records that a partial evaluation tells apart: each level with each outcome of the guard.
pub const SITUATIONS: usize = OUTCOMES * LEVELS;
/// The situations of rejected records, as bits.
pub const REJECTED: u32 = ONE_OUTCOME << (2 * LEVELS);

const OUTCOMES: usize = 3;
const LEVELS: usize = Level::ALL.len();
const ONE_OUTCOME: u32 = (1 << LEVELS) - 1;
const EVERY: u32 = (1 << SITUATIONS) - 1;

/// What is known of records.
#[derive(Clone, Copy, Debug)]
pub enum Known<'a> {
    /// Nothing besides the situation.
    Nothing,
    /// Their names.
    Names {
        /// The topic.
        topic: &'a str,
        /// The source.
        source: &'a str,
    },
    /// They have this key.
    Key(&'a Key),
}

/// The result of a filter in each situation; bit n stands for situation n.
#[derive(Clone, Copy, Debug)]
pub struct PartialEvaluation {
    /// A record may match.
    pub may: u32,
    /// Every record matches. Set only where `may` is.
    pub must: u32,
    /// What decides where a record may match and need not. Absent when it takes the whole filter.
    pub rest: Option<Rest>,
}

/// What is left of a filter to be tested.
#[derive(Clone, Copy, Debug)]
pub struct Rest {
    test: HeadTest,
    holds: bool,
}

/// The situation of a record, below [`SITUATIONS`].
pub fn situation(head: &RecordHeader) -> usize {
    head.verdict.outcome as usize * LEVELS + head.level as usize
}

impl Filter {
    /// What is settled about records of which this is known.
    pub fn partial_evaluation(&self, known: Known<'_>) -> PartialEvaluation {
        let View { may, must, open } = self.root.as_ref().map_or(ALWAYS, |root| view(root, known));
        let rest = match open {
            // The result is that of the only test that is open, or its negation: nothing else is left to depend on.
            Open::One { test: Node::Head(test), holds } => Some(Rest { test: *test, holds }),
            _ => None,
        };
        PartialEvaluation { may, must, rest }
    }
}

impl Rest {
    /// The record matches, if it may.
    pub fn matches(&self, stored: &StoredRecord<'_>, now_ns: i64) -> bool {
        self.test.holds(stored, now_ns) == self.holds
    }
}

/// The partial evaluation on a part of a filter.
#[derive(Clone, Copy)]
struct View<'n> {
    may: u32,
    must: u32,
    open: Open<'n>,
}

/// The tests on which the result depends where it is not settled.
#[derive(Clone, Copy)]
enum Open<'n> {
    None,
    /// This one alone; where not settled, the part holds when the test holds, or when it does not.
    One {
        test: &'n Node,
        holds: bool,
    },
    Many,
}

const ALWAYS: View<'static> = View { may: EVERY, must: EVERY, open: Open::None };
const NEVER: View<'static> = View { may: 0, must: 0, open: Open::None };

fn view<'n>(node: &'n Node, known: Known<'_>) -> View<'n> {
    let open = View { may: EVERY, must: 0, open: Open::One { test: node, holds: true } };
    match node {
        Node::All(parts) => parts.iter().map(|part| view(part, known)).fold(ALWAYS, View::and),
        Node::Any(parts) => parts.iter().map(|part| view(part, known)).fold(NEVER, View::or),
        Node::Not(node) => view(node, known).not(),
        Node::Head(HeadTest::Bits { row, wanted, differ, .. }) => match row.name {
            "level" => {
                let levels = wanted & ONE_OUTCOME;
                settled((0..OUTCOMES).fold(0, |bits, outcome| bits | levels << (outcome * LEVELS)), *differ)
            }
            "verdict" => {
                let outcomes = (0..OUTCOMES).filter(|outcome| wanted & 1 << outcome != 0);
                settled(outcomes.fold(0, |bits, outcome| bits | ONE_OUTCOME << (outcome * LEVELS)), *differ)
            }
            _ => open,
        },
        Node::Head(HeadTest::Number { row, op, than, .. }) => match known {
            Known::Key(Key::Pattern(number)) if row.name == "pattern" => whole(compare((*number).into(), *op, *than)),
            _ => open,
        },
        Node::Text { of, pattern, differ } => match (of, known) {
            (TextOf::Type, Known::Names { topic, .. }) => whole(pattern.fits(topic.as_bytes()) != *differ),
            (TextOf::Source, Known::Names { source, .. }) => whole(pattern.fits(source.as_bytes()) != *differ),
            (TextOf::Attr(name), Known::Key(Key::Attr(known, text))) if name == known => {
                whole(pattern.fits(text) != *differ)
            }
            _ => open,
        },
        Node::Head(_) | Node::AttrNumber { .. } => open,
    }
}

fn settled(bits: u32, differ: bool) -> View<'static> {
    let view = View { may: bits, must: bits, open: Open::None };
    if differ { view.not() } else { view }
}

fn whole(holds: bool) -> View<'static> {
    if holds { ALWAYS } else { NEVER }
}

impl<'n> View<'n> {
    fn and(self, other: Self) -> Self {
        self.with(other, self.may & other.may, self.must & other.must)
    }

    fn or(self, other: Self) -> Self {
        self.with(other, self.may | other.may, self.must | other.must)
    }

    fn with(self, other: Self, may: u32, must: u32) -> Self {
        let open = match (self.open, other.open) {
            _ if may == must => Open::None,
            (open, Open::None) | (Open::None, open) => open,
            _ => Open::Many,
        };
        View { may, must, open }
    }

    fn not(self) -> Self {
        let open = match self.open {
            Open::One { test, holds } => Open::One { test, holds: !holds },
            other => other,
        };
        View { may: EVERY & !self.must, must: EVERY & !self.may, open }
    }
}
