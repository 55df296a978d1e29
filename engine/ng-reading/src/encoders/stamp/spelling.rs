//! Spellings that a person spells out, in the letters of `strptime`.

use super::cursor::Cursor;
use super::{Day, Stamp, When, ending, full_year, zone};
use crate::encoders::stamp::StatedZone;

/// A notation of times.
#[derive(Clone, Debug)]
pub(crate) struct Spelling(Vec<Piece>);

/// What stands in a notation.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Piece {
    /// The byte itself.
    Byte(u8),
    /// The number or name that this letter stands for.
    Letter(u8),
}

/// The letters, and what they stand for.
const LETTERS: &str = "Y y m b d j H I M S f p z s a %";

/// What was read so far.
#[derive(Default)]
struct Shown {
    year: Option<i32>,
    month: Option<u32>,
    day: Option<u32>,
    day_of_year: Option<u32>,
    epoch_s: Option<i64>,
    second: i64,
    is_afternoon: Option<bool>,
    nanos: u32,
    zone: StatedZone,
}

impl Spelling {
    /// Reads `%Y-%m-%d %H:%M:%S` and the like. The error says what was expected.
    pub(crate) fn new(text: &str) -> Result<Spelling, String> {
        let mut bytes = text.bytes();
        let mut pieces = Vec::new();
        while let Some(byte) = bytes.next() {
            pieces.push(match byte {
                b'%' => match bytes.next() {
                    Some(b'%') => Piece::Byte(b'%'),
                    Some(letter) if letter.is_ascii_alphabetic() && LETTERS.as_bytes().contains(&letter) => {
                        Piece::Letter(letter)
                    }
                    _ => return Err(format!("expected one of {LETTERS} behind %")),
                },
                byte => Piece::Byte(byte),
            });
        }
        let has = |letters: &[u8]| {
            pieces.iter().any(|piece| matches!(piece, Piece::Letter(letter) if letters.contains(letter)))
        };
        let is_time = has(b"s") || has(b"HI");
        if is_time { Ok(Spelling(pieces)) } else { Err("expected an hour, %H or %I, or seconds since 1970, %s".into()) }
    }

    /// The stamp that a whole text is.
    pub(super) fn read(&self, text: &[u8]) -> Option<Stamp> {
        let mut cursor = Cursor::new(text);
        let mut shown = Shown::default();
        for piece in &self.0 {
            match piece {
                // As many blanks as there are: days are padded with them.
                Piece::Byte(b' ') => {
                    cursor.eat(b' ')?;
                    while cursor.skip(b" ") {}
                }
                Piece::Byte(byte) => cursor.eat(*byte)?,
                Piece::Letter(letter) => shown.take(*letter, &mut cursor)?,
            }
        }
        if !cursor.rest().is_empty() {
            return None;
        }
        ending(cursor, shown.when()?, shown.nanos, shown.zone)
    }
}

impl Shown {
    fn take(&mut self, letter: u8, cursor: &mut Cursor<'_>) -> Option<()> {
        match letter {
            b'Y' => self.year = Some(cursor.digits(4)? as i32),
            b'y' => self.year = Some(full_year(cursor.digits(2)?)),
            b'm' => self.month = Some(cursor.one_or_two()?),
            b'b' => self.month = Some(cursor.month_name()?),
            b'd' => self.day = Some(cursor.one_or_two()?),
            b'j' => self.day_of_year = Some(cursor.digits(3)?),
            b'H' => self.second += in_range(cursor, 24)? * 3600,
            b'I' => self.second += in_range(cursor, 13)? % 12 * 3600,
            b'M' => self.second += in_range(cursor, 60)? * 60,
            // 60 is a leap second, which clocks count as the one before.
            b'S' => self.second += in_range(cursor, 61)?.min(59),
            b'f' => {
                // A fraction as the cursor reads one stands behind a point.
                let digits = cursor.digit_run();
                let read = digits.min(9);
                self.nanos = cursor.digits(read).filter(|_| read > 0)? * 10u32.pow(9 - read as u32);
                cursor.at += digits - read;
            }
            b'p' => {
                self.is_afternoon = Some(match cursor.byte()? | 0x20 {
                    b'a' => false,
                    b'p' => true,
                    _ => return None,
                });
                (cursor.byte()? | 0x20 == b'm').then_some(())?;
            }
            b'z' => self.zone = zone::stated(cursor),
            b's' => {
                let digits = cursor.digit_run();
                let number = &cursor.rest()[..digits];
                self.epoch_s = std::str::from_utf8(number).ok()?.parse().ok().filter(|second| *second < 1 << 33);
                self.epoch_s?;
                cursor.at += digits;
            }
            _ => cursor.weekday()?,
        }
        Some(())
    }

    fn when(&self) -> Option<When> {
        if let Some(epoch_s) = self.epoch_s {
            return Some(When::Epoch(epoch_s));
        }
        let second = self.second + if self.is_afternoon == Some(true) { 12 * 3600 } else { 0 };
        if second >= super::DAY_S {
            return None;
        }
        Some(match (self.year, self.month, self.day, self.day_of_year) {
            (Some(year), Some(month), Some(day), _) => When::Shown(Day { year, month, day }.seconds()? + second),
            (Some(year), _, _, Some(day)) => When::Shown(Day::of_year(year, day)? + second),
            (None, Some(month), Some(day), _) => {
                // A year that has every day.
                Day { year: 2000, month, day }.seconds()?;
                When::Yearless { month, day, second }
            }
            _ => When::TimeOfDay(second),
        })
    }
}

/// A number of one digit or two, below a limit.
fn in_range(cursor: &mut Cursor<'_>, limit: u32) -> Option<i64> {
    cursor.one_or_two().filter(|number| *number < limit).map(i64::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(notation: &str, text: &str, expect: Option<When>) {
        let found = Spelling::new(notation).unwrap().read(text.as_bytes()).map(|stamp| stamp.when);
        assert_eq!(found, expect, "{text} as {notation}");
    }

    /// 2026-11-22T00:00:00.
    const DAY: i64 = 1_795_305_600;

    #[test]
    fn notations_are_read() {
        let three = DAY + 15 * 3600 + 4 * 60 + 5;
        check("%Y-%m-%d\t%H:%M:%S", "2026-11-22\t15:04:05", Some(When::Shown(three)));
        check("%a %b %d %I:%M:%S %p %Y", "Sun Nov 22 03:04:05 pm 2026", Some(When::Shown(three)));
        check("%d.%m.%y %H.%M.%S", "22.11.26 15.04.05", Some(When::Shown(three)));
        check("%Y%j %H:%M", "2026326 15:04", Some(When::Shown(three - 5)));
        check("%b %d %H:%M", "Nov  2 15:04", Some(When::Yearless { month: 11, day: 2, second: 54_240 }));
        check("%H:%M:%S", "15:04:05", Some(When::TimeOfDay(54_245)));
        check("%s", "1795359845", Some(When::Epoch(1_795_359_845)));
        check("100%% %H:%M", "100% 15:04", Some(When::TimeOfDay(54_240)));
        let stamp = Spelling::new("%Y/%m/%dT%H:%M:%S.%f%z").unwrap().read(b"2026/11/22T15:04:05.250-02:00").unwrap();
        assert_eq!((stamp.nanos, stamp.zone), (250_000_000, StatedZone::Offset(-7200)));
    }

    #[test]
    fn other_texts_are_not() {
        for text in ["", "2026-11-22", "2026-13-22 10:00", "2026-11-22 24:00", "2026-11-22 10:60", "2026-11-22 10:00 x"]
        {
            check("%Y-%m-%d %H:%M", text, None);
        }
        check("%I:%M %p", "13:00 PM", None);
        check("%m-%d %H:%M", "02-30 10:00", None);
        check("%s", "99999999999", None);
    }

    #[test]
    fn wrong_notations_are_refused() {
        assert!(Spelling::new("%Q %H").unwrap_err().starts_with("expected one of"));
        assert!(Spelling::new("%H%").unwrap_err().starts_with("expected one of"));
        assert!(Spelling::new("%Y-%m-%d").unwrap_err().starts_with("expected an hour"));
    }

    proptest! {
        #[test]
        fn no_text_panics(notation in "(%[YymbdjHIMSfpzsa]|[ :T-]){0,8}%H", text in proptest::collection::vec(any::<u8>(), 0..40)) {
            if let Ok(notation) = Spelling::new(&notation) {
                notation.read(&text);
            }
        }
    }
}
