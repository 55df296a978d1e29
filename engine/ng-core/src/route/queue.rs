//! The reader's end of a subscription: a bounded queue of positions.

use super::{Wake, Wanted};
use ng_model::intake::BATCH;
use ng_wire::{Gap, GapReason};
use parking_lot::{Condvar, Mutex};
use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// No reader waits for longer in one call.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// The reader's end of a subscription.
pub struct Queue {
    state: Mutex<State>,
    ready: Condvar,
    wake: Option<Wake>,
    capacity: usize,
    lossless: bool,
    /// Its place among the subscriptions.
    slot: u32,
    board: Arc<Board>,
}

/// What the queues tell their engine, so that it need not ask each of them.
#[derive(Debug, Default)]
pub(super) struct Board {
    /// Lossless queues without room for another batch.
    full: AtomicUsize,
    /// Places of the readers that have left since the engine looked.
    left: Mutex<Vec<u32>>,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<u64>,
    lost: Option<Lost>,
    delivered: u64,
    dropped: u64,
    finished: bool,
    left: bool,
    /// It is counted in `Board::full`.
    full: bool,
}

/// Records dropped at the old end of the queue and not yet told to the reader.
#[derive(Clone, Copy, Debug)]
struct Lost {
    from_seq: u64,
    count: u64,
}

/// What a reader got.
#[derive(Debug, PartialEq)]
pub enum Taken {
    /// Records were dropped before the ones that follow.
    Gap(Gap),
    /// Positions, rising.
    Seqs(Vec<u64>),
    /// Nothing came within the time.
    Nothing,
    /// Nothing will come any more.
    Finished,
}

/// How much has passed through a queue.
pub(super) struct Counts {
    pub(super) delivered: u64,
    pub(super) dropped: u64,
    pub(super) waiting: usize,
}

impl Queue {
    pub(super) fn new(wanted: &Wanted, capacity: usize, slot: u32, board: Arc<Board>) -> Self {
        let (wake, lossless) = (wanted.wake.clone(), wanted.lossless);
        let queue = Queue { state: Mutex::default(), ready: Condvar::new(), wake, capacity, lossless, slot, board };
        queue.tell_room(&mut queue.state.lock());
        queue
    }

    /// Waits for records, at most for `timeout` and a minute, and takes at most `max` of them.
    pub fn take(&self, max: usize, timeout: Duration) -> Taken {
        let deadline = Instant::now() + timeout.min(LONGEST_WAIT);
        let mut state = self.state.lock();
        while state.waiting.is_empty() && !state.finished {
            if self.ready.wait_until(&mut state, deadline).timed_out() {
                return Taken::Nothing;
            }
        }
        let Some(&front) = state.waiting.front() else { return Taken::Finished };
        if let Some(lost) = state.lost.take() {
            let reason = GapReason::SlowConsumer;
            return Taken::Gap(Gap { from_seq: lost.from_seq, to_seq: front, count: lost.count, reason });
        }
        let count = state.waiting.len().min(max);
        let seqs = state.waiting.drain(..count).collect();
        self.tell_room(&mut state);
        Taken::Seqs(seqs)
    }

    /// The reader has left; the engine forgets the subscription with its next batch.
    pub fn leave(&self) {
        let mut state = self.state.lock();
        if !state.left {
            state.left = true;
            self.tell_room(&mut state);
            self.board.left.lock().push(self.slot);
        }
    }

    /// Adds positions; returns how many older ones were dropped for them.
    pub(super) fn put(&self, seqs: impl Iterator<Item = u64>) -> u64 {
        let mut state = self.state.lock();
        let (was_empty, dropped) = (state.waiting.is_empty(), state.dropped);
        for seq in seqs {
            if state.waiting.len() >= self.capacity && !self.lossless {
                let oldest = state.waiting.pop_front().expect("a full queue is not empty");
                state.lost.get_or_insert(Lost { from_seq: oldest, count: 0 }).count += 1;
                state.dropped += 1;
            }
            state.waiting.push_back(seq);
            state.delivered += 1;
        }
        self.tell_room(&mut state);
        self.ready.notify_one();
        let (is_empty, dropped) = (state.waiting.is_empty(), state.dropped - dropped);
        drop(state);
        if was_empty && !is_empty {
            self.wake();
        }
        dropped
    }

    /// Nothing more will come.
    pub(super) fn finish(&self) {
        let before = std::mem::replace(&mut self.state.lock().finished, true);
        self.ready.notify_all();
        if !before {
            self.wake();
        }
    }

    pub(super) fn capacity(&self) -> usize {
        self.capacity
    }

    pub(super) fn counts(&self) -> Counts {
        let state = self.state.lock();
        Counts { delivered: state.delivered, dropped: state.dropped, waiting: state.waiting.len() }
    }

    /// Keeps the count of the queues that hold the engine back.
    fn tell_room(&self, state: &mut State) {
        let full = self.lossless && !state.left && state.waiting.len() + BATCH > self.capacity;
        if full != state.full {
            state.full = full;
            // Only the engine adds, so it never misses a queue that it has filled itself.
            if full {
                self.board.full.fetch_add(1, Ordering::Relaxed);
            } else {
                self.board.full.fetch_sub(1, Ordering::Relaxed);
            }
        }
    }

    /// Not under the lock: whoever is woken may take at once.
    fn wake(&self) {
        if let Some(wake) = &self.wake {
            wake();
        }
    }
}

impl fmt::Debug for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Queue { state, capacity, lossless, slot, .. } = self;
        let mut shown = f.debug_struct("Queue");
        shown.field("state", state).field("capacity", capacity).field("lossless", lossless).field("slot", slot);
        shown.finish_non_exhaustive()
    }
}

impl Board {
    /// Every lossless queue has room for another batch.
    pub(super) fn has_room(&self) -> bool {
        self.full.load(Ordering::Relaxed) == 0
    }

    /// The places of the readers that have left since the last call.
    pub(super) fn take_left(&self) -> Vec<u32> {
        std::mem::take(&mut self.left.lock())
    }
}
