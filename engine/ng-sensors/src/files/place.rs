//! What identifies a file, and where in it reading begins.

use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::time::SystemTime;

/// Bytes at the start of a file, and before the place up to which it was read, by which a rewritten file is recognised.
const HEAD: usize = 256;
/// The last of the latter may change: some writers overwrite the bracket that closes their file.
const CLOSING: usize = 16;
/// How far back from the end the last lines are looked for.
const TAIL: u64 = 1024 * 1024;

/// A file, whatever its path. The time of birth tells a file from an earlier one whose inode number it inherited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Id {
    device: u64,
    inode: u64,
    /// Absent where the filesystem does not record it.
    pub(super) born: Option<SystemTime>,
}

impl Id {
    pub(super) fn of(metadata: &Metadata) -> Self {
        Id { device: metadata.dev(), inode: metadata.ino(), born: metadata.created().ok() }
    }
}

/// The first bytes of a file, and the latest that have been read.
///
/// Files that begin with the same banner differ in the latter.
#[derive(Clone, Debug, Default)]
pub(super) struct Head {
    bytes: Vec<u8>,
    latest: Vec<u8>,
    /// The place behind `latest`.
    offset: u64,
}

impl Head {
    /// The head of a file that is to be read from `offset` on.
    pub(super) fn before(file: &File, offset: u64) -> io::Result<Self> {
        let mut bytes = vec![0; offset.min(HEAD as u64) as usize];
        let mut latest = bytes.clone();
        file.read_exact_at(&mut bytes, 0)?;
        file.read_exact_at(&mut latest, offset - bytes.len() as u64)?;
        Ok(Head { bytes, latest, offset })
    }

    /// Takes note of bytes that were read at `offset`.
    ///
    /// Of a hole as many NULs are enough as are kept.
    pub(super) fn extend(&mut self, offset: u64, length: u64, bytes: &[u8]) {
        if offset == self.bytes.len() as u64 {
            let room = HEAD - self.bytes.len();
            self.bytes.extend(bytes.iter().take(room));
        }
        let bytes = &bytes[bytes.len().saturating_sub(HEAD)..];
        let surplus = (self.latest.len() + bytes.len()).saturating_sub(HEAD);
        self.latest.drain(..surplus);
        self.latest.extend_from_slice(bytes);
        self.offset = offset + length;
    }

    /// The file still begins like this, and so does what was read before the place.
    pub(super) fn matches(&self, file: &File) -> io::Result<bool> {
        let compared = &self.latest[..self.latest.len().saturating_sub(CLOSING)];
        Ok(holds(file, 0, &self.bytes)? && holds(file, self.offset - self.latest.len() as u64, compared)?)
    }
}

/// The file has these bytes at a place.
fn holds(file: &File, place: u64, expected: &[u8]) -> io::Result<bool> {
    let mut bytes = [0; HEAD];
    let bytes = &mut bytes[..expected.len()];
    match file.read_exact_at(bytes, place) {
        Ok(()) => Ok(*bytes == *expected),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

/// Where the last `lines` lines begin. A last line without an end counts as none and is read from its start. When the last
/// MiB has no line end, the end of the file. `wide` = a character has two bytes, the high one first or last.
pub(super) fn tail(file: &File, lines: usize, wide: Option<bool>) -> io::Result<u64> {
    // Whole characters, so that none lies in two blocks.
    let unit = if wide.is_some() { 2 } else { 1 };
    let size = file.metadata()?.len() / unit * unit;
    let limit = size.saturating_sub(TAIL);
    let mut block = vec![0; 64 * 1024];
    let mut end = size;
    let mut ends_left = lines + 1;
    let mut earliest = size;
    while end > limit {
        let start = limit.max(end.saturating_sub(block.len() as u64));
        let block = &mut block[..(end - start) as usize];
        file.read_exact_at(block, start)?;
        for at in memchr::memrchr_iter(b'\n', block) {
            let Some(behind) = line_end(block, at, wide) else { continue };
            earliest = start + behind as u64;
            ends_left -= 1;
            if ends_left == 0 {
                return Ok(earliest);
            }
        }
        end = start;
    }
    Ok(if limit == 0 { 0 } else { earliest })
}

/// The first byte behind the line end whose LF is at `at`; none when that is half of another character.
fn line_end(block: &[u8], at: usize, wide: Option<bool>) -> Option<usize> {
    match wide {
        None => Some(at + 1),
        Some(true) => (!at.is_multiple_of(2) && block[at - 1] == 0).then_some(at + 1),
        Some(false) => (at.is_multiple_of(2) && block.get(at + 1) == Some(&0)).then_some(at + 2),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn holding(content: &[u8]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(content).unwrap();
        file
    }

    #[test]
    fn the_tail_begins_at_a_line() {
        let check = |content: &[u8], lines: usize, expect: u64| {
            assert_eq!(tail(&holding(content), lines, None).unwrap(), expect, "{lines} of {}", content.escape_ascii());
        };
        check(b"", 10, 0);
        check(b"a\nb\nc\n", 10, 0);
        check(b"a\nb\nc\n", 3, 0);
        check(b"a\nb\nc\n", 2, 2);
        check(b"a\nb\nc\n", 0, 6);
        check(b"a\nb\npart", 1, 2);
        check(b"a\nb\npart", 0, 4);
        check(b"part", 0, 0);
    }

    #[test]
    fn the_tail_of_a_big_file_is_bounded() {
        let lines = b"0123456789abcde\n".repeat(200_000);
        assert_eq!(tail(&holding(&lines), 10, None).unwrap(), lines.len() as u64 - 160);
        assert_eq!(tail(&holding(&lines), 10_000, None).unwrap(), lines.len() as u64 - 160_000);
        assert_eq!(tail(&holding(&lines), 150_000, None).unwrap(), lines.len() as u64 - TAIL + 16);
        let endless = vec![b'x'; 3 << 20];
        assert_eq!(tail(&holding(&endless), 10, None).unwrap(), 3 << 20);
    }

    #[test]
    fn a_file_that_begins_like_before_is_told_by_what_was_read_last() {
        let banner = [b'#'; 300];
        let file = |lines: &str| holding(&[&banner[..], lines.as_bytes()].concat());
        let old = file("13:00:01 old line one\n13:00:02 old line two\n");
        let size = old.metadata().unwrap().len();
        for head in [Head::before(&old, size).unwrap(), {
            let mut head = Head::default();
            head.extend(0, 300, &banner);
            head.extend(300, size - 300, b"13:00:01 old line one\n13:00:02 old line two\n");
            head
        }] {
            assert!(head.matches(&old).unwrap());
            assert!(head.matches(&file("13:00:01 old line one\n13:00:02 old line two\nmore\n")).unwrap());
            assert!(!head.matches(&file("13:01:01 new line one\n13:01:02 new line two\nmore\n")).unwrap());
            // The last bytes may be overwritten.
            assert!(head.matches(&file("13:00:01 old line one\n13:00:02 old line, more\n")).unwrap());
        }
        let mut hole = Head::default();
        hole.extend(0, 1 << 20, &[0; 512]);
        assert!(hole.matches(&holding(&vec![0; 1 << 20])).unwrap());
    }

    #[test]
    fn the_tail_of_wide_text_begins_at_a_character() {
        // The second is a character with a byte that looks like a line end.
        let text = "a\n\u{0a41}b\nc\n";
        for big in [false, true] {
            let bytes: Vec<u8> = text
                .encode_utf16()
                .flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() })
                .collect();
            let at = |lines| tail(&holding(&bytes), lines, Some(big)).unwrap();
            assert_eq!([at(0), at(1), at(2), at(3)], [14, 10, 4, 0]);
        }
    }

    #[test]
    fn a_head_grows_with_what_is_read() {
        let mut head = Head::default();
        head.extend(0, 3, b"abc");
        head.extend(3, 400, &[b'd'; 400]);
        assert_eq!((head.bytes.len(), head.latest.len()), (HEAD, HEAD));
        assert!(head.matches(&holding(&[b"abc".as_slice(), &[b'd'; 400]].concat())).unwrap());
        assert!(!head.matches(&holding(b"abcd")).unwrap());
        assert!(!head.matches(&holding(&[b'd'; 500])).unwrap());
        assert!(Head::default().matches(&holding(b"")).unwrap());
    }
}
