//! Declared formats: which there are, what is wrong with a file, and what reads the lines of a log.

use crate::functions::{PyLayer, resolve};
use ng_node::config::{FormatFile, Formats, Layer, Report};
use ng_reading::source_reader::{Limits, SourceReader};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

/// The layers of a folder `formats`, and what is wrong with files that cannot be read: (code, place, what).
#[pyfunction]
pub(crate) fn format_layers(folder: PathBuf) -> (Vec<PyLayer>, Vec<(&'static str, String, String)>) {
    let (layers, errors) = Layer::formats_in(&folder);
    let layer = |layer| match layer {
        Layer::Format(file) => Some(("format".to_owned(), file.path, file.text, String::new())),
        _ => None,
    };
    let error = |error: ng_node::NodeError| (error.code, error.place, error.what);
    (layers.into_iter().filter_map(layer).collect(), errors.into_iter().map(error).collect())
}

/// What is wrong with the formats of a configuration: (code, place, what). Raises EngineError.
#[pyfunction]
pub(crate) fn format_faults(layers: Vec<PyLayer>) -> PyResult<Vec<(&'static str, String, String)>> {
    let (_, errors) = resolve(layers)?.formats();
    Ok(errors.into_iter().map(|error| (error.code, error.place, error.what)).collect())
}

/// The formats of a configuration, in the order in which they are tried: (name, title, url, path, text). The path is empty
/// where a format is built in. Raises EngineError.
#[pyfunction]
#[expect(clippy::type_complexity, reason = "a row for Python, which names its columns itself")]
pub(crate) fn list_formats(
    layers: Vec<PyLayer>,
) -> PyResult<Vec<(&'static str, &'static str, &'static str, &'static str, &'static str)>> {
    let (formats, _) = resolve(layers)?.formats();
    Ok(formats.iter().map(|format| (format.name, format.title, format.url, format.path, format.text)).collect())
}

/// Checks the file of a format with its samples. Returns their number, and what is wrong: (place, what).
#[pyfunction]
pub(crate) fn check_format(path: String, text: String) -> (usize, Vec<(String, String)>) {
    let (formats, faults) = Formats::with(&[FormatFile { path: path.clone(), text }]);
    let samples = formats.iter().find(|format| format.path == path).map_or(0, |format| format.samples());
    (samples, faults.into_iter().map(|fault| (fault.place, fault.what)).collect())
}

/// What reads the lines of a log.
#[pyclass(module = "ng_tui._engine", frozen)]
pub(crate) struct FormatReport(Mutex<Work>);

struct Work {
    report: Report,
    reader: SourceReader,
}

/// Longest line that is looked at as a whole.
const LONGEST: usize = 1 << 20;

#[pymethods]
impl FormatReport {
    /// A report over the formats of a configuration. Raises EngineError.
    #[new]
    fn new(layers: Vec<PyLayer>) -> PyResult<Self> {
        let (formats, _) = resolve(layers)?.formats();
        let now_ns = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos() as i64);
        let limits = Limits { line_bytes: LONGEST, joined: false, ..Limits::default() };
        let (report, reader) = (Report::new(formats, now_ns), SourceReader::new(limits));
        Ok(FormatReport(Mutex::new(Work { report, reader })))
    }

    /// Takes the next bytes of the log, packed or not. Raises ValueError where they cannot be read.
    fn feed(&self, data: &[u8]) -> PyResult<()> {
        let Work { report, reader } = &mut *self.work();
        reader.feed(data, &mut |item| report.take(item)).map_err(PyValueError::new_err)
    }

    /// Takes the last line, and returns the shares, the largest first, (name, is declared, lines, with a time, with a
    /// level), and the first line that is nothing but text, with its number. Raises ValueError where the end is missing.
    #[expect(clippy::type_complexity, reason = "rows for Python, which names their columns itself")]
    fn finish(&self) -> PyResult<(Vec<(&'static str, bool, u64, u64, u64)>, Option<(u64, Vec<u8>)>)> {
        let Work { report, reader } = &mut *self.work();
        reader.finish(&mut |item| report.take(item)).map_err(PyValueError::new_err)?;
        let row =
            |share: ng_node::config::Share| (share.name, share.is_declared, share.lines, share.times, share.levels);
        let first = report.first_unread().map(|(number, line)| (number, line.to_vec()));
        Ok((report.shares().into_iter().map(row).collect(), first))
    }
}

impl FormatReport {
    fn work(&self) -> MutexGuard<'_, Work> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
