//! What several templates say together that none says alone: that their first word is a variable, or that they differ in a run
//! of words whose length varies.
//!
//! It is asked when a line belongs to no template, so that it costs nothing for the others.

use super::matcher::{constants, template};
use super::store::{Family, Key, PatternStore};
use super::tokens::{EMPTY, FIRST_WORD, RUN, WILDCARD};
use rustc_hash::{FxHashMap, FxHasher};
use std::hash::Hasher;

/// A first word with more values than this under one rest is a variable. Fewer may be as many things that happen: a unit was
/// started, stopped, reloaded.
const FIRST_WORDS: usize = 50;
/// The latest templates of a family that a line is compared with.
const COMPARED: usize = 64;
/// Lines that differ in a run only, with the one in hand, and the lengths that the run has in them.
const RUNS: usize = 4;
const LENGTHS: usize = 3;
/// Words around a run that are the same in all, on both sides of it: the words at the end of many sentences come in others too.
const AROUND: usize = 3;

/// Templates by what they may turn out to have in common. All of them are in it, but for those with a run and those whose
/// first word was learnt to be a variable.
#[derive(Debug, Default)]
pub(super) struct Learned {
    /// In the order of their making.
    families: FxHashMap<Family, Vec<u32>>,
    /// By the rest behind the first word, where enough of it is words.
    rests: FxHashMap<Rest, Vec<u32>>,
}

/// The lines that differ in their first word only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Rest {
    family: Family,
    length: usize,
    hash: u64,
}

/// Templates that are one.
#[derive(Debug)]
pub(super) struct Union {
    pub(super) places: Vec<u32>,
    /// What they have in common.
    pub(super) tokens: Vec<u32>,
    pub(super) family: Family,
}

impl Learned {
    /// Takes up a template that was made, or changed.
    pub(super) fn add(&mut self, place: u32, store: &PatternStore) {
        let Some((family, tokens)) = comparable(place, store) else { return };
        let members = self.families.entry(family).or_default();
        if !members.contains(&place) {
            members.push(place);
        }
        if let Some(rest) = rest(family, tokens) {
            self.rests.entry(rest).or_default().push(place);
        }
    }

    /// Forgets the rest of a template that is about to change.
    pub(super) fn loosen(&mut self, place: u32, store: &PatternStore) {
        if let Some((family, tokens)) = comparable(place, store)
            && let Some(rest) = rest(family, tokens)
        {
            take_out(&mut self.rests, &rest, place);
        }
    }

    /// Forgets a template that is about to be dropped.
    pub(super) fn remove(&mut self, place: u32, store: &PatternStore) {
        self.loosen(place, store);
        if let Some((family, _)) = comparable(place, store) {
            take_out(&mut self.families, &family, place);
        }
    }

    /// Makes the templates of a restored store known.
    pub(super) fn restore(&mut self, store: &PatternStore) {
        let mut templates: Vec<(u32, u32)> = store.places().collect();
        templates.sort_unstable();
        templates.into_iter().for_each(|(_, place)| self.add(place, store));
    }

    /// The templates that turn out to be one by a line that belongs to none of them, and is another of the kind.
    pub(super) fn unite(&self, family: Family, tokens: &[u32], store: &PatternStore) -> Option<Union> {
        self.first_word(family, tokens).or_else(|| self.run(family, tokens, store))
    }

    fn first_word(&self, family: Family, tokens: &[u32]) -> Option<Union> {
        let places = self.rests.get(&rest(family, tokens)?).filter(|places| places.len() >= FIRST_WORDS)?;
        let mut tokens = tokens.to_vec();
        tokens[0] = WILDCARD;
        Some(Union { places: places.clone(), tokens, family: Family { first: WILDCARD, ..family } })
    }

    /// Looks for templates that begin and end as the line does, and have in between words that come in others as well, at any
    /// place and in any number: the items of a list. Of several ways to see it the one with the shortest run counts.
    fn run(&self, family: Family, tokens: &[u32], store: &PatternStore) -> Option<Union> {
        let latest = self.families.get(&family)?.iter().rev().take(COMPARED);
        let alike: Vec<(u32, usize, usize)> = latest
            .map(|place| {
                let (before, behind) = ends(template(store, *place), tokens);
                (*place, before, behind)
            })
            .filter(|(_, before, behind)| is_framed(tokens, *before, *behind))
            .collect();
        let mut frames: Vec<(usize, usize)> = alike.iter().map(|(_, before, behind)| (*before, *behind)).collect();
        frames.sort_unstable_by_key(|(before, behind)| (std::cmp::Reverse(before + behind), *before));
        frames.dedup();
        frames.into_iter().find_map(|(before, behind)| {
            let inner = |place: &u32| {
                let template = template(store, *place);
                &template[before..template.len() - behind]
            };
            let mut places: Vec<u32> =
                alike.iter().filter(|alike| alike.1 >= before && alike.2 >= behind).map(|alike| alike.0).collect();
            places.retain(|place| inner(place).iter().all(|token| *token >= FIRST_WORD));
            let run = &tokens[before..tokens.len() - behind];
            let mut lengths: Vec<usize> = places.iter().map(|place| inner(place).len()).chain([run.len()]).collect();
            lengths.sort_unstable();
            lengths.dedup();
            let known = |token: &u32| *token >= FIRST_WORD && places.iter().any(|place| inner(place).contains(token));
            let is_list = places.len() + 1 >= RUNS && lengths.len() >= LENGTHS && run.iter().all(known);
            let tokens = || [&tokens[..before], &[RUN], &tokens[tokens.len() - behind..]].concat();
            is_list.then(|| Union { places, tokens: tokens(), family })
        })
    }
}

fn take_out<K: Eq + std::hash::Hash>(lists: &mut FxHashMap<K, Vec<u32>>, key: &K, place: u32) {
    if let Some(places) = lists.get_mut(key) {
        if let Some(at) = places.iter().position(|known| *known == place) {
            places.remove(at);
        }
        if places.is_empty() {
            lists.remove(key);
        }
    }
}

fn comparable(place: u32, store: &PatternStore) -> Option<(Family, &[u32])> {
    let tokens = template(store, place);
    match store.at(place).key {
        Key::Bucket(family, _) if family.first != WILDCARD && !tokens.contains(&RUN) => Some((family, tokens)),
        _ => None,
    }
}

/// What a line shares with those that differ in the first word only; none where that is a variable already, or where the rest
/// says too little: a word must stand in it, and at least as many words as variables.
fn rest(family: Family, tokens: &[u32]) -> Option<Rest> {
    let (first, rest) = tokens.split_first()?;
    let words = constants(rest);
    if *first < FIRST_WORD || words == 0 || 2 * words < rest.len() {
        return None;
    }
    let mut hasher = FxHasher::default();
    rest.iter().for_each(|token| hasher.write_u32(*token));
    Some(Rest { family: Family { first: EMPTY, ..family }, length: rest.len(), hash: hasher.finish() })
}

/// How many tokens of a template and a line are the same at the start and at the end, of which one at least is in neither.
fn ends(template: &[u32], tokens: &[u32]) -> (usize, usize) {
    let shorter = template.len().min(tokens.len()) - 1;
    let same = |(known, token): &(&u32, &u32)| known == token;
    let before = template.iter().zip(tokens).take(shorter).take_while(same).count();
    let behind = template.iter().rev().zip(tokens.iter().rev()).take(shorter - before).take_while(same).count();
    (before, behind)
}

/// Enough words stand around what is between.
fn is_framed(tokens: &[u32], before: usize, behind: usize) -> bool {
    let (before, behind) = (constants(&tokens[..before]), constants(&tokens[tokens.len() - behind..]));
    before.min(behind) > 0 && before + behind >= AROUND
}
