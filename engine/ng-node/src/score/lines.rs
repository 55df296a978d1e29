//! Splits the bytes of an input into lines, in bounded memory and whatever the pieces they come in.

use memchr::memchr;

/// Bytes kept of one line; the engine itself cuts a reading at most here.
const LONGEST: usize = 16 << 20;
/// Memory kept between two long lines.
const SPARE: usize = 64 << 10;

/// The part of a line that has come before its end.
#[derive(Debug, Default)]
pub(super) struct LineReader {
    kept: Vec<u8>,
    begun: bool,
}

impl LineReader {
    /// Passes every line that ends within `bytes` to `sink`, without its LF or CR LF.
    pub(super) fn feed<E>(&mut self, mut bytes: &[u8], mut sink: impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        while let Some(end) = memchr(b'\n', bytes) {
            if self.begun {
                self.keep(&bytes[..end]);
                let line = std::mem::take(&mut self.kept);
                sink(without_cr(&line))?;
                self.reuse(line);
            } else {
                sink(without_cr(&bytes[..end.min(LONGEST)]))?;
            }
            bytes = &bytes[end + 1..];
        }
        if !bytes.is_empty() {
            self.keep(bytes);
            self.begun = true;
        }
        Ok(())
    }

    /// The last line when it has no end.
    pub(super) fn finish<E>(&mut self, mut sink: impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        let line = std::mem::take(&mut self.kept);
        if std::mem::take(&mut self.begun) { sink(without_cr(&line)) } else { Ok(()) }
    }

    fn keep(&mut self, bytes: &[u8]) {
        let room = LONGEST - self.kept.len();
        self.kept.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    fn reuse(&mut self, mut line: Vec<u8>) {
        line.clear();
        line.shrink_to(SPARE);
        self.kept = line;
        self.begun = false;
    }
}

fn without_cr(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(pieces: &[&[u8]]) -> Vec<String> {
        let mut found = Vec::new();
        let mut lines = LineReader::default();
        let mut sink = |line: &[u8]| -> Result<(), ()> {
            found.push(String::from_utf8_lossy(line).into_owned());
            Ok(())
        };
        for piece in pieces {
            lines.feed(piece, &mut sink).unwrap();
        }
        lines.finish(&mut sink).unwrap();
        found
    }

    #[test]
    fn lines_do_not_depend_on_the_pieces() {
        let text = b"one\r\n\ntwo\nlast".as_slice();
        let expect = ["one", "", "two", "last"];
        assert_eq!(split(&[text]), expect);
        assert_eq!(split(&text.chunks(1).collect::<Vec<_>>()), expect);
        assert_eq!(split(&[b"a\r", b"\nb\n"]), ["a", "b"]);
        assert_eq!(split(&[]), Vec::<String>::new());
    }

    #[test]
    fn a_long_line_is_kept_up_to_the_limit() {
        let mut lengths = Vec::new();
        let mut lines = LineReader::default();
        let mut sink = |line: &[u8]| -> Result<(), ()> {
            lengths.push(line.len());
            Ok(())
        };
        for _ in 0..3 {
            lines.feed(&vec![b'x'; LONGEST / 2 + 1], &mut sink).unwrap();
        }
        lines.feed(b"\nnext\n", &mut sink).unwrap();
        assert_eq!(lengths, [LONGEST, 4]);
    }
}
