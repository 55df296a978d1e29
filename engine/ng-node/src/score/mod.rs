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
//! `input.rs` recognises lines and makes readings of them, `rows.rs` writes the result; `fields.rs` has the commas and quotes
//! of both.

mod fields;
mod input;
mod rows;
#[cfg(test)]
mod tests;

pub use input::Encoder;

use crate::NodeError;
use crate::config::{Config, Origin};
use crate::node::engine;
use input::{Input, START_NS, encode};
use ng_core::engine::Engine;
use ng_core::registry::Module;
use ng_core::store::Store;
use ng_model::event::{Parsed, Reading};
use ng_model::symbols::Sym;
use ng_model::zone::Zone;
use ng_reading::lines::{LineSplitter, Piece};
use ng_wire::{Format, SettingValue};
use std::collections::BTreeMap;

/// Records that are kept: nobody reads them.
const RING: usize = 1;
/// Bytes kept of one line; the engine itself cuts a reading at most here.
const LONGEST: usize = 16 << 20;
/// Time between events that state none.
const APART_NS: i64 = 1_000_000_000;
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
}

/// Scores one input.
pub struct Scorer {
    options: ScoreOptions,
    lines: LineSplitter,
    /// The first lines with their numbers, before the input is recognised.
    waiting: Vec<(u64, Vec<u8>)>,
    line: u64,
    running: Running,
}

/// What scores, once the input is recognised.
struct Running {
    engine: Engine,
    store: Store,
    source: Sym,
    input: Option<Input>,
    parsed: Parsed,
    received_ns: i64,
    events: u64,
    /// The warm-up is a default, so that it may follow the length of the input.
    free_warm_up: bool,
    out: Vec<u8>,
}

impl Scorer {
    /// A scorer with the settings of a configuration.
    pub fn new(config: &Config, options: ScoreOptions) -> Result<Self, NodeError> {
        let mut store = Store::new(RING);
        let source = store.intern("score");
        let running = Running {
            engine: engine(config, &config.env(START_NS, Zone::UTC))?,
            store,
            source,
            input: None,
            parsed: Parsed::default(),
            received_ns: START_NS - APART_NS,
            events: 0,
            free_warm_up: config.origin("modules.intuition_engine.warm_up") == Origin::default(),
            out: Vec::new(),
        };
        Ok(Scorer { options, lines: LineSplitter::new(LONGEST), waiting: Vec::new(), line: 0, running })
    }

    /// Takes the next bytes of the input, in pieces of any size, and returns the rows that are finished.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<Vec<u8>, NodeError> {
        let mut lines = std::mem::replace(&mut self.lines, LineSplitter::new(LONGEST));
        let fed = lines.feed(bytes, &mut |piece| self.piece(piece));
        self.lines = lines;
        fed.map(|()| std::mem::take(&mut self.running.out))
    }

    /// The input has ended: returns the last rows.
    pub fn finish(&mut self) -> Result<Vec<u8>, NodeError> {
        let mut lines = std::mem::replace(&mut self.lines, LineSplitter::new(LONGEST));
        lines.finish(&mut |piece| self.piece(piece))?;
        if self.running.input.is_none() {
            self.recognise()?;
        }
        self.running.end(&self.options);
        Ok(std::mem::take(&mut self.running.out))
    }

    fn piece(&mut self, piece: Piece<'_>) -> Result<(), NodeError> {
        match piece {
            Piece::Line(line) | Piece::Cut { kept: line, .. } => self.take(line),
            Piece::Hole(_) => Ok(()),
        }
    }

    fn take(&mut self, line: &[u8]) -> Result<(), NodeError> {
        self.line += 1;
        let line = if self.line == 1 { line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line) } else { line };
        if self.running.input.is_some() {
            return self.running.take(line, self.line, &self.options);
        }
        self.waiting.push((self.line, line.to_vec()));
        // Blank lines say nothing of what the input is, but a thousand of them say that it is text.
        let telling = self.waiting.iter().filter(|(_, line)| !line.trim_ascii().is_empty()).count();
        if telling == 2 || self.waiting.len() == 1000 { self.recognise() } else { Ok(()) }
    }

    /// Recognises the input by the lines that wait, and scores them.
    fn recognise(&mut self) -> Result<(), NodeError> {
        let waiting = std::mem::take(&mut self.waiting);
        let telling: Vec<&(u64, Vec<u8>)> = waiting.iter().filter(|(_, line)| !line.trim_ascii().is_empty()).collect();
        let head: Vec<&[u8]> = telling.iter().map(|(_, line)| line.as_slice()).collect();
        let options = &self.options;
        let input = Input::recognise(options.encoder, options.column.as_deref(), &head)
            .map_err(|(at, what)| refusal(&options.name, telling.get(at).map_or(1, |(line, _)| *line), what))?;
        let header = telling.first().filter(|_| input.has_header).map(|(line, _)| *line);
        self.running.begin(input, &self.options);
        for (number, line) in &waiting {
            if Some(*number) != header {
                self.running.take(line, *number, &self.options)?;
            }
        }
        Ok(())
    }
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
        let warm_up = SettingValue::Int(self.engine.values(module).int(WARM_UP).min(most));
        let changes = BTreeMap::from([(WARM_UP.to_owned(), warm_up)]);
        self.engine.configure(module as usize, &changes).expect("a shorter warm-up is in range");
    }

    fn take(&mut self, line: &[u8], number: u64, options: &ScoreOptions) -> Result<(), NodeError> {
        let Some(input) = &self.input else { return Ok(()) };
        let refuse = |what| refusal(&options.name, number, what);
        let Some(taken) = input.take(line, &mut self.parsed).map_err(refuse)? else { return Ok(()) };
        let next_ns = self.received_ns.saturating_add(APART_NS);
        let own_ns = taken.time_ns.or_else(|| {
            encode(input.format, &taken.raw, next_ns, &mut self.parsed);
            self.parsed.time_ns
        });
        self.received_ns = own_ns.unwrap_or(next_ns);
        let reading =
            Reading { source: self.source, received_ns: self.received_ns, format: input.format, raw: &taken.raw };
        let head = self.engine.step(&mut self.store, &reading, None);
        // What alert rules decide is for a host to do; here there is none.
        self.engine.drain_effects();
        if input.expected != Format::Text && head.format != input.expected {
            return Err(refuse(input.expectation(&taken.raw)));
        }
        if options.encoder == Encoder::Session {
            rows::sessions(&mut self.out, self.engine.detect_mut().ended_sessions(), options.explain);
        } else {
            rows::write(&mut self.out, self.events, &head, input.expected, options.explain);
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
