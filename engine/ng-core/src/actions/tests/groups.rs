//! Groups of a rule: each has a state of its own, and there are only so many.

use super::{BAD, Bench, Of, S, START, bench};
use crate::actions::Alert;
use crate::actions::groups::MAX_GROUPS;
use ng_model::record::NO_PATTERN;
use ng_wire::AlertState;
use proptest::prelude::*;

fn keys(bench: &Bench) -> Vec<(String, AlertState)> {
    bench.actions.view()[0].groups.iter().map(|group| (group.key.clone(), group.state)).collect()
}

#[test]
fn each_group_counts_for_itself() {
    let mut bench = bench(&[("a", "when bad count >= 2 in 1m by source then log")]);
    let from = |source| Of { source, ..BAD };
    bench.event(0, "bad", from("db")).event(1, "bad", from("web"));
    assert_eq!(bench.texts(), [] as [&str; 0]);
    bench.event(2, "bad", from("web")).event(3, "bad", from("web")).event(20, "bad", from("db"));
    let firing = |key: &str| (key.to_owned(), AlertState::Firing);
    assert_eq!(keys(&bench), [firing("db"), firing("web")]);
    assert_eq!(
        bench.alerts().iter().map(|alert| alert.group.as_deref()).collect::<Vec<_>>(),
        [Some("web"), Some("db")]
    );
    let view = bench.actions.view().remove(0);
    assert_eq!((view.state, view.since_ns, view.count, view.fired), (AlertState::Firing, Some(START + 2 * S), 5, 2));
    bench.tick(70);
    assert_eq!(keys(&bench), [firing("db"), ("web".into(), AlertState::Resolved)]);
}

#[test]
fn groups_by_pattern_and_by_attribute() {
    let rules = [("p", "when bad by pattern then log"), ("u", "when bad by attr.user then log")];
    let mut bench = bench(&rules);
    for (pattern, user) in [(1, r#","user":"ann""#), (2, r#","user":"bob""#), (1, r#","user":7"#), (NO_PATTERN, "")] {
        bench.event(0, &format!(r#"{{"msg":"bad"{user}}}"#), Of { pattern, ..BAD });
    }
    let mut groups: Vec<_> =
        bench.alerts().iter().map(|alert| (&*alert.rule, alert.group.as_deref().unwrap())).collect();
    groups.sort_unstable();
    assert_eq!(groups, [("p", ""), ("p", "1"), ("p", "2"), ("u", ""), ("u", "7"), ("u", "ann"), ("u", "bob")]);
}

#[test]
fn a_pattern_that_became_part_of_another_is_not_told_again() {
    let rules = [("p", "when bad by pattern then log"), ("all", "when bad then log")];
    let mut bench = bench(&rules);
    let of = |pattern| Of { pattern, ..BAD };
    bench.event(0, "bad", of(3)).event(0, "bad", of(4));
    assert_eq!(bench.effects.len(), 4);
    bench.actions.follow(3, 9);
    bench.event(1, "bad", of(9));
    assert_eq!(bench.effects.len(), 4, "9 is what 3 was");
    bench.actions.follow(4, 9);
    bench.event(2, "bad", of(9)).event(3, "bad", of(4));
    assert_eq!(bench.effects.len(), 6, "4 is new again");
}

#[test]
fn the_group_not_seen_for_longest_gives_way_and_its_firing_ends() {
    let mut bench = bench(&[("a", "when bad by source then log")]);
    for number in 0..MAX_GROUPS + 10 {
        bench.event(0, "bad", Of { source: &format!("s{number}"), ..BAD });
        // This one is seen again and again.
        bench.event(0, "bad", Of { source: "s0", ..BAD });
    }
    let gauge = |name: &str| bench.actions.gauges().iter().find(|gauge| gauge.name == name).unwrap().value;
    assert_eq!((gauge("groups"), gauge("groups.dropped"), gauge("acts")), (256.0, 10.0, 32.0));
    let ended: Vec<_> = bench.alerts().iter().filter(|alert| alert.is_end).map(|alert| alert.group.clone()).collect();
    assert_eq!(ended, (1..=10).map(|number| Some(format!("s{number}"))).collect::<Vec<_>>());
    let view = bench.actions.view().remove(0);
    assert_eq!((view.groups.len(), view.groups[0].key.as_str(), view.fired), (20, "s0", 266));
    assert_eq!(view.groups_left_out, 236);
}

#[test]
fn of_many_groups_some_are_told_within_a_minute_and_the_others_are_counted() {
    let mut bench = bench(&[("a", "when bad by source then notify"), ("all", "when bad then log")]);
    let from = |bench: &mut Bench, second, number: usize| {
        bench.event(second, "bad", Of { source: &format!("s{number}"), ..BAD });
    };
    (0..1000).for_each(|number| from(&mut bench, 0, number));
    let of_rule = |bench: &Bench| bench.texts().iter().filter(|text| text.starts_with("a: ")).count();
    assert_eq!(of_rule(&bench), 32 + 32, "each that gave way ended, as far as it was told of");
    bench.tick(59);
    assert_eq!(of_rule(&bench), 64);
    bench.tick(60);
    let rest = bench.alerts().into_iter().find(|alert| alert.rule == "a" && alert.group.is_none()).unwrap();
    assert_eq!((rest.text.as_str(), rest.count), ("a: and 968 more groups in 1m (last seq 999)", 968));
    assert!(rest.group.is_none() && rest.actions.len() == 1);
    let told = of_rule(&bench);
    from(&mut bench, 61, 2000);
    assert_eq!(of_rule(&bench), told + 1, "the next minute has its own");
    bench.tick(200);
    let ends: Vec<_> = bench
        .alerts()
        .iter()
        .filter(|alert| alert.is_end && alert.rule == "a")
        .skip(32)
        .collect::<Vec<_>>()
        .iter()
        .map(|alert| alert.group.clone())
        .collect();
    assert_eq!(ends, [Some("s2000".to_owned())], "of those that were not told of no end is");
}

#[test]
fn an_absence_is_told_of_each_source_that_was_there() {
    let mut bench = bench(&[("a", "when beat absent for 10s by source then log")]);
    let beat = |bench: &mut Bench, second, source: &str| _ = bench.event(second, "beat", Of { source, ..BAD });
    bench.tick(100);
    assert_eq!(bench.texts(), [] as [&str; 0], "nobody was there");
    for second in 100..105 {
        beat(&mut bench, second, "one");
        beat(&mut bench, second, "two");
    }
    for second in 105..130 {
        beat(&mut bench, second, "two");
    }
    let silent = "a: no event of one matches \"beat\" for 10 s (last seq 8)";
    assert_eq!(bench.texts(), [silent]);
}

#[test]
fn a_firing_is_of_the_time_of_its_events() {
    let mut bench = bench(&[("a", "when bad count >= 3 in 1m then log")]);
    for hour in 0..3 {
        bench.event(0, "bad", Of { late: 90_000 - hour * 3600, ..BAD });
    }
    assert_eq!(bench.texts(), [] as [&str; 0], "an hour between them");
    for second in 0..2 {
        bench.event(0, "bad", Of { late: 82_790 - second, ..BAD });
    }
    assert_eq!(bench.texts().len(), 1);
    assert_eq!(bench.actions.view()[0].since_ns, Some(START - 82_789 * S));
}

proptest! {
    /// The same events give the same acts, and more looks at the clock only give them earlier.
    #[test]
    fn the_same_events_give_the_same_acts(
        events in prop::collection::vec((0_i64..90, 0_usize..4, 0_u32..3, prop::sample::select(vec![0_i64, 0, 200, 9000])), 1..80),
        rule in prop::sample::select(vec![
            "when bad by source then log cooldown 40s",
            "when bad count >= 2 in 30s for 5s by source then log cooldown 70s",
            "when bad for 20s by pattern then log",
            "when bad absent for 50s by source then log cooldown 100s",
            "when bad count >= 3 in 2m then notify cooldown 1m",
            "when bad rate > 2x usual in 20s by source then log",
        ]),
    ) {
        let run = |ticks: bool| {
            let (mut bench, mut now) = (bench(&[("a", rule)]), 0);
            for (gap, source, pattern, late) in &events {
                if ticks {
                    (now..now + gap).for_each(|second| _ = bench.tick(second));
                }
                now += gap;
                let source = ["one", "two", "three", "four"][*source];
                bench.event(now, "bad", Of { source, pattern: *pattern, late: *late, ..BAD });
            }
            let view = bench.actions.view();
            let in_order: Vec<String> = bench.alerts().iter().map(|alert| alert.event()).collect();
            let what = |alert: &&Alert| (alert.group.clone(), alert.is_end, alert.count, alert.first_seq, alert.last_seq);
            let mut told: Vec<_> = bench.alerts().iter().map(what).collect();
            told.sort_unstable();
            (view[0].state, view[0].fired, told, in_order)
        };
        let (once, again, looked_at) = (run(false), run(false), run(true));
        prop_assert_eq!(&once, &again);
        prop_assert_eq!((once.0, once.1), (looked_at.0, looked_at.1));
        prop_assert_eq!(once.2, looked_at.2);
    }
}
