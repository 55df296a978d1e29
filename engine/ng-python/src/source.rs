//! The way in for a program that has an engine in its own process.

use crate::errors::untimely;
use ng_model::intake::{Acknowledgement, BatchBuilder, IngestHandle, IngestResult, SourceStatus};
use ng_wire::Format;
use pyo3::prelude::*;
use pyo3::sync::MutexExt;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A source of readings. They are handed to the engine 256 at a time, and the rest by `flush`.
#[pyclass(module = "ng_tui._engine", frozen)]
pub(crate) struct Source {
    inside: Mutex<Inside>,
    taken: Arc<Taken>,
}

struct Inside {
    builder: BatchBuilder,
    /// Readings added so far.
    emitted: u64,
}

/// Readings that are in the ring, or were refused because the gateway is off.
#[derive(Default)]
struct Taken {
    readings: Mutex<u64>,
    more: Condvar,
}

impl Source {
    /// Announces a source to the engine.
    pub(crate) fn announce(ingest: &IngestHandle, name: &str) -> Self {
        let status = SourceStatus::new(name, "program", 0);
        ingest.announce(&status);
        let inside = Inside { builder: ingest.fill(&status), emitted: 0 };
        Source { inside: Mutex::new(inside), taken: Arc::default() }
    }
}

#[pymethods]
impl Source {
    /// Adds one reading: a line of text, JSON, a metric or a vector, without a line end. Waits while the engine is behind.
    /// Raises RuntimeError when the engine has stopped.
    fn emit(&self, py: Python<'_>, raw: &[u8]) -> PyResult<()> {
        let mut inside = self.inside.lock_py_attached(py).unwrap_or_else(PoisonError::into_inner);
        inside.add(py, raw, &self.taken)
    }

    /// Adds many readings, as `emit` each.
    fn emit_batch(&self, py: Python<'_>, raws: Vec<Bound<'_, PyAny>>) -> PyResult<()> {
        let mut inside = self.inside.lock_py_attached(py).unwrap_or_else(PoisonError::into_inner);
        raws.iter().try_for_each(|raw| inside.add(py, raw.extract()?, &self.taken))
    }

    /// Hands on what is there and waits, at most `timeout_ms`, until all readings are records. True when they are.
    /// Raises RuntimeError when the engine has stopped.
    fn flush(&self, py: Python<'_>, timeout_ms: u64) -> PyResult<bool> {
        let emitted = {
            let mut inside = self.inside.lock_py_attached(py).unwrap_or_else(PoisonError::into_inner);
            inside.hand_on(py, &self.taken)?;
            inside.emitted
        };
        Ok(py.detach(|| self.taken.wait(emitted, Duration::from_millis(timeout_ms))))
    }
}

impl Inside {
    fn add(&mut self, py: Python<'_>, raw: &[u8], taken: &Arc<Taken>) -> PyResult<()> {
        if !self.builder.add(Format::Text, raw) {
            self.hand_on(py, taken)?;
            self.builder.add(Format::Text, raw);
        }
        self.emitted += 1;
        Ok(())
    }

    /// Hands the batch to the engine without the interpreter's lock.
    fn hand_on(&mut self, py: Python<'_>, taken: &Arc<Taken>) -> PyResult<()> {
        let (taken, readings) = (taken.clone(), self.builder.readings());
        let receipt = Acknowledgement::new(move |_: IngestResult| taken.add(readings));
        let builder = &mut self.builder;
        py.detach(|| builder.submit(receipt, Duration::MAX)).map_err(|_| untimely("the engine has stopped"))
    }
}

impl Taken {
    fn add(&self, readings: u64) {
        *self.readings.lock().unwrap_or_else(PoisonError::into_inner) += readings;
        self.more.notify_all();
    }

    fn wait(&self, readings: u64, timeout: Duration) -> bool {
        let deadline = Instant::now().checked_add(timeout);
        let mut taken = self.readings.lock().unwrap_or_else(PoisonError::into_inner);
        while *taken < readings {
            let left = deadline.map_or(timeout, |deadline| deadline.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                return false;
            }
            taken = self.more.wait_timeout(taken, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }
}
