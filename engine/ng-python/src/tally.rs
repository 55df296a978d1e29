//! How often each pattern of a ring occurs.

use crate::clock::now_ns;
use crate::errors::wire_error;
use ng_core::convert;
use ng_core::store::{self, Shared};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use std::sync::{Mutex, PoisonError};

/// Counts of the patterns of a ring from a place in it on.
#[pyclass(module = "ng_tui._engine", frozen)]
pub(crate) struct Tally {
    tally: Mutex<store::Tally>,
}

impl Tally {
    pub(crate) fn new(store: Shared, from_seq: u64) -> Self {
        Tally { tally: Mutex::new(store::Tally::new(store, from_seq)) }
    }

    fn with<R: Send>(&self, py: Python<'_>, work: impl FnOnce(&mut store::Tally) -> R + Send) -> R {
        py.detach(|| work(&mut self.tally.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}

#[pymethods]
impl Tally {
    /// Counts at most `budget` more records; False when there are more.
    fn advance(&self, py: Python<'_>, budget: usize) -> bool {
        self.with(py, |tally| tally.advance(budget))
    }

    /// The counts as of the latest advance, at most `most` rows: MessagePack of TallyView. `now_ns` ends the recent past;
    /// without it that is the present.
    #[pyo3(signature = (most, at_ns = None))]
    fn view<'py>(&self, py: Python<'py>, most: usize, at_ns: Option<i64>) -> PyResult<Bound<'py, PyBytes>> {
        let view = self.with(py, |tally| convert::tally_view(tally, most, at_ns.unwrap_or_else(now_ns)));
        Ok(PyBytes::new(py, &rmp_serde::to_vec_named(&view).map_err(wire_error)?))
    }
}
