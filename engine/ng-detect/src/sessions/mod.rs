//! Sessions: events of one source that name the same thing, such as a block, a request or a trace, scored as a whole.
//!
//! What names the session is the setting `session_key`, a regular expression, or is found in each source. A session ends
//! when the times of its source have gone on by `session_timeout_s` without it. One that speaks again within a day goes
//! on, and ends once more with all that it has become: work that is taken up again hours later is one session.
//!
//! # Layout
//!
//! `key_discovery.rs` finds what names the sessions, `key_pattern.rs` the names in a line; `open_sessions.rs` holds the
//! sessions of one source in the order of their last use, `counts.rs` what is common in all of them; `vector.rs` makes
//! the eight features. Here they are scored. `saved.rs` has the saved form.

mod counts;
mod key_discovery;
mod key_pattern;
mod open_sessions;
mod saved;
#[cfg(test)]
mod tests;
mod vector;

use super::alert::AlertLayer;
use super::block_index::BlockPrunedIndex;
use super::kernel::{DIMS, Scanner};
use super::scale::Scale;
use super::streams::Streams;
use super::tail_probability::TailProbability;
use super::tuning::Tuning;
use counts::Counts;
use key_discovery::{Finder, Found};
use key_pattern::{KeyPattern, NAME};
use ng_model::elapsed::Elapsed;
use ng_model::event::Event;
use ng_model::matched::Match;
use ng_model::settings::Values;
use ng_model::symbols::{Sym, Symbols};
use ng_wire::{Format, Gauge, Unit};
use open_sessions::OpenSessions;

/// Sources of which sessions are followed.
pub(super) const MAX_SOURCES: usize = 16;
/// Sources in which is looked for what names sessions.
const MAX_SEARCHES: usize = 64;
/// The setting that has it looked for.
const AUTO: &str = "auto";
/// Sessions that are remembered for comparison.
const WINDOW: usize = 4096;
/// Neighbours whose mean distance counts; sessions that ended before any may be unusual.
const NEIGHBOURS: usize = 100;
/// Share of the sessions of a source that are usual, going by those before.
const USUAL: f64 = 0.98;
/// What a bit of the rarest event counts beside a standard deviation of distance.
const BIT: f64 = 0.5;
/// What the one surprise of a session counts beside the sum of those of an event, so that both are held against the same
/// threshold. With it one in a thousand sessions of noise alerts.
const ALONE: f64 = 3.0;

/// The sessions of all sources.
#[derive(Debug)]
pub struct Sessions {
    key: Key,
    text: String,
    timeout_ns: i64,
    most: usize,
    scanner: Scanner,
    sources: Streams<Sym, Source>,
    /// What was found in the latest event's source, with that event.
    found: Option<(Sym, Found)>,
    /// Those that ended with the latest event.
    ended: Vec<Ended>,
    /// Memory of names, to be used again.
    spare: Vec<Vec<u8>>,
    total: u64,
    unusual: u64,
}

/// What names the sessions.
#[derive(Debug)]
enum Key {
    /// Nothing.
    None,
    /// The same in all sources.
    Given(KeyPattern),
    /// What is found in each.
    Found(Streams<Sym, Search>),
}

/// The search for what names the sessions of a source.
#[derive(Debug)]
enum Search {
    Looking(Finder),
    Found(KeyPattern),
}

/// One source.
#[derive(Debug)]
pub(super) struct Source {
    id: Sym,
    /// The expression for what names its sessions.
    key: String,
    clock: Elapsed,
    open: OpenSessions,
    counts: Counts,
    memory: BlockPrunedIndex,
    scale: Scale,
    scores: TailProbability,
    alerts: AlertLayer,
    seen: u64,
    /// Its events are learnt; otherwise it is frozen.
    learning: bool,
}

/// A session that ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Ended {
    /// What names it.
    pub name: Vec<u8>,
    /// Its source.
    pub source: Sym,
    /// Mean distance to the nearest remembered sessions, in standard deviations, and half the bits of its rarest event.
    pub score: f64,
    /// The score after its rank among the sessions of the source and the alert layer.
    pub strength: f64,
    /// It is among the most unusual fiftieth of its source.
    pub is_alert: bool,
    /// Its events.
    pub events: u64,
    /// `seq` of its latest event.
    pub last_seq: u64,
    /// Its features.
    pub features: [f32; DIMS],
    /// How far each feature lies from its mean, in standard deviations.
    pub deviations: [f64; DIMS],
}

impl Sessions {
    /// No sessions yet.
    pub(super) fn new(values: &Values, scanner: Scanner) -> Self {
        let mut sessions = Sessions {
            key: Key::None,
            text: String::new(),
            timeout_ns: 0,
            most: 0,
            scanner,
            sources: Streams::new(MAX_SOURCES),
            found: None,
            ended: Vec::new(),
            spare: Vec::new(),
            total: 0,
            unusual: 0,
        };
        sessions.configure(values);
        sessions
    }

    /// Takes the settings of `intuition_engine`. Another key begins anew; a smaller number lets the oldest give way, when
    /// the next one begins.
    pub(super) fn configure(&mut self, values: &Values) {
        self.timeout_ns = (values.float("session_timeout_s") * 1e9) as i64;
        self.most = values.int("max_sessions") as usize;
        let text = values.text("session_key");
        if text != self.text {
            self.sources = Streams::new(MAX_SOURCES);
            text.clone_into(&mut self.text);
            self.key = match text {
                "" => Key::None,
                AUTO => Key::Found(Streams::new(MAX_SEARCHES)),
                // A text that is no expression is refused where the setting is made.
                _ => KeyPattern::given(text).map_or(Key::None, Key::Given),
            };
        }
    }

    /// Takes an event into the sessions that it names, and ends those of its source whose time is over. In a frozen source
    /// sessions begin, go on and end, and nothing is learnt from those that begin.
    pub(super) fn observe(&mut self, event: &Event<'_>, matched: &Match, tuning: &Tuning, learn: bool) {
        self.forget_ended();
        if matches!(event.head.format, Format::Note | Format::Metric | Format::Vector) {
            return;
        }
        let (scanner, most) = (self.scanner, self.most);
        let id = event.head.source;
        let key = match &mut self.key {
            Key::None => return,
            Key::Given(key) => key,
            Key::Found(searches) => {
                let search = searches.get(id, event.head.seq, || Search::Looking(Finder::default()));
                if let Search::Looking(finder) = search
                    && let Some(found) = finder.look(event.raw, matched.pattern)
                    && let Some(key) = KeyPattern::found(&found.key)
                {
                    self.found = Some((id, found));
                    *search = Search::Found(key);
                }
                let Search::Found(key) = search else { return };
                key
            }
        };
        let source = self.sources.get(id, event.head.seq, || Source::new(id, key.text(), tuning, scanner));
        source.learning = learn;
        let now = source.clock.advance(event.head.time_ns);
        while let Some(place) = source.open.overdue(now, self.timeout_ns) {
            self.ended.push(source.end(place, tuning, &mut self.spare));
        }
        let mut at = 0;
        while let Some(name) = key.next(event.raw, &mut at) {
            let place = match source.open.find(name) {
                Some(place) => place,
                None => {
                    while let Some(place) = source.open.overflowing(most) {
                        if source.open.is_open(place) {
                            self.ended.push(source.end(place, tuning, &mut self.spare));
                        }
                        source.open.remove(place);
                    }
                    source.open.add(name)
                }
            };
            let session = source.open.touch(place, now);
            // A line that names a session twice is one event of it.
            if session.length == 0 || session.last_seq != event.head.seq {
                source.counts.add(session, matched, learn);
                session.last_seq = event.head.seq;
            }
        }
        self.note_ended();
    }

    /// The input has ended: so do all sessions.
    pub(super) fn finish(&mut self, tuning: &Tuning) {
        self.forget_ended();
        for source in self.sources.states_mut() {
            while let Some(place) = source.open.overdue(i64::MAX, 0) {
                self.ended.push(source.end(place, tuning, &mut self.spare));
            }
        }
        self.note_ended();
    }

    /// What is to be told with the latest event: what names the sessions of its source, and those that ended and are
    /// unusual.
    pub(super) fn notes(&self, symbols: &Symbols) -> impl Iterator<Item = String> {
        let found = self.found.iter().map(|(source, found)| found.note(symbols.name(*source)));
        let unusual = self.ended.iter().filter(|ended| ended.is_alert);
        found.chain(unusual.map(|ended| ended.note(symbols)))
    }

    /// The sessions that ended with the latest event, in the order of their last events.
    pub(super) fn ended(&self) -> &[Ended] {
        &self.ended
    }

    /// The expression that was found to name the sessions of a source.
    pub(super) fn found_key(&self) -> Option<&str> {
        let Key::Found(searches) = &self.key else { return None };
        searches.states().find_map(|search| match search {
            Search::Found(key) => Some(key.text()),
            Search::Looking(_) => None,
        })
    }

    /// Adds what is measured here.
    pub(super) fn gauges(&self, gauges: &mut Vec<Gauge>) {
        let open: usize = self.sources.states().map(|source| source.open.len_open()).sum();
        let gave_way: u64 = self.sources.states().map(|source| source.open.gave_way()).sum();
        for (name, value) in [
            ("sessions.open", open as u64),
            ("sessions.ended", self.total),
            ("sessions.unusual", self.unusual),
            ("sessions.gave_way", gave_way),
        ] {
            gauges.push(Gauge { name: name.into(), value: value as f64, unit: Unit::Count });
        }
    }

    fn note_ended(&mut self) {
        self.total += self.ended.len() as u64;
        self.unusual += self.ended.iter().filter(|ended| ended.is_alert).count() as u64;
    }

    fn forget_ended(&mut self) {
        self.found = None;
        self.spare.extend(self.ended.drain(..).map(|ended| ended.name));
    }
}

impl Source {
    fn new(id: Sym, key: &str, tuning: &Tuning, scanner: Scanner) -> Self {
        Source {
            id,
            key: key.to_owned(),
            clock: Elapsed::default(),
            open: OpenSessions::default(),
            counts: Counts::default(),
            memory: BlockPrunedIndex::new(WINDOW, scanner),
            scale: Scale::default(),
            scores: TailProbability::new(tuning.history),
            alerts: AlertLayer::default(),
            seen: 0,
            learning: true,
        }
    }

    /// Scores a session by those that ended before it, then remembers it unless the source is frozen.
    fn end(&mut self, place: u32, tuning: &Tuning, spare: &mut Vec<Vec<u8>>) -> Ended {
        let session = self.open.end(place);
        let features = vector::features(session, &self.counts);
        let mut name = spare.pop().unwrap_or_default();
        name.clear();
        name.extend_from_slice(&session.name);
        let (events, last_seq) = (session.length, session.last_seq);
        let factors = self.scale.factors(&tuning.weights);
        let deviations = self.scale.deviations(&features);
        let found = self.memory.nearest(&features, &factors, NEIGHBOURS, 0);
        let score = found.sum() / found.distances.len().max(1) as f64 + BIT * f64::from(session.rarest_bits);
        let strength = self.alerts.step(ALONE * self.scores.high(score));
        let limit = self.scores.quantiles([USUAL]).filter(|_| self.seen >= NEIGHBOURS as u64);
        let is_alert = limit.is_some_and(|[limit]| score > limit);
        if self.learning {
            self.scores.push(score);
            self.memory.push(&features, last_seq, 0);
            self.scale.push(&features);
        }
        self.seen += 1;
        Ended { name, source: self.id, score, strength, is_alert, events, last_seq, features, deviations }
    }
}

impl Ended {
    /// The feature that is most unusual, in words.
    pub fn why(&self) -> String {
        let largest = (0..DIMS).max_by(|a, b| self.deviations[*a].abs().total_cmp(&self.deviations[*b].abs()));
        let dim = largest.unwrap_or_default();
        let direction = if self.deviations[dim] < 0.0 { "below" } else { "above" };
        format!("{} {:.1} sd {direction} the usual", vector::NAMES[dim], self.deviations[dim].abs())
    }

    /// The event of the engine that tells of it, as JSON.
    fn note(&self, symbols: &Symbols) -> String {
        let (name, source) = (String::from_utf8_lossy(&self.name), symbols.name(self.source));
        let why = self.why();
        let note = serde_json::json!({
            "type": "session.unusual",
            "level": "warn",
            "message": format!("session {name} of {source} is unusual: {why}"),
            "session": name,
            "session_source": source,
            "score": self.score,
            "strength": self.strength,
            "events": self.events,
            "about": self.last_seq,
            "why": why,
        });
        note.to_string()
    }
}
