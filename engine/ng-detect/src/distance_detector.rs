//! The detector of text, JSON and plain vectors: k-NN distance to remembered vectors, beside numbers that are surprising
//! by themselves, each ranked in the stream's own history.

use super::alert::{CHANNELS, Channels, Score};
use super::baseline::Baseline;
use super::block_index::{BlockPrunedIndex, Neighbours};
use super::cooldown::{self, Cooldown};
use super::kernel::{DIMS, Scanner};
use super::probe::Probe;
use super::scale::Scale;
use super::tail_probability::TailProbability;
use super::tuning::Tuning;
use super::weight_sensitivity;
use ng_model::checkpoint;
use ng_model::record::NO_SEQ;

/// What can be named has to be as surprising as this, which one event in ten is, for a distance to tell: where all lines are
/// alike, one that is longer by a character is far from all of them.
const NAMED: f64 = 1.0;

/// Remembered vectors that are measured anew when the weights change.
const MEASURED_ANEW: usize = 1024;

/// The state of one stream with `PLAIN` numbers beside its vector, which come first among the channels.
#[derive(Debug)]
pub struct DistanceDetector<const PLAIN: usize> {
    memory: BlockPrunedIndex,
    scale: Scale,
    plain: [TailProbability<f32>; PLAIN],
    distance: TailProbability,
    /// The weights by which the distances were measured.
    weights: [f32; DIMS],
    /// What the weight of each dimension does; none before it was measured.
    effects: Option<[f64; DIMS]>,
    channels: Channels,
    baseline: Baseline,
    /// Its latest alerts.
    pub(super) cooldown: Cooldown,
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
    /// What it would alert for.
    pub pattern: u32,
    /// A number shared by events that are likely to be alike, such as their pattern; only speed depends on it.
    pub cluster: u32,
    /// It is learnt; otherwise the stream is frozen.
    pub learn: bool,
    /// Most that each channel says by rank: how rare it is itself, in decades.
    pub most: [f64; CHANNELS],
    /// Surprises that were found by other means; the larger of both counts in each channel.
    pub beside: [f64; CHANNELS],
}

impl<const PLAIN: usize> DistanceDetector<PLAIN> {
    const FITS: () = assert!(PLAIN < CHANNELS, "one channel is the distance");

    /// A stream of which nothing is known.
    pub fn new(tuning: &Tuning, scanner: Scanner) -> Self {
        let () = Self::FITS;
        DistanceDetector {
            memory: BlockPrunedIndex::new(tuning.window, scanner),
            scale: Scale::default(),
            plain: std::array::from_fn(|_| TailProbability::new(tuning.history)),
            distance: TailProbability::new(tuning.history),
            weights: tuning.weights,
            effects: None,
            channels: Channels::default(),
            baseline: Baseline::default(),
            cooldown: Cooldown::default(),
            seen: 0,
        }
    }

    /// Events seen.
    pub fn seen(&self) -> u64 {
        self.seen
    }

    /// About the bytes it takes. Two histories of singles are as large as one of doubles.
    pub(super) fn bytes(&self, tuning: &Tuning) -> u64 {
        tuning.bytes(self.seen, 1, 1 + PLAIN.div_ceil(2) as u64)
    }

    /// What the weight of each dimension does; see [`weight_sensitivity::displaced`].
    pub(super) fn effects(&self) -> Option<[f64; DIMS]> {
        self.effects
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
        for (((surprise, tail), x), most) in surprises.iter_mut().zip(&mut self.plain).zip(plain).zip(asked.most) {
            *surprise = tail.high(x).min(most);
            if asked.learn {
                tail.push(x);
            }
        }
        let Asked { seq, k, .. } = asked;
        let factors = self.scale.factors(&tuning.weights);
        if self.weights != tuning.weights {
            self.measure_anew(&factors, k, tuning);
        } else if self.seen == MEASURED_ANEW as u64 {
            self.measure_effects(k);
        }
        let memory = &mut self.memory;
        let found = probe.time(move || memory.nearest(vector, &factors, k, asked.cluster));
        let nearest = found.nearest;
        let mut novelty = 0.0;
        if let Some(distance) = mean_distance(&found, k) {
            novelty = self.distance.high(distance);
            if asked.learn {
                self.distance.push(distance);
            }
        }
        surprises[PLAIN] = novelty;
        if asked.is_new {
            novelty = novelty.max(surprises[0]);
        }
        let named =
            surprises[..PLAIN].iter().chain(&asked.beside).fold(0.0f64, |largest, surprise| largest.max(*surprise));
        surprises.iter_mut().zip(asked.beside).for_each(|(surprise, beside)| *surprise = surprise.max(beside));
        let nearest = nearest.map_or(NO_SEQ, |place| self.memory.seq(place));
        if asked.learn {
            self.memory.push(vector, seq, asked.cluster);
            self.scale.push(vector);
        }
        self.seen += 1;
        let level = match PLAIN {
            0 => self.channels.step(surprises, tuning.leak),
            _ => self.channels.step_by_one(
                surprises,
                if named < NAMED { named } else { novelty.max(named) },
                tuning.leak,
            ),
        };
        Score {
            vector: *vector,
            level,
            is_fault: self.baseline.step(level.of_event, asked.learn),
            novelty,
            nearest,
            cause: asked.pattern,
            is_record: false,
            usual: None,
            // What is told of another pattern says nothing of this one.
            quiet: if PLAIN == 0 { cooldown::QUIET } else { 0 },
        }
    }

    /// Follows a change of the weights: the distances that would have been found by them take the place of those that
    /// were, for numbers of two measures cannot be ranked together.
    fn measure_anew(&mut self, factors: &[f32; DIMS], k: usize, tuning: &Tuning) {
        self.weights = tuning.weights;
        self.distance = TailProbability::new(tuning.history);
        let distance = &mut self.distance;
        self.memory = self.memory.replay(MEASURED_ANEW, factors, k, |found| {
            if let Some(found) = mean_distance(&found, k) {
                distance.push(found);
            }
        });
        self.measure_effects(k);
    }

    /// Measures the latest events again with each weight like the others. Equal weights cost nothing.
    fn measure_effects(&mut self, k: usize) {
        let mut as_weighed = None;
        self.effects = Some(std::array::from_fn(|dim| {
            let Some(weights) = weight_sensitivity::without(&self.weights, dim) else { return 0.0 };
            let as_weighed = as_weighed.get_or_insert_with(|| self.distances(&self.weights, k));
            weight_sensitivity::displaced(&self.distances(&weights, k), as_weighed)
        }));
    }

    /// How far the latest events were from what was remembered, by these weights.
    fn distances(&self, weights: &[f32; DIMS], k: usize) -> Vec<f64> {
        let mut distances = Vec::with_capacity(MEASURED_ANEW);
        self.memory.replay(MEASURED_ANEW, &self.scale.factors(weights), k, |found| {
            distances.extend(mean_distance(&found, k));
        });
        distances
    }

    /// Follows a change of window and history; what fits is kept.
    pub fn resize(&mut self, tuning: &Tuning) {
        self.memory.resize(tuning.window);
        self.plain.iter_mut().for_each(|tail| tail.resize(tuning.history));
        self.distance.resize(tuning.history);
    }
}

impl<const PLAIN: usize> DistanceDetector<PLAIN> {
    /// Adds the stream to a saved state.
    pub(super) fn save(&self, out: &mut Vec<u8>) {
        self.memory.save(out);
        self.scale.save(out);
        self.plain.iter().for_each(|tail| tail.save(out));
        self.distance.save(out);
        checkpoint::put_singles(out, &self.weights);
        self.channels.save(out);
        self.baseline.save(out);
        self.cooldown.save(out);
        checkpoint::put(out, self.seen);
    }

    /// Takes it up again; none when it is not valid. What fits into the present window and history is kept.
    pub(super) fn restore(input: &mut &[u8], tuning: &Tuning, scanner: Scanner) -> Option<Self> {
        let mut ranked = DistanceDetector::new(tuning, scanner);
        ranked.memory = BlockPrunedIndex::restore(input, scanner)?;
        if ranked.memory.window() != tuning.window {
            ranked.memory.resize(tuning.window);
        }
        ranked.scale = Scale::restore(input)?;
        for tail in &mut ranked.plain {
            *tail = TailProbability::restore(input, tuning.history)?;
        }
        ranked.distance = TailProbability::restore(input, tuning.history)?;
        ranked.weights = checkpoint::take_singles(input)?;
        ranked.channels = Channels::restore(input)?;
        ranked.baseline = Baseline::restore(input)?;
        ranked.cooldown = Cooldown::restore(input)?;
        ranked.seen = checkpoint::take_count(input)?;
        Some(ranked)
    }
}

/// The mean distance of `k` neighbours; none when there are fewer.
fn mean_distance(found: &Neighbours<'_>, k: usize) -> Option<f64> {
    (found.distances.len() == k).then(|| found.sum() / k as f64)
}
