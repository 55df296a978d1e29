//! Reading JSON from strangers: bounded depth, and errors that name the place.

use crate::error::ApiError;
use axum::http::StatusCode;
use serde::de::DeserializeOwned;

/// Deepest nesting of arrays and objects.
pub const MAX_DEPTH: usize = 64;

/// Reads a value. The error names line and column, or the depth.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    let bad = |message: String| ApiError::new(StatusCode::BAD_REQUEST, "BAD_JSON", message);
    if depth(bytes) > MAX_DEPTH {
        return Err(bad(format!("nested deeper than {MAX_DEPTH} levels")));
    }
    if bytes.starts_with(b"\xef\xbb\xbf") {
        return Err(bad("begins with a byte order mark; expected JSON in UTF-8 without one".into()));
    }
    serde_json::from_slice(bytes).map_err(|error| match error.classify() {
        serde_json::error::Category::Data => ApiError::bad_request(error.to_string()),
        _ => bad(format!("not valid JSON: {error}")),
    })
}

/// The deepest nesting of brackets outside strings; the text need not be valid.
fn depth(bytes: &[u8]) -> usize {
    let (mut depth, mut deepest, mut in_string, mut escaped) = (0usize, 0, false, false);
    for byte in bytes {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
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
        assert_eq!(parse::<Value>(deep(200_000).as_bytes()).unwrap_err().code, "BAD_JSON");
        assert!(parse::<Value>(format!("\"{}\\\"[[\"", "[".repeat(100)).as_bytes()).is_ok());
    }

    #[test]
    fn faults_are_named() {
        for (text, code) in [
            ("{\"a\":1e400}", "BAD_JSON"),
            ("{\"a\":NaN}", "BAD_JSON"),
            ("\"\\ud800\"", "BAD_JSON"),
            ("\u{feff}{}", "BAD_JSON"),
            ("", "BAD_JSON"),
        ] {
            assert_eq!(parse::<Value>(text.as_bytes()).unwrap_err().code, code, "{text:?}");
        }
        let error = parse::<u8>(b"[1]").unwrap_err();
        assert_eq!(error.code, "BAD_REQUEST");
        assert!(error.message.contains("line 1 column"), "{}", error.message);
    }
}
