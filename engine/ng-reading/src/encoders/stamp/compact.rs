//! Times of digits without separators, and times that are counted.

use super::calendar::Day;
use super::cursor::Cursor;
use super::{Stamp, StatedZone, TimeOfDay, When, ending, full_year, on_day};

/// 2000 and 2100 in seconds since 1970: a bare number outside is no time.
const EPOCH_RANGE: std::ops::Range<u64> = 946_684_800..4_102_444_800;
/// Years that digits without separators may state; others are numbers.
const YEARS: std::ops::Range<i32> = 1990..2100;

/// `081109 203518`, `261122 10:00:00`: two digits of the year, month, day.
pub(super) fn short_year(mut cursor: Cursor<'_>) -> Option<Stamp> {
    let year = full_year(cursor.digits(2)?);
    behind_day(cursor, year)
}

/// `20261122 100000`, `20261122T100000.123Z`, `20120702.102240,672`, `20171223-22:15:29:606`.
pub(super) fn separated(mut cursor: Cursor<'_>) -> Option<Stamp> {
    let year = cursor.digits(4)? as i32;
    behind_day(cursor, year)
}

/// `20261122100000`, with three digits of a fraction or without.
pub(super) fn unseparated(mut cursor: Cursor<'_>) -> Option<Stamp> {
    let has_millis = cursor.digit_run() == 17;
    let year = cursor.digits(4).map(|year| year as i32).filter(|year| YEARS.contains(year))?;
    let day_s = Day { year, month: cursor.digits(2)?, day: cursor.digits(2)? }.seconds()?;
    let mut time = six_digits(&mut cursor)?;
    if has_millis {
        time.nanos = cursor.digits(3)? * 1_000_000;
    }
    on_day(cursor, day_s, time)
}

/// Month and day, a byte between, and the time of day with colons or without.
fn behind_day(mut cursor: Cursor<'_>, year: i32) -> Option<Stamp> {
    let day_s = Day { year, month: cursor.digits(2)?, day: cursor.digits(2)? }.seconds()?;
    cursor.byte()?;
    cursor.skip(b" ");
    if cursor.digit_run() > 2 {
        let time = six_digits(&mut cursor)?;
        return on_day(cursor, day_s, time);
    }
    let mut time = cursor.time_of_day(false).filter(|time| time.is_exact)?;
    // A fraction that is a whole number of milliseconds, without the zeros before it.
    let digits = Cursor { at: cursor.at + 1, ..cursor }.digit_run();
    if time.nanos == 0 && cursor.peek() == Some(b':') && matches!(digits, 1..=3) {
        cursor.at += 1;
        time.nanos = cursor.digits(digits)? * 1_000_000;
    }
    on_day(cursor, day_s, time)
}

/// `100000`, with a fraction or without.
fn six_digits(cursor: &mut Cursor<'_>) -> Option<TimeOfDay> {
    let parts = [cursor.digits(2)?, cursor.digits(2)?, cursor.digits(2)?];
    cursor.finish_time(parts, true)
}

/// Seconds since 1970 at the start of a line, or a smaller unit of which they have so many digits.
pub(super) fn epoch_first(mut cursor: Cursor<'_>) -> Option<Stamp> {
    let digits = cursor.digit_run();
    let fraction = match cursor.raw.get(digits) {
        Some(b'.') => cursor.raw[digits + 1..].iter().take(9).take_while(|byte| byte.is_ascii_digit()).count(),
        _ => 0,
    };
    cursor.at = digits + if fraction > 0 { 1 + fraction } else { 0 };
    if ends(cursor) { epoch(&cursor.raw[..cursor.at]) } else { None }
}

/// What may stand behind a number that is a time.
fn ends(cursor: Cursor<'_>) -> bool {
    matches!(cursor.peek(), None | Some(b' ' | b'\t' | b',' | b'|' | b':' | b';' | b']' | b')' | b'>' | b'"' | b'}'))
}

/// `1.79534160025e+09`: the same with an exponent, as floating point numbers of such a size are printed.
pub(super) fn exponent(mut cursor: Cursor<'_>) -> Option<Stamp> {
    /// Most digits behind the point that are read; the others are less than a nanosecond.
    const FRACTION: usize = 30;
    let mut text = [b'0'; FRACTION + 2];
    text[0] = cursor.byte()?;
    cursor.eat(b'.')?;
    let mut fraction = 0;
    while let Some(digit @ b'0'..=b'9') = cursor.peek() {
        if let Some(place) = text.get_mut(1 + fraction).filter(|_| fraction < FRACTION) {
            *place = digit;
            fraction += 1;
        }
        cursor.at += 1;
    }
    if !matches!(cursor.byte()?, b'e' | b'E') {
        return None;
    }
    cursor.skip(b"+");
    let exponent = cursor.one_or_two().filter(|exponent| (8..=18).contains(exponent))? as usize;
    // The point moves behind so many digits.
    let len = 1 + fraction.max(exponent);
    text.copy_within(1 + exponent..len, 2 + exponent);
    text[1 + exponent] = b'.';
    let len = if fraction > exponent { len + 1 } else { 1 + exponent };
    let stamp = epoch(&text[..len]).filter(|_| ends(cursor))?;
    Some(Stamp { end: cursor.at, ..stamp })
}

/// Seconds, milliseconds, microseconds or nanoseconds since 1970 that a whole text states, told apart by magnitude; only
/// from 2000 to 2100.
pub(super) fn epoch(text: &[u8]) -> Option<Stamp> {
    let digits = text.iter().take(20).take_while(|byte| byte.is_ascii_digit()).count();
    let fraction = match text.get(digits) {
        None => &[][..],
        Some(b'.') if digits + 1 < text.len() => &text[digits + 1..],
        Some(_) => return None,
    };
    if !(9..=19).contains(&digits) {
        return None;
    }
    let number = text[..digits].iter().fold(0u64, |number, byte| number * 10 + u64::from(byte - b'0'));
    let unit_ns = [1_000_000_000u64, 1_000_000, 1_000, 1]
        .into_iter()
        .find(|unit_ns| EPOCH_RANGE.contains(&(number / (1_000_000_000 / unit_ns))))?;
    let units = 1_000_000_000 / unit_ns;
    let mut nanos = number % units * unit_ns;
    let mut place = unit_ns;
    for byte in fraction {
        if !byte.is_ascii_digit() {
            return None;
        }
        place /= 10;
        nanos += u64::from(byte - b'0') * place;
    }
    ending(Cursor { raw: text, at: text.len() }, When::Epoch((number / units) as i64), nanos as u32, StatedZone::Local)
}

/// `@4000000037c219bf2ef02e94`: seconds since 1970 in hexadecimal, counted from 2⁶² on, and nanoseconds or none. The labels
/// run ten seconds ahead of UTC, as they did in 1970; the leap seconds since are not looked up.
pub(super) fn tai64(mut cursor: Cursor<'_>) -> Option<Stamp> {
    const SINCE: u64 = (1 << 62) + 10;
    cursor.eat(b'@')?;
    let digits = cursor.rest().iter().take(25).take_while(|byte| byte.is_ascii_hexdigit()).count();
    if !matches!(digits, 16 | 24) {
        return None;
    }
    let number = |text: &[u8]| {
        text.iter().fold(0u64, |number, byte| number << 4 | u64::from(char::from(*byte).to_digit(16).unwrap_or(0)))
    };
    let label = &cursor.rest()[..digits];
    let seconds = number(&label[..16]).checked_sub(SINCE).filter(|seconds| *seconds < EPOCH_RANGE.end)?;
    let nanos = number(&label[16..]);
    cursor.at += digits;
    let exists = nanos < 1_000_000_000;
    exists.then(|| ending(cursor, When::Epoch(seconds as i64), nanos as u32, StatedZone::Local))?
}
