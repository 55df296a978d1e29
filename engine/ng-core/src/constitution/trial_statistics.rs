//! What a trial does: counts of the last minute before it, beside those since its beginning.

use ng_wire::{Effect, Measured, Totals, Trial};
use std::collections::VecDeque;

/// Seconds before a trial that are counted.
const MINUTE: f64 = 60.0;
/// A trial runs at most this much longer when the clock is set back; two ticks are so far apart.
const SLACK_S: f64 = 1.0;
const SECOND_NS: f64 = 1e9;

/// Counts by time. Time is the sum of the ticks, so that a clock that is set does not change it.
#[derive(Debug, Default)]
pub struct TrialStatistics {
    seconds: f64,
    samples: VecDeque<Sample>,
    trial: Option<Running>,
}

#[derive(Clone, Copy, Debug)]
struct Sample {
    seconds: f64,
    totals: Totals,
}

#[derive(Clone, Copy, Debug)]
struct Running {
    since: Sample,
    before: Option<Effect>,
}

impl TrialStatistics {
    /// Called once a second with the seconds since the last call.
    pub fn tick(&mut self, elapsed_s: f64, totals: Totals) {
        self.seconds += elapsed_s;
        self.samples.push_back(Sample { seconds: self.seconds, totals });
        while self.samples.front().is_some_and(|sample| self.seconds - sample.seconds > MINUTE) {
            self.samples.pop_front();
        }
    }

    /// A trial begins.
    pub fn begin(&mut self, totals: Totals) {
        let now = Sample { seconds: self.seconds, totals };
        let before = self.samples.front().and_then(|first| effect(first, &now));
        self.trial = Some(Running { since: now, before });
    }

    /// The trial has ended.
    pub fn end(&mut self) {
        self.trial = None;
    }

    /// What the trial that runs has done so far.
    pub fn measured(&self, totals: Totals) -> Option<Measured> {
        let running = self.trial.as_ref()?;
        let now = Sample { seconds: self.seconds, totals };
        Some(Measured { before: running.before, during: effect(&running.since, &now) })
    }

    /// Seconds until the trial is taken back; 0 when its time is over. The clock ends it, and so do the ticks, should the
    /// clock have been set back.
    pub fn left_s(&self, trial: &Trial, now_ns: i64) -> f64 {
        let length = f64::from(trial.seconds);
        let by_clock = length - now_ns.saturating_sub(trial.started_ns) as f64 / SECOND_NS;
        let by_ticks = self.trial.as_ref().map_or(0.0, |running| self.seconds - running.since.seconds);
        by_clock.min(length + SLACK_S - by_ticks).max(0.0)
    }
}

/// Counts per minute from one sample to the next; none when no time lies between them.
fn effect(from: &Sample, to: &Sample) -> Option<Effect> {
    let seconds = to.seconds - from.seconds;
    let per_min =
        |count: fn(&Totals) -> u64| count(&to.totals).saturating_sub(count(&from.totals)) as f64 * MINUTE / seconds;
    (seconds > 0.0).then(|| Effect {
        seconds,
        rejected_per_min: per_min(|totals| totals.rejected),
        alerts_per_min: per_min(|totals| totals.alerts),
        novel_per_min: per_min(|totals| totals.novel),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn totals(rejected: u64, alerts: u64, novel: u64) -> Totals {
        Totals { rejected, alerts, novel, ..Totals::default() }
    }

    fn trial(seconds: u32) -> Trial {
        Trial { profile: "x".into(), weights: [1.0; 8], started_ns: 1_000_000_000, seconds, actor: "a".into() }
    }

    #[test]
    fn the_minute_before_and_the_time_since_are_told_apart() {
        let mut statistics = TrialStatistics::default();
        assert_eq!(statistics.measured(totals(0, 0, 0)), None);
        for second in 0..100 {
            statistics.tick(1.0, totals(second, 0, 2 * second));
        }
        statistics.begin(totals(99, 0, 198));
        let measured = statistics.measured(totals(99, 0, 198)).unwrap();
        let before = Effect { seconds: 60.0, rejected_per_min: 60.0, alerts_per_min: 0.0, novel_per_min: 120.0 };
        assert_eq!(measured, Measured { before: Some(before), during: None });
        for _ in 0..30 {
            statistics.tick(1.0, totals(99, 0, 198));
        }
        let during = Effect { seconds: 30.0, rejected_per_min: 0.0, alerts_per_min: 8.0, novel_per_min: 2.0 };
        let measured = statistics.measured(totals(99, 4, 199)).unwrap();
        assert_eq!(measured, Measured { before: Some(before), during: Some(during) });
        statistics.end();
        assert_eq!(statistics.measured(totals(99, 4, 199)), None);
    }

    #[test]
    fn a_clock_that_is_set_back_does_not_prolong_a_trial() {
        let (mut statistics, trial) = (TrialStatistics::default(), trial(60));
        statistics.begin(totals(0, 0, 0));
        assert_eq!(statistics.left_s(&trial, 1_000_000_000), 60.0);
        for _ in 0..59 {
            statistics.tick(1.0, totals(0, 0, 0));
        }
        assert_eq!(statistics.left_s(&trial, 60_000_000_000), 1.0);
        assert_eq!(statistics.left_s(&trial, 61_000_000_000), 0.0);
        assert_eq!(statistics.left_s(&trial, 0), 2.0);
        statistics.tick(1.0, totals(0, 0, 0));
        statistics.tick(1.0, totals(0, 0, 0));
        assert_eq!(statistics.left_s(&trial, 0), 0.0);
    }
}
