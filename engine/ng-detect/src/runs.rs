//! What the spread of the last values cannot tell: that a value stands still for far longer than it used to, and that a
//! cycle does not come again. Both compare a length that is still growing with the earlier ones of the stream.
//!
//! Each tells it once, when the length passes a limit, and again whenever it has doubled: a surprise that grew with every
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
/// A cycle is told when it takes this many times as long as the longest before.
const LATE: f64 = 1.5;
/// Cycles are regular when this share of them differs from their median by at most the factor `ALIKE`.
const REGULAR: f64 = 0.9;
const ALIKE: f64 = 1.25;
/// Cycles that are remembered.
const CYCLES: usize = 32;
/// Cycles before one can be missed.
const FIRST: usize = 8;
/// Events of the shortest cycle that can be missed.
const SHORTEST: u64 = 12;
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

/// The cycles of a stream that goes regularly between its highest and its lowest values.
#[derive(Clone, Debug, Default)]
pub(super) struct Cycles {
    index: u64,
    up: Returns,
    down: Returns,
}

/// Where a value stands in its stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CyclePlace {
    /// Among the highest tenth.
    High,
    /// Among the lowest tenth.
    Low,
    /// Between.
    Middle,
}

impl Cycles {
    /// Surprise of how long it is since the stream came from low to high, or from high to low, last. 0 while its
    /// cycles are not regular. Without `learn` the cycle that ends is not remembered.
    pub(super) fn step(&mut self, place: CyclePlace, learn: bool) -> f64 {
        let index = self.index;
        self.index += 1;
        match place {
            CyclePlace::High => {
                self.up.arrive(index, learn);
                self.down.armed = true;
            }
            CyclePlace::Low => {
                self.down.arrive(index, learn);
                self.up.armed = true;
            }
            CyclePlace::Middle => {}
        }
        self.up.surprise(index).max(self.down.surprise(index))
    }
}

/// Returns to one end of the values after a visit at the other.
#[derive(Clone, Debug, Default)]
struct Returns {
    /// The other end was visited since the last arrival.
    armed: bool,
    /// The first event of the last visit; absent before the first.
    last: Option<u64>,
    lengths: VecDeque<u64>,
    /// The longest cycle that is like the others; 0 while they are not regular.
    longest: u64,
}

impl Returns {
    fn arrive(&mut self, index: u64, learn: bool) {
        if !std::mem::take(&mut self.armed) {
            return;
        }
        let Some(last) = self.last.replace(index) else { return };
        if !learn {
            return;
        }
        if self.lengths.len() == CYCLES {
            self.lengths.pop_front();
        }
        self.lengths.push_back(index - last);
        self.longest = self.regular();
    }

    /// The longest of the lengths that are like their median, when nearly all are; else 0.
    fn regular(&self) -> u64 {
        let count = self.lengths.len();
        if count < FIRST {
            return 0;
        }
        let mut sorted = [0; CYCLES];
        for (place, length) in sorted.iter_mut().zip(&self.lengths) {
            *place = *length;
        }
        sorted[..count].sort_unstable();
        let median = sorted[count / 2];
        let is_alike = |length: u64| length as f64 * ALIKE >= median as f64 && length as f64 <= median as f64 * ALIKE;
        let alike = sorted[..count].iter().filter(|length| is_alike(**length)).count();
        if median < SHORTEST || (alike as f64) < REGULAR * count as f64 {
            return 0;
        }
        sorted[..count].iter().rev().copied().find(|length| is_alike(*length)).unwrap_or(0)
    }

    fn surprise(&self, index: u64) -> f64 {
        let since = self.last.map_or(0, |last| index - last);
        if self.longest > 0 && tells(since, self.longest, LATE) { TOLD } else { 0.0 }
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

impl Cycles {
    /// Adds them to a saved state.
    pub(super) fn save(&self, out: &mut Vec<u8>) {
        checkpoint::put(out, self.index);
        for returns in [&self.up, &self.down] {
            checkpoint::put(out, returns.armed.into());
            checkpoint::put_all(out, returns.last.into_iter().collect::<Vec<_>>().into_iter());
            checkpoint::put_all(out, returns.lengths.iter().copied());
        }
    }

    /// Takes them up again.
    pub(super) fn restore(input: &mut &[u8]) -> Option<Cycles> {
        let mut cycles = Cycles { index: checkpoint::take_count(input)?, ..Cycles::default() };
        for returns in [&mut cycles.up, &mut cycles.down] {
            returns.armed = checkpoint::take(input)? != 0;
            returns.last = checkpoint::take_all(input, 1)?.first().copied();
            returns.lengths = checkpoint::take_all(input, CYCLES)?.into();
            returns.longest = returns.regular();
            if returns.last.is_some_and(|last| last > cycles.index) {
                return None;
            }
        }
        Some(cycles)
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

    #[test]
    fn a_cycle_is_told_while_it_is_missing_and_only_if_cycles_are_regular() {
        let told = |length: fn(usize) -> usize| {
            let mut cycles = Cycles::default();
            let mut all = Vec::new();
            for number in 0..20 {
                let length = length(number);
                let place = |at| {
                    if at == 0 {
                        CyclePlace::High
                    } else if at == length / 2 {
                        CyclePlace::Low
                    } else {
                        CyclePlace::Middle
                    }
                };
                all.extend((0..length).map(|at| cycles.step(place(at), true)));
            }
            all.iter().filter(|surprise| **surprise > 0.0).count()
        };
        assert_eq!(told(|_| 50), 0);
        assert!(told(|number| if number == 15 { 100 } else { 50 }) > 0);
        assert_eq!(told(|number| if number % 3 == 0 { 100 } else { 50 }), 0);
    }
}
