//! Log template mining: which template a line belongs to, compared within its source, level, exception, number of tokens and
//! first token.

use super::store::{Body, Family, Key, NOWHERE, PatternStore};
use super::tokens::{EMPTY, MOST_TOKENS, RUN, WILDCARD};
use ng_model::checkpoint::{put, put_u32, take, take_u32, take_up_to};
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

/// In the place of the number of tokens: there is a run among them.
const WITH_RUN: u16 = 0;

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

    /// The place of the template that the tokens belong to.
    pub(super) fn find(&mut self, family: Family, tokens: &[u32], store: &PatternStore) -> Option<Found> {
        let hash = hash(&family, tokens);
        let cached = self.cache[hash as usize % CACHE];
        if cached.hash == hash
            && cached.is_known(store)
            && store.at(cached.place).key.is_akin(&family)
            && covers(template(store, cached.place), tokens)
        {
            return Some(Found { place: cached.place, differs: false });
        }
        let found = self.look(family, tokens, store)?;
        self.cache[hash as usize % CACHE] = Cached { hash, place: found.place, id: store.at(found.place).id };
        Some(found)
    }

    /// Without what is remembered: templates with a run go first, and what was learnt of first words last.
    fn look(&self, family: Family, tokens: &[u32], store: &PatternStore) -> Option<Found> {
        let covering = |key| {
            let bucket: &[u32] = self.buckets.get(&key).map_or(&[], Vec::as_slice);
            // Of several the narrowest, and of those the oldest.
            let covering = bucket.iter().filter(|place| covers(template(store, **place), tokens));
            let rank = |place: &u32| (constants(template(store, *place)), std::cmp::Reverse(store.at(*place).id));
            covering.copied().max_by_key(rank).map(|place| Found { place, differs: false })
        };
        let length = tokens.len() as u16;
        covering(Key::Bucket(family, WITH_RUN))
            .or_else(|| self.best(Key::Bucket(family, length), tokens, store))
            .or_else(|| covering(Key::Bucket(Family { first: WILDCARD, ..family }, length)))
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

    /// The template with the fewest differing tokens; of several, the one with the most variables; of those, the first. What
    /// would take too many of the words from a template that it began with is another: step by step it would come to mean
    /// everything.
    fn best(&self, key: Key, tokens: &[u32], store: &PatternStore) -> Option<Found> {
        let bucket = self.buckets.get(&key)?;
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
            let words = usize::from(store.at(place).words);
            if differing > 0 && words + wild + differing > tokens.len() + usize::from(self.allowed[words]) {
                continue;
            }
            if best.is_none_or(|(_, fewest, most)| differing < fewest || wild > most) {
                best = Some((place, differing, wild));
                limit = differing;
            }
        }
        // A token that is a variable of the line differs from every word, which `differing` counts too.
        best.map(|(place, differing, _)| Found { place, differs: differing > 0 })
    }
}

/// Where the tokens of a line belong.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    pub(super) place: u32,
    /// Some of them differ from those of the template, and become its variables.
    pub(super) differs: bool,
}

impl Key {
    /// It is that of templates to which lines of the family may belong.
    fn is_akin(&self, family: &Family) -> bool {
        matches!(self, Key::Bucket(own, _)
            if own.source == family.source && own.level == family.level && own.exception == family.exception)
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

/// In the key of a bucket: what the first token says of the family.
pub(super) fn first(tokens: &[u32]) -> u32 {
    if tokens[0] == WILDCARD { EMPTY } else { tokens[0] }
}

/// In the key of a bucket: the number of tokens, where it does not vary.
pub(super) fn length(tokens: &[u32]) -> u16 {
    if tokens.contains(&RUN) { WITH_RUN } else { tokens.len() as u16 }
}

/// The tokens that every line of a template has.
pub(super) fn constants(tokens: &[u32]) -> usize {
    tokens.iter().filter(|token| !matches!(**token, WILDCARD | RUN)).count()
}

/// The tokens of a template.
pub(super) fn template(store: &PatternStore, place: u32) -> &[u32] {
    match &store.at(place).body {
        Body::Template(tokens) => tokens,
        _ => &[],
    }
}

fn covers(template: &[u32], tokens: &[u32]) -> bool {
    if template.len() == tokens.len() && covers_all(template, tokens) {
        return true;
    }
    let Some(at) = template.iter().position(|token| *token == RUN) else { return false };
    let (before, behind) = (&template[..at], &template[at + 1..]);
    tokens.len() >= template.len()
        && covers_all(before, &tokens[..at])
        && covers_all(behind, &tokens[tokens.len() - behind.len()..])
}

/// As many tokens, each of which agrees.
fn covers_all(template: &[u32], tokens: &[u32]) -> bool {
    template.iter().zip(tokens).all(|(known, token)| known == token || *known == WILDCARD)
}

/// The largest number of differing tokens that is still similar enough.
fn allowed(count: usize, similarity: f64) -> u16 {
    let similar = |differing: &usize| (count - differing) as f64 / count as f64 >= similarity;
    (0..=count).take_while(similar).last().unwrap_or(0) as u16
}

/// Sources do not share tokens, so that but for variables alone the sequence says the source.
fn hash(family: &Family, tokens: &[u32]) -> u64 {
    let mix = |hash: u64, value: u32| {
        let product = u128::from(hash ^ u64::from(value)) * 0x9e37_79b9_7f4a_7c15;
        (product >> 64) as u64 ^ product as u64
    };
    let kind = (family.level as u64) << 32 | u64::from(family.exception) << 36;
    tokens.iter().fold(tokens.len() as u64 ^ kind ^ 0x2545_f491_4f6c_dd1d, |hash, token| mix(hash, *token))
}
