//! Requests that carry an idempotency key: sent again, they get the answer of the first time, and what failed halfway
//! goes on where it stopped.

use super::Taken;
use crate::error::ApiError;
use axum::http::StatusCode;
use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Keys that are remembered.
const KEYS: usize = 4096;
/// Time for which a key is remembered.
const KEPT_FOR: Duration = Duration::from_secs(600);
/// Rejected lines that are remembered over all keys; about 32 MiB.
const LINES: usize = 1 << 17;

/// What is known of a request. Locked while it is under way, so that a second one waits.
pub type Slot = Arc<tokio::sync::Mutex<Progress>>;

/// How far a request has come.
#[derive(Debug, Default)]
pub struct Progress {
    /// What became of its events.
    pub taken: Taken,
    /// All of them were dealt with.
    pub done: bool,
}

/// Name of a request: the same for the same key of the same sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key([u8; 32]);

impl Key {
    /// The key as one sender gave it.
    pub fn of(sender: &str, key: &str) -> Key {
        Key(digest(&[sender.as_bytes(), key.as_bytes()]))
    }
}

/// What tells one request from another: everything that its answer depends on.
pub fn digest(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

/// The requests of the last minutes.
#[derive(Default)]
pub struct Once(Mutex<Table>);

#[derive(Default)]
struct Table {
    known: HashMap<Key, Known>,
    order: VecDeque<(Key, Instant)>,
    lines: usize,
}

struct Known {
    slot: Slot,
    content: [u8; 32],
    since: Instant,
    lines: usize,
}

impl Once {
    /// The slot of a request, a new one at its first time. Refuses a key that came with another content.
    pub fn slot(&self, key: Key, content: [u8; 32]) -> Result<Slot, ApiError> {
        let now = Instant::now();
        let table = &mut *self.0.lock();
        table.make_room(now);
        if let Some(known) = table.known.get(&key) {
            if known.content != content {
                let what = "this Idempotency-Key came with another request; choose a new one for each";
                return Err(ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "IDEMPOTENCY_KEY_REUSED", what));
            }
            return Ok(known.slot.clone());
        }
        let slot = Slot::default();
        table.known.insert(key, Known { slot: slot.clone(), content, since: now, lines: 0 });
        table.order.push_back((key, now));
        Ok(slot)
    }

    /// Keeps what became of a request for the next time it comes, or forgets it when nothing has: its key may be used
    /// again.
    pub fn settle(&self, key: Key, progress: &Progress) {
        let table = &mut *self.0.lock();
        if !progress.done && progress.taken.next_line == 0 {
            table.remove(&key);
        } else if let Some(known) = table.known.get_mut(&key) {
            let lines = progress.taken.rejected.len();
            table.lines = table.lines - known.lines + lines;
            known.lines = lines;
        }
    }
}

impl Table {
    fn make_room(&mut self, now: Instant) {
        while let Some((key, since)) = self.order.front().copied()
            && (self.known.len() >= KEYS || self.lines > LINES || now.duration_since(since) > KEPT_FOR)
        {
            self.order.pop_front();
            // The key may have been forgotten and come again since.
            if self.known.get(&key).is_some_and(|known| known.since == since) {
                self.remove(&key);
            }
        }
    }

    fn remove(&mut self, key: &Key) {
        if let Some(known) = self.known.remove(key) {
            self.lines -= known.lines;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Rejected;
    use super::*;

    fn key(number: usize) -> Key {
        Key::of("me", &number.to_string())
    }

    #[test]
    fn a_key_is_bound_to_its_sender_and_content() {
        let once = Once::default();
        let slot = once.slot(key(1), [1; 32]).unwrap();
        assert!(Arc::ptr_eq(&slot, &once.slot(key(1), [1; 32]).unwrap()));
        assert_eq!(once.slot(key(1), [2; 32]).unwrap_err().code, "IDEMPOTENCY_KEY_REUSED");
        assert!(!Arc::ptr_eq(&slot, &once.slot(Key::of("you", "1"), [1; 32]).unwrap()));
        once.settle(key(1), &Progress::default());
        assert!(once.slot(key(1), [2; 32]).is_ok());
    }

    #[test]
    fn the_table_is_bounded() {
        let once = Once::default();
        let first = once.slot(key(0), [0; 32]).unwrap();
        for number in 1..=KEYS {
            once.slot(key(number), [0; 32]).unwrap();
        }
        assert_eq!(once.0.lock().known.len(), KEYS);
        assert!(!Arc::ptr_eq(&first, &once.slot(key(0), [0; 32]).unwrap()));
        let held = once.slot(key(KEYS), [0; 32]).unwrap();
        let rejected = Rejected { line: 1, code: "BAD_JSON", error: String::new() };
        let taken = Taken { rejected: vec![rejected; LINES + 1], ..Taken::default() };
        once.settle(key(KEYS), &Progress { taken, done: true });
        assert!(!Arc::ptr_eq(&held, &once.slot(key(KEYS), [0; 32]).unwrap()));
        assert_eq!(once.0.lock().lines, 0);
        once.0.lock().make_room(Instant::now() + KEPT_FOR + Duration::from_secs(1));
        assert!(once.0.lock().known.is_empty() && once.0.lock().order.is_empty());
    }
}
