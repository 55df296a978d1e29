//! UTF-16, as Windows writes it.

use super::{Kind, Row, State, mark};

pub(super) static LITTLE: Row = Row {
    name: "UTF-16LE",
    begins: |head| mark(head, b"\xff\xfe"),
    open: || State::Wide(Utf16::new(false)),
    kind: Kind::Wide { big: false },
};
pub(super) static BIG: Row = Row {
    name: "UTF-16BE",
    begins: |head| mark(head, b"\xfe\xff"),
    open: || State::Wide(Utf16::new(true)),
    kind: Kind::Wide { big: true },
};

/// Bytes that are decoded at a time.
const PIECE: usize = 32 * 1024;

/// Turns UTF-16 into UTF-8; what is no character becomes U+FFFD.
#[derive(Debug)]
pub(super) struct Utf16 {
    big: bool,
    /// The first byte of a unit whose second is still to come.
    byte: Option<u8>,
    /// The first unit of a pair.
    high: Option<u16>,
    out: Vec<u8>,
}

impl Utf16 {
    fn new(big: bool) -> Self {
        Utf16 { big, byte: None, high: None, out: Vec::new() }
    }

    pub(super) fn decode<E>(&mut self, bytes: &[u8], sink: &mut impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        for piece in bytes.chunks(PIECE) {
            self.out.clear();
            let rest = match (self.byte.take(), piece.split_first()) {
                (Some(first), Some((second, rest))) => {
                    self.unit([first, *second]);
                    rest
                }
                _ => piece,
            };
            let (pairs, odd) = rest.as_chunks::<2>();
            pairs.iter().for_each(|pair| self.unit(*pair));
            self.byte = odd.first().copied();
            sink(&self.out)?;
        }
        Ok(())
    }

    pub(super) fn finish<E>(&mut self, sink: &mut impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        self.out.clear();
        if self.high.take().is_some() | self.byte.take().is_some() {
            self.push(char::REPLACEMENT_CHARACTER);
        }
        sink(&self.out)
    }

    fn unit(&mut self, bytes: [u8; 2]) {
        let unit = if self.big { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) };
        if let Some(high) = self.high.take() {
            if let Some(Ok(character)) = char::decode_utf16([high, unit]).next() {
                return self.push(character);
            }
            self.push(char::REPLACEMENT_CHARACTER);
        }
        match unit {
            0..0x80 => self.out.push(unit as u8),
            0xd800..0xdc00 => self.high = Some(unit),
            _ => self.push(char::from_u32(unit.into()).unwrap_or(char::REPLACEMENT_CHARACTER)),
        }
    }

    fn push(&mut self, character: char) {
        self.out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    }
}

/// The encoding of a text without a mark, by the first line: characters of ASCII, of which a log has many, have a zero in one
/// half.
pub(super) fn unmarked(line: &[u8]) -> Option<&'static Row> {
    let zeros = |from: usize| line.iter().skip(from).step_by(2).filter(|byte| **byte == 0).count();
    let (high_first, high_last) = (zeros(0), zeros(1));
    let enough = (line.len() / 8).max(2);
    // A few characters have a zero as their other half.
    match (high_first, high_last) {
        (few, last) if last >= enough && few * 8 <= last => Some(&LITTLE),
        (first, few) if first >= enough && few * 8 <= first => Some(&BIG),
        _ => None,
    }
}
