//! What a person would have been told of several logs: their events are merged by time and go through an engine without a
//! thread, which finds incidents as it does live.
//!
//! An event arrives at its own time; where it states none, at that of the event before it in its file, and in a file
//! without times a second after it; what stands before the first time of a file has that. Time passes between the events as it
//! would have, so that silences are found too, but of a pause only the first three days; a file that has ended is not silent. The
//! logs are held in memory as a whole.

use super::input::{START_NS, written_ns};
use super::{APART_NS, LIMITS};
use crate::NodeError;
use crate::config::Config;
use crate::engine_parts::engine;
use ng_core::actions::Effect;
use ng_core::engine::Engine;
use ng_core::event_loop::mono_ns;
use ng_core::store::Store;
use ng_model::event::{Parsed, Reading, Span};
use ng_model::intake::{Batch, SourceStatus};
use ng_model::symbols::Sym;
use ng_model::zone::Zone;
use ng_reading::recogniser::Recogniser;
use ng_reading::source_reader::{Item, SourceReader};
use ng_wire::{Format, IncidentView};
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Records that are kept, for what tells of an incident to be found.
const RING: usize = 10_000;
const SECOND_NS: i64 = 1_000_000_000;
/// Seconds of a pause that pass one by one; then minutes do, at most so many.
const SECONDS: i64 = 600;
const MINUTES: i64 = 3 * 1440;

/// What was told.
#[derive(Debug, Serialize)]
pub struct Told {
    /// Events of all files.
    pub events: u64,
    /// Hours from the first to the last.
    pub hours: f64,
    /// Events that alert.
    pub alerts: u64,
    /// The incidents, in the order in which they were told.
    pub incidents: Vec<IncidentView>,
}

/// Finds the incidents of several files.
pub struct IncidentScorer {
    engine: Engine,
    store: Store,
    files: Vec<File>,
    /// The bytes of all events.
    bytes: Vec<u8>,
    events: Vec<Event>,
    told: BTreeMap<u64, IncidentView>,
    alerts: u64,
    now_ns: i64,
    /// When time was told last.
    ticked_ns: i64,
}

struct File {
    source: Arc<SourceStatus>,
    reader: SourceReader,
    recogniser: Recogniser,
    parsed: Parsed,
    last_ns: Option<i64>,
    states_times: bool,
}

#[derive(Clone, Copy)]
struct Event {
    time_ns: i64,
    file: usize,
    start: usize,
    len: u32,
}

impl IncidentScorer {
    /// A scorer with the settings of a configuration.
    pub fn new(config: &Config) -> Result<Self, NodeError> {
        Ok(IncidentScorer {
            engine: engine(config, &config.env(START_NS, Zone::UTC))?,
            store: Store::new(RING),
            files: Vec::new(),
            bytes: Vec::new(),
            events: Vec::new(),
            told: BTreeMap::new(),
            alerts: 0,
            now_ns: i64::MIN,
            ticked_ns: i64::MIN,
        })
    }

    /// Begins the next file; the one before has ended.
    pub fn begin(&mut self, name: &str) -> Result<(), NodeError> {
        self.end_file()?;
        self.files.push(File {
            source: SourceStatus::new(format!("file:{name}"), "files", 0),
            reader: SourceReader::new(LIMITS),
            recogniser: self.engine.recogniser(),
            parsed: Parsed::default(),
            last_ns: None,
            states_times: false,
        });
        Ok(())
    }

    /// Takes the next bytes of the file, in pieces of any size.
    pub fn feed(&mut self, data: &[u8]) -> Result<(), NodeError> {
        let index = self.files.len().wrapping_sub(1);
        let IncidentScorer { files, bytes, events, .. } = self;
        let Some(File { source, reader, recogniser, parsed, last_ns, states_times }) = files.last_mut() else {
            return Ok(());
        };
        let mut timed = Timed { recogniser, parsed, last_ns, states_times };
        reader.feed(data, &mut |item| keep(item, source, &mut timed, index, bytes, events))
    }

    /// The last file has ended: plays all of them, and returns what was told.
    pub fn finish(mut self) -> Result<Told, NodeError> {
        self.end_file()?;
        let mut events = std::mem::take(&mut self.events);
        self.place_untimed(&mut events);
        // Stable, so that the order inside a file stays where times are the same.
        events.sort_by_key(|event| event.time_ns);
        let span =
            events.first().zip(events.last()).map_or(0, |(first, last)| last.time_ns.saturating_sub(first.time_ns));
        let mut left: Vec<usize> = vec![0; self.files.len()];
        events.iter().for_each(|event| left[event.file] += 1);
        for event in &events {
            self.pass(event.time_ns);
            self.take_in(event);
            left[event.file] -= 1;
            if left[event.file] == 0 {
                self.files[event.file].source.ended.store(true, Ordering::Relaxed);
            }
        }
        self.engine.finish_incidents();
        self.perform();
        let incidents = self.told.into_values().collect();
        Ok(Told { events: events.len() as u64, hours: span as f64 / 3.6e12, alerts: self.alerts, incidents })
    }

    /// What states no times at all begins when the others do.
    fn place_untimed(&self, events: &mut [Event]) {
        let states_times = |event: &Event| self.files[event.file].states_times;
        let first_ns = events.iter().filter(|event| states_times(event)).map(|event| event.time_ns).min();
        for event in events.iter_mut().filter(|event| !states_times(event)) {
            event.time_ns = event.time_ns.saturating_add(first_ns.unwrap_or(START_NS).saturating_sub(START_NS));
        }
    }

    fn end_file(&mut self) -> Result<(), NodeError> {
        let index = self.files.len().wrapping_sub(1);
        let IncidentScorer { files, bytes, events, .. } = self;
        let Some(File { source, reader, recogniser, parsed, last_ns, states_times }) = files.last_mut() else {
            return Ok(());
        };
        let mut timed = Timed { recogniser, parsed, last_ns, states_times };
        reader.finish(&mut |item| keep(item, source, &mut timed, index, bytes, events))
    }

    /// Lets time pass until the next event.
    fn pass(&mut self, until_ns: i64) {
        if self.ticked_ns == i64::MIN {
            self.ticked_ns = until_ns;
        }
        for (seconds, most) in [(1, SECONDS), (60, MINUTES)] {
            let step_ns = seconds * SECOND_NS;
            for _ in 0..(until_ns.saturating_sub(self.ticked_ns) / step_ns).min(most) {
                self.ticked_ns += step_ns;
                self.now_ns = self.ticked_ns;
                self.engine.tick(self.store.symbols(), self.now_ns, seconds as f64);
                self.perform();
            }
        }
        if until_ns.saturating_sub(self.ticked_ns) >= 60 * SECOND_NS {
            self.ticked_ns = until_ns;
        }
        self.now_ns = until_ns.max(self.ticked_ns);
    }

    fn take_in(&mut self, event: &Event) {
        let raw = &self.bytes[event.start..event.start + event.len as usize];
        let batch = Batch {
            source: self.files[event.file].source.clone(),
            received_ns: self.now_ns,
            written_ns: written_ns(self.now_ns),
            bytes: raw.to_vec(),
            readings: vec![(Format::Text, Span::new(0, raw.len()))],
            turns: Vec::new(),
            receipt: None,
        };
        self.engine.intake(&mut self.store, &batch, mono_ns);
        self.perform();
    }

    /// Does what the event loop does about what the engine decided.
    fn perform(&mut self) {
        loop {
            let effects: Vec<Effect> = self.engine.drain_effects().collect();
            if effects.is_empty() {
                break;
            }
            for effect in effects {
                if let Effect::Note { json } = effect {
                    self.engine.note(&mut self.store, self.now_ns, &json);
                }
            }
            // One that is over may be forgotten when many are told after it.
            self.told.extend(self.engine.incidents().view().into_iter().map(|incident| (incident.number, incident)));
        }
        self.alerts = self.store.totals().alerts;
    }
}

/// Finds the times of the events of a file.
struct Timed<'a> {
    recogniser: &'a Recogniser,
    parsed: &'a mut Parsed,
    last_ns: &'a mut Option<i64>,
    states_times: &'a mut bool,
}

impl Timed<'_> {
    fn of(&mut self, raw: &[u8]) -> i64 {
        let next_ns = match *self.last_ns {
            Some(last_ns) if *self.states_times => last_ns,
            Some(last_ns) => last_ns.saturating_add(APART_NS),
            None => START_NS,
        };
        let reading = Reading {
            source: Sym::default(),
            received_ns: next_ns,
            written_ns: written_ns(next_ns),
            format: Format::Text,
            raw,
        };
        self.recogniser.encode(&reading, self.parsed);
        *self.states_times |= self.parsed.time_ns.is_some();
        let time_ns = self.parsed.time_ns.unwrap_or(next_ns);
        *self.last_ns = Some(time_ns);
        time_ns
    }
}

/// Keeps an event of a file.
fn keep(
    item: Item<'_>,
    source: &SourceStatus,
    timed: &mut Timed<'_>,
    file: usize,
    bytes: &mut Vec<u8>,
    events: &mut Vec<Event>,
) -> Result<(), NodeError> {
    match item {
        Item::Event(raw) | Item::Cut { kept: raw, .. } => {
            if !raw.trim_ascii().is_empty() {
                let was_timed = *timed.states_times;
                let (time_ns, start) = (timed.of(raw), bytes.len());
                bytes.extend_from_slice(raw);
                if *timed.states_times && !was_timed {
                    let untimed = events.iter_mut().rev().take_while(|event| event.file == file);
                    untimed.for_each(|event| event.time_ns = time_ns);
                }
                events.push(Event { time_ns, file, start, len: raw.len() as u32 });
            }
            Ok(())
        }
        Item::Hole(_) | Item::Ended { .. } => Ok(()),
        Item::Broken(problem) => Err(NodeError::failure("NG-5302", source.name.clone(), problem.to_owned())),
    }
}
