//! Detection: how new and how unusual an event is, ranked in the history of its own stream.
//!
//! A single pass in bounded memory without a clock or chance: the same events in the same order give the same bits.
//!
//! # Layout
//!
//! `numeric.rs` scores values, with `runs.rs`, `rising.rs`, `few_values.rs` and `floor.rs`; `text.rs` and `json.rs` say
//! what the vector of an event is, which `distance_detector.rs` scores beside what `meaning.rs` says of its level, fields
//! and `numbers.rs`; `sessions/` scores events that belong together as a whole. All rank numbers with
//! `tail_probability.rs`, look for neighbours with `knn.rs` or `block_index.rs` (the loop itself is `kernel.rs`), at
//! distances that `scale.rs` frees of units, and turn surprise into alerts with `alert.rs`, at thresholds that
//! `feedback.rs` has moved and `cooldown.rs` keeps from being told again; a frozen stream is compared with its `baseline.rs`.
//! `streams.rs` bounds the number of detectors, `load_shedding.rs` chooses how much they do, `tuning.rs` holds their
//! settings. `probe.rs` measures the searches of sampled events, `source_activity.rs` follows when sources speak,
//! `overdue.rs` what comes regularly, `weight_sensitivity.rs` measures what weights do. `saved.rs` has the saved form.

pub mod alert;
mod baseline;
mod block_index;
pub mod cooldown;
pub mod distance_detector;
pub mod feedback;
mod few_values;
pub mod floor;
pub mod json;
pub mod kernel;
pub mod knn;
pub mod load_shedding;
pub mod meaning;
pub mod numbers;
pub mod numeric;
pub mod overdue;
mod probe;
mod rising;
mod runs;
mod saved;
mod scale;
pub mod sessions;
pub mod source_activity;
mod streams;
pub mod tail_probability;
#[cfg(test)]
mod tests;
pub mod text;
pub mod tuning;
mod weight_sensitivity;

pub use kernel::Kernel;
pub use probe::Probe;
pub use saved::{Detectors, Left};
pub use tuning::SETTINGS;

use alert::Score;
use cooldown::{Candidate, Cooldown};
use distance_detector::{Asked, DistanceDetector};
use feedback::Offsets;
use kernel::{DIMS, Scanner};
use load_shedding::LoadShedding;
use meaning::{Meaning, Novelty};
use ng_model::event::Event;
use ng_model::matched::Match;
use ng_model::record::{Detection, NO_PATTERN, NO_SEQ};
use ng_model::settings::Values;
use ng_model::symbols::{Sym, Symbols};
use ng_wire::{Format, Gauge, Scoring, Unit};
use numeric::{Measured, Numeric};
use sessions::Sessions;
use streams::Streams;
use tuning::Tuning;

/// Neighbours of a plain vector whose mean distance is ranked.
const VECTOR_NEIGHBOURS: usize = 5;
/// Events after which the memory of all streams is weighed again.
const WEIGHED: u64 = 256;
/// Sources with a text detector, and sources with a JSON detector.
const MAX_SOURCES: usize = 64;

/// Values, and bins of a rate, before the first alert.
const FIRST_VALUES: u64 = 150;
const FIRST_BINS: u64 = 30;
/// Share of the usual number that the rate of a source has to be away from it, and events in ten seconds.
const FAR_SHARE: f64 = 0.5;
const FAR: f64 = 5.0;
/// The least surprise of an event of which is kept what would have been usual.
const SAYS: f64 = 1.0;
/// Least strength of an alert about the rate of a source.
const STRICT: f64 = 4.5;

/// The detectors of all streams.
#[derive(Debug)]
pub struct Detect {
    tuning: Tuning,
    scanner: Scanner,
    /// By source and kind.
    numeric: Streams<(Sym, Sym), Numeric>,
    vectors: Streams<(Sym, Sym), DistanceDetector<0>>,
    /// By source.
    text: Streams<Sym, (DistanceDetector<3>, Meaning)>,
    json: Streams<Sym, (DistanceDetector<3>, Meaning)>,
    /// Events that belong together.
    sessions: Sessions,
    /// What operators moved the alert threshold by.
    pub feedback: Offsets,
    /// Events and rates scored.
    scored: u64,
    load: LoadShedding,
    /// Events are learnt; otherwise the source whose events come is frozen.
    learning: bool,
}

impl Detect {
    /// Detectors with the settings of `intuition_engine` and `grid`.
    pub fn new(intuition: &Values, grid: &Values, kernel: Kernel) -> Self {
        let tuning = Tuning::new(intuition, grid, [1.0; DIMS], false);
        Detect {
            tuning,
            scanner: Scanner::new(kernel),
            numeric: Streams::new(tuning.max_streams),
            vectors: Streams::new(tuning.max_streams),
            text: Streams::new(MAX_SOURCES),
            json: Streams::new(MAX_SOURCES),
            sessions: Sessions::new(intuition, Scanner::new(kernel)),
            feedback: Offsets::default(),
            scored: 0,
            load: LoadShedding::default(),
            learning: true,
        }
    }

    /// Scores an event and learns it. Notes of the engine itself are left unscored; a value or vector that is not finite
    /// is unencoded. `probe` measures the searches for neighbours.
    pub fn score(&mut self, event: &Event<'_>, matched: &Match, probe: &mut Probe) -> Detection {
        self.sessions.observe(event, matched, &self.tuning, self.learning);
        self.scored += 1;
        if self.scored.is_multiple_of(WEIGHED) {
            self.fit();
        }
        match event.head.format {
            Format::Note => Detection { pattern: matched.pattern, ..Detection::default() },
            Format::Text | Format::Journal => self.score_text(event, matched, probe),
            Format::Json => self.score_json(event, matched, probe),
            Format::Metric => self.score_numeric(event, matched, probe),
            Format::Vector => self.score_vector(event, matched, probe),
        }
    }

    /// Takes new settings. Thresholds hold from the next event; memories keep what still fits.
    pub fn reconfigure(&mut self, intuition: &Values, grid: &Values) {
        let before = self.tuning;
        self.tuning = Tuning::new(intuition, grid, before.weights, self.load.is_lite());
        self.sessions.configure(intuition);
        self.numeric.resize(self.tuning.max_streams);
        self.vectors.resize(self.tuning.max_streams);
        if (before.window, before.history) != (self.tuning.window, self.tuning.history) {
            let tuning = &self.tuning;
            self.numeric.states_mut().for_each(|state| state.resize(tuning));
            self.vectors.states_mut().for_each(|state| state.resize(tuning));
            self.text.states_mut().for_each(|state| state.0.resize(tuning));
            self.json.states_mut().for_each(|state| state.0.resize(tuning));
        }
    }

    /// Says whether the events that follow are learnt, or are those of a frozen source.
    pub fn set_learning(&mut self, learning: bool) {
        self.learning = learning;
    }

    /// The events that follow are learnt.
    pub fn is_learning(&self) -> bool {
        self.learning
    }

    /// Takes the share of the way in that is taken, 0 to 1, once a second with the seconds since the last call. Returns
    /// whether the profile is to be lite when it follows the load and that changes; then [`Detect::reconfigure`] is due.
    pub fn set_load(&mut self, share: f64, elapsed_s: f64) -> Option<bool> {
        if self.tuning.auto {
            return self.load.tick(share, elapsed_s);
        }
        self.load = LoadShedding::default();
        None
    }

    /// Weighs the eight dimensions of text, JSON and plain vectors; 0 leaves a dimension out. Only proportions count:
    /// equal weights weigh nothing. Weights that are not finite or negative count as 0.
    ///
    /// A stream measures anew what it remembers when its next event comes, so that the change itself surprises nobody.
    pub fn set_weights(&mut self, weights: [f32; DIMS]) {
        let weights = weights.map(|weight| if weight.is_finite() { weight.max(0.0) } else { 0.0 });
        let largest = weights.into_iter().fold(0.0, f32::max);
        self.tuning.weights = if largest > 0.0 { weights.map(|weight| weight / largest) } else { weights };
    }

    /// What the weight of each dimension does: the share of the most unusual twentieth of the latest text, JSON and vectors
    /// that is another than if it weighed as much as the others do on average. The mean of all streams; none before it was
    /// measured in any, which is when weights change and once for each stream that begins.
    pub fn effects(&self) -> Option<[f64; DIMS]> {
        let (text, json) = (self.text.states().map(|(s, _)| s.effects()), self.json.states().map(|(s, _)| s.effects()));
        let (mut sums, mut streams) = ([0.0; DIMS], 0.0);
        for effects in text.chain(json).chain(self.vectors.states().map(DistanceDetector::effects)).flatten() {
            sums.iter_mut().zip(effects).for_each(|(sum, effect)| *sum += effect);
            streams += 1.0;
        }
        (streams > 0.0).then(|| sums.map(|sum| sum / streams))
    }

    /// Adds what is measured here: streams with a detector, streams that gave way, numbers not followed.
    pub fn gauges(&self, gauges: &mut Vec<Gauge>) {
        let streams = self.numeric.len() + self.vectors.len() + self.text.len() + self.json.len();
        let held_back = (self.numeric.states().map(|state| &state.cooldown))
            .chain(self.vectors.states().map(|state| &state.cooldown))
            .chain(self.text.states().map(|(state, _)| &state.cooldown))
            .chain(self.json.states().map(|(state, _)| &state.cooldown));
        let held_back: u64 = held_back.map(Cooldown::held_back).sum();
        let dropped = self.numeric.dropped() + self.vectors.dropped() + self.text.dropped() + self.json.dropped();
        let refused: u64 = self.text.states().chain(self.json.states()).map(|(_, meaning)| meaning.refused()).sum();
        for (name, value, unit) in [
            ("streams", streams as u64, Unit::Count),
            ("streams.dropped", dropped, Unit::Count),
            ("alerts.held_back", held_back, Unit::Count),
            ("memory", self.bytes(), Unit::Bytes),
            ("profile.lite", u64::from(self.is_lite()), Unit::Count),
            ("profile.switches", self.load.switches(), Unit::Count),
            ("numbers.refused", refused, Unit::Count),
        ] {
            gauges.push(Gauge { name: name.into(), value: value as f64, unit });
        }
        self.sessions.gauges(gauges);
    }

    /// Novelty from which on an event of a metric or vector stream is novel, and one of a silenced pattern unlike the rest.
    pub fn novel_threshold(&self) -> f32 {
        self.tuning.novel_threshold as f32
    }

    /// The lite profile is in force.
    fn is_lite(&self) -> bool {
        self.tuning.history == tuning::LITE_HISTORY
    }

    /// About the bytes of all streams.
    fn bytes(&self) -> u64 {
        let tuning = &self.tuning;
        let numeric: u64 = self.numeric.states().map(|state| state.bytes(tuning)).sum();
        let vectors: u64 = self.vectors.states().map(|state| state.bytes(tuning)).sum();
        let events = self.text.states().chain(self.json.states());
        let events: u64 = events.map(|state| state.0.bytes(tuning) + Meaning::BYTES).sum();
        numeric + vectors + events
    }

    /// Lets the streams not seen for longest give way until the others fit; the last one stays.
    fn fit(&mut self) {
        while self.bytes() > self.tuning.memory
            && self.numeric.len() + self.vectors.len() + self.text.len() + self.json.len() > 1
        {
            let oldest = [self.numeric.oldest(), self.vectors.oldest(), self.text.oldest(), self.json.oldest()];
            match (0..4).filter(|group| oldest[*group].is_some()).min_by_key(|group| oldest[*group]) {
                Some(0) => self.numeric.drop_oldest(),
                Some(1) => self.vectors.drop_oldest(),
                Some(2) => self.text.drop_oldest(),
                _ => self.json.drop_oldest(),
            }
        }
    }

    /// What is to be told of sessions after the event scored last, as JSON.
    pub fn session_notes(&self, symbols: &Symbols) -> impl Iterator<Item = String> {
        self.sessions.notes(symbols)
    }

    /// The sessions that ended with the event scored last.
    pub fn ended_sessions(&self) -> &[sessions::Ended] {
        self.sessions.ended()
    }

    /// Ends every session; the input has ended.
    pub fn end_sessions(&mut self) -> &[sessions::Ended] {
        self.sessions.finish(&self.tuning);
        self.sessions.ended()
    }

    /// The expression that was found to name the sessions of a source; none before one is, and where one is given.
    pub fn found_session_key(&self) -> Option<&str> {
        self.sessions.found_key()
    }

    /// Name of the code that compares vectors, `avx512`, `avx2` or `scalar`.
    pub fn kernel(&self) -> &'static str {
        self.scanner.name()
    }

    /// Scores how many events a source brought in ten seconds, as a metric of that source with the name `stream`. Returns
    /// the strength of an alert.
    ///
    /// It asks for more than the alert of an event: nobody would want to be told several times a day for each source.
    pub fn score_rate(&mut self, source: Sym, stream: Sym, events: u64) -> Option<f64> {
        let (tuning, scanner) = (self.tuning, self.scanner);
        self.scored += 1;
        let state = self.numeric.get((source, stream), self.scored, || Numeric::new(&tuning, scanner));
        let mut threshold = tuning.threshold(tuning.alert_threshold.max(STRICT), state.seen(), FIRST_BINS);
        let measured = Measured { value: events as f64, unit: Unit::Count, seq: NO_SEQ };
        let score = state.step(measured, &tuning, self.learning, &mut Probe::default());
        if !score.usual.is_some_and(|[low, high]| is_far(events as f64, low, high)) {
            threshold = f64::INFINITY;
        }
        // No pattern has this number, and no feedback.
        let told = tell(&mut state.cooldown, &self.feedback, NO_PATTERN, &score, threshold);
        told.is_alert.then_some(told.strength)
    }

    fn score_numeric(&mut self, event: &Event<'_>, matched: &Match, probe: &mut Probe) -> Detection {
        let value = event.head.value;
        if !value.is_finite() {
            return unencoded(event, matched);
        }
        let (tuning, scanner) = (self.tuning, self.scanner);
        let state = self.numeric.get(stream(event), self.scored, || Numeric::new(&tuning, scanner));
        let seen = state.seen();
        let ready = seen >= tuning.warm_up;
        let measured = Measured { value, unit: event.head.unit, seq: event.head.seq };
        let score = state.step(measured, &tuning, self.learning, probe);
        let is_novel = ready && score.novelty >= tuning.novel_threshold;
        let mut threshold = tuning.threshold(tuning.alert_threshold, seen, FIRST_VALUES);
        if !ready && !numeric::is_about_value(score.cause) {
            // There are few courses yet that it could be like.
            threshold = f64::INFINITY;
        }
        let told = tell(&mut state.cooldown, &self.feedback, matched.pattern, &score, threshold);
        conclude(event, matched, ready, &score, is_novel, told)
    }

    fn score_vector(&mut self, event: &Event<'_>, matched: &Match, probe: &mut Probe) -> Detection {
        let vector = event.parsed.vector;
        if !vector.iter().all(|value| value.is_finite()) {
            return unencoded(event, matched);
        }
        let (tuning, scanner) = (self.tuning, self.scanner);
        let state = self.vectors.get(stream(event), self.scored, || DistanceDetector::new(&tuning, scanner));
        let ready = state.seen() >= tuning.warm_up;
        let score = state.step(&vector, [], asked(event, matched, VECTOR_NEIGHBOURS, self.learning), &tuning, probe);
        let is_novel = ready && score.novelty >= tuning.novel_threshold;
        let threshold = if ready { tuning.alert_threshold } else { f64::INFINITY };
        let told = tell(&mut state.cooldown, &self.feedback, matched.pattern, &score, threshold);
        conclude(event, matched, ready, &score, is_novel, told)
    }

    fn score_text(&mut self, event: &Event<'_>, matched: &Match, probe: &mut Probe) -> Detection {
        let (tuning, scanner) = (self.tuning, self.scanner);
        let (state, meaning) = self.text.get(event.head.source, self.scored, || begin(&tuning, scanner));
        let ready = state.seen() >= tuning.warm_up;
        let said = meaning.step(event, matched, self.learning);
        let vector = text::vector(event, matched);
        let asked = Asked {
            beside: said.beside(text::FIELDS),
            most: text::most(matched),
            ..asked(event, matched, tuning.k, self.learning)
        };
        let mut score = state.step(&vector, text::plain(event, matched), asked, &tuning, probe);
        let ready = raise(&mut score, &said, &tuning) || ready;
        let is_news = ready && said.novelty != Novelty::Common;
        let threshold = if is_news { tuning.alert_threshold } else { f64::INFINITY };
        let told = tell(&mut state.cooldown, &self.feedback, matched.pattern, &score, threshold);
        let detection = conclude(event, matched, ready, &score, matched.is_new, told);
        name(detection, &score, || said.telling(matched, &score.level, text::FIELDS))
    }

    fn score_json(&mut self, event: &Event<'_>, matched: &Match, probe: &mut Probe) -> Detection {
        let (tuning, scanner) = (self.tuning, self.scanner);
        let (state, meaning) = self.json.get(event.head.source, self.scored, || begin(&tuning, scanner));
        let ready = state.seen() >= tuning.warm_up;
        let said = meaning.step(event, matched, self.learning);
        let vector = json::vector(event, matched, said.farthest.surprise);
        let asked = Asked {
            beside: said.beside(json::FIELDS),
            most: json::most(matched),
            ..asked(event, matched, tuning.k, self.learning)
        };
        let mut score = state.step(&vector, json::plain(event, matched), asked, &tuning, probe);
        let ready = raise(&mut score, &said, &tuning) || ready;
        let is_news = ready && said.novelty != Novelty::Common;
        let threshold = if is_news { tuning.alert_threshold } else { f64::INFINITY };
        let told = tell(&mut state.cooldown, &self.feedback, matched.pattern, &score, threshold);
        let detection = conclude(event, matched, ready, &score, matched.is_new, told);
        name(detection, &score, || said.telling(matched, &score.level, json::FIELDS))
    }
}

/// A rate is so far from what it usually is that it matters.
fn is_far(rate: f64, low: f64, high: f64) -> bool {
    (rate - high).max(low - rate) >= FAR.max(FAR_SHARE * 0.5 * (low + high))
}

/// Whether an event is told, and its strength as far as it is told: one that is held back has none.
struct Told {
    is_alert: bool,
    strength: f64,
}

/// Decides whether an event alerts. What feedback keeps quiet holds nothing back.
fn tell(cooldown: &mut Cooldown, feedback: &Offsets, pattern: u32, score: &Score, threshold: f64) -> Told {
    let strength = score.level.strength;
    if score.is_fault {
        // It is told while it lasts, unless it was said that its like is none.
        let strength = strength.max(score.level.of_event);
        let is_silenced = feedback.offset(pattern) > 0.0 && !feedback.alerts(strength, threshold, pattern);
        cooldown.pass();
        return Told { is_alert: !is_silenced, strength };
    }
    if !feedback.alerts(strength, threshold, pattern) {
        cooldown.pass();
        return Told { is_alert: false, strength };
    }
    let is_alert = cooldown.tells(score.quiet, Candidate { cause: score.cause, strength, is_record: score.is_record });
    Told { is_alert, strength: if is_alert { strength } else { 0.0 } }
}

fn conclude(event: &Event<'_>, matched: &Match, ready: bool, score: &Score, is_novel: bool, told: Told) -> Detection {
    Detection {
        state: if ready { Scoring::Scored } else { Scoring::Learning },
        encoder: event.encoder,
        is_novel,
        is_alert: told.is_alert,
        vector: score.vector,
        channels: score.level.channels.map(|channel| channel as f32),
        novelty: score.novelty as f32,
        event_surprise: score.level.of_event as f32,
        surprise: score.level.surprise as f32,
        strength: told.strength as f32,
        pattern: matched.pattern,
        nearest: score.nearest,
        // What is ordinary is most of what is kept, and has no need of it.
        usual: score.usual.filter(|_| score.level.of_event >= SAYS),
        ..Detection::default()
    }
}

/// Adds what says most of a line or object that says something.
fn name(detection: Detection, score: &Score, telling: impl FnOnce() -> meaning::Telling) -> Detection {
    if score.level.of_event < SAYS {
        return detection;
    }
    let meaning::Telling { field, usual, shares } = telling();
    Detection { telling: field, usual, shares, ..detection }
}

fn stream(event: &Event<'_>) -> (Sym, Sym) {
    (event.head.source, event.head.kind)
}

/// The detectors of a source of text or JSON.
fn begin(tuning: &Tuning, scanner: Scanner) -> (DistanceDetector<3>, Meaning) {
    (DistanceDetector::new(tuning, scanner), Meaning::default())
}

/// An error that is new is told, however little is known of its source: it is as strong as what is just told. So is a share
/// of errors that is told by itself. Returns whether it is one of these.
fn raise(score: &mut Score, said: &meaning::Said, tuning: &Tuning) -> bool {
    if said.novelty == Novelty::Error {
        score.level.strength = score.level.strength.max(tuning.alert_threshold);
    }
    said.novelty == Novelty::Error || said.level >= tuning.alert_threshold
}

fn asked(event: &Event<'_>, matched: &Match, k: usize, learn: bool) -> Asked {
    // Events of one pattern that came after pauses of one magnitude are alike.
    let pause = text::log_since_last(matched).floor() as i32 as u32;
    let cluster = matched.pattern ^ pause.wrapping_mul(0x9e37_79b9);
    let pattern = matched.pattern;
    let (most, beside) = ([f64::INFINITY; alert::CHANNELS], [0.0; alert::CHANNELS]);
    Asked { seq: event.head.seq, k, is_new: matched.is_new, pattern, cluster, learn, most, beside }
}

fn unencoded(event: &Event<'_>, matched: &Match) -> Detection {
    Detection {
        state: Scoring::Unencoded,
        encoder: event.encoder,
        pattern: matched.pattern,
        nearest: NO_SEQ,
        ..Detection::default()
    }
}
