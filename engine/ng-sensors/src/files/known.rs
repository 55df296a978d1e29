//! Where in a file the last lines stand that were read of it by an earlier process.
//!
//! What was kept of a line is not always what stands in the file: ends of lines, blanks and colours may have been left out, its
//! encoding may be another, and empty lines come to nothing. So only what is printed in ASCII is compared.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// How far back from the end of the file is looked, and how far at first.
const MOST: u64 = 64 << 20;
const FIRST: u64 = 256 << 10;
/// A line of so many bytes may have been cut.
const LONG: usize = 4096;

/// The place behind the last time that these lines, joined by LF, stand in the file one after the other. None where they do not.
pub(super) fn behind(file: &File, lines: &[u8]) -> io::Result<Option<u64>> {
    let wanted: Vec<Vec<u8>> = printed(lines).map(|(_, line)| line).collect();
    let size = file.metadata()?.len();
    let mut reach = FIRST;
    while !wanted.is_empty() {
        let start = size.saturating_sub(reach);
        let mut block = vec![0; (size - start) as usize];
        file.read_exact_at(&mut block, start)?;
        let there: Vec<(usize, Vec<u8>)> = printed(&block).collect();
        for last in (0..there.len()).rev() {
            let before = there[..=last].iter().rev();
            // Lines that stand before the first of the file are known from another.
            let all = start == 0 || last + 1 >= wanted.len();
            if all && wanted.iter().rev().zip(before).all(|(wanted, (_, line))| is_same(wanted, line)) {
                return Ok(Some(start + there[last].0 as u64));
            }
        }
        if start == 0 || reach >= MOST {
            break;
        }
        reach *= 4;
    }
    Ok(None)
}

fn is_same(known: &[u8], line: &[u8]) -> bool {
    known == line || known.len() >= LONG && line.starts_with(known)
}

/// The lines of a text that are not empty, each as it is compared, with the place behind it.
fn printed(text: &[u8]) -> impl Iterator<Item = (usize, Vec<u8>)> + '_ {
    let mut end = 0;
    text.split_inclusive(|byte| *byte == b'\n').filter_map(move |line| {
        end += line.len();
        let printed = of_line(line);
        (!printed.is_empty()).then_some((end, printed))
    })
}

/// The graphic characters of a line, without the sequences that colour it.
fn of_line(line: &[u8]) -> Vec<u8> {
    let mut printed = Vec::with_capacity(line.len());
    let mut bytes = line.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            0x1b => drop(bytes.by_ref().find(|byte| byte.is_ascii_alphabetic())),
            byte if byte.is_ascii_graphic() => printed.push(*byte),
            _ => {}
        }
    }
    printed
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn check(content: &[u8], lines: &[u8], expect: Option<usize>) {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(content).unwrap();
        let found = behind(&file, lines).unwrap();
        assert_eq!(found, expect.map(|place| place as u64), "{}", content[..content.len().min(80)].escape_ascii());
    }

    #[test]
    fn known_lines_are_found_where_they_stand_last_and_as_whole_lines() {
        check(b"a\nb\nc\n", b"b", Some(4));
        check(b"a\nb\nb\nc\n", b"b\nb", Some(6));
        check(b"b\nxb\n", b"b", Some(2));
        check(b"bb\nbc\n", b"b", None);
        check(b"", b"a", None);
        check(b"a\n", b"", None);
        check(b"x\nb\na\n", b"c\na", None);
    }

    #[test]
    fn what_was_left_out_of_a_line_hides_it_not() {
        check(b"a\r\nb\r\nc\r\n", b"a\nb", Some(6));
        check(b"a\n\n  \nb two\n\nc\n", b"a\nb two", Some(12));
        check(b"g1 one\ng2 no end", b"g1 one\ng2 no end", Some(16));
        check(b"one\ntwo \x1b[31mred\x1b[0m\nx\n", b"one\ntwo red", Some(21));
        check(b"one\ntwo red\nx\n", b"one\ntwo \x1b[31mred\x1b[0m", Some(12));
        check(b"\xef\xbb\xbfbom one\ntwo\n", b"bom one\ntwo", Some(15));
        check(b"caf\xe9 one\nx\n", "café one".as_bytes(), Some(9));
        let long = [&vec![b'x'; 70_000][..], b"\nend\n"].concat();
        check(&long, &vec![b'x'; 65_536], Some(70_001));
    }

    #[test]
    fn lines_are_looked_for_far_back_and_before_the_first_of_a_new_file() {
        let far = [b"first\nknown\n".as_slice(), &b"0123456789abcde\n".repeat(200_000)].concat();
        check(&far, b"first\nknown", Some(12));
        // Only the latest of the known lines are in a file that was begun meanwhile.
        check(b"known\nnew\n", b"old\nknown", Some(6));
    }
}
