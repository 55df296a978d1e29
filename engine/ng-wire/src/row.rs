//! What the tail widget needs of the ring: rows and the state of a view.

use crate::{Level, Outcome, Scoring};
use serde::{Deserialize, Serialize};

/// One line of the tail. Texts have passed the sanitiser.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Row {
    /// Position in the stream.
    pub seq: u64,
    /// Time of the event, nanoseconds since 1970, UTC.
    pub time_ns: i64,
    /// Severity.
    pub level: Level,
    /// Dotted topic.
    #[serde(rename = "type")]
    pub kind: String,
    /// Source.
    pub source: String,
    /// Guardian's conclusion.
    pub outcome: Outcome,
    /// Whether the two numbers below mean something.
    pub state: Scoring,
    /// Novelty; 0 when not scored.
    pub novelty: f32,
    /// Anomaly score in [0, 1); 0 when not scored.
    pub anomaly: f32,
    /// First of its kind.
    pub is_novel: bool,
    /// Raised an alert.
    pub is_alert: bool,
    /// Pattern, when it has one.
    pub pattern: Option<u32>,
    /// Number of records missing at this place; set on gap rows only.
    pub gap: Option<u64>,
    /// The message on one line.
    pub text: String,
    /// Lines of the event behind its first.
    #[serde(default)]
    pub more_lines: u32,
}

/// Counters over a set of records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Totals {
    /// Records.
    pub records: u64,
    /// Of level warn.
    pub warnings: u64,
    /// Of level error or worse.
    pub errors: u64,
    /// First of their kind, in streams that have learnt.
    pub novel: u64,
    /// Of streams that still learn.
    #[serde(default)]
    pub learning: u64,
    /// That raised an alert.
    pub alerts: u64,
    /// Flagged by Guardian.
    pub flagged: u64,
    /// Rejected by Guardian.
    pub rejected: u64,
}

/// The state of a view after it caught up as far as its budget allowed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ViewState {
    /// `seq` of the oldest record in the ring.
    pub first_seq: u64,
    /// `seq` that the next record will get.
    pub next_seq: u64,
    /// Records that were in the ring, and left it from its old end.
    pub earlier: u64,
    /// Samples that left the ring before older records did.
    pub thinned: u64,
    /// Records that ever were in the ring.
    pub recorded: u64,
    /// Records of the ring below this `seq` have not been examined yet; equal to `first_seq` when none are left.
    pub scanned_from: u64,
    /// Records from this `seq` on have not been examined yet; equal to `next_seq` when the view is up to date.
    pub scanned_to: u64,
    /// Records of the view that are still in the ring, as far as examined; the valid indices are `0..matched`.
    pub matched: u64,
    /// Records of the view that have left the ring; added to an index it gives a number that does not shift once all
    /// older records have been examined.
    pub pruned: u64,
    /// Counters over every record that the view ever matched, those that left the ring included. Records that nobody
    /// examined are not in them.
    pub totals: Totals,
}
