//! The way in: sensors fill batches of readings and hand them to the engine through a bounded channel.
//!
//! A batch is one buffer with spans, so that a line costs no allocation; emptied batches come back for reuse.

use crate::event::Span;
use crossbeam_channel::{Receiver, SendTimeoutError, Sender, TrySendError};
use ng_wire::{Format, LastError, Trouble, TroubleKind};
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

/// Most readings of one batch.
pub const BATCH: usize = 256;
/// A batch is handed on when it holds this many bytes, even if it is not full.
pub const BATCH_BYTES: usize = 64 * 1024;
/// Never happened; the value of a time that is not set.
pub const NEVER: i64 = i64::MIN;

/// Readings that arrived together; of one source, but for those of files that are merged.
#[derive(Debug)]
pub struct Batch {
    /// Where they came from, up to the first of `turns`.
    pub source: Arc<SourceStatus>,
    /// Their arrival, nanoseconds since 1970, UTC.
    pub received_ns: i64,
    /// When they were written, as far as the sensor knows, and not behind the arrival.
    pub written_ns: i64,
    /// Their bytes, one after the other.
    pub bytes: Vec<u8>,
    /// Format and place of each.
    pub readings: Vec<(Format, Span)>,
    /// Where another source has its turn.
    pub turns: Vec<Turn>,
    /// Whoever waits to hear that the batch was taken in.
    pub receipt: Option<Acknowledgement>,
}

/// From here on the readings of a batch are of another source.
#[derive(Debug)]
pub struct Turn {
    /// The index of its first reading.
    pub first: usize,
    /// Where the readings came from.
    pub source: Arc<SourceStatus>,
    /// As in [`Batch`].
    pub written_ns: i64,
}

/// Readings of a batch that stand side by side and are of one source.
#[derive(Debug)]
pub struct Run<'a> {
    /// Where they came from.
    pub source: &'a Arc<SourceStatus>,
    /// As in [`Batch`].
    pub written_ns: i64,
    /// Format and place of each.
    pub readings: &'a [(Format, Span)],
}

impl Batch {
    /// The readings in their order, source by source.
    pub fn runs(&self) -> impl Iterator<Item = Run<'_>> {
        let turns = self.turns.iter().map(|turn| (turn.first, &turn.source, turn.written_ns));
        let ends = self.turns.iter().map(|turn| turn.first).chain([self.readings.len()]);
        [(0, &self.source, self.written_ns)]
            .into_iter()
            .chain(turns)
            .zip(ends)
            .map(|((from, source, written_ns), to)| Run { source, written_ns, readings: &self.readings[from..to] })
    }

    /// Counts its readings as lost before the engine.
    fn lose(&self) {
        for run in self.runs() {
            run.source.lost.fetch_add(run.readings.len() as u64, Ordering::Relaxed);
        }
    }
}

/// What became of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IngestResult {
    /// `seq` of its first record.
    pub first_seq: u64,
    /// Its records; 0 when the module `gateway` was off, and its readings were refused.
    pub records: u64,
    /// Of these, rejected by Guardian.
    pub rejected: u64,
}

/// Called on the engine's thread when the batch is in the ring; must not wait. A batch that is thrown away, because the
/// engine stops, drops it without a call.
pub struct Acknowledgement(Box<dyn FnOnce(IngestResult) + Send>);

impl Acknowledgement {
    /// A receipt that calls `tell`.
    pub fn new(tell: impl FnOnce(IngestResult) + Send + 'static) -> Self {
        Acknowledgement(Box::new(tell))
    }

    /// Tells it.
    pub fn acknowledge(self, taken: IngestResult) {
        (self.0)(taken);
    }
}

impl std::fmt::Debug for Acknowledgement {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Acknowledgement")
    }
}

/// What is known of a source. Written by its sensor, read by the engine.
#[derive(Debug)]
pub struct SourceStatus {
    /// Name, such as `host` or `file:/var/log/syslog`.
    pub name: String,
    /// Name of its sensor, such as `files`.
    pub sensor: &'static str,
    /// It is read; a sensor that is switched off is a source too, so that the screen can say so.
    pub enabled: bool,
    /// It is stale after this many nanoseconds without success; 0 = it may be quiet for ever.
    pub stale_after_ns: i64,
    /// It has ended and will not speak again.
    pub ended: AtomicBool,
    /// Readings lost before the engine, by the sensor's own count.
    pub lost: AtomicU64,
    /// The latest success ([`NEVER`] before the first): a reading, or a look that found nothing new.
    pub last_ok_ns: AtomicI64,
    last_error: Mutex<Option<LastError>>,
    trouble: Mutex<Option<Trouble>>,
}

impl SourceStatus {
    /// A source that has not spoken yet.
    pub fn new(name: impl Into<String>, sensor: &'static str, stale_after_ns: i64) -> Arc<Self> {
        Arc::new(Self::with(name.into(), sensor, true, stale_after_ns))
    }

    /// A sensor that is switched off.
    pub fn off(sensor: &'static str) -> Arc<Self> {
        Arc::new(Self::with(sensor.into(), sensor, false, 0))
    }

    fn with(name: String, sensor: &'static str, enabled: bool, stale_after_ns: i64) -> Self {
        SourceStatus {
            name,
            sensor,
            enabled,
            stale_after_ns,
            ended: AtomicBool::new(false),
            lost: AtomicU64::new(0),
            last_ok_ns: AtomicI64::new(NEVER),
            last_error: Mutex::new(None),
            trouble: Mutex::new(None),
        }
    }

    /// Notes a success.
    pub fn ok(&self, now_ns: i64) {
        self.last_ok_ns.store(now_ns, Ordering::Relaxed);
    }

    /// Notes an error; the text is shown as it is, with its age.
    pub fn error(&self, now_ns: i64, text: impl Into<String>) {
        *self.last_error.lock() = Some(LastError { time_ns: now_ns, text: text.into() });
    }

    /// The latest error.
    pub fn last_error(&self) -> Option<LastError> {
        self.last_error.lock().clone()
    }

    /// Notes why it is not read, until [`SourceStatus::recover`].
    pub fn fail(&self, now_ns: i64, kind: TroubleKind, reason: impl Into<String>) {
        let mut trouble = self.trouble.lock();
        let since_ns = trouble.as_ref().filter(|before| before.kind == kind).map_or(now_ns, |before| before.since_ns);
        *trouble = Some(Trouble { kind, since_ns, reason: reason.into() });
    }

    /// It is read again.
    pub fn recover(&self) {
        *self.trouble.lock() = None;
    }

    /// Why it is not read at present.
    pub fn trouble(&self) -> Option<Trouble> {
        self.trouble.lock().clone()
    }
}

/// What a sensor asks of the world it runs in.
#[derive(Clone)]
pub struct IngestHandle {
    batches: Sender<Batch>,
    spare: Receiver<Batch>,
    sources: Sender<Arc<SourceStatus>>,
    stopped: Arc<AtomicBool>,
    clock: fn() -> i64,
}

/// A batch being filled for one source.
pub struct BatchBuilder {
    ingest: IngestHandle,
    batch: Batch,
}

/// A batch was not handed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendError {
    /// The engine was behind for the whole time.
    Busy,
    /// The engine is gone or stopping.
    Shutdown,
}

/// The engine is gone or stopping; the sensor ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shutdown;

impl IngestHandle {
    /// The sensors' end of the channels.
    pub fn new(
        batches: Sender<Batch>,
        spare: Receiver<Batch>,
        sources: Sender<Arc<SourceStatus>>,
        stopped: Arc<AtomicBool>,
        clock: fn() -> i64,
    ) -> Self {
        IngestHandle { batches, spare, sources, stopped, clock }
    }

    /// Makes a source known to the engine, so that it is shown even before it speaks. Once for each source.
    pub fn announce(&self, source: &Arc<SourceStatus>) {
        // A closed channel means that the engine is stopping; the sensor learns it at its next batch.
        let _ = self.sources.send(source.clone());
    }

    /// The engine is stopping. Sensors look at this at least every 100 ms.
    pub fn stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// Nanoseconds since 1970, UTC.
    pub fn now_ns(&self) -> i64 {
        (self.clock)()
    }

    /// Starts a batch for a source.
    pub fn fill(&self, source: &Arc<SourceStatus>) -> BatchBuilder {
        BatchBuilder { ingest: self.clone(), batch: self.empty(source) }
    }

    fn empty(&self, source: &Arc<SourceStatus>) -> Batch {
        let (mut bytes, mut readings, mut turns) = match self.spare.try_recv() {
            Ok(spare) => (spare.bytes, spare.readings, spare.turns),
            Err(_) => (Vec::with_capacity(BATCH_BYTES), Vec::with_capacity(BATCH), Vec::new()),
        };
        bytes.clear();
        readings.clear();
        turns.clear();
        let source = source.clone();
        Batch { source, received_ns: NEVER, written_ns: i64::MAX, bytes, readings, turns, receipt: None }
    }
}

impl Drop for BatchBuilder {
    /// What a sensor had read and not handed on when it failed or stopped is lost, and is counted.
    fn drop(&mut self) {
        self.batch.lose();
    }
}

impl BatchBuilder {
    /// Adds one reading and hands the batch on when it is full. Waits while the engine is behind, so nothing is lost.
    pub fn push(&mut self, format: Format, raw: &[u8]) -> Result<(), Shutdown> {
        let start = self.batch.bytes.len();
        self.batch.bytes.extend_from_slice(raw);
        self.batch.readings.push((format, Span::new(start, start + raw.len())));
        if self.batch.readings.len() == BATCH || self.batch.bytes.len() >= BATCH_BYTES { self.flush() } else { Ok(()) }
    }

    /// Hands on what is there. Waits while the engine is behind.
    pub fn flush(&mut self) -> Result<(), Shutdown> {
        let Some(batch) = self.take() else { return Ok(()) };
        self.ingest.batches.send(batch).map_err(|_| Shutdown)
    }

    /// Adds one reading without handing anything on. False when the batch has no room for it and is to be submitted first.
    pub fn add(&mut self, format: Format, raw: &[u8]) -> bool {
        let batch = &mut self.batch;
        let full = batch.readings.len() == BATCH || batch.bytes.len() >= BATCH_BYTES;
        if !full {
            let start = batch.bytes.len();
            batch.bytes.extend_from_slice(raw);
            batch.readings.push((format, Span::new(start, start + raw.len())));
        }
        !full
    }

    /// What follows is of this source, and was written then.
    pub fn turn_to(&mut self, source: &Arc<SourceStatus>, written_ns: i64) {
        let batch = &mut self.batch;
        let first = batch.readings.len();
        let (latest, latest_ns) = match batch.turns.last_mut() {
            Some(turn) => (&mut turn.source, &mut turn.written_ns),
            None => (&mut batch.source, &mut batch.written_ns),
        };
        if first == 0 || Arc::ptr_eq(latest, source) {
            if !Arc::ptr_eq(latest, source) {
                *latest = source.clone();
            }
            *latest_ns = written_ns;
        } else {
            batch.turns.push(Turn { first, source: source.clone(), written_ns });
        }
    }

    /// Says when the bytes that follow were written. Without a word they were written when they arrive.
    pub fn written(&mut self, written_ns: i64) {
        self.batch.written_ns = written_ns;
    }

    /// Readings that were not handed on yet.
    pub fn readings(&self) -> u64 {
        self.batch.readings.len() as u64
    }

    /// Hands on what is there, and asks for a receipt. Waits at most for `patience` while the engine is behind; what was
    /// not handed on is thrown away, for the caller tells its own source.
    pub fn submit(&mut self, receipt: Acknowledgement, patience: Duration) -> Result<(), SendError> {
        let Some(mut batch) = self.take() else { return Ok(()) };
        batch.receipt = Some(receipt);
        self.ingest.batches.send_timeout(batch, patience).map_err(|error| match error {
            SendTimeoutError::Timeout(_) => SendError::Busy,
            SendTimeoutError::Disconnected(_) => SendError::Shutdown,
        })
    }

    /// Hands on what is there, or drops it and counts it as lost when the engine is behind: for samples, which are
    /// worth nothing when they are late.
    pub fn try_send(&mut self) -> Result<(), Shutdown> {
        let Some(batch) = self.take() else { return Ok(()) };
        match self.ingest.batches.try_send(batch) {
            Ok(()) => Ok(()),
            Err(TrySendError::Full(batch)) => {
                batch.lose();
                Ok(())
            }
            Err(TrySendError::Disconnected(_)) => Err(Shutdown),
        }
    }

    fn take(&mut self) -> Option<Batch> {
        if self.batch.readings.is_empty() {
            return None;
        }
        let now = self.ingest.now_ns();
        let latest = self.batch.turns.last();
        let (source, written_ns) =
            latest.map_or((&self.batch.source, self.batch.written_ns), |turn| (&turn.source, turn.written_ns));
        let next = Batch { written_ns, ..self.ingest.empty(source) };
        let mut full = std::mem::replace(&mut self.batch, next);
        full.received_ns = now;
        full.written_ns = full.written_ns.min(now);
        full.source.ok(now);
        for turn in &mut full.turns {
            turn.written_ns = turn.written_ns.min(now);
            turn.source.ok(now);
        }
        Some(full)
    }
}
