//! The events of a block, compressed.
//!
//! ```text
//! crc32c │ form │ first seq │ length of the columns │ columns, zstd │ text, zstd
//! ```
//!
//! The text is that of all events, with a line end between them unless one of them has such in it.

use super::Damaged;
use super::event::EventHeader;
use super::framed::{self, unpack};
use super::header::BlockHeader;
use super::planes::{self, Known, MAX_ROW};
use super::run::Run;
use super::varint::Input;
use memchr::{memchr, memchr_iter};
use std::io;
use zstd::bulk::Compressor;

const PART: &str = "events";
const LINES: u8 = 0;
const LENGTHS: u8 = 1;

/// The events of a block as they are written, their sum checked.
#[derive(Clone, Copy, Debug)]
pub struct Body<'a> {
    lines: bool,
    first_seq: u64,
    columns: &'a [u8],
    text: &'a [u8],
}

/// The events of a run, whose pairs are these.
pub(crate) fn encode(run: &Run, pair_of: &[u16], compressor: &mut Compressor<'_>) -> io::Result<Vec<u8>> {
    let lines = memchr(b'\n', &run.arena).is_none();
    let columns = compressor.compress(&planes::encode(run, 0..run.len(), Some(pair_of), !lines))?;
    let text = if lines { compressor.compress(&joined(run))? } else { compressor.compress(&run.arena)? };
    let form = if lines { LINES } else { LENGTHS };
    let first_seq = run.headers.first().map_or(0, |header| header.seq).to_le_bytes();
    Ok(framed::seal(
        &[&[form], first_seq.as_slice(), (columns.len() as u32).to_le_bytes().as_slice(), &columns, &text].concat(),
    ))
}

fn joined(run: &Run) -> Vec<u8> {
    let mut text = Vec::with_capacity(run.arena.len() + run.len());
    for (_, raw) in run.iter() {
        text.extend_from_slice(raw);
        text.push(b'\n');
    }
    text
}

impl<'a> Body<'a> {
    /// Looks whether the bytes are what was written; unpacks nothing.
    pub fn from_bytes(bytes: &'a [u8]) -> Result<Self, Damaged> {
        let mut input = Input::new(framed::open(bytes, PART)?, PART);
        let form = input.byte()?;
        let first_seq = u64::from(input.u32()?) | u64::from(input.u32()?) << 32;
        let length = input.u32()? as usize;
        let columns = input.take(length)?;
        if form > LENGTHS {
            Err(input.damaged())
        } else {
            Ok(Body { lines: form == LINES, first_seq, columns, text: input.rest() })
        }
    }

    /// Bytes that its columns and its text take.
    pub fn lens(&self) -> [usize; 2] {
        [self.columns.len(), self.text.len()]
    }

    /// The events.
    pub fn run(&self, header: &BlockHeader) -> Result<Run, Damaged> {
        let text = self.unpack_text(header)?;
        if !self.lines {
            let (headers, ends) = self.columns(header, None)?;
            return Ok(Run { headers, ends, arena: text });
        }
        let mut ends = Vec::with_capacity(header.events);
        let mut arena = Vec::with_capacity(header.raw_len);
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            arena.extend_from_slice(&line[..line.len() - 1]);
            ends.push(arena.len());
        }
        let (headers, ends) = self.columns(header, Some(ends))?;
        Ok(Run { headers, ends, arena })
    }

    /// The text of all events, and where each of them ends in it. Between two of them may stand a line end, which is no part of
    /// either.
    pub(crate) fn text(&self, header: &BlockHeader) -> Result<(Vec<u8>, Vec<usize>), Damaged> {
        let text = self.unpack_text(header)?;
        let ends = if self.lines { memchr_iter(b'\n', &text).collect() } else { self.columns(header, None)?.1 };
        Ok((text, ends))
    }

    /// The pair of each event.
    pub(crate) fn pairs(&self, header: &BlockHeader) -> Result<Vec<u16>, Damaged> {
        let columns = unpack(self.columns, header.events * MAX_ROW + MAX_ROW, PART)?;
        planes::decode_pairs(&columns, header.events, header.pairs.len())
    }

    /// A line end stands behind each event.
    pub(crate) fn is_lines(&self) -> bool {
        self.lines
    }

    fn columns(
        &self,
        header: &BlockHeader,
        ends: Option<Vec<usize>>,
    ) -> Result<(Vec<EventHeader>, Vec<usize>), Damaged> {
        let columns = unpack(self.columns, header.events * MAX_ROW + MAX_ROW, PART)?;
        let known = Known {
            events: header.events,
            first_seq: header.seqs[0],
            raw_len: header.raw_len,
            pairs: Some(&header.pairs),
            ends,
        };
        planes::decode(&columns, known)
    }

    fn unpack_text(&self, header: &BlockHeader) -> Result<Vec<u8>, Damaged> {
        let expected = header.raw_len + if self.lines { header.events } else { 0 };
        let text = unpack(self.text, expected, PART)?;
        let is_whole = text.len() == expected
            && self.first_seq == header.seqs[0]
            && (!self.lines
                || text.last().is_none_or(|byte| *byte == b'\n') && memchr_iter(b'\n', &text).count() == header.events);
        if is_whole { Ok(text) } else { Err(Damaged { part: PART }) }
    }
}
