//! In how many events of a block a term stands, by its header alone.

use super::header::{BlockHeader, Pair};
use super::term::{Lookup, Need};

/// What a header says of a term.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// It stands in so many events.
    Exactly(u64),
    /// The block has to be opened.
    Open,
}

/// In how many events of a block a term stands. Each of several words is counted by itself, so that a block that has two of
/// those in which the term stands, in the same events perhaps, is opened.
pub fn count(header: &BlockHeader, lookup: &Lookup) -> Counted {
    let mut all = 0;
    match count_by(header, lookup, |_, events| all += u64::from(events)) {
        true => Counted::Exactly(all),
        false => Counted::Open,
    }
}

/// The same by pair, and so by level, source, pattern and, where the block tells them, minute. Calls with every pair that has
/// the term. False, and nothing is called, when the block has to be opened.
pub fn count_by(header: &BlockHeader, lookup: &Lookup, mut each: impl FnMut(&Pair, u32)) -> bool {
    let ([need], true, true) = (lookup.needs.as_slice(), lookup.is_counted, lookup.knows(header)) else { return false };
    if need.may_be_elsewhere(header) {
        return false;
    }
    let Some(varying) = varying(header, need) else { return false };
    for pair in header.pairs.iter().filter(|pair| need.is_constant(pair.version)) {
        each(pair, pair.events);
    }
    varying.for_each(|(pair, events)| each(&header.pairs[usize::from(pair)], events));
    true
}

/// The pairs in which the term varies. None when one of them has several words in which it stands, unless every event of the
/// pair has one of them.
fn varying<'h>(header: &'h BlockHeader, need: &'h Need) -> Option<impl Iterator<Item = (u16, u32)> + use<'h>> {
    let is_constant = |pair: u16| need.is_constant(header.pairs[usize::from(pair)].version);
    let mut one: &[(u16, u32)] = &[];
    let mut several: Vec<(u16, u32)> = Vec::new();
    let mut is_first = true;
    need.places(header, |place| {
        let entries = header.counted.at(place);
        if is_first {
            one = entries;
        } else {
            if several.is_empty() {
                several.extend(one);
            }
            several.extend(entries);
        }
        is_first = false;
        true
    });
    if !several.is_empty() {
        one = &[];
        several.retain(|(pair, _)| !is_constant(*pair));
        several.sort_unstable_by_key(|(pair, events)| (*pair, std::cmp::Reverse(*events)));
        let is_known =
            |group: &[(u16, u32)]| group.len() == 1 || group[0].1 == header.pairs[usize::from(group[0].0)].events;
        if !several.chunk_by(|one, other| one.0 == other.0).all(is_known) {
            return None;
        }
        several.dedup_by_key(|(pair, _)| *pair);
    }
    Some(one.iter().copied().filter(move |(pair, _)| !is_constant(*pair)).chain(several))
}
