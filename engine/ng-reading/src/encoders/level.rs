//! The level that a line, a field or a priority states.

use ng_wire::Level;

/// A level found in a line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    pub(super) level: Level,
    /// The first byte behind the level when the message begins there; none when what stands before the level, or the
    /// level itself, belongs to the message.
    pub(super) message: Option<usize>,
}

/// Tokens looked at behind the timestamp.
const TOKENS: usize = 8;
/// The message begins behind the level when the level is among this many first tokens.
const HEADING: usize = 3;
/// Longest stretch of a line that is looked at.
const WINDOW: usize = 256;

/// Looks for a level among the first tokens from `from` on. Deliberately narrow: an upper-case word, a word in brackets,
/// a word before a colon or set off by separators, or `level=word`; words inside prose are no level. `stamped` = a
/// timestamp ends at `from`; `logcat` = a single letter behind two numbers is a level.
pub(super) fn in_line(raw: &[u8], from: usize, stamped: bool, logcat: bool) -> Option<Found> {
    let window = &raw[..raw.len().min(from + WINDOW)];
    let (mut at, mut index, mut prose, mut words) = (from, 0, 0, false);
    while index < TOKENS {
        at = skip_blank(window, at);
        let (end, seen) = token_end(window, at);
        let token = &window[at..end];
        let Some(&first) = token.first() else {
            // The end, or an escape character that begins no colour.
            if at >= window.len() {
                return None;
            }
            at += 1;
            continue;
        };
        if seen & (LOWER | UPPER | DIGIT) == 0 {
            at = end;
            continue;
        }
        let place = TokenPosition { index, prose, set_off: stamped && index == 0 };
        let hit = match first {
            b'[' | b'<' => bracketed(window, at),
            b'a'..=b'z' | b'A'..=b'Z' => {
                if logcat && index == 2 && token.len() == 1 {
                    letter(first).map(|level| Hit { level, end, heads: true })
                } else {
                    bare(window, at, end, place)
                }
            }
            _ => None,
        };
        if let Some(Hit { level, end, heads }) = hit {
            // A word before the level is more than a heading, unless it stands in brackets: it stays in the message.
            let heads = heads && index < HEADING && !words;
            return Some(Found { level, message: heads.then_some(end) });
        }
        words |= seen & (LOWER | UPPER) != 0 && !matches!(first, b'[' | b'(' | b'<');
        // A plain word of running text consists of letters, and not of capitals alone.
        prose = if seen & (DIGIT | OTHER) == 0 && seen & LOWER != 0 { prose + 1 } else { 0 };
        index += 1;
        at = end;
    }
    None
}

/// A level by name, in any case.
pub(super) fn word(text: &[u8]) -> Option<Level> {
    let candidates: &[(&str, Level)] = match text.first()? | 0x20 {
        b'i' => &[("info", Level::Info), ("information", Level::Info), ("informational", Level::Info)],
        b'w' => &[("warn", Level::Warn), ("warning", Level::Warn)],
        b'e' => &[("error", Level::Error), ("err", Level::Error), ("emerg", Level::Fatal), ("emergency", Level::Fatal)],
        b'd' => &[("debug", Level::Debug), ("dbg", Level::Debug)],
        b'n' => &[("notice", Level::Notice)],
        b't' => &[("trace", Level::Trace)],
        b'f' => &[("fatal", Level::Fatal), ("failure", Level::Error), ("fine", Level::Debug)],
        b'c' => &[("critical", Level::Fatal), ("crit", Level::Fatal)],
        b'a' => &[("alert", Level::Fatal)],
        b'p' => &[("panic", Level::Fatal)],
        b's' => &[("severe", Level::Error)],
        b'v' => &[("verbose", Level::Debug)],
        _ => return None,
    };
    candidates.iter().find(|(name, _)| name.as_bytes().eq_ignore_ascii_case(text)).map(|(_, level)| *level)
}

/// A level by the letter that logcat, glog and many loggers print.
pub(super) fn letter(byte: u8) -> Option<Level> {
    Some(match byte {
        b'T' => Level::Trace,
        b'V' | b'D' => Level::Debug,
        b'I' => Level::Info,
        b'N' => Level::Notice,
        b'W' => Level::Warn,
        b'E' => Level::Error,
        b'F' | b'A' | b'C' => Level::Fatal,
        _ => return None,
    })
}

/// A level as a field's value states it: a word or a letter.
pub(super) fn value(text: &[u8]) -> Option<Level> {
    let text = text.trim_ascii();
    match text {
        [byte] => letter(byte.to_ascii_uppercase()),
        _ => word(text),
    }
}

/// A syslog severity, 0 to 7.
pub(super) fn severity(number: u32) -> Option<Level> {
    Some(match number {
        0..=2 => Level::Fatal,
        3 => Level::Error,
        4 => Level::Warn,
        5 => Level::Notice,
        6 => Level::Info,
        7 => Level::Debug,
        _ => return None,
    })
}

/// A numeric level of structured logs: a syslog severity below 8, else steps of ten from trace (10) to fatal (60).
pub(super) fn number(number: f64) -> Option<Level> {
    if number < 0.0 || number.fract() != 0.0 {
        return None;
    }
    Some(match number as u32 {
        small @ 0..=7 => return severity(small),
        10..=19 => Level::Trace,
        20..=29 => Level::Debug,
        30..=39 => Level::Info,
        40..=49 => Level::Warn,
        50..=59 => Level::Error,
        60 => Level::Fatal,
        _ => return None,
    })
}

/// The first byte at or behind `at` that is neither blank nor part of a colour sequence (`ESC [ … m`).
pub(super) fn skip_blank(raw: &[u8], mut at: usize) -> usize {
    while let Some(byte) = raw.get(at) {
        match byte {
            b' ' | b'\t' => at += 1,
            0x1b => match colour_end(raw, at) {
                Some(end) => at = end,
                None => break,
            },
            _ => break,
        }
    }
    at
}

struct Hit {
    level: Level,
    end: usize,
    /// The level is a part of the line's heading, not of its message.
    heads: bool,
}

#[derive(Clone, Copy)]
struct TokenPosition {
    index: usize,
    /// Plain words that stand directly before.
    prose: usize,
    /// The token follows a timestamp directly.
    set_off: bool,
}

fn colour_end(raw: &[u8], at: usize) -> Option<usize> {
    if raw.get(at + 1) != Some(&b'[') {
        return None;
    }
    let parameters = raw[at + 2..].iter().take(16).take_while(|byte| byte.is_ascii_digit() || **byte == b';').count();
    (raw.get(at + 2 + parameters) == Some(&b'm')).then_some(at + 3 + parameters)
}

/// Kinds of bytes, one bit each.
const LOWER: u8 = 1;
const UPPER: u8 = 2;
const DIGIT: u8 = 4;
const OTHER: u8 = 8;
const ENDS: u8 = 16;
/// The kind of every byte; blanks and colour sequences end a token.
const KINDS: [u8; 256] = {
    let mut kinds = [OTHER; 256];
    let mut byte = 0u8;
    while byte < 128 {
        if byte.is_ascii_lowercase() {
            kinds[byte as usize] = LOWER;
        } else if byte.is_ascii_uppercase() {
            kinds[byte as usize] = UPPER;
        } else if byte.is_ascii_digit() {
            kinds[byte as usize] = DIGIT;
        } else if matches!(byte, b' ' | b'\t' | 0x1b) {
            kinds[byte as usize] = ENDS;
        }
        byte += 1;
    }
    kinds
};

/// The first byte behind the token at `at`, and the kinds of bytes in it.
fn token_end(raw: &[u8], at: usize) -> (usize, u8) {
    let mut seen = 0;
    for (len, byte) in raw[at..].iter().enumerate() {
        let kind = KINDS[*byte as usize];
        if kind == ENDS {
            return (at + len, seen);
        }
        seen |= kind;
    }
    (raw.len(), seen)
}

/// `[error]`, `[WARN ]`, `[core:error]`, `<Warning>:`, with a colon behind or without.
fn bracketed(raw: &[u8], at: usize) -> Option<Hit> {
    let close = if raw[at] == b'[' { b']' } else { b'>' };
    let inside = raw[at + 1..].iter().take(32).position(|byte| *byte == close)?;
    let end = at + 2 + inside;
    let text = raw[at + 1..end - 1].trim_ascii();
    let text = text.rsplit(|byte| *byte == b':').next().unwrap_or(text);
    let colon = raw.get(end) == Some(&b':');
    // An angle bracket without a colon behind it is markup.
    if close == b'>' && !colon {
        return None;
    }
    Some(Hit { level: word(text)?, end: end + usize::from(colon), heads: true })
}

fn bare(raw: &[u8], at: usize, end: usize, place: TokenPosition) -> Option<Hit> {
    let token = &raw[at..end];
    let len = token.iter().take(16).take_while(|byte| byte.is_ascii_alphabetic() || **byte == b'_').count();
    let (name, rest) = token.split_at(len);
    match rest.first() {
        Some(b'=') if matches!(name, b"level" | b"lvl" | b"severity" | b"log_level" | b"loglevel") => {
            let text = rest[1..].strip_prefix(b"\"").unwrap_or(&rest[1..]);
            let len = text.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
            return Some(Hit { level: value(&text[..len])?, end, heads: false });
        }
        None | Some(b':' | b',' | b']' | b'|' | b')') => {}
        Some(_) => return None,
    }
    let upper = name.iter().all(u8::is_ascii_uppercase);
    if rest == b":" && name == b"LOG" {
        return Some(Hit { level: Level::Info, end, heads: true });
    }
    let level = word(name)?;
    let after_colon = rest.first() == Some(&b':');
    let accepted = if upper {
        place.prose < 2 || after_colon
    } else {
        let alone = rest == b":" && place.index < 4 && place.prose < 2 && !is_everyday(name);
        alone || (place.set_off && rest.is_empty() && is_separated(&raw[end..]))
    };
    let end = if rest.first().is_some_and(|byte| *byte != b'|') { at + len + 1 } else { at + len };
    accepted.then_some(Hit { level, end, heads: true })
}

/// A column of its own: two blanks, a tab, or a separator between blanks follow.
fn is_separated(rest: &[u8]) -> bool {
    matches!(rest, [b'\t', ..] | [b' ', b' ', ..] | [b' ', b'-' | b'|' | b':', b' ', ..])
}

/// Names of levels that also end a clause before a colon in plain English.
fn is_everyday(name: &[u8]) -> bool {
    [&b"fine"[..], b"failure", b"severe", b"information", b"verbose"].iter().any(|word| word.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expect: Option<(Level, Option<&str>)>) {
        let found = in_line(line.as_bytes(), 0, false, false);
        let found = found.map(|found| (found.level, found.message.map(|at| &line[at..])));
        assert_eq!(found, expect, "{line:?}");
    }

    #[test]
    fn levels_in_lines() {
        check("INFO started", Some((Level::Info, Some(" started"))));
        check("[error] no route", Some((Level::Error, Some(" no route"))));
        check("[WARN ]: low", Some((Level::Warn, Some(" low"))));
        check("[core:error] x", Some((Level::Error, Some(" x"))));
        check("WARNING:root:disk", Some((Level::Warn, Some("root:disk"))));
        check("warning: unused", Some((Level::Warn, Some(" unused"))));
        check("<Warning>: gone", Some((Level::Warn, Some(" gone"))));
        check("host app[1]: ERROR: bad", Some((Level::Error, None)));
        check("a=1 level=warn c=2", Some((Level::Warn, None)));
        check("\x1b[32mINFO\x1b[0m up", Some((Level::Info, Some("\x1b[0m up"))));
        check("x RAS KERNEL FATAL stop", Some((Level::Fatal, None)));
    }

    #[test]
    fn prose_states_no_level() {
        for line in [
            "an error occurred while failing",
            "failed to open",
            "Error reading file",
            "set log level to DEBUG",
            "the information: none",
            "<error> tag",
            "one two three four five six seven eight ERROR",
            "error",
        ] {
            check(line, None);
        }
    }

    #[test]
    fn every_spelling_of_the_wire_is_known() {
        for text in ["info", "WARN", "Warning", "error", "err", "debug", "dbg", "notice", "trace", "fatal", "critical"]
            .into_iter()
            .chain(["crit", "alert", "emerg", "emergency", "panic", "severe", "failure", "information"])
            .chain(["informational", "verbose", "fine", "", "no", "infos"])
        {
            assert_eq!(word(text.as_bytes()), text.parse().ok(), "{text}");
        }
    }

    #[test]
    fn numbers() {
        assert_eq!(number(30.0), Some(Level::Info));
        assert_eq!(number(3.0), Some(Level::Error));
        assert_eq!(number(60.0), Some(Level::Fatal));
        assert_eq!(number(8.0), None);
        assert_eq!(number(30.5), None);
        assert_eq!(number(f64::NAN), None);
    }
}
