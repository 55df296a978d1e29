//! A network that sorts 64 numbers in eight registers of AVX2 and merges them into 64 others.

use super::top_k::MAX;
use std::arch::x86_64::{
    __m256, _mm256_blend_ps, _mm256_loadu_ps, _mm256_max_ps, _mm256_min_ps, _mm256_permute_ps, _mm256_permute2f128_ps,
    _mm256_permutevar8x32_ps, _mm256_setr_epi32, _mm256_setzero_ps, _mm256_shuffle_ps, _mm256_storeu_ps,
    _mm256_unpackhi_ps, _mm256_unpacklo_ps,
};

/// Registers of 64 distances.
type Eight = [__m256; 8];

/// The smallest 64 of two times 64, in order; `best` is in order.
///
/// # Safety
/// AVX2 is present.
#[inline(always)]
pub(super) unsafe fn merge(best: &mut [f32; MAX], fresh: &[f32; MAX]) {
    // SAFETY: AVX2 is present; loads and stores of eight lie within the 64.
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

/// # Safety
/// AVX2 is present.
#[inline(always)]
unsafe fn load(values: &[f32; MAX]) -> Eight {
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
