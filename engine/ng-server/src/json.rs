//! Reading JSON from strangers: bounded depth, numbers that a number holds, and errors that name the place.

mod walk;

use crate::error::ApiError;
use axum::http::StatusCode;
use serde::de::DeserializeOwned;
use std::ops::Range;

pub use walk::{Kind, Seen};

/// Deepest nesting of arrays and objects.
pub const MAX_DEPTH: usize = 64;

/// Reads a value. The error names line and column, or the depth.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    guard(bytes, MAX_DEPTH)?;
    serde_json::from_slice(bytes).map_err(|error| match error.classify() {
        serde_json::error::Category::Data => ApiError::bad_request(error.to_string()),
        _ => bad(format!("not valid JSON: {error}")),
    })
}

/// Looks through a value of at most so many levels without keeping it.
pub fn look(bytes: &[u8], levels: usize) -> Result<Seen, ApiError> {
    guard(bytes, levels)?;
    walk::walk(bytes).map_err(|error| bad(format!("not valid JSON: {error}")))
}

/// Where the elements of a valid array stand.
pub fn elements(array: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let end = array.iter().rposition(|byte| *byte == b']').unwrap_or(array.len());
    let start = array.iter().position(|byte| *byte == b'[').map_or(end, |start| start + 1);
    let mut rest = Some(start).filter(|_| !array[start..end].trim_ascii().is_empty());
    std::iter::from_fn(move || {
        let from = rest?;
        let mut scan = Scan::default();
        let comma = array[from..end].iter().position(|byte| scan.step(*byte) && scan.depth == 0 && *byte == b',');
        rest = comma.map(|comma| from + comma + 1);
        let to = comma.map_or(end, |comma| from + comma);
        let lead = array[from..to].len() - array[from..to].trim_ascii_start().len();
        Some(from + lead..from + lead + array[from..to].trim_ascii().len())
    })
}

fn bad(message: String) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, "BAD_JSON", message)
}

/// Refuses what the parser would accept, or could not survive. The text need not be valid.
fn guard(bytes: &[u8], levels: usize) -> Result<(), ApiError> {
    if bytes.starts_with(b"\xef\xbb\xbf") {
        return Err(bad("begins with a byte order mark; expected JSON in UTF-8 without one".into()));
    }
    let mut scan = Scan::default();
    let mut number = None;
    for (place, byte) in bytes.iter().enumerate() {
        let outside = scan.step(*byte);
        if scan.depth > levels {
            return Err(bad(format!("nested deeper than {levels} levels at {}", position(bytes, place))));
        }
        if outside && (byte.is_ascii_alphanumeric() || b"+-.".contains(byte)) {
            number.get_or_insert(place);
        } else if let Some(start) = number.take() {
            whole(bytes, start..place)?;
        }
    }
    number.map_or(Ok(()), |start| whole(bytes, start..bytes.len()))
}

/// Refuses an integer that 64 bits do not hold: it would be rounded without a word.
fn whole(bytes: &[u8], span: Range<usize>) -> Result<(), ApiError> {
    let text = &bytes[span.clone()];
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    // Fewer digits fit, and most numbers have fewer.
    if digits.len() < 19 || !digits.iter().all(u8::is_ascii_digit) {
        return Ok(());
    }
    let text = std::str::from_utf8(text).unwrap_or_default();
    if text.parse::<u64>().is_ok() || text.parse::<i64>().is_ok() {
        return Ok(());
    }
    Err(bad(format!("the integer at {} does not fit in 64 bits; write it as a string", position(bytes, span.start))))
}

/// A place as the parser names it.
fn position(bytes: &[u8], place: usize) -> String {
    let before = &bytes[..place];
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    let column = place - before.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1) + 1;
    format!("line {line} column {column}")
}

/// Follows brackets and strings.
#[derive(Default)]
struct Scan {
    depth: usize,
    in_string: bool,
    escaped: bool,
}

impl Scan {
    /// Takes the next byte; true when it stands outside strings.
    fn step(&mut self, byte: u8) -> bool {
        match byte {
            _ if self.escaped => self.escaped = false,
            b'\\' if self.in_string => self.escaped = true,
            b'"' => {
                self.in_string = !self.in_string;
                return false;
            }
            b'[' | b'{' if !self.in_string => self.depth += 1,
            b']' | b'}' if !self.in_string => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        !self.in_string
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn depth_is_bounded_and_strings_do_not_count() {
        let deep = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
        assert!(parse::<Value>(deep(64).as_bytes()).is_ok());
        assert_eq!(parse::<Value>(deep(65).as_bytes()).unwrap_err().code, "BAD_JSON");
        let error = parse::<Value>(deep(200_000).as_bytes()).unwrap_err();
        assert!(error.message.contains("line 1 column 65"), "{}", error.message);
        assert!(parse::<Value>(format!("\"{}\\\"[[\"", "[".repeat(100)).as_bytes()).is_ok());
    }

    #[test]
    fn faults_are_named() {
        for (text, place) in [
            ("{\"a\":1e400}", "line 1 column 10"),
            ("{\"a\":NaN}", "line 1 column 6"),
            ("\"\\ud800\"", "line 1 column 8"),
            ("{\"a\":\n\"\u{0}\"}", "line 2 column 1"),
            ("{\"a\":\n 18446744073709551616}", "line 2 column 2"),
            ("[-9223372036854775809]", "line 1 column 2"),
            ("\u{feff}{}", "byte order mark"),
            ("", "line 1 column 0"),
        ] {
            for error in [parse::<Value>(text.as_bytes()).unwrap_err(), look(text.as_bytes(), 64).unwrap_err()] {
                assert_eq!(error.code, "BAD_JSON", "{text:?}");
                assert!(error.message.contains(place), "{text:?}: {}", error.message);
            }
        }
        let error = parse::<u8>(b"[1]").unwrap_err();
        assert_eq!(error.code, "BAD_REQUEST");
        assert!(error.message.contains("line 1 column"), "{}", error.message);
    }

    #[test]
    fn the_largest_integers_are_numbers() {
        for text in [
            "18446744073709551615",
            "-9223372036854775808",
            "[1,\"99999999999999999999\",1e30]",
            "0.12345678901234567890",
        ] {
            assert!(parse::<Value>(text.as_bytes()).is_ok(), "{text}");
            assert!(look(text.as_bytes(), 64).is_ok(), "{text}");
        }
    }

    #[test]
    fn elements_of_an_array_are_found() {
        let of = |text: &'static str| elements(text.as_bytes()).map(|span| &text[span]).collect::<Vec<_>>();
        assert!(of(" [ ] ").is_empty());
        assert_eq!(of("[1]"), ["1"]);
        assert_eq!(of("[ {\"a\":[1,2]} ,\n\"],[\\\"\", 3 ]\n"), ["{\"a\":[1,2]}", "\"],[\\\"\"", "3"]);
    }
}
