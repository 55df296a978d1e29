//! What identifies a file, and where in it reading begins.

use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::time::SystemTime;

/// Bytes at the start of a file by which a rewritten file is recognised.
const HEAD: usize = 256;
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

/// The first bytes of a file, as far as they have been read.
#[derive(Clone, Debug, Default)]
pub(super) struct Head {
    bytes: Vec<u8>,
}

impl Head {
    /// The head of a file that is to be read from `offset` on.
    pub(super) fn before(file: &File, offset: u64) -> io::Result<Self> {
        let mut bytes = vec![0; offset.min(HEAD as u64) as usize];
        file.read_exact_at(&mut bytes, 0)?;
        Ok(Head { bytes })
    }

    /// Takes note of bytes that were read at `offset`.
    pub(super) fn extend(&mut self, offset: u64, bytes: impl IntoIterator<Item = u8>) {
        if offset == self.bytes.len() as u64 {
            let room = HEAD - self.bytes.len();
            self.bytes.extend(bytes.into_iter().take(room));
        }
    }

    /// The file still begins like this.
    pub(super) fn matches(&self, file: &File) -> io::Result<bool> {
        let mut bytes = [0; HEAD];
        let bytes = &mut bytes[..self.bytes.len()];
        match file.read_exact_at(bytes, 0) {
            Ok(()) => Ok(*bytes == *self.bytes),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// Where the last `lines` lines begin. A last line without an end counts as none and is read from its start. When the last
/// MiB has no line end, the end of the file.
pub(super) fn tail(file: &File, lines: usize) -> io::Result<u64> {
    let size = file.metadata()?.len();
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
            earliest = start + at as u64 + 1;
            ends_left -= 1;
            if ends_left == 0 {
                return Ok(earliest);
            }
        }
        end = start;
    }
    Ok(if limit == 0 { 0 } else { earliest })
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
            assert_eq!(tail(&holding(content), lines).unwrap(), expect, "{lines} of {}", content.escape_ascii());
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
        assert_eq!(tail(&holding(&lines), 10).unwrap(), lines.len() as u64 - 160);
        assert_eq!(tail(&holding(&lines), 10_000).unwrap(), lines.len() as u64 - 160_000);
        assert_eq!(tail(&holding(&lines), 150_000).unwrap(), lines.len() as u64 - TAIL + 16);
        let endless = vec![b'x'; 3 << 20];
        assert_eq!(tail(&holding(&endless), 10).unwrap(), 3 << 20);
    }

    #[test]
    fn a_head_grows_with_what_is_read() {
        let mut head = Head::default();
        head.extend(0, *b"abc");
        head.extend(7, *b"gap");
        head.extend(3, [b'd'; 400]);
        assert_eq!(head.bytes.len(), HEAD);
        assert!(head.matches(&holding(&[b"abc".as_slice(), &[b'd'; 400]].concat())).unwrap());
        assert!(!head.matches(&holding(b"abcd")).unwrap());
        assert!(!head.matches(&holding(&[b'd'; 500])).unwrap());
        assert!(Head::default().matches(&holding(b"")).unwrap());
    }
}
