//! History: the events that were, on disk.
//!
//! # Layout
//!
//! `past` is what a filter finds there.

mod past;

pub use ng_journal::store::{Budget, Error, Group, Info, Key, Order, Progress};
pub use past::Past;
