//! `score` from bytes to rows.

use super::*;
use crate::config::Layer;

const DEFAULTS: &[(&str, &str)] = &[];

fn config(changes: &[(&str, &str)]) -> Config {
    let layer = |(path, text): &(&str, &str)| Layer::Value {
        name: "test".into(),
        path: format!("modules.intuition_engine.{path}"),
        text: text.to_string(),
    };
    Config::resolve(&changes.iter().map(layer).collect::<Vec<_>>()).unwrap()
}

fn options(encoder: Encoder) -> ScoreOptions {
    ScoreOptions { encoder, column: None, explain: false, name: "input".into(), lines: None, freeze_after: None }
}

/// The result of an input that comes in pieces of this size.
fn score_in(pieces: usize, changes: &[(&str, &str)], options: ScoreOptions, bytes: &[u8]) -> Result<String, NodeError> {
    let mut scorer = Scorer::new(&config(changes), options)?;
    let mut out = Vec::new();
    for piece in bytes.chunks(pieces) {
        out.extend(scorer.feed(piece)?);
    }
    out.extend(scorer.finish()?);
    Ok(String::from_utf8(out).unwrap())
}

fn score(options: ScoreOptions, input: &str) -> String {
    score_in(1 << 16, DEFAULTS, options, input.as_bytes()).unwrap()
}

/// One column of the result, without its header.
fn column(rows: &str, name: &str) -> Vec<String> {
    let mut lines = rows.lines();
    let header = fields::split(lines.next().unwrap().as_bytes()).iter().position(|field| **field == *name.as_bytes());
    let at = header.unwrap_or_else(|| panic!("no column {name} in {rows}"));
    lines.map(|line| String::from_utf8(fields::split(line.as_bytes())[at].to_vec()).unwrap()).collect()
}

/// Uniform in 0..1; the same seed gives the same numbers everywhere.
fn noise(seed: u64) -> impl FnMut() -> f64 {
    let mut state = seed;
    move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1u64 << 53) as f64
    }
}

fn series(count: usize) -> String {
    let mut noise = noise(1);
    let value = |at: usize| if at == 900 { 500.0 } else { 50.0 + noise() };
    let minute = |at: usize| format!("2026-01-{:02} {:02}:{:02}:00", 1 + at / 1440, at / 60 % 24, at % 60);
    let rows: String = (0..count).zip((0..count).map(value)).map(|(at, v)| format!("{},{v}\n", minute(at))).collect();
    format!("timestamp,value\n{rows}")
}

fn log(count: usize) -> String {
    let mut noise = noise(2);
    let words = ["opened", "closed", "read", "wrote"];
    let line = |at: usize| format!("session s{} {} by user{}\n", at / 5, words[(noise() * 4.0) as usize], at % 7);
    (0..count).map(line).collect()
}

#[test]
fn an_input_is_recognised_by_its_first_lines() {
    let table: &[(&str, &str, usize)] = &[
        ("timestamp,value\n2026-01-01 00:00:00,1.5\n2026-01-01 00:05:00,2\n", "level", 2),
        ("value\n1\n2\n", "level", 2),
        ("time,host,cpu\n2026-01-01T00:00:00Z,web,4\n", "level", 1),
        ("\u{feff}timestamp,value\r\n2026-01-01 00:00:00,1\r\n", "level", 1),
        ("1\n2\n3.5e3\n", "level", 3),
        ("2026-01-01 00:00:00,1\n2026-01-01 00:00:01,2\n", "level", 2),
        ("cpu=4\ncpu=5\n", "level", 2),
        ("{\"a\":1}\n{\"a\":2}\n", "shape rarity", 2),
        ("1,2,3,4,5,6,7,8\n1,2,3,4,5,6,7,8\n", "neighbours", 2),
        ("[1,2,3,4,5,6,7,8]\n", "neighbours", 1),
        ("a,b,c,d,e,f,g,h\n1,2,3,4,5,6,7,8\n", "neighbours", 1),
        ("\n\nvalue\n\n1\n\n2\n", "level", 2),
        ("a line of text\n\nanother\n", "template rarity", 2),
        ("ERROR: x\njava.lang.Error: y\n\tat a.b(c)\nnext\n", "template rarity", 2),
        ("error: 5, and more\nwarning, all of it\n", "template rarity", 2),
        ("cpu=4\na line of text\n", "template rarity", 2),
        ("one, two\nthree, four\n", "template rarity", 2),
        ("", "template rarity", 0),
    ];
    for (input, channel, events) in table {
        let rows = score(ScoreOptions { explain: true, ..options(Encoder::Auto) }, input);
        assert_eq!(column(&rows, channel).len(), *events, "{input:?}: {rows}");
    }
}

#[test]
fn what_is_wrong_is_named_with_its_line_and_what_was_expected() {
    use Encoder::{Auto, Json, Numeric, Vector};
    let table: &[(Encoder, Option<&str>, &str, &str)] = &[
        (
            Auto,
            None,
            "timestamp,value\n2026-01-01 00:00:00,1\n\nx,2\n",
            "input:4: expected a time and a number, found x,2",
        ),
        (Auto, None, "value\n1\nmany\n", "input:3: expected a number, found many"),
        (Auto, None, "a,value\nx,1\ny\n", "input:3: expected 2 columns as in the header, found 1"),
        (Auto, None, "cpu,mem\n1,2\n", "input:1: several columns hold numbers: cpu, mem; choose one with --column"),
        (Auto, Some("disk"), "cpu,mem\n1,2\n", "input:1: no column disk; there are cpu, mem"),
        (Numeric, Some("cpu"), "1\n2\n", "input:1: expected a header with the column cpu, found 1"),
        (Numeric, None, "a line of text\n", "input:1: expected a number, found a line of text"),
        (Numeric, Some("cpu"), "{\"cpu\":1}\n{\"cpu\":\"x\"}\n", "input:2: expected a number as the member cpu"),
        (Numeric, Some("cpu"), "{\"cpu\":1}\n[]\n", "input:2: expected one JSON object, found []"),
        (Json, None, "{\"a\":1}\n{\"a\":\n", "input:2: expected one JSON object, found {\"a\":"),
        (Vector, None, "1,2,3,4,5,6,7,8\n1,2,3\n", "input:2: expected eight numbers, found [1,2,3]"),
        (Vector, None, "[1,2,3,4,5,6,7,\"8\"]\n", "input:1: expected eight numbers, found [1,2,3,4,5,6,7,\"8\"]"),
    ];
    for (encoder, column, input, expect) in table {
        let options = ScoreOptions { column: column.map(str::to_owned), ..options(*encoder) };
        let error = score_in(1 << 16, DEFAULTS, options, input.as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), format!("NG-5302 {expect}"), "{input:?}");
        assert_eq!(error.exit, 1);
    }
}

#[test]
fn the_column_with_the_value_can_be_chosen() {
    let cpu = |encoder| ScoreOptions { column: Some("cpu".into()), explain: true, ..options(encoder) };
    let expect = score(ScoreOptions { explain: true, ..options(Encoder::Auto) }, "value\n1\n5\n2\n");
    for input in ["mem,cpu\n7,1\n8,5\n9,2\n", "{\"cpu\":1,\"mem\":7}\n{\"cpu\":5}\n{\"cpu\":2}\n"] {
        assert_eq!(score(cpu(Encoder::Auto), input), expect, "{input}");
        assert_eq!(score(cpu(Encoder::Numeric), input), expect, "{input}");
    }
}

#[test]
fn a_value_that_was_not_measured_is_an_event_without_a_score() {
    let rows = score(options(Encoder::Numeric), "value\n1\n\"\"\nnan\nnull\ninf\n2\n");
    assert_eq!(column(&rows, "index"), ["0", "1", "2", "3", "4", "5"]);
    assert_eq!(column(&rows, "why")[1..5], ["", "", "", ""]);
    assert_eq!(column(&rows, "why")[5], "nothing unusual");
}

#[test]
fn a_number_far_from_all_others_is_an_alert() {
    let rows = score(options(Encoder::Auto), &series(1000));
    let alerts = column(&rows, "alert");
    assert_eq!(alerts.len(), 1000);
    assert_eq!(alerts[900], "1", "{}", rows.lines().nth(901).unwrap());
    let (score, strength): (f64, f64) = (column(&rows, "score")[900].parse().unwrap(), 3.6);
    assert!(score >= strength);
    let why = &column(&rows, "why")[900];
    assert!(why.starts_with("value 500 — usually 50 to 51"), "{why}");
}

#[test]
fn the_warm_up_follows_a_length_that_is_known() {
    let input = series(1000).replace(",500\n", ",50\n").replace("2026-01-01 03:20:00,5", "2026-01-01 03:20:00,99995");
    let alerts = |lines, changes: &[(&str, &str)]| {
        let rows = score_in(999, changes, ScoreOptions { lines, ..options(Encoder::Auto) }, input.as_bytes()).unwrap();
        column(&rows, "is_novel")[200].clone()
    };
    assert_eq!(alerts(None, DEFAULTS), "0");
    assert_eq!(alerts(Some(1001), DEFAULTS), "1", "150 events of 1000");
    assert_eq!(alerts(Some(100_000), DEFAULTS), "0");
    assert_eq!(alerts(Some(1001), &[("warm_up", "300")]), "0", "what was asked for stays");
}

#[test]
fn rows_do_not_depend_on_the_pieces_nor_on_the_run() {
    let key = [("session_key", r#"s\d+"#)];
    for (encoder, input) in [
        (Encoder::Auto, series(300)),
        (Encoder::Text, log(300)),
        (Encoder::Session, log(1500)),
        (Encoder::Auto, log(300)),
    ] {
        let whole = score_in(1 << 20, &key, options(encoder), input.as_bytes()).unwrap();
        assert!(whole.lines().count() > 250, "{encoder:?}: {}", whole.lines().count());
        for pieces in [1, 7, 256, 1 << 20] {
            assert_eq!(
                score_in(pieces, &key, options(encoder), input.as_bytes()).unwrap(),
                whole,
                "{encoder:?} {pieces}"
            );
        }
    }
}

#[test]
fn the_first_rows_do_not_depend_on_what_follows() {
    for input in [series(400), log(400)] {
        let explain = ScoreOptions { explain: true, ..options(Encoder::Auto) };
        let all = score(explain.clone(), &input);
        for lines in [3, 100, 399] {
            let start: String = input.split_inclusive('\n').take(lines).collect();
            let rows = score(explain.clone(), &start);
            assert!(all.starts_with(&rows), "{lines} lines");
        }
    }
}

#[test]
fn sessions_are_told_when_they_end_and_at_the_end() {
    let line = |time: &str, text: &str| format!("2026-01-01 {time} {text}\n");
    let input = [line("00:00:00", "open s1"), line("00:00:01", "open \"s2\""), line("00:20:00", "open s3")].concat();
    let key = [("session_key", r#"s\d+"#)];
    let mut scorer = Scorer::new(&config(&key), options(Encoder::Session)).unwrap();
    // A line is an event when the next one has come.
    let more = input.clone() + &line("00:20:01", "open s3");
    let before = String::from_utf8(scorer.feed(more.as_bytes()).unwrap()).unwrap();
    assert_eq!(column(&before, "session"), ["s1", "s2"]);
    let after = String::from_utf8(scorer.finish().unwrap()).unwrap();
    assert!(after.starts_with("s3,"), "{after}");
    let explained = ScoreOptions { explain: true, ..options(Encoder::Session) };
    let rows = score_in(1, &key, explained, input.as_bytes()).unwrap();
    assert_eq!(column(&rows, "events"), ["1", "1", "1"]);
}

#[test]
fn what_names_sessions_is_looked_for_and_none_is_left_out() {
    let line = |at: usize| {
        ["open req-{} now", "work is done on req-{} for user7", "close req-{}"][at % 3]
            .replace("{}", &(10_000 + at / 3).to_string())
    };
    let input: String = (0..3000).map(|at| line(at) + "\n").collect();
    let given = score_in(1 << 16, &[("session_key", r"req-\d+")], options(Encoder::Session), input.as_bytes()).unwrap();
    for pieces in [97, 1 << 20] {
        assert_eq!(score_in(pieces, DEFAULTS, options(Encoder::Session), input.as_bytes()).unwrap(), given);
    }
    let error = score_in(9, DEFAULTS, options(Encoder::Session), b"tick\ntick\n").unwrap_err();
    assert_eq!(error.to_string(), "NG-5302 input: nothing names its sessions; say what does with --session");
}

#[test]
fn after_the_baseline_a_fault_is_told_while_it_lasts() {
    let mut noise = noise(5);
    let fault = 1200..1400;
    let values: String =
        (0..1600).map(|at| format!("{}\n", 50.0 + noise() + if fault.contains(&at) { 30.0 } else { 0.0 })).collect();
    let alerts = |freeze_after, range: std::ops::Range<usize>| {
        let rows = score(ScoreOptions { freeze_after, ..options(Encoder::Auto) }, &values);
        column(&rows, "alert")[range].iter().filter(|alert| *alert == "1").count()
    };
    assert!(alerts(Some(1000), fault.clone()) > 190, "{}", alerts(Some(1000), fault.clone()));
    assert!(alerts(Some(1000), 1000..1200) < 4 && alerts(Some(1000), 1500..1600) < 4);
    assert!(alerts(None, fault.clone()) < 10);
}

#[test]
fn an_event_arrives_at_its_own_time_or_a_second_after_the_one_before() {
    // The rule behind this: a line that comes after ten minutes of silence by its own time was last seen that long ago.
    let apart =
        score(ScoreOptions { explain: true, ..options(Encoder::Text) }, &"2026-01-01 00:00:00 tick\n".repeat(3));
    let bare = score(ScoreOptions { explain: true, ..options(Encoder::Text) }, &"tick\n".repeat(3));
    assert_eq!(column(&apart, "pattern"), column(&bare, "pattern"));
    let mut scorer = Scorer::new(&config(DEFAULTS), options(Encoder::Text)).unwrap();
    // A line is an event when the next one has come.
    scorer.feed(b"tick\ntick\n2030-05-05 00:00:00 tick\ntick\n").unwrap();
    assert_eq!(scorer.running.received_ns, 1_904_169_600_000_000_000);
    scorer.feed(b"tick\n").unwrap();
    assert_eq!(scorer.running.received_ns, 1_904_169_601_000_000_000);
}
