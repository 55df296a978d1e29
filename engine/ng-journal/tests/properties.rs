//! What blocks say against a plain look at every event, and what becomes of damaged bytes.

use ng_journal::{
    BlockHeader, Body, Counted, Dictionary, EventHeader, Lookup, MAX_WORDS, Run, Scanner, Sealed, Sealer, Term, count,
    count_by, may_contain,
};
use ng_model::span::{Span, Text};
use ng_reading::encoders::message_text;
use ng_wire::{Format, Level};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Texts with a place for what varies. Some events get the pattern of another, as templates change while events come.
const FORMS: [&str; 8] = [
    "connection refused by @ after @ ms",
    "INFO user @ logged in",
    "Receiving block blk_@ src: /10.0.@.1",
    "@",
    "error@ in module_@: Error, errors",
    "two\nlines of @",
    ESCAPED,
    LIST,
];
/// As people read it there is no backslash in it, and an `error`.
const ESCAPED: &str = r#"{"m":"a \"@\" \u0065rror_7 of @"}"#;
/// As people read it the message is `error`.
const LIST: &str = r#"{"MESSAGE":[101,114,114,111,114],"n":"@"}"#;
/// Longer than a word may be in the vocabulary.
const LONG: &str = "quitealongwordofnothingbutlettersthatgoesonandonuntilitislongerthanwordsmaybe";
const VALUES: [&str; 14] =
    ["root", "ROOT", "error", "Errors", "7", "blk_12", "größe", "a_b", "ab1cde2", "", "_", LONG, "terror9", "refused"];
const TERMS: [&str; 34] = [
    "error",
    "err",
    "rror",
    "rs",
    "refused",
    "ref",
    "blk_",
    "blk",
    "blk_12",
    "lk_1",
    "12",
    "ms",
    "a",
    "root",
    "oot",
    "connection refused",
    "on refused by",
    "user root",
    "größe",
    "gr",
    "ab1",
    "ab1cde2",
    "cde",
    "_",
    "",
    "nothing",
    "7",
    "10.0",
    "src: /10.0.7.1",
    "k_7 src",
    "Lines of",
    "two\nlines",
    "\n",
    LONG,
];

fn events() -> impl Strategy<Value = Vec<(EventHeader, String)>> {
    let values = (0..VALUES.len(), 0..VALUES.len());
    let event = (0..FORMS.len(), values, 0..8u32, 0..Level::ALL.len(), 0..3i64, any::<[u8; 4]>());
    let step = prop_oneof![9 => Just(1u64), 1 => 2..9u64];
    prop::collection::vec((event, step), 1..60).prop_map(|events| {
        let (mut seq, mut time_ns) = (7, 1_764_417_600_123_000_000);
        let made = events.into_iter().map(|((form, values, lost, level, minutes, scores), step)| {
            (seq, time_ns) = (seq + step, time_ns + (minutes - 1) * 60_000_000_000 + step as i64 * 1_000_000);
            let text = FORMS[form].replacen('@', VALUES[values.0], 1).replacen('@', VALUES[values.1], 1);
            let pattern = if lost == 0 { u32::MAX } else { form as u32 };
            let [novelty, anomaly, surprise, strength] = scores;
            let (source, kind, is_novel) = (lost / 4, lost % 3, novelty > 200);
            let level = Level::ALL[level];
            let (format, start, len, escaped) = match FORMS[form] {
                ESCAPED => (Format::Json, 0, text.len(), true),
                LIST => (Format::Journal, 11, 21, false),
                _ => (Format::Text, 0, text.len(), false),
            };
            (
                EventHeader {
                    seq,
                    time_ns,
                    level,
                    source,
                    kind,
                    pattern,
                    is_novel,
                    novelty,
                    anomaly,
                    surprise,
                    strength,
                    format,
                    message: Text { span: Span { start, len: len as u32 }, escaped },
                    ..EventHeader::default()
                },
                text,
            )
        });
        made.collect()
    })
}

fn template(pattern: u32) -> Option<String> {
    // The last says what is not so.
    let known = ["connection refused by * after * ms", "INFO user * logged in", "Receiving block * src: *", "nonsense"];
    known.get(pattern as usize).map(|text| (*text).to_owned())
}

fn run_of(events: &[(EventHeader, String)]) -> Run {
    let mut run = Run::default();
    assert!(events.iter().all(|(header, text)| run.push(header, text.as_bytes())));
    run
}

fn seal(run: &Run, dictionary: &mut Dictionary) -> Sealed {
    Sealer::new(3).unwrap().seal(run, 0, dictionary, &mut template).unwrap()
}

fn has((header, text): &(EventHeader, String), term: &str, how: How) -> bool {
    let read = message_text(header.format, text.as_bytes(), header.message);
    has_text(text, term, how)
        || has_text(&String::from_utf8_lossy(&read), term, how)
        || how == How::Field && (header.message.escaped || header.format == Format::Journal)
}

fn has_text(text: &str, term: &str, how: How) -> bool {
    let fold = how != How::Exact;
    let (text, term) =
        if fold { (text.to_ascii_lowercase(), term.to_ascii_lowercase()) } else { (text.into(), term.into()) };
    let (text, term) = (text.as_bytes(), term.as_bytes());
    let is_word = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    (0..=text.len().saturating_sub(term.len())).any(|start| {
        let end = start + term.len();
        let touched = start > 0 && is_word(text.get(start - 1)) || is_word(text.get(end));
        text.get(start..end) == Some(term) && (how != How::Word || term.is_empty() || !touched)
    })
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum How {
    Part,
    Exact,
    Word,
    Field,
}

fn terms() -> impl Iterator<Item = (How, &'static str, Term)> {
    TERMS.into_iter().flat_map(|text| {
        [
            (How::Part, text, Term::part(text)),
            (How::Exact, text, Term::exact_part(text)),
            (How::Word, text, Term::word(text)),
            (How::Field, text, Term::part(text).of_field()),
        ]
    })
}

type Key = (u32, u32, Level, i64);

fn check_block(block: &Sealed, events: &[(EventHeader, String)], dictionary: &Dictionary) {
    let header = BlockHeader::from_bytes(&block.header).unwrap();
    let body = Body::from_bytes(&block.body).unwrap();
    for (how, text, term) in terms() {
        let told = format!("{how:?} {text:?} in {events:?}");
        let expected: Vec<usize> = (0..events.len()).filter(|index| has(&events[*index], text, how)).collect();
        let lookup = Lookup::new(&term, dictionary);
        let mut found = Vec::new();
        Scanner::new(&term).scan(&header, &body, |index| found.push(index)).unwrap();
        assert_eq!(found, expected, "scanned: {told}");
        assert!(expected.is_empty() || may_contain(&header, &lookup), "pruned: {told}");
        if let Counted::Exactly(number) = count(&header, &lookup) {
            assert_eq!(number, expected.len() as u64, "counted: {told}");
        }
        let mut by: BTreeMap<Key, u64> = BTreeMap::new();
        let pair_minute = |minute: i64| if header.tells_minutes { minute } else { 0 };
        let answered = count_by(&header, &lookup, |pair, events| {
            *by.entry((pair.pattern, pair.source, pair.level, pair_minute(pair.minute.into()))).or_default() +=
                u64::from(events);
        });
        if answered {
            let mut expected_by: BTreeMap<Key, u64> = BTreeMap::new();
            for (event, _) in expected.iter().map(|index| &events[*index]) {
                let minute = pair_minute(event.time_ns.div_euclid(60_000_000_000));
                *expected_by.entry((event.pattern, event.source, event.level, minute)).or_default() += 1;
            }
            assert_eq!(by, expected_by, "counted by pair: {told}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn counts_and_refusals_are_those_of_a_plain_scan(runs in prop::collection::vec(events(), 1..4)) {
        let (mut dictionary, mut restored) = (Dictionary::default(), Dictionary::default());
        let mut blocks = Vec::new();
        for events in &runs {
            blocks.push(seal(&run_of(events), &mut dictionary));
            if let Some(added) = dictionary.take_added() {
                restored.extend(&added).unwrap();
            }
        }
        prop_assert_eq!(restored.versions(), dictionary.versions());
        for (block, events) in blocks.iter().zip(&runs) {
            check_block(block, events, &dictionary);
            check_block(block, events, &restored);
        }
    }

    #[test]
    fn a_run_comes_back_as_it_was(events in events()) {
        let (run, mut dictionary) = (run_of(&events), Dictionary::default());
        let block = seal(&run, &mut dictionary);
        let header = BlockHeader::from_bytes(&block.header).unwrap();
        let body = Body::from_bytes(&block.body).unwrap();
        prop_assert_eq!(body.run(&header).unwrap(), run);
        prop_assert_eq!(header.novelty, events.iter().map(|(header, _)| header.novelty).max().unwrap());
        prop_assert_eq!(header.seqs, [events[0].0.seq, events[events.len() - 1].0.seq]);
    }

    #[test]
    fn a_flipped_bit_is_an_error_and_one_behind_a_right_sum_is_no_panic(
        events in events(), place in any::<prop::sample::Index>(), bit in 0..8u32,
    ) {
        let mut dictionary = Dictionary::default();
        let block = seal(&run_of(&events), &mut dictionary);
        let added = dictionary.take_added().unwrap();
        let read = |header: &[u8], body: &[u8], added: &[u8]| {
            let mut dictionary = Dictionary::default();
            dictionary.extend(added)?;
            let header = BlockHeader::from_bytes(header)?;
            let body = Body::from_bytes(body)?;
            for (_, _, term) in terms() {
                let lookup = Lookup::new(&term, &dictionary);
                count(&header, &lookup);
                may_contain(&header, &lookup);
                Scanner::new(&term).scan(&header, &body, |_| {})?;
            }
            body.run(&header).map(|_| ())
        };
        prop_assert_eq!(read(&block.header, &block.body, &added), Ok(()));
        for part in 0..3 {
            let mut parts = [block.header.clone(), block.body.clone(), added.clone()];
            let place = place.index(parts[part].len());
            parts[part][place] ^= 1 << bit;
            prop_assert!(read(&parts[0], &parts[1], &parts[2]).is_err());
            let sum = crc32c::crc32c(&parts[part][4..]);
            parts[part][..4].copy_from_slice(&sum.to_le_bytes());
            let _ = read(&parts[0], &parts[1], &parts[2]);
            parts[part].truncate(place);
            prop_assert!(read(&parts[0], &parts[1], &parts[2]).is_err());
        }
    }
}

/// A word of letters alone for each number.
fn word(mut number: usize) -> String {
    let mut letters = String::from("w");
    for _ in 0..4 {
        letters.push(char::from(b'a' + (number % 26) as u8));
        number /= 26;
    }
    letters
}

#[test]
fn a_full_vocabulary_refuses_nothing() {
    let events: Vec<(EventHeader, String)> = (0..MAX_WORDS as u64 + 2000)
        .step_by(8)
        .map(|first| {
            let words: Vec<String> = (first..first + 8).map(|number| word(number as usize)).collect();
            let (level, time_ns) = (Level::Info, 0);
            (EventHeader { seq: first, time_ns, level, ..EventHeader::default() }, words.join(" "))
        })
        .collect();
    let mut dictionary = Dictionary::default();
    let (early, late) = events.split_at(100);
    let blocks = [early, late].map(|events| (seal(&run_of(events), &mut dictionary), events));
    assert_eq!(dictionary.len(), MAX_WORDS);
    let headers = blocks.each_ref().map(|(block, _)| BlockHeader::from_bytes(&block.header).unwrap());
    let ask = |term: &Term| headers.each_ref().map(|header| count(header, &Lookup::new(term, &dictionary)));
    let last = word(MAX_WORDS + 1000);
    assert_eq!(ask(&Term::word(&word(5))), [Counted::Exactly(1), Counted::Exactly(0)]);
    assert_eq!(ask(&Term::word(&last)), [Counted::Exactly(0), Counted::Open]);
    assert_eq!(ask(&Term::part(&last[1..])), [Counted::Exactly(0), Counted::Open]);
    for (index, (block, events)) in blocks.iter().enumerate() {
        for text in [word(5), last.clone(), last[1..].to_owned()] {
            let expected = events.iter().filter(|(_, words)| words.contains(&text)).count();
            let mut found = 0;
            Scanner::new(&Term::part(&text))
                .scan(&headers[index], &Body::from_bytes(&block.body).unwrap(), |_| found += 1)
                .unwrap();
            assert_eq!(found, expected);
            assert!(expected == 0 || may_contain(&headers[index], &Lookup::new(&Term::part(&text), &dictionary)));
        }
    }
}

#[test]
fn what_came_into_the_dictionary_since_has_the_block_opened() {
    let header = |seq| EventHeader { seq, pattern: 9, ..EventHeader::default() };
    let mut dictionary = Dictionary::default();
    let first = run_of(&[(header(1), "one".into())]);
    seal(&first, &mut dictionary);
    let lookup = Lookup::new(&Term::word("two"), &dictionary);
    let block = seal(&run_of(&[(header(2), "two".into())]), &mut dictionary);
    let header = BlockHeader::from_bytes(&block.header).unwrap();
    assert_eq!(count(&header, &lookup), Counted::Open);
    assert!(may_contain(&header, &lookup));
}

#[test]
fn what_does_not_fit_is_not_taken() {
    let header = |seq| EventHeader { seq, pattern: 0, ..EventHeader::default() };
    let mut run = Run::default();
    assert!(run.push(&header(5), b"a") && !run.push(&header(5), b"b") && !run.push(&header(4), b"c"));
    assert_eq!((run.len(), run.raw_len()), (1, 1));
    assert!(run.is_full_for(4, 4) && !run.is_full_for(3, 4));
}
