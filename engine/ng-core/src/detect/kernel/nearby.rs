//! The nearest of many: up to 64 distances kept in order by a network of minima and maxima, which has no branch.

use super::LANES;

/// Distances that are kept in order.
pub const MOST: usize = 64;
/// Room behind the sixteenth distance that may come to 63 others, for stores of eight at a time.
pub(super) const ROOM: usize = MOST + LANES + 8;

/// What a scan has found so far. Reused from scan to scan.
#[derive(Clone, Debug)]
pub struct Nearby {
    /// The smallest squared distances, smallest first; infinity where nothing was found.
    best: [f32; MOST],
    /// Distances that were not sorted yet.
    fresh: [f32; ROOM],
    nearest: Option<u32>,
}

impl Default for Nearby {
    fn default() -> Self {
        Nearby { best: [f32::INFINITY; MOST], fresh: [f32::INFINITY; ROOM], nearest: None }
    }
}

impl Nearby {
    /// The `k` smallest squared distances, at most 64, smallest first; infinity where there are fewer.
    pub fn distances(&self, k: usize) -> &[f32] {
        &self.best[..k.min(MOST)]
    }

    /// The place of the nearest; of several the first.
    pub fn nearest(&self) -> Option<usize> {
        self.nearest.map(|place| place as usize)
    }

    pub(super) fn clear(&mut self) {
        self.best = [f32::INFINITY; MOST];
        self.nearest = None;
    }
}

/// How sixteen lanes are taken over and 64 distances are sorted.
pub(super) trait Collect: Copy {
    /// Writes the lanes whose bits are set in `mask` one after the other from `at` on; up to 16 more may be written behind
    /// them. Returns how many.
    fn compress(self, mask: u32, values: &mut [f32; ROOM], at: usize) -> usize;

    /// The smallest 64 of two times 64, in order; `best` is in order.
    fn merge(best: &mut [f32; MOST], fresh: &[f32; MOST]);
}

impl Nearby {
    /// Takes the lanes in `mask` behind the `count` that were not sorted yet. Returns how many are not sorted now; when that
    /// is fewer, the distances kept have changed.
    #[inline(always)]
    pub(super) fn take<L: Collect>(&mut self, lanes: L, mask: u32, count: usize) -> usize {
        let count = count + lanes.compress(mask, &mut self.fresh, count);
        if count < MOST {
            return count;
        }
        self.settle::<L>();
        self.fresh.copy_within(MOST..MOST + LANES, 0);
        count - MOST
    }

    /// Takes the `count` that are left, and the least of each lane with the number of its block.
    #[inline(always)]
    pub(super) fn finish<L: Collect>(&mut self, count: usize, bound: f32, least: [f32; LANES], blocks: [u32; LANES]) {
        if count > 0 {
            self.fresh[count..MOST].fill(f32::INFINITY);
            self.settle::<L>();
        }
        let places = (0..).zip(least).zip(blocks).map(|((lane, least), block)| (least, block * LANES as u32 + lane));
        let nearest = places.min_by(|one, other| one.0.total_cmp(&other.0).then(one.1.cmp(&other.1)));
        self.nearest = nearest.filter(|(least, _)| *least <= bound && *least < f32::INFINITY).map(|(_, place)| place);
    }

    #[inline(always)]
    fn settle<L: Collect>(&mut self) {
        let [fresh, ..] = self.fresh.as_chunks::<MOST>().0 else { return };
        L::merge(&mut self.best, fresh);
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Block, DIMS, Kernel, Query, Scanner, capacity, distance, place};
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_network_finds_what_the_list_finds(
            // Few values, so that distances are often equal.
            vectors in prop::collection::vec(prop::array::uniform8(-6i8..6), 1..700),
            at in prop::array::uniform8(-6i8..6),
            k in 1usize..=MOST,
            bound in prop_oneof![Just(f32::MAX), 0.0f32..300.0],
        ) {
            let mut blocks = vec![Block::FREE; vectors.len().div_ceil(LANES)];
            for (number, vector) in vectors.iter().enumerate() {
                for (dim, value) in vector.iter().enumerate() {
                    blocks[number / LANES].values[dim][number % LANES] = f32::from(*value);
                }
            }
            let at = at.map(f32::from);
            let some: Vec<u32> = (0..blocks.len() as u32).collect();
            let query = Query { vector: &at, weights: Some(&[1.5; DIMS]), k, bound };
            let mut list = Vec::with_capacity(capacity(k));
            Scanner::new(Kernel::Scalar).nearest_of(&blocks, &some, query, &mut list);
            let expected: Vec<f32> = list.iter().map(|found| distance(*found)).collect();
            let mut nearby = Nearby::default();
            for kernel in [Kernel::Scalar, Kernel::Avx2, Kernel::Avx512] {
                Scanner::new(kernel).nearby(&blocks, &some, query, &mut nearby);
                let mut found = nearby.distances(k).to_vec();
                found.retain(|distance| *distance < f32::INFINITY);
                prop_assert_eq!(&found, &expected);
                prop_assert_eq!(nearby.nearest(), list.first().map(|found| place(*found)));
            }
        }
    }
}
