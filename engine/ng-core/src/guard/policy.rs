//! The policy: the values of the settings of every rule, complete and within their ranges.

use super::{RULES, RuleType};
use ng_model::settings::{Accepts, Row, SettingError, Values, nearest};
use ng_wire::{Mode, Setting, SettingValue};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// The values of every rule. Settings are keyed `rule.key`, such as `size_limit.limit`.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    rules: BTreeMap<&'static str, Values>,
}

impl Policy {
    /// The values used when nothing is configured.
    pub fn defaults() -> Policy {
        Policy { rules: TABLES.iter().map(|(name, rows)| (*name, Values::defaults(rows))).collect() }
    }

    /// This policy with changes keyed `rule.key`; refused whole if one is unknown or out of range.
    pub fn with(&self, changes: &BTreeMap<String, SettingValue>) -> Result<Policy, SettingError> {
        let mut next = self.clone();
        for (full, value) in changes {
            let (rule, key) = full.split_once('.').ok_or_else(|| SettingError {
                key: full.clone(),
                expected: "expected a rule and a setting, such as size_limit.limit".into(),
            })?;
            let (name, rows) = &TABLES[find(rule).map_err(|error| SettingError { key: full.clone(), ..error })?];
            let changed = next.values(name).with(rows, &BTreeMap::from([(key.to_string(), value.clone())]));
            let values = changed.map_err(|error| SettingError { key: full.clone(), ..error })?;
            next.rules.insert(name, values);
        }
        Ok(next)
    }

    /// The values of one rule.
    ///
    /// # Panics
    /// When there is no rule of this name in `RULES`.
    pub fn values(&self, rule: &str) -> &Values {
        &self.rules[rule]
    }

    /// All values, keyed `rule.key`.
    pub fn to_map(&self) -> BTreeMap<String, SettingValue> {
        let each = |(rule, values): (&&'static str, &Values)| {
            let rule = *rule;
            values.to_map().into_iter().map(move |(key, value)| (format!("{rule}.{key}"), value))
        };
        self.rules.iter().flat_map(each).collect()
    }
}

/// All settings, keyed `rule.key`, in the order of the rules.
pub(super) fn settings() -> Vec<Setting> {
    let each = |(name, rows): &'static (&'static str, Vec<Row>)| {
        rows.iter().map(move |row| Setting { key: format!("{name}.{}", row.key), ..row.describe() })
    };
    TABLES.iter().flat_map(each).collect()
}

/// The settings of one rule, the common ones first.
pub(super) fn rows(rule: &str) -> &'static [Row] {
    TABLES.iter().find(|(name, _)| *name == rule).map_or(&[], |(_, rows)| rows)
}

/// Index of a rule, or an error that names the one most like it.
pub(super) fn find(rule: &str) -> Result<usize, SettingError> {
    RULES.iter().position(|known| known.name == rule).ok_or_else(|| SettingError {
        key: rule.into(),
        expected: match nearest(rule, RULES.iter().map(|known| known.name)) {
            Some(name) => format!("unknown rule; did you mean {name}?"),
            None => "unknown rule".into(),
        },
    })
}

/// The rule in a key `rule.key`.
pub(super) fn rule_of(key: &str) -> &str {
    key.split_once('.').map_or(key, |(rule, _)| rule)
}

/// The mode of a rule.
pub(super) fn mode(values: &Values) -> Mode {
    if values.text("mode") == Mode::Enforce.name() { Mode::Enforce } else { Mode::Observe }
}

/// The rule's own settings are equal; mode and filter may differ.
pub(super) fn same_limits(a: &Values, b: &Values) -> bool {
    let own = |values: &Values| {
        let mut map = values.to_map();
        map.retain(|key, _| key != "mode" && key != "when");
        map
    };
    own(a) == own(b)
}

/// Name and settings of every rule, the common settings first, in the order of `RULES`.
static TABLES: LazyLock<Vec<(&'static str, Vec<Row>)>> = LazyLock::new(|| {
    let table = |rule: &&RuleType| {
        let common = [
            Row {
                key: "mode",
                accepts: Accepts::Choice(match rule.mode {
                    Mode::Observe => &["observe", "enforce"],
                    Mode::Enforce => &["enforce", "observe"],
                }),
                unit: "",
                summary: "Whether an objection flags the event (observe) or rejects it (enforce).",
            },
            Row {
                key: "when",
                accepts: Accepts::Filter(rule.when),
                unit: "",
                summary: "The events that the rule is asked about; empty = every event.",
            },
        ];
        (rule.name, common.into_iter().chain(rule.settings.iter().copied()).collect())
    };
    RULES.iter().map(table).collect()
});
