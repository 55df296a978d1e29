//! How often an address may be wrong.

use crate::request::Peer;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};

/// Failures that an address has within [`WINDOW_S`].
const MOST: usize = 5;
/// Seconds after which a failure is forgotten.
const WINDOW_S: u64 = 60;
/// Addresses that are remembered. Beyond that the one that failed longest ago is forgotten.
const PLACES: usize = 4096;

/// Whom failures are counted for: a host, or a user of this host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Place {
    Uid(u32),
    Host(IpAddr),
}

/// The failures of the last minute.
#[derive(Default)]
pub(super) struct Attempts {
    /// Times of the failures, seconds, in their order; never empty.
    failed: Mutex<HashMap<Place, Vec<u64>>>,
}

impl Attempts {
    /// Counts a failure at this time. Refuses, and counts nothing, when there were too many; gives the seconds after which
    /// there is room for another.
    pub(super) fn count(&self, peer: &Peer, now_s: u64) -> Result<(), u64> {
        let mut failed = self.failed.lock();
        let place = place(peer);
        if let Some(times) = failed.get_mut(&place) {
            times.retain(|time| is_recent(*time, now_s));
            if times.len() >= MOST {
                return Err((times[0] + WINDOW_S).saturating_sub(now_s).clamp(1, WINDOW_S));
            }
        } else if failed.len() >= PLACES {
            make_room(&mut failed, now_s);
        }
        failed.entry(place).or_default().push(now_s);
        Ok(())
    }

    /// Takes back what was counted at this time: it was no failure.
    pub(super) fn take_back(&self, peer: &Peer, counted_s: u64) {
        let mut failed = self.failed.lock();
        let place = place(peer);
        let Some(times) = failed.get_mut(&place) else { return };
        if let Some(at) = times.iter().position(|time| *time == counted_s) {
            times.remove(at);
        }
        if times.is_empty() {
            failed.remove(&place);
        }
    }
}

/// Neither too long ago nor, after the clock was set back, in the future.
fn is_recent(time_s: u64, now_s: u64) -> bool {
    time_s.abs_diff(now_s) < WINDOW_S
}

fn make_room(failed: &mut HashMap<Place, Vec<u64>>, now_s: u64) {
    failed.retain(|_, times| times.last().is_some_and(|time| is_recent(*time, now_s)));
    if failed.len() >= PLACES
        && let Some(oldest) = failed.iter().min_by_key(|(_, times)| times.last()).map(|(place, _)| *place)
    {
        failed.remove(&oldest);
    }
}

/// A host with IPv6 has a whole network of 2⁶⁴ addresses to come from.
fn place(peer: &Peer) -> Place {
    match peer {
        Peer::Unix { uid } => Place::Uid(*uid),
        Peer::Tcp { address: IpAddr::V6(address), .. } => {
            Place::Host(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into())
        }
        Peer::Tcp { address, .. } => Place::Host(*address),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(address: &str) -> Peer {
        Peer::Tcp { address: address.parse().unwrap(), tls: false }
    }

    #[test]
    fn five_failures_a_minute_and_no_more() {
        let (attempts, here, there) = (Attempts::default(), host("192.0.2.1"), host("192.0.2.2"));
        for second in 100..105 {
            assert_eq!(attempts.count(&here, second), Ok(()));
        }
        assert_eq!(attempts.count(&here, 105), Err(55));
        assert_eq!(attempts.count(&here, 159), Err(1));
        assert_eq!(attempts.count(&there, 105), Ok(()));
        assert_eq!(attempts.count(&Peer::Unix { uid: 7 }, 105), Ok(()));
        assert_eq!(attempts.count(&here, 160), Ok(()));
        assert_eq!(attempts.count(&here, 160), Err(1));
    }

    #[test]
    fn what_succeeded_is_taken_back_and_nothing_else() {
        let (attempts, here) = (Attempts::default(), host("192.0.2.1"));
        for second in 0..4 {
            assert_eq!(attempts.count(&here, second), Ok(()));
        }
        for second in 10..20 {
            assert_eq!(attempts.count(&here, second), Ok(()));
            attempts.take_back(&here, second);
        }
        assert_eq!(attempts.count(&here, 20), Ok(()));
        assert!(attempts.count(&here, 21).is_err());
    }

    #[test]
    fn a_network_of_ipv6_is_one_host_and_a_clock_set_back_locks_nobody_out() {
        let attempts = Attempts::default();
        for last in 1..=5 {
            assert_eq!(attempts.count(&host(&format!("2001:db8::{last}")), 10_000), Ok(()));
        }
        assert!(attempts.count(&host("2001:db8::ffff"), 10_000).is_err());
        assert_eq!(attempts.count(&host("2001:db8:0:1::1"), 10_000), Ok(()));
        assert_eq!(attempts.count(&host("2001:db8::ffff"), 100), Ok(()));
    }

    #[test]
    fn the_table_is_bounded() {
        let attempts = Attempts::default();
        for uid in 0..2 * PLACES as u32 {
            assert_eq!(attempts.count(&Peer::Unix { uid }, 50 + u64::from(uid) / 1000), Ok(()));
        }
        assert_eq!(attempts.failed.lock().len(), PLACES);
        assert!(attempts.failed.lock().contains_key(&Place::Uid(2 * PLACES as u32 - 1)));
        assert!(!attempts.failed.lock().contains_key(&Place::Uid(0)));
    }
}
