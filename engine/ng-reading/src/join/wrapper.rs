//! What a container runtime or a multiplexer writes before every line, behind which the text of the program begins.

use crate::container;

/// What stands before the text of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wrapper {
    kind: Kind,
    /// The first byte of the text.
    pub(super) text: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    None,
    /// `2026-11-22T13:02:03.1Z stderr F `; the byte tells the stream.
    Cri(u8),
    /// `2026-11-22T13:02:03.123456789Z `.
    Stamp,
    /// `web-1  | `, `[pod/web-1/app] `: the same before every line of one container.
    Prefix,
}

/// A prefix is not looked for further inside.
const WINDOW: usize = 96;

impl Wrapper {
    /// Nothing stands before the text.
    pub(super) fn none() -> Self {
        Wrapper { kind: Kind::None, text: 0 }
    }

    pub(super) fn is_none(&self) -> bool {
        self.kind == Kind::None
    }

    /// A runtime, or the program itself, states the time of every line.
    pub(super) fn is_stamp(&self) -> bool {
        self.kind == Kind::Stamp
    }

    /// What stands before the text of a line.
    pub(super) fn of(line: &[u8]) -> Self {
        let found = match line.first() {
            Some(b'0'..=b'9') => match container::cri(line) {
                Some(cri) => Some((Kind::Cri(cri.stream[3]), cri.text)),
                None => container::behind_stamp(line).map(|text| (Kind::Stamp, text)),
            },
            Some(b'[') => bracketed(line).map(|text| (Kind::Prefix, text)),
            Some(first) if first.is_ascii_alphabetic() => barred(line).map(|text| (Kind::Prefix, text)),
            _ => None,
        };
        found.map_or(Self::none(), |(kind, text)| Wrapper { kind, text })
    }

    /// A line with this before its text is of the same container and stream as an event with `other`. A program that states
    /// times does so before the first line of an event.
    pub(super) fn is_like(&self, line: &[u8], other: &Wrapper, event: &[u8]) -> bool {
        match (self.kind, other.kind) {
            (Kind::Prefix, Kind::Prefix) => line[..self.text] == event[..other.text],
            (Kind::None, Kind::Stamp) => true,
            (one, other) => one == other,
        }
    }
}

/// `web-1  | `, as compose writes it. The blank behind the bar is left out of an empty line.
fn barred(line: &[u8]) -> Option<usize> {
    let near = &line[..line.len().min(WINDOW)];
    let name = near.iter().take_while(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte)).count();
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
