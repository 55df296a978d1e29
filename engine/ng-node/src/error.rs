//! Errors a person reads: a stable code, what happened, where, and what to do.

use std::fmt;

/// Something the person can act on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeError {
    /// Stable code, the same in every language: NG-2xxx configuration, NG-3xxx engine, NG-5xxx files.
    pub code: &'static str,
    /// What happened.
    pub what: String,
    /// File, line and column, or path; empty when there is no place.
    pub place: String,
    /// What to do; empty when there is nothing to suggest.
    pub hint: String,
    /// Exit code of the command.
    pub exit: i32,
}

/// Exit code of a configuration that was refused (EX_CONFIG).
pub(crate) const EXIT_CONFIG: i32 = 78;
/// Exit code when another process holds the state directory (EX_TEMPFAIL).
pub(crate) const EXIT_BUSY: i32 = 75;
/// Exit code of other failures.
pub(crate) const EXIT_FAILURE: i32 = 1;

impl NodeError {
    /// A refused configuration.
    pub fn config(code: &'static str, place: impl Into<String>, what: impl Into<String>) -> Self {
        NodeError { code, what: what.into(), place: place.into(), hint: String::new(), exit: EXIT_CONFIG }
    }

    /// Any other failure.
    pub fn failure(code: &'static str, place: impl Into<String>, what: impl Into<String>) -> Self {
        NodeError { exit: EXIT_FAILURE, ..Self::config(code, place, what) }
    }

    /// The same error with a hint.
    pub fn hint(self, hint: impl Into<String>) -> Self {
        NodeError { hint: hint.into(), ..self }
    }
}

impl fmt::Display for NodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let colon = if self.place.is_empty() { "" } else { ": " };
        write!(f, "{} {}{colon}{}", self.code, self.place, self.what)
    }
}

impl std::error::Error for NodeError {}
