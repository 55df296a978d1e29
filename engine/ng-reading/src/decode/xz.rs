//! xz, of one stream or several.

use super::unpack::{Packed, Unpack};
use super::{Kind, Row, State, signature};
use liblzma::bufread::XzDecoder;
use liblzma::stream::{CONCATENATED, Stream};
use std::io::{self, Read};

pub(super) static ROW: Row =
    Row { name: "xz", begins: |head| signature(head, b"\xfd7zXZ\0"), open, kind: Kind::Packed };

/// Most memory for unpacking; the strongest preset needs half of it.
const MEMORY: u64 = 128 << 20;

fn open() -> State {
    match Stream::new_stream_decoder(MEMORY, CONCATENATED) {
        Ok(stream) => State::packed(XzDecoder::new_stream(Packed::default(), stream)),
        Err(_) => State::Unread("there is no memory to unpack xz"),
    }
}

impl Unpack for XzDecoder<Packed> {
    fn packed(&mut self) -> &mut Packed {
        self.get_mut()
    }

    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        Read::read(self, out)
    }
}
