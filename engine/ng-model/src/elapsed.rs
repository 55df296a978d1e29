//! Time that only runs forward, made from a clock that may be set.

use crate::checkpoint;

/// A step back of at most this is two batches that overtook each other; a larger one is a clock that was set.
const INVERSION_NS: i64 = 5_000_000_000;

/// Counts the nanoseconds that passed between wall-clock readings, starting at 0.
///
/// A wall clock that is set back by more than five seconds lets no time pass and is followed from its new value, so that
/// nothing waits until it has caught up. A smaller step back is taken for disorder: time stands still until the clock
/// reaches its earlier value again, so that a mixture of two clocks does not run faster than either.
#[derive(Clone, Copy, Debug, Default)]
pub struct Elapsed {
    wall_ns: Option<i64>,
    passed_ns: i64,
}

impl Elapsed {
    /// Takes one reading of the wall clock and returns the nanoseconds passed since the first.
    pub fn advance(&mut self, wall_ns: i64) -> i64 {
        let last = self.wall_ns.unwrap_or(wall_ns);
        let step = wall_ns.saturating_sub(last);
        if step >= 0 {
            self.passed_ns = self.passed_ns.saturating_add(step);
            self.wall_ns = Some(wall_ns);
        } else if step < -INVERSION_NS {
            self.wall_ns = Some(wall_ns);
        }
        self.passed_ns
    }

    /// Nanoseconds passed between the first reading and the latest.
    pub fn now(&self) -> i64 {
        self.passed_ns
    }

    /// What the wall clock showed, or will show, at `at_ns` after the first reading; 0 before the first reading.
    pub fn wall(&self, at_ns: i64) -> i64 {
        self.wall_ns.unwrap_or(0).saturating_add(at_ns.saturating_sub(self.passed_ns))
    }
}

impl Elapsed {
    /// Adds the time to a saved state.
    pub fn save(&self, out: &mut Vec<u8>) {
        checkpoint::put_all(out, self.wall_ns.into_iter().map(|wall| wall as u64).collect::<Vec<_>>().into_iter());
        checkpoint::put(out, self.passed_ns as u64);
    }

    /// Takes it up again.
    pub fn restore(input: &mut &[u8]) -> Option<Elapsed> {
        let wall_ns = checkpoint::take_all(input, 1)?.first().map(|wall| *wall as i64);
        let passed_ns = checkpoint::take(input)? as i64;
        (passed_ns >= 0).then_some(Elapsed { wall_ns, passed_ns })
    }

    /// The same time, which goes on with the next reading of the wall clock: until then no time passes.
    pub fn paused(self) -> Elapsed {
        Elapsed { wall_ns: None, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_runs_forward_only() {
        const S: i64 = 1_000_000_000;
        let cases: &[(&[i64], i64)] = &[
            (&[100 * S], 0),
            (&[100 * S, 103 * S], 3 * S),
            // Disorder: the two clocks together do not run faster than one.
            (&[100 * S, 102 * S, 101 * S, 103 * S, 102 * S, 104 * S], 4 * S),
            (&[100 * S, 95 * S, 101 * S], S),
            // Set back: time goes on from the new value.
            (&[100 * S, 10 * S, 12 * S], 2 * S),
            (&[i64::MIN, i64::MAX, i64::MIN, i64::MAX], i64::MAX),
        ];
        for (readings, expect) in cases {
            let mut clock = Elapsed::default();
            let passed = readings.iter().map(|wall| clock.advance(*wall)).last();
            assert_eq!(passed, Some(*expect), "{readings:?}");
        }
    }
}
