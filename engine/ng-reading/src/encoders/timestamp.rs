//! Timestamps as logs write them.

use super::Clock;
use super::calendar::Civil;
use super::level;
use ng_model::event::Reading;
use ng_wire::Level;

/// A timestamp at the start of a text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Stamp {
    /// Nanoseconds since 1970, UTC.
    pub(super) time_ns: i64,
    /// The first byte behind it.
    pub(super) end: usize,
    /// The level that some notations carry in their first letter.
    pub(super) level: Option<Level>,
    /// The notation of Android, where two numbers and a letter for the level follow.
    pub(super) logcat: bool,
}

/// 2000 and 2100 in seconds since 1970: a bare number outside is no time.
const EPOCH_RANGE: std::ops::Range<u64> = 946_684_800..4_102_444_800;

/// The timestamp at the start of `raw`, which is a part of the reading, in brackets or without.
pub(super) fn leading(raw: &[u8], reading: &Reading<'_>, clock: &Clock) -> Option<Stamp> {
    let reader = Reader { raw, at: 0, reading, clock, offset_s: None };
    if raw.first() != Some(&b'[') {
        return reader.unbracketed();
    }
    let inner = Reader { raw: &raw[1..], ..reader }.unbracketed()?;
    let end = inner.end + 1;
    Some(Stamp { end: end + usize::from(raw.get(end) == Some(&b']')), ..inner })
}

/// The time that a whole text states: any notation of [`leading`], or an epoch number with an optional fraction.
pub(crate) fn whole(text: &[u8], reading: &Reading<'_>, clock: &Clock) -> Option<i64> {
    if let Some(time) = epoch(text) {
        return Some(time);
    }
    leading(text, reading, clock).filter(|stamp| stamp.end == text.len()).map(|stamp| stamp.time_ns)
}

/// The bracketed time of an access log line, `10.0.0.1 - - [10/Oct/2000:13:55:36 -0700] "GET …`.
pub(super) fn of_access_log(raw: &[u8], reading: &Reading<'_>, clock: &Clock) -> Option<i64> {
    let near_start = &raw[..raw.len().min(160)];
    memchr::memchr_iter(b'[', near_start).take(4).find_map(|at| {
        let inside = &raw[at + 1..];
        (inside.get(2) == Some(&b'/'))
            .then(|| Reader { raw: inside, at: 0, reading, clock, offset_s: None }.day_month_name())?
            .map(|stamp| stamp.time_ns)
    })
}

/// Seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by magnitude; only from 2000 to 2100.
fn epoch(text: &[u8]) -> Option<i64> {
    let (whole, fraction) = match text.iter().position(|byte| *byte == b'.') {
        Some(dot) => (&text[..dot], &text[dot + 1..]),
        None => (text, &[][..]),
    };
    if !(9..=19).contains(&whole.len()) || (whole.len() < text.len() && fraction.is_empty()) {
        return None;
    }
    let number = whole.iter().try_fold(0u64, |number, byte| {
        byte.is_ascii_digit().then(|| number.wrapping_mul(10).wrapping_add(u64::from(byte - b'0')))
    })?;
    let unit_ns = [1_000_000_000u64, 1_000_000, 1_000, 1]
        .into_iter()
        .find(|unit_ns| EPOCH_RANGE.contains(&(number / (1_000_000_000 / unit_ns))))?;
    let mut time_ns = number * unit_ns;
    let mut place = unit_ns;
    for byte in fraction {
        if !byte.is_ascii_digit() {
            return None;
        }
        place /= 10;
        time_ns += u64::from(byte - b'0') * place;
    }
    i64::try_from(time_ns).ok()
}

/// Reads a text from the left; every part that does not fit ends the attempt.
#[derive(Clone, Copy)]
struct Reader<'a> {
    raw: &'a [u8],
    at: usize,
    reading: &'a Reading<'a>,
    clock: &'a Clock,
    /// Seconds east of UTC where the text states its zone.
    offset_s: Option<i32>,
}

impl Reader<'_> {
    fn unbracketed(self) -> Option<Stamp> {
        match self.raw.first()? {
            b'0'..=b'9' => self.digits_first(),
            b'A'..=b'Z' => self.letters_first(),
            _ => None,
        }
    }

    fn digits_first(self) -> Option<Stamp> {
        let count = self.raw.iter().take(20).take_while(|byte| byte.is_ascii_digit()).count();
        match (count, self.raw.get(count)) {
            (4, Some(b'-' | b'/' | b'.')) => self.year_month_day(),
            (2, Some(b'/')) if self.raw.get(3).is_some_and(u8::is_ascii_digit) => self.short_year(),
            (2, Some(b'/')) => self.day_month_name(),
            (2, Some(b'-')) => self.logcat(),
            (6, Some(b' ')) => self.packed(2),
            (8, Some(b' ' | b'T' | b'-')) => self.packed(4),
            (9..=19, _) => self.epoch_first(count),
            _ => None,
        }
    }

    fn letters_first(self) -> Option<Stamp> {
        match self.raw.get(1)? {
            b'0'..=b'9' => self.glog(),
            b',' => self.ruby(),
            _ if month(self.raw.get(..3)?).is_some() => self.syslog(),
            _ => self.ctime(),
        }
    }

    /// `2026-11-22T10:00:00.123Z`, with `/` or `.` in the date and a blank for the `T`; seconds may be absent.
    fn year_month_day(mut self) -> Option<Stamp> {
        let year = self.digits(4)?;
        let separator = self.byte()?;
        let month = self.digits(2)?;
        self.eat(separator)?;
        let day = self.digits(2)?;
        if !matches!(self.byte()?, b'T' | b't' | b' ' | b'_') {
            return None;
        }
        let civil = Civil { year: year as i32, month, day, ..Civil::default() };
        let civil = self.clock_time(civil, false)?;
        self.with_zone(civil)
    }

    /// `17/06/09 20:10:40`: two digits of the year, month, day.
    fn short_year(mut self) -> Option<Stamp> {
        let year = self.digits(2)?;
        self.eat(b'/')?;
        let month = self.digits(2)?;
        self.eat(b'/')?;
        let day = self.digits(2)?;
        self.eat(b' ')?;
        let civil = self.clock_time(Civil { year: full_year(year), month, day, ..Civil::default() }, true)?;
        self.with_zone(civil)
    }

    /// `10/Oct/2000:13:55:36 -0700`.
    fn day_month_name(mut self) -> Option<Stamp> {
        let day = self.digits(2)?;
        self.eat(b'/')?;
        let month = self.month_name()?;
        self.eat(b'/')?;
        let year = self.digits(4)? as i32;
        if !matches!(self.byte()?, b':' | b' ') {
            return None;
        }
        let civil = self.clock_time(Civil { year, month, day, ..Civil::default() }, true)?;
        self.with_zone(civil)
    }

    /// `03-17 16:13:38.811`, as logcat writes it.
    fn logcat(mut self) -> Option<Stamp> {
        let month = self.digits(2)?;
        self.eat(b'-')?;
        let day = self.digits(2)?;
        self.eat(b' ')?;
        let civil = self.clock_time(Civil { month, day, ..Civil::default() }, true)?;
        self.without_year(civil).map(|stamp| Stamp { logcat: true, ..stamp })
    }

    /// `081109 203518`, `20081109 203530`, `20081109T203530Z`, `20171223-22:15:29:606`.
    fn packed(mut self, year_digits: usize) -> Option<Stamp> {
        let year = self.digits(year_digits)?;
        let year = if year_digits == 2 { full_year(year) } else { year as i32 };
        let civil = Civil { year, month: self.digits(2)?, day: self.digits(2)?, ..Civil::default() };
        self.byte()?;
        if self.raw.get(self.at + 2) == Some(&b':') || self.raw.get(self.at + 1) == Some(&b':') {
            let mut civil = self.clock_time(civil, true)?;
            if civil.nanos == 0 && self.peek() == Some(b':') {
                self.at += 1;
                civil.nanos = self.millis()?;
            }
            return self.with_zone(civil);
        }
        let hour = self.digits(2)?;
        let (minute, second) = (self.digits(2)?, self.digits(2)?);
        self.with_zone(Civil { hour, minute, second, ..civil })
    }

    /// `Nov 22 23:55:01`, `Nov  2 23:55:01.123`, `Nov 22 2026 23:55:01`.
    fn syslog(mut self) -> Option<Stamp> {
        let month = self.month_name()?;
        let day = self.day()?;
        self.eat(b' ')?;
        let year = if self.raw.get(self.at + 4) == Some(&b' ') { self.digits(4) } else { None };
        if year.is_some() {
            self.eat(b' ')?;
        }
        let civil = self.clock_time(Civil { month, day, ..Civil::default() }, true)?;
        match year {
            Some(year) => self.with_zone(Civil { year: year as i32, ..civil }),
            None => self.without_year(civil),
        }
    }

    /// `Sun Dec 04 04:47:44 2005`, with a fraction or a zone before the year.
    fn ctime(mut self) -> Option<Stamp> {
        const DAYS: [&[u8]; 7] = [b"Mon", b"Tue", b"Wed", b"Thu", b"Fri", b"Sat", b"Sun"];
        if !DAYS.contains(&self.raw.get(..3)?) {
            return None;
        }
        self.at = 3;
        self.eat(b' ')?;
        let month = self.month_name()?;
        let day = self.day()?;
        self.eat(b' ')?;
        let civil = self.clock_time(Civil { month, day, ..Civil::default() }, true)?;
        self.eat(b' ')?;
        let utc = self.raw[self.at..].starts_with(b"UTC ") || self.raw[self.at..].starts_with(b"GMT ");
        if utc {
            self.at += 4;
            self.offset_s = Some(0);
        }
        let year = self.digits(4)? as i32;
        self.stamp_of(Civil { year, ..civil })
    }

    /// `E1122 12:00:00.123456`: level, month, day.
    fn glog(mut self) -> Option<Stamp> {
        let level = matches!(self.raw[0], b'I' | b'W' | b'E' | b'F' | b'D').then(|| level::letter(self.raw[0]))?;
        self.at = 1;
        let civil = Civil { month: self.digits(2)?, day: self.digits(2)?, ..Civil::default() };
        self.eat(b' ')?;
        let civil = self.clock_time(civil, true)?;
        self.without_year(civil).map(|stamp| Stamp { level, ..stamp })
    }

    /// `I, [2026-11-22T10:00:00.123456 #123]  INFO`: the level's letter, then the time and the process. The level is
    /// left to the word.
    fn ruby(mut self) -> Option<Stamp> {
        self.at = 1;
        self.eat(b',')?;
        self.eat(b' ')?;
        self.eat(b'[')?;
        let inner = Reader { raw: &self.raw[self.at..], at: 0, ..self }.year_month_day()?;
        Some(Stamp { end: self.at + inner.end, ..inner })
    }

    fn epoch_first(mut self, digits: usize) -> Option<Stamp> {
        if !matches!(digits, 10 | 13 | 16 | 19) {
            return None;
        }
        let fraction = match self.raw.get(digits) {
            Some(b'.') => 1 + self.raw[digits + 1..].iter().take(9).take_while(|byte| byte.is_ascii_digit()).count(),
            _ => 0,
        };
        self.at = digits + fraction;
        if !matches!(self.peek(), None | Some(b' ' | b'\t' | b',' | b'|' | b':' | b']')) {
            return None;
        }
        let time_ns = epoch(&self.raw[..self.at])?;
        self.ends().then_some(Stamp { time_ns, end: self.at, level: None, logcat: false })
    }

    /// `HH:MM:SS` with a fraction, or `HH:MM` unless seconds are needed.
    fn clock_time(&mut self, day: Civil, needs_seconds: bool) -> Option<Civil> {
        // Some devices write one digit where one is enough.
        let hour = self.one_or_two()?;
        self.eat(b':')?;
        let minute = self.one_or_two()?;
        if self.peek() != Some(b':') {
            return (!needs_seconds).then_some(Civil { hour, minute, ..day });
        }
        self.at += 1;
        let second = self.one_or_two()?;
        let fraction_follows =
            matches!(self.peek(), Some(b'.' | b',')) && self.raw.get(self.at + 1).is_some_and(u8::is_ascii_digit);
        let nanos = if fraction_follows {
            self.at += 1;
            self.fraction()?
        } else {
            0
        };
        Some(Civil { hour, minute, second, nanos, ..day })
    }

    /// Digits of a fraction of a second; those behind the ninth are passed over.
    fn fraction(&mut self) -> Option<u32> {
        let (mut nanos, mut place) = (0, 100_000_000);
        let start = self.at;
        while let Some(byte @ b'0'..=b'9') = self.peek() {
            nanos += u32::from(byte - b'0') * place;
            place /= 10;
            self.at += 1;
        }
        (self.at > start).then_some(nanos)
    }

    /// A whole number of milliseconds, one to three digits.
    fn millis(&mut self) -> Option<u32> {
        let start = self.at;
        let mut millis = 0;
        while let (Some(byte @ b'0'..=b'9'), 0..3) = (self.peek(), self.at - start) {
            millis = millis * 10 + u32::from(byte - b'0');
            self.at += 1;
        }
        (self.at > start).then_some(millis * 1_000_000)
    }

    /// Ends the stamp with `Z`, `±hh:mm`, `±hhmm`, `±hh`, ` ±hhmm`, ` UTC`, ` GMT`, or nothing for local time.
    fn with_zone(mut self, civil: Civil) -> Option<Stamp> {
        let blank = usize::from(self.peek() == Some(b' '));
        let rest = &self.raw[self.at + blank..];
        if blank == 0 && matches!(rest.first(), Some(b'Z' | b'z')) {
            self.at += 1;
            self.offset_s = Some(0);
        } else if blank == 1 && (is_word(rest, b"UTC") || is_word(rest, b"GMT") || is_word(rest, b"Z")) {
            self.at += if rest[0] == b'Z' { 2 } else { 4 };
            self.offset_s = Some(0);
        } else if let Some((offset_s, len)) = offset(rest, blank == 1) {
            self.at += blank + len;
            self.offset_s = Some(offset_s);
        }
        self.stamp_of(civil)
    }

    fn without_year(self, civil: Civil) -> Option<Stamp> {
        self.stamp_of(civil.in_year_near(self.reading.received_ns)?)
    }

    /// The stamp that ends here and shows this.
    fn stamp_of(self, civil: Civil) -> Option<Stamp> {
        let shown_s = civil.seconds().filter(|_| self.ends())?;
        let time_s = match self.offset_s {
            Some(offset_s) => shown_s - i64::from(offset_s),
            None => self.clock.to_utc_s(shown_s, self.reading.source),
        };
        let time_ns = time_s * 1_000_000_000 + i64::from(civil.nanos);
        Some(Stamp { time_ns, end: self.at, level: None, logcat: false })
    }

    /// A stamp may end here: if a letter or digit follows, it was something else.
    fn ends(&self) -> bool {
        !self.peek().is_some_and(|byte| byte.is_ascii_alphanumeric())
    }

    fn month_name(&mut self) -> Option<u32> {
        let month = month(self.raw.get(self.at..self.at + 3)?)?;
        self.at += 3;
        Some(month)
    }

    /// A day behind one blank, or behind two when it has one digit.
    fn day(&mut self) -> Option<u32> {
        self.eat(b' ')?;
        if self.peek() == Some(b' ') {
            self.at += 1;
            return self.digits(1);
        }
        self.one_or_two()
    }

    fn one_or_two(&mut self) -> Option<u32> {
        let first = self.digits(1)?;
        Some(self.digits(1).map_or(first, |second| first * 10 + second))
    }

    fn digits(&mut self, count: usize) -> Option<u32> {
        let text = self.raw.get(self.at..self.at + count)?;
        let number = text
            .iter()
            .try_fold(0, |number, byte| byte.is_ascii_digit().then(|| number * 10 + u32::from(byte - b'0')))?;
        self.at += count;
        Some(number)
    }

    fn eat(&mut self, expected: u8) -> Option<()> {
        (self.byte()? == expected).then_some(())
    }

    fn byte(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    fn peek(&self) -> Option<u8> {
        self.raw.get(self.at).copied()
    }
}

/// Seconds east of UTC and the length of the notation. Behind a blank only `±hhmm` counts, since numbers follow times too.
fn offset(rest: &[u8], behind_blank: bool) -> Option<(i32, usize)> {
    let sign = match rest.first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let pair = |at: usize| match (rest.get(at), rest.get(at + 1)) {
        (Some(tens @ b'0'..=b'9'), Some(ones @ b'0'..=b'9')) => Some(i32::from((tens - b'0') * 10 + (ones - b'0'))),
        _ => None,
    };
    let hours = pair(1)?;
    let (minutes, len) = match (rest.get(3), pair(3), pair(4)) {
        (Some(b':'), _, Some(minutes)) if !behind_blank => (minutes, 6),
        (_, Some(minutes), _) => (minutes, 5),
        _ if !behind_blank => (0, 3),
        _ => return None,
    };
    let ends = !rest.get(len).is_some_and(u8::is_ascii_alphanumeric);
    (ends && hours <= 14 && minutes % 15 == 0 && minutes < 60).then_some((sign * (hours * 3600 + minutes * 60), len))
}

/// `rest` begins with `word` and no letter or digit follows.
fn is_word(rest: &[u8], word: &[u8]) -> bool {
    rest.starts_with(word) && !rest.get(word.len()).is_some_and(u8::is_ascii_alphanumeric)
}

/// The century of a two-digit year: 1970 to 2069.
fn full_year(year: u32) -> i32 {
    year as i32 + if year < 70 { 2000 } else { 1900 }
}

fn month(name: &[u8]) -> Option<u32> {
    Some(match name {
        b"Jan" => 1,
        b"Feb" => 2,
        b"Mar" => 3,
        b"Apr" => 4,
        b"May" => 5,
        b"Jun" => 6,
        b"Jul" => 7,
        b"Aug" => 8,
        b"Sep" => 9,
        b"Oct" => 10,
        b"Nov" => 11,
        b"Dec" => 12,
        _ => return None,
    })
}
