//! The pipeline of the engine. Pure: no I/O, no threads and no clock outside `host.rs`.
//!
//! ```text
//! Reading → encoders → Event → guard → patterns → detect → route → actions → Head in the store
//! ```
//!
//! # Layout
//!
//! `engine.rs` is the only file that knows the order of the stages; the stages do not import each other. Shared words
//! live in `event.rs` (what a stage reads), `record.rs` (what a stage concludes), `symbols.rs` (interned names) and
//! `settings.rs` (validated settings), `zone.rs` (local time), `saved/` (the words of a saved state, whose parts `learnt.rs`
//! puts in order).
//! `commands/` has a file for each command, which meets the engine as a `session.rs` and leaves `overrides.rs` behind;
//! `constitution/` keeps what they changed of rules and weights in versions, `feedback.rs` what operators said of
//! events. `host.rs` owns the thread, the channels and the real clock.

pub mod actions;
pub mod commands;
pub mod constitution;
pub mod convert;
pub mod detect;
mod elapsed;
pub mod encoders;
pub mod engine;
pub mod event;
pub mod feedback;
pub mod filter;
pub mod gateway;
pub mod guard;
pub mod host;
pub mod intake;
pub mod learnt;
pub mod matched;
pub mod overrides;
pub mod patterns;
pub mod record;
pub mod refusal;
pub mod registry;
pub mod route;
pub mod safe_text;
pub mod saved;
pub mod session;
pub mod settings;
pub mod sources;
pub mod store;
pub mod symbols;
pub mod views;
pub mod world;
pub mod zone;
