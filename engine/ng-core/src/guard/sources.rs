//! Bounded memory for rules that keep state per source: the sources heard last.

use ng_model::symbols::Sym;
use ng_wire::{Gauge, Unit};
use rustc_hash::FxHashMap;

/// Most sources remembered by one rule.
pub(super) const CAPACITY: usize = 1024;

/// State by source. The source that was silent for longest makes room for a further one; it is counted, and starts
/// afresh when it speaks again.
#[derive(Debug)]
pub(super) struct Sources<T> {
    index: FxHashMap<Sym, usize>,
    /// Doubly linked by position, from `newest` through `older` to `oldest`.
    slots: Vec<Slot<T>>,
    newest: usize,
    oldest: usize,
    capacity: usize,
    forgotten: u64,
}

#[derive(Debug)]
struct Slot<T> {
    source: Sym,
    newer: usize,
    older: usize,
    state: T,
}

const END: usize = usize::MAX;

impl<T> Sources<T> {
    /// Room for [`CAPACITY`] sources.
    pub(super) fn new() -> Self {
        Self::of(CAPACITY)
    }

    fn of(capacity: usize) -> Self {
        Sources { index: FxHashMap::default(), slots: Vec::new(), newest: END, oldest: END, capacity, forgotten: 0 }
    }

    /// The state of a source, made by `fresh` when it is not remembered.
    pub(super) fn state(&mut self, source: Sym, fresh: impl FnOnce() -> T) -> &mut T {
        let is_newest = self.slots.get(self.newest).is_some_and(|slot| slot.source == source);
        if !is_newest {
            let at = match self.index.get(&source) {
                Some(&at) => {
                    self.unlink(at);
                    at
                }
                None => self.place(source, fresh()),
            };
            self.link_newest(at);
        }
        &mut self.slots[self.newest].state
    }

    /// `sources`: how many are remembered; `forgotten`: how many had to make room.
    pub(super) fn gauges(&self, out: &mut Vec<Gauge>) {
        out.push(Gauge { name: "sources".into(), value: self.slots.len() as f64, unit: Unit::Count });
        out.push(Gauge { name: "forgotten".into(), value: self.forgotten as f64, unit: Unit::Count });
    }

    /// Puts a source that is not remembered into an unlinked slot.
    fn place(&mut self, source: Sym, state: T) -> usize {
        let slot = Slot { source, newer: END, older: END, state };
        let at = if self.slots.len() < self.capacity {
            self.slots.push(slot);
            self.slots.len() - 1
        } else {
            let at = self.oldest;
            self.unlink(at);
            self.index.remove(&self.slots[at].source);
            self.slots[at] = slot;
            self.forgotten = self.forgotten.saturating_add(1);
            at
        };
        self.index.insert(source, at);
        at
    }

    fn unlink(&mut self, at: usize) {
        let (newer, older) = (self.slots[at].newer, self.slots[at].older);
        match self.slots.get_mut(newer) {
            Some(slot) => slot.older = older,
            None => self.newest = older,
        }
        match self.slots.get_mut(older) {
            Some(slot) => slot.newer = newer,
            None => self.oldest = newer,
        }
    }

    fn link_newest(&mut self, at: usize) {
        let before = self.newest;
        self.slots[at].newer = END;
        self.slots[at].older = before;
        self.newest = at;
        match self.slots.get_mut(before) {
            Some(slot) => slot.newer = at,
            None => self.oldest = at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn count(sources: &Sources<u32>, gauge: &str) -> usize {
        let mut out = Vec::new();
        sources.gauges(&mut out);
        out.iter().find(|found| found.name == gauge).map_or(0, |found| found.value as usize)
    }

    #[test]
    fn a_million_sources_stay_bounded_and_are_counted() {
        let mut sources = Sources::new();
        for number in 0..1_000_000 {
            *sources.state(Sym(number), || 0) += 1;
        }
        assert_eq!(sources.index.len(), CAPACITY);
        assert_eq!(count(&sources, "sources"), CAPACITY);
        assert_eq!(count(&sources, "forgotten"), 1_000_000 - CAPACITY);
    }

    #[test]
    fn the_source_silent_for_longest_makes_room() {
        let mut sources = Sources::new();
        for number in 0..CAPACITY as u32 {
            sources.state(Sym(number), || number);
        }
        sources.state(Sym(0), || 99);
        sources.state(Sym(5_000), || 99);
        assert_eq!(*sources.state(Sym(0), || 99), 0, "heard again in time");
        assert_eq!(*sources.state(Sym(1), || 99), 99, "forgotten");
        assert_eq!(*sources.state(Sym(3), || 99), 3);
    }

    proptest! {
        /// The linked list agrees with a plain list kept in the order of use.
        #[test]
        fn agrees_with_a_plain_list(capacity in 1_usize..5, asked in prop::collection::vec(0_u32..8, 0..200)) {
            let mut sources = Sources::of(capacity);
            let mut model: Vec<(Sym, usize)> = Vec::new();
            for (step, number) in asked.iter().enumerate() {
                let source = Sym(*number);
                let expect = match model.iter().position(|(known, _)| *known == source) {
                    Some(at) => model.remove(at),
                    None => {
                        if model.len() == capacity {
                            model.remove(0);
                        }
                        (source, step)
                    }
                };
                model.push(expect);
                prop_assert_eq!(*sources.state(source, || step), expect.1);
            }
        }
    }
}
