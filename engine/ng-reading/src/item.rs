//! What a source holds, as its reader hands it on.

use crate::lines::Piece;

/// What was found in a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item<'a> {
    /// An event: a line without its end, or several with LF between them.
    Event(&'a [u8]),
    /// A line that is longer than the limit.
    Cut {
        /// Its first bytes, as many as the limit allows.
        kept: &'a [u8],
        /// Its whole length.
        length: u64,
    },
    /// So many NULs before a line.
    Hole(u64),
    /// The event before was ended at a limit; what follows may belong to it.
    Ended {
        /// Its lines.
        lines: usize,
        /// Its bytes.
        bytes: usize,
    },
    /// The bytes cannot be decoded from here on; in words.
    Broken(&'a str),
}

impl<'a> From<Piece<'a>> for Item<'a> {
    fn from(piece: Piece<'a>) -> Self {
        match piece {
            Piece::Line(line) => Item::Event(line),
            Piece::Cut { kept, length } => Item::Cut { kept, length },
            Piece::Hole(nuls) => Item::Hole(nuls),
        }
    }
}
