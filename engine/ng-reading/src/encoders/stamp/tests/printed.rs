//! A time that was printed is read back, in every notation, and no bytes stop the reader.

use super::super::{Day, find};
use super::reading;
use crate::encoders::Clock;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use ng_model::symbols::Sym;
use ng_model::zone::Zone;
use proptest::prelude::*;

/// Notations as `strftime` writes them. Those of the second list state no zone, those of the third no year besides.
const ZONED: &[&str] = &[
    "%Y-%m-%dT%H:%M:%S%:z",
    "%Y-%m-%dT%H:%M:%S%.f%:z",
    "%Y-%m-%d %H:%M:%S %z",
    "%Y-%m-%d %H:%M:%S %:z",
    "%d/%b/%Y:%H:%M:%S %z",
    "%a, %d %b %Y %H:%M:%S %z",
    "%a %b %e %H:%M:%S %z %Y",
    "%Y%m%dT%H%M%S%z",
    "%Y-%jT%H:%M:%S%:z",
    "%s",
    "%b %d, %Y %H:%M:%S%:z",
];
const LOCAL: &[&str] = &[
    "%Y-%m-%d %H:%M:%S",
    "%Y/%m/%d %H:%M:%S%.f",
    "%Y.%m.%d %H:%M:%S",
    "%Y-%m-%d-%H.%M.%S",
    "%d-%b-%Y %H:%M:%S",
    "%d %B %Y %H:%M:%S",
    "%b %e %Y %H:%M:%S",
    "%B %d, %Y %I:%M:%S %p",
    "%a %b %e %H:%M:%S %Y",
    "%A, %d-%b-%Y %H:%M:%S",
    "%Y%m%d %H%M%S",
    "%Y%m%d%H%M%S",
    "%Y%m%d-%H:%M:%S",
    "%d.%m.%Y %H:%M:%S",
    "%m/%d/%Y, %I:%M:%S %p",
    "I%Y%m%d %H:%M:%S",
];
const YEARLESS: &[&str] = &["%b %e %H:%M:%S", "%m-%d %H:%M:%S", "I%m%d %H:%M:%S", "%d %b %H:%M:%S"];
const ZONES: &[&str] =
    &["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia"];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn what_was_printed_is_read_back(
        time_s in 631_152_000i64..4_102_444_800,
        notation in proptest::sample::select([ZONED, LOCAL, YEARLESS].concat()),
        zone in proptest::sample::select(ZONES),
        heading in proptest::sample::select(vec!["", "[", "INFO ", "[main] "]),
    ) {
        // Numbers of nine digits are no times at the start of a line.
        prop_assume!(notation != "%s" || time_s >= 1_000_000_000);
        let rules = TimeZone::get(zone).unwrap();
        let printed = Timestamp::from_second(time_s).unwrap().to_zoned_datetime(rules.clone());
        // An hour that comes twice, and the order of day and month before it was shown, is what other tests are about.
        prop_assume!(!rules.to_ambiguous_timestamp(printed.datetime()).is_ambiguous());
        prop_assume!(!notation.contains("%m/%d") || printed.day() > 12 || printed.day() == printed.month());
        let line = format!("{heading}{} x", printed.strftime(notation));
        let found = find(line.as_bytes(), 0);
        prop_assert!(found.is_some(), "{}", line);
        let clock = Clock::of(Zone::new(rules));
        let time_ns = clock.time_ns(&found.unwrap().stamp, &reading(line.as_bytes(), Sym(1), time_s * 1_000_000_000));
        prop_assert_eq!(time_ns, time_s * 1_000_000_000, "{}", line);
        prop_assert!(line[found.unwrap().stamp.end..].trim_start_matches(']') == " x", "{}", line);
    }

    #[test]
    fn any_bytes_are_searched(
        pieces in proptest::collection::vec(
            prop_oneof![
                proptest::sample::select(vec![
                    "2026", "11", "22", "-", "/", ".", ":", " ", ",", "T", "Z", "+01:00", "Nov", "Sun", "13:02:03", "PM", "CET",
                    "[", "]", "(", "audit(", "date=", "time=", "|", "@4000", "1795352523", "GMT+", "I", "*", "\u{202f}",
                ]).prop_map(|text| text.as_bytes().to_vec()),
                proptest::collection::vec(any::<u8>(), 0..4),
            ],
            0..24,
        ),
        written_ns in any::<i64>(),
        zone in proptest::sample::select(ZONES),
    ) {
        let line = pieces.concat();
        if let Some(found) = find(&line, 0) {
            prop_assert!(found.start < found.stamp.end && found.stamp.end <= line.len());
            let clock = Clock::of(Zone::new(TimeZone::get(zone).unwrap()));
            let first = clock.time_ns(&found.stamp, &reading(&line, Sym(1), written_ns));
            // Two encoders may look at one line.
            prop_assert_eq!(clock.time_ns(&found.stamp, &reading(&line, Sym(1), written_ns)), first);
        }
    }

    #[test]
    fn a_day_without_a_year_is_not_ahead_of_the_writing(written_s in 0..4_102_444_800i64, month in 1..=12u32, day in 1..=28u32) {
        let name = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"][month as usize - 1];
        let line = format!("{name} {day} 00:00:00 x");
        let found = find(line.as_bytes(), 0).unwrap();
        let time_ns = Clock::utc().time_ns(&found.stamp, &reading(line.as_bytes(), Sym(1), written_s * 1_000_000_000));
        let ahead_s = time_ns / 1_000_000_000 - written_s;
        prop_assert!(ahead_s <= 86_400 && ahead_s > 86_400 - 366 * 86_400, "{} {}", line, ahead_s);
        prop_assert_eq!((Day::of_seconds(time_ns / 1_000_000_000).month, Day::of_seconds(time_ns / 1_000_000_000).day), (month, day));
    }
}

#[test]
fn hostile_lines_take_no_longer_than_their_window() {
    for piece in
        ["Sun ", "Sun, ", "[", "2026-", "11/", "1", "date=", "audit(", "@4", " ", "|", "Nov ", "\u{1b}[0m", "INFO "]
    {
        let line = piece.repeat(64 * 1024 / piece.len());
        for _ in 0..1000 {
            assert_eq!(find(line.as_bytes(), 0), None, "{piece}");
        }
    }
}
