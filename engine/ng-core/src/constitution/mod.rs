//! The constitution: the settings of Guardian's rules and the weights of the eight dimensions as versions that can be
//! compared, taken up again, and tried for a time.
//!
//! Nothing here knows a clock: times are passed in, and who amends says when and by whom.
//!
//! # Layout
//!
//! `profiles.rs` has the dimensions with their ranges and the profiles, `meter.rs` measures what a trial does. Here
//! commands are checked and become amendments; `control.rs` writes them down and carries them out.

mod meter;
pub mod profiles;
#[cfg(test)]
mod tests;

pub use meter::Meter;

use crate::control::Overrides;
use ng_wire::{
    Amendment, AmendmentKind, Command, Constitution, ConstitutionView, DIMENSIONS, ErrorCode, Measured, SettingValue,
    Totals, Trial, TrialView, WeightView, Zone,
};
use profiles::Profile;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;

/// Amendments that are remembered.
pub const HISTORY: usize = 100;
/// Amendments that are shown.
const SHOWN: usize = 20;
/// Length of a trial, seconds.
pub const TRIAL_S: RangeInclusive<u32> = 60..=3600;
/// Who takes a trial back when its time is over.
pub const DEAD_MAN: &str = "engine";
/// The module whose settings are those of the rules.
const GUARDIAN: &str = "guardian";

/// Who amends, and when.
#[derive(Clone, Copy, Debug)]
pub struct By<'a> {
    /// Nanoseconds since 1970, UTC.
    pub time_ns: i64,
    /// Who.
    pub actor: &'a str,
    /// What the trial that runs has done so far.
    pub measured: Option<Measured>,
}

/// What a version says.
#[derive(Clone, Debug, PartialEq)]
pub struct Content {
    /// The profile of the weights.
    pub profile: String,
    /// The weights.
    pub weights: [f64; DIMENSIONS],
    /// Settings of Guardian's rules that differ from the configuration.
    pub rules: BTreeMap<String, SettingValue>,
}

/// Whether a command on the constitution is accepted; others are not asked about.
pub fn check(constitution: &Constitution, command: &Command) -> Result<(), (ErrorCode, String)> {
    let bad = |message: String| (ErrorCode::BadRequest, message);
    let conflict = |message: &str| (ErrorCode::Conflict, message.to_string());
    match command {
        Command::SetWeights { weights, profile } => {
            chosen(constitution, profile.as_deref(), Some(weights)).map(drop).map_err(bad)
        }
        Command::SwitchProfile { profile } => profiles::find(profile).map(drop).map_err(bad),
        Command::RollBack { version } => {
            if constitution.trial.is_some() {
                return Err(conflict("a trial runs; keep it or revert it first"));
            }
            let content = version_of(constitution, *version).map_err(bad)?;
            let profile = profiles::find(&content.profile).map_err(bad)?;
            profile.accept(&content.weights).map_err(bad)
        }
        Command::StartTrial { seconds, weights, profile } => {
            if constitution.trial.is_some() {
                return Err(conflict("a trial runs already"));
            }
            if !TRIAL_S.contains(seconds) {
                let (least, most) = (TRIAL_S.start(), TRIAL_S.end());
                return Err(bad(format!("seconds: expected a whole number from {least} to {most}")));
            }
            chosen(constitution, profile.as_deref(), weights.as_ref()).map(drop).map_err(bad)
        }
        Command::StopTrial { .. } if constitution.trial.is_none() => Err(conflict("no trial runs")),
        _ => Ok(()),
    }
}

/// Amends by a command that was checked. A change of Guardian's settings has been made already, to what it is in
/// `before`. What changes nothing is no amendment.
pub fn amend(overrides: &mut Overrides, before: &Overrides, command: &Command, by: By<'_>) {
    let constitution = &mut overrides.constitution;
    let kind = match command {
        Command::SetWeights { weights, profile } => {
            take(constitution, profile.as_deref(), Some(weights));
            AmendmentKind::Weights
        }
        Command::SwitchProfile { profile } => {
            take(constitution, Some(profile), None);
            AmendmentKind::Profile
        }
        Command::RollBack { version } => {
            let content = version_of(constitution, *version).expect("the version was checked");
            (constitution.profile, constitution.weights) = (content.profile, content.weights);
            overrides.settings.remove(GUARDIAN);
            if !content.rules.is_empty() {
                overrides.settings.insert(GUARDIAN.into(), content.rules);
            }
            AmendmentKind::RollBack
        }
        Command::StartTrial { seconds, weights, profile } => {
            let (profile, weights) =
                chosen(constitution, profile.as_deref(), weights.as_ref()).expect("the weights were checked");
            constitution.trial = Some(Trial {
                profile: profile.name.into(),
                weights,
                started_ns: by.time_ns,
                seconds: *seconds,
                actor: by.actor.into(),
            });
            AmendmentKind::TrialStarted
        }
        Command::StopTrial { keep } => {
            let trial = constitution.trial.take().expect("that a trial runs was checked");
            if *keep {
                (constitution.profile, constitution.weights) = (trial.profile, trial.weights);
            }
            if *keep { AmendmentKind::TrialKept } else { AmendmentKind::TrialReverted }
        }
        Command::Configure { .. } | Command::SetRuleMode { .. } => AmendmentKind::Rules,
        Command::SetModule { .. }
        | Command::SetLearning { .. }
        | Command::GiveFeedback { .. }
        | Command::UndoFeedback { .. } => return,
    };
    record(overrides, before, kind, command, by);
}

/// Takes up what an earlier run left behind: a trial is reverted, and weights that are not accepted any more are left
/// out, which the second answer says. Rules that were set before there were versions become the first.
pub fn revive(overrides: &mut Overrides, time_ns: i64) -> (Option<Amendment>, Option<String>) {
    let by = By { time_ns, actor: DEAD_MAN, measured: None };
    let excess = overrides.constitution.history.len().saturating_sub(HISTORY);
    overrides.constitution.history.drain(..excess);
    let before = overrides.clone();
    let reverted = overrides.constitution.trial.is_some().then(|| {
        amend(overrides, &before, &Command::StopTrial { keep: false }, by);
        overrides.constitution.history.last().cloned().expect("the end of a trial is an amendment")
    });
    let constitution = &mut overrides.constitution;
    let known = profiles::find(&constitution.profile).and_then(|profile| profile.accept(&constitution.weights));
    let refused = known.err().map(|fault| {
        let neutral = Constitution::default();
        (constitution.profile, constitution.weights) = (neutral.profile, neutral.weights);
        format!("cdna.{fault}")
    });
    if constitution.version == 0 && overrides.settings.contains_key(GUARDIAN) {
        let mut before = overrides.clone();
        let values = before.settings.remove(GUARDIAN).unwrap_or_default();
        amend(overrides, &before, &Command::Configure { module: GUARDIAN.into(), values }, by);
    }
    (reverted, refused)
}

/// The weights in force: those on trial, while a trial runs.
pub fn weights(constitution: &Constitution) -> [f64; DIMENSIONS] {
    constitution.trial.as_ref().map_or(constitution.weights, |trial| trial.weights)
}

/// The profile in force.
pub fn profile(constitution: &Constitution) -> &str {
    constitution.trial.as_ref().map_or(&constitution.profile, |trial| &trial.profile)
}

/// What a version says; the refusal names those that are remembered.
pub fn version_of(constitution: &Constitution, version: u64) -> Result<Content, String> {
    if version == 0 {
        let Constitution { profile, weights, .. } = Constitution::default();
        return Ok(Content { profile, weights, rules: BTreeMap::new() });
    }
    let versions = || constitution.history.iter().filter(|amendment| !amendment.on_trial);
    let found = versions().rfind(|amendment| amendment.version == version);
    found.map(|found| found.clone().into()).ok_or_else(|| {
        let known = match versions().map(|amendment| amendment.version).min() {
            Some(first) if first > 0 => format!("0 and {first} to {}", constitution.version),
            _ => format!("0 to {}", constitution.version),
        };
        format!("version {version} is not remembered; there are {known}")
    })
}

/// What changes from one content to the next, in words.
pub fn diff(from: &Content, to: &Content) -> Vec<String> {
    let mut changes = Vec::new();
    if from.profile != to.profile {
        changes.push(format!("profile {} → {}", from.profile, to.profile));
    }
    for (dimension, (old, new)) in profiles::TABLE.iter().zip(from.weights.iter().zip(&to.weights)) {
        if old != new {
            changes.push(format!("{} {old} → {new}", dimension.name));
        }
    }
    let keys: std::collections::BTreeSet<&String> = from.rules.keys().chain(to.rules.keys()).collect();
    for key in keys {
        let (old, new) = (from.rules.get(key), to.rules.get(key));
        if old != new {
            let shown = |value: Option<&SettingValue>| value.map_or("as configured".into(), shown);
            changes.push(format!("{key} {} → {}", shown(old), shown(new)));
        }
    }
    changes
}

/// A value as it stands in a sentence.
pub(crate) fn shown(value: &SettingValue) -> String {
    match value {
        SettingValue::Bool(value) => value.to_string(),
        SettingValue::Int(value) => value.to_string(),
        SettingValue::Float(value) => value.to_string(),
        SettingValue::Text(value) => format!("{value:?}"),
        SettingValue::List(values) => format!("{values:?}"),
    }
}

/// The constitution as it is shown. `effects` is what the weights were measured to do.
pub fn view(
    constitution: &Constitution,
    effects: Option<[f64; DIMENSIONS]>,
    meter: &Meter,
    totals: Totals,
    now_ns: i64,
) -> ConstitutionView {
    let weight = |(number, (dimension, value)): (usize, (&profiles::Dimension, f64))| {
        let effect = effects.map(|effects| effects[number]);
        let zone = match profiles::zone(value, dimension.limit) {
            Zone::Beyond => Zone::Beyond,
            by_limit => effect.map_or(by_limit, profiles::zone_of_effect),
        };
        WeightView { name: dimension.name.into(), value, zone, limit: dimension.limit, effect }
    };
    let trial = constitution.trial.as_ref().map(|trial| {
        let measured = meter.measured(totals);
        TrialView {
            actor: trial.actor.clone(),
            started_ns: trial.started_ns,
            ends_ns: now_ns + (meter.left_s(trial, now_ns) * 1e9) as i64,
            returns_to: constitution.profile.clone(),
            returns_to_weights: constitution.weights,
            before: measured.and_then(|measured| measured.before),
            during: measured.and_then(|measured| measured.during),
        }
    });
    ConstitutionView {
        version: constitution.version,
        profile: profile(constitution).into(),
        weights: profiles::TABLE.iter().zip(weights(constitution)).enumerate().map(weight).collect(),
        trial,
        history: constitution.history.iter().rev().take(SHOWN).cloned().collect(),
        profiles: profiles::PROFILES.iter().map(Profile::view).collect(),
    }
}

impl From<Amendment> for Content {
    fn from(amendment: Amendment) -> Self {
        Content { profile: amendment.profile, weights: amendment.weights, rules: amendment.rules }
    }
}

/// The profile and the weights that a command asks for, when they are accepted: weights that are not named are those of
/// the named profile, or those in force.
fn chosen(
    constitution: &Constitution,
    name: Option<&str>,
    asked: Option<&[f64; DIMENSIONS]>,
) -> Result<(&'static Profile, [f64; DIMENSIONS]), String> {
    let profile = profiles::find(name.unwrap_or_else(|| profile(constitution)))?;
    let own = if name.is_some() { profile.weights } else { weights(constitution) };
    let weights = asked.copied().unwrap_or(own);
    profile.accept(&weights).map(|()| (profile, weights))
}

/// Puts checked weights in force, on trial while a trial runs.
fn take(constitution: &mut Constitution, name: Option<&str>, asked: Option<&[f64; DIMENSIONS]>) {
    let (profile, weights) = chosen(constitution, name, asked).expect("the weights were checked");
    match &mut constitution.trial {
        Some(trial) => (trial.profile, trial.weights) = (profile.name.into(), weights),
        None => (constitution.profile, constitution.weights) = (profile.name.into(), weights),
    }
}

/// What holds now, or with `beside` what will hold when the trial is taken back.
fn content(overrides: &Overrides, beside: bool) -> Content {
    let constitution = &overrides.constitution;
    let rules = overrides.settings.get(GUARDIAN).cloned().unwrap_or_default();
    if beside {
        return Content { profile: constitution.profile.clone(), weights: constitution.weights, rules };
    }
    Content { profile: profile(constitution).into(), weights: weights(constitution), rules }
}

/// Adds what has changed to the history, and counts the version.
fn record(overrides: &mut Overrides, before: &Overrides, kind: AmendmentKind, command: &Command, by: By<'_>) {
    use AmendmentKind::{Rules, TrialKept, TrialReverted, TrialStarted};
    // Rules are amended beside a trial, whose weights are not theirs to keep.
    let beside = kind == Rules;
    let after = content(overrides, beside);
    let changes = diff(&content(before, beside || kind == TrialKept), &after);
    if changes.is_empty() && !matches!(kind, TrialStarted | TrialKept | TrialReverted) {
        return;
    }
    let lasting = content(overrides, true) != content(before, true);
    let on_trial = overrides.constitution.trial.is_some() && !beside;
    let constitution = &mut overrides.constitution;
    constitution.version += u64::from(lasting);
    constitution.history.push(Amendment {
        version: constitution.version,
        on_trial,
        time_ns: by.time_ns,
        actor: by.actor.into(),
        kind,
        profile: after.profile,
        weights: after.weights,
        rules: after.rules,
        changes,
        of_version: if let Command::RollBack { version } = command { Some(*version) } else { None },
        seconds: if let Command::StartTrial { seconds, .. } = command { Some(*seconds) } else { None },
        measured: if matches!(kind, TrialKept | TrialReverted) { by.measured } else { None },
    });
    let excess = constitution.history.len().saturating_sub(HISTORY);
    constitution.history.drain(..excess);
}
