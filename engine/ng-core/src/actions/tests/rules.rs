//! Rules as they are written.

use crate::actions::{AlertRule, AlertRuleError, Condition, GroupBy, Only};
use ng_filter::{Env, FilterError};
use ng_wire::Level;
use proptest::prelude::*;

const S: i64 = 1_000_000_000;

fn parse(text: &str) -> Result<AlertRule, AlertRuleError> {
    AlertRule::parse("name", text, &Env::default())
}

fn count(least: u64, window_ns: i64) -> Condition {
    Condition::Count { least, window_ns }
}

#[test]
fn filters_and_conditions() {
    let each = Condition::Each;
    let rate = |times, or_equal| Condition::Rate { times, or_equal, window_ns: 300 * S };
    let absent = |seconds| Condition::Absent { after_ns: seconds * S };
    let cases = [
        ("when level>=error then notify", "level>=error", each, 0),
        ("when a b count >= 10 in 1m for 30s then log level error cooldown 5m", "a b", count(10, 60 * S), 30 * S),
        ("when a count > 10 in 500ms then log", "a", count(11, S / 2), 0),
        ("when a count>=10 in 1m then log", "a", count(10, 60 * S), 0),
        ("when a count >10 in 1h30m then log", "a", count(11, 5400 * S), 0),
        ("when a for 2s count>= 1 in 1m then log", "a", count(1, 60 * S), 2 * S),
        ("when count >= 5 in 1s then log", "", count(5, S), 0),
        ("  when  a   b  then  log ", "a   b", each, 0),
        ("when the count is in then then log", "the count is in then", each, 0),
        ("when waiting for lock then log", "waiting for lock", each, 0),
        ("when killed by oom killer then log", "killed by oom killer", each, 0),
        ("when killed by \"oom\" then log", "killed by \"oom\"", each, 0),
        ("when (a for 3s) then log", "(a for 3s)", each, 0),
        ("when \"a count >= 3 in 1m\" then log", "\"a count >= 3 in 1m\"", each, 0),
        ("when ~/x then y for 3s/ for 4s then log", "~/x then y for 3s/", each, 4 * S),
        ("when {\"priority\": {\"$gte\": 160}} for 4s then log", "{\"priority\": {\"$gte\": 160}}", each, 4 * S),
        ("when \"absent\" then log", "\"absent\"", each, 0),
        ("when backup absent for 10m then log", "backup", absent(600), 0),
        ("when absent for 1h30m then log", "", absent(5400), 0),
        ("when a rate > 3x usual in 5m then log", "a", rate(3.0, false), 0),
        ("when a rate >= 2.5 × usual in 5m for 30s then log", "a", rate(2.5, true), 30 * S),
        ("when a rate>3 x usual in 5m then log", "a", rate(3.0, false), 0),
        ("when rate of fire then log", "rate of fire", each, 0),
    ];
    for (text, filter, condition, hold_ns) in cases {
        let rule = parse(text).expect(text);
        assert_eq!((rule.filter.text(), rule.condition, rule.hold_ns), (filter, condition, hold_ns), "{text}");
        assert_eq!((rule.name.as_str(), rule.text.as_str(), &rule.by), ("name", text, &GroupBy::Nothing));
    }
}

#[test]
fn groups_and_what_detectors_say() {
    let attr = |name: &str| GroupBy::Attr(name.into());
    let cases = [
        ("when a by source then log", "a", Only::Any, GroupBy::Source),
        ("when a count >= 3 in 1m for 3s by pattern then log", "a", Only::Any, GroupBy::Pattern),
        ("when a by attr.user for 3s then log", "a", Only::Any, attr("user")),
        ("when a by attr.\"user name\" then log", "a", Only::Any, attr("user name")),
        ("when backup absent for 10m by source then log", "backup", Only::Any, GroupBy::Source),
        ("when level>=warn new then log", "level>=warn", Only::New, GroupBy::Nothing),
        ("when new by source then log", "", Only::New, GroupBy::Source),
        ("when a | b anomaly count >= 3 in 1m then log", "a | b", Only::Anomalies, GroupBy::Nothing),
        ("when new connection then log", "new connection", Only::Any, GroupBy::Nothing),
        ("when a \"new\" then log", "a \"new\"", Only::Any, GroupBy::Nothing),
    ];
    for (text, filter, only, by) in cases {
        let rule = parse(text).expect(text);
        assert_eq!((rule.filter.text(), rule.only, rule.by), (filter, only, by), "{text}");
    }
}

#[test]
fn actions_and_options() {
    let cases: &[(&str, &[&str], Level, Option<i64>)] = &[
        ("when a then notify", &["notify"], Level::Warn, None),
        ("when a then log level error cooldown 5m", &["log"], Level::Error, Some(300 * S)),
        ("when a then log cooldown 0s level CRIT", &["log"], Level::Fatal, Some(0)),
        ("when a then notify, log cooldown 1h30m", &["notify", "log"], Level::Warn, Some(5400 * S)),
        ("when a then log,notify level info", &["log", "notify"], Level::Info, None),
        ("when a then log , notify", &["log", "notify"], Level::Warn, None),
    ];
    for (text, names, level, cooldown) in cases {
        let rule = parse(text).expect(text);
        let found: Vec<_> = rule.actions.iter().map(|action| action.name).collect();
        assert_eq!((&found[..], rule.level, rule.cooldown_ns), (*names, *level, *cooldown), "{text}");
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
        ("when a count >= 3 in 1m b then log", 25, "expected for, by, unless or then after it"),
        ("when absent backup for 10m then log", 6, "expected absent for TIME behind the filter"),
        ("when backup absent then log", 13, "expected absent for TIME behind the filter"),
        ("when a absent for 5 minutes then log", 19, "expected a duration such as 30s after for"),
        ("when a absent for x then log", 19, "expected a duration such as 10m"),
        ("when a absent for 3s for 4s then log", 22, "expected one for"),
        ("when a for 3s for 4s then log", 8, "expected one for"),
        ("when waiting for lock in 5m then log", 23, "expected count >= N in 5m"),
        ("when a count 3 in 1m then log", 14, "expected >= or > after count"),
        ("when a rate > 5 in 1m then log", 17, "expected x usual"),
        ("when a rate > 0.5x usual in 1m then log", 15, "expected how many times the usual"),
        ("when a rate < 3x usual in 1m then log", 13, "expected >= or > after rate"),
        ("when a rate > 3x usual then log", 23, "expected in and a duration"),
        ("when a by host then log", 11, "expected pattern, source or attr.NAME after by"),
        ("when a by nothing then log", 11, "expected pattern, source or attr.NAME after by"),
        ("when killed by oom then log", 16, "expected pattern, source or attr.NAME after by"),
        ("when a by level count >= 3 in 1m for 3s then log", 11, "expected pattern, source or attr.NAME after by"),
        ("when a by then log", 10, "expected pattern, source or attr.NAME after by"),
        ("when a by patterns then log", 11, "expected pattern, source or attr.NAME after by"),
        ("when a by attr. then log", 11, "expected pattern, source or attr.NAME after by"),
        ("when a by source, pattern then log", 11, "expected pattern, source or attr.NAME after by"),
        ("when a count >= 1001 in 1m by source then log", 28, "expected a count of at most 1000 before by"),
        ("when a then notify,", 20, "expected an action (notify, log)"),
        ("when a then , notify, notify", 23, "notify stands twice"),
        ("when a then notify log", 20, "expected level or cooldown"),
        ("when a then notify, lag", 21, "unknown action; did you mean log?"),
    ];
    for (text, column, message) in cases {
        let error = parse(text).expect_err(text);
        assert!(error.message.starts_with(message), "{text}: {error}");
        assert_eq!(error.column, column, "{text}: {error}");
    }
}

#[test]
fn what_is_refused_says_how_it_is_written() {
    let cases = [
        ("when absent backup for 10m then log", "when backup absent for 10m"),
        ("when a in 5m then log", "count >= N in 5m"),
        ("when a rate > 5 in 1m then log", "count >= N in TIME"),
        ("when a count = 3 in 1m then log", "put the words in quotes to search for them"),
        ("when a by host then log", "pattern, source or attr.NAME"),
        ("when a then webhook:x", "webhook:x is no action here; expected an action (notify, log)"),
    ];
    for (text, how) in cases {
        let error = parse(text).expect_err(text);
        assert!(error.message.contains(how), "{text}: {error}");
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
        "when", "then", "count", "count>=", "rate", "rate>", ">=", ">", "<", "3", "3x", "×", "usual", "0", "in", "for",
        "absent", "by", "source", "attr.", "attr.x", "new", "anomaly", ",", "1m", "30s", "é", "\u{2003}", "\"", "~/", "/",
        "(", ")", "{", "}", "\\", "unless", "fires", "notify", "log", "notify,", "level", "warn", "cooldown", "99999999999999999999", "x:y", "|",
    ]), 0..14), joint in prop::sample::select(vec![" ", "", "  "])) {
        let text = pieces.join(joint);
        for text in [format!("when {text}"), format!("when {text} then log"), format!("when a then {text}"), text] {
            match parse(&text) {
                Ok(rule) => prop_assert!(!rule.actions.is_empty()),
                Err(error) => {
                    prop_assert!((1..=text.chars().count() + 1).contains(&error.column), "{} in {:?}", error, text);
                }
            }
        }
    }
}
