//! The rooms between bytes and events, for a program that hands the events on itself.

use ng_reading::source_reader::{Item, Limits, SourceReader};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use std::sync::{Mutex, PoisonError};

/// Reads the bytes of one source as those of a followed file: unpacked, decoded, lines that belong together joined.
#[pyclass(module = "ng_tui._engine", frozen)]
pub(crate) struct EventReader(Mutex<SourceReader>);

/// An event without its last line end, the length of a line that is longer than the limit, or why the rest cannot be read.
#[derive(IntoPyObject)]
enum Found<'py> {
    Event(Bound<'py, PyBytes>),
    TooLong(u64),
    Broken(String),
}

#[pymethods]
impl EventReader {
    /// A reader at the start of a source whose lines have `line_bytes` at most.
    #[new]
    fn new(line_bytes: usize) -> Self {
        EventReader(Mutex::new(SourceReader::new(Limits { line_bytes, ..Limits::default() })))
    }

    /// Takes the next bytes and returns what is finished: an event (bytes), the length of a line that is longer than the limit
    /// (int), or why what follows cannot be read (str).
    fn feed<'py>(&self, py: Python<'py>, data: &[u8]) -> PyResult<Vec<Found<'py>>> {
        self.take(py, |reader, mut sink| reader.feed(data, &mut sink))
    }

    /// Nothing came for a while: returns what could have gone on.
    fn settle<'py>(&self, py: Python<'py>) -> PyResult<Vec<Found<'py>>> {
        self.take(py, |reader, mut sink| reader.settle(&mut sink))
    }

    /// Nothing follows: returns the rest.
    fn finish<'py>(&self, py: Python<'py>) -> PyResult<Vec<Found<'py>>> {
        self.take(py, |reader, mut sink| reader.finish(&mut sink))
    }

    /// Something was read that may go on.
    fn is_waiting(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_waiting()
    }
}

impl EventReader {
    fn take<'py>(
        &self,
        py: Python<'py>,
        read: impl FnOnce(&mut SourceReader, &mut dyn FnMut(Item<'_>) -> PyResult<()>) -> PyResult<()>,
    ) -> PyResult<Vec<Found<'py>>> {
        let mut found = Vec::new();
        let mut reader = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        read(&mut reader, &mut |item| {
            found.push(match item {
                Item::Event(event) => Found::Event(PyBytes::new(py, event)),
                Item::Cut { length, .. } => Found::TooLong(length),
                Item::Broken(problem) => Found::Broken(problem.to_owned()),
                // Nothing of these is an event.
                Item::Hole(_) | Item::Ended { .. } => return Ok(()),
            });
            Ok(())
        })?;
        Ok(found)
    }
}
