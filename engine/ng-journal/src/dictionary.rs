//! What the blocks of one file share: the words of letters, and which of them are constant in a pattern.
//!
//! A *version* of a template says which words are in every event of a pattern, for the blocks that refer to it. It never
//! changes: where a word turns out to vary the pattern gets another version, and older blocks stay as true as they were. It is
//! not believed but looked at: sealing compares it with the words of every event.
//!
//! Nothing is ever taken out. What was added since it was last asked for is handed to whoever keeps the blocks, who stores
//! it before the block that refers to it.

use super::Damaged;
use super::framed;
use super::varint::{self, Input};
use super::words::Kind;
use memchr::memmem;
use rustc_hash::FxHashMap;

/// Most words and parts of words. Further ones are in the filters of their blocks alone.
pub const MAX_WORDS: usize = u16::MAX as usize;
/// A longer word is not kept.
pub const MAX_WORD_LEN: usize = 64;
/// Events of a pattern in one block by which its words are known well; before that its template says what may be constant.
const SETTLED: usize = 16;

const WORD: u8 = 0;
const PART: u8 = 1;
const VERSION: u8 = 2;

/// The words and the versions of templates.
#[derive(Debug, Default)]
pub struct Dictionary {
    /// All words, each with a line end behind it.
    text: Vec<u8>,
    /// Where in `text` each of them ends, its line end included.
    ends: Vec<u32>,
    numbers: [FxHashMap<Box<[u8]>, u16>; 2],
    versions: Vec<Version>,
    latest: FxHashMap<u32, u32>,
    /// What was added since it was last asked for.
    added: Vec<u8>,
}

/// Which words are constant in the events of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// The pattern.
    pub pattern: u32,
    /// Numbers of its words, in their order.
    pub words: Box<[u16]>,
    /// They were found in many events, and not in the template alone.
    is_settled: bool,
}

impl Dictionary {
    /// Number of words and parts.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// It has no word.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The versions, by number.
    pub fn versions(&self) -> &[Version] {
        &self.versions
    }

    /// The pattern of a version.
    pub fn pattern(&self, version: u32) -> Option<u32> {
        self.versions.get(version as usize).map(|version| version.pattern)
    }

    /// The number of a word or a part, in lower case, if it has one.
    pub fn find(&self, kind: Kind, word: &[u8]) -> Option<u16> {
        self.numbers.get(kind as usize)?.get(word).copied()
    }

    /// The number of a word or a part, in lower case, which is added when it is new; none when it cannot have one.
    pub(crate) fn intern(&mut self, kind: Kind, word: &[u8]) -> Option<u16> {
        if let Some(known) = self.find(kind, word) {
            return Some(known);
        }
        if word.len() > MAX_WORD_LEN || self.len() == MAX_WORDS {
            return None;
        }
        self.added.push(if kind == Kind::Word { WORD } else { PART });
        varint::put(&mut self.added, word.len() as u64);
        self.added.extend_from_slice(word);
        Some(self.add_word(kind, word))
    }

    /// The version for the events of a pattern in one block. `common` are the words that all `events` of them have, in their
    /// order, and `template` those that its template says are constant.
    pub(crate) fn version(
        &mut self,
        pattern: u32,
        events: usize,
        common: &[u16],
        template: impl FnOnce(&mut Dictionary) -> Vec<u16>,
    ) -> u32 {
        let both = |words: &[u16]| -> Box<[u16]> {
            words.iter().copied().filter(|word| common.binary_search(word).is_ok()).collect()
        };
        let latest = self.latest.get(&pattern).map(|number| (*number, &self.versions[*number as usize]));
        let (words, is_settled) = match latest {
            Some((number, known)) if known.is_settled || events < SETTLED => {
                let words = both(&known.words);
                if words.len() == known.words.len() {
                    return number;
                }
                (words, known.is_settled)
            }
            None if events < SETTLED => {
                let mut words = template(self);
                words.sort_unstable();
                words.dedup();
                (both(&words), false)
            }
            _ => (common.into(), true),
        };
        self.added.push(VERSION);
        varint::put(&mut self.added, pattern.into());
        self.added.push(is_settled.into());
        varint::put(&mut self.added, words.len() as u64);
        let mut before = 0;
        for word in &words {
            varint::put(&mut self.added, u64::from(word - before));
            before = *word;
        }
        self.add_version(Version { pattern, words, is_settled })
    }

    /// Numbers of all words and parts in which the text, in lower case, stands.
    pub(crate) fn containing(&self, text: &[u8]) -> Vec<u16> {
        let mut found: Vec<u16> = Vec::new();
        for at in memmem::find_iter(&self.text, text) {
            let number = self.ends.partition_point(|end| *end as usize <= at) as u16;
            if found.last() != Some(&number) {
                found.push(number);
            }
        }
        found
    }

    /// What was added since it was last asked for, if anything was.
    pub fn take_added(&mut self) -> Option<Vec<u8>> {
        let added = std::mem::take(&mut self.added);
        (!added.is_empty()).then(|| framed::seal(&added))
    }

    /// Takes up what [`take_added`](Dictionary::take_added) gave, in the same order. After an error the dictionary is of no use.
    pub fn extend(&mut self, bytes: &[u8]) -> Result<(), Damaged> {
        let mut input = Input::new(framed::open(bytes, "dictionary")?, "dictionary");
        while !input.is_empty() {
            match input.byte()? {
                tag @ (WORD | PART) => {
                    let kind = if tag == WORD { Kind::Word } else { Kind::Part };
                    let length = input.count()?;
                    let word = input.take(length)?;
                    if length > MAX_WORD_LEN || self.len() == MAX_WORDS || self.find(kind, word).is_some() {
                        return Err(input.damaged());
                    }
                    self.add_word(kind, word);
                }
                VERSION => {
                    let (pattern, is_settled, count) = (input.fitting()?, input.byte()? != 0, input.count()?);
                    let mut number = 0u64;
                    let mut words = Vec::with_capacity(count);
                    for _ in 0..count {
                        number = number.saturating_add(input.number()?);
                        if number >= self.len() as u64 || words.last().is_some_and(|last| u64::from(*last) >= number) {
                            return Err(input.damaged());
                        }
                        words.push(number as u16);
                    }
                    self.add_version(Version { pattern, words: words.into(), is_settled });
                }
                _ => return Err(input.damaged()),
            }
        }
        Ok(())
    }

    fn add_word(&mut self, kind: Kind, word: &[u8]) -> u16 {
        let number = self.len() as u16;
        self.text.extend_from_slice(word);
        self.text.push(b'\n');
        self.ends.push(self.text.len() as u32);
        self.numbers[kind as usize].insert(word.into(), number);
        number
    }

    fn add_version(&mut self, version: Version) -> u32 {
        let number = self.versions.len() as u32;
        self.latest.insert(version.pattern, number);
        self.versions.push(version);
        number
    }
}
