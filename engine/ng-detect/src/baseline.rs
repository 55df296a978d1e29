//! The fault of a frozen stream: what was scored while it was learnt says what is usual, and a fault lasts while most of what
//! comes is beyond that.

use super::tail_probability::TailProbability;
use ng_model::checkpoint;

/// Scores that are remembered.
const SCORES: usize = 2048;
/// Scores before anything is said.
const ENOUGH: usize = 100;
/// Share of the scores that a fault is above.
const USUAL: f64 = 0.99;
/// Of the latest eight events so many are above it while a fault lasts: by chance that comes in one of a million.
const MOST: u32 = 4;

/// The scores of a stream while it was learnt, each made before its event was, and what came since.
#[derive(Debug)]
pub(super) struct Baseline {
    scores: TailProbability<f32>,
    /// Whether the latest events were above the usual, the latest as the lowest bit; all of them while it learns.
    above: u8,
}

impl Default for Baseline {
    fn default() -> Self {
        Baseline { scores: TailProbability::new(SCORES), above: 0 }
    }
}

impl Baseline {
    /// Takes the score of an event. Returns whether a fault lasts; never while the stream learns.
    pub(super) fn step(&mut self, score: f64, learn: bool) -> bool {
        if learn {
            self.scores.push(score);
            self.above = 0;
            return false;
        }
        let limit = self.scores.quantiles([USUAL]).filter(|_| self.scores.len() >= ENOUGH);
        let is_above = limit.is_some_and(|[limit]| score > limit);
        self.above = self.above << 1 | u8::from(is_above);
        self.above.count_ones() >= MOST
    }

    /// Adds it to a saved state.
    pub(super) fn save(&self, out: &mut Vec<u8>) {
        self.scores.save(out);
        checkpoint::put_u32(out, self.above.into());
    }

    /// Takes it up again.
    pub(super) fn restore(input: &mut &[u8]) -> Option<Baseline> {
        let scores = TailProbability::restore(input, SCORES)?;
        Some(Baseline { scores, above: checkpoint::take_up_to(input, u8::MAX.into())? as u8 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_begins_after_four_events_lasts_and_ends() {
        let mut baseline = Baseline::default();
        for i in 0..1000 {
            assert!(!baseline.step(f64::from(i % 100), true));
        }
        let frozen: Vec<bool> = (0..60)
            .map(|i| baseline.step(if (20..40).contains(&i) { 120.0 } else { f64::from(i % 100) }, false))
            .collect();
        assert_eq!(frozen.iter().position(|fault| *fault), Some(23));
        assert_eq!(frozen.iter().rposition(|fault| *fault), Some(43));
        assert!(frozen[23..44].iter().all(|fault| *fault));
    }

    #[test]
    fn of_a_short_past_nothing_is_said() {
        let mut baseline = Baseline::default();
        (0..99).for_each(|_| _ = baseline.step(1.0, true));
        assert!(!(0..20).any(|_| baseline.step(100.0, false)));
    }
}
