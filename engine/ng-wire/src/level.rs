//! Severity, ordered from the least to the most severe.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Severity of an event. The order of the variants is the order of comparison: `Warn < Error`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
pub enum Level {
    /// Finest detail.
    Trace,
    /// Detail for developers.
    Debug,
    /// Routine; also given to events that state no level.
    #[default]
    Info,
    /// Normal but significant.
    Notice,
    /// Something may go wrong.
    Warn,
    /// Something went wrong.
    Error,
    /// The service cannot go on (syslog crit, alert, emerg).
    Fatal,
}

impl Level {
    /// Every level, least severe first.
    pub const ALL: [Level; 7] =
        [Level::Trace, Level::Debug, Level::Info, Level::Notice, Level::Warn, Level::Error, Level::Fatal];

    /// The lower-case name used in filters, files and frames.
    pub fn name(self) -> &'static str {
        match self {
            Level::Trace => "trace",
            Level::Debug => "debug",
            Level::Info => "info",
            Level::Notice => "notice",
            Level::Warn => "warn",
            Level::Error => "error",
            Level::Fatal => "fatal",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The text names no level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseLevelError;

impl FromStr for Level {
    type Err = ParseLevelError;

    /// Accepts the spellings found in logs (`WARNING`, `err`, `crit`, `emerg`, `I`, …), in any case.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const SPELLINGS: [(&str, Level); 22] = [
            ("info", Level::Info),
            ("warn", Level::Warn),
            ("warning", Level::Warn),
            ("error", Level::Error),
            ("err", Level::Error),
            ("debug", Level::Debug),
            ("dbg", Level::Debug),
            ("notice", Level::Notice),
            ("trace", Level::Trace),
            ("fatal", Level::Fatal),
            ("critical", Level::Fatal),
            ("crit", Level::Fatal),
            ("alert", Level::Fatal),
            ("emerg", Level::Fatal),
            ("emergency", Level::Fatal),
            ("panic", Level::Fatal),
            ("severe", Level::Error),
            ("failure", Level::Error),
            ("information", Level::Info),
            ("informational", Level::Info),
            ("verbose", Level::Debug),
            ("fine", Level::Debug),
        ];
        SPELLINGS
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(text))
            .map(|(_, level)| *level)
            .ok_or(ParseLevelError)
    }
}
