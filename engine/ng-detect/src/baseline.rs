//! The fault of a frozen stream: what was scored while it was learnt says what is usual, and a fault lasts while most of what
//! comes is beyond that.

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
    /// The latest scores, as a ring once there are [`SCORES`].
    scores: Vec<f32>,
    /// Where the next one goes.
    next: usize,
    /// What a fault is above; worked out when a stream is frozen.
    limit: Option<f32>,
    /// Whether the latest events were above it, the latest as the lowest bit.
    above: u8,
}

impl Default for Baseline {
    fn default() -> Self {
        Baseline { scores: Vec::with_capacity(SCORES), next: 0, limit: None, above: 0 }
    }
}

impl Baseline {
    /// Takes the score of an event. Returns whether a fault lasts; never while the stream learns.
    pub(super) fn step(&mut self, score: f64, learn: bool) -> bool {
        let score = score as f32;
        if learn {
            self.push(score);
            (self.limit, self.above) = (None, 0);
            return false;
        }
        if self.limit.is_none() {
            self.limit = self.usual();
        }
        let is_above = self.limit.is_some_and(|limit| score > limit);
        self.above = self.above << 1 | u8::from(is_above);
        self.above.count_ones() >= MOST
    }

    fn push(&mut self, score: f32) {
        if self.scores.len() < SCORES {
            self.scores.push(score);
        } else {
            self.scores[self.next] = score;
        }
        self.next = (self.next + 1) % SCORES;
    }

    /// The score that the given share of the scores is below.
    fn usual(&self) -> Option<f32> {
        if self.scores.len() < ENOUGH {
            return None;
        }
        let mut sorted = self.scores.clone();
        let rank = (USUAL * (sorted.len() - 1) as f64).round() as usize;
        Some(*sorted.select_nth_unstable_by(rank, f32::total_cmp).1)
    }

    /// Adds it to a saved state, the oldest score first.
    pub(super) fn save(&self, out: &mut Vec<u8>) {
        let oldest = if self.scores.len() < SCORES { 0 } else { self.next };
        let (newer, older) = self.scores.split_at(oldest);
        checkpoint::put_u32(out, self.scores.len() as u32);
        checkpoint::put_singles(out, older);
        checkpoint::put_singles(out, newer);
        checkpoint::put_u32(out, self.above.into());
    }

    /// Takes it up again.
    pub(super) fn restore(input: &mut &[u8]) -> Option<Baseline> {
        let mut baseline = Baseline::default();
        for _ in 0..checkpoint::take_up_to(input, SCORES as u32)? {
            let [score] = checkpoint::take_singles(input)?;
            baseline.push(score);
        }
        baseline.above = checkpoint::take_up_to(input, u8::MAX.into())? as u8;
        Some(baseline)
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
    fn a_saved_one_goes_on() {
        let mut baseline = Baseline::default();
        (0..3000).for_each(|i| _ = baseline.step(f64::from(i % 100), true));
        (0..3).for_each(|_| _ = baseline.step(120.0, false));
        let mut bytes = Vec::new();
        baseline.save(&mut bytes);
        let mut again = Baseline::restore(&mut bytes.as_slice()).unwrap();
        assert_eq!((again.scores.len(), again.usual()), (SCORES, baseline.usual()));
        assert!(again.step(120.0, false));
    }

    #[test]
    fn of_a_short_past_nothing_is_said() {
        let mut baseline = Baseline::default();
        (0..99).for_each(|_| _ = baseline.step(1.0, true));
        assert!(!(0..20).any(|_| baseline.step(100.0, false)));
    }
}
