//! Lines as container runtimes write them to files: the notation of CRI, and the JSON of Docker, which is brought into it.
//!
//! Both divide a long line of the program into halves; they are put together here.

use crate::encoders::unescape;
use ng_model::event::{Span, Text};

/// A line in the notation of CRI: `TIME STREAM TAGS TEXT`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cri<'a> {
    /// `stdout` or `stderr`.
    pub(crate) stream: &'a [u8],
    /// The line of the program goes on in the next.
    partial: bool,
    /// Where its tags stand.
    pub(crate) tags: Span,
    /// The first byte of the text.
    pub(crate) text: usize,
}

/// A line in the notation of CRI; none when it is anything else.
pub(crate) fn cri(line: &[u8]) -> Option<Cri<'_>> {
    // The time is one of RFC 3339: `2026-11-22T13:02:03.1Z`, `…+01:00`.
    if line.get(10) != Some(&b'T') {
        return None;
    }
    let time = line.iter().take(48).position(|byte| *byte == b' ')?;
    let rest = &line[time + 1..];
    let stream = rest.get(..6).filter(|stream| matches!(*stream, b"stdout" | b"stderr"))?;
    // F is a whole line, P a part of one; more tags may follow behind colons.
    let tag = rest.get(7).filter(|tag| rest[6] == b' ' && matches!(tag, b'F' | b'P'))?;
    let behind = rest.get(8);
    let end = match behind {
        Some(b':') => memchr::memchr(b' ', rest.get(8..)?).map_or(rest.len(), |len| 8 + len),
        None | Some(b' ') => 8,
        Some(_) => return None,
    };
    let (tags, text) = (Span::new(time + 8, time + 1 + end), (time + end + 2).min(line.len()));
    Some(Cri { stream, partial: *tag == b'P', tags, text })
}

/// The first byte behind the time that `docker logs -t` and `kubectl logs --timestamps` write before every line of a program:
/// one of RFC 3339 with seven to nine digits behind the point, and a blank. None where there is none.
pub(crate) fn behind_stamp(line: &[u8]) -> Option<usize> {
    if line.get(19) != Some(&b'.') || line.get(10) != Some(&b'T') {
        return None;
    }
    let digits = line[20..].iter().take(10).take_while(|byte| byte.is_ascii_digit()).count();
    let end = match line.get(20 + digits)? {
        b'Z' => 21 + digits,
        b'+' | b'-' if line.get(23 + digits) == Some(&b':') => 26 + digits,
        _ => return None,
    };
    ((7..=9).contains(&digits) && line[..4].iter().all(u8::is_ascii_digit) && line.get(end) == Some(&b' '))
        .then_some(end + 1)
}

/// What becomes of a line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Taken<'a> {
    /// It is no line of a container, or a whole one in the notation of CRI.
    AsItIs,
    /// A half, which is kept until the other comes.
    Kept,
    /// This stands for it.
    Instead(&'a [u8]),
    /// This stands for it, cut from a length.
    Cut(&'a [u8], u64),
}

/// Puts the lines of containers together. Keeps at most one line of each stream.
#[derive(Debug)]
pub(crate) struct Containers {
    max: usize,
    halves: [Half; 2],
    /// The line that was put together last.
    whole: Vec<u8>,
}

/// The first halves of a line.
#[derive(Debug, Default)]
struct Half {
    kept: Vec<u8>,
    /// The length of the line so far; 0 when there is none.
    length: u64,
}

impl Containers {
    /// Lines are cut at `max` bytes.
    pub(crate) fn new(max: usize) -> Self {
        Containers { max, halves: Default::default(), whole: Vec::new() }
    }

    /// Takes a line.
    pub(crate) fn line(&mut self, line: &[u8]) -> Taken<'_> {
        match line.first() {
            Some(b'{') => docker(line).map_or(Taken::AsItIs, |docker| self.docker(line, &docker)),
            Some(b'0'..=b'9') => cri(line).map_or(Taken::AsItIs, |cri| self.cri(line, cri)),
            _ => Taken::AsItIs,
        }
    }

    /// A half whose other half did not come; called until there is none.
    pub(crate) fn rest(&mut self) -> Taken<'_> {
        match self.halves.iter().position(|half| half.length > 0) {
            Some(at) => self.hand_on(at),
            None => Taken::AsItIs,
        }
    }

    /// A half is kept.
    pub(crate) fn is_waiting(&self) -> bool {
        self.halves.iter().any(|half| half.length > 0)
    }

    fn cri(&mut self, line: &[u8], cri: Cri<'_>) -> Taken<'_> {
        let at = usize::from(cri.stream == b"stderr");
        let half = &mut self.halves[at];
        match (half.length > 0, cri.partial) {
            (false, false) => return Taken::AsItIs,
            (false, true) => {
                let tag = cri.tags.start as usize;
                half.append(&line[..tag], self.max);
                half.append(b"F", self.max);
                half.append(&line[tag + 1..], self.max);
            }
            (true, _) => half.append(&line[cri.text..], self.max),
        }
        if cri.partial { Taken::Kept } else { self.hand_on(at) }
    }

    fn docker(&mut self, line: &[u8], docker: &Docker) -> Taken<'_> {
        let stream = docker.stream.of(line);
        let at = usize::from(stream == b"stderr");
        let log = unescape(line, docker.log);
        let (text, ends) = match log.strip_suffix(b"\n") {
            Some(text) => (text.strip_suffix(b"\r").unwrap_or(text), true),
            None => (&log[..], false),
        };
        let half = &mut self.halves[at];
        if half.length == 0 {
            for part in [docker.time.of(line), b" ", stream, b" F"] {
                half.append(part, self.max);
            }
            for (number, span) in docker.others.iter().flatten().enumerate() {
                half.append(if number == 0 { b":{" } else { b"," }, self.max);
                half.append_tag(span.of(line), self.max);
            }
            half.append(if docker.others[0].is_some() { b"} " } else { b" " }, self.max);
        }
        half.append(text, self.max);
        if !ends {
            return Taken::Kept;
        }
        self.hand_on(at)
    }

    fn hand_on(&mut self, at: usize) -> Taken<'_> {
        let half = &mut self.halves[at];
        std::mem::swap(&mut self.whole, &mut half.kept);
        half.kept.clear();
        let length = std::mem::take(&mut half.length);
        if length > self.whole.len() as u64 { Taken::Cut(&self.whole, length) } else { Taken::Instead(&self.whole) }
    }
}

impl Half {
    fn append(&mut self, bytes: &[u8], max: usize) {
        let room = max.saturating_sub(self.kept.len());
        self.kept.extend_from_slice(&bytes[..bytes.len().min(room)]);
        self.length += bytes.len() as u64;
    }

    /// The same for members of JSON inside a tag, which a blank would end.
    fn append_tag(&mut self, members: &[u8], max: usize) {
        for (number, piece) in members.split(|byte| *byte == b' ').enumerate() {
            if number > 0 {
                self.append(b"\\u0020", max);
            }
            self.append(piece, max);
        }
    }
}

/// Most members besides those of Docker that are kept.
const OTHERS: usize = 8;

/// The parts of a line of Docker: `{"log":"…\n","stream":"stderr","time":"…"}`.
#[derive(Debug)]
struct Docker {
    log: Text,
    stream: Span,
    time: Span,
    /// Other members, each with its key.
    others: [Option<Span>; OTHERS],
}

/// The parts of a line of Docker; none when it is any other object.
fn docker(line: &[u8]) -> Option<Docker> {
    // Any JSON comes here; the order of the members is not fixed, but their first is one of these.
    const FIRST: [&[u8]; 4] = [b"\"log\"", b"\"stream\"", b"\"time\"", b"\"attrs\""];
    let start = line[1..].trim_ascii_start();
    if !FIRST.iter().any(|key| start.starts_with(key)) || memchr::memmem::find(line, b"\"std").is_none() {
        return None;
    }
    let (mut log, mut stream, mut time) = (None, None, None);
    let (mut others, mut count) = ([None; OTHERS], 0);
    let mut at = 1;
    loop {
        let from = blank(line, at);
        let (key, end) = string(line, from)?;
        at = blank(line, end);
        if line.get(at) != Some(&b':') {
            return None;
        }
        at = blank(line, at + 1);
        let text = string(line, at);
        at = match text {
            Some((_, end)) => end,
            None => value_end(line, at)?,
        };
        match (key.span.of(line), text.map(|(text, _)| text)) {
            (b"log", Some(text)) => log = Some(text),
            (b"stream", Some(text)) => {
                stream = Some(text.span).filter(|span| matches!(span.of(line), b"stdout" | b"stderr"))
            }
            (b"time", Some(text)) => time = Some(text.span),
            _ => {
                *others.get_mut(count)? = Some(Span::new(from, at));
                count += 1;
            }
        }
        at = blank(line, at);
        match line.get(at)? {
            b',' => at += 1,
            b'}' if line[at + 1..].trim_ascii().is_empty() => break,
            _ => return None,
        }
    }
    Some(Docker { log: log?, stream: stream?, time: time?, others })
}

fn blank(line: &[u8], at: usize) -> usize {
    at + line.get(at..).unwrap_or_default().iter().take_while(|byte| byte.is_ascii_whitespace()).count()
}

/// The text between the quotes that begin at `at`, and the first byte behind them.
fn string(line: &[u8], at: usize) -> Option<(Text, usize)> {
    let start = at + 1;
    let (mut end, mut escaped) = (start, false);
    if line.get(at) != Some(&b'"') {
        return None;
    }
    loop {
        end += memchr::memchr2(b'"', b'\\', line.get(end..)?)?;
        if line[end] == b'"' {
            return Some((Text { span: Span::new(start, end), escaped }, end + 1));
        }
        escaped = true;
        end += 2;
    }
}

/// The first byte behind a value that is no text.
fn value_end(line: &[u8], mut at: usize) -> Option<usize> {
    let mut depth = 0u32;
    loop {
        match line.get(at)? {
            b'"' => {
                at = string(line, at)?.1;
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth > 0 => depth -= 1,
            b'}' | b',' if depth == 0 => return Some(at),
            _ => {}
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What comes of lines, `-` for a half that is kept; what is left at the end stands behind `|`.
    fn read(lines: &[&str], max: usize) -> Vec<String> {
        let mut containers = Containers::new(max);
        let mut found = Vec::new();
        let mut note = |line: &str, taken: Taken<'_>| {
            found.push(match taken {
                Taken::AsItIs => line.to_owned(),
                Taken::Kept => "-".to_owned(),
                Taken::Instead(line) => String::from_utf8_lossy(line).into_owned(),
                Taken::Cut(line, length) => format!("{}…{length}", String::from_utf8_lossy(line)),
            });
        };
        for line in lines {
            note(line, containers.line(line.as_bytes()));
        }
        loop {
            match containers.rest() {
                Taken::AsItIs => return found,
                taken => note("", taken),
            }
        }
    }

    #[test]
    fn lines_of_docker_become_lines_of_cri() {
        let check = |line: &str, expect: &str| assert_eq!(read(&[line], 1000), [expect], "{line}");
        check(
            r#"{"log":"ERROR \"disk\"\tfull\r\n","stream":"stderr","time":"2026-11-22T13:02:03.9Z"}"#,
            "2026-11-22T13:02:03.9Z stderr F ERROR \"disk\"\tfull",
        );
        check(
            r#"{"time":"T","stream":"stdout","log":"x\n","attrs":{"tag":"a} b","n":[1]},"level":3}"#,
            "T stdout F:{\"attrs\":{\"tag\":\"a}\\u0020b\",\"n\":[1]},\"level\":3} x",
        );
        check(r#" {"log":"x"}"#, r#" {"log":"x"}"#);
        for line in [
            r#"{"log":"x\n","stream":"stdout"}"#,
            r#"{"log":"x\n","stream":"else","time":"T"}"#,
            r#"{"log":5,"stream":"stdout","time":"T"}"#,
            r#"{"log":"x\n","stream":"stdout","time":"T""#,
            r#"{"msg":"x","stream":"stdout","time":"T","log":"y\n"}"#,
            r#"{"log"}"#,
            "{",
        ] {
            check(line, line);
        }
    }

    #[test]
    fn halves_are_put_together() {
        let half = r#"{"log":"one ","stream":"stdout","time":"T1"}"#;
        let other = r#"{"log":"else\n","stream":"stderr","time":"T2"}"#;
        let end = r#"{"log":"two\n","stream":"stdout","time":"T3"}"#;
        assert_eq!(read(&[half, other, end], 100), ["-", "T2 stderr F else", "T1 stdout F one two"]);
        assert_eq!(read(&[half, half], 100), ["-", "-", "T1 stdout F one one "]);
        let cri = [
            "2026-11-22T13:02:03Z stdout P one ",
            "2026-11-22T13:02:04Z stdout P two ",
            "2026-11-22T13:02:05Z stdout F three",
        ];
        assert_eq!(read(&cri, 100), ["-", "-", "2026-11-22T13:02:03Z stdout F one two three"]);
        assert_eq!(read(&cri, 36), ["-", "-", "2026-11-22T13:02:03Z stdout F one tw…43"]);
        assert_eq!(read(&cri[2..], 100), [cri[2]]);
        for line in [
            "2026-11-22T13:02:03Z stdout",
            "2026-11-22T13:02:03Z stdout F",
            "2026-11-22T13:02:03Z stdouts F x",
            "2026-11-22T13:02:03Z stdout Fx y",
            "2026-11-22 stdout F x",
        ] {
            assert_eq!(read(&[line], 100), [line]);
        }
    }

    #[test]
    fn what_stands_behind_the_stamp_of_a_runtime() {
        let check = |line: &str, text: Option<&str>| {
            assert_eq!(behind_stamp(line.as_bytes()).map(|at| &line[at..]), text, "{line}");
        };
        check("2026-11-22T13:02:03.123456789Z \tat x", Some("\tat x"));
        check("2026-11-22T13:02:03.1234567+01:00 x", Some("x"));
        check("2026-11-22T13:02:03.123456789Z ", Some(""));
        for line in [
            "",
            "2026-11-22T13:02:03.123456789Z",
            "2026-11-22T13:02:03.123456Z x",
            "2026-11-22T13:02:03.1234567890Z x",
            "2026-11-22 13:02:03.123456789Z x",
            "2026-11-22T13:02:03.123456789 x",
        ] {
            check(line, None);
        }
    }

    proptest! {
        #[test]
        fn any_line_is_taken(line in proptest::collection::vec(prop_oneof![Just(b'{'), Just(b'"'), Just(b'\\'), any::<u8>()], 0..64)) {
            for start in [&b""[..], b"{\"log\":\"\\n\",\"stream\":\"stdout\",", b"2026-11-22T13:02:03Z stderr P"] {
                let line = [start, &line].concat();
                let mut containers = Containers::new(40);
                containers.line(&line);
                containers.line(&line);
                prop_assert!(containers.halves.iter().all(|half| half.kept.len() <= 40));
                while containers.rest() != Taken::AsItIs {}
            }
        }

        #[test]
        fn what_docker_writes_is_read_back(text in "\\PC{0,20}") {
            let line = serde_json::json!({ "log": format!("{text}\n"), "stream": "stdout", "time": "T" }).to_string();
            prop_assert_eq!(read(&[&line], 1000), [format!("T stdout F {text}")]);
        }
    }
}
