//! Some events as they are written before there is a block of them: a group that is committed together.
//!
//! ```text
//! crc32c │ events before it in its file, events, first seq, bytes of the raw text │ length of the columns │ columns, zstd │ text, zstd
//! ```

use super::Damaged;
use super::framed::{self, unpack};
use super::planes::{self, Known, MAX_ROW};
use super::run::{MAX_BYTES, MAX_EVENT_BYTES, MAX_EVENTS, Run};
use super::varint::{self, Input};
use std::fmt;
use std::io;
use std::ops::Range;
use zstd::bulk::Compressor;

const PART: &str = "batch";

/// Level of zstd. A batch is soon replaced by a block.
const LEVEL: i32 = 1;

/// A batch as it was read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Events of its file that stand before it.
    pub before: u64,
    /// Its events.
    pub run: Run,
}

impl Batch {
    /// Reads a batch back.
    pub fn from_bytes(bytes: &[u8]) -> Result<Batch, Damaged> {
        let mut input = Input::new(framed::open(bytes, PART)?, PART);
        let (before, events, first_seq) = (input.number()?, input.fitting()?, input.number()?);
        let raw_len: usize = input.fitting()?;
        if !(1..=MAX_EVENTS).contains(&events) || raw_len > if events > 1 { MAX_BYTES } else { MAX_EVENT_BYTES } {
            return Err(input.damaged());
        }
        let length = input.u32()? as usize;
        let columns = unpack(input.take(length)?, events * MAX_ROW + MAX_ROW, PART)?;
        let arena = unpack(input.rest(), raw_len, PART)?;
        if arena.len() != raw_len {
            return Err(Damaged { part: PART });
        }
        let (headers, ends) = planes::decode(&columns, Known { events, first_seq, raw_len, pairs: None, ends: None })?;
        Ok(Batch { before, run: Run { headers, ends, arena } })
    }
}

/// Makes batches of runs.
pub struct Packer {
    compressor: Compressor<'static>,
}

impl Packer {
    /// One that is quick.
    pub fn new() -> io::Result<Packer> {
        Ok(Packer { compressor: Compressor::new(LEVEL)? })
    }

    /// The batch of some events of a run, one at least, with so many events of their file `before` them.
    pub fn pack(&mut self, run: &Run, events: Range<usize>, before: u64) -> io::Result<Vec<u8>> {
        let text = &run.arena[run.start(events.start)..run.start(events.end)];
        let mut out = Vec::new();
        varint::put(&mut out, before);
        varint::put(&mut out, events.len() as u64);
        varint::put(&mut out, run.headers[events.start].seq);
        varint::put(&mut out, text.len() as u64);
        let columns = self.compressor.compress(&planes::encode(run, events, None, true))?;
        out.extend((columns.len() as u32).to_le_bytes());
        out.extend(columns);
        out.extend(self.compressor.compress(text)?);
        Ok(framed::seal(&out))
    }
}

impl fmt::Debug for Packer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Packer").finish_non_exhaustive()
    }
}
