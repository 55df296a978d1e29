//! Classes of records, each with one topic, source and situation: who may want its records, worked out once instead of
//! for every record.

use super::entries::{Lists, Unsure, Wants};
use super::names::Names;
use super::table::Table;
use ng_filter::{Known, SITUATIONS, situation};
use ng_model::event::Event;
use ng_model::symbols::Symbols;

/// Bytes that the cache holds, about.
const ROOM: usize = 32 << 20;
/// Bytes of a class besides its lists, about: its bucket, and empty ones.
const CLASS: usize = 192;
/// Bytes of the cache that one record is worth.
const WORTH: usize = 8;
/// A class that missed more new subscriptions is worked out anew instead of being brought up to date.
const FEW: usize = 64;
/// The cache starts again after so many new subscriptions.
const MANY: usize = 4096;
/// Subscriptions that stand in the class itself.
const IN_PLACE: usize = 10;

/// A cache of what is known of classes.
pub(super) struct Classes {
    classes: Table<u64, Class>,
    /// The lists of all classes, one after the other.
    lists: Lists,
    /// Subscriptions that came since the cache was empty, in their order.
    added: Vec<u32>,
    room: usize,
    /// Records since the cache was empty.
    age: usize,
    /// Candidates of one class; kept for its memory.
    candidates: Vec<u32>,
}

/// Who may want the records of a class. With its key it fills one bucket of a table.
#[derive(Clone, Copy, Default)]
struct Class {
    /// Those that want all of them; when they are more than fit, the first number is where they begin in the lists.
    sure: [u32; IN_PLACE],
    sure_count: u32,
    /// Those that want some of them: where they begin in the lists, and where they end.
    unsure: (u32, u32),
    /// How many of `Classes::added` it has taken into account.
    seen: u32,
    /// One of them may be found twice.
    several: bool,
}

/// Who may want a record.
pub(super) enum Candidates<'a> {
    /// What its class says; with `several`, one of them may be found twice.
    Class { sure: Sure<'a>, unsure: &'a [Unsure], several: bool },
    /// The cache is full; nothing is settled.
    Slots(&'a [u32]),
}

/// Subscriptions that want every record of a class.
pub(super) enum Sure<'a> {
    /// The first few of these.
    Few(&'a [u32; IN_PLACE], usize),
    /// All of these.
    All(&'a [u32]),
}

impl Default for Classes {
    fn default() -> Self {
        Self::with_room(ROOM)
    }
}

impl Classes {
    /// A cache that holds about `room` bytes.
    pub(super) fn with_room(room: usize) -> Self {
        Classes {
            classes: Table::default(),
            lists: Lists::default(),
            added: Vec::new(),
            room,
            age: 0,
            candidates: Vec::new(),
        }
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.classes = Table::default();
        self.lists = Lists::default();
        self.added.clear();
        self.age = 0;
    }

    /// A subscription was filed under names.
    pub(super) fn add(&mut self, slot: u32) {
        if self.added.len() >= MANY {
            self.clear();
        }
        if self.classes.len() > 0 {
            self.added.push(slot);
        }
    }

    /// Who may want the event, as far as topic and source decide it.
    #[inline]
    pub(super) fn candidates(&mut self, event: &Event<'_>, names: &mut Names, wants: &Wants) -> Candidates<'_> {
        self.age += 1;
        let key = key(event);
        let known = self.classes.find(key);
        let place = match known {
            Some(place) if self.classes.at(place).seen as usize == self.added.len() => Some(place),
            _ => self.work_out(key, event, names, wants),
        };
        match place {
            Some(place) => self.classes.at(place).candidates(&self.lists),
            None => Candidates::Slots(&self.candidates),
        }
    }

    /// Adds a class to the cache, or brings it up to date. When the cache is full, it finds the candidates only.
    #[cold]
    fn work_out(&mut self, key: u64, event: &Event<'_>, names: &mut Names, wants: &Wants) -> Option<usize> {
        let stored = event.stored();
        let (topic, source) = (stored.kind(), stored.source());
        let held = self.held();
        if held >= self.room {
            // Filling the cache again must cost no more than the records since it was empty were worth.
            if self.age * WORTH < held {
                names.collect(topic, source, &mut self.candidates);
                return None;
            }
            self.clear();
        }
        let lists = &mut self.lists;
        let (sure_start, unsure_start) = (lists.sure.len(), lists.unsure.len());
        lists.several = false;
        let candidates = match self.classes.get(key) {
            Some(class) if self.added.len() - class.seen as usize <= FEW => {
                // Its lists move to the end, where they can grow.
                let sure = class.sure(&lists.sure).to_vec();
                lists.sure.extend(sure);
                lists.unsure.extend_from_within(class.unsure.0 as usize..class.unsure.1 as usize);
                lists.several = class.several;
                &self.added[class.seen as usize..]
            }
            _ => {
                names.collect(topic, source, &mut self.candidates);
                &self.candidates
            }
        };
        let situation = situation(&event.head);
        candidates.iter().for_each(|slot| lists.push(*slot, wants, Known::Names { topic, source }, situation));
        let mut class = Class {
            sure_count: (lists.sure.len() - sure_start) as u32,
            unsure: (unsure_start as u32, lists.unsure.len() as u32),
            seen: self.added.len() as u32,
            several: lists.several,
            ..Class::default()
        };
        match class.sure.get_mut(..class.sure_count as usize) {
            Some(in_place) => {
                in_place.copy_from_slice(&lists.sure[sure_start..]);
                lists.sure.truncate(sure_start);
            }
            None => class.sure[0] = sure_start as u32,
        }
        *self.classes.entry(key) = class;
        self.classes.find(key)
    }

    fn held(&self) -> usize {
        size_of_val(&self.lists.sure[..]) + size_of_val(&self.lists.unsure[..]) + self.classes.len() * CLASS
    }
}

impl Class {
    #[inline]
    fn candidates<'a>(&'a self, lists: &'a Lists) -> Candidates<'a> {
        let sure = match self.sure_count as usize {
            count if count <= IN_PLACE => Sure::Few(&self.sure, count),
            _ => Sure::All(self.sure(&lists.sure)),
        };
        let (start, end) = self.unsure;
        Candidates::Class { sure, unsure: &lists.unsure[start as usize..end as usize], several: self.several }
    }

    fn sure<'a>(&'a self, lists: &'a [u32]) -> &'a [u32] {
        let count = self.sure_count as usize;
        self.sure.get(..count).unwrap_or_else(|| &lists[self.sure[0] as usize..][..count])
    }
}

const _: () = assert!(Symbols::CAPACITY <= 1 << 24 && SITUATIONS <= 1 << 8);

/// The class of an event as a number.
#[inline]
fn key(event: &Event<'_>) -> u64 {
    u64::from(event.head.kind.0) << 32 | u64::from(event.head.source.0) << 8 | situation(&event.head) as u64
}
