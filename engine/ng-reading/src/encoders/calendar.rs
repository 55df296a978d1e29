//! Calendar days and clock times to seconds, without a look at any zone.

const DAY_S: i64 = 86_400;
const SECOND_NS: i64 = 1_000_000_000;
/// No clock of any zone is two days away from UTC.
const LATEST_S: i64 = i64::MAX / SECOND_NS - 2 * DAY_S;

/// A calendar day with a time of day, before any offset from UTC is applied. Not yet known to exist.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Civil {
    pub(super) year: i32,
    pub(super) month: u32,
    pub(super) day: u32,
    pub(super) hour: u32,
    pub(super) minute: u32,
    /// 60 is a leap second and is read as 59.
    pub(super) second: u32,
    pub(super) nanos: u32,
}

impl Civil {
    /// Seconds that a clock counted from 1970-01-01T00:00:00 until it showed this. None when there is no such day or time,
    /// or when nanoseconds since 1970 would not hold it in every zone (before 1677, after 2262).
    pub(super) fn seconds(self) -> Option<i64> {
        let Civil { year, month, day, hour, minute, second, .. } = self;
        let exists = (1..=12).contains(&month)
            && day >= 1
            && day <= days_in_month(year, month)
            && hour < 24
            && minute < 60
            && second <= 60;
        if !exists {
            return None;
        }
        let seconds = days_since_1970(year, month, day) * DAY_S + i64::from(hour * 3600 + minute * 60 + second.min(59));
        (seconds.abs() < LATEST_S).then_some(seconds)
    }

    /// In the year that brings it nearest to `near_ns`, nanoseconds since 1970, for stamps that state no year. None when
    /// the day is in no calendar.
    pub(super) fn in_year_near(self, near_ns: i64) -> Option<Civil> {
        let near_s = near_ns.div_euclid(SECOND_NS);
        let year = year_of_day(near_s.div_euclid(DAY_S));
        let distance = |civil: &Civil| civil.seconds().map(|seconds| seconds.abs_diff(near_s));
        let same_year = Civil { year, ..self };
        // Less than half a year away: every other year is farther.
        if distance(&same_year).is_some_and(|seconds| seconds < 182 * DAY_S as u64) {
            return Some(same_year);
        }
        // Only a leap day needs to look farther than one year; 1896 to 1904 and the like are eight years apart.
        let reach = if (self.month, self.day) == (2, 29) { 8 } else { 1 };
        (year - reach..=year + reach)
            .map(|year| Civil { year, ..self })
            .filter_map(|civil| distance(&civil).map(|seconds| (seconds, civil)))
            .min_by_key(|(seconds, _)| *seconds)
            .map(|(_, civil)| civil)
    }
}

fn is_leap(year: i32) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_in_month(year: i32, month: u32) -> u32 {
    match month {
        2 => 28 + u32::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 in the proleptic Gregorian calendar, by counting years that start in March.
fn days_since_1970(year: i32, month: u32, day: u32) -> i64 {
    let year = i64::from(year) - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = i64::from((month + 9) % 12);
    let day_of_year = (153 * month_from_march + 2) / 5 + i64::from(day) - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// The year in which a day counted from 1970-01-01 lies.
fn year_of_day(day: i64) -> i32 {
    let day = day + 719_468;
    let era = day.div_euclid(146_097);
    let day_of_era = day.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    // Day 306 counted from the first of March is the first of January.
    (era * 400 + year_of_era + i64::from(day_of_year >= 306)) as i32
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(year: i32, month: u32, day: u32) -> Civil {
        Civil { year, month, day, ..Civil::default() }
    }

    #[test]
    fn known_days() {
        assert_eq!(at(1970, 1, 1).seconds(), Some(0));
        assert_eq!(at(2000, 3, 1).seconds(), Some(951_868_800));
        assert_eq!(at(1969, 12, 31).seconds(), Some(-DAY_S));
    }

    #[test]
    fn days_that_do_not_exist() {
        for civil in
            [at(2026, 2, 29), at(1900, 2, 29), at(2026, 4, 31), at(2026, 13, 1), at(2026, 0, 1), at(2026, 1, 0)]
        {
            assert_eq!(civil.seconds(), None, "{civil:?}");
        }
        assert!(at(2000, 2, 29).seconds().is_some());
        assert_eq!(at(2263, 1, 1).seconds(), None);
        assert_eq!(at(1600, 1, 1).seconds(), None);
    }

    #[test]
    fn a_leap_second_is_the_second_before() {
        let leap = Civil { hour: 23, minute: 59, second: 60, ..at(2016, 12, 31) };
        assert_eq!(leap.seconds(), Civil { second: 59, ..leap }.seconds());
    }

    #[test]
    fn the_nearest_year_is_chosen() {
        let new_year = at(2026, 1, 1).seconds().unwrap() * SECOND_NS;
        let year = |month, day, near_ns| at(0, month, day).in_year_near(near_ns).unwrap().year;
        assert_eq!(year(12, 31, new_year), 2025);
        assert_eq!(year(1, 2, new_year - 1), 2026);
        assert_eq!(year(2, 29, new_year), 2024);
    }

    proptest! {
        #[test]
        fn a_day_lies_in_its_year(year in 1..9999i32, month in 1..=12u32, day in 1..=28u32) {
            prop_assert_eq!(year_of_day(days_since_1970(year, month, day)), year);
        }

        #[test]
        fn a_year_is_found_for_every_day(near in any::<i64>(), month in 0..20u32, day in 0..40u32) {
            let exists = at(2024, month, day).seconds().is_some();
            let found = at(0, month, day).in_year_near(near);
            prop_assert_eq!(found.and_then(Civil::seconds).is_some(), exists);
        }
    }
}
