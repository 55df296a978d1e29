//! A sliding window of remembered vectors in which like events lie together, so that most of it need not be looked at:
//! a block of sixteen whose bounds are too far away is left out. The answer is exact.
//!
//! # Layout
//!
//! `block_index/saved.rs` has the saved form.

mod saved;

use super::kernel::{self, Block, Boxes, DIMS, Gaps, LANES, Query, SMALL_K, Scanner, TopK};
use super::knn::clamp;
use ng_model::record::NO_SEQ;
use std::collections::VecDeque;

/// Most kinds of events that are kept apart.
const MAX_KINDS: usize = 256;
/// The first look reaches this much farther (squared) than the last answer from the same cell did.
const FARTHER: f32 = 2.0;
/// No block.
const NOWHERE: u32 = u32::MAX;

/// The latest vectors of one stream. Memory grows with what is remembered, about 60 bytes a vector.
#[derive(Debug)]
pub(super) struct BlockPrunedIndex {
    blocks: Vec<Block>,
    /// Bounds of every sixteen blocks. They are those of all vectors since a block was last empty.
    boxes: Vec<Boxes>,
    uses: Vec<Use>,
    seqs: Vec<u64>,
    /// Places from the oldest vector to the latest.
    order: VecDeque<u32>,
    /// Empty blocks.
    free: Vec<u32>,
    kinds: Vec<Kind>,
    /// The squared distance to look to first, by cell: vectors of one kind that agree in every weighed dimension up to
    /// the fraction. Cells share places.
    reaches: Vec<f32>,
    /// The same after the last answer, from whatever cell.
    reach: f32,
    window: usize,
    scanner: Scanner,
    some: Vec<u32>,
    gaps: Vec<Gaps>,
    found: Vec<u64>,
    nearby: TopK,
    distances: Vec<f32>,
}

/// What is near to a vector.
#[derive(Clone, Copy, Debug)]
pub(super) struct Neighbours<'a> {
    /// Squared distances of the nearest, smallest first; fewer than were asked for when there are fewer.
    pub(super) distances: &'a [f32],
    /// The place of the nearest.
    pub(super) nearest: Option<usize>,
    scanner: Scanner,
}

impl Neighbours<'_> {
    /// The sum of the distances, which are not squared here.
    pub(super) fn sum(&self) -> f64 {
        self.scanner.sum_of_roots(self.distances)
    }
}

/// What is in a block.
#[derive(Clone, Copy, Debug)]
struct Use {
    /// Tells the kind of its vectors.
    cluster: u32,
    /// Places given out since it was last empty.
    given: u8,
    /// Vectors that are still remembered.
    living: u8,
}

/// One kind of events.
#[derive(Clone, Copy, Debug)]
struct Kind {
    /// The block that is being filled.
    open: u32,
    /// The squared distance to look to first from a cell that was not asked from yet.
    reach: f32,
}

impl BlockPrunedIndex {
    /// Remembers at most `window` vectors, at least one.
    pub(super) fn new(window: usize, scanner: Scanner) -> Self {
        let kinds = (window / 16).clamp(1, MAX_KINDS);
        BlockPrunedIndex {
            blocks: Vec::new(),
            boxes: Vec::new(),
            uses: Vec::new(),
            seqs: Vec::new(),
            order: VecDeque::new(),
            free: Vec::new(),
            kinds: vec![Kind { open: NOWHERE, reach: f32::MAX }; kinds],
            reaches: vec![f32::MAX; (window / 4).next_power_of_two().max(1)],
            reach: f32::MAX,
            window: window.max(1),
            scanner,
            some: Vec::new(),
            gaps: Vec::new(),
            found: Vec::new(),
            nearby: TopK::default(),
            distances: Vec::new(),
        }
    }

    /// Remembers a vector and the `seq` of its event in place of the oldest. `cluster` is a number that is the same for
    /// events that are likely to be alike.
    pub(super) fn push(&mut self, vector: &[f32; DIMS], seq: u64, cluster: u32) {
        if self.order.len() >= self.window {
            self.forget();
        }
        let kind = self.kind(cluster);
        let open = self.kinds[kind].open;
        let number = if open != NOWHERE && usize::from(self.uses[open as usize].given) < LANES {
            open as usize
        } else {
            self.take(cluster)
        };
        let lane = usize::from(self.uses[number].given);
        self.uses[number].given += 1;
        self.put(number, lane, vector, seq);
    }

    /// Remembers a vector as the latest, at a free place of a block.
    fn put(&mut self, number: usize, lane: usize, vector: &[f32; DIMS], seq: u64) {
        self.uses[number].living += 1;
        let (sixteen, part) = (&mut self.boxes[number / LANES], number % LANES);
        for (dim, value) in vector.iter().enumerate() {
            let value = clamp(*value);
            self.blocks[number].values[dim][lane] = value;
            sixteen.low[dim][part] = sixteen.low[dim][part].min(value);
            sixteen.high[dim][part] = sixteen.high[dim][part].max(value);
        }
        let place = number * LANES + lane;
        self.seqs[place] = seq;
        self.order.push_back(place as u32);
    }

    /// The distances of the `k` nearest, all when there are fewer, and the place of the first. Differences are
    /// multiplied by `weights`, which are not negative.
    ///
    /// How far the answer to the last event of its cell reached, else of its kind, else of any, is the first guess of how
    /// far to look. The result does not depend on it.
    pub(super) fn nearest(
        &mut self,
        vector: &[f32; DIMS],
        weights: &[f32; DIMS],
        k: usize,
        cluster: u32,
    ) -> Neighbours<'_> {
        let kind = self.kind(cluster);
        let vector = vector.map(clamp);
        let cell = self.cell(&vector, weights, kind);
        let guesses = [self.reaches[cell], self.kinds[kind].reach, self.reach];
        let reach = guesses.into_iter().find(|reach| *reach < f32::MAX).unwrap_or(f32::MAX);
        let few = k <= SMALL_K || k > kernel::MAX;
        if few {
            self.found.reserve(kernel::capacity(k).saturating_sub(self.found.len()));
        }
        let everywhere = Query { vector: &vector, weights: Some(weights), k, bound: f32::MAX };
        if !few {
            self.scanner.gaps(&self.boxes, everywhere, &mut self.gaps);
        }
        let mut nearest = None;
        for bound in [reach, reach * 4.0, f32::MAX] {
            let query = Query { bound, ..everywhere };
            self.distances.clear();
            if few {
                self.scanner.reachable(&self.boxes, query, &mut self.some);
                self.scanner.nearest_of(&self.blocks, &self.some, query, &mut self.found);
                nearest = self.found.first().map(|found| kernel::place(*found));
                self.distances.extend(self.found.iter().map(|found| kernel::distance(*found)));
            } else {
                self.scanner.nearby(&self.blocks, &self.gaps, query, &mut self.nearby);
                nearest = self.nearby.nearest();
                let found = self.nearby.distances(k).iter().take_while(|distance| **distance < f32::INFINITY);
                self.distances.extend(found);
            }
            if self.distances.len() >= k || bound >= f32::MAX {
                break;
            }
        }
        if self.distances.len() == k {
            self.reach = self.distances[k - 1] * FARTHER;
            self.reaches[cell] = self.reach;
            self.kinds[kind].reach = self.reach;
        }
        Neighbours { distances: &self.distances, nearest, scanner: self.scanner }
    }

    /// The number of the kind among those kept apart; numbers that are near to each other are spread.
    fn kind(&self, cluster: u32) -> usize {
        ((u64::from(cluster.wrapping_mul(0x85eb_ca6b)) * self.kinds.len() as u64) >> 32) as usize
    }

    /// The place of a cell among the reaches.
    fn cell(&self, vector: &[f32; DIMS], weights: &[f32; DIMS], kind: usize) -> usize {
        let hash = vector.iter().zip(weights).fold(kind as u64, |hash, (value, weight)| {
            let mixed = (hash ^ (value * weight) as i32 as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            mixed ^ mixed >> 32
        });
        hash as usize & (self.reaches.len() - 1)
    }

    /// The `seq` of the event remembered at a place.
    pub(super) fn seq(&self, place: usize) -> u64 {
        self.seqs.get(place).copied().unwrap_or(NO_SEQ)
    }

    /// Changes the window and keeps the latest vectors that fit.
    pub(super) fn resize(&mut self, window: usize) {
        let mut next = BlockPrunedIndex::new(window, self.scanner);
        for (vector, seq, cluster) in self.latest(next.window) {
            next.push(&vector, seq, cluster);
        }
        *self = next;
    }

    /// Remembers everything anew in its order, and tells the `k` nearest of each of the latest `count` vectors as they
    /// were when it came. Returns what is remembered in the end.
    pub(super) fn replay(
        &self,
        count: usize,
        weights: &[f32; DIMS],
        k: usize,
        mut tell: impl FnMut(Neighbours<'_>),
    ) -> BlockPrunedIndex {
        let mut next = BlockPrunedIndex::new(self.window, self.scanner);
        let first = self.order.len().saturating_sub(count);
        for (age, (vector, seq, cluster)) in self.latest(self.window).enumerate() {
            if age >= first {
                tell(next.nearest(&vector, weights, k, cluster));
            }
            next.push(&vector, seq, cluster);
        }
        next
    }

    /// The latest `count` vectors with the `seq` and the cluster of each, oldest first.
    fn latest(&self, count: usize) -> impl Iterator<Item = ([f32; DIMS], u64, u32)> {
        self.order.iter().skip(self.order.len().saturating_sub(count)).map(|place| {
            let (number, lane) = (*place as usize / LANES, *place as usize % LANES);
            let vector = std::array::from_fn(|dim| self.blocks[number].values[dim][lane]);
            (vector, self.seqs[*place as usize], self.uses[number].cluster)
        })
    }

    /// Gives an empty block to a kind.
    fn take(&mut self, cluster: u32) -> usize {
        let fresh = Use { cluster, given: 0, living: 0 };
        let number = match self.free.pop() {
            Some(number) => number as usize,
            None => {
                if self.blocks.len().is_multiple_of(LANES) {
                    self.boxes.push(Boxes::EMPTY);
                }
                self.blocks.push(Block::FREE);
                self.uses.push(fresh);
                self.seqs.resize(self.blocks.len() * LANES, NO_SEQ);
                self.blocks.len() - 1
            }
        };
        self.uses[number] = fresh;
        let kind = self.kind(cluster);
        self.kinds[kind].open = number as u32;
        number
    }

    /// Forgets the oldest vector. A block is free again when its last vector is forgotten.
    fn forget(&mut self) {
        let Some(place) = self.order.pop_front() else { return };
        let (number, lane) = (place as usize / LANES, place as usize % LANES);
        for values in &mut self.blocks[number].values {
            values[lane] = f32::INFINITY;
        }
        let usage = &mut self.uses[number];
        usage.living -= 1;
        if usage.living > 0 {
            return;
        }
        let kind = self.kind(self.uses[number].cluster);
        if self.kinds[kind].open == number as u32 {
            self.kinds[kind].open = NOWHERE;
        }
        let (sixteen, part) = (&mut self.boxes[number / LANES], number % LANES);
        for dim in 0..DIMS {
            sixteen.low[dim][part] = f32::INFINITY;
            sixteen.high[dim][part] = f32::NEG_INFINITY;
        }
        self.free.push(number as u32);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Kernel;
    use proptest::prelude::*;

    /// Distances and `seq`s of the nearest, by looking at all.
    fn brute(all: &[([f32; DIMS], u64)], at: &[f32; DIMS], weights: &[f32; DIMS], k: usize) -> Vec<f32> {
        let square = |difference: f32| difference * difference;
        let distance =
            |vector: &[f32; DIMS]| (0..DIMS).fold(0.0, |sum, dim| sum + square((vector[dim] - at[dim]) * weights[dim]));
        let mut distances: Vec<f32> = all.iter().map(|(vector, _)| distance(vector)).collect();
        distances.sort_by(f32::total_cmp);
        distances.truncate(k);
        distances
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn the_answer_is_that_of_looking_at_all(
            // Few values, so that distances are often equal.
            events in prop::collection::vec((0u32..200, prop::array::uniform8(-2i8..3)), 1..600),
            weights in prop::array::uniform8(0.0f32..4.0),
            window in 64usize..300,
            k in 1usize..70,
        ) {
            for kernel in [Kernel::Scalar, Kernel::Avx2, Kernel::Avx512] {
                let mut memory = BlockPrunedIndex::new(window, Scanner::new(kernel));
                let mut all = Vec::new();
                for (seq, (cluster, noise)) in events.iter().enumerate() {
                    let vector = noise.map(|noise| (*cluster % 7) as f32 * 3.0 + f32::from(noise) * 0.5);
                    let latest = &all[all.len() - std::cmp::min(all.len(), window)..];
                    let around = memory.nearest(&vector, &weights, k, *cluster);
                    let (distances, nearest) = (around.distances.to_vec(), around.nearest);
                    prop_assert_eq!(&distances, &brute(latest, &vector, &weights, k));
                    prop_assert_eq!(nearest.is_some(), !latest.is_empty());
                    // How far to look first changes nothing.
                    memory.reaches.fill(if seq % 2 == 0 { f32::MAX } else { 0.01 });
                    prop_assert_eq!(memory.nearest(&vector, &weights, k, *cluster).nearest, nearest);
                    if let Some(nearest) = nearest.map(|place| memory.seq(place)) {
                        let known = latest.iter().find(|(_, seq)| *seq == nearest);
                        prop_assert_eq!(brute(&[*known.unwrap()], &vector, &weights, 1)[0], distances[0]);
                    }
                    memory.push(&vector, seq as u64, *cluster);
                    all.push((vector, seq as u64));
                }
            }
        }
    }

    #[test]
    fn of_equally_near_vectors_the_first_place_is_named() {
        let mut memory = BlockPrunedIndex::new(512, Scanner::new(Kernel::Auto));
        let corner = |dim: usize| std::array::from_fn(|at| if at == dim { 4.0 } else { 0.0 });
        // The bounds of the first block begin as far away as its vectors are, those of the others before.
        (0..16).for_each(|seq| memory.push(&corner(0), seq, 0));
        (16..112).for_each(|seq| memory.push(&corner(seq as usize % 2), seq, 1));
        for _ in 0..3 {
            let around = memory.nearest(&[0.0; DIMS], &[1.0; DIMS], 64, 0);
            assert_eq!((around.sum(), around.nearest), (256.0, Some(0)));
        }
    }

    #[test]
    fn blocks_are_bounded_whatever_the_kinds() {
        let mut memory = BlockPrunedIndex::new(512, Scanner::new(Kernel::Auto));
        for seq in 0..20_000u64 {
            let cluster = if seq / 1000 % 2 == 0 { 1 } else { (seq % 97) as u32 };
            memory.push(&[seq as f32; DIMS], seq, cluster);
        }
        assert_eq!(memory.order.len(), 512);
        assert!(memory.blocks.len() <= 512 / LANES + 2 * memory.kinds.len(), "{}", memory.blocks.len());
        memory.resize(100);
        let nearest = memory.nearest(&[0.0; DIMS], &[1.0; DIMS], 1, 0).nearest.unwrap();
        assert_eq!(memory.seq(nearest), 19_900);
    }
}
