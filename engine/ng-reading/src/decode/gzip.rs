//! gzip, of one member or several.

use super::unpack::{Packed, Unpack};
use super::{Kind, Row, State, signature};
use flate2::bufread::MultiGzDecoder;
use std::io::{self, Read};

pub(super) static ROW: Row = Row {
    name: "gzip",
    begins: |head| signature(head, b"\x1f\x8b\x08"),
    open: || State::packed(MultiGzDecoder::new(Packed::default())),
    kind: Kind::Packed,
};

impl Unpack for MultiGzDecoder<Packed> {
    fn packed(&mut self) -> &mut Packed {
        self.get_mut()
    }

    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        Read::read(self, out)
    }
}
