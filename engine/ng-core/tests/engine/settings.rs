//! Every setting of every module changes what the engine does. A setting without a case here fails the first test.

use crate::bench::{Bench, SECOND_NS, Value, noise, vectors};
use ng_core::registry::MODULES;
use ng_wire::{Format, Frame, Outcome, Scoring, SettingValue};

/// What can be seen of a setting.
struct Case {
    setting: &'static str,
    value: fn() -> Value,
    seen: fn(&mut Bench) -> String,
    by_default: &'static str,
    when_set: &'static str,
}

static CASES: &[Case] = &[
    Case {
        setting: "gateway.max_reading_bytes",
        value: || 256.into(),
        seen: |bench| {
            let length = bench.line(&"x".repeat(300)).text.len();
            format!("{length} bytes, {} cut", bench.gauge("gateway", "cut"))
        },
        by_default: "300 bytes, 0 cut",
        when_set: "256 bytes, 1 cut",
    },
    Case {
        setting: "gateway.assume_utc",
        value: || true.into(),
        seen: |bench| format!("{}", bench.line("2024-05-01 12:00:00 hello").time_ns / SECOND_NS),
        by_default: "1714561200",
        when_set: "1714564800",
    },
    Case {
        setting: "token_manager.similarity",
        value: || 1.0.into(),
        seen: |bench| {
            let lines =
                ["the red fox jumps over a lazy dog today again", "the red fox jumps over a lazy cat today again"];
            patterns(bench, &lines)
        },
        by_default: "2 events in 1 pattern",
        when_set: "2 events in 2 patterns",
    },
    Case {
        setting: "token_manager.max_patterns",
        value: || 16.into(),
        seen: |bench| {
            let metrics: Vec<String> = (0..40).map(|i| format!("metric{i}=1")).collect();
            bench.push("many", Format::Metric, &metrics);
            format!("{}", bench.gauge("token_manager", "patterns"))
        },
        by_default: "40",
        when_set: "16",
    },
    Case {
        setting: "token_manager.bucket_cap",
        value: || 1.into(),
        seen: |bench| patterns(bench, &["go alpha beta gamma", "go north south west", "go alpha beta gamma"]),
        by_default: "3 events in 2 patterns",
        when_set: "3 events in 3 patterns",
    },
    Case {
        setting: "connection_manager.max_links",
        value: || 16.into(),
        seen: |bench| {
            let metrics: Vec<String> = (0..40).map(|i| format!("metric{i}=1")).collect();
            bench.push("many", Format::Metric, &metrics);
            format!("{}", bench.gauge("connection_manager", "links"))
        },
        by_default: "39",
        when_set: "16",
    },
    Case {
        setting: "grid.window",
        value: || 64.into(),
        seen: |bench| far_twin_is_remembered(bench, 200),
        by_default: "remembered",
        when_set: "forgotten",
    },
    Case {
        setting: "grid.k",
        value: || 2.into(),
        seen: |bench| {
            // Fewer vectors are remembered than the default asks for, so that no distance is ranked.
            let lines: Vec<String> = (0..40).map(|i| format!("tick {}", "9".repeat(1 + (i * 7) % 11))).collect();
            let records = bench.lines(&lines);
            let ranked = records.iter().any(|record| share(record, "neighbours") > 0.0);
            format!("distance ranked: {ranked}")
        },
        by_default: "distance ranked: false",
        when_set: "distance ranked: true",
    },
    Case {
        setting: "intuition_engine.alert_threshold",
        value: || 10.0.into(),
        seen: |bench| {
            let record = outlier(bench);
            let strength = record.detection.strength.unwrap();
            assert!(strength > 3.6 && strength < 10.0, "{strength}");
            format!("alert: {}", record.detection.is_alert)
        },
        by_default: "alert: true",
        when_set: "alert: false",
    },
    Case {
        setting: "intuition_engine.novel_threshold",
        value: || 10.0.into(),
        seen: |bench| {
            bench.push("v", Format::Vector, &vectors(1000, 3));
            let record = bench.send("v", Format::Vector, &["v=[2,2,1.5,1,1,1,1,1]"]).remove(0);
            let novelty = record.detection.novelty.unwrap();
            assert!(novelty > 3.0 && novelty < 10.0, "{novelty}");
            format!("novel: {}", record.detection.is_novel)
        },
        by_default: "novel: true",
        when_set: "novel: false",
    },
    Case {
        setting: "intuition_engine.floor_percent",
        value: || 20.0.into(),
        seen: |bench| alert_of(bench, |value| format!("m={value}%")),
        by_default: "alert: true",
        when_set: "alert: false",
    },
    Case {
        setting: "intuition_engine.floor_share",
        value: || 1.0.into(),
        seen: |bench| alert_of(bench, |value| format!("m={value}")),
        by_default: "alert: true",
        when_set: "alert: false",
    },
    Case {
        setting: "intuition_engine.floor_count",
        value: || 20.0.into(),
        seen: |bench| alert_of(bench, |value| format!("m:{value}|c")),
        by_default: "alert: true",
        when_set: "alert: false",
    },
    Case {
        setting: "intuition_engine.floor_byte_rate",
        value: || 1.0.into(),
        seen: |bench| alert_of(bench, |value| format!("m={value}B/s")),
        by_default: "alert: false",
        when_set: "alert: true",
    },
    Case {
        setting: "intuition_engine.profile",
        value: || "lite".into(),
        seen: |bench| far_twin_is_remembered(bench, 1500),
        by_default: "remembered",
        when_set: "forgotten",
    },
    Case {
        setting: "intuition_engine.warm_up",
        value: || 10.into(),
        seen: |bench| {
            let records = bench.lines(&["a line like any other"; 12]);
            let scored = records.iter().position(|record| record.detection.state == Scoring::Scored);
            format!("scored from {scored:?}")
        },
        by_default: "scored from None",
        when_set: "scored from Some(10)",
    },
    Case {
        setting: "intuition_engine.max_streams",
        value: || 1.into(),
        seen: |bench| {
            bench.push("many", Format::Metric, &["a=1", "b=1", "c=1"]);
            let dropped = bench.gauge("intuition_engine", "streams.dropped");
            format!("{} streams, {dropped} dropped", bench.gauge("intuition_engine", "streams"))
        },
        by_default: "3 streams, 0 dropped",
        when_set: "1 streams, 2 dropped",
    },
    Case {
        setting: "intuition_engine.memory",
        value: || 1.into(),
        seen: |bench| {
            let metrics: Vec<String> = (0..300).map(|i| format!("metric{}=1", i % 150)).collect();
            bench.push("many", Format::Metric, &metrics);
            format!("streams gave way: {}", bench.gauge("intuition_engine", "streams.dropped") > 0.0)
        },
        by_default: "streams gave way: false",
        when_set: "streams gave way: true",
    },
    Case {
        setting: "intuition_engine.leak",
        value: || 12.0.into(),
        seen: |bench| {
            let surprise = outlier(bench).detection.surprise.unwrap();
            let next = bench.send("m", Format::Metric, &["m=54"]).remove(0).detection.surprise.unwrap();
            format!("fell by half a decade in each channel at most: {}", surprise - next <= 2.0)
        },
        by_default: "fell by half a decade in each channel at most: true",
        when_set: "fell by half a decade in each channel at most: false",
    },
    Case {
        setting: "intuition_engine.session_key",
        value: || r"job-\d+".into(),
        seen: |bench| {
            bench.lines(&["open job-1", "open job-2", "close job-1"]);
            format!("{} sessions", bench.gauge("intuition_engine", "sessions.open"))
        },
        by_default: "0 sessions",
        when_set: "2 sessions",
    },
    Case {
        setting: "intuition_engine.session_timeout_s",
        value: || 5.into(),
        seen: |bench| {
            bench.set("intuition_engine", "session_key", r"job-\d+");
            bench.line("open job-1");
            bench.world.advance(6 * SECOND_NS);
            bench.line("nothing");
            format!("{} ended", bench.gauge("intuition_engine", "sessions.ended"))
        },
        by_default: "0 ended",
        when_set: "1 ended",
    },
    Case {
        setting: "intuition_engine.max_sessions",
        value: || 16.into(),
        seen: |bench| {
            bench.set("intuition_engine", "session_key", r"job-\d+");
            let lines: Vec<String> = (0..40).map(|job| format!("open job-{job}")).collect();
            bench.lines(&lines);
            format!("{} gave way", bench.gauge("intuition_engine", "sessions.gave_way"))
        },
        by_default: "0 gave way",
        when_set: "24 gave way",
    },
    Case {
        setting: "signal_system.queue_capacity",
        value: || 256.into(),
        seen: |bench| {
            let _queue = bench.subscribe("", false);
            bench.lines(&["line"; 300]);
            format!("{} dropped", bench.gauge("signal_system", "dropped"))
        },
        by_default: "0 dropped",
        when_set: "44 dropped",
    },
    Case {
        setting: "action_controller.cooldown_s",
        value: || 0.into(),
        seen: |bench| {
            bench.line("the word");
            bench.wait(100);
            bench.line("the word");
            format!(
                "acted {} times, {} suppressed",
                bench.gauge("action_controller", "acts"),
                bench.gauge("action_controller", "suppressed")
            )
        },
        by_default: "acted 1 times, 1 suppressed",
        when_set: "acted 2 times, 0 suppressed",
    },
    Case {
        setting: "action_controller.incident_window_s",
        value: || 3000.into(),
        seen: |bench| {
            outlier(bench);
            bench.send("m", Format::Metric, &["m=90", "m=90"]);
            bench.wait(700);
            bench.send("m", Format::Metric, &["m=500", "m=500"]);
            format!("{} incidents", bench.gauge("action_controller", "incidents.told"))
        },
        by_default: "2 incidents",
        when_set: "1 incidents",
    },
    Case {
        setting: "action_controller.incident_strength",
        value: || 100.into(),
        seen: |bench| {
            outlier(bench);
            bench.send("m", Format::Metric, &["m=90", "m=90"]);
            let gauge = |name| bench.gauge("action_controller", name);
            format!("{} told of {}", gauge("incidents.told"), gauge("incidents.open"))
        },
        by_default: "1 told of 1",
        when_set: "0 told of 0",
    },
];

fn bench() -> Bench {
    Bench::with_alerts(&[("words", "when word then notify")])
}

fn patterns(bench: &mut Bench, lines: &[&str]) -> String {
    let mut found: Vec<_> = bench.lines(lines).iter().map(|record| record.detection.pattern.unwrap()).collect();
    found.sort_unstable();
    found.dedup();
    format!("{} events in {} pattern{}", lines.len(), found.len(), if found.len() == 1 { "" } else { "s" })
}

/// Whether a vector far from all others still is the nearest to itself after `between` others.
fn far_twin_is_remembered(bench: &mut Bench, between: usize) -> String {
    const FAR: &str = "v=[90,90,90,90,90,90,90,90]";
    let first = bench.send("v", Format::Vector, &[FAR]).remove(0).seq;
    bench.push("v", Format::Vector, &vectors(between, 11));
    let nearest = bench.send("v", Format::Vector, &[FAR]).remove(0).detection.nearest;
    if nearest == Some(first) { "remembered".into() } else { "forgotten".into() }
}

fn share(record: &ng_wire::Record, channel: &str) -> f32 {
    let found = record.detection.channels.iter().find(|found| found.name == channel);
    found.unwrap_or_else(|| panic!("no channel {channel} in {:?}", record.detection.channels)).share
}

/// A value far above a thousand noisy ones.
fn outlier(bench: &mut Bench) -> ng_wire::Record {
    let mut noise = noise(1);
    let usual: Vec<String> = (0..1000).map(|_| format!("m={:.3}", 50.0 + 10.0 * noise())).collect();
    let records = bench.send("m", Format::Metric, &usual);
    assert!(records.iter().all(|record| record.verdict.outcome == Outcome::Admit));
    bench.send("m", Format::Metric, &["m=61.2"]).remove(0)
}

/// Whether a value alerts that is 15 from the usual 50, written as a metric.
fn alert_of(bench: &mut Bench, line: fn(f64) -> String) -> String {
    let mut noise = noise(1);
    let usual: Vec<String> = (0..1000).map(|_| line(50.0 + 2.0 * noise())).collect();
    bench.push("m", Format::Text, &usual);
    let found = bench.send("m", Format::Text, &[line(65.0)]).remove(0).detection;
    format!("alert: {}", found.is_alert)
}

#[test]
fn every_setting_of_a_module_has_a_case() {
    let wanted: Vec<String> = MODULES
        .iter()
        .flat_map(|module| module.settings.iter().map(move |row| format!("{}.{}", module.id, row.key)))
        .collect();
    for setting in &wanted {
        assert!(CASES.iter().any(|case| case.setting == setting), "no case shows what {setting} changes");
    }
    for case in CASES {
        assert!(wanted.iter().any(|setting| setting == case.setting), "{} is no setting", case.setting);
    }
}

#[test]
fn every_setting_of_a_module_changes_what_happens() {
    for case in CASES {
        let (module, key) = case.setting.split_once('.').unwrap();
        assert_eq!((case.seen)(&mut bench()), case.by_default, "{} by default", case.setting);
        let mut bench = bench();
        let Value(value) = (case.value)();
        bench.set(module, key, value.clone());
        assert_eq!((case.seen)(&mut bench), case.when_set, "{} = {value:?}", case.setting);
    }
}

#[test]
fn a_value_set_is_the_value_shown() {
    let mut bench = bench();
    for case in CASES {
        let (module, key) = case.setting.split_once('.').unwrap();
        let Value(value) = (case.value)();
        bench.set(module, key, value.clone());
        let shown = bench.module(module).values[key].clone();
        let same = match (&shown, &value) {
            (SettingValue::Float(shown), SettingValue::Int(value)) => *shown == *value as f64,
            (shown, value) => shown == value,
        };
        assert!(same, "{} is shown as {shown:?}", case.setting);
    }
    assert!(
        bench.views().iter().any(|frame| matches!(frame, Frame::Modules(modules) if modules.len() == MODULES.len()))
    );
}
