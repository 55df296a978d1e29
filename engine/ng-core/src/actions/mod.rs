//! Alert rules: `when FILTER … then ACTION`. What happens is decided here and performed by the event loop.
//!
//! Every event that the engine offers is evaluated against every rule, except those whose type starts with `alert.`: the
//! engine makes them from alerts, and a rule that matched its own alerts would never end. What it tells of incidents is for
//! the rules that ask for it by type or source.
//!
//! # Layout
//!
//! `rule.rs` reads a rule, with `clauses.rs` for its `condition.rs`, `unless.rs` for the rules that hold it back and
//! `consequence.rs` for its actions; `words.rs` finds its words, `duration.rs` its durations; `warnings.rs` says what can
//! never happen. `inhibition.rs` has what holds back what in order. `groups.rs` has the groups of a rule, each
//! with the state machine of `state.rs`, which says what pending, firing and resolved mean; `allowance.rs` bounds how many of them
//! are told of; `track_time.rs` is the time by
//! which it goes, `usual.rs` what a rate is compared with. `text.rs` says what a rule says; `checkpoint.rs` saves all this.
//! One file per action, listed in [`ACTIONS`].

mod alert;
mod allowance;
mod checkpoint;
mod clauses;
mod condition;
mod consequence;
mod duration;
mod groups;
mod inhibition;
mod log;
mod notify;
mod rule;
mod rule_error;
mod state;
#[cfg(test)]
mod tests;
mod text;
mod track_time;
mod unless;
mod usual;
mod warnings;
mod words;

pub use alert::{Alert, Effect};
pub use checkpoint::SavedRules;
pub use condition::{Condition, GroupBy, Only};
pub use inhibition::check_inhibition;
pub use rule::AlertRule;
pub use rule_error::AlertRuleError;
pub use unless::RuleName;

use allowance::Further;
use groups::{Group, Groups, Scratch};
use ng_model::elapsed::Elapsed;
use ng_model::record::StoredRecord;
use ng_model::settings::{Accepts, Row, Values};
use ng_model::zone::Zone;
use ng_wire::{AlertView, Gauge, Level, Unit};
use state::{Act, Occasion, Timing};

/// The actions that a rule can name.
pub static ACTIONS: &[&ActionType] = &[&notify::ACTION, &log::ACTION];

/// Settings of the module `action_controller`.
pub static SETTINGS: &[Row] = &[
    Row {
        key: "cooldown_s",
        accepts: Accepts::Float(300.0, 0.0, 1e7),
        unit: "s",
        summary: "A rule that states no cooldown says no more of the same for this long.",
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
    /// What the event loop is to do.
    pub deed: Deed,
}

/// What the event loop does about an act, each of which it records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Show a message to the person at the console.
    Notice,
    /// Nothing besides recording it.
    Record,
}

/// The alert rules at work.
///
/// Time is what `now_ns` says, read as time passed: a clock that is set back lets no time pass, fires no rule and holds
/// none up.
#[derive(Debug)]
pub struct Actions {
    rules: Vec<Armed>,
    /// Their places in the order in which they are evaluated.
    order: Vec<usize>,
    pub(crate) clock: Elapsed,
    /// What the clock of an earlier run came to, until this one has shown a time.
    paused_at: Option<i64>,
    zone: Zone,
    default_cooldown_ns: i64,
    evaluations: u64,
    acted: u64,
    scratch: Scratch,
    acts: Vec<Act>,
}

#[derive(Debug)]
struct Armed {
    rule: AlertRule,
    groups: Groups,
    /// The places of the rules that hold it back while they fire.
    inhibitors: Vec<usize>,
}

impl Actions {
    /// Rules in state inactive, to which [`check_inhibition`] has no objection, and which tell times in a zone.
    pub fn new(rules: Vec<AlertRule>, values: &Values, zone: Zone) -> Actions {
        let inhibitors = inhibition::inhibitors(&rules);
        let order = inhibition::order(&inhibitors);
        let armed = |(rule, inhibitors): (AlertRule, Vec<usize>)| {
            let groups = Groups::new(&rule, &timing(&rule, 0, false));
            Armed { rule, groups, inhibitors }
        };
        let mut actions = Actions {
            rules: rules.into_iter().zip(inhibitors).map(armed).collect(),
            order,
            clock: Elapsed::default(),
            paused_at: None,
            zone,
            default_cooldown_ns: 0,
            evaluations: 0,
            acted: 0,
            scratch: Scratch::default(),
            acts: Vec::new(),
        };
        actions.reconfigure(values);
        actions
    }

    /// A rule has this name.
    pub fn has_rule(&self, name: &str) -> bool {
        self.rules.iter().any(|armed| armed.rule.name == name)
    }

    /// Evaluates one event, which arrived at `now_ns`, and adds what the rules want done.
    pub fn observe(&mut self, stored: &StoredRecord<'_>, now_ns: i64, effects: &mut Vec<Effect>) {
        self.elapse(now_ns, effects);
        if stored.kind().starts_with("alert.") {
            return;
        }
        let Actions { rules, order, clock, zone, scratch, acts, .. } = self;
        for place in order.iter().copied() {
            if !rules[place].rule.matches(stored, now_ns) {
                continue;
            }
            let is_inhibited = inhibitor(rules, place).is_some();
            let Armed { rule, groups, .. } = &mut rules[place];
            let timing = timing(rule, self.default_cooldown_ns, is_inhibited);
            let found = scratch.read(&rule.by, stored);
            groups.matched(&found, clock, &timing, acts, |group, act| {
                let event = (act.occasion != Occasion::Resolved).then_some(stored);
                effects.push(effect(rule, group, &act, &timing, event, zone, clock));
                self.acted += u64::from(act.occasion != Occasion::Resolved);
            });
        }
        self.evaluations = self.evaluations.saturating_add(self.rules.len() as u64);
    }

    /// Lets time pass without an event: rules fire, resolve and become inactive.
    pub fn tick(&mut self, now_ns: i64, effects: &mut Vec<Effect>) {
        self.elapse(now_ns, effects);
    }

    fn elapse(&mut self, now_ns: i64, effects: &mut Vec<Effect>) {
        self.clock.advance(now_ns);
        let Actions { rules, order, clock, zone, acts, .. } = self;
        let pause = self.paused_at.take().map(|paused_at| clock.now().saturating_sub(paused_at));
        for place in order.iter().copied() {
            let is_inhibited = inhibitor(rules, place).is_some();
            let Armed { rule, groups, .. } = &mut rules[place];
            pause.iter().for_each(|ns| groups.pause(&rule.condition, *ns));
            let timing = timing(rule, self.default_cooldown_ns, is_inhibited);
            groups.advance(clock, &timing, acts, |group, act| {
                effects.push(effect(rule, group, &act, &timing, None, zone, clock));
                self.acted += u64::from(act.occasion != Occasion::Resolved);
            });
            if !is_inhibited {
                effects.extend(groups.allowance.ended(clock.now()).map(|further| rest(rule, further)));
            }
        }
    }

    /// The state of every rule, in the order given to [`Actions::new`].
    ///
    /// `count` is exact up to 1024 or the rule's own `n`, whichever is larger, and stands still there. A rule without
    /// `count` counts over its `for`, or over a minute.
    pub fn view(&self) -> Vec<AlertView> {
        let view = |(place, Armed { rule, groups, .. }): (usize, &Armed)| {
            let timing = timing(rule, self.default_cooldown_ns, false);
            let (shown, groups_left_out) = groups.view(&self.clock);
            let leader = groups.leader().map(|group| &group.track);
            AlertView {
                name: rule.name.clone(),
                rule: rule.text.clone(),
                state: leader.map(|track| track.state).unwrap_or_default(),
                level: rule.level,
                since_ns: leader.and_then(|track| track.since_wall_ns),
                count: groups.list.iter().map(|group| group.track.count(&self.clock, &timing)).sum(),
                fired: groups.fired(),
                last_seq: groups.list.iter().filter_map(|group| group.track.last_seq).max(),
                groups: shown,
                groups_left_out,
                inhibited_by: inhibitor(&self.rules, place).map(|rule| rule.name.clone()),
                held_back: groups.held_back(),
            }
        };
        self.rules.iter().enumerate().map(view).collect()
    }

    /// Takes new settings. The cooldown holds for those that run already.
    pub fn reconfigure(&mut self, values: &Values) {
        self.default_cooldown_ns = (values.float("cooldown_s") * 1e9) as i64;
        self.rules.iter_mut().for_each(|armed| armed.groups.next_due = i64::MIN);
    }

    /// A pattern has become a part of another: what is known of it goes on under that one.
    pub fn follow(&mut self, pattern: u32, union: u32) {
        self.rules.iter_mut().for_each(|Armed { rule, groups, .. }| groups.follow(&rule.by, pattern, union));
    }

    /// Events evaluated since the start, once for each rule.
    pub fn evaluations(&self) -> u64 {
        self.evaluations
    }

    /// Times that rules fired within their cooldown and therefore did not act.
    pub fn suppressed(&self) -> u64 {
        self.rules.iter().fold(0, |sum, armed| sum.saturating_add(armed.groups.suppressed()))
    }

    /// What the module counts: rules, evaluations, acts, times that a rule fired within its cooldown and did not act, acts that
    /// were held back while another rule fired, groups that are followed, and those that gave way to others.
    pub fn gauges(&self) -> Vec<Gauge> {
        let gauge = |name: &str, value: u64| Gauge { name: name.into(), value: value as f64, unit: Unit::Count };
        let sum = |of: fn(&Groups) -> u64| self.rules.iter().map(|armed| of(&armed.groups)).sum();
        vec![
            gauge("rules", self.rules.len() as u64),
            gauge("evaluations", self.evaluations()),
            gauge("acts", self.acted),
            gauge("suppressed", self.suppressed()),
            gauge("held_back", sum(Groups::held_back)),
            gauge("groups", sum(|groups| groups.list.len() as u64)),
            gauge("groups.dropped", sum(|groups| groups.gave_way)),
        ]
    }
}

fn timing(rule: &AlertRule, default_cooldown_ns: i64, is_inhibited: bool) -> Timing {
    let cooldown_ns = rule.cooldown_ns.unwrap_or(default_cooldown_ns);
    Timing { condition: rule.condition, hold_ns: rule.hold_ns, cooldown_ns, is_inhibited }
}

/// The first of the rules that hold this one back which fires, whether it is told of or not.
fn inhibitor(rules: &[Armed], place: usize) -> Option<&AlertRule> {
    let mut inhibitors = rules[place].inhibitors.iter().map(|other| &rules[*other]);
    inhibitors.find(|other| other.groups.is_firing).map(|other| &other.rule)
}

/// What a group of a rule wants done.
fn effect(
    rule: &AlertRule,
    group: &Group,
    act: &Act,
    timing: &Timing,
    event: Option<&StoredRecord<'_>>,
    zone: &Zone,
    clock: &Elapsed,
) -> Effect {
    let now_ns = group.track.time.wall(group.track.time.now(clock), clock);
    let is_end = act.occasion == Occasion::Resolved;
    Effect::Alert(Alert {
        rule: rule.name.clone(),
        group: (rule.by != GroupBy::Nothing).then(|| group.key.to_string()),
        level: if is_end { Level::Notice } else { rule.level },
        text: text::describe(rule, &group.key, act, timing.window_ns(), event, (zone, now_ns)),
        is_end,
        count: act.count,
        first_seq: act.first_seq,
        last_seq: act.last_seq,
        actions: rule.actions.clone(),
    })
}

/// What a rule says of the groups that were not told one by one.
fn rest(rule: &AlertRule, further: Further) -> Effect {
    Effect::Alert(Alert {
        rule: rule.name.clone(),
        group: None,
        level: rule.level,
        text: text::describe_rest(rule, &further),
        is_end: false,
        count: further.groups,
        first_seq: further.first_seq,
        last_seq: further.last_seq,
        actions: rule.actions.clone(),
    })
}

/// The actions, for messages.
fn action_names() -> String {
    let names: Vec<_> = ACTIONS.iter().map(|action| action.name).collect();
    format!("an action ({})", names.join(", "))
}
