//! Stamps in the frame of one logger.

use super::cursor::Cursor;
use super::{Stamp, compact, named, year_first};
use crate::encoders::vocabulary;

/// `11-22 10:00:00.250`, as logcat writes it; with a slash as others do, who may also write the day first; and
/// `11-22|10:00:00.250` of Ethereum.
pub(super) fn month_and_day(mut cursor: Cursor<'_>) -> Option<Stamp> {
    let month = cursor.digits(2)?;
    let separator = cursor.byte()?;
    let day = cursor.digits(2)?;
    let blank = cursor.byte().filter(|byte| matches!(byte, b' ' | b'|'))?;
    let time = cursor.time_of_day(false)?;
    let (month, day) = if separator == b'/' && month > 12 { (day, month) } else { (month, day) };
    let stamp = named::yearless(cursor, month, day, time)?;
    Some(Stamp { logcat: separator == b'-' && blank == b' ', ..stamp })
}

/// `E1122 10:00:00.250000`, `E20261122 10:00:00.250000`: the letter of the level before the day.
pub(super) fn glog(mut cursor: Cursor<'_>) -> Option<Stamp> {
    let level = vocabulary::letter(cursor.byte()?);
    if cursor.digit_run() == 8 {
        return Some(Stamp { level, ..compact::separated(cursor)? });
    }
    let (month, day) = (cursor.digits(2)?, cursor.digits(2)?);
    cursor.eat(b' ')?;
    let time = cursor.time_of_day(false)?;
    Some(Stamp { level, ..named::yearless(cursor, month, day, time)? })
}

/// `I, [2026-11-22T10:00:00.250000 #7]  INFO`: the letter of the level, then the time and the process. The level is left to
/// the word.
pub(super) fn ruby(mut cursor: Cursor<'_>) -> Option<Stamp> {
    cursor.at = 1;
    if !cursor.skip(b", [") {
        return None;
    }
    let inner = year_first::read(Cursor::new(cursor.rest()))?;
    Some(Stamp { end: cursor.at + inner.end, ..inner })
}
