//! What a numeric stream tells, and what it does not, on series made here.

use super::*;

/// Series in which nothing happens, by their nature.
fn natural(name: &str, seed: u64, count: usize) -> Vec<f64> {
    let mut noise = Noise(seed);
    let mut x = 0.0;
    let mut step = |i: usize| {
        let (even, normal) = (noise.next(), noise.normal());
        match name {
            "counter" => x += (even * 10.0).floor(),
            "counter that idles" => x += if even < 0.1 { 1.0 + (even * 40.0).floor() } else { 0.0 },
            "counter that is reset" => x = if even < 0.001 { 0.0 } else { x + (even * 10.0).floor() },
            "ramp" => x += 0.1 + 0.02 * normal,
            "ramp with noise" => return 0.1 * i as f64 + normal,
            "fill level" => x = if x > 90.0 { 20.0 } else { x + 0.02 * even },
            "random walk" => x += normal,
            "walk in whole numbers" => x += (even * 3.0).floor() - 1.0,
            "staircase" if i.is_multiple_of(97) => x += 5.0,
            "staircase" => {}
            "staircase with noise" => {
                x += if even < 0.01 { 10.0 + (even * 500.0).floor() } else { 0.0 };
                return x + 0.5 * normal;
            }
            other => panic!("{other}"),
        }
        x
    };
    (0..count).map(&mut step).collect()
}

fn measured(seq: usize, value: f64, unit: Unit) -> Input {
    Input { unit, ..Input::value(seq as u64, value) }
}

/// The events that alert.
fn told(values: impl IntoIterator<Item = f64>, unit: Unit) -> Vec<usize> {
    let mut detect = detect(&[], &[]);
    let alerts = |(seq, value): (usize, f64)| score(&mut detect, measured(seq, value, unit)).is_alert.then_some(seq);
    values.into_iter().enumerate().filter_map(alerts).collect()
}

#[test]
fn what_rises_or_wanders_by_nature_is_no_news() {
    for (name, most) in [
        ("counter", 0.2),
        ("counter that idles", 0.2),
        ("counter that is reset", 0.5),
        ("ramp", 0.2),
        ("ramp with noise", 0.2),
        ("fill level", 0.3),
        ("random walk", 0.5),
        ("walk in whole numbers", 0.6),
        ("staircase", 0.1),
        ("staircase with noise", 0.5),
    ] {
        let alerts: usize = (1..=4).map(|seed| told(natural(name, seed, 10_000), Unit::None).len()).sum();
        assert!(alerts as f64 <= most * 40.0, "{name}: {alerts} alerts in 40 000 events");
    }
}

#[test]
fn a_counter_that_goes_faster_or_stands_still_is_told() {
    let counter = natural("counter", 4, 3000);
    let from = |after: &dyn Fn(f64, usize) -> f64| {
        let mut series = counter.clone();
        let base = series[2499];
        (2500..3000).for_each(|i| series[i] = after(base, i));
        told(series, Unit::None).into_iter().filter(|at| *at >= 2500).collect::<Vec<_>>()
    };
    let faster = from(&|base, i| base + 30.0 * (i - 2499) as f64);
    assert!(faster.first().is_some_and(|at| *at < 2510) && faster.len() <= 4, "{faster:?}");
    let still = from(&|base, _| base);
    assert!(still.first().is_some_and(|at| *at < 2560) && still.len() <= 5, "{still:?}");
}

#[test]
fn a_drift_is_told_when_it_begins_and_not_all_the_way() {
    let mut noise = Noise(40);
    let series = (0..5000).map(|i: usize| 50.0 + noise.normal() + 0.05 * i.saturating_sub(3000) as f64);
    let alerts: Vec<usize> = told(series, Unit::None).into_iter().filter(|at| *at >= 3000).collect();
    assert!(alerts.first().is_some_and(|at| *at < 3150) && alerts.len() <= 6, "{alerts:?}");
}

#[test]
fn what_is_pinned_or_flat_tells_nothing_of_a_small_step() {
    let one = |usual: f64, other: f64| (0..4000).map(move |i| if i == 2500 { other } else { usual });
    for (unit, usual, other, is_told) in [
        (Unit::Percent, 100.0, 98.7, false),
        (Unit::Percent, 0.0, 4.9, false),
        (Unit::Percent, 0.0, 40.0, true),
        (Unit::None, 1000.0, 1019.0, false),
        (Unit::None, 1000.0, 1500.0, true),
        (Unit::Count, 3.0, 3.9, false),
        (Unit::Count, 3.0, 9.0, true),
        (Unit::Count, 1000.0, 1010.0, false),
    ] {
        let alerts = told(one(usual, other), unit);
        assert_eq!(!alerts.is_empty(), is_told, "{unit:?} {usual} {other}: {alerts:?}");
        let step = (0..4000).map(|i| if i < 2500 { usual } else { other });
        assert_eq!(!told(step, unit).is_empty(), is_told, "{unit:?} from {usual} to {other}");
    }
}

#[test]
fn the_floor_of_each_unit_takes_effect() {
    let alerts = |unit, setting: &str, value: f64| {
        let mut detect = detect(&[(setting, SettingValue::Float(value))], &[]);
        let mut noise = Noise(41);
        let series = (0..3000).map(|i| if i == 2500 { 13.0 } else { 10.0 + 0.1 * noise.normal() });
        series.enumerate().any(|(seq, value)| score(&mut detect, measured(seq, value, unit)).is_alert && seq == 2500)
    };
    for (unit, setting, low, high) in [
        (Unit::Percent, "floor_percent", 2.0, 5.0),
        (Unit::Seconds, "floor_share", 0.2, 0.4),
        (Unit::Count, "floor_count", 2.0, 5.0),
        (Unit::BytesPerSecond, "floor_byte_rate", 2.0, 5.0),
    ] {
        assert_eq!((alerts(unit, setting, low), alerts(unit, setting, high)), (true, false), "{setting}");
    }
}

#[test]
fn few_values_say_little_of_what_lies_beyond_them() {
    let strongest = |different: usize| {
        let series = (0..3000).map(move |i| if i == 2500 { 500.0 } else { 50.0 + (i * 7 % different) as f64 });
        score_values(&mut detect(&[], &[]), series)[2500].strength
    };
    assert!(strongest(10) < 13.0 && strongest(40) > 20.0, "{} {}", strongest(10), strongest(40));
}

#[test]
fn an_event_speaks_of_itself_and_the_stream_of_what_came_before() {
    let mut series = cycle(3000, 42);
    series[2500] = 200.0;
    let detections = score_values(&mut detect(&[], &[]), series);
    let (spike, next) = (&detections[2500], &detections[2501]);
    assert!(spike.anomaly_score() > 0.99 && spike.surprise >= spike.event_surprise, "{spike:?}");
    assert!(next.surprise > next.event_surprise + 2.0 && next.channels[0] < 1.0, "{next:?}");
    assert_eq!(next.event_surprise, next.channels.iter().sum::<f32>());
    let [low, high] = spike.usual.unwrap();
    assert!((26.0..32.0).contains(&low) && (68.0..74.0).contains(&high), "{low} {high}");
    assert!(detections.iter().all(|d| d.usual.is_some() == (d.event_surprise >= 1.0)));
}

#[test]
fn a_stream_is_not_told_twice_in_a_row() {
    let mut noise = Noise(43);
    let series: Vec<f64> =
        (0..6000).map(|i| noise.normal() * if i >= 3000 && i % 10 == 0 { 12.0 } else { 1.0 }).collect();
    let alerts = told(series, Unit::None);
    let close = alerts.windows(2).filter(|pair| pair[1] - pair[0] <= 20).count();
    assert!(alerts.iter().any(|at| *at >= 3000) && close * 20 <= alerts.len(), "{alerts:?}");
}

#[test]
fn a_young_rate_is_told_from_thirty_bins_on() {
    let alert = |at: u64, warm_up: i64| {
        let mut detect = detect(&[("warm_up", SettingValue::Int(warm_up))], &[]);
        let mut noise = Noise(44);
        let mut bin = |bin| if bin == at { 5000 } else { 100 + (noise.next() * 20.0) as u64 };
        let rates: Vec<_> = (0..=at).map(|n| detect.score_rate(Sym(1), Sym(9), bin(n))).collect();
        assert!(rates[..at as usize].iter().all(Option::is_none));
        rates[at as usize].is_some()
    };
    assert_eq!((alert(29, 750), alert(60, 750), alert(760, 750)), (false, true, true));
}

fn first_alert(detections: &[Detection], from: usize) -> Option<usize> {
    detections[from..].iter().position(|detection| detection.is_alert)
}

/// The first alert of a series at or after `from`, counted from there.
fn alert_after(series: Vec<f64>, from: usize) -> Option<usize> {
    first_alert(&score_values(&mut detect(&[], &[]), series), from)
}

#[test]
fn a_spike_alerts_at_once_and_is_named() {
    let mut series = cycle(3000, 3);
    series[2500] = 200.0;
    let detections = score_values(&mut detect(&[], &[]), series);
    let spike = &detections[2500];
    assert!(spike.is_alert && spike.is_novel && spike.novelty >= 3.0, "{spike:?}");
    assert!(spike.anomaly_score() > 0.9);
    assert!(spike.nearest < 2500);
    assert_eq!(spike.state, Scoring::Scored);
}

#[test]
fn a_step_alerts_within_ten_events() {
    let series = cycle(3000, 4).into_iter().enumerate().map(|(i, value)| if i < 2500 { value } else { value + 80.0 });
    let detections = score_values(&mut detect(&[], &[]), series);
    assert!(first_alert(&detections, 2500).is_some_and(|after| after < 10));
}

#[test]
fn noise_that_stops_is_felt_by_the_quiet_channel() {
    // The short windows of a stream's first fifty events are quiet too; they have left the history of 4096 here.
    let mut noise = Noise(5);
    let mut detect = detect(&[("profile", SettingValue::Text("lite".into()))], &[]);
    let detections = score_values(&mut detect, (0..5200).map(|i| if i < 5000 { noise.normal() } else { 0.25 }));
    let quiet = |range: std::ops::Range<usize>| detections[range].iter().map(|d| d.channels[3]).fold(0.0, f32::max);
    assert!(quiet(5000..5060) >= 3.0);
}

#[test]
fn a_flat_line_alerts_while_it_lasts() {
    let mut noise = Noise(30);
    let noisy: Vec<f64> = (0..4000).map(|_| noise.normal()).collect();
    for (name, series) in [("noise", noisy), ("cycle", cycle(4000, 31))] {
        let mut flat = series.clone();
        flat[3000..3300].fill(series[3000]);
        assert!(alert_after(flat, 3000).is_some_and(|after| after < 110), "{name}");
        assert!(alert_after(series, 3000).is_none_or(|after| after > 300), "{name} without a fault");
    }
}

#[test]
fn a_stream_that_is_often_constant_does_not_alert_for_it() {
    let mut noise = Noise(32);
    let mut series = Vec::new();
    while series.len() < 12_000 {
        let (value, length) = (noise.normal(), 20 + (noise.next() * 200.0) as usize);
        series.resize(series.len() + length, value);
    }
    let detections = score_values(&mut detect(&[], &[]), series);
    assert!(!detections.iter().any(|d| d.is_alert && d.channels[3] >= 4.0));
}

#[test]
fn a_cycle_that_does_not_come_alerts_while_it_is_missing() {
    let mut missing = cycle(4000, 33);
    let mut noise = Noise(34);
    // The peak is due 24 events after the start of a cycle, at 2976; the next one comes at 3096.
    missing[2980..3060].fill_with(|| 50.0 + noise.normal());
    assert!(alert_after(missing, 2980).is_some_and(|after| after < 80));
    assert!(alert_after(cycle(4000, 33), 2980).is_none_or(|after| after > 80));
}

#[test]
fn noise_alone_seldom_alerts() {
    for lite in ["full", "lite"] {
        let mut noise = Noise(6);
        let mut detect = detect(&[("profile", SettingValue::Text(lite.into()))], &[]);
        let detections = score_values(&mut detect, (0..20_000).map(|_| noise.normal()));
        let alerts = detections.iter().filter(|detection| detection.is_alert).count();
        assert!(alerts <= 40, "{alerts} alerts in 20 000 events with the {lite} profile");
    }
}

#[test]
fn a_young_stream_alerts_from_strong_evidence_only() {
    let alerts = |at: usize, value: f64| {
        let mut series = cycle(1000, 8);
        series[at] = value;
        let detections = score_values(&mut detect(&[], &[]), series);
        assert!(detections[..750].iter().all(|d| d.state == Scoring::Learning && !d.is_novel));
        assert!(detections[750..].iter().all(|d| d.state == Scoring::Scored));
        (detections[at].is_alert, detections[at].strength > 4.0)
    };
    assert_eq!(alerts(100, 1e6), (false, true), "of so little nothing is said");
    assert_eq!(alerts(200, 1e6), (true, true));
    assert_eq!(alerts(200, 72.0), (false, true), "what will do later");
    assert_eq!(alerts(872, 72.0), (true, true));
}
