//! The thread that owns an engine: bounded channels in and out. The only place in this crate with a thread and a clock.
//!
//! # Layout
//!
//! Sensors hold an [`IngestHandle`] and send batches; whoever runs the engine holds its [`Handle`] and receives its frames;
//! any number of clients hold an [`EngineHandle`] and ask; readers share the store. The thread locks the store once a batch.
//! `event_loop/engine_handle.rs` is a client's way in, `event_loop/alerts.rs` performs what was decided,
//! `event_loop/checkpointer.rs` saves what was learnt.

mod alerts;
mod checkpointer;
mod engine_handle;

use crate::command_context::CommandContext;
use crate::commands;
use crate::constitution;
use crate::convert;
use crate::engine::Engine;
use crate::store::Shared;
use crate::views::{self, Rates, Surroundings};
use crate::world::World;
use checkpointer::Checkpointer;
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TrySendError, bounded, never, select};
use engine_handle::Control;
pub use engine_handle::{Disconnected, EngineHandle, Reply, SubmitError, Subscribed};
use ng_filter::Env;
use ng_model::intake::{Batch, IngestHandle, SourceStatus};
use ng_model::overrides::Overrides;
use ng_model::supervise::{Panicked, catch};
use ng_wire::{Frame, Level, Notice, QueueView, Request};
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Batches that wait between the sensors and the engine.
const BATCHES: usize = 64;
/// Frames that wait for a client; views are not queued behind half as many, for a later one replaces them.
const FRAMES: usize = 256;
/// Commands that wait for the engine.
const COMMANDS: usize = 64;
/// The engine looks at a full lossless queue again after this time.
const FULL_WAIT: Duration = Duration::from_millis(2);
const TICK: Duration = Duration::from_secs(1);
/// Ticks after which views that seldom change are told again, for clients that were behind and missed them.
const SELDOM_AGAIN: u32 = 60;

/// What the thread needs besides the engine.
pub struct Setup {
    /// The pipeline.
    pub engine: Engine,
    /// The ring.
    pub store: Shared,
    /// Clock and state.
    pub world: Box<dyn World>,
    /// What earlier commands changed; already applied to the engine.
    pub overrides: Overrides,
    /// What filters in commands are compiled against.
    pub env: Env,
}

/// The one who runs an engine. Dropping it stops the engine.
pub struct Handle {
    access: EngineHandle,
    frames: Receiver<Frame>,
    stopped: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    failure: Arc<Mutex<Option<Panicked>>>,
}

/// Starts the thread. The ingest handle is for the sensors; when every copy of it is gone, subscriptions come to their end.
pub fn start(mut setup: Setup, clock: fn() -> i64) -> std::io::Result<(Handle, IngestHandle)> {
    setup.engine.attach_kept(setup.store.lock().symbols());
    let (batches_in, batches) = bounded(BATCHES);
    let (spare_in, spare) = bounded(BATCHES);
    let (sources_in, sources) = bounded(1024);
    let (controls_in, controls) = bounded(COMMANDS);
    let (frames_in, frames) = bounded(FRAMES);
    let stopped = Arc::new(AtomicBool::new(false));
    let ingest = IngestHandle::new(batches_in, spare, sources_in, stopped.clone(), clock);
    let event_loop = EventLoop {
        rates: Rates::new(mono_ns()),
        setup,
        batches,
        spare: spare_in,
        sources,
        controls,
        frames: frames_in,
        stopped: stopped.clone(),
        finished: false,
        frames_dropped: 0,
        checkpointer: Checkpointer::default(),
        told: [None, None],
        ticks: 0,
    };
    let failure = Arc::default();
    let thread = std::thread::Builder::new().name("engine".into()).spawn({
        let failure = Arc::clone(&failure);
        move || run(event_loop, &failure)
    })?;
    Ok((
        Handle { access: EngineHandle { controls: controls_in }, frames, stopped, thread: Some(thread), failure },
        ingest,
    ))
}

/// Runs the engine to its end. What it was at when it panicked is unknown, so that it is not started again: it is said
/// why, and whoever waits for it waits no longer.
fn run(event_loop: EventLoop, failure: &Mutex<Option<Panicked>>) {
    let (frames, time_ns) = (event_loop.frames.clone(), event_loop.setup.world.now_ns());
    let Err(panicked) = catch(move || event_loop.run()) else { return };
    let text = format!("the engine has failed: {panicked}");
    // Nobody may take frames any more.
    let _ = frames.try_send(Frame::Notice(Notice { time_ns, level: Level::Error, origin: "engine".into(), text }));
    *failure.lock() = Some(panicked);
}

impl Handle {
    /// Sends a command; the answer is a frame.
    pub fn send(&self, request: Request) -> Result<(), Disconnected> {
        self.access.controls.send(Control::Request(request, None)).map_err(|_| Disconnected)
    }

    /// The way of any number of clients.
    pub fn access(&self) -> &EngineHandle {
        &self.access
    }

    /// Waits for frames, at most for `timeout`, and takes all that are there.
    pub fn frames(&self, timeout: Duration) -> Vec<Frame> {
        let mut taken = Vec::new();
        match self.frames.recv_timeout(timeout) {
            Ok(frame) => taken.push(frame),
            Err(RecvTimeoutError::Timeout) => {}
            // The engine's thread is gone; whoever asks again and again is not to spin.
            Err(RecvTimeoutError::Disconnected) => std::thread::sleep(timeout),
        }
        taken.extend(self.frames.try_iter());
        taken
    }

    /// The panic that ended the engine's thread.
    pub fn failure(&self) -> Option<Panicked> {
        self.failure.lock().clone()
    }

    /// Stops the sensors and the engine, and waits for the engine's thread.
    pub fn stop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A panic of the engine was caught and told; there is nothing left to stop.
            let _ = thread.join();
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.stop();
    }
}

struct EventLoop {
    setup: Setup,
    rates: Rates,
    batches: Receiver<Batch>,
    spare: Sender<Batch>,
    sources: Receiver<Arc<SourceStatus>>,
    controls: Receiver<Control>,
    frames: Sender<Frame>,
    stopped: Arc<AtomicBool>,
    /// No sensor is left, so no batch will come any more.
    finished: bool,
    /// Frames that a client did not take in time.
    frames_dropped: u64,
    checkpointer: Checkpointer,
    /// The latest views of feedback and of incidents that were told.
    told: [Option<Frame>; 2],
    /// Ticks since the start.
    ticks: u32,
}

impl EventLoop {
    fn run(mut self) {
        let mut next_tick = Instant::now() + Duration::from_millis(200);
        let mut sources = self.sources.clone();
        while !self.stopped.load(Ordering::Relaxed) {
            let room = self.setup.engine.routes.has_room() && self.setup.world.has_room();
            let batches = if room { self.batches.clone() } else { never() };
            let until_tick = next_tick.saturating_duration_since(Instant::now()).min(Duration::from_millis(100));
            let wait = if room { until_tick } else { until_tick.min(FULL_WAIT) };
            select! {
                recv(self.controls) -> control => match control {
                    Ok(control) => self.control(control),
                    Err(_) => break,
                },
                recv(sources) -> source => match source {
                    Ok(source) => self.announce(&source),
                    Err(_) => sources = never(),
                },
                recv(batches) -> batch => match batch {
                    Ok(batch) => self.take_in(batch),
                    Err(_) => {
                        self.batches = never();
                        self.finished = true;
                        self.setup.engine.routes.finish();
                    }
                },
                default(wait) => {}
            }
            if Instant::now() >= next_tick {
                next_tick = Instant::now() + TICK;
                self.tick();
            }
        }
        self.save(true);
    }

    /// Goes on saving what was learnt, and tells what is to be told of it.
    fn save(&mut self, engine_ends: bool) {
        let Setup { engine, store, world, .. } = &mut self.setup;
        let notes = self.checkpointer.step(engine, store, world.as_mut(), engine_ends);
        notes.iter().for_each(|json| self.note(json));
    }

    fn take_in(&mut self, mut batch: Batch) {
        let Setup { engine, store, world, .. } = &mut self.setup;
        let taken = {
            let mut store = store.lock();
            world.reserve(store.next_seq() + batch.readings.len() as u64);
            let taken = engine.intake(&mut store, &batch, mono_ns);
            world.stored(store.next_seq(), batch.bytes.len() as u64);
            taken
        };
        if let Some(receipt) = batch.receipt.take() {
            receipt.acknowledge(taken);
        }
        self.perform();
        // A full channel of spare buffers means that there are enough.
        let _ = self.spare.try_send(batch);
    }

    fn announce(&mut self, source: &Arc<SourceStatus>) {
        let Setup { engine, store, .. } = &mut self.setup;
        engine.sources.announce(source, &mut store.lock());
    }

    fn control(&mut self, control: Control) {
        match control {
            Control::Request(request, reply) => {
                let Setup { engine, store, world, overrides, env } = &mut self.setup;
                let env = Env { now_ns: world.now_ns(), ..env.clone() };
                let mut store = store.lock();
                world.reserve(store.next_seq() + 1);
                let mut context = CommandContext { engine, store: &mut store, overrides, env: &env };
                let answer = commands::apply(&mut context, world.as_mut(), &request);
                world.stored(store.next_seq(), 0);
                drop(store);
                match reply {
                    Some(reply) => reply(answer),
                    None => {
                        self.tell(answer);
                    }
                }
                self.perform();
                self.publish();
            }
            Control::Subscribe(wanted, reply) => {
                // A record must not leave the ring before a reader that the engine waits for has fetched it.
                let ring = self.setup.store.lock().capacity() / 2;
                let capacity = self.setup.engine.queue_capacity().min(if wanted.lossless { ring } else { usize::MAX });
                let queue = self.setup.engine.routes.subscribe(wanted, capacity);
                if self.finished {
                    self.setup.engine.routes.finish();
                }
                let _ = reply.send(Subscribed { queue, from_seq: self.setup.store.lock().next_seq() });
            }
            Control::Template(pattern, reply) => {
                // Whoever asked may have given up.
                let _ = reply.send(self.setup.engine.patterns.template(pattern, self.setup.store.lock().symbols()));
            }
            Control::Pattern(pattern, reply) => {
                let Setup { engine, store, .. } = &self.setup;
                let symbols = store.lock().symbols_arc();
                let _ = reply.send(convert::pattern_view(&engine.patterns, &engine.links, &symbols, pattern));
            }
            Control::Constitution(reply) => {
                let Setup { engine, store, world, overrides, .. } = &self.setup;
                let (kept, totals) = (&overrides.constitution, store.lock().totals());
                let view = constitution::view(kept, engine.detect.effects(), &engine.trial, totals, world.now_ns());
                let _ = reply.send((kept.clone(), view));
            }
            Control::Note(json) => {
                self.note(&json);
                self.perform();
            }
        }
    }

    /// Records an event of the engine itself.
    fn note(&mut self, json: &str) {
        let Setup { engine, store, world, .. } = &mut self.setup;
        let mut store = store.lock();
        world.reserve(store.next_seq() + 1);
        engine.note(&mut store, world.now_ns(), json);
        world.stored(store.next_seq(), json.len() as u64);
    }

    fn tick(&mut self) {
        let Setup { engine, store, world, overrides, env } = &mut self.setup;
        let mut store = store.lock();
        let elapsed_s = self.rates.tick(mono_ns(), store.totals());
        // What waits for a slow reader would wait with any profile.
        let waiting = if engine.routes.has_room() { self.batches.len() } else { 0 };
        engine.set_load(waiting as f64 / BATCHES as f64, elapsed_s);
        engine.tick(store.symbols(), world.now_ns(), elapsed_s);
        if overrides.constitution.trial.is_some() {
            // Its end is a record. A number that is reserved without need would look like a record that was lost.
            world.reserve(store.next_seq() + 1);
        }
        let env = Env { now_ns: world.now_ns(), ..env.clone() };
        let mut context = CommandContext { engine, store: &mut store, overrides, env: &env };
        commands::revert_expired_trial(&mut context, world.as_mut(), elapsed_s);
        world.stored(store.next_seq(), 0);
        drop(store);
        self.ticks = self.ticks.wrapping_add(1);
        if self.ticks.is_multiple_of(SELDOM_AGAIN) {
            self.told = [None, None];
        }
        self.perform();
        self.publish();
        self.save(false);
    }

    fn publish(&mut self) {
        if self.frames.len() > FRAMES / 2 {
            return;
        }
        let queue = |name: &str, len: usize, capacity: usize, dropped: u64| QueueView {
            name: name.into(),
            len: len as u64,
            capacity: capacity as u64,
            dropped,
        };
        let queues = vec![
            queue("intake batches", self.batches.len(), BATCHES, 0),
            queue("console frames", self.frames.len(), FRAMES, self.frames_dropped),
        ];
        let Setup { engine, store, world, overrides, .. } = &self.setup;
        let around = Surroundings { queues, history: world.history(), now_ns: world.now_ns(), mono_ns: mono_ns() };
        let frames = views::all(engine, overrides, &store.lock(), &self.rates, around);
        for frame in frames {
            self.tell_view(frame);
        }
    }

    /// Tells a view. Some are long and seldom change, so that they are not told again every second.
    fn tell_view(&mut self, frame: Frame) {
        let seldom = match &frame {
            Frame::Feedback(_) => 0,
            Frame::Incidents(_) => 1,
            _ => {
                self.tell(frame);
                return;
            }
        };
        if self.told[seldom].as_ref() != Some(&frame) {
            let told = frame.clone();
            self.told[seldom] = self.tell(frame).then_some(told);
        }
    }

    /// Queues a frame for whoever runs the engine; false when it was not taken.
    fn tell(&mut self, frame: Frame) -> bool {
        let sent = self.frames.try_send(frame);
        if let Err(TrySendError::Full(_)) = sent {
            self.frames_dropped += 1;
        }
        sent.is_ok()
    }
}

impl Drop for EventLoop {
    /// However the thread ends, by a stop or by a panic, nobody waits for it for ever.
    fn drop(&mut self) {
        self.setup.engine.routes.finish();
    }
}

/// Nanoseconds on the monotonic clock, from the first call on.
pub fn mono_ns() -> u64 {
    static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    START.get_or_init(Instant::now).elapsed().as_nanos() as u64
}
