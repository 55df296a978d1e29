//! The vector of a JSON object, made of its shape, its fields and its numbers, and its channels.

use super::kernel::DIMS;
use super::text::{log_since_last, severity};
use ng_model::checkpoint;
use ng_model::event::Event;
use ng_model::matched::Match;
use rustc_hash::{FxHashMap, FxHasher};
use std::hash::Hasher;

/// Number fields that are followed in each stream; later ones are not, and are counted.
const MAX_FIELDS: usize = 1024;
/// Most bytes of the numbers of a stream.
pub(super) const MAX_BYTES: u64 = MAX_FIELDS as u64 * 48;
/// Values of a number field before it can surprise.
const FIRST: f64 = 20.0;
/// Values after which older ones begin to fade.
const MEMORY: f64 = 256.0;

/// The eight features of an object, whose largest number surprise is given.
pub fn vector(event: &Event<'_>, matched: &Match, number_surprise: f32) -> [f32; DIMS] {
    [
        matched.template_bits,
        matched.max_field_bits,
        matched.mean_field_bits,
        number_surprise,
        severity(event),
        log_since_last(matched),
        (event.raw.len().max(1) as f32).log10(),
        matched.transition_bits,
    ]
}

/// What is surprising by itself, in the order of the channels.
pub fn plain(event: &Event<'_>, matched: &Match) -> [f64; 3] {
    [matched.template_bits.into(), matched.max_field_bits.into(), severity(event).into()]
}

/// Running mean and variance of the number fields of one stream.
#[derive(Debug, Default)]
pub struct Numbers {
    fields: FxHashMap<(u32, u64), Spread>,
    refused: u64,
}

#[derive(Debug, Default)]
struct Spread {
    count: f64,
    mean: f64,
    variance: f64,
}

impl Numbers {
    /// The largest surprise among the numbers of an object, which are then learnt unless the stream is frozen.
    ///
    /// The surprise of a value `z` standard deviations from its field's mean is `log10(1 + z²)`: by Cantelli's inequality
    /// a distribution of any form puts at most `1/(1 + z²)` that far out on one side. It is at most 6, and 0 for
    /// the first 20 values of a field.
    pub fn step(&mut self, event: &Event<'_>, matched: &Match, learn: bool) -> f32 {
        let mut largest = 0.0f64;
        let numbers = event.parsed.fields.iter().filter(|field| field.number.is_finite() && !field.in_array);
        for field in numbers {
            let around = field.containers(&event.parsed.containers).map(|container| container.key.span.of(event.raw));
            let mut hasher = FxHasher::default();
            std::iter::once(field.key.of(event.raw)).chain(around).for_each(|key| hasher.write(key));
            let key = (matched.pattern, hasher.finish());
            if !learn {
                largest = largest.max(self.fields.get(&key).map_or(0.0, |spread| spread.surprise(field.number)));
                continue;
            }
            if self.fields.len() >= MAX_FIELDS && !self.fields.contains_key(&key) {
                self.refused += 1;
                continue;
            }
            largest = largest.max(self.fields.entry(key).or_default().step(field.number));
        }
        largest as f32
    }

    /// Numbers that were not followed because too many fields are.
    pub fn refused(&self) -> u64 {
        self.refused
    }
}

impl Spread {
    fn surprise(&self, x: f64) -> f64 {
        let off = x - self.mean;
        let z2 = off * off / self.variance.max(f64::MIN_POSITIVE);
        if self.count < FIRST || off == 0.0 { 0.0 } else { (1.0 + z2.min(1e6)).log10() }
    }

    fn step(&mut self, x: f64) -> f64 {
        let off = x - self.mean;
        let surprise = self.surprise(x);
        self.count = (self.count + 1.0).min(MEMORY);
        let (mean, variance) = (self.mean, self.variance);
        self.mean += off / self.count;
        self.variance += (off * (x - self.mean) - self.variance) / self.count;
        if !(self.mean.is_finite() && self.variance.is_finite()) {
            (self.mean, self.variance) = (mean, variance);
        }
        surprise
    }
}

impl Numbers {
    /// Adds them to a saved state.
    pub(super) fn save(&self, out: &mut Vec<u8>) {
        let mut fields: Vec<_> = self.fields.iter().collect();
        fields.sort_unstable_by_key(|(key, _)| **key);
        checkpoint::put_u32(out, fields.len() as u32);
        for ((pattern, key), spread) in fields {
            checkpoint::put_u32(out, *pattern);
            checkpoint::put(out, *key);
            [spread.count, spread.mean, spread.variance]
                .into_iter()
                .for_each(|number| checkpoint::put_float(out, number));
        }
    }

    /// Takes them up again.
    pub(super) fn restore(input: &mut &[u8]) -> Option<Numbers> {
        let mut numbers = Numbers::default();
        for _ in 0..checkpoint::take_up_to(input, MAX_FIELDS as u32)? {
            let key = (checkpoint::take_u32(input)?, checkpoint::take(input)?);
            let (count, mean) = (checkpoint::take_finite(input)?, checkpoint::take_finite(input)?);
            numbers.fields.insert(key, Spread { count, mean, variance: checkpoint::take_finite(input)? });
        }
        Some(numbers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_surprises_by_its_distance_in_standard_deviations() {
        let mut spread = Spread::default();
        for i in 0..100 {
            assert!(spread.step(if i % 2 == 0 { 9.0 } else { 11.0 }) < 0.4, "at {i}");
        }
        let surprise = spread.step(20.0);
        assert!((surprise - 101f64.log10()).abs() < 0.1, "{surprise}");
    }

    #[test]
    fn extreme_numbers_do_not_break_the_spread() {
        let mut spread = Spread::default();
        for x in [1e308, -1e308, 0.0, 1e308].into_iter().cycle().take(100) {
            assert!(spread.step(x).is_finite());
        }
    }
}
