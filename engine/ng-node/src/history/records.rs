//! Records of the ring and of history behind it, page by page, from old to new and from new to old.

use super::archive::Archive;
use super::past::Past;
use ng_core::convert;
use ng_core::store::{Reader, Shared};
use ng_filter::Filter;
use ng_journal::store::{Budget, Error, Order};
use ng_model::event::Parsed;
use ng_model::record::StoredRecord;
use ng_wire::{Gap, GapReason, Page};
use std::ops::ControlFlow;
use std::sync::Arc;

/// A page is closed when its records hold this many raw bytes.
const PAGE_BYTES: usize = 4 << 20;
/// Most records that are looked at for a page; a filter may let few through.
const LOOKED_AT: u64 = 200_000;
/// Records that are looked at together on the way back.
const STRIDE: u64 = 1024;
/// Most blocks of history that are opened for a page, for the same reason.
const OPENED: usize = 100;

/// Where records are: the ring, and history behind it.
#[derive(Clone)]
pub struct Records {
    /// The ring.
    pub store: Shared,
    /// History; none where none is kept.
    pub archive: Option<Arc<Archive>>,
}

/// What a page is to hold.
pub struct Wanted {
    /// Only records that pass this.
    pub filter: Filter,
    /// Where to begin; none is the oldest record, or on the way back the newest.
    pub from_seq: Option<u64>,
    /// Most records.
    pub limit: usize,
    /// The present for filters that ask for ages, nanoseconds since 1970, UTC.
    pub now_ns: i64,
}

/// A page under way.
struct PageBuilder<'a> {
    store: &'a Shared,
    limit: usize,
    page: Page,
    parsed: Parsed,
    bytes: usize,
}

impl<'a> PageBuilder<'a> {
    fn new(store: &'a Shared, limit: usize, first_seq: u64) -> Self {
        let page =
            Page { records: Vec::new(), first_seq, next_seq: None, more: false, gaps: Vec::new(), unreadable: 0 };
        PageBuilder { store, limit, page, parsed: Parsed::default(), bytes: 0 }
    }

    /// Adds a record, and breaks off when the page is full.
    fn push(&mut self, stored: &StoredRecord<'_>) -> ControlFlow<()> {
        self.bytes += stored.raw.len();
        self.page.records.push(convert::record(stored, &mut self.parsed).into_owned());
        if self.full() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn full(&self) -> bool {
        self.page.records.len() >= self.limit || self.bytes >= PAGE_BYTES
    }

    /// What history may do for the rest of the page.
    fn budget(&self) -> Budget<'static> {
        Budget { events: self.limit - self.page.records.len(), opened: OPENED, ..Budget::none() }
    }

    /// Notes numbers without a record: they left the ring, or cannot be read back.
    fn hole(&mut self, from_seq: u64, to_seq: u64) {
        if from_seq < to_seq {
            let store = self.store.lock();
            let reason = match to_seq {
                _ if to_seq <= store.first_seq().max(store.thinned_below()) => GapReason::Retention,
                // A process that was killed had told of them, and had not kept them.
                _ if to_seq <= store.begun_at() => GapReason::SourceLost,
                _ => GapReason::Corrupt,
            };
            drop(store);
            self.page.gaps.push(Gap { from_seq, to_seq, count: to_seq - from_seq, reason });
        }
    }

    /// Notes numbers without an event in history, which has had all that it called durable.
    fn hole_on_disk(&mut self, from_seq: u64, to_seq: u64) {
        if from_seq < to_seq {
            self.page.gaps.push(Gap { from_seq, to_seq, count: to_seq - from_seq, reason: GapReason::SourceLost });
        }
    }

    /// What is known by now of events that cannot be read, which may be those that are missing.
    fn finish(mut self, archive: Option<&Archive>, below: u64) -> Page {
        let health = archive.map(Archive::health).unwrap_or_default();
        self.page.unreadable = health.set_aside_events;
        if !health.is_good() {
            let lost =
                self.page.gaps.iter_mut().filter(|gap| gap.to_seq <= below && gap.reason == GapReason::SourceLost);
            lost.for_each(|gap| gap.reason = GapReason::Corrupt);
        }
        self.page
    }
}

impl Records {
    /// Where the ring begins to have every record, and where it ends; and the first `seq` of all.
    pub fn bounds(&self) -> Result<(u64, u64, u64), Error> {
        let (first, whole, end) = {
            let store = self.store.lock();
            (store.first_seq(), store.thinned_below().max(store.first_seq()), store.next_seq())
        };
        let Some(archive) = &self.archive else { return Ok((first, end, first)) };
        let oldest = archive.ask(Past::first_seq)?.map_or(first, |oldest| oldest.min(first));
        // Samples leave the ring before other records do, and are on disk.
        Ok((whole.min(archive.kept_below()).max(first), end, oldest))
    }

    /// A page from old to new.
    pub fn forward(&self, wanted: &Wanted) -> Result<Page, Error> {
        let (first, end, oldest) = self.bounds()?;
        let mut builder = PageBuilder::new(&self.store, wanted.limit, oldest);
        let mut at = wanted.from_seq.unwrap_or(oldest).min(end);
        if at < oldest {
            builder.hole(at, oldest);
            at = oldest;
        }
        let now_ns = wanted.now_ns;
        if let Some(archive) = self.archive.as_ref().filter(|_| at < first) {
            let (filter, budget, is_all) = (&wanted.filter, builder.budget(), wanted.filter.is_everything());
            let mut expected = at;
            let mut show = |stored: &StoredRecord<'_>| {
                if is_all {
                    builder.hole_on_disk(expected, stored.head.seq);
                }
                expected = stored.head.seq + 1;
                builder.push(stored)
            };
            let progress =
                archive.ask(|past| past.scan(filter, now_ns, at..first, Order::Oldest, budget, &mut show))?;
            let next = progress.next.filter(|next| *next < first);
            if is_all {
                builder.hole_on_disk(expected, next.unwrap_or(first));
            }
            if next.is_some() {
                builder.page = Page { next_seq: next, more: true, ..builder.page };
                return Ok(builder.finish(Some(archive), first));
            }
            at = first;
        }
        let mut left = LOOKED_AT;
        if !builder.full() {
            Reader::new(self.store.clone()).range(at..end, |stored| {
                builder.hole(at, stored.head.seq);
                at = stored.head.seq + 1;
                left -= 1;
                let pushed = if wanted.filter.matches(stored, now_ns) {
                    builder.push(stored)
                } else {
                    ControlFlow::Continue(())
                };
                if left == 0 { ControlFlow::Break(()) } else { pushed }
            });
        }
        if !builder.full() && left > 0 {
            builder.hole(at, end);
            at = end;
        }
        builder.page = Page { next_seq: Some(at), more: at < end, ..builder.page };
        Ok(builder.finish(self.archive.as_deref(), first))
    }

    /// A page from new to old.
    pub fn backward(&self, wanted: &Wanted) -> Result<Page, Error> {
        let (first, end, oldest) = self.bounds()?;
        let mut builder = PageBuilder::new(&self.store, wanted.limit, oldest);
        let mut at = wanted.from_seq.map_or(end, |from| from.saturating_add(1)).min(end);
        if at < oldest {
            builder.hole(0, at);
            at = oldest;
        }
        let (mut reader, mut left, now_ns) = (Reader::new(self.store.clone()), LOOKED_AT, wanted.now_ns);
        while at > first && !builder.full() && left > 0 {
            let start = at.saturating_sub(STRIDE).max(first);
            let (mut expected, mut found, mut holes) = (start, Vec::new(), Vec::new());
            reader.range(start..at, |stored| {
                let seq = stored.head.seq;
                if expected < seq {
                    holes.push((expected, seq));
                }
                expected = seq + 1;
                if wanted.filter.matches(stored, now_ns) {
                    found.push(seq);
                }
                ControlFlow::Continue(())
            });
            if expected < at {
                holes.push((expected, at));
            }
            left = left.saturating_sub(at - start);
            at = start;
            for seq in found.into_iter().rev() {
                if builder.full() {
                    at = seq + 1;
                    break;
                }
                if reader.get(seq, |stored| builder.push(stored)).is_none() {
                    holes.push((seq, seq + 1));
                }
            }
            holes.iter().rev().filter(|hole| hole.0 >= at).for_each(|hole| builder.hole(hole.0, hole.1));
        }
        if let Some(archive) = self.archive.as_ref().filter(|_| at <= first && at > oldest && !builder.full()) {
            let (filter, budget, is_all) = (&wanted.filter, builder.budget(), wanted.filter.is_everything());
            let mut end = at;
            let mut show = |stored: &StoredRecord<'_>| {
                if is_all {
                    builder.hole_on_disk(stored.head.seq + 1, end);
                }
                end = stored.head.seq;
                builder.push(stored)
            };
            let progress = archive.ask(|past| past.scan(filter, now_ns, 0..at, Order::Newest, budget, &mut show))?;
            at = progress.next.map_or(oldest, |next| next + 1);
            if is_all {
                builder.hole_on_disk(at, end);
            }
        }
        builder.page = Page { next_seq: at.checked_sub(1).filter(|_| at > oldest), more: at > oldest, ..builder.page };
        Ok(builder.finish(self.archive.as_deref(), first))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ng_core::store::Store;
    use ng_filter::Env;
    use ng_model::event::{Span, Text};
    use ng_model::record::{Detection, RecordHeader, Verdict};
    use ng_model::symbols::Sym;
    use ng_wire::{Format, Level, Unit};
    use std::sync::Arc;

    /// A plain record whose message is the whole of `raw`.
    fn push(store: &mut Store, seq: u64, raw: &[u8]) {
        let head = RecordHeader {
            seq,
            time_ns: 0,
            received_ns: 0,
            value: f64::NAN,
            kind: Sym::default(),
            source: Sym::default(),
            level: Level::Info,
            format: Format::Text,
            declared: 0,
            unit: Unit::None,
            message: Text { span: Span::new(0, raw.len()), escaped: false },
            verdict: Verdict::default(),
            detection: Detection::default(),
        };
        store.push(&head, raw);
    }

    fn ring(capacity: usize, seqs: impl IntoIterator<Item = u64>) -> Shared {
        let mut store = Store::new(capacity);
        seqs.into_iter().for_each(|seq| push(&mut store, seq, format!("number {seq}").as_bytes()));
        Arc::new(parking_lot::Mutex::new(store))
    }

    fn wanted(filter: &Filter, from_seq: Option<u64>, limit: usize) -> Wanted {
        Wanted { filter: filter.clone(), from_seq, limit, now_ns: 0 }
    }

    fn forward(store: &Shared, filter: &Filter, from_seq: Option<u64>, limit: usize) -> Page {
        let records = Records { store: store.clone(), archive: None };
        records.forward(&wanted(filter, from_seq, limit)).unwrap()
    }

    fn backward(store: &Shared, filter: &Filter, from_seq: Option<u64>, limit: usize) -> Page {
        let records = Records { store: store.clone(), archive: None };
        records.backward(&wanted(filter, from_seq, limit)).unwrap()
    }

    fn seqs(page: &Page) -> Vec<u64> {
        page.records.iter().map(|record| record.seq).collect()
    }

    fn gaps(page: &Page) -> Vec<(u64, u64, GapReason)> {
        page.gaps.iter().map(|gap| (gap.from_seq, gap.to_seq, gap.reason)).collect()
    }

    #[test]
    fn pages_follow_each_other_in_both_directions() {
        let store = ring(10_000, 0..5000);
        let odd = Filter::compile("~/[13579]$/", &Env::default()).unwrap();
        for (turn, filter, step) in [(0, Filter::default(), 1), (1, odd, 2)] {
            let expected: Vec<u64> = (turn..5000).step_by(step).collect();
            for limit in [7, 1000] {
                let (mut there, mut back, mut from) = (Vec::new(), Vec::new(), None);
                loop {
                    let page = forward(&store, &filter, from, limit);
                    there.extend(seqs(&page));
                    from = page.next_seq;
                    assert!(page.gaps.is_empty() && page.records.len() <= limit);
                    if !page.more {
                        break;
                    }
                }
                assert_eq!(from, Some(5000));
                from = None;
                loop {
                    let page = backward(&store, &filter, from, limit);
                    back.extend(seqs(&page));
                    from = page.next_seq;
                    assert!(page.gaps.is_empty() && page.records.len() <= limit);
                    if !page.more {
                        break;
                    }
                }
                assert_eq!(from, None);
                back.reverse();
                assert_eq!((&there, &back), (&expected, &expected), "limit {limit}");
            }
        }
    }

    #[test]
    fn what_has_left_the_ring_is_a_gap() {
        let store = ring(100, 0..1000);
        let all = Filter::default();
        let page = forward(&store, &all, Some(3), 5);
        assert_eq!((seqs(&page), gaps(&page)), (vec![900, 901, 902, 903, 904], vec![(3, 900, GapReason::Retention)]));
        let page = backward(&store, &all, Some(3), 5);
        assert_eq!((seqs(&page), gaps(&page), page.next_seq), (vec![], vec![(0, 4, GapReason::Retention)], None));
        let page = forward(&store, &all, Some(u64::MAX), 5);
        assert_eq!((seqs(&page), page.next_seq, page.more), (vec![], Some(1000), false));
        let page = backward(&store, &all, Some(u64::MAX), 2);
        assert_eq!((seqs(&page), page.next_seq), (vec![999, 998], Some(997)));
    }

    #[test]
    fn numbers_that_were_never_read_back_are_gaps_inside() {
        let store = ring(100, (0..5).chain(8..10));
        let all = Filter::default();
        let page = forward(&store, &all, None, 100);
        assert_eq!((page.records.len(), gaps(&page)), (7, vec![(5, 8, GapReason::Corrupt)]));
        let page = backward(&store, &all, None, 100);
        assert_eq!((page.records.len(), gaps(&page)), (7, vec![(5, 8, GapReason::Corrupt)]));
        // A page tells of the hole below its last record, the next one does not again.
        let page = backward(&store, &all, None, 2);
        assert_eq!((seqs(&page), gaps(&page)), (vec![9, 8], vec![(5, 8, GapReason::Corrupt)]));
        let page = backward(&store, &all, page.next_seq, 2);
        assert_eq!((seqs(&page), gaps(&page)), (vec![4, 3], vec![]));
    }

    #[test]
    fn a_page_is_bounded_in_bytes() {
        let mut store = Store::new(100);
        for seq in 0..8 {
            push(&mut store, seq, &vec![b'x'; 1 << 20]);
        }
        let store = Arc::new(parking_lot::Mutex::new(store));
        assert_eq!(seqs(&forward(&store, &Filter::default(), None, 100)), [0, 1, 2, 3]);
        let page = backward(&store, &Filter::default(), None, 100);
        assert_eq!((seqs(&page), page.next_seq, page.more), (vec![7, 6, 5, 4], Some(3), true));
    }
}
