//! Records in a compact form, for links that are thin and readers that are many.
//!
//! Names (topics, sources, encoders, rules) are places in a dictionary that grows as the connection goes on; what has its
//! usual value is left out; keys have one letter.

use crate::{Finding, Format, Level, Outcome, Scoring, Unit};
use serde::{Deserialize, Serialize};

/// Records in the order of `seq`, and the names that they are the first to use.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Packed {
    /// Place of the first of `names` in the dictionary; 0 begins a new one.
    pub names_from: u32,
    /// Names that the dictionary gains.
    pub names: Vec<String>,
    /// The records.
    pub records: Vec<PackedRecord>,
}

/// One record.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PackedRecord {
    /// Position in the stream.
    #[serde(rename = "s")]
    pub seq: u64,
    /// Time of arrival, nanoseconds since 1970, UTC.
    #[serde(rename = "r")]
    pub received_ns: i64,
    /// Nanoseconds from the arrival to the event's own time; negative when it happened before it arrived.
    #[serde(rename = "t", default, skip_serializing_if = "is_default")]
    pub time_offset_ns: i64,
    /// Name of the topic.
    #[serde(rename = "k")]
    pub kind: u32,
    /// Name of the source.
    #[serde(rename = "c")]
    pub source: u32,
    /// Severity.
    #[serde(rename = "l", default, skip_serializing_if = "is_default")]
    pub level: Level,
    /// How the reading is read.
    #[serde(rename = "f", default, skip_serializing_if = "is_default")]
    pub format: Format,
    /// Name of the declared format by which a text is read; absent when none reads it.
    #[serde(rename = "n", default, skip_serializing_if = "is_default")]
    pub declared: Option<u32>,
    /// The reading as it arrived.
    #[serde(rename = "d", with = "serde_bytes")]
    #[cfg_attr(feature = "schema", schemars(with = "Vec<u8>"))]
    pub raw: Vec<u8>,
    /// The measured value; absent also when it is not finite.
    #[serde(rename = "v", default, skip_serializing_if = "is_default")]
    pub value: Option<f64>,
    /// Unit of the value.
    #[serde(rename = "u", default, skip_serializing_if = "is_default")]
    pub unit: Unit,
    /// Guardian's conclusion; absent = admitted without objection.
    #[serde(rename = "g", default, skip_serializing_if = "is_default")]
    pub verdict: Option<PackedVerdict>,
    /// Novelty and anomaly; absent = not scored because the event was rejected or is the engine's own.
    #[serde(rename = "x", default, skip_serializing_if = "is_default")]
    pub detection: Option<PackedDetection>,
}

/// Guardian's conclusion.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PackedVerdict {
    /// Flagged or rejected.
    #[serde(rename = "o")]
    pub outcome: Outcome,
    /// Name of the deciding rule.
    #[serde(rename = "r")]
    pub rule: u32,
    /// Name of the part of it that objected.
    #[serde(rename = "c")]
    pub clause: u32,
    /// Names of all rules that objected.
    #[serde(rename = "a")]
    pub objections: Vec<u32>,
    /// What was found.
    #[serde(rename = "f")]
    pub observed: f64,
    /// What is allowed.
    #[serde(rename = "l")]
    pub limit: f64,
}

/// Novelty and anomaly.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PackedDetection {
    /// Whether the numbers mean something.
    #[serde(rename = "s")]
    pub state: Scoring,
    /// Name of the encoder.
    #[serde(rename = "e", default, skip_serializing_if = "is_default")]
    pub encoder: Option<u32>,
    /// First of its kind.
    #[serde(rename = "n", default, skip_serializing_if = "is_default")]
    pub is_novel: bool,
    /// Raised an alert.
    #[serde(rename = "a", default, skip_serializing_if = "is_default")]
    pub is_alert: bool,
    /// Novelty.
    #[serde(rename = "y", default, skip_serializing_if = "is_default")]
    pub novelty: f32,
    /// How unusual the event is by itself: the sum of its channels.
    #[serde(rename = "w", default, skip_serializing_if = "is_default")]
    pub event_surprise: f32,
    /// How unusual the stream is.
    #[serde(rename = "u", default, skip_serializing_if = "is_default")]
    pub surprise: f32,
    /// Strength of the alert layer.
    #[serde(rename = "g", default, skip_serializing_if = "is_default")]
    pub strength: f32,
    /// Shares of the encoder's channels; only when the client asked for vectors.
    #[serde(rename = "c", default, skip_serializing_if = "is_default")]
    pub channels: Option<[f32; 4]>,
    /// The eight features; only when the client asked for vectors.
    #[serde(rename = "v", default, skip_serializing_if = "is_default")]
    pub vector: Option<[f32; 8]>,
    /// Pattern.
    #[serde(rename = "p", default, skip_serializing_if = "is_default")]
    pub pattern: Option<u32>,
    /// The nearest remembered event: how far before this one.
    #[serde(rename = "b", default, skip_serializing_if = "is_default")]
    pub nearest_back: Option<u64>,
    /// What the values of a metric, or of a field that is far out, usually were.
    #[serde(rename = "q", default, skip_serializing_if = "is_default")]
    pub usual: Option<[f64; 2]>,
    /// The field that says most.
    #[serde(rename = "d", default, skip_serializing_if = "is_default")]
    pub field: Option<PackedField>,
    /// The share of late and before, of what is more frequent.
    #[serde(rename = "h", default, skip_serializing_if = "is_default")]
    pub shares: Option<[f32; 2]>,
}

/// The field that says most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PackedField {
    /// Its place among the fields of the reading.
    #[serde(rename = "p")]
    pub place: u16,
    /// What is unusual about it.
    #[serde(rename = "f")]
    pub finding: Finding,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
