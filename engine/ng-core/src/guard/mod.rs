//! Guardian: admission control. Every event is checked against the rules of the constitution.
//!
//! Every rule is asked about every event that its `when` lets through; a rule answers with an objection or not at all.
//! The first objection of a rule in mode enforce rejects the event; failing that, the first objection of a rule in mode
//! observe flags it. `when` sees the event as the encoder left it: comparisons with verdict or detection are false.
//!
//! # Layout
//!
//! One file per rule, listed in [`RULES`]; `policy.rs` holds the values of their settings, `sources.rs` the bounded
//! memory of a rule that keeps state per source.

mod bounds;
mod duplicate;
mod policy;
mod rate_limit;
mod size_limit;
mod sources;
mod stale_clock;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use policy::Policy;

use ng_filter::{Env, Filter, FilterError, Place};
use ng_model::event::Event;
use ng_model::record::{NONE, RecordHeader, Verdict};
use ng_model::settings::{Row, SettingError, Values};
use ng_model::symbols::{Sym, Symbols};
use ng_wire::{Format, Gauge, GuardianView, Mode, Offender, Outcome, RuleStep, RuleView, Setting, SettingValue};
use std::collections::BTreeMap;
use std::fmt;

/// The rules in their order of evaluation. At most 32: a verdict names the objecting rules by the bits of a `u32`.
pub static RULES: &[&RuleType] =
    &[&size_limit::RULE, &bounds::RULE, &stale_clock::RULE, &duplicate::RULE, &rate_limit::RULE];

/// One kind of rule: what it is called, what it can be set to, and how it is made.
#[derive(Debug)]
pub struct RuleType {
    /// Stable name, such as `size_limit`.
    pub name: &'static str,
    /// One sentence: what it objects to.
    pub summary: &'static str,
    /// Its mode when nothing is configured.
    pub mode: Mode,
    /// The events it is asked about when nothing is configured; empty = every event.
    pub when: &'static str,
    /// The ways in which it objects.
    pub clauses: &'static [Clause],
    /// Its own settings; `mode` and `when` are added to every rule.
    pub settings: &'static [Row],
    /// Makes the rule with empty memory, or says which setting contradicts another.
    pub build: fn(&Values) -> Result<Box<dyn Rule>, SettingError>,
    /// Its limits in words, such as `limit 65536 B`.
    pub terms: fn(&Values) -> String,
}

impl RuleType {
    /// Its settings, the common ones first.
    pub fn rows(&self) -> &'static [Row] {
        policy::rows(self.name)
    }
}

/// One way in which a rule objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clause {
    /// Name within the rule, such as `ahead`.
    pub name: &'static str,
    /// Unit of what is observed and of its limit; empty when they have none.
    pub unit: &'static str,
}

/// What a rule has against an event.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Objection {
    /// Index into the clauses of the rule.
    pub clause: u8,
    /// What was found; finite.
    pub observed: f64,
    /// What is allowed; finite.
    pub limit: f64,
}

/// A rule at work.
pub trait Rule: Send + fmt::Debug {
    /// Its objection to the event. Called once for every event that its `when` lets through, in the order of arrival.
    fn check(&mut self, event: &Event<'_>) -> Option<Objection>;

    /// The event just checked was rejected, by whichever rule. A rule that remembers what was admitted takes it back.
    fn rejected(&mut self) {}

    /// What it counts besides its objections; names are prefixed with the name of the rule.
    fn gauges(&self, _out: &mut Vec<Gauge>) {}
}

/// Why a change of the policy was refused.
#[derive(Clone, Debug, PartialEq)]
pub enum GuardError {
    /// A rule or setting does not exist, or a value is not accepted; the key is `rule.key`.
    Setting(SettingError),
    /// The filter of a `when` does not compile.
    Filter {
        /// The setting, such as `rate_limit.when`.
        key: String,
        /// What is wrong with it.
        error: FilterError,
    },
}

impl fmt::Display for GuardError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            GuardError::Setting(error) => error.fmt(f),
            GuardError::Filter { key, error } => write!(f, "{key}: {error}"),
        }
    }
}

impl std::error::Error for GuardError {}

impl From<SettingError> for GuardError {
    fn from(error: SettingError) -> Self {
        GuardError::Setting(error)
    }
}

/// The constitution at work: the rules with their memory and their counters.
#[derive(Debug)]
pub struct Guard {
    policy: Policy,
    configured: Policy,
    slots: Vec<Slot>,
    checked: u64,
    flagged: u64,
    rejected: u64,
}

#[derive(Debug)]
struct Slot {
    rule: Box<dyn Rule>,
    mode: Mode,
    when: Filter,
    everything: bool,
    hits: u64,
    rejects: u64,
    last: Option<Last>,
}

/// A checked change of one rule.
struct Prepared {
    index: usize,
    when: Filter,
    mode: Mode,
    /// The rule with its new limits; absent when only `mode` or `when` change.
    rebuilt: Option<Box<dyn Rule>>,
}

#[derive(Clone, Copy, Debug)]
struct Last {
    seq: u64,
    received_ns: i64,
    source: Sym,
    objection: Objection,
}

impl Guard {
    /// Rules with empty memory. `env` resolves the saved filters used by a `when`.
    pub fn new(policy: &Policy, env: &Env) -> Result<Guard, GuardError> {
        let slots = RULES.iter().map(|rule| {
            let values = policy.values(rule.name);
            let when = compile(rule, values, env)?;
            Ok(Slot {
                rule: build(rule, values)?,
                mode: policy::mode(values),
                everything: when.is_everything(),
                when,
                hits: 0,
                rejects: 0,
                last: None,
            })
        });
        Ok(Guard {
            slots: slots.collect::<Result<_, GuardError>>()?,
            policy: policy.clone(),
            configured: policy.clone(),
            checked: 0,
            flagged: 0,
            rejected: 0,
        })
    }

    /// The `when` of rules that can therefore never object, by their names. `env` is that of [`Guard::new`].
    pub fn never_asked(&self, env: &Env) -> Vec<&'static str> {
        let slots = RULES.iter().zip(&self.slots);
        slots.filter(|(_, slot)| slot.when.never_matches(Place::Guardian, env)).map(|(rule, _)| rule.name).collect()
    }

    /// Asks every rule about the event. `now_ns` is for filters that speak of age; the rules go by the event's arrival.
    pub fn check(&mut self, event: &Event<'_>, now_ns: i64) -> Verdict {
        let stored = event.stored();
        let mut verdict = Verdict::default();
        let mut asked = 0_u32;
        for (index, slot) in self.slots.iter_mut().enumerate() {
            if !slot.everything && !slot.when.matches(&stored, now_ns) {
                continue;
            }
            asked |= 1 << index;
            let Some(objection) = slot.rule.check(event) else { continue };
            let head = &event.head;
            slot.hits = slot.hits.saturating_add(1);
            slot.last = Some(Last { seq: head.seq, received_ns: head.received_ns, source: head.source, objection });
            verdict.objections |= 1 << index;
            let outcome = match slot.mode {
                Mode::Observe => Outcome::Flag,
                Mode::Enforce => Outcome::Reject,
            };
            if outcome > verdict.outcome {
                let Objection { clause, observed, limit } = objection;
                verdict = Verdict { outcome, rule: index as u8, clause, observed, limit, ..verdict };
            }
        }
        self.count(&verdict, asked);
        verdict
    }

    /// Sets a rule to observe or enforce; its memory and its counters stay.
    pub fn set_mode(&mut self, rule: &str, mode: Mode) -> Result<(), GuardError> {
        let index = policy::find(rule)?;
        let value = SettingValue::Text(mode.name().into());
        self.policy = self.policy.with(&BTreeMap::from([(format!("{rule}.mode"), value)]))?;
        self.slots[index].mode = mode;
        Ok(())
    }

    /// Changes settings, keyed `rule.key`; refused whole if one is refused.
    ///
    /// A rule whose own settings change starts with empty memory; a change of `mode` or `when` leaves its memory as it is.
    /// The `when` of every rule named in `changes` is compiled again. Counters stay.
    pub fn configure(&mut self, changes: &BTreeMap<String, SettingValue>, env: &Env) -> Result<(), GuardError> {
        let (next, prepared) = self.prepare(changes, env)?;
        for Prepared { index, when, mode, rebuilt } in prepared {
            let slot = &mut self.slots[index];
            slot.everything = when.is_everything();
            slot.when = when;
            slot.mode = mode;
            if let Some(rule) = rebuilt {
                slot.rule = rule;
            }
        }
        self.policy = next;
        Ok(())
    }

    /// What to change so that the rules are as they were made, except for `rules`.
    pub fn changes_to(&self, rules: &BTreeMap<String, SettingValue>) -> BTreeMap<String, SettingValue> {
        let (mut wanted, now) = (self.configured.to_map(), self.policy.to_map());
        wanted.extend(rules.clone());
        wanted.retain(|key, value| now.get(key) != Some(value));
        wanted
    }

    /// Whether [`Guard::configure`] would accept the changes.
    pub fn check_changes(&self, changes: &BTreeMap<String, SettingValue>, env: &Env) -> Result<(), GuardError> {
        self.prepare(changes, env).map(drop)
    }

    fn prepare(
        &self,
        changes: &BTreeMap<String, SettingValue>,
        env: &Env,
    ) -> Result<(Policy, Vec<Prepared>), GuardError> {
        let next = self.policy.with(changes)?;
        let mut prepared = Vec::new();
        for (index, rule) in RULES.iter().enumerate() {
            if !changes.keys().any(|key| policy::rule_of(key) == rule.name) {
                continue;
            }
            let (before, after) = (self.policy.values(rule.name), next.values(rule.name));
            let rebuilt = if policy::same_limits(before, after) { None } else { Some(build(rule, after)?) };
            prepared.push(Prepared { index, when: compile(rule, after, env)?, mode: policy::mode(after), rebuilt });
        }
        Ok((next, prepared))
    }

    /// Counters, modes and the latest offender of every rule. `symbols` resolves the names of sources.
    pub fn view(&self, symbols: &Symbols) -> GuardianView {
        let rules = RULES.iter().zip(&self.slots).map(|(rule, slot)| RuleView {
            name: rule.name.into(),
            summary: rule.summary.into(),
            mode: slot.mode,
            terms: terms(rule, self.policy.values(rule.name)),
            hits: slot.hits,
            rejects: slot.rejects,
            last: slot.last.map(|last| Offender {
                seq: last.seq,
                time_ns: last.received_ns,
                source: symbols.name(last.source).into(),
                clause: rule.clauses[last.objection.clause as usize].name.into(),
                observed: last.objection.observed,
                limit: last.objection.limit,
            }),
        });
        GuardianView {
            checked: self.checked,
            admitted: self.checked - self.flagged - self.rejected,
            flagged: self.flagged,
            rejected: self.rejected,
            rules: rules.collect(),
        }
    }

    /// What the rules count besides: the size of their memory, and what they had to forget. Named `rule.gauge`.
    pub fn gauges(&self, out: &mut Vec<Gauge>) {
        for (rule, slot) in RULES.iter().zip(&self.slots) {
            let first = out.len();
            slot.rule.gauges(out);
            for gauge in &mut out[first..] {
                gauge.name = format!("{}.{}", rule.name, gauge.name);
            }
        }
    }

    /// The settings of all rules, keyed `rule.key`, in the order of the rules.
    pub fn settings() -> Vec<Setting> {
        policy::settings()
    }

    /// The values now, keyed `rule.key`.
    pub fn values(&self) -> BTreeMap<String, SettingValue> {
        self.policy.to_map()
    }

    /// The policy now.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// What each rule answered about a checked event; empty for the engine's own events, about which no rule is asked.
    pub fn explain(head: &RecordHeader) -> Vec<RuleStep> {
        if head.format == Format::Note {
            return Vec::new();
        }
        let step = |(index, rule): (usize, &&RuleType)| RuleStep {
            rule: rule.name.into(),
            objected: head.verdict.objections & (1 << index) != 0,
            decided: head.verdict.rule as usize == index,
        };
        RULES.iter().enumerate().map(step).collect()
    }

    fn count(&mut self, verdict: &Verdict, asked: u32) {
        // When `checked` stands still at its end, so must its parts: their sum never exceeds it.
        let room = self.checked != u64::MAX;
        self.checked = self.checked.saturating_add(1);
        match verdict.outcome {
            Outcome::Admit => {}
            Outcome::Flag => self.flagged += u64::from(room),
            Outcome::Reject => {
                self.rejected += u64::from(room);
                let decided = &mut self.slots[verdict.rule as usize];
                decided.rejects = decided.rejects.saturating_add(1);
                for (index, slot) in self.slots.iter_mut().enumerate() {
                    if asked & (1 << index) != 0 {
                        slot.rule.rejected();
                    }
                }
            }
        }
    }
}

/// Index of the rule in [`RULES`].
pub fn rule_index(rule: &str) -> Option<u8> {
    RULES.iter().position(|known| known.name == rule).map(|index| index as u8)
}

/// Names of a rule and of its clause, and the clause's unit; `unknown` for numbers that no verdict carries.
pub fn clause_name(rule: u8, clause: u8) -> (&'static str, &'static str, &'static str) {
    match RULES.get(rule as usize) {
        None => ("unknown", "unknown", ""),
        Some(rule) => match rule.clauses.get(clause as usize) {
            None => (rule.name, "unknown", ""),
            Some(clause) => (rule.name, clause.name, clause.unit),
        },
    }
}

/// The numbers of a rule and of its clause, by their names: the inverse of [`clause_name`].
pub fn clause_index(rule: &str, clause: &str) -> Option<(u8, u8)> {
    let rule = rule_index(rule)?;
    let clause = RULES[rule as usize].clauses.iter().position(|known| known.name == clause)?;
    Some((rule, clause as u8))
}

/// The verdict that was recorded with these names. A rule that does not exist in this version leaves no bit; when it was
/// the deciding one, the verdict keeps its outcome and names no rule.
pub fn verdict_from_wire(recorded: &ng_wire::Verdict) -> Verdict {
    let bits = recorded.objections.iter().filter_map(|rule| rule_index(rule));
    let objections = bits.fold(0, |bits, index| bits | 1 << index);
    let verdict = Verdict { outcome: recorded.outcome, objections, ..Verdict::default() };
    let Some(hit) = &recorded.hit else { return verdict };
    let (rule, clause) = clause_index(&hit.rule, &hit.clause).unwrap_or((NONE, 0));
    Verdict { rule, clause, observed: hit.observed, limit: hit.limit, ..verdict }
}

fn build(rule: &RuleType, values: &Values) -> Result<Box<dyn Rule>, GuardError> {
    (rule.build)(values)
        .map_err(|error| SettingError { key: format!("{}.{}", rule.name, error.key), ..error })
        .map_err(GuardError::Setting)
}

fn compile(rule: &RuleType, values: &Values, env: &Env) -> Result<Filter, GuardError> {
    Filter::compile(values.text("when"), env)
        .map_err(|error| GuardError::Filter { key: format!("{}.when", rule.name), error })
}

/// The limits in words, and the filter when there is one.
fn terms(rule: &RuleType, values: &Values) -> String {
    let limits = (rule.terms)(values);
    match values.text("when") {
        "" => limits,
        when => format!("{limits}, when {when}"),
    }
}
