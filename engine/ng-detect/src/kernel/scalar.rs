//! Sixteen lanes in plain arrays, for every processor.

use super::LANES;
use super::top_k::{Collect, MAX, ROOM};

impl super::Lanes for [f32; LANES] {
    #[inline(always)]
    fn load(values: &[f32; LANES]) -> Self {
        *values
    }

    #[inline(always)]
    fn splat(value: f32) -> Self {
        [value; LANES]
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        std::array::from_fn(|lane| self[lane] + other[lane])
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        std::array::from_fn(|lane| self[lane] - other[lane])
    }

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        std::array::from_fn(|lane| self[lane] * other[lane])
    }

    #[inline(always)]
    fn min(self, other: Self) -> Self {
        std::array::from_fn(|lane| if self[lane] < other[lane] { self[lane] } else { other[lane] })
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        std::array::from_fn(|lane| if self[lane] > other[lane] { self[lane] } else { other[lane] })
    }

    #[inline(always)]
    fn within(self, bound: Self) -> u32 {
        (0..LANES).fold(0, |mask, lane| mask | u32::from(self[lane] <= bound[lane]) << lane)
    }

    #[inline(always)]
    fn store(self) -> [f32; LANES] {
        self
    }

    #[inline(always)]
    fn numbers(mask: u32, first: u32, numbers: &mut Vec<u32>) {
        numbers.extend((0..LANES as u32).filter(|lane| mask >> lane & 1 == 1).map(|lane| first + lane));
    }
}

impl Collect for [f32; LANES] {
    fn compress(self, mut mask: u32, values: &mut [f32; ROOM], at: usize) -> usize {
        let count = mask.count_ones() as usize;
        for value in &mut values[at..at + count] {
            *value = self[mask.trailing_zeros() as usize];
            mask &= mask - 1;
        }
        count
    }

    fn merge(best: &mut [f32; MAX], fresh: &[f32; MAX]) {
        let mut all = [0.0; 2 * MAX];
        all[..MAX].copy_from_slice(best);
        all[MAX..].copy_from_slice(fresh);
        all.sort_unstable_by(f32::total_cmp);
        best.copy_from_slice(&all[..MAX]);
    }
}
