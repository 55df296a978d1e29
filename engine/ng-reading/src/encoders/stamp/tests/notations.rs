//! Every notation, wherever it stands on a line.

use super::{SHOWN, read};

/// Stamps of 2026-11-22T13:02:03Z.
const WHOLE: &[&str] = &[
    // The year first.
    "2026-11-22T13:02:03Z",
    "2026-11-22t13:02:03z",
    "2026-11-22 13:02:03",
    "2026-11-22  13:02:03",
    "2026-11-22_13:02:03",
    "2026-11-22:13:02:03",
    "2026-11-22, 13:02:03",
    "2026-11-22 13:02:03 UTC",
    "2026-11-22 13:02:03 Z",
    "2026-11-22T14:02:03+01",
    "2026-11-22T14:02:03+0100",
    "2026-11-22T14:02:03+01:00",
    "2026-11-22T14:02:03+01:00[Europe/Berlin]",
    "2026-11-22 14:02:03 +0100",
    "2026-11-22 14:02:03 +01:00",
    "2026-11-22 07:32:03 -0530",
    "2026-11-22 14:02:03 CET",
    "2026-11-22 14:02:03 Europe/Berlin",
    "[22-Nov-2026 08:02:03 America/New_York]",
    "2026-11-22 14:02:03 GMT+1",
    "2026-11-22 08:02:03 EST",
    "2026-11-22 16:02:03 MSK",
    "2026-11-22 22:02:03 JST",
    "2026-11-22 01:02:03 PM",
    "2026-11-22 1:02:03 p.m.",
    "2026/11/22 13:02:03",
    "2026.11.22 13:02:03",
    "2026-11-22-13.02.03",
    "2026-11-22-14.02.03.000000+060",
    "2026-326T13:02:03Z",
    "2026/326 13:02:03",
    "2026 326 13:02:03",
    "2026:326:13:02:03",
    "2026-Nov-22 13:02:03",
    "2026 Nov 22 13:02:03",
    "[2026-11-22 13:02:03]",
    "(2026-11-22 13:02:03)",
    "<2026-11-22 13:02:03>",
    "\"2026-11-22 13:02:03\"",
    // Day and month as numbers.
    "22/11/2026 13:02:03",
    "22.11.2026 13:02:03",
    "22-11-2026 13:02:03",
    "22.11.26 13:02:03",
    "22/11/26 13:02:03",
    "26/11/22 13:02:03",
    "11/22/26 13:02:03",
    "11/22/2026 01:02:03 PM",
    "11/22/2026, 1:02:03 PM",
    "11/22/2026, 1:02:03\u{202f}PM",
    "11/22/2026 13:02:03",
    "22/11/2026:13:02:03 +0000",
    "[11/22/26 14:02:03:000 CET]",
    // The month by its name.
    "Nov 22 13:02:03",
    "Nov 22 2026 13:02:03",
    "Nov 22, 2026 1:02:03 PM",
    "Nov 22, 2026, 1:02:03 PM",
    "Nov 22, 2026 @ 13:02:03.000",
    "Nov 22, 2026 at 1:02:03 PM",
    "Nov-22 13:02:03",
    "Sun Nov 22 13:02:03",
    "26-11-22T13:02:03Z",
    "November 22, 2026 13:02:03",
    "nov/22/2026 13:02:03",
    "Nov 22 14:02:03 CET",
    "22-Nov-2026 13:02:03",
    "22-NOV-26 01.02.03.000000 PM",
    "22 Nov 2026 13:02:03",
    "22-Nov-2026::13:02:03",
    "22 Nov 13:02:03",
    "22 November 2026 13:02:03",
    "22/Nov/2026:05:02:03 -0800",
    "[22-Nov-2026 13:02:03 UTC]",
    "Sun Nov 22 13:02:03 2026",
    "Sun Nov 22 14:02:03 CET 2026",
    "Sun Nov 22 16:02:03 EAT 2026",
    "Sun Nov 22 14:02:03 +0100 2026",
    "Sun Nov 22 02:02:03 PM CET 2026",
    "Sun Nov 22 2026 14:02:03 GMT+0100 (Central European Standard Time)",
    "Sun, 22 Nov 2026 14:02:03 +0100",
    "Sun, 22 Nov 2026 14:02:03 +0100 (CET)",
    "Sunday, 22-Nov-26 13:02:03 GMT",
    "Sunday, November 22, 2026 1:02:03 PM",
    "Sun 22 Nov 2026 02:02:03 PM CET",
    "Sun 22 Nov 14:02:03 CET 2026",
    "Sun 2026-11-22 13:02:03 UTC",
    // Digits without separators, and what is counted.
    "20261122T130203Z",
    "20261122 130203",
    "20261122-13:02:03",
    "20261122.130203",
    "20261122130203",
    "261122 130203",
    "261122 13:02:03",
    "1795352523",
    "1795352523000",
    "1795352523000000",
    "1795352523000000000",
    "1795352523.000000",
    "1.795352523e+09",
    "1.795352523000E9",
    "1.795352523e12",
    "@400000006b02e7d500000000",
    // Frames of loggers.
    "11-22 13:02:03.000",
    "11/22 13:02:03",
    "11-22|13:02:03.000",
    "I1122 13:02:03.000000",
    "I20261122 13:02:03.000000",
    "13:02:03",
    "1:02:03 PM",
    "[13:02:03]",
];

/// What may stand before a stamp, and belongs to the heading with it.
const HEADINGS: &[&str] =
    &["", "[main] ", "INFO ", "[ERROR] ", "WARN: ", "[2980] ", "2233:M ", "- ", "(worker 7) [warn] | "];
/// What may stand before a stamp, and is no part of a heading.
const BEFORE: &[&str] =
    &["web-1  | ", "myapp ", "nova-api.log.1.2017-05-16_13:53:08 ", "10.0.0.9 - ann ", "17,", "kern: ", "type=LOGIN "];

#[test]
fn every_notation_is_read_behind_every_heading() {
    for text in WHOLE {
        for heading in HEADINGS {
            for rest in ["", " x", " INFO started", ": x", "\tx", ", x"] {
                let line = format!("{heading}{text}{rest}");
                let Some((found, time_ns)) = read(&line) else { panic!("nothing in {line}") };
                assert_eq!(time_ns, SHOWN, "{line}");
                assert_eq!((found.start, found.stamp.end), (heading.len(), heading.len() + text.len()), "{line}");
                assert!(found.leads, "{line}");
            }
        }
    }
}

#[test]
fn fractions_are_read_in_every_notation() {
    let check = |text: &str, nanos: i64| {
        assert_eq!(
            read(text).map(|(found, time_ns)| (found.stamp.end, time_ns)),
            Some((text.len(), SHOWN + nanos)),
            "{text}"
        );
    };
    let separators = [
        "2026-11-22T13:02:03",
        "22.11.2026 13:02:03",
        "Nov 22 13:02:03",
        "22/Nov/2026:13:02:03",
        "11/22/26 13:02:03",
        "261122 13:02:03",
        "20261122T130203",
        "20261122.130203",
        "13:02:03",
        "I1122 13:02:03",
    ];
    for text in separators {
        check(&format!("{text}.1"), 100_000_000);
        check(&format!("{text},123"), 123_000_000);
        check(&format!("{text}.123456"), 123_456_000);
        check(&format!("{text}.123456789"), 123_456_789);
        check(&format!("{text}.1234567891"), 123_456_789);
    }
    check("2026-11-22 13:02:03:123", 123_000_000);
    check("20261122-13:02:03:5", 5_000_000);
    check("20261122130203123", 123_000_000);
    check("Sun Nov 22 13:02:03.123456 2026", 123_456_000);
    check("1:02:03.5 PM", 500_000_000);
    check("1795352523.25", 250_000_000);
    check("1795352523250", 250_000_000);
    check("@400000006b02e7d50ee6b280", 250_000_000);
    check("1.795352523123456e+09", 123_456_000);
    check("1.79535252325e+12", 250_000_000);
    check("1.795352523250000123e18", 250_000_123);
    check("2026-11-22-13.02.03.123456", 123_456_000);
}

#[test]
fn times_behind_other_words_are_found() {
    for text in WHOLE.iter().filter(|text| text.starts_with("20") && text.contains(':') && !text.contains("2026 ")) {
        for before in BEFORE {
            let line = format!("{before}{text} x");
            let Some((found, time_ns)) = read(&line) else { panic!("nothing in {line}") };
            assert_eq!((time_ns, found.start, found.leads), (SHOWN, before.len(), false), "{line}");
        }
    }
    for line in [
        "date=2026-11-22 time=13:02:03 devname=\"fw\" type=traffic",
        "device=\"fw\" date=\"2026-11-22\" time=\"13:02:03\" x",
        "level=info ts=2026-11-22T13:02:03Z caller=a.go:1 some words",
        "ts=1795352523 some words",
        "type=SYSCALL msg=audit(1795352523.000:4711): arch=c000003e success=no",
        "audit: type=1400 audit(1795352523.000:4711): apparmor=\"DENIED\"",
        "10.0.0.9 - - [22/Nov/2026:13:02:03 +0000] \"GET / HTTP/1.1\" 200",
        "[pid: 1|app: 0] 10.0.0.1 () {32 vars in 400 bytes} [Sun Nov 22 13:02:03 2026] GET /",
        "# Time: 2026-11-22T13:02:03.000000Z",
        "189: *Nov 22 13:02:03.000: %SYS-5-CONFIG_I: Configured",
        "134681 node-246 unix.hw state_change.unavailable 1795352523 1 Component State Change",
        "106268 node-178 action start 1795352523 1 wait  (command 2302)",
        "350766 gige7 gige temperature 1795352523 1 warning",
        "846 node-95 node status 1795352523 1 running",
        "- 1795352523 2026.11.22 R02-M1-N0 RAS KERNEL INFO corrected",
        "APPREAD 1795352523 2026.11.22 R04-M1-N4 RAS APP FATAL",
        "0|app  | 2026-11-22T13:02:03: ready",
    ] {
        assert_eq!(read(line).map(|(_, time_ns)| time_ns), Some(SHOWN), "{line}");
    }
}

#[test]
fn what_touches_the_bracket_of_a_time_is_a_heading() {
    for (before, text) in [
        ("FATA", "[2026-11-22T14:02:03+01:00]"),
        ("ERROR", "[11-22|13:02:03.000]"),
        ("####", "<Nov 22, 2026 2:02:03 PM CET>"),
    ] {
        let line = format!("{before}{text} x");
        let Some((found, time_ns)) = read(&line) else { panic!("nothing in {line}") };
        assert_eq!((time_ns, found.start, found.stamp.end), (SHOWN, before.len(), before.len() + text.len()), "{line}");
        assert!(found.leads, "{line}");
    }
}

#[test]
fn what_is_no_time() {
    for line in [
        "",
        " ",
        "1.2.3",
        "1.2.3 released",
        "v1.2.3-4 13",
        "10.20.30.40 connected",
        "10.20.30 10 11",
        "192.168.0.1:8080 up",
        "12/25 is a holiday",
        "12/25/26",
        "22.11.2026",
        "2026-11-22",
        "2026-11-22 up",
        "Nov 22",
        "Nov 22 2026",
        "22 Nov",
        "550e8400-e29b-41d4-a716-446655440000",
        "at 10:20",
        "meet at 10:20 or later",
        "10:20 in prose",
        "10:20",
        "1:2:3",
        "score 10:20:30 of the game",
        "00:1A:2B:3C:4D:5E",
        "00:11:22:33:44:55 joined",
        "10:20:30::1 is an address",
        "::1",
        "12345678 bytes",
        "1234567 up",
        "4999999999 up",
        "deadbeef 0x7fff",
        "+1 415 555 2671",
        "call 1555123456 now",
        "user [1555123456] logged in",
        "round (10:20:30) of the game",
        "Tel: 1555123456",
        "415-555-2671",
        "12-25-36",
        "size 12.5 MB",
        "3/4 done",
        "50% of 10.5",
        "2026",
        "2026 items",
        "12345 items, 1234567890123456 bytes",
        "123456 123456 numbers",
        "2026-13-22T10:00:00Z",
        "2026-02-29 10:00:00",
        "2026-11-22 24:00:00",
        "2026-11-22 10:60:00",
        "2026-11-22T10:00:00abc",
        "2300-01-01T00:00:00Z",
        "31.04.2026 10:00:00",
        "13/13/2026 10:00:00",
        "Nov 31 10:00:00",
        "Foo 22 10:00:00",
        "E1322 10:00:00.1 7",
        "[   12.345678] usb 1-1",
        "Mon",
        "Sun Sun Sun Sun",
        "May be",
        "March 5",
        "Nov 22, 2026",
        "1h2m3s",
        "5ms",
        "99 bottles",
        "8:5",
        "Marching 12 10:00:00",
        "backup finished at 2026-11-22 13:02:03",
        "the next run is planned for Nov 22 13:02:03",
        "expires on 22.11.2026 13:02:03",
        "a b c d e f g h 2026-11-22 13:02:03",
        "@4000",
        "@400000006b02e7d500000000ff",
        "20261322 100000",
        "19261122100000",
        "1 2026 10:00",
        "0.0.0.0/0",
        "10.0.0.1/24 10:00:00",
        "1,234,567",
        "#1795352523",
        "user1795352523 x",
        "1795352523x",
        "1.795352523e+08 x",
        "1.795352523e+19 x",
        "1.795352523e-09 x",
        "1.795352523e+09x",
        "1.7e x",
        "DISK[2026-11-22T13:02:03Z] x",
        "###<Nov 22, 2026 1:02:03 PM> x",
    ] {
        assert_eq!(read(line), None, "{line}");
    }
}

#[test]
fn what_follows_a_time_stays_where_it_is_no_part_of_it() {
    for (stamp, rest) in [
        ("2026-11-22 13:02:03", " 12 -1 left and +3 right"),
        ("2026-11-22 13:02:03", " -12 left and +10 right"),
        ("2026-11-22 13:02:03", " Europe is down"),
        ("2026-11-22 13:02:03", " MAIN started"),
        ("2026-11-22 13:02:03", " AM radio on"),
        ("2026-11-22 13:02:03", " CAT scan"),
        ("2026-11-22 13:02:03", " PST_QUEUE full"),
        ("2026-11-22 13:02:03", " ESTABLISHED"),
        ("2026-11-22 13:02:03", " +1234 items"),
        ("2026-11-22 13:02:03", " 2026 items"),
        ("2026-11-22 13:02:03", ".x"),
        ("2026-11-22 13:02", ":x"),
        ("Nov 22 13:02:03", " 2026 items"),
        ("13:02:03", " -0x"),
        ("1795352523", " 0.5"),
    ] {
        let line = format!("{stamp}{rest}");
        assert_eq!(read(&line).map(|(found, _)| found.stamp.end), Some(stamp.len()), "{line}");
    }
}
