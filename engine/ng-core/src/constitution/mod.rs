//! The constitution: the settings of Guardian's rules and the weights of the eight dimensions as versions that can be
//! compared, taken up again, and tried for a time.
//!
//! Nothing here knows a clock: times are passed in, and who amends says when and by whom.
//!
//! # Layout
//!
//! `profiles.rs` has the dimensions with their ranges and the profiles, `trial_statistics.rs` measures what a trial does.
//! Here changes are checked, made, and recorded as amendments; `commands/` writes them down and puts them in force.

pub mod profiles;
#[cfg(test)]
mod tests;
mod trial_statistics;

pub use trial_statistics::TrialStatistics;

use ng_model::overrides::Overrides;
use ng_model::refusal::Refusal;
use ng_wire::{
    Amendment, AmendmentKind, Constitution, ConstitutionView, DIMENSIONS, Measured, SettingValue, Totals, Trial,
    TrialView, WeightView, Zone,
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
pub const AUTO_REVERT: &str = "engine";
/// The module whose settings are those of the rules.
const GUARDIAN: &str = "guardian";

/// Who amends, and when.
#[derive(Clone, Copy, Debug)]
pub struct Author<'a> {
    /// Nanoseconds since 1970, UTC.
    pub time_ns: i64,
    /// Who.
    pub actor: &'a str,
    /// What the trial that runs has done so far.
    pub measured: Option<Measured>,
}

/// What a version says.
#[derive(Clone, Debug, PartialEq)]
pub struct Revision {
    /// The profile of the weights.
    pub profile: String,
    /// The weights.
    pub weights: [f64; DIMENSIONS],
    /// Settings of Guardian's rules that differ from the configuration.
    pub rules: BTreeMap<String, SettingValue>,
}

/// What a command makes of the constitution, as its history tells it.
#[derive(Clone, Copy, Debug)]
pub struct Change {
    kind: AmendmentKind,
    /// The version that is taken up again.
    of_version: Option<u64>,
    /// The length of the trial that begins.
    seconds: Option<u32>,
}

impl From<AmendmentKind> for Change {
    fn from(kind: AmendmentKind) -> Self {
        Change { kind, of_version: None, seconds: None }
    }
}

/// Whether weights are accepted: those of the named profile, or those in force, where none are asked for.
pub fn check_weights(
    constitution: &Constitution,
    profile: Option<&str>,
    weights: Option<&[f64; DIMENSIONS]>,
) -> Result<(), Refusal> {
    chosen(constitution, profile, weights).map(drop).map_err(Refusal::bad_request)
}

/// Puts checked weights in force, on trial while a trial runs.
pub fn set_weights(constitution: &mut Constitution, name: Option<&str>, asked: Option<&[f64; DIMENSIONS]>) {
    let (profile, weights) = chosen(constitution, name, asked).expect("the weights were checked");
    match &mut constitution.trial {
        Some(trial) => (trial.profile, trial.weights) = (profile.name.into(), weights),
        None => (constitution.profile, constitution.weights) = (profile.name.into(), weights),
    }
}

/// What a version says, when it can be taken up again.
pub fn check_roll_back(constitution: &Constitution, version: u64) -> Result<Revision, Refusal> {
    if constitution.trial.is_some() {
        return Err(Refusal::conflict("a trial runs; keep it or revert it first"));
    }
    let revision = version_of(constitution, version).map_err(Refusal::bad_request)?;
    let profile = profiles::find(&revision.profile).map_err(Refusal::bad_request)?;
    profile.accept(&revision.weights).map_err(Refusal::bad_request)?;
    Ok(revision)
}

/// Takes a version up again that was checked.
pub fn roll_back(overrides: &mut Overrides, version: u64) -> Change {
    let constitution = &mut overrides.constitution;
    let revision = version_of(constitution, version).expect("the version was checked");
    (constitution.profile, constitution.weights) = (revision.profile, revision.weights);
    overrides.settings.remove(GUARDIAN);
    if !revision.rules.is_empty() {
        overrides.settings.insert(GUARDIAN.into(), revision.rules);
    }
    Change { of_version: Some(version), ..AmendmentKind::RollBack.into() }
}

/// Whether a trial of this length can begin.
pub fn check_trial(constitution: &Constitution, seconds: u32) -> Result<(), Refusal> {
    if constitution.trial.is_some() {
        return Err(Refusal::conflict("a trial runs already"));
    }
    if !TRIAL_S.contains(&seconds) {
        let (least, most) = (TRIAL_S.start(), TRIAL_S.end());
        return Err(Refusal::bad_request(format!("seconds: expected a whole number from {least} to {most}")));
    }
    Ok(())
}

/// Begins a trial of checked weights.
pub fn start_trial(
    constitution: &mut Constitution,
    seconds: u32,
    profile: Option<&str>,
    weights: Option<&[f64; DIMENSIONS]>,
    author: Author<'_>,
) -> Change {
    let (profile, weights) = chosen(constitution, profile, weights).expect("the weights were checked");
    constitution.trial = Some(Trial {
        profile: profile.name.into(),
        weights,
        started_ns: author.time_ns,
        seconds,
        actor: author.actor.into(),
    });
    Change { seconds: Some(seconds), ..AmendmentKind::TrialStarted.into() }
}

/// Ends the trial that runs, if one does. What was on trial holds from now on, or is taken back.
pub fn stop_trial(constitution: &mut Constitution, keep: bool) -> Change {
    if let Some(trial) = constitution.trial.take()
        && keep
    {
        (constitution.profile, constitution.weights) = (trial.profile, trial.weights);
    }
    if keep { AmendmentKind::TrialKept.into() } else { AmendmentKind::TrialReverted.into() }
}

/// Puts in order what an earlier run left behind: a trial is reverted, and weights that are not accepted any more are
/// left out, which the second answer says. Rules that were set before there were versions become the first.
pub fn recover(overrides: &mut Overrides, time_ns: i64) -> (Option<Amendment>, Option<String>) {
    let author = Author { time_ns, actor: AUTO_REVERT, measured: None };
    let excess = overrides.constitution.history.len().saturating_sub(HISTORY);
    overrides.constitution.history.drain(..excess);
    let before = overrides.clone();
    let reverted = overrides.constitution.trial.is_some().then(|| {
        let change = stop_trial(&mut overrides.constitution, false);
        record(overrides, &before, change, author);
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
        before.settings.remove(GUARDIAN);
        record(overrides, &before, AmendmentKind::Rules.into(), author);
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
pub fn version_of(constitution: &Constitution, version: u64) -> Result<Revision, String> {
    if version == 0 {
        let Constitution { profile, weights, .. } = Constitution::default();
        return Ok(Revision { profile, weights, rules: BTreeMap::new() });
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

/// What changes from one revision to the next, in words.
pub fn diff(from: &Revision, to: &Revision) -> Vec<String> {
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
    trial_statistics: &TrialStatistics,
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
        let measured = trial_statistics.measured(totals);
        TrialView {
            actor: trial.actor.clone(),
            started_ns: trial.started_ns,
            ends_ns: now_ns + (trial_statistics.left_s(trial, now_ns) * 1e9) as i64,
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

impl From<Amendment> for Revision {
    fn from(amendment: Amendment) -> Self {
        Revision { profile: amendment.profile, weights: amendment.weights, rules: amendment.rules }
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

/// What holds now, or with `beside` what will hold when the trial is taken back.
fn revision(overrides: &Overrides, beside: bool) -> Revision {
    let constitution = &overrides.constitution;
    let rules = overrides.settings.get(GUARDIAN).cloned().unwrap_or_default();
    if beside {
        return Revision { profile: constitution.profile.clone(), weights: constitution.weights, rules };
    }
    Revision { profile: profile(constitution).into(), weights: weights(constitution), rules }
}

/// Adds to the history what a change has made of what was `before`, and counts the version. What changes nothing is no
/// amendment.
pub fn record(overrides: &mut Overrides, before: &Overrides, change: Change, author: Author<'_>) {
    use AmendmentKind::{Rules, TrialKept, TrialReverted, TrialStarted};
    let Change { kind, of_version, seconds } = change;
    // Rules are amended beside a trial, whose weights are not theirs to keep.
    let beside = kind == Rules;
    let after = revision(overrides, beside);
    let changes = diff(&revision(before, beside || kind == TrialKept), &after);
    if changes.is_empty() && !matches!(kind, TrialStarted | TrialKept | TrialReverted) {
        return;
    }
    let lasting = revision(overrides, true) != revision(before, true);
    let on_trial = overrides.constitution.trial.is_some() && !beside;
    let constitution = &mut overrides.constitution;
    constitution.version += u64::from(lasting);
    constitution.history.push(Amendment {
        version: constitution.version,
        on_trial,
        time_ns: author.time_ns,
        actor: author.actor.into(),
        kind,
        profile: after.profile,
        weights: after.weights,
        rules: after.rules,
        changes,
        of_version,
        seconds,
        measured: if matches!(kind, TrialKept | TrialReverted) { author.measured } else { None },
    });
    let excess = constitution.history.len().saturating_sub(HISTORY);
    constitution.history.drain(..excess);
}
