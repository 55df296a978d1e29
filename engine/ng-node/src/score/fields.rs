//! The fields of a line of comma-separated values.

use std::borrow::Cow;

/// Splits a line at its commas. A field in double quotes may hold commas, and doubled quotes for one; blanks around a
/// field are left out.
pub(super) fn split(line: &[u8]) -> Vec<Cow<'_, [u8]>> {
    let mut fields = Vec::new();
    let mut rest = Some(line);
    while let Some(text) = rest {
        let (field, after) = match text.trim_ascii_start().strip_prefix(b"\"") {
            Some(quoted) => unquote(quoted),
            None => match text.iter().position(|byte| *byte == b',') {
                Some(comma) => (Cow::Borrowed(text[..comma].trim_ascii()), Some(&text[comma + 1..])),
                None => (Cow::Borrowed(text.trim_ascii()), None),
            },
        };
        fields.push(field);
        rest = after;
    }
    fields
}

/// The field behind an opening quote, and what follows the comma after it.
fn unquote(text: &[u8]) -> (Cow<'_, [u8]>, Option<&[u8]>) {
    let mut field = Vec::new();
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        at += 1;
        if byte != b'"' {
            field.push(byte);
        } else if text.get(at) == Some(&b'"') {
            field.push(b'"');
            at += 1;
        } else {
            break;
        }
    }
    let comma = text[at..].iter().position(|byte| *byte == b',');
    (Cow::Owned(field), comma.map(|comma| &text[at + comma + 1..]))
}

/// Writes a field, in quotes where it needs them.
pub(super) fn write(out: &mut Vec<u8>, field: &[u8]) {
    if !field.iter().any(|byte| matches!(byte, b',' | b'"' | b'\n' | b'\r')) {
        out.extend_from_slice(field);
        return;
    }
    out.push(b'"');
    for &byte in field {
        if byte == b'"' {
            out.push(b'"');
        }
        out.push(byte);
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        for text in ["plain", "a,b", "say \"no\"", "", "x\ny"] {
            let mut line = b"first,".to_vec();
            write(&mut line, text.as_bytes());
            line.extend_from_slice(b",last");
            let fields = split(&line);
            assert_eq!(fields, [b"first".as_slice(), text.as_bytes(), b"last"], "{text:?}");
        }
    }

    #[test]
    fn blanks_and_empty_fields() {
        assert_eq!(split(b" a , \"b\" ,,"), [b"a".as_slice(), b"b", b"", b""]);
        assert_eq!(split(b""), [b"".as_slice()]);
        assert_eq!(split(b"\"open, end"), [b"open, end".as_slice()]);
    }
}
