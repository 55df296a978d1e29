//! The nearest of many: up to 64 distances kept in order by a network of minima and maxima, which has no branch.

use super::{Block, DIMS, Gaps, LANES, Lanes, Query, splat_all};

/// Distances that are kept in order.
pub const MAX: usize = 64;
/// Room behind the sixteenth distance that may come to 63 others, for stores of eight at a time.
pub(super) const ROOM: usize = MAX + LANES + 8;

/// Rings around a vector, as shares of the squared distance to look to: most of what is near is in the first ones, and once
/// it is known the others are mostly empty.
const RINGS: [f32; 3] = [0.1, 0.4, 1.0];

/// What a scan has found so far. Reused from scan to scan.
#[derive(Clone, Debug)]
pub struct TopK {
    /// The smallest squared distances, smallest first; infinity where nothing was found.
    best: [f32; MAX],
    /// Distances that were not sorted yet.
    fresh: [f32; ROOM],
    /// The squared distance of the nearest and its place; of several equally near the first.
    nearest: Option<(f32, u32)>,
    /// Blocks to look at.
    some: Vec<u32>,
}

impl Default for TopK {
    fn default() -> Self {
        TopK { best: [f32::INFINITY; MAX], fresh: [f32::INFINITY; ROOM], nearest: None, some: Vec::new() }
    }
}

impl TopK {
    /// The `k` smallest squared distances, at most 64, smallest first; infinity where there are fewer.
    pub fn distances(&self, k: usize) -> &[f32] {
        &self.best[..k.min(MAX)]
    }

    /// The place of the nearest; of several the first.
    pub fn nearest(&self) -> Option<usize> {
        self.nearest.map(|(_, place)| place as usize)
    }

    pub(super) fn clear(&mut self) {
        self.best = [f32::INFINITY; MAX];
        self.nearest = None;
    }
}

/// How sixteen lanes are taken over and 64 distances are sorted.
pub(super) trait Collect: Copy {
    /// Writes the lanes whose bits are set in `mask` one after the other from `at` on; up to 16 more may be written behind
    /// them. Returns how many.
    fn compress(self, mask: u32, values: &mut [f32; ROOM], at: usize) -> usize;

    /// The smallest 64 of two times 64, in order; `best` is in order.
    fn merge(best: &mut [f32; MAX], fresh: &[f32; MAX]);
}

impl TopK {
    /// Looks at the blocks in rings around the vector; see [`Scanner::nearby`](super::Scanner::nearby).
    #[inline(always)]
    pub(super) fn scan<L: Lanes + Collect>(&mut self, blocks: &[Block], gaps: &[Gaps], query: Query<'_>) {
        let weights = splat_all::<L>(query.weights.unwrap_or(&[1.0; DIMS]));
        let vector = splat_all::<L>(query.vector);
        let most = query.bound.min(f32::MAX);
        // Of equal distances those kept first count, so that what comes later must be nearer; not so for the nearest.
        let (mut bound, mut nearer, mut count) = (most, most, 0);
        let (mut inside, mut some) = (-1.0, std::mem::take(&mut self.some));
        let all = gaps.as_flattened();
        for share in RINGS {
            let outside = bound.min(most * share);
            some.clear();
            some.reserve((gaps.len() + 1) * LANES);
            for (sixteen, gaps) in gaps.iter().enumerate() {
                let gaps = L::load(gaps);
                let mask = gaps.within(L::splat(outside)) & !gaps.within(L::splat(inside));
                L::numbers(mask, (sixteen * LANES) as u32, &mut some);
            }
            for number in &some {
                if all[*number as usize] > bound {
                    continue;
                }
                let block = &blocks[*number as usize];
                let square = |dim: usize| {
                    let difference = L::load(&block.values[dim]).sub(vector[dim]).mul(weights[dim]);
                    difference.mul(difference)
                };
                let sums = square(0).add(square(1)).add(square(2)).add(square(3));
                let sums = sums.add(square(4)).add(square(5)).add(square(6)).add(square(7));
                let nearest = sums.within(L::splat(self.least(most)));
                if nearest != 0 {
                    self.name(sums.store(), nearest, *number);
                }
                let before = count;
                count = self.take(sums, sums.within(L::splat(nearer)), before);
                if count < before {
                    bound = bound.min(self.distances(query.k)[query.k - 1]);
                    nearer = nearer.min(bound.next_down());
                }
                if nearer < 0.0 {
                    break;
                }
            }
            inside = outside;
            if bound <= inside {
                break;
            }
        }
        self.some = some;
        self.finish::<L>(count);
    }

    /// Takes the lanes in `mask` behind the `count` that were not sorted yet. Returns how many are not sorted now; when that
    /// is fewer, the distances kept have changed.
    #[inline(always)]
    fn take<L: Collect>(&mut self, lanes: L, mask: u32, count: usize) -> usize {
        let count = count + lanes.compress(mask, &mut self.fresh, count);
        if count < MAX {
            return count;
        }
        self.settle::<L>();
        self.fresh.copy_within(MAX..MAX + LANES, 0);
        count - MAX
    }

    /// The squared distance of the nearest, `most` while there is none.
    #[inline(always)]
    fn least(&self, most: f32) -> f32 {
        self.nearest.map_or(most, |(least, _)| least)
    }

    /// Makes the nearest of the lanes in `mask` the nearest of all, unless there is a nearer one.
    ///
    /// Seldom needed, and so kept out of the loop.
    #[inline(never)]
    fn name(&mut self, lanes: [f32; LANES], mut mask: u32, block: u32) {
        while mask != 0 {
            let lane = mask.trailing_zeros();
            mask &= mask - 1;
            let other = (lanes[lane as usize], block * LANES as u32 + lane);
            // Distances are not negative, so that they order like their bits.
            if self.nearest.is_none_or(|nearest| (other.0.to_bits(), other.1) < (nearest.0.to_bits(), nearest.1)) {
                self.nearest = Some(other);
            }
        }
    }

    /// Takes the `count` that are left.
    #[inline(always)]
    fn finish<L: Collect>(&mut self, count: usize) {
        if count > 0 {
            self.fresh[count..MAX].fill(f32::INFINITY);
            self.settle::<L>();
        }
    }

    #[inline(always)]
    fn settle<L: Collect>(&mut self) {
        let [fresh, ..] = self.fresh.as_chunks::<MAX>().0 else { return };
        L::merge(&mut self.best, fresh);
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Kernel, Scanner, capacity, distance, place};
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_network_finds_what_the_list_finds(
            // Few values, so that distances are often equal.
            vectors in prop::collection::vec(prop::array::uniform8(-6i8..6), 1..700),
            at in prop::array::uniform8(-6i8..6),
            k in 1usize..=MAX,
            bound in prop_oneof![Just(f32::MAX), 0.0f32..300.0],
        ) {
            let mut blocks = vec![Block::FREE; vectors.len().div_ceil(LANES * LANES) * LANES];
            for (number, vector) in vectors.iter().enumerate() {
                for (dim, value) in vector.iter().enumerate() {
                    blocks[number / LANES].values[dim][number % LANES] = f32::from(*value);
                }
            }
            let at = at.map(f32::from);
            let some: Vec<u32> = (0..blocks.len() as u32).collect();
            let gaps = vec![[0.0; LANES]; blocks.len() / LANES];
            let query = Query { vector: &at, weights: Some(&[1.5; DIMS]), k, bound };
            let mut list = Vec::with_capacity(capacity(k));
            Scanner::new(Kernel::Scalar).nearest_of(&blocks, &some, query, &mut list);
            let expected: Vec<f32> = list.iter().map(|found| distance(*found)).collect();
            let mut nearby = TopK::default();
            for kernel in [Kernel::Scalar, Kernel::Avx2, Kernel::Avx512] {
                Scanner::new(kernel).nearby(&blocks, &gaps, query, &mut nearby);
                let mut found = nearby.distances(k).to_vec();
                found.retain(|distance| *distance < f32::INFINITY);
                prop_assert_eq!(&found, &expected);
                prop_assert_eq!(nearby.nearest(), list.first().map(|found| place(*found)));
            }
        }
    }
}
