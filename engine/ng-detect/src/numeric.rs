//! The detector of a numeric stream: four channels on the values, counted by events and not by the clock.
//!
//! | channel | surprise of |
//! |---|---|
//! | level | the value, to both sides; of what rises by nature its increments (`rising.rs`) |
//! | shape | the mean distance of the last values (every fourth, eight of them) to their 3 nearest remembered |
//! | multiscale | the same at lags 0, 1, 2, 4 … 64, relative to how far those neighbours are from their own |
//! | quiet | a small standard deviation of the last 50 values; a run that takes too long (`runs.rs`) |
//!
//! A vector is remembered only after its whole span has passed, so that it never matches itself. Novelty is the
//! surprise of the shape channel's distance before any leak. What is rare and hardly moves is held down (`floor.rs`).

use super::alert::{CHANNELS, Channels, Score};
use super::baseline::Baseline;
use super::cooldown::{self, Cooldown};
use super::few_values::FewValues;
use super::floor::{TAIL, Usual};
use super::kernel::{self, DIMS, Scanner};
use super::knn::VectorWindow;
use super::probe::Probe;
use super::rising::{Move, Rising, SPAN};
use super::runs::Runs;
use super::tail_probability::TailProbability;
use super::tuning::Tuning;
use ng_model::checkpoint;
use ng_model::record::NO_SEQ;
use ng_wire::Unit;
use std::collections::VecDeque;

const SHAPE: [usize; DIMS] = [0, 4, 8, 12, 16, 20, 24, 28];
const SCALES: [usize; DIMS] = [0, 1, 2, 4, 8, 16, 32, 64];
/// Values that must be known: the longest lag and the latest.
const KEPT: usize = 65;
/// Values behind the quiet channel.
const QUIET: usize = 50;
/// Values before a level, and a spread, surprises.
const FIRST: u64 = 20;
const FIRST_QUIET: u64 = 100;
/// Neighbours of the shape and multiscale channels.
const K: usize = 3;
/// Surprise of an event below which what is usual is not looked up.
const ASKED: f64 = 1.0;
/// The causes of alerts about a low and about a high value; of others it is the number of the channel.
const LOW: u32 = 0;
const HIGH: u32 = 4;
/// Surprise of a level from which it is a record: twenty means of the excesses beyond everything before.
const RECORD: f64 = 11.0;
/// Most that a channel says while the stream has had few different values: they say little of what lies beyond them.
const FEW_CAP: f64 = 4.0;

/// A value that was measured.
#[derive(Clone, Copy, Debug)]
pub struct Measured {
    /// The value, finite.
    pub value: f64,
    /// Its unit, by which is known what matters.
    pub unit: Unit,
    /// The event.
    pub seq: u64,
}

/// The state of one numeric stream.
#[derive(Debug)]
pub struct Numeric {
    history: History,
    shape: Space,
    scales: Space,
    level: TailProbability,
    quiet: TailProbability,
    runs: Runs,
    rising: Rising,
    values: FewValues,
    channels: Channels,
    baseline: Baseline,
    /// Its latest alerts.
    pub(super) cooldown: Cooldown,
}

impl Numeric {
    /// A stream of which nothing is known.
    pub fn new(tuning: &Tuning, scanner: Scanner) -> Self {
        Numeric {
            history: History::default(),
            shape: Space::new(SHAPE, tuning, scanner),
            scales: Space::new(SCALES, tuning, scanner),
            level: TailProbability::new(tuning.history),
            quiet: TailProbability::new(tuning.history),
            runs: Runs::default(),
            rising: Rising::default(),
            values: FewValues::default(),
            channels: Channels::default(),
            baseline: Baseline::default(),
            cooldown: Cooldown::default(),
        }
    }

    /// Values seen.
    pub fn seen(&self) -> u64 {
        self.history.count
    }

    /// Scores a finite value, and learns it unless the stream is frozen. Its course is followed either way.
    pub fn step(&mut self, measured: Measured, tuning: &Tuning, learn: bool, probe: &mut Probe) -> Score {
        let Measured { value, unit, seq } = measured;
        let index = self.history.count;
        self.history.push(value);
        self.values.add(value);
        let level = if index >= FIRST { self.level.either(value) } else { 0.0 };
        let shape = self.shape.step(&self.history, seq, learn, probe, |found| found.distance);
        let scales = self.scales.step(&self.history, seq, learn, probe, Found::relative);
        let deviation = self.history.deviation();
        let quiet = if index >= FIRST_QUIET { self.quiet.low(deviation) } else { 0.0 };
        let quiet = quiet.max(self.runs.step(value, learn));
        let increments = self.rising.step(self.moved(value), &self.level, &tuning.floor, unit, learn);
        let mut surprises = match &increments {
            Some(increments) => [increments.surprise, 0.0, 0.0, quiet],
            None => [level, shape.surprise, scales.surprise, quiet],
        };
        // Of an event that says little nobody asks what is usual.
        let says = surprises.into_iter().sum::<f64>() >= ASKED;
        let usual = if says { Usual::of(&self.level) } else { None };
        if learn {
            self.level.push(value);
            self.quiet.push(deviation);
        }
        if let Some(usual) = &usual {
            self.hold_down(&mut surprises, value, usual, tuning.floor.of(unit, usual.middle), increments.is_some());
        }
        let level = self.channels.step(surprises, tuning.leak);
        let is_high = usual.is_some_and(|usual| value > usual.middle);
        let values = usual.map(|usual| [usual.low, usual.high]);
        Score {
            vector: SHAPE.map(|lag| self.history.lag(lag) as f32),
            level,
            novelty: surprises[1],
            nearest: shape.nearest,
            cause: if level.largest() == LOW as usize && is_high { HIGH } else { level.largest() as u32 },
            is_record: surprises[0] >= RECORD,
            is_fault: self.baseline.step(level.of_event, learn),
            usual: increments.map(|increments| increments.usual_beside(values, value)).or(values),
            quiet: cooldown::QUIET,
        }
    }

    /// Takes from the surprises what does not matter: what is rare and hardly moves, and what is beyond the few values that
    /// are known, which say little of what lies beyond them. Increments have a floor of their own.
    fn hold_down(&self, surprises: &mut [f64; CHANNELS], value: f64, usual: &Usual, floor: f64, by_increments: bool) {
        let own = by_increments || (value - usual.middle).abs() >= floor;
        let course = own || self.history.reaches(usual.middle, floor);
        if !by_increments && usual.beyond(value) < floor {
            // As surprising as the edge of the usual, at most.
            surprises[0] = surprises[0].min(self.level.of_share(TAIL));
        }
        for (surprise, matters) in surprises.iter_mut().zip([own, course, course, usual.width() >= floor]) {
            if !matters {
                *surprise = 0.0;
            }
        }
        if self.values.are_few() {
            surprises.iter_mut().for_each(|surprise| *surprise = surprise.min(FEW_CAP));
        }
    }

    /// Where the latest value comes from.
    fn moved(&self, value: f64) -> Move {
        Move {
            before: self.history.lag(1),
            step: value - self.history.lag(1),
            long: value - self.history.lag(SPAN),
            is_record: self.level.is_beyond(value),
        }
    }

    /// About the bytes of its memory.
    pub fn bytes(&self, tuning: &Tuning) -> u64 {
        tuning.bytes(self.seen(), 2, 5)
    }

    /// Follows a change of window and history; what fits is kept.
    pub fn resize(&mut self, tuning: &Tuning) {
        self.shape.resize(tuning);
        self.scales.resize(tuning);
        self.level.resize(tuning.history);
        self.quiet.resize(tuning.history);
        self.rising.resize(tuning.history);
    }
}

/// An alert of this cause is about the value itself, not about the course that led to it.
pub(super) fn is_about_value(cause: u32) -> bool {
    cause == LOW || cause == HIGH
}

/// The latest values, one after the other in memory.
#[derive(Debug)]
struct History {
    /// The latest values end at `end`; when the buffer is full they move to its start.
    values: [f64; 4 * KEPT],
    end: usize,
    count: u64,
    first: f64,
}

impl Default for History {
    fn default() -> Self {
        History { values: [0.0; 4 * KEPT], end: 0, count: 0, first: 0.0 }
    }
}

impl History {
    fn push(&mut self, value: f64) {
        if self.count == 0 {
            self.first = value;
        }
        if self.end == self.values.len() {
            self.values.copy_within(self.end - KEPT.., 0);
            self.end = KEPT;
        }
        self.values[self.end] = value;
        self.end += 1;
        self.count += 1;
    }

    /// The value `lag` events ago; the first value for events before it.
    fn lag(&self, lag: usize) -> f64 {
        if (lag as u64) < self.count { self.values[self.end - 1 - lag] } else { self.first }
    }

    /// One of the latest values is so far from `from`.
    fn reaches(&self, from: f64, distance: f64) -> bool {
        let latest = &self.values[self.end - KEPT.min(self.end)..self.end];
        latest.iter().rev().any(|value| (value - from).abs() >= distance)
    }

    /// Standard deviation of the last values.
    fn deviation(&self) -> f64 {
        let values = &self.values[self.end - QUIET.min(self.end)..self.end];
        let count = values.len() as f64;
        let mean = values.iter().fold(0.0, |sum, value| sum + value) / count;
        (values.iter().fold(0.0, |sum, value| sum + (value - mean) * (value - mean)) / count).sqrt()
    }
}

/// A window of lagged values, the memory of such windows, and the surprise of their distances.
#[derive(Debug)]
struct Space {
    lags: [usize; DIMS],
    span: usize,
    memory: VectorWindow,
    /// The mean distance of each remembered vector to its own neighbours when it was met, by place.
    own: Vec<f64>,
    /// Vectors met but not yet remembered, with their own distance and `seq`.
    pending: VecDeque<([f32; DIMS], f64, u64)>,
    tail: TailProbability,
    distances: f64,
    queries: f64,
}

/// How far a vector is from its neighbours.
struct Found {
    /// Mean distance to them.
    distance: f64,
    /// Their own mean distance.
    own: f64,
    /// Mean of all distances so far.
    usual: f64,
}

impl Found {
    /// `d · sqrt(d / own)` up to a scale: far, and farther than its neighbours are from theirs.
    fn relative(&self) -> f64 {
        (self.distance * (self.distance / (self.own + 0.1 * self.usual + 1e-12))).sqrt()
    }
}

struct Surprise {
    surprise: f64,
    nearest: u64,
}

impl Space {
    fn new(lags: [usize; DIMS], tuning: &Tuning, scanner: Scanner) -> Self {
        Space {
            lags,
            span: lags[DIMS - 1] + 4,
            memory: VectorWindow::new(tuning.window, scanner),
            own: Vec::new(),
            pending: VecDeque::new(),
            tail: TailProbability::new(tuning.history),
            distances: 0.0,
            queries: 0.0,
        }
    }

    fn step(
        &mut self,
        history: &History,
        seq: u64,
        learn: bool,
        probe: &mut Probe,
        measure: impl Fn(&Found) -> f64,
    ) -> Surprise {
        let vector = self.lags.map(|lag| (history.lag(lag) - history.first) as f32);
        let index = history.count - 1;
        let warm = 2 * self.span as u64 + 5;
        let mut result = Surprise { surprise: 0.0, nearest: NO_SEQ };
        let mut own = 0.0;
        if index >= warm {
            let (found, nearest) = self.query(&vector, probe);
            let distance = measure(&found);
            if index >= warm + 25 {
                result.surprise = self.tail.high(distance);
            }
            if learn {
                self.tail.push(distance);
                self.distances += found.distance;
                self.queries += 1.0;
            }
            result.nearest = nearest;
            own = found.distance;
        }
        if !learn {
            return result;
        }
        self.pending.push_back((vector, own, seq));
        if self.pending.len() > self.span
            && let Some((vector, own, seq)) = self.pending.pop_front()
        {
            let place = self.memory.push(&vector, seq);
            if place == self.own.len() { self.own.push(own) } else { self.own[place] = own }
        }
        result
    }

    fn query(&mut self, vector: &[f32; DIMS], probe: &mut Probe) -> (Found, u64) {
        let (mut distance, mut own, mut nearest) = (0.0, 0.0, None);
        let memory = &mut self.memory;
        for found in probe.time(move || memory.nearest(vector, K)) {
            let place = kernel::place(*found);
            nearest = nearest.or(Some(place));
            distance += f64::from(kernel::distance(*found)).sqrt();
            own += self.own[place];
        }
        distance /= K as f64;
        let usual = (self.distances + distance) / (self.queries + 1.0);
        let found = Found { distance, own: own / K as f64, usual };
        (found, nearest.map_or(NO_SEQ, |place| self.memory.seq(place)))
    }

    fn resize(&mut self, tuning: &Tuning) {
        let kept = self.memory.resize(tuning.window);
        self.own = kept.into_iter().map(|place| self.own[place]).collect();
        self.tail.resize(tuning.history);
    }
}

impl Numeric {
    /// Adds the stream to a saved state.
    pub(super) fn save(&self, out: &mut Vec<u8>) {
        let History { values, end, count, first } = &self.history;
        checkpoint::put(out, *count);
        checkpoint::put_float(out, *first);
        checkpoint::put_all(out, values[..*end].iter().map(|value| value.to_bits()));
        self.shape.save(out);
        self.scales.save(out);
        self.level.save(out);
        self.quiet.save(out);
        self.runs.save(out);
        self.rising.save(out);
        self.values.save(out);
        self.channels.save(out);
        self.baseline.save(out);
        self.cooldown.save(out);
    }

    /// Takes it up again; none when it is not valid. What fits into the present window and history is kept.
    pub(super) fn restore(input: &mut &[u8], tuning: &Tuning, scanner: Scanner) -> Option<Numeric> {
        let mut history = History {
            count: checkpoint::take_count(input)?,
            first: checkpoint::take_float(input)?,
            ..History::default()
        };
        let values = checkpoint::take_all(input, history.values.len())?;
        history.end = values.len();
        if (history.count.min(KEPT as u64) as usize) > history.end {
            return None;
        }
        for (value, bits) in history.values.iter_mut().zip(values) {
            *value = f64::from_bits(bits);
        }
        let mut numeric = Numeric {
            history,
            shape: Space::restore(SHAPE, input, tuning, scanner)?,
            scales: Space::restore(SCALES, input, tuning, scanner)?,
            level: TailProbability::restore(input, tuning.history)?,
            quiet: TailProbability::restore(input, tuning.history)?,
            runs: Runs::restore(input)?,
            rising: Rising::restore(input, tuning.history)?,
            values: FewValues::restore(input)?,
            channels: Channels::restore(input)?,
            baseline: Baseline::restore(input)?,
            cooldown: Cooldown::restore(input)?,
        };
        for space in [&mut numeric.shape, &mut numeric.scales] {
            if space.memory.window() != tuning.window {
                space.resize(tuning);
            }
        }
        Some(numeric)
    }
}

impl Space {
    fn save(&self, out: &mut Vec<u8>) {
        self.memory.save(out);
        self.own.iter().for_each(|own| checkpoint::put_float(out, *own));
        checkpoint::put_all(out, self.pending.iter().map(|pending| pending.2));
        for (vector, own, _) in &self.pending {
            checkpoint::put_singles(out, vector);
            checkpoint::put_float(out, *own);
        }
        self.tail.save(out);
        checkpoint::put_float(out, self.distances);
        checkpoint::put_float(out, self.queries);
    }

    fn restore(lags: [usize; DIMS], input: &mut &[u8], tuning: &Tuning, scanner: Scanner) -> Option<Space> {
        let mut space = Space::new(lags, tuning, scanner);
        space.memory = VectorWindow::restore(input, scanner)?;
        space.own = (0..space.memory.len()).map(|_| checkpoint::take_float(input)).collect::<Option<_>>()?;
        for seq in checkpoint::take_all(input, space.span)? {
            space.pending.push_back(([0.0; DIMS], 0.0, seq));
        }
        for (vector, own, _) in &mut space.pending {
            *vector = checkpoint::take_singles(input)?;
            *own = checkpoint::take_float(input)?;
        }
        space.tail = TailProbability::restore(input, tuning.history)?;
        space.distances = checkpoint::take_float(input)?;
        space.queries = checkpoint::take_float(input)?;
        Some(space)
    }
}
