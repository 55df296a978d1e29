//! Levels that are known by what stands around them: delimiters, brackets, the codes of one family of devices.

use super::Found;
use crate::encoders::stated_level;
use crate::encoders::vocabulary::{Vocabulary, letter};
use ng_wire::Level;

/// Cells behind the timestamp in which a level is looked for.
const CELLS: usize = 3;
/// Longest cell before the level, and the level itself.
const CELL: usize = 64;

/// The level in one of the first cells behind a timestamp, `|ERROR|cart|gone`, `;ERROR;gone`, `,"Error","gone"`; the
/// delimiter in front of the first stands at `from`. Blanks behind a comma or semicolon belong to prose.
pub(super) fn in_cells(words: &Vocabulary, raw: &[u8], from: usize) -> Option<Found> {
    let delimiter = raw[from];
    let (mut at, mut letters) = (from + 1, false);
    for cell in 0..CELLS {
        let text = raw.get(at..)?;
        if delimiter != b'|' && matches!(text.first(), Some(b' ' | b'\t')) {
            return None;
        }
        let len = text.iter().take(CELL).position(|byte| *byte == delimiter)?;
        let text = text[..len].trim_ascii();
        let name = text.strip_prefix(b"\"").and_then(|text| text.strip_suffix(b"\"")).unwrap_or(text);
        at += len + 1;
        let level = match name {
            [byte] if delimiter == b'|' => letter(*byte),
            _ => {
                // Further on a cell may hold any word.
                let is_plain = cell == 0 || name.iter().all(u8::is_ascii_uppercase);
                words.word(name).filter(|_| is_plain).map(|word| word.level)
            }
        };
        if let Some(level) = level {
            return Some(Found { level, message: (!letters).then_some(at) });
        }
        letters |= name.iter().any(u8::is_ascii_alphabetic);
    }
    None
}

/// `%LINK-3-UPDOWN:`, as network devices name their messages: the digit is a severity of syslog.
pub(super) fn of_cisco(token: &[u8]) -> Option<Level> {
    let name = token.strip_prefix(b"%")?.strip_suffix(b":")?;
    let is_name = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-');
    if !name.first()?.is_ascii_uppercase() || !name.iter().all(is_name) {
        return None;
    }
    let place = name.windows(3).position(|part| matches!(part, [b'-', b'0'..=b'7', b'-']))?;
    stated_level::severity(u32::from(name[place + 1] - b'0'))
}

/// What PHP calls an error, behind its name: `PHP Fatal error:  no cart`.
pub(super) fn of_php(text: &[u8]) -> Option<Level> {
    const NAMES: [(&[u8], Level); 8] = [
        (b" Fatal error:", Level::Fatal),
        (b" Parse error:", Level::Fatal),
        (b" Recoverable fatal error:", Level::Fatal),
        (b" Core error:", Level::Fatal),
        (b" Warning:", Level::Warn),
        (b" Notice:", Level::Notice),
        (b" Deprecated:", Level::Notice),
        (b" Strict Standards:", Level::Notice),
    ];
    NAMES.iter().find(|(name, _)| text.starts_with(name)).map(|(_, level)| *level)
}

/// What stands between the beginning of the heading and an angle bracket makes that a part of the heading: other brackets,
/// `[ 77 ] {a7} <Error>`, those of the timestamp, or a program with its process, `NetworkManager[77]: <warn>`.
pub(super) fn is_framed(raw: &[u8], from: usize, at: usize) -> bool {
    let mut text = raw[from..at].trim_ascii();
    if text.ends_with(b"]:") {
        return true;
    }
    if text.is_empty() {
        return raw[..from].ends_with(b">");
    }
    while let Some(open) = text.first() {
        let close = match open {
            b'[' => b']',
            b'{' => b'}',
            b'(' => b')',
            b'<' => b'>',
            _ => return false,
        };
        let Some(len) = memchr::memchr(close, text) else { return false };
        text = text[len + 1..].trim_ascii_start();
    }
    true
}

/// The length of what counts behind a level in capitals: `ERRO[0003]`, where a program or a process is that many seconds or
/// numbers old, and `ERROR+4`, a level between two others.
pub(super) fn counted(rest: &[u8]) -> Option<usize> {
    let digits = rest[1..].iter().take(10).take_while(|byte| byte.is_ascii_digit()).count();
    match (rest[0], rest.get(1 + digits)) {
        (b'[', Some(b']')) if digits > 0 => Some(digits + 2),
        (b'+' | b'-', None) if (1..=3).contains(&digits) => Some(digits + 1),
        _ => None,
    }
}
