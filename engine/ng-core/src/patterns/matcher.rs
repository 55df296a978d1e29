//! Log template mining: which template a line belongs to, compared within its source, number of tokens and first token.

use super::store::{Body, Key, NOWHERE, PatternStore};
use super::tokens::{EMPTY, MOST_TOKENS, WILDCARD};
use ng_model::checkpoint::{put, put_u32, take, take_u32, take_up_to};
use ng_model::symbols::Sym;
use rustc_hash::FxHashMap;

/// Token sequences whose pattern is remembered.
const CACHE: usize = 1 << 15;

/// Templates by bucket, and a memory of exact token sequences.
#[derive(Debug)]
pub(super) struct Matcher {
    /// Places of templates, in the order of their making.
    buckets: FxHashMap<Key, Vec<u32>>,
    /// By the low bits of the hash of a token sequence.
    cache: Vec<Cached>,
    /// Most tokens that may differ, by the number of tokens.
    allowed: Vec<u16>,
}

#[derive(Clone, Copy, Debug)]
struct Cached {
    hash: u64,
    place: u32,
    id: u32,
}

impl Matcher {
    /// A matcher without templates; `similarity` is the share of tokens that must agree, where a variable agrees with
    /// every token.
    pub(super) fn new(similarity: f64) -> Self {
        let nothing = Cached { hash: 0, place: NOWHERE, id: NOWHERE };
        Matcher {
            buckets: FxHashMap::default(),
            cache: vec![nothing; CACHE],
            allowed: (0..=MOST_TOKENS).map(|count| allowed(count, similarity)).collect(),
        }
    }

    /// Changes the similarity; known templates stay.
    pub(super) fn set_similarity(&mut self, similarity: f64) {
        self.allowed = (0..=MOST_TOKENS).map(|count| allowed(count, similarity)).collect();
    }

    /// The place of the template that the tokens belong to. Tokens that differ become variables of the template.
    pub(super) fn find(&mut self, source: Sym, tokens: &[u32], store: &mut PatternStore) -> Option<u32> {
        let hash = hash(tokens);
        let cached = self.cache[hash as usize % CACHE];
        if cached.hash == hash
            && cached.is_known(store)
            && store.at(cached.place).source == source
            && covers(template(store, cached.place), tokens)
        {
            return Some(cached.place);
        }
        let place = self.best(source, tokens, store)?;
        if let Body::Template(template) = &mut store.at_mut(place).body {
            for (known, token) in template.iter_mut().zip(tokens) {
                if known != token {
                    *known = WILDCARD;
                }
            }
        }
        self.cache[hash as usize % CACHE] = Cached { hash, place, id: store.at(place).id };
        Some(place)
    }

    /// The bucket of a token sequence.
    pub(super) fn key(source: Sym, tokens: &[u32]) -> Key {
        let first = if tokens[0] == WILDCARD { EMPTY } else { tokens[0] };
        Key::Bucket(source, tokens.len() as u16, first)
    }

    /// Makes a template known.
    pub(super) fn add(&mut self, key: Key, place: u32) {
        self.buckets.entry(key).or_default().push(place);
    }

    /// The least recently used template of a bucket that holds `most` or more.
    pub(super) fn overflowing(&self, key: Key, most: usize, store: &PatternStore) -> Option<u32> {
        let bucket = self.buckets.get(&key).filter(|bucket| bucket.len() >= most)?;
        bucket.iter().copied().min_by_key(|place| (store.at(*place).last_seq, store.at(*place).id))
    }

    /// Forgets a template.
    pub(super) fn remove(&mut self, key: Key, place: u32) {
        if let Some(bucket) = self.buckets.get_mut(&key) {
            bucket.retain(|known| *known != place);
            if bucket.is_empty() {
                self.buckets.remove(&key);
            }
        }
    }

    /// The template with the fewest differing tokens; of several, the one with the most variables; of those, the first.
    fn best(&self, source: Sym, tokens: &[u32], store: &PatternStore) -> Option<u32> {
        let bucket = self.buckets.get(&Self::key(source, tokens))?;
        let mut limit = usize::from(self.allowed[tokens.len()]);
        let mut best: Option<(u32, usize, usize)> = None;
        'templates: for &place in bucket {
            let (mut differing, mut wild) = (0, 0);
            for (known, token) in template(store, place).iter().zip(tokens) {
                if *known == WILDCARD {
                    wild += 1;
                } else if known != token {
                    differing += 1;
                    if differing > limit {
                        continue 'templates;
                    }
                }
            }
            if best.is_none_or(|(_, fewest, most)| differing < fewest || wild > most) {
                best = Some((place, differing, wild));
                limit = differing;
            }
        }
        best.map(|(place, ..)| place)
    }
}

impl Cached {
    /// The pattern was not dropped.
    fn is_known(&self, store: &PatternStore) -> bool {
        self.place != NOWHERE && store.at(self.place).id == self.id
    }
}

impl Matcher {
    /// Adds the memory of sequences to a saved state. The answer for a sequence depends on it: of two templates that cover
    /// it, the one stays that was found first.
    pub(super) fn save(&self, store: &PatternStore, out: &mut Vec<u8>) {
        let known = || self.cache.iter().filter(|cached| cached.is_known(store));
        put_u32(out, known().count() as u32);
        for cached in known() {
            put(out, cached.hash);
            put_u32(out, cached.id);
        }
    }

    /// Takes it up again, unless the numbers of tokens have changed, and makes the templates of the store known.
    pub(super) fn restore(&mut self, store: &PatternStore, input: &mut &[u8], same_numbers: bool) -> Option<()> {
        for _ in 0..take_up_to(input, CACHE as u32)? {
            let (hash, id) = (take(input)?, take_u32(input)?);
            if let Some(place) = store.place(id).filter(|_| same_numbers) {
                self.cache[hash as usize % CACHE] = Cached { hash, place, id };
            }
        }
        // The older first, as they were made.
        let mut templates: Vec<(u32, u32)> = store.places().collect();
        templates.sort_unstable();
        for (_, place) in templates {
            if let key @ Key::Bucket(..) = store.at(place).key {
                self.add(key, place);
            }
        }
        Some(())
    }
}

fn template(store: &PatternStore, place: u32) -> &[u32] {
    match &store.at(place).body {
        Body::Template(tokens) => tokens,
        _ => &[],
    }
}

fn covers(template: &[u32], tokens: &[u32]) -> bool {
    template.len() == tokens.len()
        && template.iter().zip(tokens).all(|(known, token)| known == token || *known == WILDCARD)
}

/// The largest number of differing tokens that is still similar enough.
fn allowed(count: usize, similarity: f64) -> u16 {
    let similar = |differing: &usize| (count - differing) as f64 / count as f64 >= similarity;
    (0..=count).take_while(similar).last().unwrap_or(0) as u16
}

/// Sources do not share tokens, so that but for variables alone the sequence says the source.
fn hash(tokens: &[u32]) -> u64 {
    let mix = |hash: u64, value: u32| {
        let product = u128::from(hash ^ u64::from(value)) * 0x9e37_79b9_7f4a_7c15;
        (product >> 64) as u64 ^ product as u64
    };
    tokens.iter().fold(tokens.len() as u64 ^ 0x2545_f491_4f6c_dd1d, |hash, token| mix(hash, *token))
}
