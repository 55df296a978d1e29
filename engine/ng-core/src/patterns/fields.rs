//! Fields that take few values, such as a status or a host: how rare a value is, and whether its share has changed.
//!
//! A share is that of the last 64 events or so, older ones counting less and less, or of those since the first after a pause. It is
//! compared with the share before these by Chernoff's bound for the binomial distribution, `W·KL(share ‖ before)`, which holds
//! for weighted events too: `W` is the sum of their weights.

use super::tokens::HALVE_AT;
use ng_model::checkpoint::{put, put_u32, take, take_flag, take_u32, take_up_to};
use ng_model::evidence::{self, Excursions, Recent};

/// Distinct values of a field that are told apart; a field with more is an identifier or a measurement and has no rarity.
const MOST_VALUES: usize = 64;
/// Fields of one shape that are followed.
pub(super) const MOST_PER_SHAPE: usize = 64;

/// The values of one field of one shape.
#[derive(Clone, Debug, Default)]
pub(super) struct Field {
    key: u64,
    /// Emptied for good when there were too many.
    values: Vec<Value>,
    total: u32,
    /// Events ever, as a clock that may turn over.
    clock: u32,
    many: bool,
    excursions: Excursions,
}

#[derive(Clone, Copy, Debug)]
struct Value {
    hash: u64,
    count: u32,
    /// How much of it is among the latest events.
    recent: Recent,
}

/// What a field said of a value before the event in hand was counted.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Said {
    /// How many events come to one with the value; the logarithm of it is its rarity in bits.
    pub(super) odds: f64,
    /// How much less likely than ever the share is that it has of late, by that before; in decades.
    pub(super) shift: f64,
    /// The share of late and the share before, where `shift` says something.
    pub(super) shares: [f32; 2],
    /// How unlikely it is that there is another value; in decades, 0 for one that is known.
    pub(super) unheard: f64,
}

impl Field {
    /// A field of which nothing is known.
    pub(super) fn new(key: u64) -> Self {
        Field { key, ..Field::default() }
    }

    /// The key that it was made with.
    pub(super) fn key(&self) -> u64 {
        self.key
    }

    /// What is said of a value before this event, which is then counted if it is learnt; none for a field with many values.
    /// `value` is asked for where it matters.
    pub(super) fn count(&mut self, value: impl FnOnce() -> u64, learn: bool) -> Option<Said> {
        if self.many {
            return None;
        }
        let hash = value();
        let at = self.find(hash);
        if !learn {
            let odds = self.odds(at.map_or(0, |at| self.values[at].count));
            return Some(Said { odds, ..Said::default() });
        }
        if at.is_none() && self.values.len() == MOST_VALUES {
            self.many = true;
            self.values = Vec::new();
            return None;
        }
        let unheard = if at.is_none() { self.unheard() } else { 0.0 };
        let at = at.unwrap_or_else(|| {
            self.values.push(Value { hash, count: 0, recent: Recent::default() });
            self.values.len() - 1
        });
        let (odds, shift) = (self.odds(self.values[at].count), self.shift(at));
        let Value { recent, count, .. } = &self.values[at];
        let shares = if shift > 0.0 { recent.shares(*count, self.total) } else { Default::default() };
        let said = Said { odds, shift, shares, unheard };
        self.values[at].count += 1;
        self.total += 1;
        if self.total >= HALVE_AT {
            self.total /= 2;
            self.values.iter_mut().for_each(|known| known.count /= 2);
        }
        Some(said)
    }

    /// The place of a value. What is asked for often moves to the front.
    fn find(&mut self, hash: u64) -> Option<usize> {
        let at = self.values.iter().position(|known| known.hash == hash)?;
        if at > 0 && self.values[at].count > self.values[at - 1].count {
            self.values.swap(at, at - 1);
            return Some(at - 1);
        }
        Some(at)
    }

    fn odds(&self, count: u32) -> f64 {
        (f64::from(self.total) + 1.0) / (f64::from(count) + 0.5)
    }

    /// The chance of another value is that of the values so far to have come for the first time.
    fn unheard(&self) -> f64 {
        if self.total < evidence::FIRST {
            return 0.0;
        }
        (f64::from(self.total) / (self.values.len() as f64 + 0.5)).log10().max(0.0)
    }

    /// Counts a value among the latest events; how unlikely its share of them is.
    fn shift(&mut self, at: usize) -> f64 {
        self.clock = self.clock.wrapping_add(1);
        let value = &mut self.values[at];
        value.recent.step(self.clock);
        let decades = value.recent.shift(value.count, self.total);
        self.excursions.step(decades, self.clock)
    }
}

impl Field {
    /// Adds it to a saved state.
    pub(super) fn save(&self, out: &mut Vec<u8>) {
        put(out, self.key);
        [self.total, self.clock, self.many.into(), self.values.len() as u32].into_iter().for_each(|n| put_u32(out, n));
        for value in &self.values {
            put(out, value.hash);
            put_u32(out, value.count);
            value.recent.save(out);
        }
        self.excursions.save(out);
    }

    /// Takes it up again.
    pub(super) fn restore(input: &mut &[u8]) -> Option<Field> {
        let key = take(input)?;
        let (total, clock, many) = (take_up_to(input, HALVE_AT)?, take_u32(input)?, take_flag(input)?);
        let count = take_up_to(input, MOST_VALUES as u32)?;
        let value = |input: &mut &[u8]| {
            let (hash, count) = (take(input)?, take_up_to(input, HALVE_AT)?);
            Some(Value { hash, count, recent: Recent::restore(input)? })
        };
        let values = (0..count).map(|_| value(input)).collect::<Option<_>>()?;
        Some(Field { key, values, total, clock, many, excursions: Excursions::restore(input)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feed(field: &mut Field, values: impl IntoIterator<Item = u64>) -> Vec<Option<Said>> {
        values.into_iter().map(|value| field.count(|| value, true)).collect()
    }

    #[test]
    fn a_new_value_of_a_steady_field_is_rare_and_unheard() {
        let mut field = Field::new(7);
        feed(&mut field, [200; 1000]);
        assert!(field.count(|| 200, true).unwrap().odds < 1.01);
        let new = field.count(|| 500, true).unwrap();
        assert!(new.odds > 1024.0 && (new.unheard - (1001f64 / 1.5).log10()).abs() < 1e-9, "{new:?}");
        assert_eq!(field.count(|| 500, true).unwrap().unheard, 0.0);
    }

    #[test]
    fn a_field_with_many_values_has_no_rarity() {
        let mut field = Field::new(7);
        assert_eq!(feed(&mut field, 0..65).last().unwrap(), &None);
        assert_eq!(field.count(|| 0, true), None);
    }

    #[test]
    fn a_share_that_rises_fortyfold_is_unlikely_within_fifty_events_and_an_even_one_never() {
        let mut field = Field::new(7);
        let even = |i: u64| u64::from(i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56 == 0);
        let before = feed(&mut field, (0..20_000).map(even));
        let worst = before.iter().flatten().fold(0.0f64, |worst, said| worst.max(said.shift));
        assert!(worst < 2.0, "{worst}");
        let after = feed(&mut field, (0..50).map(|i| u64::from(i % 5 == 0)));
        assert!(after.iter().flatten().any(|said| said.shift > 3.6), "{after:?}");
    }

    #[test]
    fn what_is_frozen_learns_nothing() {
        let mut field = Field::new(7);
        feed(&mut field, [1; 100]);
        let odds = field.count(|| 2, false).unwrap().odds;
        assert_eq!(field.count(|| 2, false).unwrap().odds, odds);
    }
}
