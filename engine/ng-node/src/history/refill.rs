//! Brings the latest of history back into the ring, so that a screen after a restart begins where the one before it ended, and
//! files are read on from there.

use super::past::Past;
use ng_core::engine::Engine;
use ng_core::store::{Reader, Shared, Store};
use ng_filter::Filter;
use ng_journal::store::{Budget, Error, Order};
use ng_model::record::{RecordHeader, StoredRecord};
use ng_model::symbols::Sym;
use ng_sensors::KnownLines;
use ng_wire::Format;
use std::collections::{BTreeMap, VecDeque};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

/// Most raw bytes of them.
const MOST_BYTES: usize = 256 << 20;
/// Lines by which a place in a file is known: single ones may come again.
const KNOWN_LINES: usize = 8;

/// Fills an empty ring with the latest records of a folder, as many as it holds, and at most so many. What the engine before learnt of
/// them and did not save is learnt again.
pub(crate) fn refill(engine: &mut Engine, store: &mut Store, folder: &Path, most: usize) -> Result<(), Error> {
    let (mut past, all) = (Past::open(folder)?, Filter::default());
    let budget = Budget { events: store.capacity().min(most), ..Budget::none() };
    let (mut first, mut bytes) = (None, 0);
    let mut look = |stored: &StoredRecord<'_>| {
        bytes += stored.raw.len();
        if bytes > MOST_BYTES {
            return ControlFlow::Break(());
        }
        first = Some(stored.head.seq);
        ControlFlow::Continue(())
    };
    past.scan(&all, 0, 0..u64::MAX, Order::Newest, budget, &mut look)?;
    let Some(first) = first else { return Ok(()) };
    let mut relearning = engine.relearn();
    let mut push = |stored: &StoredRecord<'_>| {
        let (source, kind) = (store.intern(stored.source()), store.intern(stored.kind()));
        store.refill(&RecordHeader { source, kind, ..*stored.head }, stored.raw);
        relearning.take(store, stored);
        ControlFlow::Continue(())
    };
    past.scan(&all, 0, first..u64::MAX, Order::Oldest, Budget::none(), &mut push)?;
    Ok(())
}

/// The last lines of each file in the ring, by the name of its source. What is longer than a few lines says no more.
pub(crate) fn known_lines(store: &Shared) -> KnownLines {
    let mut latest: BTreeMap<Sym, VecDeque<u64>> = BTreeMap::new();
    let mut reader = Reader::new(store.clone());
    reader.range(0..u64::MAX, |stored| {
        if stored.source().starts_with("file:") && stored.head.format != Format::Note {
            let seqs = latest.entry(stored.head.source).or_default();
            seqs.push_back(stored.head.seq);
            if seqs.len() > KNOWN_LINES {
                seqs.pop_front();
            }
        }
        ControlFlow::Continue(())
    });
    let mut lines_of = |seqs: VecDeque<u64>| -> Arc<[u8]> {
        let raws: Vec<Vec<u8>> =
            seqs.into_iter().filter_map(|seq| reader.get(seq, |stored| stored.raw.to_vec())).collect();
        raws.join(b"\n".as_slice()).into()
    };
    let symbols = store.lock().symbols_arc();
    latest.into_iter().map(|(source, seqs)| (symbols.name(source).to_owned(), lines_of(seqs))).collect()
}
