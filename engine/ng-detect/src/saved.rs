//! The saved form of detectors: one stream after the other, those seen last first. What does not fit is left out.

use super::distance_detector::DistanceDetector;
use super::meaning::Meaning;
use super::numeric::Numeric;
use super::sessions::Source;
use super::streams::Streams;
use super::{Detect, MAX_SOURCES, sessions};
use ng_model::checkpoint::{CheckpointReader, CheckpointWriter, MAX_BYTES, put, put_u32, take_count, take_up_to};
use ng_model::symbols::{Sym, Symbols};

/// Bytes that are kept free for what stands behind the streams.
const REST: usize = 64;

/// A stream.
#[derive(Clone, Copy, Debug)]
enum Key {
    Numeric(Sym, Sym),
    Vector(Sym, Sym),
    Text(Sym),
    Json(Sym),
    Sessions(Sym),
}

/// What stands before a stream of a kind; `END` stands behind the last.
const END: u32 = 0;
const NUMERIC: u32 = 1;
const VECTOR: u32 = 2;
const TEXT: u32 = 3;
const JSON: u32 = 4;
const SESSIONS: u32 = 5;

/// What is still to be saved of the detectors.
#[derive(Debug)]
pub struct Left {
    /// Streams, those seen last at the end.
    keys: Vec<Key>,
    left_out: usize,
}

impl Left {
    /// Streams that were left out because there was no room.
    pub fn left_out(&self) -> usize {
        self.left_out
    }
}

/// Detectors that were read, to be taken up together.
pub struct Detectors {
    numeric: Streams<(Sym, Sym), Numeric>,
    vectors: Streams<(Sym, Sym), DistanceDetector<0>>,
    text: Streams<Sym, (DistanceDetector<3>, Meaning)>,
    json: Streams<Sym, (DistanceDetector<3>, Meaning)>,
    sessions: Streams<Sym, Source>,
    scored: u64,
}

impl Detect {
    /// Begins to save.
    pub fn begin_saving(&self) -> Left {
        let mut keys: Vec<(u64, Key)> = Vec::new();
        keys.extend(self.numeric.entries().map(|(key, used, _)| (used, Key::Numeric(key.0, key.1))));
        keys.extend(self.vectors.entries().map(|(key, used, _)| (used, Key::Vector(key.0, key.1))));
        keys.extend(self.text.entries().map(|(key, used, _)| (used, Key::Text(key))));
        keys.extend(self.json.entries().map(|(key, used, _)| (used, Key::Json(key))));
        // When they were seen last is when the lines were of which they are.
        let text = |source| self.text.find(source).map_or(0, |(used, _)| used);
        let json = |source| self.json.find(source).map_or(0, |(used, _)| used);
        let used = |source| text(source).max(json(source));
        keys.extend(self.sessions.sources().map(|source| (used(source), Key::Sessions(source))));
        keys.sort_by_key(|(used, _)| *used);
        Left { keys: keys.into_iter().map(|(_, key)| key).collect(), left_out: 0 }
    }

    /// Goes on saving until the state has so many bytes. True when all is saved. Each stream is saved as it stands when its
    /// turn comes.
    pub fn save(&self, left: &mut Left, writer: &mut CheckpointWriter, symbols: &Symbols, enough: usize) -> bool {
        while writer.bytes.len() < enough {
            let Some(key) = left.keys.pop() else {
                put_u32(&mut writer.bytes, END);
                put(&mut writer.bytes, self.scored);
                return true;
            };
            if !writer.within(MAX_BYTES - REST, |writer| self.save_stream(key, writer, symbols)) {
                left.left_out = left.keys.len() + 1;
                left.keys.clear();
            }
        }
        false
    }

    /// A stream that gave way in the meantime is passed over.
    fn save_stream(&self, key: Key, writer: &mut CheckpointWriter, symbols: &Symbols) {
        let begin = |writer: &mut CheckpointWriter, kind: u32, used: u64, names: &[Sym]| {
            put_u32(&mut writer.bytes, kind);
            put(&mut writer.bytes, used);
            names.iter().for_each(|name| writer.name(*name, symbols));
        };
        match key {
            Key::Numeric(source, name) => {
                if let Some((used, state)) = self.numeric.find((source, name)) {
                    begin(writer, NUMERIC, used, &[source, name]);
                    state.save(&mut writer.bytes);
                }
            }
            Key::Vector(source, name) => {
                if let Some((used, state)) = self.vectors.find((source, name)) {
                    begin(writer, VECTOR, used, &[source, name]);
                    state.save(&mut writer.bytes);
                }
            }
            Key::Text(source) => {
                if let Some((used, (state, meaning))) = self.text.find(source) {
                    begin(writer, TEXT, used, &[source]);
                    state.save(&mut writer.bytes);
                    meaning.save(&mut writer.bytes);
                }
            }
            Key::Json(source) => {
                if let Some((used, (state, meaning))) = self.json.find(source) {
                    begin(writer, JSON, used, &[source]);
                    state.save(&mut writer.bytes);
                    meaning.save(&mut writer.bytes);
                }
            }
            Key::Sessions(source) => {
                if let Some((used, state)) = self.sessions.find(source) {
                    begin(writer, SESSIONS, used, &[source]);
                    state.save(&mut writer.bytes);
                }
            }
        }
    }

    /// Reads a saved state; none when it is not valid. Of sources whose patterns are not known nothing is read that ranks
    /// them. What fits into the present windows and histories is kept.
    pub fn read(&self, saved: &mut CheckpointReader<'_>, knows: impl Fn(Sym) -> bool) -> Option<Detectors> {
        let (tuning, scanner) = (&self.tuning, self.scanner);
        let mut read = Detectors {
            numeric: Streams::new(tuning.max_streams),
            vectors: Streams::new(tuning.max_streams),
            text: Streams::new(MAX_SOURCES),
            json: Streams::new(MAX_SOURCES),
            sessions: Streams::new(sessions::MAX_SOURCES),
            scored: 0,
        };
        loop {
            let kind = take_up_to(&mut saved.bytes, SESSIONS)?;
            if kind == END {
                break;
            }
            let (used, source) = (take_count(&mut saved.bytes)?, saved.name()?);
            if kind < SESSIONS {
                read.scored = read.scored.max(used);
            }
            match kind {
                NUMERIC => {
                    let key = (source, saved.name()?);
                    read.numeric.add(key, used, Numeric::restore(&mut saved.bytes, tuning, scanner)?);
                }
                VECTOR => {
                    let key = (source, saved.name()?);
                    read.vectors.add(key, used, DistanceDetector::restore(&mut saved.bytes, tuning, scanner)?);
                }
                TEXT | JSON => {
                    let state = DistanceDetector::restore(&mut saved.bytes, tuning, scanner)?;
                    let meaning = Meaning::restore(&mut saved.bytes)?;
                    let streams = if kind == TEXT { &mut read.text } else { &mut read.json };
                    if knows(source) {
                        streams.add(source, used, (state, meaning));
                    }
                }
                _ => {
                    let state = self.sessions.restore(source, &mut saved.bytes, tuning)?;
                    if let Some(state) = state.filter(|_| knows(source)) {
                        read.sessions.add(source, used, state);
                    }
                }
            }
        }
        read.scored = read.scored.max(take_count(&mut saved.bytes)?);
        Some(read)
    }

    /// Puts detectors that were read in the place of those that are there.
    pub fn adopt(&mut self, read: Detectors) {
        (self.numeric, self.vectors, self.text, self.json) = (read.numeric, read.vectors, read.text, read.json);
        self.sessions.adopt(read.sessions);
        self.scored = read.scored;
    }
}
