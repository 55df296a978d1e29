//! Calendar days to seconds, without a look at any zone.

/// Seconds of a day.
pub(in crate::encoders) const DAY_S: i64 = 86_400;
/// No clock of any zone is two days away from UTC.
const LATEST_S: i64 = i64::MAX / 1_000_000_000 - 2 * DAY_S;

/// A calendar day. Not yet known to exist.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(in crate::encoders) struct Day {
    pub(in crate::encoders) year: i32,
    pub(in crate::encoders) month: u32,
    pub(in crate::encoders) day: u32,
}

impl Day {
    /// Seconds that a clock counted from 1970-01-01T00:00:00 until the day began. None when there is no such day, or when
    /// nanoseconds since 1970 would not hold it in every zone (before 1677, after 2262).
    pub(in crate::encoders) fn seconds(self) -> Option<i64> {
        let Day { year, month, day } = self;
        if !(1..=12).contains(&month) || day < 1 || day > days_in_month(year, month) {
            return None;
        }
        let seconds = days_since_1970(year, month, day) * DAY_S;
        (seconds.abs() < LATEST_S - DAY_S).then_some(seconds)
    }

    /// The day of a year by its number, from 1 on.
    pub(in crate::encoders) fn of_year(year: i32, number: u32) -> Option<i64> {
        let first = Day { year, month: 1, day: 1 }.seconds()?;
        (1..=365 + u32::from(is_leap(year))).contains(&number).then(|| first + i64::from(number - 1) * DAY_S)
    }

    /// The day of seconds counted from 1970-01-01T00:00:00.
    pub(in crate::encoders) fn of_seconds(seconds: i64) -> Day {
        let day = seconds.div_euclid(DAY_S) + 719_468;
        let era = day.div_euclid(146_097);
        let day_of_era = day.rem_euclid(146_097);
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let month = (month_from_march + 2) % 12 + 1;
        Day {
            // January and February are the last months of a year that starts in March.
            year: (era * 400 + year_of_era + i64::from(month <= 2)) as i32,
            month: month as u32,
            day: (day_of_year - (153 * month_from_march + 2) / 5 + 1) as u32,
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(year: i32, month: u32, day: u32) -> Option<i64> {
        Day { year, month, day }.seconds()
    }

    #[test]
    fn known_days() {
        assert_eq!(at(1970, 1, 1), Some(0));
        assert_eq!(at(2000, 3, 1), Some(951_868_800));
        assert_eq!(at(1969, 12, 31), Some(-DAY_S));
        assert_eq!(Day::of_year(2026, 326), at(2026, 11, 22));
        assert_eq!(Day::of_year(2024, 366), at(2024, 12, 31));
    }

    #[test]
    fn days_that_do_not_exist() {
        for (year, month, day) in
            [(2026, 2, 29), (1900, 2, 29), (2026, 4, 31), (2026, 13, 1), (2026, 0, 1), (2026, 1, 0)]
        {
            assert_eq!(at(year, month, day), None, "{year}-{month}-{day}");
        }
        assert!(at(2000, 2, 29).is_some());
        assert_eq!(at(2263, 1, 1), None);
        assert_eq!(at(1600, 1, 1), None);
        assert_eq!(Day::of_year(2026, 366), None);
        assert_eq!(Day::of_year(2026, 0), None);
    }

    proptest! {
        #[test]
        fn a_day_is_found_by_its_seconds(year in 1678..2262i32, month in 1..=12u32, day in 1..=28u32, second in 0..DAY_S) {
            let found = Day { year, month, day };
            prop_assert_eq!(Day::of_seconds(found.seconds().unwrap() + second), found);
        }
    }
}
