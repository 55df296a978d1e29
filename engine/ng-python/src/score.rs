//! Scoring an input that ends, without a running engine.

use crate::errors::engine_errors;
use crate::functions::{PyLayer, resolve};
use ng_node::NodeError;
use ng_node::score::{Encoder, IncidentScorer as InnerIncidents, ScoreOptions, Scorer as Inner};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use std::sync::{Mutex, PoisonError};

/// Scores one input: bytes in, rows of comma-separated values out.
#[pyclass(module = "ng_tui._engine", frozen)]
pub(crate) struct Scorer {
    /// Boxed, because Python gives its objects no memory that is aligned for vectors of numbers.
    inner: Mutex<Box<Inner>>,
}

#[pymethods]
impl Scorer {
    /// A scorer with the settings of `layers`. `name` stands in errors; `lines` is the number of lines that are not blank,
    /// when it is known; after `freeze_after` events nothing is learnt. Raises EngineError, and ValueError for an encoder that there is not.
    #[new]
    fn new(
        layers: Vec<PyLayer>,
        name: String,
        encoder: &str,
        column: Option<String>,
        explain: bool,
        lines: Option<u64>,
        freeze_after: Option<u64>,
    ) -> PyResult<Self> {
        let encoder = Encoder::named(encoder).ok_or_else(|| PyValueError::new_err(format!("no encoder {encoder}")))?;
        let options = ScoreOptions { encoder, column, explain, name, lines, freeze_after };
        let inner = Inner::new(&resolve(layers)?, options).map_err(|error| engine_errors(&[error]))?;
        Ok(Scorer { inner: Mutex::new(Box::new(inner)) })
    }

    /// Takes the next bytes of the input, in pieces of any size; returns the rows that are finished. Raises EngineError.
    fn feed<'py>(&self, py: Python<'py>, data: &[u8]) -> PyResult<Bound<'py, PyBytes>> {
        let rows = py.detach(|| self.inner.lock().unwrap_or_else(PoisonError::into_inner).feed(data));
        rows.map(|rows| PyBytes::new(py, &rows)).map_err(|error| engine_errors(&[error]))
    }

    /// The input has ended; returns the last rows. Raises EngineError.
    fn finish<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let rows = py.detach(|| self.inner.lock().unwrap_or_else(PoisonError::into_inner).finish());
        rows.map(|rows| PyBytes::new(py, &rows)).map_err(|error| engine_errors(&[error]))
    }
}

/// Finds the incidents of several logs, merged by time: names and bytes in, JSON out.
#[pyclass(module = "ng_tui._engine", frozen)]
pub(crate) struct IncidentScorer {
    /// Gone when it has finished.
    inner: Mutex<Option<Box<InnerIncidents>>>,
}

#[pymethods]
impl IncidentScorer {
    /// A scorer with the settings of `layers`. Raises EngineError.
    #[new]
    fn new(layers: Vec<PyLayer>) -> PyResult<Self> {
        let inner = InnerIncidents::new(&resolve(layers)?).map_err(|error| engine_errors(&[error]))?;
        Ok(IncidentScorer { inner: Mutex::new(Some(Box::new(inner))) })
    }

    /// Begins the next log. Raises EngineError, and ValueError after the end.
    fn begin(&self, name: &str) -> PyResult<()> {
        self.with(|inner| inner.begin(name))
    }

    /// Takes the next bytes of the log, in pieces of any size. Raises EngineError, and ValueError after the end.
    fn feed(&self, py: Python<'_>, data: &[u8]) -> PyResult<()> {
        py.detach(|| self.with(|inner| inner.feed(data)))
    }

    /// Returns what was told as a JSON object. Raises EngineError, and ValueError when it has finished already.
    fn finish<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner).take().ok_or_else(ended)?;
        let told = py.detach(|| inner.finish()).map_err(|error| engine_errors(&[error]))?;
        let json = serde_json::to_vec(&told).map_err(|error| PyValueError::new_err(error.to_string()))?;
        Ok(PyBytes::new(py, &json))
    }
}

impl IncidentScorer {
    fn with(&self, work: impl FnOnce(&mut InnerIncidents) -> Result<(), NodeError>) -> PyResult<()> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        work(inner.as_mut().ok_or_else(ended)?).map_err(|error| engine_errors(&[error]))
    }
}

fn ended() -> PyErr {
    PyValueError::new_err("it has finished")
}
