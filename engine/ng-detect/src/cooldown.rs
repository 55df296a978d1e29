//! What was just told is not told again: after an alert its stream is quiet for a while.

use ng_model::checkpoint;
use std::collections::VecDeque;

/// Events after an alert in which a measured stream tells nothing else.
pub const QUIET: u64 = 20;
/// Events after an alert in which the same cause has to be stronger.
const LOCKED: u64 = 80;
/// By how much, at first.
const STRONGER: f64 = 2.0;
/// Alerts that are remembered; those of a stream that tells more causes within [`LOCKED`] events are told again.
const TOLD: usize = 32;

/// The latest alerts of one stream, counted by its events.
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
    /// Nothing was ever as far out, by a wide margin.
    pub is_record: bool,
}

impl Cooldown {
    /// Counts an event that is no alert.
    pub fn pass(&mut self) {
        self.event += 1;
    }

    /// Counts an event that would alert, and says whether it is told. Within `quiet` events of an alert nothing is.
    pub fn tells(&mut self, quiet: u64, candidate: Candidate) -> bool {
        let now = self.event;
        self.event += 1;
        while self.told.front().is_some_and(|told| now - told.event >= LOCKED) {
            self.told.pop_front();
        }
        let holds = |told: &Told| {
            let since = now - told.event;
            let is_stronger = candidate.strength >= told.strength + stronger(since);
            if candidate.is_record {
                return !is_stronger;
            }
            since <= quiet || told.cause == candidate.cause && !is_stronger
        };
        if self.told.iter().any(holds) {
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

/// How much stronger the same cause has to be so many events later.
fn stronger(since: u64) -> f64 {
    let _ = since;
    STRONGER * (LOCKED - since) as f64 / LOCKED as f64
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
            let told = Told { event, cause: checkpoint::take_u32(input)?, strength: checkpoint::take_float(input)? };
            cooldown.told.push_back(told);
        }
        cooldown.told.iter().all(|told| told.event < cooldown.event).then_some(cooldown)
    }
}
