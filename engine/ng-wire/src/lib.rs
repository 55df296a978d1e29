//! What crosses a border of the engine: records, frames, commands, and the views of modules, Guardian and metrics.
//!
//! Data only. Every type is encoded as MessagePack towards the console, as JSON in files, and described by
//! `schema/wire.schema.json`, from which the Python types are generated. A field added here appears there through
//! `make schema`; the drift tests of both languages fail until it does.

#![forbid(unsafe_code)]

mod command;
mod constitution;
mod feedback;
mod frame;
mod incident;
mod level;
mod packed;
mod pattern;
mod record;
mod row;
mod session;
mod setting;
mod timeline;
mod views;

pub use command::{Command, Request};
pub use constitution::{
    Amendment, AmendmentKind, Constitution, ConstitutionView, DIMENSIONS, Effect, Measured, NEUTRAL, ProfileView,
    Trial, TrialView, WeightView, Zone,
};
pub use feedback::{Feedback, FeedbackSubject, FeedbackView, Judgement, Judgements};
pub use frame::{ActionDone, ActionStatus, ErrorCode, Frame, Gap, GapReason, Notice, Page};
pub use incident::{
    IncidentView, IncidentsView, Silence, SilenceSubject, SilenceTarget, SilenceView, Silences, Symptom, SymptomKind,
};
pub use level::{Level, ParseLevelError};
pub use packed::{Packed, PackedDetection, PackedField, PackedRecord, PackedVerdict};
pub use pattern::{PatternCount, PatternLink, PatternView, TallyView};
pub use record::{
    BorrowedRecord, Detection, Feature, Finding, Format, Hit, Mode, Neighbour, Outcome, Record, RecordDetail, RuleStep,
    ScoreChannel, Scoring, Unit, Verdict,
};
pub use row::{Row, Totals, ViewState};
pub use session::{Durability, Hello, Limits, PROTO, Role, Welcome};
pub use setting::{Kind, Setting, SettingValue};
pub use timeline::Timeline;
pub use views::{
    AlertGroup, AlertState, AlertView, Gauge, GuardianView, HistoryView, LastError, MetricsView, ModuleStatus,
    ModuleView, Offender, QueueView, RingView, RuleView, SourceView, StageView, SubscriptionView, Trouble, TroubleKind,
};
