//! Learning again, from what history has, what an engine that was killed had learnt and not saved.

use crate::engine::Engine;
use crate::registry::Registry;
use crate::resumed::Resumed;
use crate::store::Store;
use ng_model::event::Reading;
use ng_model::record::{NO_PATTERN, StoredRecord};
use ng_wire::Format;

/// Takes records of an earlier process through all stages, oldest first. What they teach is learnt; nothing is recorded, counted or
/// told, for all of that was done then. It ends when it is dropped.
pub struct Relearning<'a> {
    engine: &'a mut Engine,
    /// What the modules measured, without this.
    registry: Registry,
    /// Where the records go, for they are in the ring or on disk already.
    scratch: Store,
    after_ns: i64,
}

impl Engine {
    /// Begins to learn what is not in the state that was restored. Not for an engine that runs.
    pub fn relearn(&mut self) -> Relearning<'_> {
        let registry = self.registry.with_flags();
        let registry = std::mem::replace(&mut self.registry, registry);
        let after_ns = self.resumed.latest_ns();
        // What comes after it was not known when the state was saved.
        self.resumed = Resumed::default();
        Relearning { engine: self, registry, scratch: Store::new(1), after_ns }
    }
}

impl Relearning<'_> {
    /// Takes a record whose names are those of a store, unless it arrived before the state was saved.
    pub fn take(&mut self, store: &mut Store, stored: &StoredRecord<'_>) {
        let head = stored.head;
        if head.received_ns <= self.after_ns {
            return;
        }
        let source = store.intern(stored.source());
        let reading = Reading {
            source,
            received_ns: head.received_ns,
            // Nobody knows any more; what a timestamp leaves open is not later than its arrival.
            written_ns: head.received_ns,
            format: as_read(head.format),
            raw: stored.raw,
        };
        store.swap_symbols(&mut self.scratch);
        self.scratch.begin_at(head.seq);
        self.engine.learn_next(self.engine.sources.learns_from(source));
        let (next, known) = (self.engine.patterns.next_id(), head.detection.pattern);
        if known != NO_PATTERN && self.engine.patterns.get(known).is_none() {
            // A pattern that is new again is the one of this number in all records that have it.
            self.engine.patterns.go_on_at(known);
        }
        self.engine.step(&mut self.scratch, &reading, None);
        self.engine.patterns.go_on_at(next);
        self.engine.effects.clear();
        store.swap_symbols(&mut self.scratch);
    }
}

impl Drop for Relearning<'_> {
    fn drop(&mut self) {
        std::mem::swap(&mut self.engine.registry, &mut self.registry);
        self.engine.resumed = Resumed::behind(self.engine.resumed.latest_ns().max(self.after_ns));
        self.engine.learn_next(true);
    }
}

/// What a sensor knew of the format of a reading that became a record of this one.
fn as_read(format: Format) -> Format {
    match format {
        // Sensors hand on what they know for certain; these are found in text.
        Format::Json => Format::Text,
        format => format,
    }
}
