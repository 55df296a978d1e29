//! `score`: an input goes through an engine without a thread, and one row comes out for every event.
//!
//! It is the engine that runs live, with the same settings: encode, check, match, score, record. Nothing is looked ahead
//! at but the first two lines, by which the input is recognised, and memory does not grow with the input.
//!
//! An event arrives at its own time where it states one, else a second after the event before; the first at
//! 2026-01-01T00:00:00Z. Timestamps without a zone are UTC. No clock is read, so that the same bytes give the same rows.
//!
//! # Layout
//!
//! `incidents.rs` finds the incidents of several logs. Otherwise `input.rs` recognises lines and makes readings of them, `rows.rs` writes the result; `fields.rs` has the commas and quotes
//! of both.

mod fields;
mod incidents;
mod input;
mod rows;
#[cfg(test)]
mod tests;

pub use incidents::{IncidentScorer, Told};
pub use input::Encoder;

use crate::NodeError;
use crate::config::{Config, Origin};
use crate::engine_parts::engine;
use input::{Input, START_NS, written_ns};
use ng_core::engine::Engine;
use ng_core::registry::Module;
use ng_core::store::Store;
use ng_model::event::{Parsed, Reading};
use ng_model::record::StoredRecord;
use ng_model::symbols::Sym;
use ng_model::zone::Zone;
use ng_reading::encoders::Clock;
use ng_reading::recogniser::Recogniser;
use ng_reading::source_reader::{Item, Limits, SourceReader};
use ng_wire::{Format, SettingValue};
use std::collections::BTreeMap;

/// Records that are kept: nobody reads them.
const RING: usize = 1;
/// The engine itself cuts a reading at most at this length of a line.
const LIMITS: Limits =
    Limits { line_bytes: 16 << 20, event_lines: 512, event_bytes: 256 << 10, keep_colours: false, joined: true };
/// Time between events that state none.
const APART_NS: i64 = 1_000_000_000;
/// The setting of what names sessions, and its value that has it looked for.
const SESSION_KEY: &str = "session_key";
const AUTO: &str = "auto";
/// Bytes of an input in which is looked for what names its sessions.
const HELD: usize = 64 << 20;
/// The setting that the length of the input bounds.
const WARM_UP: &str = "warm_up";
/// At most this share of an input of known length is warm-up.
const WARM_UP_SHARE: f64 = 0.15;

/// How an input is scored.
#[derive(Clone, Debug)]
pub struct ScoreOptions {
    /// What it is.
    pub encoder: Encoder,
    /// The column or member that holds the value.
    pub column: Option<String>,
    /// Rows tell the channels and the nearest remembered event.
    pub explain: bool,
    /// Name of the input in errors.
    pub name: String,
    /// Lines that are not blank, where they were counted before.
    pub lines: Option<u64>,
    /// Events after which nothing is learnt any more.
    pub freeze_after: Option<u64>,
}

/// Blank lines that are looked past; an input that begins with more is text.
const BLANK: usize = 1000;

/// Scores one input.
pub struct Scorer {
    options: ScoreOptions,
    /// The first bytes, before the input is recognised.
    head: Vec<u8>,
    reader: SourceReader,
    running: Running,
    /// Looks for what names the sessions, where nobody says it.
    scout: Option<Box<Scout>>,
}

/// Finds what names the sessions of an input, as an engine does that runs live, and keeps what it has read, so that none of
/// the sessions before are left out.
struct Scout {
    scorer: Scorer,
    held: Vec<u8>,
}

/// What scores, once the input is recognised.
struct Running {
    engine: Engine,
    store: Store,
    source: Sym,
    input: Option<Input>,
    /// The line that is a header, and the line that was read last; counted where every line is an event.
    header: Option<u64>,
    line: u64,
    parsed: Parsed,
    /// Reads the times of the events, before the engine does.
    recogniser: Recogniser,
    received_ns: i64,
    events: u64,
    /// The warm-up is a default, so that it may follow the length of the input.
    free_warm_up: bool,
    out: Vec<u8>,
}

impl Scorer {
    /// A scorer with the settings of a configuration.
    pub fn new(config: &Config, options: ScoreOptions) -> Result<Self, NodeError> {
        let mut scorer = Scorer::alone(config, options.clone())?;
        let key = scorer.running.engine.values(Module::IntuitionEngine).text(SESSION_KEY);
        if options.encoder == Encoder::Session && key == AUTO {
            let scout = Scout { scorer: Scorer::alone(config, options)?, held: Vec::new() };
            scorer.scout = Some(Box::new(scout));
        }
        Ok(scorer)
    }

    fn alone(config: &Config, options: ScoreOptions) -> Result<Self, NodeError> {
        let mut store = Store::new(RING);
        let source = store.intern("score");
        let running = Running {
            engine: engine(config, &config.env(START_NS, Zone::UTC))?,
            store,
            source,
            input: None,
            header: None,
            line: 0,
            parsed: Parsed::default(),
            recogniser: Recogniser::new(Clock::utc()),
            received_ns: START_NS - APART_NS,
            events: 0,
            free_warm_up: config.origin("modules.intuition_engine.warm_up") == Origin::default(),
            out: Vec::new(),
        };
        Ok(Scorer { options, head: Vec::new(), reader: SourceReader::new(LIMITS), running, scout: None })
    }

    /// Takes the next bytes of the input, in pieces of any size, and returns the rows that are finished.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<Vec<u8>, NodeError> {
        if self.scout.is_some() {
            self.look(bytes, false)?
        } else {
            self.take(bytes)?
        }
        Ok(std::mem::take(&mut self.running.out))
    }

    /// The input has ended: returns the last rows.
    pub fn finish(&mut self) -> Result<Vec<u8>, NodeError> {
        if self.scout.is_some() {
            self.look(&[], true)?;
        }
        if self.running.input.is_none() {
            self.recognise(true)?;
        }
        let Scorer { options, reader, running, .. } = self;
        reader.finish(&mut |item| running.item(item, options))?;
        running.end(options);
        Ok(std::mem::take(&mut running.out))
    }

    /// Has the scout look at the next bytes. When it has found what names the sessions, or there is nothing to be found, they
    /// are scored from the first on.
    fn look(&mut self, bytes: &[u8], ended: bool) -> Result<(), NodeError> {
        let Some(mut scout) = self.scout.take() else { return Ok(()) };
        scout.held.extend_from_slice(bytes);
        scout.scorer.feed(bytes)?;
        if ended {
            scout.scorer.finish()?;
        }
        let Some(key) = scout.scorer.running.engine.detect_mut().found_session_key().map(str::to_owned) else {
            if ended || scout.held.len() > HELD {
                let what = "nothing names its sessions; say what does with --session".to_owned();
                return Err(NodeError::failure("NG-5302", self.options.name.clone(), what));
            }
            self.scout = Some(scout);
            return Ok(());
        };
        self.running.set(SESSION_KEY, SettingValue::Text(key));
        self.take(&scout.held)
    }

    fn take(&mut self, bytes: &[u8]) -> Result<(), NodeError> {
        if self.running.input.is_some() {
            self.read(bytes)?;
        } else {
            self.head.extend_from_slice(bytes);
            // What is compressed may be told by its first bytes alone.
            if bytes.contains(&b'\n') {
                self.recognise(false)?;
            }
        }
        Ok(())
    }

    fn read(&mut self, bytes: &[u8]) -> Result<(), NodeError> {
        let Scorer { options, reader, running, .. } = self;
        reader.feed(bytes, &mut |item| running.item(item, options))
    }

    /// Recognises the input by its first lines, and scores them; does nothing while they are too few.
    fn recognise(&mut self, ended: bool) -> Result<(), NodeError> {
        let mut lines: Vec<(u64, Vec<u8>)> = Vec::new();
        let mut number = 0;
        let mut note = |item: Item<'_>| -> Result<(), NodeError> {
            if let Item::Event(line) | Item::Cut { kept: line, .. } = item {
                number += 1;
                if lines.len() < 2 && !line.trim_ascii().is_empty() {
                    lines.push((number, line.to_vec()));
                }
            }
            Ok(())
        };
        let mut reader = SourceReader::new(Limits { joined: false, ..LIMITS });
        reader.feed(&self.head, &mut note)?;
        if ended {
            reader.finish(&mut note)?;
        }
        // Blank lines say nothing of what the input is, but a thousand of them say that it is text.
        if !ended && lines.len() < 2 && number < BLANK as u64 {
            return Ok(());
        }
        let head: Vec<&[u8]> = lines.iter().map(|(_, line)| line.as_slice()).collect();
        let options = &self.options;
        let input = Input::recognise(options.encoder, options.column.as_deref(), &head)
            .map_err(|(at, what)| refusal(&options.name, lines.get(at).map_or(1, |(line, _)| *line), what))?;
        self.running.header = lines.first().filter(|_| input.has_header).map(|(line, _)| *line);
        // The lines of text may be one event; those of a table are rows.
        self.reader = SourceReader::new(Limits { joined: input.expected == Format::Text, ..LIMITS });
        self.running.begin(input, &self.options);
        let head = std::mem::take(&mut self.head);
        self.read(&head)
    }
}

fn reading(source: Sym, received_ns: i64, format: Format, raw: &[u8]) -> Reading<'_> {
    Reading { source, received_ns, written_ns: written_ns(received_ns), format, raw }
}

impl Running {
    fn begin(&mut self, input: Input, options: &ScoreOptions) {
        if let Some(lines) = options.lines.filter(|_| self.free_warm_up) {
            let events = lines - u64::from(input.has_header).min(lines);
            self.bound_warm_up((events as f64 * WARM_UP_SHARE) as i64);
        }
        if options.encoder == Encoder::Session {
            rows::session_header(&mut self.out, options.explain);
        } else {
            rows::header(&mut self.out, input.expected, options.explain);
        }
        self.input = Some(input);
    }

    fn bound_warm_up(&mut self, most: i64) {
        let module = Module::IntuitionEngine;
        self.set(WARM_UP, SettingValue::Int(self.engine.values(module).int(WARM_UP).min(most)));
    }

    /// Changes a setting of the detectors to a value that is in range.
    fn set(&mut self, key: &str, value: SettingValue) {
        let changes = BTreeMap::from([(key.to_owned(), value)]);
        self.engine.configure(Module::IntuitionEngine as usize, &changes).expect("the value is in range");
    }

    fn item(&mut self, item: Item<'_>, options: &ScoreOptions) -> Result<(), NodeError> {
        match item {
            Item::Event(line) | Item::Cut { kept: line, .. } => {
                self.line += 1;
                if self.header == Some(self.line) { Ok(()) } else { self.take(line, self.line, options) }
            }
            Item::Hole(_) | Item::Ended { .. } => Ok(()),
            Item::Broken(problem) => Err(NodeError::failure("NG-5302", options.name.clone(), problem.to_owned())),
        }
    }

    fn take(&mut self, line: &[u8], number: u64, options: &ScoreOptions) -> Result<(), NodeError> {
        let Some(input) = &self.input else { return Ok(()) };
        let refuse = |what| refusal(&options.name, number, what);
        let Some(taken) = input.take(line, &mut self.parsed).map_err(refuse)? else { return Ok(()) };
        let next_ns = self.received_ns.saturating_add(APART_NS);
        let own_ns = taken.time_ns.or_else(|| {
            let reading = reading(self.source, next_ns, input.format, &taken.raw);
            self.recogniser.encode(&reading, &mut self.parsed);
            self.parsed.time_ns
        });
        self.received_ns = own_ns.unwrap_or(next_ns);
        if options.freeze_after == Some(self.events) {
            self.engine.learn_next(false);
        }
        let reading = reading(self.source, self.received_ns, input.format, &taken.raw);
        let head = self.engine.step(&mut self.store, &reading, None);
        // What alert rules decide is for an event loop to do; here there is none.
        self.engine.drain_effects().for_each(drop);
        if input.expected != Format::Text && head.format != input.expected {
            return Err(refuse(input.expectation(&taken.raw)));
        }
        if options.encoder == Encoder::Session {
            rows::sessions(&mut self.out, self.engine.detect_mut().ended_sessions(), options.explain);
        } else {
            let stored = StoredRecord { head: &head, raw: &taken.raw, symbols: self.store.symbols() };
            rows::write(&mut self.out, self.events, &stored, input.expected, options.explain);
        }
        self.events += 1;
        Ok(())
    }

    fn end(&mut self, options: &ScoreOptions) {
        if options.encoder == Encoder::Session {
            rows::sessions(&mut self.out, self.engine.detect_mut().end_sessions(), options.explain);
        }
    }
}

fn refusal(name: &str, line: u64, what: String) -> NodeError {
    NodeError::failure("NG-5302", format!("{name}:{line}"), what)
}
