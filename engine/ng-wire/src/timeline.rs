//! How many events came over time, for a small chart.

use serde::{Deserialize, Serialize};

/// Events counted over time, in bins of equal length one after another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Timeline {
    /// Beginning of the first bin, which has the first event, nanoseconds since 1970, UTC.
    pub start_ns: i64,
    /// Length of a bin, nanoseconds; at least a second.
    pub bin_ns: i64,
    /// Events of each bin, 16 at most; the last bin has the latest event.
    pub counts: Vec<u32>,
}
