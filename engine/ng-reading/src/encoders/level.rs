//! The level that a line of text states, by the position of a word.

mod framed;

use super::vocabulary::{Vocabulary, Word, letter};
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
/// Words that make a part of a sentence of what follows.
const LEADS_ON: [&[u8]; 25] = [
    b"a", b"an", b"and", b"any", b"as", b"at", b"by", b"for", b"from", b"in", b"into", b"is", b"level", b"no", b"not",
    b"of", b"on", b"or", b"set", b"the", b"to", b"was", b"with", b"without", b"zero",
];

/// Looks for a level among the first tokens from `from` on. What counts is the position of a word, because prose has the same
/// words: in brackets or colours, the first behind the timestamp or behind columns such as a thread and a logger, before a
/// colon, or a column of its own. `stamped` = a timestamp ends at `from`; `logcat` = a single letter behind two numbers
/// is a level.
pub(super) fn in_line(words: &Vocabulary, raw: &[u8], from: usize, stamped: bool, logcat: bool) -> Option<Found> {
    let window = &raw[..raw.len().min(from + WINDOW)];
    if let Some(found) = first_in_capitals(words, window, from) {
        return Some(found);
    }
    // A bar is a delimiter behind a blank too.
    let cell = from + usize::from(stamped && window.get(from..).is_some_and(|text| text.starts_with(b" |")));
    if stamped
        && let Some(b'|' | b';' | b',') = window.get(cell)
        && let Some(found) = framed::in_cells(words, window, cell)
    {
        return Some(found);
    }
    let mut before = Before { stamped, from, ..Before::default() };
    let mut at = from;
    while before.tokens < TOKENS {
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
        let class = class(token, seen);
        if class == Class::Separator {
            before.separated = true;
            at = end;
            continue;
        }
        let hit = match first {
            b'[' | b'<' | b'(' => bracketed(words, window, at, &before),
            b'P' if token == b"PHP" => framed::of_php(&window[end..]).map(|level| Hit { level, end: at }),
            b'a'..=b'z' | b'A'..=b'Z' if logcat && before.tokens == 2 && token.len() == 1 => {
                letter(first).map(|level| Hit { level, end })
            }
            b'a'..=b'z' | b'A'..=b'Z' => tagged(window, at, &before).or_else(|| bare(words, window, at, end, &before)),
            b'%' => framed::of_cisco(token).map(|level| Hit { level, end: at }),
            _ => None,
        };
        if let Some(Hit { level, end }) = hit {
            // A word before the level is more than a heading, unless it stands in brackets: it stays in the message.
            let heads = before.tokens < HEADING && !before.letters;
            return Some(Found { level, message: heads.then_some(end) });
        }
        before.pass(token, class, seen);
        at = end;
    }
    None
}

/// A level in capitals that comes first, as most lines have it: what stands before or behind it changes nothing.
fn first_in_capitals(words: &Vocabulary, window: &[u8], from: usize) -> Option<Found> {
    let at = skip_blank(window, from);
    let len = window.get(at..)?.iter().take_while(|byte| byte.is_ascii_uppercase()).count();
    let ends = matches!(window.get(at + len), None | Some(b' ' | b'\t' | 0x1b));
    // A single letter may be the start of more.
    if len < 2 || !ends {
        return None;
    }
    let Word { level, everyday: false } = words.word(&window[at..at + len])? else { return None };
    Some(Found { level, message: Some(at + len) })
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

#[derive(Clone, Copy)]
struct Hit {
    level: Level,
    end: usize,
}

/// What kind of thing a token is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Class {
    /// `-`, `|` and the like.
    Separator,
    /// No letters.
    Number,
    /// In brackets.
    Bracket,
    /// Letters with something between them, such as `web-1`, `c.e.App`, `main.go:7`.
    #[default]
    Column,
    /// A word with a colon behind it.
    Label,
    /// A word, perhaps with punctuation behind it.
    Plain,
    /// A word of capitals.
    Capitals,
}

fn class(token: &[u8], seen: u8) -> Class {
    if seen & (LOWER | UPPER | DIGIT) == 0 {
        return Class::Separator;
    }
    if matches!(token[0], b'[' | b'(' | b'<') {
        return Class::Bracket;
    }
    if seen & (LOWER | UPPER) == 0 {
        return Class::Number;
    }
    let stem = stem(token);
    if !stem.iter().all(u8::is_ascii_alphabetic) {
        Class::Column
    } else if token.ends_with(b":") {
        Class::Label
    } else if seen & LOWER != 0 {
        Class::Plain
    } else {
        Class::Capitals
    }
}

/// A token without the punctuation behind it.
fn stem(token: &[u8]) -> &[u8] {
    match token {
        [stem @ .., b',' | b'.' | b';' | b':' | b'!' | b'?' | b')'] => stem,
        _ => token,
    }
}

/// What stands between the timestamp and a token.
#[derive(Default)]
struct Before<'r> {
    /// A timestamp stands before all of it.
    stamped: bool,
    /// Its first byte.
    from: usize,
    tokens: usize,
    /// Letters outside brackets.
    letters: bool,
    /// Words or labels, which may be the beginning of a sentence.
    words: bool,
    /// Plain words among these, and how many stand directly before.
    plain: bool,
    directly: usize,
    /// The last token.
    last: &'r [u8],
    class: Class,
    /// A separator stands directly before.
    separated: bool,
}

impl<'r> Before<'r> {
    fn pass(&mut self, token: &'r [u8], class: Class, seen: u8) {
        self.tokens += 1;
        self.letters |= seen & (LOWER | UPPER) != 0 && class != Class::Bracket;
        self.words |= matches!(class, Class::Plain | Class::Label | Class::Capitals);
        self.plain |= matches!(class, Class::Plain | Class::Label);
        self.directly = if class == Class::Plain { self.directly + 1 } else { 0 };
        (self.last, self.class, self.separated) = (token, class, false);
    }

    /// What follows is in the middle of a sentence.
    fn leads_on(&self) -> bool {
        matches!(self.class, Class::Plain | Class::Label | Class::Capitals)
            && LEADS_ON.iter().any(|word| word.eq_ignore_ascii_case(stem(self.last)))
    }

    /// What follows is counted: `SUMMARY: 0`.
    fn counts(&self) -> bool {
        self.words && self.class == Class::Number
    }

    /// The token is the first behind the timestamp.
    fn is_stamp(&self) -> bool {
        self.stamped && self.tokens == 0
    }
}

/// The first byte at or behind `at` that is no part of a colour sequence.
pub(crate) fn skip_colours(raw: &[u8], mut at: usize) -> usize {
    while raw.get(at) == Some(&0x1b)
        && let Some(end) = colour_end(raw, at)
    {
        at = end;
    }
    at
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

/// `[error]`, `[WARN ]`, `[E]`, `[core:error]`, `[INFO/main]`, `[main/INFO]`, `(EE)`, `<Warning>:`, with a colon behind or without; also in the second
/// of brackets that touch. A plain word before it makes it a part of a sentence: `queue [error] has 0 messages`.
fn bracketed(words: &Vocabulary, raw: &[u8], at: usize, before: &Before<'_>) -> Option<Hit> {
    if before.directly > 0 && !before.separated {
        return None;
    }
    let mut at = at;
    for _ in 0..HEADING {
        let close = match raw.get(at)? {
            b'[' => b']',
            b'<' => b'>',
            b'(' => b')',
            _ => return None,
        };
        let inside = raw[at + 1..].iter().take(32).position(|byte| *byte == close)?;
        let end = at + 2 + inside;
        let colon = raw.get(end) == Some(&b':');
        let text = raw[at + 1..end - 1].trim_ascii();
        let found = match text {
            b"EE" | b"WW" | b"II" if close == b')' => letter(text[0]),
            _ => in_brackets(words, text),
        };
        // An angle bracket without a colon behind it is markup, but where a heading has others.
        if let Some(level) = found
            && (close != b'>' || colon || framed::is_framed(raw, before.from, at))
        {
            return Some(Hit { level, end: end + usize::from(colon) });
        }
        at = end;
    }
    None
}

/// The level that stands in brackets, perhaps with the name of a part or a thread.
pub(super) fn in_brackets(words: &Vocabulary, text: &[u8]) -> Option<Level> {
    // Other letters in brackets are points of a list.
    if let [byte] | [byte, b' ', b'0'..=b'9', ..] = text {
        return letter(*byte).filter(|_| b"TVDIWEF".contains(byte));
    }
    let last = text.rsplit(|byte| *byte == b':').next().unwrap_or(text);
    let first = text.split(|byte| matches!(byte, b'/' | b'|' | b' ')).next().unwrap_or(text);
    let in_capitals = |name: &[u8]| words.word(name).filter(|_| name.iter().all(u8::is_ascii_uppercase));
    words
        .word(last)
        .or_else(|| in_capitals(first))
        .or_else(|| in_capitals(&text[memchr::memrchr(b'/', text)? + 1..]))
        .map(|word| word.level)
}

/// `E/Tag: text` and `E/Tag(123): text`, `E! text` behind a timestamp, and the letter before a component in capitals, as in `W NETWORK  [main] text`.
fn tagged(raw: &[u8], at: usize, before: &Before<'_>) -> Option<Hit> {
    if before.tokens > 0 {
        return None;
    }
    let level = letter(raw[at])?;
    match raw.get(at + 1)? {
        b'/' => {
            let name = raw[at + 2..].iter().take(64).take_while(|byte| !matches!(byte, b' ' | b'(' | b':')).count();
            let behind = &raw[at + 2 + name..];
            let behind = behind.trim_ascii_start();
            let behind = match behind.first() {
                Some(b'(') => &behind[behind.iter().take(16).position(|byte| *byte == b')')? + 1..],
                _ => behind,
            };
            (name > 1 && behind.first() == Some(&b':')).then_some(Hit { level, end: at + 2 })
        }
        b'!' if before.stamped && raw.get(at + 2) == Some(&b' ') => Some(Hit { level, end: at + 2 }),
        b' ' if before.stamped => {
            let next = skip_blank(raw, at + 1);
            let (end, seen) = token_end(raw, next);
            let is_column = matches!(raw.get(end..), Some([b' ', b' ' | b'[', ..]));
            (seen == UPPER && end > next + 2 && is_column).then_some(Hit { level, end: at + 1 })
        }
        _ => None,
    }
}

/// A word outside brackets.
fn bare(words: &Vocabulary, raw: &[u8], at: usize, end: usize, before: &Before<'_>) -> Option<Hit> {
    let token = &raw[at..end];
    let len = token.iter().take(32).take_while(|byte| byte.is_ascii_alphabetic() || **byte == b'_').count();
    let (name, rest) = token.split_at(len);
    let colon = rest.first() == Some(&b':');
    if rest == b":" && name == b"LOG" {
        return Some(Hit { level: Level::Info, end });
    }
    let Word { level, everyday } = words.word(name)?;
    if let Some(len) = rest.first().and_then(|_| framed::counted(rest)).filter(|_| before.tokens == 0) {
        let is_upper = name.iter().all(u8::is_ascii_uppercase);
        return is_upper.then_some(Hit { level, end: at + name.len() + len });
    }
    let fits = match rest {
        [] | [b':' | b']' | b'|' | b')', ..] => true,
        // A column of comma-separated values, or the first thing said.
        [b',', next, ..] => *next != b' ',
        [b','] => before.is_stamp(),
        [b'/', .., b']'] => true,
        _ => false,
    };
    let is_upper = name.iter().all(u8::is_ascii_uppercase);
    if !fits || before.leads_on() && !before.separated || before.counts() && !(colon && is_upper) {
        return None;
    }
    let next = skip_blank(raw, end);
    let behind = &raw[next..token_end(raw, next).0];
    let behind = class_of(behind);
    let is_alone = before.separated && behind == Some(Class::Separator);
    let is_coloured = at > 0 && raw[at - 1] == b'm' && raw.get(end) == Some(&0x1b) && !before.words;
    let accepted = if is_upper {
        let in_capitals = behind == Some(Class::Capitals);
        let counted = before.class == Class::Number && before.tokens > 0 && behind == Some(Class::Number);
        if colon {
            before.directly < 2
        } else if before.words {
            // Columns in capitals, one plain word, or a label; then what follows must not be capitals like the rest.
            let columns = !before.plain && before.class == Class::Capitals;
            let name = before.tokens == 1 && before.directly == 1;
            let label = before.last.ends_with(b":");
            !everyday && behind.is_some_and(|_| !in_capitals) && (columns || name || label)
        } else {
            !(counted || everyday && in_capitals)
        }
    } else {
        let before_colon = rest == b":" && before.tokens < 4 && before.directly < 2 && !everyday;
        before_colon || (before.is_stamp() && rest.is_empty() && is_separated(&raw[end..]))
    };
    let end = if rest.first().is_some_and(|byte| !matches!(byte, b'|' | b'/')) { at + len + 1 } else { at + len };
    (accepted || is_alone || is_coloured).then_some(Hit { level, end })
}

fn class_of(token: &[u8]) -> Option<Class> {
    let seen = token.iter().fold(0, |seen, byte| seen | KINDS[*byte as usize]);
    (!token.is_empty()).then(|| class(token, seen))
}

/// A column of its own: two blanks, a tab, or a separator between blanks follow.
fn is_separated(rest: &[u8]) -> bool {
    matches!(rest, [b'\t', ..] | [b' ', b' ', ..] | [b' ', b'-' | b'|' | b':', b' ', ..])
}

#[cfg(test)]
mod tests;
