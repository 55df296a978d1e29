//! Every setting of every rule of Guardian changes what becomes of an event. A setting without a case fails a test.

use crate::bench::{Bench, SECOND_NS, Value};
use ng_core::guard::RULES;
use ng_wire::{Format, Mode, Outcome};

/// What becomes of the last of some readings.
struct Case {
    setting: &'static str,
    value: fn() -> Value,
    last: fn(&mut Bench) -> Outcome,
    by_default: Outcome,
    when_set: Outcome,
}

static CASES: &[Case] = &[
    Case {
        setting: "size_limit.limit",
        value: || 10.into(),
        last: |bench| outcome(bench, Format::Text, &["longer than ten"]),
        by_default: Outcome::Admit,
        when_set: Outcome::Flag,
    },
    Case {
        setting: "bounds.min",
        value: || 0.0.into(),
        last: |bench| outcome(bench, Format::Metric, &["degrees=-5"]),
        by_default: Outcome::Admit,
        when_set: Outcome::Flag,
    },
    Case {
        setting: "bounds.max",
        value: || 1.0.into(),
        last: |bench| outcome(bench, Format::Metric, &["degrees=5"]),
        by_default: Outcome::Admit,
        when_set: Outcome::Flag,
    },
    Case {
        setting: "stale_clock.ahead_s",
        value: || 9000.0.into(),
        last: |bench| outcome(bench, Format::Text, &["2024-05-01T14:00:00Z two hours ahead"]),
        by_default: Outcome::Flag,
        when_set: Outcome::Admit,
    },
    Case {
        setting: "stale_clock.behind_s",
        value: || 9000.0.into(),
        last: |bench| outcome(bench, Format::Text, &["2024-05-01T12:00:00Z now", "2024-05-01T10:00:00Z behind"]),
        by_default: Outcome::Flag,
        when_set: Outcome::Admit,
    },
    Case {
        setting: "duplicate.by",
        value: || "content".into(),
        last: |bench| outcome(bench, Format::Json, &[r#"{"_id":"a","n":1}"#, r#"{"_id":"a","n":2}"#]),
        by_default: Outcome::Flag,
        when_set: Outcome::Admit,
    },
    Case {
        setting: "duplicate.window_s",
        value: || 5.0.into(),
        last: |bench| {
            outcome(bench, Format::Json, &[r#"{"_id":"a"}"#]);
            bench.wait(10);
            outcome(bench, Format::Json, &[r#"{"_id":"a"}"#])
        },
        by_default: Outcome::Flag,
        when_set: Outcome::Admit,
    },
    Case {
        setting: "duplicate.memory",
        value: || 1.into(),
        last: |bench| outcome(bench, Format::Json, &[r#"{"_id":"a"}"#, r#"{"_id":"b"}"#, r#"{"_id":"a"}"#]),
        by_default: Outcome::Flag,
        when_set: Outcome::Admit,
    },
    Case {
        setting: "rate_limit.per_second",
        value: || 0.001.into(),
        last: |bench| {
            flood(bench);
            bench.world.advance(SECOND_NS / 1000);
            outcome(bench, Format::Text, &["a millisecond later"])
        },
        by_default: Outcome::Admit,
        when_set: Outcome::Flag,
    },
    Case {
        setting: "rate_limit.burst",
        value: || 1.into(),
        last: |bench| outcome(bench, Format::Text, &["one", "two"]),
        by_default: Outcome::Admit,
        when_set: Outcome::Flag,
    },
];

fn outcome(bench: &mut Bench, format: Format, raws: &[&str]) -> Outcome {
    bench.send("noisy", format, raws).last().unwrap().verdict.outcome
}

/// More than the burst of the default at once.
fn flood(bench: &mut Bench) -> Outcome {
    bench.switch("intuition_engine", false);
    bench.push("noisy", Format::Text, &vec!["x"; 40_001]);
    bench.last().verdict.outcome
}

/// Something that a rule objects to by default.
fn offend(rule: &str, bench: &mut Bench) -> Outcome {
    let case = |setting: &str| CASES.iter().find(|case| case.setting == setting).unwrap();
    match rule {
        "size_limit" => outcome(bench, Format::Text, &[&"x".repeat(70_000)]),
        "bounds" => outcome(bench, Format::Metric, &["cpu=250%"]),
        "stale_clock" => (case("stale_clock.ahead_s").last)(bench),
        "duplicate" => (case("duplicate.by").last)(bench),
        "rate_limit" => flood(bench),
        other => panic!("nothing here offends the rule {other}"),
    }
}

#[test]
fn every_setting_of_a_rule_has_a_case() {
    for rule in RULES {
        for row in rule.settings {
            let setting = format!("{}.{}", rule.name, row.key);
            assert!(CASES.iter().any(|case| case.setting == setting), "no case shows what {setting} changes");
        }
        let common: Vec<&str> = rule.rows().iter().take(2).map(|row| row.key).collect();
        assert_eq!(common, ["mode", "when"], "{}", rule.name);
        assert_eq!(rule.rows().len(), rule.settings.len() + 2, "{}", rule.name);
    }
}

#[test]
fn every_setting_of_a_rule_changes_what_becomes_of_an_event() {
    for case in CASES {
        assert_eq!((case.last)(&mut Bench::new()), case.by_default, "{} by default", case.setting);
        let mut bench = Bench::new();
        bench.set("guardian", case.setting, (case.value)().0);
        assert_eq!((case.last)(&mut bench), case.when_set, "{}", case.setting);
    }
}

#[test]
fn every_rule_has_a_mode_and_a_filter() {
    for rule in RULES {
        assert_eq!(rule.mode, Mode::Observe, "{}", rule.name);
        assert_eq!(offend(rule.name, &mut Bench::new()), Outcome::Flag, "{} by default", rule.name);

        let mut enforced = Bench::new();
        enforced.rule_mode(rule.name, Mode::Enforce);
        assert_eq!(offend(rule.name, &mut enforced), Outcome::Reject, "{} enforced", rule.name);
        let hit = enforced.last().verdict.hit.unwrap();
        assert_eq!(hit.rule, rule.name);
        assert!(rule.clauses.iter().any(|clause| clause.name == hit.clause), "{}", hit.clause);

        let mut filtered = Bench::new();
        filtered.set("guardian", &format!("{}.when", rule.name), "source:nobody");
        assert_eq!(offend(rule.name, &mut filtered), Outcome::Admit, "{} filtered", rule.name);
    }
}
