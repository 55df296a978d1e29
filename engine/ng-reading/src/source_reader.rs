//! The way of one source: from its bytes to its events.
//!
//! Bytes are decoded (`decode`), split into lines (`lines`), colours are left out (`colours`), what a container runtime made of
//! a line is undone (`container`), and lines that belong together are joined (`join`). The result does not depend on how the
//! bytes come; only [`SourceReader::settle`], which its caller calls when nothing came for a while, ends what could have
//! gone on.

use crate::colours;
use crate::container::{Containers, Taken};
use crate::decode::{Decoder, Encoding};
pub use crate::item::Item;
use crate::join::{Bounds, Chunk, Join};
use crate::lines::{LineSplitter, Piece};
use memchr::memchr;

/// How a source is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// A longer line is cut here.
    pub line_bytes: usize,
    /// Most lines of one event.
    pub event_lines: usize,
    /// Most bytes of one event that has several lines.
    pub event_bytes: usize,
    /// Colours stay in the lines.
    pub keep_colours: bool,
    /// Lines that belong together are one event; otherwise every line is one as it is, blank ones too.
    pub joined: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { line_bytes: 64 << 10, event_lines: 512, event_bytes: 256 << 10, keep_colours: false, joined: true }
    }
}

/// Reads one source. What it keeps is bounded by its limits.
#[derive(Debug)]
pub struct SourceReader {
    decoder: Decoder,
    text: TextReader,
}

/// The way from decoded text on.
#[derive(Debug)]
struct TextReader {
    lines: LineSplitter,
    events: EventReader,
}

/// The way from a line on.
#[derive(Debug)]
struct EventReader {
    keep_colours: bool,
    joined: bool,
    /// A line without its colours.
    plain: Vec<u8>,
    containers: Containers,
    join: Join,
}

impl SourceReader {
    /// A reader at the start of a source.
    pub fn new(limits: Limits) -> Self {
        SourceReader::of(limits, Decoder::default())
    }

    /// A reader somewhere inside a source that is known to be of an encoding.
    pub fn inside(limits: Limits, encoding: Encoding) -> Self {
        SourceReader::of(limits, Decoder::inside(encoding))
    }

    fn of(limits: Limits, decoder: Decoder) -> Self {
        let events = EventReader {
            keep_colours: limits.keep_colours,
            joined: limits.joined,
            plain: Vec::new(),
            containers: Containers::new(limits.line_bytes),
            join: Join::new(Bounds { lines: limits.event_lines, bytes: limits.event_bytes }),
        };
        SourceReader { decoder, text: TextReader { lines: LineSplitter::new(limits.line_bytes), events } }
    }

    /// Takes the next bytes and hands on what is finished.
    pub fn feed<E>(&mut self, bytes: &[u8], sink: &mut impl FnMut(Item<'_>) -> Result<(), E>) -> Result<(), E> {
        let SourceReader { decoder, text } = self;
        decoder.feed(bytes, &mut |decoded| match decoded {
            Ok(bytes) => text.feed(bytes, sink),
            Err(problem) => text.finish(sink).and_then(|()| sink(Item::Broken(problem))),
        })
    }

    /// Counts `nuls` NULs that were found without being read.
    pub fn feed_nuls(&mut self, nuls: u64) {
        self.text.lines.feed_nuls(nuls);
    }

    /// Nothing came for a while: what is open is an event, and so is a line without its end. What comes later begins the next.
    pub fn settle<E>(&mut self, sink: &mut impl FnMut(Item<'_>) -> Result<(), E>) -> Result<(), E> {
        let SourceReader { decoder, text } = self;
        decoder.settle(&mut |bytes| text.feed(bytes, sink))?;
        text.finish(sink)
    }

    /// What comes next belongs to something else: the open event is handed on. A line without its end is kept.
    pub fn close_event<E>(&mut self, sink: &mut impl FnMut(Item<'_>) -> Result<(), E>) -> Result<(), E> {
        self.text.events.finish(sink)
    }

    /// Nothing follows.
    pub fn finish<E>(&mut self, sink: &mut impl FnMut(Item<'_>) -> Result<(), E>) -> Result<(), E> {
        let SourceReader { decoder, text } = self;
        let mut problem = None;
        decoder.finish(&mut |decoded| match decoded {
            Ok(bytes) => text.feed(bytes, sink),
            Err(words) => {
                problem = Some(words.to_owned());
                Ok(())
            }
        })?;
        text.finish(sink)?;
        problem.map_or(Ok(()), |problem| sink(Item::Broken(&problem)))
    }

    /// Something has been read and not handed on.
    pub fn is_waiting(&self) -> bool {
        self.decoder.is_waiting() || self.text.is_waiting()
    }

    /// What it reads is compressed, and so cannot be followed while it grows.
    pub fn is_packed(&self) -> bool {
        self.decoder.is_packed()
    }

    /// Most bytes to feed at a time, so that what they unpack to is read in a moment.
    pub fn portion(&self) -> usize {
        self.decoder.portion()
    }

    /// Zeros are halves of characters, and no room that a writer has yet to fill.
    pub fn is_wide(&self) -> bool {
        self.decoder.is_wide()
    }

    /// Blank lines that belonged to no event. They are no events.
    pub fn blank_lines(&self) -> u64 {
        self.text.events.join.blank_lines()
    }
}

impl TextReader {
    fn feed<E>(&mut self, bytes: &[u8], sink: &mut impl FnMut(Item<'_>) -> Result<(), E>) -> Result<(), E> {
        let TextReader { lines, events } = self;
        let mut chunk = Chunk::new(bytes);
        // One look at the whole is cheaper than one at every line.
        let coloured = !events.keep_colours && (lines.is_inside() || memchr(colours::ESCAPE, bytes).is_some());
        let result = lines.feed(bytes, &mut |piece| events.piece(&mut chunk, piece, coloured, sink));
        events.join.leave(&mut chunk);
        result
    }

    fn finish<E>(&mut self, sink: &mut impl FnMut(Item<'_>) -> Result<(), E>) -> Result<(), E> {
        let TextReader { lines, events } = self;
        let coloured = !events.keep_colours;
        lines.finish(&mut |piece| events.piece(&mut Chunk::new(&[]), piece, coloured, sink))?;
        events.finish(sink)
    }

    fn is_waiting(&self) -> bool {
        self.lines.is_inside() || !self.events.join.is_empty() || self.events.containers.is_waiting()
    }
}

impl EventReader {
    fn piece<E>(
        &mut self,
        chunk: &mut Chunk<'_>,
        piece: Piece<'_>,
        coloured: bool,
        sink: &mut impl FnMut(Item<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        if let Piece::Line(line) = piece {
            return self.line(chunk, line, coloured, sink);
        }
        self.join.close(chunk, sink)?;
        sink(piece.into())
    }

    fn line<E>(
        &mut self,
        chunk: &mut Chunk<'_>,
        line: &[u8],
        coloured: bool,
        sink: &mut impl FnMut(Item<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let line = if coloured && colours::strip(line, &mut self.plain) { &self.plain[..] } else { line };
        if !self.joined {
            return sink(Item::Event(line));
        }
        match self.containers.line(line) {
            Taken::AsItIs => self.join.line(chunk, line, sink),
            Taken::Kept => Ok(()),
            Taken::Instead(line) => self.join.line(chunk, line, sink),
            Taken::Cut(kept, length) => {
                self.join.close(chunk, sink)?;
                sink(Item::Cut { kept, length })
            }
        }
    }

    /// Hands on everything that is kept.
    fn finish<E>(&mut self, sink: &mut impl FnMut(Item<'_>) -> Result<(), E>) -> Result<(), E> {
        let chunk = &mut Chunk::new(&[]);
        loop {
            match self.containers.rest() {
                Taken::Instead(line) => self.join.line(chunk, line, sink)?,
                Taken::Cut(kept, length) => {
                    self.join.close(chunk, sink)?;
                    sink(Item::Cut { kept, length })?;
                }
                Taken::AsItIs | Taken::Kept => break,
            }
        }
        self.join.close(chunk, sink)
    }
}
