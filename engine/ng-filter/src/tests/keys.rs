//! What is said of a filter without running it holds when it is run.

use super::super::{Filter, Key, Known, MAX_PART_LEN, REJECTED, attr, situation};
use super::{NOW, compiled, env, samples};
use ng_model::event::Parsed;
use ng_model::record::StoredRecord;
use proptest::prelude::*;
use proptest::sample::select;

/// The keys of each cover, as text.
fn covers(text: &str) -> Vec<String> {
    let bytes = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let key = |key: &Key| match key {
        Key::Attr(name, text) => format!("{name}={}", bytes(text)),
        Key::Pattern(number) => format!("#{number}"),
        Key::Source(name) => format!("source {}", bytes(name)),
        Key::Topic(name) => format!("topic {}", bytes(name)),
        Key::SourcePart(part) => format!("part {}", bytes(part)),
        Key::TopicUnder(name) => format!("under {}", bytes(name)),
        Key::HasAttr(name) => format!("has {name}"),
    };
    compiled(text).covers().iter().map(|cover| cover.iter().map(key).collect::<Vec<_>>().join(", ")).collect()
}

#[test]
fn covers_of_each_form() {
    let check = |text: &str, expect: &[&str]| assert_eq!(covers(text), expect, "{text}");
    check("", &[]);
    check("error level>=warn age<2m value>5 is:novel", &[]);
    check("type:a.b", &["topic a.b"]);
    check("type:a.b.**", &["under a.b"]);
    check("type:a.*.b", &["under a"]);
    check("type:a.b*", &["under a"]);
    check("type:*.b", &[]);
    check("type:**", &[]);
    check("type:~/^a/", &[]);
    check("type!=a", &[]);
    check("source=Host", &["source Host"]);
    check("source:Host17", &["part host17"]);
    check("source:10.0.0.7", &["part 10.0.0.7"]);
    check("source:file:*/sys*g", &["part file:"]);
    check("source:*", &[]);
    check("source:ошибка", &[]);
    check(&format!("source:{}", "x".repeat(40)), &[&format!("part {}", "x".repeat(MAX_PART_LEN))]);
    check("attr.user=u1", &["user=u1"]);
    check("attr.user:u1", &["has user"]);
    check("attr.user!=u1", &["has user"]);
    check("attr.ms>5", &["has ms"]);
    check("has:attr.ip", &["has ip"]);
    check("module:guardian", &["module=guardian"]);
    check("module:g*", &["has module"]);
    check("pattern:42", &["#42"]);
    check("pattern=42,7", &["#7, #42"]);
    check("pattern!=42", &[]);
    check("pattern:-1", &[""]);
    check("pattern:4294967295", &[""]);
    check("type:a value>90 attr.user=u1 error", &["topic a", "user=u1"]);
    check("type:a | source:x", &["topic a, part x"]);
    check("type:a,b", &["topic a, topic b"]);
    check("type:a | error", &[]);
    check("(type:a attr.u=1) | (type:b pattern:7)", &["u=1, #7"]);
    check("!type:a", &[]);
    check("!!type:a", &["topic a"]);
    check("!(!type:a | !attr.u=1)", &["topic a", "u=1"]);
    check("!(!type:a !attr.u=1)", &["u=1, topic a"]);
    check("@bad type:a", &["topic a"]);
    check("@quiet", &[]);
}

#[test]
fn names_are_asked_for_anywhere() {
    let check = |text: &str, expect: bool| assert_eq!(compiled(text).asks_names(), expect, "{text}");
    check("", false);
    check("level>=warn error attr.source=x", false);
    check("error | !type:a", true);
    check("!(x (y | source:*a*))", true);
    check("@quiet", true);
}

/// The record has the key.
fn has(stored: &StoredRecord<'_>, key: &Key) -> bool {
    let mut scratch = Parsed::default();
    let mut value = |name: &str| attr(stored, name, &mut scratch).map(|(text, _)| text.into_owned());
    match key {
        Key::Attr(name, text) => value(name).as_deref() == Some(&**text),
        Key::HasAttr(name) => value(name).is_some(),
        Key::Pattern(number) => stored.head.detection.pattern == *number,
        Key::Source(name) => stored.source().as_bytes() == &**name,
        Key::Topic(name) => stored.kind().as_bytes() == &**name,
        Key::SourcePart(part) => {
            let lower = stored.source().to_ascii_lowercase().into_bytes();
            lower.windows(part.len()).any(|window| window == &**part)
        }
        Key::TopicUnder(name) => {
            let rest = stored.kind().as_bytes().strip_prefix(&**name);
            rest.is_some_and(|rest| rest.is_empty() || rest[0] == b'.')
        }
    }
}

/// Every cover and every partial evaluation agrees with the result, for each sample.
fn agree(filter: &Filter) -> Result<(), TestCaseError> {
    for sample in samples() {
        let stored = sample.stored();
        let matches = filter.matches(&stored, NOW);
        let mut known = vec![Known::Nothing, Known::Names { topic: stored.kind(), source: stored.source() }];
        let covers = filter.covers();
        for cover in &covers {
            prop_assert!(!matches || cover.iter().any(|key| has(&stored, key)), "{}: {:?}", sample.name, cover);
            known.extend(cover.iter().filter(|key| has(&stored, key)).map(Known::Key));
        }
        let bit = 1 << situation(stored.head);
        for known in known {
            let partial = filter.partial_evaluation(known);
            prop_assert_eq!(partial.must & !partial.may, 0);
            prop_assert!(matches || partial.must & bit == 0, "{}: {:?} {:?}", sample.name, known, partial);
            prop_assert!(!matches || partial.may & bit != 0, "{}: {:?} {:?}", sample.name, known, partial);
            if let (true, Some(rest)) = ((partial.may & !partial.must) & bit != 0, partial.rest) {
                prop_assert_eq!(rest.matches(&stored, NOW), matches, "{}: {:?} {:?}", sample.name, known, partial);
            }
        }
    }
    Ok(())
}

/// Filters that hold for some of the samples and not for others.
fn filter() -> impl Strategy<Value = String> {
    let leaf = select(vec![
        "refused",
        "password",
        "Ошибка",
        "~/s/",
        "level>=warn",
        "level:info",
        "level!=error",
        "type:metric.**",
        "type:log.text",
        "type:log.*",
        "type:*.ping",
        "type!=log.text",
        "type:stream.gap",
        "source:host",
        "source=host",
        "source:SYSLOG",
        "source:file:*log",
        "source!=stdin",
        "source:~/^h/",
        "value>5",
        "value<5ms",
        "novelty>1",
        "is:novel",
        "is:alert",
        "is:error",
        "is:gap",
        "attr.user=root",
        "attr.user!=root",
        "attr.user:oo",
        "attr.port>1",
        "has:attr.ip",
        "pattern:142",
        "pattern!=142",
        "pattern>7",
        "pattern:142,9",
        "verdict:reject",
        "verdict:admit,flag",
        "verdict!=reject",
        "rule:rate_limit",
        "module:guardian",
        "module:gate*",
        "encoder:text",
        "format:json",
        "age<2m",
        "seq>1002",
        "priority>=160",
        "@bad",
        "@quiet",
        "@new",
        "has:value",
        "has:pattern",
        "has:level",
        "has:verdict",
    ]);
    leaf.prop_map(String::from).prop_recursive(4, 16, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 1..4).prop_map(|parts| format!("({})", parts.join(" "))),
            proptest::collection::vec(inner.clone(), 1..4).prop_map(|parts| format!("({})", parts.join(" | "))),
            inner.prop_map(|part| format!("!({part})")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn keys_and_partial_evaluations_agree_with_the_result(text in filter()) {
        let filter = Filter::compile(&text, &env()).unwrap_or_else(|error| panic!("{text}: {error}"));
        agree(&filter)?;
    }
}

#[test]
fn a_level_and_a_verdict_are_settled_before_the_record_comes() {
    let check = |text: &str, settled: bool, rest: bool| {
        let partial = compiled(text).partial_evaluation(Known::Nothing);
        assert_eq!((partial.may == partial.must, partial.rest.is_some()), (settled, rest), "{text}: {partial:?}");
    };
    check("", true, false);
    check("level>=warn !verdict:reject", true, false);
    check("level>=warn value>5", false, true);
    check("level>=warn | !value>5", false, true);
    check("value>5 value<9", false, false);
    check("error", false, false);
    check("type:a", false, false);
    assert_eq!(compiled("verdict:reject").partial_evaluation(Known::Nothing).may, REJECTED);
    let names = Known::Names { topic: "a", source: "x" };
    assert_eq!(compiled("type:b value>5").partial_evaluation(names).may, 0);
    assert!(compiled("type:a value>5 | type:b error").partial_evaluation(names).rest.is_some());
}
