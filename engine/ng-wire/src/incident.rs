//! Incidents: what is unusual at about the same time, as one entry; and silences, which hold back what is known already.

use crate::{Level, Timeline};
use serde::{Deserialize, Serialize};

/// What a symptom is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum SymptomKind {
    /// An event that alerts.
    Anomaly,
    /// An event that alerts, is an error or worse, and the first of its pattern.
    NewError,
    /// A source fell silent.
    Silence,
    /// A source brought unusually many or few events.
    Rate,
    /// A session, such as a request, went unlike the others.
    Session,
    /// What happens regularly did not happen.
    Overdue,
}

/// Symptoms of one kind, source and pattern within an incident.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Symptom {
    /// What it is.
    pub kind: SymptomKind,
    /// Source of the events; of what is said of a source, that source.
    pub source: String,
    /// Pattern of the events; absent for what is said of a source.
    pub pattern: Option<u32>,
    /// The most severe of the events.
    pub level: Level,
    /// How many.
    pub count: u64,
    /// The first of them.
    pub first_seq: u64,
    /// The latest of them.
    pub last_seq: u64,
    /// Time of the first, nanoseconds since 1970, UTC.
    pub first_ns: i64,
    /// Time of the latest, nanoseconds since 1970, UTC.
    pub last_ns: i64,
    /// The largest strength of them.
    pub strength: f32,
    /// The message of the strongest, at most 256 bytes. Not sanitised.
    pub text: String,
    /// Why it is unusual, in words; empty where the message says it.
    pub why: String,
}

/// What is unusual at about the same time, in all sources.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct IncidentView {
    /// Its number. It may be given again after the engine was killed, as what it learnt in the last minutes is lost.
    pub number: u64,
    /// Time of its first symptom, nanoseconds since 1970, UTC.
    pub started_ns: i64,
    /// Time of its latest symptom, nanoseconds since 1970, UTC.
    pub last_ns: i64,
    /// It has ended, for nothing came any more; otherwise it goes on.
    pub is_over: bool,
    /// How often it came: more than 1 when it began again with the same lead soon after its end.
    pub times: u32,
    /// Events in all.
    pub count: u64,
    /// Sources of the symptoms that are kept.
    pub sources: u32,
    /// The symptom that it is named by: the strongest of the earliest; its place among the symptoms.
    pub lead: u32,
    /// In the order in which they came; those beyond the bound are left out.
    pub symptoms: Vec<Symptom>,
    /// Symptoms, or events of such as were left out, that are not shown.
    pub left_out: u64,
    /// When its events came, also those of earlier times; absent of an engine that does not tell.
    #[serde(default)]
    pub timeline: Option<Timeline>,
}

/// What is held back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum SilenceSubject {
    /// What is said of the events of a pattern. Those unlike anything remembered are told all the same.
    Pattern {
        /// Its source.
        source: String,
        /// How it read when it was silenced; at most 4096 bytes. Not sanitised.
        text: String,
        /// The level of its events; absent where those of any level belong to it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        level: Option<Level>,
    },
    /// What an alert rule says.
    Rule {
        /// Its name.
        rule: String,
    },
    /// What is said of the events that pass a filter.
    Filter {
        /// The filter.
        filter: String,
    },
}

/// What a client asks to be held back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum SilenceTarget {
    /// The pattern of an event.
    Event {
        /// The event; in memory, or the first or the latest of a symptom of an incident.
        seq: u64,
    },
    /// An alert rule.
    Rule {
        /// Its name.
        rule: String,
    },
    /// The events that pass a filter.
    Filter {
        /// The filter.
        filter: String,
    },
}

/// A silence, as it is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Silence {
    /// Its number; never given twice.
    pub number: u64,
    /// What is held back.
    pub subject: SilenceSubject,
    /// When it began, nanoseconds since 1970, UTC.
    pub since_ns: i64,
    /// When it ends, nanoseconds since 1970, UTC.
    pub until_ns: i64,
    /// Who asked for it.
    pub actor: String,
    /// Why; may be empty.
    pub reason: String,
}

/// All silences, as they are kept.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Silences {
    /// How many were ever asked for; the number of the latest.
    pub given: u64,
    /// Those that have not ended, oldest first.
    pub kept: Vec<Silence>,
}

/// A silence and what it did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SilenceView {
    /// The silence.
    pub silence: Silence,
    /// The pattern that it holds for; absent until one that reads like it is met, and for other subjects.
    pub pattern: Option<u32>,
    /// Events that it held back since the start, whether anything would have been said of them or not; of a rule, what it said.
    pub held_back: u64,
    /// Events of a silenced pattern that were told all the same, for they were unlike the rest.
    pub told: u64,
}

/// What a person is to look at.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct IncidentsView {
    /// Those that go on, and the latest of those that are over; the latest first.
    pub incidents: Vec<IncidentView>,
    /// Incidents told since the start.
    pub told: u64,
    /// Silences that hold, oldest first.
    pub silences: Vec<SilenceView>,
}
