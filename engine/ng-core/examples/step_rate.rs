//! Records per second of processor time through the whole pipeline on one thread:
//! `step_rate FILE text|metric full|lite|off|no_sessions WARM_UP EVENTS SUBSCRIPTIONS`.
//!
//! The lines of FILE are read into memory and taken in in batches of 256, as a sensor hands them over; when they are
//! fewer than the events asked for, they come again. `full` and `lite` are profiles of the detectors; `no_sessions` is
//! `full` without sessions; `off` switches scoring off, so that templates are found and nothing is scored. So many
//! subscriptions, at most ten, are matched and read. Prints one JSON object. `bench/run.py` and `bench/score.py` call it.

#![expect(clippy::print_stdout, reason = "the result goes to standard output")]

use ng_core::engine::{Engine, EngineParts, STAGES};
use ng_core::event_loop::mono_ns;
use ng_core::guard::{Guard, Policy};
use ng_core::registry::{MODULES, Module};
use ng_core::route::{Queue, Taken, Wanted};
use ng_core::store::Store;
use ng_detect::Kernel;
use ng_filter::{Env, Filter};
use ng_model::event::Span;
use ng_model::intake::{BATCH, Batch, SourceStatus};
use ng_model::settings::Values;
use ng_model::zone::Zone;
use ng_reading::encoders::Vocabulary;
use ng_wire::{Format, SettingValue};
use std::collections::BTreeMap;
use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What the subscribers ask for: everything, levels, words, names, results, fields.
const FILTERS: [&str; 10] = [
    "",
    "level>=warn",
    "refused",
    "\"timed out\" | failed",
    "type:metric.**",
    "source:bench level:error",
    "novelty>3",
    "anomaly>=0.99",
    "verdict:reject",
    "has:attr.user",
];
/// Events arrive at this distance, so that no result depends on the clock.
const NS_PER_EVENT: i64 = 2_000;
/// 2026-01-01T00:00:00Z.
const START_NS: i64 = 1_767_225_600_000_000_000;
/// The capacity of the ring when nothing is configured.
const RING: usize = 100_000;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, file, format, profile, warm_up, events, subscriptions] = arguments.as_slice() else {
        return Err("usage: step_rate FILE text|metric full|lite|off|no_sessions WARM_UP EVENTS SUBSCRIPTIONS".into());
    };
    let format = match format.as_str() {
        "text" => Format::Text,
        "metric" => Format::Metric,
        other => return Err(format!("expected text or metric, found {other}").into()),
    };
    let mut batches = batches(&std::fs::read(file)?, format);
    if batches.is_empty() {
        return Err(format!("{file} has no lines").into());
    }
    let mut run = Run::new(profile, subscriptions.parse()?)?;
    let warmed = run.take_in(&mut batches, warm_up.parse()?);
    let (started, cpu_before) = (Instant::now(), cpu_seconds()?);
    let taken = run.take_in(&mut batches, events.parse()?);
    let (cpu, wall) = (cpu_seconds()? - cpu_before, started.elapsed().as_secs_f64());
    let stages: BTreeMap<&str, Option<f64>> =
        STAGES.iter().zip(run.engine.stages()).map(|(name, stage)| (*name, stage.percentiles().p50_us)).collect();
    let result = serde_json::json!({
        "warm_up": warmed,
        "events": taken,
        "cpu_seconds": cpu,
        "wall_seconds": wall,
        "per_second": taken as f64 / cpu,
        "stages_p50_us": stages,
        "records": run.store.totals().records,
        "subscriptions": run.queues.len(),
        "delivered": run.engine.routes().delivered(),
        "read": run.read,
        "patterns": run.engine.patterns().len(),
        "alerts": run.store.totals().alerts,
        "rejected": run.store.totals().rejected,
        "kernel": run.engine.detect().kernel(),
    });
    println!("{result}");
    Ok(())
}

/// Time that this thread has spent on a processor, so that a busy machine changes the result less.
fn cpu_seconds() -> Result<f64, Box<dyn Error>> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    let ns: u64 = text.split_whitespace().next().ok_or("empty schedstat")?.parse()?;
    Ok(ns as f64 / 1e9)
}

/// An engine with its store and its subscribers.
struct Run {
    engine: Engine,
    store: Store,
    queues: Vec<Arc<Queue>>,
    taken: u64,
    /// Positions that the subscribers took from their queues.
    read: u64,
}

impl Run {
    fn new(profile: &str, subscriptions: usize) -> Result<Self, Box<dyn Error>> {
        let mut values: Vec<Values> = MODULES.iter().map(|module| Values::defaults(module.settings)).collect();
        let intuition = Module::IntuitionEngine as usize;
        let change = match profile {
            "off" => None,
            "no_sessions" => Some(("session_key", "")),
            profile => Some(("profile", profile)),
        };
        if let Some((key, value)) = change {
            let changes = BTreeMap::from([(key.to_owned(), SettingValue::Text(value.to_owned()))]);
            values[intuition] = values[intuition].with(MODULES[intuition].settings, &changes)?;
        }
        let env = Env { now_ns: START_NS, ..Env::default() };
        let guard = Guard::new(&Policy::defaults(), &env).map_err(|error| error.to_string())?;
        let parts = EngineParts {
            values,
            guard,
            alerts: Vec::new(),
            zones: Zone::UTC.into(),
            vocabulary: Vocabulary::default(),
            formats: ng_reading::formats::Formats::built_in(),
            kernel: Kernel::Auto,
        };
        let mut engine = Engine::new(parts);
        engine.set_enabled(intuition, profile != "off");
        let mut queues = Vec::new();
        for text in FILTERS.into_iter().take(subscriptions) {
            let filter = Filter::compile(text, &env).map_err(|error| format!("{text}: {}", error.message))?;
            let capacity = engine.queue_capacity();
            queues.push(engine.subscribe(Wanted { filter, ..Wanted::default() }, capacity));
        }
        Ok(Run { engine, store: Store::new(RING), queues, taken: 0, read: 0 })
    }

    /// Takes in batches until at least `events` readings were taken; returns how many.
    fn take_in(&mut self, batches: &mut [Batch], events: u64) -> u64 {
        let before = self.taken;
        for index in (0..batches.len()).cycle() {
            let batch = &mut batches[index];
            batch.received_ns = START_NS + self.taken as i64 * NS_PER_EVENT;
            self.engine.intake(&mut self.store, batch, mono_ns);
            self.taken += batch.readings.len() as u64;
            for queue in &self.queues {
                if let Taken::Seqs(seqs) = queue.take(usize::MAX, Duration::ZERO) {
                    self.read += seqs.len() as u64;
                }
            }
            if self.taken - before >= events {
                break;
            }
        }
        self.taken - before
    }
}

fn batches(bytes: &[u8], format: Format) -> Vec<Batch> {
    let source = SourceStatus::new("bench", "bench", 0);
    let lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).collect();
    lines.chunks(BATCH).map(|lines| batch(&source, lines, format)).collect()
}

fn batch(source: &Arc<SourceStatus>, lines: &[&[u8]], format: Format) -> Batch {
    let mut batch = Batch {
        source: source.clone(),
        received_ns: START_NS,
        written_ns: START_NS,
        bytes: Vec::new(),
        readings: Vec::with_capacity(BATCH),
        turns: Vec::new(),
        receipt: None,
    };
    for line in lines {
        let start = batch.bytes.len();
        batch.bytes.extend_from_slice(line);
        batch.readings.push((format, Span::new(start, batch.bytes.len())));
    }
    batch
}
