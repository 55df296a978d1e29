//! What the spread of the last values cannot tell: that a value stands still for far longer than it used to. The length of
//! the run is compared with the earlier ones of the stream.
//!
//! It is told once, when the length passes a limit, and again whenever it has doubled: a surprise that grew with every
//! event would be a new alert at every event.

use ng_model::checkpoint;
use std::collections::VecDeque;

/// Runs up to this length are nothing unusual in any stream.
const SHORT: u64 = 40;
/// Values this much closer than those that follow each other usually are count as equal.
const EQUAL: f64 = 1e-3;
/// A run is told when it is this many times as long as the longest before.
const LONGER: f64 = 2.5;
/// Long runs that are remembered.
const RUNS: usize = 256;
/// Runs and steps after which older ones no longer count.
const MEMORY: u64 = 8192;
/// Runs that are needed for the whole surprise: a stream that has seldom changed has little to compare with.
const ENOUGH: f64 = 100.0;
/// Surprise of a length that is told.
const TOLD: f64 = 5.0;

/// The run of nearly equal values that a stream is in.
#[derive(Clone, Debug, Default)]
pub(super) struct Runs {
    /// The value with which the run began.
    value: f64,
    before: f64,
    length: u64,
    /// Mean distance of a value to the one before, where they differ.
    step: f64,
    steps: u64,
    /// Lengths of earlier runs that were long.
    long: VecDeque<u64>,
    /// Earlier runs of any length.
    ended: u64,
}

impl Runs {
    /// Surprise of the length of the present run. Without `learn` it becomes no part of what later runs are compared with.
    pub(super) fn step(&mut self, value: f64, learn: bool) -> f64 {
        let step = (value - self.before).abs();
        self.before = value;
        if self.length > 0 && (value - self.value).abs() <= EQUAL * self.step {
            self.length += 1;
        } else {
            if self.length > 0 && learn {
                self.end(step);
            }
            (self.value, self.length) = (value, 1);
        }
        if self.length <= SHORT {
            return 0.0;
        }
        let longest = self.long.iter().copied().fold(SHORT, u64::max);
        let known = ((self.ended as f64 + 1.0).ln() / ENOUGH.ln()).min(1.0);
        if tells(self.length, longest, LONGER) { TOLD * known } else { 0.0 }
    }

    /// Remembers the run that ends with a step of the given size.
    fn end(&mut self, step: f64) {
        if self.length > SHORT {
            if self.long.len() == RUNS {
                self.long.pop_front();
            }
            self.long.push_back(self.length);
        }
        self.ended = (self.ended + 1).min(MEMORY);
        if step.is_finite() {
            self.steps = (self.steps + 1).min(MEMORY);
            self.step += (step - self.step) / self.steps as f64;
        }
    }
}

/// `length` is the limit, `times` the longest, or the limit doubled any number of times.
fn tells(length: u64, longest: u64, times: f64) -> bool {
    let limit = (longest as f64 * times) as u64;
    length >= limit && length.is_multiple_of(limit) && (length / limit).is_power_of_two()
}

impl Runs {
    /// Adds them to a saved state.
    pub(super) fn save(&self, out: &mut Vec<u8>) {
        [self.value, self.before, self.step].into_iter().for_each(|number| checkpoint::put_float(out, number));
        [self.length, self.steps, self.ended].into_iter().for_each(|count| checkpoint::put(out, count));
        checkpoint::put_all(out, self.long.iter().copied());
    }

    /// Takes them up again.
    pub(super) fn restore(input: &mut &[u8]) -> Option<Runs> {
        Some(Runs {
            value: checkpoint::take_float(input)?,
            before: checkpoint::take_float(input)?,
            step: checkpoint::take_float(input)?,
            length: checkpoint::take_count(input)?,
            steps: checkpoint::take_count(input)?,
            ended: checkpoint::take_count(input)?,
            long: checkpoint::take_all(input, RUNS)?.into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn surprises(values: impl IntoIterator<Item = f64>) -> Vec<f64> {
        let mut runs = Runs::default();
        values.into_iter().map(|value| runs.step(value, true)).collect()
    }

    fn told(surprises: &[f64]) -> Vec<usize> {
        (0..surprises.len()).filter(|at| surprises[*at] > 0.0).collect()
    }

    #[test]
    fn a_run_is_told_at_its_limit_and_when_it_has_doubled() {
        let series = (0..700).map(|i| if i < 200 { f64::from(i * 7 % 11) } else { 3.3 });
        assert_eq!(told(&surprises(series)), [299, 399, 599]);
    }

    #[test]
    fn nearly_equal_is_measured_by_the_stream_itself() {
        let series = |scale: f64| {
            (0..400).map(move |i| scale * if i < 200 { f64::from(i % 11) } else { 3.3 + f64::from(i % 2) * 1e-4 })
        };
        for scale in [1e-9, 1.0, 1e9] {
            assert_eq!(told(&surprises(series(scale))), [299, 399], "{scale}");
        }
    }

    #[test]
    fn a_run_like_earlier_ones_is_not_told() {
        let series = (0..20_000).map(|i| f64::from(i / 150 % 2));
        assert_eq!(told(&surprises(series)), [] as [usize; 0]);
    }
}
