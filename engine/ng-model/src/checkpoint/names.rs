//! A state with its header, while it is written and while it is read. Symbols are by process, so names are saved.

use super::{MAX_BYTES, put_bytes, put_u32, take_bytes, take_u32};
use crate::symbols::{Sym, Symbols};
use rustc_hash::{FxHashMap, FxHasher};
use std::hash::Hasher;

const MAGIC: &[u8; 8] = b"NG-DETEC";
/// Raised when the form or the meaning of a number changes.
const VERSION: u64 = 8;
const HEADER: usize = 40;

/// A state that is being written.
#[derive(Debug)]
pub struct CheckpointWriter {
    /// The header, which is filled in at the end, and the words.
    pub bytes: Vec<u8>,
    /// Names by their number in this state.
    names: Vec<Sym>,
    numbers: FxHashMap<Sym, u32>,
}

impl Default for CheckpointWriter {
    fn default() -> Self {
        CheckpointWriter { bytes: vec![0; HEADER], names: Vec::new(), numbers: FxHashMap::default() }
    }
}

impl CheckpointWriter {
    /// Adds a name: its number, and where it is met for the first time its bytes.
    pub fn name(&mut self, sym: Sym, symbols: &Symbols) {
        if let Some(number) = self.numbers.get(&sym) {
            return put_u32(&mut self.bytes, *number);
        }
        let number = self.names.len() as u32;
        self.names.push(sym);
        self.numbers.insert(sym, number);
        put_u32(&mut self.bytes, number);
        put_bytes(&mut self.bytes, symbols.name(sym).as_bytes());
    }

    /// The number of a name that is already there. An order by it is the same in every process, other than that of symbols.
    pub fn number(&self, sym: Sym) -> Option<u32> {
        self.numbers.get(&sym).copied()
    }

    /// Does what adds something, and takes that back if there are more than so many bytes then. Returns whether it stays.
    pub fn within(&mut self, most: usize, add: impl FnOnce(&mut CheckpointWriter)) -> bool {
        let (bytes, names) = (self.bytes.len(), self.names.len());
        add(self);
        let fits = self.bytes.len() <= most;
        if !fits {
            self.bytes.truncate(bytes);
            for sym in self.names.drain(names..) {
                self.numbers.remove(&sym);
            }
        }
        fits
    }

    /// The whole state.
    pub fn finish(self) -> Vec<u8> {
        let mut bytes = self.bytes;
        seal(&mut bytes);
        bytes
    }
}

/// Fills in the header of a state.
pub fn seal(bytes: &mut [u8]) {
    let (header, rest) = bytes.split_at_mut(HEADER);
    header[..8].copy_from_slice(MAGIC);
    for (place, word) in [VERSION, known_hash(), rest.len() as u64, checksum(rest)].into_iter().enumerate() {
        header[8 + place * 8..16 + place * 8].copy_from_slice(&word.to_le_bytes());
    }
}

/// A state that is being read, and the names in it so far.
#[derive(Debug)]
pub struct CheckpointReader<'a> {
    /// What is still to be read.
    pub bytes: &'a [u8],
    names: Vec<Sym>,
    symbols: &'a mut Symbols,
}

impl<'a> CheckpointReader<'a> {
    /// What follows a valid header; or what is wrong. Names are added to the table as they are met.
    pub fn open(saved: &'a [u8], symbols: &'a mut Symbols) -> Result<Self, String> {
        let (header, rest) = saved.split_at_checked(HEADER).ok_or("is too short")?;
        let word = |place: usize| header[place * 8..place * 8 + 8].try_into().map_or(0, u64::from_le_bytes);
        if &header[..8] != MAGIC {
            return Err("is not a state of detectors".into());
        }
        if word(1) != VERSION {
            return Err(format!("has version {}, expected {VERSION}", word(1)));
        }
        if word(2) != known_hash() {
            return Err("is from a build with other hashes".into());
        }
        if word(3) != rest.len() as u64 || word(4) != checksum(rest) {
            return Err("is damaged".into());
        }
        Ok(CheckpointReader { bytes: rest, names: Vec::new(), symbols })
    }

    /// Takes a name.
    pub fn name(&mut self) -> Option<Sym> {
        let number = take_u32(&mut self.bytes)? as usize;
        if number < self.names.len() {
            return Some(self.names[number]);
        }
        if number > self.names.len() || number >= Symbols::CAPACITY {
            return None;
        }
        let name = std::str::from_utf8(take_bytes(&mut self.bytes, MAX_BYTES)?).ok()?;
        let sym = self.symbols.intern(name);
        self.names.push(sym);
        Some(sym)
    }
}

/// Shapes and fields are saved by their hash: a build that hashes otherwise could not find them again.
fn known_hash() -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(b"a text that is long enough for every way through the hash");
    hasher.finish()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back_once_each_and_those_taken_back_are_saved_again() {
        let mut symbols = Symbols::new();
        let (one, two, long) = (symbols.intern("one"), symbols.intern("two"), symbols.intern(&"x".repeat(100)));
        let mut writer = CheckpointWriter::default();
        writer.name(one, &symbols);
        assert!(!writer.within(100, |writer| writer.name(long, &symbols)));
        for sym in [two, one, long] {
            writer.name(sym, &symbols);
        }
        let bytes = writer.finish();
        let mut others = Symbols::new();
        others.intern("something else");
        let mut saved = CheckpointReader::open(&bytes, &mut others).unwrap();
        let read: Vec<Sym> = (0..4).map(|_| saved.name().unwrap()).collect();
        assert_eq!((saved.bytes.len(), saved.name()), (0, None));
        let read: Vec<&str> = read.into_iter().map(|sym| others.name(sym)).collect();
        assert_eq!(read, ["one", "two", "one", &"x".repeat(100)]);
    }
}
