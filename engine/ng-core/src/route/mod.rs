//! The module `signal_system`: subscriptions with filters, bounded queues, drop counters and gaps.
//!
//! A queue holds positions (`seq`), not records: readers fetch the records from the store. The engine collects the
//! positions of a batch and hands them over with one lock per subscription that got any.
//!
//! # Layout
//!
//! `index` finds the subscriptions of a record, with `names`, `classes`, `content` and `entries`; `deliveries` collects the
//! positions of a batch; `queue` is the reader's end.

mod classes;
mod content;
mod deliveries;
mod entries;
mod index;
mod names;
mod queue;
mod table;
#[cfg(test)]
mod tests;

pub use queue::{Queue, Taken};

use deliveries::Deliveries;
use index::Index;
use ng_filter::Filter;
use ng_model::event::Event;
use ng_model::settings::{Accepts, Row};
use ng_wire::SubscriptionView;
use queue::Board;
use std::fmt;
use std::hint::black_box;
use std::sync::Arc;

/// Settings of the module `signal_system`.
pub static SETTINGS: &[Row] = &[Row {
    key: "queue_capacity",
    accepts: Accepts::Int(65_536, 256, 16_777_216),
    unit: "records",
    summary: "Most records that wait for a reader of a subscription made from here on; older ones are dropped and counted.",
}];

/// Most subscriptions that a view lists.
const VIEWED: usize = 1000;

/// Tells a reader that does not wait in [`Queue::take`] that there is something to take.
///
/// It is called on the engine's thread, so it must be quick and must not wait; it may call [`Queue::take`] with no timeout.
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
    /// Called once each time the empty queue has got something, and once when nothing more will come. A reader that was
    /// woken takes until the queue says [`Taken::Nothing`] or [`Taken::Finished`]; otherwise what is left stays unsaid.
    pub wake: Option<Wake>,
}

impl fmt::Debug for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Wanted { filter, lossless, rejected, wake } = self;
        let mut shown = f.debug_struct("Wanted");
        shown.field("filter", filter).field("lossless", lossless).field("rejected", rejected);
        shown.field("wake", &wake.is_some()).finish()
    }
}

/// All subscriptions of an engine.
#[derive(Default)]
pub struct Routes {
    index: Index,
    /// By slot.
    subscriptions: Vec<Option<Subscription>>,
    deliveries: Deliveries,
    board: Arc<Board>,
    count: usize,
    last_id: u64,
    delivered: u64,
    dropped: u64,
    finished: bool,
}

struct Subscription {
    id: u64,
    queue: Arc<Queue>,
}

impl Routes {
    /// Adds a subscription; its reader gets every matching record from the next one on.
    pub fn subscribe(&mut self, wanted: Wanted, capacity: usize) -> Arc<Queue> {
        self.last_id += 1;
        self.count += 1;
        let slot = self.index.insert(wanted.filter.clone(), wanted.rejected);
        let queue = Arc::new(Queue::new(&wanted, capacity, slot, self.board.clone()));
        if self.finished {
            queue.finish();
        }
        let place = slot as usize;
        if place >= self.subscriptions.len() {
            self.subscriptions.resize_with(place + 1, || None);
        }
        self.subscriptions[place] = Some(Subscription { id: self.last_id, queue: queue.clone() });
        queue
    }

    /// Notes the event for every subscription that wants it; returns how many those are.
    pub fn deliver(&mut self, event: &Event<'_>, now_ns: i64) -> u64 {
        let Routes { index, deliveries, .. } = self;
        let matched = deliveries.note(event.head.seq, |slots| index.find(event, now_ns, slots));
        self.delivered += matched;
        matched
    }

    /// Hands the positions of the batch to the readers. Called once a batch, after its records are in the store.
    pub fn flush(&mut self) {
        let Routes { subscriptions, deliveries, dropped, .. } = self;
        let receivers = deliveries.sort(subscriptions.len()).iter();
        // The queues lie scattered in memory. To read a word of each asks for all of it at once, while the locks of `put`
        // would have it come piece by piece.
        let queues = receivers.filter_map(|slot| subscriptions[*slot as usize].as_ref()).map(|s| &s.queue);
        black_box(queues.fold(0, |sum, queue| sum ^ queue.capacity()));
        deliveries.hand_on(|slot, seqs| {
            if let Some(subscription) = &subscriptions[slot as usize] {
                *dropped += subscription.queue.put(seqs);
            }
        });
        for slot in self.board.take_left() {
            self.subscriptions[slot as usize] = None;
            self.index.remove(slot);
            self.count -= 1;
        }
    }

    /// Every lossless reader has room for another batch, so the engine may go on.
    pub fn has_room(&self) -> bool {
        self.board.has_room()
    }

    /// Tells the readers that nothing more will come, also those that subscribe from here on.
    pub fn finish(&mut self) {
        if !std::mem::replace(&mut self.finished, true) {
            self.subscriptions.iter().flatten().for_each(|subscription| subscription.queue.finish());
        }
    }

    /// How many subscriptions there are.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Records handed to readers since the start.
    pub fn delivered(&self) -> u64 {
        self.delivered
    }

    /// Records dropped because a reader was too slow, since the start.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// The subscriptions as the screens show them, by their number; of very many, a thousand.
    pub fn view(&self) -> Vec<SubscriptionView> {
        let view = |(slot, subscription): (usize, &Option<Subscription>)| {
            let Subscription { id, queue } = subscription.as_ref()?;
            let counts = queue.counts();
            Some(SubscriptionView {
                id: *id,
                filter: self.index.filter(slot as u32)?.text().to_owned(),
                delivered: counts.delivered,
                dropped: counts.dropped,
                len: counts.waiting as u64,
                capacity: queue.capacity() as u64,
            })
        };
        let mut views: Vec<_> = self.subscriptions.iter().enumerate().filter_map(view).take(VIEWED).collect();
        views.sort_unstable_by_key(|view| view.id);
        views
    }
}
