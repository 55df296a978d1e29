//! The way in for events that come over the network.
//!
//! # Layout
//!
//! `body.rs` finds the events in a body, `window.rs` remembers their ids, `once.rs` whole requests. Here they are handed to
//! the engine, batch by batch, each waited for; then the disk is.

pub mod body;
pub mod once;
mod window;

use crate::error::ApiError;
use body::Body;
use ng_model::commit_progress::CommitProgress;
use ng_model::intake::{Acknowledgement, BatchBuilder, IngestHandle, IngestResult, SendError, SourceStatus};
use ng_wire::{Durability, Format};
use once::Once;
use parking_lot::{Mutex, MutexGuard};
use schemars::JsonSchema;
use serde::Serialize;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use window::{Id, Window};

/// Time for which events wait while the engine is behind.
pub const PATIENCE: Duration = Duration::from_secs(5);
/// Bodies that are unpacked at a time; each may hold memory of its full length.
const BODIES: usize = 8;
/// Most sources; events of later ones come under the name of the sensor.
const SOURCES: usize = 1024;
/// Name of the sensor in the list of sources.
pub const SENSOR: &str = "http";
/// Most rejected lines that are listed.
const LISTED: usize = 1000;

/// One event of a body.
#[derive(Clone, Debug)]
pub struct Event<'a> {
    /// Its line, or its place in an array, from 1.
    pub line: u64,
    /// How its bytes are to be read.
    pub format: Format,
    /// Its bytes.
    pub raw: Cow<'a, [u8]>,
    /// The id that its sender gave it.
    pub id: Option<String>,
}

/// A line that is no event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Rejected {
    /// The line, or the place in an array, from 1.
    pub line: u64,
    /// Stable code.
    pub code: &'static str,
    /// What was wrong.
    pub error: String,
}

/// What became of the events of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Taken {
    /// Events that became records.
    pub accepted: u64,
    /// Of these, rejected by Guardian: recorded, but not scored.
    pub guardian_rejected: u64,
    /// Events that were left out because their `id` was taken in before.
    pub duplicates: u64,
    /// Lines that are no events; the first thousand.
    pub rejected: Vec<Rejected>,
    /// How many there are.
    pub rejected_total: u64,
    /// `seq` of the last record made; null when there is none.
    pub last_seq: Option<u64>,
    /// The records are on disk, whatever happens to the process or the machine.
    pub durable: bool,
    /// Why they are not, or not yet; null when they are.
    pub not_durable: Option<String>,
    /// `seq` of the first record made.
    #[serde(skip)]
    pub first_seq: Option<u64>,
    /// The first line that has not been dealt with.
    #[serde(skip)]
    pub next_line: u64,
}

/// Who sends, under the name of which source.
#[derive(Clone, Debug)]
pub struct Origin {
    /// Name of the identity.
    pub sender: String,
    /// Name of the source.
    pub source: String,
}

/// The way in.
pub struct Ingest {
    ingest: IngestHandle,
    sources: Mutex<BTreeMap<String, Arc<SourceStatus>>>,
    window: Mutex<Window>,
    /// How far history is; none where none is kept.
    progress: Option<Arc<CommitProgress>>,
    /// Requests with a key.
    pub once: Once,
    /// Places for bodies.
    pub room: Arc<Semaphore>,
}

impl Ingest {
    /// A way in through an ingest handle of the engine. `progress` says how far history is; none where none is kept.
    pub fn new(ingest: IngestHandle, progress: Option<Arc<CommitProgress>>) -> Self {
        Ingest {
            ingest,
            progress,
            sources: Mutex::default(),
            window: Mutex::default(),
            once: Once::default(),
            room: Arc::new(Semaphore::new(BODIES)),
        }
    }

    /// Hands the events of a body to the engine, from the line on where `taken` stopped, and waits until they are in the
    /// ring. `taken` grows batch by batch, and tells how far it came when the engine is behind for too long, stops, or
    /// refuses. Blocks.
    pub fn submit(&self, origin: &Origin, body: &Body, taken: &mut Taken) -> Result<(), ApiError> {
        let source = self.source(&origin.source);
        let line_of = |one: &Result<Event<'_>, Rejected>| one.as_ref().map_or_else(|bad| bad.line, |event| event.line);
        let from = taken.next_line;
        let mut events = body.events().skip_while(|one| line_of(one) < from).peekable();
        while events.peek().is_some() {
            let mut batch = Batch { part: Taken::default(), ids: HashSet::new(), window: None };
            let mut builder = self.ingest.fill(&source);
            let mut filled = false;
            while let Some(one) = events.peek() {
                let next_line = line_of(one) + 1;
                match one {
                    Err(rejected) => batch.part.reject(rejected.clone()),
                    Ok(event) => {
                        let id = event.id.as_ref().map(|id| Id::of(&origin.sender, &origin.source, id));
                        if batch.knows(id.as_ref(), &self.window)? {
                            batch.part.duplicates += 1;
                        } else if builder.add(event.format, &event.raw) {
                            filled = true;
                            batch.ids.extend(id);
                        } else {
                            break;
                        }
                    }
                }
                batch.part.next_line = next_line;
                events.next();
            }
            if filled {
                batch.commit(builder)?;
            }
            taken.add(batch.part);
        }
        Ok(())
    }

    /// Where what is taken in is kept.
    pub fn durability(&self) -> Durability {
        if self.progress.is_some() { Durability::Disk } else { Durability::Memory }
    }

    /// Waits for the disk, at most for `patience`, and says whether what was taken in is there.
    pub fn settle(&self, taken: &mut Taken, patience: Duration) {
        let kept = match &self.progress {
            None => Err("no history is kept".into()),
            Some(progress) => {
                // What was taken in before and is left out now may be on its way as well.
                let next_seq = progress.next_seq();
                let end = taken.last_seq.filter(|_| taken.duplicates == 0).map_or(next_seq, |last| last + 1);
                progress.wait(taken.first_seq.unwrap_or(next_seq)..end, patience)
            }
        };
        taken.durable = kept.is_ok();
        taken.not_durable = kept.err();
    }

    fn source(&self, name: &str) -> Arc<SourceStatus> {
        let mut sources = self.sources.lock();
        let name = if sources.len() < SOURCES || sources.contains_key(name) { name } else { SENSOR };
        if let Some(known) = sources.get(name) {
            return known.clone();
        }
        let status = SourceStatus::new(name, SENSOR, 0);
        self.ingest.announce(&status);
        sources.insert(name.to_owned(), status.clone());
        status
    }
}

/// Events on their way to the engine.
struct Batch<'a> {
    part: Taken,
    /// Ids of these events.
    ids: HashSet<Id>,
    /// Held from the first id on until the engine has answered: another request with the same id waits for that.
    window: Option<MutexGuard<'a, Window>>,
}

impl<'a> Batch<'a> {
    fn knows(&mut self, id: Option<&Id>, window: &'a Mutex<Window>) -> Result<bool, ApiError> {
        let Some(id) = id else { return Ok(false) };
        if self.window.is_none() {
            self.window = Some(window.try_lock_for(PATIENCE).ok_or_else(behind)?);
        }
        Ok(self.ids.contains(id) || self.window.as_ref().is_some_and(|window| window.knows(id)))
    }

    /// Hands the events over, and remembers their ids when they have become records.
    fn commit(&mut self, mut builder: BatchBuilder) -> Result<(), ApiError> {
        let (tell, told) = tokio::sync::oneshot::channel();
        let receipt = Acknowledgement::new(move |taken: IngestResult| {
            // The one who waits does so until this is called or dropped.
            let _ = tell.send(taken);
        });
        let stopping = || ApiError::not_ready("the engine is stopping");
        builder.submit(receipt, PATIENCE).map_err(|unsent| match unsent {
            SendError::Busy => behind(),
            SendError::Shutdown => stopping(),
        })?;
        let made = told.blocking_recv().map_err(|_| stopping())?;
        if made.records == 0 {
            let what = "the module gateway is switched off, so no event is taken in";
            return Err(ApiError::of_command(ng_wire::ErrorCode::Conflict, what.into()));
        }
        self.part.accepted = made.records;
        self.part.guardian_rejected = made.rejected;
        self.part.first_seq = Some(made.first_seq);
        self.part.last_seq = Some(made.first_seq + made.records - 1);
        if let Some(window) = &mut self.window {
            self.ids.drain().for_each(|id| window.note(id));
        }
        Ok(())
    }
}

/// 429: the engine takes nothing more for the moment.
pub fn behind() -> ApiError {
    ApiError::rate_limited("the engine is behind; send the rest later", 1.0)
}

impl Taken {
    fn reject(&mut self, rejected: Rejected) {
        self.rejected_total += 1;
        if self.rejected.len() < LISTED {
            self.rejected.push(rejected);
        }
    }

    fn add(&mut self, more: Taken) {
        self.accepted += more.accepted;
        self.guardian_rejected += more.guardian_rejected;
        self.duplicates += more.duplicates;
        self.rejected_total += more.rejected_total;
        self.rejected.extend(more.rejected.into_iter().take(LISTED - self.rejected.len()));
        self.first_seq = self.first_seq.or(more.first_seq);
        self.last_seq = more.last_seq.or(self.last_seq);
        self.next_line = more.next_line;
    }
}
