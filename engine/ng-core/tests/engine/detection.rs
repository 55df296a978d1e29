//! What the engine does around the detectors: frozen sources, silence, load, and the memory of all streams.

use crate::bench::{Bench, SECOND_NS, engine, restore};
use ng_core::actions::Effect;
use ng_core::registry::Module;
use ng_core::store::Store;
use ng_filter::Env;
use ng_model::event::Span;
use ng_model::intake::{Batch, SourceStatus};
use ng_model::overrides::Overrides;
use ng_wire::{Command, ErrorCode, Format, Frame, Record, SettingValue::Text};

/// About normal, the same every time.
fn noise(index: u64) -> f64 {
    let mut state = index.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x1234_5678;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1u64 << 53) as f64
    };
    (0..12).map(|_| next()).sum::<f64>() - 6.0
}

fn metrics(bench: &mut Bench, source: &str, values: impl IntoIterator<Item = f64>) -> Vec<Record> {
    let lines: Vec<String> = values.into_iter().map(|value| format!("load={value}")).collect();
    bench.send(source, Format::Text, &lines)
}

fn learning(source: &str, learning: bool) -> Command {
    Command::SetLearning { source: source.into(), learning, future: false }
}

/// Surprise at the end of a fault that lasts, after the command or none.
fn surprise_of_a_fault(command: Option<Command>, back: Option<Command>) -> f32 {
    let mut bench = Bench::new();
    metrics(&mut bench, "pump", (0..1500).map(noise));
    command.into_iter().chain(back).for_each(|command| bench.accepted(command));
    metrics(&mut bench, "pump", (1500..4500).map(|index| 30.0 + noise(index)));
    bench.heads().last().unwrap().0.detection.surprise
}

#[test]
fn a_fault_that_lasts_stays_visible_in_a_frozen_source_and_fades_in_one_that_learns() {
    let frozen = surprise_of_a_fault(Some(learning("pump", false)), None);
    let learnt = surprise_of_a_fault(None, None);
    let again = surprise_of_a_fault(Some(learning("pump", false)), Some(learning("pump", true)));
    assert!(frozen > 9.0, "{frozen}");
    assert!(learnt < 6.0, "{learnt}");
    assert_eq!(again.to_bits(), learnt.to_bits());
}

#[test]
fn a_frozen_source_is_written_down_told_listed_and_restored() {
    let mut bench = Bench::new();
    bench.line("hello");
    let answer = bench.command(learning("", false));
    assert!(matches!(answer, Frame::Error { code: ErrorCode::BadRequest, .. }), "{answer:?}");
    bench.accepted(learning("test", false));
    let note = bench.last();
    assert_eq!((note.kind.as_ref(), note.text.as_ref()), ("source.frozen", "test frozen, by tester"));
    assert_eq!(bench.gauge("intuition_engine", "frozen: test"), 1.0);
    let mut kept: Overrides = bench.world.persisted().last().unwrap().clone();
    assert_eq!(kept, bench.overrides);

    let mut restored = Bench::new();
    restored.engine = engine(&[]);
    restore(&mut restored.engine, &mut kept, &Env::default());
    restored.overrides = kept;
    assert_eq!(restored.gauge("intuition_engine", "frozen: test"), 1.0);
    restored.accepted(learning("test", true));
    assert_eq!(restored.last().kind, "source.learning");
    assert!(restored.overrides.frozen.is_empty());
}

/// How new is the last fault in a log of three usual lines whose fourth is a fault from line 1500 on, and the last usual line;
/// how often the fault is new; and how new it is when it has been learnt after all.
fn novelty_of_a_log(freeze: bool) -> (f32, f32, usize, f32) {
    let mut bench = Bench::new();
    let usual = ["INFO request served from cache", "INFO request served from disk", "DEBUG queue is empty now"];
    let fault = "ERROR volume is not writable";
    let mut told = Vec::new();
    for at in 0..4500usize {
        if at == 1500 && freeze {
            bench.accepted(learning("test", false));
        }
        let is_fault = at >= 1500 && at % 4 == 3;
        told.push(bench.line(if is_fault { fault } else { usual[at * at % 3] }).detection);
        bench.wait(1);
    }
    let novelty = |at: usize| told[at].novelty.unwrap();
    let (last_fault, last_usual) = (novelty(4499), novelty(4498));
    let novel = told[1500..].iter().filter(|found| found.is_novel).count();
    bench.accepted(learning("test", true));
    (0..3000).for_each(|_| bench.push("test", Format::Text, &[fault]));
    (last_fault, last_usual, novel, bench.line(fault).detection.novelty.unwrap())
}

#[test]
fn a_new_line_that_lasts_stays_rare_in_a_frozen_source_and_usual_ones_stay_usual() {
    let (fault, usual, novel, learnt) = novelty_of_a_log(true);
    assert!(fault > 6.0 && usual < 1.0 && learnt < 1.0, "{fault} {usual} {learnt}");
    assert_eq!(novel, 1);
    let (fault, ..) = novelty_of_a_log(false);
    assert!(fault < 2.0, "{fault}");
}

#[test]
fn nothing_of_a_frozen_source_is_learnt_and_its_times_go_on() {
    let mut bench = Bench::new();
    bench.set("intuition_engine", "session_timeout_s", 1.0);
    bench.accepted(crate::bench::configure("intuition_engine", &[("session_key", Text(r"job-\w+".into()))]));
    let lines = |from: usize, bench: &mut Bench| {
        for at in from..from + 300 {
            bench.push("test", Format::Text, &[format!("open job-{at}"), format!("close job-{at}")]);
            bench.push("test", Format::Text, &[format!(r#"{{"job":"x","code":{}}}"#, at % 3)]);
            bench.wait(2);
        }
    };
    lines(0, &mut bench);
    bench.accepted(learning("test", false));
    let first = bench.line("open job-x");
    let pattern = |bench: &Bench, id: u32| {
        let found = bench.engine.patterns().get(id).unwrap();
        (found.count, found.length_mean, found.last_seq)
    };
    let id = first.detection.pattern.unwrap();
    let (before, links) = (pattern(&bench, id), bench.engine.links().successors(id));
    lines(1000, &mut bench);
    let after = pattern(&bench, id);
    assert_eq!((after.0, after.1), (before.0 + 300, before.1), "events are counted, lengths are not learnt");
    assert!(after.2 > before.2);
    assert_eq!(bench.engine.links().successors(id), links);
    let last = bench.line("open job-x");
    assert_eq!(last.detection.features[0], first.detection.features[0], "rarity of the template");
    assert_eq!(last.detection.features[2], first.detection.features[2], "mean rarity of its tokens");
    assert_eq!(last.detection.features[5], first.detection.features[5], "rarity of the transition");
    assert!(last.detection.features[4].value < 1.0, "seconds since it was seen: {:?}", last.detection.features[4]);
}

#[test]
fn a_source_that_is_not_known_is_frozen_only_when_it_is_meant() {
    let mut bench = Bench::new();
    bench.push("pump", Format::Text, &["a line"]);
    let refused = |message: &str| Frame::Error { id: 7, code: ErrorCode::BadRequest, message: message.into() };
    let unknown = "no source is called pmup; did you mean pump?";
    for learns in [false, true] {
        assert_eq!(bench.command(learning("pmup", learns)), refused(unknown));
    }
    assert_eq!(bench.command(learning("zzzzzzzz", false)), refused("no source is called zzzzzzzz"));

    let done = |message: &str| Frame::Result { id: 7, message: Some(message.into()) };
    let future = Command::SetLearning { source: "pmup".into(), learning: false, future: true };
    assert_eq!(bench.command(future), done("pmup frozen, by tester; pmup is not known yet"));
    assert_eq!(bench.last().text, "pmup frozen, by tester; pmup is not known yet");
    assert_eq!(bench.command(learning("pmup", true)), done("pmup learns again, by tester; pmup is not known yet"));
    assert_eq!(bench.command(learning("pump", false)), done("pump frozen, by tester"));
}

#[test]
fn names_of_sources_to_come_are_bounded_in_length_number_and_together() {
    let freeze = |name: String| Command::SetLearning { source: name, learning: false, future: true };
    let code = |bench: &mut Bench, name: String| match bench.command(freeze(name)) {
        Frame::Error { code, .. } => Some(code),
        _ => None,
    };
    let mut bench = Bench::new();
    assert_eq!(code(&mut bench, "n".repeat(1025)), Some(ErrorCode::BadRequest));
    for number in 0..64 {
        assert_eq!(code(&mut bench, format!("{number:01024}")), None);
    }
    assert_eq!(code(&mut bench, "one more".into()), Some(ErrorCode::Conflict));
    let mut bench = Bench::new();
    for number in 0..256 {
        assert_eq!(code(&mut bench, number.to_string()), None);
    }
    assert_eq!(code(&mut bench, "one more".into()), Some(ErrorCode::Conflict));
    assert_eq!(code(&mut bench, "7".into()), None, "it is frozen already");
    bench.accepted(learning("7", true));
    assert_eq!(code(&mut bench, "one more".into()), None);
}

#[test]
fn a_state_with_too_many_names_is_taken_up_and_shown_in_part() {
    let mut bench = Bench::new();
    let names = || (0..20_000).map(|number| format!("{number:0500}"));
    bench.overrides = Overrides { frozen: names().collect(), ..Overrides::default() };
    let refused = restore(&mut bench.engine, &mut bench.overrides, &Env::default()).refused;
    assert!(refused.is_empty(), "{refused:?}");
    let views = serde_json::to_vec(&bench.views()).unwrap().len();
    assert!(views < 512 << 10, "{views} bytes");
    let shown =
        bench.module("intuition_engine").gauges.iter().filter(|gauge| gauge.name.starts_with("frozen: ")).count();
    assert_eq!(shown as f64 + bench.gauge("intuition_engine", "frozen.not_shown"), 20_000.0);
    for name in names().take(2) {
        bench.accepted(learning(&name, true));
    }
    assert_eq!(bench.overrides.frozen.len(), 19_998);
}

fn notes(bench: &mut Bench) -> Vec<serde_json::Value> {
    let note = |effect| match effect {
        Effect::Note { json } => Some(serde_json::from_str(&json).unwrap()),
        _ => None,
    };
    bench.engine.drain_effects().filter_map(note).collect()
}

/// What is told of the rate of a source that brings these numbers of events, each ten seconds one.
fn told_of_rates(counts: impl IntoIterator<Item = u64>) -> Vec<serde_json::Value> {
    let mut engine = engine(&[]);
    let mut store = Store::new(1000);
    let status = SourceStatus::new("web-1", "test", 0);
    // What is refused is counted all the same, and costs least.
    engine.set_enabled(Module::Gateway as usize, false);
    for (bin, count) in counts.into_iter().enumerate() {
        let received_ns = bin as i64 * 10 * SECOND_NS;
        let readings = vec![(Format::Metric, Span::new(0, 3)); count as usize];
        let batch = Batch {
            source: status.clone(),
            received_ns,
            written_ns: received_ns,
            bytes: b"x=1".to_vec(),
            readings,
            turns: Vec::new(),
            receipt: None,
        };
        engine.intake(&mut store, &batch, || 0);
    }
    let notes = engine.effects().iter().filter_map(|effect| match effect {
        Effect::Note { json } => serde_json::from_str::<serde_json::Value>(json).ok(),
        _ => None,
    });
    notes.filter(|note| note["type"] == "source.rate").collect()
}

#[test]
fn a_source_that_brings_much_more_or_much_less_than_usual_is_told() {
    let usual = |bin: u64| (300.0 + 17.0 * noise(bin)) as u64;
    for odd in [2000, 40] {
        let told = told_of_rates((0..1500).map(|bin| if bin == 1400 { odd } else { usual(bin) }));
        assert_eq!(told.len(), 1, "{told:?}");
        assert_eq!((told[0]["events_per_10s"].as_u64(), told[0]["source"].as_str()), (Some(odd), Some("web-1")));
        assert!((told[0]["usual_per_10s"].as_f64().unwrap() - 300.0).abs() < 5.0, "{told:?}");
        assert!(
            told[0]["message"].as_str().unwrap().starts_with(&format!("web-1 brought {odd} events in 10 s; usual"))
        );
    }
}

#[test]
fn a_rate_that_is_only_noisy_is_told_less_than_once_in_two_thousand_times() {
    // 20 000 bins are two days and a third.
    let told = told_of_rates((0..20_000).map(|bin| (300.0 + 17.0 * noise(bin)) as u64));
    assert!(told.len() <= 10, "{}", told.len());
}

#[test]
fn a_source_that_falls_silent_is_told_while_it_is_silent() {
    let mut bench = Bench::new();
    for _ in 0..600 {
        bench.line("tick");
        bench.wait(1);
    }
    assert_eq!(notes(&mut bench), Vec::<serde_json::Value>::new());
    bench.wait(60);
    let told = notes(&mut bench);
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!((told[0]["type"].as_str(), told[0]["source"].as_str()), (Some("source.silent"), Some("test")));
    assert_eq!(bench.gauge("intuition_engine", "sources.silent"), 1.0);
    bench.line("tick");
    assert_eq!(notes(&mut bench)[0]["type"], "source.resumed");
    assert_eq!(bench.gauge("intuition_engine", "sources.silent"), 0.0);
}

#[test]
fn silence_is_not_told_while_the_detectors_are_off() {
    let mut bench = Bench::new();
    bench.switch("intuition_engine", false);
    for _ in 0..600 {
        bench.line("tick");
        bench.wait(1);
    }
    bench.wait(100);
    assert_eq!(notes(&mut bench), Vec::<serde_json::Value>::new());
}

#[test]
fn the_profile_auto_follows_the_load_and_is_full_without_any() {
    let run = |profile: &str, share: f64| {
        let mut bench = Bench::new();
        bench.set("intuition_engine", "profile", profile);
        (0..10).for_each(|_| bench.engine.set_load(share, 1.0));
        metrics(&mut bench, "pump", (0..6000).map(noise));
        let scores: Vec<u32> = bench.heads().iter().map(|(head, _)| head.detection.surprise.to_bits()).collect();
        let told = notes(&mut bench).into_iter().filter(|note| note["type"] == "profile.switched").collect::<Vec<_>>();
        (scores, bench.gauge("intuition_engine", "profile.lite"), told)
    };
    let (full, is_lite, told) = run("full", 1.0);
    assert_eq!((is_lite, told.len()), (0.0, 0), "a chosen profile does not follow the load");
    assert!(run("auto", 0.5) == (full, 0.0, Vec::new()));
    let (crowded, is_lite, told) = run("auto", 1.0);
    assert!(crowded == run("lite", 1.0).0);
    assert_eq!((is_lite, told[0]["type"].as_str()), (1.0, Some("profile.switched")));
    assert_eq!(told[0]["profile"], "lite");
}

#[test]
fn the_profile_returns_to_full_and_may_be_chosen_at_any_time() {
    let mut bench = Bench::new();
    bench.set("intuition_engine", "profile", "auto");
    (0..5).for_each(|_| bench.engine.set_load(1.0, 1.0));
    (0..60).for_each(|_| bench.engine.set_load(0.0, 1.0));
    let told: Vec<_> = notes(&mut bench).iter().map(|note| note["profile"].clone()).collect();
    assert_eq!(told, ["lite", "full"]);
    (0..5).for_each(|_| bench.engine.set_load(1.0, 1.0));
    assert_eq!(bench.gauge("intuition_engine", "profile.lite"), 1.0);
    bench.accepted(crate::bench::configure("intuition_engine", &[("profile", Text("full".into()))]));
    assert_eq!(bench.gauge("intuition_engine", "profile.lite"), 0.0);
}

#[test]
fn the_memory_of_all_streams_is_bounded_and_what_gives_way_is_counted() {
    let mut bench = Bench::new();
    bench.set("intuition_engine", "memory", 1);
    for stream in 0..12 {
        let lines: Vec<String> = (0..1500).map(|index| format!("stream{stream}={}", noise(index))).collect();
        bench.send("pump", Format::Text, &lines);
        bench.world.advance(SECOND_NS);
    }
    let (streams, bytes) = (bench.gauge("intuition_engine", "streams"), bench.gauge("intuition_engine", "memory"));
    assert!((1.0..6.0).contains(&streams), "{streams}");
    assert!(bytes > 100e3 && bytes <= 1024.0 * 1024.0 * 1.1, "{bytes}");
    // Those, and the rate of the source.
    assert_eq!(bench.gauge("intuition_engine", "streams.dropped"), 13.0 - streams);
}
