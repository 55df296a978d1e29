//! Views: what the screens show of modules, Guardian, throughput, sources and alert rules. Absent = not measured.

use crate::{Level, Mode, Setting, SettingValue, Timeline, Unit};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The state of a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum ModuleStatus {
    /// On.
    Active,
    /// Switched off.
    Disabled,
    /// On, and its last error is less than a minute old.
    Error,
}

/// The latest error of something.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LastError {
    /// When, nanoseconds since 1970, UTC.
    pub time_ns: i64,
    /// What happened; not sanitised.
    pub text: String,
}

/// A named number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Gauge {
    /// Name, such as `patterns` or `cpu.total`.
    pub name: String,
    /// The value now.
    pub value: f64,
    /// Unit of the value.
    pub unit: Unit,
}

/// One module of the engine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ModuleView {
    /// Stable id, such as `intuition_engine`.
    pub id: String,
    /// The field's term for it, such as "outlier detection".
    pub term: String,
    /// One sentence: what it does.
    pub summary: String,
    /// On, off, or in error.
    pub status: ModuleStatus,
    /// The flag.
    pub enabled: bool,
    /// It may be switched off.
    pub can_disable: bool,
    /// What stops when it is switched off; empty when nothing depends on it.
    pub disable_warning: String,
    /// Modules that use its results.
    pub dependents: Vec<String>,
    /// Operations since the start.
    pub operations: u64,
    /// Operations per second over the last second.
    pub rate: f64,
    /// Errors since the start.
    pub errors: u64,
    /// Median of the sampled latencies of the last minute, microseconds.
    pub p50_us: Option<f64>,
    /// 95th percentile, microseconds.
    pub p95_us: Option<f64>,
    /// 99th percentile, microseconds.
    pub p99_us: Option<f64>,
    /// The latest error.
    pub last_error: Option<LastError>,
    /// What the module counts besides.
    pub gauges: Vec<Gauge>,
    /// Description of its settings.
    pub settings: Vec<Setting>,
    /// Their values now.
    pub values: BTreeMap<String, SettingValue>,
}

/// The latest event that a rule objected to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Offender {
    /// The event.
    pub seq: u64,
    /// Its arrival, nanoseconds since 1970, UTC.
    pub time_ns: i64,
    /// Its source.
    pub source: String,
    /// The part of the rule that objected.
    pub clause: String,
    /// What was found.
    pub observed: f64,
    /// What is allowed.
    pub limit: f64,
}

/// One rule of the constitution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RuleView {
    /// Name, such as `size_limit`.
    pub name: String,
    /// One sentence: what it objects to.
    pub summary: String,
    /// What happens when it objects.
    pub mode: Mode,
    /// Its limits in words, such as `limit 65536 B`.
    pub terms: String,
    /// Objections since the start.
    pub hits: u64,
    /// Objections that rejected the event.
    pub rejects: u64,
    /// The latest event it objected to.
    pub last: Option<Offender>,
}

/// Guardian as a whole.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct GuardianView {
    /// Events checked since the start.
    pub checked: u64,
    /// Of these admitted without objection.
    pub admitted: u64,
    /// Of these flagged.
    pub flagged: u64,
    /// Of these rejected.
    pub rejected: u64,
    /// The rules in their order of evaluation.
    pub rules: Vec<RuleView>,
}

/// Latency of one stage of the pipeline, from sampled events of the last minute.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StageView {
    /// `encode`, `guard`, `patterns`, `links`, `detect`, `route`, `act`, `record` or `total`.
    pub name: String,
    /// Sampled events behind the numbers.
    pub samples: u64,
    /// Median, microseconds.
    pub p50_us: Option<f64>,
    /// 95th percentile, microseconds.
    pub p95_us: Option<f64>,
    /// 99th percentile, microseconds.
    pub p99_us: Option<f64>,
}

/// A bounded queue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct QueueView {
    /// Which queue.
    pub name: String,
    /// Items waiting.
    pub len: u64,
    /// Most items that may wait.
    pub capacity: u64,
    /// Items dropped since the start.
    pub dropped: u64,
}

/// The ring of recent records.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RingView {
    /// Most records held, samples not counted: of those half as many are held besides.
    pub capacity: u64,
    /// Records held that are no samples; None of an engine that does not tell them apart.
    #[serde(default)]
    pub records: Option<u64>,
    /// Samples held: measured values of which nothing was concluded.
    #[serde(default)]
    pub samples: u64,
    /// Records that left the ring from its old end.
    #[serde(default)]
    pub earlier: u64,
    /// Samples that left the ring before older records did.
    #[serde(default)]
    pub thinned: u64,
    /// `seq` of the oldest record held.
    pub first_seq: u64,
    /// `seq` of the next record; also the number of records ever made.
    pub next_seq: u64,
    /// Time of the oldest record held, or of one that left the ring shortly before; nanoseconds since 1970, UTC. None in an
    /// empty ring.
    #[serde(default)]
    pub since_ns: Option<i64>,
    /// Memory used by the records.
    pub bytes: u64,
}

/// History on disk.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct HistoryView {
    /// Why nothing is written at present; None while it is.
    #[serde(default)]
    pub trouble: Option<String>,
    /// Events on disk.
    pub events: u64,
    /// Bytes on disk.
    pub bytes: u64,
    /// Day files.
    pub files: u64,
    /// When the oldest of them arrived, nanoseconds since 1970, UTC; None while there is none, or that is not known yet.
    #[serde(default)]
    pub since_ns: Option<i64>,
    /// `seq` of the last event that is on disk; None before the first.
    #[serde(default)]
    pub durable_seq: Option<u64>,
    /// Events that are in memory alone so far.
    pub behind: u64,
    /// Events that left memory before they could be written, since the start.
    pub lost: u64,
    /// Events on disk that cannot be read.
    pub unreadable: u64,
    /// Median time of a commit in the last minute, milliseconds; None without one.
    #[serde(default)]
    pub commit_p50_ms: Option<f64>,
    /// The same, 99th percentile.
    #[serde(default)]
    pub commit_p99_ms: Option<f64>,
}

/// One source of readings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SourceView {
    /// Name, such as `host` or `file:/var/log/syslog`.
    pub name: String,
    /// Its sensor, such as `files`.
    pub sensor: String,
    /// It is read.
    pub enabled: bool,
    /// It has ended (end of standard input, a child that exited).
    pub ended: bool,
    /// Readings since the start.
    pub readings: u64,
    /// Readings per second over the last second.
    pub rate: f64,
    /// Readings lost before the engine, since the start.
    pub lost: u64,
    /// Readings refused because the module `gateway` was off.
    pub refused: u64,
    /// The latest success, nanoseconds since 1970, UTC.
    pub last_ok_ns: Option<i64>,
    /// The latest error.
    pub last_error: Option<LastError>,
    /// It has been quiet for longer than it should be.
    pub stale: bool,
    /// Why it is not read at present, though it should be.
    pub trouble: Option<Trouble>,
    /// The row stands for so many sources, with the sums of what they counted: those that ended and were forgotten, or those
    /// for which the view has no room. Absent in the row of one source.
    pub stands_for: Option<u64>,
}

/// Why a source is not read, for as long as that is so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Trouble {
    /// What would have to change.
    pub kind: TroubleKind,
    /// Since when, nanoseconds since 1970, UTC.
    pub since_ns: i64,
    /// What is wrong, with the path or the place in the source code.
    pub reason: String,
}

/// What would have to change before a source is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum TroubleKind {
    /// It is not there yet.
    Waiting,
    /// It is there, and cannot be read as it is.
    Unreadable,
    /// Its sensor failed, and is started again by itself.
    Failed,
}

/// One subscription.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SubscriptionView {
    /// Its number.
    pub id: u64,
    /// Its filter; empty = everything.
    pub filter: String,
    /// Records delivered to its queue since the start.
    pub delivered: u64,
    /// Records dropped because the queue was full.
    pub dropped: u64,
    /// Records waiting.
    pub len: u64,
    /// Most records that may wait.
    pub capacity: u64,
}

/// Throughput, latency, queues and sources.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MetricsView {
    /// When the view was taken, nanoseconds since 1970, UTC.
    pub time_ns: i64,
    /// Seconds since the engine started.
    pub uptime_s: f64,
    /// Records per second over the last second.
    pub events_per_s: f64,
    /// Novel records over the last minute.
    pub novel_per_min: f64,
    /// Records of streams that still learn, over the last minute.
    #[serde(default)]
    pub learning_per_min: f64,
    /// Rejected records over the last minute.
    pub rejected_per_min: f64,
    /// Alerts over the last minute.
    pub alerts_per_min: f64,
    /// Everything dropped, lost or refused anywhere since the start.
    pub dropped: u64,
    /// The ring.
    pub ring: RingView,
    /// History on disk; None where none is kept.
    #[serde(default)]
    pub history: Option<HistoryView>,
    /// Stages of the pipeline.
    pub stages: Vec<StageView>,
    /// Bounded queues.
    pub queues: Vec<QueueView>,
    /// Sources.
    pub sources: Vec<SourceView>,
    /// Subscriptions.
    pub subscriptions: Vec<SubscriptionView>,
    /// The latest value of every host metric, and the series the console charts.
    pub gauges: Vec<Gauge>,
}

/// The state of an alert rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum AlertState {
    /// The condition does not hold.
    #[default]
    Inactive,
    /// The condition holds, but not yet for long enough.
    Pending,
    /// The condition has held for long enough.
    Firing,
    /// The condition held and no longer does; becomes inactive after the cooldown.
    Resolved,
}

/// One alert rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AlertView {
    /// Name of the rule.
    pub name: String,
    /// The rule as written.
    pub rule: String,
    /// The most urgent state of its groups.
    pub state: AlertState,
    /// Severity of its notices.
    pub level: Level,
    /// When it entered the state, nanoseconds since 1970, UTC; absent before the first change. Of several groups that of the
    /// most urgent.
    pub since_ns: Option<i64>,
    /// Matching events within its window now, of all groups.
    pub count: u64,
    /// Times it fired and acted.
    pub fired: u64,
    /// The latest matching event.
    pub last_seq: Option<u64>,
    /// Groups that are not inactive, those that fire first, at most 20. A rule without `by` has one.
    #[serde(default)]
    pub groups: Vec<AlertGroup>,
    /// Groups that are not inactive and not among those.
    #[serde(default)]
    pub groups_left_out: u64,
    /// The rule named by its `unless` that fires, for as long as that is so: this one tells of no firing. Of several the first.
    #[serde(default)]
    pub inhibited_by: Option<String>,
    /// What it would have told meanwhile, its ends not counted.
    #[serde(default)]
    pub held_back: u64,
}

/// A group of the events of an alert rule, which has a state of its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AlertGroup {
    /// What they have in common: the number of a pattern, a source, the text of an attribute; not sanitised. Empty for a rule
    /// without `by`, and for events that have it not.
    pub key: String,
    /// Its state.
    pub state: AlertState,
    /// When it entered the state, nanoseconds since 1970, UTC.
    pub since_ns: Option<i64>,
    /// Matching events since the condition began to hold.
    pub count: u64,
    /// The first of them.
    pub first_seq: Option<u64>,
    /// The latest matching event.
    pub last_seq: Option<u64>,
    /// When they came; absent without any.
    #[serde(default)]
    pub timeline: Option<Timeline>,
}
