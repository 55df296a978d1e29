//! JSON, journal entries, notes, metrics and vectors.

use super::{encoded, fields_of, text_of};
use crate::encoders::{ENCODERS, TEXT, message_text, stream_kind};
use ng_model::event::Parsed;
use ng_wire::{Format, Level, Unit};

#[test]
fn the_order_of_the_table() {
    let names: Vec<_> = ENCODERS.iter().map(|encoder| encoder.name).collect();
    assert_eq!((names.last(), TEXT + 1), (Some(&"text"), names.len()));
    assert_eq!(names, ["note", "journal", "json", "vector", "numeric", "text"]);
    for encoder in ENCODERS {
        assert!(encoder.version > 0 && encoder.summary.ends_with('.') && !encoder.channels[0].is_empty());
    }
}

/// Checks level, seconds since 1970 and message of a JSON object.
fn check_json(raw: &str, level: Option<Level>, seconds: Option<f64>, message: &str) {
    let (encoder, parsed) = encoded(Format::Text, raw.as_bytes());
    assert_eq!(encoder, "json", "{raw}");
    let found = parsed.time_ns.map(|ns| (ns / 1_000_000) as f64 / 1e3);
    assert_eq!((parsed.level, found, text_of(raw.as_bytes(), parsed.message)), (level, seconds, message), "{raw}");
}

#[test]
fn json_objects() {
    use Level::*;
    check_json(r#"{"value": 3}"#, None, None, r#"{"value": 3}"#);
    check_json(r#"{"level":"error","msg":"disk full"}"#, Some(Error), None, "disk full");
    check_json(r#"{"msg":"second","message":"first"}"#, None, None, "first");
    check_json(r#"{"message":"","log":"line"}"#, None, None, "line");
    check_json(r#"{"message":{"a":1},"event":"login"}"#, None, None, "login");
    check_json(r#"{"level":30,"time":1795348800123,"msg":"pino"}"#, Some(Info), Some(1_795_348_800.123), "pino");
    check_json(r#"{"severity":3,"body":"syslog"}"#, Some(Error), None, "syslog");
    check_json(r#"{"level":"odd","severity":"WARNING","msg":"x"}"#, Some(Warn), None, "x");
    check_json(
        r#"{"log.level":"debug","@timestamp":"2026-11-22T12:00:00Z","message":"ecs"}"#,
        Some(Debug),
        Some(1_795_348_800.0),
        "ecs",
    );
    check_json(r#"{"log":{"level":"warn"},"message":"nested"}"#, Some(Warn), None, "nested");
    check_json(r#"{"ts":1795348800.5,"msg":"zap"}"#, None, Some(1_795_348_800.5), "zap");
    check_json(r#"{"t":"2026-11-22 12:00:00,250","msg":"x"}"#, None, Some(1_795_348_800.25), "x");
    for time in [
        r#""2026-11-22 12:00:00 ""#,
        r#"" 2026-11-22 12:00:00""#,
        r#""2026-11-22 22:00:00 +10""#,
        "1.7953488e9",
        "1.7953488E+12",
    ] {
        check_json(&format!(r#"{{"t":{time},"msg":"x"}}"#), None, Some(1_795_348_800.0), "x");
    }
    check_json(r#"{"time":12,"datetime":1795348800,"msg":"x"}"#, None, Some(1_795_348_800.0), "x");
    check_json("  {\"msg\":\"blank\"}\t", None, None, "blank");
}

#[test]
fn keys_of_all_kinds_of_loggers() {
    use Level::*;
    const TWO: Option<f64> = Some(1_795_348_800.0);
    for (raw, level, seconds, message) in [
        (
            r#"{"@t":"2026-11-22T12:00:00Z","@mt":"order {n} failed","@l":"Error","n":1}"#,
            Some(Error),
            TWO,
            "order {n} failed",
        ),
        (r#"{"Timestamp":"2026-11-22T12:00:00Z","LogLevel":"Warning","Message":"net"}"#, Some(Warn), TWO, "net"),
        (r#"{"asctime":"2026-11-22 12:00:00,000","levelname":"ERROR","message":"python"}"#, Some(Error), TWO, "python"),
        (r#"{"message":"python","levelno":30,"lineno":7}"#, Some(Warn), None, "python"),
        (r#"{"message":"python","level":30,"funcName":"f"}"#, Some(Warn), None, "python"),
        (r#"{"level":400,"level_name":"ERROR","message":"monolog"}"#, Some(Error), None, "monolog"),
        (r#"{"level":250,"message":"monolog"}"#, Some(Notice), None, "monolog"),
        (r#"{"timeMillis":1795348800000,"level":"FATAL","message":"log4j"}"#, Some(Fatal), TWO, "log4j"),
        (
            r#"{"instant":{"epochSecond":1795348800,"nanoOfSecond":250000000},"level":"WARN","message":"log4j"}"#,
            Some(Warn),
            Some(1_795_348_800.25),
            "log4j",
        ),
        (r#"{"short_message":"gelf","timestamp":1795348800.0,"level":3}"#, Some(Error), TWO, "gelf"),
        (r#"{"level":"error","msg":"","error":"the cause"}"#, Some(Error), None, "the cause"),
        (
            r#"{"level":"error","message":null,"err":{"message":"the cause","stack":"x"}}"#,
            Some(Error),
            None,
            "the cause",
        ),
        (r#"{"error":"no message","n":1}"#, None, None, r#"{"error":"no message","n":1}"#),
        (r#"{"severityNumber":17,"body":"otel"}"#, Some(Error), None, "otel"),
        (r#"{"severityText":"WARN","severityNumber":17,"body":"otel"}"#, Some(Warn), None, "otel"),
        (r#"{"severity":"ERROR","jsonPayload":{"message":"gcp"}}"#, Some(Error), None, "gcp"),
        (r#"{"severity":400,"textPayload":"gcp"}"#, Some(Warn), None, "gcp"),
        (r#"{"PRIORITY":"3","MESSAGE":"journal"}"#, Some(Error), None, "journal"),
        (r#"{"t":{"$date":"2026-11-22T12:00:00.000+00:00"},"s":"I","msg":"mongo"}"#, None, TWO, "mongo"),
        (r#"{"time":{"$date":{"$numberLong":"1795348800000"}},"msg":"mongo"}"#, None, TWO, "mongo"),
        (
            r#"{"@level":"error","@message":"hclog","@module":"raft","@timestamp":"2026-11-22T12:00:00.000000Z"}"#,
            Some(Error),
            TWO,
            "hclog",
        ),
        (
            r#"{"timestamp":"2026-11-22T12:00:00Z","level":"WARN","fields":{"message":"tracing","n":1},"target":"a"}"#,
            Some(Warn),
            TWO,
            "tracing",
        ),
        (
            r#"{"Timestamp":"2026-11-22T12:00:00Z","Level":"Error","MessageTemplate":"{N} left","RenderedMessage":"7 left"}"#,
            Some(Error),
            TWO,
            "7 left",
        ),
        (r#"{"Level":"Warning","MessageTemplate":"{N} left"}"#, Some(Warn), None, "{N} left"),
        (r#"{"time":"2026-11-22T12:00:00Z","level":"ERROR+4","msg":"slog"}"#, Some(Error), TWO, "slog"),
        (r#"{"level":"DEBUG+1","msg":"slog"}"#, Some(Debug), None, "slog"),
        (
            r#"{"kind":"Event","level":"Metadata","requestReceivedTimestamp":"2026-11-22T12:00:00.000000Z","stageTimestamp":"2026-11-22T12:00:01.000000Z"}"#,
            None,
            TWO,
            r#"{"kind":"Event","level":"Metadata","requestReceivedTimestamp":"2026-11-22T12:00:00.000000Z","stageTimestamp":"2026-11-22T12:00:01.000000Z"}"#,
        ),
        (r#"{"level":"Request","stageTimestamp":"2026-11-22T12:00:00.000000Z","message":"audit"}"#, None, TWO, "audit"),
        (r#"{"record":{"level":{"name":"ERROR","no":40},"message":"loguru"}}"#, Some(Error), None, "loguru"),
        (r#"{"level":"wrn","level_value":40000,"msg":"words go first"}"#, Some(Warn), None, "words go first"),
        (r#"{"log":{"syslog":{"severity":{"code":3}}},"message":"ecs"}"#, Some(Error), None, "ecs"),
        (r#"{"user":{"level":50,"message":"no"},"msg":"its own"}"#, None, None, "its own"),
        (r#"{"tags":[{"level":"error"}],"msg":"its own"}"#, None, None, "its own"),
    ] {
        check_json(raw, level, seconds, message);
    }
}

#[test]
fn severities_of_mongodb() {
    use Level::*;
    const TWO: Option<f64> = Some(1_795_348_800.0);
    let entry = |severity: &str| {
        format!(
            r#"{{"t":{{"$date":"2026-11-22T12:00:00.000+00:00"}},"s":"{severity}","c":"NETWORK","id":22943,"ctx":"listener","msg":"x","attr":{{"s":"F"}}}}"#
        )
    };
    for (severity, level) in [
        ("F", Some(Fatal)),
        ("E", Some(Error)),
        ("W", Some(Warn)),
        ("I", Some(Info)),
        ("D", Some(Debug)),
        ("D1", Some(Debug)),
        ("D2", Some(Debug)),
        ("D3", Some(Trace)),
        ("D5", Some(Trace)),
        ("X", None),
        ("E1", None),
        ("", None),
    ] {
        check_json(&entry(severity), level, TWO, "x");
    }
    let elsewhere = [
        (r#"{"t":"2026-11-22T12:00:00Z","s":"E","c":"NETWORK","msg":"x"}"#, None),
        (r#"{"date":{"$date":"2026-11-22T12:00:00Z"},"s":"E","c":"NETWORK","msg":"x"}"#, None),
        (r#"{"t":{"$date":"2026-11-22T12:00:00Z"},"a":{"s":"E","c":"NETWORK"},"msg":"x"}"#, None),
        (r#"{"t":{"$date":"2026-11-22T12:00:00Z"},"s":"E","c":"NETWORK","msg":"x","level":"warn"}"#, Some(Warn)),
    ];
    for (raw, level) in elsewhere {
        check_json(raw, level, TWO, "x");
    }
}

#[test]
fn json_fields() {
    let raw = br#"{"a":1.5,"b":{"c":"x","d":{"e":true}},"f":[1,{"g":2}],"h":"7","i":null,"c":9007199254740993}"#;
    let (_, parsed) = encoded(Format::Json, raw);
    assert_eq!(
        fields_of(raw, &parsed),
        [
            "a=1.5#1.5",
            "b.c=x",
            "b.d.e=true",
            "f[0]=1#1",
            "f[1].g=2#2",
            r#"f=[1,{"g":2}]"#,
            "h=7",
            "i=null",
            "c=9007199254740993#9007199254740992",
        ]
    );
}

#[test]
fn json_that_is_not_quite_json() {
    check_json(r#"{"level":"error","msg":"x","n":NaN,}"#, Some(Level::Error), None, "x");
    check_json(r#"{"level":"error","msg":"x"},"#, Some(Level::Error), None, "x");
    check_json("{\n  \"level\": \"error\",\n  \"msg\": \"x\"\n}", Some(Level::Error), None, "x");
}

#[test]
fn json_that_was_cut_keeps_its_head() {
    let line = format!(r#"{{"level":"error","msg":"order failed","id":7,"stack":"{}""#, "x".repeat(5000));
    for kept in [60, 100, 4000] {
        check_json(&line[..kept], Some(Level::Error), None, "order failed");
        let (_, parsed) = encoded(Format::Text, &line.as_bytes()[..kept]);
        let fields = fields_of(line.as_bytes(), &parsed);
        assert_eq!((fields.len(), fields[2].as_str()), (4, "id=7#7"));
    }
    // What states nothing is not taken for an object.
    assert_eq!(encoded(Format::Text, br#"{"a":1,"b":"#).0, "text");
}

#[test]
fn escaped_messages_say_so() {
    let raw = br#"{"msg":"tab\there"}"#;
    let (_, parsed) = encoded(Format::Json, raw);
    assert!(parsed.message.escaped);
    assert_eq!(&*message_text(parsed.format, raw, parsed.message), b"tab\there");
}

#[test]
fn fields_of_objects_are_bounded() {
    let members: Vec<_> = (0..1000).map(|index| format!("\"k{index}\":{index}")).collect();
    let (encoder, parsed) = encoded(Format::Text, format!("{{{}}}", members.join(",")).as_bytes());
    assert_eq!((encoder, parsed.fields.len()), ("json", 256));
    let (_, parsed) = encoded(Format::Text, format!("{{{}}}", members.join(",")).as_bytes());
    assert_eq!(parsed.left_out, 1000 - 256);
}

#[test]
fn broken_json_is_text() {
    for raw in [r#"{"a":1"#, r#"{"a":1} tail"#, "{}{}", r#"["a"]"#, r#"{'a':1}"#] {
        assert_eq!(encoded(Format::Text, raw.as_bytes()).0, "text", "{raw}");
        assert_eq!(encoded(Format::Json, raw.as_bytes()).0, "text", "{raw}");
        assert_eq!(encoded(Format::Note, raw.as_bytes()).0, "text", "{raw}");
    }
}

/// Checks the message of a journal entry that has `member` and a time.
fn check_journal(member: &str, message: &[u8]) {
    let raw =
        format!(r#"{{"__CURSOR":"c","__REALTIME_TIMESTAMP":"1795348800000001",{member},"PRIORITY":"4","_PID":"17"}}"#);
    for format in [Format::Text, Format::Journal] {
        let (encoder, parsed) = encoded(format, raw.as_bytes());
        assert_eq!(encoder, "journal");
        assert_eq!((parsed.level, parsed.time_ns), (Some(Level::Warn), Some(1_795_348_800_000_001_000)));
        let found = message_text(parsed.format, raw.as_bytes(), parsed.message);
        assert_eq!(String::from_utf8_lossy(&found), String::from_utf8_lossy(message), "{raw}");
        assert_eq!(parsed.field(raw.as_bytes(), "_PID").unwrap().number, 17.0);
        assert!(parsed.field(raw.as_bytes(), "__CURSOR").is_some());
        assert!(parsed.field(raw.as_bytes(), "__REALTIME_TIMESTAMP").is_none());
    }
}

#[test]
fn journal_entries() {
    check_journal(r#""MESSAGE":"Started unit.""#, b"Started unit.");
    check_journal(r#""MESSAGE":"a \"quoted\" word""#, b"a \"quoted\" word");
    check_journal(r#""MESSAGE":[104,105,255]"#, b"hi\xff");
    check_journal(r#""MESSAGE":["first","second"]"#, b"first");
    check_journal(r#""MESSAGE":[ "fi\"rst" , "second"]"#, b"fi\"rst");
    check_journal(r#""MESSAGE":[[104,105],"second"]"#, b"hi");
    check_journal(r#""MESSAGE":"[1,2]""#, b"[1,2]");
}

#[test]
fn a_journal_entry_without_a_message_is_shown_whole() {
    let raw = br#"{"__REALTIME_TIMESTAMP":"1795348800000001","MESSAGE":null}"#;
    let (encoder, parsed) = encoded(Format::Text, raw);
    assert_eq!((encoder, parsed.message.span.of(raw)), ("journal", &raw[..]));
}

#[test]
fn other_json_is_no_journal_entry() {
    for raw in [r#"{"MESSAGE":"x"}"#, r#"{"a":"__REALTIME_TIMESTAMP"}"#, r#"{"a":{"__REALTIME_TIMESTAMP":"1"}}"#] {
        assert_eq!(encoded(Format::Text, raw.as_bytes()).0, "json", "{raw}");
    }
}

#[test]
fn notes() {
    let raw = br#"{"type":"module.disabled","level":"warn","message":"Guardian is off","module":"guardian"}"#;
    let (encoder, parsed) = encoded(Format::Note, raw);
    let mut kind = String::new();
    stream_kind(&parsed, raw, &mut kind);
    assert_eq!((encoder, parsed.level, kind.as_str()), ("note", Some(Level::Warn), "module.disabled"));
    assert_eq!(text_of(raw, parsed.message), "Guardian is off");
    // The same bytes from a source are no note.
    assert_eq!(encoded(Format::Text, raw).0, "json");
}

/// Checks name, value and unit of a metric line.
fn check_metric(format: Format, raw: &str, name: &str, value: f64, unit: Unit) {
    let (encoder, parsed) = encoded(format, raw.as_bytes());
    assert_eq!(encoder, "numeric", "{raw}");
    assert_eq!((text_of(raw.as_bytes(), parsed.name), parsed.unit), (name, unit), "{raw}");
    assert!(parsed.value == value || (parsed.value.is_nan() && value.is_nan()), "{raw}: {}", parsed.value);
}

#[test]
fn metrics() {
    use Format::{Metric, Text};
    check_metric(Metric, "cpu.total=12.5 %", "cpu.total", 12.5, Unit::Percent);
    check_metric(Metric, "net (eth0) in=3 KiB/s", "net (eth0) in", 3072.0, Unit::BytesPerSecond);
    check_metric(Metric, "a=b=1", "a=b", 1.0, Unit::None);
    check_metric(Metric, "temp=nan", "temp", f64::NAN, Unit::None);
    check_metric(Metric, "temp=-inf", "temp", f64::NEG_INFINITY, Unit::None);
    check_metric(Text, "latency=5ms", "latency", 0.005, Unit::Seconds);
    check_metric(Text, "latency = 5 ms", "latency", 0.005, Unit::Seconds);
    check_metric(Text, "queue: 17", "queue", 17.0, Unit::None);
    check_metric(Text, "rate=20/s", "rate", 20.0, Unit::PerSecond);
    check_metric(Text, " 42.5 ", "", 42.5, Unit::None);
    check_metric(Text, "1e-3", "", 0.001, Unit::None);
    check_metric(Text, "2014-04-01 00:05:00,20.0", "", 20.0, Unit::None);
    check_metric(Text, "1795348800,0.25", "", 0.25, Unit::None);
    check_metric(Text, "used=5 GiB\r", "used", 5_368_709_120.0, Unit::Bytes);
}

#[test]
fn names_without_a_sign_need_a_unit() {
    use Format::Text;
    check_metric(Text, "cpu 93%", "cpu", 93.0, Unit::Percent);
    check_metric(Text, "mem.used 4 KiB", "mem.used", 4096.0, Unit::Bytes);
    check_metric(Text, "21.5C", "", 21.5, Unit::Celsius);
    check_metric(Text, "cpu_temp=-3.5 °C", "cpu_temp", -3.5, Unit::Celsius);
    check_metric(Text, "1,234", "", 1234.0, Unit::None);
    check_metric(Text, "queue: 1,234,567", "queue", 1_234_567.0, Unit::None);
}

/// Checks a line of a monitoring system: its name, labels, value and unit, and its fields.
fn check_line(raw: &str, expect: (&str, &str, f64, Unit), fields: &[(&str, &str)]) -> Parsed {
    check_metric(Format::Text, raw, expect.0, expect.2, expect.3);
    let (_, parsed) = encoded(Format::Text, raw.as_bytes());
    assert_eq!(text_of(raw.as_bytes(), parsed.labels), expect.1, "{raw}");
    let found: Vec<(String, &str)> = parsed
        .fields
        .iter()
        .map(|field| {
            (String::from_utf8_lossy(field.key.of(raw.as_bytes())).into(), text_of(raw.as_bytes(), field.value))
        })
        .collect();
    let expected: Vec<(String, &str)> = fields.iter().map(|(key, value)| ((*key).to_owned(), *value)).collect();
    assert_eq!(found, expected, "{raw}");
    parsed
}

#[test]
fn lines_of_prometheus() {
    let labels = r#"method="post",code="200""#;
    let raw = format!("http_requests_total{{{labels}}} 1027");
    check_line(&raw, ("http_requests_total", labels, 1027.0, Unit::None), &[("method", "post"), ("code", "200")]);
    let raw = r#"rpc_duration_seconds{quantile="0.99", path="/a \"b\" }"} 4.7e-2 1795352523123"#;
    let parsed = check_line(
        raw,
        ("rpc_duration_seconds", r#"quantile="0.99", path="/a \"b\" }""#, 0.047, Unit::Seconds),
        &[("quantile", "0.99"), ("path", r#"/a \"b\" }"#)],
    );
    assert!(parsed.fields[1].value.escaped && parsed.time_ns == Some(1_795_352_523_123_000_000));
    check_line("go_goroutines 12", ("go_goroutines", "", 12.0, Unit::None), &[]);
    check_line("up{} 1", ("up", "", 1.0, Unit::None), &[]);
    check_line("odd{} +Inf -3982045", ("odd", "", f64::INFINITY, Unit::None), &[]);
    check_line("instance:cpu:rate5m 0.25", ("instance:cpu:rate5m", "", 0.25, Unit::None), &[]);
    check_line("heap_size_bytes_sum 5 # {a=\"b\"} 3", ("heap_size_bytes_sum", "", 5.0, Unit::Bytes), &[]);
    check_line("x_bucket{le=\"+Inf\"} NaN", ("x_bucket", "le=\"+Inf\"", f64::NAN, Unit::Count), &[("le", "+Inf")]);
}

#[test]
fn lines_of_graphite() {
    let parsed = check_line("servers.web1.load 0.42 1795352523", ("servers.web1.load", "", 0.42, Unit::None), &[]);
    assert_eq!(parsed.time_ns, Some(1_795_352_523_000_000_000));
    check_line(
        "disk.used;rack=a1;host=b 12 1795352523",
        ("disk.used", "rack=a1;host=b", 12.0, Unit::None),
        &[("rack", "a1"), ("host", "b")],
    );
}

#[test]
fn lines_of_statsd() {
    check_line("api.latency:320|ms", ("api.latency", "", 0.32, Unit::Seconds), &[]);
    check_line("page views:1|c".replace(' ', "_").as_str(), ("page_views", "", 1.0, Unit::Count), &[]);
    check_line("fuel:-4|g|@0.5", ("fuel", "", -4.0, Unit::None), &[]);
    check_line(
        "api:3|c|@0.1|#route:cart,code:200|T1795352523",
        ("api", "route:cart,code:200", 3.0, Unit::Count),
        &[("route", "cart"), ("code", "200")],
    );
    check_line("api,route=cart:3|c", ("api", "route=cart", 3.0, Unit::Count), &[("route", "cart")]);
}

#[test]
fn lines_of_influx() {
    let raw = r#"cpu,host=web1,zone=a\ b usage_idle=93.5,note="a, b=c",cores=4i 1795352523123456789"#;
    let parsed = check_line(
        raw,
        ("cpu", r"host=web1,zone=a\ b usage_idle", 93.5, Unit::None),
        &[("host", "web1"), ("zone", r"a\ b"), ("usage_idle", "93.5"), ("note", "a, b=c"), ("cores", "4")],
    );
    assert_eq!(parsed.time_ns, Some(1_795_352_523_123_456_789));
    check_line("mem,host=a free=4u", ("mem", "host=a free", 4.0, Unit::None), &[("host", "a"), ("free", "4")]);
    check_line("mem free=4 1795352523123456789", ("mem", "free", 4.0, Unit::None), &[("free", "4")]);
}

#[test]
fn a_metric_behind_a_time() {
    for line in
        ["cpu 93%", "servers.web1.load 0.42 1795352523", r#"up{job="a"} 1"#, "api.latency:320|ms", "42.5", "load=0.25"]
    {
        let raw = format!("2026-11-22T13:02:03Z {line}");
        let (encoder, parsed) = encoded(Format::Text, raw.as_bytes());
        let (_, alone) = encoded(Format::Text, line.as_bytes());
        assert_eq!((encoder, parsed.value, parsed.unit), ("numeric", alone.value, alone.unit), "{raw}");
        assert_eq!(text_of(raw.as_bytes(), parsed.name), text_of(line.as_bytes(), alone.name), "{raw}");
        assert_eq!(text_of(raw.as_bytes(), parsed.message), line);
        assert!(parsed.time_ns.is_some_and(|time| time >= 1_795_352_523_000_000_000), "{raw}");
    }
}

#[test]
fn a_value_behind_a_time_is_the_message() {
    let raw = b"2026-11-22 12:00:00, 20.5 ms";
    let (_, parsed) = encoded(Format::Text, raw);
    assert_eq!((parsed.time_ns, text_of(raw, parsed.message)), (Some(super::NOW), "20.5 ms"));
}

#[test]
fn what_is_no_metric() {
    for raw in [
        "ERROR: 42",
        "user=root",
        "a=1 b=2",
        "12 apples",
        "net (eth0) in=3",
        "12:30",
        "x: y",
        "1,2",
        "timestamp,value",
        "retry 5",
        "ERROR 5s",
        "api.example.com 200",
        "connected port=80",
        "user, id=5",
        "foo{bar} 1",
        "# HELP up Whether it is up.",
        "x:5|y",
        "x{a=\"b\"} # 5",
        "a_b #",
        "2026-11-22T13:02:03Z INFO cpu 93%",
        "2026-11-22T13:02:03Z 3 apples",
        "a.b 1 2",
    ] {
        assert_eq!(encoded(Format::Text, raw.as_bytes()).0, "text", "{raw}");
    }
}

#[test]
fn vectors() {
    for (raw, name) in
        [("[1,2,3,4,5,6,7,8.5]", ""), ("pose=[1, 2,3 ,4,5,6,7,8.5]", "pose"), (" v 1 = [1,2,3,4,5,6,7,8.5] ", "v 1")]
    {
        let format = if name.contains(" ") { Format::Vector } else { Format::Text };
        let (encoder, parsed) = encoded(format, raw.as_bytes());
        assert_eq!((encoder, text_of(raw.as_bytes(), parsed.name)), ("vector", name), "{raw}");
        assert_eq!(parsed.vector, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.5]);
    }
    for raw in ["[1,2,3,4,5,6,7]", "[1,2,3,4,5,6,7,8,9]", "[1,2,3,4,5,6,7,x]", "a b=[1,2,3,4,5,6,7,8]", "[]"] {
        assert_eq!(encoded(Format::Text, raw.as_bytes()).0, "text", "{raw}");
    }
}
