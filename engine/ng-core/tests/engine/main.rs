//! The assembled engine: readings in, records out, and everything that commands change in between.
//!
//! # Layout
//!
//! `bench.rs` is an engine fed by hand. `readings.rs` is about what becomes of any reading, `golden.rs` about chosen ones
//! (`cases/*.jsonl`), `scores.rs` about novelty; `modules.rs` switches modules, `settings.rs` and `rules.rs` change every
//! setting that exists, `commands.rs` is about refusals and what is written down, `measures.rs` about what is counted.
//! `detection.rs` is about frozen sources, silence and load, `feedback.rs` about what operators say of events. `zones.rs`
//! sets clocks forward and back. `constitution.rs` amends, tries and rolls back. `checkpoint.rs` saves and restores.
//! `meaning.rs` is about messages in objects, levels, fields and numbers. `batches.rs` is about how readings are handed over. `event_loop.rs` and `alerts.rs` run real threads.

mod alerts;
mod batches;
mod bench;
mod checkpoint;
mod commands;
mod constitution;
mod detection;
mod event_loop;
mod feedback;
mod golden;
mod incidents;
mod meaning;
mod measures;
mod modules;
mod readings;
mod rules;
mod scores;
mod settings;
mod silences;
mod zones;
