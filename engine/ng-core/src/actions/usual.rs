//! How many events a window usually has, for `rate > 3x usual in TIME`.
//!
//! Usual is the median of the last [`WINDOWS`] whole windows, each as long as the one that is compared, so that a burst
//! teaches nothing and what lasts for half of them becomes usual. It is never taken for less than one. The window that is
//! compared slides in [`SLOTS`] steps.

use ng_model::checkpoint::{put, put_u32, take, take_all, take_u32};
use std::collections::VecDeque;

/// Steps in which a window slides.
const SLOTS: usize = 60;
/// Whole windows that are remembered.
const WINDOWS: usize = 24;
/// Whole windows before anything is unusual.
const MIN_WINDOWS: usize = 6;

/// The counts of one group. Times are those of its track; it begins with the first.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Usual {
    slot_ns: i64,
    begun: i64,
    /// The latest slot, counted from the beginning.
    slot: i64,
    /// Events of the latest slots, each at its number modulo [`SLOTS`].
    counts: [u32; SLOTS],
    /// Their sum.
    total: u64,
    /// Whole windows, oldest first.
    windows: VecDeque<u64>,
    median: f64,
}

impl Usual {
    pub(super) fn new(window_ns: i64, begun: i64) -> Usual {
        Usual {
            slot_ns: (window_ns / SLOTS as i64).max(1),
            begun,
            slot: 0,
            counts: [0; SLOTS],
            total: 0,
            windows: VecDeque::with_capacity(WINDOWS),
            median: 1.0,
        }
    }

    /// Counts an event at a time that is not before the last.
    pub(super) fn record(&mut self, at: i64) {
        self.roll(self.slot_of(at));
        let count = &mut self.counts[self.slot as usize % SLOTS];
        self.total += u64::from(*count < u32::MAX);
        *count = count.saturating_add(1);
    }

    /// Events of the window that ends at a time.
    pub(super) fn count(&self, at: i64) -> u64 {
        self.steps(at).map(|(_, count)| u64::from(count)).sum()
    }

    /// The steps of that window, the latest first: when each begins, and its events.
    pub(super) fn steps(&self, at: i64) -> impl Iterator<Item = (i64, u32)> {
        let oldest = self.slot_of(at).saturating_sub(SLOTS as i64);
        let slots = (0..SLOTS as i64).map(move |back| self.slot - back);
        slots.filter(move |slot| *slot > oldest && *slot >= 0).map(move |slot| {
            let begins = self.begun.saturating_add(slot.saturating_mul(self.slot_ns));
            (begins, self.counts[slot as usize % SLOTS])
        })
    }

    /// Events of the window that ends with the latest event.
    pub(super) fn total(&self) -> u64 {
        self.total
    }

    /// Events that a window usually has, at least 1; none while that is not known.
    pub(super) fn usual(&self) -> Option<f64> {
        (self.windows.len() >= MIN_WINDOWS).then_some(self.median)
    }

    /// When there are so few in the window that something no longer holds, if no other event comes.
    pub(super) fn ends(&self, holds: impl Fn(u64) -> bool) -> i64 {
        let (mut left, mut oldest) = (self.total, self.slot - SLOTS as i64 + 1);
        while holds(left) && oldest <= self.slot {
            if oldest >= 0 {
                left -= u64::from(self.counts[oldest as usize % SLOTS]);
            }
            oldest += 1;
        }
        let gone = oldest - 1 + SLOTS as i64;
        self.begun.saturating_add(gone.saturating_mul(self.slot_ns))
    }

    /// Passes over a time in which nothing was counted.
    pub(super) fn pause(&mut self, ns: i64) {
        self.begun = self.begun.saturating_add(ns);
    }

    fn slot_of(&self, at: i64) -> i64 {
        at.saturating_sub(self.begun) / self.slot_ns
    }

    /// Lets time pass; whole windows that end are remembered.
    fn roll(&mut self, to: i64) {
        if to.saturating_sub(self.slot) > (SLOTS * (WINDOWS + 1)) as i64 {
            (self.counts, self.total, self.slot) = ([0; SLOTS], 0, to);
            self.windows = VecDeque::from([0; WINDOWS]);
            self.median = 1.0;
            return;
        }
        while self.slot < to {
            self.slot += 1;
            let place = self.slot as usize % SLOTS;
            if place == 0 {
                self.remember(self.total);
            }
            self.total -= u64::from(self.counts[place]);
            self.counts[place] = 0;
        }
    }

    fn remember(&mut self, count: u64) {
        if self.windows.len() == WINDOWS {
            self.windows.pop_front();
        }
        self.windows.push_back(count);
        let mut sorted = [0; WINDOWS];
        let known = &mut sorted[..self.windows.len()];
        known.iter_mut().zip(&self.windows).for_each(|(place, count)| *place = *count);
        known.sort_unstable();
        let middle = (known.len() - 1) / 2;
        let upper = known[known.len() / 2];
        self.median = ((known[middle] + upper) as f64 / 2.0).max(1.0);
    }

    /// Adds it to a saved state.
    pub(super) fn save(&self, out: &mut Vec<u8>) {
        [self.begun, self.slot].iter().for_each(|number| put(out, *number as u64));
        self.counts.iter().for_each(|count| put_u32(out, *count));
        put(out, self.windows.len() as u64);
        self.windows.iter().for_each(|count| put(out, *count));
    }

    /// Takes it up again.
    pub(super) fn restore(window_ns: i64, input: &mut &[u8]) -> Option<Usual> {
        let mut usual = Usual::new(window_ns, take(input)? as i64);
        usual.slot = i64::try_from(take(input)?).ok()?;
        for count in &mut usual.counts {
            *count = take_u32(input)?;
        }
        usual.total = usual.counts.iter().map(|count| u64::from(*count)).sum();
        let most = SLOTS as u64 * u64::from(u32::MAX);
        take_all(input, WINDOWS)?.into_iter().for_each(|count| usual.remember(count.min(most)));
        Some(usual)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: i64 = 1_000_000_000;

    /// Windows of a minute, with so many events in each, evenly spread.
    fn after(windows: &[i64]) -> Usual {
        let mut usual = Usual::new(60 * S, 0);
        for (window, count) in windows.iter().enumerate() {
            (0..*count).for_each(|event| usual.record(60 * S * window as i64 + event * 60 * S / count));
        }
        usual
    }

    #[test]
    fn usual_is_the_median_of_whole_windows_once_there_are_six() {
        let mut usual = after(&[4, 4, 4, 4, 4, 4]);
        assert_eq!(usual.usual(), None, "the sixth is not over");
        usual.record(360 * S);
        assert_eq!(usual.usual(), Some(4.0));
        assert_eq!(after(&[2, 4, 90, 3, 5, 4, 2, 1]).usual(), Some(4.0), "a burst teaches nothing");
        assert_eq!(after(&[1, 0, 0, 0, 0, 0, 0, 1]).usual(), Some(1.0), "never less than one");
    }

    #[test]
    fn what_lasts_becomes_usual() {
        let windows: Vec<i64> = [vec![2; 24], vec![50; 11], vec![1]].concat();
        assert_eq!(after(&windows).usual(), Some(2.0));
        let windows: Vec<i64> = [vec![2; 24], vec![50; 13], vec![1]].concat();
        assert_eq!(after(&windows).usual(), Some(50.0));
    }

    #[test]
    fn the_window_slides_and_is_empty_after_a_while() {
        let usual = after(&[0, 6]);
        assert_eq!((usual.total(), usual.count(119 * S), usual.count(125 * S)), (6, 6, 5));
        assert_eq!((usual.count(179 * S), usual.count(i64::MAX)), (0, 0));
        assert_eq!(usual.ends(|left| left > 5), 120 * S, "the one at second 60");
        assert_eq!(usual.ends(|left| left > 0), 170 * S, "the one at second 110");
        let mut usual = after(&[4; 10]);
        usual.record(1_000_000 * S);
        assert_eq!((usual.total(), usual.usual()), (1, Some(1.0)));
    }

    #[test]
    fn what_was_saved_comes_back() {
        let mut usual = after(&[3, 1, 4, 1, 5, 9, 2, 6, 5, 3]);
        usual.record(900 * S);
        let mut bytes = Vec::new();
        usual.save(&mut bytes);
        assert_eq!(Usual::restore(60 * S, &mut bytes.as_slice()), Some(usual));
        assert_eq!(Usual::restore(60 * S, &mut &bytes[..bytes.len() - 1]), None);
    }
}
