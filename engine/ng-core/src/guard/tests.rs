//! The table of rules, the policy, and the verdict as a whole.

use super::testing::Sample;
use super::*;
use ng_filter::rules::RULE_NAMES;
use ng_model::settings::Accepts;
use std::collections::BTreeSet;

fn changes(pairs: &[(&str, SettingValue)]) -> BTreeMap<String, SettingValue> {
    pairs.iter().map(|(key, value)| (key.to_string(), value.clone())).collect()
}

fn text(text: &str) -> SettingValue {
    SettingValue::Text(text.into())
}

fn guard(pairs: &[(&str, SettingValue)]) -> Guard {
    Guard::new(&Policy::defaults().with(&changes(pairs)).expect("policy"), &Env::default()).expect("guard")
}

fn refusal(pairs: &[(&str, SettingValue)]) -> String {
    let mut guard = guard(&[]);
    let before = guard.values();
    let error = guard.configure(&changes(pairs), &Env::default()).expect_err("refused");
    assert_eq!(guard.values(), before, "refused whole");
    error.to_string()
}

#[test]
fn the_table_is_well_formed() {
    assert!(RULES.len() <= 32);
    let names: Vec<_> = RULES.iter().map(|rule| rule.name).collect();
    assert_eq!(names, RULE_NAMES, "filters know the rules by the table in ng-filter");
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), RULES.len());
    for rule in RULES {
        let name = rule.name;
        assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{name}");
        assert!(rule.summary.ends_with('.'), "{name}: {}", rule.summary);
        assert!((1..=255).contains(&rule.clauses.len()), "{name}");
        assert!(rule.settings.iter().all(|row| row.key != "mode" && row.key != "when"), "{name}");
        assert!(!rule.settings.iter().any(|row| matches!(row.accepts, Accepts::Filter(_))), "{name}: not compiled");
        assert!(!(rule.terms)(Policy::defaults().values(name)).is_empty(), "{name}");
    }
    let keys: BTreeSet<_> = Guard::settings().into_iter().map(|setting| setting.key).collect();
    assert_eq!(keys, guard(&[]).values().into_keys().collect());
}

#[test]
fn names_and_numbers_of_clauses_agree() {
    for (index, rule) in RULES.iter().enumerate() {
        for (at, clause) in rule.clauses.iter().enumerate() {
            assert_eq!(clause_name(index as u8, at as u8), (rule.name, clause.name, clause.unit));
            assert_eq!(clause_index(rule.name, clause.name), Some((index as u8, at as u8)));
        }
    }
    assert_eq!(clause_name(NONE, 0), ("unknown", "unknown", ""));
    assert_eq!(clause_name(0, 99), ("size_limit", "unknown", ""));
    assert_eq!(clause_index("size_limit", "nothing"), None);
}

#[test]
fn the_first_enforced_objection_decides_and_all_are_named() {
    let two = [("size_limit.limit", SettingValue::Int(3)), ("bounds.max", SettingValue::Int(5))];
    let cases = [
        (&[][..], "abc", 1.0, Outcome::Admit, NONE, 0b00),
        (&[], "abcd", 9.0, Outcome::Flag, 0, 0b11),
        (&[("bounds.mode", text("enforce"))], "abcd", 9.0, Outcome::Reject, 1, 0b11),
        (&[("bounds.mode", text("enforce"))], "abcd", 1.0, Outcome::Flag, 0, 0b01),
        (
            &[("bounds.mode", text("enforce")), ("size_limit.mode", text("enforce"))],
            "abcd",
            9.0,
            Outcome::Reject,
            0,
            0b11,
        ),
    ];
    for (modes, raw, value, outcome, rule, objections) in cases {
        let mut guard = guard(&[&two[..], modes].concat());
        let verdict = guard.check(&Sample::metric(raw, value, ng_wire::Unit::None).event(), 0);
        assert_eq!((verdict.outcome, verdict.rule, verdict.objections), (outcome, rule, objections), "{modes:?} {raw}");
    }
}

#[test]
fn an_admitted_event_has_the_default_verdict() {
    assert_eq!(guard(&[]).check(&Sample::text("hello").event(), 0), Verdict::default());
}

#[test]
fn a_rule_is_asked_only_about_the_events_of_its_filter() {
    let mut guard = guard(&[("size_limit.limit", SettingValue::Int(3)), ("size_limit.when", text("error"))]);
    assert_eq!(guard.check(&Sample::text("all is well").event(), 0).objections, 0);
    assert_eq!(guard.check(&Sample::text("an error").event(), 0).objections, 1);
    assert_eq!(guard.view(&Symbols::new()).rules[0].terms, "limit 3 B, when error");
}

#[test]
fn the_view_counts_every_outcome_once() {
    let mut guard = guard(&[("size_limit.limit", SettingValue::Int(3)), ("bounds.max", SettingValue::Int(5))]);
    guard.set_mode("bounds", Mode::Enforce).expect("mode");
    for (seq, (raw, value)) in [("abc", 1.0), ("abcd", 1.0), ("abcde", 9.0), ("ab", 9.0)].into_iter().enumerate() {
        let sample = Sample::metric(raw, value, ng_wire::Unit::None).received(70).source(0).seq(seq as u64);
        guard.check(&sample.event(), 0);
    }
    let view = guard.view(&Symbols::new());
    assert_eq!((view.checked, view.admitted, view.flagged, view.rejected), (4, 1, 1, 2));
    let counts: Vec<_> = view.rules.iter().map(|rule| (rule.hits, rule.rejects)).collect();
    assert_eq!(counts, [(2, 0), (2, 2), (0, 0), (0, 0), (0, 0)]);
    let offender = |seq, clause: &str, observed, limit| Offender {
        seq,
        time_ns: 70,
        source: "other".into(),
        clause: clause.into(),
        observed,
        limit,
    };
    assert_eq!(view.rules[0].last, Some(offender(2, "limit", 5.0, 3.0)));
    assert_eq!(view.rules[1].last, Some(offender(3, "maximum", 9.0, 5.0)));
    assert_eq!((view.rules[1].mode, view.rules[2].last.clone()), (Mode::Enforce, None));
}

#[test]
fn counters_stop_at_their_end() {
    let mut guard = guard(&[("size_limit.limit", SettingValue::Int(3))]);
    guard.checked = u64::MAX;
    guard.flagged = u64::MAX;
    guard.slots[0].hits = u64::MAX;
    guard.check(&Sample::text("long").event(), 0);
    let view = guard.view(&Symbols::new());
    assert_eq!((view.checked, view.admitted, view.rules[0].hits), (u64::MAX, 0, u64::MAX));
}

#[test]
fn refusals_name_the_setting() {
    let cases = [
        (("size_limti.limit", SettingValue::Int(1)), "size_limti.limit: unknown rule; did you mean size_limit?"),
        (("size_limit.limti", SettingValue::Int(1)), "size_limit.limti: unknown setting; did you mean limit?"),
        (("size_limit", SettingValue::Int(1)), "size_limit: expected a rule and a setting, such as size_limit.limit"),
        (("size_limit.limit", SettingValue::Int(0)), "size_limit.limit: expected a whole number from 1 to 1073741824"),
        (("bounds.mode", text("off")), "bounds.mode: expected one of observe, enforce"),
        (("bounds.min", SettingValue::Float(2e300)), "bounds.min: expected a number from"),
    ];
    for ((key, value), expect) in cases {
        let error = refusal(&[(key, value), ("stale_clock.ahead_s", SettingValue::Int(1))]);
        assert!(error.starts_with(expect), "{error}");
    }
    let crossed = [("bounds.min", SettingValue::Int(2)), ("bounds.max", SettingValue::Int(1))];
    assert_eq!(refusal(&crossed), "bounds.min: expected at most max, which is 1.0");
    let unknown = guard(&[]).set_mode("rate_limt", Mode::Enforce).expect_err("refused");
    assert_eq!(unknown.to_string(), "rate_limt: unknown rule; did you mean rate_limit?");
}

#[test]
fn a_change_of_mode_or_filter_keeps_the_memory_of_a_rule() {
    let mut guard = guard(&[]);
    let repeat = |guard: &mut Guard| guard.check(&Sample::fields("_id=a").event(), 0).objections != 0;
    assert!(!repeat(&mut guard));
    guard.set_mode("duplicate", Mode::Enforce).expect("mode");
    guard.configure(&changes(&[("duplicate.when", text("_id"))]), &Env::default()).expect("filter");
    assert!(repeat(&mut guard), "still remembered");
    guard.configure(&changes(&[("bounds.max", SettingValue::Int(7))]), &Env::default()).expect("another rule");
    assert!(repeat(&mut guard), "still remembered");
    guard.configure(&changes(&[("duplicate.memory", SettingValue::Int(7))]), &Env::default()).expect("limit");
    assert!(!repeat(&mut guard), "a changed limit starts afresh");
    assert_eq!(guard.values()["duplicate.mode"], text("enforce"));
    assert_eq!(guard.view(&Symbols::new()).rules[3].hits, 2, "counters stay");
}

#[test]
fn an_event_rejected_by_another_rule_is_no_first_of_a_duplicate() {
    let mut guard = guard(&[("size_limit.limit", SettingValue::Int(9)), ("size_limit.mode", text("enforce"))]);
    assert_eq!(guard.check(&Sample::fields("_id=a too_long=1").event(), 0).outcome, Outcome::Reject);
    assert_eq!(guard.check(&Sample::fields("_id=a").event(), 0).outcome, Outcome::Admit);
    assert_eq!(guard.check(&Sample::fields("_id=a").event(), 0).outcome, Outcome::Flag);
}

#[test]
fn explain_reads_the_bits_of_the_verdict() {
    let mut sample = Sample::text("abcd").event().head;
    sample.verdict = Verdict { outcome: Outcome::Flag, rule: 1, objections: 0b1010, ..Verdict::default() };
    let steps: Vec<_> = Guard::explain(&sample).into_iter().map(|step| (step.objected, step.decided)).collect();
    assert_eq!(steps, [(false, false), (true, true), (false, false), (true, false), (false, false)]);
    sample.format = Format::Note;
    assert_eq!(Guard::explain(&sample), []);
}

#[test]
fn a_recorded_verdict_is_recalled() {
    let hit = |rule: &str| ng_wire::Hit { rule: rule.into(), clause: "behind".into(), observed: 9.0, limit: 5.0 };
    let recorded = |rule: &str| ng_wire::Verdict {
        outcome: Outcome::Flag,
        hit: Some(hit(rule)),
        objections: vec![rule.into(), "duplicate".into()],
    };
    let expect = Verdict { outcome: Outcome::Flag, rule: 2, clause: 1, objections: 0b1100, observed: 9.0, limit: 5.0 };
    assert_eq!(verdict_from_wire(&recorded("stale_clock")), expect);
    let gone = Verdict { rule: NONE, clause: 0, objections: 0b1000, ..expect };
    assert_eq!(verdict_from_wire(&recorded("of_another_version")), gone);
    assert_eq!(verdict_from_wire(&ng_wire::Verdict::default()), Verdict::default());
}

#[test]
fn gauges_carry_the_name_of_their_rule() {
    let mut out = Vec::new();
    guard(&[]).gauges(&mut out);
    let names: Vec<_> = out.into_iter().map(|gauge| gauge.name).collect();
    let expect = ["stale_clock.sources", "stale_clock.forgotten", "duplicate.remembered", "duplicate.forgotten"];
    assert_eq!(names[..4], expect);
    assert_eq!(names[4..], ["rate_limit.sources", "rate_limit.forgotten"]);
}
