//! Which format is chosen for the lines of a source.

use super::{NOW, read};
use crate::encoders::Clock;
use crate::formats::Formats;
use crate::recogniser::{Recogniser, reparse};
use ng_model::event::Parsed;
use ng_wire::Format;
use proptest::prelude::*;

const REDIS: &[u8] = b"2233:M 22 Nov 2026 10:00:00.250 # Server initialized";
const NGINX: &[u8] = b"2026/11/22 10:00:00 [error] 31#32: *4711 connect() failed";

fn recogniser() -> Recogniser {
    Recogniser::new(Clock::utc()).trying(Formats::built_in())
}

#[test]
fn a_source_that_has_no_format_is_tried_again_seldom() {
    let recogniser = recogniser();
    for line in 1..=64 {
        assert_eq!(read(&recogniser, 1, b"nothing that anybody declared").0, "", "line {line}");
    }
    let found: Vec<usize> = (65..=4096).filter(|_| read(&recogniser, 1, REDIS).0 == "redis").take(3).collect();
    // Once found, it is tried with every line.
    assert_eq!(found, [1024, 1025, 1026]);
    assert_eq!(read(&recogniser, 2, REDIS).0, "redis", "another source begins anew");
}

#[test]
fn the_formats_of_a_source_may_change_and_mix() {
    let recogniser = recogniser();
    for line in [REDIS, NGINX, REDIS, b"plain", NGINX] {
        let expected = if line == REDIS {
            "redis"
        } else if line == NGINX {
            "nginx_error"
        } else {
            ""
        };
        assert_eq!(read(&recogniser, 1, line).0, expected);
    }
    for _ in 0..2000 {
        read(&recogniser, 1, b"plain");
    }
    assert_eq!(read(&recogniser, 1, NGINX).0, "nginx_error", "what was found once is never forgotten for silence");
}

#[test]
fn the_format_that_read_the_line_before_is_tried_first() {
    // Both read the line; the narrower is before the other in the table.
    let both = b"2026-11-22 10:00:00,250 INFO  [main] a.b.C: up";
    let recogniser = recogniser();
    let first = read(&recogniser, 1, both).0;
    assert_eq!(first, "log4j");
    assert_eq!(read(&recogniser, 1, both).0, first);
}

#[test]
fn what_is_inside_a_wrapper_has_a_format_too() {
    let line = b"2026-11-22T10:00:00.250000000Z stdout F 198.51.100.7 - - [22/Nov/2026:10:00:00 +0000] \"GET / HTTP/1.1\" 502 7";
    let (name, parsed) = read(&recogniser(), 1, line);
    assert_eq!((name, parsed.level), ("access_log", Some(ng_wire::Level::Error)));
    assert_eq!(parsed.field(line, "status").unwrap().number, 502.0);
    assert_eq!(parsed.field(line, "stream").unwrap().value.span.of(line), b"stdout");
}

#[test]
fn other_encoders_keep_what_is_theirs() {
    for (line, format) in [(&b"{\"level\":\"warn\",\"msg\":\"x\"}"[..], Format::Json), (b"queue: 17", Format::Metric)] {
        let (name, parsed) = read(&recogniser(), 1, line);
        assert_eq!((name, parsed.format), ("", format));
    }
}

/// Samples of all formats, whole or with a piece of another put in.
fn lines() -> impl Strategy<Value = Vec<u8>> {
    let samples: Vec<Vec<u8>> = Formats::built_in()
        .iter()
        .flat_map(|format| format.samples.iter().map(|sample| sample.line.clone().into_bytes()))
        .collect();
    let others = samples.clone();
    prop_oneof![
        3 => proptest::sample::select(samples.clone()),
        2 => (proptest::sample::select(samples), proptest::sample::select(others), any::<[u16; 3]>()).prop_map(|(a, b, cuts)| {
            let at = usize::from(cuts[0]) % (a.len() + 1);
            let (from, to) = (usize::from(cuts[1]) % (b.len() + 1), usize::from(cuts[2]) % (b.len() + 1));
            [&a[..at], &b[from.min(to)..from.max(to)], &a[at..]].concat()
        }),
        1 => proptest::collection::vec(any::<u8>(), 0..120),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    /// A stored line is read again as it was, whatever its source had before.
    #[test]
    fn a_line_is_read_again_as_it_was(lines in proptest::collection::vec(lines(), 1..12)) {
        let recogniser = recogniser();
        for line in &lines {
            let (_, parsed) = read(&recogniser, 1, line);
            let inside = |span: ng_model::event::Span| span.start as usize + span.len as usize <= line.len();
            prop_assert!(inside(parsed.message.span) && parsed.fields.iter().all(|field| inside(field.value.span)));
            let mut again = Parsed::default();
            reparse(parsed.format, parsed.declared, line, NOW, &mut again);
            prop_assert_eq!(parsed.time_ns.is_some(), again.time_ns.is_some());
            again.time_ns = parsed.time_ns;
            // Debug text, because NaN differs from itself.
            prop_assert_eq!(format!("{parsed:?}"), format!("{again:?}"));
        }
    }

    /// The first bytes rule out no format that would read a line.
    #[test]
    fn no_format_is_ruled_out_that_reads_a_line(line in lines()) {
        let formats = Formats::built_in();
        let bits = formats.candidates(&line);
        for (index, (format, pattern)) in formats.0.patterns.iter().enumerate() {
            let reading = ng_model::event::Reading {
                source: ng_model::symbols::Sym(1), received_ns: NOW, written_ns: NOW, format: Format::Text, raw: &line,
            };
            if format.read_by(pattern, &reading, &Clock::utc(), &mut Parsed::default()) {
                prop_assert!(bits >> index & 1 == 1, "{} does not stay", pattern.place);
            }
        }
    }

    /// What is chosen follows from the lines of the source alone, and not from those of others between them.
    #[test]
    fn sources_do_not_disturb_each_other(lines in proptest::collection::vec((lines(), 0..3u32), 1..24)) {
        let (together, alone) = (recogniser(), [recogniser(), recogniser(), recogniser()]);
        for (line, source) in &lines {
            let expected = format!("{:?}", read(&alone[*source as usize], *source, line));
            prop_assert_eq!(format!("{:?}", read(&together, *source, line)), expected);
        }
    }
}
