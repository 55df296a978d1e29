//! History on disk without an engine: how much there is, whether it can be read, its events, and less of it.

use crate::clock::now_ns;
use crate::errors::{engine_errors, filter_error, wire_error};
use crate::functions::{PyLayer, resolve};
use ng_core::convert;
use ng_filter::{Env, Filter};
use ng_model::event::Parsed;
use ng_model::record::StoredRecord;
use ng_node::NodeError;
use ng_node::history::{Budget, Error, Keeper, Keeping, Order, Past};
use ng_wire::Page;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use serde_json::json;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// The history that a configuration names.
#[pyclass(module = "ng_tui._engine", frozen)]
pub(crate) struct History {
    keeping: Keeping,
    past: Mutex<Past>,
    env: Env,
}

#[pymethods]
impl History {
    /// That of an engine that serves, or of a `console` with an engine of its own. `layers` as for `resolve_config`, `zone` as for
    /// `Engine`. A folder that is not there is an empty history. Raises EngineError.
    #[new]
    fn new(layers: Vec<PyLayer>, state_dir: &str, console: bool, zone: &str) -> PyResult<Self> {
        let config = resolve(layers)?;
        let keeper = if console { Keeper::Console } else { Keeper::Server };
        let keeping = Keeping::place(&config, Path::new(state_dir), keeper);
        let past = Mutex::new(Past::open(&keeping.folder).map_err(refused)?);
        let env = Env { saved: config.texts("filters"), now_ns: now_ns(), zone: crate::zone::zone(zone)? };
        Ok(History { keeping, past, env })
    }

    /// What there is. Returns JSON. Raises EngineError.
    fn info(&self, py: Python<'_>) -> PyResult<Vec<u8>> {
        let info = self.ask(py, Past::info)?;
        let health = info.health;
        let told = json!({
            "folder": self.keeping.folder.display().to_string(),
            "events": info.events, "files": info.files, "bytes": info.bytes,
            "first_seq": info.seqs.map(|seqs| seqs[0]), "last_seq": info.seqs.map(|seqs| seqs[1]),
            "since_ns": info.times_ns.map(|times| times[0]), "until_ns": info.times_ns.map(|times| times[1]),
            "unreadable": {
                "events": health.set_aside_events, "rows": health.set_aside_rows, "files": health.set_aside_files,
                "names": health.set_aside_names,
            },
        });
        Ok(told.to_string().into_bytes())
    }

    /// Reads all of it. Returns what cannot be read, in words; None when all can. Raises EngineError.
    fn verify(&self, py: Python<'_>) -> PyResult<Option<String>> {
        let health = self.ask(py, |past| past.check(&|| false))?;
        Ok((!health.is_good()).then(|| health.to_string()))
    }

    /// The next events that pass, oldest first, from this `seq` on: MessagePack of Page. Its `next_seq` is where to go on; None when
    /// there are no more. Raises FilterError, EngineError.
    fn page<'py>(&self, py: Python<'py>, filter: &str, from_seq: u64, limit: usize) -> PyResult<Bound<'py, PyBytes>> {
        let filter = Filter::compile(filter, &self.env).map_err(|error| filter_error(&error))?;
        let page = self.ask(py, |past| {
            let (mut records, mut parsed) = (Vec::new(), Parsed::default());
            let mut show = |stored: &StoredRecord<'_>| {
                records.push(convert::record(stored, &mut parsed).into_owned());
                ControlFlow::Continue(())
            };
            let budget = Budget { events: limit, ..Budget::none() };
            let found = past.scan(&filter, self.env.now_ns, from_seq..u64::MAX, Order::Oldest, budget, &mut show)?;
            let first_seq = past.first_seq()?.unwrap_or(0);
            Ok(Page {
                records,
                first_seq,
                next_seq: found.next,
                more: found.next.is_some(),
                gaps: Vec::new(),
                unreadable: past.health().set_aside_events,
            })
        })?;
        Ok(PyBytes::new(py, &rmp_serde::to_vec_named(&page).map_err(wire_error)?))
    }

    /// Takes away the oldest files beyond these limits, else those of the configuration: (name, bytes) of each. Nobody else may be
    /// writing there. Raises EngineError.
    fn prune(&self, py: Python<'_>, bytes: Option<u64>, days: Option<u32>) -> PyResult<Vec<(String, u64)>> {
        let removed = py.detach(|| self.keeping.prune(bytes, days)).map_err(refused)?;
        Ok(removed.into_iter().map(|file| (file.name, file.bytes)).collect())
    }
}

impl History {
    fn ask<R: Send>(&self, py: Python<'_>, ask: impl FnOnce(&mut Past) -> Result<R, Error> + Send) -> PyResult<R> {
        py.detach(|| ask(&mut self.past.lock().unwrap_or_else(PoisonError::into_inner))).map_err(refused)
    }
}

/// The error of history as Python knows it.
pub(crate) fn refused(error: Error) -> PyErr {
    let exit = if matches!(error, Error::Busy { .. }) { 75 } else { 1 };
    engine_errors(&[NodeError { exit, ..NodeError::failure("NG-5401", "", error.to_string()) }])
}
