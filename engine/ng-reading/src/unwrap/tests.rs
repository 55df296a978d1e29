//! Wrapped lines: what is inside, and what the wrapper adds.

use crate::encoders::{Clock, path};
use crate::recogniser::Recogniser;
use ng_model::event::{Parsed, Reading};
use ng_model::symbols::Sym;
use ng_wire::{Format, Level};

/// Checks the format, the seconds behind 2026-11-22T13:02:00Z, the level, the message and the fields of a line.
fn check(line: &str, format: Format, seconds: Option<f64>, level: Option<Level>, message: &str, fields: &[&str]) {
    const MINUTE: i64 = 1_795_352_520_000;
    let raw = line.as_bytes();
    let mut parsed = Parsed::default();
    let now_ns = MINUTE * 1_000_000;
    let reading =
        Reading { source: Sym::default(), received_ns: now_ns, written_ns: now_ns, format: Format::Text, raw };
    Recogniser::new(Clock::utc()).encode(&reading, &mut parsed);
    let text = |bytes| std::str::from_utf8(bytes).unwrap();
    let named =
        parsed.fields.iter().map(|field| format!("{}={}", path(raw, &parsed, field), text(field.value.span.of(raw))));
    assert_eq!(parsed.format, format, "{line}");
    assert_eq!(parsed.time_ns.map(|ns| (ns / 1_000_000 - MINUTE) as f64 / 1e3), seconds, "time of {line}");
    assert_eq!(parsed.level, level, "level of {line}");
    assert_eq!(text(parsed.message.span.of(raw)), message, "message of {line}");
    assert_eq!(named.collect::<Vec<_>>(), fields, "fields of {line}");
}

use Format::{Json, Metric, Text};
use Level::*;

#[test]
fn cri() {
    check(
        r#"2026-11-22T13:02:03.1Z stdout F {"level":"error","msg":"json","user":"ann"}"#,
        Json,
        Some(3.1),
        Some(Error),
        "json",
        &["level=error", "msg=json", "user=ann", "stream=stdout"],
    );
    check(
        "2026-11-22T13:02:05.1Z stderr F E1122 13:02:04.000000       1 main.go:3] klog",
        Text,
        Some(4.0),
        Some(Error),
        "1 main.go:3] klog",
        &["stream=stderr"],
    );
    check(
        r#"2026-11-22T13:02:05.1Z stderr F:{"attrs":{"tag":"a\u0020b"}} {"level":"warn","msg":"x"}"#,
        Json,
        Some(5.1),
        Some(Warn),
        "x",
        &["level=warn", "msg=x", r"attrs.tag=a\u0020b", "stream=stderr"],
    );
    check("2026-11-22T13:02:05.1+00:00 stderr P:x half", Text, Some(5.1), None, "half", &["stream=stderr"]);
    check("2026-11-22T13:02:05.1Z stdout F queue=17", Metric, Some(5.1), None, "queue=17", &["stream=stdout"]);
    check("2026-11-22T13:02:05.1Z stdout Full", Text, Some(5.1), None, "stdout Full", &[]);
    check("2026-11-22T13:02:05Z stdout F ", Text, Some(5.0), None, "stdout F", &[]);
}

#[test]
fn the_stamp_of_a_runtime() {
    const STAMP: &str = "2026-11-22T13:02:05.123456789Z";
    let check_behind = |text: &str, format, seconds, level, message: &str, fields: &[&str]| {
        check(&format!("{STAMP} {text}"), format, Some(seconds), level, message, fields);
    };
    check_behind(r#"{"level":"error","msg":"json"}"#, Json, 5.123, Some(Error), "json", &["level=error", "msg=json"]);
    check_behind("2026-11-22 13:02:04 ERROR own", Text, 4.0, Some(Error), "own", &[]);
    check_behind("ERROR disk full", Text, 5.123, Some(Error), "disk full", &[]);
    check_behind("queue=17", Metric, 5.123, None, "queue=17", &[]);
    check_behind("\tat x", Text, 5.123, None, "\tat x", &[]);
}

#[test]
fn a_stamp_that_leaves_something_open_means_a_time_near_that_of_the_wrapper() {
    let check_in = |wrapper: &str, inner: &str, time: &str| {
        let line = format!("{wrapper}{inner}");
        let written = "2026-11-30T15:00:00Z".parse::<jiff::Timestamp>().unwrap().as_nanosecond() as i64;
        let mut parsed = Parsed::default();
        let raw = line.as_bytes();
        let source = Sym::default();
        let reading = Reading { source, received_ns: written, written_ns: written, format: Format::Text, raw };
        Recogniser::new(Clock::utc()).encode(&reading, &mut parsed);
        let found = jiff::Timestamp::from_nanosecond(parsed.time_ns.unwrap().into()).unwrap();
        assert_eq!(found.to_string(), time, "{line}");
    };
    for wrapper in [
        "2025-03-02T00:00:10.123456789Z ",
        "2025-03-02T00:00:10.1Z stdout F ",
        "[pod/web-1/app] 2025-03-02T00:00:10.123456789Z ",
        "web-1  | 2025-03-02T00:00:10.123456789Z ",
    ] {
        check_in(wrapper, "00:00:09.5 [main] ERROR x", "2025-03-02T00:00:09.5Z");
        check_in(wrapper, "[23:59:58 ERR] x", "2025-03-01T23:59:58Z");
        check_in(wrapper, "02:00:10 x", "2025-03-02T02:00:10Z");
        check_in(wrapper, "19:00:10 x", "2025-03-01T19:00:10Z");
        check_in(wrapper, "E0302 00:00:09.000000 1 main.go:3] x", "2025-03-02T00:00:09Z");
    }
}

#[test]
fn compose() {
    check(
        "web.1.x2k9p@node    | 2026-11-22T13:02:03Z ERROR gone",
        Text,
        Some(3.0),
        Some(Error),
        "gone",
        &["container=web.1.x2k9p@node"],
    );
    check(
        "web-1  | 2026-11-22T13:02:03Z ERROR gone user=\"Ann B\" id=7",
        Text,
        Some(3.0),
        Some(Error),
        "gone user=\"Ann B\" id=7",
        &["user=Ann B", "id=7", "container=web-1"],
    );
    check(
        "\x1b[36mshop_db_1     |\x1b[0m {\"level\":\"warn\",\"msg\":\"low\"}",
        Json,
        None,
        Some(Warn),
        "low",
        &["level=warn", "msg=low", "container=shop_db_1"],
    );
    check("db | {\"msg\":\"x\"}", Json, None, None, "x", &["msg=x", "container=db"]);
    for line in ["INFO  | started", "users | 5", "id-x | name", "-1 | 2", "web-1 |text", "web-1 | ", "a | b | c"] {
        let level = line.starts_with("INFO").then_some(Info);
        let message = if level.is_some() { "started" } else { line };
        check(line, Text, None, level, message.trim_end(), &[]);
    }
}

#[test]
fn kubernetes() {
    check(
        "[pod/web-1/app] 2026-11-22T13:02:03Z ERROR gone",
        Text,
        Some(3.0),
        Some(Error),
        "gone",
        &["pod=web-1", "container=app"],
    );
    check("[pod/web-1] gone", Text, None, None, "gone", &["pod=web-1"]);
    check(
        "\x1b[36mweb-5d9c8b7f4d-x2k9p\x1b[0m \x1b[32mapp\x1b[0m {\"level\":\"error\",\"msg\":\"x\"}",
        Json,
        None,
        Some(Error),
        "x",
        &["level=error", "msg=x", "pod=web-5d9c8b7f4d-x2k9p", "container=app"],
    );
    for line in
        ["[pod/] x", "[pod/web-1", "[pods/web-1/app] x", "re-read-only maps", "well-known-thing again and again"]
    {
        check(line, Text, None, None, line, &[]);
    }
}

#[test]
fn syslog_around_json_and_stamped_text() {
    let from = ["host=web-1", "app=app", "pid=1"];
    let fields = |inner: &[&'static str]| [inner, &from].concat();
    check(
        r#"Nov 22 13:02:03 web-1 app[1]: {"level":"error","msg":"x","host":"inner"}"#,
        Json,
        Some(3.0),
        Some(Error),
        "x",
        &fields(&["level=error", "msg=x", "host=inner"]),
    );
    check(
        r#"<14>Nov 22 13:02:03 web-1 app[1]: {"level":"error","msg":"x","ts":"2026-11-22T13:02:01Z"}"#,
        Json,
        Some(1.0),
        Some(Error),
        "x",
        &fields(&["level=error", "msg=x", "ts=2026-11-22T13:02:01Z"]),
    );
    check("<11>Nov 22 13:02:03 web-1 app[1]: {\"msg\":\"x\"}", Json, Some(3.0), Some(Error), "x", &fields(&["msg=x"]));
    check(
        "2026-11-22T13:02:03.5+00:00 web-1 app[1]: W1122 13:02:03.000000 7 a.go:1] low",
        Text,
        Some(3.0),
        Some(Warn),
        "7 a.go:1] low",
        &from,
    );
    check("2026-11-22T13:02:03Z web-1 app: text", Text, Some(3.0), None, "web-1 app: text", &[]);
    // Where a host would be is a level.
    check("2026-11-22T13:02:03Z ERROR web[1]: text", Text, Some(3.0), Some(Error), "web[1]: text", &[]);
    check("2026-11-22T13:02:03.5+00:00 WARN web[1]: text", Text, Some(3.5), Some(Warn), "web[1]: text", &[]);
    check(
        "Nov 22 13:02:03 web-1 app[1]: queue=17",
        Text,
        Some(3.0),
        None,
        "web-1 app[1]: queue=17",
        &["queue=17", "host=web-1", "app=app", "pid=1"],
    );
}

#[test]
fn structured_syslog() {
    check(
        r#"<11>1 2026-11-22T13:02:03Z web-1 app 1 - [a@1 k="v\"]w" n="7"][b@1 k="x"] {"msg":"y"}"#,
        Json,
        Some(3.0),
        Some(Error),
        "y",
        &["msg=y", r#"a@1.k=v\"]w"#, "a@1.n=7", "b@1.k=x", "host=web-1", "app=app", "pid=1"],
    );
    check(
        "<34>1 2026-11-22T13:02:03Z web-1 su - ID47 - failed",
        Text,
        Some(3.0),
        Some(Fatal),
        "failed",
        &["host=web-1", "app=su", "message_id=ID47"],
    );
    check("<34>1 - - - - - - failed", Text, None, Some(Fatal), "failed", &[]);
    check("<34>1 - - - - - [open failed", Text, None, Some(Fatal), "[open failed", &[]);
}

#[test]
fn wrappers_in_wrappers() {
    check(
        r#"web-1  | Nov 22 13:02:03 host app[1]: {"level":"error","msg":"x"}"#,
        Json,
        Some(3.0),
        Some(Error),
        "x",
        &["level=error", "msg=x", "host=host", "app=app", "pid=1", "container=web-1"],
    );
}
