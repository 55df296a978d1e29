//! What stands after `then`: actions, a level, a cooldown.

use super::duration;
use super::rule_error::AlertRuleError;
use super::words::Word;
use super::{ACTIONS, ActionType, action_names};
use ng_model::settings::nearest;
use ng_wire::Level;

/// Actions that other systems have and this one has not.
const OTHER_ACTIONS: [&str; 9] =
    ["webhook", "exec", "capture", "switch", "freeze", "email", "mail", "slack", "command"];

/// What a rule does, and how.
pub(super) struct Consequence {
    pub(super) actions: Vec<&'static ActionType>,
    pub(super) level: Option<Level>,
    pub(super) cooldown_ns: Option<i64>,
}

/// Reads the words after `then`.
pub(super) fn consequence(rule: &str, words: &[Word<'_>]) -> Result<Consequence, AlertRuleError> {
    let refuse = |word: Option<&Word<'_>>, message: String| {
        Err(AlertRuleError::at(rule, word.map_or(rule.len(), |word| word.start), message))
    };
    let (actions, mut options) = actions(rule, words)?;
    let mut read = Consequence { actions, level: None, cooldown_ns: None };
    while let Some((option, rest)) = options.split_first() {
        let value = rest.first();
        if option.is("level") && read.level.is_none() {
            read.level = value.and_then(|word| word.text.parse().ok());
            if read.level.is_none() {
                return refuse(value, format!("expected one of {}", Level::ALL.map(Level::name).join(", ")));
            }
        } else if option.is("cooldown") && read.cooldown_ns.is_none() {
            read.cooldown_ns = value.and_then(|word| duration::parse(word.text));
            if read.cooldown_ns.is_none() {
                return refuse(value, "expected a duration such as 5m".into());
            }
        } else {
            let left = [("level", read.level.is_none()), ("cooldown", read.cooldown_ns.is_none())];
            let left: Vec<_> = left.iter().filter(|(_, is_left)| *is_left).map(|(name, _)| *name).collect();
            let expected = if left.is_empty() { "the end of the rule".into() } else { left.join(" or ") };
            return refuse(Some(option), format!("expected {expected}"));
        }
        options = rest.get(1..).unwrap_or_default();
    }
    Ok(read)
}

/// Takes names with commas between them from the start of the words.
fn actions<'w, 'a>(
    rule: &str,
    mut words: &'w [Word<'a>],
) -> Result<(Vec<&'static ActionType>, &'w [Word<'a>]), AlertRuleError> {
    let mut found: Vec<&'static ActionType> = Vec::new();
    let mut is_expected = true;
    while let Some((word, rest)) = words.split_first() {
        if !is_expected && !word.text.starts_with(',') {
            break;
        }
        let mut start = word.start;
        for (place, name) in word.text.split(',').enumerate() {
            is_expected |= place > 0;
            if !name.is_empty() {
                let action = action(rule, start, name)?;
                if found.iter().any(|other| std::ptr::eq(*other, action)) {
                    return Err(AlertRuleError::at(rule, start, format!("{name} stands twice")));
                }
                found.push(action);
                is_expected = false;
            }
            start += name.len() + 1;
        }
        words = rest;
    }
    if is_expected {
        let start = words.first().map_or(rule.len(), |word| word.start);
        return Err(AlertRuleError::at(rule, start, format!("expected {}", action_names())));
    }
    Ok((found, words))
}

/// The action of a name that starts at byte `start` of the rule.
fn action(rule: &str, start: usize, name: &str) -> Result<&'static ActionType, AlertRuleError> {
    if let Some(action) = ACTIONS.iter().find(|action| action.name == name) {
        return Ok(action);
    }
    let message = match nearest(name, ACTIONS.iter().map(|action| action.name)) {
        Some(known) => format!("unknown action; did you mean {known}?"),
        None if OTHER_ACTIONS.contains(&name.split(':').next().unwrap_or(name)) => {
            format!("{name} is no action here; expected {}", action_names())
        }
        None => format!("expected {}", action_names()),
    };
    Err(AlertRuleError::at(rule, start, message))
}
