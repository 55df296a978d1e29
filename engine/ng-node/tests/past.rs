//! What a filter finds in history against the filter asked of every event.

use ng_filter::{Env, Filter};
use ng_journal::store::{Journal, Sizes};
use ng_journal::{EventHeader, Run};
use ng_model::event::Parsed;
use ng_model::record::{NO_PATTERN, NONE, StoredRecord, Verdict};
use ng_model::symbols::{Sym, Symbols};
use ng_node::history::{Budget, Group, Key, Order, Past};
use ng_reading::formats::number_of;
use ng_reading::recogniser::reparse;
use ng_wire::{Format, Level, Outcome, Scoring};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use std::collections::BTreeMap;
use std::ops::{ControlFlow, Range};
use std::path::Path;

/// 2026-11-29T12:00:00Z, the present of filters.
const NOW_NS: i64 = 1_795_953_600_000_000_000;
const S: i64 = 1_000_000_000;
const DAY_NS: i64 = 86_400 * S;
/// Small enough that some events are several blocks.
const SIZES: Sizes = Sizes { file: 200 << 10, blocks: [1 << 10, 4 << 10] };

const SOURCES: [&str; 4] = ["stdin", "file:/var/log/Syslog", "host", "journald"];
const KINDS: [&str; 5] = ["log.text", "log.json", "metric.cpu", "engine.module", "stream.gap"];
/// Texts, with a place for a word and one for a number.
const FORMS: [(Format, &str); 11] = [
    (Format::Text, "connection refused by @ after # ms"),
    (Format::Text, "INFO user=@ took=#ms ok"),
    (Format::Json, r#"{"message":"a \"@\" of #","user":"@"}"#),
    (Format::Json, r#"{"message":"plain @","user":"r\u006fot","took":#}"#),
    (Format::Journal, r#"{"MESSAGE":[101,114,114,111,114],"_COMM":"@"}"#),
    (Format::Journal, r#"{"MESSAGE":"sshd[#]: @","_COMM":[114,111,111,116]}"#),
    (Format::Text, "two lines of @\nand Größe #"),
    (Format::Metric, "cpu.total=#%"),
    (Format::Text, "Receiving block blk_# src: /10.0.0.#"),
    (Format::Note, r#"{"type":"engine.module","level":"info","message":"@","module":"guardian"}"#),
    (Format::Text, "10.0.0.# - @ [29/Nov/2026:11:55:00 +0000] \"GET /@ HTTP/1.1\" 404 #"),
];
/// The form that a declared format reads.
const ACCESS: usize = 10;
const WORDS: [&str; 8] = ["root", "ROOT", "error", "Errors", "größe", "x_1", "refused", "terror9"];

/// Parts of the language.
const ATOMS: &[&str] = &[
    "error",
    "Error",
    "refused",
    "\"of 7\"",
    "root",
    "ROOT",
    "größe",
    "Größe",
    "blk_",
    "blk_7",
    "10.0",
    "a",
    "_",
    "\"\\\"error\\\" of\"",
    "nowhere",
    "~/err.r/",
    "~/^and/m",
    "text:error",
    "text=error",
    "text!=error",
    "text:root,refused",
    "attr.user=root",
    "attr.user:oo",
    "attr.user!=root",
    "attr.user:r*t",
    "attr.took>3",
    "has:attr.user",
    "attr._COMM=root",
    "attr._COMM:ref",
    "attr.status=404",
    "module:guard*",
    "level>=warn",
    "level:info,error",
    "level!=info",
    "priority<160",
    "is:error",
    "source:stdin",
    "source:*sys*",
    "source!=host",
    "type:log.**",
    "type=stream.gap",
    "is:gap",
    "pattern:1",
    "pattern!=1",
    "has:pattern",
    "novelty>1",
    "anomaly>=0.5",
    "surprise<2",
    "alert>=1",
    "is:novel",
    "is:alert",
    "is:learning",
    "verdict:reject",
    "rule:rate_limit",
    "encoder:text",
    "format:json",
    "value>40",
    "value<50%",
    "has:value",
    "since:5m",
    "until:3m",
    "time>=2026-11-29T11:56",
    "age<4m",
    "age>=200s",
    "seq>20",
    "@wrong",
    "@quiet",
];

/// An event without its place in the stream.
#[derive(Clone, Debug)]
struct Draft {
    header: EventHeader,
    raw: String,
    /// Seconds since the one before.
    step: i64,
}

fn draft() -> impl Strategy<Value = Draft> {
    let text = (0..FORMS.len(), select(WORDS.to_vec()), 0..90u32);
    let class = (0..Level::ALL.len(), 0..SOURCES.len(), 0..KINDS.len(), 0..4u32);
    let scores = (any::<[u8; 4]>(), any::<[bool; 2]>(), 0..Scoring::ALL.len(), 0..Outcome::ALL.len(), 0..1024u32);
    (text, class, scores, -3..12i64).prop_map(|((form, word, number), class, scores, step)| {
        let (format, text) = FORMS[form];
        let raw = text.replace('@', word).replace('#', &number.to_string());
        let declared = if form == ACCESS { number_of("access_log") } else { 0 };
        let mut parsed = Parsed::default();
        reparse(format, declared, raw.as_bytes(), NOW_NS, &mut parsed);
        let ([novelty, anomaly, surprise, strength], [is_novel, is_alert], state, outcome, objections) = scores;
        let header = EventHeader {
            level: Level::ALL[class.0],
            source: class.1 as u32 + 1,
            kind: (class.2 + SOURCES.len()) as u32 + 1,
            pattern: if class.3 == 0 { NO_PATTERN } else { class.3 },
            novelty: novelty / 8,
            anomaly: anomaly / 8,
            surprise: surprise / 8,
            strength: strength / 8,
            value: parsed.value,
            unit: parsed.unit,
            format,
            declared: declared.into(),
            message: parsed.message,
            verdict: Verdict { outcome: Outcome::ALL[outcome], objections, ..Verdict::default() },
            state: Scoring::ALL[state],
            encoder: if is_novel { NONE } else { number as u8 % 6 },
            is_novel,
            is_alert,
            ..EventHeader::default()
        };
        Draft { header, raw, step }
    })
}

#[derive(Clone, Debug)]
enum Step {
    Append(Vec<Draft>),
    Skip(u64),
    Seal,
    NextDay,
    Close(u8),
    Reopen,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        8 => vec(draft(), 1..60).prop_map(Step::Append),
        1 => (1..5u64).prop_map(Step::Skip),
        3 => Just(Step::Seal),
        1 => Just(Step::NextDay),
        2 => (0..6u8).prop_map(Step::Close),
        1 => Just(Step::Reopen),
    ];
    vec(step, 1..16)
}

fn filters() -> impl Strategy<Value = String> {
    select(ATOMS.to_vec()).prop_map(String::from).prop_recursive(3, 8, 3, |inner| {
        prop_oneof![
            3 => vec(inner.clone(), 1..4).prop_map(|parts| format!("({})", parts.join(" "))),
            1 => vec(inner.clone(), 1..4).prop_map(|parts| format!("({})", parts.join(" | "))),
            1 => inner.prop_map(|part| format!("!({part})")),
        ]
    })
}

/// What was written, and who has it.
struct History {
    symbols: Symbols,
    events: Vec<(EventHeader, String)>,
}

impl History {
    fn new() -> History {
        let mut symbols = Symbols::new();
        SOURCES.iter().chain(&KINDS).for_each(|name| {
            symbols.intern(name);
        });
        History { symbols, events: Vec::new() }
    }

    /// Keeps events in a folder, in files and blocks as it comes.
    fn write(&mut self, folder: &Path, steps: Vec<Step>) {
        let mut journal = Journal::open(folder, SIZES).unwrap();
        let (mut seq, mut time_ns, mut days) = (1, NOW_NS - 600 * S, 0);
        for step in steps {
            match step {
                Step::Append(drafts) => {
                    let mut batch = Run::default();
                    for Draft { header, raw, step } in drafts {
                        (seq, time_ns) = (seq + 1, time_ns + step * S);
                        let header = EventHeader { seq, time_ns, received_ns: time_ns, ..header };
                        assert!(batch.push(&header, raw.as_bytes()));
                        self.events.push((header, raw));
                    }
                    let name = |number| self.symbols.name(Sym(number)).to_owned();
                    journal.append(&batch, NOW_NS + days * DAY_NS, &name).unwrap();
                }
                Step::Skip(events) => seq += events,
                Step::Seal => journal.seal(&mut |_| None).unwrap(),
                Step::NextDay => days += 1,
                Step::Close(most) => {
                    let _ = (0..most).all(|_| journal.close_step(&mut |_| None).unwrap());
                }
                Step::Reopen => {
                    drop(journal);
                    journal = Journal::open(folder, SIZES).unwrap();
                }
            }
        }
    }

    /// The events of a range that pass, by the filter alone.
    fn passing(&self, filter: &Filter, seqs: &Range<u64>) -> Vec<&EventHeader> {
        let passes = |(header, raw): &&(EventHeader, String)| {
            let stored = StoredRecord { head: &header.record(), raw: raw.as_bytes(), symbols: &self.symbols };
            seqs.contains(&header.seq) && filter.matches(&stored, NOW_NS)
        };
        self.events.iter().filter(passes).map(|(header, _)| header).collect()
    }

    fn group(&self, key: Key, header: &EventHeader) -> Group {
        match key {
            Key::Minute => Group::Minute(header.time_ns.div_euclid(60 * S)),
            Key::Pattern => Group::Pattern(header.pattern),
            Key::Level => Group::Level(header.level),
            Key::Source => Group::Source(self.symbols.name(Sym(header.source)).to_owned()),
        }
    }

    /// Says how many events pass.
    fn check(&self, past: &mut Past, text: &str, seqs: Range<u64>) -> Result<usize, TestCaseError> {
        let filter = compiled(text);
        let passing = self.passing(&filter, &seqs);
        let told = format!("{text} in {seqs:?}");
        prop_assert_eq!(
            past.count(&filter, NOW_NS, seqs.clone(), &|| false).unwrap(),
            passing.len() as u64,
            "{}",
            told
        );
        for key in [Key::Minute, Key::Pattern, Key::Level, Key::Source] {
            let mut by: BTreeMap<Group, u64> = BTreeMap::new();
            passing.iter().for_each(|header| *by.entry(self.group(key, header)).or_default() += 1);
            let counted = past.count_by(&filter, NOW_NS, seqs.clone(), key, &|| false).unwrap();
            prop_assert_eq!(counted, by, "{} by {:?}", told, key);
        }
        for order in [Order::Oldest, Order::Newest] {
            let mut expected: Vec<u64> = passing.iter().map(|header| header.seq).collect();
            if order == Order::Newest {
                expected.reverse();
            }
            let (mut found, mut left) = (Vec::new(), Some(seqs.clone()));
            while let Some(seqs) = left {
                let budget = Budget { events: 7, opened: 2, cancelled: &|| false };
                let mut show = |stored: &StoredRecord<'_>| {
                    found.push(stored.head.seq);
                    ControlFlow::Continue(())
                };
                let progress = past.scan(&filter, NOW_NS, seqs.clone(), order, budget, &mut show).unwrap();
                left = progress.rest(order, &seqs);
            }
            prop_assert_eq!(found, expected, "{} {:?}", told, order);
        }
        Ok(passing.len())
    }
}

fn compiled(text: &str) -> Filter {
    let env = Env { now_ns: NOW_NS, ..Env::default() };
    Filter::compile(text, &env).unwrap_or_else(|error| panic!("{text}: {error}"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_found_is_what_passes(steps in steps(), filters in vec(filters(), 12), part in any::<[u8; 2]>()) {
        let (folder, mut history) = (tempfile::tempdir().unwrap(), History::new());
        history.write(folder.path(), steps);
        let mut past = Past::open(folder.path()).unwrap();
        for text in filters {
            history.check(&mut past, &text, 0..u64::MAX)?;
            history.check(&mut past, &text, u64::from(part[0])..u64::from(part[0]) + u64::from(part[1]))?;
        }
    }
}

/// The generators would prove little if hardly anything passed.
#[test]
fn some_event_passes_nearly_every_part_of_the_filters() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let drafts = vec(draft(), 800).new_tree(&mut runner).unwrap().current();
    let steps = drafts.chunks(50).flat_map(|drafts| [Step::Append(drafts.to_vec()), Step::Seal, Step::Close(1)]);
    let (folder, mut history) = (tempfile::tempdir().unwrap(), History::new());
    history.write(folder.path(), steps.collect());
    let mut past = Past::open(folder.path()).unwrap();
    let mut passing = |atom: &&str| history.check(&mut past, atom, 0..u64::MAX).unwrap();
    let idle: Vec<&str> = ATOMS.iter().copied().filter(|atom| passing(atom) == 0).collect();
    assert_eq!(idle, ["nowhere"]);
}

#[test]
fn a_folder_that_is_not_there_is_an_empty_history_until_it_is_there() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("history");
    let mut past = Past::open(&folder).unwrap();
    let count = |past: &mut Past| past.count(&compiled(""), NOW_NS, 0..u64::MAX, &|| false).unwrap();
    assert_eq!((count(&mut past), past.info().unwrap().events), (0, 0));
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let drafts = vec(draft(), 30).new_tree(&mut runner).unwrap().current();
    History::new().write(&folder, vec![Step::Append(drafts)]);
    let info = past.info().unwrap();
    assert_eq!((count(&mut past), info.events, info.seqs, info.files), (30, 30, Some([2, 31]), 1));
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!((count(&mut past), past.info().unwrap().files), (0, 0));
}
