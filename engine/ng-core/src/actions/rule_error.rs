//! Why an alert rule was refused, and where.

use ng_filter::FilterError;
use std::fmt;

/// What helps where a word of a rule was taken for a part of a clause.
pub(super) const QUOTES: &str = "put the words in quotes to search for them";

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
        AlertRuleError { column: AlertRuleError::column_of(rule, byte), message: message.into() }
    }

    /// The column of a byte of the rule.
    pub(super) fn column_of(rule: &str, byte: usize) -> usize {
        rule[..byte].chars().count() + 1
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
