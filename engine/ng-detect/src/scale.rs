//! The running spread of the dimensions of a vector, so that distances do not depend on their units.

use super::kernel::DIMS;
use ng_model::checkpoint;

/// Vectors after which older ones begin to fade.
const MEMORY: f64 = 8192.0;
/// No dimension counts as narrower than this: a feature that never moved must not drown the others when it does.
const NARROWEST: f64 = 0.05;

/// Mean and variance of each dimension, over all vectors at first, fading after 8192.
#[derive(Clone, Debug, Default)]
pub(super) struct Scale {
    count: f64,
    mean: [f64; DIMS],
    variance: [f64; DIMS],
}

impl Scale {
    /// Factors that bring every dimension to its standard deviation, times the given weights.
    pub(super) fn factors(&self, weights: &[f32; DIMS]) -> [f32; DIMS] {
        std::array::from_fn(|dim| weights[dim] / self.variance[dim].sqrt().max(NARROWEST) as f32)
    }

    /// How many standard deviations each dimension lies from its mean; 0 before two vectors are known.
    pub(super) fn deviations(&self, vector: &[f32; DIMS]) -> [f64; DIMS] {
        let spread = |dim: usize| self.variance[dim].sqrt().max(NARROWEST);
        let known = self.count >= 2.0;
        std::array::from_fn(|dim| if known { (f64::from(vector[dim]) - self.mean[dim]) / spread(dim) } else { 0.0 })
    }

    /// Learns a vector; values that are not finite are passed over.
    pub(super) fn push(&mut self, vector: &[f32; DIMS]) {
        self.count = (self.count + 1.0).min(MEMORY);
        let before = (self.mean, self.variance);
        // Without a branch, so that dimensions are learnt side by side.
        for (dim, value) in vector.iter().enumerate() {
            let value = f64::from(*value);
            let step = value - self.mean[dim];
            self.mean[dim] += step / self.count;
            self.variance[dim] += (step * (value - self.mean[dim]) - self.variance[dim]) / self.count;
        }
        for (dim, _) in vector.iter().enumerate().filter(|(_, value)| !value.is_finite()) {
            (self.mean[dim], self.variance[dim]) = (before.0[dim], before.1[dim]);
        }
    }
}

impl Scale {
    /// Adds it to a saved state.
    pub(super) fn save(&self, out: &mut Vec<u8>) {
        checkpoint::put_float(out, self.count);
        self.mean.iter().chain(&self.variance).for_each(|number| checkpoint::put_float(out, *number));
    }

    /// Takes it up again.
    pub(super) fn restore(input: &mut &[u8]) -> Option<Scale> {
        let mut scale = Scale { count: checkpoint::take_finite(input)?, ..Scale::default() };
        for number in scale.mean.iter_mut().chain(&mut scale.variance) {
            *number = checkpoint::take_finite(input)?;
        }
        Some(scale)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spread_is_the_standard_deviation() {
        let mut scale = Scale::default();
        for i in 0..1000 {
            let sign = if i % 2 == 0 { 1.0 } else { -1.0 };
            scale.push(&[5.0 + 2.0 * sign, 100.0 * sign, 7.0, 0.0, 0.0, 0.0, 0.0, f32::NAN]);
        }
        let factors = scale.factors(&[1.0, 2.0, 1.0, 0.0, 1.0, 1.0, 1.0, 1.0]);
        assert!((factors[0] - 0.5).abs() < 1e-3, "{factors:?}");
        assert!((factors[1] - 0.02).abs() < 1e-4, "{factors:?}");
        assert_eq!(factors[2..], [20.0, 0.0, 20.0, 20.0, 20.0, 20.0]);
    }
}
