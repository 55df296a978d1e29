//! Reads an alert rule: `when <filter> [count >= n in 1m] [for 30s] then <action> [level warn] [cooldown 5m]`.
//!
//! Keywords count only outside quotes, regular expressions and parentheses. The last `then` ends the condition, and its
//! clauses are read from the right, so that an unquoted `for` or `in` among the words of the filter is searched for as
//! text. What looks like a clause and is none is refused rather than searched for.

use super::words::{Word, words};
use super::{ACTIONS, ActionType, duration};
use ng_filter::{Env, Filter, FilterError};
use ng_model::settings::nearest;
use ng_wire::Level;
use std::fmt;

/// The largest `n` of `count >= n`, which bounds the memory of a rule.
const MAX_COUNT: u64 = 100_000;

/// One alert rule. Durations are in nanoseconds.
#[derive(Clone, Debug)]
pub struct AlertRule {
    /// Its name in the configuration.
    pub name: String,
    /// The rule as written.
    pub text: String,
    /// The events it is about.
    pub filter: Filter,
    /// At least this many of them within a sliding window; `count > n` is read as `count >= n + 1`.
    pub count: Option<(u64, i64)>,
    /// How long the condition must hold before the rule fires; 0 = at once.
    pub hold_ns: i64,
    /// What it does.
    pub action: &'static ActionType,
    /// Severity of what it says; `warn` when the rule states none.
    pub level: Level,
    /// How long it stays silent after it acted; none = the default of all rules.
    pub cooldown_ns: Option<i64>,
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
    fn in_filter(rule: &str, start: usize, error: FilterError) -> Self {
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
            return Err(AlertRuleError::at(text, text.len(), format!("expected then and {}", actions())));
        };
        let condition = condition(text, &words[1..then])?;
        let (start, end) = match condition.filter {
            [first, .., last] => (first.start, last.end()),
            [only] => (only.start, only.end()),
            [] => (when.end(), when.end()),
        };
        if start == end && condition.count.is_none() {
            return Err(AlertRuleError::at(text, words[1].start, "expected a filter"));
        }
        let filter =
            Filter::compile(&text[start..end], env).map_err(|error| AlertRuleError::in_filter(text, start, error))?;
        let consequence = consequence(text, &words[then + 1..])?;
        Ok(AlertRule {
            name: name.into(),
            text: text.into(),
            filter,
            count: condition.count,
            hold_ns: condition.hold_ns.unwrap_or(0),
            action: consequence.action,
            level: consequence.level.unwrap_or(Level::Warn),
            cooldown_ns: consequence.cooldown_ns,
        })
    }
}

/// What stands between `when` and `then`.
struct Condition<'w, 'a> {
    filter: &'w [Word<'a>],
    count: Option<(u64, i64)>,
    hold_ns: Option<i64>,
}

/// What stands after `then`.
struct Consequence {
    action: &'static ActionType,
    level: Option<Level>,
    cooldown_ns: Option<i64>,
}

fn condition<'w, 'a>(rule: &str, words: &'w [Word<'a>]) -> Result<Condition<'w, 'a>, AlertRuleError> {
    let (mut filter, mut hold_ns) = hold(rule, words)?;
    let mut count = None;
    if let Some(at) = filter.windows(2).rposition(is_count).or_else(|| filter.iter().rposition(is_whole_count)) {
        let end = filter.last().map_or(0, Word::end);
        count = Some(read_count(rule, filter[at].start, end)?);
        filter = &filter[..at];
        if hold_ns.is_none() {
            (filter, hold_ns) = hold(rule, filter)?;
        }
    }
    Ok(Condition { filter, count, hold_ns })
}

/// Takes `for <duration>` from the end of the words.
fn hold<'w, 'a>(rule: &str, words: &'w [Word<'a>]) -> Result<(&'w [Word<'a>], Option<i64>), AlertRuleError> {
    let refuse = |word: &Word<'_>, what: &str| {
        let hint = "a duration such as 30s after for; put the words in quotes to search for them";
        Err(AlertRuleError::at(rule, word.start, format!("{what}{hint}")))
    };
    let is_number = |word: &Word<'_>| word.is_plain && word.text.starts_with(|first: char| first.is_ascii_digit());
    match words {
        [rest @ .., keyword, value] if keyword.is("for") && is_number(value) => match duration::parse(value.text) {
            Some(ns) if ns > 0 => Ok((rest, Some(ns))),
            _ => refuse(value, "expected "),
        },
        [.., keyword, value, _] if keyword.is("for") && is_number(value) => refuse(value, "expected "),
        [.., keyword] if keyword.is("for") => refuse(keyword, "expected "),
        _ => Ok((words, None)),
    }
}

/// `count` and a comparison as the next word.
fn is_count(pair: &[Word<'_>]) -> bool {
    pair[0].is("count") && pair[1].is_plain && pair[1].text.starts_with(COMPARISONS)
}

/// `count` and a comparison in one word.
fn is_whole_count(word: &Word<'_>) -> bool {
    word.is_plain && word.text.strip_prefix("count").is_some_and(|rest| rest.starts_with(COMPARISONS))
}

const COMPARISONS: [char; 4] = ['<', '>', '=', '!'];

/// Reads `count >= n in 1m`, which is everything between the bytes `start` and `end`.
fn read_count(rule: &str, start: usize, end: usize) -> Result<(u64, i64), AlertRuleError> {
    let clause = &rule[start..end];
    let refuse = |rest: &str, message: String| Err(AlertRuleError::at(rule, end - rest.len(), message));
    let rest = clause.strip_prefix("count").unwrap_or(clause).trim_start();
    let (rest, extra) = match (rest.strip_prefix(">="), rest.strip_prefix('>')) {
        (Some(rest), _) => (rest.trim_start(), 0),
        (None, Some(rest)) => (rest.trim_start(), 1),
        (None, None) => {
            return refuse(rest, "expected >= or > after count; put the words in quotes to search for them".into());
        }
    };
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let n = rest[..digits].parse::<u64>().ok().and_then(|n| n.checked_add(extra));
    let Some(n) = n.filter(|n| (1..=MAX_COUNT).contains(n)) else {
        return refuse(
            rest,
            format!("expected a whole number, so that at least 1 and at most {MAX_COUNT} events count"),
        );
    };
    let after = &rest[digits..];
    let rest = after.trim_start();
    let Some(rest) = rest.strip_prefix("in").filter(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace))
    else {
        return refuse(rest, "expected in and a duration such as 1m".into());
    };
    if after.starts_with("in") {
        return refuse(after, "expected a space before in".into());
    }
    let rest = rest.trim_start();
    let (value, more) = rest.split_at(rest.find(char::is_whitespace).unwrap_or(rest.len()));
    let Some(window_ns) = duration::parse(value).filter(|ns| *ns > 0) else {
        return refuse(rest, "expected a duration such as 1m".into());
    };
    match more.trim_start() {
        "" => Ok((n, window_ns)),
        more => refuse(more, "expected for or then after the count; the filter stands before it".into()),
    }
}

fn consequence(rule: &str, words: &[Word<'_>]) -> Result<Consequence, AlertRuleError> {
    let refuse = |word: Option<&Word<'_>>, message: String| {
        Err(AlertRuleError::at(rule, word.map_or(rule.len(), |word| word.start), message))
    };
    let Some((name, mut options)) = words.split_first() else { return refuse(None, format!("expected {}", actions())) };
    let Some(action) = ACTIONS.iter().find(|action| name.is(action.name)).copied() else {
        return refuse(
            Some(name),
            match nearest(name.text, ACTIONS.iter().map(|action| action.name)) {
                Some(known) => format!("unknown action; did you mean {known}?"),
                None => format!("expected {}", actions()),
            },
        );
    };
    let mut read = Consequence { action, level: None, cooldown_ns: None };
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

/// The actions, for messages.
fn actions() -> String {
    let names: Vec<_> = ACTIONS.iter().map(|action| action.name).collect();
    format!("an action ({})", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const S: i64 = 1_000_000_000;

    /// Filter, count, hold, action, level, cooldown.
    type Shape = (&'static str, Option<(u64, i64)>, i64, &'static str, Level, Option<i64>);

    fn parse(text: &str) -> Result<AlertRule, AlertRuleError> {
        AlertRule::parse("name", text, &Env::default())
    }

    #[test]
    fn rules() {
        let cases: &[(&str, Shape)] = &[
            ("when level>=error then notify", ("level>=error", None, 0, "notify", Level::Warn, None)),
            (
                "when a b count >= 10 in 1m for 30s then log level error cooldown 5m",
                ("a b", Some((10, 60 * S)), 30 * S, "log", Level::Error, Some(300 * S)),
            ),
            ("when a count > 10 in 500ms then log", ("a", Some((11, S / 2)), 0, "log", Level::Warn, None)),
            ("when a count>=10 in 1m then log", ("a", Some((10, 60 * S)), 0, "log", Level::Warn, None)),
            ("when a count >10 in 1m then log", ("a", Some((11, 60 * S)), 0, "log", Level::Warn, None)),
            ("when a for 2s count>= 1 in 1m then log", ("a", Some((1, 60 * S)), 2 * S, "log", Level::Warn, None)),
            ("when count >= 5 in 1s then log", ("", Some((5, S)), 0, "log", Level::Warn, None)),
            ("when a then log cooldown 0s level CRIT", ("a", None, 0, "log", Level::Fatal, Some(0))),
            ("  when  a   b  then  log ", ("a   b", None, 0, "log", Level::Warn, None)),
            ("when waiting for lock in 5m then log", ("waiting for lock in 5m", None, 0, "log", Level::Warn, None)),
            ("when the count is in then then log", ("the count is in then", None, 0, "log", Level::Warn, None)),
            ("when attr.count>=5 then log", ("attr.count>=5", None, 0, "log", Level::Warn, None)),
            (
                r#"when "x then notify" ~/for 30s/ (count in 1m) then log"#,
                (r#""x then notify" ~/for 30s/ (count in 1m)"#, None, 0, "log", Level::Warn, None),
            ),
            (
                r#"when {"a": "b then c"} for 1d then log"#,
                (r#"{"a": "b then c"}"#, None, 86_400 * S, "log", Level::Warn, None),
            ),
        ];
        for (text, expect) in cases {
            let rule = parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            let found = (rule.filter.text(), rule.count, rule.hold_ns, rule.action.name, rule.level, rule.cooldown_ns);
            assert_eq!(found, *expect, "{text}");
            assert_eq!((rule.name.as_str(), rule.text.as_str()), ("name", *text));
        }
    }

    #[test]
    fn refusals_name_the_column() {
        let cases = [
            ("", 1, "expected when"),
            ("  if a then log", 3, "expected when"),
            ("when a", 7, "expected then and an action (notify, log)"),
            ("when \"a then log", 6, "expected a closing \""),
            ("when then log", 6, "expected a filter"),
            ("when for 3s then log", 6, "expected a filter"),
            ("when a then", 12, "expected an action (notify, log)"),
            ("when a then notfy", 13, "unknown action; did you mean notify?"),
            ("when a then telephone", 13, "expected an action"),
            ("when a then log level", 22, "expected one of trace, debug"),
            ("when a then log level loud", 23, "expected one of trace, debug"),
            ("when a then log cooldown 5", 26, "expected a duration such as 5m"),
            ("when a then log cooldown", 25, "expected a duration such as 5m"),
            ("when a then log loudly", 17, "expected level or cooldown"),
            ("when a then log level warn level warn", 28, "expected cooldown"),
            ("when a then log level warn cooldown 1s x", 40, "expected the end of the rule"),
            ("when é for then log", 8, "expected a duration such as 30s after for"),
            ("when é for 30 then log", 12, "expected a duration such as 30s after for"),
            ("when é for 0s then log", 12, "expected a duration such as 30s after for"),
            ("when é for 5 minutes then log", 12, "expected a duration such as 30s after for"),
            ("when a count = 3 in 1m then log", 14, "expected >= or > after count"),
            ("when a count<3 in 1m then log", 13, "expected >= or > after count"),
            ("when a count >= x in 1m then log", 17, "expected a whole number"),
            ("when a count >= 0 in 1m then log", 17, "expected a whole number"),
            ("when a count >= 100001 in 1m then log", 17, "expected a whole number"),
            ("when a count > 100000 in 1m then log", 16, "expected a whole number"),
            ("when a count > 99999999999999999999 in 1m then log", 16, "expected a whole number"),
            ("when a count > 18446744073709551615 in 1m then log", 16, "expected a whole number"),
            ("when a count >= 3 then log", 18, "expected in and a duration"),
            ("when a count >= 3x in 1m then log", 18, "expected in and a duration"),
            ("when a count >= 3in 1m then log", 18, "expected a space before in"),
            ("when a count >= 3 in then log", 21, "expected a duration such as 1m"),
            ("when a count >= 3 in 1x then log", 22, "expected a duration such as 1m"),
            ("when a count >= 3 in 0s then log", 22, "expected a duration such as 1m"),
            ("when a count >= 3 in 1m b then log", 25, "expected for or then after the count"),
        ];
        for (text, column, message) in cases {
            let error = parse(text).expect_err(text);
            assert!(error.message.starts_with(message), "{text}: {error}");
            assert_eq!(error.column, column, "{text}: {error}");
        }
    }

    #[test]
    fn an_error_in_the_filter_keeps_its_place_in_the_rule() {
        let rule = "when é level>= then log";
        let start = rule.find('é').expect("filter");
        let error = FilterError { column: 9, message: "expected a level".into() };
        assert_eq!(AlertRuleError::in_filter(rule, start, error).to_string(), "column 14: expected a level");
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC*") {
            let _ = parse(&text);
        }

        #[test]
        fn never_panics_on_pieces_of_rules(pieces in prop::collection::vec(prop::sample::select(vec![
            "when", "then", "count", "count>=", ">=", ">", "<", "3", "0", "in", "for", "1m", "30s", "é", "\u{2003}", "\"", "~/", "/", "(", ")",
            "{", "}", "\\", "notify", "log", "level", "warn", "cooldown", "99999999999999999999", "x:y", "|",
        ]), 0..14), joint in prop::sample::select(vec![" ", "", "  "])) {
            let text = pieces.join(joint);
            for text in [format!("when {text}"), format!("when {text} then log"), text] {
                if let Err(error) = parse(&text) {
                    prop_assert!((1..=text.chars().count() + 1).contains(&error.column), "{} in {:?}", error, text);
                }
            }
        }
    }
}
