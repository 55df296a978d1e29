//! A record: one reading with everything the engine concluded about it.

use crate::Level;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// How the raw bytes of an event are to be read. Parsing raw bytes again with the same format gives the same event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
pub enum Format {
    /// A line of text, perhaps with a timestamp, a level, and logfmt fields.
    #[default]
    Text,
    /// One JSON object.
    Json,
    /// One measured value: `name=value` with an optional unit.
    Metric,
    /// Eight numbers: `name=[a,b,c,d,e,f,g,h]`.
    Vector,
    /// One journald entry as JSON.
    Journal,
    /// An event of the engine itself, as JSON: `{"type":…,"level":…,"message":…,…}`.
    Note,
}

impl Format {
    /// Every format, in the order of their numbers.
    pub const ALL: [Format; 6] =
        [Format::Text, Format::Json, Format::Metric, Format::Vector, Format::Journal, Format::Note];
}

/// Unit of a measured value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Unit {
    /// A bare number.
    #[default]
    None,
    /// Per cent, 0 to 100.
    Percent,
    /// Bytes.
    Bytes,
    /// Bytes per second.
    BytesPerSecond,
    /// Occurrences per second.
    PerSecond,
    /// Seconds; durations of every notation are converted to seconds.
    Seconds,
    /// A number of things.
    Count,
    /// Degrees Celsius.
    Celsius,
}

impl Unit {
    /// Every unit, in the order of their numbers.
    pub const ALL: [Unit; 8] = [
        Unit::None,
        Unit::Percent,
        Unit::Bytes,
        Unit::BytesPerSecond,
        Unit::PerSecond,
        Unit::Seconds,
        Unit::Count,
        Unit::Celsius,
    ];
}

/// What Guardian concluded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
pub enum Outcome {
    /// No rule objected, or Guardian was not asked (the engine's own events).
    #[default]
    Admit,
    /// A rule in mode observe objected; the event went on.
    Flag,
    /// A rule in mode enforce objected; the event was recorded but neither scored nor delivered.
    Reject,
}

impl Outcome {
    /// Every outcome, in the order of their numbers.
    pub const ALL: [Outcome; 3] = [Outcome::Admit, Outcome::Flag, Outcome::Reject];
}

/// What a rule does when it objects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
pub enum Mode {
    /// The event is flagged and goes on.
    #[default]
    Observe,
    /// The event is rejected.
    Enforce,
}

impl Mode {
    /// As it stands in settings and sentences.
    pub fn name(self) -> &'static str {
        match self {
            Mode::Observe => "observe",
            Mode::Enforce => "enforce",
        }
    }
}

/// The objection that decided a verdict.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Hit {
    /// Name of the rule, such as `size_limit`.
    pub rule: String,
    /// The part of the rule that objected, such as `limit`.
    pub clause: String,
    /// What was found.
    pub observed: f64,
    /// What is allowed.
    pub limit: f64,
}

/// Guardian's conclusion about one event.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Verdict {
    /// Admitted, flagged or rejected.
    pub outcome: Outcome,
    /// The deciding objection; absent when admitted.
    pub hit: Option<Hit>,
    /// Names of all rules that objected, in the order of evaluation.
    pub objections: Vec<String>,
}

/// Whether and how an event was scored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
pub enum Scoring {
    /// Not scored because the event was rejected or belongs to the engine itself.
    #[default]
    Unscored,
    /// The module `intuition_engine` is switched off.
    Skipped,
    /// The reading could not be encoded (for example a value that is not finite).
    Unencoded,
    /// Scored while the stream is still in its warm-up; never raises an alert.
    Learning,
    /// Scored.
    Scored,
}

impl Scoring {
    /// Every state, in the order of their numbers.
    pub const ALL: [Scoring; 5] =
        [Scoring::Unscored, Scoring::Skipped, Scoring::Unencoded, Scoring::Learning, Scoring::Scored];
}

/// One named feature of the vector.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Feature {
    /// Name given by the encoder.
    pub name: Cow<'static, str>,
    /// Value of the dimension.
    pub value: f32,
}

/// One channel's share of the surprise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ScoreChannel {
    /// Name of the channel, such as `level` or `template rarity`.
    pub name: Cow<'static, str>,
    /// Its tail surprise at this event; the shares add up to `event_surprise`.
    pub share: f32,
}

/// What is unusual about the field of an event that says most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Finding {
    /// The field seldom has this value.
    #[default]
    Rare,
    /// It never had this value.
    New,
    /// It has this value more often of late.
    MoreOften,
    /// Its number is far from the usual ones.
    FarOut,
}

impl Finding {
    /// Every finding, in the order of their numbers.
    pub const ALL: [Finding; 4] = [Finding::Rare, Finding::New, Finding::MoreOften, Finding::FarOut];
}

/// How new and how anomalous an event is. Numbers are absent when the event was not scored.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Detection {
    /// Whether the numbers below exist, and why not.
    pub state: Scoring,
    /// The encoder that made the vector; absent for an event without one.
    pub encoder: Option<Cow<'static, str>>,
    /// The eight named features; empty for an event without a vector.
    pub features: Vec<Feature>,
    /// Tail surprise of the distance to the nearest remembered vectors; 3.0 = farther than anything seen.
    pub novelty: Option<f32>,
    /// The template was never matched before (text, JSON), or novelty ≥ the threshold after warm-up (numeric, vector).
    pub is_novel: bool,
    /// Sum of the channels: how unusual the event is by itself.
    #[serde(default)]
    pub event_surprise: Option<f32>,
    /// The same with what is left of the events before: how unusual the stream is.
    pub surprise: Option<f32>,
    /// `1 − 10^(−event_surprise/4)`, in [0, 1).
    pub anomaly_score: Option<f32>,
    /// Strength of the alert layer; 0 when the event is no local maximum.
    pub strength: Option<f32>,
    /// The strength reached the alert threshold after warm-up.
    pub is_alert: bool,
    /// What each channel says of this event.
    pub channels: Vec<ScoreChannel>,
    /// What is unusual about it, in words; empty when not scored.
    pub why: String,
    /// Path of the field that says most, as in `attrs`; absent when something else does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// What is unusual about that field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finding: Option<Finding>,
    /// What the values of a metric usually were when it came, from the lowest hundredth to the highest; of what rises by
    /// nature, from the value before on. Where a field is far out, what its numbers usually were.
    #[serde(default)]
    pub usual: Option<[f64; 2]>,
    /// The share of late and the share before, 0 to 1, of what is more frequent: the value of `field`, or the level where
    /// there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shares: Option<[f32; 2]>,
    /// `seq` of the nearest remembered event.
    pub nearest: Option<u64>,
    /// The pattern (template, shape or numeric stream) it belongs to.
    pub pattern: Option<u32>,
}

/// One event with the engine's conclusions.
// Its texts may be those of the engine, so that it is written down without copies.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Record"))]
pub struct BorrowedRecord<'a> {
    /// Position in the stream; strictly rising, without holes.
    pub seq: u64,
    /// Time of the event by its own statement, else of its arrival. Nanoseconds since 1970, UTC.
    pub time_ns: i64,
    /// Time of arrival. Nanoseconds since 1970, UTC.
    pub received_ns: i64,
    /// Dotted topic, such as `log.text` or `metric.cpu.total`.
    #[serde(rename = "type")]
    pub kind: Cow<'a, str>,
    /// Name of the sensor's source, such as `stdin` or `file:/var/log/syslog`.
    pub source: Cow<'a, str>,
    /// Severity.
    pub level: Level,
    /// How `raw` is read.
    pub format: Format,
    /// Name of the declared format by which a text is read; absent when none reads it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declared: Option<Cow<'a, str>>,
    /// The message as text; invalid UTF-8 is replaced.
    pub text: Cow<'a, str>,
    /// The reading as it arrived, when it is valid UTF-8 and differs from `text`.
    pub raw: Option<Cow<'a, str>>,
    /// The reading as it arrived in base64, when it is not valid UTF-8.
    pub raw_base64: Option<String>,
    /// The measured value, in the base unit of `unit`.
    pub value: Option<f64>,
    /// Unit of `value`.
    pub unit: Unit,
    /// Fields found in the reading.
    pub attrs: BTreeMap<Cow<'a, str>, Cow<'a, str>>,
    /// Guardian's conclusion.
    pub verdict: Verdict,
    /// Novelty and anomaly.
    pub detection: Detection,
}

/// One event that has its texts to itself.
pub type Record = BorrowedRecord<'static>;

impl BorrowedRecord<'_> {
    /// The same with copies of the texts.
    pub fn into_owned(self) -> Record {
        fn owned(text: Cow<'_, str>) -> Cow<'static, str> {
            Cow::Owned(text.into_owned())
        }
        Record {
            kind: owned(self.kind),
            source: owned(self.source),
            declared: self.declared.map(owned),
            text: owned(self.text),
            raw: self.raw.map(owned),
            attrs: self.attrs.into_iter().map(|(key, value)| (owned(key), owned(value))).collect(),
            raw_base64: self.raw_base64,
            seq: self.seq,
            time_ns: self.time_ns,
            received_ns: self.received_ns,
            level: self.level,
            format: self.format,
            value: self.value,
            unit: self.unit,
            verdict: self.verdict,
            detection: self.detection,
        }
    }
}

/// One of the nearest records in the ring.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Neighbour {
    /// Position of the neighbour.
    pub seq: u64,
    /// Euclidean distance, each dimension scaled by its standard deviation among the scanned records.
    pub distance: f32,
    /// `exp(−distance²/2)`, 1 = identical.
    pub similarity: f32,
    /// The neighbour's message, safe to display.
    pub text: String,
}

/// One rule's answer about one event, for the explain view.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RuleStep {
    /// Name of the rule.
    pub rule: String,
    /// It objected.
    pub objected: bool,
    /// It decided the verdict.
    pub decided: bool,
}

/// Everything the detail pane shows of one record. Texts are safe to display.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RecordDetail {
    /// The record; `text`, `raw` and `attrs` have passed the sanitiser.
    pub record: Record,
    /// The template or stream name of its pattern; absent when it has none or the pattern was forgotten.
    pub template: Option<String>,
    /// Nearest records in the ring with the same encoder, nearest first.
    pub neighbours: Vec<Neighbour>,
    /// The rules in their order of evaluation; empty when Guardian was not asked.
    pub rules: Vec<RuleStep>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_all_follow_the_numbers_of_their_types() {
        assert!(Level::ALL.iter().enumerate().all(|(index, item)| *item as usize == index));
        assert!(Format::ALL.iter().enumerate().all(|(index, item)| *item as usize == index));
        assert!(Unit::ALL.iter().enumerate().all(|(index, item)| *item as usize == index));
        assert!(Outcome::ALL.iter().enumerate().all(|(index, item)| *item as usize == index));
        assert!(Scoring::ALL.iter().enumerate().all(|(index, item)| *item as usize == index));
        assert!(Finding::ALL.iter().enumerate().all(|(index, item)| *item as usize == index));
    }
}
