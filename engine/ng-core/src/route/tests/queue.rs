//! The reader's end.

use super::super::queue::Board;
use super::super::{Queue, Routes, Taken, Wanted};
use super::NO_WAIT;
use ng_wire::{Gap, GapReason};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

fn put(queue: &Queue, seqs: &[u64]) -> u64 {
    queue.put(seqs.iter().copied())
}

/// What a reader asks for that is woken, and how often it was.
fn woken() -> (Wanted, Arc<AtomicUsize>) {
    let woken = Arc::new(AtomicUsize::new(0));
    let count = woken.clone();
    let wake = move || {
        count.fetch_add(1, Ordering::Relaxed);
    };
    (Wanted { wake: Some(Arc::new(wake)), ..Wanted::default() }, woken)
}

#[test]
fn a_full_queue_drops_the_oldest_and_says_so_first() {
    let queue = Queue::new(&Wanted::default(), 4, 0, Arc::default());
    assert_eq!(put(&queue, &[1, 2, 3, 4, 5, 9]), 2);
    let gap = Gap { from_seq: 1, to_seq: 3, count: 2, reason: GapReason::SlowConsumer };
    assert_eq!(queue.take(10, NO_WAIT), Taken::Gap(gap));
    assert_eq!(queue.take(10, NO_WAIT), Taken::Seqs(vec![3, 4, 5, 9]));
    assert_eq!(queue.take(10, NO_WAIT), Taken::Nothing);
}

#[test]
fn a_lossless_reader_holds_the_engine_back_and_a_lossy_one_does_not() {
    let mut routes = Routes::default();
    let lossy = routes.subscribe(Wanted::default(), 256);
    put(&lossy, &[0; 256]);
    assert!(routes.has_room());
    let wanted = Wanted { lossless: true, ..Wanted::default() };
    let (lossless, other) = (routes.subscribe(wanted.clone(), 256), routes.subscribe(wanted, 300));
    assert!(routes.has_room());
    put(&lossless, &[7]);
    put(&other, &[7; 45]);
    assert!(!routes.has_room());
    lossless.leave();
    lossless.leave();
    assert!(!routes.has_room(), "one is still full");
    assert_eq!(other.take(1, NO_WAIT), Taken::Seqs(vec![7]));
    assert!(routes.has_room());
    put(&other, &[7]);
    other.leave();
    assert!(routes.has_room());
    assert_eq!(routes.count(), 3);
    routes.flush();
    assert_eq!((routes.count(), routes.view().len()), (1, 1));
}

#[test]
fn a_lossless_queue_too_small_for_a_batch_never_has_room() {
    let board: Arc<Board> = Arc::default();
    let queue = Queue::new(&Wanted { lossless: true, ..Wanted::default() }, 255, 0, board.clone());
    assert!(!board.has_room());
    queue.leave();
    assert!(board.has_room());
}

#[test]
fn readers_get_what_is_left_before_the_end() {
    let mut routes = Routes::default();
    let queue = routes.subscribe(Wanted::default(), 256);
    put(&queue, &[1]);
    routes.finish();
    assert_eq!(queue.take(10, NO_WAIT), Taken::Seqs(vec![1]));
    assert_eq!(queue.take(10, NO_WAIT), Taken::Finished);
    let late = routes.subscribe(Wanted::default(), 256);
    assert_eq!(late.take(10, NO_WAIT), Taken::Finished);
}

#[test]
fn a_reader_is_woken_when_its_empty_queue_gets_something_and_at_the_end() {
    let mut routes = Routes::default();
    let (wanted, woken) = woken();
    let queue = routes.subscribe(wanted.clone(), 256);
    let times = || woken.load(Ordering::Relaxed);
    put(&queue, &[]);
    assert_eq!(times(), 0, "nothing came");
    put(&queue, &[1, 2]);
    put(&queue, &[3]);
    assert_eq!(times(), 1, "once until it is empty");
    assert_eq!(queue.take(2, NO_WAIT), Taken::Seqs(vec![1, 2]));
    put(&queue, &[4]);
    assert_eq!(times(), 1, "it was not empty");
    assert_eq!(queue.take(9, NO_WAIT), Taken::Seqs(vec![3, 4]));
    put(&queue, &[5]);
    assert_eq!(times(), 2);
    routes.finish();
    routes.finish();
    assert_eq!(times(), 3);
    routes.subscribe(wanted, 256);
    assert_eq!(times(), 4, "a late reader is told of the end");
}

#[test]
fn whoever_is_woken_may_take_at_once() {
    let place: Arc<parking_lot::Mutex<Option<Arc<Queue>>>> = Arc::default();
    let taken: Arc<parking_lot::Mutex<Vec<Taken>>> = Arc::default();
    let (from, to) = (place.clone(), taken.clone());
    let wake = move || to.lock().extend(from.lock().as_ref().map(|queue| queue.take(9, NO_WAIT)));
    let mut routes = Routes::default();
    let queue = routes.subscribe(Wanted { wake: Some(Arc::new(wake)), ..Wanted::default() }, 256);
    *place.lock() = Some(queue.clone());
    put(&queue, &[1]);
    put(&queue, &[2]);
    routes.finish();
    *place.lock() = None;
    assert_eq!(*taken.lock(), [Taken::Seqs(vec![1]), Taken::Seqs(vec![2]), Taken::Finished]);
}
