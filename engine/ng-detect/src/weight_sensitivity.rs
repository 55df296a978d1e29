//! What the weight of a dimension does, as measured: how many of the most unusual events it puts others in the place of.

use super::kernel::DIMS;

/// The most unusual are one in so many.
const UNUSUAL: usize = 20;

/// Weights in which one dimension counts as the others do on average; none when it does so already.
pub(super) fn without(weights: &[f32; DIMS], dim: usize) -> Option<[f32; DIMS]> {
    let others = (weights.iter().sum::<f32>() - weights[dim]) / (DIMS - 1) as f32;
    let mut changed = *weights;
    changed[dim] = others;
    // Up to what adding and dividing may change.
    ((others - weights[dim]).abs() > 1e-6 * others).then_some(changed)
}

/// The share of the most unusual events by one measure that are not among the most unusual by the other, 0 to 1. Both
/// measure the same events.
pub(super) fn displaced(one: &[f64], other: &[f64]) -> f64 {
    let (one, other) = (most_unusual(one), most_unusual(other));
    let gone = one.iter().filter(|event| other.binary_search(event).is_err()).count();
    gone as f64 / one.len().max(1) as f64
}

/// The numbers of the events with the largest distances, in order; of equal ones the earlier.
fn most_unusual(distances: &[f64]) -> Vec<usize> {
    let mut events: Vec<usize> = (0..distances.len()).collect();
    events.sort_by(|a, b| distances[*b].total_cmp(&distances[*a]).then(a.cmp(b)));
    events.truncate(distances.len().div_ceil(UNUSUAL));
    events.sort_unstable();
    events
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_weights_are_as_the_others() {
        for weight in [1.0, 0.1, 0.0] {
            assert_eq!((0..DIMS).find_map(|dim| without(&[weight; DIMS], dim)), None);
        }
        let mut weights = [1.0; DIMS];
        weights[3] = 8.0;
        assert_eq!(without(&weights, 3), Some([1.0; DIMS]));
        weights[3] = 0.0;
        assert_eq!(without(&weights, 3), Some([1.0; DIMS]));
        assert_eq!(without(&weights, 0).unwrap()[0], 6.0 / 7.0);
    }

    #[test]
    fn what_is_displaced_is_counted() {
        let distances: Vec<f64> = (0..100).map(f64::from).collect();
        assert_eq!(displaced(&distances, &distances), 0.0);
        let reversed: Vec<f64> = distances.iter().rev().copied().collect();
        assert_eq!(displaced(&distances, &reversed), 1.0);
        let mut two = distances.clone();
        (two[98], two[99], two[0], two[1]) = (0.5, 0.5, 200.0, 200.0);
        assert_eq!(displaced(&distances, &two), 0.4);
        assert_eq!(displaced(&[], &[]), 0.0);
    }
}
