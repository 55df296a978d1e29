//! Reads an alert rule: `when FILTER CONDITION [for 30s] [by GROUP] [unless RULE, … fires] then ACTION, … [level warn]
//! [cooldown 5m]`.
//!
//! Keywords count only outside quotes, regular expressions and parentheses. The last `then` ends the condition, and its
//! clauses are read from the right, so that an unquoted `for` or `in` among the words of the filter is searched for as
//! text. What looks like a clause and is none is refused rather than searched for.

use super::clauses::{Clauses, clauses};
use super::condition::{Condition, GroupBy, Only};
use super::consequence::consequence;
use super::rule_error::AlertRuleError;
use super::unless::RuleName;
use super::words::words;
use super::{ActionType, action_names};
use ng_filter::{Env, Filter};
use ng_model::record::StoredRecord;
use ng_wire::{Format, Level};

/// One alert rule. Durations are in nanoseconds.
#[derive(Clone, Debug)]
pub struct AlertRule {
    /// Its name in the configuration.
    pub name: String,
    /// The rule as written.
    pub text: String,
    /// The events it is about.
    pub filter: Filter,
    /// Which of them the detectors have to have said something of.
    pub only: Only,
    /// What must hold of them.
    pub condition: Condition,
    /// How long the condition must hold before the rule fires; 0 = at once.
    pub hold_ns: i64,
    /// What parts its events into groups, each with a state of its own.
    pub by: GroupBy,
    /// While one of these fires it tells of no firing.
    pub unless: Vec<RuleName>,
    /// What it does besides recording an event; at least one, none twice.
    pub actions: Vec<&'static ActionType>,
    /// Severity of what it says; `warn` when the rule states none.
    pub level: Level,
    /// How long it says no more of the same after it acted; none = the default of all rules.
    pub cooldown_ns: Option<i64>,
}

impl AlertRule {
    /// Reads a rule. `env` resolves the saved filters it uses.
    pub fn parse(name: &str, text: &str, env: &Env) -> Result<AlertRule, AlertRuleError> {
        let words = words(text)?;
        let Some(when) = words.first().filter(|word| word.is("when")) else {
            let start = words.first().map_or(0, |word| word.start);
            return Err(AlertRuleError::at(text, start, "expected when"));
        };
        let Some(then) = words.iter().skip(1).rposition(|word| word.is("then")).map(|at| at + 1) else {
            return Err(AlertRuleError::at(text, text.len(), format!("expected then and {}", action_names())));
        };
        let Clauses { filter, only, condition, hold_ns, by, unless } = clauses(text, &words[1..then])?;
        let (start, end) = match filter {
            [first, .., last] => (first.start, last.end()),
            [only] => (only.start, only.end()),
            [] => (when.end(), when.end()),
        };
        if start == end && condition == Condition::Each && only == Only::Any {
            return Err(AlertRuleError::at(text, words[1].start, "expected a filter"));
        }
        let filter =
            Filter::compile(&text[start..end], env).map_err(|error| AlertRuleError::in_filter(text, start, error))?;
        let consequence = consequence(text, &words[then + 1..])?;
        Ok(AlertRule {
            name: name.into(),
            text: text.into(),
            filter,
            only,
            condition,
            hold_ns,
            by,
            unless,
            actions: consequence.actions,
            level: consequence.level.unwrap_or(Level::Warn),
            cooldown_ns: consequence.cooldown_ns,
        })
    }

    /// The event is one of those that the rule is about.
    pub(super) fn matches(&self, stored: &StoredRecord<'_>, now_ns: i64) -> bool {
        let detection = &stored.head.detection;
        let is_wanted = match self.only {
            Only::Any => true,
            Only::New => detection.is_novel,
            Only::Anomalies => detection.is_alert,
        };
        is_wanted && self.filter.matches(stored, now_ns) && (!is_of_itself(stored) || self.filter.asks_for(stored))
    }
}

/// The engine speaks of itself, as with its heartbeat, or of incidents, whose events the rules have seen.
fn is_of_itself(stored: &StoredRecord<'_>) -> bool {
    let is_own = |own: &str| stored.kind().starts_with(own);
    stored.head.format == Format::Note && ["incident.", "system."].into_iter().any(is_own)
}
