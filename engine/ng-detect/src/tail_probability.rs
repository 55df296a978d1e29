//! Tail surprise: how far out a number lies among the latest numbers of its own stream; the empirical (conformal) tail
//! probability as a negative logarithm.

use ng_model::checkpoint;
use std::collections::VecDeque;

/// Values of a block before it is split in two; fewer than an eighth of it are merged into a neighbour.
const FULL: usize = 256;
/// The scale of excesses comes from this share of the values.
const FAR: f64 = 0.02;
/// Most means of the excess that count.
const MAX: f64 = 20.0;
/// An excess of one mean is worth this much.
#[expect(clippy::approx_constant, reason = "the value with which the detector was measured")]
const DECADE: f64 = 0.4343;

/// The surprise of no value.
const NOTHING: (f64, f64) = (f64::NAN, 0.0);

/// A number as it is remembered.
pub trait Kept: Copy + PartialOrd + Into<f64> {
    /// The number nearest to `x`.
    fn of(x: f64) -> Self;
}

impl Kept for f64 {
    fn of(x: f64) -> f64 {
        x
    }
}

impl Kept for f32 {
    fn of(x: f64) -> f32 {
        x as f32
    }
}

/// The latest values of a stream in the order of their size, in singles where all that comes is single.
///
/// Surprise is 0 for the commonest values and 3 for a value as large as the largest remembered one, whatever the number
/// of remembered values; beyond that it grows with the excess, measured in means of the excesses seen before, to 11.7.
#[derive(Clone, Debug)]
pub struct TailProbability<T = f64> {
    /// Sorted values in sorted blocks; no block is empty.
    blocks: Vec<Vec<T>>,
    /// The largest value of each block and how many it holds, side by side so that a search touches one block only.
    tops: Vec<T>,
    sizes: Vec<u32>,
    /// Emptied blocks, kept for their memory.
    spare: Vec<Vec<T>>,
    /// The values in the order of their arrival.
    arrived: VecDeque<T>,
    capacity: usize,
    /// log10(`counted` + 1).
    decades: f64,
    /// The number of values for which `decades` was calculated.
    counted: usize,
    /// The value searched for last and its place: what is asked about is often remembered next.
    searched: Option<(T, BlockPosition)>,
    /// A value and its surprise to the high side, while nothing has changed since: many channels say the same for long.
    known: (f64, f64),
}

/// Where a value stands among the remembered ones.
struct Rank {
    /// Values less than it.
    below: usize,
    /// Values less than or equal to it.
    up_to: usize,
}

/// A block, and in the block before the first value that is not less.
#[derive(Clone, Copy, Debug)]
struct BlockPosition {
    block: usize,
    place: usize,
}

impl<T: Kept> TailProbability<T> {
    /// Remembers at most `capacity` values, at least two.
    pub fn new(capacity: usize) -> Self {
        TailProbability {
            blocks: Vec::new(),
            tops: Vec::new(),
            sizes: Vec::new(),
            spare: Vec::new(),
            arrived: VecDeque::new(),
            capacity: capacity.max(2),
            decades: 0.0,
            counted: 0,
            searched: None,
            known: NOTHING,
        }
    }

    /// Number of remembered values.
    pub fn len(&self) -> usize {
        self.arrived.len()
    }

    /// Nothing is remembered.
    pub fn is_empty(&self) -> bool {
        self.arrived.is_empty()
    }

    /// Most values that are remembered.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// The remembered values in the order of their arrival.
    pub fn arrived(&self) -> impl Iterator<Item = f64> + Clone + '_ {
        self.arrived.iter().map(|value| (*value).into())
    }

    /// Surprise of a large value; 0 before two values are known and for a value that is not finite.
    pub fn high(&mut self, x: f64) -> f64 {
        if self.known.0 == x {
            return self.known.1;
        }
        let Some((_, largest)) = self.ends(x) else { return 0.0 };
        if x > largest {
            return self.beyond(x - largest, true);
        }
        let rank = self.find(x);
        let surprise = self.within(self.above(&rank));
        self.known = (x, surprise);
        surprise
    }

    /// Surprise of a small value.
    pub fn low(&mut self, x: f64) -> f64 {
        let Some((smallest, _)) = self.ends(x) else { return 0.0 };
        if x < smallest {
            return self.beyond(smallest - x, false);
        }
        let rank = self.find(x);
        self.within(middle(&rank))
    }

    /// A value lies beyond all that are remembered.
    pub fn is_beyond(&self, x: f64) -> bool {
        self.ends(x).is_some_and(|(smallest, largest)| x < smallest || x > largest)
    }

    /// The surprise of a value that this share of the remembered ones exceeds.
    pub fn of_share(&self, share: f64) -> f64 {
        if self.is_empty() { 0.0 } else { -share.log10() * (3.0 / self.decades) }
    }

    /// The larger of both.
    pub fn either(&mut self, x: f64) -> f64 {
        let Some((smallest, largest)) = self.ends(x) else { return 0.0 };
        if x > largest {
            self.beyond(x - largest, true)
        } else if x < smallest {
            self.beyond(smallest - x, false)
        } else {
            let rank = self.find(x);
            self.within(self.above(&rank).min(middle(&rank)))
        }
    }

    /// The values below which these shares of the remembered ones lie; none before two values are known.
    pub fn quantiles<const N: usize>(&self, shares: [f64; N]) -> Option<[f64; N]> {
        let last = self.len().checked_sub(1).filter(|last| *last > 0)?;
        Some(shares.map(|share| self.at((share * last as f64 + 0.5) as usize)))
    }

    /// The value of a rank, from 0, searched from the nearer end.
    fn at(&self, rank: usize) -> f64 {
        let from_end = self.len() - 1 - rank;
        if rank <= from_end {
            let (block, place) = position(self.sizes.iter(), rank);
            return self.blocks[block][place].into();
        }
        let (block, place) = position(self.sizes.iter().rev(), from_end);
        let block = &self.blocks[self.blocks.len() - 1 - block];
        block[block.len() - 1 - place].into()
    }

    /// Remembers a value in place of the oldest. Values that are not finite are passed over.
    pub fn push(&mut self, x: f64) {
        if !x.is_finite() {
            return;
        }
        let x = T::of(x);
        let searched = self.searched.take().filter(|searched| searched.0 == x);
        let oldest = if self.arrived.len() == self.capacity { self.arrived.pop_front() } else { None };
        self.arrived.push_back(x);
        // What comes may be what goes.
        if oldest == Some(x) {
            return;
        }
        self.known = NOTHING;
        let place = searched.map(|searched| searched.1);
        self.insert(x, place);
        match oldest {
            Some(oldest) => self.remove(oldest),
            None => self.count_changed(),
        }
    }

    /// Changes how many values are remembered and keeps the latest that fit.
    pub fn resize(&mut self, capacity: usize) {
        self.capacity = capacity.max(2);
        self.searched = None;
        self.known = NOTHING;
        while self.arrived.len() > self.capacity
            && let Some(oldest) = self.arrived.pop_front()
        {
            self.remove(oldest);
        }
        self.arrived.shrink_to(self.capacity);
        self.spare.clear();
        self.count_changed();
    }

    fn count_changed(&mut self) {
        if self.counted != self.len() {
            self.counted = self.len();
            self.decades = ((self.counted + 1) as f64).log10();
        }
    }

    /// Smallest and largest value, when there are enough to say anything of `x`.
    fn ends(&self, x: f64) -> Option<(f64, f64)> {
        if self.arrived.len() < 2 || !x.is_finite() {
            return None;
        }
        Some(((*self.blocks.first()?.first()?).into(), (*self.blocks.last()?.last()?).into()))
    }

    /// Values above, those equal to it counted half.
    fn above(&self, rank: &Rank) -> f64 {
        self.len() as f64 - middle(rank)
    }

    fn within(&self, farther: f64) -> f64 {
        -((farther + 1.0) / (self.len() as f64 + 1.0)).log10() * (3.0 / self.decades)
    }

    /// Surprise of a value `excess` beyond the last of one end.
    fn beyond(&self, excess: f64, high: bool) -> f64 {
        let far = ((FAR * self.len() as f64) as usize).max(1);
        let mean = if high { self.mean_excess_high(far) } else { self.mean_excess_low(far) };
        let steps = if mean > 0.0 { (excess / mean).min(MAX) } else { MAX };
        self.decades * (3.0 / self.decades) + DECADE * steps
    }

    fn mean_excess_high(&self, far: usize) -> f64 {
        let mut sorted = self.blocks.iter().rev().flat_map(|block| block.iter().rev()).map(|value| (*value).into());
        let base = sorted.clone().nth(far.min(self.len() - 1)).unwrap_or(0.0);
        let sum = sorted.by_ref().take(far).fold(0.0, |sum, value| sum + (value - base));
        sum / far as f64
    }

    fn mean_excess_low(&self, far: usize) -> f64 {
        let mut sorted = self.blocks.iter().flatten().map(|value| (*value).into());
        let base = sorted.clone().nth(far.min(self.len() - 1)).unwrap_or(0.0);
        let sum = sorted.by_ref().take(far).fold(0.0, |sum, value| sum + (base - value));
        sum / far as f64
    }

    fn find(&mut self, x: f64) -> Rank {
        let x = T::of(x);
        let at = self.place_of(x);
        self.searched = Some((x, at));
        let before = total(&self.sizes[..at.block]);
        let values = &self.blocks[at.block];
        let below = before + at.place;
        // Equal values may run on over the following blocks.
        let mut up_to = below;
        if self.tops[at.block] == x {
            let last = self.tops.len() - 1;
            let end = (at.block + 1 + self.tops[at.block + 1..].partition_point(|top| *top <= x)).min(last);
            up_to = before + total(&self.sizes[at.block..end]);
            up_to += self.blocks[end].partition_point(|value| *value <= x);
        } else if values.get(at.place) == Some(&x) {
            up_to += values[at.place..].partition_point(|value| *value <= x);
        }
        Rank { below, up_to }
    }

    /// The first block whose last value is not below `x`, else the last block; and where `x` stands in it.
    fn place_of(&self, x: T) -> BlockPosition {
        let block = self.tops.partition_point(|top| *top < x).min(self.tops.len() - 1);
        BlockPosition { block, place: below(&self.blocks[block], x) }
    }

    /// Adds a value, at its place when that is known.
    fn insert(&mut self, x: T, at: Option<BlockPosition>) {
        if self.blocks.is_empty() {
            let block = self.spare.pop().unwrap_or_else(|| Vec::with_capacity(FULL + 1));
            self.blocks.push(block);
            self.tops.push(x);
            self.sizes.push(0);
        }
        let BlockPosition { block: at, place } = at.unwrap_or_else(|| self.place_of(x));
        let block = &mut self.blocks[at];
        block.insert(place, x);
        if block.len() > FULL {
            let mut upper = self.spare.pop().unwrap_or_else(|| Vec::with_capacity(FULL + 1));
            upper.extend_from_slice(&block[FULL / 2..]);
            block.truncate(FULL / 2);
            self.blocks.insert(at + 1, upper);
            self.tops.insert(at + 1, x);
            self.sizes.insert(at + 1, 0);
            self.note(at + 1);
        }
        self.note(at);
    }

    /// Takes a value out. Small blocks are merged, so that the number of blocks stays in proportion.
    fn remove(&mut self, x: T) {
        let BlockPosition { block: at, place } = self.place_of(x);
        let block = &mut self.blocks[at];
        block.remove(place);
        if block.len() >= FULL / 8 || self.blocks.len() == 1 {
            if self.blocks[at].is_empty() {
                self.retire(at)
            } else {
                self.note(at)
            }
            return;
        }
        let lower = if at + 1 < self.blocks.len() { at } else { at - 1 };
        if self.blocks[lower].len() + self.blocks[lower + 1].len() <= FULL / 2 {
            let (left, right) = self.blocks.split_at_mut(lower + 1);
            left[lower].extend_from_slice(&right[0]);
            self.note(lower);
            self.retire(lower + 1);
        } else if self.blocks[at].is_empty() {
            self.retire(at);
        } else {
            self.note(at);
        }
    }

    /// Follows a change of a block.
    fn note(&mut self, at: usize) {
        let block = &self.blocks[at];
        self.sizes[at] = block.len() as u32;
        self.tops[at] = block[block.len() - 1];
    }

    fn retire(&mut self, at: usize) {
        self.tops.remove(at);
        self.sizes.remove(at);
        let mut block = self.blocks.remove(at);
        block.clear();
        self.spare.push(block);
    }
}

/// How many of a block are less than `x`. All are looked at, side by side, which takes less time than a search step by step.
fn below<T: PartialOrd + Copy>(values: &[T], x: T) -> usize {
    values.iter().map(|value| u32::from(*value < x)).sum::<u32>() as usize
}

fn total(sizes: &[u32]) -> usize {
    sizes.iter().sum::<u32>() as usize
}

/// The block of the value that has `rank` values before it, and its place there.
fn position<'a>(sizes: impl Iterator<Item = &'a u32>, rank: usize) -> (usize, usize) {
    let mut before = 0;
    for (block, size) in sizes.enumerate() {
        if rank < before + *size as usize {
            return (block, rank - before);
        }
        before += *size as usize;
    }
    (0, 0)
}

fn middle(rank: &Rank) -> f64 {
    0.5 * (rank.below + rank.up_to) as f64
}

impl<T: Kept> TailProbability<T> {
    /// Adds the remembered values to a saved state.
    pub(super) fn save(&self, out: &mut Vec<u8>) {
        checkpoint::put_all(out, self.arrived.iter().map(|value| (*value).into().to_bits()));
    }

    /// Takes them up again, as far as the capacity allows.
    pub(super) fn restore(input: &mut &[u8], capacity: usize) -> Option<Self> {
        let mut tail = TailProbability::new(capacity);
        for bits in checkpoint::take_all(input, 1 << 20)? {
            tail.push(f64::from_bits(bits));
        }
        Some(tail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The definition, on a sorted copy.
    fn high(values: &[f64], x: f64) -> f64 {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let count = sorted.len();
        if count < 2 {
            return 0.0;
        }
        let decades = ((count + 1) as f64).log10();
        let largest = sorted[count - 1];
        if x > largest {
            let far = ((0.02 * count as f64) as usize).max(1);
            let base = sorted[count.saturating_sub(1 + far)];
            let sum = sorted.iter().rev().take(far).fold(0.0, |sum, value| sum + (value - base));
            let mean = sum / far as f64;
            let steps = if mean > 0.0 { ((x - largest) / mean).min(20.0) } else { 20.0 };
            return decades * (3.0 / decades) + DECADE * steps;
        }
        let below = sorted.iter().filter(|value| **value < x).count();
        let up_to = sorted.iter().filter(|value| **value <= x).count();
        let farther = count as f64 - 0.5 * (below + up_to) as f64;
        -((farther + 1.0) / (count as f64 + 1.0)).log10() * (3.0 / decades)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn surprise_is_that_of_the_definition(
            values in prop::collection::vec((-40i32..40, -1.0f64..1.0), 1..3000),
            capacity in 2usize..1500,
            coarse in any::<bool>(),
        ) {
            let values: Vec<f64> =
                values.iter().map(|(whole, part)| f64::from(*whole) + if coarse { 0.0 } else { *part }).collect();
            let mut tail: TailProbability = TailProbability::new(capacity);
            for (i, value) in values.iter().enumerate() {
                if i % 97 == 0 {
                    let known = &values[i.saturating_sub(capacity)..i];
                    let mirrored: Vec<f64> = known.iter().map(|value| -value).collect();
                    for x in [*value, 0.5, -41.5, 45.0] {
                        let (up, down) = (high(known, x), high(&mirrored, -x));
                        prop_assert_eq!(tail.high(x).to_bits(), up.to_bits());
                        prop_assert!((tail.low(x) - down).abs() < 1e-12);
                        prop_assert_eq!(tail.either(x).to_bits(), tail.high(x).max(tail.low(x)).to_bits());
                    }
                }
                if i % 2 == 0 {
                    tail.push(*value);
                    continue;
                }
                tail.high(*value);
                tail.push(*value);
            }
            prop_assert_eq!(tail.len(), values.len().min(capacity));
            prop_assert_eq!(tail.blocks.iter().map(Vec::len).sum::<usize>(), tail.len());
        }
    }

    #[test]
    fn the_largest_of_many_is_worth_about_three() {
        let mut tail: TailProbability = TailProbability::new(8192);
        (0..8192).for_each(|value| tail.push(f64::from(value)));
        assert!((tail.high(8191.0) - 3.0).abs() < 0.15);
        assert!(tail.high(8191.5) >= 3.0);
        assert!(tail.high(4000.0) < 0.3);
        assert_eq!(tail.high(1e9), 3.0 + DECADE * MAX);
    }

    #[test]
    fn blocks_stay_in_proportion_when_the_values_wander() {
        let mut tail: TailProbability = TailProbability::new(8192);
        for i in 0..400_000u32 {
            // Clusters that move on leave single values behind.
            let place = if i % 300 == 0 { i % 7919 } else { (i / 2000) * 37 % 7919 };
            tail.push(f64::from(place) + f64::from(i % 13) / 100.0);
        }
        assert!(tail.blocks.len() < 260, "{} blocks", tail.blocks.len());
        assert!(tail.blocks.len() + tail.spare.len() < 520, "{} spare", tail.spare.len());
    }

    #[test]
    fn fewer_values_are_the_latest() {
        let mut tail: TailProbability = TailProbability::new(100);
        (0..100).for_each(|value| tail.push(f64::from(value)));
        tail.resize(10);
        let mut fresh: TailProbability = TailProbability::new(10);
        (90..100).for_each(|value| fresh.push(f64::from(value)));
        for x in [85.0, 90.0, 94.5, 99.0, 103.0] {
            assert_eq!(tail.high(x), fresh.high(x), "at {x}");
        }
    }

    #[test]
    fn values_that_are_not_finite_are_passed_over() {
        let mut tail: TailProbability = TailProbability::new(10);
        [1.0, f64::NAN, f64::INFINITY, 2.0].into_iter().for_each(|x| tail.push(x));
        assert_eq!((tail.len(), tail.high(f64::NAN), tail.low(f64::INFINITY)), (2, 0.0, 0.0));
    }
}
