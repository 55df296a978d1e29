//! Places in the raw bytes of a reading.

/// A range of bytes inside the raw bytes of a reading.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// Number of bytes.
    pub len: u32,
}

impl Span {
    /// The span `start..end`.
    pub fn new(start: usize, end: usize) -> Self {
        Span { start: start as u32, len: (end - start) as u32 }
    }

    /// The bytes of the span; empty when `raw` is too short.
    pub fn of(self, raw: &[u8]) -> &[u8] {
        let start = self.start as usize;
        raw.get(start..start + self.len as usize).unwrap_or_default()
    }

    /// The span holds nothing.
    pub fn is_empty(self) -> bool {
        self.len == 0
    }
}

/// A piece of text inside a reading.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Text {
    /// Where it stands.
    pub span: Span,
    /// It stands inside a JSON string that contains backslash escapes and must be unescaped to be read.
    pub escaped: bool,
}
