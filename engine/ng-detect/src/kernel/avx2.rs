//! Sixteen lanes in two registers of AVX2.

use super::LANES;
use super::network;
use super::top_k::{Collect, MAX, ROOM};
use std::arch::x86_64::*;

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

/// Sixteen lanes in two registers. Used by `run_avx2` only, and so only where AVX2 is present; that is what every
/// `unsafe` here rests on. Loads and stores stay within arrays of sixteen.
#[derive(Clone, Copy)]
pub(super) struct Lanes(pub(super) __m256, pub(super) __m256);

impl super::Lanes for Lanes {
    #[inline(always)]
    fn load(values: &[f32; LANES]) -> Self {
        // SAFETY: AVX is present (see `Lanes`); both reads of eight values lie within the sixteen.
        unsafe { Lanes(_mm256_loadu_ps(values.as_ptr()), _mm256_loadu_ps(values.as_ptr().add(8))) }
    }

    #[inline(always)]
    fn splat(value: f32) -> Self {
        // SAFETY: AVX is present (see `Lanes`).
        unsafe { Lanes(_mm256_set1_ps(value), _mm256_set1_ps(value)) }
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        // SAFETY: AVX is present (see `Lanes`).
        unsafe { Lanes(_mm256_add_ps(self.0, other.0), _mm256_add_ps(self.1, other.1)) }
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        // SAFETY: AVX is present (see `Lanes`).
        unsafe { Lanes(_mm256_sub_ps(self.0, other.0), _mm256_sub_ps(self.1, other.1)) }
    }

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        // SAFETY: AVX is present (see `Lanes`).
        unsafe { Lanes(_mm256_mul_ps(self.0, other.0), _mm256_mul_ps(self.1, other.1)) }
    }

    #[inline(always)]
    fn min(self, other: Self) -> Self {
        // SAFETY: AVX is present (see `Lanes`).
        unsafe { Lanes(_mm256_min_ps(self.0, other.0), _mm256_min_ps(self.1, other.1)) }
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        // SAFETY: AVX is present (see `Lanes`).
        unsafe { Lanes(_mm256_max_ps(self.0, other.0), _mm256_max_ps(self.1, other.1)) }
    }

    #[inline(always)]
    fn within(self, bound: Self) -> u32 {
        // SAFETY: AVX is present (see `Lanes`).
        let (low, high) = unsafe {
            (
                _mm256_movemask_ps(_mm256_cmp_ps::<_CMP_LE_OQ>(self.0, bound.0)),
                _mm256_movemask_ps(_mm256_cmp_ps::<_CMP_LE_OQ>(self.1, bound.1)),
            )
        };
        low as u32 | (high as u32) << 8
    }

    #[inline(always)]
    fn store(self) -> [f32; LANES] {
        let mut values = [0.0; LANES];
        // SAFETY: AVX is present (see `Lanes`); both writes of eight values lie within the sixteen.
        unsafe {
            _mm256_storeu_ps(values.as_mut_ptr(), self.0);
            _mm256_storeu_ps(values.as_mut_ptr().add(8), self.1);
        }
        values
    }

    #[inline(always)]
    fn numbers(mask: u32, first: u32, numbers: &mut Vec<u32>) {
        let (low, high) = (mask as usize & 0xff, mask as usize >> 8 & 0xff);
        let count = low.count_ones() as usize;
        assert!(numbers.capacity() - numbers.len() >= LANES);
        // SAFETY: AVX2 is present (see `Lanes`); both stores of eight end within the room, as just asserted, and what
        // becomes part of the list was written; a row of SET has the eight bytes that are loaded.
        unsafe {
            let end = numbers.as_mut_ptr().add(numbers.len());
            let lanes = _mm256_add_epi32(_mm256_set1_epi32(first as i32), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
            let order = _mm256_cvtepu8_epi32(_mm_loadl_epi64(SET[low].as_ptr().cast()));
            _mm256_storeu_si256(end.cast(), _mm256_permutevar8x32_epi32(lanes, order));
            let lanes = _mm256_add_epi32(lanes, _mm256_set1_epi32(8));
            let order = _mm256_cvtepu8_epi32(_mm_loadl_epi64(SET[high].as_ptr().cast()));
            _mm256_storeu_si256(end.add(count).cast(), _mm256_permutevar8x32_epi32(lanes, order));
            numbers.set_len(numbers.len() + count + high.count_ones() as usize);
        }
    }
}

impl Collect for Lanes {
    #[inline(always)]
    fn compress(self, mask: u32, values: &mut [f32; ROOM], at: usize) -> usize {
        let (low, high) = (mask as usize & 0xff, mask as usize >> 8 & 0xff);
        let next = at + low.count_ones() as usize;
        // The second store is the farther one.
        assert!(next + 8 <= ROOM && at <= next);
        // SAFETY: AVX2 is present (see `Lanes`); both stores of eight end within the array, as just asserted; a row of SET
        // has the eight bytes that are loaded.
        unsafe {
            let order = _mm256_cvtepu8_epi32(_mm_loadl_epi64(SET[low].as_ptr().cast()));
            _mm256_storeu_ps(values.as_mut_ptr().add(at), _mm256_permutevar8x32_ps(self.0, order));
            let order = _mm256_cvtepu8_epi32(_mm_loadl_epi64(SET[high].as_ptr().cast()));
            _mm256_storeu_ps(values.as_mut_ptr().add(next), _mm256_permutevar8x32_ps(self.1, order));
        }
        next - at + high.count_ones() as usize
    }

    #[inline(always)]
    fn merge(best: &mut [f32; MAX], fresh: &[f32; MAX]) {
        // SAFETY: AVX2 is present (see `Lanes`).
        unsafe { network::merge(best, fresh) }
    }
}
