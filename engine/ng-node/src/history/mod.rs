//! History of a running engine: a thread follows the ring and keeps its records on disk.
//!
//! ```text
//! engine ── ring ─▶ Recorder ─▶ Journal          CommitProgress: how far it is, for the engine and for whoever waits
//!              ▲                    │
//!              └───── refill ◀──────┘             at the start
//! ```
//!
//! # Layout
//!
//! `keeping.rs` says what is kept where, by the configuration; `opened.rs` leads from there to a history that is written, of
//! which `refill.rs` brings the latest back into the ring; `recorder.rs` is the thread, `recording.rs` what others see of it.
//! `past.rs` is what a filter finds there, `archive.rs` has it for many who ask; `records.rs` puts it together with the ring.

mod archive;
mod keeping;
mod opened;
mod past;
mod recorder;
mod recording;
mod records;
mod refill;

pub use archive::Archive;
pub use keeping::{Keeper, Keeping};
pub use ng_journal::store::{Budget, Error, Group, Info, Key, Order, Progress};
pub use past::Past;
pub use records::{Records, Wanted};

pub(crate) use opened::{History, Opened};
pub(crate) use recording::Recording;
pub(crate) use refill::known_lines;
