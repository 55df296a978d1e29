//! In its steady state the engine allocates nothing for an event: only when a block of 1024 records is sealed.
#![expect(unsafe_code, reason = "an allocator that counts can be written in no other way")]

use ng_core::engine::{Engine, EngineParts};
use ng_core::event_loop::mono_ns;
use ng_core::guard::{Guard, Policy};
use ng_core::registry::MODULES;
use ng_core::route::{Queue, Taken, Wanted};
use ng_core::store::Store;
use ng_detect::Kernel;
use ng_detect::feedback::Subject;
use ng_filter::{Env, Filter};
use ng_model::event::Span;
use ng_model::intake::{BATCH, Batch, SourceStatus};
use ng_model::settings::Values;
use ng_model::zone::Zone;
use ng_reading::encoders::Vocabulary;
use ng_wire::Format;
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

/// Allocations of this thread so far.
struct Counting;

thread_local!(static ALLOCATIONS: Cell<u64> = const { Cell::new(0) });

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// SAFETY: every call is passed on unchanged to the allocator of the system.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        unsafe { System.dealloc(place, layout) }
    }

    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        unsafe { System.realloc(place, layout, size) }
    }
}

fn count() {
    // The count of a thread that is ending is gone.
    let _ = ALLOCATIONS.try_with(|allocations| allocations.set(allocations.get() + 1));
}

fn allocations() -> u64 {
    ALLOCATIONS.with(Cell::get)
}

/// Records of a block that is sealed.
const BLOCK: usize = 1024;
/// Allocations of an event that alerts.
const PER_ALERT: u64 = 12;
/// Most allocations for sealing one block: two compressed parts, the segment that holds them, and at times the list of
/// segments.
const PER_BLOCK: u64 = 4;
const READINGS: usize = 10_240;

struct Rig {
    engine: Engine,
    store: Store,
    batch: Batch,
    queue: Arc<Queue>,
    /// Readers that get only a part.
    others: Vec<Arc<Queue>>,
}

/// What the others want: names, what a record holds, a threshold, a word.
const OTHERS: [&str; 8] = [
    "type:log.text",
    "source:stead",
    "type:metric.** value>50",
    "attr.user=u3 | pattern:2",
    "pattern:1",
    "has:attr.x",
    "took level>=warn",
    "!type:log.**",
];

fn rig(format: Format, lines: impl Iterator<Item = String>) -> (Rig, Vec<Batch>) {
    let env = Env::default();
    let values = MODULES.iter().map(|module| Values::defaults(module.settings)).collect();
    let guard = Guard::new(&Policy::defaults(), &env).unwrap();
    let rule =
        ng_core::actions::AlertRule::parse("errors", "when level>=error count >= 5 in 1m then log", &env).unwrap();
    let parts = EngineParts {
        values,
        guard,
        alerts: vec![rule],
        zones: Zone::UTC.into(),
        vocabulary: Vocabulary::default(),
        formats: ng_reading::formats::Formats::built_in(),
        kernel: Kernel::Auto,
    };
    let mut engine = Engine::new(parts);
    let judged =
        Subject { first: 1, source: "steady".into(), texts: vec!["a *".into()], offset: -0.6, pattern: Some(0) };
    engine.detect_mut().feedback.replace(vec![judged]);
    let filter = Filter::compile("level>=info !nothing", &env).unwrap();
    let queue = engine.subscribe(Wanted { filter, ..Wanted::default() }, 65_536);
    let mut other = |text: &&str| {
        let filter = Filter::compile(text, &env).unwrap();
        engine.subscribe(Wanted { filter, ..Wanted::default() }, 65_536)
    };
    let others = OTHERS.iter().map(&mut other).collect();
    let status = SourceStatus::new("steady", "test", 0);
    let empty = || Batch {
        source: status.clone(),
        received_ns: 0,
        written_ns: 0,
        bytes: Vec::new(),
        readings: Vec::new(),
        turns: Vec::new(),
        receipt: None,
    };
    let mut batches = Vec::new();
    let mut batch = empty();
    for (number, line) in lines.enumerate() {
        let start = batch.bytes.len();
        batch.bytes.extend_from_slice(line.as_bytes());
        batch.readings.push((format, Span::new(start, batch.bytes.len())));
        if batch.readings.len() == BATCH {
            batch.received_ns = number as i64 * 1_000_000;
            batch.written_ns = batch.received_ns;
            batches.push(std::mem::replace(&mut batch, empty()));
        }
    }
    (Rig { engine, store: Store::new(100_000), batch: empty(), queue, others }, batches)
}

impl Rig {
    /// Allocations while a batch is taken in, and whether a block was sealed by it.
    fn intake(&mut self, batch: &Batch) -> u64 {
        self.batch.received_ns = batch.received_ns;
        let before = allocations();
        self.engine.intake(&mut self.store, batch, mono_ns);
        let allocated = allocations() - before;
        // The reader keeps up; what it allocates is its own.
        assert!(matches!(self.queue.take(usize::MAX, Duration::ZERO), Taken::Seqs(seqs) if seqs.len() == BATCH));
        self.others.iter().for_each(|queue| drop(queue.take(usize::MAX, Duration::ZERO)));
        allocated
    }
}

/// Feeds `warm` batches to reach the steady state, then looks at the rest.
fn check(format: Format, warm: usize, line: impl Fn(usize) -> String) {
    let readings = warm * BATCH + READINGS;
    let (mut rig, batches) = rig(format, (0..readings).map(line));
    let (before, steady) = batches.split_at(warm);
    for batch in before {
        rig.intake(batch);
    }
    let alerts_before = rig.store.totals().alerts;
    let each: Vec<u64> = steady.iter().map(|batch| rig.intake(batch)).collect();
    // An event that alerts is seldom, and is put into words.
    let alerts = rig.store.totals().alerts - alerts_before;
    let blocks = (READINGS / BLOCK) as u64;
    let total: u64 = each.iter().sum();
    assert!(
        total <= blocks * PER_BLOCK + alerts * PER_ALERT,
        "{format:?}: {total} allocations for {READINGS} readings, by batch {each:?}"
    );
    // Most batches seal no block and have no alert, and allocate nothing.
    let quiet = each.iter().filter(|count| **count == 0).count();
    assert!(quiet >= each.len() - blocks as usize - 1 - alerts as usize, "{format:?}: {each:?}");
    assert!(total > 0, "sealing allocates: the allocations are not counted");
}

#[test]
fn lines_of_text() {
    check(Format::Text, 200, |i| {
        let level = ["INFO", "INFO", "WARN", "INFO"][i % 4];
        format!("{level} request {i} of user u{} took {} ms on worker {}", i % 10, (i * 37) % 100, i % 4)
    });
}

#[test]
fn metrics() {
    check(Format::Metric, 200, |i| format!("metric{}={}", i % 4, ((i * 7919) % 1000) as f64 / 10.0));
}

#[test]
fn objects() {
    check(Format::Json, 200, |i| {
        let (level, status) = if i % 50 == 0 { ("error", 500) } else { ("info", [200, 304][i % 2]) };
        format!(r#"{{"level":"{level}","msg":"served","status":{status},"ms":{},"user":"u{}"}}"#, i % 100, i % 9)
    });
}

#[test]
fn vectors() {
    check(Format::Vector, 400, |i| {
        let at = |dim: usize| ((i * (dim * 37 + 1)) % 1009) as f64 / 10.0;
        let values: Vec<String> = (0..8).map(|dim| at(dim).to_string()).collect();
        format!("place{}=[{}]", i % 4, values.join(","))
    });
}
