//! Splits a stream of bytes into lines, in bounded memory.

use memchr::memchr;
use std::iter::repeat_n;

/// NULs at the start of a line are a hole from this length on; shorter runs are part of the line.
///
/// A writer that keeps its position while its file is truncated leaves the whole former length as NULs before its next
/// line; as one line it would be cut, and the text after the NULs lost.
const HOLE: u64 = 4096;
/// Memory kept between two long lines.
const SPARE: usize = 8 * 1024;

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// A line without its end (LF or CR LF); otherwise the bytes as they are.
    Line(&'a [u8]),
    /// A line that is longer than the limit.
    Cut {
        /// Its first bytes, as many as the limit allows.
        kept: &'a [u8],
        /// Its whole length.
        length: u64,
    },
    /// So many NULs before a line.
    Hole(u64),
}

/// The part of a line that has been read before its end.
#[derive(Debug)]
pub struct LineSplitter {
    max: usize,
    /// At most `max + 1` bytes: a CR just behind the limit may turn out to belong to the line end.
    kept: Vec<u8>,
    /// Length of the line so far, without `nuls`.
    length: u64,
    /// NULs that the line begins with, while nothing else of it has been read.
    nuls: u64,
    last: u8,
}

impl LineSplitter {
    /// A splitter that cuts lines at `max` bytes.
    pub fn new(max: usize) -> Self {
        LineSplitter { max, kept: Vec::new(), length: 0, nuls: 0, last: 0 }
    }

    /// Passes every line that ends within `bytes` to `sink`.
    pub fn feed<E>(&mut self, mut bytes: &[u8], sink: &mut impl FnMut(Piece<'_>) -> Result<(), E>) -> Result<(), E> {
        while let Some(&first) = bytes.first() {
            if self.length == 0 {
                if first == 0 {
                    let nuls = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len());
                    self.nuls += nuls as u64;
                    bytes = &bytes[nuls..];
                    if bytes.is_empty() {
                        break;
                    }
                }
                if self.nuls > 0 {
                    self.settle_nuls(sink)?;
                }
            }
            let Some(end) = memchr(b'\n', bytes) else {
                self.append(bytes);
                break;
            };
            if self.length == 0 {
                sink(whole(&bytes[..end], self.max))?;
            } else {
                self.append(&bytes[..end]);
                self.end(sink)?;
            }
            bytes = &bytes[end + 1..];
        }
        Ok(())
    }

    /// A line has begun and not ended.
    pub(crate) fn is_inside(&self) -> bool {
        self.length > 0 || self.nuls > 0
    }

    /// Counts `nuls` NULs that were found without being read.
    pub fn feed_nuls(&mut self, nuls: u64) {
        if self.length == 0 {
            self.nuls += nuls;
            return;
        }
        let room = (self.max + 1).saturating_sub(self.kept.len()) as u64;
        self.kept.extend(repeat_n(0, room.min(nuls) as usize));
        self.length += nuls;
        if nuls > 0 {
            self.last = 0;
        }
    }

    /// Nothing follows: what has been read is the last line.
    pub fn finish<E>(&mut self, sink: &mut impl FnMut(Piece<'_>) -> Result<(), E>) -> Result<(), E> {
        if self.nuls > 0 {
            self.settle_nuls(sink)?;
        }
        if self.length > 0 { self.end(sink) } else { Ok(()) }
    }

    /// Decides whether the NULs before a line belong to it.
    fn settle_nuls<E>(&mut self, sink: &mut impl FnMut(Piece<'_>) -> Result<(), E>) -> Result<(), E> {
        let nuls = std::mem::take(&mut self.nuls);
        if nuls >= HOLE {
            return sink(Piece::Hole(nuls));
        }
        self.kept.extend(repeat_n(0, (nuls as usize).min(self.max + 1)));
        self.length = nuls;
        self.last = 0;
        Ok(())
    }

    fn append(&mut self, bytes: &[u8]) {
        if let Some(&last) = bytes.last() {
            let room = (self.max + 1).saturating_sub(self.kept.len());
            self.kept.extend_from_slice(&bytes[..bytes.len().min(room)]);
            self.length += bytes.len() as u64;
            self.last = last;
        }
    }

    fn end<E>(&mut self, sink: &mut impl FnMut(Piece<'_>) -> Result<(), E>) -> Result<(), E> {
        let length = self.length - u64::from(self.last == b'\r');
        let result = if length <= self.max as u64 {
            sink(Piece::Line(&self.kept[..length as usize]))
        } else {
            sink(Piece::Cut { kept: &self.kept[..self.max], length })
        };
        self.kept.clear();
        self.kept.shrink_to(SPARE);
        self.length = 0;
        self.last = 0;
        result
    }
}

fn whole(line: &[u8], max: usize) -> Piece<'_> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    match line.get(..max) {
        Some(kept) if line.len() > max => Piece::Cut { kept, length: line.len() as u64 },
        _ => Piece::Line(line),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;

    /// The pieces of `input`, read in chunks of `step` bytes, as text: a hole is `<n>`, a cut line ends in `…length`.
    fn split(input: &[u8], max: usize, step: usize) -> Vec<String> {
        let mut found = Vec::new();
        let mut sink = |piece: Piece<'_>| -> Result<(), Infallible> {
            found.push(match piece {
                Piece::Line(line) => line.escape_ascii().to_string(),
                Piece::Cut { kept, length } => format!("{}…{length}", kept.escape_ascii()),
                Piece::Hole(nuls) => format!("<{nuls}>"),
            });
            Ok(())
        };
        let mut lines = LineSplitter::new(max);
        for chunk in input.chunks(step) {
            let Ok(()) = lines.feed(chunk, &mut sink);
            assert!(lines.kept.len() <= max + 1);
        }
        let Ok(()) = lines.finish(&mut sink);
        found
    }

    #[test]
    fn lines_do_not_depend_on_how_they_are_read() {
        let check = |input: &[u8], expect: &[&str]| {
            for step in 1..=input.len().clamp(1, 64) {
                assert_eq!(split(input, 8, step), expect, "{} by {step}", input.escape_ascii());
            }
        };
        check(b"", &[]);
        check(b"a\nbc\n", &["a", "bc"]);
        check(b"a\r\nb\rc\r\n\r\n", &["a", "b\\rc", ""]);
        check(b"a\n\n\nb", &["a", "", "", "b"]);
        check(b"12345678\n", &["12345678"]);
        check(b"12345678\r\n", &["12345678"]);
        check(b"12345678\r\r\n", &["12345678…9"]);
        check(b"123456789\nx\n", &["12345678…9", "x"]);
        check(b"1234567890123456789", &["12345678…19"]);
        check(b"\0\n\0\0a\nb\0\n\0", &["\\x00", "\\x00\\x00a", "b\\x00", "\\x00"]);
        check(b"\xff\xfe\x80\n\xc3", &["\\xff\\xfe\\x80", "\\xc3"]);
    }

    #[test]
    fn a_long_run_of_nuls_before_a_line_is_a_hole() {
        let run = |nuls: usize, rest: &[u8]| [vec![0; nuls].as_slice(), rest].concat();
        let check = |input: &[u8], expect: &[&str]| {
            for step in [1, 7, 4095, 4096, 4097, 100_000] {
                assert_eq!(split(input, 5000, step), expect, "by {step}");
            }
        };
        check(&run(4096, b"text\nmore\n"), &["<4096>", "text", "more"]);
        check(&[b"a\n".as_slice(), &run(9000, b"b\n")].concat(), &["a", "<9000>", "b"]);
        check(&run(5000, b""), &["<5000>"]);
        assert_eq!(split(&run(4095, b"x\n"), 5000, 100)[0].len(), 4095 * 4 + 1);
    }

    #[test]
    fn nuls_found_without_reading_count_like_read_ones() {
        let mut found = Vec::new();
        let mut sink = |piece: Piece<'_>| -> Result<(), Infallible> {
            found.push(match piece {
                Piece::Line(line) => line.len() as u64,
                Piece::Cut { length, .. } => length,
                Piece::Hole(nuls) => nuls,
            });
            Ok(())
        };
        let mut lines = LineSplitter::new(100);
        lines.feed_nuls(1 << 40);
        let Ok(()) = lines.feed(b"a\nb", &mut sink);
        lines.feed_nuls(1 << 40);
        let Ok(()) = lines.feed(b"c\n", &mut sink);
        assert_eq!(found, [1 << 40, 1, (1 << 40) + 2]);
        assert!(lines.kept.capacity() <= SPARE);
    }
}
