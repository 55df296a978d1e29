//! What the screen of patterns shows: how often each occurs, and what stands around one of them.

use crate::Level;
use serde::{Deserialize, Serialize};

/// How often one pattern occurred since a place in the stream. Texts have passed the sanitiser.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PatternCount {
    /// Source of its events.
    pub source: String,
    /// Its number; it means something together with the source only.
    pub pattern: u32,
    /// Events.
    pub count: u64,
    /// The first of its kind is among them.
    pub is_new: bool,
    /// Of them, those that raised an alert.
    pub alerts: u64,
    /// The most severe level among them.
    pub worst: Level,
    /// `seq` of the first of them.
    pub first_seq: u64,
    /// `seq` of the latest.
    pub last_seq: u64,
    /// Arrival of the latest, nanoseconds since 1970, UTC.
    pub last_ns: i64,
    /// Events in each of the latest spans of `TallyView::span_s` seconds, oldest first; the last span is under way.
    pub recent: Vec<u32>,
    /// The message of the latest event, one line; empty when it has left the ring.
    pub text: String,
}

/// The patterns of the stream since a place in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TallyView {
    /// Events are counted from this `seq` on.
    pub from_seq: u64,
    /// Events from this `seq` on have not been counted yet.
    pub next_seq: u64,
    /// Events of text and JSON that were counted.
    pub events: u64,
    /// Of them, those that raised an alert.
    pub alerts: u64,
    /// Patterns that occurred.
    pub patterns: u64,
    /// Of them, new ones.
    pub new_patterns: u64,
    /// Events of patterns beyond those that are kept apart.
    pub left_out: u64,
    /// Records that left the ring before they were counted.
    pub missed: u64,
    /// Length of the spans of `PatternCount::recent`, seconds.
    pub span_s: u32,
    /// New patterns first, then by their number of events; not all when there are very many.
    pub rows: Vec<PatternCount>,
}

/// A pattern that follows or precedes another in their source.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PatternLink {
    /// The other pattern.
    pub pattern: u32,
    /// Its text; absent when it was forgotten. Not sanitised.
    pub template: Option<String>,
    /// How often, halved from time to time.
    pub count: u32,
    /// Share of all that follow, or of all that precede, in [0, 1].
    pub share: f64,
    /// Mean time between the two, seconds.
    pub mean_delay_s: f64,
}

/// Everything that the engine knows of one pattern. Texts are not sanitised.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PatternView {
    /// Its number; never given twice in one run of the engine.
    pub pattern: u32,
    /// Source of its events.
    pub source: String,
    /// What its events have in common, such as `Receiving block * src: * dest: *`.
    pub template: String,
    /// The first event, at most 512 bytes of it.
    pub example: String,
    /// Events so far.
    pub count: u64,
    /// Events per second, averaged over about a minute, at the time of the latest event.
    pub rate: f64,
    /// `seq` of the first event.
    pub first_seq: u64,
    /// Time of the first event, nanoseconds since 1970, UTC.
    pub first_ns: i64,
    /// `seq` of the latest event.
    pub last_seq: u64,
    /// Latest time of an event, nanoseconds since 1970, UTC.
    pub last_ns: i64,
    /// What follows it, most frequent first, at most 8.
    pub successors: Vec<PatternLink>,
    /// What precedes it, most frequent first, at most 8.
    pub predecessors: Vec<PatternLink>,
}
