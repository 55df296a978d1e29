//! Saves what an engine has learnt: every few minutes in slices, and whole when it ends.

use crate::checkpoint::{Checkpoint, Truncation};
use crate::engine::Engine;
use crate::store::Shared;
use crate::world::World;

/// Ticks from one saved state to the next, or records: so many are learnt again from history within a second of a start.
const SAVED_AFTER: u32 = 300;
const SAVED_AFTER_RECORDS: u64 = 150_000;
/// Bytes of the state that are saved in a tick.
const SLICE: usize = 2 * 1024 * 1024;

/// How far the saving is, and what was told of it.
#[derive(Debug, Default)]
pub(super) struct Checkpointer {
    /// Ticks since a state was begun.
    ticks: u32,
    /// The record that came next when it was, or at the start.
    seq: Option<u64>,
    saving: Option<Checkpoint>,
    /// The latest state could not be kept.
    is_unwritable: bool,
    /// What did not fit into it.
    left_out: Truncation,
}

impl Checkpointer {
    /// Goes on, once a second and when the engine ends; returns the events that tell of it, as JSON. An engine that has
    /// learnt nothing leaves an earlier state as it is.
    pub(super) fn step(
        &mut self,
        engine: &Engine,
        store: &Shared,
        world: &mut dyn World,
        engine_ends: bool,
    ) -> Vec<String> {
        let mut notes = Vec::new();
        if !world.keeps_checkpoints() || engine.patterns.is_empty() {
            return notes;
        }
        self.ticks += 1;
        let next_seq = store.lock().next_seq();
        let records = next_seq - *self.seq.get_or_insert(next_seq);
        let is_due = self.ticks >= SAVED_AFTER || records >= SAVED_AFTER_RECORDS;
        if engine_ends || (self.saving.is_none() && is_due) {
            (self.ticks, self.seq) = (0, Some(next_seq));
            self.saving = Some(engine.begin_saving(engine_ends));
        }
        if let Some(mut saving) = self.saving.take() {
            // Readers of the store do not wait for it.
            let symbols = store.lock().symbols_arc();
            if engine.save(&mut saving, &symbols, if engine_ends { usize::MAX } else { SLICE }) {
                notes.extend(self.told_left_out(saving.left_out()));
                world.save(saving, engine_ends);
            } else {
                self.saving = Some(saving);
            }
        }
        notes.extend(world.poll().and_then(|kept| self.told_kept(kept)));
        notes
    }

    /// The state cannot be kept, or can again.
    fn told_kept(&mut self, kept: Result<(), String>) -> Option<String> {
        let before = std::mem::replace(&mut self.is_unwritable, kept.is_err());
        let (kind, level, message) = match kept {
            Err(error) => {
                let message = format!("what was learnt could not be saved, and a restart would lose it: {error}");
                ("state.unwritable", "warn", message)
            }
            Ok(()) => ("state.written", "notice", "what was learnt is saved again".to_owned()),
        };
        let note = serde_json::json!({ "type": kind, "level": level, "message": message });
        (before != self.is_unwritable).then(|| note.to_string())
    }

    /// The state does not hold everything, or does again.
    fn told_left_out(&mut self, left_out: Truncation) -> Option<String> {
        let nothing = Truncation::default();
        let before = std::mem::replace(&mut self.left_out, left_out);
        let Truncation { patterns, links, groups, detectors } = left_out;
        let (kind, message) = if left_out == nothing {
            ("state.whole", "all that was learnt is saved again".to_owned())
        } else {
            let what =
                format!("{patterns} patterns, {links} links, {groups} groups of alert rules and {detectors} detectors");
            ("state.partial", format!("the saved state is full: {what} are left out, those not met for longest"))
        };
        let note = serde_json::json!({
            "type": kind, "level": "notice", "message": message, "patterns": patterns, "links": links,
            "groups": groups, "detectors": detectors,
        });
        ((before == nothing) != (left_out == nothing)).then(|| note.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::EngineParts;
    use crate::guard::{Guard, Policy};
    use crate::registry::MODULES;
    use crate::store::Store;
    use ng_detect::Kernel;
    use ng_filter::Env;
    use ng_model::event::Reading;
    use ng_model::overrides::Overrides;
    use ng_model::settings::Values;
    use ng_wire::Format;
    use parking_lot::Mutex;
    use std::sync::Arc;

    /// A disk that is full or not.
    #[derive(Default)]
    struct Disk {
        is_full: bool,
        kept: Vec<Checkpoint>,
        latest: Option<Result<(), String>>,
    }

    impl World for Disk {
        fn now_ns(&self) -> i64 {
            0
        }

        fn persist(&mut self, _overrides: &Overrides) -> Result<(), String> {
            Ok(())
        }

        fn save(&mut self, state: Checkpoint, _engine_ends: bool) {
            self.latest = Some(if self.is_full { Err("full".into()) } else { Ok(()) });
            self.kept.extend((!self.is_full).then_some(state));
        }

        fn keeps_checkpoints(&self) -> bool {
            true
        }

        fn poll(&mut self) -> Option<Result<(), String>> {
            self.latest.take()
        }

        fn reserve(&mut self, _next_seq: u64) {}
    }

    fn engine() -> Engine {
        Engine::new(EngineParts {
            values: MODULES.iter().map(|module| Values::defaults(module.settings)).collect(),
            guard: Guard::new(&Policy::defaults(), &Env::default()).unwrap(),
            alerts: Vec::new(),
            zones: ng_model::zone::Zones::default(),
            vocabulary: ng_reading::encoders::Vocabulary::default(),
            formats: ng_reading::formats::Formats::built_in(),
            kernel: Kernel::Auto,
        })
    }

    #[test]
    fn a_state_is_kept_every_five_minutes_and_a_fault_is_told_once() {
        let (mut engine, mut disk, mut checkpointer) = (engine(), Disk::default(), Checkpointer::default());
        let store: Shared = Arc::new(Mutex::new(Store::new(100)));
        let mut run = |engine: &Engine, disk: &mut Disk, ticks: u32| -> Vec<String> {
            (0..ticks).flat_map(|_| checkpointer.step(engine, &store, disk, false)).collect()
        };
        assert_eq!(run(&engine, &mut disk, 1000), [] as [&str; 0]);
        assert!(disk.kept.is_empty(), "nothing was learnt");
        let source = store.lock().intern("test");
        let reading = Reading { source, received_ns: 0, written_ns: 0, format: Format::Text, raw: b"a line" };
        engine.step(&mut store.lock(), &reading, None);
        assert_eq!(run(&engine, &mut disk, 2 * SAVED_AFTER), [] as [&str; 0]);
        assert_eq!(disk.kept.len(), 2);
        disk.is_full = true;
        let told = run(&engine, &mut disk, 3 * SAVED_AFTER);
        assert!(told.len() == 1 && told[0].contains("state.unwritable") && told[0].contains("full"), "{told:?}");
        disk.is_full = false;
        let told = run(&engine, &mut disk, 2 * SAVED_AFTER);
        assert!(told.len() == 1 && told[0].contains("state.written"), "{told:?}");
    }

    #[test]
    fn what_is_left_out_is_told_when_it_begins_and_when_it_ends() {
        let mut checkpointer = Checkpointer::default();
        let some = Truncation { patterns: 3, ..Truncation::default() };
        let told: Vec<_> = [Truncation::default(), some, Truncation { links: 1, ..some }, Truncation::default()]
            .into_iter()
            .map(|left_out| checkpointer.told_left_out(left_out))
            .collect();
        assert!(told[0].is_none() && told[2].is_none(), "{told:?}");
        assert!(
            told[1]
                .as_ref()
                .unwrap()
                .contains("3 patterns, 0 links, 0 groups of alert rules and 0 detectors are left out"),
            "{told:?}"
        );
        assert!(told[3].as_ref().unwrap().contains("state.whole"), "{told:?}");
    }
}
