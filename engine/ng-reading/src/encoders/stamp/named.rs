//! Dates with the name of the month.

use super::calendar::Day;
use super::cursor::{self, Cursor, pair};
use super::{Stamp, TimeOfDay, When, ending, full_year, on_day, ordered, year_first, zone};

/// `Nov 22 10:00:00`, `Nov  2 10:00:00.123`, `Nov 22 2026 10:00:00`, `Nov 22, 2026 10:00:00 AM`, `November 22, 2026`,
/// `nov/22/2026 10:00:00`.
pub(super) fn month_first(mut cursor: Cursor<'_>) -> Option<Stamp> {
    if let Some((month, day, time)) = usual(&mut cursor) {
        return yearless(cursor, month, day, time);
    }
    let month = cursor.month_name()?;
    let separator = cursor.byte()?;
    match separator {
        b' ' => drop(cursor.skip(b" ")),
        b'/' | b'-' => {}
        _ => return None,
    }
    let day = cursor.one_or_two()?;
    let has_year = match cursor.rest() {
        [b' ' | b'/' | b'-', b'0'..=b'9', b'0'..=b'9', b'0'..=b'9', b'0'..=b'9', next, ..] => {
            cursor.at += 1;
            !next.is_ascii_digit()
        }
        [b',', ..] => {
            cursor.at += 1;
            cursor.skip(b" ");
            true
        }
        _ => false,
    };
    let year = if has_year { Some(cursor.digits(4)? as i32) } else { None };
    // `Nov 22, 2026, 10:00:00 AM`, `Nov 22, 2026 at 10:00:00 AM`, `Nov 22, 2026 @ 10:00:00`
    let between =
        cursor.skip(b", ") || cursor.skip(b" at ") || cursor.skip(b" @ ") || cursor.skip(b" ") || cursor.skip(b":");
    let time = between.then(|| cursor.time_of_day(false))??;
    match year {
        Some(year) => on_day(cursor, Day { year, month, day }.seconds()?, time),
        None => yearless(cursor, month, day, time),
    }
}

/// `Nov 22 10:00:00` or `Nov  2 10:00:00`, which is what most of these lines begin with: read at its fixed places.
fn usual(cursor: &mut Cursor<'_>) -> Option<(u32, u32, TimeOfDay)> {
    let text: &[u8; 15] = cursor.rest().first_chunk()?;
    if [text[3], text[6], text[9], text[12]] != *b"  ::" {
        return None;
    }
    let month = cursor::month([text[0] | 0x20, text[1] | 0x20, text[2] | 0x20])?;
    let day = pair(if text[4] == b' ' { b'0' } else { text[4] }, text[5]);
    let parts = [pair(text[7], text[8]), pair(text[10], text[11]), pair(text[13], text[14])];
    let mut ahead = Cursor { at: cursor.at + text.len(), ..*cursor };
    let time = ahead.finish_time(parts, true)?;
    *cursor = ahead;
    Some((month, day, time))
}

/// `22/Nov/2026:10:00:00 +0000`, `22-Nov-2026 10:00:00.123`, `22-NOV-26 10.00.00.123 AM`, `22 Nov 2026 10:00:00`,
/// `22 Nov 10:00:00`.
pub(super) fn day_first(mut cursor: Cursor<'_>) -> Option<Stamp> {
    let day = cursor.one_or_two()?;
    let separator = cursor.byte()?;
    let month = cursor.month_name()?;
    let mut ahead = cursor;
    let year = ahead.eat(separator).and_then(|()| {
        let digits = ahead.digit_run();
        match digits {
            4 => ahead.digits(4).map(|year| year as i32),
            2 if ahead.raw.get(ahead.at + 2) != Some(&b':') => ahead.digits(2).map(full_year),
            _ => None,
        }
    });
    if year.is_some() {
        cursor = ahead;
    } else if separator != b' ' {
        return None;
    }
    cursor.skip(b",");
    match cursor.byte()? {
        // Erlang writes two.
        b':' => drop(cursor.skip(b":")),
        b' ' | b'T' => {}
        _ => return None,
    }
    let time = cursor.time_of_day(true)?;
    match year {
        Some(year) => on_day(cursor, Day { year, month, day }.seconds()?, time),
        None => yearless(cursor, month, day, time),
    }
}

/// `Sun Nov 22 10:00:00 2026` with a zone before the year or without, and any other date behind the day of the week:
/// `Sun, 22 Nov 2026 10:00:00 +0000`, `Sun 2026-11-22 10:00:00 UTC`, `Sunday, November 22, 2026 10:00:00 AM`.
pub(super) fn weekday_first(mut cursor: Cursor<'_>) -> Option<Stamp> {
    cursor.weekday()?;
    cursor.skip(b",");
    cursor.eat(b' ')?;
    cursor.skip(b" ");
    year_last(cursor).or_else(|| match cursor.digit_run() {
        0 => month_first(cursor),
        4 => year_first::read(cursor),
        _ => day_first(cursor).or_else(|| ordered::read(cursor)),
    })
}

/// `Nov 22 10:00:00 2026`, `Nov 22 10:00:00.123 CET 2026`, `22 Nov 10:00:00 CET 2026`.
fn year_last(mut cursor: Cursor<'_>) -> Option<Stamp> {
    let day_first = cursor.digit_run() > 0;
    let early = if day_first { cursor.one_or_two()? } else { 0 };
    if day_first {
        cursor.eat(b' ')?;
    }
    let month = cursor.month_name()?;
    cursor.eat(b' ')?;
    cursor.skip(b" ");
    let day = if day_first { early } else { cursor.one_or_two()? };
    if !day_first {
        cursor.eat(b' ')?;
    }
    let time = cursor.time_of_day(false).filter(|time| time.is_exact)?;
    cursor.eat(b' ')?;
    let zone = match cursor.peek()? {
        b'+' | b'-' => {
            cursor.at -= 1;
            let zone = zone::stated(&mut cursor);
            cursor.eat(b' ')?;
            zone
        }
        b'A'..=b'Z' => {
            let zone = zone::named(&mut cursor, true)?;
            cursor.eat(b' ')?;
            zone
        }
        _ => zone::StatedZone::Local,
    };
    let year = cursor.digits(4)? as i32;
    ending(cursor, When::Shown(Day { year, month, day }.seconds()? + time.second), time.nanos, zone)
}

/// A day of a year that is not stated; with seconds, for what is shorter may be anything.
pub(super) fn yearless(mut cursor: Cursor<'_>, month: u32, day: u32, time: TimeOfDay) -> Option<Stamp> {
    // Every day that exists does so in a leap year.
    Day { year: 2024, month, day }.seconds().filter(|_| time.is_exact)?;
    let zone = zone::stated(&mut cursor);
    ending(cursor, When::Yearless { month, day, second: time.second }, time.nanos, zone)
}
