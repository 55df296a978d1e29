//! What a container runtime or a multiplexer writes before every line, behind which the text of the program begins.

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

    /// What stands before the text of a line.
    pub(super) fn of(line: &[u8]) -> Self {
        let found = match line.first() {
            Some(b'0'..=b'9') => crate::container::cri(line).map(|cri| (Kind::Cri(cri.stream[3]), cri.text)),
            Some(b'[') => bracketed(line).map(|text| (Kind::Prefix, text)),
            Some(first) if first.is_ascii_alphabetic() => barred(line).map(|text| (Kind::Prefix, text)),
            _ => None,
        };
        found.map_or(Self::none(), |(kind, text)| Wrapper { kind, text })
    }

    /// A line with this before its text is of the same container and stream as an event with `other`.
    pub(super) fn is_like(&self, line: &[u8], other: &Wrapper, event: &[u8]) -> bool {
        self.kind == other.kind && (self.kind != Kind::Prefix || line[..self.text] == event[..other.text])
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
