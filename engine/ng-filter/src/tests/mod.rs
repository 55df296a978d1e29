//! Tests of the language as a whole, over a handful of stored events.

mod dialect;
mod errors;
mod hints;
mod keys;
mod language;
mod matching;
mod needed;
mod properties;

use super::{Env, Filter, attrs};
use crate::rules::RULE_NAMES;
use ng_model::event::{Span, Text};
use ng_model::record::{Detection, RecordHeader, StoredRecord, Verdict};
use ng_model::symbols::Symbols;
use ng_model::zone::Zone;
use ng_wire::{Format, Level, Outcome, Scoring, Unit};

/// 2026-11-22T12:00:00Z.
const NOW: i64 = 1_795_348_800_000_000_000;
const S: i64 = 1_000_000_000;

/// A stored event with everything it borrows.
struct Sample {
    name: &'static str,
    head: RecordHeader,
    raw: Vec<u8>,
    symbols: Symbols,
}

impl Sample {
    fn new(name: &'static str, kind: &str, source: &str, raw: &str, fill: impl FnOnce(&mut RecordHeader)) -> Self {
        let mut symbols = Symbols::new();
        let mut head = RecordHeader {
            seq: 1,
            time_ns: NOW - 60 * S,
            received_ns: NOW - 60 * S,
            value: f64::NAN,
            kind: symbols.intern(kind),
            source: symbols.intern(source),
            level: Level::Info,
            format: Format::Text,
            declared: 0,
            unit: Unit::None,
            message: Text { span: Span::new(0, raw.len()), escaped: false },
            verdict: Verdict::default(),
            detection: Detection::default(),
        };
        fill(&mut head);
        Sample { name, head, raw: raw.into(), symbols }
    }

    fn stored(&self) -> StoredRecord<'_> {
        StoredRecord { head: &self.head, raw: &self.raw, symbols: &self.symbols }
    }
}

/// One event of each sort, by name:
/// `ssh` a text that was scored, `disk` a Cyrillic text in its warm-up, `cpu` and `ping` measured values, `api` an
/// escaped message that was flagged, `flood` a rejected text with a field before its message, `note` an event of the engine, `gap` a hole.
fn samples() -> Vec<Sample> {
    let ssh = "Failed password for root from 10.0.0.7 user=root ip=10.0.0.7 port=52144 took=7ms";
    let encoder = attrs::encoder_names().iter().position(|name| *name == "text").unwrap() as u8;
    let rule = |name| 1 << RULE_NAMES.iter().position(|known| *known == name).unwrap();
    let detection = Detection { state: Scoring::Scored, encoder, pattern: 142, ..Detection::default() };
    vec![
        Sample::new("ssh", "log.text", "file:/var/log/Syslog", ssh, |head| {
            head.seq = 1000;
            head.level = Level::Warn;
            head.detection = Detection {
                is_novel: true,
                is_alert: true,
                novelty: 1.5,
                event_surprise: 8.0,
                surprise: 8.0,
                strength: 3.6,
                ..detection
            };
        }),
        Sample::new("disk", "log.text", "stdin", "Ошибка диска sda: I/O timeout", |head| {
            head.seq = 1001;
            head.level = Level::Error;
            head.time_ns = NOW - 3600 * S;
            head.detection = Detection { state: Scoring::Learning, novelty: 0.9, ..detection };
        }),
        Sample::new("cpu", "metric.cpu.total", "host", "cpu.total=93.5%", |head| {
            head.seq = 1002;
            head.format = Format::Metric;
            head.value = 93.5;
            head.unit = Unit::Percent;
            head.detection.state = Scoring::Skipped;
        }),
        Sample::new("ping", "metric.ping", "host", "ping=4ms", |head| {
            head.seq = 1003;
            head.format = Format::Metric;
            head.value = 0.004;
            head.unit = Unit::Seconds;
        }),
        Sample::new("api", "log.json.api", "http", "say \\\"hi\\\" now", |head| {
            head.seq = 1004;
            head.format = Format::Json;
            head.message.escaped = true;
            head.verdict = Verdict {
                outcome: Outcome::Flag,
                rule: 2,
                objections: rule("stale_clock") | rule("rate_limit"),
                ..Verdict::default()
            };
        }),
        Sample::new("flood", "log.text", "stdin", "again=1 again", |head| {
            head.seq = 1005;
            head.level = Level::Debug;
            head.message.span = Span::new(8, 13);
            head.verdict =
                Verdict { outcome: Outcome::Reject, rule: 4, objections: rule("rate_limit"), ..Verdict::default() };
        }),
        Sample::new("note", "engine.module", "engine", "module=guardian disabled user=root", |head| {
            head.seq = 1006;
            head.level = Level::Notice;
            head.format = Format::Note;
        }),
        Sample::new("gap", "stream.gap", "engine", "12 records lost", |head| {
            head.seq = 1007;
            head.time_ns = NOW - 30 * 3600 * S;
        }),
    ]
}

fn env() -> Env {
    let saved = [
        ("bad", "level>=warn | is:novel"),
        ("root", "@bad attr.user=root"),
        ("json", r#"{"level": "error"}"#),
        ("loop", "@ring"),
        ("ring", "!(@loop | x)"),
        ("self", "@self"),
        ("broken", "level>=wrn"),
    ];
    let saved = saved.into_iter().map(|(name, text)| (name.to_string(), text.to_string())).collect();
    Env { saved, now_ns: NOW, zone: Zone::UTC }
}

fn compiled(text: &str) -> Filter {
    Filter::compile(text, &env()).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// The filter lets exactly the named events pass, and so does its canonical form, which is its own canonical form.
fn check(text: &str, expect: &str) {
    let filter = compiled(text);
    let again = compiled(&filter.canonical());
    assert_eq!(again.canonical(), filter.canonical(), "canonical form of {text}");
    for filter in [filter, again] {
        let samples = samples();
        let passing = samples.iter().filter(|sample| filter.matches(&sample.stored(), NOW));
        let names: Vec<&str> = passing.map(|sample| sample.name).collect();
        assert_eq!(names.join(" "), expect, "{text} as {}", filter.text());
    }
}
