//! How fast a body has to come, and an answer to go.

use std::time::{Duration, Instant};

/// The least that is asked of who sends a body, or takes an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Longest time without a byte. A slower sender than the rate below is borne for as long.
    pub wait: Duration,
    /// Least bytes a second; never 0.
    pub bytes_per_s: u64,
}

/// When the next bytes are due.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Due {
    pace: Pace,
    at: Instant,
}

impl Due {
    /// The first bytes are due after the wait.
    pub(crate) fn new(pace: Pace, now: Instant) -> Self {
        Due { pace, at: now + pace.wait }
    }

    /// Bytes buy time at the rate, but never more than the wait: whoever has sent much may not rest on it.
    pub(crate) fn received(&mut self, bytes: usize, now: Instant) {
        let bought = Duration::from_secs_f64(bytes as f64 / self.pace.bytes_per_s.max(1) as f64);
        self.at = (self.at + bought).min(now + self.pace.wait);
    }

    /// The time at which the sender is too slow.
    pub(crate) fn at(&self) -> Instant {
        self.at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACE: Pace = Pace { wait: Duration::from_secs(10), bytes_per_s: 1000 };

    fn s(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    #[test]
    fn a_sender_has_the_wait_for_its_first_byte_and_never_more_for_the_next() {
        let begin = Instant::now();
        let mut due = Due::new(PACE, begin);
        assert_eq!(due.at(), begin + s(10.0));
        due.received(4 << 20, begin + s(1.0));
        assert_eq!(due.at(), begin + s(11.0), "what came at once does not count for later");
    }

    #[test]
    fn a_trickle_ends_and_the_least_rate_does_not() {
        for (bytes, ends) in [(1, true), (900, true), (1000, false), (2000, false)] {
            let begin = Instant::now();
            let mut due = Due::new(PACE, begin);
            let last = (1..=1000).find(|second| {
                let now = begin + s(f64::from(*second));
                let late = now > due.at();
                due.received(bytes, now);
                late
            });
            assert_eq!(last.is_some(), ends, "{bytes} bytes a second");
        }
    }

    #[test]
    fn one_byte_buys_no_more_than_its_share() {
        let begin = Instant::now();
        let mut due = Due::new(PACE, begin);
        due.received(1, begin + s(9.0));
        assert_eq!(due.at(), begin + s(10.001));
    }
}
