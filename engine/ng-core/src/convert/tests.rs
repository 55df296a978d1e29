use super::*;
use crate::store::Store;
use ng_filter::rules::RULE_NAMES;
use ng_wire::{Level, Outcome, Scoring, Unit};
use proptest::prelude::*;

/// The head that an encoder would give these bytes, otherwise plain.
fn head(format: Format, raw: &[u8], symbols: &mut Symbols) -> RecordHeader {
    let mut parsed = Parsed::default();
    reparse(format, 0, raw, 1000, &mut parsed);
    RecordHeader {
        seq: 7,
        time_ns: 999,
        received_ns: 1000,
        value: parsed.value,
        kind: symbols.intern("log.text"),
        source: symbols.intern("stdin"),
        level: Level::Info,
        format,
        declared: 0,
        unit: parsed.unit,
        message: parsed.message,
        verdict: Verdict::default(),
        detection: Detection::default(),
    }
}

fn to_record(head: &RecordHeader, raw: &[u8], symbols: &Symbols) -> Record {
    record(&StoredRecord { head, raw, symbols }, &mut Parsed::default()).into_owned()
}

fn any_reading() -> impl Strategy<Value = (Format, Vec<u8>)> {
    let line = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..60),
        any::<String>().prop_map(String::into_bytes),
        "[a-z]{1,8}: user=[a-z]{1,5} took=[0-9]{1,3}ms".prop_map(String::into_bytes),
    ];
    let number = prop_oneof![
        any::<f64>().prop_map(|value| value.to_string()),
        prop::sample::select(vec!["inf", "-inf", "NaN"]).prop_map(String::from),
    ];
    prop_oneof![
        line.clone().prop_map(|raw| (Format::Text, raw)),
        line.prop_map(|raw| (Format::Journal, raw)),
        number.clone().prop_map(|number| (Format::Metric, format!("load={number}").into_bytes())),
        "[ -~]{0,30}".prop_map(|text| (Format::Json, serde_json::json!({"message": text}).to_string().into_bytes())),
        number.prop_map(|number| (Format::Vector, format!("v=[1,2,3,4,5,6,7,{number}]").into_bytes())),
    ]
}

fn any_verdict() -> impl Strategy<Value = Verdict> {
    let rules = RULE_NAMES.len() as u8;
    let hit = (0..rules, 0u8..4, -1e300..1e300f64, -1e300..1e300f64, any::<u32>(), any::<bool>());
    (hit, any::<bool>()).prop_map(move |((rule, clause, observed, limit, objections, reject), hit)| {
        let outcome = if reject { Outcome::Reject } else { Outcome::Flag };
        let (rule_name, clause_name, _) = guard::clause_name(rule, clause);
        if !hit || guard::clause_index(rule_name, clause_name) != Some((rule, clause)) {
            return Verdict::default();
        }
        Verdict { outcome, rule, clause, objections: objections & ((1 << rules) - 1), observed, limit }
    })
}

fn any_detection() -> impl Strategy<Value = Detection> {
    let number = || prop_oneof![-1e30f32..1e30, 0f32..5.0, Just(0.0)];
    let state = prop::sample::select(vec![
        Scoring::Unscored,
        Scoring::Skipped,
        Scoring::Unencoded,
        Scoring::Learning,
        Scoring::Scored,
    ]);
    let numbers = (prop::array::uniform8(number()), prop::array::uniform4(number()), prop::array::uniform4(number()));
    (state, 0..ENCODERS.len() as u8, numbers, any::<[bool; 3]>(), any::<(u32, u64)>()).prop_map(
        |(state, encoder, (vector, mut channels, numbers), flags, (pattern, nearest))| {
            let plain = Detection { state, pattern, ..Detection::default() };
            if !plain.is_scored() {
                return plain;
            }
            for (name, share) in ENCODERS[encoder as usize].channels.iter().zip(&mut channels) {
                if name.is_empty() {
                    *share = 0.0;
                }
            }
            let [novelty, event_surprise, surprise, strength] = numbers;
            let usual = flags[2].then(|| [f64::from(novelty), f64::from(strength)]);
            let [is_novel, is_alert, _] = flags;
            Detection {
                encoder,
                vector,
                channels,
                novelty,
                event_surprise,
                surprise,
                strength,
                is_novel,
                is_alert,
                nearest,
                usual,
                ..plain
            }
        },
    )
}

proptest! {
    #[test]
    fn a_record_through_json_gives_back_the_stored_form(
        (format, raw) in any_reading(), verdict in any_verdict(), detection in any_detection(),
        seq in 0..u64::MAX, times in any::<[i64; 2]>(), level in 0usize..7,
    ) {
        let mut symbols = Symbols::new();
        let head = RecordHeader {
            seq, time_ns: times[0], received_ns: times[1], level: Level::ALL[level], verdict, detection,
            ..head(format, &raw, &mut symbols)
        };
        let json = serde_json::to_string(&to_record(&head, &raw, &symbols)).unwrap();
        let read: Record = serde_json::from_str(&json).unwrap();
        let (mut again, bytes) = restore(&read, &mut symbols);
        prop_assert_eq!(&bytes, &raw);
        prop_assert_eq!(again.value.to_bits(), head.value.to_bits(), "{} is not {}", again.value, head.value);
        again.value = head.value;
        // NaN is not equal to itself, but the same on both sides.
        prop_assert_eq!(format!("{:?}", again), format!("{:?}", head));
    }

    #[test]
    fn rows_and_details_take_any_head(raw in prop::collection::vec(any::<u8>(), 0..80), span in any::<(u32, u32)>(),
        rule in any::<u8>(), clause in any::<u8>(), encoder in any::<u8>(), objections in any::<u32>()) {
        let mut symbols = Symbols::new();
        let mut head = head(Format::Text, &raw, &mut symbols);
        head.message.span = ng_model::event::Span { start: span.0, len: span.1 };
        head.verdict = Verdict { outcome: Outcome::Flag, rule, clause, objections, ..Verdict::default() };
        head.detection = Detection {
            state: Scoring::Scored, encoder, surprise: f32::NAN, vector: [f32::INFINITY; 8], channels: [f32::NAN; 4],
            ..Detection::default()
        };
        let stored = StoredRecord { head: &head, raw: &raw, symbols: &symbols };
        row(&stored);
        let detail = detail(&stored, None, Vec::new(), &mut Parsed::default());
        let json = serde_json::to_string(&detail).unwrap();
        prop_assert!(serde_json::from_str::<RecordDetail>(&json).is_ok(), "{}", json);
    }
}

#[test]
fn raw_bytes_are_carried_in_the_plainest_form_that_is_exact() {
    let mut symbols = Symbols::new();
    let mut check = |format, raw: &[u8], text: &str, plain: Option<&str>, base64: Option<&str>| {
        let head = RecordHeader {
            message: Text { span: ng_model::event::Span::new(0, 5), escaped: false },
            ..head(format, raw, &mut symbols)
        };
        let record = to_record(&head, raw, &symbols);
        assert_eq!((record.text.as_ref(), record.raw.as_deref(), record.raw_base64.as_deref()), (text, plain, base64));
    };
    check(Format::Text, b"hello", "hello", None, None);
    check(Format::Text, b"hello there", "hello", Some("hello there"), None);
    check(Format::Text, b"hell\xFF", "hell\u{FFFD}", None, Some("aGVsbP8="));
    check(Format::Text, b"hello \xFF", "hello", None, Some("aGVsbG8g/w=="));
}

#[test]
fn a_verdict_names_its_rules() {
    let names = RULE_NAMES;
    let (rule, clause, _) = guard::clause_name(1, 0);
    let found = Verdict { outcome: Outcome::Flag, rule: 1, clause: 0, objections: 0b11, observed: 3.0, limit: 2.0 };
    let expected = ng_wire::Verdict {
        outcome: Outcome::Flag,
        hit: Some(Hit { rule: rule.into(), clause: clause.into(), observed: 3.0, limit: 2.0 }),
        objections: vec![names[0].into(), names[1].into()],
    };
    assert_eq!(verdict(&found), expected);
    assert_eq!(verdict(&Verdict::default()), ng_wire::Verdict::default());
}

#[test]
fn names_of_another_version_are_left_out() {
    let mut symbols = Symbols::new();
    let head = head(Format::Text, b"hello", &mut symbols);
    let mut record = to_record(&head, b"hello", &symbols);
    record.detection.encoder = Some("unheard of".into());
    record.detection.features = vec![Feature { name: "x".into(), value: 1.0 }];
    record.detection.channels = vec![ScoreChannel { name: "y".into(), share: 1.0 }];
    record.verdict.objections = vec!["unheard of".into()];
    record.raw_base64 = Some("not base64".into());
    let (again, raw) = restore(&record, &mut symbols);
    assert_eq!((again.detection, again.verdict), (head.detection, head.verdict));
    assert_eq!(raw, b"hello");
}

#[test]
fn a_gap_row_states_its_count_and_only_the_engine_makes_one() {
    let mut symbols = Symbols::new();
    let raw = br#"{"type":"stream.gap","level":"warn","message":"hole","count":1284}"#;
    let mut head = head(Format::Note, raw, &mut symbols);
    let gap = |head: &RecordHeader, symbols: &Symbols| row(&StoredRecord { head, raw, symbols }).gap;
    assert_eq!(gap(&head, &symbols), None);
    head.kind = symbols.intern("stream.gap");
    assert_eq!(gap(&head, &symbols), Some(1284));
    head.format = Format::Json;
    assert_eq!(gap(&head, &symbols), None);
}

#[test]
fn what_is_shown_has_passed_the_sanitiser() {
    let mut symbols = Symbols::new();
    let raw = b"user=\x1b[2J\xFF";
    let head = RecordHeader { source: symbols.intern("file:\x1b]0;x"), ..head(Format::Text, raw, &mut symbols) };
    let stored = StoredRecord { head: &head, raw, symbols: &symbols };
    let near = vec![Neighbour { seq: 1, distance: 0.5, similarity: 0.9, text: "safe".into() }];
    let detail = detail(&stored, Some("<*>\x1b"), near, &mut Parsed::default());
    for json in [serde_json::to_string(&row(&stored)).unwrap(), serde_json::to_string(&detail).unwrap()] {
        assert!(!json.contains('\x1b') && !json.contains("\\u001b"), "{json}");
    }
    assert_eq!(detail.record.raw_base64, None);
    assert_eq!(detail.neighbours[0].seq, 1);
    assert_eq!(detail.rules.len(), RULE_NAMES.len());
}

#[test]
fn neighbours_come_with_their_messages() {
    let mut store = Store::new(10);
    let mut symbols = Symbols::new();
    for seq in 0..4u64 {
        let raw = format!("line {seq}");
        let vector = [seq as f32, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
        let detection = Detection { state: Scoring::Scored, encoder: 0, vector, ..Detection::default() };
        store.push(
            &RecordHeader { seq, detection, unit: Unit::None, ..head(Format::Text, raw.as_bytes(), &mut symbols) },
            raw.as_bytes(),
        );
    }
    let mut reader = Reader::new(std::sync::Arc::new(parking_lot::Mutex::new(store)));
    let found = neighbours(&mut reader, 1, 2, 100);
    let texts: Vec<_> = found.iter().map(|near| (near.seq, near.text.as_str())).collect();
    assert_eq!(texts, [(2, "line 2"), (0, "line 0")]);
    assert_eq!(found[0].distance, found[1].distance);
}

#[test]
fn attributes_have_their_paths_and_the_own_key_goes_first() {
    let raw = br#"{"req":{"id":"r1"},"res":{"id":"s1"},"req.id":"own","tags":["a"]}"#;
    let mut symbols = Symbols::new();
    let record = to_record(&head(Format::Json, raw, &mut symbols), raw, &symbols);
    let attrs: Vec<_> = record.attrs.iter().map(|(key, value)| format!("{key}={value}")).collect();
    assert_eq!(attrs, ["req.id=own", "res.id=s1", r#"tags=["a"]"#, "tags[0]=a"]);
}

#[test]
fn a_message_found_by_the_keys_of_another_process_is_restored() {
    let raw = br#"{"said":"the text","level":"info"}"#;
    let mut symbols = Symbols::new();
    let head = RecordHeader {
        message: Text { span: ng_model::event::Span::new(9, 17), escaped: false },
        ..head(Format::Json, raw, &mut symbols)
    };
    let record = to_record(&head, raw, &symbols);
    assert_eq!(record.text, "the text");
    assert_eq!(restore(&record, &mut symbols).0.message, head.message);
}
