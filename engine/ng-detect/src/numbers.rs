//! Numbers inside events, such as the time that a request took: each is compared with those of its field in events of the same
//! pattern.
//!
//! One that is far out surprises by its distance. That a field has changed is told by how many of its latest numbers are beyond
//! two standard deviations, on one side, where few were before; see [`Recent`]. What rises or falls by nature, such as a
//! time, a counter or an id, is never beyond anything for long, and says nothing.

use ng_model::checkpoint;
use ng_model::event::Event;
use ng_model::evidence::{Excursions, Recent};
use ng_model::matched::{Match, NO_FIELD};
use rustc_hash::{FxHashMap, FxHasher};
use std::hash::Hasher;

/// Number fields that are followed in each stream; later ones are not, and are counted.
const MAX_FIELDS: usize = 1024;
/// Most bytes of the numbers of a stream.
pub(super) const MAX_BYTES: u64 = MAX_FIELDS as u64 * 192;
/// Values of a number field before it can surprise.
const FIRST: f64 = 20.0;
/// Values after which older ones begin to fade, of what the distance of one is measured by, and of what is usual: that is not
/// moved by the first of those that are not.
const MEMORY: f64 = 256.0;
const LONG_MEMORY: f64 = 2048.0;
/// Standard deviations from which a number is beyond the usual.
const BEYOND: f64 = 2.0;
/// The least surprise of a number of which is said what would have been usual.
const SAYS: f64 = 1.0;
/// A field goes one way if of so many steps at most a tenth go the other.
const STEPS: u32 = 16;

/// What the numbers of the fields of one stream were.
#[derive(Debug, Default)]
pub struct Numbers {
    fields: FxHashMap<(u32, u64), Spread>,
    refused: u64,
}

/// What is said of the numbers of an event.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Said {
    /// The one that is farthest out: its surprise is at most 6.
    pub farthest: One,
    /// How much less likely than by chance or ever it is that so many of the latest are beyond the usual, of the field of which
    /// that is least likely; in decades.
    pub shift: One,
}

/// What is said of one number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct One {
    /// How surprising it is.
    pub surprise: f32,
    /// The place of its field among those of the event; [`NO_FIELD`] where no number surprises.
    pub field: u16,
    /// What the numbers of that field usually are, from the lowest to the highest; NaN where it hardly surprises.
    pub usual: [f64; 2],
}

impl Default for One {
    fn default() -> Self {
        One { surprise: 0.0, field: NO_FIELD, usual: [f64::NAN; 2] }
    }
}

impl One {
    fn or_more(&mut self, surprise: f64, field: u16, spread: &Spread) {
        if surprise as f32 > self.surprise {
            let usual = if surprise >= SAYS { spread.usual_range() } else { [f64::NAN; 2] };
            *self = One { surprise: surprise as f32, field, usual };
        }
    }
}

/// The ends of the numbers of late: each draws them in by a little, and those outside move them out again.
#[derive(Clone, Copy, Debug)]
struct Range([f64; 2]);

impl Default for Range {
    fn default() -> Self {
        Range([f64::INFINITY, f64::NEG_INFINITY])
    }
}

#[derive(Debug, Default)]
struct Spread {
    latest: Moments,
    usual: Moments,
    /// The lowest and the highest of those that are not beyond the usual.
    range: Range,
    last: f64,
    /// Events, and steps up and down.
    total: u32,
    steps: [u32; 2],
    /// Numbers above and below the usual.
    above: Side,
    below: Side,
    excursions: Excursions,
}

/// Running mean and variance.
#[derive(Clone, Copy, Debug, Default)]
struct Moments {
    count: f64,
    mean: f64,
    variance: f64,
}

/// How many numbers were beyond the usual on one side.
#[derive(Clone, Copy, Debug, Default)]
struct Side {
    count: u32,
    recent: Recent,
}

impl Numbers {
    /// What is said of the numbers of an event, which are then learnt unless the stream is frozen.
    ///
    /// The surprise of a value `z` standard deviations from its field's mean is `log10(1 + z²)`: by Cantelli's inequality
    /// a distribution of any form puts at most `1/(1 + z²)` that far out on one side. It is at most 6, and 0 for
    /// the first 20 values of a field.
    pub fn step(&mut self, event: &Event<'_>, matched: &Match, learn: bool) -> Said {
        let mut said = Said::default();
        let placed = (0..NO_FIELD).zip(&event.parsed.fields);
        for (place, field) in placed.filter(|(_, field)| field.number.is_finite() && !field.in_array) {
            let around = field.containers(&event.parsed.containers).map(|container| container.key.span.of(event.raw));
            let mut hasher = FxHasher::default();
            std::iter::once(field.key.of(event.raw)).chain(around).for_each(|key| hasher.write(key));
            let key = (matched.pattern, hasher.finish());
            if !learn {
                if let Some(spread) = self.fields.get(&key) {
                    said.farthest.or_more(spread.surprise(field.number), place, spread);
                }
                continue;
            }
            if self.fields.len() >= MAX_FIELDS && !self.fields.contains_key(&key) {
                self.refused += 1;
                continue;
            }
            let spread = self.fields.entry(key).or_default();
            let (far, shift) = (spread.surprise(field.number), spread.shift(field.number));
            said.farthest.or_more(far, place, spread);
            said.shift.or_more(shift, place, spread);
            spread.learn(field.number);
        }
        said
    }

    /// Numbers that were not followed because too many fields are.
    pub fn refused(&self) -> u64 {
        self.refused
    }
}

impl Moments {
    fn step(&mut self, x: f64, memory: f64) {
        self.count = (self.count + 1.0).min(memory);
        let off = x - self.mean;
        let (mean, variance) = (self.mean, self.variance);
        self.mean += off / self.count;
        self.variance += (off * (x - self.mean) - self.variance) / self.count;
        if !(self.mean.is_finite() && self.variance.is_finite()) {
            (self.mean, self.variance) = (mean, variance);
        }
    }

    fn save(&self, out: &mut Vec<u8>) {
        [self.count, self.mean, self.variance].into_iter().for_each(|number| checkpoint::put_float(out, number));
    }

    fn restore(input: &mut &[u8]) -> Option<Moments> {
        let (count, mean) = (checkpoint::take_finite(input)?, checkpoint::take_finite(input)?);
        Some(Moments { count, mean, variance: checkpoint::take_finite(input)? })
    }
}

impl Spread {
    fn surprise(&self, x: f64) -> f64 {
        let Moments { count, mean, variance } = self.latest;
        let off = x - mean;
        let z2 = off * off / variance.max(f64::MIN_POSITIVE);
        if count < FIRST || off == 0.0 { 0.0 } else { (1.0 + z2.min(1e6)).log10() }
    }

    fn learn(&mut self, x: f64) {
        self.latest.step(x, MEMORY);
        self.usual.step(x, LONG_MEMORY);
    }

    /// What is usual: the range, as far as two standard deviations reach; of what goes one way none, which ends before it
    /// begins.
    fn usual_range(&self) -> [f64; 2] {
        if self.goes_one_way() {
            return [f64::INFINITY, f64::NEG_INFINITY];
        }
        let Moments { mean, variance, .. } = self.usual;
        let (reach, Range([low, high])) = (BEYOND * variance.max(0.0).sqrt(), self.range);
        [low.max(mean - reach), high.min(mean + reach)]
    }

    /// Counts on which side of the usual a number is, and which way the field goes.
    fn shift(&mut self, x: f64) -> f64 {
        self.total = self.total.saturating_add(1);
        self.steps[0] = self.steps[0].saturating_add(u32::from(x > self.last));
        self.steps[1] = self.steps[1].saturating_add(u32::from(x < self.last));
        self.last = x;
        let Moments { count, mean, variance } = self.usual;
        let off = x - mean;
        let is_beyond = count >= FIRST && off * off > BEYOND * BEYOND * variance;
        let shift = match is_beyond {
            true if off > 0.0 => self.above.step(self.total),
            true => self.below.step(self.total),
            false => {
                self.range.step(x);
                0.0
            }
        };
        if self.goes_one_way() { 0.0 } else { self.excursions.step(shift, self.total) }
    }

    fn goes_one_way(&self) -> bool {
        let [up, down] = self.steps;
        up.max(down) >= STEPS && up.min(down) <= up.max(down) / 10
    }
}

impl Range {
    fn step(&mut self, x: f64) {
        let Range([low, high]) = *self;
        let drawn = (high - low) / LONG_MEMORY;
        // The range of one number has no width, and before that none at all.
        let [low, high] = if drawn.is_finite() { [low + drawn, high - drawn] } else { [low, high] };
        self.0 = [low.min(x), high.max(x)];
    }
}

impl Side {
    fn step(&mut self, total: u32) -> f64 {
        self.recent.step(total);
        let shift = self.recent.shift(self.count, total);
        self.count = self.count.saturating_add(1);
        shift
    }

    fn save(&self, out: &mut Vec<u8>) {
        checkpoint::put_u32(out, self.count);
        self.recent.save(out);
    }

    fn restore(input: &mut &[u8], total: u32) -> Option<Side> {
        Some(Side { count: checkpoint::take_up_to(input, total)?, recent: Recent::restore(input)? })
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
            spread.save(out);
        }
    }

    /// Takes them up again.
    pub(super) fn restore(input: &mut &[u8]) -> Option<Numbers> {
        let mut numbers = Numbers::default();
        for _ in 0..checkpoint::take_up_to(input, MAX_FIELDS as u32)? {
            let key = (checkpoint::take_u32(input)?, checkpoint::take(input)?);
            numbers.fields.insert(key, Spread::restore(input)?);
        }
        Some(numbers)
    }
}

impl Spread {
    fn save(&self, out: &mut Vec<u8>) {
        [self.latest, self.usual].iter().for_each(|moments| moments.save(out));
        self.range.0.iter().for_each(|end| checkpoint::put_float(out, *end));
        checkpoint::put_float(out, self.last);
        [self.total, self.steps[0], self.steps[1]].into_iter().for_each(|number| checkpoint::put_u32(out, number));
        [self.above, self.below].iter().for_each(|side| side.save(out));
        self.excursions.save(out);
    }

    fn restore(input: &mut &[u8]) -> Option<Spread> {
        let (latest, usual) = (Moments::restore(input)?, Moments::restore(input)?);
        let range = Range([checkpoint::take_float(input)?, checkpoint::take_float(input)?]);
        let last = checkpoint::take_finite(input)?;
        let total = checkpoint::take_u32(input)?;
        let steps = [checkpoint::take_up_to(input, total)?, checkpoint::take_up_to(input, total)?];
        let (above, below) = (Side::restore(input, total)?, Side::restore(input, total)?);
        let excursions = Excursions::restore(input)?;
        Some(Spread { latest, usual, range, last, total, steps, above, below, excursions })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Dice(u64);

    impl Dice {
        /// Lognormal, about 40 with a long tail; a sum of twelve numbers is nearly normal.
        fn latency(&mut self) -> f64 {
            let normal: f64 = (0..12).map(|_| self.next()).sum::<f64>() - 6.0;
            40.0 * (0.45 * normal).exp()
        }

        fn next(&mut self) -> f64 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 11) as f64 / (1u64 << 53) as f64
        }
    }

    /// How far out a number is, and how unlikely so many beyond the usual.
    fn step(spread: &mut Spread, x: f64) -> [f64; 2] {
        let said = [spread.surprise(x), spread.shift(x)];
        spread.learn(x);
        said
    }

    fn largest(spread: &mut Spread, values: impl IntoIterator<Item = f64>) -> f64 {
        values.into_iter().map(|x| step(spread, x)[1]).fold(0.0, f64::max)
    }

    #[test]
    fn a_number_surprises_by_its_distance_in_standard_deviations() {
        let mut spread = Spread::default();
        for i in 0..100 {
            assert!(step(&mut spread, if i % 2 == 0 { 9.0 } else { 11.0 })[0] < 0.4, "at {i}");
        }
        let [low, high] = spread.usual_range();
        assert!((9.0..9.01).contains(&low) && (10.99..=11.0).contains(&high), "{low} {high}");
        let surprise = step(&mut spread, 20.0)[0];
        assert!((surprise - 101f64.log10()).abs() < 0.1, "{surprise}");
    }

    #[test]
    fn a_latency_that_is_eightfold_for_twenty_events_is_unlikely_and_its_tail_is_not() {
        let (mut spread, mut dice) = (Spread::default(), Dice(7));
        let before = largest(&mut spread, (0..20_000).map(|_| dice.latency()));
        let after = largest(&mut spread, (0..20).map(|_| 8.0 * dice.latency()));
        assert!(before < 1.0 && after > 5.0, "{before} {after}");
        let [low, high] = spread.usual_range();
        assert!((5.0..25.0).contains(&low) && (60.0..140.0).contains(&high), "usual is what was before: {low} {high}");
    }

    #[test]
    fn what_rises_by_nature_says_nothing() {
        let mut dice = Dice(3);
        let mut sum = 0.0;
        let counter = (0..5000).map(|i| {
            sum += dice.next() * if i > 4000 { 400.0 } else { 1.0 };
            sum
        });
        assert_eq!(largest(&mut Spread::default(), counter), 0.0);
        let times = (0..5000).map(|i| f64::from(i) + if i > 4000 { 86_400.0 } else { 0.0 });
        assert_eq!(largest(&mut Spread::default(), times), 0.0);
    }

    #[test]
    fn extreme_numbers_do_not_break_the_spread() {
        let mut spread = Spread::default();
        for x in [1e308, -1e308, 0.0, 1e308].into_iter().cycle().take(1000) {
            assert!(step(&mut spread, x).iter().all(|said| said.is_finite()));
        }
    }
}
