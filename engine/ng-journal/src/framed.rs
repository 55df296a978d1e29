//! Bytes with the CRC-32C of them in front, and bytes that are compressed.

use super::Damaged;
use super::varint::Input;

/// Nothing unpacks to so many times its length, by powers of two; memory is taken before that is seen.
const MAX_RATIO_BITS: u32 = 16;

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

/// Unpacks what is at most so long.
pub(crate) fn unpack(bytes: &[u8], most: usize, part: &'static str) -> Result<Vec<u8>, Damaged> {
    let stated = zstd::zstd_safe::get_frame_content_size(bytes).ok().flatten().ok_or(Damaged { part })?;
    if stated > most as u64 || stated > (bytes.len() as u64) << MAX_RATIO_BITS {
        return Err(Damaged { part });
    }
    zstd::bulk::decompress(bytes, stated as usize).map_err(|_| Damaged { part })
}
