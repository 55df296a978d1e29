//! The engine on its own thread: batches in, records and frames out, under load and at the end.

use crate::bench::{FakeWorld, START_NS, engine};
use ng_core::engine::Engine;
use ng_core::event_loop::{self, Handle, Setup};
use ng_core::registry::Module;
use ng_core::route::{Queue, Taken, Wanted};
use ng_core::store::{Reader, Shared, Store};
use ng_filter::Env;
use ng_model::intake::{Acknowledgement, BATCH, IngestHandle, Shutdown, SourceStatus};
use ng_model::overrides::Overrides;
use ng_wire::{Command, Format, Frame, GapReason, Level, Request, SettingValue};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Longer than anything here takes, even on a machine that is busy with other things.
const PATIENCE: Duration = Duration::from_secs(60);
/// The smallest capacity of a subscription's queue.
const SMALLEST: u64 = 256;
/// Batches that wait between the sensors and the engine.
const WAITING: u64 = 64;

pub(crate) struct Running {
    pub(crate) handle: Handle,
    pub(crate) store: Shared,
    pub(crate) ingest: Option<IngestHandle>,
}

pub(crate) fn run(engine: Engine) -> Running {
    let store: Shared = Arc::new(Mutex::new(Store::new(1_000_000)));
    let setup = Setup {
        engine,
        store: store.clone(),
        world: Box::new(FakeWorld::new()),
        overrides: Overrides::default(),
        env: Env::default(),
    };
    let (handle, ingest) = event_loop::start(setup, || START_NS).unwrap();
    Running { handle, store, ingest: Some(ingest) }
}

/// An engine that only records and delivers, to queues of the smallest capacity.
fn plain() -> Engine {
    let mut engine = engine(&[]);
    engine.set_enabled(Module::IntuitionEngine as usize, false);
    let index = Module::SignalSystem as usize;
    let change = BTreeMap::from([("queue_capacity".to_string(), SettingValue::Int(SMALLEST as i64))]);
    engine.configure(index, &change).unwrap();
    engine
}

impl Running {
    /// Sends numbered lines from a thread of its own, and counts those that were handed on.
    fn produce(&mut self, lines: u64, last: bool) -> (JoinHandle<Result<(), Shutdown>>, Arc<AtomicU64>) {
        let ingest = if last { self.ingest.take() } else { self.ingest.clone() }.unwrap();
        let sent = Arc::new(AtomicU64::new(0));
        let count = sent.clone();
        let produce = move || {
            let source = SourceStatus::new("producer", "test", 0);
            ingest.announce(&source);
            let mut builder = ingest.fill(&source);
            for number in 0..lines {
                builder.push(Format::Text, format!("line {number}").as_bytes())?;
                count.store(number + 1, Ordering::SeqCst);
            }
            builder.flush()
        };
        (std::thread::spawn(produce), sent)
    }

    fn recorded(&self) -> u64 {
        self.store.lock().next_seq()
    }

    fn subscribe(&self, lossless: bool) -> Arc<Queue> {
        self.handle.access().subscribe(Wanted { lossless, ..Wanted::default() }).unwrap().queue
    }

    fn ask(&self, id: u64, enabled: bool) {
        let command = Command::SetModule { module: "intuition_engine".into(), enabled };
        self.handle.send(Request { id, actor: "tester".into(), command }).unwrap();
    }
}

/// Looks again and again until something holds.
pub(crate) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "{what} did not happen");
        std::thread::yield_now();
    }
}

/// Everything that a queue still gives, and the number of records that it says were dropped.
fn drain(queue: &Queue) -> (Vec<u64>, u64) {
    let (mut seqs, mut dropped) = (Vec::new(), 0);
    loop {
        match queue.take(1000, PATIENCE) {
            Taken::Seqs(some) => seqs.extend(some),
            Taken::Gap(gap) => {
                assert_eq!(gap.reason, GapReason::SlowConsumer);
                assert_eq!(gap.to_seq - gap.from_seq, gap.count, "every record was wanted");
                assert!(seqs.last().is_none_or(|last| *last < gap.from_seq));
                dropped += gap.count;
            }
            Taken::Finished => return (seqs, dropped),
            Taken::Nothing => panic!("nothing came, and no end"),
        }
    }
}

#[test]
fn batches_become_records_in_their_order_and_the_end_is_told() {
    let mut running = run(plain());
    let queue = running.subscribe(true);
    let (producer, _) = running.produce(10_000, true);
    assert_eq!(drain(&queue), ((0..10_000).collect(), 0));
    assert_eq!(producer.join().unwrap(), Ok(()));
    let mut reader = Reader::new(running.store.clone());
    for seq in [0, 255, 256, 9_999] {
        let raw = reader.get(seq, |stored| (stored.raw.to_vec(), stored.source().to_owned())).unwrap();
        assert_eq!(raw, (format!("line {seq}").into_bytes(), "producer".into()));
    }
    // A subscription made after the end is told so at once.
    assert_eq!(running.subscribe(true).take(1, PATIENCE), Taken::Finished);
}

#[test]
fn a_lossless_subscription_loses_nothing_and_holds_the_producer() {
    const LINES: u64 = 60_000;
    let mut running = run(plain());
    let queue = running.subscribe(true);
    let (producer, sent) = running.produce(LINES, true);
    until("a full queue", || running.recorded() == SMALLEST);
    until("a full intake", || sent.load(Ordering::SeqCst) >= SMALLEST + WAITING * BATCH as u64);
    let mut taken = Vec::new();
    loop {
        let so_far = taken.len() as u64;
        // The engine is at most a queue ahead of the reader, and the producer at most the intake and a batch of its own
        // ahead of the engine.
        assert!(running.recorded() <= so_far + SMALLEST);
        assert!(sent.load(Ordering::SeqCst) <= so_far + SMALLEST + (WAITING + 1) * BATCH as u64);
        match queue.take(100, PATIENCE) {
            Taken::Seqs(seqs) => taken.extend(seqs),
            Taken::Finished => break,
            other => panic!("{other:?}"),
        }
    }
    assert!(taken.iter().copied().eq(0..LINES));
    assert_eq!(producer.join().unwrap(), Ok(()));
}

#[test]
fn a_lossy_subscription_drops_the_oldest_and_accounts_for_every_record() {
    const LINES: u64 = 50_000;
    let mut running = run(plain());
    let (idle, slow, end) = (running.subscribe(false), running.subscribe(false), running.subscribe(true));
    let (_, _) = running.produce(LINES, true);
    let reader = std::thread::spawn(move || drain(&slow));
    assert_eq!(drain(&end).0.len() as u64, LINES);
    let (seqs, dropped) = drain(&idle);
    assert_eq!(seqs, (LINES - SMALLEST..LINES).collect::<Vec<_>>());
    assert_eq!(dropped, LINES - SMALLEST);
    let (seqs, dropped) = reader.join().unwrap();
    assert_eq!(seqs.len() as u64 + dropped, LINES);
    assert!(seqs.is_sorted_by(|a, b| a < b));
}

#[test]
fn a_subscriber_that_leaves_holds_nobody() {
    let mut running = run(plain());
    let leaver = running.subscribe(true);
    let (producer, _) = running.produce(60_000, true);
    until("a full queue", || running.recorded() == SMALLEST);
    leaver.leave();
    assert_eq!(producer.join().unwrap(), Ok(()));
    until("the rest", || running.recorded() == 60_000);
}

#[test]
fn a_client_that_takes_no_frames_blocks_nobody() {
    const COMMANDS: u64 = 600;
    let running = run(plain());
    for id in 0..COMMANDS {
        running.ask(id, id % 2 == 0);
    }
    // Subscriptions stand behind commands in the same queue.
    running.subscribe(false);
    assert_eq!(running.recorded(), COMMANDS, "every command was carried out and told to the stream");
    let answers =
        |frames: Vec<Frame>| frames.iter().filter(|frame| matches!(frame, Frame::Result { .. })).count() as u64;
    let answered = answers(running.handle.frames(PATIENCE));
    assert!(answered < 256, "frames should not have been kept without bound");
    let dropped = |frames: Vec<Frame>| {
        let of = |frame: &Frame| match frame {
            Frame::Metrics(metrics) => {
                metrics.queues.iter().find(|queue| queue.name == "console frames").map(|q| q.dropped)
            }
            _ => None,
        };
        frames.iter().find_map(of)
    };
    let mut told = None;
    until("a view", || {
        told = dropped(running.handle.frames(PATIENCE));
        told.is_some()
    });
    assert_eq!(told, Some(COMMANDS - answered), "every frame that was not taken is counted");
}

#[test]
fn stopping_takes_less_than_a_second_while_sensors_wait() {
    let mut running = run(plain());
    let _unread = running.subscribe(true);
    let producers: Vec<_> = (0..3).map(|_| running.produce(u64::MAX, false)).collect();
    until("a full queue", || running.recorded() == SMALLEST);
    let sent = || producers.iter().map(|(_, sent)| sent.load(Ordering::SeqCst)).sum::<u64>();
    until("a full intake", || sent() >= SMALLEST + (WAITING + 3) * BATCH as u64 - 3);
    let start = Instant::now();
    running.handle.stop();
    for (producer, _) in producers {
        assert_eq!(producer.join().unwrap(), Err(Shutdown));
    }
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
    assert!(running.ingest.unwrap().stopped());
}

#[test]
fn a_reader_is_told_when_the_engine_stops() {
    let mut running = run(plain());
    let queue = running.subscribe(false);
    let reader = std::thread::spawn(move || queue.take(1, PATIENCE));
    running.handle.stop();
    assert_eq!(reader.join().unwrap(), Taken::Finished);
    assert!(running.handle.access().subscribe(Wanted::default()).is_err());
    assert!(running.handle.access().note("{}".into()).is_err());
}

#[test]
fn a_command_is_answered_within_a_hundred_batches_of_a_flood() {
    let mut running = run(plain());
    let queue = running.subscribe(true);
    let audit = {
        // The engine waits for the store while the flood gathers behind it.
        let store = running.store.clone();
        let held = store.lock();
        let (_flood, sent) = running.produce(u64::MAX, false);
        until("a full intake", || sent.load(Ordering::SeqCst) >= WAITING * BATCH as u64);
        running.ask(1, true);
        drop(held);
        let mut reader = Reader::new(running.store.clone());
        let mut audit = None;
        while audit.is_none() {
            let Taken::Seqs(seqs) = queue.take(1000, PATIENCE) else { panic!("the stream broke off") };
            audit = seqs.into_iter().find(|seq| reader.get(*seq, |stored| stored.kind() == "module.enabled").unwrap());
        }
        audit.unwrap()
    };
    assert!(audit <= 100 * BATCH as u64, "answered after {audit} records");
    let answered = |frames: Vec<Frame>| frames.iter().any(|frame| matches!(frame, Frame::Result { id: 1, .. }));
    until("an answer", || answered(running.handle.frames(PATIENCE)));
}

#[test]
fn an_engine_that_panics_says_so_and_holds_nobody_up() {
    let mut running = run(plain());
    let queue = running.subscribe(true);
    let access = running.handle.access().clone();
    // A receipt is given on the engine's thread.
    let mut builder = running.ingest.take().unwrap().fill(&SourceStatus::new("producer", "test", 0));
    builder.push(Format::Text, b"line").unwrap();
    builder.submit(Acknowledgement::new(|_| panic!("the engine is broken")), PATIENCE).unwrap();
    drop(builder);
    let mut said = Vec::new();
    until("the notice", || {
        said.extend(running.handle.frames(Duration::from_millis(10)).into_iter().filter_map(|frame| match frame {
            Frame::Notice(notice) => Some(notice),
            _ => None,
        }));
        !said.is_empty()
    });
    assert_eq!((said[0].level, said[0].origin.as_str()), (Level::Error, "engine"));
    assert!(said[0].text.starts_with("the engine has failed: the engine is broken (at "), "{}", said[0].text);
    assert!(said[0].text.contains("event_loop.rs:"), "{}", said[0].text);
    until("it is known", || running.handle.failure().is_some());
    assert_eq!(drain(&queue).0.len(), 1, "what was recorded is still delivered");
    assert!(access.note("{}".into()).is_err());
    running.handle.stop();
}
