//! Where on a line its time stands.
//!
//! Most lines begin with it. Others begin with what a logger or a collector sets before: a level, a thread in brackets, the
//! name of a host or a program, `key=`. Prose may speak of times too, so that two words end the search.

use super::compact;
use super::cursor::Cursor;
use super::{Sought, Stamp, leading, year_first};
use crate::encoders::level;
use crate::encoders::vocabulary::names_level;

/// A stamp behind so many bytes is not looked for.
const WINDOW: usize = 128;
/// Most bytes of a stamp that tell whether it is one.
const LONGEST: usize = 32;
/// So many digits in a row may be a time by themselves.
const RUN: usize = 6;
/// A stamp behind so many tokens is not looked for.
const TOKENS: usize = 6;
/// A stamp on a line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::encoders) struct Found {
    /// The stamp; its end is counted from the start of the line.
    pub(in crate::encoders) stamp: Stamp,
    /// Its first byte.
    pub(in crate::encoders) start: usize,
    /// Whatever stands before it belongs to the heading as well: brackets, a level, separators.
    pub(in crate::encoders) leads: bool,
}

/// The stamp of a line that begins at `from`, if it has one in its heading.
pub(in crate::encoders) fn find(line: &[u8], from: usize) -> Option<Found> {
    let found =
        |stamp: Stamp, start, leads| Some(Found { stamp: Stamp { end: start + stamp.end, ..stamp }, start, leads });
    if let Some(stamp) = leading(line.get(from..)?, Sought::Heading) {
        return found(stamp, from, true);
    }
    if let Some(len) = ahead_of(&line[from..])
        && let Some(stamp) = leading(&line[from + len..], Sought::Heading)
    {
        return found(stamp, from + len, true);
    }
    let window = &line[..line.len().min(from + WINDOW)];
    if !may_hold_time(&line[from..line.len().min(from + WINDOW + LONGEST)]) {
        return None;
    }
    let mut before = Before::default();
    let mut at = from;
    for _ in 0..TOKENS {
        let token = Token::at(window, at)?;
        before.add(&token, &window[token.start..token.end]);
        before.is_numbered |= token.start == from && is_number(&window[from..token.end]);
        if before.words > 1 && !before.is_numbered {
            return None;
        }
        if let Some(stamp) = of_key(&line[token.start..token.value], &line[token.value..]) {
            return found(stamp, token.value, false);
        }
        at = behind(window, token.end);
        let sought = if before.is_heading || before.ends_in_pipe(&window[token.end..at]) {
            Sought::Heading
        } else {
            Sought::Inside
        };
        let rest = line.get(at..)?;
        if let Some(stamp) = leading(rest, sought).or_else(|| before.lone_epoch(rest)) {
            return found(stamp, at, before.is_heading);
        }
    }
    None
}

/// The length of what touches a time in front: the level of logrus, `FATA[2026-11-22T13:02:03Z]`, the mark of WebLogic,
/// `####<Nov 22, 2026 1:02:03 PM CET>`, and what devices set before a time that they are not sure of.
fn ahead_of(line: &[u8]) -> Option<usize> {
    /// Most bytes of it.
    const LONGEST: usize = 8;
    match line.first()? {
        b'#' => line.starts_with(b"####<").then_some(4),
        b'*' | b'.' => line.get(1)?.is_ascii_uppercase().then_some(1),
        b'A'..=b'Z' => {
            let len = line.iter().take(LONGEST).take_while(|byte| byte.is_ascii_uppercase()).count();
            (line.get(len) == Some(&b'[') && names_level(&line[..len])).then_some(len)
        }
        _ => None,
    }
}

/// A time has a colon or a hyphen between two digits, or many digits in a row. Most lines without a time have neither, and are not
/// walked through.
fn may_hold_time(text: &[u8]) -> bool {
    let is_digit = |at: usize| text.get(at).is_some_and(u8::is_ascii_digit);
    let is_run = |at: usize| {
        let before = (0..at).rev().take(RUN).take_while(|at| is_digit(*at)).count();
        before + (at..at + RUN).take_while(|at| is_digit(*at)).count() >= RUN
    };
    memchr::memchr2_iter(b':', b'-', text).any(|sign| sign > 0 && is_digit(sign - 1) && is_digit(sign + 1))
        || (RUN - 1..text.len()).step_by(RUN).any(|at| is_digit(at) && is_run(at))
}

/// What stands before a place.
#[derive(Debug)]
struct Before {
    /// Nothing but brackets, levels, and separators.
    is_heading: bool,
    /// Words of letters, without levels.
    words: usize,
    /// One of them is not in capitals.
    has_prose: bool,
    /// A number comes first, as records in columns have it and prose has not.
    is_numbered: bool,
}

impl Default for Before {
    fn default() -> Self {
        Before { is_heading: true, words: 0, has_prose: false, is_numbered: false }
    }
}

impl Before {
    fn add(&mut self, token: &Token, text: &[u8]) {
        let kind = match token.kind {
            Kind::Letters => {
                let word = text.strip_suffix(b":").unwrap_or(text);
                if names_level(word) { Kind::Brackets } else { Kind::Letters }
            }
            kind => kind,
        };
        match kind {
            Kind::Brackets | Kind::Separator => {}
            Kind::Letters => {
                self.is_heading = false;
                self.words += 1;
                self.has_prose |= !text.iter().all(u8::is_ascii_uppercase);
            }
            Kind::Other => self.is_heading &= is_process(text),
        }
    }

    /// A prefix that ends in a bar, as those of containers do, is as good as brackets.
    fn ends_in_pipe(&self, between: &[u8]) -> bool {
        between.contains(&b'|')
    }

    /// Seconds since 1970 in a column of their own, which no prose comes before.
    fn lone_epoch(&self, rest: &[u8]) -> Option<Stamp> {
        let alone =
            (!self.has_prose || self.is_numbered) && rest.get(10) == Some(&b' ') && Cursor::new(rest).digit_run() == 10;
        if alone { compact::epoch(&rest[..10]) } else { None }
    }
}

/// The number of a record; a smaller one may count things.
fn is_number(text: &[u8]) -> bool {
    text.len() > 2 && text.iter().all(u8::is_ascii_digit)
}

/// `2233:M`: the process and its role.
fn is_process(text: &[u8]) -> bool {
    matches!(text, [pid @ .., b':', role] if role.is_ascii_uppercase() && !pid.is_empty() && pid.iter().all(u8::is_ascii_digit))
}

/// The stamp that is the value of a key, or of no key: `audit(1795341600.250:4711)` states its time under any.
fn of_key(key: &[u8], value: &[u8]) -> Option<Stamp> {
    if let Some(inside) = value.strip_prefix(b"audit(") {
        return compact::epoch_first(Cursor::new(inside)).map(|stamp| Stamp { end: stamp.end + 6, ..stamp });
    }
    let (b"time=" | b"ts=" | b"timestamp=" | b"t=" | b"@timestamp=" | b"datetime=" | b"eventtime=" | b"date=") = key
    else {
        return None;
    };
    leading(value, Sought::Heading).or_else(|| year_first::in_two_fields(Cursor::new(value)))
}

/// Kinds of bytes, a bit for each.
const LETTER: u8 = 1;
const DIGIT: u8 = 2;
const EQUALS: u8 = 4;
const SIGN: u8 = 8;
const ENDS: u8 = 16;
/// The kind of every byte; what is not ASCII counts as a letter.
const SIGNS: [u8; 256] = {
    let mut kinds = [LETTER; 256];
    let mut byte = 0;
    while byte < 128 {
        kinds[byte as usize] = match byte {
            b' ' | b'\t' | b',' | b';' | b'|' | 0x1b => ENDS,
            b'0'..=b'9' => DIGIT,
            b'a'..=b'z' | b'A'..=b'Z' => LETTER,
            b'=' => EQUALS,
            _ => SIGN,
        };
        byte += 1u8;
    }
    kinds
};

/// Letters, digits and signs without a blank or separator between, or what is in brackets.
struct Token {
    start: usize,
    end: usize,
    /// The first byte behind `key=`; the start when there is no key.
    value: usize,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// No letter and no digit.
    Separator,
    Brackets,
    /// Nothing but letters, with a sign at the end or without.
    Letters,
    Other,
}

impl Token {
    /// The token that begins at a place; none at the end of the window.
    fn at(window: &[u8], start: usize) -> Option<Token> {
        let text = window.get(start..)?;
        let close = match text.first()? {
            b'[' => Some(b']'),
            b'(' => Some(b')'),
            b'{' => Some(b'}'),
            _ => None,
        };
        if let Some(end) = close.and_then(|close| memchr::memchr(close, text)) {
            return Some(Token { start, end: start + end + 1, value: start, kind: Kind::Brackets });
        }
        let (mut seen, mut before_last, mut len) = (0, 0, text.len());
        for (at, byte) in text.iter().enumerate() {
            let kind = SIGNS[*byte as usize];
            if kind == ENDS {
                len = at;
                break;
            }
            before_last = seen;
            seen |= kind;
        }
        // A separator is a token of its own, so that the next place is another.
        let len = len.max(1);
        let value = if seen & EQUALS == 0 { start } else { start + 1 + memchr::memchr(b'=', text).unwrap_or(0) };
        let kind = if seen & (LETTER | DIGIT) == 0 {
            Kind::Separator
        } else if seen == LETTER || (before_last == LETTER && seen & (DIGIT | EQUALS) == 0) {
            Kind::Letters
        } else {
            Kind::Other
        };
        Some(Token { start, end: start + len, value, kind })
    }
}

/// The first byte behind blanks, colours, and what separates columns.
fn behind(window: &[u8], mut at: usize) -> usize {
    loop {
        let next = level::skip_blank(window, at);
        match window.get(next..).unwrap_or_default() {
            [b',' | b';' | b'|', ..] => at = next + 1,
            // What some devices set before a time that they are not sure of.
            [b'*' | b'.', letter, ..] if letter.is_ascii_alphabetic() => return next + 1,
            _ => return next,
        }
    }
}
