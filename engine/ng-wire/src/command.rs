//! Commands: the only way back from a client to the engine.

use crate::{DIMENSIONS, Feedback, Mode, SettingValue, SilenceTarget};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A command with the number under which it is answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Request {
    /// Chosen by the client; the answer `Frame::Result` or `Frame::Error` repeats it.
    pub id: u64,
    /// Who asks, for the audit event.
    pub actor: String,
    /// What is asked.
    pub command: Command,
}

/// Everything a client may ask of the engine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Switches a module on or off. Takes effect with the next batch.
    SetModule {
        /// Module id.
        module: String,
        /// The wanted state.
        enabled: bool,
    },
    /// Changes settings of a module. Refused whole if one value is refused.
    Configure {
        /// Module id.
        module: String,
        /// New values by key; keys that are absent keep their value.
        values: BTreeMap<String, SettingValue>,
    },
    /// Freezes what is remembered of a source as a baseline, or lets it learn again.
    SetLearning {
        /// Name of the source.
        source: String,
        /// Its events are learnt; otherwise they are scored only.
        learning: bool,
        /// The source may be unknown yet; otherwise a name that no source has is refused.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        future: bool,
    },
    /// Sets a rule of Guardian to observe or enforce.
    SetRuleMode {
        /// Name of the rule.
        rule: String,
        /// The wanted mode.
        mode: Mode,
    },
    /// Sets the weights of the eight dimensions; only their proportions count. While a trial runs, those on trial.
    SetWeights {
        /// Physical, sensory, motor, emotional, cognitive, social, temporal, abstract.
        weights: [f64; DIMENSIONS],
        /// The profile that they belong to; absent = the present one.
        profile: Option<String>,
    },
    /// Takes the weights of a profile. While a trial runs, for the trial.
    SwitchProfile {
        /// Its name.
        profile: String,
    },
    /// Takes weights and rules of an earlier version up again, as a new version.
    RollBack {
        /// Its number; 0 is what is configured.
        version: u64,
    },
    /// Tries weights for a time; they are taken back at its end, and when the engine is started again.
    StartTrial {
        /// 60 to 3600.
        seconds: u32,
        /// The weights to try; absent = those of the profile, or the present ones.
        weights: Option<[f64; DIMENSIONS]>,
        /// The profile to try; absent = the present one.
        profile: Option<String>,
    },
    /// Ends the trial that runs.
    StopTrial {
        /// What is on trial holds from now on; otherwise it is taken back.
        keep: bool,
    },
    /// Says what an event was worth, which moves the alert threshold of its pattern or stream.
    GiveFeedback {
        /// The event; must be in the ring.
        seq: u64,
        /// What is said of it.
        verdict: Feedback,
    },
    /// Takes feedback back; what else was said of the same pattern or stream holds.
    UndoFeedback {
        /// Number of the judgement.
        number: u64,
    },
    /// Holds back what is said of something for a time: it joins no incident and no alert rule acts on it.
    Silence {
        /// What.
        target: SilenceTarget,
        /// For how long, 1 s to a year.
        seconds: u64,
        /// Why; at most 200 characters, may be empty.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        reason: String,
    },
    /// Ends a silence before its time.
    ExpireSilence {
        /// Its number.
        number: u64,
    },
}
