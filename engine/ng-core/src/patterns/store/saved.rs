//! The saved form of patterns: one after the other, the latest used first.

use super::super::matcher;
use super::super::tokens::{HALVE_AT, MOST_TOKENS, WILDCARD};
use super::{Body, EXAMPLE, Family, Key, MOST_ABSORBED, NOWHERE, Pattern, PatternStore, SourceTotals};
use ng_model::checkpoint::{
    CheckpointReader, CheckpointWriter, put, put_bytes, put_float, put_u32, take, take_bytes, take_count, take_finite,
    take_halvings, take_u32, take_up_to,
};
use ng_model::symbols::Symbols;
use ng_wire::Level;

/// What a pattern is; `END` stands behind the last.
const END: u32 = 0;
const TEMPLATE: u32 = 1;
const SHAPE: u32 = 2;
const METRIC: u32 = 3;
const VECTOR: u32 = 4;
/// Most bytes of the text of a shape, of which the last key may be cut in a longer form.
const LONGEST_SHAPE: usize = 4096;

impl Pattern {
    fn save(&self, writer: &mut CheckpointWriter, symbols: &Symbols) {
        let form = match (&self.body, self.key) {
            (Body::Template(_), _) => TEMPLATE,
            (Body::Shape(_), _) => SHAPE,
            (Body::Stream(_), Key::Stream(_, _, true)) => VECTOR,
            (Body::Stream(_), _) => METRIC,
        };
        put_u32(&mut writer.bytes, form);
        writer.name(self.source, symbols);
        if let Body::Stream(kind) = self.body {
            writer.name(kind, symbols);
        }
        let out = &mut writer.bytes;
        match (&self.body, self.key) {
            (Body::Template(tokens), Key::Bucket(family, _)) => {
                let numbers = [family.level as u32, family.exception, family.first, self.words.into()];
                numbers.into_iter().for_each(|number| put_u32(out, number));
                put_list(out, tokens);
            }
            (Body::Shape(text), Key::Shape(_, hash)) => {
                put_bytes(out, text.as_bytes());
                put(out, hash);
            }
            _ => {}
        }
        put_list(out, &self.also);
        [self.id, self.weight, self.halvings].into_iter().for_each(|number| put_u32(out, number));
        let times = [self.first_ns as u64, self.last_ns as u64];
        [self.count, self.learnt, self.first_seq, self.last_seq]
            .into_iter()
            .chain(times)
            .for_each(|number| put(out, number));
        [self.length_mean, self.length_variance, self.rate].into_iter().for_each(|number| put_float(out, number));
        put_bytes(out, &self.example);
    }

    /// The next pattern; `None` inside at the end, and outside when it is not valid.
    fn restore(saved: &mut CheckpointReader<'_>) -> Option<Option<Pattern>> {
        let form = take_up_to(&mut saved.bytes, VECTOR)?;
        if form == END {
            return Some(None);
        }
        let source = saved.name()?;
        let mut words = 0;
        let (key, body) = match form {
            TEMPLATE => {
                let input = &mut saved.bytes;
                let (level, exception, first) = (take_level(input)?, take_u32(input)?, take_u32(input)?);
                words = take_up_to(input, MOST_TOKENS as u32)? as u16;
                let tokens = take_list(input, MOST_TOKENS).filter(|tokens| !tokens.is_empty())?;
                let family = Family { source, level, exception, first };
                (Key::Bucket(family, matcher::length(&tokens)), Body::Template(tokens))
            }
            SHAPE => {
                let text = std::str::from_utf8(take_bytes(&mut saved.bytes, LONGEST_SHAPE)?).ok()?;
                (Key::Shape(source, take(&mut saved.bytes)?), Body::Shape(text.to_owned()))
            }
            _ => {
                let kind = saved.name()?;
                (Key::Stream(source, kind, form == VECTOR), Body::Stream(kind))
            }
        };
        let input = &mut saved.bytes;
        Some(Some(Pattern {
            source,
            body,
            key,
            words,
            also: take_list(input, MOST_ABSORBED)?,
            id: take_u32(input).filter(|id| *id != NOWHERE)?,
            weight: take_up_to(input, HALVE_AT)?,
            halvings: take_halvings(input)?,
            count: take_count(input)?,
            learnt: take_count(input)?,
            first_seq: take(input)?,
            last_seq: take(input)?,
            first_ns: take(input)? as i64,
            last_ns: take(input)? as i64,
            length_mean: take_finite(input)?,
            length_variance: take_finite(input)?,
            rate: take_finite(input)?,
            example: take_bytes(input, EXAMPLE)?.to_vec(),
            used_before: NOWHERE,
            used_after: NOWHERE,
        }))
    }

    /// Follows new numbers of tokens; those that are not in the list are variables.
    pub(in crate::patterns) fn renumber(&mut self, numbers: &[u32]) {
        let number = |token: u32| numbers.get(token as usize).copied().unwrap_or(WILDCARD);
        if let (Body::Template(tokens), Key::Bucket(family, _)) = (&mut self.body, &mut self.key) {
            tokens.iter_mut().for_each(|token| *token = number(*token));
            family.exception = number(family.exception);
            // A first word that was left out is a variable like those that are by their look.
            family.first = if family.first == WILDCARD { WILDCARD } else { matcher::first(tokens) };
        }
    }

    /// It has not been halved more often than its source.
    pub(in crate::patterns) fn agrees(&self, totals: &SourceTotals) -> bool {
        self.halvings <= totals.halvings
    }
}

fn put_list(out: &mut Vec<u8>, numbers: &[u32]) {
    put_u32(out, numbers.len() as u32);
    numbers.iter().for_each(|number| put_u32(out, *number));
}

fn take_list(input: &mut &[u8], most: usize) -> Option<Vec<u32>> {
    let count = take_up_to(input, most as u32)?;
    (0..count).map(|_| take_u32(input)).collect()
}

fn take_level(input: &mut &[u8]) -> Option<Level> {
    Level::ALL.get(take_u32(input)? as usize).copied()
}

impl SourceTotals {
    /// Adds them to a saved state.
    pub(in crate::patterns) fn save(&self, out: &mut Vec<u8>) {
        put(out, self.events);
        put_u32(out, self.weight);
        put_u32(out, self.halvings);
    }

    /// Takes them up again.
    pub(in crate::patterns) fn restore(input: &mut &[u8]) -> Option<SourceTotals> {
        let (events, weight) = (take_count(input)?, take_up_to(input, HALVE_AT)?);
        Some(SourceTotals { events, weight, halvings: take_halvings(input)? })
    }
}

impl PatternStore {
    /// Adds the patterns of the list from its end on to a saved state, until it has so many bytes. True when that was the
    /// last. Those that were dropped in the meantime are passed over.
    pub(in crate::patterns) fn save(
        &self,
        ids: &mut Vec<u32>,
        writer: &mut CheckpointWriter,
        symbols: &Symbols,
        enough: usize,
    ) -> bool {
        while writer.bytes.len() < enough {
            let Some(id) = ids.pop() else {
                put_u32(&mut writer.bytes, END);
                return true;
            };
            if let Some(pattern) = self.find(id) {
                pattern.save(writer, symbols);
            }
        }
        false
    }

    /// Takes patterns up again in the order of their use; none when they are not valid.
    pub(in crate::patterns) fn restore(saved: &mut CheckpointReader<'_>) -> Option<PatternStore> {
        let mut patterns = Vec::new();
        while let Some(pattern) = Pattern::restore(saved)? {
            patterns.push(pattern);
        }
        let mut store = PatternStore::new();
        for pattern in patterns.into_iter().rev() {
            let place = store.places.len() as u32;
            for id in std::iter::once(&pattern.id).chain(&pattern.also) {
                if store.by_id.insert(*id, place).is_some() {
                    return None;
                }
            }
            store.places.push(pattern);
            store.link_latest(place);
        }
        Some(store)
    }
}
