//! A scanner for one JSON object that allocates nothing and hands out spans.

use ng_model::event::{Span, Text};

/// What kind of value a member has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The span lies between the quotes.
    String,
    Number,
    /// `true`, `false` or `null`.
    Word,
    /// The span holds the array with its brackets.
    Array,
}

/// One scalar or array member of the object or of an object inside it. Members of objects inside arrays are not shown.
#[derive(Clone, Copy, Debug)]
pub(super) struct Member {
    /// 1 for members of the object itself.
    pub(super) depth: u32,
    /// At depth 2, the key of the object it belongs to; means nothing elsewhere.
    pub(super) parent: Text,
    pub(super) key: Text,
    pub(super) value: Text,
    pub(super) kind: Kind,
}

/// Deepest nesting that is read; deeper text is not taken for JSON.
const DEPTH: u32 = 64;

/// Shows every member of the one object that `raw` holds. False when `raw` is anything else; members may have been shown
/// before that is known. Grammar of RFC 8259, except that bytes above 127 need not be UTF-8.
pub(super) fn members(raw: &[u8], mut visit: impl FnMut(&Member)) -> bool {
    let start = blank(raw, 0);
    raw.get(start) == Some(&b'{') && walk(raw, start, &mut visit).is_some_and(|end| blank(raw, end) == raw.len())
}

/// What may stand at the next place.
#[derive(Clone, Copy, PartialEq)]
enum Expect {
    /// A value, or the end of the array when it is still empty.
    FirstElement,
    /// A value.
    Element,
    /// A key, or the end of the object when it is still empty.
    FirstKey,
    /// A key.
    Key,
    /// A comma or the end of the container.
    Rest,
}

/// Walks the object that begins at `at`; returns the first byte behind it.
fn walk(raw: &[u8], mut at: usize, visit: &mut impl FnMut(&Member)) -> Option<usize> {
    // One bit for each open container, the innermost lowest; set = object.
    let mut objects = 1u64;
    let mut depth = 1u32;
    // Depth of the outermost open array; 0 = none. What lies inside is checked but not shown.
    let mut array_depth = 0u32;
    let mut array_start = 0usize;
    let (mut key, mut array_key, mut parent) = (Text::default(), Text::default(), Text::default());
    let mut expect = Expect::FirstKey;
    at += 1;
    loop {
        at = blank(raw, at);
        let byte = *raw.get(at)?;
        let close = if objects & 1 == 1 { b'}' } else { b']' };
        match expect {
            Expect::Rest if byte == b',' => {
                at += 1;
                expect = if objects & 1 == 1 { Expect::Key } else { Expect::Element };
                continue;
            }
            Expect::Rest | Expect::FirstKey | Expect::FirstElement if byte == close => {
                at += 1;
                if array_depth == depth {
                    let value = Text { span: Span::new(array_start, at), escaped: false };
                    visit(&Member { depth: depth - 1, parent, key: array_key, value, kind: Kind::Array });
                    array_depth = 0;
                }
                objects >>= 1;
                depth -= 1;
                if depth == 0 {
                    return Some(at);
                }
                expect = Expect::Rest;
                continue;
            }
            Expect::Rest => return None,
            Expect::FirstKey | Expect::Key => {
                if byte != b'"' {
                    return None;
                }
                (key, at) = string(raw, at)?;
                at = blank(raw, at);
                if raw.get(at) != Some(&b':') {
                    return None;
                }
                at = blank(raw, at + 1);
            }
            Expect::FirstElement | Expect::Element => {}
        }
        let opens = match *raw.get(at)? {
            b'{' => Some(1),
            b'[' => Some(0),
            _ => None,
        };
        if let Some(object) = opens {
            if depth == DEPTH {
                return None;
            }
            if object == 0 && array_depth == 0 {
                (array_depth, array_start, array_key) = (depth + 1, at, key);
            }
            if depth == 1 {
                parent = key;
            }
            objects = objects << 1 | object;
            depth += 1;
            at += 1;
            expect = if object == 1 { Expect::FirstKey } else { Expect::FirstElement };
            continue;
        }
        let (value, kind, end) = scalar(raw, at)?;
        at = end;
        if array_depth == 0 {
            visit(&Member { depth, parent, key, value, kind });
        }
        expect = Expect::Rest;
    }
}

fn scalar(raw: &[u8], at: usize) -> Option<(Text, Kind, usize)> {
    match raw[at] {
        b'"' => string(raw, at).map(|(text, end)| (text, Kind::String, end)),
        b'-' | b'0'..=b'9' => {
            let end = number(raw, at)?;
            Some((Text { span: Span::new(at, end), escaped: false }, Kind::Number, end))
        }
        _ => {
            let word = [&b"true"[..], b"false", b"null"].into_iter().find(|word| raw[at..].starts_with(word))?;
            let end = at + word.len();
            Some((Text { span: Span::new(at, end), escaped: false }, Kind::Word, end))
        }
    }
}

/// The text between the quotes at `at`, and the first byte behind the closing quote.
fn string(raw: &[u8], at: usize) -> Option<(Text, usize)> {
    let start = at + 1;
    let mut at = start;
    let mut escaped = false;
    loop {
        at += raw[at..].iter().position(|byte| *byte < 0x20 || *byte == b'"' || *byte == b'\\')?;
        match raw[at] {
            b'"' => return Some((Text { span: Span::new(start, at), escaped }, at + 1)),
            b'\\' => {
                escaped = true;
                at += match raw.get(at + 1)? {
                    b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => 2,
                    b'u' if raw.get(at + 2..at + 6)?.iter().all(u8::is_ascii_hexdigit) => 6,
                    _ => return None,
                };
            }
            _ => return None,
        }
    }
}

fn number(raw: &[u8], at: usize) -> Option<usize> {
    let digits = |from: usize| raw[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut end = at + usize::from(raw[at] == b'-');
    let whole = digits(end);
    if whole == 0 || (whole > 1 && raw[end] == b'0') {
        return None;
    }
    end += whole;
    if raw.get(end) == Some(&b'.') {
        let fraction = digits(end + 1);
        if fraction == 0 {
            return None;
        }
        end += 1 + fraction;
    }
    if matches!(raw.get(end), Some(b'e' | b'E')) {
        end += 1 + usize::from(matches!(raw.get(end + 1), Some(b'+' | b'-')));
        let exponent = digits(end);
        if exponent == 0 {
            return None;
        }
        end += exponent;
    }
    Some(end)
}

fn blank(raw: &[u8], mut at: usize) -> usize {
    while matches!(raw.get(at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(text: &str) -> Option<Vec<String>> {
        let mut list = Vec::new();
        let ok = members(text.as_bytes(), |member| {
            let part = |text_span: Text| String::from_utf8_lossy(text_span.span.of(text.as_bytes())).into_owned();
            list.push(format!("{}:{}={}", member.depth, part(member.key), part(member.value)));
        });
        ok.then_some(list)
    }

    fn check(text: &str, expect: Option<&[&str]>) {
        let expect = expect.map(|list| list.iter().map(|text| text.to_string()).collect());
        assert_eq!(shown(text), expect, "{text}");
    }

    #[test]
    fn members_of_objects() {
        check("{}", Some(&[]));
        check(r#" { "a" : 1 , "b":"x" } "#, Some(&["1:a=1", "1:b=x"]));
        check(r#"{"a":{"b":{"c":true}},"d":null}"#, Some(&["3:c=true", "1:d=null"]));
        check(r#"{"a":[1,{"b":[2]},[]],"c":-1.5e3}"#, Some(&[r#"1:a=[1,{"b":[2]},[]]"#, "1:c=-1.5e3"]));
        check(r#"{"a":"q\"\\"}"#, Some(&[r#"1:a=q\"\\"#]));
    }

    #[test]
    fn what_is_no_object() {
        for text in [
            "",
            "[]",
            "1",
            "{",
            "{}x",
            "{,}",
            r#"{"a"}"#,
            r#"{"a":}"#,
            r#"{"a":1,}"#,
            r#"{"a":01}"#,
            r#"{"a":1.}"#,
            r#"{"a":[1,]}"#,
            r#"{"a":[1}]"#,
            r#"{"a":"\x"}"#,
            r#"{"a":"\u12"}"#,
            "{\"a\":\"\n\"}",
            r#"{"a":tru}"#,
            r#"{a:1}"#,
        ] {
            check(text, None);
        }
    }

    #[test]
    fn nesting_is_bounded() {
        let nested = |depth: usize| format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth));
        assert!(shown(&nested(64)).is_some());
        assert!(shown(&nested(65)).is_none());
        let arrays = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        assert!(shown(&arrays(63)).is_some());
        assert!(shown(&arrays(64)).is_none());
    }

    proptest! {
        #[test]
        fn accepts_what_the_reference_parser_accepts(
            text in r#"\{("[a-z\\]{0,2}":|[0-9]|-|\.|e|"|,|\[|\]|\{|\}|true|null|:| |\\|\\u00e9){0,24}\}"#,
        ) {
            let reference = serde_json::from_str::<serde_json::Value>(&text);
            // The reference refuses numbers beyond f64, which are grammatical.
            if !reference.as_ref().is_err_and(|error| error.to_string().contains("out of range")) {
                prop_assert_eq!(members(text.as_bytes(), |_| ()), reference.is_ok());
            }
        }

        #[test]
        fn never_panics(raw in proptest::collection::vec(prop_oneof![Just(b'{'), Just(b'"'), Just(b'['), Just(b'\\'), any::<u8>()], 0..64)) {
            members(&raw, |_| ());
        }
    }
}
