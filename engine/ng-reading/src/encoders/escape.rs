//! Text as people wrote it, out of the notation it stands in.

use ng_model::event::Text;
use ng_wire::Format;
use std::borrow::Cow;

/// The bytes of a text inside `raw`, JSON escapes resolved. A surrogate without its pair becomes U+FFFD; what is no valid
/// escape stays as it is.
pub fn unescape(raw: &[u8], text: Text) -> Cow<'_, [u8]> {
    let bytes = text.span.of(raw);
    if !text.escaped {
        return Cow::Borrowed(bytes);
    }
    let mut out = Vec::with_capacity(bytes.len());
    unescape_into(bytes, &mut out);
    Cow::Owned(out)
}

/// Adds the bytes of an escaped text to `out` as [`unescape`] has them.
pub fn unescape_into(bytes: &[u8], out: &mut Vec<u8>) {
    let mut rest = bytes;
    while let Some(at) = memchr::memchr(b'\\', rest) {
        out.extend_from_slice(&rest[..at]);
        rest = &rest[at..];
        let plain = match rest.get(1) {
            Some(b'n') => Some(b'\n'),
            Some(b't') => Some(b'\t'),
            Some(b'r') => Some(b'\r'),
            Some(b'b') => Some(8),
            Some(b'f') => Some(12),
            Some(byte @ (b'"' | b'\\' | b'/')) => Some(*byte),
            _ => None,
        };
        let len = if let Some(plain) = plain {
            out.push(plain);
            2
        } else if let Some((character, len)) = code_point(rest) {
            out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            len
        } else {
            out.push(b'\\');
            1
        };
        rest = &rest[len..];
    }
    out.extend_from_slice(rest);
}

/// Bytes as a text; what of them is no UTF-8 is replaced.
pub fn lossy(bytes: Cow<'_, [u8]>) -> Cow<'_, str> {
    match bytes {
        Cow::Borrowed(bytes) => {
            std::str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
        }
        Cow::Owned(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
    }
}

/// The bytes of a message. Like [`unescape`], and decodes the arrays of byte numbers in which journald states messages that
/// are not UTF-8.
pub fn message_text(format: Format, raw: &[u8], text: Text) -> Cow<'_, [u8]> {
    let bytes = text.span.of(raw);
    // The same characters between quotes are a string that happens to look like an array.
    let quoted = (text.span.start as usize).checked_sub(1).is_some_and(|before| raw.get(before) == Some(&b'"'));
    if format == Format::Journal
        && !quoted
        && let Some(decoded) = byte_array(bytes)
    {
        return Cow::Owned(decoded);
    }
    unescape(raw, text)
}

/// `[72, 101]` as the bytes 72 and 101; none when any element is no byte.
fn byte_array(text: &[u8]) -> Option<Vec<u8>> {
    let inside = text.strip_prefix(b"[")?.strip_suffix(b"]")?;
    inside.split(|byte| *byte == b',').map(|element| std::str::from_utf8(element).ok()?.trim().parse().ok()).collect()
}

/// The character of the `\uXXXX` at the start, with the length of its notation.
fn code_point(rest: &[u8]) -> Option<(char, usize)> {
    let first = hex4(rest)?;
    if (0xd800..0xdc00).contains(&first)
        && let Some(second @ 0xdc00..0xe000) = hex4(&rest[6..])
    {
        let code = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
        return Some((char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), 12));
    }
    Some((char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER), 6))
}

fn hex4(rest: &[u8]) -> Option<u32> {
    let digits = rest.strip_prefix(b"\\u")?.get(..4)?;
    digits.iter().try_fold(0, |code, byte| Some(code * 16 + char::from(*byte).to_digit(16)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ng_model::event::Span;
    use proptest::prelude::*;

    fn check(raw: &str, expect: &str) {
        let text = Text { span: Span::new(0, raw.len()), escaped: true };
        assert_eq!(String::from_utf8_lossy(&unescape(raw.as_bytes(), text)), expect, "{raw}");
    }

    #[test]
    fn escapes() {
        check(r#"a\n\t\"\\\/b"#, "a\n\t\"\\/b");
        check(r"caf\u00e9", "café");
        check(r"\ud83d\ude00!", "😀!");
        check(r"\ud83d x", "\u{fffd} x");
        check(r"\ud83d\ud83d\ude00", "\u{fffd}😀");
        check(r"\ude00", "\u{fffd}");
        check(r"\x \u12", r"\x \u12");
        check("end\\", "end\\");
    }

    #[test]
    fn byte_arrays_are_decoded_outside_quotes_only() {
        let array = br#"{"MESSAGE":[104, 105,255]}"#;
        let span = Text { span: Span::new(11, array.len() - 1), escaped: false };
        assert_eq!(&*message_text(Format::Journal, array, span), b"hi\xff");
        assert_eq!(&*message_text(Format::Json, array, span), b"[104, 105,255]");
        let string = br#"{"MESSAGE":"[1,2]"}"#;
        let span = Text { span: Span::new(12, string.len() - 2), escaped: false };
        assert_eq!(&*message_text(Format::Journal, string, span), b"[1,2]");
    }

    proptest! {
        #[test]
        fn what_json_writes_is_read_back(text in any::<String>()) {
            let raw = serde_json::to_string(&text).unwrap();
            let span = Text { span: Span::new(1, raw.len() - 1), escaped: true };
            prop_assert_eq!(&*unescape(raw.as_bytes(), span), text.as_bytes());
        }
    }
}
