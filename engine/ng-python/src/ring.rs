//! The ring of records and its views.

use crate::clock::now_ns;
use crate::errors::{filter_error, wire_error};
use crate::tally::Tally;
use ng_core::convert;
use ng_core::event_loop::EngineHandle;
use ng_core::store::{self, Find, Reader, Shared, Store};
use ng_filter::Filter;
use ng_model::event::Parsed;
use ng_model::record::{NO_PATTERN, StoredRecord};
use ng_model::zone::Zone;
use ng_node::Node;
use ng_wire::{Frame, Row};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Recent records; filled by an engine or by a recording.
#[pyclass(module = "ng_tui._engine", frozen)]
#[derive(Clone)]
pub(crate) struct Ring {
    store: Shared,
    /// The zone of times in filters that state none.
    pub(crate) zone: Zone,
    pub(crate) saved: BTreeMap<String, String>,
    /// Knows the texts of patterns; absent for a recording.
    engine: Option<EngineHandle>,
    /// Remembers what it unpacked, for one record after the other.
    reader: Arc<Mutex<Reader>>,
    /// What the latest view holds that was held.
    held: Arc<Mutex<Option<Reader>>>,
}

/// Most records that the search for neighbours looks at.
const NEIGHBOUR_BUDGET: usize = 100_000;

impl Ring {
    /// The ring of a running engine.
    pub(crate) fn of(node: &Node, zone: Zone, saved: BTreeMap<String, String>) -> Self {
        Ring::over(node.store().clone(), zone, saved, Some(node.handle().access().clone()))
    }
}

impl Ring {
    fn over(store: Shared, zone: Zone, saved: BTreeMap<String, String>, engine: Option<EngineHandle>) -> Self {
        let reader = Arc::new(Mutex::new(Reader::new(store.clone())));
        Ring { store, zone, saved, engine, reader, held: Arc::default() }
    }

    /// The store behind it.
    pub(crate) fn store(&self) -> &Shared {
        &self.store
    }

    /// Reads a record of the ring, else one that is held.
    fn read<R: Send>(&self, py: Python<'_>, work: impl Fn(&mut Reader) -> Option<R> + Sync) -> Option<R> {
        py.detach(|| {
            let found = work(&mut self.reader.lock().unwrap_or_else(PoisonError::into_inner));
            found.or_else(|| self.held.lock().unwrap_or_else(PoisonError::into_inner).as_mut().and_then(&work))
        })
    }
}

#[pymethods]
impl Ring {
    /// An empty ring for a recording. `saved` are the named filters, `zone` is as for `Engine`.
    #[new]
    fn new(capacity: usize, saved: BTreeMap<String, String>, zone: &str) -> PyResult<Self> {
        let store = Arc::new(parking_lot::Mutex::new(Store::new(capacity)));
        Ok(Ring::over(store, crate::zone::zone(zone)?, saved, None))
    }

    /// Takes in one line of a recording: a Frame as JSON. Records go into the ring and their number is returned; of any
    /// other frame the MessagePack form (a list of one Frame) is returned. Raises ValueError for a line that is no frame.
    fn append<'py>(&self, py: Python<'py>, line: &[u8]) -> PyResult<(usize, Option<Bound<'py, PyBytes>>)> {
        let frame: Frame =
            serde_json::from_slice(line).map_err(|error| pyo3::exceptions::PyValueError::new_err(error.to_string()))?;
        let Frame::Records(records) = frame else {
            let packed = rmp_serde::to_vec_named(&[frame]).map_err(wire_error)?;
            return Ok((0, Some(PyBytes::new(py, &packed))));
        };
        py.detach(|| {
            let mut store = self.store.lock();
            for record in &records {
                let (head, raw) = convert::restore(record, store.symbols_mut());
                store.push(&head, &raw);
            }
        });
        Ok((records.len(), None))
    }

    /// A view of the records that pass `filter`. Raises FilterError.
    fn view(&self, filter: &str) -> PyResult<View> {
        let filter = Filter::compile(filter, &self.env()).map_err(|error| filter_error(&error))?;
        Ok(View { view: Mutex::new(store::View::new(self.store.clone(), filter)), ring: self.clone() })
    }

    /// Everything about one record: MessagePack of RecordDetail; None when it has left the ring.
    fn detail<'py>(&self, py: Python<'py>, seq: u64, neighbours: usize) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let detail = self.read(py, |reader| {
            let near = convert::neighbours(reader, seq, neighbours, NEIGHBOUR_BUDGET);
            let pattern = reader.get(seq, |stored| stored.head.detection.pattern)?;
            let template =
                self.engine.as_ref().filter(|_| pattern != NO_PATTERN).and_then(|engine| engine.template(pattern));
            let mut parsed = Parsed::default();
            reader.get(seq, |stored| convert::detail(stored, template.as_deref(), near, &mut parsed))
        });
        let packed = detail.map(|detail| rmp_serde::to_vec_named(&detail).map_err(wire_error)).transpose()?;
        Ok(packed.map(|packed| PyBytes::new(py, &packed)))
    }

    /// Lets go of what is held: a view that was held shows it on, but its records have no details once they leave the ring.
    fn release(&self) {
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Counts of the patterns of the records from `from_seq` on.
    fn tally(&self, from_seq: u64) -> Tally {
        Tally::new(self.store.clone(), from_seq)
    }

    /// The text of a pattern; None when it was forgotten, and for a ring without an engine. Not sanitised.
    fn template(&self, py: Python<'_>, pattern: u32) -> Option<String> {
        let engine = self.engine.as_ref()?;
        py.detach(|| engine.template(pattern))
    }

    /// Everything that the engine knows of a pattern: MessagePack of PatternView; None when it was forgotten, and for a
    /// ring without an engine.
    fn pattern<'py>(&self, py: Python<'py>, pattern: u32) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let Some(engine) = &self.engine else { return Ok(None) };
        let found = py.detach(|| engine.pattern(pattern)).ok().flatten();
        let packed = found.map(|found| rmp_serde::to_vec_named(&found).map_err(wire_error)).transpose()?;
        Ok(packed.map(|packed| PyBytes::new(py, &packed)))
    }

    /// One record as JSON with its raw bytes untouched; None when it has left the ring.
    fn export<'py>(&self, py: Python<'py>, seq: u64) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let write = |stored: &StoredRecord<'_>| serde_json::to_vec(&convert::record(stored, &mut Parsed::default()));
        let line = self.read(py, |reader| reader.get(seq, write)).transpose().map_err(wire_error)?;
        Ok(line.map(|line| PyBytes::new(py, &line)))
    }

    /// Character ranges of `text` that the words of `filter` hit. Raises FilterError.
    fn highlights(&self, filter: &str, text: &str) -> PyResult<Vec<(usize, usize)>> {
        let filter = Filter::compile(filter, &self.env()).map_err(|error| filter_error(&error))?;
        let chars = |byte: usize| text.get(..byte).map_or(0, |before| before.chars().count());
        Ok(filter.highlights(text).into_iter().map(|(start, end)| (chars(start), chars(end))).collect())
    }
}

/// The records of a ring that a filter lets through.
#[pyclass(module = "ng_tui._engine", frozen)]
pub(crate) struct View {
    view: Mutex<store::View>,
    ring: Ring,
}

impl View {
    fn with<R: Send>(&self, py: Python<'_>, work: impl FnOnce(&mut store::View) -> R + Send) -> R {
        py.detach(|| work(&mut self.view.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}

#[pymethods]
impl View {
    /// Examines at most `budget` more records: MessagePack of ViewState.
    fn advance<'py>(&self, py: Python<'py>, budget: usize) -> PyResult<Bound<'py, PyBytes>> {
        let state = self.with(py, |view| view.advance(budget, now_ns()));
        Ok(PyBytes::new(py, &rmp_serde::to_vec_named(&state).map_err(wire_error)?))
    }

    /// Rows from index `start` on: MessagePack, a list of Row.
    fn rows<'py>(&self, py: Python<'py>, start: usize, count: usize) -> PyResult<Bound<'py, PyBytes>> {
        let rows = self.with(py, |view| {
            let mut rows: Vec<Row> = Vec::with_capacity(count);
            view.visit(start, count, |stored| rows.push(convert::row(stored)));
            rows
        });
        Ok(PyBytes::new(py, &rmp_serde::to_vec_named(&rows).map_err(wire_error)?))
    }

    /// What the view shows now, through another filter or its own (None), for good: its records stay when they leave the ring,
    /// with their details until the next `hold` or `release`, and none is added. Raises FilterError.
    #[pyo3(signature = (filter))]
    fn hold(&self, py: Python<'_>, filter: Option<&str>) -> PyResult<View> {
        let compiled = filter.map(|filter| Filter::compile(filter, &self.ring.env())).transpose();
        let filter = compiled.map_err(|error| filter_error(&error))?;
        let mut view = self.with(py, |view| view.hold(filter));
        *self.ring.held.lock().unwrap_or_else(PoisonError::into_inner) = Some(view.reader().hold());
        Ok(View { view: Mutex::new(view), ring: self.ring.clone() })
    }

    /// The `seq` at an index; None past the end.
    fn seq_at(&self, py: Python<'_>, index: usize) -> Option<u64> {
        self.with(py, |view| view.seq_at(index))
    }

    /// Records of the ring from this place in the stream on, whatever the filter lets through.
    fn count_from(&self, py: Python<'_>, seq: u64) -> u64 {
        self.with(py, |view| view.reader().count_from(seq))
    }

    /// The index of the first record at or after `seq`.
    fn index_of(&self, py: Python<'_>, seq: u64) -> usize {
        self.with(py, |view| view.index_of(seq).unwrap_or_else(|insertion| insertion))
    }

    /// The next record strictly after (or before) `seq` that also passes `filter`: ("found", seq), ("nothing", 0), or
    /// ("more", seq) when the budget was spent. Raises FilterError.
    fn next_match(
        &self,
        py: Python<'_>,
        seq: u64,
        forward: bool,
        filter: &str,
        budget: usize,
    ) -> PyResult<(&'static str, u64)> {
        let filter = Filter::compile(filter, &self.ring.env()).map_err(|error| filter_error(&error))?;
        // The engine begins with the place it is given; here that place has been seen.
        let Some(start) = (if forward { seq.checked_add(1) } else { seq.checked_sub(1) }) else {
            return Ok(("nothing", 0));
        };
        let found = self.with(py, |view| view.next_match(start, forward, &filter, budget, now_ns()));
        Ok(match found {
            Find::Found(seq) => ("found", seq),
            Find::Nothing => ("nothing", 0),
            Find::NotYet { resume_seq } if forward => ("more", resume_seq.saturating_sub(1)),
            Find::NotYet { resume_seq } => ("more", resume_seq.saturating_add(1)),
        })
    }
}
