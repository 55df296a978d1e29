//! Rarity of the values of JSON fields that take few values, such as a status or a host.

use super::tokens::HALVE_AT;

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

/// The rarity in bits of a field's value before this event, which is then counted; none for a field with many values or
/// one that is not followed. `position` is where the key stands in its object, most often the same in all of a shape.
pub(super) fn rarity(
    fields: &mut Vec<Field>,
    budget: &mut Budget,
    position: usize,
    key: u64,
    value: u64,
) -> Option<f64> {
    let found = match fields.get(position) {
        Some(field) if field.key == key => Some(position),
        _ => fields.iter().position(|field| field.key == key),
    };
    let at = match found {
        Some(at) => at,
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
    fields[at].count(value)
}

impl Field {
    fn count(&mut self, value: u64) -> Option<f64> {
        if self.many {
            return None;
        }
        let at = self.values.iter().position(|known| known.0 == value);
        if at.is_none() && self.values.len() == MOST_VALUES {
            self.many = true;
            self.values = Vec::new();
            return None;
        }
        let at = at.unwrap_or_else(|| {
            self.values.push((value, 0));
            self.values.len() - 1
        });
        let count = &mut self.values[at].1;
        let bits = ((f64::from(self.total) + 1.0) / (f64::from(*count) + 0.5)).log2();
        *count += 1;
        self.total += 1;
        if self.total >= HALVE_AT {
            self.total /= 2;
            self.values.iter_mut().for_each(|known| known.1 /= 2);
        }
        Some(bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_value_of_a_steady_field_is_rare() {
        let (mut fields, mut budget) = (Vec::new(), Budget::new());
        for _ in 0..1000 {
            rarity(&mut fields, &mut budget, 0, 7, 200);
        }
        assert!(rarity(&mut fields, &mut budget, 0, 7, 200).unwrap() < 0.01);
        assert!(rarity(&mut fields, &mut budget, 0, 7, 500).unwrap() > 10.0);
    }

    #[test]
    fn a_field_with_many_values_has_no_rarity() {
        let (mut fields, mut budget) = (Vec::new(), Budget::new());
        let last = (0..65).map(|value| rarity(&mut fields, &mut budget, 0, 7, value)).last().flatten();
        assert_eq!(last, None);
        assert_eq!(rarity(&mut fields, &mut budget, 0, 7, 0), None);
    }

    #[test]
    fn fields_are_bounded_and_counted() {
        let (mut fields, mut budget) = (Vec::new(), Budget::new());
        for key in 0..100 {
            rarity(&mut fields, &mut budget, key as usize, key, 1);
        }
        assert_eq!((budget.used(), budget.refused()), (64, 36));
        budget.give_back(&fields);
        assert_eq!(budget.used(), 0);
    }
}
