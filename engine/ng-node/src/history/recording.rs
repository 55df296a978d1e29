//! What others see of history that is written: the engine, and every screen.

use ng_core::registry::Latency;
use ng_journal::store::Extent;
use ng_model::commit_progress::{Backlog, CommitProgress};
use ng_wire::HistoryView;
use parking_lot::Mutex;
use std::sync::Arc;

/// A part of the ring that history may be behind before the engine takes in no more: from there on records might leave the ring
/// before they are written.
const PART: u64 = 4;

/// How far history is, and what is known of it.
#[derive(Clone)]
pub(crate) struct Recording {
    pub(crate) progress: Arc<CommitProgress>,
    pub(super) status: Arc<Status>,
    most: Backlog,
}

impl Recording {
    /// Of a stream that goes on with this `seq`, in a ring for so many records and bytes.
    pub(crate) fn new(next_seq: u64, records: usize, bytes: usize) -> Recording {
        let most = Backlog { records: records as u64 / PART, bytes: bytes as u64 / PART };
        Recording { progress: Arc::new(CommitProgress::new(next_seq)), status: Arc::default(), most }
    }

    /// The engine may take in more.
    pub(crate) fn has_room(&self) -> bool {
        !self.progress.is_behind(self.most)
    }

    /// What the screens show.
    pub(crate) fn view(&self) -> HistoryView {
        self.status.view(&self.progress)
    }
}

/// What who writes history knows of it.
#[derive(Default)]
pub(super) struct Status {
    measured: Mutex<Measured>,
}

#[derive(Default)]
struct Measured {
    extent: Extent,
    /// When the oldest event arrived.
    since_ns: Option<i64>,
    durable_seq: Option<u64>,
    unreadable: u64,
    commits: Latency,
}

impl Status {
    /// Notes a commit that took so long.
    pub(super) fn note_commit(&self, ns: u64, durable_seq: Option<u64>) {
        let mut measured = self.measured.lock();
        measured.commits.note(ns);
        measured.durable_seq = durable_seq;
    }

    /// Notes, once a second, what there is.
    pub(super) fn note_extent(&self, extent: Extent, since_ns: Option<i64>, durable_seq: Option<u64>, unreadable: u64) {
        let mut measured = self.measured.lock();
        (measured.extent, measured.since_ns) = (extent, since_ns);
        (measured.durable_seq, measured.unreadable) = (durable_seq, unreadable);
        measured.commits.tick();
    }

    /// The view of it.
    fn view(&self, progress: &CommitProgress) -> HistoryView {
        let measured = self.measured.lock();
        let Extent { events, bytes, files } = measured.extent;
        let commits = measured.commits.percentiles();
        HistoryView {
            trouble: progress.trouble(),
            events,
            bytes,
            files,
            since_ns: measured.since_ns,
            durable_seq: measured.durable_seq,
            behind: progress.backlog().records,
            lost: progress.lost(),
            unreadable: measured.unreadable,
            commit_p50_ms: commits.p50_us.map(|us| us / 1e3),
            commit_p99_ms: commits.p99_us.map(|us| us / 1e3),
        }
    }
}
