//! What the engine asks of the world around it. The real one is the assembler's; tests have a repeatable one.

use crate::checkpoint::Checkpoint;
use ng_model::overrides::Overrides;
use ng_wire::HistoryView;

/// Clock and state of the host.
pub trait World: Send {
    /// Nanoseconds since 1970, UTC.
    fn now_ns(&self) -> i64;

    /// Writes the overrides so that they survive a kill at any moment; returns when they do.
    fn persist(&mut self, overrides: &Overrides) -> Result<(), String>;

    /// Keeps what was learnt for the next start, without waiting unless the engine ends. A world that keeps nothing says so
    /// by [`World::keeps_checkpoints`].
    fn save(&mut self, _state: Checkpoint, _engine_ends: bool) {}

    /// What was learnt is kept, so that it is worth saving.
    fn keeps_checkpoints(&self) -> bool {
        false
    }

    /// Whether the latest state that was to be kept is, once for each.
    fn poll(&mut self) -> Option<Result<(), String>> {
        None
    }

    /// Notes that every `seq` below `next_seq` may have been given out, so that a process that is started after this one
    /// was killed does not give it out again. Called before the records of a batch are made; must be cheap.
    fn reserve(&mut self, next_seq: u64);

    /// Notes that the records below `next_seq` are in the ring, of which those since the last call have so many raw bytes.
    /// Called behind each batch; must be cheap.
    fn stored(&mut self, _next_seq: u64, _bytes: u64) {}

    /// Batches may come. False while history is so far behind that records would leave the ring before they are written.
    fn has_room(&self) -> bool {
        true
    }

    /// How history on disk stands; none where none is kept.
    fn history(&self) -> Option<HistoryView> {
        None
    }
}
