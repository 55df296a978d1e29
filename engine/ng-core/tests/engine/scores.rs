//! What the assembled engine calls new and unusual.

use crate::bench::{Bench, noise};
use ng_wire::{Format, Record, Scoring};

const VECTOR: &str = "v=[1,2,3,4,5,6,7,8]";

fn state(records: &[Record], at: usize) -> Scoring {
    records[at].detection.state
}

#[test]
fn the_same_vector_over_and_over_is_not_novel_and_an_outlier_is() {
    let mut bench = Bench::new();
    bench.set("intuition_engine", "warm_up", 100);
    let records = bench.send("v", Format::Vector, &[VECTOR; 500]);
    assert_eq!(records.iter().filter(|record| record.detection.is_novel).count(), 0);
    let late = records[100..].iter().filter_map(|record| record.detection.novelty).fold(0.0, f32::max);
    assert!(late < 1.0, "{late}");
    assert_eq!((state(&records, 99), state(&records, 100)), (Scoring::Learning, Scoring::Scored));
    let outlier = bench.send("v", Format::Vector, &["v=[1,2,3,99,5,6,7,8]"]).remove(0);
    assert!(outlier.detection.is_novel, "{outlier:?}");
    assert!(outlier.detection.novelty.unwrap() >= 3.0);
    assert!(!outlier.detection.why.is_empty());
    assert_eq!(outlier.detection.features[3].value, 99.0);
}

#[test]
fn a_stream_that_is_learning_tells_what_is_far_out_and_nothing_else() {
    let mut bench = Bench::new();
    let mut noise = noise(2);
    let usual: Vec<String> = (0..700).map(|_| format!("m={:.3}", 5.0 + noise())).collect();
    bench.push("m", Format::Metric, &usual);
    assert!(bench.heads().iter().all(|(head, _)| !head.detection.is_alert && !head.detection.is_novel));
    let early = bench.send("m", Format::Metric, &["m=500"]).remove(0).detection;
    assert_eq!((early.state, early.is_alert, early.is_novel), (Scoring::Learning, true, false));
    let more: Vec<String> = (0..700).map(|_| format!("m={:.3}", 5.0 + noise())).collect();
    let records = bench.send("m", Format::Metric, &more);
    assert_eq!((state(&records, 48), state(&records, 49)), (Scoring::Learning, Scoring::Scored));
    let late = bench.send("m", Format::Metric, &["m=5000"]).remove(0).detection;
    assert_eq!((late.state, late.is_alert), (Scoring::Scored, true));
}

#[test]
fn streams_learn_apart_from_each_other() {
    let mut bench = Bench::new();
    bench.set("intuition_engine", "warm_up", 10);
    bench.send("one", Format::Vector, &[VECTOR; 20]);
    let other = bench.send("two", Format::Vector, &[VECTOR]).remove(0);
    assert_eq!(other.detection.state, Scoring::Learning);
    assert_eq!(other.detection.nearest, None);
    let same = bench.send("one", Format::Vector, &[VECTOR]).remove(0);
    assert_eq!(same.detection.state, Scoring::Scored);
}

#[test]
fn a_template_is_novel_once() {
    let mut bench = Bench::new();
    let novel = |record: Record| record.detection.is_novel;
    assert!(novel(bench.line("link eth0 is up after 3 s")));
    assert!(!novel(bench.line("link eth0 is up after 9 s")));
    assert!(novel(bench.line("kernel panic: not syncing")));
    assert!(!novel(bench.line("kernel panic: not syncing")));
}

#[test]
fn values_that_are_not_finite_are_said_to_be_unencoded() {
    let mut bench = Bench::new();
    for (format, raw) in
        [(Format::Metric, "m=NaN"), (Format::Metric, "m=inf"), (Format::Vector, "v=[1,2,3,4,5,6,7,1e300]")]
    {
        let record = bench.send("m", format, &[raw]).remove(0);
        assert_eq!(record.detection.state, Scoring::Unencoded, "{raw}");
        assert_eq!(record.detection.novelty, None, "{raw}");
    }
}
