//! How lines are taken apart.

use super::{read, with};
use crate::encoders::{Clock, message_text};
use crate::formats::Formats;
use crate::recogniser::Recogniser;
use crate::report::Report;
use ng_model::event::Parsed;
use ng_wire::{Format, Level};

const OURS: &str = r"
title = 'Ours'
pattern = '(?P<time>\S+) <(?P<level>\w+)> (?:(?P<took>\d+) )?(?P<code>[A-Z]\d\d) (?P<message>[^|]*)(?:\|(?P<more>.*))?'
[fields]
level = { kind = 'level', levels = { loud = 'error' } }
took = { kind = 'number', unit = 'ms', levels = { 1000 = 'warn', 5000 = 'error' } }
code = { kind = 'text', levels = { X99 = 'fatal' } }
more = 'ignore'
[[sample]]
line = '2026-11-22T10:00:00Z <info> 12 A17 ready'
time = '2026-11-22T10:00:00Z'
level = 'info'
message = 'ready'
fields = { took = 12, code = 'A17' }
";

fn ours(line: &str) -> (&'static str, Parsed) {
    let (formats, faults) = with("ours", OURS);
    assert_eq!(faults, []);
    read(&Recogniser::new(Clock::utc()).trying(formats), 1, line.as_bytes())
}

#[test]
fn of_several_levels_the_most_severe_counts() {
    for (line, level) in [
        ("2026-11-22T10:00:00Z <info> A17 x", Level::Info),
        ("2026-11-22T10:00:00Z <LOUD> A17 x", Level::Error),
        ("2026-11-22T10:00:00Z <info> 999 A17 x", Level::Info),
        ("2026-11-22T10:00:00Z <info> 1000 A17 x", Level::Warn),
        ("2026-11-22T10:00:00Z <warn> 7000 A17 x", Level::Error),
        ("2026-11-22T10:00:00Z <debug> X99 x", Level::Fatal),
    ] {
        let (name, parsed) = ours(line);
        assert_eq!((name, parsed.level), ("ours", Some(level)), "{line}");
    }
}

#[test]
fn numbers_have_their_unit_and_messages_their_fields() {
    let line = "2026-11-22T10:00:00Z <info> 12 A17 done user=ann n=7 {\"id\":4711}|secret=1\r\n  a second line b=2";
    let (name, parsed) = ours(line);
    let raw = line.as_bytes();
    assert_eq!(name, "ours");
    assert_eq!(parsed.message.span.of(raw), b"done user=ann n=7 {\"id\":4711}");
    assert_eq!(parsed.field(raw, "took").unwrap().number, 0.012);
    assert_eq!(parsed.field(raw, "user").unwrap().value.span.of(raw), b"ann");
    assert_eq!(parsed.field(raw, "id").unwrap().number, 4711.0);
    assert!(parsed.field(raw, "secret").is_none() && parsed.field(raw, "b").is_none());
}

#[test]
fn a_line_without_the_time_of_its_format_has_another() {
    assert_eq!(ours("soon <info> A17 x").0, "");
    assert_eq!(ours("2026-13-22T10:00:00Z <info> A17 x").0, "");
}

#[test]
fn what_is_quoted_is_unescaped() {
    let line = br#"time="2026-11-22T10:00:00Z" level=info msg="say \"hi\"""#;
    let (name, parsed) = read(&Recogniser::new(Clock::utc()).trying(Formats::built_in()), 1, line);
    assert_eq!((name, &*message_text(Format::Text, line, parsed.message)), ("docker", &b"say \"hi\""[..]));
}

#[test]
fn long_lines_and_hostile_ones_are_text() {
    let recogniser = Recogniser::new(Clock::utc()).trying(Formats::built_in());
    let heading = "198.51.100.7 - - [22/Nov/2026:10:00:00 +0000] \"GET /";
    for piece in ["a", "\\\"", "[", "\" ", "%00", "a=", "{\"a\":"] {
        let line = format!("{heading}{}", piece.repeat((64 << 10) / piece.len()));
        let (name, parsed) = read(&recogniser, 1, line.as_bytes());
        assert_eq!((name, parsed.format), ("", Format::Text), "{piece}");
    }
}

#[test]
fn a_report_says_what_reads_how_many_lines() {
    let mut report = Report::new(Formats::built_in(), super::NOW);
    for line in [
        "2233:M 22 Nov 2026 10:00:00.250 # Server initialized",
        "2233:M 22 Nov 2026 10:00:01.250 * Ready to accept connections",
        "",
        "what is this",
        "2026-11-22T10:00:00Z nobody declared this",
        "{\"msg\":\"x\"}",
    ] {
        report.line(line.as_bytes());
    }
    let shares: Vec<_> =
        report.shares().iter().map(|share| (share.name, share.lines, share.times, share.levels)).collect();
    assert_eq!(shares, [("redis", 2, 2, 2), ("text", 2, 1, 0), ("json", 1, 0, 0)]);
    assert_eq!(report.first_unread(), Some((4, &b"what is this"[..])));
}
