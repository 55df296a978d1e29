//! History on disk without an engine: how much there is, whether it can be read, and less of it.

use crate::errors::engine_errors;
use crate::functions::{PyLayer, resolve};
use ng_node::NodeError;
use ng_node::history::{Error, Keeping, Past};
use pyo3::prelude::*;
use serde_json::json;
use std::path::Path;

/// What there is of the history that a configuration names. Returns JSON. Raises EngineError.
#[pyfunction]
pub(crate) fn history_info(py: Python<'_>, layers: Vec<PyLayer>, state_dir: &str) -> PyResult<Vec<u8>> {
    let keeping = keeping(layers, state_dir)?;
    let info = py.detach(|| Past::open(&keeping.folder).and_then(|mut past| past.info())).map_err(refused)?;
    let health = info.health;
    let told = json!({
        "folder": keeping.folder.display().to_string(), "events": info.events, "files": info.files, "bytes": info.bytes,
        "first_seq": info.seqs.map(|seqs| seqs[0]), "last_seq": info.seqs.map(|seqs| seqs[1]),
        "since_ns": info.times_ns.map(|times| times[0]), "until_ns": info.times_ns.map(|times| times[1]),
        "unreadable": {
            "events": health.set_aside_events, "rows": health.set_aside_rows, "files": health.set_aside_files,
            "names": health.set_aside_names,
        },
    });
    Ok(told.to_string().into_bytes())
}

/// Reads all of the history that a configuration names. Returns what cannot be read, in words; None when all can. Raises
/// EngineError.
#[pyfunction]
pub(crate) fn history_verify(py: Python<'_>, layers: Vec<PyLayer>, state_dir: &str) -> PyResult<Option<String>> {
    let keeping = keeping(layers, state_dir)?;
    let health = py.detach(|| Past::open(&keeping.folder).and_then(|mut past| past.check(&|| false)));
    let health = health.map_err(refused)?;
    Ok((!health.is_good()).then(|| health.to_string()))
}

/// Takes away the oldest files beyond these limits, else those of the configuration: (name, bytes) of each. Nobody else may be
/// writing there. Raises EngineError.
#[pyfunction]
pub(crate) fn history_prune(
    py: Python<'_>,
    layers: Vec<PyLayer>,
    state_dir: &str,
    bytes: Option<u64>,
    days: Option<u32>,
) -> PyResult<Vec<(String, u64)>> {
    let keeping = keeping(layers, state_dir)?;
    let removed = py.detach(|| keeping.prune(bytes, days)).map_err(refused)?;
    Ok(removed.into_iter().map(|file| (file.name, file.bytes)).collect())
}

fn keeping(layers: Vec<PyLayer>, state_dir: &str) -> PyResult<Keeping> {
    Ok(Keeping::place(&resolve(layers)?, Path::new(state_dir)))
}

fn refused(error: Error) -> PyErr {
    let exit = if matches!(error, Error::Busy { .. }) { 75 } else { 1 };
    engine_errors(&[NodeError { exit, ..NodeError::failure("NG-5401", "", error.to_string()) }])
}
