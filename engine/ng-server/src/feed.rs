//! Feeds: the records that pass a filter, written once in one form for all clients that read them.
//!
//! A feed is a subscription of the engine and a chain of segments; every client has a cursor in the chain. A segment is
//! freed when the last cursor has passed it, so that a slow client costs memory and nobody else anything. How far a client
//! is behind is known in bytes, and the client's own task ends it when that is too far.

use crate::forms::{Form, Write};
use crate::rate_window::RateWindow;
use ng_core::event_loop::{Disconnected, EngineHandle};
use ng_core::route::{Queue, Taken, Wanted};
use ng_core::store::{Reader, Shared};
use ng_filter::Filter;
use ng_wire::{Gap, GapReason};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::ops::{ControlFlow, Range};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use tokio_tungstenite::tungstenite::Message;

/// A message is closed when it holds this many bytes.
pub const FLUSH_BYTES: usize = 64 << 10;
/// Records taken from the engine's queue at a time.
const TAKE: usize = 256;

/// Messages that belong together, and the link to the next ones.
pub struct Segment {
    /// The messages.
    pub messages: Vec<Message>,
    /// Records behind the messages.
    pub records: u64,
    bytes: usize,
    /// The first `seq` that these messages do not speak of.
    to_seq: u64,
    /// Bytes of all segments before this one.
    before: u64,
    total: Arc<AtomicUsize>,
    next: OnceLock<Arc<Segment>>,
}

impl Drop for Segment {
    fn drop(&mut self) {
        self.total.fetch_sub(self.bytes, Ordering::Relaxed);
        // A long chain that is let go at once would otherwise drop itself link by link, each inside the one before.
        let mut next = self.next.take();
        while let Some(mut segment) = next.and_then(Arc::into_inner) {
            next = segment.next.take();
        }
    }
}

/// What a filter lets through, in one form.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// Canonical form of the filter.
    pub filter: String,
    /// How records are written.
    pub form: Form,
    /// Most records a second.
    pub max_rate: Option<u32>,
    /// Rejected records too.
    pub rejected: bool,
}

/// The end of a chain.
struct End {
    last: Arc<Segment>,
    writer: Box<dyn Write>,
}

struct Feed {
    end: Mutex<End>,
    /// Bytes of all segments ever made.
    made: AtomicU64,
    /// Every record below this has been looked at: those that pass the filter are in the chain.
    looked: AtomicU64,
    grown: Notify,
    queue: Arc<Queue>,
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.queue.leave();
    }
}

/// All feeds that have readers.
pub struct Feeds {
    access: EngineHandle,
    /// Shared by all feeds and by those who catch up; held for one batch at a time.
    reader: Arc<Mutex<Reader>>,
    store: Shared,
    host: String,
    open: Mutex<HashMap<Key, Weak<Feed>>>,
    /// Bytes of all segments that are held.
    total: Arc<AtomicUsize>,
    /// Records that were written into feeds.
    pub written: AtomicU64,
}

/// A reader's place in a feed.
pub struct Cursor {
    feed: Arc<Feed>,
    at: Arc<Segment>,
}

impl Cursor {
    /// Waits for the next segment. Cancelling loses nothing.
    pub async fn next(&mut self) -> Arc<Segment> {
        loop {
            let grown = self.feed.grown.notified();
            tokio::pin!(grown);
            grown.as_mut().enable();
            if let Some(next) = self.at.next.get().cloned() {
                self.at = next.clone();
                return next;
            }
            grown.await;
        }
    }

    /// Bytes that wait for this reader.
    pub fn behind(&self) -> u64 {
        self.feed.made.load(Ordering::Relaxed) - self.at.before - self.at.bytes as u64
    }

    /// The first `seq` of which this reader may not have been told.
    pub fn position(&self) -> u64 {
        // Read before the end of the chain: what is looked at later may bring more segments.
        let looked = self.feed.looked.load(Ordering::Acquire);
        if self.behind() == 0 { looked.max(self.at.to_seq) } else { self.at.to_seq }
    }

    /// The hole that a reader leaves who gives up here: everything from the first record it has not read.
    pub fn rest(&self) -> Gap {
        let (from_seq, mut to_seq, mut count) = (self.at.to_seq, self.at.to_seq, 0);
        let mut at = self.at.clone();
        while let Some(next) = at.next.get().cloned() {
            (to_seq, count) = (next.to_seq, count + next.records);
            at = next;
        }
        Gap { from_seq, to_seq, count, reason: GapReason::SlowConsumer }
    }
}

impl Feeds {
    /// No feed yet.
    pub fn new(access: EngineHandle, store: Shared, host: String) -> Arc<Self> {
        Arc::new(Feeds {
            access,
            reader: Arc::new(Mutex::new(Reader::new(store.clone()))),
            store,
            host,
            open: Mutex::default(),
            total: Arc::default(),
            written: AtomicU64::new(0),
        })
    }

    /// A writer that has told nothing.
    pub fn writer(&self, form: Form) -> Box<dyn Write> {
        form.writer(&self.host, &self.store)
    }

    /// Bytes that wait for readers, over all feeds.
    pub fn total(&self) -> usize {
        self.total.load(Ordering::Relaxed)
    }

    /// Feeds that have readers.
    pub fn count(&self) -> usize {
        self.open.lock().values().filter(|feed| feed.strong_count() > 0).count()
    }

    /// A cursor at the end of the feed, the messages that its reader must hear before, and the first `seq` that the cursor
    /// may bring. Waits for the engine when the feed is a new one.
    pub async fn open(self: &Arc<Self>, key: Key, filter: Filter) -> Result<(Cursor, Vec<Message>, u64), Disconnected> {
        if let Some(feed) = self.open.lock().get(&key).and_then(Weak::upgrade) {
            return Ok(attach(feed));
        }
        let (access, rejected) = (self.access.clone(), key.rejected);
        let woken = Arc::new(Notify::new());
        let wake = {
            let woken = woken.clone();
            Arc::new(move || woken.notify_one()) as ng_core::route::Wake
        };
        let wanted = Wanted { filter, lossless: false, rejected, wake: Some(wake) };
        let made = tokio::task::spawn_blocking(move || access.subscribe(wanted)).await.map_err(|_| Disconnected)??;
        let mut open = self.open.lock();
        if let Some(feed) = open.get(&key).and_then(Weak::upgrade) {
            // Somebody else was faster.
            made.queue.leave();
            return Ok(attach(feed));
        }
        let first = Arc::new(Segment {
            messages: Vec::new(),
            bytes: 0,
            records: 0,
            to_seq: made.from_seq,
            before: 0,
            total: self.total.clone(),
            next: OnceLock::new(),
        });
        let feed = Arc::new(Feed {
            end: Mutex::new(End { last: first, writer: self.writer(key.form) }),
            made: AtomicU64::new(0),
            looked: AtomicU64::new(made.from_seq),
            grown: Notify::new(),
            queue: made.queue.clone(),
        });
        open.retain(|_, feed| feed.strong_count() > 0);
        let limited = Limited { window: RateWindow::new(key.max_rate, Instant::now()), left_out: None };
        open.insert(key, Arc::downgrade(&feed));
        drop(open);
        tokio::spawn(run(self.clone(), Arc::downgrade(&feed), made.queue, woken, limited));
        Ok(attach(feed))
    }

    /// Writes the records of the ring in `seqs` that pass the filter, as far as one message goes: the messages, the number
    /// of records, and the first `seq` not looked at.
    pub fn history(
        &self,
        writer: &mut dyn Write,
        filter: &Filter,
        rejected: bool,
        seqs: Range<u64>,
        now_ns: i64,
    ) -> (Vec<Message>, u64, u64) {
        let (mut next, mut count, mut looked) = (seqs.start, 0, 0);
        self.reader.lock().range(seqs.clone(), |stored| {
            next = stored.head.seq + 1;
            looked += 1;
            let admitted = rejected || stored.head.verdict.outcome != ng_wire::Outcome::Reject;
            if admitted && filter.matches(stored, now_ns) {
                writer.push(stored);
                count += 1;
            }
            if writer.size() >= FLUSH_BYTES || looked >= 4096 {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        });
        // Numbers that the ring does not hold are passed over.
        let next = if looked == 0 { seqs.end } else { next };
        (writer.finish(), count, next)
    }
}

fn attach(feed: Arc<Feed>) -> (Cursor, Vec<Message>, u64) {
    let end = feed.end.lock();
    let (at, greeting) = (end.last.clone(), end.writer.greeting());
    drop(end);
    let covered = at.to_seq;
    (Cursor { feed, at }, greeting, covered)
}

/// Moves records from the engine's queue into the chain for as long as the feed has readers.
async fn run(feeds: Arc<Feeds>, feed: Weak<Feed>, queue: Arc<Queue>, woken: Arc<Notify>, mut limited: Limited) {
    loop {
        // Without records once a second: a feed without readers ends, and the others tell how far they have looked.
        let _ = tokio::time::timeout(Duration::from_secs(1), woken.notified()).await;
        let Some(feed) = feed.upgrade() else { return };
        loop {
            // The engine holds the store until it has handed over what it has put in.
            let next_seq = feeds.store.lock().next_seq();
            match queue.take(TAKE, Duration::ZERO) {
                Taken::Seqs(seqs) => {
                    append(&feeds, &feed, &seqs, &mut limited);
                    // Under a flood the queue is never empty, and the other tasks of this thread want to go on.
                    tokio::task::yield_now().await;
                }
                Taken::Gap(gap) => append_gap(&feeds, &feed, gap),
                Taken::Nothing => {
                    feed.looked.store(next_seq, Ordering::Release);
                    break;
                }
                Taken::Finished => return,
            }
        }
    }
}

/// Fetches the records and adds them to the chain.
fn append(feeds: &Feeds, feed: &Feed, seqs: &[u64], limited: &mut Limited) {
    let (mut count, now) = (0, Instant::now());
    for &seq in seqs {
        if !limited.window.admits(now) {
            limited.left_out.get_or_insert((seq, 0)).1 += 1;
            continue;
        }
        if let Some((from_seq, count)) = limited.left_out.take() {
            append_gap(feeds, feed, Gap { from_seq, to_seq: seq, count, reason: GapReason::RateLimited });
        }
        let mut end = feed.end.lock();
        // Taken anew for each record: a form that takes long must not keep the other feeds waiting.
        if feeds.reader.lock().get(seq, |stored| end.writer.push(stored)).is_none() {
            drop(end);
            flush(feeds, feed, std::mem::take(&mut count), seq);
            append_gap(feeds, feed, Gap { from_seq: seq, to_seq: seq + 1, count: 1, reason: GapReason::Retention });
            continue;
        }
        count += 1;
        if end.writer.size() >= FLUSH_BYTES {
            drop(end);
            flush(feeds, feed, std::mem::take(&mut count), seq + 1);
        }
    }
    if let Some(last) = seqs.last() {
        flush(feeds, feed, count, last + 1);
    }
}

fn append_gap(feeds: &Feeds, feed: &Feed, gap: Gap) {
    let mut end = feed.end.lock();
    let messages = end.writer.gap(&gap);
    grow(feeds, feed, &mut end, messages, 0, gap.to_seq);
}

fn flush(feeds: &Feeds, feed: &Feed, records: u64, to_seq: u64) {
    let mut end = feed.end.lock();
    let messages = end.writer.finish();
    feeds.written.fetch_add(records, Ordering::Relaxed);
    if !messages.is_empty() {
        grow(feeds, feed, &mut end, messages, records, to_seq);
    }
}

fn grow(feeds: &Feeds, feed: &Feed, end: &mut End, messages: Vec<Message>, records: u64, to_seq: u64) {
    let bytes = messages.iter().map(length).sum();
    let before = feed.made.load(Ordering::Relaxed);
    let total = feeds.total.clone();
    total.fetch_add(bytes, Ordering::Relaxed);
    let segment = Arc::new(Segment { messages, bytes, records, to_seq, before, total, next: OnceLock::new() });
    feed.made.store(before + bytes as u64, Ordering::Relaxed);
    let last = std::mem::replace(&mut end.last, segment.clone());
    // Only this task adds links, and the last one has none.
    let _ = last.next.set(segment);
    feed.grown.notify_waiters();
}

/// Bytes of a message.
pub fn length(message: &Message) -> usize {
    match message {
        Message::Text(text) => text.len(),
        Message::Binary(bytes) | Message::Ping(bytes) | Message::Pong(bytes) => bytes.len(),
        Message::Close(_) | Message::Frame(_) => 0,
    }
}

/// What one feed lets through.
struct Limited {
    window: RateWindow,
    /// First record that was left out and not yet told, and how many.
    left_out: Option<(u64, u64)>,
}
