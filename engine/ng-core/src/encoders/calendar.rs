//! Calendar days and clock times to nanoseconds since 1970.

const DAY_S: i64 = 86_400;
const SECOND_NS: i64 = 1_000_000_000;

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
    /// Nanoseconds since 1970 UTC for a clock that is `offset_s` seconds east of UTC. None when there is no such day or
    /// time, or when the result does not fit (before 1677, after 2262).
    pub(super) fn to_ns(self, offset_s: i32) -> Option<i64> {
        let Civil { year, month, day, hour, minute, second, nanos } = self;
        let exists = (1..=12).contains(&month)
            && day >= 1
            && day <= days_in_month(year, month)
            && hour < 24
            && minute < 60
            && second <= 60;
        if !exists {
            return None;
        }
        let time_s = i64::from(hour * 3600 + minute * 60 + second.min(59));
        let seconds = days_since_1970(year, month, day) * DAY_S + time_s - i64::from(offset_s);
        seconds.checked_mul(SECOND_NS)?.checked_add(i64::from(nanos))
    }

    /// Like [`Civil::to_ns`] in the year that brings the result nearest to `near_ns`, for stamps that state no year.
    pub(super) fn to_ns_near(self, near_ns: i64, offset_s: i32) -> Option<i64> {
        let near_day = (near_ns.div_euclid(SECOND_NS) + i64::from(offset_s)).div_euclid(DAY_S);
        let year = year_of_day(near_day);
        let same_year = Civil { year, ..self }.to_ns(offset_s);
        // Less than half a year away: every other year is farther.
        if same_year.is_some_and(|ns| ns.abs_diff(near_ns) < 182 * DAY_S as u64 * SECOND_NS as u64) {
            return same_year;
        }
        // Only a leap day needs to look farther than one year; 1896 to 1904 and the like are eight years apart.
        let reach = if (self.month, self.day) == (2, 29) { 8 } else { 1 };
        (year - reach..=year + reach)
            .filter_map(|year| Civil { year, ..self }.to_ns(offset_s))
            .min_by_key(|ns| ns.abs_diff(near_ns))
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
        assert_eq!(at(1970, 1, 1).to_ns(0), Some(0));
        assert_eq!(at(2000, 3, 1).to_ns(0), Some(951_868_800 * SECOND_NS));
        assert_eq!(at(1969, 12, 31).to_ns(0), Some(-DAY_S * SECOND_NS));
        assert_eq!(at(1970, 1, 1).to_ns(3600), Some(-3600 * SECOND_NS));
    }

    #[test]
    fn days_that_do_not_exist() {
        for civil in
            [at(2026, 2, 29), at(1900, 2, 29), at(2026, 4, 31), at(2026, 13, 1), at(2026, 0, 1), at(2026, 1, 0)]
        {
            assert_eq!(civil.to_ns(0), None, "{civil:?}");
        }
        assert!(at(2000, 2, 29).to_ns(0).is_some());
        assert_eq!(at(2263, 1, 1).to_ns(0), None);
        assert_eq!(at(1600, 1, 1).to_ns(0), None);
    }

    #[test]
    fn a_leap_second_is_the_second_before() {
        let leap = Civil { hour: 23, minute: 59, second: 60, ..at(2016, 12, 31) };
        assert_eq!(leap.to_ns(0), Civil { second: 59, ..leap }.to_ns(0));
    }

    #[test]
    fn the_nearest_year_is_chosen() {
        let new_year = at(2026, 1, 1).to_ns(0).unwrap();
        assert_eq!(at(0, 12, 31).to_ns_near(new_year, 0), at(2025, 12, 31).to_ns(0));
        assert_eq!(at(0, 1, 2).to_ns_near(new_year - 1, 0), at(2026, 1, 2).to_ns(0));
        assert_eq!(at(0, 2, 29).to_ns_near(new_year, 0), at(2024, 2, 29).to_ns(0));
    }

    proptest! {
        #[test]
        fn a_day_lies_in_its_year(year in 1..9999i32, month in 1..=12u32, day in 1..=28u32) {
            prop_assert_eq!(year_of_day(days_since_1970(year, month, day)), year);
        }

        #[test]
        fn no_time_overflows(near in any::<i64>(), offset in any::<i32>(), month in 0..20u32, day in 0..40u32) {
            let _ = at(0, month, day).to_ns_near(near, offset);
        }
    }
}
