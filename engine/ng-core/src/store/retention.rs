//! What leaves the ring: the oldest records, and before them old samples.
//!
//! A host alone makes fourteen samples a second, which nobody reads one by one. They have a budget of their own, half as
//! many as other records; above it the oldest go, and the records between which they stood stay where they are.

use super::segment::{BYTES, Block, RECORDS, Segment};
use super::{Placed, Store};
use ng_model::record::RecordHeader;
use ng_wire::{Format, Level, Outcome};
use std::sync::Arc;

/// A measured value of which nothing was concluded.
pub(super) fn is_sample(head: &RecordHeader) -> bool {
    let is_told = head.detection.is_alert || head.detection.is_novel;
    matches!(head.format, Format::Metric | Format::Vector)
        && head.level <= Level::Info
        && head.verdict.outcome == Outcome::Admit
        && !is_told
}

/// The memory that giving up samples reuses, and which records of the oldest segment are samples.
#[derive(Default)]
pub(super) struct Workspace {
    block: Block,
    kept: Block,
    scratch: Vec<u8>,
    oldest: (u64, usize),
    is_sample: Vec<bool>,
}

impl Workspace {
    /// Memory held, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.block.bytes() + self.kept.bytes() + self.scratch.capacity() + self.is_sample.capacity()
    }
}

impl Store {
    /// Most samples held, unless the newest 1024 records have more.
    fn sample_capacity(&self) -> usize {
        self.capacity / 2
    }

    /// Gives up what there is no room for.
    pub(super) fn prune(&mut self) {
        while self.samples > self.sample_capacity() && self.thin() {}
        loop {
            let excess = (self.len() - self.samples).saturating_sub(self.capacity);
            if excess == 0 {
                break;
            }
            self.drop_oldest(excess as u64);
        }
        while self.sealed_bytes > self.byte_limit {
            if !self.thin() {
                self.drop_segment();
            }
        }
    }

    /// Gives up the samples of the oldest segment that has some; what is left of it joins the segment before. False when no
    /// segment has any.
    fn thin(&mut self) -> bool {
        let Some(place) = self.sealed.iter().position(|placed| placed.samples > 0) else { return false };
        let sealed = Arc::make_mut(&mut self.sealed);
        let thick = sealed[place].clone();
        self.samples -= thick.samples;
        let Workspace { block, kept, scratch, .. } = &mut self.workspace;
        kept.restart(0);
        if thick.segment.unpack(block, scratch).is_err() {
            // Nobody reads it either.
            sealed[place].samples = 0;
            return true;
        }
        // What lies before `first` has left the ring already.
        let gone = self.first.saturating_sub(thick.first) as usize;
        let before = place.checked_sub(1).map(|place| &sealed[place].segment);
        let joins = before.is_some_and(|before| {
            before.len() + thick.segment.len() - thick.samples <= RECORDS
                && before.unpack(kept, scratch).is_ok()
                && kept.raw_len() + block.raw_len() <= BYTES
        });
        if !joins {
            kept.restart(0);
        }
        kept.extend(block, gone, |head| !is_sample(head));

        self.thinned.records += thick.samples as u64;
        self.thinned.below = thick.segment.seq(thick.segment.len() - 1) + 1;
        self.first += thick.samples as u64;
        let taken = place - usize::from(joins);
        let since_ns = sealed[taken].since_ns;
        for placed in sealed.range(taken..=place) {
            self.sealed_bytes -= placed.segment.bytes();
        }
        sealed.drain(taken..=place);
        for placed in sealed.range_mut(..taken) {
            placed.first += thick.samples as u64;
        }
        if kept.len() > 0 {
            let segment = Arc::new(Segment::seal(kept, &mut self.press));
            self.sealed_bytes += segment.bytes();
            let first = thick.end() - kept.len() as u64;
            sealed.insert(taken, Placed { first, samples: 0, since_ns, segment });
        }
        true
    }

    /// Gives up at most `most` of the oldest records that are no samples, and the samples before them.
    fn drop_oldest(&mut self, most: u64) {
        match self.sealed.front() {
            Some(oldest) if oldest.samples > 0 => self.drop_first_of_segment(),
            Some(oldest) => {
                self.first = oldest.end().min(self.first + most);
                if self.first == oldest.end() {
                    self.drop_segment();
                }
            }
            None => {
                let is_sample = usize::from(is_sample(&self.open.heads[(self.first - self.open.first) as usize]));
                self.samples -= is_sample;
                self.open_samples -= is_sample;
                self.first += 1;
            }
        }
    }

    /// Gives up the oldest record of a segment that has samples, which is unpacked once for all of its records.
    fn drop_first_of_segment(&mut self) {
        let oldest = &mut Arc::make_mut(&mut self.sealed)[0];
        let work = &mut self.workspace;
        if work.oldest != oldest.segment.id() {
            // What cannot be unpacked goes record by record all the same.
            let _ = oldest.segment.unpack_heads(&mut work.block, &mut work.scratch);
            work.oldest = oldest.segment.id();
            work.is_sample.clear();
            work.is_sample.extend(work.block.heads.iter().map(is_sample));
        }
        let index = (self.first - oldest.first) as usize;
        let is_sample = usize::from(work.is_sample.get(index).copied().unwrap_or(false));
        oldest.samples -= is_sample;
        self.samples -= is_sample;
        self.first += 1;
        if self.first == oldest.end() {
            self.drop_segment();
        }
    }

    fn drop_segment(&mut self) {
        if let Some(oldest) = Arc::make_mut(&mut self.sealed).pop_front() {
            self.first = self.first.max(oldest.end());
            self.samples -= oldest.samples;
            self.sealed_bytes -= oldest.segment.bytes();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::line;
    use super::super::{Reader, Shared, View};
    use super::*;
    use ng_filter::{Env, Filter};
    use parking_lot::Mutex;
    use proptest::prelude::*;

    fn sample(seq: u64) -> RecordHeader {
        RecordHeader { format: Format::Metric, value: 1.0, ..line(seq, "cpu 1") }
    }

    fn seqs(view: &mut View) -> Vec<u64> {
        let mut found = Vec::new();
        view.visit(0, usize::MAX, |stored| found.push(stored.head.seq));
        found
    }

    fn view(store: &Shared, filter: &str) -> View {
        View::new(store.clone(), Filter::compile(filter, &Env::default()).expect("a filter"))
    }

    #[test]
    fn samples_push_no_line_out() {
        let store: Shared = Arc::new(Mutex::new(Store::new(4000)));
        for seq in 0..200_000 {
            let mut store = store.lock();
            if seq % 100 == 7 {
                store.push(&line(seq, "a line"), b"a line");
            } else {
                store.push(&sample(seq), b"cpu 1");
            }
        }
        let lock = store.lock();
        assert!(lock.samples <= 2000 + RECORDS, "{} samples", lock.samples);
        assert_eq!(lock.len() - lock.samples, 2000);
        let told = lock.view();
        assert_eq!((told.records, told.earlier, told.thinned + told.samples), (Some(2000), 0, 198_000));
        assert_eq!((told.first_seq, told.since_ns), (7, Some(0)));
        // Small rests are put together.
        assert!(lock.sealed.len() < 10, "{} segments", lock.sealed.len());
        drop(lock);
        let mut lines = view(&store, "line");
        lines.advance(usize::MAX, 0);
        assert_eq!(seqs(&mut lines), (0..2000).map(|line| 100 * line + 7).collect::<Vec<_>>());
        // What was told of samples stays.
        let error = RecordHeader { level: Level::Error, ..sample(200_000) };
        store.lock().push(&error, b"cpu 100");
        for seq in 200_001..220_000 {
            store.lock().push(&sample(seq), b"cpu 1");
        }
        let kept = Reader::new(store.clone()).get(200_000, |stored| stored.raw.to_vec());
        assert_eq!(kept.as_deref(), Some(&b"cpu 100"[..]));
        assert_eq!(Reader::new(store).get(200_001, |_| ()), None);
    }

    #[test]
    fn too_many_bytes_cost_samples_first() {
        let mut store = Store::new(100_000);
        (0..50_000).for_each(|seq: u64| {
            let text =
                format!("{:x}{:x}", seq.wrapping_mul(0x9E37_79B9_7F4A_7C15), seq.wrapping_mul(0xD1B5_4A32_D192_ED03));
            let head = if seq.is_multiple_of(2) { line(seq, &text) } else { sample(seq) };
            store.push(&head, text.as_bytes());
        });
        let (bytes, lines) = (store.sealed_bytes, store.len() - store.samples);
        store.set_byte_limit(bytes * 8 / 10);
        assert!(store.sealed_bytes <= bytes * 8 / 10);
        assert_eq!((store.len() - store.samples, store.view().earlier), (lines, 0));
        store.set_byte_limit(1000);
        assert!(store.sealed_bytes <= 1000);
        assert!(store.view().earlier > 20_000);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Lines and samples with holes, a changing capacity, and views that follow at any pace.
        #[test]
        fn views_follow_a_ring_that_is_thinned(
            steps in prop::collection::vec((0u8..10, 0usize..1500, 1u64..4, 1u64..9), 1..30), capacity in 1usize..3000,
        ) {
            let store: Shared = Arc::new(Mutex::new(Store::new(capacity)));
            let (mut lines, mut samples) = (Vec::new(), Vec::new());
            let (mut capacity, mut seq, mut pushed) = (capacity, 0, 0);
            let mut views = [view(&store, ""), view(&store, "line"), view(&store, "cpu")];
            for (what, amount, step, share) in steps {
                match what {
                    0..6 => for _ in 0..amount {
                        seq += step;
                        pushed += 1;
                        if seq % share == 0 {
                            store.lock().push(&line(seq, "a line"), b"a line");
                            lines.push(seq);
                        } else {
                            store.lock().push(&sample(seq), b"cpu 1");
                            samples.push(seq);
                        }
                    },
                    6 => {
                        capacity = amount + 1;
                        store.lock().set_capacity(capacity);
                    }
                    _ => { views[usize::from(what) - 7].advance(amount, 0); }
                }
                lines.drain(..lines.len().saturating_sub(capacity));
            }
            let mut all = view(&store, "");
            all.advance(0, 0);
            let held = seqs(&mut all);
            let kept = held.iter().filter(|seq| lines.binary_search(seq).is_ok()).copied().collect::<Vec<_>>();
            prop_assert_eq!(&kept, &lines);
            let left = held.iter().filter(|seq| samples.binary_search(seq).is_ok()).copied().collect::<Vec<_>>();
            prop_assert!(samples.ends_with(&left), "the newest samples stay");
            {
                let lock = store.lock();
                prop_assert_eq!(lock.samples, left.len());
                prop_assert!(left.len() <= (capacity / 2).max(lock.open_samples));
                let view = lock.view();
                prop_assert_eq!(view.earlier + view.thinned + lock.len() as u64, pushed);
            }
            for (view, expected) in views.iter_mut().zip([&held, &kept, &left]) {
                let mut state = view.advance(usize::MAX, 0);
                while state.scanned_from > state.first_seq || state.scanned_to < state.next_seq {
                    state = view.advance(usize::MAX, 0);
                }
                prop_assert_eq!(&seqs(view), expected);
                prop_assert_eq!(state.matched as usize, expected.len());
                for (index, seq) in expected.iter().enumerate().step_by(83) {
                    prop_assert_eq!(view.seq_at(index), Some(*seq));
                    prop_assert_eq!(view.index_of(*seq), Ok(index));
                }
                for seq in held.iter().step_by(211) {
                    prop_assert_eq!(view.reader().get(*seq, |stored| stored.head.seq), Some(*seq));
                }
            }
        }
    }
}
