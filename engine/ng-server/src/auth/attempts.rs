//! How often an address may be wrong, and which addresses have been right.

use super::hashing::Lane;
use crate::request::{Peer, host_of};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::net::IpAddr;

/// Seconds after which a failure is forgotten.
const WINDOW_S: u64 = 60;
/// Seconds for which it is remembered that a password was right.
const PROVEN_S: u64 = 24 * 3600;
/// Addresses that are remembered. Beyond that the one that failed, or was right, longest ago is forgotten.
const PLACES: usize = 4096;

/// Whom failures are counted for: a host, or a user of this host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Origin {
    Uid(u32),
    Host(IpAddr),
}

/// The failures of the last minute.
pub(super) struct Attempts {
    /// Failures that an address has within [`WINDOW_S`].
    most: usize,
    /// Times of the failures, seconds, in their order; never empty.
    failed: Mutex<HashMap<Origin, Vec<u64>>>,
    /// When a password was right last.
    right: Mutex<HashMap<Origin, u64>>,
}

impl Attempts {
    pub(super) fn new(most: usize) -> Self {
        Attempts { most, failed: Mutex::default(), right: Mutex::default() }
    }

    /// Counts a failure at this time. Refuses, and counts nothing, when there were too many; gives the seconds after which
    /// there is room for another.
    pub(super) fn count(&self, peer: &Peer, now_s: u64) -> Result<(), u64> {
        let mut failed = self.failed.lock();
        let place = place(peer);
        if let Some(times) = failed.get_mut(&place) {
            times.retain(|time| is_recent(*time, now_s));
            if times.len() >= self.most {
                return Err((times[0] + WINDOW_S).saturating_sub(now_s).clamp(1, WINDOW_S));
            }
        } else {
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

    /// Remembers that a password was right.
    pub(super) fn proved(&self, peer: &Peer, now_s: u64) {
        let mut right = self.right.lock();
        let place = place(peer);
        if right.len() >= PLACES && !right.contains_key(&place) {
            right.retain(|_, time| time.abs_diff(now_s) < PROVEN_S);
            if right.len() >= PLACES
                && let Some(oldest) = right.iter().min_by_key(|(_, time)| **time).map(|(place, _)| *place)
            {
                right.remove(&oldest);
            }
        }
        right.insert(place, now_s);
    }

    /// Where somebody waits whose attempt was just counted.
    pub(super) fn lane(&self, peer: &Peer, now_s: u64) -> Lane {
        let place = place(peer);
        if let Origin::Uid(_) = place {
            return Lane::Owner;
        }
        let counted = self.failed.lock().get(&place).map_or(0, |times| times.len());
        let right = self.right.lock().get(&place).is_some_and(|time| time.abs_diff(now_s) < PROVEN_S);
        match (counted > 1, right) {
            (true, _) => Lane::Failing,
            (false, true) => Lane::Proven,
            (false, false) => Lane::Fresh,
        }
    }
}

/// Neither too long ago nor, after the clock was set back, in the future.
fn is_recent(time_s: u64, now_s: u64) -> bool {
    time_s.abs_diff(now_s) < WINDOW_S
}

fn make_room(failed: &mut HashMap<Origin, Vec<u64>>, now_s: u64) {
    if failed.len() < PLACES {
        return;
    }
    failed.retain(|_, times| times.last().is_some_and(|time| is_recent(*time, now_s)));
    if failed.len() >= PLACES
        && let Some(oldest) = failed.iter().min_by_key(|(_, times)| times.last()).map(|(place, _)| *place)
    {
        failed.remove(&oldest);
    }
}

fn place(peer: &Peer) -> Origin {
    match peer {
        Peer::Unix { uid } => Origin::Uid(*uid),
        Peer::Tcp { address, .. } => Origin::Host(host_of(*address)),
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
        let (attempts, here, there) = (Attempts::new(5), host("192.0.2.1"), host("192.0.2.2"));
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
        let (attempts, here) = (Attempts::new(5), host("192.0.2.1"));
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
        let attempts = Attempts::new(5);
        for last in 1..=5 {
            assert_eq!(attempts.count(&host(&format!("2001:db8::{last}")), 10_000), Ok(()));
        }
        assert!(attempts.count(&host("2001:db8::ffff"), 10_000).is_err());
        assert_eq!(attempts.count(&host("2001:db8:0:1::1"), 10_000), Ok(()));
        assert_eq!(attempts.count(&host("2001:db8::ffff"), 100), Ok(()));
    }

    #[test]
    fn the_table_is_bounded() {
        let attempts = Attempts::new(5);
        for uid in 0..2 * PLACES as u32 {
            assert_eq!(attempts.count(&Peer::Unix { uid }, 50 + u64::from(uid) / 1000), Ok(()));
        }
        assert_eq!(attempts.failed.lock().len(), PLACES);
        assert!(attempts.failed.lock().contains_key(&Origin::Uid(2 * PLACES as u32 - 1)));
        assert!(!attempts.failed.lock().contains_key(&Origin::Uid(0)));
    }

    #[test]
    fn loopback_is_one_host() {
        let attempts = Attempts::new(5);
        for address in ["127.0.0.1", "127.0.0.2", "::1", "::ffff:127.0.0.1", "127.9.9.9"] {
            assert_eq!(attempts.count(&host(address), 100), Ok(()));
        }
        assert!(attempts.count(&host("127.0.0.77"), 100).is_err());
    }

    #[test]
    fn who_was_right_waits_before_strangers_and_who_was_wrong_behind_them() {
        let (attempts, here) = (Attempts::new(5), host("192.0.2.1"));
        let lane = |now_s| {
            assert_eq!(attempts.count(&here, now_s), Ok(()));
            attempts.lane(&here, now_s)
        };
        assert_eq!(lane(100), Lane::Fresh);
        assert_eq!(lane(101), Lane::Failing);
        attempts.proved(&here, 101);
        assert_eq!(lane(102), Lane::Failing);
        assert_eq!(lane(200), Lane::Proven);
        assert_eq!(lane(200 + PROVEN_S), Lane::Fresh);
        assert_eq!(attempts.lane(&Peer::Unix { uid: 7 }, 100), Lane::Owner);
        for last in 0..2 * PLACES as u32 {
            attempts.proved(&host(&std::net::Ipv4Addr::from_bits(0xc000_0000 + last).to_string()), 300);
        }
        assert_eq!(attempts.right.lock().len(), PLACES);
    }
}
