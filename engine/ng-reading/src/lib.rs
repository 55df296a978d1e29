//! Reading: from bytes to events. Pure: the same bytes give the same events, in every process.
//!
//! # Layout
//!
//! `unwrap/` finds what containers and syslog put around a line; each wrapper is a file there. `encoders/` finds time, level,
//! fields and values in what is inside; each format is a file there.

#![forbid(unsafe_code)]

pub mod encoders;
mod unwrap;
