//! How many events came over time, in a few bins that grow with the time they cover. Memory is fixed.
//!
//! Bins begin at multiples of their length, which is the least of one, two, four … seconds with which all events lie within
//! [`BINS`] of them. So it does not matter in which order events come, and they may come from before the first.

use crate::checkpoint::{put, put_u32, take, take_u32, take_up_to};
use ng_wire::Timeline;

/// Most bins.
const BINS: usize = 16;
/// Length of the bins of what lasts for some seconds.
const FINEST_NS: i64 = 1_000_000_000;
/// With so many doublings the bins hold all times.
const MAX_DOUBLINGS: u32 = 32;

/// Counts of events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bins {
    /// How often the length was doubled.
    doublings: u32,
    /// The bin of the first event, counted from time 0 in bins of this length.
    first: i64,
    /// Bins from that one to the one of the latest event; none before the first.
    used: usize,
    counts: [u32; BINS],
}

impl Bins {
    /// Counts events at a time, in nanoseconds of any clock.
    pub fn add(&mut self, at: i64, events: u32) {
        let mut bin = at.div_euclid(FINEST_NS) >> self.doublings;
        if self.used == 0 {
            (self.first, self.used) = (bin, 1);
        }
        while bin.max(self.last()) - bin.min(self.first) >= BINS as i64 {
            self.double();
            bin >>= 1;
        }
        if bin < self.first {
            let before = (self.first - bin) as usize;
            self.counts.copy_within(..self.used, before);
            self.counts[..before].fill(0);
            (self.first, self.used) = (bin, self.used + before);
        }
        let place = (bin - self.first) as usize;
        self.used = self.used.max(place + 1);
        self.counts[place] = self.counts[place].saturating_add(events);
    }

    /// The bin of the latest event.
    fn last(&self) -> i64 {
        self.first + self.used as i64 - 1
    }

    /// Makes one bin of two.
    fn double(&mut self) {
        let (first, last) = (self.first >> 1, self.last() >> 1);
        let mut counts = [0_u32; BINS];
        for (bin, count) in (self.first..).zip(&self.counts[..self.used]) {
            let place = ((bin >> 1) - first) as usize;
            counts[place] = counts[place].saturating_add(*count);
        }
        let used = (last - first + 1) as usize;
        *self = Bins { doublings: self.doublings + 1, first, used, counts };
    }

    /// As they are shown, with times of the clock as nanoseconds since 1970, UTC; absent without an event.
    pub fn view(&self, wall: impl Fn(i64) -> i64) -> Option<Timeline> {
        (self.used > 0).then(|| Timeline {
            start_ns: wall((self.first << self.doublings).saturating_mul(FINEST_NS)),
            bin_ns: FINEST_NS << self.doublings,
            counts: self.counts[..self.used].to_vec(),
        })
    }

    /// Adds them to a saved state.
    pub fn save(&self, out: &mut Vec<u8>) {
        put_u32(out, self.doublings);
        put(out, self.first as u64);
        put_u32(out, self.used as u32);
        self.counts[..self.used].iter().for_each(|count| put_u32(out, *count));
    }

    /// Takes them up again.
    pub fn restore(input: &mut &[u8]) -> Option<Bins> {
        let doublings = take_up_to(input, MAX_DOUBLINGS)?;
        let first = take(input)? as i64;
        let used = take_up_to(input, BINS as u32)? as usize;
        let mut counts = [0; BINS];
        for count in &mut counts[..used] {
            *count = take_u32(input)?;
        }
        let of = |ns: i64| ns.div_euclid(FINEST_NS) >> doublings;
        let is_valid = (of(i64::MIN)..=of(i64::MAX)).contains(&first);
        is_valid.then_some(Bins { doublings, first, used, counts })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const S: i64 = FINEST_NS;

    fn of(times: &[i64]) -> Bins {
        let mut bins = Bins::default();
        times.iter().for_each(|at| bins.add(*at, 1));
        bins
    }

    fn shown(times: &[i64]) -> (i64, i64, Vec<u32>) {
        let view = of(times).view(|at| at).expect("events");
        (view.start_ns / S, view.bin_ns / S, view.counts)
    }

    #[test]
    fn bins_grow_with_the_time_they_cover() {
        assert_eq!(of(&[]).view(|at| at), None);
        assert_eq!(shown(&[5 * S, 5 * S + 1, 7 * S]), (5, 1, vec![2, 0, 1]));
        assert_eq!(shown(&[7 * S, 5 * S]), (5, 1, vec![1, 0, 1]), "the first may come last");
        assert_eq!(shown(&[0, 15 * S]).1, 1);
        assert_eq!(shown(&[S, 2 * S, 3 * S, 17 * S]), (0, 2, vec![1, 2, 0, 0, 0, 0, 0, 0, 1]));
        assert_eq!(shown(&[-S, 0]), (-1, 1, vec![1, 1]));
        let day: Vec<i64> = (0..86_400).map(|second| second * S).collect();
        let (_, length, counts) = shown(&day);
        assert_eq!((length, counts.len(), counts[0], counts.iter().sum::<u32>()), (8192, 11, 8192, 86_400));
    }

    #[test]
    fn no_time_and_no_count_is_too_large() {
        let mut bins = of(&[i64::MAX, i64::MIN, 0]);
        assert_eq!(bins.view(|at| at).map(|view| view.counts.iter().sum::<u32>()), Some(3));
        bins.add(0, u32::MAX);
        bins.add(0, u32::MAX);
        assert!(bins.counts.contains(&u32::MAX));
    }

    proptest! {
        #[test]
        fn the_order_of_events_does_not_matter(
            times in prop::collection::vec(prop_oneof![-100 * S..100 * S, any::<i64>(), 0..100_000 * S], 1..60),
            turn in 0_usize..60,
        ) {
            let mut other = times.clone();
            other.rotate_left(turn % times.len());
            prop_assert_eq!(of(&times), of(&other));
            other.sort_unstable();
            prop_assert_eq!(of(&times), of(&other));
            let view = of(&times).view(|at| at).unwrap();
            prop_assert_eq!(view.counts.iter().sum::<u32>(), times.len() as u32);
            prop_assert!(view.counts[0] > 0 && view.counts[view.counts.len() - 1] > 0);
        }

        #[test]
        fn what_was_saved_comes_back_and_what_is_damaged_does_no_harm(
            times in prop::collection::vec(any::<i64>(), 0..40), place in 0_usize..16, bit in 0_u32..8,
        ) {
            let bins = of(&times);
            let mut bytes = Vec::new();
            bins.save(&mut bytes);
            prop_assert_eq!(Bins::restore(&mut bytes.as_slice()), Some(bins));
            prop_assert_eq!(Bins::restore(&mut &bytes[..bytes.len() - 1]), None);
            bytes[place] ^= 1 << bit;
            if let Some(mut damaged) = Bins::restore(&mut bytes.as_slice()) {
                damaged.add(i64::MAX, 1);
                damaged.add(i64::MIN, 1);
                damaged.view(|at| at);
            }
        }
    }
}
