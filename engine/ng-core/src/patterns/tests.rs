//! The patterns stage as a whole.

use super::*;
use ng_model::event::{Field, Parsed, Span, Text};
use ng_model::record::{Detection, RecordHeader, Verdict};
use ng_model::symbols::Sym;
use ng_reading::recogniser::reparse;
use ng_wire::{Level, SettingValue};
use std::collections::BTreeMap;

const SECOND: i64 = 1_000_000_000;

fn patterns(changes: &[(&str, SettingValue)]) -> Patterns {
    Patterns::new(&settings(changes))
}

fn settings(changes: &[(&str, SettingValue)]) -> Values {
    let changes: BTreeMap<_, _> = changes.iter().map(|(key, value)| (key.to_string(), value.clone())).collect();
    Values::defaults(SETTINGS).with(SETTINGS, &changes).unwrap()
}

/// A reading of one format; `seq` is also its time in seconds.
fn observe(patterns: &mut Patterns, format: Format, source: u32, seq: u64, raw: &str, parsed: &Parsed) -> Match {
    let mut symbols = Symbols::new();
    let kind = symbols.intern("metric.cpu.total");
    let head = RecordHeader {
        seq,
        time_ns: seq as i64 * SECOND,
        received_ns: 0,
        value: f64::NAN,
        kind,
        source: Sym(source),
        level: parsed.level.unwrap_or_default(),
        format,
        declared: 0,
        unit: Unit::None,
        message: parsed.message,
        verdict: Verdict::default(),
        detection: Detection::default(),
    };
    patterns.observe(&Event { head, encoder: 5, raw: raw.as_bytes(), parsed, symbols: &symbols })
}

fn line(patterns: &mut Patterns, source: u32, seq: u64, raw: &str) -> Match {
    let parsed = Parsed { message: Text { span: Span::new(0, raw.len()), escaped: false }, ..Parsed::default() };
    observe(patterns, Format::Text, source, seq, raw, &parsed)
}

/// The first line is the message, and the others may be a stack trace.
fn lines(patterns: &mut Patterns, seq: u64, level: Level, raw: &str) -> Match {
    let mut parsed = Parsed::default();
    reparse(Format::Text, 0, raw.as_bytes(), 0, &mut parsed);
    parsed.level = Some(level);
    observe(patterns, Format::Text, 1, seq, raw, &parsed)
}

/// An object written as `key=value` words, which is all that the spans need.
fn object(patterns: &mut Patterns, seq: u64, raw: &str) -> Match {
    let mut parsed = Parsed::default();
    let mut start = 0;
    for word in raw.split(' ') {
        let equals = start + word.find('=').unwrap();
        let text = |start, end| Text { span: Span::new(start, end), escaped: false };
        let (key, value) = (text(start, equals), text(equals + 1, start + word.len()));
        parsed.fields.push(Field::new(key, value, f64::NAN));
        start += word.len() + 1;
    }
    observe(patterns, Format::Json, 1, seq, raw, &parsed)
}

fn template(patterns: &Patterns, matched: &Match) -> String {
    let mut symbols = Symbols::new();
    symbols.intern("metric.cpu.total");
    patterns.template(matched.pattern, &symbols).unwrap()
}

fn gauge(patterns: &Patterns, name: &str) -> f64 {
    let mut gauges = Vec::new();
    patterns.gauges(&mut gauges);
    gauges.iter().find(|gauge| gauge.name == name).unwrap().value
}

#[test]
fn like_lines_share_a_template() {
    let mut patterns = patterns(&[]);
    let first = line(&mut patterns, 1, 0, "session opened for user root by uid=0");
    let second = line(&mut patterns, 1, 5, "session opened for user alice by uid=7");
    assert!(first.is_new && !second.is_new);
    assert_eq!(first.pattern, second.pattern);
    assert_eq!(template(&patterns, &second), "session opened for user * by uid=*");
    assert!(line(&mut patterns, 1, 6, "session closed").is_new);
    let pattern = patterns.get(first.pattern).unwrap();
    assert_eq!((pattern.count, pattern.first_seq, pattern.last_seq), (2, 0, 5));
    assert_eq!((pattern.first_ns, pattern.last_ns), (0, 5 * SECOND));
    assert_eq!(pattern.example, b"session opened for user root by uid=0");
}

#[test]
fn the_nearest_template_wins() {
    let mut patterns = patterns(&[]);
    let first = line(&mut patterns, 1, 0, "a b c d e f g h i j");
    let second = line(&mut patterns, 1, 1, "a b c d e f g x y z");
    assert!(second.is_new);
    assert_eq!(line(&mut patterns, 1, 2, "a b c d e f g x y j").pattern, second.pattern, "one token differs, not two");
    assert_eq!(template(&patterns, &second), "a b c d e f g x y *");
    assert_eq!(line(&mut patterns, 1, 4, "a b c d e f g h i j").pattern, first.pattern);
}

#[test]
fn of_equally_near_templates_the_one_with_more_variables_wins() {
    let mut patterns = patterns(&[]);
    line(&mut patterns, 1, 0, "a b c d e f g h i j");
    let second = line(&mut patterns, 1, 1, "a b c d e f g x y z");
    line(&mut patterns, 1, 2, "a b c d e f g x y w");
    // One token away from the first template (y) and from the second (h), whose last token is a variable.
    assert_eq!(line(&mut patterns, 1, 3, "a b c d e f g h y j").pattern, second.pattern);
}

#[test]
fn sources_do_not_share_patterns() {
    let mut patterns = patterns(&[]);
    let first = line(&mut patterns, 1, 0, "the same words");
    let second = line(&mut patterns, 2, 1, "the same words");
    assert!(second.is_new && first.pattern != second.pattern);
    assert_eq!(second.source_total, 0);
}

#[test]
fn levels_do_not_share_patterns() {
    let mut patterns = patterns(&[]);
    let told = lines(&mut patterns, 0, Level::Info, "the disk of the host is full");
    let failed = lines(&mut patterns, 1, Level::Error, "the disk of the host is full");
    assert!(failed.is_new && told.pattern != failed.pattern);
    let again = lines(&mut patterns, 2, Level::Info, "the disk of the host is empty");
    assert_eq!(again.pattern, told.pattern);
    assert_eq!(lines(&mut patterns, 3, Level::Error, "the disk of the host is full").pattern, failed.pattern);
}

#[test]
fn exceptions_do_not_share_patterns() {
    let mut patterns = patterns(&[]);
    let mut pattern = |seq, raw: &str| lines(&mut patterns, seq, Level::Error, raw).pattern;
    let full = pattern(0, "query of the cart failed\njava.io.IOException: no space\n\tat shop.Cart.take(Cart.java:8)");
    let late =
        pattern(1, "query of the cart failed\njava.net.SocketTimeoutException: late\n\tat shop.Cart.take(Cart.java:8)");
    let none = pattern(2, "query of the cart failed");
    assert!(full != late && full != none && late != none);
    assert_eq!(pattern(3, "query of the cart failed\njava.io.IOException: quota"), full);
    let key = pattern(4, "it failed again for KeyError: x");
    assert_ne!(pattern(5, "it failed again for ValueError: x"), key);
}

#[test]
fn a_template_keeps_most_of_its_words() {
    let mut patterns = patterns(&[]);
    let first = line(&mut patterns, 1, 0, "unit a of the host was started");
    assert_eq!(line(&mut patterns, 1, 1, "unit b of the host was started").pattern, first.pattern);
    assert!(line(&mut patterns, 1, 2, "unit b of the host was stopped").is_new);
    assert_eq!(template(&patterns, &first), "unit * of the host was started");
}

/// A name of letters.
fn name(i: u64) -> String {
    ["alice", "bob", "carol", "dave", "eve"][i as usize % 5].to_owned() + &word(i)
}

#[test]
fn a_first_word_with_many_values_is_a_variable() {
    let mut patterns = patterns(&[]);
    for i in 0..50 {
        assert!(line(&mut patterns, 1, i, &format!("{} logged in from console", name(i))).is_new);
    }
    let other = line(&mut patterns, 1, 50, "nobody logged out from console");
    let learnt = line(&mut patterns, 1, 51, &format!("{} logged in from console", name(50)));
    assert_eq!((learnt.is_new, learnt.count, learnt.pattern), (false, 50, 0));
    assert_eq!(template(&patterns, &learnt), "* logged in from console");
    let united: Vec<(u32, u32)> = patterns.drain_united().collect();
    assert_eq!(united, (1..50).map(|id| (id, 0)).collect::<Vec<_>>());
    assert_eq!(patterns.get(7).unwrap().id, 0, "the old numbers are found");
    for (seq, who) in ["frank", "u17"].into_iter().enumerate() {
        assert_eq!(line(&mut patterns, 1, 60 + seq as u64, &format!("{who} logged in from console")).pattern, 0);
    }
    assert_eq!(line(&mut patterns, 1, 70, "nobody logged out from console").pattern, other.pattern);
    assert_eq!(patterns.len(), 2);
}

#[test]
fn a_first_word_is_kept_where_the_rest_says_little() {
    let mut patterns = patterns(&[]);
    for i in 0..200 {
        assert!(line(&mut patterns, 1, i, &format!("{} {i} is {i} of {i}", name(i))).is_new);
    }
    assert_eq!(patterns.len(), 200);
}

/// Lines that name some people, one to eight of twelve.
fn lists() -> impl Iterator<Item = String> {
    let people = ["alice", "bob", "carol", "dave", "eve", "frank", "grace", "heidi", "ivan", "judy", "mallory", "niaj"];
    (0u64..200).map(move |i| {
        let mixed = i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
        let named = (0..1 + mixed % 8).map(|at| people[((mixed >> (4 * at)) % 12) as usize]);
        format!("user said {} in channel", named.collect::<Vec<_>>().join(" "))
    })
}

#[test]
fn words_in_any_number_are_a_run() {
    let mut patterns = patterns(&[]);
    for (seq, text) in lists().enumerate() {
        line(&mut patterns, 1, seq as u64, &text);
    }
    let found = line(&mut patterns, 1, 200, "user said hello to everybody in channel");
    assert_eq!((found.is_new, template(&patterns, &found).as_str()), (false, "user said * in channel"));
    assert!(patterns.len() <= 10, "{}", patterns.len());
    assert!(line(&mut patterns, 1, 201, "user said in channel").is_new);
    assert!(line(&mut patterns, 1, 202, "user wrote hello to everybody in channel").is_new);
}

#[test]
fn sentences_that_begin_and_end_alike_are_no_run() {
    let mut patterns = patterns(&[]);
    let texts = [
        "could not open the file of the user",
        "could not read a page of the user",
        "could not write of the user",
        "could not find any of the many friends of the user",
        "could not ask whoever knows of the user",
        "the check of the disk found errors",
        "the check of the disk found errors again and again",
        "the check of the disk found no errors",
        "the check of the disk found again no errors and errors",
    ];
    for (seq, text) in texts.into_iter().enumerate() {
        assert!(line(&mut patterns, 1, seq as u64, text).is_new, "{text}");
    }
}

#[test]
fn a_frozen_source_keeps_its_patterns() {
    let mut patterns = patterns(&[]);
    for i in 0..50 {
        line(&mut patterns, 1, i, &format!("{} logged in from console", name(i)));
    }
    patterns.set_learning(false);
    assert!(line(&mut patterns, 1, 51, &format!("{} logged in from console", name(50))).is_new);
    assert_eq!(patterns.len(), 51);
}

#[test]
fn what_was_learnt_goes_on_from_a_saved_state() {
    use ng_model::checkpoint::{CheckpointReader, CheckpointWriter};
    let text: Vec<String> = (0..70)
        .map(|i| format!("{} logged in from console", name(i)))
        .chain(lists())
        .chain((0..40).map(|i| format!("the {} of unit {} was {}", word(i % 3), word(i / 2), word(i % 5))))
        .collect();
    // Between any two events, also where half is learnt.
    for saved_at in [10, 49, 60, 75, 90, 150, 300] {
        let (mut going, mut symbols) = (patterns(&[]), Symbols::new());
        let source = symbols.intern("app");
        assert_eq!(source, Sym(1));
        for (seq, line_text) in text[..saved_at].iter().enumerate() {
            line(&mut going, 1, seq as u64, line_text);
        }
        let mut writer = CheckpointWriter::default();
        assert!(going.save(&mut going.begin_saving(), &mut writer, &symbols, usize::MAX));
        let bytes = writer.finish();
        let mut reader = CheckpointReader::open(&bytes, &mut symbols).unwrap();
        let mut restored = Patterns::restore(&settings(&[]), &mut reader).unwrap();
        restored.go_on_at(going.next_id());
        assert_eq!(restored.len(), going.len());
        for (seq, line_text) in text.iter().enumerate().skip(saved_at) {
            let (one, other) =
                (line(&mut going, 1, seq as u64, line_text), line(&mut restored, 1, seq as u64, line_text));
            assert_eq!(one, other, "{saved_at} {seq} {line_text}");
        }
        assert_eq!(restored.get(3).map(|pattern| pattern.id), going.get(3).map(|pattern| pattern.id));
    }
}

#[test]
fn a_match_tells_what_was_known_before() {
    let mut patterns = patterns(&[]);
    let first = line(&mut patterns, 1, 0, "user logged in 12345");
    assert_eq!((first.count, first.source_total, first.since_last_s), (0, 0, f32::INFINITY));
    assert_eq!((first.template_bits, first.digit_ratio), (1.0, 0.25));
    line(&mut patterns, 1, 10, "user logged in 12345");
    let third = line(&mut patterns, 1, 40, "user logged in 1234567890123456789012345");
    assert_eq!((third.count, third.source_total, third.since_last_s), (2, 2, 30.0));
    assert_eq!(third.length_deviation, 20.0);
    assert!((third.template_bits - (3.0f32 / 2.5).log2()).abs() < 1e-6);
    let earlier = line(&mut patterns, 1, 20, "user logged in 1");
    assert_eq!(earlier.since_last_s, 0.0, "time that runs backwards counts as none");
    let rare = line(&mut patterns, 1, 50, "kernel panic");
    assert!(rare.is_new && rare.rarest_token_bits > earlier.rarest_token_bits + 2.0, "{rare:?}");
}

#[test]
fn the_order_of_keys_does_not_make_a_shape() {
    let mut patterns = patterns(&[]);
    let first = object(&mut patterns, 0, "user=a level=info msg=x");
    let second = object(&mut patterns, 1, "level=info msg=y user=b");
    assert_eq!(first.pattern, second.pattern);
    assert!(object(&mut patterns, 2, "level=info msg=x").is_new);
    assert_eq!(template(&patterns, &first), "{level,msg,user}");
}

#[test]
fn a_rare_value_of_a_low_cardinality_field_counts() {
    let mut patterns = patterns(&[]);
    for seq in 0..500 {
        object(&mut patterns, seq, &format!("status=200 id={seq}"));
    }
    let usual = object(&mut patterns, 500, "status=200 id=500");
    let rare = object(&mut patterns, 501, "status=500 id=501");
    assert!(usual.max_field_bits < 0.1, "{usual:?}");
    assert!(rare.max_field_bits > 9.0 && rare.mean_field_bits == rare.max_field_bits, "{rare:?}");
}

#[test]
fn streams_are_patterns() {
    let mut patterns = patterns(&[]);
    let parsed = Parsed::default();
    let first = observe(&mut patterns, Format::Metric, 1, 0, "cpu.total=1", &parsed);
    let second = observe(&mut patterns, Format::Metric, 1, 1, "cpu.total=2", &parsed);
    let vector = observe(&mut patterns, Format::Vector, 1, 2, "cpu.total=[1,2,3,4,5,6,7,8]", &parsed);
    assert_eq!(first.pattern, second.pattern);
    assert_ne!(first.pattern, vector.pattern);
    assert_eq!(template(&patterns, &second), "metric.cpu.total");
}

#[test]
fn the_rate_is_that_of_the_last_minute() {
    let mut patterns = patterns(&[]);
    let mut last = 0;
    for seq in 0..600 {
        last = line(&mut patterns, 1, seq, "tick").pattern;
    }
    let rate = patterns.get(last).unwrap().rate();
    assert!((rate - 1.0).abs() < 0.02, "{rate}");
}

#[test]
fn the_list_is_ordered_by_count() {
    let mut patterns = patterns(&[]);
    for (seq, word) in ["once", "often", "often", "twice", "twice", "often"].into_iter().enumerate() {
        line(&mut patterns, 1, seq as u64, word);
    }
    let counts: Vec<u64> = patterns.list(2).iter().map(|pattern| pattern.count).collect();
    assert_eq!(counts, [3, 2]);
}

#[test]
fn similarity_takes_effect() {
    let is_new = |similarity| {
        let mut patterns = patterns(&[("similarity", SettingValue::Float(similarity))]);
        line(&mut patterns, 1, 0, "a b c d");
        line(&mut patterns, 1, 1, "a b c x").is_new
    };
    assert!(is_new(0.8) && !is_new(0.75));
    let mut changed = patterns(&[]);
    line(&mut changed, 1, 0, "a b c d");
    changed.reconfigure(&settings(&[("similarity", SettingValue::Float(0.7))]));
    assert!(!line(&mut changed, 1, 1, "a b c x").is_new);
}

/// Words without a digit, all different.
fn word(mut i: u64) -> String {
    let mut word = String::new();
    for _ in 0..5 {
        word.push(char::from(b'a' + (i % 26) as u8));
        i /= 26;
    }
    word
}

#[test]
fn max_patterns_takes_effect() {
    let mut patterns = patterns(&[("max_patterns", SettingValue::Int(20))]);
    let kept = line(&mut patterns, 1, 0, "kept");
    for i in 0..100 {
        line(&mut patterns, 1, 2 * i + 1, &word(i));
        assert_eq!(line(&mut patterns, 1, 2 * i + 2, "kept").pattern, kept.pattern);
    }
    assert_eq!((patterns.len(), gauge(&patterns, "patterns.dropped")), (20, 81.0));
    let again = line(&mut patterns, 1, 300, &word(0));
    assert!(again.is_new && again.pattern > 100, "numbers are not given twice");
    patterns.reconfigure(&settings(&[("max_patterns", SettingValue::Int(16))]));
    assert_eq!(patterns.len(), 16);
    assert!(patterns.get(kept.pattern).is_some());
}

#[test]
fn bucket_cap_takes_effect() {
    let mut patterns = patterns(&[("bucket_cap", SettingValue::Int(4))]);
    for i in 0..10 {
        line(&mut patterns, 1, i, &format!("start {} {}", word(i), word(i + 1000)));
    }
    assert_eq!((patterns.len(), gauge(&patterns, "patterns.dropped_from_buckets")), (4, 6.0));
    assert!(line(&mut patterns, 1, 10, &format!("start {} {}", word(0), word(1000))).is_new);
    assert!(!line(&mut patterns, 1, 11, &format!("start {} {}", word(9), word(1009))).is_new);
}

#[test]
fn shapes_that_were_not_met_lately_give_way_and_those_that_come_again_stay() {
    let mut patterns = patterns(&[]);
    for i in 0..3000 {
        object(&mut patterns, 2 * i, &format!("{}=1 b=2", word(i)));
        object(&mut patterns, 2 * i + 1, "status=200 host=a");
    }
    assert!(gauge(&patterns, "fields") <= 4096.0 && gauge(&patterns, "shapes.dropped") > 900.0);
    assert_eq!(gauge(&patterns, "fields.refused"), 0.0);
    assert!(object(&mut patterns, 6000, "status=500 host=a").max_field_bits > 10.0);
}

#[test]
fn bytes_of_every_kind_are_accepted() {
    let mut patterns = patterns(&[]);
    for bytes in ["", " ", "\u{0}", "é ü", "* *", "\u{feff}", &"x".repeat(100_000), &"y ".repeat(100_000)] {
        let matched = line(&mut patterns, 1, 0, bytes);
        assert!(!line(&mut patterns, 1, 1, bytes).is_new, "{matched:?}");
    }
}
