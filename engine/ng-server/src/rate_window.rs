//! How many records one reader is told in a second: a sliding window, which no batch at the edge of a second gets around.

use std::time::Instant;

/// Parts of a second.
const SLOTS: usize = 16;

/// Lets a number of records through in any second: what came in the last [`SLOTS`] parts of a second, and in the part
/// that goes on, is counted.
pub(crate) struct RateWindow {
    rate: Option<u32>,
    begin: Instant,
    /// Records let through in each part, from `slot` back round the ring.
    used: [u32; SLOTS + 1],
    slot: u64,
}

impl RateWindow {
    /// A window that begins now and has let nothing through; without a rate it lets everything through.
    pub(crate) fn new(rate: Option<u32>, begin: Instant) -> Self {
        RateWindow { rate, begin, used: [0; SLOTS + 1], slot: 0 }
    }

    /// Whether one more may pass; it is counted when it may.
    pub(crate) fn admits(&mut self, now: Instant) -> bool {
        let Some(rate) = self.rate else { return true };
        let slot = (now.saturating_duration_since(self.begin).as_secs_f64() * SLOTS as f64) as u64;
        let length = self.used.len() as u64;
        for passed in (self.slot + 1..=slot).take(self.used.len()) {
            self.used[(passed % length) as usize] = 0;
        }
        self.slot = self.slot.max(slot);
        let admitted = self.used.iter().map(|used| u64::from(*used)).sum::<u64>() < u64::from(rate);
        self.used[(self.slot % length) as usize] += u32::from(admitted);
        admitted
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::time::Duration;

    #[test]
    fn a_burst_at_the_end_of_a_second_and_one_at_the_beginning_of_the_next_are_one() {
        let begin = Instant::now();
        let mut window = RateWindow::new(Some(100), begin);
        let at = |ms: u64| begin + Duration::from_millis(ms);
        let mut burst = |ms: u64| (0..1000).filter(|_| window.admits(at(ms))).count();
        assert_eq!([burst(999), burst(1001), burst(1900), burst(2100), burst(9000)], [100, 0, 0, 100, 100]);
    }

    proptest! {
        #[test]
        fn no_second_lets_more_through_than_the_rate(pauses in prop::collection::vec(0..400u64, 1..400)) {
            let (begin, rate) = (Instant::now(), 5);
            let mut window = RateWindow::new(Some(rate), begin);
            let (mut now, mut admitted) = (begin, Vec::new());
            for pause in pauses {
                now += Duration::from_millis(pause);
                if window.admits(now) {
                    admitted.push(now);
                }
            }
            for (first, from) in admitted.iter().enumerate() {
                let within = admitted[first..].iter().take_while(|to| **to - *from < Duration::from_secs(1)).count();
                prop_assert!(within <= rate as usize);
            }
        }
    }
}
