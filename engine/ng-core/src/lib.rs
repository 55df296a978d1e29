//! The pipeline of the engine. Pure: no I/O, no threads and no clock outside `event_loop.rs`.
//!
//! ```text
//! Reading → encoders → Event → guard → patterns → detect → route → actions → Head in the store
//! ```
//!
//! # Layout
//!
//! `engine.rs` is the only file that knows the order of the stages; the stages do not import each other. What they share
//! lies in crates below: `ng-model` (events, records, settings), `ng-reading` (the encoders), `ng-filter` (the filter
//! language), `ng-detect` (the detectors). `checkpoint.rs` puts in order what of the stages is saved.
//! `commands/` has a file for each command, which meets the engine as a `command_context.rs` and leaves overrides behind;
//! `constitution/` keeps what they changed of rules and weights in versions, `feedback.rs` what operators said of
//! events. `event_loop.rs` owns the thread, the channels and the real clock.

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
pub mod patterns;
pub mod registry;
pub mod route;
pub mod sources;
pub mod store;
pub mod views;
pub mod world;
