//! Everything that carries meaning is looked at: messages inside objects, levels, values of fields, numbers.

use crate::bench::Bench;
use ng_model::record::Detection;
use ng_wire::{Finding, Format};

/// What is concluded of lines of one source.
fn detections(lines: impl IntoIterator<Item = String>) -> Vec<Detection> {
    let mut bench = Bench::new();
    let lines: Vec<String> = lines.into_iter().collect();
    bench.push("source", Format::Text, &lines);
    bench.heads().into_iter().map(|(head, _)| head.detection).collect()
}

/// Numbers from 0 to 1, always the same.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    fn latency(&mut self) -> f64 {
        let normal: f64 = (0..12).map(|_| self.next()).sum::<f64>() - 6.0;
        0.06 * (0.45 * normal).exp()
    }

    fn request(&mut self, failing: f64, slower: f64) -> String {
        let status = if self.next() < failing { 502 } else { 200 };
        let (host, path) = ((self.next() * 60.0) as u8, ["/", "/cart", "/search"][(self.next() * 3.0) as usize]);
        let took = slower * self.latency();
        format!(
            r#"10.2.0.{host} - - [29/Nov/2026:10:00:00 +0000] "GET {path} HTTP/1.1" {status} 812 "-" "curl/8.5.0" {took:.3}"#
        )
    }

    fn order(&mut self, i: usize, slower: f64) -> String {
        let took = slower * self.latency();
        format!(r#"{{"level":"info","msg":"order {i} shipped to customer {}","took":{took:.4},"id":{i}}}"#, i * 7 % 91)
    }
}

fn alerts(detections: &[Detection]) -> usize {
    detections.iter().filter(|detection| detection.is_alert).count()
}

#[test]
fn a_new_message_in_an_object_with_the_same_keys_is_new_and_told() {
    let ordinary =
        (0..1500).map(|i| format!(r#"{{"level":"info","msg":"order {i} shipped to customer {}","n":1}}"#, i % 91));
    let other = r#"{"level":"info","msg":"cannot reach warehouse: connection refused","n":1}"#;
    let all = detections(ordinary.chain([other.to_owned()]));
    assert_eq!(all[..1500].iter().filter(|detection| detection.is_novel).count(), 1);
    assert_eq!(alerts(&all[..1500]), 0);
    assert!(all[1500].is_novel && all[1500].is_alert, "{:?}", all[1500]);
}

#[test]
fn an_error_that_is_new_is_told_from_the_fiftieth_line_on() {
    let told = |before: usize, line: &str| {
        let cron = |i: usize| format!("2026-11-29T10:00:00Z web1 CRON[{}]: (root) CMD (run-parts {})", 1000 + i, i % 5);
        detections((0..before).map(cron).chain([line.to_owned()]))[before].is_alert
    };
    let killed = "2026-11-29T10:00:31Z web1 kernel: Out of memory: Killed process 4242 (postgres) total-vm:812345kB";
    assert!(told(300, killed) && told(50, killed) && !told(20, killed));
    assert!(told(50, "2026-11-29T10:05:01Z web1 app: ERROR cannot open the ledger"));
    assert!(!told(50, "2026-11-29T10:05:01Z web1 app: INFO opened the ledger"));
    let fatal = "2026-11-29T10:00:01Z web1 app: FATAL the ledger is gone";
    assert!(told(0, fatal) && told(20, fatal));
}

#[test]
fn an_error_is_told_after_a_minute_of_a_source_that_says_little() {
    let told = |apart: usize| {
        let line = |i: usize| format!("2026-11-29T10:{:02}:{:02}Z served a request", i * apart / 60, i * apart % 60);
        let error = line(12).replace("served a request", "ERROR cannot open the ledger");
        detections((0..12).map(line).chain([error]))[12].is_alert
    };
    assert!(told(6) && !told(1));
}

#[test]
fn a_log_of_errors_tells_what_is_fatal_and_not_each_error() {
    let line = |i: usize| format!("ERROR {} of the {} failed", ["read", "write", "rename"][i % 3], WORDS[i / 3]);
    let fatal = "FATAL the disk is gone".to_owned();
    let later = "FATAL no memory is left".to_owned();
    let lines =
        (0..90).map(line).chain([fatal, later.clone()]).chain((0..90).map(line)).chain([format!("{later} here")]);
    let told: Vec<usize> =
        detections(lines).iter().enumerate().filter(|(_, one)| one.is_alert).map(|(at, _)| at).collect();
    assert_eq!(told, [90, 182], "one that is fatal in eighty");
}

/// Words that differ.
const WORDS: [&str; 30] = [
    "alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel", "india", "juliett", "kilo", "lima",
    "mike", "november", "oscar", "papa", "quebec", "romeo", "sierra", "tango", "uniform", "victor", "whiskey", "xray",
    "yankee", "zulu", "amber", "birch", "cedar", "daisy",
];

#[test]
fn words_of_trouble_say_nothing_in_a_line_that_states_a_lower_level() {
    let told = |line: &str| {
        let served = (0..300).map(|i| format!("INFO request {i} served"));
        detections(served.chain([line.to_owned()]))[300].is_alert
    };
    assert!(!told("INFO the customer refused the offer") && !told("DEBUG fatal attraction was watched"));
    assert!(told("WARN the peer refused the connection") && told("the peer refused the connection"));
}

#[test]
fn a_storm_of_errors_in_a_young_access_log_is_told_and_one_that_it_begins_with_is_not() {
    let mut dice = Dice(5);
    let mut requests = |count: usize, failing: f64| (0..count).map(|_| dice.request(failing, 1.0)).collect::<Vec<_>>();
    let storm = [requests(70, 0.0), requests(60, 0.7)].concat();
    let told = detections(storm).iter().position(|one| one.is_alert).unwrap();
    assert!((70..90).contains(&told), "{told}");
    assert_eq!(alerts(&detections([requests(60, 0.7), requests(130, 0.0)].concat())), 0);
    assert_eq!(alerts(&detections(requests(199, 0.1))), 0);
}

/// What is said of the first event that alerts from a place on.
fn why(lines: impl IntoIterator<Item = String>, from: usize) -> (String, ng_wire::Detection) {
    let mut bench = Bench::new();
    let lines: Vec<String> = lines.into_iter().collect();
    let records = bench.send("source", Format::Text, &lines);
    let found = records.into_iter().skip(from).find(|record| record.detection.is_alert).expect("an alert").detection;
    (found.why.clone(), found)
}

#[test]
fn why_names_the_field_that_changed() {
    let mut dice = Dice(3);
    let calm: Vec<String> = (0..3000).map(|_| dice.request(0.01, 1.0)).collect();
    let failing: Vec<String> = (0..60).map(|_| dice.request(0.4, 1.0)).collect();
    let slow: Vec<String> = (0..60).map(|_| dice.request(0.0, 8.0)).collect();
    let (said, found) = why(calm.iter().cloned().chain(failing), 3000);
    assert!(said.starts_with("status 502 — ") && said.ends_with(" % of late, 1 % before"), "{said}");
    assert_eq!((found.field.as_deref(), found.finding), (Some("status"), Some(Finding::MoreOften)));
    let (said, found) = why(calm.into_iter().chain(slow), 3000);
    let usual = found.usual.expect("what is usual");
    assert!(said.starts_with("request_time 0.") && said.contains(" — usually 0.0"), "{said}");
    assert!(usual[0] > 0.005 && usual[1] < 0.3, "{usual:?}");
    let order =
        |i: usize| format!(r#"{{"msg":"order shipped","by":{{"carrier":"{}"}},"n":{i}}}"#, ["ups", "dhl"][i % 2]);
    let other = r#"{"msg":"order shipped","by":{"carrier":"OutOfMemoryError"},"n":9}"#.to_owned();
    let lines: Vec<String> = (0..20_000).map(order).chain([other]).collect();
    let (said, found) = why(lines, 20_000);
    assert_eq!(said, "by.carrier OutOfMemoryError — never before in this field");
    assert_eq!(found.field.as_deref(), Some("by.carrier"));
}

#[test]
fn a_longer_number_among_lines_that_are_alike_is_no_news() {
    let all = detections((0..12_000).map(|job| format!("INFO worker: job {job} done in {} ms", job % 7)));
    assert_eq!(alerts(&all), 0);
}

#[test]
fn a_share_of_errors_that_rises_from_a_two_hundredth_to_a_fifth_is_told_within_fifty_requests() {
    let mut dice = Dice(1);
    let mut lines: Vec<String> = (0..4000).map(|_| dice.request(0.005, 1.0)).collect();
    lines.extend((0..50).map(|_| dice.request(0.2, 1.0)));
    let all = detections(lines);
    assert!(alerts(&all[1000..4000]) <= 1, "{}", alerts(&all[1000..4000]));
    assert!(alerts(&all[4000..]) >= 1);
}

#[test]
fn a_latency_that_is_eightfold_for_twenty_events_is_told_in_lines_and_objects() {
    let mut dice = Dice(2);
    let mut lines: Vec<String> = (0..4000).map(|_| dice.request(0.0, 1.0)).collect();
    lines.extend((0..60).map(|_| dice.request(0.0, 8.0)));
    let mut objects: Vec<String> = (0..4000).map(|i| dice.order(i, 1.0)).collect();
    objects.extend((4000..4020).map(|i| dice.order(i, 8.0)));
    for all in [detections(lines), detections(objects)] {
        assert_eq!(alerts(&all[1000..4000]), 0);
        assert!(alerts(&all[4000..]) >= 1);
    }
}

#[test]
fn fields_without_end_stay_within_their_bounds() {
    let mut bench = Bench::new();
    let lines: Vec<String> = (0..10_000).map(|i| format!(r#"{{"msg":"x","k{i}":{i},"s{i}":"a"}}"#)).collect();
    bench.push("source", Format::Text, &lines);
    let mut gauges = Vec::new();
    bench.engine.patterns().gauges(&mut gauges);
    bench.engine.detect().gauges(&mut gauges);
    let gauge = |name: &str| gauges.iter().find(|gauge| gauge.name == name).map(|gauge| gauge.value);
    assert!(gauge("fields").is_some_and(|fields| fields <= 4096.0), "{gauges:?}");
    assert!(gauge("shapes.dropped").is_some_and(|dropped| dropped > 0.0));
    assert_eq!(gauge("numbers.refused"), Some(10_000.0 - 1024.0));
}
