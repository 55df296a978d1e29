//! History on disk, as many who ask read it at a time.

use super::past::Past;
use ng_journal::store::{Error, Health};
use ng_model::commit_progress::CommitProgress;
use parking_lot::Mutex;
use std::path::PathBuf;
use std::sync::Arc;

/// Readers that are kept for who asks next: they know what they have read of the headers of blocks.
const IDLE: usize = 2;

/// The way to history.
#[derive(Debug)]
pub struct Archive {
    folder: PathBuf,
    progress: Arc<CommitProgress>,
    idle: Mutex<Vec<Past>>,
    /// What all readers have met that cannot be read.
    health: Mutex<Health>,
}

impl Archive {
    /// The way to the history of a folder, which is so far.
    pub fn new(folder: PathBuf, progress: Arc<CommitProgress>) -> Archive {
        Archive { folder, progress, idle: Mutex::default(), health: Mutex::default() }
    }

    /// Records with a lower `seq` are on disk, or gone; none other is.
    pub fn kept_below(&self) -> u64 {
        self.progress.kept_below()
    }

    /// Some records came into memory and not into history.
    pub fn lacks_some(&self) -> bool {
        self.progress.lost() > 0
    }

    /// What was met so far that cannot be read.
    pub fn health(&self) -> Health {
        *self.health.lock()
    }

    /// Lets go of every file. Those that were opened where nothing may be written keep others of this process from writing.
    pub(crate) fn let_go(&self) {
        self.idle.lock().clear();
    }

    /// Asks history. Blocks.
    pub fn ask<R>(&self, ask: impl FnOnce(&mut Past) -> Result<R, Error>) -> Result<R, Error> {
        let idle = self.idle.lock().pop();
        let mut past = idle.map_or_else(|| Past::open(&self.folder), Ok)?;
        let answer = ask(&mut past)?;
        let mut health = self.health.lock();
        *health = health.or(past.health());
        drop(health);
        let mut idle = self.idle.lock();
        if idle.len() < IDLE {
            idle.push(past);
        }
        Ok(answer)
    }
}
