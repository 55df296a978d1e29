//! Reading: from bytes to events. Pure: the same bytes give the same events, in every process.
//!
//! # Layout
//!
//! `source_reader` is the way of one source, from its bytes to its events: `decode/` unpacks and decodes, `lines` splits
//! bytes into lines, `colours` and `container` undo what others did to a line, `join/` puts lines together; `item` is what comes out. `unwrap/` finds
//! what containers and syslog put around a line; each wrapper is a file there. `encoders/` finds time, level, fields and
//! values in what is inside; each format is a file there. `trace_shape` knows the lines of stack traces. `formats/` does so for
//! lines whose notation a file declares. `recogniser` leads a line through these three; `report` says of a whole log what reads it.

#![forbid(unsafe_code)]

mod colours;
mod container;
pub mod decode;
pub mod encoders;
pub mod formats;
mod item;
mod join;
pub mod lines;
pub mod recogniser;
pub mod report;
pub mod source_reader;
mod trace_shape;
mod unwrap;
