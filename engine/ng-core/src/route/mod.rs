//! The module `signal_system`: subscriptions with filters, bounded queues, drop counters and gaps.
//!
//! A queue holds positions (`seq`), not records: readers fetch the records from the store. The engine collects the
//! positions of a batch and hands them over with one lock per subscription and batch.

use crate::filter::Filter;
use crate::record::Stored;
use crate::settings::{Accepts, Row};
use ng_wire::{Gap, GapReason, Outcome, SubscriptionView};
use parking_lot::{Condvar, Mutex};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Settings of the module `signal_system`.
pub static SETTINGS: &[Row] = &[Row {
    key: "queue_capacity",
    accepts: Accepts::Int(65_536, 256, 16_777_216),
    unit: "records",
    summary: "Most records that wait for a reader of a subscription made from here on; older ones are dropped and counted.",
}];

/// No reader waits for longer in one call.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// Called when an empty queue has got something, or has come to its end; for readers that do not wait in a thread of
/// their own. Must not wait.
pub type Wake = Arc<dyn Fn() + Send + Sync>;

/// What a subscriber asked for.
#[derive(Clone, Default)]
pub struct Wanted {
    /// Which records.
    pub filter: Filter,
    /// The engine waits for this reader instead of dropping: for pipes, where the reader decides the pace.
    pub lossless: bool,
    /// Rejected records come too: for those who watch the stream instead of acting on it.
    pub rejected: bool,
    /// Wakes a reader that does not wait in a thread.
    pub wake: Option<Wake>,
}

/// The reader's end of a subscription.
pub struct Queue {
    state: Mutex<State>,
    ready: Condvar,
    capacity: usize,
    lossless: bool,
    wake: Option<Wake>,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<u64>,
    lost: Option<Lost>,
    delivered: u64,
    dropped: u64,
    finished: bool,
    left: bool,
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

impl Queue {
    fn new(capacity: usize, lossless: bool, wake: Option<Wake>) -> Self {
        Queue { state: Mutex::default(), ready: Condvar::new(), capacity, lossless, wake }
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
        Taken::Seqs(state.waiting.drain(..count).collect())
    }

    /// The reader has left; the engine forgets the subscription with its next batch.
    pub fn leave(&self) {
        self.state.lock().left = true;
    }

    fn put(&self, seqs: &[u64]) {
        let mut state = self.state.lock();
        for &seq in seqs {
            if state.waiting.len() >= self.capacity && !self.lossless {
                let oldest = state.waiting.pop_front().expect("a full queue is not empty");
                state.lost.get_or_insert(Lost { from_seq: oldest, count: 0 }).count += 1;
                state.dropped += 1;
            }
            state.waiting.push_back(seq);
        }
        state.delivered += seqs.len() as u64;
        self.ready.notify_one();
        drop(state);
        if let Some(wake) = &self.wake {
            wake();
        }
    }
}

struct Subscription {
    id: u64,
    filter: Filter,
    rejected: bool,
    batch: Vec<u64>,
    queue: Arc<Queue>,
}

/// All subscriptions of an engine.
#[derive(Default)]
pub struct Routes {
    subscriptions: Vec<Subscription>,
    last_id: u64,
    delivered: u64,
    dropped_by_gone: u64,
}

impl Routes {
    /// Adds a subscription; its reader gets every matching record from the next one on.
    pub fn subscribe(&mut self, wanted: Wanted, capacity: usize) -> Arc<Queue> {
        self.last_id += 1;
        let queue = Arc::new(Queue::new(capacity, wanted.lossless, wanted.wake));
        let batch = Vec::with_capacity(crate::intake::BATCH);
        let Wanted { filter, rejected, .. } = wanted;
        self.subscriptions.push(Subscription { id: self.last_id, filter, rejected, batch, queue: queue.clone() });
        queue
    }

    /// Notes the record for every subscription that wants it; returns how many those are.
    pub fn deliver(&mut self, stored: &Stored<'_>, now_ns: i64) -> u64 {
        let mut matched = 0;
        let admitted = stored.head.verdict.outcome != Outcome::Reject;
        for subscription in &mut self.subscriptions {
            if (admitted || subscription.rejected) && subscription.filter.matches(stored, now_ns) {
                subscription.batch.push(stored.head.seq);
                matched += 1;
            }
        }
        self.delivered += matched;
        matched
    }

    /// Hands the positions of the batch to the readers. Called once a batch, after its records are in the store.
    pub fn flush(&mut self) {
        let gone = &mut self.dropped_by_gone;
        self.subscriptions.retain_mut(|subscription| {
            if !subscription.batch.is_empty() {
                subscription.queue.put(&subscription.batch);
                subscription.batch.clear();
            }
            let state = subscription.queue.state.lock();
            if state.left {
                *gone += state.dropped;
            }
            !state.left
        });
    }

    /// Every lossless reader has room for another batch, so the engine may go on.
    pub fn has_room(&self) -> bool {
        self.subscriptions.iter().all(|subscription| {
            let queue = &subscription.queue;
            if !queue.lossless {
                return true;
            }
            let state = queue.state.lock();
            state.left || state.waiting.len() + crate::intake::BATCH <= queue.capacity
        })
    }

    /// Tells the readers that nothing more will come.
    pub fn finish(&mut self) {
        for subscription in &self.subscriptions {
            subscription.queue.state.lock().finished = true;
            subscription.queue.ready.notify_all();
            if let Some(wake) = &subscription.queue.wake {
                wake();
            }
        }
    }

    /// Records handed to readers since the start.
    pub fn delivered(&self) -> u64 {
        self.delivered
    }

    /// Records dropped because a reader was too slow, since the start.
    pub fn dropped(&self) -> u64 {
        self.dropped_by_gone + self.subscriptions.iter().map(|s| s.queue.state.lock().dropped).sum::<u64>()
    }

    /// The subscriptions as the screens show them.
    pub fn view(&self) -> Vec<SubscriptionView> {
        let view = |subscription: &Subscription| {
            let state = subscription.queue.state.lock();
            SubscriptionView {
                id: subscription.id,
                filter: subscription.filter.text().to_owned(),
                delivered: state.delivered,
                dropped: state.dropped,
                len: state.waiting.len() as u64,
                capacity: subscription.queue.capacity as u64,
            }
        };
        self.subscriptions.iter().map(view).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NO_WAIT: Duration = Duration::ZERO;

    #[test]
    fn a_full_queue_drops_the_oldest_and_says_so_first() {
        let queue = Queue::new(4, false, None);
        queue.put(&[1, 2, 3, 4, 5, 9]);
        let gap = Gap { from_seq: 1, to_seq: 3, count: 2, reason: GapReason::SlowConsumer };
        assert_eq!(queue.take(10, NO_WAIT), Taken::Gap(gap));
        assert_eq!(queue.take(10, NO_WAIT), Taken::Seqs(vec![3, 4, 5, 9]));
        assert_eq!(queue.take(10, NO_WAIT), Taken::Nothing);
    }

    #[test]
    fn a_lossless_reader_holds_the_engine_back_and_a_lossy_one_does_not() {
        let mut routes = Routes::default();
        let lossy = routes.subscribe(Wanted::default(), 256);
        lossy.put(&[0; 256]);
        assert!(routes.has_room());
        let lossless = routes.subscribe(Wanted { lossless: true, ..Wanted::default() }, 256);
        assert!(routes.has_room());
        lossless.put(&[7]);
        assert!(!routes.has_room());
        lossless.leave();
        assert!(routes.has_room());
        routes.flush();
        assert_eq!(routes.view().len(), 1);
    }

    #[test]
    fn readers_get_what_is_left_before_the_end() {
        let mut routes = Routes::default();
        let queue = routes.subscribe(Wanted::default(), 256);
        queue.put(&[1]);
        routes.finish();
        assert_eq!(queue.take(10, NO_WAIT), Taken::Seqs(vec![1]));
        assert_eq!(queue.take(10, NO_WAIT), Taken::Finished);
    }
}
