//! bzip2, of one stream or several.

use super::unpack::{Packed, Unpack};
use super::{Kind, Row, State, signature};
use bzip2::bufread::MultiBzDecoder;
use std::io::{self, Read};

pub(super) static ROW: Row =
    Row { name: "bzip2", begins, open: || State::packed(MultiBzDecoder::new(Packed::default())), kind: Kind::Packed };

/// `BZh`, the size of the blocks, and what a block begins with, or the end of a stream without any.
fn begins(head: &[u8]) -> Option<usize> {
    let mut expected = *b"BZh91AY&SY";
    if let Some(size @ b'1'..=b'9') = head.get(3) {
        expected[3] = *size;
    }
    let empty = [&expected[..4], b"\x17\x72\x45\x38\x50\x90"].concat();
    signature(head, &expected).or_else(|| signature(head, &empty))
}

impl Unpack for MultiBzDecoder<Packed> {
    fn packed(&mut self) -> &mut Packed {
        self.get_mut()
    }

    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        Read::read(self, out)
    }
}
