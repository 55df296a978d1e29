//! What rises or wanders by nature, such as a counter, a fill level or a ramp: each value is a record, and none is news. Its
//! increments are.

use super::floor::{Floor, TAIL};
use super::tail_probability::TailProbability;
use ng_model::checkpoint;
use ng_wire::Unit;

/// Events over which the longer increment is taken.
pub(super) const SPAN: usize = 16;
/// Events after which a step counts about a third.
const MEMORY: f64 = 2048.0;
/// Records in the latest half of the history from which a stream wanders, and below which it stays where it is again, over the
/// root of what is known: a random walk has 0.4.
const WANDERS: f64 = 0.25;
const STAYS: f64 = 0.12;
/// Values that are taken to be known at least: the first ones are records by themselves.
const FIRST: f64 = 300.0;
/// Share of the steps that go one way, from which a stream is nearly monotone, and below which it is not.
const MONOTONE: f64 = 0.97;
const MIXED: f64 = 0.9;
/// Steps before that is said.
const STEPS: f64 = 16.0;

/// The increments of a stream, and whether it is them that count.
#[derive(Debug)]
pub(super) struct Rising {
    /// About the records in the latest half of the history.
    records: f64,
    /// Steps up, and steps down.
    ups: f64,
    downs: f64,
    is_on: bool,
    /// From one event to the next, and over [`SPAN`] events.
    short: TailProbability<f32>,
    long: TailProbability<f32>,
}

/// A value, and where it comes from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Move {
    /// The value before.
    pub before: f64,
    /// From the value before.
    pub step: f64,
    /// From the value [`SPAN`] events before.
    pub long: f64,
    /// It lies beyond everything before.
    pub is_record: bool,
    /// Values that are known.
    pub known: usize,
}

/// What the increments say of a value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Increments {
    pub surprise: f64,
    /// The value before with the usual increments.
    pub usual: [f64; 2],
}

impl Rising {
    pub(super) fn new(history: usize) -> Self {
        Rising {
            records: 0.0,
            ups: 0.0,
            downs: 0.0,
            is_on: false,
            short: TailProbability::new(history),
            long: TailProbability::new(history),
        }
    }

    /// What the increments say where it is them that count; none while the values do.
    pub(super) fn step(&mut self, moved: Move, floor: &Floor, unit: Unit, learn: bool) -> Option<Increments> {
        if learn {
            self.look(&moved);
        }
        let increments = self.is_on.then(|| {
            // What only rises is measured by its increments; of what wanders, that is about nothing, and the value counts.
            let about = if self.is_monotone(MIXED) { 0.0 } else { moved.before };
            let short = surprise_of(&mut self.short, moved.step, about, floor, unit);
            let long = surprise_of(&mut self.long, moved.long, about, floor, unit);
            let usual = self.short.quantiles([TAIL, 1.0 - TAIL]).unwrap_or_default();
            Increments { surprise: short.max(long), usual: usual.map(|step| moved.before + step) }
        });
        if learn {
            self.short.push(moved.step);
            self.long.push(moved.long);
        }
        increments
    }

    /// Follows what kind of stream it is.
    fn look(&mut self, moved: &Move) {
        // Of a stream that stays where it is the n-th value is the highest or lowest so far with the probability 2/n, which
        // keeps this at 1; one that wanders makes it grow with the root of n.
        let recent = 1.0 - 2.0 / (moved.known as f64 + 2.0);
        self.records = self.records * recent + f64::from(moved.is_record);
        let fade = 1.0 - 1.0 / MEMORY;
        if moved.step != 0.0 {
            self.ups = self.ups * fade + f64::from(moved.step > 0.0);
            self.downs = self.downs * fade + f64::from(moved.step < 0.0);
        }
        let (records, share) = if self.is_on { (STAYS, MIXED) } else { (WANDERS, MONOTONE) };
        let wanders = self.records >= records * (moved.known as f64).max(FIRST).sqrt();
        self.is_on = wanders || self.is_monotone(share);
    }

    /// So large a share of the steps goes one way.
    fn is_monotone(&self, share: f64) -> bool {
        let (steps, most) = (self.ups + self.downs, self.ups.max(self.downs));
        steps >= STEPS && most >= share * steps
    }

    /// Follows a change of the history; what fits is kept.
    pub(super) fn resize(&mut self, history: usize) {
        self.short.resize(history);
        self.long.resize(history);
    }
}

/// The surprise of an increment of a stream that is about so large, or 0 where its increments are.
fn surprise_of(tail: &mut TailProbability<f32>, x: f64, about: f64, floor: &Floor, unit: Unit) -> f64 {
    let Some([low, middle, high]) = tail.quantiles([TAIL, 0.5, 1.0 - TAIL]) else { return 0.0 };
    // A step back of a slow climb is no more than one forward.
    let least = floor.of(unit, middle.abs().max(about.abs())).max(high - low);
    if (x - middle).abs() < least { 0.0 } else { tail.either(x) }
}

impl Rising {
    /// Adds it to a saved state.
    pub(super) fn save(&self, out: &mut Vec<u8>) {
        [self.records, self.ups, self.downs].into_iter().for_each(|number| checkpoint::put_float(out, number));
        checkpoint::put_u32(out, self.is_on.into());
        self.short.save(out);
        self.long.save(out);
    }

    /// Takes it up again.
    pub(super) fn restore(input: &mut &[u8], history: usize) -> Option<Rising> {
        Some(Rising {
            records: checkpoint::take_finite(input)?,
            ups: checkpoint::take_finite(input)?,
            downs: checkpoint::take_finite(input)?,
            is_on: checkpoint::take_flag(input)?,
            short: TailProbability::restore(input, history)?,
            long: TailProbability::restore(input, history)?,
        })
    }
}
