//! Whatever a reading holds, it becomes exactly one record, and the same readings become the same records.

use crate::bench::{Bench, vectors};
use ng_core::engine::Engine;
use ng_core::store::Store;
use ng_model::event::Reading;
use ng_wire::Format;
use proptest::prelude::*;

/// Bytes that look like something often enough to get past the first character of every encoder.
fn raw() -> impl Strategy<Value = Vec<u8>> {
    let bytes = prop::collection::vec(any::<u8>(), 0..300);
    let text = "\\PC{0,120}".prop_map(String::into_bytes);
    let metric = ("[a-z.]{0,8}", any::<f64>(), "(|%|ms|KiB|/s)");
    let metric = metric.prop_map(|(name, value, unit)| format!("{name}={value:?}{unit}").into_bytes());
    let vector = prop::collection::vec(any::<f32>(), 7..10).prop_map(|values| format!("v={values:?}").into_bytes());
    let json = ("\\PC{0,20}", any::<f64>(), any::<i64>(), "[a-z]{0,9}").prop_map(|(message, number, time, level)| {
        serde_json::json!({ "message": message, "n": number, "time": time, "level": level, "type": "alert.x" })
            .to_string()
            .into_bytes()
    });
    let journal = (any::<u64>(), prop::collection::vec(any::<u8>(), 0..9)).prop_map(|(time, message)| {
        serde_json::json!({ "__REALTIME_TIMESTAMP": time.to_string(), "MESSAGE": message, "PRIORITY": "9" })
            .to_string()
            .into_bytes()
    });
    let cut = json.clone().prop_map(|json| json[..json.len() / 2].to_vec());
    prop_oneof![bytes, text, metric, vector, json, journal, cut]
}

fn time() -> impl Strategy<Value = i64> {
    prop_oneof![any::<i64>(), Just(i64::MIN), Just(i64::MAX), 1_600_000_000_000_000_000..1_800_000_000_000_000_000_i64]
}

fn step(engine: &mut Engine, store: &mut Store, format: Format, received_ns: i64, raw: &[u8]) {
    let source = store.intern("any");
    engine.step(store, &Reading { source, received_ns, written_ns: received_ns, format, raw }, None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn every_reading_becomes_exactly_one_record(
        readings in prop::collection::vec((0..Format::ALL.len(), time(), raw()), 1..60),
    ) {
        let mut bench = Bench::with_alerts(&[("all", "when age>1s | level>=warn count >= 2 in 1m for 1s then log")]);
        bench.subscribe("anomaly>0.1 | age<1h | !word", true);
        for (format, received_ns, raw) in &readings {
            let store = bench.store.clone();
            step(&mut bench.engine, &mut store.lock(), Format::ALL[*format], *received_ns, raw);
        }
        let heads = bench.heads();
        prop_assert_eq!(heads.len(), readings.len());
        for (seq, ((head, raw), (_, received_ns, given))) in heads.iter().zip(&readings).enumerate() {
            prop_assert_eq!(head.seq, seq as u64);
            prop_assert_eq!(head.received_ns, *received_ns);
            prop_assert_eq!(raw, given);
            prop_assert!(head.message.span.start as usize + head.message.span.len as usize <= raw.len());
            prop_assert!(head.detection.surprise.is_finite() && head.detection.novelty.is_finite());
        }
        // Nor do the forms that leave the engine mind.
        prop_assert_eq!(bench.records(0).len(), readings.len());
        prop_assert_eq!(bench.views().len(), 7);
    }
}

/// Some of everything, with repetitions and surprises.
fn mixture() -> Vec<(Format, String)> {
    let mut all = Vec::new();
    for (i, vector) in vectors(1200, 5).into_iter().enumerate() {
        all.push((Format::Text, format!("worker {} finished job {i} in {} ms", i % 7, (i * 37) % 100)));
        all.push((Format::Json, format!(r#"{{"level":"info","user":"u{}","ms":{}}}"#, i % 5, (i * 13) % 50)));
        all.push((Format::Metric, format!("load={}", ((i * 61) % 100) as f64 / 7.0)));
        all.push((Format::Vector, vector));
        if i % 97 == 96 {
            all.push((Format::Text, format!("ERROR disk {i} does not answer, giving up")));
            all.push((Format::Text, "x".repeat(i)));
        }
    }
    all
}

fn records_of(batch: usize) -> Vec<(ng_model::record::RecordHeader, Vec<u8>)> {
    let mut bench = Bench::new();
    bench.set("guardian", "size_limit.limit", 500);
    bench.rule_mode("size_limit", ng_wire::Mode::Enforce);
    bench.batch = batch;
    for (format, raw) in mixture() {
        bench.push("mixture", format, &[raw]);
    }
    let lines: Vec<String> = mixture().into_iter().map(|(_, raw)| raw).collect();
    bench.push("lines", Format::Text, &lines);
    bench.heads()
}

#[test]
fn the_same_readings_make_the_same_records_in_any_batches() {
    let once = records_of(256);
    assert!(once.iter().any(|(head, _)| head.detection.is_alert), "the mixture should hold a surprise");
    assert!(once.iter().any(|(head, _)| head.verdict.outcome == ng_wire::Outcome::Reject));
    for batch in [256, 1, 7] {
        let again = records_of(batch);
        assert_eq!(once.len(), again.len());
        for (a, b) in once.iter().zip(&again) {
            // NaN is not equal to itself; the printed form of a float is exact.
            assert_eq!(format!("{a:?}"), format!("{b:?}"), "batches of {batch}");
        }
    }
}
