//! The time zone of a host: between the time that its clocks show and the time that events have.
//!
//! A zone is handed in, so that the same input gives the same events wherever it is read; one that the input names itself is
//! that of the rules that are built in. What a clock shows is read by the rule of its own day:
//!
//! * an hour that comes twice, because clocks are set back, is the earlier one, unless that would step back behind what
//!   the same source has already said;
//! * an hour that clocks leave out is counted on from before it: 02:30 is half an hour after the change.

use crate::symbols::Sym;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone, TimeZoneDatabase};
use jiff::{SignedDuration, Timestamp};
use rustc_hash::FxHashMap;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Lines of one source may be this much out of order, in seconds, before a step back means that clocks were set back.
const OUT_OF_ORDER_S: i64 = 60;

/// Which offset from UTC clocks have at which time. A clone shares the rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone(TimeZone);

impl Zone {
    /// UTC.
    pub const UTC: Zone = Zone(TimeZone::UTC);

    /// The zone of these rules.
    pub fn new(rules: TimeZone) -> Zone {
        Zone(rules)
    }

    /// The zone of a name of the IANA, such as `Europe/Berlin`, by the rules that are built in: a name means the same everywhere.
    pub fn named(name: &str) -> Option<Zone> {
        static BUILT_IN: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);
        BUILT_IN.get(name).ok().map(Zone)
    }

    /// What clocks show at a moment, nanoseconds since 1970, UTC.
    pub fn civil(&self, time_ns: i64) -> DateTime {
        // Every such number is a moment of the calendar.
        self.0.to_datetime(Timestamp::from_nanosecond(i128::from(time_ns)).unwrap_or_default())
    }

    /// The moments at which clocks show this, the later one first; both are the same but for an hour that comes twice.
    /// Nanoseconds since 1970, UTC; nothing outside of 1677 to 2262.
    pub fn moments(&self, civil: DateTime) -> Option<[i64; 2]> {
        let either = self.0.to_ambiguous_timestamp(civil);
        let earlier = either.compatible().ok()?;
        let later = match either.offset() {
            AmbiguousOffset::Fold { .. } => either.later().ok()?,
            _ => earlier,
        };
        let ns = |moment: Timestamp| i64::try_from(moment.as_nanosecond()).ok();
        Some([ns(later)?, ns(earlier)?])
    }

    fn shown_s(&self, time_s: i64) -> i64 {
        Timestamp::from_second(time_s).map_or(time_s, |moment| time_s + i64::from(self.0.to_offset(moment).seconds()))
    }

    /// The stretch of constant offset around what a clock shows.
    fn stretch(&self, civil_s: i64) -> Stretch {
        self.find_stretch(civil_s).unwrap_or(Stretch { from_s: civil_s, to_s: civil_s, ..Stretch::default() })
    }

    /// Nothing for a time outside of the calendar.
    fn find_stretch(&self, civil_s: i64) -> Option<Stretch> {
        let at = |seconds| Timestamp::from_second(seconds).ok();
        let civil = Offset::UTC.to_datetime(at(civil_s)?);
        let span = |change: Timestamp, before: Offset, after: Offset| {
            let ends = [before, after].map(|offset| change.as_second() + i64::from(offset.seconds()));
            (ends[0].min(ends[1]), ends[0].max(ends[1]))
        };
        Some(match self.0.to_ambiguous_timestamp(civil).offset() {
            AmbiguousOffset::Unambiguous { offset } => {
                let time = at(civil_s - i64::from(offset.seconds()))?;
                let mut stretch = Stretch { offset_s: i64::from(offset.seconds()), ..Stretch::ENDLESS };
                // A change in this very second counts as one before.
                let begin = time.checked_add(SignedDuration::from_secs(1)).ok()?;
                if let Some(change) = self.0.preceding(begin).next() {
                    let before = self.0.to_offset(at(change.timestamp().as_second() - 1)?);
                    stretch.from_s = span(change.timestamp(), before, offset).1;
                }
                if let Some(change) = self.0.following(time).next() {
                    stretch.to_s = span(change.timestamp(), offset, change.offset()).0;
                }
                stretch
            }
            AmbiguousOffset::Gap { before, after } | AmbiguousOffset::Fold { before, after } => {
                let earliest = before.seconds().max(after.seconds());
                let change = self.0.following(at(civil_s - i64::from(earliest))?).next()?;
                let (from_s, to_s) = span(change.timestamp(), before, after);
                let again_s = i64::from(before.seconds() - after.seconds()).max(0);
                Stretch { from_s, to_s, offset_s: i64::from(before.seconds()), again_s }
            }
        })
    }
}

impl Default for Zone {
    fn default() -> Self {
        Zone::UTC
    }
}

/// How times that state no zone, or only its abbreviation, are read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Zones {
    /// The zone of sources that have none of their own.
    pub local: Zone,
    /// Zones of sources, by their names.
    pub sources: BTreeMap<String, Zone>,
    /// Abbreviations that mean something else than usual, and seconds east of UTC.
    pub abbreviations: BTreeMap<String, i32>,
}

impl From<Zone> for Zones {
    fn from(local: Zone) -> Self {
        Zones { local, ..Zones::default() }
    }
}

/// What clocks show between two changes, or during one.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Stretch {
    /// Seconds that a clock shows, counted from 1970-01-01T00:00:00.
    from_s: i64,
    /// The first second that is no longer part of it.
    to_s: i64,
    /// Seconds east of UTC.
    offset_s: i64,
    /// All of it comes a second time, so many seconds later; otherwise 0.
    again_s: i64,
}

impl Stretch {
    const ENDLESS: Stretch = Stretch { from_s: i64::MIN, to_s: i64::MAX, offset_s: 0, again_s: 0 };
}

/// Reads what the clocks of a zone showed, one event after the other. It remembers the last stretch of constant offset:
/// events come in the order of time, so that the rules are looked up at changes only.
#[derive(Clone, Debug, Default)]
pub struct LocalTime {
    zone: Zone,
    known: Cell<Stretch>,
    repeated: RefCell<Repeated>,
}

/// What was read of an hour that comes twice.
#[derive(Clone, Debug, Default)]
struct Repeated {
    /// The beginning of the hour, as clocks show it.
    from_s: i64,
    /// The last time of each source within it.
    last_s: FxHashMap<Sym, i64>,
}

impl LocalTime {
    /// The clocks of a zone.
    pub fn new(zone: Zone) -> LocalTime {
        LocalTime { zone, ..LocalTime::default() }
    }

    /// What a clock shows, in seconds counted from 1970-01-01T00:00:00, at a moment in seconds since 1970, UTC.
    pub fn shown_s(&self, time_s: i64) -> i64 {
        self.zone.shown_s(time_s)
    }

    /// Seconds since 1970, UTC, of what a clock showed to a source: seconds counted from 1970-01-01T00:00:00.
    pub fn to_utc_s(&self, civil_s: i64, source: Sym) -> i64 {
        let mut stretch = self.known.get();
        if civil_s < stretch.from_s || civil_s >= stretch.to_s {
            stretch = self.zone.stretch(civil_s);
            self.known.set(stretch);
        }
        let earlier = civil_s - stretch.offset_s;
        if stretch.again_s == 0 { earlier } else { self.repeated.borrow_mut().read(stretch, earlier, source) }
    }
}

impl Repeated {
    /// The later of two times only when that keeps the order of the source and the earlier does not.
    fn read(&mut self, stretch: Stretch, earlier: i64, source: Sym) -> i64 {
        if self.from_s != stretch.from_s {
            self.from_s = stretch.from_s;
            self.last_s.clear();
        }
        let later = earlier + stretch.again_s;
        let last = self.last_s.entry(source).or_insert(earlier);
        let is_later = earlier < *last - OUT_OF_ORDER_S && later >= *last - OUT_OF_ORDER_S;
        *last = if is_later { later } else { earlier };
        *last
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FILE: Sym = Sym(1);
    const OTHER_FILE: Sym = Sym(2);
    const NAMES: [&str; 10] = [
        "Europe/Berlin",
        "America/New_York",
        "Asia/Kolkata",
        "Australia/Lord_Howe",
        "Africa/Casablanca",
        "Europe/Dublin",
        "Pacific/Apia",
        "America/Sao_Paulo",
        "Antarctica/Troll",
        "UTC",
    ];

    fn zone(name: &str) -> Zone {
        Zone::new(TimeZone::get(name).or_else(|_| TimeZone::posix(name)).unwrap())
    }

    fn civil_s(text: &str) -> i64 {
        let civil: DateTime = text.parse().unwrap();
        Offset::UTC.to_timestamp(civil).unwrap().as_second()
    }

    /// Reads what clocks show in order, and shows the times in UTC.
    fn read(name: &str, shown: &[(Sym, &str)]) -> Vec<String> {
        let local = LocalTime::new(zone(name));
        let read = |(source, text): &(Sym, &str)| local.to_utc_s(civil_s(text), *source);
        shown.iter().map(read).map(|time_s| Timestamp::from_second(time_s).unwrap().to_string()).collect()
    }

    fn check(name: &str, shown: &[&str], expected: &[&str]) {
        let shown: Vec<(Sym, &str)> = shown.iter().map(|text| (FILE, *text)).collect();
        assert_eq!(read(name, &shown), expected, "{name}");
    }

    #[test]
    fn every_day_has_the_offset_of_its_rule() {
        check(
            "Europe/Berlin",
            &["2026-07-01T12:00:00", "2026-11-30T12:00:00", "2026-07-02T12:00:00"],
            &["2026-07-01T10:00:00Z", "2026-11-30T11:00:00Z", "2026-07-02T10:00:00Z"],
        );
        check("Asia/Kolkata", &["2026-07-01T12:00:00"], &["2026-07-01T06:30:00Z"]);
        check("EST5EDT,M3.2.0,M11.1.0", &["2026-07-01T12:00:00"], &["2026-07-01T16:00:00Z"]);
        check("<+0545>-5:45", &["2026-07-01T12:00:00"], &["2026-07-01T06:15:00Z"]);
    }

    #[test]
    fn a_missing_hour_is_counted_on_from_before_it() {
        check(
            "Europe/Berlin",
            &["2026-03-29T01:59:59", "2026-03-29T02:00:00", "2026-03-29T02:30:00", "2026-03-29T03:00:00"],
            &["2026-03-29T00:59:59Z", "2026-03-29T01:00:00Z", "2026-03-29T01:30:00Z", "2026-03-29T01:00:00Z"],
        );
        check(
            "Australia/Lord_Howe",
            &["2026-10-04T01:59:59", "2026-10-04T02:10:00", "2026-10-04T02:30:00"],
            &["2026-10-03T15:29:59Z", "2026-10-03T15:40:00Z", "2026-10-03T15:30:00Z"],
        );
    }

    #[test]
    fn an_hour_that_comes_twice_keeps_the_order() {
        check(
            "Europe/Berlin",
            &[
                "2026-10-25T01:59:00",
                "2026-10-25T02:10:00",
                "2026-10-25T02:50:00",
                "2026-10-25T02:49:30", // A line that is late.
                "2026-10-25T02:05:00",
                "2026-10-25T02:55:00",
                "2026-10-25T03:00:00",
            ],
            &[
                "2026-10-24T23:59:00Z",
                "2026-10-25T00:10:00Z",
                "2026-10-25T00:50:00Z",
                "2026-10-25T00:49:30Z",
                "2026-10-25T01:05:00Z",
                "2026-10-25T01:55:00Z",
                "2026-10-25T02:00:00Z",
            ],
        );
        check(
            "Australia/Lord_Howe",
            &["2026-04-05T01:50:00", "2026-04-05T01:35:00", "2026-04-05T02:00:00"],
            &["2026-04-04T14:50:00Z", "2026-04-04T15:05:00Z", "2026-04-04T15:30:00Z"],
        );
        // The same hour of another year is another hour.
        check(
            "Europe/Berlin",
            &["2026-10-25T02:50:00", "2025-10-26T02:10:00"],
            &["2026-10-25T00:50:00Z", "2025-10-26T00:10:00Z"],
        );
    }

    #[test]
    fn sources_keep_their_order_apart() {
        let shown = [
            (FILE, "2026-10-25T02:50:00"),
            (OTHER_FILE, "2026-10-25T02:10:00"),
            (FILE, "2026-10-25T02:10:00"),
            (OTHER_FILE, "2026-10-25T02:11:00"),
        ];
        let expected = ["2026-10-25T00:50:00Z", "2026-10-25T00:10:00Z", "2026-10-25T01:10:00Z", "2026-10-25T00:11:00Z"];
        assert_eq!(read("Europe/Berlin", &shown), expected);
    }

    #[test]
    fn the_rules_are_looked_up_at_changes_only() {
        let local = LocalTime::new(zone("Europe/Berlin"));
        local.to_utc_s(civil_s("2026-07-01T12:00:00"), FILE);
        let summer = local.known.get();
        assert_eq!(
            (summer.from_s, summer.to_s),
            (civil_s("2026-03-29T03:00:00"), civil_s("2026-10-25T02:00:00")),
            "{summer:?}"
        );
        let twice = zone("Europe/Berlin").stretch(civil_s("2026-10-25T02:30:00"));
        assert_eq!((twice.from_s, twice.to_s), (civil_s("2026-10-25T02:00:00"), civil_s("2026-10-25T03:00:00")));
        let missing = zone("Europe/Berlin").stretch(civil_s("2026-03-29T02:30:00"));
        assert_eq!((missing.from_s, missing.to_s), (civil_s("2026-03-29T02:00:00"), civil_s("2026-03-29T03:00:00")));
        assert_eq!(Zone::UTC.stretch(0), Stretch::ENDLESS);
    }

    proptest! {
        /// What was remembered of the times before never changes a time: each is one of those that the rules give.
        #[test]
        fn times_are_those_of_the_rules(
            name in proptest::sample::select(&NAMES[..]),
            begin in -3_000_000_000i64..6_000_000_000,
            steps in proptest::collection::vec(prop_oneof![-9_000..9_000i64, -9_000_000..9_000_000i64], 1..40),
        ) {
            let zone = zone(name);
            let local = LocalTime::new(zone.clone());
            let mut civil = begin;
            for step in steps {
                civil += step;
                let shown = Offset::UTC.to_datetime(Timestamp::from_second(civil).unwrap());
                let time_ns = local.to_utc_s(civil, FILE) * 1_000_000_000;
                prop_assert!(zone.moments(shown).unwrap().contains(&time_ns), "{} {}", name, shown);
            }
        }

        #[test]
        fn no_time_overflows(name in proptest::sample::select(&NAMES[..]), civil in -9_300_000_000..9_300_000_000i64) {
            LocalTime::new(zone(name)).to_utc_s(civil, FILE);
        }
    }
}
