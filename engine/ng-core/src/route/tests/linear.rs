//! The index against a matcher that tries every filter, over generated filters and records.

use super::super::index::Index;
use super::super::{Queue, Routes, VIEWED, Wanted};
use super::drained;
use ng_filter::{Env, Filter};
use ng_model::event::{Event, Parsed, Reading};
use ng_model::record::{Detection, NO_PATTERN, RecordHeader, Verdict};
use ng_model::symbols::Symbols;
use ng_model::zone::Zone;
use ng_reading::encoders::Clock;
use ng_reading::recogniser::Recogniser;
use ng_wire::{Format, Level, Outcome, Scoring};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use std::collections::BTreeMap;
use std::sync::Arc;

const S: i64 = 1_000_000_000;
/// 2026-11-22T12:00:00Z.
const NOW: i64 = 1_795_348_800 * S;

const TOPICS: [&str; 9] =
    ["a", "a.b", "a.b.c", "a.bc", "b", "log.text", "metric.cpu.total", "stream.gap", "module.toggle"];
const SOURCES: [&str; 7] = ["host1", "host12", "Host1", "file:/var/log/SYS", "x", "", "ОШИБКА"];
const LEAVES: [&str; 95] = [
    "",
    "**",
    "error",
    "Error",
    "\"I/O\"",
    "~/u[12]/",
    "text:ошибка",
    "text=done",
    "type:a",
    "type:a.b",
    "type=a.b",
    "type!=a.b",
    "type:a.**",
    "type:a.*",
    "type:*.b",
    "type:a.b*",
    "type:**",
    "type:a.b,b",
    "type:~/^a/",
    "type:a.b.c",
    "type:a.bc.**",
    "type:log.text",
    "type:\"\"",
    "type!=a,b",
    "source:host1",
    "source=host1",
    "source:HOST",
    "source:x*",
    "source:*SYS",
    "source:h*1",
    "source:\"\"",
    "source!=host1",
    "source:1,x",
    "source:ошибка",
    "source:~/x/",
    "source:file:/var/log/sys",
    "source:**",
    "source:ошиб*",
    "attr.user=u1",
    "attr.user=u2",
    "attr.user:u",
    "attr.user!=u1",
    "attr.user=u1,u2",
    "attr.by=u1",
    "attr.req.user=u1",
    "attr.res.user=u2",
    "attr.a.req.user=u1",
    "attr.tags[1]=u2",
    "attr.res.tags[1]=u2",
    "has:attr.id",
    "attr.ms>5",
    "attr.ms=7",
    "has:attr.user",
    "attr.user=\"\"",
    "attr.long=0123456789abcdef",
    "attr.long=0123456789abcde",
    "attr.user=\"a\\\"b\"",
    "attr.module=guardian",
    "module:guardian",
    "module:g*",
    "module=gateway",
    "module!=guardian",
    "pattern:1",
    "pattern=2",
    "pattern!=1",
    "pattern:1,2",
    "pattern>1",
    "pattern:4294967295",
    "pattern:-1",
    "has:pattern",
    "level>=warn",
    "level:info",
    "level!=info",
    "level<=info",
    "level:debug,error",
    "priority>=160",
    "is:error",
    "verdict:reject",
    "verdict:admit,flag",
    "verdict!=reject",
    "rule:duplicate",
    "format:json",
    "encoder:text",
    "value>5",
    "value<=7ms",
    "novelty>1",
    "is:alert",
    "is:novel",
    "is:gap",
    "age<2m",
    "age>=1m",
    "since:1m",
    "@quiet",
    "@wrong",
    "@nested",
];

fn env() -> Env {
    let saved = [("nested", "@mine | type:b"), ("mine", "!(source:host1 | attr.user=u1) level>=info")];
    let saved = saved.into_iter().map(|(name, text)| (name.to_string(), text.to_string())).collect::<BTreeMap<_, _>>();
    Env { saved, now_ns: NOW, zone: Zone::UTC }
}

fn filter_text() -> impl Strategy<Value = String> {
    let leaf = select(LEAVES.to_vec()).prop_filter("it stands alone", |text| !["", "**"].contains(text));
    let tree = leaf.prop_map(String::from).prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            3 => vec(inner.clone(), 1..4).prop_map(|parts| format!("({})", parts.join(" "))),
            2 => vec(inner.clone(), 1..4).prop_map(|parts| format!("({})", parts.join(" | "))),
            1 => inner.prop_map(|part| format!("!({part})")),
        ]
    });
    prop_oneof![1 => select(LEAVES.to_vec()).prop_map(String::from), 2 => tree]
}

/// A record before it is encoded.
#[derive(Clone, Debug)]
struct Sent {
    raw: String,
    format: Format,
    topic: &'static str,
    source: &'static str,
    level: Level,
    outcome: Outcome,
    pattern: u32,
    flags: (bool, bool, bool),
    age_s: i64,
}

fn raw() -> impl Strategy<Value = (String, Format)> {
    let word = select(vec![
        "done",
        "Error",
        "error",
        "user=u1",
        "user=u2",
        "user=",
        "by=u1",
        "ms=7",
        "ms=3ms",
        "module=guardian",
        "I/O",
        "ошибка",
        "long=0123456789abcdef",
        "long=0123456789abcde",
        "user=u1x",
        "x=host1",
    ]);
    let member = select(vec![
        r#""message":"done""#,
        r#""user":"u1""#,
        r#""user":"u2""#,
        r#""user":"a\"b""#,
        r#""user":"\u00751""#,
        r#""ms":7"#,
        r#""module":"guardian""#,
        r#""module":"gateway""#,
        r#""type":"module.toggle""#,
        r#""level":"error""#,
        r#""by":"u1""#,
        r#""req":{"user":"u1"}"#,
        r#""req":{"user":"u2","by":"u1"}"#,
        r#""res":{"id":7,"user":"u2","tags":["u1","u2"]}"#,
        r#""req.user":"u1""#,
        r#""a":{"req":{"user":"u1"},"id":8}"#,
        r#""tags":["u1","u2"]"#,
    ]);
    let members = vec(member, 0..5).prop_map(|members| format!("{{{}}}", members.join(",")));
    prop_oneof![
        3 => vec(word, 0..6).prop_map(|words| (words.join(" "), Format::Text)),
        2 => (members, select(vec![Format::Text, Format::Note])),
        1 => select(vec!["cpu=3", "cpu=93.5", "ping=4ms", "ping=9ms"]).prop_map(|text| (text.into(), Format::Metric)),
    ]
}

fn sent() -> impl Strategy<Value = Sent> {
    let names = (select(TOPICS.to_vec()), select(SOURCES.to_vec()));
    let outcome = select(vec![Outcome::Admit, Outcome::Admit, Outcome::Flag, Outcome::Reject]);
    let rest = (select(Level::ALL.to_vec()), outcome, select(vec![0, 1, 2, NO_PATTERN]), any::<(bool, bool, bool)>());
    (raw(), names, rest, 0..200i64).prop_map(|((raw, format), (topic, source), rest, age_s)| {
        let (level, outcome, pattern, flags) = rest;
        Sent { raw, format, topic, source, level, outcome, pattern, flags, age_s }
    })
}

#[derive(Clone, Debug)]
enum Step {
    Subscribe {
        filter: String,
        rejected: bool,
    },
    /// The one with this number, counted around, leaves.
    Leave(usize),
    /// All leave but each fifth, counted from this number.
    LeaveMost(usize),
    Record(Sent),
    Flush,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let subscribe =
        || (filter_text(), any::<bool>()).prop_map(|(filter, rejected)| Step::Subscribe { filter, rejected });
    let later = prop_oneof![
        2 => subscribe(),
        1 => any::<usize>().prop_map(Step::Leave),
        1 => (0..5usize).prop_map(Step::LeaveMost),
        8 => sent().prop_map(Step::Record),
        1 => Just(Step::Flush),
    ];
    (vec(subscribe(), 0..40), vec(later, 1..80)).prop_map(|(mut first, later)| {
        first.extend(later);
        first
    })
}

/// A subscription and what a linear matcher gives it.
struct Reader {
    filter: Filter,
    rejected: bool,
    queue: Arc<Queue>,
    expected: Vec<u64>,
    left: bool,
    gone: bool,
}

impl Reader {
    fn leave(&mut self) {
        self.queue.leave();
        self.left = true;
    }
}

/// Runs the steps through the routes and through a matcher that tries every filter.
fn run(room: usize, steps: &[Step]) -> Result<(), TestCaseError> {
    let mut routes = Routes { index: Index::with_room(room), ..Routes::default() };
    let mut readers: Vec<Reader> = Vec::new();
    let (mut symbols, mut parsed, mut seq) = (Symbols::new(), Parsed::default(), 0);
    for step in steps.iter().chain([&Step::Flush]) {
        match step {
            Step::Subscribe { filter, rejected } => {
                let filter = Filter::compile(filter, &env()).unwrap_or_else(|error| panic!("{filter}: {error}"));
                let wanted = Wanted { filter: filter.clone(), rejected: *rejected, ..Wanted::default() };
                let queue = routes.subscribe(wanted, 1 << 20);
                let rejected = *rejected;
                readers.push(Reader { filter, rejected, queue, expected: Vec::new(), left: false, gone: false });
            }
            Step::Leave(number) => {
                let count = readers.len().max(1);
                readers.iter_mut().skip(number % count).take(1).for_each(Reader::leave);
            }
            Step::LeaveMost(first) => {
                let leaving = readers.iter_mut().enumerate().filter(|(number, _)| number % 5 != *first);
                leaving.for_each(|(_, reader)| reader.leave());
            }
            Step::Record(sent) => {
                seq += 1;
                let (topic, source) = (symbols.intern(sent.topic), symbols.intern(sent.source));
                let reading = Reading {
                    source,
                    received_ns: NOW - sent.age_s * S,
                    written_ns: NOW - sent.age_s * S,
                    format: sent.format,
                    raw: sent.raw.as_bytes(),
                };
                let encoder = Recogniser::new(Clock::of(Zone::UTC)).encode(&reading, &mut parsed);
                let event = event(sent, seq, encoder, topic, &parsed, &symbols, &reading);
                let now = NOW + (seq as i64 % 3) * 60 * S;
                let admitted = sent.outcome != Outcome::Reject;
                let mut matched = 0;
                for reader in readers.iter_mut().filter(|reader| !reader.gone) {
                    if (admitted || reader.rejected) && reader.filter.matches(&event.stored(), now) {
                        reader.expected.push(seq);
                        matched += 1;
                    }
                }
                prop_assert_eq!(routes.deliver(&event, now), matched, "{:?}", sent);
            }
            Step::Flush => {
                routes.flush();
                for reader in &mut readers {
                    reader.gone = reader.left;
                    let expected = std::mem::take(&mut reader.expected);
                    prop_assert_eq!(drained(&reader.queue), expected, "{}", reader.filter.text());
                }
                let there: Vec<&Reader> = readers.iter().filter(|reader| !reader.gone).collect();
                let views = routes.view();
                prop_assert_eq!((routes.count(), views.len()), (there.len(), there.len().min(VIEWED)));
                if there.len() <= VIEWED {
                    let same = views.iter().zip(there).all(|(view, reader)| view.filter == reader.filter.text());
                    prop_assert!(same, "the views are in the order of the subscriptions");
                }
            }
        }
    }
    Ok(())
}

fn event<'a>(
    sent: &Sent,
    seq: u64,
    encoder: u8,
    kind: ng_model::symbols::Sym,
    parsed: &'a Parsed,
    symbols: &'a Symbols,
    reading: &Reading<'a>,
) -> Event<'a> {
    let (is_novel, is_alert, scored) = sent.flags;
    let state = if scored { Scoring::Scored } else { Scoring::Unscored };
    let head = RecordHeader {
        seq,
        time_ns: parsed.time_ns.unwrap_or(reading.received_ns),
        received_ns: reading.received_ns,
        value: parsed.value,
        kind,
        source: reading.source,
        level: sent.level,
        format: parsed.format,
        declared: parsed.declared,
        unit: parsed.unit,
        message: parsed.message,
        verdict: Verdict { outcome: sent.outcome, ..Verdict::default() },
        detection: Detection {
            state,
            encoder,
            is_novel,
            is_alert,
            novelty: 1.5,
            pattern: sent.pattern,
            ..Detection::default()
        },
    };
    Event { head, encoder, raw: reading.raw, parsed, symbols }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    /// With no room the cache is never used, with little it starts again and again, and with much it fills.
    #[test]
    fn the_index_finds_what_a_linear_matcher_finds(room in select(vec![0, 300, 2000, 1 << 20]), steps in steps()) {
        run(room, &steps)?;
    }
}

/// The generators would prove nothing if filters hardly ever matched, or always.
#[test]
fn generated_filters_match_some_records() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut matched, mut total) = (0, 0);
    for _ in 0..500 {
        let text = filter_text().new_tree(&mut runner).unwrap().current();
        let filter = Filter::compile(&text, &env()).unwrap();
        for _ in 0..10 {
            let sent = sent().new_tree(&mut runner).unwrap().current();
            let (mut symbols, mut parsed) = (Symbols::new(), Parsed::default());
            let (topic, source) = (symbols.intern(sent.topic), symbols.intern(sent.source));
            let reading =
                Reading { source, received_ns: NOW, written_ns: NOW, format: sent.format, raw: sent.raw.as_bytes() };
            let encoder = Recogniser::new(Clock::utc()).encode(&reading, &mut parsed);
            let event = event(&sent, 1, encoder, topic, &parsed, &symbols, &reading);
            matched += usize::from(filter.matches(&event.stored(), NOW));
            total += 1;
        }
    }
    assert!((total / 6..total * 5 / 6).contains(&matched), "{matched} of {total}");
}

/// Bursts of new subscriptions beside classes that are known already, then most leave, and slots are used again.
#[test]
fn many_may_come_and_go() {
    let forms: [fn(usize) -> String; 10] = [
        |i| format!("type:{}", TOPICS[i % TOPICS.len()]),
        |i| format!("source:host{}", i % 20),
        |i| format!("attr.user=u{}", i % 4),
        |i| format!("pattern:{} | type:a.b", i % 3),
        |i| format!("type:a.** level>={}", ["info", "warn", "error"][i % 3]),
        |i| format!("type:metric.** value>{}", i % 100),
        |i| format!("!source:host{} type:a.**", i % 30),
        |i| format!("level>=warn pattern!={}", i % 4),
        |i| format!("attr.user=u{} | attr.by=u1 | verdict:reject", i % 3),
        |i| format!("attr.ms>{}", i % 9),
    ];
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let some: Vec<Step> = (0..30).map(|_| Step::Record(sent().new_tree(&mut runner).unwrap().current())).collect();
    let mut steps = Vec::new();
    let mut count = 0;
    for burst in [3, 0, 5, 70, 1, 4200, 2] {
        for number in count..count + burst {
            let filter = forms[number % forms.len()](number / forms.len());
            steps.push(Step::Subscribe { filter, rejected: number % 7 == 0 });
        }
        count += burst;
        steps.extend(some.iter().cloned().chain([Step::Flush]));
    }
    steps.extend((0..count).filter(|number| number % 10 != 3).map(Step::Leave));
    steps.extend(some.iter().cloned().chain([Step::Flush]));
    steps.extend(some.iter().cloned().chain([Step::Flush]));
    steps
        .extend((0..50).map(|number| Step::Subscribe { filter: forms[number % forms.len()](number), rejected: false }));
    steps.extend(some.iter().cloned().chain([Step::Flush]));
    for room in [0, 20_000, 32 << 20] {
        run(room, &steps).unwrap();
    }
}
