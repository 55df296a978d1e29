//! The export form of journald, `journalctl -o export`: an entry is a line `NAME=value` for each field, and a blank line. A
//! value with line ends or other control characters has its length before it.
//!
//! It becomes the JSON form, one entry a line, which its encoder reads.

use super::{Kind, Row, State, signature};

pub(super) static ROW: Row = Row {
    name: "journal export",
    begins: |head| signature(head, b"__CURSOR="),
    open: || State::Export(JournalExport::default()),
    kind: Kind::Export,
};

/// Bytes that are decoded at a time.
const PIECE: usize = 32 * 1024;
/// Longest value with a length before it; what claims to be longer is damaged.
const LONGEST: u64 = 64 << 20;
/// Longest name of a field, which journald bounds to 64; a longer one ends here.
const NAME: usize = 256;

/// Turns entries into lines of JSON.
#[derive(Debug, Default)]
pub(super) struct JournalExport {
    at: At,
    /// The name of the field, until what follows it is known.
    name: Vec<u8>,
    /// A field of the entry has been written.
    inside: bool,
    out: Vec<u8>,
}

/// Where in an entry the next byte stands.
#[derive(Clone, Copy, Debug, Default)]
enum At {
    #[default]
    Name,
    /// In a value up to the end of its line.
    Text,
    /// In the length of a value, of which these bytes have come.
    Length { bytes: u32, length: u64 },
    /// In a value of that many more bytes.
    Data(u64),
    /// Behind such a value, where its line ends.
    End,
    /// In what cannot be a part of an entry: it is handed on as it is, up to the next blank line. `true` at the start of a
    /// line.
    Lost(bool),
}

impl JournalExport {
    pub(super) fn decode<E>(&mut self, bytes: &[u8], sink: &mut impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        for piece in bytes.chunks(PIECE) {
            self.out.clear();
            piece.iter().for_each(|byte| self.byte(*byte));
            sink(&self.out)?;
        }
        Ok(())
    }

    /// The last entry may have no blank line behind it, or break off.
    pub(super) fn finish<E>(&mut self, sink: &mut impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        self.out.clear();
        match self.at {
            At::Name if self.name.is_empty() => {}
            At::Name => {
                self.begin_value();
                self.out.push(b'"');
            }
            At::Text | At::Length { .. } | At::Data(_) => self.out.push(b'"'),
            At::End | At::Lost(_) => {}
        }
        self.at = At::Name;
        self.end_entry();
        sink(&self.out)
    }

    fn byte(&mut self, byte: u8) {
        self.at = match (self.at, byte) {
            (At::Name, b'\n') if self.name.is_empty() => {
                self.end_entry();
                At::Name
            }
            (At::Name, b'\n') => {
                self.begin_value();
                At::Length { bytes: 0, length: 0 }
            }
            (At::Name, b'=') => {
                self.begin_value();
                At::Text
            }
            (At::Name, byte) => {
                if self.name.len() < NAME {
                    self.name.push(byte);
                }
                At::Name
            }
            (At::Text, b'\n') => self.end_value(At::Name),
            (At::Text, byte) => {
                self.escaped(byte);
                At::Text
            }
            (At::Length { bytes: 7, length }, byte) if length | u64::from(byte) << 56 > LONGEST => {
                self.end_value(At::Name);
                self.lose()
            }
            (At::Length { bytes, length }, byte) => match (bytes, length | u64::from(byte) << (8 * bytes)) {
                (7, 0) => self.end_value(At::End),
                (7, length) => At::Data(length),
                (bytes, length) => At::Length { bytes: bytes + 1, length },
            },
            (At::Data(left), byte) => {
                self.escaped(byte);
                if left == 1 { self.end_value(At::End) } else { At::Data(left - 1) }
            }
            (At::End, b'\n') => At::Name,
            (At::End, _) => self.lose(),
            (At::Lost(true), b'\n') => At::Name,
            (At::Lost(_), byte) => {
                self.out.push(byte);
                At::Lost(byte == b'\n')
            }
        };
    }

    /// A length is wrong, or an entry was cut.
    fn lose(&mut self) -> At {
        self.end_entry();
        At::Lost(false)
    }

    fn begin_value(&mut self) {
        self.out.push(if self.inside { b',' } else { b'{' });
        self.inside = true;
        self.out.push(b'"');
        for at in 0..self.name.len() {
            self.escaped(self.name[at]);
        }
        self.name.clear();
        self.out.extend_from_slice(b"\":\"");
    }

    fn end_value(&mut self, next: At) -> At {
        self.out.push(b'"');
        next
    }

    fn end_entry(&mut self) {
        if std::mem::take(&mut self.inside) {
            self.out.extend_from_slice(b"}\n");
        }
    }

    /// A byte of a JSON string. What is no UTF-8 stays as it is.
    fn escaped(&mut self, byte: u8) {
        match byte {
            b'"' | b'\\' => self.out.extend_from_slice(&[b'\\', byte]),
            b'\n' => self.out.extend_from_slice(b"\\n"),
            b'\t' => self.out.extend_from_slice(b"\\t"),
            0..0x20 => {
                const HEX: &[u8; 16] = b"0123456789abcdef";
                self.out.extend_from_slice(b"\\u00");
                self.out.extend_from_slice(&[HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
            }
            _ => self.out.push(byte),
        }
    }
}
