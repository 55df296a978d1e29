//! The next or the previous record of a view that a second filter lets through.

use super::reader::Purpose;
use super::view::View;
use ng_filter::Filter;

/// What a search came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Find {
    /// This record matches.
    Found(u64),
    /// There is no match up to the end of the view. To wrap around is the caller's choice.
    Nothing,
    /// The budget is used up; the search goes on with `resume_seq` in place of `from_seq`.
    NotYet {
        /// The next record to look at.
        resume_seq: u64,
    },
}

impl View {
    /// Looks for a record of the view that `filter` lets through, beginning with `from_seq` itself. Going back, it also
    /// looks at records that the view has not examined yet. The records of a segment without a match of the view are
    /// passed over at no cost; of others each counts against `budget`, of which at least one record is looked at.
    pub fn next_match(&mut self, from_seq: u64, forward: bool, filter: &Filter, budget: usize, now_ns: i64) -> Find {
        let snapshot = self.reader.look();
        self.renumber(&snapshot);
        let end = self.examined.map_or(snapshot.next, |(_, to)| to).min(snapshot.next);
        let mut budget = budget.max(1);
        // The ordinals that are still to be looked at.
        let mut rest = if forward {
            self.reader.ordinal_of(&snapshot, from_seq)..end
        } else {
            snapshot.first..self.reader.ordinal_of(&snapshot, from_seq.saturating_add(1)).min(end)
        };
        while rest.start < rest.end {
            if budget == 0 {
                let next = if forward { rest.start } else { rest.end - 1 };
                return Find::NotYet { resume_seq: self.reader.seq_at(&snapshot, next) };
            }
            let mut span = self.reader.bounds(&snapshot, if forward { rest.start } else { rest.end - 1 });
            span = span.start.max(rest.start)..span.end.min(rest.end);
            let first_seq = self.reader.seq_at(&snapshot, span.start);
            let last_seq = self.reader.seq_at(&snapshot, span.end - 1);
            let examined = self.examined.is_some_and(|(from, to)| from <= span.start && span.end <= to);
            if examined && !self.filter.is_everything() && !self.has_match_in(first_seq, last_seq) {
                rest = if forward { span.end..rest.end } else { rest.start..span.start };
                continue;
            }
            let looked = budget.min((span.end - span.start) as usize);
            span = if forward { span.start..span.start + looked as u64 } else { span.end - looked as u64..span.end };
            budget -= looked;
            if let Some(found) = self.look_through(&snapshot, span.clone(), forward, filter, now_ns) {
                return Find::Found(found);
            }
            rest = if forward { span.end..rest.end } else { rest.start..span.start };
        }
        Find::Nothing
    }

    /// The first match in a span within one block, in the order of the search.
    fn look_through(
        &mut self,
        snapshot: &super::Snapshot,
        span: std::ops::Range<u64>,
        forward: bool,
        filter: &Filter,
        now_ns: i64,
    ) -> Option<u64> {
        let (index, own, known) = (&self.index, &self.filter, self.examined);
        let block = self.reader.block(snapshot, span.start, Purpose::Scan)?;
        let matches = |ordinal: &u64| {
            let Some(stored) = block.get(*ordinal, &snapshot.symbols) else { return false };
            let examined = known.is_some_and(|(from, to)| (from..to).contains(ordinal));
            filter.matches(&stored, now_ns)
                && (own.is_everything()
                    || if examined {
                        index.binary_search(&stored.head.seq).is_ok()
                    } else {
                        own.matches(&stored, now_ns)
                    })
        };
        let (start, end) = (span.start, span.end);
        let found = if forward { (start..end).find(matches) } else { (start..end).rev().find(matches) };
        found.and_then(|ordinal| block.get(ordinal, &snapshot.symbols)).map(|stored| stored.head.seq)
    }

    fn has_match_in(&self, first_seq: u64, last_seq: u64) -> bool {
        let place = self.index.partition_point(|seq| *seq < first_seq);
        self.index.get(place).is_some_and(|seq| *seq <= last_seq)
    }
}
