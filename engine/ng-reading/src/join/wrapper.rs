//! What a container runtime or a multiplexer writes before every line, behind which the text of the program begins.

use crate::container;

/// What stands before the text of a line: the name of a container, the time of a runtime, or the one and then the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wrapper {
    /// The length of `web-1  | `, `[pod/web-1/app] `: the same before every line of one container. Most have none.
    pub(super) name: usize,
    time: Time,
    /// The first byte of the text.
    pub(super) text: usize,
}

/// How a runtime states the time of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Time {
    None,
    /// `2026-11-22T13:02:03.1Z stderr F `; the byte tells the stream.
    Cri(u8),
    /// `2026-11-22T13:02:03.123456789Z `.
    Stamp,
}

/// A name is not looked for further inside.
const WINDOW: usize = 96;

impl Wrapper {
    /// Nothing stands before the text.
    pub(super) fn none() -> Self {
        Wrapper { name: 0, time: Time::None, text: 0 }
    }

    pub(super) fn is_none(&self) -> bool {
        self.text == 0
    }

    /// A runtime, or the program itself, states the time of every line.
    pub(super) fn is_stamp(&self) -> bool {
        self.time == Time::Stamp
    }

    /// What stands before the text of a line.
    pub(super) fn of(line: &[u8]) -> Self {
        let name = match line.first() {
            Some(b'[') => bracketed(line).unwrap_or(0),
            Some(first) if first.is_ascii_alphabetic() => barred(line).unwrap_or(0),
            _ => 0,
        };
        let rest = &line[name..];
        let (time, text) = match rest.first() {
            Some(b'0'..=b'9') => match container::cri(rest) {
                Some(cri) => (Time::Cri(cri.stream[3]), cri.text),
                None => container::behind_stamp(rest).map_or((Time::None, 0), |text| (Time::Stamp, text)),
            },
            _ => (Time::None, 0),
        };
        Wrapper { name, time, text: name + text }
    }

    /// A line with this before its text is of the same container and stream as an event with `other`. A program that states
    /// times does so before the first line of an event.
    pub(super) fn is_like(&self, line: &[u8], other: &Wrapper, event: &[u8]) -> bool {
        let same_time = self.time == other.time || self.time == Time::None && other.time == Time::Stamp;
        same_time && line[..self.name] == event[..other.name]
    }
}

/// `web-1  | `, as compose writes it. The blank behind the bar is left out of an empty line.
fn barred(line: &[u8]) -> Option<usize> {
    let near = &line[..line.len().min(WINDOW)];
    let name = near.iter().take_while(|byte| byte.is_ascii_alphanumeric() || b"-_.@".contains(byte)).count();
    let blanks = near[name..].iter().take_while(|byte| **byte == b' ').count();
    let bar = name + blanks;
    (blanks > 0 && near[bar..].starts_with(b"| ")).then_some(bar + 2)
}

/// `[pod/web-1/app] `, as kubectl writes it.
fn bracketed(line: &[u8]) -> Option<usize> {
    let near = &line[..line.len().min(WINDOW)];
    let name = near.strip_prefix(b"[pod/")?;
    let end = name.iter().position(|byte| *byte == b']' || byte.is_ascii_whitespace())?;
    name[end..].starts_with(b"] ").then_some(5 + end + 2)
}
