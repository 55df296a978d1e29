//! The one map from engine errors to Python exceptions.

use ng_filter::FilterError as Filter;
use ng_node::NodeError;
use pyo3::create_exception;
use pyo3::exceptions::{PyException, PyRuntimeError};
use pyo3::prelude::*;

create_exception!(_engine, EngineError, PyException, "args: a list of (code, what, place, hint, exit code).");
create_exception!(_engine, FilterError, PyException, "args: column (characters, from 1), message.");

/// An error of the assembler: code, what, place, hint, exit code.
pub(crate) type PyFault = (String, String, String, String, i32);

/// One or more errors of the assembler.
pub(crate) fn engine_errors(errors: &[NodeError]) -> PyErr {
    EngineError::new_err((errors.iter().map(fault).collect::<Vec<_>>(),))
}

/// An error as it crosses the border.
pub(crate) fn fault(error: &NodeError) -> PyFault {
    (error.code.to_owned(), error.what.clone(), error.place.clone(), error.hint.clone(), error.exit)
}

/// A refused filter.
pub(crate) fn filter_error(error: &Filter) -> PyErr {
    FilterError::new_err((error.column, error.message.clone()))
}

/// A message that could not be encoded or decoded: the two sides do not speak the same wire.
pub(crate) fn wire_error(error: impl std::fmt::Display) -> PyErr {
    PyRuntimeError::new_err(format!("wire: {error}"))
}

/// What was asked for comes too early or too late.
pub(crate) fn untimely(what: &str) -> PyErr {
    PyRuntimeError::new_err(what.to_owned())
}
