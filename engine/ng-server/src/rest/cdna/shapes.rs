//! What the answers about the constitution look like: the keys of published clients, and what the engine knows besides.

use crate::clock;
use ng_core::constitution::{profiles, weights};
use ng_wire::{
    Amendment, AmendmentKind, Constitution, ConstitutionView, DIMENSIONS, Measured, NEUTRAL, ProfileView, SettingValue,
    Zone,
};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// Profile and weights in force.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Cdna {
    /// Number of the version; 0 is what is configured.
    pub version: String,
    /// Name of the profile.
    pub profile: String,
    /// The weights, in the order of the dimensions.
    pub dimension_scales: [f64; DIMENSIONS],
    /// The weights by name.
    pub scales: BTreeMap<&'static str, f64>,
    /// Where each stands in its range, in the order of the dimensions.
    pub zones: Vec<Zone>,
    /// Weights that are high, in words.
    pub warnings: Vec<String>,
    /// They hold for a trial only.
    pub on_trial: bool,
    /// When the constitution was last amended, ISO 8601; null before it was.
    pub timestamp: Option<String>,
}

impl Cdna {
    /// What is in force.
    pub(super) fn of(kept: &Constitution, view: &ConstitutionView) -> Cdna {
        let scales = weights(kept);
        Cdna {
            version: view.version.to_string(),
            profile: view.profile.clone(),
            dimension_scales: scales,
            scales: profiles::TABLE.iter().zip(scales).map(|(dimension, weight)| (dimension.name, weight)).collect(),
            zones: view.weights.iter().map(|weight| weight.zone).collect(),
            warnings: profiles::warnings(&scales),
            on_trial: view.trial.is_some(),
            timestamp: kept.history.last().map(|amendment| clock::iso(amendment.time_ns)),
        }
    }
}

/// The constitution, its trial and its history.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Status {
    /// Profile and weights in force.
    pub cdna: Cdna,
    /// The trial.
    pub quarantine: Trial,
    /// Amendments that are remembered, at most 100.
    pub history_count: usize,
}

/// A trial.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Trial {
    /// One runs.
    pub active: bool,
    /// Seconds until it reverts itself; 0 when none runs.
    pub time_left: u64,
    /// The profile that comes back; null when none runs.
    pub returns_to: Option<String>,
    /// What it does.
    pub metrics: TrialMetrics,
}

/// What a trial does. The first two are not measured.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct TrialMetrics {
    /// Null.
    pub memory_growth: Option<i64>,
    /// Null.
    pub connection_breaks: Option<i64>,
    /// Novel records since its beginning; null when none runs, and in its first second.
    pub token_churn: Option<i64>,
    /// Counts per minute before and since its beginning; null when none runs.
    pub measured: Option<Measured>,
}

impl Trial {
    /// The trial that runs, or that none does.
    pub(super) fn of(view: &ConstitutionView) -> Trial {
        let trial = view.trial.as_ref();
        let left_s = |ends_ns: i64| (ends_ns - clock::now_ns()).max(0) as f64 / 1e9;
        let during = trial.and_then(|trial| trial.during);
        Trial {
            active: trial.is_some(),
            time_left: trial.map_or(0, |trial| left_s(trial.ends_ns).ceil() as u64),
            returns_to: trial.map(|trial| trial.returns_to.clone()),
            metrics: TrialMetrics {
                memory_growth: None,
                connection_breaks: None,
                token_churn: during.map(|during| (during.novel_per_min * during.seconds / 60.0).round() as i64),
                measured: trial.map(|trial| Measured { before: trial.before, during: trial.during }),
            },
        }
    }
}

/// A profile.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Profile {
    /// Its name.
    pub name: String,
    /// Its weights.
    pub scales: [f64; DIMENSIONS],
    /// What it is for.
    pub description: String,
    /// As published with it; nothing in the engine depends on it.
    pub plasticity: Option<f64>,
    /// As published with it; nothing in the engine depends on it.
    pub evolution_rate: Option<f64>,
    /// Its weights can be changed only a little.
    pub restricted: bool,
    /// How much; null = within their ranges.
    pub max_change: Option<f64>,
}

impl From<ProfileView> for Profile {
    fn from(view: ProfileView) -> Self {
        Profile {
            name: view.name,
            scales: view.weights,
            description: view.summary,
            plasticity: view.plasticity,
            evolution_rate: view.evolution_rate,
            restricted: view.max_change.is_some(),
            max_change: view.max_change,
        }
    }
}

/// All profiles.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Profiles {
    /// By name.
    pub profiles: BTreeMap<String, Profile>,
    /// The one in force.
    pub current: String,
}

/// A profile was chosen.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Switched {
    /// True.
    pub success: bool,
    /// The profile before.
    pub old_profile: String,
    /// The profile now.
    pub new_profile: String,
    /// Its weights.
    pub scales: [f64; DIMENSIONS],
}

/// What was found in weights.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Checked {
    /// They are accepted.
    pub valid: bool,
    /// High weights, in words.
    pub warnings: Vec<String>,
    /// What is wrong, in words.
    pub errors: Vec<String>,
}

/// A trial has begun.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Started {
    /// True.
    pub success: bool,
    /// In words.
    pub message: String,
    /// Its length, seconds.
    pub duration: u32,
}

/// A trial has ended.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Stopped {
    /// True.
    pub success: bool,
    /// In words.
    pub message: String,
    /// What was on trial holds.
    pub applied: bool,
}

/// Amendments.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct History {
    /// Newest first.
    pub history: Vec<Entry>,
    /// Amendments that are remembered, at most 100.
    pub total: usize,
}

/// An amendment.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Entry {
    /// `config_update`, `profile_switch`, `quarantine_start`, `quarantine_stop`, `rollback` or `reset`.
    pub action: &'static str,
    /// When, ISO 8601.
    pub timestamp: String,
    /// The version after it.
    pub version: u64,
    /// It held for the time of a trial only.
    pub on_trial: bool,
    /// Who.
    pub actor: String,
    /// What it changed, in words.
    pub changes: Vec<String>,
    /// The profile after it.
    pub profile: String,
    /// The weights after it.
    pub dimension_scales: [f64; DIMENSIONS],
    /// Settings of Guardian's rules that differed from the configuration after it.
    pub rules: BTreeMap<String, SettingValue>,
    /// Of a switch: the profile before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Of a switch: the profile after it. Of a rollback: the version that was taken up again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Of the beginning of a trial: its length, seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration: Option<u32>,
    /// Of the end of a trial: what was on trial holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub applied: Option<bool>,
    /// Of the end of a trial: what it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub measured: Option<Measured>,
}

/// The latest amendments, newest first.
pub(super) fn entries(kept: &Constitution, limit: usize) -> Vec<Entry> {
    // A change of rules changes no profile, and beside a trial it names the one that comes back.
    let before = |index: usize| match kept.history[..index].iter().rfind(|one| one.kind != AmendmentKind::Rules) {
        Some(amendment) => Some(amendment.profile.clone()),
        // The first of all follows what is configured; the first that is remembered may not.
        None => (kept.history[0].version <= 1).then(|| NEUTRAL.to_string()),
    };
    let newest = kept.history.iter().enumerate().rev().take(limit);
    newest.map(|(index, amendment)| entry(amendment, || before(index))).collect()
}

fn entry(amendment: &Amendment, before: impl FnOnce() -> Option<String>) -> Entry {
    use AmendmentKind as Kind;
    let action = match amendment.kind {
        Kind::Weights | Kind::Rules => "config_update",
        Kind::Profile => "profile_switch",
        Kind::TrialStarted => "quarantine_start",
        Kind::TrialKept | Kind::TrialReverted => "quarantine_stop",
        Kind::RollBack if amendment.of_version == Some(0) => "reset",
        Kind::RollBack => "rollback",
    };
    let switched = amendment.kind == Kind::Profile;
    Entry {
        action,
        timestamp: clock::iso(amendment.time_ns),
        version: amendment.version,
        on_trial: amendment.on_trial,
        actor: amendment.actor.clone(),
        changes: amendment.changes.clone(),
        profile: amendment.profile.clone(),
        dimension_scales: amendment.weights,
        rules: amendment.rules.clone(),
        from: if switched { before() } else { None },
        to: if switched { Some(amendment.profile.clone()) } else { amendment.of_version.map(|v| v.to_string()) },
        duration: amendment.seconds,
        applied: match amendment.kind {
            Kind::TrialKept => Some(true),
            Kind::TrialReverted => Some(false),
            _ => None,
        },
        measured: amendment.measured,
    }
}

/// What differs between two versions.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Diff {
    /// The first.
    pub from: u64,
    /// The second.
    pub to: u64,
    /// From the first to the second, in words.
    pub changes: Vec<String>,
}

/// The whole constitution.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Export {
    /// True.
    pub success: bool,
    /// It.
    pub data: Exported,
    /// A name for a file.
    pub filename: String,
}

/// The whole constitution.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Exported {
    /// Profile and weights in force.
    pub cdna: Cdna,
    /// All amendments that are remembered, newest first.
    pub history: Vec<Entry>,
    /// As the engine keeps it, oldest amendment first.
    pub constitution: Constitution,
    /// When, ISO 8601.
    pub exported_at: String,
}

/// The constitution was reset.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Reset {
    /// True.
    pub success: bool,
    /// In words.
    pub message: String,
    /// Profile and weights in force.
    pub cdna: Cdna,
}
