//! Lines per second of processor time from bytes to events, beside those of splitting alone: `read_rate FILE ROUNDS`.
//!
//! FILE is read into memory and comes in chunks of 256 KiB, as the sensors read. Every event is copied into a batch that is
//! emptied when it is full, as the sensors do. The two take turns, and the best round of each counts. Prints one JSON object.

#![expect(clippy::print_stdout, reason = "the result goes to standard output")]

use ng_model::intake::{BATCH, BATCH_BYTES};
use ng_reading::lines::{LineSplitter, Piece};
use ng_reading::source_reader::{Item, Limits, SourceReader};
use std::convert::Infallible;
use std::error::Error;
use std::hint::black_box;
use std::time::Instant;

const CHUNK: usize = 256 * 1024;

/// What the events are copied into.
struct Batch {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    events: u64,
}

impl Batch {
    fn new() -> Self {
        Batch { bytes: Vec::with_capacity(2 * BATCH_BYTES), ends: Vec::with_capacity(BATCH), events: 0 }
    }

    fn push(&mut self, event: &[u8]) {
        self.bytes.extend_from_slice(event);
        self.ends.push(self.bytes.len());
        self.events += 1;
        if self.ends.len() == BATCH || self.bytes.len() >= BATCH_BYTES {
            black_box(&self.bytes);
            self.bytes.clear();
            self.ends.clear();
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, file, rounds] = arguments.as_slice() else { return Err("usage: read_rate FILE ROUNDS".into()) };
    let bytes = std::fs::read(file)?;
    let (mut split_s, mut read_s) = (f64::INFINITY, f64::INFINITY);
    let (mut lines, mut events) = (0, 0);
    for _ in 0..rounds.parse()? {
        let mut batch = Batch::new();
        let begun = Instant::now();
        let mut splitter = LineSplitter::new(Limits::default().line_bytes);
        let mut sink = |piece: Piece<'_>| -> Result<(), Infallible> {
            if let Piece::Line(line) | Piece::Cut { kept: line, .. } = piece {
                batch.push(line);
            }
            Ok(())
        };
        for chunk in bytes.chunks(CHUNK) {
            let Ok(()) = splitter.feed(chunk, &mut sink);
        }
        let Ok(()) = splitter.finish(&mut sink);
        split_s = split_s.min(begun.elapsed().as_secs_f64());
        lines = batch.events;

        let mut batch = Batch::new();
        let begun = Instant::now();
        let mut reader = SourceReader::new(Limits::default());
        let mut sink = |item: Item<'_>| -> Result<(), Infallible> {
            if let Item::Event(event) | Item::Cut { kept: event, .. } = item {
                batch.push(event);
            }
            Ok(())
        };
        for chunk in bytes.chunks(CHUNK) {
            let Ok(()) = reader.feed(chunk, &mut sink);
        }
        let Ok(()) = reader.finish(&mut sink);
        read_s = read_s.min(begun.elapsed().as_secs_f64());
        events = batch.events;
    }
    let (split, read) = (lines as f64 / split_s, lines as f64 / read_s);
    println!(
        r#"{{"lines":{lines},"events":{events},"split_lines_per_s":{split:.0},"read_lines_per_s":{read:.0},"ratio":{:.3}}}"#,
        read / split
    );
    Ok(())
}
