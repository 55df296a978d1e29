//! What was just told is not told again: after an alert its stream is quiet for a while.

use ng_model::checkpoint;
use std::collections::VecDeque;

/// Events after an alert in which a measured stream tells nothing else.
pub const QUIET: u64 = 20;
/// Events after an alert in which the same cause has to be stronger, the less the longer it was told ago.
const LOCKED: u64 = 80;
/// By how much, at first.
const STRONGER: f64 = 2.0;
/// Alerts that are remembered. A stream that tells more causes within [`LOCKED`] events tells the first of them again.
const TOLD: usize = 32;

/// The latest alerts of one stream, counted by its events and not by the clock.
#[derive(Clone, Debug, Default)]
pub struct Cooldown {
    event: u64,
    told: VecDeque<Told>,
    held_back: u64,
}

/// An alert that was told.
#[derive(Clone, Copy, Debug)]
struct Told {
    event: u64,
    cause: u32,
    strength: f64,
}

/// An event that would alert.
#[derive(Clone, Copy, Debug)]
pub struct Candidate {
    /// What it alerts for, such as its largest channel, or its pattern.
    pub cause: u32,
    /// Strength of the alert.
    pub strength: f64,
    /// Nothing was ever as far out, by a wide margin: that waits for nothing, if it is stronger than what was told.
    pub is_record: bool,
}

impl Cooldown {
    /// Counts an event that is no alert.
    pub fn pass(&mut self) {
        self.event += 1;
    }

    /// Counts an event that would alert, and says whether it is told. Within `quiet` events of an alert nothing is but a
    /// record, later only what has another cause or is stronger.
    pub fn tells(&mut self, quiet: u64, candidate: Candidate) -> bool {
        let now = self.event;
        self.event += 1;
        while self.told.front().is_some_and(|told| now - told.event >= LOCKED) {
            self.told.pop_front();
        }
        if self.told.iter().any(|told| told.holds(now - told.event, quiet, &candidate)) {
            self.held_back += 1;
            return false;
        }
        if self.told.len() == TOLD {
            self.told.pop_front();
        }
        self.told.push_back(Told { event: now, cause: candidate.cause, strength: candidate.strength });
        true
    }

    /// Alerts that were held back.
    pub fn held_back(&self) -> u64 {
        self.held_back
    }
}

impl Told {
    /// Whether it holds back what comes so many events after it.
    fn holds(&self, since: u64, quiet: u64, candidate: &Candidate) -> bool {
        let stronger = STRONGER * (LOCKED - since) as f64 / LOCKED as f64;
        let is_weak = candidate.strength < self.strength + stronger;
        if candidate.is_record { is_weak } else { since <= quiet || self.cause == candidate.cause && is_weak }
    }
}

impl Cooldown {
    /// Adds it to a saved state.
    pub(super) fn save(&self, out: &mut Vec<u8>) {
        checkpoint::put(out, self.event);
        checkpoint::put(out, self.held_back);
        checkpoint::put_all(out, self.told.iter().map(|told| told.event));
        for told in &self.told {
            checkpoint::put_u32(out, told.cause);
            checkpoint::put_float(out, told.strength);
        }
    }

    /// Takes it up again.
    pub(super) fn restore(input: &mut &[u8]) -> Option<Cooldown> {
        let mut cooldown = Cooldown {
            event: checkpoint::take_count(input)?,
            held_back: checkpoint::take_count(input)?,
            ..Cooldown::default()
        };
        for event in checkpoint::take_all(input, TOLD)? {
            cooldown.told.push_back(Told { event, cause: 0, strength: 0.0 });
        }
        for told in &mut cooldown.told {
            told.cause = checkpoint::take_u32(input)?;
            told.strength = checkpoint::take_float(input)?;
        }
        let is_valid = cooldown.told.iter().all(|told| told.event < cooldown.event && told.strength.is_finite());
        is_valid.then_some(cooldown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The events that are told, of alerts with their event, cause and strength.
    fn told(quiet: u64, alerts: &[(u64, u32, f64, bool)]) -> Vec<u64> {
        let mut cooldown = Cooldown::default();
        let mut told = Vec::new();
        for &(event, cause, strength, is_record) in alerts {
            while cooldown.event < event {
                cooldown.pass();
            }
            if cooldown.tells(quiet, Candidate { cause, strength, is_record }) {
                told.push(event);
            }
        }
        told
    }

    #[test]
    fn the_same_is_not_told_again_unless_it_is_stronger() {
        for (what, second, expect) in [
            ("soon, of another cause", (20, 2, 30.0, false), false),
            ("later, of another cause", (21, 2, 4.0, false), true),
            ("of the same cause", (21, 1, 5.4, false), false),
            ("of the same cause, and stronger", (21, 1, 5.5, false), true),
            ("of the same cause, a little stronger and later", (60, 1, 4.5, false), true),
            ("weaker, when the lock-out is almost over", (79, 1, 3.9, false), false),
            ("weaker, when it is over", (80, 1, 3.9, false), true),
            ("a record", (1, 1, 6.0, true), true),
            ("a record that is no stronger", (1, 1, 4.0, true), false),
        ] {
            let alerts = [(0, 1, 4.0, false), second];
            assert_eq!(told(QUIET, &alerts).len(), 1 + usize::from(expect), "{what}");
        }
    }

    #[test]
    fn a_stream_of_patterns_holds_back_the_same_pattern_alone() {
        assert_eq!(
            told(0, &[(0, 7, 5.0, false), (1, 8, 4.0, false), (2, 7, 5.0, false), (3, 9, 4.0, false)]),
            [0, 1, 3]
        );
    }

    #[test]
    fn what_is_held_back_is_counted_and_holds_nothing_back() {
        let mut cooldown = Cooldown::default();
        let candidate = Candidate { cause: 1, strength: 4.0, is_record: false };
        let told = (0..200).filter(|_| cooldown.tells(QUIET, candidate)).count();
        assert_eq!((told, cooldown.held_back()), (3, 197));
    }

    #[test]
    fn a_saved_one_goes_on() {
        let mut cooldown = Cooldown::default();
        let candidate = Candidate { cause: 1, strength: 4.0, is_record: false };
        assert!(cooldown.tells(QUIET, candidate));
        let mut bytes = Vec::new();
        cooldown.save(&mut bytes);
        let mut again = Cooldown::restore(&mut bytes.as_slice()).unwrap();
        assert!(!again.tells(QUIET, candidate));
        bytes[0] = 0;
        assert!(Cooldown::restore(&mut bytes.as_slice()).is_none(), "an alert that is yet to come");
    }
}
