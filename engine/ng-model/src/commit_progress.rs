//! How far history on disk is behind the ring: said by the engine and by who keeps it, asked by who promised that something
//! is kept.

use parking_lot::{Condvar, Mutex};
use std::ops::Range;
use std::time::Duration;

/// Shared by the engine, the thread that writes history, and all who wait for it.
#[derive(Debug)]
pub struct CommitProgress {
    state: Mutex<State>,
    /// There is more to be kept, or nothing more will come.
    stored: Condvar,
    /// More is kept, or will not be.
    kept: Condvar,
}

#[derive(Debug)]
struct State {
    stored: Position,
    kept: Position,
    /// Of the records below, some were given up.
    given_up_below: u64,
    /// Records that were given up.
    lost: u64,
    /// Records that who keeps them waits for. With fewer there is no need to wake it.
    awaited: u64,
    trouble: Option<String>,
    is_stopping: bool,
}

/// A place in the stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Position {
    /// The records before it have a lower `seq`.
    next_seq: u64,
    /// Raw bytes of the records before it, since the start.
    bytes: u64,
}

/// What is in memory alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Records.
    pub records: u64,
    /// Their raw bytes.
    pub bytes: u64,
}

impl CommitProgress {
    /// For a stream that goes on with this `seq`; everything before it is kept, or gone.
    pub fn new(next_seq: u64) -> Self {
        let start = Position { next_seq, bytes: 0 };
        let state = State {
            stored: start,
            kept: start,
            given_up_below: 0,
            lost: 0,
            awaited: 1,
            trouble: None,
            is_stopping: false,
        };
        CommitProgress { state: Mutex::new(state), stored: Condvar::new(), kept: Condvar::new() }
    }

    /// Notes that the records below `next_seq` are in the ring, of which those since the last call have so many raw bytes.
    pub fn note_stored(&self, next_seq: u64, bytes: u64) {
        let mut state = self.state.lock();
        if next_seq > state.stored.next_seq {
            state.stored = Position { next_seq, bytes: state.stored.bytes + bytes };
            if state.backlog().records >= state.awaited {
                self.stored.notify_one();
            }
        }
    }

    /// Waits until so many records are to be kept, at most for `timeout`, and not when nothing more will come. Returns those
    /// that there are.
    pub fn wait_for_backlog(&self, records: u64, timeout: Duration) -> Range<u64> {
        let mut state = self.state.lock();
        state.awaited = records;
        self.stored.wait_while_for(
            &mut state,
            |state| state.backlog().records < records && !state.is_stopping,
            timeout,
        );
        state.kept.next_seq..state.stored.next_seq
    }

    /// Notes that the records below `next_seq` are kept; those since the last call have so many raw bytes.
    pub fn note_kept(&self, next_seq: u64, bytes: u64) {
        self.state.lock().pass(next_seq, bytes);
        self.kept.notify_all();
    }

    /// Notes that of the records below `next_seq` so many are not kept and never will be.
    pub fn give_up(&self, next_seq: u64, lost: u64) {
        let mut state = self.state.lock();
        let bytes = if next_seq >= state.stored.next_seq { state.backlog().bytes } else { 0 };
        state.pass(next_seq, bytes);
        state.given_up_below = state.given_up_below.max(next_seq);
        state.lost += lost;
        self.kept.notify_all();
    }

    /// Says why nothing can be written at present; none when it can.
    pub fn set_trouble(&self, trouble: Option<String>) {
        self.state.lock().trouble = trouble;
        self.kept.notify_all();
    }

    /// Why nothing can be written at present.
    pub fn trouble(&self) -> Option<String> {
        self.state.lock().trouble.clone()
    }

    /// Nothing more will be stored.
    pub fn stop(&self) {
        self.state.lock().is_stopping = true;
        self.stored.notify_all();
    }

    /// Nothing more will be stored.
    pub fn is_stopping(&self) -> bool {
        self.state.lock().is_stopping
    }

    /// What is to be kept.
    pub fn backlog(&self) -> Backlog {
        self.state.lock().backlog()
    }

    /// Records with a lower `seq` are kept, or will never be.
    pub fn kept_below(&self) -> u64 {
        self.state.lock().kept.next_seq
    }

    /// The `seq` behind all that was stored.
    pub fn next_seq(&self) -> u64 {
        self.state.lock().stored.next_seq
    }

    /// More is to be kept than that. Not so while nothing can be written: then the stream goes on without being kept.
    pub fn is_behind(&self, most: Backlog) -> bool {
        let state = self.state.lock();
        let Backlog { records, bytes } = state.backlog();
        state.trouble.is_none() && (records > most.records || bytes > most.bytes)
    }

    /// Records that were given up.
    pub fn lost(&self) -> u64 {
        self.state.lock().lost
    }

    /// Waits until the records of a range are kept, at most for `patience`; or says why they are not, or not yet.
    pub fn wait(&self, seqs: Range<u64>, patience: Duration) -> Result<(), String> {
        let mut state = self.state.lock();
        let is_open = |state: &mut State| state.kept.next_seq < seqs.end && state.trouble.is_none();
        self.kept.wait_while_for(&mut state, is_open, patience);
        if seqs.start < state.given_up_below {
            return Err("they left memory before they could be written".into());
        }
        if state.kept.next_seq >= seqs.end {
            return Ok(());
        }
        let late = || format!("they were not written within {} s", patience.as_secs_f64());
        Err(state.trouble.clone().unwrap_or_else(late))
    }
}

impl State {
    fn backlog(&self) -> Backlog {
        Backlog {
            records: self.stored.next_seq - self.kept.next_seq,
            bytes: self.stored.bytes.saturating_sub(self.kept.bytes),
        }
    }

    fn pass(&mut self, next_seq: u64, bytes: u64) {
        let next_seq = next_seq.clamp(self.kept.next_seq, self.stored.next_seq);
        self.kept = Position { next_seq, bytes: self.kept.bytes + bytes };
        if next_seq == self.stored.next_seq {
            self.kept.bytes = self.stored.bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    const PATIENT: Duration = Duration::from_secs(10);
    const AT_ONCE: Duration = Duration::ZERO;

    #[test]
    fn what_is_kept_is_told_to_whoever_waits() {
        let progress = Arc::new(CommitProgress::new(100));
        let waiting = std::thread::spawn({
            let progress = progress.clone();
            move || progress.wait(100..103, PATIENT)
        });
        progress.note_stored(103, 30);
        assert_eq!(progress.wait_for_backlog(3, PATIENT), 100..103);
        assert_eq!(progress.backlog(), Backlog { records: 3, bytes: 30 });
        assert!(progress.wait(100..102, AT_ONCE).unwrap_err().contains("0 s"));
        progress.note_kept(102, 20);
        assert_eq!(progress.wait(100..102, AT_ONCE), Ok(()));
        assert_eq!(progress.backlog(), Backlog { records: 1, bytes: 10 });
        progress.note_kept(103, 10);
        assert_eq!(waiting.join().unwrap(), Ok(()));
        assert_eq!(progress.backlog(), Backlog::default());
    }

    #[test]
    fn what_was_given_up_is_never_said_to_be_kept() {
        let progress = CommitProgress::new(0);
        progress.note_stored(10, 100);
        progress.give_up(4, 4);
        progress.note_kept(10, 60);
        assert!(progress.wait(3..10, AT_ONCE).unwrap_err().contains("left memory"));
        assert_eq!((progress.wait(4..10, AT_ONCE), progress.lost()), (Ok(()), 4));
        assert_eq!(progress.backlog(), Backlog::default());
    }

    #[test]
    fn nobody_waits_for_what_cannot_be_written() {
        let progress = CommitProgress::new(0);
        progress.note_stored(10, 100);
        let most = Backlog { records: 5, bytes: 1000 };
        assert!(progress.is_behind(most) && progress.is_behind(Backlog { records: 100, bytes: 99 }));
        assert!(!progress.is_behind(Backlog { records: 10, bytes: 100 }));
        progress.set_trouble(Some("the disk is full".into()));
        assert_eq!(progress.wait(0..10, PATIENT), Err("the disk is full".into()));
        assert!(!progress.is_behind(most));
        progress.set_trouble(None);
        progress.note_kept(10, 100);
        assert_eq!(progress.wait(0..10, AT_ONCE), Ok(()));
    }

    #[test]
    fn at_the_end_nobody_waits_for_more() {
        let progress = CommitProgress::new(7);
        progress.stop();
        assert_eq!(progress.wait_for_backlog(1, PATIENT), 7..7);
        assert!(progress.is_stopping());
    }
}
