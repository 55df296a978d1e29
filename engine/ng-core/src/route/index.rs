//! Which subscriptions want a record, found without trying every filter.
//!
//! A subscription is filed under keys of which a record that it wants has at least one: names in `names` (`classes`
//! remembers what they come to), what the record holds in `content`, and by level and verdict when no key is known. What
//! is filed is found by a look into a table. An entry says in which situations the filter is settled; only where it is
//! not, something is tested.
//!
//! One that was removed stays filed until there are enough to file all others again, so that nothing searches a list.

use super::classes::{Candidates, Classes, Sure};
use super::content::Content;
use super::entries::{Lists, Look, Want, Wants};
use super::names::Names;
use ng_filter::{Filter, Key, Known, SITUATIONS, situation};
use ng_model::event::Event;

/// Removed subscriptions that stay filed beside half as many as there are others.
const LEFTOVERS: usize = 16;

/// Filters, and where they are filed.
#[derive(Default)]
pub(super) struct Index {
    wants: Wants,
    names: Names,
    classes: Classes,
    content: Content,
    /// Without a key, by situation.
    others: [Lists; SITUATIONS],
    /// Slots that may be given out.
    free: Vec<u32>,
    /// Slots of removed subscriptions that are still filed.
    removed: Vec<u32>,
}

impl Index {
    /// An index whose cache of classes holds about `room` bytes.
    #[cfg(test)]
    pub(super) fn with_room(room: usize) -> Self {
        Index { classes: Classes::with_room(room), ..Index::default() }
    }

    /// Takes a filter in and returns its slot; with `rejected`, it gets rejected records, too.
    pub(super) fn insert(&mut self, filter: Filter, rejected: bool) -> u32 {
        let slot = self.free.pop().unwrap_or(self.wants.0.len() as u32);
        if slot as usize == self.wants.0.len() {
            self.wants.0.push(None);
        }
        self.wants.0[slot as usize] = Some(Want { filter, rejected, several: false });
        self.file(slot);
        slot
    }

    /// Forgets a slot that was given out.
    pub(super) fn remove(&mut self, slot: u32) {
        self.wants.0[slot as usize] = None;
        self.removed.push(slot);
        let others = self.wants.0.len() - self.free.len() - self.removed.len();
        if self.removed.len() > LEFTOVERS + others / 2 {
            self.file_again();
        }
    }

    /// The filter of a slot that was given out.
    pub(super) fn filter(&self, slot: u32) -> Option<&Filter> {
        self.wants.0[slot as usize].as_ref().map(|want| &want.filter)
    }

    /// Adds the slot of each filter that matches to `found`, once.
    pub(super) fn find(&mut self, event: &Event<'_>, now_ns: i64, found: &mut Vec<u32>) {
        let before = found.len();
        let mut look = Look::new(event, now_ns, &self.wants, found);
        // All looks into tables come first, for one does not wait for the memory that another has asked for.
        let of_attrs = self.content.of_attrs(&mut look);
        let of_pattern = self.content.of_pattern(event);
        let candidates = match self.names.is_empty() {
            true => Candidates::Slots(&[]),
            false => self.classes.candidates(event, &mut self.names, &self.wants),
        };
        let others = &self.others[situation(&event.head)];
        look.add_all(&others.sure, others.several);
        look.add_matching(&others.unsure);
        of_attrs.into_iter().chain(of_pattern).for_each(|entries| look.visit(entries));
        match candidates {
            Candidates::Class { sure, unsure, several } => {
                match sure {
                    Sure::Few(slots, count) => look.add_few(slots, count, several),
                    Sure::All(slots) => look.add_all(slots, several),
                }
                look.add_matching(unsure);
            }
            Candidates::Slots(slots) => look.try_all(slots),
        }
        if look.may_repeat() {
            distinct(found, before);
        }
        if !self.removed.is_empty() {
            keep(found, before, |slot| self.wants.0[slot as usize].is_some());
        }
    }

    /// Files a slot under keys that few records have, unless it would stand there among many others.
    fn file(&mut self, slot: u32) {
        let Some(want) = &mut self.wants.0[slot as usize] else { return };
        let set_load = |key: &Key| (1 + self.names.count(key) + self.content.count(key)) * key.breadth();
        let cover = want.filter.covers().into_iter().min_by_key(|cover| cover.iter().map(set_load).sum::<usize>());
        want.several = cover.as_ref().is_some_and(|keys| keys.len() > 1);
        let mut named = false;
        match cover {
            Some(keys) => {
                for key in keys {
                    named |= self.names.file(&key, slot);
                    self.content.file(&key, slot, &self.wants);
                }
            }
            None if want.filter.asks_names() => {
                self.names.file_other(slot);
                named = true;
            }
            None => {
                for (situation, others) in self.others.iter_mut().enumerate() {
                    others.push(slot, &self.wants, Known::Nothing, situation);
                }
            }
        }
        if named {
            self.classes.add(slot);
        }
    }

    /// Files what is there anew, without what was removed.
    fn file_again(&mut self) {
        self.names = Names::default();
        self.content = Content::default();
        self.others.iter_mut().for_each(Lists::clear);
        self.classes.clear();
        self.free.append(&mut self.removed);
        (0..self.wants.0.len() as u32).for_each(|slot| self.file(slot));
    }
}

/// Takes out what stands twice from `start` on.
fn distinct(slots: &mut Vec<u32>, start: usize) {
    slots[start..].sort_unstable();
    let mut last = None;
    keep(slots, start, |slot| last.replace(slot) != Some(slot));
}

/// Takes out what is not wanted from `start` on.
fn keep(slots: &mut Vec<u32>, start: usize, mut wanted: impl FnMut(u32) -> bool) {
    let mut end = start;
    for place in start..slots.len() {
        if wanted(slots[place]) {
            slots[end] = slots[place];
            end += 1;
        }
    }
    slots.truncate(end);
}
