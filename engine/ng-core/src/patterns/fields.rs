//! Rarity of the values of JSON fields that take few values, such as a status or a host.

use super::tokens::HALVE_AT;
use ng_model::checkpoint::{put, put_u32, take, take_flag, take_up_to};

/// Distinct values of a field that are told apart; a field with more is an identifier or a measurement and has no rarity.
const MOST_VALUES: usize = 64;
/// Fields of one shape that are followed.
const MOST_PER_SHAPE: usize = 64;
/// Fields of all shapes that are followed.
pub(super) const MOST_FIELDS: usize = 4096;

/// The values of one field of one shape.
#[derive(Debug, Default)]
pub(super) struct Field {
    key: u64,
    /// Hash and count of each value; emptied for good when there were too many.
    values: Vec<(u64, u32)>,
    total: u32,
    many: bool,
}

/// How many fields may still be followed, and how many were not.
#[derive(Debug)]
pub(super) struct Budget {
    free: usize,
    refused: u64,
}

impl Budget {
    /// Room for [`MOST_FIELDS`] fields.
    pub(super) fn new() -> Self {
        Budget { free: MOST_FIELDS, refused: 0 }
    }

    /// Takes the room of fields that come from a saved state; none when there is not so much.
    pub(super) fn reserve(&mut self, fields: &[Field]) -> Option<()> {
        self.free = self.free.checked_sub(fields.len())?;
        Some(())
    }

    /// Takes back the fields of a dropped shape.
    pub(super) fn give_back(&mut self, fields: &[Field]) {
        self.free += fields.len();
    }

    /// Followed fields.
    pub(super) fn used(&self) -> usize {
        MOST_FIELDS - self.free
    }

    /// Fields that were met and not followed, counted at every event.
    pub(super) fn refused(&self) -> u64 {
        self.refused
    }
}

/// The rarity in bits of a field's value before this event, which is then counted if it is learnt; none for a field with
/// many values or one that is not followed. `position` is where the key stands in its object, most often the same in all of
/// a shape; `value` is asked for where it matters.
pub(super) fn rarity(
    fields: &mut Vec<Field>,
    budget: &mut Budget,
    position: usize,
    key: u64,
    value: impl FnOnce() -> u64,
    learn: bool,
) -> Option<f64> {
    let found = match fields.get(position) {
        Some(field) if field.key == key => Some(position),
        _ => fields.iter().position(|field| field.key == key),
    };
    let at = match found {
        Some(at) => at,
        None if !learn => return None,
        None if budget.free > 0 && fields.len() < MOST_PER_SHAPE => {
            budget.free -= 1;
            fields.push(Field { key, ..Field::default() });
            fields.len() - 1
        }
        None => {
            budget.refused += 1;
            return None;
        }
    };
    fields[at].count(value, learn)
}

impl Field {
    fn count(&mut self, value: impl FnOnce() -> u64, learn: bool) -> Option<f64> {
        if self.many {
            return None;
        }
        let value = value();
        let at = self.values.iter().position(|known| known.0 == value);
        if !learn {
            return Some(self.bits(at.map_or(0, |at| self.values[at].1)));
        }
        if at.is_none() && self.values.len() == MOST_VALUES {
            self.many = true;
            self.values = Vec::new();
            return None;
        }
        let at = at.unwrap_or_else(|| {
            self.values.push((value, 0));
            self.values.len() - 1
        });
        let bits = self.bits(self.values[at].1);
        self.values[at].1 += 1;
        self.total += 1;
        if self.total >= HALVE_AT {
            self.total /= 2;
            self.values.iter_mut().for_each(|known| known.1 /= 2);
        }
        Some(bits)
    }

    fn bits(&self, count: u32) -> f64 {
        ((f64::from(self.total) + 1.0) / (f64::from(count) + 0.5)).log2()
    }
}

impl Field {
    /// Adds it to a saved state.
    fn save(&self, out: &mut Vec<u8>) {
        put(out, self.key);
        put_u32(out, self.total);
        put_u32(out, self.many.into());
        put_u32(out, self.values.len() as u32);
        for (value, count) in &self.values {
            put(out, *value);
            put_u32(out, *count);
        }
    }

    fn restore(input: &mut &[u8]) -> Option<Field> {
        let (key, total, many) = (take(input)?, take_up_to(input, HALVE_AT)?, take_flag(input)?);
        let count = take_up_to(input, MOST_VALUES as u32)?;
        let values = (0..count).map(|_| Some((take(input)?, take_up_to(input, HALVE_AT)?))).collect::<Option<_>>()?;
        Some(Field { key, values, total, many })
    }
}

/// Adds the fields of a shape to a saved state.
pub(super) fn save(fields: &[Field], out: &mut Vec<u8>) {
    put_u32(out, fields.len() as u32);
    fields.iter().for_each(|field| field.save(out));
}

/// Takes them up again.
pub(super) fn restore(input: &mut &[u8]) -> Option<Vec<Field>> {
    (0..take_up_to(input, MOST_PER_SHAPE as u32)?).map(|_| Field::restore(input)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_value_of_a_steady_field_is_rare() {
        let (mut fields, mut budget) = (Vec::new(), Budget::new());
        for _ in 0..1000 {
            rarity(&mut fields, &mut budget, 0, 7, || 200, true);
        }
        assert!(rarity(&mut fields, &mut budget, 0, 7, || 200, true).unwrap() < 0.01);
        assert!(rarity(&mut fields, &mut budget, 0, 7, || 500, true).unwrap() > 10.0);
    }

    #[test]
    fn a_field_with_many_values_has_no_rarity() {
        let (mut fields, mut budget) = (Vec::new(), Budget::new());
        let last = (0..65).map(|value| rarity(&mut fields, &mut budget, 0, 7, || value, true)).last().flatten();
        assert_eq!(last, None);
        assert_eq!(rarity(&mut fields, &mut budget, 0, 7, || 0, true), None);
    }

    #[test]
    fn fields_are_bounded_and_counted() {
        let (mut fields, mut budget) = (Vec::new(), Budget::new());
        for key in 0..100 {
            rarity(&mut fields, &mut budget, key as usize, key, || 1, true);
        }
        assert_eq!((budget.used(), budget.refused()), (64, 36));
        budget.give_back(&fields);
        assert_eq!(budget.used(), 0);
    }
}
