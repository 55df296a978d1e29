//! Functions without an engine.

use crate::errors::{PyFault, engine_errors, fault, filter_error};
use ng_filter::{Env, Filter, fields};
use ng_model::zone::Zone;
use ng_node::config::{self, Config, FormatFile, Layer};
use pyo3::prelude::*;
use std::collections::BTreeMap;
use std::path::Path;

/// The text on one line, safe for a terminal: controls are replaced by visible forms, never deleted.
#[pyfunction]
#[pyo3(signature = (text, max_bytes = 8192))]
pub(crate) fn safe_text(text: &str, max_bytes: usize) -> String {
    ng_model::safe_text::safe_text(text.as_bytes(), max_bytes).into_owned()
}

/// Built for development: with the checks of debug builds, and not optimised across crates.
#[pyfunction]
pub(crate) fn is_development_build() -> bool {
    cfg!(debug_assertions)
}

/// Compiles a filter and returns its canonical form. Raises FilterError(column, message).
#[pyfunction]
pub(crate) fn check_filter(text: &str, saved: BTreeMap<String, String>) -> PyResult<String> {
    let env = Env { saved, ..Env::default() };
    Filter::compile(text, &env).map(|filter| filter.canonical()).map_err(|error| filter_error(&error))
}

/// What a filter that is not refused hardly means: (column, message); None when nothing is odd.
#[pyfunction]
pub(crate) fn filter_hint(text: &str) -> Option<(usize, String)> {
    ng_filter::hint(text).map(|hint| (hint.column, hint.message))
}

/// The fields of the filter language: (name, summary, example).
#[pyfunction]
pub(crate) fn filter_fields() -> Vec<(&'static str, &'static str, &'static str)> {
    fields().map(|field| (field.name, field.summary, field.example)).collect()
}

/// A layer as it comes from Python: `("file", name, text, table)`, `("value", name, path, text)` or
/// `("format", path, text, "")`.
pub(crate) type PyLayer = (String, String, String, String);

/// Merges layers. Returns JSON: {path: [value, origin]}. Raises EngineError with every fault.
#[pyfunction]
pub(crate) fn resolve_config(layers: Vec<PyLayer>) -> PyResult<Vec<u8>> {
    Ok(values(&resolve(layers)?))
}

/// Merges what of the layers is good. Returns JSON as `resolve_config`, and the faults as `EngineError` has them.
#[pyfunction]
pub(crate) fn examine_config(layers: Vec<PyLayer>) -> (Vec<u8>, Vec<PyFault>) {
    let (config, faults) = Config::examine(&read(layers));
    (values(&config), faults.iter().map(fault).collect())
}

/// What of a configuration is valid and can never do anything: (code, place, what). Raises EngineError.
#[pyfunction]
pub(crate) fn config_warnings(layers: Vec<PyLayer>) -> PyResult<Vec<(&'static str, String, String)>> {
    let config = resolve(layers)?;
    let found = ng_node::warnings(&config, &config.env(0, Zone::UTC)).map_err(|error| engine_errors(&[error]))?;
    Ok(found.into_iter().map(|warning| (warning.code, warning.place, warning.what)).collect())
}

/// The configuration behind layers.
pub(crate) fn resolve(layers: Vec<PyLayer>) -> PyResult<Config> {
    Config::resolve(&read(layers)).map_err(|errors| engine_errors(&errors))
}

fn read(layers: Vec<PyLayer>) -> Vec<Layer> {
    let layer = |(kind, name, first, second): PyLayer| match kind.as_str() {
        "file" => Layer::File { name, text: first, table: second },
        "format" => Layer::Format(FormatFile { path: name, text: first }),
        _ => Layer::Value { name, path: first, text: second },
    };
    layers.into_iter().map(layer).collect()
}

fn values(config: &Config) -> Vec<u8> {
    let entries: BTreeMap<&str, _> =
        config.entries().map(|(path, value, origin)| (path, (value, origin.to_string()))).collect();
    serde_json::to_vec(&entries).expect("settings are valid JSON")
}

/// A configuration file with every key as a comment.
#[pyfunction]
pub(crate) fn config_template() -> String {
    config::template()
}

/// Every setting as Markdown tables.
#[pyfunction]
pub(crate) fn config_reference() -> String {
    config::reference()
}

/// The process that holds a state directory, if one does.
#[pyfunction]
pub(crate) fn lock_owner(folder: &str) -> Option<u32> {
    ng_node::lock_owner(Path::new(folder))
}
