//! The detector of text, JSON and plain vectors: the distance to remembered vectors, beside numbers that are surprising
//! by themselves, each ranked in the stream's own history.

use super::alert::{CHANNELS, Channels, Score};
use super::grouped::Grouped;
use super::kernel::{DIMS, Scanner};
use super::probe::Probe;
use super::scale::Scale;
use super::tail::Tail;
use super::tuning::Tuning;
use crate::record::NO_SEQ;
use crate::saved;

/// Remembered vectors that are measured anew when the weights change.
const MEASURED_ANEW: usize = 1024;

/// The state of one stream with `PLAIN` numbers beside its vector, which come first among the channels.
#[derive(Debug)]
pub struct Ranked<const PLAIN: usize> {
    memory: Grouped,
    scale: Scale,
    plain: [Tail; PLAIN],
    distance: Tail,
    /// The weights by which the distances were measured.
    weights: [f32; DIMS],
    channels: Channels,
    seen: u64,
}

/// How an event is compared.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    /// The event.
    pub seq: u64,
    /// Neighbours whose mean distance counts.
    pub k: usize,
    /// Its template or shape was never met: it has no like to be near to, so that its novelty is at least the surprise of
    /// the first plain number, which is how rare that is.
    pub is_new: bool,
    /// A number shared by events that are likely to be alike, such as their pattern; only speed depends on it.
    pub kin: u32,
    /// It is learnt; otherwise the stream is frozen.
    pub learn: bool,
}

impl<const PLAIN: usize> Ranked<PLAIN> {
    const FITS: () = assert!(PLAIN < CHANNELS, "one channel is the distance");

    /// A stream of which nothing is known.
    pub fn new(tuning: &Tuning, scanner: Scanner) -> Self {
        let () = Self::FITS;
        Ranked {
            memory: Grouped::new(tuning.window, scanner),
            scale: Scale::default(),
            plain: std::array::from_fn(|_| Tail::new(tuning.history)),
            distance: Tail::new(tuning.history),
            weights: tuning.weights,
            channels: Channels::default(),
            seen: 0,
        }
    }

    /// Events seen.
    pub fn seen(&self) -> u64 {
        self.seen
    }

    /// Scores an event by its vector and its plain numbers and learns it. While fewer than `k` vectors are
    /// remembered the distance is not ranked. An event of a frozen stream is not learnt.
    pub fn step(
        &mut self,
        vector: &[f32; DIMS],
        plain: [f64; PLAIN],
        asked: Asked,
        tuning: &Tuning,
        probe: &mut Probe,
    ) -> Score {
        let mut surprises = [0.0; CHANNELS];
        for ((surprise, tail), x) in surprises.iter_mut().zip(&mut self.plain).zip(plain) {
            *surprise = if asked.learn { tail.rank(x) } else { tail.high(x) };
        }
        let Asked { seq, k, .. } = asked;
        let factors = self.scale.factors(&tuning.weights);
        if self.weights != tuning.weights {
            self.measure_anew(&factors, k, tuning);
        }
        let memory = &mut self.memory;
        let found = probe.time(move || memory.nearest(vector, &factors, k, asked.kin));
        let nearest = found.nearest;
        let mut novelty = 0.0;
        if let Some(distance) = mean_distance(found.distances, k) {
            novelty = if asked.learn { self.distance.rank(distance) } else { self.distance.high(distance) };
        }
        surprises[PLAIN] = novelty;
        if asked.is_new {
            novelty = novelty.max(surprises[0]);
        }
        let nearest = nearest.map_or(NO_SEQ, |place| self.memory.seq(place));
        if asked.learn {
            self.memory.push(vector, seq, asked.kin);
            self.scale.push(vector);
        }
        self.seen += 1;
        Score { vector: *vector, level: self.channels.step(surprises, tuning.leak), novelty, nearest }
    }

    /// Follows a change of the weights: the distances that would have been found by them take the place of those that
    /// were, for numbers of two measures cannot be ranked together.
    fn measure_anew(&mut self, factors: &[f32; DIMS], k: usize, tuning: &Tuning) {
        self.weights = tuning.weights;
        self.distance = Tail::new(tuning.history);
        let distance = &mut self.distance;
        self.memory.replay(MEASURED_ANEW, factors, k, |found| {
            if let Some(found) = mean_distance(found, k) {
                distance.push(found);
            }
        });
    }

    /// Follows a change of window and history; what fits is kept.
    pub fn resize(&mut self, tuning: &Tuning) {
        self.memory.resize(tuning.window);
        for tail in self.plain.iter_mut().chain([&mut self.distance]) {
            tail.resize(tuning.history);
        }
    }
}

impl<const PLAIN: usize> Ranked<PLAIN> {
    /// Adds the stream to a saved state.
    pub(super) fn save(&self, out: &mut Vec<u8>) {
        self.memory.save(out);
        self.scale.save(out);
        self.plain.iter().chain([&self.distance]).for_each(|tail| tail.save(out));
        saved::put_singles(out, &self.weights);
        self.channels.save(out);
        saved::put(out, self.seen);
    }

    /// Takes it up again; none when it is not valid. What fits into the present window and history is kept.
    pub(super) fn restore(input: &mut &[u8], tuning: &Tuning, scanner: Scanner) -> Option<Self> {
        let mut ranked = Ranked::new(tuning, scanner);
        ranked.memory = Grouped::restore(input, scanner)?;
        if ranked.memory.window() != tuning.window {
            ranked.memory.resize(tuning.window);
        }
        ranked.scale = Scale::restore(input)?;
        for tail in ranked.plain.iter_mut().chain([&mut ranked.distance]) {
            *tail = Tail::restore(input, tuning.history)?;
        }
        ranked.weights = saved::take_singles(input)?;
        ranked.channels = Channels::restore(input)?;
        ranked.seen = saved::take_count(input)?;
        Some(ranked)
    }
}

/// The mean distance of `k` neighbours; none when there are fewer.
fn mean_distance(found: &[f32], k: usize) -> Option<f64> {
    let sum = found.iter().fold(0.0, |sum, found| sum + f64::from(*found).sqrt());
    (found.len() == k).then(|| sum / k as f64)
}
