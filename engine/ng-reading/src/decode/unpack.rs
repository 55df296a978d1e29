//! Unpacking what comes piece by piece.

use std::fmt::{self, Debug};
use std::io::{self, BufRead, ErrorKind, Read};

/// Packed bytes that have come and are not unpacked. An unpacker that has read them all is told to come again.
#[derive(Debug, Default)]
pub(super) struct Packed {
    bytes: Vec<u8>,
    at: usize,
    /// No more bytes come.
    pub(super) ended: bool,
}

impl Packed {
    pub(super) fn put(&mut self, bytes: &[u8]) {
        self.bytes.drain(..std::mem::take(&mut self.at));
        self.bytes.extend_from_slice(bytes);
    }

    /// All bytes that there are have been read.
    pub(super) fn is_used_up(&self) -> bool {
        self.ended && self.at == self.bytes.len()
    }
}

impl BufRead for Packed {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.at == self.bytes.len() && !self.ended {
            return Err(ErrorKind::WouldBlock.into());
        }
        Ok(&self.bytes[self.at..])
    }

    fn consume(&mut self, count: usize) {
        self.at += count;
    }
}

impl Read for Packed {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let bytes = self.fill_buf()?;
        let count = bytes.len().min(out.len());
        out[..count].copy_from_slice(&bytes[..count]);
        self.consume(count);
        Ok(count)
    }
}

/// A reader of unpacked bytes over [`Packed`], which goes on where it was after `WouldBlock`.
pub(super) trait Unpack: Send {
    /// The bytes that it unpacks.
    fn packed(&mut self) -> &mut Packed;
    /// Unpacks what has room in `out`; nothing at the end.
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize>;
}

impl Debug for dyn Unpack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Unpack")
    }
}
