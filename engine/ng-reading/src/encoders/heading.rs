//! What a line begins with that says that an event begins there.

use super::{level, stamp, vocabulary};

/// As much of a line is looked at.
const WINDOW: usize = 256;
/// A clock time that stands further inside is part of the message.
const CLOCK_WITHIN: usize = 64;

/// The line has a timestamp in its heading, as [`super::encode`] reads it.
pub(crate) fn has_stamp(line: &[u8]) -> bool {
    let head = &line[..line.len().min(WINDOW)];
    let start = level::skip_blank(head, 0);
    stamp::find(head, start + priority(&head[start..])).is_some()
}

/// The line begins as events do that state no time: with a level, a field, the mark of syslog, a JSON object, a header that
/// names columns. A clock time near its start counts too: it may be a notation that is not known.
pub(crate) fn begins_event(line: &[u8]) -> bool {
    let head = &line[..line.len().min(WINDOW)];
    let is_header = matches!(head, [b'#', letter, ..] if letter.is_ascii_alphabetic());
    is_header || head.starts_with(b"{\"") || priority(head) > 0 || has_level(head) || is_field(head) || has_clock(head)
}

/// The line begins with a level: `[ERROR]`, `error:`, `WARN `, `<info>`, `E/`.
pub(crate) fn has_level(line: &[u8]) -> bool {
    let framed = matches!(line.first(), Some(b'[' | b'<' | b'('));
    let word = &line[usize::from(framed)..];
    let length = word.iter().take(16).take_while(|byte| byte.is_ascii_alphabetic()).count();
    let (word, behind) = (&word[..length], word.get(length));
    let bare = word.iter().all(u8::is_ascii_uppercase);
    let is_level = || vocabulary::names_level(word);
    match behind {
        Some(b']' | b'>' | b')') => framed && is_level(),
        Some(b':' | b'|') => length > 1 && is_level(),
        // `ERRO[0003]` of logrus.
        Some(b'[') => {
            length > 2 && bare && line.get(length + 1).is_some_and(u8::is_ascii_digit) && !framed && is_level()
        }
        Some(b'/') => length == 1 && is_level() && line.get(2).is_some_and(u8::is_ascii_alphabetic),
        Some(b' ' | b'\t') => length > 1 && (bare || framed) && is_level(),
        _ => false,
    }
}

/// The length of `<34>` at the start.
fn priority(line: &[u8]) -> usize {
    let Some(b'<') = line.first() else { return 0 };
    let digits = line[1..].iter().take(4).take_while(|byte| byte.is_ascii_digit()).count();
    if (1..=3).contains(&digits) && line.get(1 + digits) == Some(&b'>') { digits + 2 } else { 0 }
}

/// `key=value` at the start.
fn is_field(line: &[u8]) -> bool {
    let key = line.iter().take(32).take_while(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(byte)).count();
    key > 0
        && line[0].is_ascii_alphabetic()
        && line.get(key) == Some(&b'=')
        && line.get(key + 1).is_some_and(|byte| !byte.is_ascii_whitespace() && !b"=>~".contains(byte))
}

/// `hh:mm:ss` near the start.
fn has_clock(line: &[u8]) -> bool {
    let near = &line[..line.len().min(CLOCK_WITHIN)];
    near.windows(8).any(|text| {
        text.iter().enumerate().all(|(at, byte)| if at % 3 == 2 { *byte == b':' } else { byte.is_ascii_digit() })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_at_the_start() {
        let check = |line: &str, expect: bool| assert_eq!(has_stamp(line.as_bytes()), expect, "{line}");
        check("2026-11-22 13:02:03,101 INFO x", true);
        check("[2026-11-22T13:02:03Z] x", true);
        check("<34>Nov 22 13:02:03 host app: x", true);
        check("[main] 2026-11-22 13:02:03 x", true);
        check("web-1  | 2026-11-22T13:02:03Z x", true);
        check(r#"10.0.0.1 - - [22/Nov/2026:13:02:03 +0000] "GET / HTTP/1.1" 200 5"#, true);
        check("\tat shop.Cart.take(Cart.java:88)", false);
        check("KERNDTLB 1118536327 2005.06.11 R30-M0 RAS KERNEL FATAL x", true);
        check("java.lang.IllegalStateException: nobody there at 2026-11-22 13:02:03", false);
        check("", false);
    }

    #[test]
    fn what_begins_an_event_without_a_stamp() {
        let check = |line: &str, expect: bool| assert_eq!(begins_event(line.as_bytes()), expect, "{line}");
        for line in [
            "[E] no memory",
            "[ERROR] x",
            "(warn) x",
            "ERROR: x",
            "Error: x",
            "WARN x",
            "ERROR:root:x",
            "E/Tag: x",
            "ERRO[0003] x",
            "level=info msg=x",
            r#"{"level":"info"}"#,
            "<34>x",
            "22.Nov.2026 13:02:03 x",
            "#Fields: date time c-ip",
        ] {
            check(line, true);
        }
        for line in [
            "SELECT * FROM ERROR",
            "errors were found",
            "java.lang.IllegalStateException: x",
            "error handling is off",
            "a = b",
            "x == y",
            "at 10:20 in the morning",
            "I/O error",
            "A: first of all",
            "{",
            "# a comment",
            "#1 {main}",
            "",
        ] {
            check(line, line == "I/O error");
        }
    }
}
