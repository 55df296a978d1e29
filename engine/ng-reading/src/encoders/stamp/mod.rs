//! Times as logs write them.
//!
//! # Layout
//!
//! [`NOTATIONS`] is the table of notations; the families of them have a file each: `year_first.rs`, `ordered.rs` (day and
//! month as numbers, in an order that the source shows), `named.rs` (months by their names), `compact.rs` (digits without
//! separators, seconds since 1970), `loggers.rs` (what stands in a frame of one logger). `place.rs` finds where on a line
//! the time stands. `cursor.rs`, `zone.rs`, `region.rs` (zones by their names) and `calendar.rs` are what they are written with.
//!
//! Whether a text is a stamp, and where it ends, follows from its bytes alone, so that stored bytes are taken apart again
//! as they were. What time it is may take more: the zone of the source, the order in which it writes day and month, its
//! stamp before. That is the business of [`Clock`]. `spelling.rs` reads
//! what is in no table and a person spells out.

mod calendar;
mod compact;
mod cursor;
mod loggers;
mod named;
mod ordered;
mod place;
pub(super) mod region;
mod spelling;
mod year_first;
mod zone;

#[cfg(test)]
mod tests;

pub(super) use calendar::{DAY_S, Day};
pub(super) use ordered::{Numbers, Orders};
pub(super) use place::{Found, find};
pub(crate) use spelling::Spelling;
pub(super) use zone::{ABBREVIATIONS, StatedZone, abbreviation};

use super::Clock;
use cursor::Cursor;
use ng_model::event::Reading;
use ng_wire::Level;

/// A stamp in a text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Stamp {
    /// What it shows.
    pub(super) when: When,
    /// Nanoseconds within the second.
    pub(super) nanos: u32,
    /// The zone of what it shows.
    pub(super) zone: StatedZone,
    /// The first byte behind it.
    pub(super) end: usize,
    /// The level that some notations carry in their first letter.
    pub(super) level: Option<Level>,
    /// The notation of Android, where two numbers and a letter for the level follow.
    pub(super) logcat: bool,
}

/// What a stamp shows. Seconds are those that a clock counts from 1970-01-01T00:00:00 on until it shows this.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum When {
    /// A day and a time of day.
    Shown(i64),
    /// Seconds since 1970, UTC.
    Epoch(i64),
    /// A day of some year, of which that many seconds have passed.
    Yearless { month: u32, day: u32, second: i64 },
    /// Three numbers that are a day, of which that many seconds have passed.
    Numbers(Numbers, i64),
    /// A time of some day: seconds since midnight.
    TimeOfDay(i64),
}

/// A time of day as it was written.
#[derive(Clone, Copy, Debug, Default)]
struct TimeOfDay {
    /// Seconds since midnight.
    second: i64,
    /// Nanoseconds within the second.
    nanos: u32,
    /// It has seconds, or says which half of the day it is: it is no ratio and no duration.
    is_exact: bool,
    /// It says which half of the day it is.
    has_half: bool,
}

/// One row of the table of notations.
struct Notation {
    /// How many digits it begins with: a bit for each number. Without any, the bit of 0.
    digits: u32,
    /// The bytes that may follow these digits, or begin it where there are none: a bit for each.
    next: u128,
    /// Where on a line it is looked for.
    sought: Sought,
    read: fn(Cursor<'_>) -> Option<Stamp>,
}

/// Where on a line a notation is a stamp. The barer it is, the more else it may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Sought {
    /// Behind whatever a heading may begin with.
    Inside,
    /// At the start, and behind what is surely a part of the heading: brackets, a level.
    Heading,
}

/// Whatever follows these digits, or nothing.
const ANY: u128 = u128::MAX;

/// A bit for each byte.
const fn set(bytes: &[u8]) -> u128 {
    let (mut bits, mut at) = (0, 0);
    while at < bytes.len() {
        bits |= 1 << bytes[at];
        at += 1;
    }
    bits
}

/// Every notation: those that most lines begin with first.
const NOTATIONS: &[Notation] = {
    use Sought::{Heading, Inside};
    &[
        // 2026-11-22T10:00:00.123Z, 2026/11/22 10:00:00, 2026-326T10:00:00, 2026-Nov-22 10:00:00
        Notation { digits: 1 << 4, next: set(b"-/.: "), sought: Inside, read: year_first::read },
        // Nov 22 10:00:00, Nov 22, 2026 10:00:00 AM, November 22 2026 10:00:00, nov/22/2026 10:00:00
        Notation { digits: 1, next: set(b"JFMASONDjfmasond"), sought: Inside, read: named::month_first },
        // 081109 203518, 261122 10:00:00
        Notation { digits: 1 << 6, next: set(b" "), sought: Heading, read: compact::short_year },
        // 20261122 100000, 20261122T100000Z, 20261122-10:0:0:250, 20120702.102240,672
        Notation { digits: 1 << 8, next: set(b" T-._"), sought: Inside, read: compact::separated },
        // 20261122100000
        Notation { digits: 1 << 14 | 1 << 17, next: ANY, sought: Heading, read: compact::unseparated },
        // 22/Nov/2026:10:00:00 +0000, 22-Nov-2026 10:00:00, 22 Nov 2026 10:00:00
        Notation { digits: 1 << 1 | 1 << 2, next: set(b"/- "), sought: Inside, read: named::day_first },
        // 22/11/2026 10:00:00, 22.11.2026 10:00:00, 11/22/26 10:00:00, 26/11/22 10:00:00
        Notation { digits: 1 << 1 | 1 << 2, next: set(b"/-."), sought: Inside, read: ordered::read },
        // 11-22 10:00:00.250
        Notation { digits: 1 << 2, next: set(b"-/"), sought: Heading, read: loggers::month_and_day },
        // 10:00:00.250
        Notation { digits: 1 << 1 | 1 << 2, next: set(b":"), sought: Heading, read: ordered::time_of_day },
        // 1795341600, 1795341600.25, 1795341600250
        Notation {
            digits: 1 << 10 | 1 << 13 | 1 << 16 | 1 << 19,
            next: ANY,
            sought: Heading,
            read: compact::epoch_first,
        },
        // 1.79534160025e+09
        Notation { digits: 1 << 1, next: set(b"."), sought: Heading, read: compact::exponent },
        // Sun Nov 22 10:00:00 2026, Sun, 22 Nov 2026 10:00:00 +0000, Sun 2026-11-22 10:00:00 UTC
        Notation { digits: 1, next: set(b"MTWFSmtwfs"), sought: Inside, read: named::weekday_first },
        // E1122 10:00:00.250000, E20261122 10:00:00.250000
        Notation { digits: 1, next: set(b"IWEFD"), sought: Heading, read: loggers::glog },
        // I, [2026-11-22T10:00:00.250000 #7]
        Notation { digits: 1, next: set(b"DIWEFA"), sought: Heading, read: loggers::ruby },
        // @4000000037c219bf2ef02e94
        Notation { digits: 1, next: set(b"@"), sought: Inside, read: compact::tai64 },
    ]
};

/// The most digits that are counted.
const MOST_DIGITS: usize = 20;
/// What may follow so many digits in any notation: most text begins none, and is told so by one look.
static FOLLOWERS: [u128; MOST_DIGITS + 1] = {
    let mut followers = [0; MOST_DIGITS + 1];
    let mut row = 0;
    while row < NOTATIONS.len() {
        let mut count = 0;
        while count <= MOST_DIGITS {
            if NOTATIONS[row].digits >> count & 1 == 1 {
                followers[count] |= NOTATIONS[row].next;
            }
            count += 1;
        }
        row += 1;
    }
    followers
};

/// The stamp at the start of a text, in brackets or without.
fn leading(raw: &[u8], sought: Sought) -> Option<Stamp> {
    let close = match raw.first()? {
        b'[' => b']',
        b'(' => b')',
        b'<' => b'>',
        b'{' => b'}',
        b'"' => b'"',
        _ => return bare(raw, sought),
    };
    let inside = bare(&raw[1..], sought)?;
    let end = inside.end + 1;
    Some(Stamp { end: end + usize::from(raw.get(end) == Some(&close)), ..inside })
}

/// The stamp at the start of a text, by the table.
fn bare(raw: &[u8], sought: Sought) -> Option<Stamp> {
    let cursor = Cursor::new(raw);
    // Nearly all words are told from a name, or from the letter of a level before digits or a comma, at once.
    let begins = match raw {
        [b'0'..=b'9' | b'@', ..] | [_, b'0'..=b'9' | b',', ..] => true,
        _ => cursor.begins_name(),
    };
    if !begins {
        return None;
    }
    let count = cursor.digit_run();
    let next = match raw.get(count) {
        Some(byte @ 0..127) => 1 << byte,
        // Nothing, or what is in no notation: a bit that stands in ANY alone.
        _ => 1 << 127,
    };
    if FOLLOWERS[count] & next == 0 {
        return None;
    }
    let fits = |notation: &&Notation| {
        notation.digits >> count & 1 == 1 && notation.next & next != 0 && notation.sought <= sought
    };
    NOTATIONS.iter().filter(fits).find_map(|notation| (notation.read)(cursor))
}

/// The time that a whole text states, with blanks around it or without: any notation of the table, or seconds since 1970 with a fraction or in smaller units.
pub(crate) fn whole(text: &[u8], reading: &Reading<'_>, clock: &Clock) -> Option<i64> {
    Some(clock.time_ns(&whole_stamp(text)?, reading))
}

fn whole_stamp(text: &[u8]) -> Option<Stamp> {
    let text = text.trim_ascii();
    let all_of = |text: &[u8]| leading(text, Sought::Heading).filter(|stamp| stamp.end == text.len());
    // Nothing but the hours of a zone can stand behind the time here.
    let with_hours = || {
        let (before, offset_s) = zone::hours_at_end(text)?;
        let stamp = all_of(before).filter(|stamp| stamp.zone == StatedZone::Local)?;
        (!matches!(stamp.when, When::Epoch(_))).then_some(Stamp { zone: StatedZone::Offset(offset_s), ..stamp })
    };
    compact::epoch(text).or_else(|| all_of(text)).or_else(with_hours)
}

/// The time that a whole text states in a notation that is spelled out, or in any. Without a zone of its own it is UTC where
/// `is_utc` says so.
pub(crate) fn stated(
    text: &[u8],
    spelling: Option<&Spelling>,
    is_utc: bool,
    reading: &Reading<'_>,
    clock: &Clock,
) -> Option<i64> {
    let stamp = match spelling {
        Some(spelling) => spelling.read(text),
        None => whole_stamp(text),
    }?;
    let zone = if is_utc && stamp.zone == StatedZone::Local { StatedZone::Offset(0) } else { stamp.zone };
    Some(clock.time_ns(&Stamp { zone, ..stamp }, reading))
}

/// A stamp that ends here. None when a letter or digit follows: then it was something else.
fn ending(cursor: Cursor<'_>, when: When, nanos: u32, zone: StatedZone) -> Option<Stamp> {
    (!cursor.is_inside_word()).then_some(Stamp { when, nanos, zone, end: cursor.at, level: None, logcat: false })
}

/// The stamp of a day, counted in seconds, and the time of day read before it ends with its zone.
fn on_day(mut cursor: Cursor<'_>, day_s: i64, time: TimeOfDay) -> Option<Stamp> {
    let zone = zone::stated(&mut cursor);
    ending(cursor, When::Shown(day_s + time.second), time.nanos, zone)
}

/// The century of a two-digit year: 1970 to 2069.
fn full_year(year: u32) -> i32 {
    year as i32 + if year < 70 { 2000 } else { 1900 }
}
