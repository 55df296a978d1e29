//! Reads an alert rule: `when FILTER CONDITION [for 30s] [by GROUP] then ACTION, … [level warn] [cooldown 5m]`.
//!
//! Keywords count only outside quotes, regular expressions and parentheses. The last `then` ends the condition, and its
//! clauses are read from the right, so that an unquoted `for` or `in` among the words of the filter is searched for as
//! text. What looks like a clause and is none is refused rather than searched for.

use super::clauses::{Clauses, clauses};
use super::consequence::consequence;
use super::words::words;
use super::{ActionType, action_names};
use ng_filter::{Env, Filter, FilterError};
use ng_model::record::StoredRecord;
use ng_wire::Level;
use std::fmt;

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
    /// What it does besides recording an event; at least one, none twice.
    pub actions: Vec<&'static ActionType>,
    /// Severity of what it says; `warn` when the rule states none.
    pub level: Level,
    /// How long it says no more of the same after it acted; none = the default of all rules.
    pub cooldown_ns: Option<i64>,
}

/// What must hold of the matching events.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Condition {
    /// There is one.
    Each,
    /// At least so many within a sliding window; `count > n` is read as `count >= n + 1`.
    Count {
        /// From 1 on.
        least: u64,
        /// Length of the window.
        window_ns: i64,
    },
    /// There are so many times as many within a sliding window as there usually are.
    Rate {
        /// How many times as many.
        times: f64,
        /// Exactly so many are enough.
        or_equal: bool,
        /// Length of the window.
        window_ns: i64,
    },
    /// There was none for so long.
    Absent {
        /// The time.
        after_ns: i64,
    },
}

/// What the detectors have to have said of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Only {
    /// Nothing in particular.
    Any,
    /// It is the first of its kind: `is:novel`.
    New,
    /// It is an anomaly: `is:alert`.
    Anomalies,
}

/// What parts the events of a rule into groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GroupBy {
    /// All of them are one group.
    Nothing,
    /// The number of their pattern.
    Pattern,
    /// The name of their source.
    Source,
    /// The text of an attribute; events without it are a group of their own.
    Attr(Box<str>),
}

/// Why a rule was refused.
#[derive(Clone, Debug, PartialEq)]
pub struct AlertRuleError {
    /// Column of the fault in the rule, counted in characters from 1.
    pub column: usize,
    /// What is wrong and what was expected.
    pub message: String,
}

impl AlertRuleError {
    pub(super) fn at(rule: &str, byte: usize, message: impl Into<String>) -> Self {
        AlertRuleError { column: rule[..byte].chars().count() + 1, message: message.into() }
    }

    /// An error in the filter that starts at byte `start` of the rule.
    pub(super) fn in_filter(rule: &str, start: usize, error: FilterError) -> Self {
        let before = rule[..start].chars().count();
        AlertRuleError { column: before.saturating_add(error.column.max(1)), message: error.message }
    }
}

impl fmt::Display for AlertRuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "column {}: {}", self.column, self.message)
    }
}

impl std::error::Error for AlertRuleError {}

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
        let Clauses { filter, only, condition, hold_ns, by } = clauses(text, &words[1..then])?;
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
        is_wanted && self.filter.matches(stored, now_ns)
    }
}
