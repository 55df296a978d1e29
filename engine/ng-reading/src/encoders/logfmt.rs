//! `key=value` fields in lines of text.

use super::{level, number_of};
use memchr::memchr;
use ng_model::event::{Field, Parsed, Span, Text};

/// Most fields kept of one line.
pub(super) const FIELDS: usize = 64;
/// Fields that begin behind this many bytes are not looked for.
pub(super) const WINDOW: usize = 4096;

/// The escape character, with which a colour begins.
const ESCAPE: u8 = 0x1b;

/// Adds the fields of `raw[from..]`. True when there is nothing besides fields, which makes the line logfmt.
pub(super) fn collect(raw: &[u8], from: usize, parsed: &mut Parsed) -> bool {
    let window = raw.len().min(WINDOW.max(from));
    let most = parsed.fields.len() + FIELDS;
    let coloured = memchr(ESCAPE, &raw[from..window]).is_some();
    let (mut at, mut covered, mut whole, mut quotes_end) = (from, from, true, false);
    // A quoted value may end behind the window, and then there is nothing left to look at.
    while let Some(equals) = memchr(b'=', raw.get(at..window).unwrap_or_default()).map(|found| at + found) {
        let (start, key_end) = if coloured { coloured_key(raw, covered, equals) } else { key(raw, covered, equals) };
        if start == key_end || matches!(raw.get(equals + 1), Some(b'=' | b'>' | b'~')) {
            at = equals + 1;
            whole = false;
            continue;
        }
        whole = whole && raw[covered..start].iter().all(u8::is_ascii_whitespace);
        let value_start = if coloured { level::skip_colours(raw, equals + 1) } else { equals + 1 };
        let quote = raw.get(value_start) == Some(&b'"');
        let quoted = if quote && !quotes_end { closing_quote(raw, value_start + 1) } else { None };
        let value = match quoted {
            Some((end, escaped)) => {
                at = end + 1;
                Text { span: Span::new(value_start + 1, end), escaped }
            }
            None => {
                // No quote closes behind this place, so that later ones need not be searched to the end again.
                quotes_end |= quote;
                let span = bare_value(raw, value_start, window.max(value_start));
                at = (span.start + span.len) as usize;
                Text { span, escaped: false }
            }
        };
        covered = at;
        if value.span.is_empty() && quoted.is_none() {
            continue;
        }
        if parsed.fields.len() == most {
            parsed.left_out += 1;
            continue;
        }
        let number = number_of(value.span.of(raw));
        parsed.fields.push(Field::new(Text { span: Span::new(start, key_end), escaped: false }, value, number));
    }
    whole && covered > from && raw.get(covered..window).unwrap_or_default().iter().all(u8::is_ascii_whitespace)
}

/// The key that ends at `equals`; empty when there is none. Keys stand at the start of a token or behind a comma, semicolon
/// or opening bracket.
fn key(raw: &[u8], floor: usize, equals: usize) -> (usize, usize) {
    let len = raw[floor..equals].iter().rev().take_while(|byte| is_key(**byte)).count();
    let start = equals - len;
    let begins = match raw[..start].last() {
        None => true,
        Some(byte) => start == floor || matches!(byte, b' ' | b'\t' | b',' | b';' | b'(' | b'[' | b'{' | b'|'),
    };
    let named = raw[start..equals].first().is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_');
    (if begins && named { start } else { equals }, equals)
}

/// Like [`key`], with colours around the key that are no part of it.
fn coloured_key(raw: &[u8], floor: usize, equals: usize) -> (usize, usize) {
    /// Most bytes of the colours on one side.
    const COLOURS: usize = 32;
    let near = |end: usize| floor.max(end.saturating_sub(COLOURS))..end;
    // The first of the sequences that reach up to the equals sign.
    let end = near(equals).find(|at| raw[*at] == ESCAPE && level::skip_colours(raw, *at) == equals).unwrap_or(equals);
    let len = raw[floor..end].iter().rev().take_while(|byte| is_key(**byte)).count();
    // The letter of a colour looks like the beginning of the key.
    let colour = near(end - len).rev().find(|at| raw[*at] == ESCAPE).map(|at| level::skip_colours(raw, at));
    match colour.filter(|start| (end - len..end).contains(start)) {
        Some(start) if raw[start].is_ascii_alphabetic() || raw[start] == b'_' => (start, end),
        _ => (key(raw, floor, end).0, end),
    }
}

/// What a byte is where fields are looked for: a part of a key, the end of a value without quotes.
const KEY: u8 = 1;
const ENDS_VALUE: u8 = 2;
static CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut at = 0;
    while at < classes.len() {
        let byte = at as u8;
        if byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-') {
            classes[at] = KEY;
        } else if byte.is_ascii_whitespace() || byte == ESCAPE {
            classes[at] = ENDS_VALUE;
        }
        at += 1;
    }
    classes
};

fn is_key(byte: u8) -> bool {
    CLASSES[usize::from(byte)] == KEY
}

/// Place of the quote that closes the text at `at`, and whether there are escapes in between.
fn closing_quote(raw: &[u8], mut at: usize) -> Option<(usize, bool)> {
    let mut escaped = false;
    loop {
        at += memchr::memchr2(b'"', b'\\', raw.get(at..)?)?;
        if raw[at] == b'"' {
            return Some((at, escaped));
        }
        escaped = true;
        at += 2;
    }
}

/// A value without quotes: to the next blank, or to the comma or semicolon that separates it from the next `key=`, without
/// punctuation that closes something opened before the key.
fn bare_value(raw: &[u8], start: usize, window: usize) -> Span {
    let token = &raw[start..window];
    let token =
        &token[..token.iter().position(|byte| CLASSES[usize::from(*byte)] == ENDS_VALUE).unwrap_or(token.len())];
    let mut end = token.len();
    let mut at = 0;
    while let Some(comma) = memchr::memchr2(b',', b';', &token[at..]).map(|found| at + found) {
        let key = token[comma + 1..].iter().take_while(|byte| is_key(**byte)).count();
        if key > 0 && token.get(comma + 1 + key) == Some(&b'=') {
            end = comma;
            break;
        }
        at = comma + 1;
    }
    while end > 0 {
        let value = &token[..end - 1];
        let closes = match token[end - 1] {
            b',' | b';' | b'|' => true,
            b')' => !value.contains(&b'('),
            b']' => !value.contains(&b'['),
            b'}' => !value.contains(&b'{'),
            _ => false,
        };
        if !closes {
            break;
        }
        end -= 1;
    }
    Span::new(start, start + end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, whole: bool, expect: &[(&str, &str)]) {
        let mut parsed = Parsed::default();
        let raw = line.as_bytes();
        assert_eq!(collect(raw, 0, &mut parsed), whole, "{line}");
        let text = |bytes| std::str::from_utf8(bytes).unwrap();
        let fields = parsed.fields.iter();
        let found: Vec<_> = fields.map(|field| (text(field.key.of(raw)), text(field.value.span.of(raw)))).collect();
        assert_eq!(found, expect, "{line}");
    }

    #[test]
    fn fields_of_lines() {
        check("a=1 b=two c=\"three four\"", true, &[("a", "1"), ("b", "two"), ("c", "three four")]);
        check("state: ready=true,policy=3,rest", false, &[("ready", "true"), ("policy", "3,rest")]);
        check("call(user=root; uid=0) done", false, &[("user", "root"), ("uid", "0")]);
        check("[lvl=2] -[x]", false, &[("lvl", "2")]);
        check("q=\"a\\\"b\" r=[1,2]", true, &[("q", "a\\\"b"), ("r", "[1,2]")]);
        check("empty= next=1", true, &[("next", "1")]);
        check("quoted=\"\"", true, &[("quoted", "")]);
    }

    #[test]
    fn what_is_no_field() {
        for line in ["", "plain words", "a == b", "x=>y", "1=2", "GET /?a=1&b=2", "abc123==", "-=-=-"] {
            check(line, false, &[]);
        }
    }

    #[test]
    fn an_open_quote_is_part_of_the_value() {
        check("a=\"open b=\"shut c=1", false, &[("a", "open b="), ("c", "1")]);
        check("a=\"open b=2", true, &[("a", "\"open"), ("b", "2")]);
    }

    #[test]
    fn a_quoted_value_may_end_behind_the_window() {
        let long = "x".repeat(2 * WINDOW);
        check(&format!("a=\"{long}\" b=1"), true, &[("a", &long)]);
        check(&format!("prose a=\"{long}\" b=1"), false, &[("a", &long)]);
        check(&format!("{long} a=1"), false, &[]);
    }

    #[test]
    fn fields_are_bounded() {
        let mut parsed = Parsed::default();
        assert!(collect("k=1 ".repeat(1000).as_bytes(), 0, &mut parsed));
        assert_eq!((parsed.fields.len(), parsed.left_out), (FIELDS, 1000 - FIELDS as u32));
    }

    #[test]
    fn colours_are_no_part_of_a_field() {
        check("\x1b[36muser=\x1b[0mann", false, &[("user", "ann")]);
        check("order \x1b[3muser\x1b[0m\x1b[2m=\x1b[0mann done", false, &[("user", "ann")]);
        check("\x1b[1;36mmsg=\x1b[0m\"a b\" n=1\x1b[0m", false, &[("msg", "a b"), ("n", "1")]);
    }
}
