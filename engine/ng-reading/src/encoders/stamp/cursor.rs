//! Reads a text from the left; every part that does not fit ends the attempt.

use super::{MOST_DIGITS, TimeOfDay};

/// What follows the first three letters in the whole name of a month.
const MONTH_ENDS: [&[u8]; 12] =
    [b"uary", b"ruary", b"ch", b"il", b"", b"e", b"y", b"ust", b"tember", b"ober", b"ember", b"ember"];
/// The blank that some locales set before `PM`: a narrow one that does not break.
const NARROW_BLANK: &[u8] = "\u{202f}".as_bytes();

/// The number of two digits. What is no digit gives a number that no part of a time is.
#[inline]
pub(super) fn pair(tens: u8, ones: u8) -> u32 {
    let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
    if tens < 10 && ones < 10 { u32::from(tens * 10 + ones) } else { 1000 }
}

/// A month by its first three letters, small ones.
#[inline]
pub(super) fn month(letters: [u8; 3]) -> Option<u32> {
    Some(match &letters {
        b"jan" => 1,
        b"feb" => 2,
        b"mar" => 3,
        b"apr" => 4,
        b"may" => 5,
        b"jun" => 6,
        b"jul" => 7,
        b"aug" => 8,
        b"sep" => 9,
        b"oct" => 10,
        b"nov" => 11,
        b"dec" => 12,
        _ => return None,
    })
}

/// A place in a text.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'a> {
    /// The text.
    pub(super) raw: &'a [u8],
    /// The next byte.
    pub(super) at: usize,
}

impl<'a> Cursor<'a> {
    /// At the start of a text.
    pub(super) fn new(raw: &'a [u8]) -> Self {
        Cursor { raw, at: 0 }
    }

    /// What is left.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.raw.get(self.at..).unwrap_or_default()
    }

    /// The next byte, which stays.
    pub(super) fn peek(&self) -> Option<u8> {
        self.raw.get(self.at).copied()
    }

    /// The next byte.
    pub(super) fn byte(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    /// The next byte when it is this.
    pub(super) fn eat(&mut self, expected: u8) -> Option<()> {
        (self.byte()? == expected).then_some(())
    }

    /// Passes over the next bytes when they are these.
    pub(super) fn skip(&mut self, expected: &[u8]) -> bool {
        let found = self.rest().starts_with(expected);
        self.at += if found { expected.len() } else { 0 };
        found
    }

    /// The next byte when it is a digit.
    fn digit(&mut self) -> Option<u32> {
        let digit = self.peek()?.wrapping_sub(b'0');
        self.at += usize::from(digit < 10);
        (digit < 10).then_some(u32::from(digit))
    }

    /// A number of so many digits.
    pub(super) fn digits(&mut self, count: usize) -> Option<u32> {
        (0..count).try_fold(0, |number, _| Some(number * 10 + self.digit()?))
    }

    /// A number of one digit or two.
    pub(super) fn one_or_two(&mut self) -> Option<u32> {
        let first = self.digit()?;
        Some(self.digit().map_or(first, |second| first * 10 + second))
    }

    /// How many digits follow, counted up to [`MOST_DIGITS`].
    pub(super) fn digit_run(&self) -> usize {
        self.rest().iter().take(MOST_DIGITS).take_while(|byte| byte.is_ascii_digit()).count()
    }

    /// A letter or digit follows: what was read so far was something else.
    pub(super) fn is_inside_word(&self) -> bool {
        self.peek().is_some_and(|byte| byte.is_ascii_alphanumeric())
    }

    /// A month by its name, short or whole, in any case.
    pub(super) fn month_name(&mut self) -> Option<u32> {
        let month = month(self.letters()?)?;
        self.at += 3;
        self.finish_name(MONTH_ENDS[month as usize - 1]);
        (!self.peek().is_some_and(|byte| byte.is_ascii_alphabetic())).then_some(month)
    }

    /// A day of the week by its name, short or whole, in any case.
    pub(super) fn weekday(&mut self) -> Option<()> {
        let end: &[u8] = match &self.letters()? {
            b"mon" | b"fri" | b"sun" => b"day",
            b"tue" => b"sday",
            b"wed" => b"nesday",
            b"thu" => b"rsday",
            b"sat" => b"urday",
            _ => return None,
        };
        self.at += 3;
        self.finish_name(end);
        (!self.is_inside_word()).then_some(())
    }

    /// The name of a month or of a day of the week may follow.
    pub(super) fn begins_name(&self) -> bool {
        self.letters().is_some_and(|letters| {
            month(letters).is_some() || matches!(&letters, b"mon" | b"tue" | b"wed" | b"thu" | b"fri" | b"sat" | b"sun")
        })
    }

    /// The next three bytes, letters folded to small ones.
    fn letters(&self) -> Option<[u8; 3]> {
        let name: [u8; 3] = self.rest().get(..3)?.try_into().ok()?;
        Some(name.map(|byte| byte | 0x20))
    }

    fn finish_name(&mut self, end: &[u8]) {
        if self.rest().get(..end.len()).is_some_and(|rest| rest.eq_ignore_ascii_case(end)) {
            self.at += end.len();
        }
    }

    /// A time of day, `HH:MM[:SS[.fraction]]`, with `AM` or `PM` behind it or without. One digit is enough where some
    /// writers save the other. Points in place of colons count where `points` says so.
    pub(super) fn time_of_day(&mut self, points: bool) -> Option<TimeOfDay> {
        let hour = self.one_or_two()?;
        let separator = self.byte()?;
        if separator != b':' && !(points && separator == b'.') {
            return None;
        }
        let minute = self.one_or_two()?;
        let has_seconds = self.peek() == Some(separator) && self.raw.get(self.at + 1).is_some_and(u8::is_ascii_digit);
        let second = if has_seconds {
            self.at += 1;
            self.one_or_two()?
        } else {
            0
        };
        self.finish_time([hour, minute, second], has_seconds)
    }

    /// The fraction of a second and the half of the day that may follow hour, minute and second.
    #[inline]
    pub(super) fn finish_time(&mut self, [hour, minute, second]: [u32; 3], has_seconds: bool) -> Option<TimeOfDay> {
        let nanos = if has_seconds { self.fraction() } else { 0 };
        let half = if (1..=12).contains(&hour) { self.half_of_day() } else { None };
        let hour = half.map_or(hour, |half| hour % 12 + half);
        // 60 is a leap second, which clocks count as the one before.
        (hour < 24 && minute < 60 && second <= 60).then(|| TimeOfDay {
            second: i64::from(hour * 3600 + minute * 60 + second.min(59)),
            nanos,
            is_exact: has_seconds || half.is_some(),
            has_half: half.is_some(),
        })
    }

    /// Nanoseconds of a fraction behind a point or comma, or of three digits behind a colon; 0 when there is none. Digits
    /// behind the ninth are passed over.
    fn fraction(&mut self) -> u32 {
        let digits = Cursor { at: self.at + 1, ..*self };
        let follows = match self.peek() {
            Some(b'.' | b',') => digits.peek().is_some_and(|byte| byte.is_ascii_digit()),
            Some(b':') => digits.digit_run() == 3 && self.raw.get(self.at + 4) != Some(&b':'),
            _ => false,
        };
        if !follows {
            return 0;
        }
        self.at += 1;
        let (mut nanos, mut place) = (0, 100_000_000);
        while let Some(byte @ b'0'..=b'9') = self.peek() {
            nanos += u32::from(byte - b'0') * place;
            place /= 10;
            self.at += 1;
        }
        nanos
    }

    /// `AM` or `PM`, `a.m.` or `p.m.`, behind a blank or without: the hours that it adds to twelve o'clock.
    fn half_of_day(&mut self) -> Option<u32> {
        if !matches!(self.peek()?, b' ' | b'A' | b'a' | b'P' | b'p' | 0xe2) {
            return None;
        }
        let mut ahead = *self;
        let _ = ahead.skip(b" ") || ahead.skip(NARROW_BLANK);
        let hours = match ahead.byte()? {
            b'A' | b'a' => 0,
            b'P' | b'p' => 12,
            _ => return None,
        };
        let pointed = ahead.skip(b".");
        if !matches!(ahead.byte()?, b'M' | b'm') || (pointed && !ahead.skip(b".")) || ahead.is_inside_word() {
            return None;
        }
        *self = ahead;
        Some(hours)
    }
}
