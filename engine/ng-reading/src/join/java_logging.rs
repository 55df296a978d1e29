//! Events of `java.util.logging`, which have two lines: `Nov 22, 2026 1:02:03 PM shop.Cart take`, then `SEVERE: nobody there`.

/// What stands before the colon of the second line.
const LEVELS: [&[u8]; 7] = [b"SEVERE", b"WARNING", b"INFO", b"CONFIG", b"FINE", b"FINER", b"FINEST"];

/// The line goes on with a first line that says when, of which class and in which method, and nothing else.
pub(super) fn is_second_line(first: &[u8], line: &[u8]) -> bool {
    // Only the longest levels stand so far in front of their colon.
    let colon = line.iter().take(8).position(|byte| *byte == b':');
    let has_level = colon.is_some_and(|colon| LEVELS.contains(&&line[..colon]) && line.get(colon + 1) == Some(&b' '));
    has_level && is_first_line(first)
}

fn is_first_line(line: &[u8]) -> bool {
    let mut words = line.rsplitn(3, |byte| *byte == b' ');
    let (Some(method), Some(class), Some(time)) = (words.next(), words.next(), words.next()) else { return false };
    let is_time = time.ends_with(b"M") || time.last().is_some_and(u8::is_ascii_digit);
    is_time && is_name(method) && is_name(class)
}

/// A name of Java: letters, digits and what stands between or around them.
fn is_name(word: &[u8]) -> bool {
    let fits = |byte: &u8| byte.is_ascii_alphanumeric() || b"_$.<>".contains(byte) || !byte.is_ascii();
    word.first().is_some_and(|first| !first.is_ascii_digit()) && word.iter().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_follows_a_time_a_class_and_a_method() {
        let check = |first: &str, line: &str, expect: bool| {
            assert_eq!(is_second_line(first.as_bytes(), line.as_bytes()), expect, "{first} / {line}");
        };
        let first = "Nov 22, 2026 1:02:03 PM shop.Cart take";
        for line in ["SEVERE: nobody there", "WARNING: x", "FINEST: x"] {
            check(first, line, true);
            check("22.11.2026 13:02:03 Cart <init>", line, true);
        }
        for line in ["ERROR: x", "SEVERE:x", "INFO", "", "a: b", "INFORMATION: x"] {
            check(first, line, false);
        }
        for first in ["", "x", "shop.Cart take", "Nov 22, 2026 1:02:03 PM the cart is empty", "13:02:03 1 2"] {
            check(first, "SEVERE: x", false);
        }
    }
}
