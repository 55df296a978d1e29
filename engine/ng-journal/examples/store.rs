//! History on disk against the same blocks in plain files: `store FILE FOLDER [WORD...]`.
//!
//! The lines of FILE are kept in batches of a thousand, durably, once by the store and once in plain files: a log that is synced
//! for each batch and written over from its start after each block, and a file that blocks are added to. Lines of the same letters are one pattern. Then
//! each WORD is counted as a part of a line, by a reader that was just opened, by one that knows the headers, and from the plain
//! file; and everything is read. Prints a JSON object for each. Time that the processor took stands beside what a clock says, and
//! that of the syncs of the plain files, which is that of the disk.

#![expect(clippy::print_stdout, reason = "the result goes to standard output")]

use ng_journal::store::{Budget, Journal, Order, Question, Reader, Sizes};
use ng_journal::{
    BlockHeader, Body, Counted, Dictionary, EventHeader, Lookup, Packer, Run, Scanner, Sealer, Term, count, may_contain,
};
use ng_model::record::StoredRecord;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::error::Error;
use std::fs::{self, File};
use std::io::Write;
use std::ops::ControlFlow;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, Instant};

type Done<T> = Result<T, Box<dyn Error>>;

/// 2025-11-29T12:00:00Z, and the time between two events.
const START_NS: i64 = 1_764_417_600_000_000_000;
const APART_NS: i64 = 12_600_000;
const BATCH: usize = 1000;
const LEVEL: i32 = 3;

fn main() -> Done<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, file, folder, words @ ..] = arguments.as_slice() else {
        return Err("usage: store FILE FOLDER [WORD...]".into());
    };
    let (batches, templates) = read(file)?;
    let events: usize = batches.iter().map(Run::len).sum();
    let raw: usize = batches.iter().map(Run::raw_len).sum::<usize>() + events;
    println!("{}", json!({ "events": events, "raw_per_event": round(raw as f64 / events as f64) }));
    let (plain_path, store_path) = (Path::new(folder).join("plain"), Path::new(folder).join("store"));
    fs::create_dir_all(&plain_path)?;
    let mut template = |pattern: u32| templates.get(pattern as usize).cloned();

    let mut plain = Plain::new(&plain_path)?;
    let (took, cpu) = timed(|| batches.iter().try_for_each(|batch| plain.append(batch, &mut template)))?;
    let plain_bytes = bytes(&plain_path)?;
    println!(
        "{}",
        told(
            "plain files, written",
            events,
            took,
            cpu,
            json!({ "bytes": plain_bytes, "syncs": plain.syncs, "sync_ms": ms(plain.sync) })
        )
    );

    let mut journal = Journal::open(&store_path, Sizes::default())?;
    let mut sealing = Duration::ZERO;
    let (took, cpu) = timed(|| {
        for batch in &batches {
            journal.append(batch, START_NS, &|_| "bench".to_owned())?;
            if journal.is_due() {
                let started = Instant::now();
                journal.seal(&mut template)?;
                sealing += started.elapsed();
            }
        }
        Ok(())
    })?;
    println!(
        "{}",
        told("store, written", events, took, cpu, json!({ "bytes": bytes(&store_path)?, "sealing_ms": ms(sealing) }))
    );
    ask(&store_path, &plain, words, events)?;

    // A day later the file is brought into its last form.
    let last = batches.last().and_then(|batch| batch.seqs()).map_or(0, |[_, last]| last);
    let mut one = Run::default();
    one.push(&EventHeader { seq: last + 1, ..EventHeader::default() }, b"the next day");
    journal.append(&one, START_NS + 86_400_000_000_000, &|_| "bench".to_owned())?;
    let mut longest = Duration::ZERO;
    let (took, cpu) = timed(|| {
        loop {
            let started = Instant::now();
            let more = journal.close_step(&mut template)?;
            longest = longest.max(started.elapsed());
            if !more {
                return Ok(());
            }
        }
    })?;
    println!(
        "{}",
        told(
            "store, closed",
            events,
            took,
            cpu,
            json!({ "bytes": bytes(&store_path)?, "longest_step_ms": ms(longest) })
        )
    );
    drop(journal);
    let started = Instant::now();
    drop(Journal::open(&store_path, Sizes::default())?);
    println!("{}", json!({ "what": "store, opened for writing", "ms": ms(started.elapsed()) }));
    ask(&store_path, &plain, words, events + 1)
}

/// The lines in batches, and for each pattern what is the same in its lines.
fn read(file: &str) -> Done<(Vec<Run>, Vec<String>)> {
    let text = fs::read(file)?;
    let (mut batches, mut templates, mut patterns) = (Vec::new(), Vec::new(), HashMap::new());
    let mut batch = Run::default();
    for (seq, line) in (1u64..).zip(text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty())) {
        let words = String::from_utf8_lossy(line);
        let words = words.split(|char: char| !char.is_ascii_alphanumeric() && char != '_');
        let shape: Vec<&str> = words.filter(|word| word.bytes().all(|byte| !byte.is_ascii_digit())).collect();
        let shape = shape.join(" ");
        let pattern = *patterns.entry(shape.clone()).or_insert_with(|| {
            templates.push(shape);
            templates.len() as u32 - 1
        });
        let time_ns = START_NS + seq as i64 * APART_NS;
        batch.push(&EventHeader { seq, time_ns, received_ns: time_ns, pattern, ..EventHeader::default() }, line);
        if batch.len() == BATCH {
            batches.push(std::mem::take(&mut batch));
        }
    }
    batches.extend((!batch.is_empty()).then_some(batch));
    Ok((batches, templates))
}

/// The same blocks without a database.
struct Plain {
    log: File,
    blocks: File,
    end: u64,
    /// Where header and body of each block stand, and how long they are.
    places: Vec<(u64, usize, usize)>,
    pending: Run,
    sealed: u64,
    packer: Packer,
    sealer: Sealer,
    dictionary: Dictionary,
    syncs: u64,
    sync: Duration,
}

impl Plain {
    fn new(folder: &Path) -> Done<Plain> {
        Ok(Plain {
            log: File::create(folder.join("log"))?,
            blocks: File::options().read(true).write(true).create(true).truncate(true).open(folder.join("blocks"))?,
            end: 0,
            places: Vec::new(),
            pending: Run::default(),
            sealed: 0,
            packer: Packer::new()?,
            sealer: Sealer::new(LEVEL)?,
            dictionary: Dictionary::default(),
            syncs: 0,
            sync: Duration::ZERO,
        })
    }

    fn append(&mut self, batch: &Run, template: &mut dyn FnMut(u32) -> Option<String>) -> Done<()> {
        let start = self.pending.len();
        batch.iter().for_each(|(header, raw)| {
            self.pending.push(header, raw);
        });
        let bytes = self.packer.pack(&self.pending, start..self.pending.len(), self.sealed + start as u64)?;
        self.log.write_all(&bytes)?;
        self.synced(|plain| plain.log.sync_data())?;
        if self.pending.raw_len() < Sizes::default().blocks[0] {
            return Ok(());
        }
        let block = self.sealer.seal(&self.pending, self.sealed, &mut self.dictionary, template)?;
        let added = self.dictionary.take_added().unwrap_or_default();
        self.places.push((self.end, block.header.len(), block.body.len()));
        self.blocks.write_all(&[block.header, block.body, added].concat())?;
        self.end = self.blocks.metadata()?.len();
        self.synced(|plain| plain.blocks.sync_data())?;
        std::io::Seek::rewind(&mut self.log)?;
        self.sealed += self.pending.len() as u64;
        self.pending.clear();
        Ok(())
    }

    fn synced(&mut self, sync: impl Fn(&Plain) -> std::io::Result<()>) -> std::io::Result<()> {
        let started = Instant::now();
        sync(self)?;
        self.syncs += 1;
        self.sync += started.elapsed();
        Ok(())
    }

    fn count(&self, term: &Term) -> Done<u64> {
        let (lookup, scanner) = (Lookup::new(term, &self.dictionary), Scanner::new(term));
        let mut events = 0;
        for (at, header_len, body_len) in &self.places {
            let mut bytes = vec![0; *header_len];
            self.blocks.read_exact_at(&mut bytes, *at)?;
            let header = BlockHeader::from_bytes(&bytes)?;
            match count(&header, &lookup) {
                Counted::Exactly(number) => events += number,
                Counted::Open if may_contain(&header, &lookup) => {
                    let mut bytes = vec![0; *body_len];
                    self.blocks.read_exact_at(&mut bytes, at + *header_len as u64)?;
                    scanner.scan(&header, &Body::from_bytes(&bytes)?, |_| events += 1)?;
                }
                Counted::Open => {}
            }
        }
        scanner.scan_run(&self.pending, |_| events += 1);
        Ok(events)
    }

    fn read_all(&self) -> Done<u64> {
        let mut events = self.pending.len() as u64;
        for (at, header_len, body_len) in &self.places {
            let mut bytes = vec![0; header_len + body_len];
            self.blocks.read_exact_at(&mut bytes, *at)?;
            let (header, body) = bytes.split_at(*header_len);
            let header = BlockHeader::from_bytes(header)?;
            events += Body::from_bytes(body)?.run(&header)?.len() as u64;
        }
        Ok(events)
    }
}

fn ask(store: &Path, plain: &Plain, words: &[String], events: usize) -> Done<()> {
    for word in words {
        let term = Term::part(word);
        let question = Question::of(term.clone());
        let mut reader = Reader::open(store)?;
        let mut counts = Vec::new();
        let mut answers = json!({ "counted": word });
        let names = ["store, just opened", "store, headers known", "plain"];
        for (turn, name) in names.into_iter().enumerate() {
            let mut events = 0;
            let (took, cpu) = timed(|| {
                events = if turn < 2 { reader.count(&question, &|| false)?.events } else { plain.count(&term)? };
                Ok(())
            })?;
            counts.push(events);
            answers[name] = json!({ "ms": ms(took), "cpu_ms": ms(cpu) });
        }
        if counts.windows(2).any(|two| two[0] != two[1]) {
            return Err(format!("counted {counts:?}").into());
        }
        answers["events"] = json!(counts[0]);
        println!("{answers}");
    }
    let mut read = 0;
    let mut reader = Reader::open(store)?;
    let mut take = |_: &StoredRecord<'_>| {
        read += 1;
        ControlFlow::Continue(())
    };
    let all = Question::all();
    let (took, cpu) = timed(|| {
        reader.scan(&all, Order::Oldest, Budget::none(), &mut take)?;
        Ok(())
    })?;
    println!("{}", told("store, read", read, took, cpu, json!({})));
    if read != events {
        return Err(format!("read {read} of {events}").into());
    }
    let mut read = 0;
    let (took, cpu) = timed(|| {
        read = plain.read_all()?;
        Ok(())
    })?;
    println!("{}", told("plain files, read", read as usize, took, cpu, json!({})));
    Ok(())
}

fn told(what: &str, events: usize, took: Duration, cpu: Duration, mut more: Value) -> Value {
    more["what"] = json!(what);
    more["events_per_second"] = json!((events as f64 / took.as_secs_f64()).round());
    more["ms"] = json!(ms(took));
    more["cpu_ms"] = json!(ms(cpu));
    more
}

/// How long something takes, by the clock and by the processor.
fn timed(act: impl FnOnce() -> Done<()>) -> Done<(Duration, Duration)> {
    let (started, before) = (Instant::now(), cpu()?);
    act()?;
    Ok((started.elapsed(), cpu()? - before))
}

fn bytes(folder: &Path) -> Done<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        bytes += entry?.metadata()?.len();
    }
    Ok(bytes)
}

fn ms(took: Duration) -> f64 {
    round(took.as_secs_f64() * 1e3)
}

fn round(number: f64) -> f64 {
    (number * 1e2).round() / 1e2
}

/// Time that this thread has spent on a processor.
fn cpu() -> Done<Duration> {
    let text = fs::read_to_string("/proc/thread-self/schedstat")?;
    Ok(Duration::from_nanos(text.split_whitespace().next().ok_or("empty schedstat")?.parse()?))
}
