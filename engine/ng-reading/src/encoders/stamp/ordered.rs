//! Dates of three numbers, in an order that only the source knows, and times without a date.

use super::calendar::Day;
use super::cursor::Cursor;
use super::{Stamp, When, ending, full_year, zone};

/// Orders of year, month and day, a bit for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::encoders) struct Orders(u8);

impl Orders {
    /// Day, month, year.
    pub(in crate::encoders) const DAY_FIRST: Orders = Orders(1);
    /// Month, day, year.
    pub(in crate::encoders) const MONTH_FIRST: Orders = Orders(2);
    /// Year, month, day.
    pub(in crate::encoders) const YEAR_FIRST: Orders = Orders(4);
    /// No order is known to be wrong.
    pub(in crate::encoders) const ANY: Orders = Orders(7);

    const EACH: [Orders; 3] = [Orders::DAY_FIRST, Orders::MONTH_FIRST, Orders::YEAR_FIRST];

    /// Those of both; all of `self` when they have none in common.
    pub(in crate::encoders) fn within(self, other: Orders) -> Orders {
        if self.0 & other.0 == 0 { self } else { Orders(self.0 & other.0) }
    }

    /// Those for which something holds.
    pub(in crate::encoders) fn filter(self, mut holds: impl FnMut(Orders) -> bool) -> Orders {
        let kept = Self::EACH.into_iter().filter(|order| self.0 & order.0 != 0 && holds(*order));
        Orders(kept.fold(0, |bits, order| bits | order.0))
    }
}

/// Three numbers that are a day in one order or several.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::encoders) struct Numbers {
    numbers: [u32; 3],
    /// The last has two digits, so that the first may be the year.
    is_short: bool,
    /// The orders in which such a day exists.
    possible: Orders,
    /// Nothing but this notation being known, the month is taken for the first.
    is_american: bool,
}

impl Numbers {
    /// None when there is no such day in any order that people write so.
    fn new(numbers: [u32; 3], is_short: bool, separator: u8, has_half: bool) -> Option<Numbers> {
        let slashes = separator == b'/';
        // Nobody writes the month first with points.
        let written = if separator == b'.' { Orders(5) } else { Orders::ANY };
        let open = Numbers { numbers, is_short, possible: written, is_american: slashes && (is_short || has_half) };
        let possible = written.filter(|order| open.seconds(order).is_some());
        (possible.0 != 0).then_some(Numbers { possible, ..open })
    }

    /// The orders in which there is such a day.
    pub(in crate::encoders) fn possible(self) -> Orders {
        self.possible
    }

    /// The beginning of the day in an order.
    pub(in crate::encoders) fn seconds(self, order: Orders) -> Option<i64> {
        let [first, second, third] = self.numbers;
        let last_year = if self.is_short { full_year(third) } else { third as i32 };
        match order {
            Orders::DAY_FIRST => Day { year: last_year, month: second, day: first },
            Orders::MONTH_FIRST => Day { year: last_year, month: first, day: second },
            _ if !self.is_short => return None,
            _ => Day { year: full_year(first), month: second, day: third },
        }
        .seconds()
    }

    /// The beginning of the day in the order, of those left, that is the likeliest. A year that may be the first number or
    /// the last is the later of both, as far as that is not behind `latest_s`.
    pub(in crate::encoders) fn likeliest(self, left: Orders, latest_s: i64) -> i64 {
        let usual = if self.is_american {
            [Orders::MONTH_FIRST, Orders::DAY_FIRST]
        } else {
            [Orders::DAY_FIRST, Orders::MONTH_FIRST]
        };
        let of = |order: Orders| if left.0 & order.0 == 0 { None } else { self.seconds(order) };
        let year_last = usual.into_iter().find_map(of);
        let year_first = of(Orders::YEAR_FIRST);
        let rank = |day_s: &i64| (*day_s <= latest_s, *day_s);
        // One is left, or nothing would have been a stamp.
        year_last.into_iter().chain(year_first).max_by_key(rank).unwrap_or_default()
    }
}

/// `22/11/2026 10:00:00`, `22.11.2026 10:00:00`, `11/22/26 10:00:00 AM`, `17/06/09 20:10:40`. A year of two digits needs
/// seconds, for what is shorter may be anything.
pub(super) fn read(mut cursor: Cursor<'_>) -> Option<Stamp> {
    let first = cursor.one_or_two()?;
    let separator = cursor.byte()?;
    let second = cursor.one_or_two()?;
    cursor.eat(separator)?;
    let digits = cursor.digit_run();
    if !matches!(digits, 2 | 4) {
        return None;
    }
    let third = cursor.digits(digits)?;
    match cursor.byte()? {
        b',' => drop(cursor.skip(b" ")),
        b' ' => drop(cursor.skip(b" ")),
        b'T' | b'-' | b':' | b'_' => {}
        _ => return None,
    }
    let time = cursor.time_of_day(false)?;
    if digits == 2 && !time.is_exact {
        return None;
    }
    let numbers = Numbers::new([first, second, third], digits == 2, separator, time.has_half)?;
    let zone = zone::stated(&mut cursor);
    ending(cursor, When::Numbers(numbers, time.second), time.nanos, zone)
}

/// `10:00:00.250`, `1:02:03 PM`. What more colons follow is an address.
pub(super) fn time_of_day(mut cursor: Cursor<'_>) -> Option<Stamp> {
    let two_digits = cursor.digit_run() == 2;
    let time = cursor.time_of_day(false)?;
    let zone = zone::stated(&mut cursor);
    let goes_on =
        matches!(cursor.rest(), [b':' | b'-' | b'.' | b'/', byte, ..] if byte.is_ascii_alphanumeric() || *byte == b':');
    if !time.is_exact || !(two_digits || time.has_half) || goes_on {
        return None;
    }
    ending(cursor, When::TimeOfDay(time.second), time.nanos, zone)
}
