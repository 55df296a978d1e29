//! Alert rules: `when <filter> … then <action>`. What happens is decided here and performed by the event loop.
//!
//! Every event that the engine offers is evaluated against every rule, except those whose type starts with `alert.`: the
//! engine makes them from alerts, and a rule that matched its own alerts would never end.
//!
//! # Layout
//!
//! `rule.rs` reads a rule, `words.rs` finds its words, `duration.rs` its durations; `state.rs` is the state machine and
//! says what pending, firing and resolved mean. One file per action, listed in [`ACTIONS`].

mod duration;
mod log;
mod notify;
mod rule;
mod state;
#[cfg(test)]
mod tests;
mod words;

pub use rule::{AlertRule, AlertRuleError};

use ng_model::elapsed::Elapsed;
use ng_model::record::StoredRecord;
use ng_model::settings::{Accepts, Row, Values};
use ng_wire::{AlertView, Gauge, Level, Unit};
use state::{Fire, Timing, Track};

/// The actions that a rule can name.
pub static ACTIONS: &[&ActionType] = &[&notify::ACTION, &log::ACTION];

/// Settings of the module `action_controller`.
pub static SETTINGS: &[Row] = &[
    Row {
        key: "cooldown_s",
        accepts: Accepts::Float(300.0, 0.0, 1e7),
        unit: "s",
        summary: "A rule that states no cooldown does not act again for this long.",
    },
    Row {
        key: "incident_window_s",
        accepts: Accepts::Float(30.0, 1.0, 3600.0),
        unit: "s",
        summary: "Symptoms that come within this time of an incident belong to it; after as long without one it is over.",
    },
    Row {
        key: "incident_strength",
        accepts: Accepts::Float(6.0, 0.0, 100.0),
        unit: "",
        summary: "What is unusual and neither an error nor a silence is told as an incident from this strength on.",
    },
];

/// One kind of action.
#[derive(Debug)]
pub struct ActionType {
    /// Stable name, used after `then`.
    pub name: &'static str,
    /// One sentence: what it does.
    pub summary: &'static str,
    /// What the event loop is to do about an alert.
    pub effect: fn(Alert) -> Effect,
}

/// What a rule has to say when it acts.
#[derive(Clone, Debug, PartialEq)]
pub struct Alert {
    /// Name of the rule.
    pub rule: String,
    /// Severity given by the rule.
    pub level: Level,
    /// What happened, in one line that starts with the name of the rule.
    pub text: String,
    /// The latest matching event.
    pub seq: Option<u64>,
}

/// What the event loop is asked to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Show a message to the person at the console.
    Notify {
        /// Name of the rule.
        rule: String,
        /// Severity.
        level: Level,
        /// What happened; not sanitised.
        text: String,
        /// The latest matching event.
        seq: Option<u64>,
    },
    /// Write a line to the engine's log.
    Log {
        /// Name of the rule.
        rule: String,
        /// Severity.
        level: Level,
        /// What happened; not sanitised.
        text: String,
        /// The latest matching event.
        seq: Option<u64>,
    },
    /// Record an event of the engine itself. No rule asks for it: detection does, about more than one event.
    Note {
        /// The event, as JSON.
        json: String,
    },
}

/// The alert rules at work.
///
/// Time is what `now_ns` says, read as time passed: a clock that is set back lets no time pass, fires no rule and holds
/// none up.
#[derive(Debug)]
pub struct Actions {
    rules: Vec<Armed>,
    clock: Elapsed,
    default_cooldown_ns: i64,
    evaluations: u64,
}

#[derive(Debug)]
struct Armed {
    rule: AlertRule,
    track: Track,
}

impl Actions {
    /// Rules in state inactive.
    pub fn new(rules: Vec<AlertRule>, values: &Values) -> Actions {
        let rules = rules.into_iter().map(|rule| Armed { rule, track: Track::default() }).collect();
        let mut actions = Actions { rules, clock: Elapsed::default(), default_cooldown_ns: 0, evaluations: 0 };
        actions.reconfigure(values);
        actions
    }

    /// A rule has this name.
    pub fn has_rule(&self, name: &str) -> bool {
        self.rules.iter().any(|armed| armed.rule.name == name)
    }

    /// Evaluates one event, which arrived at `now_ns`, and adds what the rules want done.
    pub fn observe(&mut self, stored: &StoredRecord<'_>, now_ns: i64, effects: &mut Vec<Effect>) {
        self.clock.advance(now_ns);
        if stored.kind().starts_with("alert.") {
            return;
        }
        for armed in &mut self.rules {
            let timing = timing(&armed.rule, self.default_cooldown_ns);
            let fire = armed.track.advance(&self.clock, &timing);
            effects.extend(fire.map(|fire| armed.effect(fire)));
            if armed.rule.filter.matches(stored, now_ns) {
                let fire = armed.track.matched(&self.clock, &timing, stored.head.seq);
                effects.extend(fire.map(|fire| armed.effect(fire)));
            }
        }
        self.evaluations = self.evaluations.saturating_add(self.rules.len() as u64);
    }

    /// Lets time pass without an event: rules fire, resolve and become inactive.
    pub fn tick(&mut self, now_ns: i64, effects: &mut Vec<Effect>) {
        self.clock.advance(now_ns);
        for armed in &mut self.rules {
            let fire = armed.track.advance(&self.clock, &timing(&armed.rule, self.default_cooldown_ns));
            effects.extend(fire.map(|fire| armed.effect(fire)));
        }
    }

    /// The state of every rule, in the order given to [`Actions::new`].
    ///
    /// `count` is exact up to 1024 or the rule's own `n`, whichever is larger, and stands still there. A rule without
    /// `count` counts over its `for`, or over a minute.
    pub fn view(&self) -> Vec<AlertView> {
        let view = |Armed { rule, track }: &Armed| AlertView {
            name: rule.name.clone(),
            rule: rule.text.clone(),
            state: track.state(),
            level: rule.level,
            since_ns: track.since_ns(),
            count: track.count(self.clock.now(), &timing(rule, self.default_cooldown_ns)),
            fired: track.fired(),
            last_seq: track.last_seq(),
        };
        self.rules.iter().map(view).collect()
    }

    /// Takes new settings. The cooldown holds for those that run already.
    pub fn reconfigure(&mut self, values: &Values) {
        self.default_cooldown_ns = (values.float("cooldown_s") * 1e9) as i64;
    }

    /// Events evaluated since the start, once for each rule.
    pub fn evaluations(&self) -> u64 {
        self.evaluations
    }

    /// Times that rules fired since the start within their cooldown and therefore did not act.
    pub fn suppressed(&self) -> u64 {
        self.rules.iter().fold(0, |sum, armed| sum.saturating_add(armed.track.suppressed()))
    }

    /// What the module counts: rules, evaluations, and times that a rule fired within its cooldown and did not act.
    pub fn gauges(&self) -> Vec<Gauge> {
        let gauge = |name: &str, value: u64| Gauge { name: name.into(), value: value as f64, unit: Unit::Count };
        vec![
            gauge("rules", self.rules.len() as u64),
            gauge("evaluations", self.evaluations()),
            gauge("suppressed", self.suppressed()),
        ]
    }
}

impl Armed {
    fn effect(&self, fire: Fire) -> Effect {
        let Armed { rule, .. } = self;
        let alert =
            Alert { rule: rule.name.clone(), level: rule.level, text: describe(rule, &fire), seq: fire.last_seq };
        (rule.action.effect)(alert)
    }
}

fn timing(rule: &AlertRule, default_cooldown_ns: i64) -> Timing {
    Timing { count: rule.count, hold_ns: rule.hold_ns, cooldown_ns: rule.cooldown_ns.unwrap_or(default_cooldown_ns) }
}

/// Such as `errors: 12 events match "level>=error" in 1m (last seq 123)`.
fn describe(rule: &AlertRule, fire: &Fire) -> String {
    let mut text = format!("{}: ", rule.name);
    if fire.is_at_least {
        text.push_str("at least ");
    }
    let one = fire.count == 1;
    text.push_str(&format!("{} event{}", fire.count, if one { "" } else { "s" }));
    if !rule.filter.is_everything() {
        text.push_str(&format!(" match{} \"{}\"", if one { "es" } else { "" }, rule.filter.text()));
    }
    if rule.count.is_some() || !one {
        text.push_str(&format!(" in {}", duration::format(fire.window_ns)));
    }
    if rule.count.is_some() && rule.hold_ns > 0 {
        text.push_str(&format!(" for {}", duration::format(rule.hold_ns)));
    }
    if let Some(seq) = fire.last_seq {
        text.push_str(&format!(" (last seq {seq})"));
    }
    text
}
