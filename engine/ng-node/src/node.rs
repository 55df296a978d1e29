//! Assembles and starts: configuration and state → engine, sensors, ring.

use crate::NodeError;
use crate::config::Config;
use crate::engine_parts::{checked, engine};
use crate::high_water_mark::HighWaterMark;
use crate::history::{History, Keeper, Opened, Recording, Records, known_lines};
use crate::state::{State, StateAccess};
use crate::warnings::warnings;
use ng_core::checkpoint::Checkpoint;
use ng_core::command_context::CommandContext;
use ng_core::commands::{self, Restored};
use ng_core::convert;
use ng_core::event_loop::{self, Disconnected, Handle, Setup};
use ng_core::route::{Queue, Taken, Wanted};
use ng_core::store::{Reader, Shared, Store};
use ng_core::world::World;
use ng_model::commit_progress::CommitProgress;
use ng_model::event::Parsed;
use ng_model::intake::{IngestHandle, SourceStatus};
use ng_model::overrides::Overrides;
use ng_model::record::StoredRecord;
use ng_model::zone::Zone;
use ng_reading::recogniser::Recogniser;
use ng_sensors::{KnownLines, READING, ReadingRules, SENSORS};
use ng_wire::{Frame, Gap, GapReason, HistoryView, SettingValue, TroubleKind};
use parking_lot::Mutex;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What a node needs besides its configuration.
#[derive(Clone, Debug)]
pub struct NodeOptions {
    /// Where flags and rule modes are kept.
    pub state_dir: PathBuf,
    /// May they be changed.
    pub access: StateAccess,
    /// The zone of times that state none.
    pub zone: Zone,
    /// The numbers of records go on where the last process that had the state directory ended, even if it was killed, so
    /// that readers elsewhere can resume; and history is kept for this one, as the configuration wants it. With none they
    /// begin with 0.
    pub keeper: Option<Keeper>,
}

/// A running engine with its sensors.
pub struct Node {
    handle: Handle,
    store: Shared,
    /// The sensors before they run, with the way in that they will share.
    waiting: Option<(IngestHandle, Vec<Built>)>,
    running: Vec<JoinHandle<()>>,
    /// None where no history is kept, and once it has ended.
    history: Option<History>,
}

type Built = (&'static str, Box<dyn ng_sensors::Sensor>);

struct RealWorld {
    state: State,
    /// Absent when the numbers of records begin with 0 in every process.
    high_water_mark: Option<HighWaterMark>,
    /// Writes what was learnt.
    writer: Option<JoinHandle<std::io::Result<()>>>,
    /// How that went, until it is asked for.
    kept: Option<Result<(), String>>,
    /// None where no history is kept.
    recording: Option<Recording>,
}

impl World for RealWorld {
    fn now_ns(&self) -> i64 {
        now_ns()
    }

    fn persist(&mut self, overrides: &Overrides) -> Result<(), String> {
        self.state.save(overrides).map_err(|error| error.to_string())
    }

    fn keeps_checkpoints(&self) -> bool {
        self.high_water_mark.is_some()
    }

    /// While an earlier state is still being written, a later one is left out, unless it is the last.
    fn save(&mut self, state: Checkpoint, engine_ends: bool) {
        if self.writer.as_ref().is_some_and(|writer| !writer.is_finished()) && !engine_ends {
            return;
        }
        self.join_writer();
        match self.state.save_learnt(|| state.finish()) {
            Some(Ok(writer)) => self.writer = Some(writer),
            Some(Err(error)) => self.kept = Some(Err(error.to_string())),
            None => {}
        }
        if engine_ends {
            self.join_writer();
        }
    }

    fn poll(&mut self) -> Option<Result<(), String>> {
        if self.writer.as_ref().is_some_and(JoinHandle::is_finished) {
            self.join_writer();
        }
        self.kept.take()
    }

    fn reserve(&mut self, next_seq: u64) {
        if let Some(mark) = &mut self.high_water_mark {
            mark.reserve(next_seq);
        }
    }

    fn stored(&mut self, next_seq: u64, bytes: u64) {
        if let Some(recording) = &self.recording {
            recording.progress.note_stored(next_seq, bytes);
        }
    }

    fn has_room(&self) -> bool {
        self.recording.as_ref().is_none_or(Recording::has_room)
    }

    fn history(&self) -> Option<HistoryView> {
        self.recording.as_ref().map(Recording::view)
    }
}

impl RealWorld {
    /// Waits for the thread that writes.
    fn join_writer(&mut self) {
        let Some(writer) = self.writer.take() else { return };
        let written = writer.join().map_err(|_| "the thread that writes it has ended".to_owned());
        self.kept = Some(written.and_then(|written| written.map_err(|error| error.to_string())));
    }
}

/// Nanoseconds since 1970, UTC.
fn now_ns() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos() as i64)
}

impl Node {
    /// Starts the engine. The sensors wait for [`Node::start_sensors`], so that a subscription can miss nothing.
    pub fn open(config: &Config, options: &NodeOptions) -> Result<Node, NodeError> {
        let state = State::open(&options.state_dir, options.access)?;
        let (mut overrides, notice) = state.load();
        let env = config.env(now_ns(), options.zone.clone());
        let unlikely = warnings(config, &env)?;
        let mut engine = engine(config, &env)?;
        let capacity = match config.get("ring.capacity") {
            Some(SettingValue::Int(capacity)) => *capacity as usize,
            other => unreachable!("ring.capacity is {other:?}"),
        };
        let mut store = Store::new(capacity);
        let mut context =
            CommandContext { engine: &mut engine, store: &mut store, overrides: &mut overrides, env: &env };
        let Restored { refused, reverted } = commands::restore(&mut context);
        // Whoever only reads leaves the trial to the process that runs it.
        let reverted = reverted.filter(|_| options.access == StateAccess::Own);
        let unsaved = reverted.as_ref().and_then(|_| state.save(&overrides).err());
        let high_water_mark = options.keeper.map(|_| HighWaterMark::open(&options.state_dir)).transpose()?;
        let forgotten = high_water_mark
            .as_ref()
            .and_then(|_| state.load_learnt(|saved| engine.restore(saved, store.symbols_mut())));
        let opened = options.keeper.map(|keeper| Opened::of(config, &options.state_dir, keeper)).transpose()?.flatten();
        let unread = opened.as_ref().and_then(|opened| opened.take_up(&mut engine, &mut store));
        store.begin_at(high_water_mark.as_ref().map_or(0, HighWaterMark::next_seq));
        let recording = opened.as_ref().map(|_| Recording::new(store.next_seq(), capacity, store.byte_limit()));
        let store: Shared = Arc::new(Mutex::new(store));
        let sensors = sensors(config, engine.recogniser(), known_lines(&store))?;
        let setup = Setup {
            engine,
            store: store.clone(),
            world: Box::new(RealWorld {
                state,
                high_water_mark,
                writer: None,
                kept: None,
                recording: recording.clone(),
            }),
            overrides,
            env,
        };
        let failed = |error: std::io::Error| {
            NodeError::failure("NG-3103", "", format!("a thread could not be started: {error}"))
        };
        let (handle, ingest) = event_loop::start(setup, now_ns).map_err(failed)?;
        let follow = |(opened, recording): (Opened, Recording)| {
            opened.follow(recording, store.clone(), handle.access().clone(), now_ns).map_err(failed)
        };
        let history = opened.zip(recording).map(follow).transpose()?;
        for sensor in SENSORS.iter().filter(|sensor| !sensors.iter().any(|(name, _)| *name == sensor.name)) {
            ingest.announce(&SourceStatus::off(sensor.name));
        }
        if let Some(note) = reverted {
            handle.access().note(note).map_err(gone)?;
        }
        let outdated = refused.into_iter().map(|text| format!("a saved setting is left out: {text}"));
        let unsaved = unsaved.map(|error| format!("the state could not be written: {error}"));
        let problems = notice.into_iter().chain(forgotten).chain(outdated).chain(unsaved).chain(unread);
        for text in problems {
            let note = serde_json::json!({ "type": "state.problem", "level": "warn", "message": text });
            handle.access().note(note.to_string()).map_err(gone)?;
        }
        for warning in unlikely {
            let note = serde_json::json!({ "type": "config.warning", "level": "warn", "message": warning.to_string() });
            handle.access().note(note.to_string()).map_err(gone)?;
        }
        Ok(Node { handle, store, waiting: Some((ingest, sensors)), running: Vec::new(), history })
    }

    /// A way in for readings that come by another way than a sensor; none once the sensors run. Subscriptions do not
    /// come to their end while it is held.
    pub fn ingest(&self) -> Option<IngestHandle> {
        self.waiting.as_ref().map(|(ingest, _)| ingest.clone())
    }

    /// Starts every enabled sensor; once.
    pub fn start_sensors(&mut self) {
        if let Some((ingest, sensors)) = self.waiting.take() {
            for (_, sensor) in sensors {
                let source = sensor.source().clone();
                match ng_sensors::start(sensor, ingest.clone()) {
                    Ok(thread) => self.running.push(thread),
                    Err(error) => {
                        let reason = format!("the thread of sensor {} could not be started: {error}", source.sensor);
                        ingest.announce(&source);
                        source.fail(ingest.now_ns(), TroubleKind::Failed, reason);
                    }
                }
            }
        }
    }

    /// The engine's handle.
    pub fn handle(&self) -> &Handle {
        &self.handle
    }

    /// The ring.
    pub fn store(&self) -> &Shared {
        &self.store
    }

    /// How far history on disk is; none where none is kept.
    pub fn commit_progress(&self) -> Option<Arc<CommitProgress>> {
        self.history.as_ref().map(|history| history.progress.clone())
    }

    /// All records that are held, in the ring and on disk.
    pub fn records(&self) -> Records {
        let archive = self.history.as_ref().map(|history| history.archive.clone());
        Records { store: self.store.clone(), archive }
    }

    /// Subscribes to records from the next one on.
    pub fn subscribe(&self, wanted: Wanted) -> Result<Subscription, NodeError> {
        let made = self.handle.access().subscribe(wanted).map_err(gone)?;
        Ok(Subscription { queue: made.queue, reader: Reader::new(self.store.clone()) })
    }

    /// Stops sensors and engine, and waits for their threads.
    pub fn stop(&mut self) {
        self.handle.stop();
        self.waiting = None;
        self.history = None;
        for sensor in self.running.drain(..) {
            // A panic of a sensor was caught and told on its thread.
            let _ = sensor.join();
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.stop();
    }
}

fn gone(_: Disconnected) -> NodeError {
    NodeError::failure("NG-3104", "", "the engine has stopped")
}

/// The sensors that are switched on; files are merged by the times that the recogniser finds, and read on behind the lines that are
/// known.
fn sensors(config: &Config, recogniser: Recogniser, known: KnownLines) -> Result<Vec<Built>, NodeError> {
    let limits = ng_sensors::limits(&checked(READING, &config.table("reading")));
    let rules = ReadingRules { limits, recogniser, known };
    let mut all = Vec::new();
    for sensor in SENSORS {
        let path = format!("sensors.{}", sensor.name);
        let values = checked(sensor.settings, &config.table(&path));
        if values.bool("enabled") {
            let built = (sensor.build)(&values, &rules).map_err(|error| {
                let origin = config.origin(&format!("{path}.{}", error.key));
                NodeError::config("NG-2104", origin.to_string(), format!("{path}.{error}"))
            })?;
            all.push((sensor.name, built));
        }
    }
    Ok(all)
}

/// The reader's end of a subscription, with the records themselves.
pub struct Subscription {
    queue: Arc<Queue>,
    reader: Reader,
}

/// What a subscription brings.
pub enum Delivered<'a> {
    /// A record.
    Record(&'a StoredRecord<'a>),
    /// A hole before the next record.
    Gap(Gap),
}

impl Subscription {
    /// Waits for records, at most for `timeout`. `None` = nothing will come any more.
    pub fn read(&mut self, max: usize, timeout: Duration) -> Option<Vec<Frame>> {
        let (mut frames, mut parsed) = (Vec::new(), Parsed::default());
        let goes_on = self.visit(max, timeout, |delivered| match (delivered, frames.last_mut()) {
            (Delivered::Gap(gap), _) => frames.push(Frame::Gap(gap)),
            (Delivered::Record(stored), Some(Frame::Records(records))) => {
                records.push(convert::record(stored, &mut parsed).into_owned());
            }
            (Delivered::Record(stored), _) => {
                frames.push(Frame::Records(vec![convert::record(stored, &mut parsed).into_owned()]));
            }
        });
        goes_on.then_some(frames)
    }

    /// Waits for records, at most for `timeout`, and shows what came. False = nothing will come any more.
    pub fn visit(&mut self, max: usize, timeout: Duration, mut show: impl FnMut(Delivered<'_>)) -> bool {
        match self.queue.take(max, timeout) {
            Taken::Finished => return false,
            Taken::Nothing => {}
            Taken::Gap(gap) => show(Delivered::Gap(gap)),
            Taken::Seqs(seqs) => self.fetch(&seqs, show),
        }
        true
    }

    fn fetch(&mut self, seqs: &[u64], mut show: impl FnMut(Delivered<'_>)) {
        let mut lost: Option<Gap> = None;
        self.reader.each(seqs, |seq, stored| match stored {
            Some(stored) => {
                lost.take().into_iter().for_each(|gap| show(Delivered::Gap(gap)));
                show(Delivered::Record(stored));
            }
            None => {
                let gap =
                    lost.get_or_insert(Gap { from_seq: seq, to_seq: seq, count: 0, reason: GapReason::Retention });
                gap.to_seq = seq + 1;
                gap.count += 1;
            }
        });
        lost.into_iter().for_each(|gap| show(Delivered::Gap(gap)));
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.queue.leave();
    }
}
