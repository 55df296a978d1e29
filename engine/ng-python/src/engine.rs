//! A running engine and its subscriptions.

use crate::clock::now_ns;
use crate::errors::{engine_errors, filter_error, untimely, wire_error};
use crate::functions::resolve;
use crate::history::refused;
use crate::ring::Ring;
use crate::source::Source;
use ng_core::convert;
use ng_core::route::Wanted;
use ng_filter::{Env, Filter};
use ng_model::event::Parsed;
use ng_node::history::{Keeper, Records, Wanted as WantedPage};
use ng_node::{Delivered, Node, NodeOptions, StateAccess};
use ng_wire::{Frame, Request};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// An engine in this process.
#[pyclass(module = "ng_tui._engine", frozen)]
pub(crate) struct Engine {
    node: Mutex<Node>,
    ring: Ring,
    records: Records,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[pymethods]
impl Engine {
    /// Starts the engine; its sensors wait for `start_sensors`. `layers` as for `resolve_config`. `zone` is the name of the
    /// zone of times that state none, or its POSIX rules; empty is that of this process. Of an engine that `keeps`, the events
    /// stay on disk. Raises EngineError.
    #[new]
    fn new(
        py: Python<'_>,
        layers: Vec<(String, String, String, String)>,
        state_dir: PathBuf,
        own_state: bool,
        zone: &str,
        keeps: bool,
    ) -> PyResult<Self> {
        // The screen belongs to the console: what fails is told by events, views and notices.
        ng_model::supervise::tell_panics(|_| {});
        let config = resolve(layers)?;
        let access = if own_state { StateAccess::Own } else { StateAccess::ReadOnly };
        let zone = crate::zone::zone(zone)?;
        let keeper = keeps.then_some(Keeper::Console);
        let options = NodeOptions { state_dir, access, zone: zone.clone(), keeper };
        let node = py.detach(|| Node::open(&config, &options)).map_err(|error| engine_errors(&[error]))?;
        let ring = Ring::of(&node, zone, config.texts("filters"));
        let records = node.records();
        Ok(Engine { node: Mutex::new(node), ring, records })
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

    /// A page of the records in the ring and on disk: MessagePack of Page. Raises FilterError, EngineError.
    fn page<'py>(
        &self,
        py: Python<'py>,
        filter: &str,
        from_seq: Option<u64>,
        newest_first: bool,
        limit: usize,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let filter = Filter::compile(filter, &self.ring.env()).map_err(|error| filter_error(&error))?;
        let wanted = WantedPage { filter, from_seq, limit, now_ns: now_ns() };
        let page = py.detach(|| match newest_first {
            true => self.records.backward(&wanted),
            false => self.records.forward(&wanted),
        });
        Ok(PyBytes::new(py, &rmp_serde::to_vec_named(&page.map_err(refused)?).map_err(wire_error)?))
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
            let (mut inner, timeout) = (lock(&self.inner), Duration::from_millis(timeout_ms));
            match form {
                "msgpack" => {
                    inner.read(max, timeout).map(|frames| rmp_serde::to_vec_named(&frames).map_err(wire_error))
                }
                "records" => record_lines(&mut inner, max, timeout),
                "raw" => raw_lines(&mut inner, max, timeout).map(Ok),
                _ => inner.read(max, timeout).map(|frames| json_lines(&frames)),
            }
            .transpose()
        });
        Ok(read?.map(|bytes| PyBytes::new(py, &bytes)))
    }
}

fn json_lines(frames: &[Frame]) -> PyResult<Vec<u8>> {
    let mut out = Vec::new();
    for frame in frames {
        serde_json::to_writer(&mut out, frame).map_err(wire_error)?;
        out.push(b'\n');
    }
    Ok(out)
}

fn record_lines(subscription: &mut ng_node::Subscription, max: usize, timeout: Duration) -> Option<PyResult<Vec<u8>>> {
    let (mut out, mut parsed, mut result) = (Vec::new(), Parsed::default(), Ok(()));
    let goes_on = subscription.visit(max, timeout, |delivered| {
        let written = match delivered {
            Delivered::Record(stored) => serde_json::to_writer(&mut out, &convert::record(stored, &mut parsed)),
            Delivered::Gap(gap) => serde_json::to_writer(&mut out, &Frame::Gap(gap)),
        };
        out.push(b'\n');
        if result.is_ok() {
            result = written;
        }
    });
    goes_on.then(|| result.map(|()| out).map_err(wire_error))
}

fn raw_lines(subscription: &mut ng_node::Subscription, max: usize, timeout: Duration) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let goes_on = subscription.visit(max, timeout, |delivered| {
        if let Delivered::Record(stored) = delivered {
            out.extend_from_slice(stored.raw);
            out.push(b'\n');
        }
    });
    goes_on.then_some(out)
}

impl Ring {
    /// What filters are compiled against now.
    pub(crate) fn env(&self) -> Env {
        Env { saved: self.saved.clone(), now_ns: crate::clock::now_ns(), zone: self.zone.clone() }
    }
}
