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
//! `settings.rs` (validated settings), `saved/` (the words of a saved state, whose parts `learnt.rs` puts in order).
//! `constitution/` keeps what commands changed of rules and weights in versions, `feedback.rs` what operators said of
//! events. `host.rs` owns the thread, the channels and the real clock; `supervise.rs` catches
//! panics for whoever starts a thread.

pub mod actions;
pub mod constitution;
pub mod control;
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
pub mod patterns;
pub mod record;
pub mod registry;
pub mod route;
pub mod safe_text;
pub mod saved;
pub mod settings;
pub mod sources;
pub mod store;
pub mod supervise;
pub mod symbols;
pub mod views;
pub mod world;
