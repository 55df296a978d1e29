//! Subscriptions under one key, with what is settled of their filters.

use ng_filter::{Filter, Known, PartialEvaluation, REJECTED, Rest, SITUATIONS, situation};
use ng_model::event::Event;
use ng_model::record::StoredRecord;

/// What the subscriptions want, by slot.
#[derive(Default)]
pub(super) struct Wants(pub(super) Vec<Option<Want>>);

/// What one subscription wants.
pub(super) struct Want {
    pub(super) filter: Filter,
    /// Rejected records, too.
    pub(super) rejected: bool,
    /// It is filed under more than one key, so that it may be found twice.
    pub(super) several: bool,
}

/// Subscriptions under one key. A few stand in place: most keys have no more, and are read with one access to memory.
#[derive(Default)]
pub(super) struct Entries {
    few: [Sure; 3],
    /// How many of `few` are used.
    used: u32,
    more: Option<Box<More>>,
}

#[derive(Default)]
struct More {
    sure: Vec<Sure>,
    unsure: Vec<Unsure>,
}

/// Every record of these situations matches, and no other. Situations are bits as in [`PartialEvaluation`], and [`SEVERAL`].
#[derive(Clone, Copy, Default)]
struct Sure {
    slot: u32,
    situations: u32,
}

/// Records of some situations have to be tested.
#[derive(Clone, Copy)]
pub(super) struct Unsure {
    slot: u32,
    may: u32,
    must: u32,
    rest: Option<Rest>,
}

/// The mark of a subscription that may be found twice; no situation.
const SEVERAL: u32 = 1 << 31;
const _: () = assert!(SITUATIONS < 31);

/// Subscriptions to records of one situation.
#[derive(Default)]
pub(super) struct Lists {
    /// Those that want all of them.
    pub(super) sure: Vec<u32>,
    /// Those that want some.
    pub(super) unsure: Vec<Unsure>,
    /// One of them may be found twice.
    pub(super) several: bool,
}

/// A record for which subscriptions are looked up.
pub(super) struct Look<'l, 'a> {
    pub(super) event: &'l Event<'a>,
    stored: StoredRecord<'l>,
    now_ns: i64,
    wants: &'l Wants,
    /// The situation as a bit.
    bit: u32,
    /// The slots that want the record are added to these.
    found: &'l mut Vec<u32>,
    /// Times that one was found which may be found twice.
    repeats: u32,
}

impl Wants {
    /// The partial evaluation of a slot under what is known, rejected records taken out when they are not wanted.
    fn partial_evaluation(&self, slot: u32, known: Known<'_>) -> Option<(PartialEvaluation, bool)> {
        let want = self.0[slot as usize].as_ref()?;
        let PartialEvaluation { may, must, rest } = want.filter.partial_evaluation(known);
        let wanted = if want.rejected { u32::MAX } else { !REJECTED };
        Some((PartialEvaluation { may: may & wanted, must: must & wanted, rest }, want.several))
    }
}

impl Lists {
    /// Adds a subscription, unless it wants nothing of what is known.
    pub(super) fn push(&mut self, slot: u32, wants: &Wants, known: Known<'_>, situation: usize) {
        let Some((PartialEvaluation { may, must, rest }, several)) = wants.partial_evaluation(slot, known) else {
            return;
        };
        let bit = 1 << situation;
        if must & bit != 0 {
            self.sure.push(slot);
        } else if may & bit != 0 {
            self.unsure.push(Unsure { slot, may, must, rest });
        } else {
            return;
        }
        self.several |= several;
    }

    pub(super) fn clear(&mut self) {
        *self = Lists::default();
    }
}

impl Entries {
    /// Adds a subscription, unless it wants nothing of what is known.
    pub(super) fn push(&mut self, slot: u32, wants: &Wants, known: Known<'_>) {
        let Some((PartialEvaluation { may, must, rest }, several)) = wants.partial_evaluation(slot, known) else {
            return;
        };
        let mark = if several { SEVERAL } else { 0 };
        let used = self.used as usize;
        if may != must {
            self.more.get_or_insert_default().unsure.push(Unsure { slot, may: may | mark, must, rest });
        } else if used < self.few.len() {
            self.few[used] = Sure { slot, situations: must | mark };
            self.used += 1;
        } else {
            self.more.get_or_insert_default().sure.push(Sure { slot, situations: must | mark });
        }
    }

    pub(super) fn len(&self) -> usize {
        let more = self.more.as_ref().map_or(0, |more| more.sure.len() + more.unsure.len());
        self.used as usize + more
    }
}

impl<'l, 'a> Look<'l, 'a> {
    pub(super) fn new(event: &'l Event<'a>, now_ns: i64, wants: &'l Wants, found: &'l mut Vec<u32>) -> Self {
        Look { event, stored: event.stored(), now_ns, wants, bit: 1 << situation(&event.head), found, repeats: 0 }
    }

    /// Adds those that want the record.
    #[inline]
    pub(super) fn visit(&mut self, entries: &Entries) {
        self.add_sure(&entries.few[..entries.used as usize]);
        if let Some(more) = &entries.more {
            self.add_sure(&more.sure);
            self.add_matching(&more.unsure);
        }
    }

    #[inline]
    fn add_sure(&mut self, entries: &[Sure]) {
        for entry in entries {
            if entry.situations & self.bit != 0 {
                self.repeats += u32::from(entry.situations & SEVERAL != 0);
                self.found.push(entry.slot);
            }
        }
    }

    /// Adds all of the slots, which are distinct; with `several`, some of them may be found elsewhere, too.
    #[inline]
    pub(super) fn add_all(&mut self, slots: &[u32], several: bool) {
        self.found.extend_from_slice(slots);
        self.repeats += u32::from(several);
    }

    /// Adds the first `count` of the slots, like [`Look::add_all`].
    #[inline]
    pub(super) fn add_few<const N: usize>(&mut self, slots: &[u32; N], count: usize, several: bool) {
        // A copy of fixed length is a few instructions, which no branch predictor can get wrong.
        let end = self.found.len() + count;
        self.found.extend_from_slice(slots);
        self.found.truncate(end);
        self.repeats += u32::from(several);
    }

    #[inline]
    pub(super) fn add_matching(&mut self, entries: &[Unsure]) {
        for entry in entries {
            if entry.may & self.bit == 0 {
                continue;
            }
            let matches = entry.must & self.bit != 0
                || match &entry.rest {
                    Some(rest) => rest.matches(&self.stored, self.now_ns),
                    None => self.matches(entry.slot),
                };
            if matches {
                self.repeats += u32::from(entry.may & SEVERAL != 0);
                self.found.push(entry.slot);
            }
        }
    }

    /// Adds those of the slots that want the record, with nothing settled before.
    pub(super) fn try_all(&mut self, slots: &[u32]) {
        for slot in slots {
            let Some(want) = &self.wants.0[*slot as usize] else { continue };
            if (want.rejected || self.bit & REJECTED == 0) && self.matches(*slot) {
                self.repeats += u32::from(want.several);
                self.found.push(*slot);
            }
        }
    }

    /// One was perhaps found twice.
    pub(super) fn may_repeat(&self) -> bool {
        self.repeats > 1
    }

    fn matches(&self, slot: u32) -> bool {
        let want = self.wants.0[slot as usize].as_ref();
        want.is_some_and(|want| want.filter.matches_event(self.event, self.now_ns))
    }
}
