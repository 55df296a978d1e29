//! Lines of text as programs write them, with the time, level, message and fields that are in them.

use super::{encoded, fields_of, text_of};
use crate::encoders::{Added, Clock, Vocabulary};
use crate::recogniser::Recogniser;
use jiff::tz::TimeZone;
use ng_model::event::{Parsed, Reading};
use ng_model::symbols::Sym;
use ng_model::zone::Zone;
use ng_wire::{Format, Level};

/// Checks one line. `time` is seconds since 2026-11-22T00:00:00Z, or seconds since 1970 when it is larger than a day.
fn check(line: &str, time: Option<f64>, level: Option<Level>, message: &str, fields: &[&str]) {
    const MIDNIGHT: i64 = 1_795_305_600;
    let (encoder, parsed) = encoded(Format::Text, line.as_bytes());
    assert_eq!(encoder, "text", "{line}");
    let expect = time.map(|time| {
        let whole = time.floor() as i64;
        let seconds = if (-86_400..=86_400).contains(&whole) { MIDNIGHT + whole } else { whole };
        // Expected fractions are whole microseconds.
        seconds * 1_000_000_000 + (time.fract() * 1e6).round() as i64 * 1000
    });
    assert_eq!(parsed.time_ns, expect, "time of {line}");
    assert_eq!(parsed.level, level, "level of {line}");
    assert_eq!(text_of(line.as_bytes(), parsed.message), message, "message of {line}");
    assert_eq!(fields_of(line.as_bytes(), &parsed), fields, "fields of {line}");
}

/// 10:00:00 on the day of the tests.
const TEN: Option<f64> = Some(36_000.0);
/// A quarter of a second later.
const QUARTER: Option<f64> = Some(36_000.25);
use Level::*;

#[test]
fn iso_timestamps() {
    check("2026-11-22T10:00:00Z up", TEN, None, "up", &[]);
    check("2026-11-22T10:00:00.25Z up", QUARTER, None, "up", &[]);
    check("2026-11-22T10:00:00,250Z up", QUARTER, None, "up", &[]);
    check("2026-11-22T10:00:00.250000000Z up", QUARTER, None, "up", &[]);
    check("2026-11-22 10:00:00 up", TEN, None, "up", &[]);
    check("2026-11-22T13:00:00+03:00 up", TEN, None, "up", &[]);
    check("2026-11-22T13:00:00+0300 up", TEN, None, "up", &[]);
    check("2026-11-22 04:30:00 -0530 up", TEN, None, "up", &[]);
    check("2026-11-22T10:00Z up", TEN, None, "up", &[]);
    check("[2026-11-22 10:00:00] up", TEN, None, "up", &[]);
    check("2026/11/22 10:00:00 up", TEN, None, "up", &[]);
    check("2016-12-31T23:59:60Z leap", Some(1_483_228_799.0), None, "leap", &[]);
    check("20261122T100000Z up", TEN, None, "up", &[]);
    check("20261122 100000 up", TEN, None, "up", &[]);
    check("261122 100000 17 INFO dfs.Node: up", TEN, Some(Info), "dfs.Node: up", &[]);
    check("20261122-10:0:0:250|Step|3|go", QUARTER, None, "Step|3|go", &[]);
    check("26/11/22 10:00:00 WARN exec.Task: slow", TEN, Some(Warn), "exec.Task: slow", &[]);
    check("1965-01-01T00:00:00Z old", Some(-157_766_400.0), None, "old", &[]);
}

#[test]
fn what_is_no_timestamp() {
    for line in [
        "2026-13-22T10:00:00Z up",
        "2026-02-29 10:00:00 up",
        "2026-11-22 24:00:00 up",
        "2026-11-22 10:60:00 up",
        "2026-11-22 up",
        "2026-11-22T10:00:00abc up",
        "2300-01-01T00:00:00Z far",
        "123456 123456 numbers",
        "1234567 up",
        "4999999999 up",
        "Nov 31 10:00:00 up",
        "Foo 22 10:00:00 up",
        "E1322 10:00:00.1 7 a.go:1] up",
        "192.168.0.1 connected",
        "[   12.345678] usb 1-1",
    ] {
        check(line, None, None, line, &[]);
    }
}

#[test]
fn syslog() {
    let cron = ["host=host", "app=cron", "pid=7"];
    check("Nov 22 10:00:00 host cron[7]: run", TEN, None, "host cron[7]: run", &cron);
    check("Nov  2 10:00:00 host cron[7]: run", Some(1_793_613_600.0), None, "host cron[7]: run", &cron);
    check("Dec 31 10:00:00 host x: y", Some(1_767_175_200.0), None, "host x: y", &["host=host", "app=x"]);
    check("Feb 29 10:00:00 host x: y", Some(1_709_200_800.0), None, "host x: y", &["host=host", "app=x"]);
    check("Nov 22 2026 10:00:00 fw : deny", TEN, None, "fw : deny", &[]);
    check("<34>Nov 22 10:00:00 host su: failed", TEN, Some(Fatal), "host su: failed", &["host=host", "app=su"]);
    check("<13>plain", None, Some(Notice), "plain", &[]);
    check(
        "<165>1 2026-11-22T10:00:00.25Z host app - ID7 [x@1 iut=\"3\" ev=\"App\"] go",
        QUARTER,
        Some(Notice),
        "go",
        &["x@1.iut=3#3", "x@1.ev=App", "host=host", "app=app", "message_id=ID7"],
    );
    check(
        "Nov 22 10:00:00 host app[1]: ERROR: disk",
        TEN,
        Some(Error),
        "host app[1]: ERROR: disk",
        &["host=host", "app=app", "pid=1"],
    );
    check("<999>text", None, None, "<999>text", &[]);
}

#[test]
fn loggers_of_languages() {
    check("2026-11-22 10:00:00,250 - INFO  [worker:1] - ready", QUARTER, Some(Info), "[worker:1] - ready", &[]);
    check("2026-11-22 10:00:00,250 - app.db - WARNING - slow", QUARTER, Some(Warn), "app.db - WARNING - slow", &[]);
    check("2026-11-22 10:00:00,250 [main] ERROR c.e.App - boom", QUARTER, Some(Error), "c.e.App - boom", &[]);
    check("WARNING:root:disk low", None, Some(Warn), "root:disk low", &[]);
    check("INFO:     10.0.0.1:53 - \"GET /\" 200", None, Some(Info), "10.0.0.1:53 - \"GET /\" 200", &[]);
    check(
        "2026-11-22T10:00:00.25Z  INFO app::net: up peers=3",
        QUARTER,
        Some(Info),
        "app::net: up peers=3",
        &["peers=3#3"],
    );
    check("[2026-11-22T10:00:00Z ERROR app] broken", TEN, Some(Error), "broken", &[]);
    check("I, [2026-11-22T10:00:00.250000 #7]  INFO -- : ready", QUARTER, Some(Info), "ready", &[]);
    check("E1122 10:00:00.250000   17 pod.go:12] lost", QUARTER, Some(Error), "17 pod.go:12] lost", &[]);
    check("2026-11-22T10:00:00.25Z\tinfo\tmain.go:7\tup", QUARTER, Some(Info), "main.go:7\tup", &[]);
    check("2026/11/22 10:00:00 listening on :80", TEN, None, "listening on :80", &[]);
    check("\x1b[2m2026-11-22T10:00:00Z\x1b[0m \x1b[32m INFO\x1b[0m up", TEN, Some(Info), "up", &[]);
    check("11-22 10:00:00.250  170  239 D Window: draw", QUARTER, Some(Debug), "Window: draw", &[]);
    check("2026-11-22 10:00:00, Info                  CBS    loaded", TEN, Some(Info), "CBS    loaded", &[]);
    check("FATA[2026-11-22T11:00:00+01:00] boom", TEN, Some(Fatal), "boom", &[]);
    check("ERRO[0003] boom                     id=7", None, Some(Error), "boom                     id=7", &["id=7#7"]);
    check("ERROR[11-22|10:00:00.250] boom", QUARTER, Some(Error), "boom", &[]);
    check("2026-11-22T10:00:00Z E! [inputs.cpu] x", TEN, Some(Error), "[inputs.cpu] x", &[]);
    check("1.79534160025e+09\tERROR\tctrl\tboom", QUARTER, Some(Error), "ctrl\tboom", &[]);
    check("[10:00:00] [Server thread/ERROR]: boom", TEN, Some(Error), "boom", &[]);
    check("*Nov 22 10:00:00.250: %LINK-3-UPDOWN: x", QUARTER, Some(Error), "%LINK-3-UPDOWN: x", &[]);
    check("2026-11-22 10:00:00 | WARN | mod | text", TEN, Some(Warn), "mod | text", &[]);
}

#[test]
fn servers() {
    check("2026/11/22 10:00:00 [error] 31#31: *1 refused", TEN, Some(Error), "31#31: *1 refused", &[]);
    check("2026-11-22 10:00:00.250 UTC [123] LOG:  checkpoint", QUARTER, Some(Info), "checkpoint", &[]);
    check("2026-11-22 10:00:00.250 UTC [123] FATAL:  no role", QUARTER, Some(Fatal), "no role", &[]);
    check("[Sun Nov 22 10:00:00 2026] [error] no file", TEN, Some(Error), "no file", &[]);
    check("[Sun Nov 22 10:00:00.250000 2026] [core:warn] [pid 7] x", QUARTER, Some(Warn), "[pid 7] x", &[]);
    check("Sun Nov 22 10:00:00 UTC 2026 booted", TEN, None, "booted", &[]);
    check("2026-11-22 07:00:00.250 -03 [27] LOG:  checkpoint", QUARTER, Some(Info), "checkpoint", &[]);
    check("[22-Nov-2026 11:00:00 Europe/Berlin] PHP Warning:  x", TEN, Some(Warn), "PHP Warning:  x", &[]);
    check("####<Nov 22, 2026 11:00:00 AM CET> <Error> <JDBC> x", TEN, Some(Error), "<JDBC> x", &[]);
    let access = "10.0.0.1 - - [22/Nov/2026:03:00:00 -0700] \"GET /?a=1 HTTP/1.1\" 200 5";
    check(access, TEN, None, access, &[]);
    check("[22/Nov/2026:10:00:00 +0000] served", TEN, None, "served", &[]);
    check("1795341600 RAS KERNEL FATAL stopped", TEN, Some(Fatal), "RAS KERNEL FATAL stopped", &[]);
    check("1795341600250 tick", QUARTER, None, "tick", &[]);
    check("1795341600.25 tick", QUARTER, None, "tick", &[]);
    check("1795341600250000000 tick", QUARTER, None, "tick", &[]);
}

#[test]
fn logfmt() {
    check(
        "time=2026-11-22T10:00:00Z level=warn msg=\"slow query\" dur=25ms rows=3",
        TEN,
        Some(Warn),
        "slow query",
        &["time=2026-11-22T10:00:00Z", "level=warn", "msg=slow query", "dur=25ms#0.025", "rows=3#3"],
    );
    check(
        "ts=1795341600.25 lvl=eror msg=x",
        QUARTER,
        Some(Error),
        "x",
        &["ts=1795341600.25#1795341600.25", "lvl=eror", "msg=x"],
    );
    check(
        "t=1795341600 severity=E message=x",
        TEN,
        Some(Error),
        "x",
        &["t=1795341600#1795341600", "severity=E", "message=x"],
    );
    check("a=1 b=2", None, None, "a=1 b=2", &["a=1#1", "b=2#2"]);
    check("2026-11-22T10:00:00Z level=info msg=up", TEN, Some(Info), "up", &["level=info", "msg=up"]);
    check(
        "login user=root, ip=10.0.0.7 ok",
        None,
        None,
        "login user=root, ip=10.0.0.7 ok",
        &["user=root", "ip=10.0.0.7"],
    );
}

#[test]
fn levels() {
    check("2026-11-22T10:00:00Z [WRN] low", TEN, Some(Warn), "low", &[]);
    check("2026-11-22T10:00:00Z [VRB] low", TEN, Some(Debug), "low", &[]);
    check("[2026-11-22 10:00:00] [E] no memory", TEN, Some(Error), "no memory", &[]);
    check("2026-11-22T10:00:00Z FTL gone k=1", TEN, Some(Fatal), "gone k=1", &["k=1#1"]);
    check("t=1795341600 level=50 msg=x", TEN, Some(Error), "x", &["t=1795341600#1795341600", "level=50#50", "msg=x"]);
    check("a=1 level=warn then words", None, Some(Warn), "a=1 level=warn then words", &["a=1#1", "level=warn"]);
    check("2026-11-22T10:00:00Z ALERT MANAGER STARTED", TEN, None, "ALERT MANAGER STARTED", &[]);
    check("2026-11-22T10:00:00Z SUMMARY: 0 ERROR, 0 FATAL", TEN, None, "SUMMARY: 0 ERROR, 0 FATAL", &[]);
}

#[test]
fn rows_of_cells() {
    let stamp = "2026-11-22 10:00:00.2500";
    check(&format!("{stamp}|ERROR|MyApp.Program|boom"), QUARTER, Some(Error), "MyApp.Program|boom", &[]);
    check("2026-11-22T10:00:00Z|ERROR|x", TEN, Some(Error), "x", &[]);
    check("2026-11-22 10:00:00;ERROR;x", TEN, Some(Error), "x", &[]);
    check("2026-11-22 10:00:00,ERROR,x", TEN, Some(Error), "x", &[]);
    check("2026-11-22 10:00:00,123,ERROR,x", Some(36_000.123), Some(Error), "x", &[]);
    check(r#""2026-11-22 10:00:00","Error","x""#, TEN, Some(Error), "x", &[]);
    check(r#""2026-11-22 10:00:00";"Error";"a ""b""""#, TEN, Some(Error), r#""a ""b""""#, &[]);
    check("[2026-11-22 10:00:00]|warn|x", TEN, Some(Warn), "x", &[]);
    check("2026-11-22 10:00:00|cart|x", TEN, None, "cart|x", &[]);
}

#[test]
fn brackets_around_time_and_level() {
    check("[2026-11-22T10:00:00Z WARN  app::net] boom", TEN, Some(Warn), "boom", &[]);
    check("[2026-11-22 10:00:00,250: ERROR/ForkPoolWorker-1] Task x", QUARTER, Some(Error), "Task x", &[]);
    check("[2026/11/22 10:00:00.25,  0] ../x.c:12(f)", QUARTER, None, "../x.c:12(f)", &[]);
    check("[2026/11/22 10:00:00.25,  0, pid=7] ERROR: x", QUARTER, Some(Error), "x", &["pid=7#7"]);
    check("[10:00:00 Error] boom", TEN, Some(Error), "boom", &[]);
    check("[2026-11-22 10:00:00 #7] INFO x", TEN, Some(Info), "x", &[]);
    check("[2026-11-22 10:00:00 in [x] y", TEN, None, "in [x] y", &[]);
}

#[test]
fn the_first_of_several_lines_is_the_message() {
    let trace = "2026-11-22T10:00:00Z ERROR boom id=7\n  at a.b(c) x=1\nCaused by: y";
    check(trace, TEN, Some(Error), "boom id=7", &["id=7#7", "exception=y", "frame=a.b(c) x=1"]);
    check("\n\nfirst\nsecond", None, None, "\n\nfirst", &[]);
}

#[test]
fn json_behind_a_heading() {
    check("2026-11-22T10:00:00Z INFO {\"a\":1}", TEN, Some(Info), "{\"a\":1}", &["a=1#1"]);
    check(
        "2026-11-22T10:00:00Z {\"level\":\"warn\",\"msg\":\"low\",\"u\":{\"id\":7}}",
        TEN,
        Some(Warn),
        "low",
        &["level=warn", "msg=low", "u.id=7#7"],
    );
    check(
        "2026-11-22T10:00:00Z\terror\tcart.go:7\tfailed x=1\t{\"user\":\"ann\"}",
        TEN,
        Some(Error),
        "cart.go:7\tfailed x=1\t{\"user\":\"ann\"}",
        &["user=ann", "x=1#1"],
    );
    let broken = "payload {\"a\": 1} kept as text {broken";
    check(&format!("2026-11-22T10:00:00Z INFO {broken}"), TEN, Some(Info), broken, &["a=1#1"]);
    check("INFO {broken", None, Some(Info), "{broken", &[]);
    check("INFO {\n  \"a\": 1\n}", None, Some(Info), "{", &["a=1#1"]);
}

#[test]
fn what_somebody_adds_is_understood() {
    let added = Added {
        levels: vec![("boom".into(), Fatal)],
        level: vec!["how.bad".into()],
        message: vec!["payload.said".into()],
        time: vec!["at".into()],
    };
    let recogniser = Recogniser::new(Clock::utc().with(Vocabulary::new(&added).unwrap()));
    let read = |raw: &'static str| {
        let mut parsed = Parsed::default();
        let (source, format) = (Sym::default(), Format::Text);
        recogniser.encode(
            &Reading { source, received_ns: super::NOW, written_ns: super::NOW, format, raw: raw.as_bytes() },
            &mut parsed,
        );
        (parsed.level, parsed.time_ns.is_some(), text_of(raw.as_bytes(), parsed.message))
    };
    assert_eq!(read("BOOM it went"), (Some(Fatal), false, "it went"));
    assert_eq!(read(r#"{"at":1795348800,"how":{"bad":"boom"},"payload":{"said":"x"}}"#), (Some(Fatal), true, "x"));
}

#[test]
fn plain_text() {
    for line in [
        "",
        " ",
        "hello",
        "    at app.Main.run(Main.java:7)",
        "an error occurred",
        "failed to start",
        "---",
        "<html>",
        "\u{1b}",
    ] {
        check(line, None, None, line, &[]);
    }
    check("2026-11-22T10:00:00Z", TEN, None, "2026-11-22T10:00:00Z", &[]);
    check("2026-11-22T10:00:00Z error reading file", TEN, None, "error reading file", &[]);
    check("2026-11-22T10:00:00Z -1 left", TEN, None, "-1 left", &[]);
    check("2026-11-22T10:00:00Z ended\r", TEN, None, "ended", &[]);
}

#[test]
fn times_without_a_zone_are_local() {
    let time = |clock: &Clock, raw: &str| {
        let mut parsed = Parsed::default();
        let reading = Reading {
            source: Sym::default(),
            received_ns: super::NOW,
            written_ns: super::NOW,
            format: Format::Text,
            raw: raw.as_bytes(),
        };
        Recogniser::new(clock.clone()).encode(&reading, &mut parsed);
        parsed.time_ns.unwrap() / 1_000_000_000
    };
    let utc = Clock::utc();
    let moscow = Clock::of(Zone::new(TimeZone::get("Europe/Moscow").unwrap()));
    assert_eq!(time(&moscow, "2026-11-22 13:00:00 x"), time(&utc, "2026-11-22 10:00:00 x"));
    assert_eq!(time(&moscow, "Nov 22 13:00:00 x"), time(&utc, "Nov 22 10:00:00 x"));
    assert_eq!(time(&moscow, "2026-11-22 10:00:00Z x"), time(&utc, "2026-11-22 10:00:00 x"));
    let mut assuming = moscow.clone();
    assuming.assume_utc = true;
    assert_eq!(time(&assuming, "2026-11-22 10:00:00 x"), time(&utc, "2026-11-22 10:00:00 x"));
    // The first minutes of a year here are still the old year in UTC.
    assert_eq!(time(&moscow, "Jan  1 00:30:00 x"), time(&utc, "2025-12-31 21:30:00 x"));
}
