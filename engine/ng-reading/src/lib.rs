//! Reading: from bytes to events. Pure: the same bytes give the same events, in every process.
//!
//! # Layout
//!
//! `lines` splits bytes into lines, in bounded memory. `encoders/` finds time, level, fields and values in one reading; each
//! format is a file there.

#![forbid(unsafe_code)]

pub mod encoders;
pub mod lines;
