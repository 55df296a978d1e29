//! How many messages a client of the seed's dialect may send: a token bucket for each kind, which end with the connection.

use crate::bucket::{Rate, TokenBucket};
use std::time::Instant;

/// Messages beyond the capacity that a full bucket allows.
const BURST: f64 = 20.0;

/// Kinds of messages with a bucket each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Ping,
    Subscribe,
    Unsubscribe,
    GetSubscriptions,
    /// Every other type, known or not, and what cannot be read.
    Other,
}

impl Kind {
    /// The bucket that a message of this type is taken from.
    pub(super) fn of(name: &str) -> Kind {
        match name {
            "ping" => Kind::Ping,
            "subscribe" => Kind::Subscribe,
            "unsubscribe" => Kind::Unsubscribe,
            "get_subscriptions" => Kind::GetSubscriptions,
            _ => Kind::Other,
        }
    }

    /// Capacity without the burst, and messages a second that come back.
    fn limits(self) -> (f64, f64) {
        match self {
            Kind::Ping => (120.0, 2.0),
            Kind::Subscribe | Kind::Unsubscribe => (30.0, 1.0),
            Kind::GetSubscriptions => (10.0, 0.5),
            Kind::Other => (60.0, 10.0),
        }
    }
}

/// The buckets of one connection.
pub(super) struct Buckets([TokenBucket; 5]);

impl Buckets {
    /// Full buckets.
    pub(super) fn new(now: Instant) -> Self {
        let full = |kind: Kind| {
            let (capacity, per_s) = kind.limits();
            TokenBucket::new(Rate { burst: capacity + BURST, per_s }, now)
        };
        Buckets([Kind::Ping, Kind::Subscribe, Kind::Unsubscribe, Kind::GetSubscriptions, Kind::Other].map(full))
    }

    /// Takes one message, or says in how many seconds the next may come.
    pub(super) fn take(&mut self, kind: Kind, now: Instant) -> Result<(), f64> {
        self.0[kind as usize].take(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_bucket_holds_its_capacity_and_the_burst_and_fills_at_its_rate() {
        for (kind, most, refill) in [
            (Kind::Ping, 140, 2.0),
            (Kind::Subscribe, 50, 1.0),
            (Kind::Unsubscribe, 50, 1.0),
            (Kind::GetSubscriptions, 30, 0.5),
            (Kind::Other, 80, 10.0),
        ] {
            let now = Instant::now();
            let mut buckets = Buckets::new(now);
            for _ in 0..most {
                assert_eq!(buckets.take(kind, now), Ok(()), "{kind:?}");
            }
            assert_eq!(buckets.take(kind, now), Err(1.0 / refill), "{kind:?}");
            let half = now + Duration::from_secs_f64(0.5 / refill);
            let wait = buckets.take(kind, half).unwrap_err();
            assert!((wait - 0.5 / refill).abs() < 1e-6, "{kind:?} {wait}");
            let whole = now + Duration::from_secs_f64(1.001 / refill);
            assert_eq!(buckets.take(kind, whole), Ok(()), "{kind:?}");
            assert!(buckets.take(kind, whole).is_err(), "{kind:?}");
            // A long silence fills it, and no more than that.
            let later = now + Duration::from_secs(3600);
            assert_eq!((0..1000).filter(|_| buckets.take(kind, later).is_ok()).count(), most, "{kind:?}");
        }
    }

    #[test]
    fn unknown_types_share_a_bucket_and_known_ones_do_not() {
        let now = Instant::now();
        let mut buckets = Buckets::new(now);
        let taken = (0..1000).filter(|number| buckets.take(Kind::of(&format!("type {number}")), now).is_ok()).count();
        assert_eq!(taken, 80);
        assert!(buckets.take(Kind::of("get_reconnection_token"), now).is_err());
        for name in ["ping", "subscribe", "unsubscribe", "get_subscriptions"] {
            assert_eq!(buckets.take(Kind::of(name), now), Ok(()), "{name}");
        }
    }
}
