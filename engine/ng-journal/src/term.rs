//! What is looked for, and what the dictionary says of it.

use super::dictionary::Dictionary;
use super::header::BlockHeader;
use super::word_filter;
use super::words::{self, Kind, MIN_PART};

/// A text that is looked for in events: in their bytes, and in their messages as people read them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    pub(crate) text: Vec<u8>,
    pub(crate) whole: bool,
    pub(crate) fold: bool,
    pub(crate) of_field: bool,
}

impl Term {
    /// A part of an event, in any case of ASCII letters: what the filter language looks for.
    pub fn part(text: &str) -> Term {
        Term { text: text.to_ascii_lowercase().into(), whole: false, fold: true, of_field: false }
    }

    /// A part of an event, in this case alone: what the filter language looks for where a letter is upper-case.
    pub fn exact_part(text: &str) -> Term {
        Term { text: text.into(), whole: false, fold: false, of_field: false }
    }

    /// The same in any case with no ASCII letter, digit or `_` next to it, as `grep -w` means it.
    pub fn word(text: &str) -> Term {
        Term { whole: true, ..Term::part(text) }
    }

    /// The same in the value of a field as people read it. An event that has escapes, or a list of bytes in place of a text, counts
    /// as one that has it.
    pub fn of_field(self) -> Term {
        Term { of_field: true, ..self }
    }
}

/// What the dictionary knows of a term: it is looked up once, and then asked of every block.
#[derive(Clone, Debug)]
pub struct Lookup {
    /// What has to be in a block that has the term.
    pub(crate) needs: Vec<Need>,
    /// A block has the term in as many events as the only need.
    pub(crate) is_counted: bool,
    /// Events with escapes have the term, whatever their words are.
    of_field: bool,
    /// Words and versions that were known.
    known: (usize, usize),
}

/// A word of a term, or a part of one.
#[derive(Clone, Debug)]
pub(crate) struct Need {
    /// Numbers of the words in which it stands, in their order.
    pub(crate) words: Vec<u16>,
    /// The same as a bit for each word.
    bits: Vec<u64>,
    /// By number of a version: it stands in a word that is constant there.
    constant: Vec<bool>,
    /// The whole word, for the filters of blocks; none for a part, of which they know nothing.
    hash: Option<u64>,
    kind: Kind,
}

impl Lookup {
    /// Looks a term up.
    pub fn new(term: &Term, dictionary: &Dictionary) -> Lookup {
        let folded = term.text.to_ascii_lowercase();
        let mut needs = Vec::new();
        // In letters that are not ASCII case is more than a bit, and an ASCII letter may be the other case of one.
        if folded.is_ascii() {
            let start = folded.as_ptr() as usize;
            words::split(&folded, |kind, word| {
                let at = word.as_ptr() as usize - start;
                let is_open = !term.whole && (at == 0 || at + word.len() == folded.len());
                needs.extend(Need::new(kind, word, is_open, dictionary));
            });
        }
        let is_one = needs.len() == 1 && folded.iter().all(|byte| words::is_letter(*byte));
        let known = (dictionary.len(), dictionary.versions().len());
        Lookup { is_counted: is_one && term.fold, needs, of_field: term.of_field, known }
    }

    /// The words of the block say all there is of the term, and refer to nothing that came into the dictionary since.
    pub(crate) fn knows(&self, header: &BlockHeader) -> bool {
        !(self.of_field && header.has_escapes)
            && header.counted.words.last().is_none_or(|word| usize::from(*word) < self.known.0)
            && header.pairs.last().is_none_or(|pair| (pair.version as usize) < self.known.1)
    }
}

impl Need {
    /// What a block needs for a word of a term. An open one is at an end of the term, and may be a part of a longer word; nothing
    /// is said of it where it is too short, or has digits only.
    fn new(kind: Kind, word: &[u8], is_open: bool, dictionary: &Dictionary) -> Option<Need> {
        let (words, hash) = match kind {
            // Parts come behind their word, and are in every word that it is a part of.
            Kind::Part => (dictionary.containing(word), None),
            Kind::Word if is_open => (Some(dictionary.containing(word)).filter(|_| word.len() >= MIN_PART)?, None),
            Kind::Mixed if is_open => return None,
            _ => (dictionary.find(kind, word).into_iter().collect(), Some(word_filter::hash(word))),
        };
        let mut bits = vec![0; dictionary.len().div_ceil(64)];
        words.iter().for_each(|word: &u16| bits[usize::from(*word) / 64] |= 1 << (word % 64));
        let mut need = Need { words, bits, constant: Vec::new(), hash, kind };
        let versions = dictionary.versions().iter();
        need.constant = versions.map(|version| version.words.iter().any(|word| need.is_in(*word))).collect();
        Some(need)
    }

    /// It stands in the word.
    pub(crate) fn is_in(&self, word: u16) -> bool {
        self.bits.get(usize::from(word) / 64).is_some_and(|bits| bits & 1 << (word % 64) != 0)
    }

    /// It stands in every event of the version.
    pub(crate) fn is_constant(&self, version: u32) -> bool {
        self.constant.get(version as usize) == Some(&true)
    }

    /// It may stand in what the vocabulary does not hold of the block.
    pub(crate) fn may_be_elsewhere(&self, header: &BlockHeader) -> bool {
        match (self.hash, self.kind) {
            (Some(hash), Kind::Mixed) => header.filter.may_contain(hash),
            // A word with a number has it in every block.
            (Some(hash), _) => header.has_other_letters && self.words.is_empty() && header.filter.may_contain(hash),
            (None, _) => header.has_other_letters,
        }
    }

    /// Calls with the place of each word of the block in which it stands, until that says false.
    pub(crate) fn places(&self, header: &BlockHeader, mut each: impl FnMut(usize) -> bool) {
        let words = &header.counted.words;
        if self.words.len() <= words.len() / 16 {
            for word in &self.words {
                if words.binary_search(word).is_ok_and(|place| !each(place)) {
                    return;
                }
            }
        } else {
            for (place, word) in words.iter().enumerate() {
                if self.is_in(*word) && !each(place) {
                    return;
                }
            }
        }
    }
}
