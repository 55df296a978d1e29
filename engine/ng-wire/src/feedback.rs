//! Feedback: what operators said of events, and what it changed at the alert threshold of their patterns and streams.

use serde::{Deserialize, Serialize};

/// What an operator says of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Feedback {
    /// It was worth telling: its like alerts earlier.
    Ack,
    /// It raised an alert and was not worth it: its like alerts later.
    FalseAlarm,
}

/// Feedback that was given and not undone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Judgement {
    /// Its number; never given twice.
    pub number: u64,
    /// Number of the first judgement on the same subject, also when that one was undone.
    pub first: u64,
    /// When, nanoseconds since 1970, UTC.
    pub time_ns: i64,
    /// Who.
    pub actor: String,
    /// The event.
    pub seq: u64,
    /// Source of the event.
    pub source: String,
    /// The pattern of the event as it read then: a template, a set of keys, or the name of a stream; at most 4096 bytes.
    /// Not sanitised.
    pub subject: String,
    /// What was said.
    pub verdict: Feedback,
    /// Strength of the event.
    pub strength: f64,
    /// `alert_threshold` when it was given.
    pub alert_threshold: f64,
    /// What was added to the `alert_threshold` for the subject before it.
    pub before: f64,
    /// What is added after it.
    pub after: f64,
}

/// All judgements, as they are kept.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Judgements {
    /// How many were ever given; the number of the latest.
    pub given: u64,
    /// Those not undone, oldest first.
    pub kept: Vec<Judgement>,
}

/// A pattern or stream whose threshold feedback has moved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FeedbackSubject {
    /// Its source.
    pub source: String,
    /// How it read at the latest judgement. Not sanitised.
    pub subject: String,
    /// Its pattern in this run of the engine; absent until one that reads like it is seen.
    pub pattern: Option<u32>,
    /// What is added to the `alert_threshold` for it, −0.6 to 8.4; 0 when judgements cancel out.
    pub offset: f64,
    /// Number of the latest judgement on it.
    pub latest: u64,
}

/// Feedback as it is shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FeedbackView {
    /// The `alert_threshold` that the offsets are added to.
    pub alert_threshold: f64,
    /// What was judged, the first first.
    pub subjects: Vec<FeedbackSubject>,
    /// Judgements that were not undone, newest first, at most 256.
    pub judgements: Vec<Judgement>,
}
