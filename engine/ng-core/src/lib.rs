//! The pipeline of the engine. Pure: no I/O, no threads and no clock outside `event_loop.rs`.
//!
//! ```text
//! Reading → gateway → Event → guard → patterns → detect → route → actions → RecordHeader in the store
//! ```
//!
//! # Layout
//!
//! `engine.rs` is the only file that knows the order of the stages; the stages do not import each other. What they
//! share lies in crates below: `ng-model` (events, records, settings), `ng-reading` (the encoders), `ng-filter` (the
//! filter language), `ng-detect` (the detectors). `gateway.rs` finds the events, and in `labelled_streams.rs` the
//! streams of metrics; `guard/`, `patterns/`, `route/`, `incidents/` and `actions/` are the stages that lie here, and
//! `silences.rs` keeps from the last two what is known already, and `resumed.rs` what was read before a restart. `store/`
//! is the ring; `convert.rs` makes of what it holds what crosses a border. `registry.rs` is the table of modules, `sources.rs`
//! what is known of the sources, `views.rs` what is shown of all this. `checkpoint.rs` puts in order what of the stages
//! is saved, and `relearning.rs` learns from history what came after it.
//!
//! `commands/` has a file for each command, which meets the engine as a `command_context.rs` and leaves overrides behind;
//! `constitution/` keeps what they changed of rules and weights in versions, `feedback.rs` what operators said of
//! events. `world.rs` is what is asked of the outside. `event_loop.rs` owns the thread, the channels and the real clock.

#![forbid(unsafe_code)]

pub mod actions;
pub mod checkpoint;
pub mod command_context;
pub mod commands;
pub mod constitution;
pub mod convert;
pub mod engine;
pub mod event_loop;
pub mod feedback;
pub mod gateway;
pub mod guard;
pub mod incidents;
mod labelled_streams;
pub mod patterns;
pub mod registry;
pub mod relearning;
mod resumed;
pub mod route;
pub mod silences;
pub mod sources;
pub mod store;
pub mod views;
pub mod world;
