//! The nearest of many: up to 64 distances kept in order by a network of minima and maxima, which has no branch.

use super::LANES;

/// Distances that are kept in order.
pub const MOST: usize = 64;
/// Room behind the sixteenth distance that may come to 63 others, for stores of eight at a time.
const ROOM: usize = MOST + LANES + 8;

/// What a scan has found so far. Reused from scan to scan.
#[derive(Clone, Debug)]
pub struct Nearby {
    /// The smallest squared distances, smallest first; infinity where nothing was found.
    best: [f32; MOST],
    /// Distances that were not sorted yet, and their places.
    fresh: [f32; ROOM],
    places: [u32; ROOM],
    count: usize,
    nearest: (f32, u32),
}

impl Default for Nearby {
    fn default() -> Self {
        Nearby {
            best: [f32::INFINITY; MOST],
            fresh: [f32::INFINITY; ROOM],
            places: [0; ROOM],
            count: 0,
            nearest: (f32::INFINITY, 0),
        }
    }
}

impl Nearby {
    /// The `k` smallest squared distances, at most 64, smallest first; infinity where there are fewer.
    pub fn distances(&self, k: usize) -> &[f32] {
        &self.best[..k.min(MOST)]
    }

    /// The place of the nearest; of several the first.
    pub fn nearest(&self) -> Option<usize> {
        (self.nearest.0 < f32::INFINITY).then_some(self.nearest.1 as usize)
    }

    pub(super) fn clear(&mut self) {
        self.best = [f32::INFINITY; MOST];
        self.count = 0;
        self.nearest = (f32::INFINITY, 0);
    }
}

/// How sixteen lanes are taken over and 64 distances are sorted.
pub(super) trait Collect: Copy {
    /// Writes the lanes whose bits are set in `mask`, and their places from `first` on, one after the other; up to 16
    /// more may be written behind them. Returns how many.
    fn compress(self, mask: u32, first: u32, values: &mut [f32; ROOM], places: &mut [u32; ROOM], at: usize) -> usize;

    /// The smallest 64 of two times 64, in order; `best` is in order.
    fn merge(best: &mut [f32; MOST], fresh: &[f32; MOST]);
}

impl Nearby {
    /// Takes the lanes in `mask`. Returns true when the distances kept changed.
    #[inline(always)]
    pub(super) fn take<L: Collect>(&mut self, lanes: L, mask: u32, first: u32) -> bool {
        self.count += lanes.compress(mask, first, &mut self.fresh, &mut self.places, self.count);
        if self.count < MOST {
            return false;
        }
        self.settle::<L>();
        self.fresh.copy_within(MOST..MOST + LANES, 0);
        self.places.copy_within(MOST..MOST + LANES, 0);
        self.count -= MOST;
        true
    }

    /// Takes what is left.
    #[inline(always)]
    pub(super) fn finish<L: Collect>(&mut self) {
        if self.count > 0 {
            self.fresh[self.count..MOST].fill(f32::INFINITY);
            self.settle::<L>();
            self.count = 0;
        }
    }

    #[inline(always)]
    fn settle<L: Collect>(&mut self) {
        let [fresh, ..] = self.fresh.as_chunks::<MOST>().0 else { return };
        L::merge(&mut self.best, fresh);
        let least = self.best[0];
        if least < self.nearest.0
            && let Some(at) = fresh.iter().position(|distance| *distance == least)
        {
            self.nearest = (least, self.places[at]);
        }
    }
}

impl Collect for [f32; LANES] {
    fn compress(
        self,
        mut mask: u32,
        first: u32,
        values: &mut [f32; ROOM],
        places: &mut [u32; ROOM],
        at: usize,
    ) -> usize {
        let count = mask.count_ones() as usize;
        for place in at..at + count {
            let lane = mask.trailing_zeros();
            mask &= mask - 1;
            values[place] = self[lane as usize];
            places[place] = first + lane;
        }
        count
    }

    fn merge(best: &mut [f32; MOST], fresh: &[f32; MOST]) {
        let mut all = [0.0; 2 * MOST];
        all[..MOST].copy_from_slice(best);
        all[MOST..].copy_from_slice(fresh);
        all.sort_unstable_by(f32::total_cmp);
        best.copy_from_slice(&all[..MOST]);
    }
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use super::super::avx2::Lanes;
    use super::{MOST, ROOM};
    use std::arch::x86_64::{
        __m256, _mm_loadl_epi64, _mm256_add_epi32, _mm256_blend_ps, _mm256_cvtepu8_epi32, _mm256_loadu_ps,
        _mm256_max_ps, _mm256_min_ps, _mm256_permute_ps, _mm256_permute2f128_ps, _mm256_permutevar8x32_epi32,
        _mm256_permutevar8x32_ps, _mm256_set1_epi32, _mm256_setr_epi32, _mm256_setzero_ps, _mm256_shuffle_ps,
        _mm256_storeu_ps, _mm256_storeu_si256, _mm256_unpackhi_ps, _mm256_unpacklo_ps,
    };

    /// For every mask of eight lanes, those that are set, one byte each.
    const SET: [[u8; 8]; 256] = {
        let mut all = [[0; 8]; 256];
        let mut mask = 0;
        while mask < 256 {
            let (mut lane, mut count) = (0, 0);
            while lane < 8 {
                if mask >> lane & 1 == 1 {
                    all[mask][count] = lane as u8;
                    count += 1;
                }
                lane += 1;
            }
            mask += 1;
        }
        all
    };

    /// Registers of 64 distances.
    type Eight = [__m256; 8];

    impl super::Collect for Lanes {
        #[inline(always)]
        fn compress(
            self,
            mask: u32,
            first: u32,
            values: &mut [f32; ROOM],
            places: &mut [u32; ROOM],
            at: usize,
        ) -> usize {
            let (low, high) = (mask as usize & 0xff, mask as usize >> 8 & 0xff);
            let next = at + low.count_ones() as usize;
            // The second store is the farther one.
            assert!(next + 8 <= ROOM && at <= next);
            // SAFETY: AVX2 is present (see `Lanes`); both stores of eight end within the arrays, as just asserted; a
            // row of SET has the eight bytes that are loaded.
            unsafe {
                let lanes =
                    _mm256_add_epi32(_mm256_set1_epi32(first as i32), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
                let order = _mm256_cvtepu8_epi32(_mm_loadl_epi64(SET[low].as_ptr().cast()));
                _mm256_storeu_ps(values.as_mut_ptr().add(at), _mm256_permutevar8x32_ps(self.0, order));
                _mm256_storeu_si256(places.as_mut_ptr().add(at).cast(), _mm256_permutevar8x32_epi32(lanes, order));
                let lanes = _mm256_add_epi32(lanes, _mm256_set1_epi32(8));
                let order = _mm256_cvtepu8_epi32(_mm_loadl_epi64(SET[high].as_ptr().cast()));
                _mm256_storeu_ps(values.as_mut_ptr().add(next), _mm256_permutevar8x32_ps(self.1, order));
                _mm256_storeu_si256(places.as_mut_ptr().add(next).cast(), _mm256_permutevar8x32_epi32(lanes, order));
            }
            next - at + high.count_ones() as usize
        }

        #[inline(always)]
        fn merge(best: &mut [f32; MOST], fresh: &[f32; MOST]) {
            // SAFETY: AVX2 is present (see `Lanes`); loads and stores of eight lie within the 64.
            unsafe {
                let sorted = sort(load(fresh));
                let mut low = load(best);
                // The smaller of one in order and the other in reverse are the 64 smallest; they rise and fall once.
                for (low, high) in low.iter_mut().zip(sorted.iter().rev()) {
                    *low = _mm256_min_ps(*low, reverse(*high));
                }
                low = settle(cross::<1>(cross::<2>(cross::<4>(low))));
                for (i, low) in low.iter().enumerate() {
                    _mm256_storeu_ps(best.as_mut_ptr().add(8 * i), *low);
                }
            }
        }
    }

    /// # Safety
    /// AVX2 is present.
    #[inline(always)]
    unsafe fn load(values: &[f32; MOST]) -> Eight {
        // SAFETY: AVX2 is present; eight times eight of the 64.
        unsafe {
            let mut v = [_mm256_setzero_ps(); 8];
            for (i, eight) in v.iter_mut().enumerate() {
                *eight = _mm256_loadu_ps(values.as_ptr().add(8 * i));
            }
            v
        }
    }

    /// Sorts 64: the columns of a square, then its transposed rows into each other.
    ///
    /// # Safety
    /// AVX2 is present.
    #[inline(always)]
    unsafe fn sort(mut v: Eight) -> Eight {
        // SAFETY: AVX2 is present.
        unsafe {
            // A network of 19 comparisons for eight; each line holds what may be done at once.
            v = exchange(v, [(0, 2), (1, 3), (4, 6), (5, 7)]);
            v = exchange(v, [(0, 4), (1, 5), (2, 6), (3, 7)]);
            v = exchange(v, [(0, 1), (2, 3), (4, 5), (6, 7)]);
            v = exchange(v, [(2, 4), (3, 5)]);
            v = exchange(v, [(1, 4), (3, 6)]);
            v = exchange(v, [(1, 2), (3, 4), (5, 6)]);
            v = transpose(v);
            v = settle(fold::<1>(v));
            v = settle(cross::<1>(fold::<2>(v)));
            settle(cross::<1>(cross::<2>(fold::<4>(v))))
        }
    }

    /// Puts the smaller of each pair into the first register.
    ///
    /// # Safety
    /// AVX2 is present.
    #[inline(always)]
    unsafe fn exchange<const PAIRS: usize>(mut v: Eight, pairs: [(usize, usize); PAIRS]) -> Eight {
        let mut i = 0;
        while i < PAIRS {
            let (a, b) = pairs[i];
            // SAFETY: AVX2 is present.
            (v[a], v[b]) = unsafe { (_mm256_min_ps(v[a], v[b]), _mm256_max_ps(v[a], v[b])) };
            i += 1;
        }
        v
    }

    /// Makes of each two neighbouring runs of so many registers in order one that rises and falls once, in each half,
    /// the smaller half first.
    ///
    /// # Safety
    /// AVX2 is present.
    #[inline(always)]
    unsafe fn fold<const WIDTH: usize>(v: Eight) -> Eight {
        let mut folded = v;
        for i in 0..8 {
            if i & WIDTH == 0 {
                let (start, place) = (i & !(2 * WIDTH - 1), i & (WIDTH - 1));
                // SAFETY: AVX2 is present.
                unsafe {
                    let (a, b) = (v[i], reverse(v[start + 2 * WIDTH - 1 - place]));
                    (folded[i], folded[i + WIDTH]) = (_mm256_min_ps(a, b), _mm256_max_ps(a, b));
                }
            }
        }
        folded
    }

    /// Orders each register with the one so far apart.
    ///
    /// # Safety
    /// AVX2 is present.
    #[inline(always)]
    unsafe fn cross<const APART: usize>(mut v: Eight) -> Eight {
        for i in 0..8 {
            if i & APART == 0 {
                // SAFETY: AVX2 is present.
                unsafe {
                    (v[i], v[i + APART]) = (_mm256_min_ps(v[i], v[i + APART]), _mm256_max_ps(v[i], v[i + APART]));
                }
            }
        }
        v
    }

    /// Puts each eight that rise and fall once in order.
    ///
    /// # Safety
    /// AVX2 is present.
    #[inline(always)]
    unsafe fn settle(mut v: Eight) -> Eight {
        for values in &mut v {
            // SAFETY: AVX2 is present.
            *values = unsafe { within(*values) };
        }
        v
    }

    /// Puts eight that rise and fall once in order.
    ///
    /// # Safety
    /// AVX2 is present.
    #[inline(always)]
    unsafe fn within(v: __m256) -> __m256 {
        // SAFETY: AVX2 is present.
        unsafe {
            let other = _mm256_permute2f128_ps::<1>(v, v);
            let v = _mm256_blend_ps::<0xf0>(_mm256_min_ps(v, other), _mm256_max_ps(v, other));
            let other = _mm256_permute_ps::<0x4e>(v);
            let v = _mm256_blend_ps::<0xcc>(_mm256_min_ps(v, other), _mm256_max_ps(v, other));
            let other = _mm256_permute_ps::<0xb1>(v);
            _mm256_blend_ps::<0xaa>(_mm256_min_ps(v, other), _mm256_max_ps(v, other))
        }
    }

    /// # Safety
    /// AVX2 is present.
    #[inline(always)]
    unsafe fn reverse(v: __m256) -> __m256 {
        // SAFETY: AVX2 is present.
        unsafe { _mm256_permutevar8x32_ps(v, _mm256_setr_epi32(7, 6, 5, 4, 3, 2, 1, 0)) }
    }

    /// # Safety
    /// AVX2 is present.
    #[inline(always)]
    unsafe fn transpose(v: Eight) -> Eight {
        // SAFETY: AVX2 is present.
        unsafe {
            let (mut pairs, mut fours) = (v, v);
            for i in [0, 2, 4, 6] {
                (pairs[i], pairs[i + 1]) = (_mm256_unpacklo_ps(v[i], v[i + 1]), _mm256_unpackhi_ps(v[i], v[i + 1]));
            }
            for i in [0, 4] {
                for half in 0..2 {
                    let (a, b) = (pairs[i + half], pairs[i + half + 2]);
                    fours[i + 2 * half] = _mm256_shuffle_ps::<0x44>(a, b);
                    fours[i + 2 * half + 1] = _mm256_shuffle_ps::<0xee>(a, b);
                }
            }
            let mut columns = v;
            for i in 0..4 {
                columns[i] = _mm256_permute2f128_ps::<0x20>(fours[i], fours[i + 4]);
                columns[i + 4] = _mm256_permute2f128_ps::<0x31>(fours[i], fours[i + 4]);
            }
            columns
        }
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
            for kernel in [Kernel::Scalar, Kernel::Avx2] {
                Scanner::new(kernel).nearby(&blocks, &some, query, &mut nearby);
                let mut found = nearby.distances(k).to_vec();
                found.retain(|distance| *distance < f32::INFINITY);
                prop_assert_eq!(&found, &expected);
                prop_assert_eq!(nearby.nearest(), list.first().map(|found| place(*found)));
            }
        }
    }
}
