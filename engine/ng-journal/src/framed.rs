//! Bytes with the CRC-32C of them in front.

use super::Damaged;
use super::varint::Input;

/// The bytes in their frame.
pub(crate) fn seal(bytes: &[u8]) -> Vec<u8> {
    [&crc32c::crc32c(bytes).to_le_bytes(), bytes].concat()
}

/// The bytes of a frame, if they are what was sealed.
pub(crate) fn open<'a>(frame: &'a [u8], part: &'static str) -> Result<&'a [u8], Damaged> {
    let mut input = Input::new(frame, part);
    let sum = input.u32()?;
    let bytes = input.rest();
    if crc32c::crc32c(bytes) == sum { Ok(bytes) } else { Err(Damaged { part }) }
}
