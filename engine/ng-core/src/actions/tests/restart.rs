//! What rules know, over a restart.

use super::{BAD, Bench, Of, armed, bench};
use ng_model::checkpoint::{CheckpointReader, CheckpointWriter, seal};
use ng_model::symbols::Symbols;

fn saved(bench: &Bench) -> Vec<u8> {
    let mut writer = CheckpointWriter::default();
    assert_eq!(bench.actions.save(&mut writer), 0);
    writer.finish()
}

/// The next run, with these rules.
fn restarted(before: &Bench, rules: &[(&str, &str)]) -> Bench {
    let (mut after, bytes, mut names) = (bench(rules), saved(before), Symbols::new());
    let mut reader = CheckpointReader::open(&bytes, &mut names).unwrap();
    let read = after.actions.read(&mut reader).unwrap();
    assert_eq!(reader.bytes, b"");
    after.actions.adopt(read);
    after.seq = before.seq;
    after
}

/// A rule, seconds before the restart, seconds after it, and what is told after it; each with its kind of event.
fn check(rule: &str, before: &[i64], after: &[i64], expect: &[&str]) {
    let rules = [("a", rule)];
    let mut first = bench(&rules);
    before.iter().for_each(|second| _ = first.bad(*second));
    let mut second = restarted(&first, &rules);
    after.iter().for_each(|at| _ = second.bad(*at));
    assert_eq!(second.texts(), expect, "{rule}");
    let mut unstopped = first;
    let told = unstopped.effects.len();
    after.iter().for_each(|at| _ = unstopped.bad(*at));
    assert_eq!(second.texts(), unstopped.texts()[told..], "{rule}: as if it had never stopped");
    assert_eq!(second.actions.view(), unstopped.actions.view());
    assert!(saved(&second) == saved(&unstopped));
}

#[test]
fn what_was_counted_pending_or_told_goes_on() {
    check(
        "when bad count >= 3 in 10m then log",
        &[0, 10],
        &[100],
        &["a: 3 events match \"bad\" in 10m: bad (last seq 2)"],
    );
    check("when bad count >= 3 in 1m then log", &[0, 10], &[100], &[]);
    check("when bad for 30s then log", &[0, 20], &[40], &["a: 2 events match \"bad\" in 30s: bad (last seq 2)"]);
    check("when bad then log cooldown 10m", &[0, 1], &[50, 51], &[]);
    check(
        "when bad then log cooldown 10m",
        &[0, 1],
        &[50, 600],
        &[
            "a: resolved after 50 s: 3 events matched \"bad\" since 00:00:00 (last seq 2)",
            "a: 1 event matches \"bad\": bad (last seq 3)",
        ],
    );
}

#[test]
fn what_was_told_is_not_told_again() {
    let rules = [("a", "when bad by source then log")];
    let mut before = bench(&rules);
    for (source, pattern) in [("one", 1), ("one", 2), ("two", 3)] {
        before.event(0, "bad", Of { source, pattern, ..BAD });
    }
    let mut after = restarted(&before, &rules);
    for (source, pattern) in [("one", 2), ("two", 3), ("one", 1), ("two", 4)] {
        after.event(5, "bad", Of { source, pattern, ..BAD });
    }
    assert_eq!(after.texts(), ["a: another kind of event of two matches \"bad\": bad (last seq 6)"]);
}

#[test]
fn what_was_held_back_is_told_when_the_other_rule_has_resolved() {
    let rules = [("down", "when down then log"), ("slow", "when slow unless down fires then log")];
    let mut unstopped = bench(&rules);
    unstopped.event(0, "down", BAD).event(1, "slow", BAD);
    let (mut after, mut late) = (restarted(&unstopped, &rules), restarted(&unstopped, &rules));
    let told = unstopped.effects.len();
    for bench in [&mut after, &mut unstopped] {
        bench.event(40, "slow", BAD).tick(59).tick(60);
    }
    assert_eq!(after.texts()[1], "slow: 2 events match \"slow\" since 00:00:01, held back until now (last seq 2)");
    assert_eq!(after.texts(), unstopped.texts()[told..]);
    assert_eq!(after.actions.view(), unstopped.actions.view());
    assert!(saved(&after) == saved(&unstopped));
    // Nobody looked for so long that both are over.
    late.tick(5000);
    let told: Vec<_> = late.alerts().iter().map(|alert| (alert.rule.as_str(), alert.is_end)).collect();
    assert_eq!(told, [("down", true)]);
}

#[test]
fn a_rule_that_changed_starts_anew_and_others_do_not() {
    let text = "when bad count >= 2 in 10m then log";
    let mut before = bench(&[("same", text), ("text", text), ("gone", text), ("name", text)]);
    before.bad(0);
    let mut after =
        restarted(&before, &[("other", text), ("text", "when bad count >= 2 in 11m then log"), ("same", text)]);
    after.bad(1);
    assert_eq!(after.texts(), ["same: 2 events match \"bad\" in 10m: bad (last seq 1)"]);
}

#[test]
fn nobody_was_there_to_see_that_nothing_came() {
    let rules = [("a", "when bad absent for 1m then log")];
    let mut before = bench(&rules);
    before.bad(0).tick(30);
    let mut after = restarted(&before, &rules);
    after.tick(5000).tick(5029);
    assert_eq!(after.texts(), [] as [&str; 0]);
    after.tick(5030);
    assert_eq!(after.texts().len(), 1);
}

#[test]
fn a_damaged_state_is_refused() {
    let rules = [
        ("a", "when bad count >= 2 in 1m by source then log"),
        ("r", "when bad rate > 2x usual in 1m then log"),
        ("c", "when bad then log"),
        ("h", "when bad by source unless c fires then log"),
    ];
    let mut before = bench(&rules);
    (0..50).for_each(|step| _ = before.event(step * 7, "bad", Of { late: 100, pattern: step as u32 % 3, ..BAD }));
    let mut writer = CheckpointWriter::default();
    before.actions.save(&mut writer);
    let header = CheckpointWriter::default().bytes.len();
    let bytes = writer.bytes;
    let (mut refused, mut tried) = (0, 0);
    for cut in header..bytes.len() {
        let mut shorter = bytes[..cut].to_vec();
        seal(&mut shorter);
        let mut names = Symbols::new();
        let mut reader = CheckpointReader::open(&shorter, &mut names).unwrap();
        assert!(armed(&rules).read(&mut reader).is_none(), "cut at {cut}");
        // A flipped bit may be another number that is as good; it must do no harm.
        let mut other = bytes.clone();
        other[cut] ^= 1 << (cut % 8);
        seal(&mut other);
        let mut names = Symbols::new();
        let mut actions = armed(&rules);
        let read = actions.read(&mut CheckpointReader::open(&other, &mut names).unwrap());
        tried += 1;
        refused += u32::from(read.is_none());
        if let Some(read) = read {
            actions.adopt(read);
            let mut after = Bench { actions, symbols: Symbols::new(), seq: 100, effects: Vec::new() };
            after.tick(400).bad(401).bad(402).tick(4000);
            after.actions.view();
        }
    }
    assert!(refused > tried / 8, "{refused} of {tried}");
}
