//! What a filter is said to need against what passes it.

use super::super::{Filter, Needed, NeededText, Within};
use super::properties::expr;
use super::{NOW, S, Sample, compiled, env, samples};
use ng_model::event::{Span, Text};
use ng_model::record::{Detection, RecordHeader, StoredRecord, Verdict};
use ng_reading::encoders::message_text;
use ng_wire::{Format, Level, Scoring, Unit};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// Parts of the language, most of which some sample passes.
const ATOMS: &[&str] = &[
    "password",
    "Failed",
    "failed",
    "FAILED",
    "\"for root\"",
    "10.0.0.7",
    "ошибка",
    "Ошибка",
    "\"say \\\"hi\\\"\"",
    "hi",
    "hello",
    "Hello",
    "_",
    "text:again",
    "text=again",
    "text!=again",
    "text:root,again",
    "~/for \\w+/",
    "attr.user=root",
    "attr.user:ROO",
    "attr.user:r*t",
    "attr.ip!=root",
    "attr.x=\"he\\\"llo\"",
    "attr._COMM=hi",
    "attr.port>100",
    "has:attr.user",
    "module:guard*",
    "level>=warn",
    "level!=info",
    "priority<160",
    "source:host",
    "source!=stdin",
    "type:log.**",
    "pattern:142",
    "has:pattern",
    "is:novel",
    "is:error",
    "is:alert",
    "is:learning",
    "is:gap",
    "verdict:flag",
    "verdict!=reject",
    "rule:rate_limit",
    "novelty>1",
    "anomaly>=0.9",
    "surprise<9",
    "alert>3",
    "has:novelty",
    "encoder:text",
    "format!=text",
    "value>1",
    "@quiet",
    "since:2m",
    "until:30m",
    "time>2026-11-22T11:30",
    "age<30m",
    "age>=61s",
    "seq>1003",
];

/// The samples, and events whose bytes are not what people read.
fn all_samples() -> Vec<Sample> {
    let list = r#"{"MESSAGE":[72,101,108,108,111],"_COMM":[104,105]}"#;
    let spelt = r#"{"message":"a \"b\"","user":"r\u006fot","x":"he\"llo"}"#;
    let mut samples = samples();
    samples.push(Sample::new("list", "log.journal", "journald", list, |head| {
        head.format = Format::Journal;
        head.message = Text { span: Span::new(11, 31), escaped: false };
    }));
    samples.push(Sample::new("spelt", "log.json", "http", spelt, |head| {
        head.format = Format::Json;
        head.level = Level::Error;
        head.message = Text { span: Span::new(12, 19), escaped: true };
    }));
    samples
}

/// The event contains the text there.
fn contains(stored: &StoredRecord<'_>, needed: &NeededText) -> bool {
    let fold = |bytes: &[u8]| if needed.any_case { bytes.to_ascii_lowercase() } else { bytes.to_vec() };
    let text = fold(needed.text.as_bytes());
    let has = |bytes: &[u8]| fold(bytes).windows(text.len()).any(|part| part == text);
    has(stored.raw)
        || has(&message_text(stored.head.format, stored.raw, stored.head.message))
        || needed.within == Within::Field && (stored.raw.contains(&b'\\') || stored.head.format == Format::Journal)
}

fn has_all(stored: &StoredRecord<'_>, needed: &Needed<'_>) -> bool {
    let head = stored.head;
    // What is not of the class is not looked at.
    let Detection { state, is_novel, is_alert, pattern, .. } = head.detection;
    let class = RecordHeader {
        seq: 0,
        time_ns: 0,
        received_ns: 0,
        value: f64::NAN,
        kind: head.kind,
        source: head.source,
        level: head.level,
        format: Format::Text,
        declared: 0,
        unit: Unit::None,
        message: Text::default(),
        verdict: Verdict { outcome: head.verdict.outcome, ..Verdict::default() },
        detection: Detection { state, is_novel, is_alert, pattern, ..Detection::default() },
    };
    let Detection { novelty, event_surprise, surprise, strength, .. } = head.detection;
    let state = Scoring::Scored;
    let scores = Detection { state, novelty, event_surprise, surprise, strength, ..Detection::default() };
    let scores = RecordHeader { detection: scores, level: Level::Info, ..class };
    needed.fits_scores(&StoredRecord { head: &scores, raw: b"", symbols: stored.symbols })
        && needed.texts.iter().all(|text| contains(stored, text))
        && needed.times_ns.contains(&head.time_ns)
        && needed.fits_class(&StoredRecord { head: &class, raw: b"", symbols: stored.symbols })
}

/// Says how many samples pass.
fn check(filter: &Filter) -> Result<usize, TestCaseError> {
    let needed = filter.needed(NOW);
    prop_assert!(needed.texts.iter().all(|text| !text.text.is_empty()));
    let mut passing = 0;
    for sample in all_samples() {
        let stored = sample.stored();
        let (passes, has_all) = (filter.matches(&stored, NOW), has_all(&stored, &needed));
        prop_assert!(!passes || has_all, "{} passes {}, which needs {needed:?}", sample.name, filter.text());
        prop_assert!(
            passes || !has_all || !needed.is_all,
            "{} has all of {needed:?} of {}",
            sample.name,
            filter.text()
        );
        passing += usize::from(passes);
    }
    Ok(passing)
}

fn filters() -> impl Strategy<Value = String> {
    select(ATOMS.to_vec()).prop_map(String::from).prop_recursive(4, 12, 3, |inner| {
        prop_oneof![
            3 => vec(inner.clone(), 1..4).prop_map(|parts| format!("({})", parts.join(" "))),
            1 => vec(inner.clone(), 1..4).prop_map(|parts| format!("({})", parts.join(" | "))),
            1 => inner.prop_map(|part| format!("!({part})")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_passes_has_what_is_needed(text in filters()) {
        check(&compiled(&text))?;
    }

    #[test]
    fn what_is_needed_holds_of_the_whole_language(expr in expr()) {
        if let Ok(filter) = Filter::compile(&expr.to_string(), &env()) {
            check(&filter)?;
        }
    }
}

/// The generator would prove little if hardly anything passed.
#[test]
fn some_event_passes_most_parts_of_the_generated_filters() {
    let idle: Vec<&str> = ATOMS.iter().copied().filter(|atom| check(&compiled(atom)).unwrap() == 0).collect();
    assert_eq!(idle, ["FAILED", "attr.user:ROO"]);
}

#[test]
fn texts_that_are_needed() {
    let check = |filter: &str, expect: &[(&str, bool, Within)], is_all: bool| {
        let filter = compiled(filter);
        let needed = filter.needed(NOW);
        let texts: Vec<_> = needed.texts.iter().map(|text| (text.text.as_str(), text.any_case, text.within)).collect();
        assert_eq!((texts.as_slice(), needed.is_all), (expect, is_all), "{}", filter.text());
    };
    use Within::{Event, Field};
    check("", &[], true);
    check("refused", &[("refused", true, Event)], true);
    check("Refused", &[("Refused", false, Event)], true);
    check("\"two words\" level>=warn since:10m", &[("two words", true, Event)], true);
    check("refused pattern:142 !source:host", &[("refused", true, Event)], true);
    check("refused is:novel", &[("refused", true, Event)], true);
    check("refused novelty>1", &[("refused", true, Event)], false);
    check("refused age<1m", &[("refused", true, Event)], false);
    check("text:refused", &[("refused", true, Event)], false);
    check("attr.user=root", &[("root", false, Field)], false);
    check("attr.path:/var*log", &[("/var", true, Field), ("log", true, Field)], false);
    check("@bad refused", &[("refused", true, Event)], true);
    check("@quiet", &[], true);
    check("@wrong", &[], true);
    check("@root", &[("root", false, Field)], false);
    check("refused | timeout", &[], false);
    check("!refused", &[], false);
    check("~/refused/", &[], false);
    check("größe", &[], false);
    check("Größe", &[("Größe", false, Event)], true);
    check("attr.user!=root", &[], false);
    check("type:log.**", &[], true);
    check("level>=warn | source:host", &[], true);
    check("level>=warn | novelty>1", &[], false);
    check("rule:rate_limit", &[], false);
}

#[test]
fn times_that_are_needed() {
    let check = |filter: &str, expect: Option<(i64, i64)>| {
        let filter = compiled(filter);
        let times_ns = filter.needed(NOW).times_ns;
        let found = (!times_ns.is_empty()).then_some((*times_ns.start(), *times_ns.end()));
        assert_eq!(found, expect, "{}", filter.text());
    };
    let (first, last) = (i64::MIN, i64::MAX);
    check("refused", Some((first, last)));
    check("since:10m", Some((NOW - 600 * S, last)));
    check("since:10m until:5m refused", Some((NOW - 600 * S, NOW - 300 * S)));
    check("since:5m until:10m", None);
    check("since:5m | until:10m", Some((first, last)));
    check("!since:5m", Some((first, last)));
    check("time>2026-11-22T11:00 time<2026-11-22T12:00", Some((NOW - 3600 * S + 1, NOW - 1)));
    check("age<1m", Some((NOW - 60 * S - 2048, last)));
    check("age>=1m age<=2m", Some((NOW - 120 * S - 2048, NOW - 60 * S + 2048)));
    check("age<900000d", Some((first, last)));
}
