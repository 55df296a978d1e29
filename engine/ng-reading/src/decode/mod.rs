//! Bytes as sources have them, to text in the encoding of ASCII.
//!
//! # Layout
//!
//! One file for each kind of encoding, with a row in [`ENCODINGS`]: `utf8.rs` and `utf16.rs`; `gzip.rs`, `zstd.rs`, `xz.rs` and
//! `bzip2.rs` for what is compressed, by way of `unpack.rs`; `journal_export.rs` for what journald exports; `unread.rs` for what
//! is known and not read. What has no row is handed on as it is. What is unpacked is decoded once more, but not unpacked.
//!
//! The encoding is decided by the first bytes: by a mark, or for UTF-16 without one by the zeros of the first line, within
//! [`HEAD`] bytes.

mod bzip2;
mod gzip;
mod journal_export;
mod unpack;
mod unread;
mod utf16;
mod utf8;
mod xz;
mod zstd;

#[cfg(test)]
mod tests;

use journal_export::JournalExport;
use memchr::memchr;
use std::fmt::{self, Debug};
use unpack::Unpack;
use utf16::Utf16;

/// The encoding is decided within so many bytes.
const HEAD: usize = 4096;
/// Bytes that are fed to what unpacks them at a time: a thousand may become some hundred MiB.
const PORTION: usize = 1024;
/// Bytes that are unpacked at a time.
const OUT: usize = 32 * 1024;

/// Every encoding that is told by the first bytes.
static ENCODINGS: &[&Row] = &[
    &utf8::ROW,
    &utf16::LITTLE,
    &utf16::BIG,
    &gzip::ROW,
    &zstd::ROW,
    &xz::ROW,
    &bzip2::ROW,
    &journal_export::ROW,
    &unread::LZ4,
    &unread::LZIP,
    &unread::COMPRESS,
    &unread::ZIP,
    &unread::SEVEN_ZIP,
];

/// What has no mark.
static PLAIN: Row = Row { name: "plain", begins: |_| Some(0), open: || State::Plain, kind: Kind::Text };

/// One encoding.
struct Row {
    name: &'static str,
    /// A source that begins with these bytes is of this encoding: the length of the mark, which is no part of the text. None
    /// when it is not; a length beyond the bytes when they are too few to tell.
    begins: fn(&[u8]) -> Option<usize>,
    open: fn() -> State,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A byte of ASCII is a byte.
    Text,
    /// A character has two bytes; the high one comes first, or last.
    Wide {
        big: bool,
    },
    /// What stands in it depends on all that is before.
    Export,
    Packed,
    Unread,
}

/// The encoding of a source.
#[derive(Clone, Copy)]
pub struct Encoding(&'static Row);

impl Encoding {
    /// The encoding of a source with these first bytes.
    pub fn of(head: &[u8]) -> Self {
        Encoding(recognise(head, true, true).map_or(&PLAIN, |(row, _)| row))
    }

    /// It is read from its beginning, because it is compressed or the like.
    pub fn is_packed(self) -> bool {
        matches!(self.0.kind, Kind::Export | Kind::Packed | Kind::Unread)
    }

    /// A character has two bytes; true when the high one comes first.
    pub fn wide(self) -> Option<bool> {
        match self.0.kind {
            Kind::Wide { big } => Some(big),
            _ => None,
        }
    }
}

impl Debug for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name)
    }
}

/// Decodes one source.
#[derive(Debug)]
pub(crate) struct Decoder {
    encoding: Encoding,
    state: State,
    /// What is compressed is unpacked, and not inside of what was.
    unpacks: bool,
}

#[derive(Debug)]
enum State {
    /// The first bytes, by which the encoding is not decided yet.
    Head(Vec<u8>),
    Plain,
    Wide(Utf16),
    Export(JournalExport),
    Packed(Box<dyn Unpack>, Box<Decoder>),
    /// It cannot be read.
    Unread(&'static str),
    /// Nothing more is read.
    Over,
}

impl Default for Decoder {
    fn default() -> Self {
        Decoder { encoding: Encoding(&PLAIN), state: State::Head(Vec::new()), unpacks: true }
    }
}

impl State {
    /// Something that is unpacked, and what comes out is decoded.
    fn packed(unpack: impl Unpack + 'static) -> State {
        State::Packed(Box::new(unpack), Box::new(Decoder { unpacks: false, ..Decoder::default() }))
    }
}

impl Decoder {
    /// A decoder inside a source of a known encoding.
    pub(crate) fn inside(encoding: Encoding) -> Self {
        Decoder { encoding, state: (encoding.0.open)(), unpacks: true }
    }

    /// Decodes bytes. What is handed on is text, or, once, why there is no more.
    pub(crate) fn feed<E>(
        &mut self,
        bytes: &[u8],
        sink: &mut impl FnMut(Result<&[u8], &str>) -> Result<(), E>,
    ) -> Result<(), E> {
        let State::Head(head) = &mut self.state else { return self.decode(bytes, sink) };
        if head.is_empty() {
            return match recognise(bytes, bytes.len() >= HEAD, self.unpacks) {
                Some((row, mark)) => self.decide(row, &bytes[mark..], sink),
                None => {
                    head.extend_from_slice(bytes);
                    Ok(())
                }
            };
        }
        head.extend_from_slice(bytes);
        match recognise(head, head.len() >= HEAD, self.unpacks) {
            Some((row, mark)) => {
                let head = std::mem::take(head);
                self.decide(row, &head[mark..], sink)
            }
            None => Ok(()),
        }
    }

    /// Nothing came for a while: what is there decides.
    pub(crate) fn settle<E>(&mut self, sink: &mut impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        let head = match &mut self.state {
            State::Head(head) => std::mem::take(head),
            State::Packed(_, inner) => return inner.settle(sink),
            _ => return Ok(()),
        };
        match recognise(&head, true, self.unpacks) {
            Some((row, mark)) if !head.is_empty() => {
                self.decide(row, &head[mark..], &mut |decoded| decoded.map_or(Ok(()), &mut *sink))
            }
            _ => Ok(()),
        }
    }

    /// Nothing follows.
    pub(crate) fn finish<E>(&mut self, sink: &mut impl FnMut(Result<&[u8], &str>) -> Result<(), E>) -> Result<(), E> {
        if let State::Head(head) = &mut self.state {
            let head = std::mem::take(head);
            if let Some((row, mark)) = recognise(&head, true, self.unpacks) {
                self.decide(row, &head[mark..], sink)?;
            }
        }
        match &mut self.state {
            State::Wide(utf16) => utf16.finish(&mut |text| sink(Ok(text))),
            State::Export(export) => export.finish(&mut |text| sink(Ok(text))),
            State::Packed(unpack, _) => {
                unpack.packed().ended = true;
                self.unpack(sink)?;
                if let State::Packed(_, inner) = &mut self.state { inner.finish(sink) } else { Ok(()) }
            }
            _ => Ok(()),
        }
    }

    /// Bytes have been taken that gave no text.
    pub(crate) fn is_waiting(&self) -> bool {
        match &self.state {
            State::Head(head) => !head.is_empty(),
            State::Packed(_, inner) => inner.is_waiting(),
            _ => false,
        }
    }

    pub(crate) fn is_packed(&self) -> bool {
        self.encoding.is_packed()
    }

    pub(crate) fn is_wide(&self) -> bool {
        self.encoding.wide().is_some()
    }

    pub(crate) fn portion(&self) -> usize {
        if matches!(self.state, State::Head(_) | State::Packed(..)) { PORTION } else { usize::MAX }
    }

    fn decide<E>(
        &mut self,
        row: &'static Row,
        bytes: &[u8],
        sink: &mut impl FnMut(Result<&[u8], &str>) -> Result<(), E>,
    ) -> Result<(), E> {
        *self = Decoder { unpacks: self.unpacks, ..Decoder::inside(Encoding(row)) };
        self.decode(bytes, sink)
    }

    fn decode<E>(
        &mut self,
        bytes: &[u8],
        sink: &mut impl FnMut(Result<&[u8], &str>) -> Result<(), E>,
    ) -> Result<(), E> {
        match &mut self.state {
            State::Plain => sink(Ok(bytes)),
            State::Wide(utf16) => utf16.decode(bytes, &mut |text| sink(Ok(text))),
            State::Export(export) => export.decode(bytes, &mut |text| sink(Ok(text))),
            State::Packed(unpack, _) => {
                unpack.packed().put(bytes);
                self.unpack(sink)
            }
            State::Unread(problem) => {
                let problem = *problem;
                self.state = State::Over;
                sink(Err(problem))
            }
            State::Head(_) | State::Over => Ok(()),
        }
    }

    /// Hands on what can be unpacked. What was readable before a fault has been handed on.
    fn unpack<E>(&mut self, sink: &mut impl FnMut(Result<&[u8], &str>) -> Result<(), E>) -> Result<(), E> {
        use std::io::ErrorKind;
        let State::Packed(unpack, inner) = &mut self.state else { return Ok(()) };
        let mut out = vec![0; OUT];
        let problem = loop {
            match unpack.read(&mut out) {
                Ok(0) => return Ok(()),
                Ok(count) => inner.feed(&out[..count], sink)?,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) if unpack.packed().is_used_up() => {
                    break format!("the {} data end too early", self.encoding.0.name);
                }
                Err(error) => break format!("the {} data are damaged: {error}", self.encoding.0.name),
            }
        };
        inner.finish(sink)?;
        self.state = State::Over;
        sink(Err(&problem))
    }
}

/// The encoding of a source with these first bytes, and the length of its mark. None when they are too few to tell, which
/// they are not when `all` that counts is there. What is compressed is plain where it is not to be unpacked.
fn recognise(head: &[u8], all: bool, unpacks: bool) -> Option<(&'static Row, usize)> {
    let mut undecided = false;
    for row in ENCODINGS.iter().filter(|row| unpacks || row.kind != Kind::Packed) {
        match (row.begins)(head) {
            Some(mark) if mark <= head.len() => return Some((row, mark)),
            Some(_) => undecided = true,
            None => {}
        }
    }
    let line = memchr(b'\n', &head[..head.len().min(HEAD)]);
    if !all && (line.is_none() || undecided) {
        return None;
    }
    let first = &head[..line.map_or(head.len().min(HEAD), |end| end + 1)];
    Some((utf16::unmarked(first).unwrap_or(&PLAIN), 0))
}

/// The length of a mark when the bytes begin with it, or may do so when there are more.
fn mark(head: &[u8], mark: &[u8]) -> Option<usize> {
    let length = head.len().min(mark.len());
    (head[..length] == mark[..length]).then_some(mark.len())
}

/// The same for a mark that is part of what it marks.
fn signature(head: &[u8], signature: &[u8]) -> Option<usize> {
    let length = mark(head, signature)?;
    if length <= head.len() { Some(0) } else { Some(length) }
}
