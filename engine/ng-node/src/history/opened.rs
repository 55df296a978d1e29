//! From history that was opened to history that is written.

use super::archive::Archive;
use super::keeping::{Keeper, Keeping};
use super::recorder::{Recorder, Stream};
use super::recording::Recording;
use super::refill::refill;
use crate::config::Config;
use crate::error::{EXIT_BUSY, NodeError};
use ng_core::engine::Engine;
use ng_core::event_loop::EngineHandle;
use ng_core::store::{Shared, Store};
use ng_journal::store::{Error, Journal};
use ng_model::commit_progress::CommitProgress;
use std::path::Path;
use std::sync::Arc;

/// History before the engine runs.
pub(crate) struct Opened {
    keeping: Keeping,
    journal: Result<Journal, Error>,
}

/// History that is written until this is dropped, the last records included.
pub(crate) struct History {
    /// The way to what is kept.
    pub(crate) archive: Arc<Archive>,
    /// How far it is.
    pub(crate) progress: Arc<CommitProgress>,
    _recorder: Recorder,
}

impl Opened {
    /// Opens it as the configuration wants it; none where none is to be kept. Refused while another process writes there; what else
    /// keeps it from being opened is told by the engine, which runs without.
    pub(crate) fn of(config: &Config, state_dir: &Path, keeper: Keeper) -> Result<Option<Opened>, NodeError> {
        let Some(keeping) = Keeping::of(config, state_dir, keeper) else { return Ok(None) };
        let journal = keeping.open();
        if let Err(error @ Error::Busy { .. }) = &journal {
            return Err(NodeError { exit: EXIT_BUSY, ..NodeError::failure("NG-5401", "", error.to_string()) });
        }
        Ok(Some(Opened { keeping, journal }))
    }

    /// Has an engine and its ring go on where history ends; says what could not be read of it.
    pub(crate) fn take_up(&self, engine: &mut Engine, store: &mut Store) -> Option<String> {
        let durable = self.journal.as_ref().ok()?.durable_seq()?;
        // Of an engine without a saved state, the numbers of patterns would be those of others in history.
        engine.number_patterns_from(durable + 1);
        let filled = refill(engine, store, &self.keeping.folder, self.keeping.refilled);
        store.begin_at(durable + 1);
        filled.err().map(|error| format!("the latest of history could not be read: {error}"))
    }

    /// Writes what comes into the ring from now on.
    pub(crate) fn follow(
        self,
        recording: Recording,
        store: Shared,
        access: EngineHandle,
        clock: fn() -> i64,
    ) -> std::io::Result<History> {
        let progress = recording.progress.clone();
        let archive = Arc::new(Archive::new(self.keeping.folder.clone(), progress.clone()));
        let stream = Stream { store, access, recording, archive: archive.clone(), clock };
        Ok(History { archive, progress, _recorder: Recorder::start(self.keeping, self.journal, stream)? })
    }
}
