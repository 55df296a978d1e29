//! Sessions as a whole, on lines made here.

use super::*;
use crate::{Detect, Kernel, Probe, SETTINGS, knn};
use ng_model::event::{Parsed, Span, Text};
use ng_model::record::{Detection, RecordHeader, Verdict};
use ng_wire::{Level, SettingValue};
use std::collections::BTreeMap;

const S: i64 = 1_000_000_000;

/// A detector of sessions named `s1`, `s2` …, and the time.
struct Rig {
    detect: Detect,
    seq: u64,
    now_s: i64,
    source: u32,
    format: Format,
    noise: u64,
}

impl Rig {
    fn new(changes: &[(&str, SettingValue)]) -> Self {
        Rig::with(changes, Kernel::Auto)
    }

    fn with(changes: &[(&str, SettingValue)], kernel: Kernel) -> Self {
        let mut all = BTreeMap::from([("session_key".to_owned(), SettingValue::Text(r"s\d+".into()))]);
        all.extend(changes.iter().map(|(key, value)| (key.to_string(), value.clone())));
        let values = Values::defaults(SETTINGS).with(SETTINGS, &all).unwrap();
        let detect = Detect::new(&values, &Values::defaults(knn::SETTINGS), kernel);
        Rig { detect, seq: 0, now_s: 1_700_000_000, source: 1, format: Format::Text, noise: 1 }
    }

    /// Uniform among the numbers below `most`.
    fn chance(&mut self, most: u64) -> u64 {
        self.noise = self.noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.noise >> 33) % most
    }

    /// A line now, and the sessions that ended with it.
    fn line(&mut self, raw: &str, pattern: u32) -> Vec<Ended> {
        let (parsed, symbols) = (Parsed::default(), Symbols::new());
        let head = RecordHeader {
            seq: self.seq,
            time_ns: self.now_s * S,
            received_ns: 0,
            value: f64::NAN,
            kind: Sym(2),
            source: Sym(self.source),
            level: Level::Info,
            format: self.format,
            declared: 0,
            unit: Unit::None,
            message: Text { span: Span::new(0, raw.len()), escaped: false },
            verdict: Verdict::default(),
            detection: Detection::default(),
        };
        let event = Event { head, encoder: 5, raw: raw.as_bytes(), parsed: &parsed, symbols: &symbols };
        let matched = Match { template_bits: 1.0 + pattern as f32, ..Match::of(pattern) };
        self.seq += 1;
        self.detect.score(&event, &matched, &mut Probe::default());
        self.detect.ended_sessions().to_vec()
    }

    /// Sessions as they usually are: opened, worked on some times, closed; each ends before the next but ten.
    fn usual(&mut self, names: std::ops::Range<u32>) -> Vec<Ended> {
        let mut ended = Vec::new();
        for name in names {
            let works = 2 + self.chance(4);
            ended.extend(self.line(&format!("open s{name}"), 0));
            for _ in 0..works {
                let pattern = 1 + self.chance(2) as u32;
                ended.extend(self.line(&format!("work on s{name}"), pattern));
            }
            ended.extend(self.line(&format!("close s{name}"), 3));
            self.now_s += 60;
        }
        ended
    }

    fn gauge(&self, name: &str) -> f64 {
        let mut gauges = Vec::new();
        self.detect.gauges(&mut gauges);
        gauges.iter().find(|gauge| gauge.name == name).unwrap().value
    }
}

fn names(ended: &[Ended]) -> Vec<String> {
    ended.iter().map(|ended| String::from_utf8(ended.name.clone()).unwrap()).collect()
}

#[test]
fn a_session_of_unusual_shape_scores_above_all_usual_ones() {
    type Shape = fn(&mut Rig);
    let shapes: [(&str, Shape); 4] = [
        ("a line that no other has", |rig| {
            rig.line("open s9999", 0);
            rig.line("fail s9999", 9);
            rig.line("close s9999", 3);
        }),
        ("the usual lines in another order", |rig| {
            rig.line("close s9999", 3);
            rig.line("work on s9999", 1);
            rig.line("open s9999", 0);
            rig.line("work on s9999", 2);
        }),
        ("one line far too often", |rig| {
            rig.line("open s9999", 0);
            (0..200).for_each(|_| drop(rig.line("work on s9999", 1)));
            rig.line("close s9999", 3);
        }),
        ("never closed and hardly begun", |rig| drop(rig.line("open s9999", 0))),
    ];
    for (what, shape) in shapes {
        let mut rig = Rig::new(&[]);
        let before = rig.usual(0..1000);
        shape(&mut rig);
        let after = rig.usual(1000..1100);
        let unusual = after.iter().find(|ended| ended.name == b"s9999").unwrap();
        // While little is remembered, everything is far from it.
        let usual = before[200..].iter().chain(&after).filter(|ended| ended.name != b"s9999");
        let highest = usual.map(|ended| ended.score).fold(0.0, f64::max);
        assert!(unusual.score > highest, "{what}: {} of {highest}", unusual.score);
        assert!(unusual.is_alert, "{what}: {unusual:?}");
        let alerts = before.iter().chain(&after).filter(|ended| ended.is_alert).count();
        assert!(alerts <= 33, "{what}: {alerts} alerts among 1100 sessions");
    }
}

#[test]
fn a_session_that_comes_again_and_again_stays_unusual_in_a_frozen_source() {
    let last_of_many = |learning: bool| {
        let mut rig = Rig::new(&[]);
        rig.usual(100..600);
        rig.detect.set_learning(learning);
        let mut scores = Vec::new();
        for name in 0..300 {
            let mut ended = rig.line(&format!("open s{}", 9000 + name), 0);
            ended.extend(rig.line(&format!("fail s{}", 9000 + name), 9));
            ended.extend(rig.usual(1000 + name..1001 + name));
            scores.extend(ended.iter().filter(|ended| ended.events == 2).map(|ended| ended.score));
        }
        (scores[0], scores[scores.len() - 1])
    };
    let (first, last) = last_of_many(false);
    assert!(last > first * 0.9, "{first} {last}");
    let (first, last) = last_of_many(true);
    assert!(last < first * 0.7, "{first} {last}");
}

#[test]
fn a_session_ends_when_the_time_of_its_source_has_gone_on() {
    let mut rig = Rig::new(&[("session_timeout_s", SettingValue::Int(100))]);
    rig.line("open s1", 0);
    rig.now_s += 60;
    rig.line("open s2", 0);
    rig.now_s += 40;
    assert!(rig.line("without a name", 1).is_empty());
    rig.now_s += 1;
    assert_eq!(names(&rig.line("without a name", 1)), ["s1"]);
    assert!(rig.line("without a name", 1).is_empty(), "it is told once");
    rig.source = 2;
    rig.now_s += 1000;
    assert!(rig.line("of another source", 1).is_empty());
    rig.source = 1;
    assert_eq!(names(&rig.line("without a name", 1)), ["s2"]);
    assert_eq!((rig.gauge("sessions.open"), rig.gauge("sessions.ended")), (0.0, 2.0));
}

#[test]
fn a_clock_that_is_set_back_ends_nothing_and_holds_nothing_up() {
    let mut rig = Rig::new(&[("session_timeout_s", SettingValue::Int(100))]);
    rig.line("open s1", 0);
    rig.now_s -= 50_000;
    assert!(rig.line("open s2", 0).is_empty());
    rig.now_s += 101;
    assert_eq!(names(&rig.line("without a name", 1)), ["s1", "s2"]);
}

#[test]
fn a_session_that_speaks_again_within_a_day_goes_on() {
    let mut rig = Rig::new(&[]);
    for (pause_s, events) in [(0, 1), (3600, 2), (80_000, 3), (90_000, 1)] {
        rig.now_s += pause_s;
        rig.line("work on s1", 0);
        rig.now_s += 700;
        let ended = rig.line("nothing", 1);
        assert_eq!((names(&ended), ended[0].events), (vec!["s1".into()], events), "after {pause_s} s");
    }
}

#[test]
fn the_session_that_was_silent_for_longest_gives_way() {
    let mut rig = Rig::new(&[("max_sessions", SettingValue::Int(16))]);
    for name in 0..16 {
        assert!(rig.line(&format!("open s{name}"), 0).is_empty());
    }
    rig.line("work on s0", 1);
    assert_eq!(names(&rig.line("open s16", 0)), ["s1"]);
    assert_eq!(rig.gauge("sessions.open"), 16.0);
    for name in 17..1000 {
        rig.line(&format!("open s{name}"), 0);
    }
    assert_eq!((rig.gauge("sessions.open"), rig.gauge("sessions.gave_way")), (16.0, 984.0));
    rig.now_s += 10_000;
    assert_eq!(rig.line("nothing", 1).len(), 16);
    // What has ended gives way without being told again.
    for name in 1000..1016 {
        assert!(rig.line(&format!("open s{name}"), 0).is_empty());
    }
    assert_eq!(rig.gauge("sessions.gave_way"), 984.0);
}

#[test]
fn what_names_a_session_is_the_first_group_of_the_expression() {
    let key = SettingValue::Text(r#""trace":"([^"]+)""#.into());
    let mut rig = Rig::new(&[("session_key", key)]);
    rig.format = Format::Json;
    rig.line(r#"{"trace":"a-1","msg":"x"}"#, 0);
    rig.line(r#"{"trace":"","msg":"x"}"#, 0);
    assert_eq!(names(rig.detect.end_sessions()), ["a-1"]);
}

#[test]
fn a_line_belongs_to_every_session_that_it_names_once() {
    let mut rig = Rig::new(&[]);
    rig.line("delete s1 s2 s1", 0);
    rig.line("delete s1", 0);
    let ended = rig.detect.end_sessions().to_vec();
    let events: Vec<_> = ended.iter().map(|ended| (ended.name.clone(), ended.events)).collect();
    assert_eq!(events, [(b"s2".to_vec(), 1), (b"s1".to_vec(), 2)]);
}

#[test]
fn without_a_key_there_are_no_sessions() {
    let mut rig = Rig::new(&[("session_key", SettingValue::Text("".into()))]);
    assert!(rig.usual(0..50).is_empty());
    assert!(rig.detect.end_sessions().is_empty());
    assert_eq!(rig.gauge("sessions.open"), 0.0);
}

#[test]
fn measurements_have_no_sessions() {
    for format in [Format::Note, Format::Metric, Format::Vector] {
        let mut rig = Rig::new(&[]);
        rig.format = format;
        rig.line("s1", 0);
        assert!(rig.detect.end_sessions().is_empty(), "{format:?}");
    }
}

#[test]
fn the_same_events_give_the_same_bits_with_every_kernel() {
    let run = |kernel| {
        let mut rig = Rig::with(&[], kernel);
        let mut ended = rig.usual(0..400);
        ended.extend_from_slice(rig.detect.end_sessions());
        ended
            .iter()
            .map(|ended| (ended.name.clone(), ended.score.to_bits(), ended.strength.to_bits()))
            .collect::<Vec<_>>()
    };
    let first = run(Kernel::Scalar);
    assert_eq!(first.len(), 400);
    assert_eq!(first, run(Kernel::Scalar));
    assert_eq!(first, run(Kernel::Avx2));
    assert_eq!(first, run(Kernel::Avx512));
}

#[test]
fn scores_do_not_depend_on_what_follows() {
    let mut short = Rig::new(&[]);
    let mut long = Rig::new(&[]);
    let first = short.usual(0..200);
    let all = long.usual(0..300);
    assert_eq!(first, all[..first.len()]);
}

#[test]
fn memory_is_bounded_whatever_a_session_holds() {
    let mut rig = Rig::new(&[]);
    for pattern in 0..100_000 {
        rig.line("work on s1", pattern);
    }
    let ended = rig.detect.end_sessions();
    assert_eq!(ended[0].events, 100_000);
    assert!(ended[0].score.is_finite() && ended[0].features.iter().all(|feature| feature.is_finite()), "{ended:?}");
}

#[test]
fn the_reason_names_the_feature_that_is_farthest_out() {
    let mut rig = Rig::new(&[]);
    rig.usual(0..300);
    (0..500).for_each(|_| drop(rig.line("work on s9999", 1)));
    rig.now_s += 10_000;
    let ended = rig.line("nothing", 5);
    let long = ended.iter().find(|ended| ended.name == b"s9999").unwrap();
    let note: serde_json::Value = serde_json::from_str(&long.note(&Symbols::new())).unwrap();
    assert_eq!(
        (&note["type"], &note["session"], &note["events"]),
        (&"session.unusual".into(), &"s9999".into(), &500.into())
    );
    let why = note["why"].as_str().unwrap();
    assert!(why.starts_with("number of events ") || why.starts_with("repetition of a line "), "{why}");
    assert!(why.ends_with(" sd above the usual"), "{why}");
}

#[test]
fn what_names_sessions_is_found_and_told_once_and_those_that_follow_are_scored() {
    let found = |rig: &Rig| rig.detect.session_notes(&Symbols::new()).collect::<Vec<String>>();
    let mut rig = Rig::new(&[("session_key", SettingValue::Text("auto".into()))]);
    let (mut told, mut ended) = (Vec::new(), Vec::new());
    for name in 0..600u32 {
        for (pattern, work) in ["open", "work on", "close"].into_iter().enumerate() {
            ended.extend(rig.line(&format!("{work} job_{}", 100_000 + name), pattern as u32));
            told.extend(found(&rig).into_iter().filter(|note| note.contains("session.key_found")));
        }
        rig.now_s += 60;
    }
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains(r"job_") && told[0].contains("3.0 lines each"), "{told:?}");
    // The look ends with line 1000, in session 333; the last ten have not ended.
    assert!((ended.len() as i64 - (600 - 333 - 10)).abs() <= 1, "{}", ended.len());
    rig.source = 2;
    assert_eq!(rig.line("open job_100001", 0), [], "another source has its own");
    assert_eq!(rig.gauge("sessions.open") as u64, 600 - 333 - ended.len() as u64);
}

#[test]
fn a_fiftieth_of_the_usual_sessions_is_told_and_an_unusual_one() {
    let mut rig = Rig::new(&[]);
    let ended = rig.usual(0..8000);
    let alerts = ended.iter().filter(|ended| ended.is_alert).count();
    assert!(alerts * 40 <= ended.len(), "{alerts} of {}", ended.len());
    (0..3).for_each(|pattern| drop(rig.line("fail s9999", 9 - pattern)));
    rig.now_s += 6000;
    assert!(rig.line("open s10000", 0).iter().any(|ended| ended.name == b"s9999" && ended.is_alert));
}
