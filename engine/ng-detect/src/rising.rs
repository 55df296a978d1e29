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

/// What kind of stream it is, and its increments where it is them that count.
#[derive(Debug, Default)]
pub(super) struct Rising {
    /// About the records in the latest half of the history.
    records: f64,
    /// Steps up, and steps down.
    ups: f64,
    downs: f64,
    /// While the increments count; made of the values when they begin to.
    histories: Option<Box<Histories>>,
}

/// The increments of the remembered values.
#[derive(Debug)]
struct Histories {
    /// From one event to the next.
    short: TailProbability<f32>,
    /// Over [`SPAN`] events.
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
}

/// What the increments say of a value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Increments {
    pub surprise: f64,
    /// The value before with the usual increments.
    pub usual: [f64; 2],
    /// It goes one way, so that its values so far say nothing of those to come.
    pub is_monotone: bool,
}

impl Increments {
    /// What is usual of a value, where values are usually these. A stream that wanders may be where it has been, and where it
    /// comes to from where it is: it is the one of both beyond which the value lies less far.
    pub(super) fn usual_beside(&self, values: Option<[f64; 2]>, value: f64) -> [f64; 2] {
        let Some(values) = values.filter(|_| !self.is_monotone) else { return self.usual };
        let beyond =
            |[low, high]: [f64; 2]| (value - high).max(low - value).max(0.0) / (high - low).max(f64::MIN_POSITIVE);
        if beyond(values) <= beyond(self.usual) { values } else { self.usual }
    }
}

impl Rising {
    /// What the increments say where it is them that count; none while the values do. `values` are those before.
    pub(super) fn step(
        &mut self,
        moved: Move,
        values: &TailProbability,
        floor: &Floor,
        unit: Unit,
        learn: bool,
    ) -> Option<Increments> {
        if learn {
            self.look(&moved, values);
        }
        // What only rises is measured by its increments; of what wanders, that is about nothing, and the value counts.
        let is_monotone = self.is_monotone(MIXED);
        let about = if is_monotone { 0.0 } else { moved.before };
        let Histories { short, long } = self.histories.as_deref_mut()?;
        let surprise = surprise_of(short, moved.step, about, floor, unit);
        let surprise = surprise.max(surprise_of(long, moved.long, about, floor, unit));
        let usual = short.quantiles([TAIL, 1.0 - TAIL]).unwrap_or_default();
        if learn {
            short.push(moved.step);
            long.push(moved.long);
        }
        Some(Increments { surprise, usual: usual.map(|step| moved.before + step), is_monotone })
    }

    /// Follows what kind of stream it is.
    fn look(&mut self, moved: &Move, values: &TailProbability) {
        // Of a stream that stays where it is the n-th value is the highest or lowest so far with the probability 2/n, which
        // keeps this at 1; one that wanders makes it grow with the root of n.
        let known = values.len() as f64;
        let recent = 1.0 - 2.0 / (known + 2.0);
        self.records = self.records * recent + f64::from(moved.is_record);
        let fade = 1.0 - 1.0 / MEMORY;
        if moved.step != 0.0 {
            self.ups = self.ups * fade + f64::from(moved.step > 0.0);
            self.downs = self.downs * fade + f64::from(moved.step < 0.0);
        }
        let (records, share) = if self.histories.is_some() { (STAYS, MIXED) } else { (WANDERS, MONOTONE) };
        let wanders = self.records >= records * known.max(FIRST).sqrt();
        if !(wanders || self.is_monotone(share)) {
            self.histories = None;
        } else if self.histories.is_none() {
            self.histories = Some(Box::new(Histories::of(values)));
        }
    }

    /// So large a share of the steps goes one way.
    fn is_monotone(&self, share: f64) -> bool {
        let (steps, most) = (self.ups + self.downs, self.ups.max(self.downs));
        steps >= STEPS && most >= share * steps
    }

    /// Follows a change of the history; what fits is kept.
    pub(super) fn resize(&mut self, history: usize) {
        if let Some(histories) = &mut self.histories {
            histories.short.resize(history);
            histories.long.resize(history);
        }
    }
}

impl Histories {
    /// The increments of remembered values; of the first ones over [`SPAN`] from the first.
    fn of(values: &TailProbability) -> Self {
        let [mut short, mut long] = [(); 2].map(|()| TailProbability::new(values.capacity()));
        let arrived = || values.arrived();
        let first = arrived().next().into_iter();
        arrived().zip(first.clone().chain(arrived())).for_each(|(x, before)| short.push(x - before));
        let early = first.cycle().take(SPAN);
        arrived().zip(early.chain(arrived())).for_each(|(x, before)| long.push(x - before));
        Histories { short, long }
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
        checkpoint::put_u32(out, self.histories.is_some().into());
        if let Some(Histories { short, long }) = self.histories.as_deref() {
            short.save(out);
            long.save(out);
        }
    }

    /// Takes it up again.
    pub(super) fn restore(input: &mut &[u8], history: usize) -> Option<Rising> {
        let [records, ups, downs] = std::array::from_fn(|_| checkpoint::take_finite(input));
        let mut rising = Rising { records: records?, ups: ups?, downs: downs?, histories: None };
        if checkpoint::take_flag(input)? {
            let (short, long) = (TailProbability::restore(input, history)?, TailProbability::restore(input, history)?);
            rising.histories = Some(Box::new(Histories { short, long }));
        }
        Some(rising)
    }
}
