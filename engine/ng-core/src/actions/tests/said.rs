//! What rules say.

use super::{BAD, Of, bench};

#[test]
fn what_a_rule_says_when_it_fires() {
    let cases: &[(&str, i64, &str)] = &[
        ("when bad then log", 1, "a: 1 event matches \"bad\": bad (last seq 0)"),
        ("when bad count >= 3 in 1m then log", 3, "a: 3 events match \"bad\" in 1m: bad (last seq 2)"),
        ("when bad count > 2 in 90s then log", 3, "a: 3 events match \"bad\" in 90s: bad (last seq 2)"),
        ("when bad count >= 1 in 1m then log", 1, "a: 1 event matches \"bad\" in 1m: bad (last seq 0)"),
        ("when count >= 3 in 1m then log", 3, "a: 3 events in 1m: bad (last seq 2)"),
        ("when bad for 2s then log", 3, "a: 2 events match \"bad\" in 2s: bad (last seq 2)"),
        ("when bad count >= 2 in 1m for 3s then log", 5, "a: 4 events match \"bad\" in 1m for 3s (last seq 3)"),
        (
            "when bad count >= 2000 in 1d then log",
            2_000,
            "a: at least 2000 events match \"bad\" in 1d: bad (last seq 1999)",
        ),
        ("when bad by source then log", 1, "a: 1 event of app matches \"bad\": bad (last seq 0)"),
        ("when bad by pattern then log", 1, "a: 1 event of pattern 1 matches \"bad\": bad (last seq 0)"),
        ("when bad by attr.user then log", 1, "a: 1 event without user matches \"bad\": bad (last seq 0)"),
    ];
    for (rule, events, expect) in cases {
        let mut bench = bench(&[("a", rule)]);
        for second in 0..*events {
            bench.bad(second);
        }
        assert_eq!(bench.texts(), [*expect], "{rule}");
    }
}

#[test]
fn what_it_says_afterwards() {
    let mut bench = bench(&[("a", "when bad then log cooldown 1m")]);
    bench.bad(3600);
    bench.event(3601, "bad disk\nwith more lines", Of { pattern: 2, ..BAD });
    bench.bad(3650).bad(3660).tick(3720);
    // A day later.
    bench.bad(90_000).bad(90_030).bad(90_060);
    let expect = [
        "a: 1 event matches \"bad\": bad (last seq 0)",
        "a: another kind of event matches \"bad\": bad disk (last seq 1)",
        "a: 3 events match \"bad\" since 01:00:00: bad (last seq 3)",
        "a: resolved after 1 min: 4 events matched \"bad\" since 01:00:00 (last seq 3)",
        "a: 1 event matches \"bad\": bad (last seq 4)",
        "a: 2 events match \"bad\" since 01:00:00: bad (last seq 6)",
    ];
    assert_eq!(bench.texts(), expect);
    bench.bad(180_000).tick(180_060);
    assert_eq!(
        bench.texts()[6],
        "a: resolved after 1 min: 3 events matched \"bad\" since 2023-11-16 01:00:00 (last seq 6)"
    );
}

#[test]
fn what_an_absence_says() {
    let mut bench = bench(&[("a", "when bad absent for 10m then log")]);
    bench.tick(0).tick(600).bad(5400).tick(6000);
    let expect = [
        "a: no event matches \"bad\" for 10 min",
        "a: resolved: an event matches \"bad\" again after 1 h 30 min (last seq 0)",
        "a: no event matches \"bad\" for 10 min (last seq 0)",
    ];
    assert_eq!(bench.texts(), expect);
}

#[test]
fn what_a_rate_says() {
    let mut bench = bench(&[("a", "when bad rate > 3x usual in 1m then log")]);
    (0..40).for_each(|step| _ = bench.bad(step * 15));
    (0..11).for_each(|_| _ = bench.bad(600));
    assert_eq!(bench.texts(), ["a: 13 events match \"bad\" in 1m, usually 4: bad (last seq 49)"]);
}

#[test]
fn further_kinds_are_counted_and_long_lines_cut() {
    let mut bench = bench(&[("a", "when bad then log")]);
    for pattern in 0..20 {
        bench.event(0, "bad", Of { pattern, ..BAD });
    }
    (1..6).for_each(|step| _ = bench.bad(step * 50));
    let long = format!("bad {}", "é".repeat(300));
    bench.event(300, &long, BAD);
    assert_eq!(bench.texts().len(), 17);
    let example: String = long.chars().take(160).collect();
    let expect =
        format!("a: 25 events match \"bad\" since 00:00:00, 4 of them of further kinds: {example}… (last seq 25)");
    assert_eq!(bench.texts()[16], expect);
}
