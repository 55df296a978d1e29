//! The exact scan behind every nearest-neighbour question: squared distances of one vector to all remembered ones.
//!
//! The loop is written once over sixteen lanes, which are plain arrays or registers of AVX2 or AVX-512. All take the same
//! steps in the same order, lane by lane and without fused multiply-add, so all give the same bits.
#![allow(unsafe_code)]

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "x86_64")]
mod network;
mod scalar;
mod top_k;

use top_k::Collect;
pub use top_k::{MAX, TopK};

/// Dimensions of every vector.
pub const DIMS: usize = 8;
/// Vectors stored together in a [`Block`].
pub const LANES: usize = 16;
/// Up to this many neighbours are kept in order while the scan goes on.
pub const SMALL_K: usize = 8;

/// Which machine code compares vectors. The results do not depend on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kernel {
    /// AVX2 where the processor has it, else scalar.
    #[default]
    Auto,
    /// Only what every processor of the target has.
    Scalar,
    /// AVX2; scalar on a processor without it.
    Avx2,
    /// AVX-512; what is next best on a processor without it.
    Avx512,
}

/// Sixteen vectors, one dimension after the other. Free places hold infinity and are never near anything.
#[derive(Clone, Debug)]
#[repr(align(64))]
pub struct Block {
    /// Values by dimension and place.
    pub values: [[f32; LANES]; DIMS],
}

impl Block {
    /// A block of free places.
    pub const FREE: Block = Block { values: [[f32::INFINITY; LANES]; DIMS] };
}

/// The bounds of sixteen blocks in every dimension. An empty block has low = infinity and high = −infinity.
#[derive(Clone, Debug)]
#[repr(align(64))]
pub struct Boxes {
    /// Smallest values by dimension and block.
    pub low: [[f32; LANES]; DIMS],
    /// Largest values by dimension and block.
    pub high: [[f32; LANES]; DIMS],
}

impl Boxes {
    /// The bounds of empty blocks.
    pub const EMPTY: Boxes = Boxes { low: [[f32::INFINITY; LANES]; DIMS], high: [[f32::NEG_INFINITY; LANES]; DIMS] };
}

/// Squared distances to the bounds of sixteen blocks.
pub type Gaps = [f32; LANES];

/// The code chosen for this processor.
#[derive(Clone, Copy, Debug)]
pub struct Scanner {
    code: Code,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Code {
    Scalar,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

/// What to look for.
#[derive(Clone, Copy, Debug)]
pub struct Query<'a> {
    /// The vector; every value finite and at most 1e18 in size, so that distances are finite.
    pub vector: &'a [f32; DIMS],
    /// Factors of the differences; absent when all are 1.
    pub weights: Option<&'a [f32; DIMS]>,
    /// How many neighbours are wanted, at least 1.
    pub k: usize,
    /// Vectors beyond this squared distance are left out; [`f32::MAX`] for none.
    pub bound: f32,
}

impl Scanner {
    /// Chooses the code once; the processor is asked here and not again.
    pub fn new(kernel: Kernel) -> Self {
        #[cfg(target_arch = "x86_64")]
        let code = {
            let has_avx2 = std::is_x86_feature_detected!("avx2") && std::is_x86_feature_detected!("popcnt");
            let has_avx512 = std::is_x86_feature_detected!("avx512f") && std::is_x86_feature_detected!("avx512vl");
            match kernel {
                Kernel::Auto | Kernel::Avx512 if has_avx2 && has_avx512 => Code::Avx512,
                Kernel::Auto | Kernel::Avx512 | Kernel::Avx2 if has_avx2 => Code::Avx2,
                _ => Code::Scalar,
            }
        };
        #[cfg(not(target_arch = "x86_64"))]
        let code = {
            let _ = kernel;
            Code::Scalar
        };
        Scanner { code }
    }

    /// Fills `found` with the `k` nearest places within the bound (fewer when there are fewer), nearest first, equal
    /// distances in the order of their places. Read them with [`distance`] and [`place`].
    pub fn nearest(self, blocks: &[Block], query: Query<'_>, found: &mut Vec<u64>) {
        found.clear();
        run(self.code, Task::All { blocks, query, found });
        keep_nearest(query.k, found);
        found.sort_unstable();
    }

    /// The same over some of the blocks only.
    pub fn nearest_of(self, blocks: &[Block], some: &[u32], query: Query<'_>, found: &mut Vec<u64>) {
        found.clear();
        run(self.code, Task::Some { blocks, some, query, found });
        keep_nearest(query.k, found);
        found.sort_unstable();
    }

    /// The same for up to 64 neighbours of which only the nearest has a name. The bound is taken as it is, so that fewer
    /// than `k` are found when it is too small. `gaps` say how far away each block begins; what begins nearest is looked at
    /// first, and what begins behind the neighbours found so far is left out.
    pub fn nearby(self, blocks: &[Block], gaps: &[Gaps], query: Query<'_>, nearby: &mut TopK) {
        nearby.clear();
        run(self.code, Task::TopK { blocks, gaps, query, nearby });
    }

    /// Fills `gaps` with the squared distances to the bounds of the blocks; infinity for an empty block.
    pub fn gaps(self, boxes: &[Boxes], query: Query<'_>, gaps: &mut Vec<Gaps>) {
        gaps.clear();
        run(self.code, Task::Gaps { boxes, query, gaps });
    }

    /// Fills `some` with the numbers of the blocks that may hold something within the bound.
    pub fn reachable(self, boxes: &[Boxes], query: Query<'_>, some: &mut Vec<u32>) {
        some.clear();
        run(self.code, Task::Boxes { boxes, query, some });
    }

    /// The sum of the roots of squared distances, in their order.
    pub fn sum_of_roots(self, squares: &[f32]) -> f64 {
        let mut sum = 0.0;
        run(self.code, Task::Roots { squares, sum: &mut sum });
        sum
    }

    /// Name of the code in use, `avx512`, `avx2` or `scalar`.
    pub fn name(self) -> &'static str {
        match self.code {
            Code::Scalar => "scalar",
            #[cfg(target_arch = "x86_64")]
            Code::Avx2 => "avx2",
            #[cfg(target_arch = "x86_64")]
            Code::Avx512 => "avx512",
        }
    }
}

/// The squared distance of a found place.
pub fn distance(found: u64) -> f32 {
    f32::from_bits((found >> 32) as u32)
}

/// The place behind a found entry: block × 16 + lane.
pub fn place(found: u64) -> usize {
    found as u32 as usize
}

/// Entries compare like (distance, place): the bits of floats that are not negative order like the floats.
fn entry(distance: f32, place: usize) -> u64 {
    u64::from(distance.to_bits()) << 32 | place as u64
}

/// Squared distance of the vector at one place, in the order of operations of the scan.
pub fn distance_to(blocks: &[Block], place: usize, query: &Query<'_>) -> f32 {
    let block = &blocks[place / LANES];
    let weights = query.weights.unwrap_or(&[1.0; DIMS]);
    (0..DIMS).fold(0.0, |sum, dim| {
        let difference = (block.values[dim][place % LANES] - query.vector[dim]) * weights[dim];
        sum + difference * difference
    })
}

/// One run of the loop.
enum Task<'a> {
    All { blocks: &'a [Block], query: Query<'a>, found: &'a mut Vec<u64> },
    Some { blocks: &'a [Block], some: &'a [u32], query: Query<'a>, found: &'a mut Vec<u64> },
    TopK { blocks: &'a [Block], gaps: &'a [Gaps], query: Query<'a>, nearby: &'a mut TopK },
    Gaps { boxes: &'a [Boxes], query: Query<'a>, gaps: &'a mut Vec<Gaps> },
    Boxes { boxes: &'a [Boxes], query: Query<'a>, some: &'a mut Vec<u32> },
    Roots { squares: &'a [f32], sum: &'a mut f64 },
}

fn run(code: Code, task: Task<'_>) {
    match code {
        Code::Scalar => run_with::<[f32; LANES]>(task),
        // SAFETY: a scanner was made with this code, so the processor has what it asks for.
        #[cfg(target_arch = "x86_64")]
        Code::Avx2 => unsafe { run_avx2(task) },
        // SAFETY: likewise.
        #[cfg(target_arch = "x86_64")]
        Code::Avx512 => unsafe { run_avx512(task) },
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,popcnt")]
fn run_avx2(task: Task<'_>) {
    run_with::<avx2::Lanes>(task);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,popcnt,avx512f,avx512vl")]
fn run_avx512(task: Task<'_>) {
    run_with::<avx512::Lanes>(task);
}

#[inline(always)]
fn run_with<L: Lanes + Collect>(task: Task<'_>) {
    match task {
        Task::All { blocks, query, found } => scan::<L>(blocks.iter().enumerate(), query, found),
        Task::Some { blocks, some, query, found } => {
            scan::<L>(some.iter().map(|number| (*number as usize, &blocks[*number as usize])), query, found);
        }
        Task::TopK { blocks, gaps, query, nearby } => nearby.scan::<L>(blocks, gaps, query),
        Task::Gaps { boxes, query, gaps } => {
            gaps.reserve(boxes.len());
            scan_boxes::<L>(boxes, query, |_, sums| gaps.push(sums.store()));
        }
        Task::Boxes { boxes, query, some } => {
            let bound = L::splat(query.bound.min(f32::MAX));
            some.reserve((boxes.len() + 1) * LANES);
            scan_boxes::<L>(boxes, query, |first, sums| L::numbers(sums.within(bound), first, some));
        }
        Task::Roots { squares, sum } => *sum = sum_of_roots(squares),
    }
}

/// One number for each of the sixteen vectors of a block.
trait Lanes: Copy {
    fn load(values: &[f32; LANES]) -> Self;
    fn splat(value: f32) -> Self;
    fn add(self, other: Self) -> Self;
    fn sub(self, other: Self) -> Self;
    fn mul(self, other: Self) -> Self;
    fn min(self, other: Self) -> Self;
    fn max(self, other: Self) -> Self;
    /// Bit n is set when lane n is at most as large as that of `bound`.
    fn within(self, bound: Self) -> u32;
    fn store(self) -> [f32; LANES];
    /// Adds `first` and the number of each lane whose bit is set to the list, which has room for sixteen more.
    fn numbers(mask: u32, first: u32, numbers: &mut Vec<u32>);
}

/// Each value in all lanes. A loop, because closures do not take over what the processor has.
#[inline(always)]
fn splat_all<L: Lanes>(values: &[f32; DIMS]) -> [L; DIMS] {
    let mut all = [L::splat(0.0); DIMS];
    for (lanes, value) in all.iter_mut().zip(values) {
        *lanes = L::splat(*value);
    }
    all
}

#[inline(always)]
fn scan<'a, L: Lanes>(blocks: impl Iterator<Item = (usize, &'a Block)>, query: Query<'_>, found: &mut Vec<u64>) {
    match query.weights {
        None => scan_with::<L, false>(blocks, query, &[1.0; DIMS], found),
        Some(weights) => scan_with::<L, true>(blocks, query, weights, found),
    }
}

#[inline(always)]
fn scan_with<'a, L: Lanes, const WEIGHTED: bool>(
    blocks: impl Iterator<Item = (usize, &'a Block)>,
    query: Query<'_>,
    weights: &[f32; DIMS],
    found: &mut Vec<u64>,
) {
    let (vector, weights) = (splat_all::<L>(query.vector), splat_all::<L>(weights));
    let mut bound = query.bound.min(f32::MAX);
    let full = if query.k <= SMALL_K { query.k - 1 } else { capacity(query.k) - LANES };
    for (number, block) in blocks {
        let square = |dim: usize| {
            let difference = L::load(&block.values[dim]).sub(vector[dim]);
            let difference = if WEIGHTED { difference.mul(weights[dim]) } else { difference };
            difference.mul(difference)
        };
        let sums = square(0).add(square(1)).add(square(2)).add(square(3));
        let sums = sums.add(square(4)).add(square(5)).add(square(6)).add(square(7));
        let mut within = sums.within(L::splat(bound));
        if within == 0 {
            continue;
        }
        let sums = sums.store();
        while within != 0 {
            let lane = within.trailing_zeros() as usize;
            within &= within - 1;
            found.push(entry(sums[lane], number * LANES + lane));
            if query.k <= SMALL_K {
                put_in_order(query.k, found);
            }
        }
        if found.len() > full {
            keep_nearest(query.k, found);
            // Of equal distances the earlier place counts, so what follows must be nearer.
            let farthest = if query.k <= SMALL_K { found.last().copied() } else { found.iter().copied().max() };
            bound = distance(farthest.unwrap_or(0)).next_down();
            if bound < 0.0 {
                return;
            }
        }
    }
}

/// Hands over the distances to the bounds of every sixteen blocks, with the number of the first. They are rounded like
/// the distances to the vectors inside and are never larger.
#[inline(always)]
fn scan_boxes<L: Lanes>(boxes: &[Boxes], query: Query<'_>, mut take: impl FnMut(u32, L)) {
    let vector = splat_all::<L>(query.vector);
    let weights = splat_all::<L>(query.weights.unwrap_or(&[1.0; DIMS]));
    for (number, sixteen) in boxes.iter().enumerate() {
        let mut sums = L::splat(0.0);
        for dim in 0..DIMS {
            let nearest = vector[dim].max(L::load(&sixteen.low[dim])).min(L::load(&sixteen.high[dim]));
            let outside = nearest.sub(vector[dim]).mul(weights[dim]);
            sums = sums.add(outside.mul(outside));
        }
        take((number * LANES) as u32, sums);
    }
}

/// Roots are taken side by side and added one after the other, so that the sum has one value.
#[inline(always)]
fn sum_of_roots(squares: &[f32]) -> f64 {
    let mut sum = 0.0;
    for squares in squares.chunks(MAX) {
        let mut roots = [0.0; MAX];
        for (root, square) in roots.iter_mut().zip(squares) {
            *root = f64::from(*square).sqrt();
        }
        for root in &roots[..squares.len()] {
            sum += root;
        }
    }
    sum
}

/// Moves the last of the found ones to its place among the others, which are in order, and keeps `k`.
#[inline(always)]
fn put_in_order(k: usize, found: &mut Vec<u64>) {
    let mut at = found.len() - 1;
    while at > 0 && found[at] < found[at - 1] {
        found.swap(at, at - 1);
        at -= 1;
    }
    found.truncate(k);
}

fn keep_nearest(k: usize, found: &mut Vec<u64>) {
    if found.len() > k {
        found.select_nth_unstable(k - 1);
        found.truncate(k);
    }
}

/// Room that `found` needs so that a scan for `k` neighbours never allocates.
pub fn capacity(k: usize) -> usize {
    2 * k + 32 + LANES
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn blocks(vectors: &[[f32; DIMS]]) -> Vec<Block> {
        let mut blocks = vec![Block::FREE; vectors.len().div_ceil(LANES)];
        for (place, vector) in vectors.iter().enumerate() {
            for (dim, value) in vector.iter().enumerate() {
                blocks[place / LANES].values[dim][place % LANES] = *value;
            }
        }
        blocks
    }

    fn nearest(kernel: Kernel, blocks: &[Block], query: Query<'_>) -> Vec<u64> {
        let mut found = Vec::with_capacity(capacity(query.k));
        Scanner::new(kernel).nearest(blocks, query, &mut found);
        assert!(found.capacity() == capacity(query.k), "a scan allocated");
        found
    }

    fn brute(blocks: &[Block], count: usize, query: Query<'_>) -> Vec<u64> {
        let mut all: Vec<u64> = (0..count).map(|place| entry(distance_to(blocks, place, &query), place)).collect();
        all.sort_unstable();
        all.truncate(query.k);
        all
    }

    proptest! {
        #[test]
        fn all_kernels_give_the_bits_of_a_brute_force_search(
            vectors in prop::collection::vec(prop::array::uniform8(-8i8..8), 1..400),
            at in prop::array::uniform8(-9.0f32..9.0),
            weights in prop::option::of(prop::array::uniform8(0.0f32..3.0)),
            k in 1usize..70,
        ) {
            // Few distinct values, so that equal distances are common.
            let vectors: Vec<_> = vectors.iter().map(|vector| vector.map(|value| f32::from(value) * 0.7)).collect();
            let blocks = blocks(&vectors);
            let open = Query { vector: &at, weights: weights.as_ref(), k, bound: f32::MAX };
            let expected = brute(&blocks, vectors.len(), open);
            let tight = Query { bound: distance(*expected.last().unwrap()), ..open };
            for query in [open, tight] {
                if query.bound < f32::MAX && expected.len() < k {
                    continue;
                }
                for kernel in [Kernel::Scalar, Kernel::Avx2, Kernel::Avx512] {
                    prop_assert_eq!(&nearest(kernel, &blocks, query), &expected);
                }
            }
        }
    }

    #[test]
    fn nothing_is_near_in_an_empty_memory() {
        let query = Query { vector: &[0.0; DIMS], weights: None, k: 3, bound: f32::MAX };
        assert!(nearest(Kernel::Auto, &[], query).is_empty());
        assert!(nearest(Kernel::Auto, &[Block::FREE], query).is_empty());
    }
}
