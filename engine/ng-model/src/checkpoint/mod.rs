//! The words of a saved state: numbers of eight and of four bytes, least significant byte first, and names.
//!
//! ```text
//! magic, version, hash of a known text, bytes of the rest, checksum of the rest │ what `ng-core/src/checkpoint.rs` puts there
//! ```
//!
//! Whoever takes says how much it can hold, so that no number in a file makes anything large.
//!
//! # Layout
//!
//! `names.rs` is a state with its header while it is written or read, and the names in it; here are the words.

mod names;

pub use names::{CheckpointReader, CheckpointWriter, seal};

/// Most bytes of a saved state; what does not fit is left out.
pub const MAX_BYTES: usize = 64 * 1024 * 1024;
/// No honest count of events comes near this; a larger one could overflow when it is counted on.
const MAX_COUNTED: u64 = 1 << 56;
const MAX_HALVINGS: u32 = 1 << 30;

/// Adds a number of eight bytes.
pub fn put(out: &mut Vec<u8>, word: u64) {
    out.extend_from_slice(&word.to_le_bytes());
}

/// Adds a number of four bytes.
pub fn put_u32(out: &mut Vec<u8>, half: u32) {
    out.extend_from_slice(&half.to_le_bytes());
}

/// Adds a float, to the bit.
pub fn put_float(out: &mut Vec<u8>, number: f64) {
    put(out, number.to_bits());
}

/// Adds words, and before them how many.
pub fn put_all(out: &mut Vec<u8>, words: impl ExactSizeIterator<Item = u64>) {
    put(out, words.len() as u64);
    words.for_each(|word| put(out, word));
}

/// Adds floats of four bytes.
pub fn put_singles(out: &mut Vec<u8>, numbers: &[f32]) {
    numbers.iter().for_each(|number| out.extend_from_slice(&number.to_bits().to_le_bytes()));
}

/// Adds bytes, and before them how many.
pub fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_u32(out, bytes.len() as u32);
    out.extend_from_slice(bytes);
}

/// Takes a number of eight bytes; none at the end.
pub fn take(input: &mut &[u8]) -> Option<u64> {
    let (word, rest) = input.split_first_chunk()?;
    *input = rest;
    Some(u64::from_le_bytes(*word))
}

/// Takes a number of four bytes.
pub fn take_u32(input: &mut &[u8]) -> Option<u32> {
    let (half, rest) = input.split_first_chunk()?;
    *input = rest;
    Some(u32::from_le_bytes(*half))
}

/// Takes a number of four bytes that is at most `most`.
pub fn take_up_to(input: &mut &[u8], most: u32) -> Option<u32> {
    take_u32(input).filter(|half| *half <= most)
}

/// Takes a flag.
pub fn take_flag(input: &mut &[u8]) -> Option<bool> {
    take_up_to(input, 1).map(|flag| flag == 1)
}

/// Takes a count that can be counted on.
pub fn take_count(input: &mut &[u8]) -> Option<u64> {
    take(input).filter(|count| *count <= MAX_COUNTED)
}

/// Takes how often something was halved.
pub fn take_halvings(input: &mut &[u8]) -> Option<u32> {
    take_up_to(input, MAX_HALVINGS)
}

/// Takes a float, of any kind.
pub fn take_float(input: &mut &[u8]) -> Option<f64> {
    take(input).map(f64::from_bits)
}

/// Takes a float that is finite.
pub fn take_finite(input: &mut &[u8]) -> Option<f64> {
    take_float(input).filter(|number| number.is_finite())
}

/// Takes at most so many words.
pub fn take_all(input: &mut &[u8], most: usize) -> Option<Vec<u64>> {
    let count = usize::try_from(take(input)?).ok().filter(|count| *count <= most)?;
    (0..count).map(|_| take(input)).collect()
}

/// Takes floats of four bytes.
pub fn take_singles<const N: usize>(input: &mut &[u8]) -> Option<[f32; N]> {
    let mut numbers = [0.0; N];
    for number in &mut numbers {
        *number = f32::from_bits(take_u32(input)?);
    }
    Some(numbers)
}

/// Takes at most so many bytes.
pub fn take_bytes<'a>(input: &mut &'a [u8], most: usize) -> Option<&'a [u8]> {
    let count = usize::try_from(take_u32(input)?).ok().filter(|count| *count <= most)?;
    let (bytes, rest) = input.split_at_checked(count)?;
    *input = rest;
    Some(bytes)
}
