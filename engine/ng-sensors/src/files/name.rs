//! File names are bytes. For sources, messages and globs they are written as text, without loss.

use ng_model::safe_text::safe_text;
use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::fmt::Write;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

/// Stand in a pattern, and in the name that is matched with it, for the bytes that are not UTF-8. No name that people use
/// has characters from the end of the last private plane.
const STAND_INS: u32 = 0x10_ff00;

/// A path as text that can be printed, different for every path: a backslash is `\\`; a byte that is not UTF-8, and each byte
/// of a character that cannot be printed, is `\xff` with two hexadecimal digits.
pub(super) fn shown(path: &Path) -> String {
    let bytes = path.as_os_str().as_bytes();
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        let valid = chunk.valid();
        if is_printable(valid) && !valid.contains('\\') {
            out.push_str(valid);
        } else {
            for character in valid.chars() {
                let text = character.encode_utf8(&mut [0; 4]).to_owned();
                match character {
                    '\\' => out.push_str("\\\\"),
                    _ if is_printable(&text) => out.push(character),
                    _ => escape(text.as_bytes(), &mut out),
                }
            }
        }
        escape(chunk.invalid(), &mut out);
    }
    out
}

fn is_printable(text: &str) -> bool {
    safe_text(text.as_bytes(), text.len()) == text
}

fn escape(bytes: &[u8], out: &mut String) {
    for byte in bytes {
        // Writing into memory cannot fail.
        let _ = write!(out, "\\x{byte:02x}");
    }
}

/// The bytes of one component of a glob: `\xff` stands for the byte, as in [`shown`], and every other backslash for itself. A
/// NUL or a slash, which are in no name, cannot be written so.
pub(super) fn bytes(component: &str) -> OsString {
    let mut parts = component.split("\\x");
    let mut out = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let digits = part.get(..2).filter(|digits| digits.bytes().all(|digit| b"0123456789abcdef".contains(&digit)));
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) if byte != 0 && byte != b'/' => {
                out.push(byte);
                out.extend_from_slice(&part.as_bytes()[2..]);
            }
            _ => {
                out.extend_from_slice(b"\\x");
                out.extend_from_slice(part.as_bytes());
            }
        }
    }
    OsString::from_vec(out)
}

/// A name as characters, of which a pattern can match each: a byte that is not UTF-8 is one character.
pub(super) fn characters(name: &OsStr) -> Cow<'_, str> {
    if let Some(text) = name.to_str() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(name.len());
    for chunk in name.as_bytes().utf8_chunks() {
        out.push_str(chunk.valid());
        out.extend(chunk.invalid().iter().filter_map(|byte| char::from_u32(STAND_INS + u32::from(*byte))));
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What [`shown`] wrote, read again.
    fn back(text: &str) -> Vec<u8> {
        let plain = |part: &str| bytes(part).into_vec();
        text.split("\\\\").map(plain).collect::<Vec<_>>().join(&b'\\')
    }

    #[test]
    fn every_name_is_printed_and_found_again() {
        let check = |name: &[u8], expect: &str| {
            assert_eq!(shown(Path::new(OsStr::from_bytes(name))), expect);
            assert_eq!(back(expect), name, "{expect}");
        };
        check(b"/var/log/app.log", "/var/log/app.log");
        check("/größe/日本 1.log".as_bytes(), "/größe/日本 1.log");
        check(b"bad\xff.log", "bad\\xff.log");
        check(b"bad\\xff.log", "bad\\\\xff.log");
        check(b"a\\b\\\\c", "a\\\\b\\\\\\\\c");
        check(b"line\nfeed\ttab\x1b[31m\x7f", "line\\x0afeed\\x09tab\\x1b[31m\\x7f");
        check("turned\u{202e}gol.".as_bytes(), "turned\\xe2\\x80\\xaegol.");
        check(b"\xe2\x80", "\\xe2\\x80");
        check(b"[1] {a,b}?*", "[1] {a,b}?*");
        check("\u{10ffff}".as_bytes(), "\\xf4\\x8f\\xbf\\xbf");
    }

    #[test]
    fn every_byte_is_printed_and_found_again() {
        for first in 1..=255 {
            for second in 1..=255 {
                let name = [b'a', first, second, b'z'];
                let text = shown(Path::new(OsStr::from_bytes(&name)));
                assert_eq!(back(&text), name, "{text}");
                assert!(is_printable(&text), "{text:?}");
            }
        }
    }

    #[test]
    fn a_glob_spells_bytes_and_leaves_other_backslashes() {
        let check = |glob: &str, expect: &[u8]| assert_eq!(bytes(glob).as_bytes(), expect, "{glob}");
        check("bad\\xff*", b"bad\xff*");
        check("\\xc3\\xa9", "é".as_bytes());
        check("a\\b\\x", b"a\\b\\x");
        check("\\xf\\xFF\\xg0\\x\\xé", "\\xf\\xFF\\xg0\\x\\xé".as_bytes());
        check("\\x2f\\x00", b"\\x2f\\x00");
        check("[\\]xff", b"[\\]xff");
    }
}
