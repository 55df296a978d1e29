//! What blocks of history take, and how long they take to be made and asked, in memory, on one thread: `blocks FILE QUESTION...`.
//!
//! The lines of FILE go through an engine, which finds their patterns and scores them, and into blocks as they are while a file
//! is hot; then these into blocks as they are when it is closed. A question is `word=TEXT`, counted as `grep -ciw` does,
//! `part=TEXT`, counted as `grep -ci` does, or `by=TEXT`, the word counted by minute and by pattern. Headers are in memory, as
//! they are once a store is open; a block that has to be opened is unpacked each time. Prints a JSON object for each kind of
//! blocks and one for each question, with the shortest of three times. What is made a second is by the time of the processor, so
//! that a busy machine changes it less.

#![expect(clippy::print_stdout, reason = "the result goes to standard output")]

use ng_core::engine::{Engine, EngineParts};
use ng_core::guard::{Guard, Policy};
use ng_core::registry::MODULES;
use ng_core::store::Store;
use ng_detect::Kernel;
use ng_filter::Env;
use ng_journal::{
    BlockHeader, Body, Counted, Dictionary, EventHeader, Lookup, Run, Scanner, Sealed, Sealer, Term, count, count_by,
    may_contain,
};
use ng_model::event::Reading;
use ng_model::settings::Values;
use ng_model::zone::Zone;
use ng_reading::encoders::Vocabulary;
use ng_reading::formats::Formats;
use ng_wire::Format;
use serde_json::json;
use std::error::Error;
use std::io::{BufRead, BufReader};
use std::time::{Duration, Instant};

/// 2025-11-29T12:00:00Z, and the time between two events that state none.
const START_NS: i64 = 1_764_417_600_000_000_000;
const APART_NS: i64 = 12_600_000;
const TURNS: usize = 3;

/// Bytes of raw text and level of zstd of the blocks of a file while it is hot, and when it is closed.
const HOT: (usize, i32) = (256 << 10, 3);
const CLOSED: (usize, i32) = (1 << 20, 6);

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, file, questions @ ..] = arguments.as_slice() else {
        return Err("usage: blocks FILE [word=TEXT|part=TEXT|by=TEXT]...".into());
    };
    let mut source = Source::new()?;
    let mut history = History::new(HOT)?;
    let mut reader = BufReader::with_capacity(1 << 20, std::fs::File::open(file)?);
    let mut line = Vec::new();
    let started = cpu()?;
    while reader.read_until(b'\n', &mut line)? > 0 {
        let raw = line.strip_suffix(b"\n").unwrap_or(&line);
        let header = source.take(raw);
        history.push(&header, raw, &source)?;
        line.clear();
    }
    history.seal(&source)?;
    let engine = cpu()? - started - history.sealing;
    println!("{}", json!({ "hot": history.summary()?, "engine_per_second": per_second(history.events, engine) }));
    ask(&history, questions)?;
    let closed = history.closed(&source)?;
    println!("{}", json!({ "closed": closed.summary()? }));
    ask(&closed, questions)
}

fn ask(history: &History, questions: &[String]) -> Result<(), Box<dyn Error>> {
    for question in questions {
        let (kind, text) = question.split_once('=').ok_or("expected word=TEXT, part=TEXT or by=TEXT")?;
        let found = match kind {
            "word" => history.counted(&Term::word(text))?,
            "part" => history.counted(&Term::part(text))?,
            "by" => history.counted_by(&Term::word(text))?,
            other => return Err(format!("expected word, part or by, found {other}").into()),
        };
        println!("{}", json!({ "question": question, "found": found }));
    }
    Ok(())
}

/// An engine from which events come.
struct Source {
    engine: Engine,
    store: Store,
    next_ns: i64,
}

impl Source {
    fn new() -> Result<Source, Box<dyn Error>> {
        let env = Env { now_ns: START_NS, ..Env::default() };
        let parts = EngineParts {
            values: MODULES.iter().map(|module| Values::defaults(module.settings)).collect(),
            guard: Guard::new(&Policy::defaults(), &env).map_err(|error| error.to_string())?,
            alerts: Vec::new(),
            zones: Zone::UTC.into(),
            vocabulary: Vocabulary::default(),
            formats: Formats::built_in(),
            kernel: Kernel::Auto,
        };
        Ok(Source { engine: Engine::new(parts), store: Store::new(1), next_ns: START_NS })
    }

    fn take(&mut self, raw: &[u8]) -> EventHeader {
        let source = self.store.intern("history");
        let (received_ns, written_ns) = (self.next_ns, self.next_ns);
        self.next_ns += APART_NS;
        let reading = Reading { source, received_ns, written_ns, format: Format::Text, raw };
        let head = self.engine.step(&mut self.store, &reading, None);
        self.engine.drain_effects().for_each(drop);
        EventHeader::of(&head)
    }
}

/// Blocks, their headers read.
struct History {
    run: Run,
    block_bytes: usize,
    sealer: Sealer,
    dictionary: Dictionary,
    headers: Vec<BlockHeader>,
    blocks: Vec<Sealed>,
    /// Bytes of the dictionary.
    added: usize,
    events: u64,
    raw: u64,
    /// Time that sealing took.
    sealing: Duration,
}

impl History {
    fn new((block_bytes, level): (usize, i32)) -> Result<History, Box<dyn Error>> {
        Ok(History {
            run: Run::default(),
            block_bytes,
            sealer: Sealer::new(level)?,
            dictionary: Dictionary::default(),
            headers: Vec::new(),
            blocks: Vec::new(),
            added: 0,
            events: 0,
            raw: 0,
            sealing: Duration::ZERO,
        })
    }

    fn push(&mut self, header: &EventHeader, raw: &[u8], source: &Source) -> Result<(), Box<dyn Error>> {
        if self.run.is_full_for(raw.len(), self.block_bytes) {
            self.seal(source)?;
        }
        if !self.run.push(header, raw) {
            return Err(format!("event {} does not follow", header.seq).into());
        }
        self.events += 1;
        self.raw += raw.len() as u64 + 1;
        Ok(())
    }

    fn seal(&mut self, source: &Source) -> Result<(), Box<dyn Error>> {
        if self.run.is_empty() {
            return Ok(());
        }
        let started = cpu()?;
        let mut template = |pattern| source.engine.patterns().template(pattern, source.store.symbols());
        let block = self.sealer.seal(&self.run, 0, &mut self.dictionary, &mut template)?;
        self.added += self.dictionary.take_added().map_or(0, |added| added.len());
        self.sealing += cpu()? - started;
        self.headers.push(BlockHeader::from_bytes(&block.header)?);
        self.blocks.push(block);
        self.run.clear();
        Ok(())
    }

    /// The same events in the blocks of a closed file.
    fn closed(&self, source: &Source) -> Result<History, Box<dyn Error>> {
        let mut closed = History::new(CLOSED)?;
        for (header, block) in self.headers.iter().zip(&self.blocks) {
            let run = Body::from_bytes(&block.body)?.run(header)?;
            run.iter().try_for_each(|(header, raw)| closed.push(header, raw, source))?;
        }
        closed.seal(source)?;
        Ok(closed)
    }

    fn summary(&self) -> Result<serde_json::Value, Box<dyn Error>> {
        let started = cpu()?;
        self.blocks.iter().try_for_each(|block| BlockHeader::from_bytes(&block.header).map(drop))?;
        let read = cpu()? - started;
        let per_event = |bytes: usize| (bytes as f64 / self.events as f64 * 1e3).round() / 1e3;
        let (mut header_len, mut columns, mut text) = (0, 0, 0);
        for block in &self.blocks {
            let [of_columns, of_text] = Body::from_bytes(&block.body)?.lens();
            (header_len, columns, text) = (header_len + block.header.len(), columns + of_columns, text + of_text);
        }
        let filters: usize = self.headers.iter().map(BlockHeader::filter_len).sum();
        Ok(json!({
            "events": self.events,
            "raw_per_event": per_event(self.raw as usize),
            "per_event": per_event(header_len + columns + text + self.added),
            "text": per_event(text),
            "columns": per_event(columns),
            "counted": per_event(header_len - filters),
            "filter": per_event(filters),
            "dictionary": per_event(self.added),
            "memory_of_headers": per_event(self.headers.iter().map(BlockHeader::bytes).sum()),
            "blocks": self.blocks.len(),
            "pairs": self.headers.iter().map(|header| header.pairs().len()).sum::<usize>(),
            "words": self.dictionary.len(),
            "versions": self.dictionary.versions().len(),
            "sealed_per_second": per_second(self.events, self.sealing),
            "headers_read_ms": ms(read),
        }))
    }

    fn counted(&self, term: &Term) -> Result<serde_json::Value, Box<dyn Error>> {
        timed(|| {
            let started = Instant::now();
            let (lookup, scanner) = (Lookup::new(term, &self.dictionary), Scanner::new(term));
            let (mut events, mut opened, mut first_ms) = (0, 0, None);
            for (header, block) in self.headers.iter().zip(&self.blocks) {
                match count(header, &lookup) {
                    Counted::Exactly(number) => events += number,
                    Counted::Open if may_contain(header, &lookup) => {
                        opened += 1;
                        scanner.scan(header, &Body::from_bytes(&block.body)?, |_| events += 1)?;
                    }
                    Counted::Open => {}
                }
                if events > 0 {
                    first_ms.get_or_insert_with(|| ms(started.elapsed()));
                }
            }
            Ok(json!({ "events": events, "opened": opened, "first_ms": first_ms }))
        })
    }

    fn counted_by(&self, term: &Term) -> Result<serde_json::Value, Box<dyn Error>> {
        let minute_of = |time_ns: i64| time_ns.div_euclid(60_000_000_000) as i32;
        let first = self.headers.iter().map(|header| minute_of(header.times_ns[0])).min().unwrap_or(0);
        let last = self.headers.iter().map(|header| minute_of(header.times_ns[1])).max().unwrap_or(0);
        timed(|| {
            let (lookup, scanner) = (Lookup::new(term, &self.dictionary), Scanner::new(term));
            let mut by_minute = vec![0u64; (last - first) as usize + 1];
            let slots: Vec<usize> = self.pattern_slots();
            let mut by_pattern = vec![0u64; slots.iter().max().map_or(1, |most| most + 1)];
            let mut opened = 0;
            for (header, block) in self.headers.iter().zip(&self.blocks) {
                let answered = header.tells_minutes
                    && count_by(header, &lookup, |pair, events| {
                        by_minute[(pair.minute - first) as usize] += u64::from(events);
                        by_pattern[slots[pair.version as usize]] += u64::from(events);
                    });
                if !answered && may_contain(header, &lookup) {
                    opened += 1;
                    let body = Body::from_bytes(&block.body)?;
                    let events = body.run(header)?;
                    scanner.scan(header, &body, |event| {
                        by_minute[(minute_of(events.header(event).time_ns) - first) as usize] += 1;
                        by_pattern[events.header(event).pattern.wrapping_add(1) as usize] += 1;
                    })?;
                }
            }
            let (minutes, patterns) = (by_minute.iter().sum::<u64>(), by_pattern.iter().sum::<u64>());
            let filled = |counts: &[u64]| counts.iter().filter(|count| **count > 0).count();
            Ok(json!({
                "events": minutes, "by_pattern": patterns, "minutes": filled(&by_minute),
                "patterns": filled(&by_pattern), "opened": opened,
            }))
        })
    }

    /// By version, the place of its pattern; the first is that of events without one, whose number is the highest.
    fn pattern_slots(&self) -> Vec<usize> {
        self.dictionary.versions().iter().map(|version| version.pattern.wrapping_add(1) as usize).collect()
    }
}

/// What was found, with the shortest of the times.
fn timed(
    mut ask: impl FnMut() -> Result<serde_json::Value, Box<dyn Error>>,
) -> Result<serde_json::Value, Box<dyn Error>> {
    let mut best: Option<(Duration, serde_json::Value)> = None;
    for _ in 0..TURNS {
        let started = Instant::now();
        let found = ask()?;
        let took = started.elapsed();
        if best.as_ref().is_none_or(|(shortest, _)| took < *shortest) {
            best = Some((took, found));
        }
    }
    let (took, mut found) = best.ok_or("there is a turn")?;
    found["ms"] = json!(ms(took));
    Ok(found)
}

fn ms(took: Duration) -> f64 {
    (took.as_secs_f64() * 1e6).round() / 1e3
}

fn per_second(events: u64, took: Duration) -> f64 {
    (events as f64 / took.as_secs_f64()).round()
}

/// Time that this thread has spent on a processor.
fn cpu() -> Result<Duration, Box<dyn Error>> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    Ok(Duration::from_nanos(text.split_whitespace().next().ok_or("empty schedstat")?.parse()?))
}
