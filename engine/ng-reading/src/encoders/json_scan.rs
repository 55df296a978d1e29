//! A scanner for one JSON object that allocates nothing and hands out spans.
//!
//! It reads what people write: the grammar of RFC 8259, and besides it NaN and Infinity, commas before a closing bracket,
//! any byte and any escape inside strings, and an object whose end was cut off.

use ng_model::event::{Container, Span, Text};

/// What kind of value a member has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The span lies between the quotes.
    String,
    Number,
    /// `true`, `false`, `null`, `NaN`, an infinity, or a number that was cut.
    Word,
    /// The span holds the array with its brackets.
    Array,
}

/// One scalar or array, a member of the object or of something inside it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Member {
    /// 1 for members of the object itself.
    pub(super) depth: u32,
    /// What it stands in, like [`Field::container`](ng_model::event::Field::container).
    pub(super) container: u16,
    /// It lies inside an array.
    pub(super) in_array: bool,
    /// Empty for an element of an array.
    pub(super) key: Text,
    pub(super) value: Text,
    pub(super) kind: Kind,
}

/// What the bytes turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// An object that ends before this byte.
    Object(usize),
    /// The beginning of an object.
    Cut,
    /// Something else; members may have been shown before that was known.
    Other,
}

/// Deepest nesting that is read; deeper text is not taken for JSON.
const DEPTH: usize = 64;
/// Elements of one array that are shown by themselves, besides the array as a whole.
const ELEMENTS: u8 = 32;
/// Most containers that fields stand in; what stands in later ones is not shown.
const CONTAINERS: usize = 256;
/// The number of a container that has no room.
const HIDDEN: u16 = u16::MAX;

/// Shows every member of the object that begins at the first byte of `raw` from `at` on that is no blank. The objects and
/// elements that members stand in are added to `containers`.
pub(super) fn members(
    raw: &[u8],
    at: usize,
    containers: &mut Vec<Container>,
    visit: impl FnMut(&[Container], &Member),
) -> Found {
    let start = blank(raw, at);
    if raw.get(start) != Some(&b'{') {
        return Found::Other;
    }
    Scanner { raw, containers, visit, open: [Open::default(); DEPTH], depth: 0, arrays: 0 }.walk(start)
}

/// The first byte from `at` on that is no blank begins an object.
pub(super) fn begins(raw: &[u8], at: usize) -> bool {
    raw.get(blank(raw, at)) == Some(&b'{')
}

/// There is nothing behind an object but blanks and one mark that joins it to its neighbours in a list.
pub(super) fn ends(raw: &[u8], at: usize) -> bool {
    let at = blank(raw, at);
    blank(raw, at + usize::from(matches!(raw.get(at), Some(b',' | b';' | b']')))) >= raw.len()
}

/// An open object or array.
#[derive(Clone, Copy, Default)]
struct Open {
    /// Its first byte and its key.
    start: u32,
    key: Text,
    /// What the members of an object stand in, or what an array stands in itself.
    container: u16,
    /// Elements so far, as far as they are shown.
    count: u8,
    is_object: bool,
}

/// What may stand at the next place.
#[derive(Clone, Copy, PartialEq)]
enum Expect {
    /// A value, or the end of the array.
    Element,
    /// A key, or the end of the object.
    Key,
    /// A comma or the end of the container.
    Rest,
}

/// A part of the text that is whole, or what there is of one that was cut; nothing when it is something else.
type Part<T> = Option<Result<(T, usize), T>>;

struct Scanner<'r, F> {
    raw: &'r [u8],
    containers: &'r mut Vec<Container>,
    visit: F,
    open: [Open; DEPTH],
    /// How many are open, and how many of them are arrays.
    depth: usize,
    arrays: u32,
}

impl<F: FnMut(&[Container], &Member)> Scanner<'_, F> {
    /// Walks the object that begins at `at`.
    fn walk(&mut self, mut at: usize) -> Found {
        let raw = self.raw;
        self.open[0] = Open { is_object: true, start: at as u32, ..Open::default() };
        self.depth = 1;
        at += 1;
        let mut expect = Expect::Key;
        loop {
            at = blank(raw, at);
            let Some(&byte) = raw.get(at) else { return self.cut() };
            let Open { is_object, .. } = self.open[self.depth - 1];
            let mut key = Text::default();
            match expect {
                Expect::Rest if byte == b',' => {
                    at += 1;
                    expect = if is_object { Expect::Key } else { Expect::Element };
                    continue;
                }
                _ if byte == if is_object { b'}' } else { b']' } => {
                    at += 1;
                    self.close(at);
                    if self.depth == 0 {
                        return Found::Object(at);
                    }
                    expect = Expect::Rest;
                    continue;
                }
                Expect::Rest => return Found::Other,
                Expect::Key => {
                    if byte != b'"' {
                        return Found::Other;
                    }
                    let Ok((text, end)) = string(raw, at) else { return self.cut() };
                    key = text;
                    at = blank(raw, end);
                    match raw.get(at) {
                        Some(b':') => at = blank(raw, at + 1),
                        Some(_) => return Found::Other,
                        None => return self.cut(),
                    }
                }
                Expect::Element => {}
            }
            match raw.get(at) {
                None => return self.cut(),
                Some(b'{' | b'[') if self.depth == DEPTH => return Found::Other,
                Some(b'{') => {
                    let container = self.enter(key);
                    self.push(Open { is_object: true, start: at as u32, key, container, count: 0 });
                    expect = Expect::Key;
                    at += 1;
                }
                Some(b'[') => {
                    let container = if is_object { self.open[self.depth - 1].container } else { self.enter(key) };
                    self.push(Open { is_object: false, start: at as u32, key, container, count: 0 });
                    expect = Expect::Element;
                    at += 1;
                }
                Some(_) => {
                    let container = if is_object { self.open[self.depth - 1].container } else { self.enter(key) };
                    match scalar(raw, at) {
                        Some(Ok(((value, kind), end))) => {
                            self.show(self.depth, container, key, value, kind);
                            at = end;
                        }
                        Some(Err((value, kind))) => {
                            self.show(self.depth, container, key, value, kind);
                            return self.cut();
                        }
                        None => return Found::Other,
                    }
                    expect = Expect::Rest;
                }
            }
        }
    }

    fn push(&mut self, open: Open) {
        self.arrays += u32::from(!open.is_object);
        self.open[self.depth] = open;
        self.depth += 1;
    }

    /// The container for what comes next: an object under `key`, or the next element of the open array.
    fn enter(&mut self, key: Text) -> u16 {
        let around = &mut self.open[self.depth - 1];
        let (key, index) = if around.is_object { (key, None) } else { (around.key, Some(around.count.into())) };
        around.count = around.count.saturating_add(1);
        let too_many = index >= Some(ELEMENTS.into()) || self.containers.len() >= CONTAINERS;
        if around.container == HIDDEN || too_many {
            return HIDDEN;
        }
        self.containers.push(Container { key, index, parent: around.container });
        self.containers.len() as u16
    }

    /// Closes the innermost container, which ends before `end`.
    fn close(&mut self, end: usize) {
        self.depth -= 1;
        let Open { is_object, start, key, container, .. } = self.open[self.depth];
        if !is_object {
            self.arrays -= 1;
            let value = Text { span: Span::new(start as usize, end), escaped: false };
            self.show(self.depth, container, key, value, Kind::Array);
        }
    }

    /// The text ends inside the object.
    fn cut(&mut self) -> Found {
        while self.depth > 0 {
            self.close(self.raw.len());
        }
        Found::Cut
    }

    #[inline]
    fn show(&mut self, depth: usize, container: u16, key: Text, value: Text, kind: Kind) {
        if container != HIDDEN {
            let member = Member { depth: depth as u32, container, in_array: self.arrays > 0, key, value, kind };
            (self.visit)(self.containers, &member);
        }
    }
}

#[inline]
fn scalar(raw: &[u8], at: usize) -> Part<(Text, Kind)> {
    const WORDS: [&[u8]; 6] = [b"true", b"false", b"null", b"NaN", b"Infinity", b"-Infinity"];
    let text = |end: usize| Text { span: Span::new(at, end), escaped: false };
    match raw[at] {
        b'"' => Some(match string(raw, at) {
            Ok((text, end)) => Ok(((text, Kind::String), end)),
            Err(text) => Err((text, Kind::String)),
        }),
        b'-' | b'0'..=b'9' if raw.get(at + 1) != Some(&b'I') => match number(raw, at) {
            // Digits may be missing.
            _ if raw[at..].iter().all(|byte| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E')) => {
                Some(Err((text(raw.len()), Kind::Word)))
            }
            end => end.map(|end| Ok(((text(end), Kind::Number), end))),
        },
        _ => {
            let rest = &raw[at..];
            let word = WORDS.into_iter().find(|word| rest.starts_with(word) || word.starts_with(rest))?;
            if rest.len() < word.len() {
                return Some(Err((text(raw.len()), Kind::Word)));
            }
            let end = at + word.len();
            Some(Ok(((text(end), Kind::Word), end)))
        }
    }
}

/// The text between the quotes at `at`, and the first byte behind the closing quote; what there is of it when it is cut.
#[inline]
fn string(raw: &[u8], at: usize) -> Result<(Text, usize), Text> {
    let start = at + 1;
    let (mut at, mut escaped) = (start, false);
    loop {
        let found = memchr::memchr2(b'"', b'\\', raw.get(at..).unwrap_or_default());
        match found.map(|found| at + found) {
            None => return Err(Text { span: Span::new(start, raw.len()), escaped }),
            Some(end) if raw[end] == b'"' => return Ok((Text { span: Span::new(start, end), escaped }, end + 1)),
            Some(backslash) => {
                // What the cut left of an escape is no text.
                let rest = &raw[backslash + 1..];
                let is_cut = match rest.first() {
                    None => true,
                    Some(b'u') => rest.len() < 5 && rest[1..].iter().all(u8::is_ascii_hexdigit),
                    Some(_) => false,
                };
                if is_cut {
                    return Err(Text { span: Span::new(start, backslash), escaped });
                }
                escaped = true;
                at = backslash + 2;
            }
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
    use crate::encoders::path;
    use ng_model::event::{Field, Parsed};
    use proptest::prelude::*;

    /// What was found, and the members by their paths.
    fn shown(text: &str) -> (Found, Vec<String>) {
        let (mut list, mut containers) = (Vec::new(), Vec::new());
        let raw = text.as_bytes();
        let found = members(raw, 0, &mut containers, |containers, member| {
            let field = Field { container: member.container, ..Field::new(member.key, member.value, 0.0) };
            let parsed = Parsed { containers: containers.to_vec(), ..Parsed::default() };
            let value = String::from_utf8_lossy(member.value.span.of(raw));
            list.push(format!("{}={value}", path(raw, &parsed, &field)));
        });
        (found, list)
    }

    fn check(text: &str, found: Found, expect: &[&str]) {
        assert_eq!(shown(text), (found, expect.iter().map(|text| text.to_string()).collect()), "{text}");
    }

    fn object(text: &str, expect: &[&str]) {
        check(text, Found::Object(text.trim_ascii_end().len()), expect);
    }

    #[test]
    fn members_of_objects() {
        object("{}", &[]);
        object(r#" { "a" : 1 , "b":"x" } "#, &["a=1", "b=x"]);
        object(r#"{"a":{"b":{"c":true}},"d":null}"#, &["a.b.c=true", "d=null"]);
        object(
            r#"{"a":[1,{"b":[2]},[3,[]]],"c":-1.5e3}"#,
            &[
                "a[0]=1",
                "a[1].b[0]=2",
                "a[1].b=[2]",
                "a[2][0]=3",
                "a[2][1]=[]",
                "a[2]=[3,[]]",
                r#"a=[1,{"b":[2]},[3,[]]]"#,
                "c=-1.5e3",
            ],
        );
        object(r#"{"a":"q\"\\"}"#, &[r#"a=q\"\\"#]);
    }

    #[test]
    fn what_people_write_besides_is_read() {
        object(
            r#"{"a":NaN,"b":[Infinity,-Infinity,],"c":1,}"#,
            &["a=NaN", "b[0]=Infinity", "b[1]=-Infinity", "b=[Infinity,-Infinity,]", "c=1"],
        );
        object("{\"a\":\"one\ttwo\n\"}", &["a=one\ttwo\n"]);
        object(r#"{"path":"C:\dir\x\u12"}"#, &[r"path=C:\dir\x\u12"]);
        for tail in [",", " ;", "]", " ] "] {
            assert!(ends(tail.as_bytes(), 0));
        }
        assert!(!ends(b",,", 0) && !ends(b"x", 0));
    }

    #[test]
    fn what_was_cut_is_read_to_where_it_ends() {
        let whole = r#"{"level":"error","n":12,"tags":["a","b"],"o":{"k":true},"stack":"long\u00e9\n"}"#;
        for (kept, expect) in [
            (1, &[][..]),
            (5, &[]),
            (12, &["level=er"]),
            (23, &["level=error", "n=12"]),
            (24, &["level=error", "n=12"]),
            (35, &["level=error", "n=12", "tags[0]=a", r#"tags=["a""#]),
            (52, &["level=error", "n=12", "tags[0]=a", "tags[1]=b", r#"tags=["a","b"]"#, "o.k=tr"]),
            (68, &["level=error", "n=12", "tags[0]=a", "tags[1]=b", r#"tags=["a","b"]"#, "o.k=true", "stack=lon"]),
            (71, &["level=error", "n=12", "tags[0]=a", "tags[1]=b", r#"tags=["a","b"]"#, "o.k=true", "stack=long"]),
        ] {
            check(&whole[..kept], Found::Cut, expect);
        }
        for kept in 1..whole.len() {
            assert_eq!(shown(&whole[..kept]).0, Found::Cut, "{kept}");
        }
    }

    #[test]
    fn what_is_no_object() {
        for text in [
            "",
            "[]",
            "1",
            "{,}",
            r#"{"a"}"#,
            r#"{"a":}"#,
            r#"{"a":01}"#,
            r#"{"a":1.}"#,
            r#"{"a":[1}]"#,
            r#"{"a":try}"#,
            r#"{a:1}"#,
            r#"{"a":1 "b":2}"#,
            r#"{"a":1,,"b":2}"#,
        ] {
            assert_eq!(shown(text).0, Found::Other, "{text}");
        }
    }

    #[test]
    fn nesting_and_elements_are_bounded() {
        let nested = |depth: usize| shown(&format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth))).0;
        assert!(matches!((nested(64), nested(65)), (Found::Object(_), Found::Other)));
        let arrays = |depth: usize| shown(&format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth))).0;
        assert!(matches!((arrays(63), arrays(64)), (Found::Object(_), Found::Other)));
        let (_, list) = shown(&format!("{{\"a\":[{}1]}}", "1,".repeat(1000)));
        assert_eq!(list.len(), ELEMENTS as usize + 1);
        let (_, list) = shown(&format!("{{{}\"z\":1}}", "\"a\":{\"b\":1},".repeat(1000)));
        assert_eq!((list.len(), list.last().unwrap().as_str()), (CONTAINERS + 1, "z=1"));
    }

    proptest! {
        #[test]
        fn accepts_what_the_reference_parser_accepts(
            text in r#"\{("[a-z\\]{0,2}":|[0-9]|-|\.|e|"|,|\[|\]|\{|\}|true|null|:| |\\|\\u00e9){0,24}\}"#,
        ) {
            if serde_json::from_str::<serde_json::Value>(&text).is_ok() {
                prop_assert_eq!(shown(&text).0, Found::Object(text.len()));
            }
        }

        #[test]
        fn never_panics(raw in proptest::collection::vec(prop_oneof![Just(b'{'), Just(b'"'), Just(b'['), Just(b'\\'), any::<u8>()], 0..64)) {
            members(&raw, 0, &mut Vec::new(), |_, _| ());
        }
    }
}
