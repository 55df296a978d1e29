//! Colours that a program wrote for a terminal (SGR: `ESC [ … m`) are left out of its lines.

use memchr::memchr;

pub(crate) const ESCAPE: u8 = 0x1b;

/// Puts the line without its colours into `out`. False when it has none, and nothing is put there.
pub(crate) fn strip(line: &[u8], out: &mut Vec<u8>) -> bool {
    let (mut rest, mut found) = (line, false);
    let mut from = 0;
    while let Some(at) = memchr(ESCAPE, rest.get(from..).unwrap_or_default()).map(|at| from + at) {
        let Some(length) = length(&rest[at..]) else {
            from = at + 1;
            continue;
        };
        if !found {
            out.clear();
            found = true;
        }
        out.extend_from_slice(&rest[..at]);
        (rest, from) = (&rest[at + length..], 0);
    }
    if found {
        out.extend_from_slice(rest);
    }
    found
}

/// The length of the colour at the start; none when another sequence stands there.
fn length(text: &[u8]) -> Option<usize> {
    let parameters = text.strip_prefix(b"\x1b[")?;
    let count = parameters.iter().take_while(|byte| byte.is_ascii_digit() || matches!(byte, b';' | b':')).count();
    (parameters.get(count) == Some(&b'm')).then_some(2 + count + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn colours_go_and_other_sequences_stay() {
        let check = |line: &str, expect: &str| {
            let mut out = b"old".to_vec();
            let found = strip(line.as_bytes(), &mut out);
            assert_eq!(found, line != expect, "{line:?}");
            assert_eq!(String::from_utf8_lossy(if found { &out } else { line.as_bytes() }), expect);
        };
        check("plain", "plain");
        check("\x1b[31mERROR\x1b[0m x", "ERROR x");
        check("a \x1b[38;5;196mb\x1b[m c", "a b c");
        check("\x1b[38:2::1:2:3mx", "x");
        check("\x1b[1m\x1b[31m", "");
        check("\x1b[2Kx\x1b[1A", "\x1b[2Kx\x1b[1A");
        check("\x1b\x1b[1mx\x1b", "\x1bx\x1b");
        check("\x1b[12", "\x1b[12");
    }

    proptest! {
        #[test]
        fn text_without_colours_is_left_as_it_is(
            parts in proptest::collection::vec("[a-z\\[\x1bm;0-9 ]{0,6}", 0..6),
            colours in proptest::collection::vec("\x1b\\[[0-9;]{0,5}m", 6),
        ) {
            let mut out = Vec::new();
            let plain = parts.concat();
            prop_assume!(!strip(plain.as_bytes(), &mut out));
            // A part must not end in what makes another sequence of the colour behind it.
            prop_assume!(parts.iter().all(|part| !part.contains('\x1b')));
            let coloured: String = parts.iter().zip(&colours).map(|(part, colour)| format!("{part}{colour}")).collect();
            prop_assert_eq!(strip(coloured.as_bytes(), &mut out), !parts.is_empty());
            prop_assert!(parts.is_empty() || out == plain.as_bytes());
        }
    }
}
