//! The constitution: the weights of the eight dimensions and the settings of Guardian's rules, version by version.

use crate::SettingValue;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Dimensions of a vector.
pub const DIMENSIONS: usize = 8;
/// The profile in which nothing is weighed.
pub const NEUTRAL: &str = "neutral";

/// The whole constitution, as it is kept and exported. The present settings of the rules are kept with those of the
/// modules.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Constitution {
    /// Number of the present version; 0 is what is configured, before any amendment.
    pub version: u64,
    /// The profile of the weights.
    pub profile: String,
    /// Weights of the dimensions: physical, sensory, motor, emotional, cognitive, social, temporal, abstract.
    pub weights: [f64; DIMENSIONS],
    /// The latest amendments, oldest first.
    pub history: Vec<Amendment>,
    /// The trial that runs.
    pub trial: Option<Trial>,
}

impl Default for Constitution {
    fn default() -> Self {
        Constitution {
            version: 0,
            profile: NEUTRAL.into(),
            weights: [1.0; DIMENSIONS],
            history: Vec::new(),
            trial: None,
        }
    }
}

/// Weights that hold for a time and are taken back unless somebody keeps them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Trial {
    /// The profile on trial.
    pub profile: String,
    /// The weights on trial.
    pub weights: [f64; DIMENSIONS],
    /// When it began, nanoseconds since 1970, UTC.
    pub started_ns: i64,
    /// Its length.
    pub seconds: u32,
    /// Who began it.
    pub actor: String,
}

/// What an amendment was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum AmendmentKind {
    /// Weights were set.
    Weights,
    /// Another profile was chosen.
    Profile,
    /// Settings of Guardian's rules changed.
    Rules,
    /// An earlier version was taken up again.
    RollBack,
    /// A trial began.
    TrialStarted,
    /// What was on trial holds from then on.
    TrialKept,
    /// What was on trial was taken back.
    TrialReverted,
}

/// A change of the constitution, with everything that held after it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Amendment {
    /// The version after it. What is on trial makes no version.
    pub version: u64,
    /// It held for the time of a trial only.
    pub on_trial: bool,
    /// When, nanoseconds since 1970, UTC.
    pub time_ns: i64,
    /// Who.
    pub actor: String,
    /// What it was.
    pub kind: AmendmentKind,
    /// The profile after it.
    pub profile: String,
    /// The weights after it.
    pub weights: [f64; DIMENSIONS],
    /// Settings of Guardian's rules that differed from the configuration after it, keyed `rule.key`.
    pub rules: BTreeMap<String, SettingValue>,
    /// What it changed, in words, such as `cognitive 1 → 10`.
    pub changes: Vec<String>,
    /// The version that was taken up again.
    pub of_version: Option<u64>,
    /// Length of the trial that began, seconds.
    pub seconds: Option<u32>,
    /// What the trial that ended with it did.
    pub measured: Option<Measured>,
}

/// What a trial does, beside what was before it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Measured {
    /// In the last minute before it; absent when the engine had just started.
    pub before: Option<Effect>,
    /// Since its beginning; absent in its first second.
    pub during: Option<Effect>,
}

/// How often something was found.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Effect {
    /// Seconds that were counted.
    pub seconds: f64,
    /// Rejected records per minute.
    pub rejected_per_min: f64,
    /// Alerts per minute.
    pub alerts_per_min: f64,
    /// Novel records per minute.
    pub novel_per_min: f64,
}

/// Where a weight stands in the range of its dimension.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Zone {
    /// An effect of at most a quarter; where it was not measured, at most half of the limit.
    Safe,
    /// An effect of more than a quarter; where it was not measured, more than half of the limit.
    Caution,
    /// An effect of more than a half; where it was not measured, more than three quarters of the limit.
    Danger,
    /// Above the limit, where only the weights of a published profile may be.
    Beyond,
}

/// The weight of one dimension.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct WeightView {
    /// The dimension.
    pub name: String,
    /// The weight in force.
    pub value: f64,
    /// Where it stands.
    pub zone: Zone,
    /// Largest weight that is accepted; the smallest is 0.
    pub limit: f64,
    /// What it does: the share of the most unusual twentieth of recent events, 0 to 1, that is another than if it weighed as
    /// much as the others do on average. Absent before it was measured.
    pub effect: Option<f64>,
}

/// A set of weights with a name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ProfileView {
    /// Its name, such as `explorer`.
    pub name: String,
    /// One sentence: what it is for.
    pub summary: String,
    /// Its weights.
    pub weights: [f64; DIMENSIONS],
    /// As published with it, 0 to 1; nothing in the engine depends on it.
    pub plasticity: Option<f64>,
    /// As published with it, 0 to 1; nothing in the engine depends on it.
    pub evolution_rate: Option<f64>,
    /// While it is in force, a weight may be set at most this far from its own; absent = within its range.
    pub max_change: Option<f64>,
}

/// The trial that runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TrialView {
    /// Who began it.
    pub actor: String,
    /// When it began, nanoseconds since 1970, UTC.
    pub started_ns: i64,
    /// When it is taken back, nanoseconds since 1970, UTC.
    pub ends_ns: i64,
    /// The profile that comes back.
    pub returns_to: String,
    /// The weights that come back.
    pub returns_to_weights: [f64; DIMENSIONS],
    /// In the last minute before it; absent when the engine had just started.
    pub before: Option<Effect>,
    /// Since its beginning; absent in its first second.
    pub during: Option<Effect>,
}

/// The constitution as it is shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ConstitutionView {
    /// Number of the present version; 0 is what is configured, before any amendment. A trial does not change it.
    pub version: u64,
    /// The profile in force, that of a trial included.
    pub profile: String,
    /// The weights in force, those of a trial included.
    pub weights: Vec<WeightView>,
    /// The trial that runs.
    pub trial: Option<TrialView>,
    /// The latest 20 amendments, newest first.
    pub history: Vec<Amendment>,
    /// All profiles.
    pub profiles: Vec<ProfileView>,
}
