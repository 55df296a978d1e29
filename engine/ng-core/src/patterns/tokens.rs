//! Tokens: words of messages, stored once for each source and compared by number.

use ng_model::checkpoint::{
    CheckpointReader, CheckpointWriter, put_bytes, put_u32, take_bytes, take_halvings, take_u32, take_up_to,
};
use ng_model::symbols::{Sym, Symbols};
use rustc_hash::FxHasher;
use std::hash::Hasher;

/// The number of every variable token.
pub(super) const WILDCARD: u32 = 0;
/// The number of the token of an empty message.
pub(super) const EMPTY: u32 = 1;
/// The number of a run of one word or more in a template, whose length varies; no line has it.
pub(super) const RUN: u32 = 2;
/// The number of the first word.
pub(super) const FIRST_WORD: u32 = 3;
/// Tokens of a line that are looked at.
pub(super) const MOST_TOKENS: usize = 256;
/// A longer token is data and not a word; it counts as variable.
const LONGEST: usize = 256;
/// Tokens that are stored.
const CAPACITY: usize = 1_000_000;
/// Bytes of all stored tokens.
const CAPACITY_BYTES: usize = 64 << 20;
/// Totals at which counts are halved, so that rarity follows the present.
pub(super) const HALVE_AT: u32 = 1 << 20;

/// The table of tokens. Tokens are never removed; when it is full further ones count as variable.
#[derive(Debug)]
pub(super) struct TokenTable {
    bytes: Vec<u8>,
    entries: Vec<Entry>,
    /// Open addressing with linear probing; `u32::MAX` marks a free place. The size is a power of two.
    places: Vec<u32>,
    capacity: usize,
    refused: u64,
}

#[derive(Debug)]
struct Entry {
    start: u32,
    len: u16,
    source: Sym,
    hash: u64,
    count: u32,
    /// Halvings of the source's counts that `count` has taken part in.
    halvings: u32,
}

/// Counts of tokens in one source.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct TokenTotals {
    total: u32,
    halvings: u32,
}

/// Rarity of the constant tokens of a message, in bits.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Rarity {
    /// Of the rarest.
    pub(super) rarest: f32,
    /// Their mean.
    pub(super) mean: f32,
}

const FREE: u32 = u32::MAX;
impl TokenTable {
    /// A table that holds the wildcard and the empty token only.
    pub(super) fn new() -> Self {
        Self::with_capacity(CAPACITY)
    }

    fn with_capacity(capacity: usize) -> Self {
        let mut tokens =
            TokenTable { bytes: Vec::new(), entries: Vec::new(), places: vec![FREE; 1024], capacity, refused: 0 };
        // They stand outside the index: the wildcard is met by name in `intern`, the others never are.
        for text in [b"*".as_slice(), b"", b"*"] {
            tokens.store(text, Sym(0), 0);
        }
        tokens
    }

    /// How rare the constant tokens of a message were in their source before it; then counts them, if they are learnt.
    pub(super) fn count(&mut self, totals: &mut TokenTotals, tokens: &[u32], learn: bool) -> Rarity {
        let (mut least, mut product, mut logs, mut number) = (u32::MAX, 1.0f64, 0.0f64, 0u32);
        for token in tokens.iter().filter(|token| **token >= FIRST_WORD) {
            let entry = &mut self.entries[*token as usize];
            entry.count >>= (totals.halvings - entry.halvings).min(31);
            entry.halvings = totals.halvings;
            least = least.min(entry.count);
            product *= f64::from(entry.count) + 0.5;
            number += 1;
            if number.is_multiple_of(32) {
                // One logarithm for many counts; 32 of them stay within the range of a float.
                logs += product.log2();
                product = 1.0;
            }
        }
        if number == 0 {
            return Rarity::default();
        }
        logs += product.log2();
        let all = (f64::from(totals.total) + 1.0).log2();
        let rarity = Rarity {
            rarest: (all - (f64::from(least) + 0.5).log2()) as f32,
            mean: (all - logs / f64::from(number)) as f32,
        };
        if !learn {
            return rarity;
        }
        for token in tokens.iter().filter(|token| **token >= FIRST_WORD) {
            self.entries[*token as usize].count += 1;
        }
        totals.total += number;
        if totals.total >= HALVE_AT {
            totals.total /= 2;
            totals.halvings += 1;
        }
        rarity
    }

    /// The bytes of a token.
    pub(super) fn text(&self, token: u32) -> &[u8] {
        let Some(entry) = self.entries.get(token as usize) else { return b"" };
        &self.bytes[entry.start as usize..entry.start as usize + usize::from(entry.len)]
    }

    /// Stored tokens.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Tokens that counted as variable because the table was full.
    pub(super) fn refused(&self) -> u64 {
        self.refused
    }

    /// The number of a word; none when it has to count as variable.
    pub(super) fn intern(&mut self, source: Sym, text: &[u8]) -> Option<u32> {
        if text.len() > LONGEST {
            return None;
        }
        if text == b"*" {
            return Some(WILDCARD);
        }
        let hash = hash(source, text);
        let mask = self.places.len() - 1;
        let mut place = hash as usize & mask;
        loop {
            let token = self.places[place];
            if token == FREE {
                break;
            }
            let entry = &self.entries[token as usize];
            if entry.hash == hash && entry.source == source && self.text(token) == text {
                return Some(token);
            }
            place = (place + 1) & mask;
        }
        if self.entries.len() >= self.capacity || self.bytes.len() + text.len() > CAPACITY_BYTES {
            self.refused += 1;
            return None;
        }
        let token = self.store(text, source, hash);
        self.places[place] = token;
        if self.entries.len() * 2 > self.places.len() {
            self.index(self.places.len() * 2);
        }
        Some(token)
    }

    fn store(&mut self, text: &[u8], source: Sym, hash: u64) -> u32 {
        let start = self.bytes.len() as u32;
        self.bytes.extend_from_slice(text);
        self.entries.push(Entry { start, len: text.len() as u16, source, hash, count: 0, halvings: 0 });
        self.entries.len() as u32 - 1
    }

    /// Makes the index anew with so many places, a power of two.
    fn index(&mut self, places: usize) {
        let mask = places - 1;
        self.places.clear();
        self.places.resize(places, FREE);
        for (token, entry) in self.entries.iter().enumerate().skip(FIRST_WORD as usize) {
            let mut place = entry.hash as usize & mask;
            while self.places[place] != FREE {
                place = (place + 1) & mask;
            }
            self.places[place] = token as u32;
        }
    }
}

fn hash(source: Sym, text: &[u8]) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write_u32(source.0);
    hasher.write(text);
    hasher.finish()
}

/// Most that a count comes to before it is halved, with what one line adds.
const LARGEST: u32 = 2 * HALVE_AT;

impl TokenTable {
    /// About the bytes of all tokens in a saved state.
    pub(super) fn saved_bytes(&self) -> usize {
        self.bytes.len() + 20 * self.entries.len()
    }

    /// Adds the tokens from number `next` on that are wanted to a saved state, until it has so many bytes. True when that
    /// was the last.
    pub(super) fn save(
        &self,
        next: &mut u32,
        is_wanted: impl Fn(u32) -> bool,
        writer: &mut CheckpointWriter,
        symbols: &Symbols,
        enough: usize,
    ) -> bool {
        while let Some(entry) = self.entries.get(*next as usize) {
            if writer.bytes.len() >= enough {
                return false;
            }
            if is_wanted(*next) {
                put_u32(&mut writer.bytes, *next);
                put_u32(&mut writer.bytes, entry.count);
                put_u32(&mut writer.bytes, entry.halvings);
                writer.name(entry.source, symbols);
                put_bytes(&mut writer.bytes, self.text(*next));
            }
            *next += 1;
        }
        put_u32(&mut writer.bytes, FREE);
        true
    }

    /// Takes tokens up again. Where some were left out the numbers of those behind them change, of which the list says
    /// what they are now; what was left out is a variable.
    pub(super) fn restore(saved: &mut CheckpointReader<'_>) -> Option<(TokenTable, Vec<u32>)> {
        let mut tokens = TokenTable::new();
        let mut numbers = vec![WILDCARD, EMPTY, RUN];
        loop {
            let number = take_u32(&mut saved.bytes)?;
            if number == FREE {
                break;
            }
            let (count, halvings) = (take_up_to(&mut saved.bytes, LARGEST)?, take_halvings(&mut saved.bytes)?);
            let source = saved.name()?;
            let text = take_bytes(&mut saved.bytes, LONGEST)?;
            let fits = (numbers.len()..CAPACITY).contains(&(number as usize));
            if !fits || tokens.bytes.len() + text.len() > CAPACITY_BYTES {
                return None;
            }
            numbers.resize(number as usize, WILDCARD);
            numbers.push(tokens.store(text, source, hash(source, text)));
            if let Some(entry) = tokens.entries.last_mut() {
                (entry.count, entry.halvings) = (count, halvings);
            }
        }
        tokens.index((tokens.entries.len() * 2).next_power_of_two().max(tokens.places.len()));
        Some((tokens, numbers))
    }

    /// No token has been halved more often than its source.
    pub(super) fn agrees(&self, totals: impl Fn(Sym) -> Option<TokenTotals>) -> bool {
        let words = self.entries.iter().skip(FIRST_WORD as usize);
        words.into_iter().all(|entry| totals(entry.source).is_some_and(|totals| entry.halvings <= totals.halvings))
    }
}

impl TokenTotals {
    /// Adds them to a saved state.
    pub(super) fn save(&self, out: &mut Vec<u8>) {
        put_u32(out, self.total);
        put_u32(out, self.halvings);
    }

    /// Takes them up again.
    pub(super) fn restore(input: &mut &[u8]) -> Option<TokenTotals> {
        Some(TokenTotals { total: take_up_to(input, LARGEST)?, halvings: take_halvings(input)? })
    }
}

#[cfg(test)]
mod tests {
    use super::super::split::words;
    use super::*;

    #[test]
    fn sources_do_not_share_tokens() {
        let mut tokens = TokenTable::new();
        let (mut first, mut second) = (Vec::new(), Vec::new());
        tokens.split(Sym(1), b"word", &mut first);
        tokens.split(Sym(2), b"word", &mut second);
        assert_ne!(first, second);
        tokens.split(Sym(2), b"word", &mut first);
        assert_eq!(first, second);
    }

    #[test]
    fn a_full_table_masks_and_counts() {
        let mut tokens = TokenTable::with_capacity(5);
        assert_eq!(words(&mut tokens, 1, "a b c d a"), ["a", "b", "*", "a"]);
        assert_eq!(tokens.refused(), 2);
    }

    #[test]
    fn many_tokens_are_found_again() {
        let mut tokens = TokenTable::new();
        let word = |i: usize| format!("w{}", "x".repeat(i % 50) + &"y".repeat(i / 50));
        let mut out = Vec::new();
        for i in 0..2000 {
            tokens.split(Sym(1), word(i).as_bytes(), &mut out);
            assert_eq!(out, [i as u32 + FIRST_WORD]);
        }
        for i in 0..2000 {
            tokens.split(Sym(1), word(i).as_bytes(), &mut out);
            assert_eq!(out, [i as u32 + FIRST_WORD]);
        }
    }

    #[test]
    fn rarity_is_that_of_the_counts_before() {
        let mut tokens = TokenTable::new();
        let mut totals = TokenTotals::default();
        let mut out = Vec::new();
        tokens.split(Sym(1), b"a b 1", &mut out);
        assert_eq!(tokens.count(&mut totals, &out, true), Rarity { rarest: 1.0, mean: 1.0 });
        tokens.split(Sym(1), b"a c", &mut out);
        let rarity = tokens.count(&mut totals, &out, true);
        assert!((rarity.rarest - (3.0f32 / 0.5).log2()).abs() < 1e-6);
        assert!((rarity.mean - ((3.0f32 / 0.5).log2() + (3.0f32 / 1.5).log2()) / 2.0).abs() < 1e-6);
        assert_eq!(tokens.count(&mut totals, &[WILDCARD], true), Rarity::default());
    }

    #[test]
    fn counts_halve_at_a_million() {
        let mut tokens = TokenTable::new();
        let mut totals = TokenTotals::default();
        let mut out = Vec::new();
        tokens.split(Sym(1), b"a", &mut out);
        for _ in 0..HALVE_AT {
            tokens.count(&mut totals, &out, true);
        }
        assert_eq!(totals.total, HALVE_AT / 2);
        let rarity = tokens.count(&mut totals, &out, true);
        assert!(rarity.rarest.abs() < 1e-3, "{rarity:?}");
    }
}
