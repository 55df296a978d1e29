//! What was learnt, over a restart: the same bits as without one, and no file that does harm.

use crate::bench::{Bench, configure, noise};
use ng_core::actions::Effect;
use ng_core::checkpoint::{Checkpoint, Truncation};
use ng_model::checkpoint::{CheckpointReader, CheckpointWriter, MAX_BYTES, seal};
use ng_wire::{Format, SettingValue::Text};
use proptest::prelude::*;

/// Bytes of the header.
const HEADER: usize = 40;

/// Rules of every kind.
const RULES: [(&str, &str); 5] = [
    ("warnings", "when level>=warn by pattern then log cooldown 20s"),
    ("busy", "when gate count >= 5 in 10s for 20s then notify cooldown 3m"),
    ("faults", "when attr.status=500 by attr.status then log"),
    ("more", "when retry rate > 2x usual in 2m then log"),
    ("beats", "when beat absent for 1m by source then log"),
];

/// A bench with rules, sessions and an early end of learning.
fn bench(settings: &[(&str, &str, i64)]) -> Bench {
    let mut bench = Bench::with_alerts(&RULES);
    bench.accepted(configure("intuition_engine", &[("session_key", Text(r"req-\w+".into()))]));
    bench.set("intuition_engine", "session_timeout_s", 20.0);
    bench.set("intuition_engine", "warm_up", 150);
    bench.set("intuition_engine", "alert_threshold", 2.5);
    for (module, key, value) in settings {
        bench.set(module, key, *value);
    }
    bench.engine.drain_effects().for_each(drop);
    bench
}

/// A word of letters alone for each number, which is no variable.
fn letters(mut number: u64) -> String {
    let mut word = String::from("w");
    while number > 0 {
        word.push((b'a' + (number % 26) as u8) as char);
        number /= 26;
    }
    word
}

/// Some seconds of a host with text, JSON, vectors, metrics and sessions; what a second brings is the same whoever asks.
fn live(bench: &mut Bench, seconds: std::ops::Range<u64>) {
    for second in seconds {
        let mut chance = noise(second.wrapping_mul(0x9e37_79b9) + 1);
        (0..5).for_each(|_| _ = chance());
        let mut below = |most: f64| (chance() * most) as u64;
        let word = |number: u64| ["ab", "cd", "ef", "gh", "ij"][number as usize % 5];
        let (request, user) = (second / 3, below(3.0));
        let mut lines = vec![
            format!("INFO request req-{request} of user {} accepted by the gate", word(user)),
            format!("INFO request req-{request} took {} ms", below(900.0)),
            format!("DEBUG cache of shard {} holds its entries", word(below(5.0))),
        ];
        if below(7.0) == 0 {
            lines.push(format!("WARN request req-{request} was slow in stage {}", word(below(5.0))));
        }
        if second % 1000 == 700 {
            lines.extend(
                (0..second / 20)
                    .map(|step| format!("WARN request req-{request} was slow in stage {}", word(step * step))),
            );
        }
        if below(90.0) == 0 {
            lines.push(format!("ERROR fault in {} {} after retry", letters(second), letters(second * second)));
        }
        bench.push("app", Format::Text, &lines);
        bench.push("db", Format::Text, &[format!("INFO request of user {} accepted", word(below(4.0)))]);
        let status = if below(40.0) == 0 { 500 } else { 200 };
        let mut objects =
            vec![format!(r#"{{"msg":"get","status":{status},"ms":{},"id":"req-{request}"}}"#, below(50.0))];
        if below(30.0) == 0 {
            objects.push(format!(r#"{{"op":"put","host":"{}","n{}":{}}}"#, word(user), second % 13, below(9.0)));
        }
        bench.push("web", Format::Text, &objects);
        let load = below(100.0) as f64 / 10.0 + if second % 400 == 0 { 90.0 } else { 0.0 };
        bench.push("pump", Format::Text, &[format!("load={load}"), format!("heat={}", below(1000.0))]);
        let parts: Vec<u64> = (0..8).map(|_| below(20.0)).collect();
        bench.push("eye", Format::Text, &[format!("v={parts:?}")]);
        if second % 500 < 380 {
            bench.push("beat", Format::Text, &["INFO beat"]);
        }
        bench.wait(1);
    }
}

fn saving(bench: &Bench, is_last: bool, slice: usize) -> Checkpoint {
    let mut saving = bench.engine.begin_saving(is_last);
    while !bench.engine.save(&mut saving, bench.store.lock().symbols(), slice) {}
    saving
}

fn save(bench: &Bench) -> Vec<u8> {
    saving(bench, true, usize::MAX).finish()
}

/// The next process, that goes on where this one stands.
fn restored(before: &Bench, saved: &[u8], settings: &[(&str, &str, i64)]) -> Bench {
    let mut after = bench(settings);
    after.world.advance(before.world.now_ns_since(&after.world));
    {
        let mut store = after.store.lock();
        store.begin_at(before.next_seq());
        // Names have other numbers in another process.
        ["zebra", "eye", "load"].into_iter().for_each(|name| _ = store.intern(name));
        after.engine.restore(saved, store.symbols_mut()).unwrap();
    }
    after
}

/// Everything that records and notes say, to the last bit.
fn told(bench: &mut Bench, first: u64) -> Vec<String> {
    let notes: Vec<String> = bench
        .engine
        .drain_effects()
        .map(|effect| match effect {
            Effect::Note { json } => json,
            Effect::Alert(alert) => alert.event(),
        })
        .collect();
    bench.records(first).iter().map(|record| format!("{record:?}")).chain(notes).collect()
}

fn assert_same(went_on: &[String], came_back: &[String], what: &str) {
    assert_eq!(went_on.len(), came_back.len(), "{what}");
    for (number, (went_on, came_back)) in went_on.iter().zip(came_back).enumerate() {
        assert_eq!(went_on, came_back, "{what}, line {number}");
    }
}

#[test]
fn a_restored_engine_goes_on_as_one_that_never_stopped() {
    let small = &[("grid", "window", 256), ("grid", "k", 5)][..];
    let crowded = &[("token_manager", "max_patterns", 40), ("connection_manager", "max_links", 30)][..];
    let cases = [("early", 60, &[][..]), ("full", 3000, &[]), ("small", 3000, small), ("crowded", 1200, crowded)];
    let mut all = Vec::new();
    for (what, seconds, settings) in cases {
        let mut before = bench(settings);
        live(&mut before, 0..seconds);
        // What is frozen goes on as well.
        before.engine.set_learning("web", what != "small");
        live(&mut before, seconds..seconds + 100);
        let seconds = seconds + 100;
        let saved = save(&before);
        assert_eq!(saving(&before, true, 10_000).finish(), saved, "slices of a state that stands still are the state");
        let mut after = restored(&before, &saved, settings);
        after.engine.set_learning("web", what != "small");
        let first = before.next_seq();
        before.engine.drain_effects().for_each(drop);
        for bench in [&mut before, &mut after] {
            live(bench, seconds..seconds + 1500);
        }
        let (went_on, came_back) = (told(&mut before, first), told(&mut after, first));
        assert_same(&went_on, &came_back, what);
        assert!(save(&before) == save(&after), "{what}: what was learnt since differs");
        all.extend(went_on);
    }
    for expect in
        ["is_alert: true", "is_novel: true", "session.unusual", "source.silent", "alert.firing", "alert.resolved"]
    {
        assert!(all.iter().any(|line| line.contains(expect)), "{expect} does not come");
    }
}

#[test]
fn a_change_of_profile_over_a_restart_is_one_while_the_engine_runs() {
    for (first, second) in [("full", "lite"), ("lite", "full")] {
        let mut before = bench(&[]);
        before.set("intuition_engine", "profile", first);
        live(&mut before, 0..2500);
        let mut after = bench(&[]);
        after.set("intuition_engine", "profile", second);
        after.world.advance(before.world.now_ns_since(&after.world));
        after.store.lock().begin_at(before.next_seq() + 1);
        after.engine.restore(&save(&before), after.store.lock().symbols_mut()).unwrap();
        before.set("intuition_engine", "profile", second);
        before.engine.drain_effects().for_each(drop);
        let begin = before.next_seq();
        for bench in [&mut before, &mut after] {
            live(bench, 2500..3500);
        }
        assert_same(&told(&mut before, begin), &told(&mut after, begin), second);
    }
}

#[test]
fn smaller_settings_keep_what_fits() {
    let mut before = bench(&[]);
    live(&mut before, 0..400);
    let saved = save(&before);
    let small = [
        ("token_manager", "max_patterns", 16),
        ("connection_manager", "max_links", 16),
        ("intuition_engine", "max_streams", 1),
        ("intuition_engine", "max_sessions", 16),
        ("grid", "window", 64),
    ];
    let mut after = restored(&before, &saved, &small);
    let gauge = |bench: &Bench, module: &str, name: &str| bench.gauge(module, name);
    assert_eq!(gauge(&after, "token_manager", "patterns"), 16.0);
    assert_eq!(gauge(&after, "connection_manager", "links"), 16.0);
    // One metric, one vector, and the text and JSON of all sources.
    assert_eq!(gauge(&after, "intuition_engine", "streams"), 2.0 + 3.0 + 1.0);
    live(&mut after, 400..600);
    assert!(gauge(&after, "intuition_engine", "sessions.open") <= 16.0);

    let mut other = bench(&[]);
    other.accepted(configure("intuition_engine", &[("session_key", Text("user \\w+".into()))]));
    other.engine.restore(&saved, other.store.lock().symbols_mut()).unwrap();
    assert_eq!(gauge(&other, "intuition_engine", "sessions.open"), 0.0, "they were named by another expression");
}

#[test]
fn what_was_found_to_name_sessions_is_known_after_a_restart() {
    let auto = || {
        let mut bench = bench(&[]);
        bench.accepted(configure("intuition_engine", &[("session_key", Text("auto".into()))]));
        bench
    };
    let work = |bench: &mut Bench, jobs: std::ops::Range<u32>| {
        for job in jobs {
            bench.push(
                "app",
                Format::Text,
                &["open", "work on", "close"].map(|step| format!("{step} job_{}", 10_000 + job)),
            );
            bench.wait(30);
        }
    };
    let mut before = auto();
    work(&mut before, 0..400);
    let (mut after, mut unaware) = (auto(), auto());
    after.engine.restore(&save(&before), after.store.lock().symbols_mut()).unwrap();
    for bench in [&mut after, &mut unaware] {
        work(bench, 400..450);
    }
    let ended = |bench: &Bench| bench.gauge("intuition_engine", "sessions.ended");
    assert!(ended(&after) >= 49.0 && ended(&unaware) == 0.0, "{} {}", ended(&after), ended(&unaware));
}

#[test]
fn a_line_that_two_templates_cover_stays_with_the_one_that_had_it_first() {
    let mut before = bench(&[]);
    let first = before.lines(&["a b c d e", "a b c d e"]).remove(0).detection.pattern;
    // Word by word another template comes to cover it, which a search would prefer for its variables.
    let other = before.lines(&["a q r s e", "a q r d e", "a q c s e", "a b m n e"]).remove(3).detection.pattern;
    assert_ne!(first, other);
    let mut after = restored(&before, &save(&before), &[]);
    for bench in [&mut before, &mut after] {
        assert_eq!(bench.line("a b c d e").detection.pattern, first);
    }
}

#[test]
fn what_ranks_the_counts_of_patterns_is_not_restored_without_them() {
    let mut before = bench(&[]);
    live(&mut before, 0..100);
    let (mut writer, mut left) = (CheckpointWriter::default(), before.engine.detect().begin_saving());
    assert!(before.engine.detect().save(&mut left, &mut writer, before.store.lock().symbols(), usize::MAX));
    let bytes = writer.finish();
    let read = |known: &str| {
        let mut after = bench(&[]);
        let mut symbols = after.store.lock().symbols().clone();
        let known = symbols.intern(known);
        let read = after
            .engine
            .detect()
            .read(&mut CheckpointReader::open(&bytes, &mut symbols).unwrap(), |source| source == known);
        after.engine.detect_mut().adopt(read.unwrap());
        (after.gauge("intuition_engine", "streams"), after.gauge("intuition_engine", "sessions.open"))
    };
    // Two metrics, a vector and the rates of six sources need no patterns.
    assert_eq!(read("nobody"), (9.0, 0.0));
    assert_eq!(read("db"), (10.0, 0.0));
    let (streams, sessions) = read("app");
    assert!(streams == 10.0 && sessions > 1.0, "{streams} {sessions}");
}

#[test]
fn a_state_that_was_made_while_events_went_on_is_sensible() {
    let settings = [("token_manager", "max_patterns", 30)];
    let mut before = bench(&settings);
    live(&mut before, 0..600);
    let known = before.send("app", Format::Text, &["INFO request req-7 took 12 ms"]).remove(0);
    let mut saving = before.engine.begin_saving(false);
    let mut second = 600;
    while !before.engine.save(&mut saving, before.store.lock().symbols(), 50) {
        live(&mut before, second..second + 1);
        before.push("app", Format::Text, &[format!("came {} {} later", letters(second), letters(second * 7))]);
        second += 1;
    }
    assert!(second > 650, "{second}: nothing came between the slices");
    let last = before.send("app", Format::Text, &["another line that is new at the end"]).remove(0);
    let mut after = restored(&before, &saving.finish(), &settings);
    for id in 0..last.detection.pattern.unwrap() {
        for link in after.engine.links().successors(id) {
            assert!(after.engine.patterns().get(id).is_some() && after.engine.patterns().get(link.pattern).is_some());
        }
    }
    let again = after.send("app", Format::Text, &["INFO request req-8 took 13 ms"]).remove(0);
    assert_eq!((again.detection.pattern, again.detection.is_novel), (known.detection.pattern, false));
    let new = after.send("app", Format::Text, &["another line that is new at the end"]).remove(0);
    assert!(new.detection.pattern > last.detection.pattern, "a number is not given twice");
    live(&mut after, second..second + 300);
}

#[test]
fn what_does_not_fit_is_left_out_and_counted() {
    let mut before = bench(&[("token_manager", "max_patterns", 1_000_000), ("token_manager", "bucket_cap", 65_536)]);
    before.switch("intuition_engine", false);
    // With sixteen new words in each line the tokens are too many as well.
    let new = |line: u64| (0..16).map(|word| letters(line * 16 + word + 1)).collect::<Vec<_>>().join(" ");
    let lines: Vec<String> = (0..60_000).map(|line| new(line) + &" and what is the same in all".repeat(15)).collect();
    before.push("app", Format::Text, &lines);
    let saving = saving(&before, true, usize::MAX);
    let left_out = saving.left_out();
    let saved = saving.finish();
    assert!(
        left_out.patterns > 1000,
        "{left_out:?} of {} patterns, {} bytes",
        before.gauge("token_manager", "patterns"),
        saved.len()
    );
    assert!(saved.len() <= MAX_BYTES, "{}", saved.len());
    let mut after = restored(&before, &saved, &[("token_manager", "max_patterns", 1_000_000)]);
    assert_eq!(after.gauge("token_manager", "patterns"), (60_000 - left_out.patterns) as f64);
    assert!(after.gauge("token_manager", "tokens") < before.gauge("token_manager", "tokens") / 2.0);
    let novel = |bench: &mut Bench, line: &str| {
        let count = bench.gauge("token_manager", "patterns");
        bench.push("app", Format::Text, &[line]);
        bench.gauge("token_manager", "patterns") > count
    };
    assert!(!novel(&mut after, &lines[59_999]), "the latest is known");
    assert!(novel(&mut after, &lines[0]), "the oldest was left out");
    assert_eq!(saving_of_nothing().left_out(), Truncation::default());
}

fn saving_of_nothing() -> Checkpoint {
    saving(&bench(&[]), true, usize::MAX)
}

#[test]
fn detectors_that_do_not_fit_are_left_out_and_counted() {
    let mut before = bench(&[("intuition_engine", "max_streams", 1000), ("intuition_engine", "memory", 4096)]);
    for stream in 0..900u64 {
        // Of these 340 take about 70 KB each when their window is full.
        let lines: Vec<String> = (0..900).map(|at| format!("m{stream}={}", (at * 7919 + stream) % 1009)).collect();
        before.push("pump", Format::Text, &lines);
    }
    let saving = saving(&before, true, usize::MAX);
    let left_out = saving.left_out();
    assert!(left_out.detectors > 0 && left_out.patterns == 0, "{left_out:?}");
    let saved = saving.finish();
    assert!(saved.len() <= MAX_BYTES);
    let after = restored(&before, &saved, &[("intuition_engine", "max_streams", 1000)]);
    assert_eq!(after.gauge("intuition_engine", "streams"), (900 - left_out.detectors) as f64);
}

fn try_restore(saved: &[u8]) -> (Bench, Result<(), String>) {
    let mut after = bench(&[]);
    let names = after.store.lock().symbols().clone();
    let answer = after.engine.restore(saved, after.store.lock().symbols_mut());
    if answer.is_err() {
        assert_eq!(after.gauge("token_manager", "patterns"), 0.0);
        assert_eq!(after.gauge("intuition_engine", "streams"), 0.0);
        assert_eq!(after.store.lock().symbols().find("app"), names.find("app"));
    }
    (after, answer)
}

#[test]
fn nothing_is_restored_from_a_state_that_is_not_valid() {
    let mut before = bench(&[]);
    live(&mut before, 0..100);
    let saved = save(&before);
    assert_eq!(try_restore(&saved).1, Ok(()));
    for at in [0, 8, 16, 24, 32, 40, 41, 200, saved.len() / 2, saved.len() - 1] {
        let mut broken = saved.clone();
        broken[at] ^= 1;
        assert!(try_restore(&broken).1.is_err(), "byte {at}");
    }
    for length in [0, 7, 39, 40, saved.len() - 1] {
        assert!(try_restore(&saved[..length]).1.is_err(), "{length} bytes");
    }
    assert_eq!(try_restore(&[saved.clone(), vec![0]].concat()).1, Err("is damaged".to_owned()));
    let older = [&saved[..8], &1u64.to_le_bytes(), &saved[16..]].concat();
    assert_eq!(try_restore(&older).1, Err("has version 1, expected 7".to_owned()));
}

/// Changes a state at a place that is a share of it, and makes its header valid again.
fn harmed(saved: &[u8], harms: &[(f64, u8, u32)], length: f64) -> Vec<u8> {
    let mut harmed = saved[..HEADER + ((saved.len() - HEADER) as f64 * length) as usize].to_vec();
    for (share, way, number) in harms {
        let at = HEADER + ((harmed.len() - HEADER) as f64 * share) as usize;
        let Some(bytes) = harmed.get_mut(at..at + 4) else { continue };
        match way {
            0 => bytes[0] ^= 1 << (number % 8),
            1 => bytes.copy_from_slice(&number.to_le_bytes()),
            2 => bytes.fill(0xff),
            _ => bytes.fill(0),
        }
    }
    seal(&mut harmed);
    harmed
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]
    /// Its checksum is right, as if somebody had made it so: it is refused, or taken up by an engine that goes on.
    #[test]
    fn a_hostile_state_does_no_harm(
        harms in prop::collection::vec((prop_oneof![0.0f64..1.0, 0.0f64..0.08], 0u8..4, any::<u32>()), 1..4),
        length in prop_oneof![9 => Just(1.0), 1 => 0.0f64..1.0],
    ) {
        thread_local!(static STATE: Vec<u8> = {
            let mut before = bench(&[("grid", "window", 64)]);
            live(&mut before, 0..70);
            save(&before)
        });
        let saved = STATE.with(|saved| harmed(saved, &harms, length));
        let (mut after, answer) = try_restore(&saved);
        if answer.is_ok() {
            live(&mut after, 70..90);
            after.engine.begin_saving(true);
            prop_assert!(!save(&after).is_empty());
        }
    }
}
