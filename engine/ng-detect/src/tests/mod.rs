//! The detectors as a whole, on series made here; `metrics.rs` has those of numeric streams.

mod metrics;

use super::floor::Floor;
use super::numeric::{Measured, Numeric};
use super::tuning::Tuning;
use super::*;
use ng_model::event::{Parsed, Span, Text};
use ng_model::record::{RecordHeader, Verdict};
use ng_model::symbols::Symbols;
use ng_wire::{Level as Severity, SettingValue};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Noise without a library: the same seed gives the same series everywhere.
struct Noise(u64);

impl Noise {
    /// Uniform in 0..1.
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    /// About normal, standard deviation 1.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.next()).sum::<f64>() - 6.0
    }
}

fn values(rows: &'static [ng_model::settings::Row], changes: &[(&str, SettingValue)]) -> Values {
    let changes: BTreeMap<_, _> = changes.iter().map(|(key, value)| (key.to_string(), value.clone())).collect();
    Values::defaults(rows).with(rows, &changes).unwrap()
}

fn detect(changes: &[(&str, SettingValue)], grid: &[(&str, SettingValue)]) -> Detect {
    Detect::new(&values(SETTINGS, changes), &values(knn::SETTINGS, grid), Kernel::Auto)
}

fn tuning(lite: bool) -> Tuning {
    let profile = SettingValue::Text(if lite { "lite" } else { "full" }.into());
    Tuning::new(&values(SETTINGS, &[("profile", profile)]), &Values::defaults(knn::SETTINGS), [1.0; DIMS], false)
}

/// What differs between the events of these tests.
#[derive(Clone, Copy)]
struct Input {
    format: Format,
    seq: u64,
    kind: u32,
    value: f64,
    unit: Unit,
    vector: [f32; DIMS],
    severity: Severity,
    matched: Match,
}

impl Input {
    fn of(format: Format, seq: u64) -> Self {
        Input {
            format,
            seq,
            kind: 2,
            value: f64::NAN,
            unit: Unit::None,
            vector: [0.0; DIMS],
            severity: Severity::Info,
            matched: Match::of(0),
        }
    }

    fn value(seq: u64, value: f64) -> Self {
        Input { value, ..Input::of(Format::Metric, seq) }
    }

    fn vector(seq: u64, vector: [f32; DIMS]) -> Self {
        Input { vector, ..Input::of(Format::Vector, seq) }
    }

    /// A line of one of the first eight patterns, as a source that goes on as ever writes it.
    fn usual(seq: u64, noise: &mut Noise) -> Self {
        let pattern = (noise.next() * noise.next() * 8.0) as u32;
        let bits = 1.0 + pattern as f32 * 0.7;
        let matched = Match {
            template_bits: bits,
            rarest_token_bits: bits + 3.0,
            mean_token_bits: bits + 2.0,
            since_last_s: 2f32.powi(pattern as i32) * (0.5 + noise.next() as f32),
            transition_bits: bits + noise.next() as f32,
            length_deviation: noise.next() as f32,
            digit_ratio: 0.1 + 0.02 * pattern as f32,
            ..Match::of(pattern)
        };
        Input { matched, ..Input::of(Format::Text, seq) }
    }

    /// A line that fits no known template.
    fn unseen(seq: u64) -> Self {
        let matched = Match {
            is_new: true,
            template_bits: 14.0,
            rarest_token_bits: 17.0,
            mean_token_bits: 12.0,
            since_last_s: f32::INFINITY,
            transition_bits: 12.0,
            ..Match::of(1000)
        };
        Input { matched, ..Input::of(Format::Text, seq) }
    }
}

fn score(detect: &mut Detect, input: Input) -> Detection {
    let raw = b"payload";
    let parsed = Parsed { vector: input.vector, ..Parsed::default() };
    let symbols = Symbols::new();
    let head = RecordHeader {
        seq: input.seq,
        time_ns: input.seq as i64,
        received_ns: input.seq as i64,
        value: input.value,
        kind: Sym(input.kind),
        source: Sym(1),
        level: input.severity,
        format: input.format,
        declared: 0,
        unit: input.unit,
        message: Text { span: Span::new(0, raw.len()), escaped: false },
        verdict: Verdict::default(),
        detection: Detection::default(),
    };
    detect.score(
        &Event { head, encoder: 4, raw, parsed: &parsed, symbols: &symbols },
        &input.matched,
        &mut Probe::default(),
    )
}

fn score_values(detect: &mut Detect, values: impl IntoIterator<Item = f64>) -> Vec<Detection> {
    values.into_iter().enumerate().map(|(i, value)| score(detect, Input::value(i as u64, value))).collect()
}

/// A daily cycle with noise.
fn cycle(count: usize, seed: u64) -> Vec<f64> {
    let mut noise = Noise(seed);
    (0..count).map(|i| 50.0 + 20.0 * (i as f64 * std::f64::consts::TAU / 96.0).sin() + noise.normal()).collect()
}

/// Surprise and strength of every value, without the narrowing to f32.
fn exact(values: impl IntoIterator<Item = f64>, lite: bool) -> Vec<(f64, f64)> {
    // What matters to a person depends on the origin; what is rare does not.
    let tuning = Tuning { floor: Floor::default(), ..tuning(lite) };
    let mut state = Numeric::new(&tuning, Scanner::new(Kernel::Auto));
    let step = |(seq, value)| {
        let measured = Measured { value, unit: Unit::None, seq: seq as u64 };
        let level = state.step(measured, &tuning, true, &mut Probe::default()).level;
        (level.surprise, level.strength)
    };
    values.into_iter().enumerate().map(step).collect()
}

#[test]
fn the_same_events_give_the_same_bits_with_every_kernel() {
    let run = |kernel| {
        let mut detect = Detect::new(&Values::defaults(SETTINGS), &Values::defaults(knn::SETTINGS), kernel);
        let mut noise = Noise(7);
        let all: Vec<Detection> = (0..3000)
            .map(|seq| {
                let input = match seq % 3 {
                    0 => Input::value(seq, noise.normal()),
                    1 => Input::vector(seq, [noise.normal() as f32; DIMS]),
                    _ => Input::usual(seq, &mut noise),
                };
                score(&mut detect, input)
            })
            .collect();
        format!("{all:?}")
    };
    let scalar = run(Kernel::Scalar);
    assert_eq!(scalar, run(Kernel::Scalar));
    assert_eq!(scalar, run(Kernel::Avx2));
    assert_eq!(scalar, run(Kernel::Avx512));
}

#[test]
fn scores_do_not_depend_on_what_follows() {
    let whole = exact(cycle(3000, 1), false);
    let prefix = exact(cycle(3000, 1).into_iter().take(1700), false);
    assert_eq!(whole[..1700], prefix[..]);
}

#[test]
fn surprise_does_not_depend_on_unit_or_origin() {
    // Powers of two and sums without rounding keep every comparison as it is.
    let series: Vec<f64> = cycle(2500, 2).iter().map(|value| (value * 256.0).round() / 256.0).collect();
    let plain = exact(series.iter().copied(), false);
    for moved in [exact(series.iter().map(|x| x * 1024.0), false), exact(series.iter().map(|x| x + 4096.0), false)] {
        for (i, (a, b)) in plain.iter().zip(&moved).enumerate() {
            assert!((a.0 - b.0).abs() < 1e-6 && (a.1 - b.1).abs() < 1e-6, "at {i}: {a:?} {b:?}");
        }
    }
}

#[test]
fn what_is_not_finite_is_not_scored_and_not_learnt() {
    let mut detect = detect(&[], &[]);
    let series = cycle(2000, 9);
    let clean = score_values(&mut detect, series.iter().copied());
    let mut broken = self::detect(&[], &[]);
    for (i, value) in series.iter().enumerate() {
        for gap in [f64::NAN, f64::INFINITY] {
            assert_eq!(score(&mut broken, Input::value(i as u64, gap)).state, Scoring::Unencoded);
        }
        assert_eq!(score(&mut broken, Input::value(i as u64, *value)), clean[i]);
    }
    let mut vector = [0.0; DIMS];
    vector[7] = f32::NAN;
    assert_eq!(score(&mut broken, Input::vector(0, vector)).state, Scoring::Unencoded);
    assert_eq!(score(&mut broken, Input::of(Format::Note, 0)).state, Scoring::Unscored);
}

#[test]
fn the_same_vector_is_not_novel_and_an_outlier_is() {
    let mut detect = detect(&[("warm_up", SettingValue::Int(100))], &[]);
    for seq in 0..500 {
        let detection = score(&mut detect, Input::vector(seq, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]));
        assert!(!detection.is_novel && !detection.is_alert, "at {seq}: {detection:?}");
    }
}

#[test]
fn a_vector_unlike_all_others_is_novel_and_alerts() {
    let mut detect = detect(&[], &[]);
    let mut noise = Noise(10);
    for seq in 500..2000 {
        score(&mut detect, Input::vector(seq, std::array::from_fn(|_| noise.normal() as f32)));
    }
    let outlier = score(&mut detect, Input::vector(2000, [12.0; DIMS]));
    assert!(outlier.is_novel && outlier.is_alert, "{outlier:?}");
    assert!(outlier.nearest >= 500);
}

#[test]
fn a_weight_of_zero_leaves_a_dimension_out() {
    let novelty = |weights| {
        let mut detect = detect(&[], &[]);
        detect.set_weights(weights);
        let mut noise = Noise(11);
        for seq in 0..1000 {
            score(&mut detect, Input::vector(seq, std::array::from_fn(|_| noise.normal() as f32)));
        }
        let mut odd = [0.0; DIMS];
        odd[3] = 30.0;
        score(&mut detect, Input::vector(1000, odd)).novelty
    };
    let mut weights = [1.0; DIMS];
    assert!(novelty(weights) >= 3.0);
    weights[3] = 0.0;
    assert!(novelty(weights) < 2.0);
}

#[test]
fn an_unseen_template_is_novel_surprising_and_alerts() {
    let mut detect = detect(&[], &[]);
    let mut noise = Noise(12);
    let mut alerts = 0;
    for seq in 0..20_000 {
        alerts += u32::from(score(&mut detect, Input::usual(seq, &mut noise)).is_alert);
    }
    assert!(alerts <= 60, "{alerts} alerts among 20 000 usual lines");
    let unseen = score(&mut detect, Input::unseen(20_000));
    assert!(unseen.is_novel && unseen.is_alert && unseen.novelty >= 3.0, "{unseen:?}");
}

#[test]
fn an_unseen_template_is_novel_in_warm_up_but_does_not_alert() {
    let mut detect = detect(&[], &[]);
    let mut noise = Noise(13);
    (0..300).for_each(|seq| _ = score(&mut detect, Input::usual(seq, &mut noise)));
    let unseen = score(&mut detect, Input::unseen(300));
    assert!(unseen.is_novel && !unseen.is_alert && unseen.state == Scoring::Learning);
}

#[test]
fn a_first_error_among_routine_lines_alerts() {
    for format in [Format::Text, Format::Journal, Format::Json] {
        let mut detect = detect(&[], &[]);
        let mut noise = Noise(14);
        for seq in 0..2000 {
            score(&mut detect, Input { format, ..Input::usual(seq, &mut noise) });
        }
        let usual = Input::usual(2000, &mut noise);
        let matched = Match { level_bits: 12.0, ..usual.matched };
        let error = score(&mut detect, Input { format, severity: Severity::Error, matched, ..usual });
        assert!(error.is_alert && error.channels[2] >= 3.0, "{format:?}: {error:?}");
    }
}

#[test]
fn a_rare_field_value_is_seen_in_json() {
    let mut detect = detect(&[], &[]);
    let mut noise = Noise(15);
    for seq in 0..2000 {
        score(&mut detect, Input { format: Format::Json, ..Input::usual(seq, &mut noise) });
    }
    let mut odd = Input { format: Format::Json, ..Input::usual(2000, &mut noise) };
    odd.matched.max_field_bits = 12.0;
    odd.matched.mean_field_bits = 4.0;
    let detection = score(&mut detect, odd);
    assert!(detection.channels[1] >= 3.0 && detection.is_alert, "{detection:?}");
    assert_eq!(detection.vector[1], 12.0);
}

#[test]
fn alert_threshold_takes_effect() {
    let mut series = cycle(3000, 16);
    series[2500] = 120.0;
    let alerts = |threshold| {
        let mut detect = detect(&[("alert_threshold", SettingValue::Float(threshold))], &[]);
        score_values(&mut detect, series.iter().copied()).iter().filter(|detection| detection.is_alert).count()
    };
    assert!(alerts(2.0) > alerts(3.6) && alerts(3.6) >= 1, "{} {}", alerts(2.0), alerts(3.6));
}

#[test]
fn novel_threshold_takes_effect() {
    let novel = |threshold| {
        let mut detect = detect(&[("novel_threshold", SettingValue::Float(threshold))], &[]);
        score_values(&mut detect, cycle(3000, 17)).iter().filter(|detection| detection.is_novel).count()
    };
    assert!(novel(1.0) > novel(3.0));
    assert_eq!(novel(10.0), 0);
}

#[test]
fn profile_takes_effect() {
    let full = exact(cycle(6000, 18), false);
    let lite = exact(cycle(6000, 18), true);
    assert_eq!(full[..1000], lite[..1000]);
    assert_ne!(full[3000..], lite[3000..]);
}

#[test]
fn warm_up_takes_effect() {
    let mut detect = detect(&[("warm_up", SettingValue::Int(20))], &[]);
    let detections = score_values(&mut detect, cycle(100, 19));
    assert_eq!(detections.iter().filter(|detection| detection.state == Scoring::Learning).count(), 20);
}

#[test]
fn max_streams_takes_effect() {
    let mut detect = detect(&[("max_streams", SettingValue::Int(3)), ("warm_up", SettingValue::Int(1))], &[]);
    let state = |detect: &mut Detect, kind| score(detect, Input { kind, ..Input::value(0, 1.0) }).state;
    for kind in 0..3 {
        assert_eq!(state(&mut detect, kind), Scoring::Learning);
        assert_eq!(state(&mut detect, kind), Scoring::Scored);
    }
    state(&mut detect, 3);
    assert_eq!(state(&mut detect, 0), Scoring::Learning, "the oldest stream gave way");
    let mut gauges = Vec::new();
    detect.gauges(&mut gauges);
    let dropped = gauges.iter().find(|gauge| gauge.name == "streams.dropped").unwrap();
    assert_eq!(dropped.value, 2.0);
}

#[test]
fn leak_takes_effect() {
    let mut series = cycle(2000, 20);
    series[1500] = 500.0;
    let after = |leak| {
        let mut detect = detect(&[("leak", SettingValue::Float(leak))], &[]);
        score_values(&mut detect, series.iter().copied())[1504].surprise
    };
    assert!(after(0.1) > after(0.5) + 1.0);
}

#[test]
fn window_and_k_take_effect() {
    let novelty = |key: &str, value| {
        let mut detect = detect(&[], &[(key, SettingValue::Int(value))]);
        let mut noise = Noise(21);
        (0..1500).map(|seq| score(&mut detect, Input::usual(seq, &mut noise)).novelty).collect::<Vec<_>>()
    };
    let default = novelty("k", 64);
    assert_eq!(default, novelty("window", 4096));
    assert_ne!(default, novelty("window", 128));
    assert_ne!(default, novelty("k", 4));
}

#[test]
fn settings_change_in_mid_stream_without_forgetting() {
    let mut detect = detect(&[], &[]);
    score_values(&mut detect, cycle(2000, 22));
    let grid = values(knn::SETTINGS, &[("window", SettingValue::Int(512))]);
    let intuition = values(SETTINGS, &[("alert_threshold", SettingValue::Float(10.0))]);
    detect.reconfigure(&intuition, &grid);
    let usual = score(&mut detect, Input::value(2000, cycle(2001, 22)[2000]));
    assert_eq!(usual.state, Scoring::Scored);
    assert!(usual.surprise < 6.0, "{usual:?}");
    assert!(usual.nearest >= 2000 - 512 - 64, "{usual:?}");
    assert!(!score(&mut detect, Input::value(2001, 73.0)).is_alert);
    detect.reconfigure(&Values::defaults(SETTINGS), &Values::defaults(knn::SETTINGS));
    assert!(score(&mut detect, Input::value(2002, 1e4)).is_alert);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn no_value_breaks_the_detector(values in prop::collection::vec(prop::num::f64::ANY, 200..600)) {
        let mut detect = detect(&[], &[]);
        for detection in score_values(&mut detect, values) {
            prop_assert!(detection.surprise.is_finite() && detection.strength.is_finite());
            prop_assert!((0.0..=1.0).contains(&detection.anomaly_score()));
        }
    }
}
