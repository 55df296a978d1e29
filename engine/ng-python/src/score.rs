//! Scoring an input that ends, without a running engine.

use crate::errors::engine_errors;
use crate::functions::{PyLayer, resolve};
use ng_node::score::{Encoder, ScoreOptions, Scorer as Inner};
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
