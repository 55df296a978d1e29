//! The zone that a stamp states: an offset, or the abbreviation of a zone.

use super::cursor::{Cursor, pair};
use super::region;
use crate::encoders::vocabulary::names_level;

/// What a stamp states of its zone.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(in crate::encoders) enum StatedZone {
    /// Nothing: it is local time.
    #[default]
    Local,
    /// Seconds east of UTC.
    Offset(i32),
    /// A row of [`ABBREVIATIONS`].
    Abbreviation(u8),
    /// The place of a name of the IANA among those that were found, [`super::region`].
    Region(u16),
}

/// Abbreviations and the minutes east of UTC that they mean where nobody says otherwise, in the order of the alphabet. Of
/// those that several zones share it is the one that most logs mean: `EST`, `CST` and their like are of North America, `IST`
/// is of India, `BST` the summer of London.
pub(in crate::encoders) static ABBREVIATIONS: [(&str, i16); 55] = [
    ("ACDT", 630),
    ("ACST", 570),
    ("ADT", -180),
    ("AEDT", 660),
    ("AEST", 600),
    ("AKDT", -480),
    ("AKST", -540),
    ("AMT", -240),
    ("ART", -180),
    ("AST", -240),
    ("AWST", 480),
    ("BRST", -120),
    ("BRT", -180),
    ("BST", 60),
    ("CAT", 120),
    ("CDT", -300),
    ("CEST", 120),
    ("CET", 60),
    ("CLST", -180),
    ("CLT", -240),
    ("CST", -360),
    ("EAT", 180),
    ("EDT", -240),
    ("EEST", 180),
    ("EET", 120),
    ("EST", -300),
    ("GMT", 0),
    ("HKT", 480),
    ("HST", -600),
    ("ICT", 420),
    ("IDT", 180),
    ("IST", 330),
    ("JST", 540),
    ("KST", 540),
    ("MDT", -360),
    ("MEST", 120),
    ("MET", 60),
    ("MSK", 180),
    ("MST", -420),
    ("NDT", -150),
    ("NST", -210),
    ("NZDT", 780),
    ("NZST", 720),
    ("PDT", -420),
    ("PHT", 480),
    ("PKT", 300),
    ("PST", -480),
    ("SAST", 120),
    ("SGT", 480),
    ("TRT", 180),
    ("UTC", 0),
    ("WAT", 60),
    ("WEST", 60),
    ("WET", 0),
    ("WIB", 420),
];

/// Of these the ones that are also words. In capitals behind a time they may begin the message, and count only where
/// nothing else can stand: before the year.
const WORDS: [&[u8]; 6] = [b"ART", b"CAT", b"EAT", b"MET", b"WEST", b"WET"];

/// The row of an abbreviation.
pub(in crate::encoders) fn abbreviation(name: &[u8]) -> Option<u8> {
    // All end so; most words in capitals that follow a time do not.
    if !matches!(name.last()?, b'T' | b'C' | b'K' | b'B') {
        return None;
    }
    ABBREVIATIONS.binary_search_by(|(known, _)| known.as_bytes().cmp(name)).ok().map(|row| row as u8)
}

/// Reads `Z`, `±hh:mm`, `±hhmm`, `±hh`, ` ±hh:mm`, ` ±hhmm`, ` ±hh`, `±mmm`, `UTC`, ` CET`, `GMT+1`, ` Europe/Berlin`, and the name of the zone that may follow
/// an offset in brackets. Reads nothing where none of these stands.
pub(super) fn stated(cursor: &mut Cursor<'_>) -> StatedZone {
    let blank = usize::from(cursor.peek() == Some(b' '));
    let mut ahead = Cursor { at: cursor.at + blank, ..*cursor };
    let found = match ahead.peek() {
        Some(b'+' | b'-') => {
            let offset = offset(&mut ahead, blank == 1);
            if offset.is_some() {
                skip_name(&mut ahead);
            }
            offset.map(StatedZone::Offset)
        }
        Some(b'Z' | b'z') if blank == 0 || ahead.peek() == Some(b'Z') => {
            ahead.at += 1;
            (!ahead.is_inside_word()).then_some(StatedZone::Offset(0))
        }
        Some(b'A'..=b'Y') => named(&mut ahead, false).or_else(|| {
            let row = region::named(&mut ahead).filter(|_| blank == 1)?;
            Some(row.map_or(StatedZone::Local, StatedZone::Region))
        }),
        _ => None,
    };
    let Some(zone) = found else { return StatedZone::Local };
    *cursor = ahead;
    zone
}

/// An abbreviation, behind which an offset may be counted from Greenwich: `GMT+0100`, `UTC-3`. `alone` = nothing but a zone
/// can stand here.
pub(super) fn named(cursor: &mut Cursor<'_>, alone: bool) -> Option<StatedZone> {
    let len = cursor.rest().iter().take(6).take_while(|byte| byte.is_ascii_uppercase()).count();
    let name = &cursor.rest()[..len];
    let row = abbreviation(name).filter(|_| alone || !WORDS.contains(&name))?;
    let from_greenwich = matches!(name, b"GMT" | b"UTC");
    cursor.at += len;
    if from_greenwich && matches!(cursor.peek(), Some(b'+' | b'-')) {
        let offset_s = counted(cursor)?;
        skip_name(cursor);
        return Some(StatedZone::Offset(offset_s));
    }
    // A name goes on behind these: `UTC_CLOCK`, `GMT-based`, `CET/x`, `UTC=`.
    let goes_on = match cursor.rest() {
        [byte, ..] if byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'/' | b'=') => true,
        [b'-' | b'.', byte, ..] => byte.is_ascii_alphanumeric(),
        _ => false,
    };
    (!goes_on).then_some(if from_greenwich { StatedZone::Offset(0) } else { StatedZone::Abbreviation(row) })
}

/// Seconds east of UTC. Numbers follow times too, so that behind a blank hours without minutes count only where they are
/// no number of the message.
fn offset(cursor: &mut Cursor<'_>, behind_blank: bool) -> Option<i32> {
    let sign = if cursor.byte()? == b'-' { -1 } else { 1 };
    // Databases of IBM count minutes alone.
    if !behind_blank && cursor.digit_run() == 3 {
        let minutes = cursor.digits(3).filter(|minutes| *minutes <= 14 * 60 && minutes % 15 == 0)?;
        return (!cursor.is_inside_word()).then_some(sign * minutes as i32 * 60);
    }
    let hours = cursor.digits(2)?;
    let mut ahead = *cursor;
    ahead.skip(b":");
    let minutes = match ahead.digits(2) {
        Some(minutes) => {
            *cursor = ahead;
            minutes
        }
        None if behind_blank && !are_hours_of_zone(hours, cursor.rest()) => return None,
        None => 0,
    };
    let exists = hours <= 14 && minutes < 60 && minutes % 15 == 0;
    (exists && !cursor.is_inside_word()).then(|| sign * (hours * 3600 + minutes * 60) as i32)
}

/// Two digits with a sign are an offset and no number of the message, `-03 [27] x`: nobody counts `+01 apples`, but some
/// count `+10 points`.
fn are_hours_of_zone(hours: u32, rest: &[u8]) -> bool {
    match rest {
        [] | [b']' | b'\t', ..] => hours < 10,
        [b' ', b'[', ..] => true,
        [b' ', b'<' | b'(' | b'{', ..] => hours < 10,
        [b' ', text @ ..] if text.first().is_some_and(u8::is_ascii_alphabetic) => {
            let capitals = text.iter().take_while(|byte| byte.is_ascii_uppercase()).count();
            hours < 10 || capitals > 1 && names_level(&text[..capitals])
        }
        _ => false,
    }
}

/// Seconds east of UTC of ` ±hh` where a text ends that is nothing but a time, and what stands before it.
pub(super) fn hours_at_end(text: &[u8]) -> Option<(&[u8], i32)> {
    let (before, [b' ', sign @ (b'+' | b'-'), tens, ones]) = text.split_last_chunk()? else { return None };
    let hours = pair(*tens, *ones);
    let offset_s = hours as i32 * 3600;
    (hours <= 14).then_some((before, if *sign == b'-' { -offset_s } else { offset_s }))
}

/// The offset behind `GMT` or `UTC`, where one digit of hours is enough.
fn counted(cursor: &mut Cursor<'_>) -> Option<i32> {
    let mut ahead = *cursor;
    if let Some(offset_s) = offset(&mut ahead, false) {
        *cursor = ahead;
        return Some(offset_s);
    }
    let sign = if cursor.byte()? == b'-' { -1 } else { 1 };
    let hours = cursor.digits(1)?;
    let mut ahead = *cursor;
    let minutes = if ahead.skip(b":") { ahead.digits(2) } else { None };
    if minutes.is_some() {
        *cursor = ahead;
    }
    let minutes = minutes.unwrap_or(0);
    (minutes < 60 && !cursor.is_inside_word()).then(|| sign * (hours * 3600 + minutes * 60) as i32)
}

/// The name of the zone behind its offset: `[Europe/Berlin]`, ` (CET)`, ` (Central European Standard Time)`.
fn skip_name(cursor: &mut Cursor<'_>) {
    let (open, close) = match cursor.rest() {
        [b'[', ..] => (1, b']'),
        [b' ', b'(', ..] => (2, b')'),
        _ => return,
    };
    let inside = &cursor.rest()[open..];
    let Some(len) = inside.iter().take(48).position(|byte| *byte == close) else { return };
    let name = &inside[..len];
    let is_name = match close {
        b']' => name.contains(&b'/') && name.iter().all(|byte| byte.is_ascii_alphanumeric() || b"/_+-".contains(byte)),
        _ => abbreviation(name).is_some() || name.ends_with(b" Time"),
    };
    if is_name {
        cursor.at += open + len + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, zone: StatedZone, rest: &str) {
        let mut cursor = Cursor::new(text.as_bytes());
        assert_eq!(stated(&mut cursor), zone, "{text}");
        assert_eq!(std::str::from_utf8(cursor.rest()), Ok(rest), "{text}");
    }

    #[test]
    fn the_table_is_in_order() {
        assert!(ABBREVIATIONS.is_sorted_by(|a, b| a.0 < b.0));
        for (row, (name, minutes)) in ABBREVIATIONS.iter().enumerate() {
            assert_eq!(abbreviation(name.as_bytes()), Some(row as u8), "{name}");
            assert!(minutes.abs() <= 14 * 60, "{name}");
        }
        assert!(WORDS.iter().all(|word| abbreviation(word).is_some()));
    }

    #[test]
    fn offsets_and_names() {
        use StatedZone::{Abbreviation, Local, Offset};
        let named = |name: &str| Abbreviation(abbreviation(name.as_bytes()).unwrap());
        check("Z x", Offset(0), " x");
        check("+01 x", Offset(3600), " x");
        check("+0100", Offset(3600), "");
        check("-05:30]", Offset(-19_800), "]");
        check(" +01:00 x", Offset(3600), " x");
        // A number of the message has no zero in front.
        check(" +01 x", Offset(3600), " x");
        check(" -03 [27] x", Offset(-10_800), " [27] x");
        check(" +11 [27] x", Offset(39_600), " [27] x");
        check(" -10 ERROR x", Offset(-36_000), " ERROR x");
        check(" -03]", Offset(-10_800), "]");
        check(" +05", Offset(18_000), "");
        check("+060 x", Offset(3600), " x");
        check("-330 x", Offset(-19_800), " x");
        check(" -0700] x", Offset(-25_200), "] x");
        check(" CET x", named("CET"), " x");
        check("CET", named("CET"), "");
        check(" UTC: x", Offset(0), ": x");
        check(" GMT+0100 (Central European Standard Time) x", Offset(3600), " x");
        check(" UTC-3 x", Offset(-10_800), " x");
        check(" +0100 (CET) x", Offset(3600), " x");
        check("+01:00[Europe/Berlin] x", Offset(3600), " x");
        check("+01:00[main] x", Offset(3600), "[main] x");
        for text in [
            "",
            " x",
            " +1 x",
            " +10 points",
            " +10 A",
            " -12",
            " +01.5 x",
            " +01 2",
            " +15 [7]",
            " -1 left",
            "+25:00",
            "+061",
            "+060x",
            " +1234 x",
            " INFO x",
            " CAT scan",
            " UTC_CLOCK x",
        ] {
            check(text, Local, text);
        }
        check(" Nowhere/Else x", Local, " Nowhere/Else x");
        for (text, name) in [
            (" Europe/Berlin] x", "Europe/Berlin"),
            (" America/Argentina/Buenos_Aires", "America/Argentina/Buenos_Aires"),
            (" US/Eastern x", "US/Eastern"),
        ] {
            let row = region::row(name.as_bytes()).unwrap();
            check(text, StatedZone::Region(row), &text[1 + name.len()..]);
            assert_eq!(region::row(name.to_ascii_lowercase().as_bytes()), Some(row));
        }
        // It is no part of what is told, though nobody knows it.
        check(" Europe/Atlantis] x", Local, "] x");
        for text in ["Europe/Berlin", " Europe x", " Europe/", " Asia/7 x", " EUROPE/BERLIN", " Americas/x"] {
            check(text, Local, text);
        }
        for text in [" GMT-based x", " UTC=3", " ESTIMATE", " PST1", " Zone", "Zone", " z x", " +0100x"] {
            check(text, Local, text);
        }
    }
}
