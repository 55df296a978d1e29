//! The clauses between `when` and `then`, which follow the filter: what must hold, for how long, what parts the events into
//! groups, and which rules hold this one back.

use super::condition::{Condition, GroupBy, Only};
use super::duration;
use super::rule_error::{AlertRuleError, QUOTES};
use super::unless::{RuleName, take_unless};
use super::words::{Taken, Word};

/// The largest `n` of `count >= n`, which bounds the memory of a rule.
const MAX_COUNT: u64 = 100_000;
/// The same for each group of a rule with `by`.
const MAX_GROUP_COUNT: u64 = 1000;
/// The largest factor of `rate`.
const MAX_TIMES: f64 = 1e6;

const GROUPS: &str = "pattern, source or attr.NAME";
const COMPARISONS: [char; 4] = ['<', '>', '=', '!'];
/// Words before a duration that stand for a window elsewhere.
const SPANS: [&str; 5] = ["in", "within", "every", "over", "during"];

/// What stands between `when` and `then`.
pub(super) struct Clauses<'w, 'a> {
    pub(super) filter: &'w [Word<'a>],
    pub(super) only: Only,
    pub(super) condition: Condition,
    pub(super) hold_ns: i64,
    pub(super) by: GroupBy,
    pub(super) unless: Vec<RuleName>,
}

/// Takes the clauses from the end of the words, in whatever order they stand; the rest is the filter.
pub(super) fn clauses<'w, 'a>(rule: &str, words: &'w [Word<'a>]) -> Result<Clauses<'w, 'a>, AlertRuleError> {
    let (mut rest, mut condition, mut hold_ns, mut by, mut unless) = (words, None, None, None, None);
    loop {
        let before = rest.len();
        if by.is_none() {
            (rest, by) = take_by(rule, rest)?;
        }
        if hold_ns.is_none() && !is_absence(rest) {
            (rest, hold_ns) = take_hold(rule, rest)?;
        }
        if unless.is_none() {
            (rest, unless) = take_unless(rule, rest)?;
        }
        // It reaches to the end of what is left.
        if condition.is_none() && rest.len() == before {
            (rest, condition) = take_condition(rule, rest)?;
        }
        if rest.len() == before {
            break;
        }
    }
    let (filter, only) = take_only(rest);
    refuse_leftovers(rule, filter)?;
    let last = |keyword: &str| words.iter().rev().find(|word| word.is(keyword)).map_or(rule.len(), |word| word.start);
    let condition = condition.unwrap_or(Condition::Each);
    match condition {
        Condition::Count { least, .. } if by.is_some() && least > MAX_GROUP_COUNT => Err(AlertRuleError::at(
            rule,
            last("by"),
            format!("expected a count of at most {MAX_GROUP_COUNT} before by"),
        )),
        Condition::Absent { .. } if hold_ns.is_some() => {
            Err(AlertRuleError::at(rule, last("for"), "expected one for: that of absent says how long"))
        }
        _ => Ok(Clauses {
            filter,
            only,
            condition,
            hold_ns: hold_ns.unwrap_or(0),
            by: by.unwrap_or(GroupBy::Nothing),
            unless: unless.unwrap_or_default(),
        }),
    }
}

/// Takes `by GROUP` from the end of the words. Any other plain word after `by` is refused, for it would be searched for.
fn take_by<'w, 'a>(rule: &str, words: &'w [Word<'a>]) -> Taken<'w, 'a, GroupBy> {
    let refuse = |at| Err(AlertRuleError::at(rule, at, format!("expected {GROUPS} after by; {QUOTES}")));
    if let [.., by, group, _] = words
        && by.is("by")
        && group.text.ends_with(',')
    {
        return refuse(group.start);
    }
    if let [.., by] = words
        && by.is("by")
    {
        return refuse(by.end());
    }
    let [rest @ .., by, group] = words else { return Ok((words, None)) };
    if !by.is("by") {
        return Ok((words, None));
    }
    let taken = match group.text.strip_prefix("attr.").map(|name| name.trim_matches('"')) {
        Some(name) if !name.is_empty() => GroupBy::Attr(name.into()),
        None if group.is("pattern") => GroupBy::Pattern,
        None if group.is("source") => GroupBy::Source,
        None if !group.is_plain => return Ok((words, None)),
        _ => return refuse(group.start),
    };
    Ok((rest, Some(taken)))
}

/// Takes `absent for TIME`, `count >= N in TIME` or `rate > N x usual in TIME` from the end of the words.
fn take_condition<'w, 'a>(rule: &str, words: &'w [Word<'a>]) -> Taken<'w, 'a, Condition> {
    if is_absence(words) {
        let (rest, [.., value]) = words.split_at(words.len() - 3) else { return Ok((words, None)) };
        let Some(after_ns) = duration::parse(value.text).filter(|ns| *ns > 0) else {
            return Err(AlertRuleError::at(rule, value.start, format!("expected a duration such as 10m; {QUOTES}")));
        };
        return Ok((rest, Some(Condition::Absent { after_ns })));
    }
    let begins = |keyword: &str| {
        let pair = |pair: &[Word<'_>]| pair[0].is(keyword) && pair[1].is_plain && is_compared(pair[1].text);
        let whole = |word: &Word<'_>| word.is_plain && word.text.strip_prefix(keyword).is_some_and(starts_compared);
        words.windows(2).rposition(pair).or_else(|| words.iter().rposition(whole))
    };
    let end = words.last().map_or(0, Word::end);
    if let Some(at) = begins("count") {
        let clause = Clause { rule, end, rest: &rule[words[at].start + "count".len()..end] };
        return Ok((&words[..at], Some(clause.count()?)));
    }
    if let Some(at) = begins("rate") {
        let clause = Clause { rule, end, rest: &rule[words[at].start + "rate".len()..end] };
        return Ok((&words[..at], Some(clause.rate()?)));
    }
    Ok((words, None))
}

fn starts_compared(rest: &str) -> bool {
    rest.starts_with(COMPARISONS)
}

/// It is what follows `count` or `rate`, or a number where the comparison was forgotten.
fn is_compared(text: &str) -> bool {
    starts_compared(text) || text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The words end in `absent for …`.
fn is_absence(words: &[Word<'_>]) -> bool {
    matches!(words, [.., absent, keyword, _] if absent.is("absent") && keyword.is("for"))
}

/// Takes `for TIME` from the end of the words.
fn take_hold<'w, 'a>(rule: &str, words: &'w [Word<'a>]) -> Taken<'w, 'a, i64> {
    let refuse = |word: &Word<'_>| {
        Err(AlertRuleError::at(rule, word.start, format!("expected a duration such as 30s after for; {QUOTES}")))
    };
    match words {
        [rest @ .., keyword, value] if keyword.is("for") && is_number(value) => match duration::parse(value.text) {
            Some(ns) if ns > 0 => Ok((rest, Some(ns))),
            _ => refuse(value),
        },
        [.., keyword, value, _] if keyword.is("for") && is_number(value) => refuse(value),
        [.., keyword] if keyword.is("for") => refuse(keyword),
        _ => Ok((words, None)),
    }
}

fn is_number(word: &Word<'_>) -> bool {
    word.is_plain && word.text.starts_with(|first: char| first.is_ascii_digit())
}

/// Takes `new` or `anomaly` from the end of the words.
fn take_only<'w, 'a>(words: &'w [Word<'a>]) -> (&'w [Word<'a>], Only) {
    match words {
        [rest @ .., word] if word.is("new") => (rest, Only::New),
        [rest @ .., word] if word.is("anomaly") => (rest, Only::Anomalies),
        _ => (words, Only::Any),
    }
}

/// Refuses words of the filter that were meant as a clause.
fn refuse_leftovers(rule: &str, filter: &[Word<'_>]) -> Result<(), AlertRuleError> {
    if let Some(absent) = filter.iter().find(|word| word.is("absent")) {
        let how = "expected absent for TIME behind the filter, as in when backup absent for 10m";
        return Err(AlertRuleError::at(rule, absent.start, format!("{how}; {QUOTES}")));
    }
    if let Some(unless) = filter.iter().find(|word| word.is("unless")) {
        let how = "expected one unless RULE fires behind the filter, with commas between several rules";
        return Err(AlertRuleError::at(rule, unless.start, format!("{how}; {QUOTES}")));
    }
    let [.., keyword, value] = filter else { return Ok(()) };
    let is_span = keyword.is_plain && SPANS.contains(&keyword.text);
    if is_number(value) && duration::parse(value.text).is_some() && (is_span || keyword.is("for")) {
        let how = match is_span {
            true => format!("expected count >= N in {0} or rate > N x usual in {0}", value.text),
            false => "expected one for".into(),
        };
        return Err(AlertRuleError::at(rule, keyword.start, format!("{how}; {QUOTES}")));
    }
    Ok(())
}

/// What is left of a clause that ends at byte `end` of the rule.
struct Clause<'a> {
    rule: &'a str,
    end: usize,
    rest: &'a str,
}

impl Clause<'_> {
    fn refuse<T>(&self, message: impl Into<String>) -> Result<T, AlertRuleError> {
        Err(AlertRuleError::at(self.rule, self.end - self.rest.len(), message))
    }

    fn skip_blanks(&mut self) {
        self.rest = self.rest.trim_start();
    }

    /// Takes `>=` or `>` and the blanks around it, and returns whether equality is enough.
    fn comparison(&mut self, keyword: &str) -> Result<bool, AlertRuleError> {
        self.skip_blanks();
        let (rest, or_equal) = match (self.rest.strip_prefix(">="), self.rest.strip_prefix('>')) {
            (Some(rest), _) => (rest, true),
            (None, Some(rest)) => (rest, false),
            (None, None) => return self.refuse(format!("expected >= or > after {keyword}; {QUOTES}")),
        };
        self.rest = rest.trim_start();
        Ok(or_equal)
    }

    /// Takes `in TIME`, which ends the clause.
    fn window(&mut self) -> Result<i64, AlertRuleError> {
        let touching = self.rest;
        self.skip_blanks();
        let rest = self.rest.strip_prefix("in");
        let Some(rest) = rest.filter(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace)) else {
            return self.refuse("expected in and a duration such as 1m");
        };
        if touching.starts_with("in") {
            return self.refuse("expected a space before in");
        }
        self.rest = rest.trim_start();
        let (value, more) = self.rest.split_at(self.rest.find(char::is_whitespace).unwrap_or(self.rest.len()));
        let Some(window_ns) = duration::parse(value).filter(|ns| *ns > 0) else {
            return self.refuse("expected a duration such as 1m");
        };
        self.rest = more.trim_start();
        if self.rest.is_empty() {
            return Ok(window_ns);
        }
        self.refuse("expected for, by, unless or then after it; the filter stands before it")
    }

    /// Reads what follows `count`.
    fn count(mut self) -> Result<Condition, AlertRuleError> {
        let extra = u64::from(!self.comparison("count")?);
        let digits = self.rest.bytes().take_while(u8::is_ascii_digit).count();
        let least = self.rest[..digits].parse::<u64>().ok().and_then(|n| n.checked_add(extra));
        let Some(least) = least.filter(|n| (1..=MAX_COUNT).contains(n)) else {
            return self
                .refuse(format!("expected a whole number, so that at least 1 and at most {MAX_COUNT} events count"));
        };
        self.rest = &self.rest[digits..];
        Ok(Condition::Count { least, window_ns: self.window()? })
    }

    /// Reads what follows `rate`.
    fn rate(mut self) -> Result<Condition, AlertRuleError> {
        let or_equal = self.comparison("rate")?;
        let digits = self.rest.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'.').count();
        let times = self.rest[..digits].parse::<f64>().ok();
        let Some(times) = times.filter(|times| (1.0..=MAX_TIMES).contains(times)) else {
            return self.refuse("expected how many times the usual, from 1 on, as in rate > 3x usual in 5m");
        };
        self.rest = self.rest[digits..].trim_start();
        let Some(rest) =
            self.rest.strip_prefix(['x', '×']).map(str::trim_start).and_then(|rest| rest.strip_prefix("usual"))
        else {
            return self.refuse(format!(
                "expected x usual, as in rate > 3x usual in 5m; a number of events is written count >= N in TIME; {QUOTES}"
            ));
        };
        self.rest = rest;
        Ok(Condition::Rate { times, or_equal, window_ns: self.window()? })
    }
}
