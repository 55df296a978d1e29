//! The saved form of detectors: a header, and words of eight bytes, least significant byte first.
//!
//! ```text
//! magic, version, bytes of the rest, checksum of the rest │ streams │ source, name, bytes, state │ …
//! ```
//!
//! What is restored scores as if it had never been away. What depends on patterns is not saved, for patterns are not.

use super::Detect;
use super::numeric::Numeric;
use crate::symbols::{Sym, Symbols};

const MAGIC: &[u8; 8] = b"NG-DETEC";
/// Raised when the form or the meaning of a number in it changes.
const VERSION: u64 = 1;
const HEADER: usize = 32;
/// Most bytes of a saved state; the streams seen last come first, and what does not fit is left out.
pub const MOST_BYTES: usize = 64 * 1024 * 1024;
/// Most bytes of the name of a source or stream that is saved.
const LONGEST_NAME: usize = 4096;

/// A state that is being saved, slice by slice, so that the engine never waits for long. Each stream is saved as it stands
/// when its turn comes; streams do not depend on each other.
#[derive(Debug)]
pub struct Saving {
    /// Streams still to be saved, those seen last at the end.
    left: Vec<(Sym, Sym)>,
    count: u64,
    out: Vec<u8>,
}

impl Detect {
    /// Begins to save the metric streams, seen last first.
    pub fn begin_saving(&self) -> Saving {
        let mut streams: Vec<_> = self.numeric.entries().map(|(key, used, _)| (used, key)).collect();
        streams.sort_unstable_by_key(|(used, _)| *used);
        let left = streams.into_iter().map(|(_, key)| key).collect();
        Saving { left, count: 0, out: vec![0; HEADER + 8] }
    }

    /// Saves streams until about so many more bytes are there. True when nothing is left to save.
    pub fn save(&self, saving: &mut Saving, symbols: &Symbols, bytes: usize) -> bool {
        let enough = saving.out.len().saturating_add(bytes);
        while saving.out.len() < enough
            && let Some(key) = saving.left.pop()
        {
            let Some(state) = self.numeric.find(key) else { continue };
            let begin = saving.out.len();
            put_name(&mut saving.out, symbols.name(key.0));
            put_name(&mut saving.out, symbols.name(key.1));
            state.save(&mut saving.out);
            if saving.out.len() > MOST_BYTES {
                saving.out.truncate(begin);
                saving.left.clear();
            } else {
                saving.count += 1;
            }
        }
        saving.left.is_empty()
    }

    /// Takes a saved state up, of which nothing is taken when a part of it is not valid. Returns the number of streams, or
    /// what is wrong.
    pub fn restore(&mut self, saved: &[u8], mut intern: impl FnMut(&str) -> Sym) -> Result<usize, String> {
        let input = &mut open(saved)?;
        let damaged = || "is damaged".to_owned();
        let count = take(input).ok_or_else(damaged)?;
        let mut streams = Vec::new();
        for _ in 0..count {
            let stream = self.restore_stream(input).ok_or_else(damaged)?;
            streams.push(stream);
        }
        if !input.is_empty() {
            return Err(damaged());
        }
        let restored = streams.len();
        for (source, name, state) in streams.into_iter().rev() {
            self.scored += 1;
            let key = (intern(&source), intern(&name));
            *self.numeric.get(key, self.scored, || Numeric::new(&self.tuning, self.scanner)) = state;
        }
        self.fit();
        Ok(restored)
    }

    fn restore_stream(&self, input: &mut &[u8]) -> Option<(String, String, Numeric)> {
        let (source, name) = (take_name(input)?, take_name(input)?);
        Some((source, name, Numeric::restore(input, &self.tuning, self.scanner)?))
    }
}

impl Saving {
    /// The saved state, at most [`MOST_BYTES`]; none when there are no streams.
    pub fn finish(self) -> Option<Vec<u8>> {
        let Saving { mut out, count, .. } = self;
        out[HEADER..HEADER + 8].copy_from_slice(&count.to_le_bytes());
        let (length, sum) = ((out.len() - HEADER) as u64, checksum(&out[HEADER..]));
        out[..8].copy_from_slice(MAGIC);
        for (place, word) in [VERSION, length, sum].into_iter().enumerate() {
            out[8 + place * 8..16 + place * 8].copy_from_slice(&word.to_le_bytes());
        }
        (count > 0).then_some(out)
    }
}

/// What follows a valid header.
fn open(saved: &[u8]) -> Result<&[u8], String> {
    let (header, rest) = saved.split_at_checked(HEADER).ok_or("is too short")?;
    let word = |place: usize| header[place * 8..place * 8 + 8].try_into().map_or(0, u64::from_le_bytes);
    if &header[..8] != MAGIC {
        return Err("is not a state of detectors".into());
    }
    if word(1) != VERSION {
        return Err(format!("has version {}, expected {VERSION}", word(1)));
    }
    if word(2) != rest.len() as u64 || word(3) != checksum(rest) {
        return Err("is damaged".into());
    }
    Ok(rest)
}

/// FNV-1a over words of eight bytes, and the length.
fn checksum(bytes: &[u8]) -> u64 {
    let mut sum = 0xcbf2_9ce4_8422_2325u64;
    for chunk in bytes.chunks(8) {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        sum = (sum ^ u64::from_le_bytes(word)).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(23);
    }
    sum ^ bytes.len() as u64
}

pub(super) fn put(out: &mut Vec<u8>, word: u64) {
    out.extend_from_slice(&word.to_le_bytes());
}

pub(super) fn put_float(out: &mut Vec<u8>, number: f64) {
    put(out, number.to_bits());
}

pub(super) fn put_all(out: &mut Vec<u8>, words: impl ExactSizeIterator<Item = u64>) {
    put(out, words.len() as u64);
    words.for_each(|word| put(out, word));
}

pub(super) fn put_singles(out: &mut Vec<u8>, numbers: &[f32]) {
    numbers.iter().for_each(|number| out.extend_from_slice(&number.to_bits().to_le_bytes()));
}

fn put_name(out: &mut Vec<u8>, name: &str) {
    put_all(out, name.bytes().map(u64::from));
}

pub(super) fn take(input: &mut &[u8]) -> Option<u64> {
    let (word, rest) = input.split_first_chunk()?;
    *input = rest;
    Some(u64::from_le_bytes(*word))
}

pub(super) fn take_float(input: &mut &[u8]) -> Option<f64> {
    take(input).map(f64::from_bits)
}

/// At most so many words.
pub(super) fn take_all(input: &mut &[u8], most: usize) -> Option<Vec<u64>> {
    let count = usize::try_from(take(input)?).ok().filter(|count| *count <= most)?;
    (0..count).map(|_| take(input)).collect()
}

pub(super) fn take_singles<const N: usize>(input: &mut &[u8]) -> Option<[f32; N]> {
    let mut numbers = [0.0; N];
    for number in &mut numbers {
        let (bits, rest) = input.split_first_chunk()?;
        *input = rest;
        *number = f32::from_bits(u32::from_le_bytes(*bits));
    }
    Some(numbers)
}

fn take_name(input: &mut &[u8]) -> Option<String> {
    let bytes =
        take_all(input, LONGEST_NAME)?.into_iter().map(|byte| u8::try_from(byte).ok()).collect::<Option<_>>()?;
    String::from_utf8(bytes).ok()
}
