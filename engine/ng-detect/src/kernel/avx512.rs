//! Sixteen lanes in one register of AVX-512.

use super::LANES;
use super::network;
use super::top_k::{Collect, MAX, ROOM};
use std::arch::x86_64::*;

/// Sixteen lanes. Used by `run_avx512` only, and so only where AVX-512 F and VL are present; that is what every `unsafe`
/// here rests on. Loads and stores stay within arrays of sixteen.
#[derive(Clone, Copy)]
pub(super) struct Lanes(__m512);

impl super::Lanes for Lanes {
    #[inline(always)]
    fn load(values: &[f32; LANES]) -> Self {
        // SAFETY: AVX-512 is present (see `Lanes`); the sixteen values are read.
        unsafe { Lanes(_mm512_loadu_ps(values.as_ptr())) }
    }

    #[inline(always)]
    fn splat(value: f32) -> Self {
        // SAFETY: AVX-512 is present (see `Lanes`).
        unsafe { Lanes(_mm512_set1_ps(value)) }
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        // SAFETY: AVX-512 is present (see `Lanes`).
        unsafe { Lanes(_mm512_add_ps(self.0, other.0)) }
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        // SAFETY: AVX-512 is present (see `Lanes`).
        unsafe { Lanes(_mm512_sub_ps(self.0, other.0)) }
    }

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        // SAFETY: AVX-512 is present (see `Lanes`).
        unsafe { Lanes(_mm512_mul_ps(self.0, other.0)) }
    }

    #[inline(always)]
    fn min(self, other: Self) -> Self {
        // SAFETY: AVX-512 is present (see `Lanes`).
        unsafe { Lanes(_mm512_min_ps(self.0, other.0)) }
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        // SAFETY: AVX-512 is present (see `Lanes`).
        unsafe { Lanes(_mm512_max_ps(self.0, other.0)) }
    }

    #[inline(always)]
    fn within(self, bound: Self) -> u32 {
        // SAFETY: AVX-512 is present (see `Lanes`).
        unsafe { _mm512_cmp_ps_mask::<_CMP_LE_OQ>(self.0, bound.0).into() }
    }

    #[inline(always)]
    fn store(self) -> [f32; LANES] {
        let mut values = [0.0; LANES];
        // SAFETY: AVX-512 is present (see `Lanes`); the sixteen values are written.
        unsafe { _mm512_storeu_ps(values.as_mut_ptr(), self.0) };
        values
    }

    #[inline(always)]
    fn numbers(mask: u32, first: u32, numbers: &mut Vec<u32>) {
        assert!(numbers.capacity() - numbers.len() >= LANES);
        // SAFETY: AVX-512 is present (see `Lanes`); the store of sixteen ends within the room, as just asserted, and what
        // becomes part of the list was written.
        unsafe {
            let end = numbers.as_mut_ptr().add(numbers.len());
            let lanes = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
            let lanes = _mm512_add_epi32(_mm512_set1_epi32(first as i32), lanes);
            _mm512_storeu_epi32(end.cast(), _mm512_maskz_compress_epi32(mask as __mmask16, lanes));
            numbers.set_len(numbers.len() + mask.count_ones() as usize);
        }
    }
}

impl Collect for Lanes {
    #[inline(always)]
    fn compress(self, mask: u32, values: &mut [f32; ROOM], at: usize) -> usize {
        assert!(at <= ROOM - LANES);
        // SAFETY: AVX-512 is present (see `Lanes`); the store of sixteen ends within the array, as just asserted.
        unsafe {
            _mm512_storeu_ps(values.as_mut_ptr().add(at), _mm512_maskz_compress_ps(mask as __mmask16, self.0));
        }
        mask.count_ones() as usize
    }

    #[inline(always)]
    fn merge(best: &mut [f32; MAX], fresh: &[f32; MAX]) {
        // SAFETY: AVX-512 is present (see `Lanes`), and so is AVX2.
        unsafe { network::merge(best, fresh) }
    }
}
