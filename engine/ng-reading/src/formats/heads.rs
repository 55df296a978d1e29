//! Which patterns a line can have, by its first bytes: a few look-ups for all of them together.

use super::declared::Pattern;
use regex_automata::nfa::thompson::{NFA, State};
use regex_automata::util::primitives::StateID;

/// First bytes that are looked at: behind an ISO stamp.
const PLACES: usize = 24;
/// What may stand at a place: a byte, or the end of the line.
const KINDS: usize = 257;
const END: usize = 256;

/// A bit for each pattern.
type Bits = u128;

/// For each place and byte the patterns that may have it there.
#[derive(Debug)]
pub(super) struct Heads(Box<[[Bits; KINDS]]>);

impl Heads {
    /// Most patterns.
    pub(super) const MOST: usize = Bits::BITS as usize;

    /// Of patterns, at most [`Heads::MOST`], in their order.
    pub(super) fn of<'p>(patterns: impl Iterator<Item = &'p Pattern>) -> Heads {
        let mut table = vec![[0; KINDS]; PLACES].into_boxed_slice();
        for (index, pattern) in patterns.enumerate() {
            add(&pattern.automaton(), 1 << index, &mut table);
            if pattern.spans_lines() {
                // Its first line may end anywhere, for all that is known here.
                table.iter_mut().for_each(|kinds| kinds[END] |= 1 << index);
            }
        }
        Heads(table)
    }

    /// The patterns, as bits, that a line can have. Whether it has them is another question.
    pub(super) fn candidates(&self, line: &[u8]) -> Bits {
        let mut left = Bits::MAX;
        for (place, table) in self.0.iter().enumerate() {
            left &= table[line.get(place).map_or(END, |byte| usize::from(*byte))];
            if left == 0 || place == line.len() {
                break;
            }
        }
        left
    }
}

/// Walks the automaton a byte at a time, in all states that it can be in.
fn add(nfa: &Option<NFA>, bit: Bits, table: &mut [[Bits; KINDS]]) {
    let Some(nfa) = nfa else {
        table.iter_mut().flatten().for_each(|bits| *bits |= bit);
        return;
    };
    let mut states = Reached::new(nfa);
    states.enter(nfa, nfa.start_anchored());
    for place in table {
        let mut next = Reached::new(nfa);
        for state in std::mem::take(&mut states.list) {
            let mut go = |from: u8, to: u8, state: StateID| {
                place[usize::from(from)..=usize::from(to)].iter_mut().for_each(|bits| *bits |= bit);
                next.enter(nfa, state);
            };
            match nfa.state(state) {
                State::ByteRange { trans } => go(trans.start, trans.end, trans.next),
                State::Sparse(sparse) => {
                    sparse.transitions.iter().for_each(|trans| go(trans.start, trans.end, trans.next));
                }
                State::Dense(dense) => {
                    let there = (0..=u8::MAX).zip(dense.transitions.iter()).filter(|(_, next)| **next != StateID::ZERO);
                    there.for_each(|(byte, next)| go(byte, byte, *next));
                }
                State::Match { .. } => place[END] |= bit,
                _ => {}
            }
        }
        states = next;
    }
}

/// States that are reached without a byte.
struct Reached {
    list: Vec<StateID>,
    seen: Vec<bool>,
}

impl Reached {
    fn new(nfa: &NFA) -> Reached {
        Reached { list: Vec::new(), seen: vec![false; nfa.states().len()] }
    }

    fn enter(&mut self, nfa: &NFA, first: StateID) {
        let mut open = vec![first];
        while let Some(state) = open.pop() {
            if std::mem::replace(&mut self.seen[state.as_usize()], true) {
                continue;
            }
            match nfa.state(state) {
                State::Look { next, .. } | State::Capture { next, .. } => open.push(*next),
                State::Union { alternates } => open.extend(alternates.iter()),
                State::BinaryUnion { alt1, alt2 } => open.extend([*alt1, *alt2]),
                State::Fail => {}
                _ => self.list.push(state),
            }
        }
    }
}
