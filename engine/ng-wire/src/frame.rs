//! Frames: what the engine tells its clients.

use crate::{
    AlertView, ConstitutionView, FeedbackView, GuardianView, IncidentsView, Level, MetricsView, ModuleView, Packed,
    Record, Welcome,
};
use serde::{Deserialize, Serialize};

/// Why records are missing from a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum GapReason {
    /// The reader was too slow and its queue was full.
    SlowConsumer,
    /// The records left the ring before they were read.
    Retention,
    /// A limit on the rate left them out.
    RateLimited,
    /// They could not be read back.
    Corrupt,
    /// The source lost them before the engine saw them.
    SourceLost,
}

/// A hole in a stream; nothing is missing without one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Gap {
    /// First missing `seq`.
    pub from_seq: u64,
    /// First `seq` after the hole.
    pub to_seq: u64,
    /// Missing records of the subscription; at most `to_seq - from_seq`.
    pub count: u64,
    /// Why.
    pub reason: GapReason,
}

/// A part of the records that an engine holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Page {
    /// The records, in the order that was asked for.
    pub records: Vec<Record>,
    /// `seq` of the oldest record that is held, in the ring or on disk.
    pub first_seq: u64,
    /// `from_seq` of the page that follows; null when there is nothing older.
    pub next_seq: Option<u64>,
    /// Records that have not been looked at may follow.
    pub more: bool,
    /// Numbers that were asked for and whose records are gone. With a filter, only those that were in memory.
    pub gaps: Vec<Gap>,
    /// Events on disk that cannot be read and are left out, as far as they were met by anybody.
    #[serde(default)]
    pub unreadable: u64,
}

/// A message for the person at the console.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Notice {
    /// When, nanoseconds since 1970, UTC.
    pub time_ns: i64,
    /// Severity.
    pub level: Level,
    /// The alert rule or part of the engine that speaks.
    pub origin: String,
    /// What it says; not sanitised.
    pub text: String,
}

/// How an action ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum ActionStatus {
    /// It was performed.
    Completed,
    /// It could not be performed; the error says why.
    Failed,
}

/// An action of an alert rule that was performed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ActionDone {
    /// When it was begun, nanoseconds since 1970, UTC.
    pub time_ns: i64,
    /// Name of the alert rule.
    pub rule: String,
    /// The action, such as `notify`.
    pub action: String,
    /// How it ended.
    pub status: ActionStatus,
    /// Why it failed; absent when it was performed.
    pub error: Option<String>,
    /// Time it took, microseconds.
    pub took_us: f64,
    /// `seq` of the latest event that the rule matched; absent when it fired without one.
    pub about: Option<u64>,
}

/// Stable codes of what was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ErrorCode {
    /// The message is not valid JSON or MessagePack.
    BadJson,
    /// The message names something that does not exist, or a value is out of its range.
    BadRequest,
    /// The message is of no known type.
    UnknownType,
    /// A subscription names no known channel.
    UnknownChannel,
    /// The role does not allow it.
    Forbidden,
    /// Too many messages.
    RateLimited,
    /// The message is longer than the limit.
    TooLarge,
    /// The engine is not ready (a recording is shown, it is stopping, or it is behind).
    NotReady,
    /// The state of the engine does not allow it, such as switching off a module that cannot be.
    Conflict,
    /// The engine could not keep its promise, for example the state could not be written.
    Internal,
}

/// One message to a client.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Frame {
    /// The first frame of a connection.
    Hello(Welcome),
    /// Records, in the order of `seq`.
    Records(Vec<Record>),
    /// The same in the compact form.
    Packed(Packed),
    /// A hole between records.
    Gap(Gap),
    /// All modules; once a second and after every change.
    Modules(Vec<ModuleView>),
    /// Guardian; once a second and after every change.
    Guardian(GuardianView),
    /// The constitution; once a second and after every change.
    Constitution(ConstitutionView),
    /// Feedback; after every change, and once a minute.
    Feedback(FeedbackView),
    /// Throughput, latency, queues, sources; once a second.
    Metrics(MetricsView),
    /// All alert rules; once a second and after every change.
    Alerts(Vec<AlertView>),
    /// Incidents and silences; after every change, and once a minute.
    Incidents(IncidentsView),
    /// A message for the person.
    Notice(Notice),
    /// What an alert rule did.
    Action(ActionDone),
    /// The command was carried out.
    Result {
        /// The command's number.
        id: u64,
        /// What it came to, as the event of the command tells it. Not sanitised.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<String>,
    },
    /// The command was refused.
    Error {
        /// The command's number.
        id: u64,
        /// Stable code.
        code: ErrorCode,
        /// What was wrong and what was expected.
        message: String,
    },
}
