//! The part of the ring that a filter lets through, found step by step.

use super::reader::{Purpose, Reader};
use super::{Shared, Snapshot, Thinned, tally};
use ng_filter::Filter;
use ng_model::record::StoredRecord;
use ng_wire::{Totals, ViewState};
use std::collections::VecDeque;

/// The records of the ring that a filter lets through.
///
/// A view starts at the newest record. Each [`advance`](View::advance) examines first what arrived, then, going back,
/// older records, so that the newest matches are there at once however large the ring is. Index 0 is the oldest match
/// found so far; while older ones are still being found in front of it, and when the ring drops records, the index of a
/// record changes, so a reader holds on to its `seq`.
///
/// The view shows the ring as of the latest `advance`: to freeze the screen is to stop advancing.
pub struct View {
    pub(super) reader: Reader,
    pub(super) filter: Filter,
    /// `seq` of the matches; stays empty when the filter lets everything through.
    pub(super) index: VecDeque<u64>,
    /// Ordinals examined; none before the first advance.
    pub(super) examined: Option<(u64, u64)>,
    /// The same as `seq`, for when the ring is thinned and its ordinals change.
    examined_seqs: (u64, u64),
    thinned: Thinned,
    pruned: u64,
    totals: Totals,
}

impl View {
    /// A view that has examined nothing yet.
    pub fn new(shared: Shared, filter: Filter) -> Self {
        View {
            reader: Reader::new(shared),
            filter,
            index: VecDeque::new(),
            examined: None,
            examined_seqs: (0, 0),
            thinned: Thinned::default(),
            pruned: 0,
            totals: Totals::default(),
        }
    }

    /// What this view shows now, through a filter or its own: its records stay, and none is added.
    pub fn hold(&mut self, filter: Option<Filter>) -> View {
        let reader = self.reader.hold();
        match filter {
            Some(filter) => View { reader, ..View::new(self.reader.shared().clone(), filter) },
            None => View {
                reader,
                filter: self.filter.clone(),
                index: self.index.clone(),
                examined: self.examined,
                examined_seqs: self.examined_seqs,
                thinned: self.thinned,
                pruned: self.pruned,
                totals: self.totals,
            },
        }
    }

    /// Starts again with another filter, keeping what is unpacked.
    pub fn rebase(&mut self, filter: Filter) {
        self.filter = filter;
        self.index.clear();
        self.examined = None;
        self.pruned = 0;
        self.totals = Totals::default();
    }

    /// Follows the ring and examines at most `budget` records. `now_ns` is the present for filters that ask for ages,
    /// nanoseconds since 1970, UTC; a record stays in the view when it has become too old for the filter.
    pub fn advance(&mut self, budget: usize, now_ns: i64) -> ViewState {
        let snapshot = self.reader.look();
        self.renumber(&snapshot);
        if self.filter.is_everything() {
            self.examined = Some((snapshot.first, snapshot.next));
            self.pruned = snapshot.first;
            self.totals = snapshot.totals;
        } else {
            let (from, to) = self.examined.unwrap_or((snapshot.next, snapshot.next));
            self.examined = Some((from.max(snapshot.first), to.max(snapshot.first)));
            self.forget(self.reader.seq_at(&snapshot, snapshot.first));
            let left = self.scan_new(&snapshot, budget as u64, now_ns);
            self.scan_old(&snapshot, left, now_ns);
        }
        let (from, to) = self.examined.unwrap_or((snapshot.next, snapshot.next));
        self.examined_seqs = (self.reader.seq_at(&snapshot, from), self.reader.seq_at(&snapshot, to));
        self.state(&snapshot)
    }

    /// Records of the view, as of the latest advance.
    pub fn len(&self) -> usize {
        match self.examined {
            Some((from, to)) if self.filter.is_everything() => (to - from) as usize,
            _ => self.index.len(),
        }
    }

    /// The view has no record.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The filter.
    pub fn filter(&self) -> &Filter {
        &self.filter
    }

    /// Reads single records, whether or not they are in the view.
    pub fn reader(&mut self) -> &mut Reader {
        &mut self.reader
    }

    /// The `seq` at an index; none at and beyond [`len`](View::len), and when the record left the ring meanwhile.
    pub fn seq_at(&self, index: usize) -> Option<u64> {
        if !self.filter.is_everything() {
            return self.index.get(index).copied();
        }
        let (from, _) = self.examined.filter(|_| index < self.len())?;
        self.reader.seq_now_at(from + index as u64)
    }

    /// The index of a `seq`; when it is not in the view, the index of the first later record, or the length.
    pub fn index_of(&self, seq: u64) -> Result<usize, usize> {
        if !self.filter.is_everything() {
            return self.index.binary_search(&seq);
        }
        let Some((from, to)) = self.examined else { return Err(0) };
        let ordinal = self.reader.ordinal_now_of(seq);
        let index = ordinal.clamp(from, to).saturating_sub(from) as usize;
        if ordinal < to && self.reader.seq_now_at(ordinal) == Some(seq) { Ok(index) } else { Err(index) }
    }

    /// Shows `f` up to `count` records of the view from an index on, oldest first. Records that left the ring since the
    /// latest advance are passed over.
    pub fn visit(&mut self, start: usize, count: usize, mut f: impl FnMut(&StoredRecord<'_>)) {
        let snapshot = self.reader.look();
        let Some((from, _)) = self.examined else { return };
        let everything = self.filter.is_everything();
        for index in start..start.saturating_add(count).min(self.len()) {
            let (ordinal, wanted) = if everything {
                (from + index as u64, None)
            } else {
                (self.reader.ordinal_of(&snapshot, self.index[index]), Some(self.index[index]))
            };
            if let Some(stored) = self.reader.stored(&snapshot, ordinal)
                && wanted.is_none_or(|seq| seq == stored.head.seq)
            {
                f(&stored);
            }
        }
    }

    fn state(&self, snapshot: &Snapshot) -> ViewState {
        ViewState {
            first_seq: self.reader.seq_at(snapshot, snapshot.first),
            next_seq: snapshot.next_seq,
            earlier: snapshot.first - snapshot.thinned.records,
            thinned: snapshot.thinned.records,
            recorded: snapshot.next,
            scanned_from: self.examined_seqs.0,
            scanned_to: self.examined_seqs.1,
            matched: self.len() as u64,
            pruned: self.pruned,
            totals: self.totals,
        }
    }

    /// Finds what was examined in a ring that was thinned meanwhile, and drops matches that left it.
    pub(super) fn renumber(&mut self, snapshot: &Snapshot) {
        if snapshot.thinned == self.thinned {
            return;
        }
        let (from, to) = self.examined_seqs;
        if let Some(examined) = &mut self.examined {
            *examined = (self.reader.ordinal_of(snapshot, from), self.reader.ordinal_of(snapshot, to));
        }
        let (reader, known) = (&self.reader, self.index.len());
        let touched = self.thinned.below..snapshot.thinned.below;
        self.index
            .retain(|&seq| !touched.contains(&seq) || reader.seq_at(snapshot, reader.ordinal_of(snapshot, seq)) == seq);
        self.pruned += (known - self.index.len()) as u64;
        self.thinned = snapshot.thinned;
    }

    /// Drops matches that left the ring.
    fn forget(&mut self, first_seq: u64) {
        while self.index.front().is_some_and(|seq| *seq < first_seq) {
            self.index.pop_front();
            self.pruned += 1;
        }
    }

    /// Examines what arrived; returns what is left of the budget.
    fn scan_new(&mut self, snapshot: &Snapshot, mut budget: u64, now_ns: i64) -> u64 {
        while let Some((from, to)) = self.examined
            && to < snapshot.next
            && budget > 0
        {
            let end = self.reader.bounds(snapshot, to).end.min(to.saturating_add(budget));
            let (index, totals, filter) = (&mut self.index, &mut self.totals, &self.filter);
            let block = self.reader.block(snapshot, to, Purpose::Scan);
            for stored in (to..end).filter_map(|ordinal| block?.get(ordinal, &snapshot.symbols)) {
                if filter.matches(&stored, now_ns) {
                    index.push_back(stored.head.seq);
                    tally(totals, stored.head);
                }
            }
            budget -= end - to;
            self.examined = Some((from, end));
        }
        budget
    }

    /// Examines older records, newest of them first.
    fn scan_old(&mut self, snapshot: &Snapshot, mut budget: u64, now_ns: i64) {
        while let Some((from, to)) = self.examined
            && from > snapshot.first
            && budget > 0
        {
            let start = self.reader.bounds(snapshot, from - 1).start.max(from.saturating_sub(budget));
            let (index, totals, filter) = (&mut self.index, &mut self.totals, &self.filter);
            let block = self.reader.block(snapshot, from - 1, Purpose::Scan);
            for stored in (start..from).rev().filter_map(|ordinal| block?.get(ordinal, &snapshot.symbols)) {
                if filter.matches(&stored, now_ns) {
                    index.push_front(stored.head.seq);
                    tally(totals, stored.head);
                }
            }
            budget -= from - start;
            self.examined = Some((start, to));
        }
    }
}
