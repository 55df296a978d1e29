//! Formats that headers make.

use super::read;
use crate::encoders::Clock;
use crate::formats::{Formats, number_of};
use crate::recogniser::{Recogniser, reparse};
use ng_model::event::Parsed;
use ng_wire::{Format, Level};

/// The fields of the last line, as `key=value`, with its level and the second of its day.
fn last(lines: &[&str]) -> (Vec<String>, Option<Level>, Option<i64>) {
    let recogniser = Recogniser::new(Clock::utc()).trying(Formats::built_in());
    let mut last = Default::default();
    for line in lines {
        let (_, parsed) = read(&recogniser, 1, line.as_bytes());
        let raw = line.as_bytes();
        let field = |field: &ng_model::event::Field| {
            let [key, value] = [field.key.of(raw), field.value.span.of(raw)].map(String::from_utf8_lossy);
            format!("{key}={value}")
        };
        last = (parsed.fields.iter().map(field).collect(), parsed.level, parsed.time_ns);
    }
    last
}

/// 2026-11-22T10:00:00Z.
const TEN: i64 = 1_795_341_600_000_000_000;

#[test]
fn a_header_of_w3c_names_the_columns() {
    let lines = [
        "#Software: Microsoft Internet Information Services 10.0",
        "#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port c-ip cs(User-Agent) sc-status time-taken",
        "2026-11-22 10:00:00 10.0.0.1 GET /cart - 443 198.51.100.7 Mozilla/5.0+(X11) 503 250",
    ];
    let (fields, level, time) = last(&lines);
    assert_eq!((level, time), (Some(Level::Error), Some(TEN)));
    let expect = ["s-ip=10.0.0.1", "cs-method=GET", "cs-uri-stem=/cart", "s-port=443", "c-ip=198.51.100.7"];
    assert_eq!(fields[..5], expect, "a field that holds nothing is left out");
    assert_eq!(fields[5..], ["cs(User-Agent)=Mozilla/5.0+(X11)", "sc-status=503", "time-taken=250"]);
    // The next header counts from then on.
    let (fields, ..) = last(&[&lines[..], &["#Fields: time c-ip", "10:00:00 198.51.100.7"]].concat());
    assert_eq!(fields, ["c-ip=198.51.100.7"]);
    let (fields, ..) = last(&[&lines[..], &["something else"]].concat());
    assert!(fields.is_empty(), "what has other columns is text");
}

#[test]
fn a_header_of_zeek_names_the_columns() {
    let (fields, level, time) = last(&[
        "#separator \\x09",
        "#fields\tts\tuid\tid.orig_h\tid.orig_p\tservice\thost",
        "1795341600.000000\tCwk1\t10.0.0.7\t40212\t-\ta b",
    ]);
    assert_eq!((level, time), (None, Some(TEN)));
    assert_eq!(fields, ["uid=Cwk1", "id.orig_h=10.0.0.7", "id.orig_p=40212", "host=a b"]);
}

#[test]
fn whoever_has_the_name_can_read_the_lines() {
    let line = b"2026-11-22 10:00:00 GET 404";
    let mut parsed = Parsed::default();
    reparse(Format::Text, number_of("w3c date time cs-method sc-status"), line, TEN, &mut parsed);
    assert_eq!(parsed.field(line, "sc-status").map(|field| field.number), Some(404.0));
    assert_eq!([number_of("w3c"), number_of("w3c  x"), number_of("zeek "), number_of("w4c x")], [0; 4]);
    assert_eq!([number_of("w3c c-ip cs-method"), number_of("w3c time"), number_of("zeek uid x")], [0; 3]);
}

#[test]
fn a_row_that_looks_like_a_metric_is_a_row() {
    let (fields, level, _) = last(&["#Fields: date time sc-status", "2026-11-22 10:00:00 500"]);
    assert_eq!((fields, level), (vec!["sc-status=500".to_owned()], Some(Level::Error)));
}

#[test]
fn a_header_ends_the_columns_before_it_and_is_no_row() {
    let (fields, ..) = last(&["#Fields: time a b c", "10:00:00 1 2 3", "#Fields: time p q", "10:00:00 1 2"]);
    assert_eq!(fields, ["p=1", "q=2"]);
    let (fields, ..) = last(&["#Fields: time a", "10:00:00 1", "#Fields: p q", "10:00:00 2"]);
    assert!(fields.is_empty(), "one that cannot be used ends them too: {fields:?}");
    let (fields, ..) = last(&["#Fields: time a", "10:00:00 1", "#Software: IIS"]);
    assert!(fields.is_empty(), "{fields:?}");
}

#[test]
fn nobody_names_the_columns_of_a_log_that_has_none() {
    for header in ["#fields\tts\tx", "#Fields: date time a b c"] {
        let lines = ["2026-11-22 10:00:00 INFO login", header, "2026-11-22 10:00:01 ERROR disk full"];
        assert_eq!(last(&lines).1, Some(Level::Error), "{header}");
    }
    // As a web server of Microsoft begins anew in the same file.
    let (fields, ..) = last(&["10:00:00 x", "#Software: IIS", "#Fields: time c-ip", "10:00:00 10.0.0.7"]);
    assert_eq!(fields, ["c-ip=10.0.0.7"]);
}

#[test]
fn many_columns_are_read_as_far_as_there_is_room() {
    let columns: Vec<String> =
        std::iter::once("time".into()).chain((1..40).map(|column| format!("c{column}"))).collect();
    let values: Vec<String> =
        std::iter::once("10:00:00".into()).chain((1..40).map(|value| value.to_string())).collect();
    let (fields, ..) = last(&[&format!("#Fields: {}", columns.join(" ")), &values.join(" ")]);
    assert_eq!(fields.len(), 31);
    assert_eq!(fields[30], "c31=31");
}
