//! An engine that runs while clocks are set forward and back.

use crate::bench::{Bench, engine_in};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use ng_filter::{Env, Filter};
use ng_model::zone::Zone;
use ng_wire::Format;

fn ns(time: &str) -> i64 {
    time.parse::<Timestamp>().unwrap().as_nanosecond() as i64
}

/// Lines that arrive while an engine runs in a zone, as `(arrival, what the clock shows, its time)`.
fn check(zone: &str, lines: &[(&str, &str, &str)]) {
    let rules = TimeZone::get(zone).or_else(|_| TimeZone::posix(zone)).unwrap();
    let mut bench = Bench::new();
    bench.engine = engine_in(Zone::new(rules.clone()), &[]);
    let env = Env { zone: Zone::new(rules), now_ns: ns("2026-12-31T00:00:00Z"), ..Env::default() };
    for (arrival, shown, time) in lines {
        bench.world.set(ns(arrival));
        let (date, clock) = shown.split_once(' ').unwrap();
        for line in [
            format!("{shown} INFO x"),
            format!("{{\"time\":\"{shown}\",\"msg\":\"x\"}}"),
            format!("time=\"{shown}\" msg=x"),
            format!("{shown},5"),
        ] {
            assert_eq!(bench.line(&line).time_ns, ns(time), "{zone}: {line}");
        }
        // What states a zone needs none.
        assert_eq!(bench.line(&format!("{time} INFO x")).time_ns, ns(time));
        let note = &bench.send("test", Format::Json, &[format!("{{\"time\":\"{date}T{clock}+02:00\"}}")])[0];
        assert_eq!(note.time_ns, ns(&format!("{date}T{clock}+02:00")));
        let found = |filter: String| {
            let filter = Filter::compile(&filter, &env).unwrap();
            let store = bench.store.lock();
            let last = store.next_seq() - 3;
            drop(store);
            ng_core::store::Reader::new(bench.store.clone()).get(last, |stored| filter.matches(stored, 0)).unwrap()
        };
        assert!(found(format!("until:{date}T{clock} since:{date}")), "{zone}: {shown}");
    }
}

#[test]
fn an_engine_that_runs_while_clocks_are_set_forward_reads_every_line_right() {
    check(
        "Europe/Berlin",
        &[
            ("2026-03-29T00:59:59Z", "2026-03-29 01:59:59", "2026-03-29T00:59:59Z"),
            ("2026-03-29T01:00:00Z", "2026-03-29 03:00:00", "2026-03-29T01:00:00Z"),
            ("2026-03-29T01:00:01Z", "2026-03-29 01:59:58", "2026-03-29T00:59:58Z"),
            ("2026-07-01T10:00:00Z", "2026-07-01 12:00:00", "2026-07-01T10:00:00Z"),
        ],
    );
    check(
        "Australia/Lord_Howe",
        &[
            ("2026-10-03T15:29:59Z", "2026-10-04 01:59:59", "2026-10-03T15:29:59Z"),
            ("2026-10-03T15:30:00Z", "2026-10-04 02:30:00", "2026-10-03T15:30:00Z"),
        ],
    );
    check(
        "EST5EDT,M3.2.0,M11.1.0",
        &[
            ("2026-03-08T06:59:59Z", "2026-03-08 01:59:59", "2026-03-08T06:59:59Z"),
            ("2026-03-08T07:00:00Z", "2026-03-08 03:00:00", "2026-03-08T07:00:00Z"),
        ],
    );
}

#[test]
fn an_engine_that_runs_while_clocks_are_set_back_reads_every_line_right() {
    check(
        "Europe/Berlin",
        &[
            ("2026-10-24T23:59:59Z", "2026-10-25 01:59:59", "2026-10-24T23:59:59Z"),
            ("2026-10-25T00:00:00Z", "2026-10-25 02:00:00", "2026-10-25T00:00:00Z"),
            ("2026-10-25T00:59:59Z", "2026-10-25 02:59:59", "2026-10-25T00:59:59Z"),
        ],
    );
    let mut bench = Bench::new();
    bench.engine = engine_in(Zone::new(TimeZone::get("Europe/Berlin").unwrap()), &[]);
    let lines = ["2026-10-25 02:59:59 INFO x", "2026-10-25 02:00:00 INFO x", "Oct 25 02:30:00 x", "Oct 25 03:00:00 x"];
    bench.world.set(ns("2026-10-25T02:00:00Z"));
    let times: Vec<i64> = bench.lines(&lines).iter().map(|record| record.time_ns).collect();
    let expected =
        ["2026-10-25T00:59:59Z", "2026-10-25T01:00:00Z", "2026-10-25T01:30:00Z", "2026-10-25T02:00:00Z"].map(ns);
    assert_eq!(times, expected);
    // Another source is still in the first of the two hours.
    assert_eq!(bench.send("other", Format::Text, &["Oct 25 02:10:00 x"])[0].time_ns, ns("2026-10-25T00:10:00Z"));
}
