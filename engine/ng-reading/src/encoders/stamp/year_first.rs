//! Dates that begin with the year in four digits.

use super::calendar::Day;
use super::cursor::{Cursor, pair};
use super::{Stamp, TimeOfDay, on_day};

/// `2026-11-22T10:00:00.123Z` and its kin: `/` `.` or `:` in the date, the day of the year in place of month and day
/// (`2026-326T10:00:00`), the month by its name (`2026-Nov-22 10:00:00`). Seconds may be absent.
pub(super) fn read(mut cursor: Cursor<'_>) -> Option<Stamp> {
    if let Some((day_s, time)) = usual(&mut cursor) {
        return on_day(cursor, day_s, time);
    }
    let day_s = day(&mut cursor)?;
    let separator = cursor.byte()?;
    match separator {
        b' ' | b',' => drop(cursor.skip(b" ")),
        b'T' | b't' | b'_' | b':' | b'-' => {}
        _ => return None,
    }
    // `2026-11-22-10.00.00.123` as databases write it.
    let time = cursor.time_of_day(separator == b'-')?;
    on_day(cursor, day_s, time)
}

/// `2026-11-22T10:00:00` with two digits each, which is what most lines begin with: read at its fixed places.
fn usual(cursor: &mut Cursor<'_>) -> Option<(i64, TimeOfDay)> {
    let text: &[u8; 19] = cursor.raw.first_chunk()?;
    let shape = [text[4], text[7], text[13], text[16]];
    if !matches!(shape, [b'-', b'-', b':', b':'] | [b'/', b'/', b':', b':']) || !matches!(text[10], b'T' | b' ') {
        return None;
    }
    let pair = |at: usize| pair(text[at], text[at + 1]);
    let (century, year) = (pair(0), pair(2));
    let day_s = Day { year: (century * 100 + year) as i32, month: pair(5), day: pair(8) }.seconds()?;
    let mut ahead = Cursor { at: text.len(), ..*cursor };
    let time = ahead.finish_time([pair(11), pair(14), pair(17)], true).filter(|_| century < 100 && year < 100)?;
    *cursor = ahead;
    Some((day_s, time))
}

/// `date=2026-11-22 time=10:00:00`: a date that stands at the start, and the time as the value of the key behind it.
pub(super) fn in_two_fields(mut cursor: Cursor<'_>) -> Option<Stamp> {
    cursor.skip(b"\"");
    let day_s = day(&mut cursor)?;
    cursor.skip(b"\"");
    if !cursor.skip(b" time=") && !cursor.skip(b",time=") {
        return None;
    }
    let quoted = cursor.skip(b"\"");
    let time = cursor.time_of_day(false)?;
    let stamp = on_day(cursor, day_s, time)?;
    Some(Stamp { end: stamp.end + usize::from(quoted && cursor.raw.get(stamp.end) == Some(&b'"')), ..stamp })
}

/// The beginning of the day.
fn day(cursor: &mut Cursor<'_>) -> Option<i64> {
    let year = cursor.digits(4)? as i32;
    let separator = cursor.byte()?;
    let digits = cursor.digit_run();
    match digits {
        1 | 2 if separator != b' ' => {
            let month = cursor.digits(digits)?;
            cursor.eat(separator)?;
            Day { year, month, day: cursor.one_or_two()? }.seconds()
        }
        3 => Day::of_year(year, cursor.digits(3)?),
        0 => {
            let month = cursor.month_name()?;
            cursor.eat(separator)?;
            Day { year, month, day: cursor.one_or_two()? }.seconds()
        }
        _ => None,
    }
}
