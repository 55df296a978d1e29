//! What the lines of a source before say of a stamp that leaves something open.

use super::super::find;
use super::reading;
use crate::encoders::Clock;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use ng_model::event::Reading;
use ng_model::symbols::Sym;
use ng_model::zone::{Zone, Zones};

const LOG: Sym = Sym(1);
const OTHER_LOG: Sym = Sym(2);

fn ns(time: &str) -> i64 {
    time.parse::<Timestamp>().unwrap().as_nanosecond() as i64
}

fn zone(name: &str) -> Zone {
    Zone::new(TimeZone::get(name).unwrap())
}

/// What a clock reads in the stamps of one line after the other, each written at a time.
fn read(clock: &Clock, source: Sym, written: &str, stamp: &str) -> String {
    let found = find(stamp.as_bytes(), 0).unwrap_or_else(|| panic!("nothing in {stamp}"));
    let time_ns = clock.time_ns(&found.stamp, &reading(stamp.as_bytes(), source, ns(written)));
    Timestamp::from_nanosecond(i128::from(time_ns)).unwrap().to_string()
}

/// Lines of one source as `(stamp, time)`, all written at the same time.
fn check(written: &str, lines: &[(&str, &str)]) {
    let clock = Clock::utc();
    for (stamp, time) in lines {
        assert_eq!(read(&clock, LOG, written, stamp), *time, "{stamp} written at {written}");
    }
}

#[test]
fn a_value_above_twelve_shows_the_order_from_then_on() {
    let written = "2027-06-01T00:00:00Z";
    check(
        written,
        &[
            ("03/04/2026 10:00:00", "2026-04-03T10:00:00Z"),
            ("03/24/2026 10:00:00", "2026-03-24T10:00:00Z"),
            ("03/04/2026 10:00:00", "2026-03-04T10:00:00Z"),
            // What cannot be refutes what was believed.
            ("24/03/2026 10:00:00", "2026-03-24T10:00:00Z"),
            ("03/04/2026 10:00:00", "2026-04-03T10:00:00Z"),
        ],
    );
    check(written, &[("03-13-2026 10:00:00", "2026-03-13T10:00:00Z"), ("03-04-2026 10:00:00", "2026-03-04T10:00:00Z")]);
}

#[test]
fn before_that_the_notation_decides() {
    let written = "2027-06-01T00:00:00Z";
    check(written, &[("03/04/2026 10:00:00", "2026-04-03T10:00:00Z")]);
    check(written, &[("03.04.2026 10:00:00", "2026-04-03T10:00:00Z")]);
    check(written, &[("03-04-2026 10:00:00", "2026-04-03T10:00:00Z")]);
    check(written, &[("03/04/2026 10:00:00 AM", "2026-03-04T10:00:00Z")]);
    check(written, &[("03/04/26 10:00:00", "2026-03-04T10:00:00Z")]);
    check(written, &[("03.04.26 10:00:00", "2026-04-03T10:00:00Z")]);
    // The later of the years that are possible and not to come.
    check(written, &[("17/06/09 10:00:00", "2017-06-09T10:00:00Z")]);
    check(written, &[("09/06/17 10:00:00", "2017-09-06T10:00:00Z")]);
    check(written, &[("17/06/30 10:00:00", "2017-06-30T10:00:00Z")]);
}

#[test]
fn what_was_just_written_shows_the_order() {
    check("2026-03-04T10:00:30Z", &[("03/04/2026 10:00:00", "2026-03-04T10:00:00Z")]);
    check("2026-04-03T10:00:30Z", &[("03/04/26 10:00:00", "2026-04-03T10:00:00Z")]);
    // Nobody writes of what is to come.
    check("2026-03-20T00:00:00Z", &[("03/04/2026 10:00:00", "2026-03-04T10:00:00Z")]);
}

#[test]
fn the_year_is_the_latest_that_is_not_to_come() {
    check(
        "2026-11-30T12:00:00Z",
        &[
            ("Mar 10 10:00:00", "2026-03-10T10:00:00Z"),
            ("Jan  5 10:00:00", "2026-01-05T10:00:00Z"),
            ("Dec  1 10:00:00", "2026-12-01T10:00:00Z"),
            ("Dec  2 10:00:00", "2025-12-02T10:00:00Z"),
            ("Feb 29 10:00:00", "2024-02-29T10:00:00Z"),
        ],
    );
    // A file of the year before last.
    check(
        "2025-01-02T12:00:00Z",
        &[
            ("Nov 30 10:00:00", "2024-11-30T10:00:00Z"),
            ("Dec 31 23:59:59", "2024-12-31T23:59:59Z"),
            ("Jan  1 00:00:00", "2025-01-01T00:00:00Z"),
        ],
    );
}

#[test]
fn a_new_year_begins_while_a_source_is_read() {
    check(
        "2026-12-31T00:00:00Z",
        &[("Dec 31 23:59:59", "2026-12-31T23:59:59Z"), ("Jan  1 00:00:05", "2027-01-01T00:00:05Z")],
    );
    check("2026-12-31T00:00:00Z", &[("Jan  1 00:00:05", "2026-01-01T00:00:05Z")]);
}

#[test]
fn a_time_without_a_date_is_of_the_day_of_the_stamp_before() {
    check(
        "2026-11-30T12:00:00Z",
        &[
            ("2026-11-20 23:59:58", "2026-11-20T23:59:58Z"),
            ("23:59:59.5", "2026-11-20T23:59:59.5Z"),
            ("00:00:01", "2026-11-21T00:00:01Z"),
            // A line that is late.
            ("23:59:58", "2026-11-20T23:59:58Z"),
            ("00:00:02", "2026-11-21T00:00:02Z"),
            ("22:00:00", "2026-11-21T22:00:00Z"),
            ("08:00:00", "2026-11-22T08:00:00Z"),
            ("07:30:00", "2026-11-22T07:30:00Z"),
        ],
    );
}

#[test]
fn the_first_time_without_a_date_is_of_the_day_of_the_writing() {
    check("2026-11-30T12:00:00Z", &[("11:00:00", "2026-11-30T11:00:00Z"), ("11:30:00", "2026-11-30T11:30:00Z")]);
    check("2026-11-30T12:00:00Z", &[("13:00:00", "2026-11-30T13:00:00Z")]);
    check(
        "2026-11-30T12:00:00Z",
        &[
            ("13:30:00", "2026-11-29T13:30:00Z"),
            ("10:00:00", "2026-11-30T10:00:00Z"),
            ("09:59:00", "2026-11-30T09:59:00Z"),
        ],
    );
    // It is still the day before in New York.
    let clock = Clock::of(zone("America/New_York"));
    assert_eq!(read(&clock, LOG, "2026-11-30T03:00:00Z", "21:00:00"), "2026-11-30T02:00:00Z");
}

#[test]
fn days_are_not_counted_into_the_future() {
    let clock = Clock::utc();
    for _ in 0..10 {
        for stamp in ["12:00:00", "06:00:00"] {
            let time = read(&clock, LOG, "2026-11-30T12:00:00Z", stamp);
            assert!(ns(&time) <= ns("2026-12-01T12:00:00Z"), "{time}");
        }
    }
}

#[test]
fn sources_do_not_teach_each_other() {
    let clock = Clock::utc();
    let written = "2027-06-01T00:00:00Z";
    assert_eq!(read(&clock, LOG, written, "03/24/2026 10:00:00"), "2026-03-24T10:00:00Z");
    assert_eq!(read(&clock, OTHER_LOG, written, "03/04/2026 10:00:00"), "2026-04-03T10:00:00Z");
    assert_eq!(read(&clock, LOG, written, "03/04/2026 10:00:00"), "2026-03-04T10:00:00Z");
    assert_eq!(read(&clock, OTHER_LOG, written, "11:00:00"), "2026-04-03T11:00:00Z");
    assert_eq!(read(&clock, LOG, written, "11:00:00"), "2026-03-04T11:00:00Z");
}

#[test]
fn a_source_may_have_a_zone_of_its_own() {
    let zones = Zones {
        sources: [("web".to_owned(), zone("Europe/Berlin"))].into(),
        abbreviations: [("CST".to_owned(), 8 * 3600)].into(),
        ..Zones::from(zone("America/New_York"))
    };
    let mut clock = Clock::in_zones(zones);
    clock.introduce(LOG, "web");
    clock.introduce(OTHER_LOG, "db");
    let written = "2026-12-01T00:00:00Z";
    assert_eq!(read(&clock, LOG, written, "2026-07-15 12:00:00"), "2026-07-15T10:00:00Z");
    assert_eq!(read(&clock, LOG, written, "2026-11-15 12:00:00"), "2026-11-15T11:00:00Z");
    assert_eq!(read(&clock, OTHER_LOG, written, "2026-07-15 12:00:00"), "2026-07-15T16:00:00Z");
    assert_eq!(read(&clock, OTHER_LOG, written, "2026-11-15 12:00:00 CET"), "2026-11-15T11:00:00Z");
    assert_eq!(read(&clock, OTHER_LOG, written, "2026-11-15 12:00:00 CST"), "2026-11-15T04:00:00Z");
    clock.assume_utc = true;
    assert_eq!(read(&clock, OTHER_LOG, written, "2026-11-15 12:00:00"), "2026-11-15T12:00:00Z");
    assert_eq!(read(&clock, LOG, written, "2026-11-15 12:00:00"), "2026-11-15T11:00:00Z");
}

#[test]
fn the_zone_of_a_file_is_found_by_the_end_of_its_path() {
    let own = ["file:web.log", "file:/srv/app/db.log", "journald"].map(|name| (name.to_owned(), zone("Asia/Tokyo")));
    let clock = Clock::in_zones(Zones { sources: own.into(), ..Zones::from(Zone::UTC) });
    let check = |name: &str, has_own: bool| {
        let source = Sym(name.len() as u32 + 100);
        clock.introduce(source, name);
        let time = if has_own { "2026-07-15T03:00:00Z" } else { "2026-07-15T12:00:00Z" };
        assert_eq!(read(&clock, source, "2026-12-01T00:00:00Z", "2026-07-15 12:00:00"), time, "{name}");
    };
    check("file:web.log", true);
    check("file:./web.log", true);
    check("file:/var/log/web.log", true);
    check("file:/var/log/otherweb.log", false);
    check("file:app/db.log", true);
    check("file:/srv/db.log", false);
    check("journald", true);
    check("web.log", false);
}

/// When text happened, lines as `(received, stated)`, of a file that was written at a time.
fn event_times(written: &str, lines: &[(&str, Option<&str>)]) -> Vec<String> {
    let clock = Clock::utc();
    let time = |(received, stated): &(&str, Option<&str>)| {
        let reading = Reading { received_ns: ns(received), ..reading(b"x", LOG, ns(written)) };
        let time_ns = clock.event_time_ns(stated.map(ns), true, &reading);
        Timestamp::from_nanosecond(i128::from(time_ns)).unwrap().to_string()
    };
    lines.iter().map(time).collect()
}

#[test]
fn a_line_without_a_time_has_that_of_the_line_before() {
    let (read, later) = ("2026-12-01T00:00:00Z", "2026-12-01T00:00:02Z");
    let (first, second) = ("2026-11-15T12:00:00Z", "2026-11-15T12:00:07Z");
    let lines = [(read, None), (read, Some(first)), (read, None), (read, Some(second)), (read, None), (later, None)];
    let written = "2026-11-16T00:00:00Z";
    assert_eq!(event_times(written, &lines), [written, first, first, second, second, written]);
    assert_eq!(event_times(later, &lines[..1]), [read], "a file is not read before it is written");
    let reading = reading(b"21.5", LOG, ns(written));
    let clock = Clock::utc();
    clock.event_time_ns(Some(ns(first)), true, &reading);
    let reading = Reading { received_ns: ns(read), ..reading };
    assert_eq!(clock.event_time_ns(None, false, &reading), ns(read), "a number is no line of a text");
}

#[test]
fn a_zone_that_a_stamp_names_is_read_by_its_rules() {
    let own = Zones { sources: [("log".to_owned(), zone("Asia/Tokyo"))].into(), ..Zones::default() };
    let clock = Clock::in_zones(own);
    clock.introduce(LOG, "log");
    let written = "2026-11-30T12:00:00Z";
    for (stamp, time) in [
        ("[22-Jul-2026 13:02:03 Europe/Berlin] x", "2026-07-22T11:02:03Z"),
        ("[22-Nov-2026 13:02:03 Europe/Berlin] x", "2026-11-22T12:02:03Z"),
        ("[22-Nov-2026 13:02:03 America/Argentina/Buenos_Aires] x", "2026-11-22T16:02:03Z"),
        ("[22-Nov-2026 13:02:03 Europe/Atlantis] x", "2026-11-22T04:02:03Z"),
        ("[22-Nov-2026 13:02:03] x", "2026-11-22T04:02:03Z"),
    ] {
        assert_eq!(read(&clock, LOG, written, stamp), time, "{stamp}");
    }
}
