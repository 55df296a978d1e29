//! Finds where the values of a JSON text begin and end, line by line.
//!
//! The text is a sequence of objects, with or without commas between them, and perhaps within one array. Read leniently:
//! commas before a closing bracket, `NaN` and `Infinity` are accepted.

use memchr::memchr2;

/// Deepest nesting that is followed.
const DEPTH: u32 = 64;

/// What a line is when it goes on with what was read before.
#[derive(Clone, Debug)]
pub(super) struct JsonScan {
    /// One bit for each open container, the innermost lowest; set = object.
    objects: u64,
    depth: u32,
    /// The outermost container is an array, whose elements are the values.
    array: bool,
    expect: Expect,
}

/// What was found in a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// A value begins here.
    Begins(usize),
    /// A value ends before this place.
    Ends(usize),
    /// The line ends.
    LineEnd,
}

/// The text is not JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NotJson;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expect {
    /// Between the values.
    Start,
    /// A key, or the end of the object.
    Key,
    Colon,
    /// A value, or the end of the array.
    Value,
    /// A comma, or the end of the container.
    Rest,
}

impl JsonScan {
    pub(super) fn new() -> Self {
        JsonScan { objects: 0, depth: 0, array: false, expect: Expect::Start }
    }

    /// A value has begun and not ended.
    pub(super) fn is_inside(&self) -> bool {
        self.depth > u32::from(self.array)
    }

    /// A value, or the array around the values, has not ended.
    pub(super) fn is_open(&self) -> bool {
        self.depth > 0
    }

    /// The next thing in a line, from `at` on.
    pub(super) fn step(&mut self, line: &[u8], mut at: usize) -> Result<Step, NotJson> {
        loop {
            at += line[at..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            let Some(&byte) = line.get(at) else { return Ok(Step::LineEnd) };
            match (self.expect, byte) {
                (Expect::Start, b'{') => {
                    self.open(true)?;
                    return Ok(Step::Begins(at));
                }
                (Expect::Start, b'[') if !self.is_open() => {
                    (self.array, self.depth, self.objects) = (true, 1, 0);
                }
                (Expect::Start, b']') if self.array => (self.array, self.depth) = (false, 0),
                (Expect::Start, b',') => {}
                (Expect::Key, b'"') => {
                    at = string(line, at)?;
                    self.expect = Expect::Colon;
                    continue;
                }
                (Expect::Colon, b':') => self.expect = Expect::Value,
                (Expect::Value, b'{' | b'[') => self.open(byte == b'{')?,
                (Expect::Value, b'"') => {
                    at = string(line, at)?;
                    self.expect = Expect::Rest;
                    continue;
                }
                (Expect::Rest, b',') => self.expect = if self.in_object() { Expect::Key } else { Expect::Value },
                (Expect::Key | Expect::Rest, b'}') if self.in_object() => {
                    if self.close() {
                        return Ok(Step::Ends(at + 1));
                    }
                }
                (Expect::Value | Expect::Rest, b']') if !self.in_object() => {
                    if self.close() {
                        return Ok(Step::Ends(at + 1));
                    }
                }
                (Expect::Value, _) => {
                    at = scalar(line, at)?;
                    self.expect = Expect::Rest;
                    continue;
                }
                _ => return Err(NotJson),
            }
            at += 1;
        }
    }

    fn in_object(&self) -> bool {
        self.objects & 1 == 1
    }

    fn open(&mut self, object: bool) -> Result<(), NotJson> {
        if self.depth == DEPTH {
            return Err(NotJson);
        }
        self.objects = self.objects << 1 | u64::from(object);
        self.depth += 1;
        self.expect = if object { Expect::Key } else { Expect::Value };
        Ok(())
    }

    /// Closes the innermost container; true when that was the whole value.
    fn close(&mut self) -> bool {
        self.objects >>= 1;
        self.depth -= 1;
        self.expect = if self.is_inside() { Expect::Rest } else { Expect::Start };
        !self.is_inside()
    }
}

/// The first byte behind the text that begins at `at`. It ends on its line.
fn string(line: &[u8], mut at: usize) -> Result<usize, NotJson> {
    at += 1;
    loop {
        at += memchr2(b'"', b'\\', line.get(at..).unwrap_or_default()).ok_or(NotJson)?;
        if line[at] == b'"' {
            return Ok(at + 1);
        }
        at += 2;
    }
}

/// The first byte behind the number or word at `at`.
fn scalar(line: &[u8], at: usize) -> Result<usize, NotJson> {
    const WORDS: [&[u8]; 6] = [b"true", b"false", b"null", b"NaN", b"Infinity", b"-Infinity"];
    let length =
        line[at..].iter().take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.')).count();
    let text = &line[at..at + length];
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    // Whether the number is well formed is for its reader to say.
    let number = digits.first().is_some_and(u8::is_ascii_digit)
        && digits.iter().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-'));
    if number || WORDS.contains(&text) { Ok(at + length) } else { Err(NotJson) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The values of a text, each as its lines with `/` between them; `!` at the end when it is not JSON, `…` when a value is
    /// open at the end.
    fn values(text: &str) -> Vec<String> {
        let mut scan = JsonScan::new();
        let (mut found, mut open) = (Vec::new(), String::new());
        for line in text.lines() {
            let (mut at, mut from) = (0, 0);
            loop {
                match scan.step(line.as_bytes(), at) {
                    Ok(Step::Begins(place)) => (from, at) = (place, place + 1),
                    Ok(Step::Ends(end)) => {
                        found.push(std::mem::take(&mut open) + &line[from..end]);
                        at = end;
                    }
                    Ok(Step::LineEnd) => {
                        if scan.is_inside() {
                            open += &line[from..];
                            open.push('/');
                        }
                        break;
                    }
                    Err(NotJson) => {
                        found.push("!".into());
                        return found;
                    }
                }
            }
        }
        if scan.is_open() {
            found.push("…".into());
        }
        found
    }

    #[test]
    fn values_of_texts() {
        let check = |text: &str, expect: &[&str]| assert_eq!(values(text), expect, "{text}");
        check("{\n \"a\": 1\n}\n{}", &["{/ \"a\": 1/}", "{}"]);
        check("[\n {\"a\":1},\n {\"b\":[{}]}\n]", &["{\"a\":1}", "{\"b\":[{}]}"]);
        check("{\"a\":\"}{\"}{\"b\":2},{}", &["{\"a\":\"}{\"}", "{\"b\":2}", "{}"]);
        check("{\"a\":NaN,\"b\":-Infinity,\"c\":[1,],}", &["{\"a\":NaN,\"b\":-Infinity,\"c\":[1,],}"]);
        check("{\"a\":\"\\\"\\\\\",\n", &["…"]);
        check("[", &["…"]);
        for text in [
            "[1, 2]",
            "[INFO] x",
            "{broken",
            "{\"a\" 1}",
            "{\"a\":1]",
            "x",
            "{\"a\":\n2026-11-22 x",
            "[[{}]]",
            "{\"a\":tru",
        ] {
            assert_eq!(values(text).last().unwrap(), "!", "{text}");
        }
    }

    #[test]
    fn nesting_is_bounded() {
        let nested = |depth: usize| format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth));
        assert_eq!(values(&nested(64)).len(), 1);
        assert_eq!(values(&nested(65)), ["!"]);
    }

    proptest! {
        #[test]
        fn every_object_is_one_value(
            list in proptest::collection::vec(prop::collection::btree_map(".{0,4}", (any::<i64>(), ".{0,8}"), 0..4), 1..4),
        ) {
            let texts: Vec<String> = list.iter().map(|map| serde_json::to_string(map).unwrap()).collect();
            prop_assert_eq!(&values(&texts.concat()), &texts);
            let pretty = serde_json::to_string_pretty(&list).unwrap();
            prop_assert_eq!(values(&pretty).len(), list.len());
        }

        #[test]
        fn never_panics(text in proptest::collection::vec(prop_oneof![Just(b'{'), Just(b'"'), Just(b'['), Just(b'\\'), Just(b']'), Just(b'}'), any::<u8>()], 0..64)) {
            let (mut scan, mut at) = (JsonScan::new(), 0);
            while let Ok(step) = scan.step(&text, at) {
                at = match step {
                    Step::Begins(place) => place + 1,
                    Step::Ends(end) => end,
                    Step::LineEnd => break,
                };
            }
        }
    }
}
