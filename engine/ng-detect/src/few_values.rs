//! Whether a stream has had few different values.

use ng_model::checkpoint;

/// From so many on they are not few.
const ENOUGH: usize = 20;

/// The different values of a stream, until there are enough.
#[derive(Clone, Debug, Default)]
pub(super) struct FewValues {
    values: [f64; ENOUGH],
    count: usize,
}

impl FewValues {
    /// Takes the next value of the stream.
    pub(super) fn add(&mut self, value: f64) {
        if self.are_few() && !self.values[..self.count].contains(&value) {
            self.values[self.count] = value;
            self.count += 1;
        }
    }

    /// There were fewer than 20.
    pub(super) fn are_few(&self) -> bool {
        self.count < ENOUGH
    }

    /// Adds them to a saved state.
    pub(super) fn save(&self, out: &mut Vec<u8>) {
        checkpoint::put_all(out, self.values[..self.count].iter().map(|value| value.to_bits()));
    }

    /// Takes them up again.
    pub(super) fn restore(input: &mut &[u8]) -> Option<FewValues> {
        let mut few = FewValues::default();
        for bits in checkpoint::take_all(input, ENOUGH)? {
            few.values[few.count] = f64::from_bits(bits);
            few.count += 1;
        }
        Some(few)
    }
}
