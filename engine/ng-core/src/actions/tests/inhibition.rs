//! Rules that hold others back while they fire.

use super::{BAD, Bench, Of, bench};
use crate::actions::{AlertRule, check_inhibition};
use ng_filter::Env;
use ng_wire::AlertState;
use proptest::prelude::*;
use std::collections::BTreeSet;

/// A rule with its filter and the names in its `unless`, each with its column.
type Read<'a> = (&'a str, &'a str, &'a [(&'a str, usize)]);

fn parse((name, text): &(&str, &str)) -> AlertRule {
    AlertRule::parse(name, text, &Env::default()).expect(text)
}

#[test]
fn the_clause_stands_anywhere_behind_the_filter() {
    let cases: &[Read<'_>] = &[
        ("when a unless b fires then log", "a", &[("b", 15)]),
        ("when a b unless b, c fires for 3s by source then log", "a b", &[("b", 17), ("c", 20)]),
        ("when é count >= 3 in 1m unless b ,c,d fires then log", "é", &[("b", 32), ("c", 35), ("d", 37)]),
        ("when a absent for 3s by source unless \"b, \\\"c\\\"\" fires then log", "a", &[("b, \"c\"", 39)]),
        ("when a unless \"fires\" fires count >= 3 in 1m then log", "a", &[("fires", 15)]),
        ("when new unless b fires then log", "", &[("b", 17)]),
        ("when forest fires then log", "forest fires", &[]),
        ("when a \"unless\" b fires then log", "a \"unless\" b fires", &[]),
    ];
    for (text, filter, names) in cases {
        let rule = parse(&("name", text));
        let found: Vec<_> = rule.unless.iter().map(|named| (named.name.as_str(), named.column)).collect();
        assert_eq!((rule.filter.text(), &found[..]), (*filter, *names), "{text}");
    }
}

#[test]
fn what_is_no_clause_is_refused_with_its_column() {
    let cases = [
        ("when a unless then log", 14, "expected the name of an alert rule"),
        ("when a unless fires then log", 15, "expected the name of an alert rule"),
        ("when a unless b, fires then log", 18, "expected the name of an alert rule"),
        ("when a unless , b fires then log", 15, "expected the name of an alert rule"),
        ("when a unless b then log", 16, "expected fires, as in unless node-down fires"),
        ("when é unless b c fires then log", 17, "expected fires"),
        ("when a unless \"b\"c fires then log", 18, "expected fires"),
        ("when a unless b, b fires then log", 18, "b stands twice"),
        ("when a unless b fires unless c fires then log", 8, "expected one unless RULE fires behind the filter"),
        ("when a unless b fires c then log", 8, "expected one unless RULE fires behind the filter"),
        ("when a count >= 3 in 1m b unless c fires then log", 25, "expected for, by, unless or then after it"),
    ];
    for (text, column, message) in cases {
        let error = AlertRule::parse("name", text, &Env::default()).expect_err(text);
        assert!(error.message.starts_with(message), "{text}: {error}");
        assert_eq!(error.column, column, "{text}: {error}");
    }
}

#[test]
fn only_other_rules_are_named_and_in_one_direction() {
    let cases: &[(&[(&str, &str)], &str)] = &[
        (
            &[
                ("a", "when x unless b, c fires then log"),
                ("b", "when x unless c fires then log"),
                ("c", "when x then log"),
            ],
            "",
        ),
        (&[("a", "when x unless a fires then log")], "a, column 15: expected another rule: it cannot hold itself back"),
        (
            &[("a", "when x unless node-dwn fires then log"), ("node-down", "when x then log")],
            "a, column 15: unknown alert rule; did you mean node-down?",
        ),
        (
            &[("a", "when x then log"), ("b", "when x unless a, zebra fires then log")],
            "b, column 18: expected the name of an alert rule; none is called zebra",
        ),
        (
            &[("a", "when x unless b fires then log"), ("b", "when x unless a fires then log")],
            "a, column 15: expected no circle: a is held back by b, b by a",
        ),
        (
            &[
                ("a", "when x unless d fires then log"),
                ("b", "when x unless e, d fires then log"),
                ("c", "when x unless b fires then log"),
                ("d", "when x unless c fires then log"),
                ("e", "when x then log"),
            ],
            "b, column 18: expected no circle: b is held back by d, d by c, c by b",
        ),
    ];
    for (rules, expect) in cases {
        let rules: Vec<AlertRule> = rules.iter().map(parse).collect();
        let found = check_inhibition(&rules).map_err(|(rule, error)| format!("{}, {error}", rule.name));
        assert_eq!(found.err().unwrap_or_default(), *expect);
    }
}

const SLOW: (&str, &str) = ("slow", "when slow unless down fires then log");
const DOWN: (&str, &str) = ("down", "when down then log");

/// What was told other than ends.
fn firings(bench: &Bench) -> Vec<&str> {
    bench.alerts().iter().filter(|alert| !alert.is_end).map(|alert| alert.text.as_str()).collect()
}

#[test]
fn a_rule_that_is_held_back_tells_when_the_other_has_resolved() {
    let mut bench = bench(&[SLOW, DOWN]);
    bench.event(0, "down", BAD).event(1, "slow", BAD).event(2, "slow", BAD).event(50, "slow", BAD);
    let view = bench.actions.view().remove(0);
    assert_eq!((view.state, view.inhibited_by.as_deref()), (AlertState::Firing, Some("down")));
    assert_eq!((view.held_back, view.fired, view.groups[0].count), (1, 0, 3));
    bench.tick(59).tick(60);
    let view = bench.actions.view().remove(0);
    assert_eq!((view.state, view.inhibited_by, view.held_back, view.fired), (AlertState::Firing, None, 1, 1));
    bench.event(70, "slow", BAD).tick(130);
    let expect = [
        "down: 1 event matches \"down\": down (last seq 0)",
        "slow: 3 events match \"slow\" since 00:00:01, held back until now (last seq 3)",
    ];
    assert_eq!(firings(&bench), expect, "and then its cooldown goes");
    let last = bench.texts().pop().unwrap();
    assert_eq!(last, "slow: resolved after 1 min 9 s: 4 events matched \"slow\" since 00:00:01 (last seq 4)");
}

#[test]
fn an_event_that_sets_both_off_is_told_by_the_other_whichever_stands_first() {
    for rules in [[SLOW, DOWN], [DOWN, SLOW]] {
        let mut bench = bench(&rules);
        bench.event(0, "slow and down", BAD);
        assert_eq!(firings(&bench), ["down: 1 event matches \"down\": slow and down (last seq 0)"]);
    }
}

#[test]
fn what_was_told_before_is_not_told_again_and_its_end_is() {
    let mut bench = bench(&[SLOW, DOWN]);
    bench.event(0, "slow", BAD).event(5, "down", BAD).event(6, "slow", BAD);
    bench.event(7, "slow", Of { pattern: 2, ..BAD }).event(60, "down", BAD);
    assert_eq!(bench.texts().len(), 2);
    assert_eq!(bench.actions.view()[0].held_back, 1, "another cause");
    bench.tick(67);
    assert_eq!(bench.texts()[2], "slow: resolved after 7 s: 3 events matched \"slow\" since 00:00:00 (last seq 3)");
}

#[test]
fn what_is_over_by_then_is_not_told_and_starts_no_cooldown() {
    let mut bench = bench(&[SLOW, DOWN]);
    bench.event(0, "down", BAD).event(1, "slow", BAD).event(50, "down", BAD).tick(61).tick(110);
    assert_eq!(bench.states(), [AlertState::Resolved; 2]);
    bench.event(120, "slow", BAD);
    assert_eq!(firings(&bench).pop(), Some("slow: 1 event matches \"slow\": slow (last seq 3)"));
}

#[test]
fn a_rule_that_is_held_back_holds_others_back() {
    let rules = [
        ("c", "when bad unless b fires then log"),
        ("b", "when bad unless a fires then log"),
        ("a", "when bad then log"),
    ];
    let mut bench = bench(&rules);
    bench.bad(0);
    assert_eq!(firings(&bench), ["a: 1 event matches \"bad\": bad (last seq 0)"]);
    let by: Vec<_> = bench.actions.view().into_iter().map(|view| view.inhibited_by).collect();
    assert_eq!(by, [Some("b".to_owned()), Some("a".to_owned()), None]);
}

#[test]
fn one_group_of_one_of_them_is_enough() {
    let rules = [
        ("by", "when slow by source unless down, dead fires then log"),
        ("dead", "when dead then log"),
        ("down", "when down by source then log"),
    ];
    let mut bench = bench(&rules);
    let from = |source| Of { source, ..BAD };
    bench.event(0, "down", from("one")).event(10, "down", from("two"));
    bench.event(15, "slow", from("one")).event(15, "slow", from("three")).tick(60).event(65, "slow", from("four"));
    let view = bench.actions.view().remove(0);
    assert_eq!((view.inhibited_by.as_deref(), view.held_back), (Some("down"), 3));
    bench.tick(70);
    let told: Vec<_> =
        bench.alerts().iter().filter(|alert| alert.rule == "by").map(|alert| alert.group.clone()).collect();
    assert_eq!(told, ["one", "three", "four"].map(|source| Some(source.to_owned())));
}

#[test]
fn an_absence_that_is_held_back_is_told_once() {
    for cooldown in ["", " cooldown 0s"] {
        let rule = format!("when beat absent for 10s unless down fires then log{cooldown}");
        let mut bench = bench(&[("beat", &rule), DOWN]);
        bench.event(0, "down", BAD).event(50, "down", BAD);
        (51..400).for_each(|second| _ = bench.tick(second));
        let beat: Vec<_> = firings(&bench).into_iter().filter(|text| text.starts_with("beat")).collect();
        assert_eq!(beat, ["beat: no event matches \"beat\" for 1 min 50 s, held back until now"], "{rule}");
        assert_eq!(bench.actions.view()[0].held_back, 1);
    }
}

#[test]
fn further_groups_are_told_when_nothing_holds_them_back() {
    let mut bench = bench(&[("by", "when slow by source unless down fires then log"), DOWN]);
    (0..40).for_each(|number| _ = bench.event(0, "slow", Of { source: &format!("s{number}"), ..BAD }));
    bench.event(30, "down", BAD).tick(61).tick(89);
    let rest = |bench: &Bench| firings(bench).iter().filter(|text| text.contains("more groups")).count();
    assert_eq!((firings(&bench).len(), rest(&bench)), (33, 0));
    bench.tick(90);
    assert_eq!(rest(&bench), 1);
}

proptest! {
    /// Whatever comes in whatever order, no firing is told while the other rule fires, and every one is told that goes on after it.
    #[test]
    fn a_rule_tells_of_its_firings_when_the_other_does_not_fire(
        steps in prop::collection::vec((
            0_i64..70, prop::sample::select(vec!["down", "slow", "slow", "slow down"]), 0_usize..3,
            prop::sample::select(vec![0_i64, 0, 0, 200]),
        ), 1..60),
        down in prop::sample::select(vec![
            "when down then log",
            "when down count >= 2 in 40s then log",
            "when down for 10s by source then log",
            "when down absent for 90s then log",
        ]),
        slow in prop::sample::select(vec![
            "when slow unless down fires then log cooldown 0s",
            "when slow by source unless down fires then log cooldown 0s",
            "when slow for 20s by source unless down fires then log cooldown 0s",
            "when slow count >= 2 in 30s for 5s by source unless down fires then log cooldown 0s",
            "when slow absent for 50s by source unless down fires then log cooldown 0s",
        ]),
        is_first in any::<bool>(),
    ) {
        let mut rules = [("down", down), ("slow", slow)];
        if is_first {
            rules.reverse();
        }
        let (mut bench, mut now, mut told) = (bench(&rules), 0, BTreeSet::new());
        for (gap, text, source, late) in steps {
            for second in now..=now + gap {
                bench.tick(second);
                check(&mut bench, &mut told, true)?;
            }
            now += gap;
            bench.event(now, text, Of { source: ["one", "two", "three"][source], late, ..BAD });
            check(&mut bench, &mut told, false)?;
        }
        for second in now..now + 300 {
            bench.tick(second);
            check(&mut bench, &mut told, true)?;
        }
    }
}

/// Takes what was told, and adds the groups to those whose firing was. `is_settled`: time has passed since the latest event.
fn check(bench: &mut Bench, told: &mut BTreeSet<String>, is_settled: bool) -> Result<(), TestCaseError> {
    let view = bench.actions.view();
    let of = |name: &str| view.iter().find(|view| view.name == name).unwrap();
    let down_fires = of("down").state == AlertState::Firing;
    for alert in bench.alerts().iter().filter(|alert| alert.rule == "slow" && !alert.is_end) {
        prop_assert!(!down_fires, "{}", alert.text);
        told.insert(alert.group.clone().unwrap_or_default());
    }
    bench.effects.clear();
    let groups = of("slow").groups.iter().filter(|group| group.state == AlertState::Firing);
    let firing: BTreeSet<String> = groups.map(|group| group.key.clone()).collect();
    told.retain(|key| firing.contains(key));
    prop_assert!(down_fires || !is_settled || firing == *told, "{:?} of {:?}", told, firing);
    Ok(())
}
