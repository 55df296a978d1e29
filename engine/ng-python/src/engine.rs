//! A running engine and its subscriptions.

use crate::errors::{engine_errors, filter_error, untimely, wire_error};
use crate::functions::resolve;
use crate::ring::Ring;
use crate::source::Source;
use ng_core::convert;
use ng_core::route::Wanted;
use ng_filter::{Env, Filter};
use ng_node::{Node, NodeOptions, StateAccess};
use ng_wire::{Frame, Request};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use std::io::Write;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// An engine in this process.
#[pyclass(module = "ng_tui._engine", frozen)]
pub(crate) struct Engine {
    node: Mutex<Node>,
    ring: Ring,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[pymethods]
impl Engine {
    /// Starts the engine; its sensors wait for `start_sensors`. `layers` as for `resolve_config`. `zone` is the name of the
    /// zone of times that state none, or its POSIX rules; empty is that of this process. Raises EngineError.
    #[new]
    fn new(
        py: Python<'_>,
        layers: Vec<(String, String, String, String)>,
        state_dir: PathBuf,
        own_state: bool,
        zone: &str,
    ) -> PyResult<Self> {
        // The screen belongs to the console: what fails is told by events, views and notices.
        ng_model::supervise::tell_panics(|_| {});
        let config = resolve(layers)?;
        let access = if own_state { StateAccess::Own } else { StateAccess::ReadOnly };
        let zone = crate::zone::zone(zone)?;
        let options = NodeOptions { state_dir, access, zone: zone.clone(), continues: false };
        let node = py.detach(|| Node::open(&config, &options)).map_err(|error| engine_errors(&[error]))?;
        let ring = Ring::of(&node, zone, config.texts("filters"));
        Ok(Engine { node: Mutex::new(node), ring })
    }

    /// Starts the sensors.
    fn start_sensors(&self) {
        lock(&self.node).start_sensors();
    }

    /// A way in for readings of this program under a name; before `start_sensors`. Raises RuntimeError after it.
    fn source(&self, name: &str) -> PyResult<Source> {
        let ingest = lock(&self.node).ingest();
        ingest.map(|ingest| Source::announce(&ingest, name)).ok_or_else(|| untimely("the sensors run already"))
    }

    /// The ring of this engine.
    fn ring(&self) -> Ring {
        self.ring.clone()
    }

    /// Waits for frames at most `timeout_ms` and returns all that are there: MessagePack, a list of Frame.
    fn frames<'py>(&self, py: Python<'py>, timeout_ms: u64) -> PyResult<Bound<'py, PyBytes>> {
        let packed = py.detach(|| {
            let frames = lock(&self.node).handle().frames(Duration::from_millis(timeout_ms));
            rmp_serde::to_vec_named(&frames)
        });
        Ok(PyBytes::new(py, &packed.map_err(wire_error)?))
    }

    /// Sends a command: MessagePack, a Request. Its answer is a frame.
    fn send(&self, py: Python<'_>, request: &[u8]) -> PyResult<()> {
        let request: Request = rmp_serde::from_slice(request).map_err(wire_error)?;
        py.detach(|| lock(&self.node).handle().send(request)).map_err(|_| wire_error("the engine has stopped"))
    }

    /// Subscribes to the records that pass `filter`, rejected ones included, from the next one on. Raises FilterError.
    fn subscribe(&self, py: Python<'_>, filter: &str, lossless: bool) -> PyResult<Subscription> {
        let filter = Filter::compile(filter, &self.ring.env()).map_err(|error| filter_error(&error))?;
        let subscription =
            py.detach(|| lock(&self.node).subscribe(Wanted { filter, lossless, rejected: true, ..Wanted::default() }));
        Ok(Subscription { inner: Mutex::new(subscription.map_err(|error| engine_errors(&[error]))?) })
    }

    /// Stops sensors and engine; may be called twice.
    fn stop(&self, py: Python<'_>) {
        py.detach(|| lock(&self.node).stop());
    }
}

/// A stream of records.
#[pyclass(module = "ng_tui._engine", frozen)]
pub(crate) struct Subscription {
    inner: Mutex<ng_node::Subscription>,
}

#[pymethods]
impl Subscription {
    /// Waits at most `timeout_ms`; returns up to `max` records, or None when nothing will come any more.
    ///
    /// `form`: "msgpack" (a list of Frame), "frames" (a JSON line for each frame), "records" (a JSON line for each
    /// record, gaps as `{"gap":…}`), "raw" (the bytes of each reading and a line end).
    fn read<'py>(
        &self,
        py: Python<'py>,
        max: usize,
        timeout_ms: u64,
        form: &str,
    ) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let read = py.detach(|| {
            let frames = lock(&self.inner).read(max, Duration::from_millis(timeout_ms));
            frames.map(|frames| encode(&frames, form)).transpose()
        });
        Ok(read?.map(|bytes| PyBytes::new(py, &bytes)))
    }
}

fn encode(frames: &[Frame], form: &str) -> PyResult<Vec<u8>> {
    if form == "msgpack" {
        return rmp_serde::to_vec_named(frames).map_err(wire_error);
    }
    let mut out = Vec::new();
    for frame in frames {
        match (form, frame) {
            ("records", Frame::Records(records)) => {
                for record in records {
                    serde_json::to_writer(&mut out, record).map_err(wire_error)?;
                    out.push(b'\n');
                }
            }
            ("raw", Frame::Records(records)) => {
                for record in records {
                    out.extend_from_slice(&convert::raw_bytes(record));
                    out.push(b'\n');
                }
            }
            ("raw", _) => {}
            _ => {
                serde_json::to_writer(&mut out, frame).map_err(wire_error)?;
                out.write_all(b"\n").map_err(wire_error)?;
            }
        }
    }
    Ok(out)
}

impl Ring {
    /// What filters are compiled against now.
    pub(crate) fn env(&self) -> Env {
        Env { saved: self.saved.clone(), now_ns: crate::clock::now_ns(), zone: self.zone.clone() }
    }
}
