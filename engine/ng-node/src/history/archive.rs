//! History on disk, as requests read it.

use crate::error::ApiError;
use ng_journal::store::Error;
use ng_model::commit_progress::CommitProgress;
use ng_node::history::Past;
use parking_lot::Mutex;
use std::path::PathBuf;
use std::sync::Arc;

/// Readers that are kept for the next request: they know what they have read of the headers of blocks.
const IDLE: usize = 2;

/// The way to history.
pub struct Archive {
    folder: PathBuf,
    progress: Arc<CommitProgress>,
    idle: Mutex<Vec<Past>>,
}

impl Archive {
    /// The way to the history of a folder, which is so far.
    pub fn new(folder: PathBuf, progress: Arc<CommitProgress>) -> Archive {
        Archive { folder, progress, idle: Mutex::default() }
    }

    /// Records with a lower `seq` are on disk, or gone; none other is.
    pub fn kept_below(&self) -> u64 {
        self.progress.kept_below()
    }

    /// Asks history. Blocks.
    pub fn ask<R>(&self, ask: impl FnOnce(&mut Past) -> Result<R, Error>) -> Result<R, ApiError> {
        let unread = |error: Error| ApiError::internal(format!("history cannot be read: {error}"));
        let idle = self.idle.lock().pop();
        let mut past = idle.map_or_else(|| Past::open(&self.folder), Ok).map_err(unread)?;
        let answer = ask(&mut past).map_err(unread)?;
        let mut idle = self.idle.lock();
        if idle.len() < IDLE {
            idle.push(past);
        }
        Ok(answer)
    }
}
