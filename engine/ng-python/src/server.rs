//! An engine with its server in this process.

use crate::errors::engine_errors;
use crate::functions::{PyLayer, resolve};
use ng_server::{Server as Inner, ServerOptions};
use pyo3::prelude::*;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

/// A running engine with its server.
#[pyclass(module = "ng_tui._engine", frozen)]
pub(crate) struct Server {
    inner: Mutex<Inner>,
}

#[pymethods]
impl Server {
    /// Starts engine, sensors and server. `layers` as for `resolve_config`, `zone` as for `Engine`. Raises EngineError.
    #[new]
    fn new(py: Python<'_>, layers: Vec<PyLayer>, state_dir: PathBuf, zone: &str) -> PyResult<Self> {
        ng_server::supervise::tell_panics_as_lines();
        let config = resolve(layers)?;
        config.check_is_served().map_err(|error| engine_errors(&[error]))?;
        let options = ServerOptions { state_dir, zone: crate::zone::zone(zone)? };
        let inner = py.detach(|| Inner::start(&config, &options)).map_err(|error| engine_errors(&[error]))?;
        Ok(Server { inner: Mutex::new(inner) })
    }

    /// Raises EngineError when a server would refuse this configuration; starts nothing.
    #[staticmethod]
    fn check(layers: Vec<PyLayer>) -> PyResult<()> {
        let config = resolve(layers)?;
        config.check_is_served().and_then(|()| Inner::check(&config)).map_err(|error| engine_errors(&[error]))
    }

    /// What is to be told to the person who starts it, one line each: the addresses, and what was made at the first start.
    fn narration(&self) -> Vec<String> {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let first = inner.first_password().map(|password| {
            format!("first start: the user admin has the password {password}, which is shown only now")
        });
        inner.urls().iter().map(|url| format!("serving {url}")).chain(first).collect()
    }

    /// Lines about sources that are not read, each once.
    fn news(&self) -> Vec<String> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).news()
    }

    /// The engine has ended by itself, because it failed.
    fn has_failed(&self) -> bool {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).has_failed()
    }

    /// Closes every connection, with 1012 when it is only for a restart, and stops the engine.
    fn stop(&self, py: Python<'_>, restart: bool) {
        py.detach(|| self.inner.lock().unwrap_or_else(PoisonError::into_inner).stop(restart));
    }
}

/// The path of the Unix socket that the setting `server.socket` stands for; None when there is to be none.
#[pyfunction]
pub(crate) fn socket_path(setting: &str) -> Option<String> {
    ng_server::settings::socket_path(setting).map(|path| path.display().to_string())
}
