//! How often something may happen: a token bucket.

use std::time::Instant;

/// How much a bucket holds and how fast it fills.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Rate {
    /// Most at once.
    pub(crate) burst: f64,
    /// Most a second in the long run.
    pub(crate) per_s: f64,
}

/// A bucket; it is full at first.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TokenBucket {
    rate: Rate,
    left: f64,
    then: Instant,
}

impl TokenBucket {
    /// A full bucket.
    pub(crate) fn new(rate: Rate, now: Instant) -> Self {
        TokenBucket { rate, left: rate.burst, then: now }
    }

    /// Takes one, or says in how many seconds there is one.
    pub(crate) fn take(&mut self, now: Instant) -> Result<(), f64> {
        let since = now.saturating_duration_since(self.then).as_secs_f64();
        self.left = (self.left + since * self.rate.per_s).min(self.rate.burst);
        self.then = self.then.max(now);
        if self.left < 1.0 {
            return Err((1.0 - self.left) / self.rate.per_s);
        }
        self.left -= 1.0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::time::Duration;

    const RATE: Rate = Rate { burst: 5.0, per_s: 2.0 };

    #[test]
    fn a_full_bucket_gives_its_burst_and_then_its_rate() {
        let now = Instant::now();
        let mut bucket = TokenBucket::new(RATE, now);
        assert_eq!((0..9).filter(|_| bucket.take(now).is_ok()).count(), 5);
        assert_eq!(bucket.take(now), Err(0.5));
        assert_eq!(bucket.take(now + Duration::from_millis(250)), Err(0.25));
        assert_eq!(bucket.take(now + Duration::from_millis(500)), Ok(()));
        let later = now + Duration::from_secs(3600);
        assert_eq!((0..9).filter(|_| bucket.take(later).is_ok()).count(), 5, "a long silence fills it, and no more");
    }

    #[test]
    fn a_time_that_goes_back_gives_nothing_twice() {
        let now = Instant::now();
        let mut bucket = TokenBucket::new(RATE, now);
        let later = now + Duration::from_secs(10);
        assert_eq!((0..9).filter(|_| bucket.take(later).is_ok()).count(), 5);
        assert!(bucket.take(now).is_err());
        assert!(bucket.take(later).is_err());
    }

    proptest! {
        #[test]
        fn no_second_gives_more_than_burst_and_rate(pauses in prop::collection::vec(0..700u64, 1..200)) {
            let begin = Instant::now();
            let mut bucket = TokenBucket::new(RATE, begin);
            let mut now = begin;
            let mut given = Vec::new();
            for pause in pauses {
                now += Duration::from_millis(pause);
                if bucket.take(now).is_ok() {
                    given.push(now);
                }
            }
            for (first, from) in given.iter().enumerate() {
                for (last, to) in given.iter().enumerate().skip(first) {
                    let most = RATE.burst + (*to - *from).as_secs_f64() * RATE.per_s + 1e-6;
                    prop_assert!((last - first + 1) as f64 <= most);
                }
            }
        }
    }
}
