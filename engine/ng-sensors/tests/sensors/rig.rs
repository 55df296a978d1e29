//! A sensor on its thread, and everything it hands on.

use crossbeam_channel::{Receiver, Sender, bounded};
use ng_model::intake::{Batch, IngestHandle, SourceStatus};
use ng_model::settings::Values;
use ng_reading::encoders::Clock;
use ng_reading::recogniser::Recogniser;
use ng_reading::source_reader::Limits;
use ng_sensors::{KnownLines, ReadingRules, SENSORS, Sensor, start};
use ng_wire::{Format, SettingValue};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

/// Longer than anything here takes; a test that waits this long has failed.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

pub(crate) struct Reading {
    pub(crate) source: String,
    pub(crate) format: Format,
    pub(crate) written_ns: i64,
    pub(crate) raw: Vec<u8>,
}

pub(crate) struct Rig {
    batches: Option<Receiver<Batch>>,
    spare: Sender<Batch>,
    announced: Receiver<Arc<SourceStatus>>,
    stopped: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    pub(crate) sources: Vec<Arc<SourceStatus>>,
    pub(crate) readings: Vec<Reading>,
}

impl Rig {
    pub(crate) fn new(sensor: Box<dyn Sensor>) -> Self {
        Self::with_queue(sensor, 64)
    }

    /// A rig whose engine takes at most `queue` batches ahead.
    pub(crate) fn with_queue(sensor: Box<dyn Sensor>, queue: usize) -> Self {
        Self::with_clock(sensor, queue, now_ns)
    }

    /// A rig whose sensor reads its time from `clock`.
    pub(crate) fn with_clock(sensor: Box<dyn Sensor>, queue: usize, clock: fn() -> i64) -> Self {
        let (batches_in, batches) = bounded(queue);
        let (spare, spare_out) = bounded(queue);
        let (sources_in, announced) = bounded(1024);
        let stopped = Arc::new(AtomicBool::new(false));
        let ingest = IngestHandle::new(batches_in, spare_out, sources_in, stopped.clone(), clock);
        let thread = Some(start(sensor, ingest).expect("a thread is started"));
        let batches = Some(batches);
        Rig { batches, spare, announced, stopped, thread, sources: Vec::new(), readings: Vec::new() }
    }

    /// A sensor of the table with some settings.
    pub(crate) fn build(name: &str, settings: &[(&str, SettingValue)]) -> Self {
        Self::new(build(name, settings))
    }

    /// Takes what there is, waiting a little for the first batch.
    pub(crate) fn take(&mut self) {
        self.sources.extend(self.announced.try_iter());
        let Some(batches) = &self.batches else { return };
        let mut next = batches.recv_timeout(Duration::from_millis(20)).ok();
        while let Some(batch) = next {
            for run in batch.runs() {
                for (format, span) in run.readings {
                    let raw = span.of(&batch.bytes).to_vec();
                    let (source, written_ns) = (run.source.name.clone(), run.written_ns);
                    self.readings.push(Reading { source, format: *format, written_ns, raw });
                }
            }
            let _ = self.spare.try_send(batch);
            next = batches.try_recv().ok();
        }
    }

    /// Takes what comes until `done`.
    ///
    /// # Panics
    /// After [`DEADLINE`].
    pub(crate) fn until(&mut self, what: &str, done: impl Fn(&Rig) -> bool) {
        let deadline = Instant::now() + DEADLINE;
        while !done(self) {
            assert!(Instant::now() < deadline, "waited in vain until {what}; got {:?}", self.shown());
            self.take();
        }
    }

    /// Stops the sensor, checks that it obeys within two seconds, and takes what it left.
    pub(crate) fn stop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        let deadline = Instant::now() + Duration::from_secs(2);
        while self.thread.as_ref().is_some_and(|thread| !thread.is_finished()) {
            assert!(Instant::now() < deadline, "the sensor does not stop");
            self.take();
        }
        if let Some(thread) = self.thread.take() {
            thread.join().expect("the sensor panicked");
        }
        self.take();
    }

    /// The lines without the sensor's own notes.
    pub(crate) fn lines(&self) -> Vec<&[u8]> {
        self.readings
            .iter()
            .filter(|reading| reading.format != Format::Note)
            .map(|reading| reading.raw.as_slice())
            .collect()
    }

    pub(crate) fn texts(&self) -> Vec<String> {
        self.lines().iter().map(|line| String::from_utf8_lossy(line).into_owned()).collect()
    }

    /// The notes, parsed.
    pub(crate) fn notes(&self) -> Vec<serde_json::Value> {
        self.readings
            .iter()
            .filter(|reading| reading.format == Format::Note)
            .map(|reading| serde_json::from_slice(&reading.raw).expect("a note is JSON"))
            .collect()
    }

    pub(crate) fn source(&self, name: &str) -> Option<&Arc<SourceStatus>> {
        self.sources.iter().find(|source| source.name == name)
    }

    /// The last error of a source; empty when there is none.
    pub(crate) fn error(&self, name: &str) -> String {
        self.source(name).and_then(|source| source.last_error()).map_or(String::new(), |error| error.text)
    }

    /// Why a source is not read; empty when it is.
    pub(crate) fn trouble(&self, name: &str) -> String {
        let trouble = self.source(name).and_then(|source| source.trouble());
        trouble.map_or(String::new(), |trouble| format!("{:?}: {}", trouble.kind, trouble.reason))
    }

    pub(crate) fn ended(&self, name: &str) -> bool {
        self.source(name).is_some_and(|source| source.ended.load(Ordering::Relaxed))
    }

    fn shown(&self) -> (usize, Vec<String>, Vec<String>) {
        let errors = self.sources.iter().map(|source| format!("{}: {}", source.name, self.error(&source.name)));
        let last = self.texts().split_off(self.lines().len().saturating_sub(5));
        (self.lines().len(), last, errors.collect())
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        self.batches = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

pub(crate) fn build(name: &str, settings: &[(&str, SettingValue)]) -> Box<dyn Sensor> {
    let sensor = SENSORS.iter().find(|sensor| sensor.name == name).expect("the sensor exists");
    let changes: BTreeMap<String, SettingValue> =
        settings.iter().map(|(key, value)| (key.to_string(), value.clone())).collect();
    let values = Values::defaults(sensor.settings).with(sensor.settings, &changes).expect("the settings are valid");
    (sensor.build)(&values, &rules()).expect("the sensor is built")
}

/// Times without a zone are UTC.
pub(crate) fn rules() -> ReadingRules {
    let recogniser = Recogniser::new(Clock::utc());
    ReadingRules { limits: Limits::default(), recogniser, known: KnownLines::default() }
}

/// Waits for something outside the sensor.
///
/// # Panics
/// After [`DEADLINE`].
pub(crate) fn wait_until(what: &str, done: impl Fn() -> bool) {
    let deadline = Instant::now() + DEADLINE;
    while !done() {
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

pub(crate) fn now_ns() -> i64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_nanos() as i64)
}
