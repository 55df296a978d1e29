//! Counters become rates: what was counted since the sample before.

use std::collections::BTreeMap;
use std::time::Instant;

/// The counters of the sample before.
#[derive(Default)]
pub(super) struct Rates {
    last: BTreeMap<String, Counters>,
}

struct Counters {
    values: Vec<u64>,
    at: Instant,
    seen: bool,
}

impl Rates {
    /// How much each counter grew, and the seconds since the sample before. Absent in the first sample, when a counter
    /// went backwards (it wrapped, or its device was replaced), and when no time has passed.
    pub(super) fn increase<const N: usize>(
        &mut self,
        name: &str,
        counters: [u64; N],
        now: Instant,
    ) -> Option<([u64; N], f64)> {
        let Some(last) = self.last.get_mut(name) else {
            self.last.insert(name.into(), Counters { values: counters.to_vec(), at: now, seen: true });
            return None;
        };
        let seconds = now.saturating_duration_since(last.at).as_secs_f64();
        let mut grown = counters;
        let mut valid = seconds > 0.0;
        for (grown, before) in grown.iter_mut().zip(&last.values) {
            valid &= *grown >= *before;
            *grown = grown.saturating_sub(*before);
        }
        last.values.copy_from_slice(&counters);
        last.at = now;
        last.seen = true;
        valid.then_some((grown, seconds))
    }

    /// Ends a sample: counters that were not in it are forgotten, so that a device that comes back starts anew and one
    /// that stays away takes no memory.
    pub(super) fn forget_unseen(&mut self) {
        self.last.retain(|_, counters| std::mem::take(&mut counters.seen));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn only_growth_over_time_is_a_rate() {
        let mut rates = Rates::default();
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(rates.increase("a", [10, 20], at(0)), None);
        assert_eq!(rates.increase("a", [11, 24], at(2)), Some(([1, 4], 2.0)));
        assert_eq!(rates.increase("a", [12, 3], at(4)), None);
        assert_eq!(rates.increase("a", [12, 5], at(5)), Some(([0, 2], 1.0)));
        assert_eq!(rates.increase("a", [13, 6], at(5)), None);
    }

    #[test]
    fn a_counter_that_was_away_starts_anew() {
        let mut rates = Rates::default();
        let start = Instant::now();
        rates.increase("a", [1], start);
        rates.forget_unseen();
        rates.forget_unseen();
        assert!(rates.last.is_empty());
        assert_eq!(rates.increase("a", [9], start + Duration::from_secs(1)), None);
    }
}
