//! The thread that keeps what comes into the ring.
//!
//! It follows the ring, so that the engine copies nothing for it, and what waits needs no memory of its own. Where it is behind,
//! the engine takes in no more for the moment. Where nothing can be written the stream goes on, and what leaves the ring
//! until something can is counted as lost.

use super::archive::Archive;
use super::keeping::Keeping;
use super::past::Past;
use super::recording::Recording;
use ng_core::event_loop::EngineHandle;
use ng_core::store::{Reader, Shared};
use ng_filter::Filter;
use ng_journal::store::{Budget, Error, Health, Journal, Order};
use ng_journal::{EventHeader, Run};
use ng_model::commit_progress::CommitProgress;
use ng_model::record::StoredRecord;
use ng_model::supervise::catch;
use ng_model::symbols::Sym;
use std::ops::{ControlFlow, Range};
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Records that are committed at once: with fewer it waits a moment for others.
const GROUP: u64 = 1000;
const GROUP_WAIT: Duration = Duration::from_millis(10);
/// Raw bytes of a commit.
const GROUP_BYTES: usize = 4 << 20;
/// Time after which what could not be written is tried again.
const AGAIN: Duration = Duration::from_secs(1);
const TIDY: Duration = Duration::from_secs(1);
/// Time that is given to bringing files into their last form before records are looked for again.
const CLOSING: Duration = Duration::from_millis(50);
/// Times of tidying up between two looks at how much is kept.
const RETAIN_EVERY: u32 = 60;

/// What is followed, and who is told.
pub(crate) struct Stream {
    /// The ring.
    pub(crate) store: Shared,
    /// The engine.
    pub(crate) access: EngineHandle,
    /// What is told of it.
    pub(crate) recording: Recording,
    /// What others read of it.
    pub(crate) archive: Arc<Archive>,
    /// Nanoseconds since 1970, UTC.
    pub(crate) clock: fn() -> i64,
}

/// The running thread. Dropping it keeps what is still waiting, and ends it.
pub(crate) struct Recorder {
    progress: Arc<CommitProgress>,
    thread: Option<JoinHandle<()>>,
}

impl Recorder {
    /// Starts to follow. `opened` is the history, or why it could not be opened; that is tried again then.
    pub(crate) fn start(keeping: Keeping, opened: Result<Journal, Error>, stream: Stream) -> std::io::Result<Recorder> {
        let progress = stream.recording.progress.clone();
        let thread = std::thread::Builder::new().name("history".into()).spawn(move || {
            let (access, progress) = (stream.access.clone(), stream.recording.progress.clone());
            let reader = Reader::new(stream.store.clone());
            let follower = Follower {
                keeping,
                journal: None,
                reader,
                stream,
                run: Run::default(),
                tidy_at: Instant::now(),
                tidied: 0,
                told_lost: 0,
                told_unread: Health::default(),
                told_closing: false,
                since_ns: None,
            };
            if let Err(panicked) = catch(move || follower.run(opened)) {
                let text = format!("history has failed: {panicked}");
                progress.set_trouble(Some(text.clone()));
                note(&access, "history.problem", "error", &text);
            }
        })?;
        Ok(Recorder { progress, thread: Some(thread) })
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.progress.stop();
        if let Some(thread) = self.thread.take() {
            // A panic was caught and told on the thread.
            let _ = thread.join();
        }
    }
}

struct Follower {
    keeping: Keeping,
    journal: Option<Journal>,
    reader: Reader,
    stream: Stream,
    /// What is to be written next; the same again after a failure.
    run: Run,
    tidy_at: Instant,
    tidied: u32,
    told_lost: u64,
    told_unread: Health,
    told_closing: bool,
    /// When the oldest event arrived; none until somebody has looked.
    since_ns: Option<i64>,
}

impl Follower {
    fn run(mut self, opened: Result<Journal, Error>) {
        match opened {
            Ok(journal) => self.journal = Some(journal),
            Err(error) => self.fail(&error),
        }
        loop {
            let progress = &self.stream.recording.progress;
            let is_in_trouble = progress.trouble().is_some();
            let waits = if is_in_trouble { u64::MAX } else { 1 };
            let waiting = progress.wait_for_backlog(waits, if is_in_trouble { AGAIN } else { TIDY });
            let ends = progress.is_stopping();
            if is_in_trouble {
                self.try_again();
            } else if !waiting.is_empty() {
                let waiting = progress.wait_for_backlog(GROUP, GROUP_WAIT);
                self.keep(waiting);
            }
            if ends && (self.stream.recording.progress.trouble().is_some() || self.is_done()) {
                return;
            }
            if Instant::now() >= self.tidy_at {
                self.tidy();
                self.tidy_at = Instant::now() + TIDY;
            }
        }
    }

    fn is_done(&self) -> bool {
        self.stream.recording.progress.backlog().records == 0
    }

    /// Commits the first of these records, as many as one commit takes.
    fn keep(&mut self, seqs: Range<u64>) {
        if self.run.is_empty() {
            self.collect(seqs);
        }
        if let Err(error) = self.write() {
            self.fail(&error);
        }
    }

    /// Takes records of the ring up to the first that is missing. Those that are missing before are lost.
    fn collect(&mut self, seqs: Range<u64>) {
        let (run, progress) = (&mut self.run, &self.stream.recording.progress);
        let mut expected = seqs.start;
        self.reader.range(seqs.clone(), |stored| {
            let seq = stored.head.seq;
            if seq > expected {
                if !run.is_empty() {
                    return ControlFlow::Break(());
                }
                progress.give_up(seq, seq - expected);
            }
            if run.is_full_for(stored.raw.len(), GROUP_BYTES) {
                return ControlFlow::Break(());
            }
            if !run.push(&EventHeader::of(stored.head), stored.raw) {
                progress.give_up(seq + 1, 1);
            }
            expected = seq + 1;
            ControlFlow::Continue(())
        });
        if expected == seqs.start {
            progress.give_up(seqs.end, seqs.end - seqs.start);
        }
    }

    /// Commits what was collected, and makes a block of it and what came before where there is enough.
    fn write(&mut self) -> Result<(), Error> {
        let Stream { store, access, recording, clock, .. } = &self.stream;
        let Some(journal) = &mut self.journal else { return Ok(()) };
        if let Some([_, last]) = self.run.seqs() {
            let symbols = store.lock().symbols_arc();
            let begun = Instant::now();
            journal.append(&self.run, clock(), &|number| symbols.name(Sym(number)).to_owned())?;
            recording.status.note_commit(begun.elapsed().as_nanos() as u64, journal.durable_seq());
            recording.progress.note_kept(last + 1, self.run.raw_len() as u64);
            self.run.clear();
        }
        if journal.is_due() {
            journal.seal(&mut |pattern| access.template(pattern))?;
        }
        Ok(())
    }

    /// Nothing can be written, which is told once.
    fn fail(&mut self, error: &Error) {
        let text = format!("history is not written: {error}");
        if !error.is_passing() {
            self.journal = None;
        }
        let Stream { access, recording: Recording { progress, .. }, .. } = &self.stream;
        if progress.trouble().as_ref() != Some(&text) {
            note(access, "history.problem", "error", &text);
        }
        progress.set_trouble(Some(text));
    }

    /// Looks whether it can be written by now.
    fn try_again(&mut self) {
        if self.journal.is_none() {
            self.stream.archive.let_go();
            match self.keeping.open() {
                Ok(journal) => self.take_up(journal),
                Err(error) => return self.fail(&error),
            }
        }
        if let Err(error) = self.write() {
            return self.fail(&error);
        }
        self.stream.recording.progress.set_trouble(None);
        note(&self.stream.access, "history.resumed", "notice", "history is written again");
    }

    /// Goes on with a history that was opened again. Numbers up to its end are taken, perhaps by another process: what has one of
    /// them cannot be kept.
    fn take_up(&mut self, journal: Journal) {
        let (progress, end) = (&self.stream.recording.progress, journal.durable_seq().map_or(0, |durable| durable + 1));
        let taken = end.min(progress.next_seq()).saturating_sub(progress.kept_below());
        if taken > 0 {
            progress.give_up(end, taken);
            self.run.clear();
        }
        self.journal = Some(journal);
    }

    /// What is done besides, once a second: files get their last form, and the oldest go.
    fn tidy(&mut self) {
        let Stream { access, recording: Recording { progress, status, .. }, clock, .. } = &self.stream;
        let Some(journal) = &mut self.journal else { return };
        let until = Instant::now() + CLOSING;
        let mut template = |pattern| access.template(pattern);
        let mut close = || -> Result<(), Error> {
            let is_free = || Instant::now() < until && progress.backlog().records < GROUP;
            while is_free() && journal.close_step(&mut template)? {}
            Ok(())
        };
        let mut tidied = close();
        self.tidied = self.tidied.wrapping_add(1);
        if self.tidied % RETAIN_EVERY == 1 {
            tidied = tidied.and_then(|()| {
                journal.retain(&self.keeping.limits, clock()).map(|removed| {
                    for file in removed {
                        let text =
                            format!("{}, the oldest of history, was taken away: {} bytes", file.name, file.bytes);
                        note(access, "history.trimmed", "info", &text);
                        self.since_ns = None;
                    }
                })
            });
        }
        match tidied.and_then(|()| journal.extent()) {
            Ok(extent) => {
                let health = journal.health().or(self.stream.archive.health());
                self.since_ns = self.since_ns.or_else(|| oldest_ns(&self.keeping.folder));
                let unreadable = health.set_aside_events + health.set_aside_rows;
                status.note_extent(extent, self.since_ns, journal.durable_seq(), unreadable);
                self.told_closing = false;
                if health.or(self.told_unread) != self.told_unread {
                    self.told_unread = health.or(self.told_unread);
                    let text = format!("{}; neurograph-tui history verify reads all of it", self.told_unread);
                    note(access, "history.problem", "error", &text);
                }
            }
            Err(error) if !self.told_closing => {
                self.told_closing = true;
                note(access, "history.problem", "warn", &format!("history could not be tidied up: {error}"));
            }
            Err(_) => {}
        }
        let lost = progress.lost();
        if lost > self.told_lost {
            let text = format!("{} events left memory before they could be written to history", lost - self.told_lost);
            note(access, "history.lost", "warn", &text);
            self.told_lost = lost;
        }
    }
}

/// When the oldest event of a folder arrived.
fn oldest_ns(folder: &Path) -> Option<i64> {
    let mut oldest = None;
    let mut show = |stored: &StoredRecord<'_>| {
        oldest = Some(stored.head.received_ns);
        ControlFlow::Break(())
    };
    let all = 0..u64::MAX;
    Past::open(folder).ok()?.scan(&Filter::default(), 0, all, Order::Oldest, Budget::none(), &mut show).ok()?;
    oldest
}

/// Records an event of history itself.
fn note(access: &EngineHandle, kind: &str, level: &str, message: &str) {
    let json = serde_json::json!({ "type": kind, "level": level, "message": message });
    // The engine may have ended.
    let _ = access.note(json.to_string());
}
