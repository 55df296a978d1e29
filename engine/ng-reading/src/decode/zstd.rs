//! Zstandard, of one frame or several. A window of more than 128 MiB is refused by the library.

use super::unpack::{Packed, Unpack};
use super::{Kind, Row, State, signature};
use std::io::{self, Read};
use zstd::stream::read::Decoder;

pub(super) static ROW: Row =
    Row { name: "zstd", begins: |head| signature(head, b"\x28\xb5\x2f\xfd"), open, kind: Kind::Packed };

fn open() -> State {
    match Decoder::with_buffer(Packed::default()) {
        Ok(decoder) => State::packed(decoder),
        Err(_) => State::Unread("there is no memory to unpack zstd"),
    }
}

impl Unpack for Decoder<'static, Packed> {
    fn packed(&mut self) -> &mut Packed {
        self.get_mut()
    }

    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        Read::read(self, out)
    }
}
