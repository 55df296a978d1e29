//! Blocks of events for history, whose headers alone say how often a word stands in them.
//!
//! Every event has its pattern before it is written, and what is constant in a pattern is said once for all its events. So a
//! word is counted without a block being opened: by the events of the patterns in which it is constant, and by what the header
//! of a block says of the words that vary.
//!
//! ```text
//! Run ─Sealer─▶ Sealed { header, body } ─┬─▶ BlockHeader ── count, prune
//!       │  ▲                             └─▶ Body ───────── Run, scan
//!       ▼  │
//!     Dictionary ─────────────────────────── Lookup of a Term
//! ```
//!
//! # Layout
//!
//! `event.rs` is what is kept of an event, `run.rs` has events in plain form, and `batch.rs` the form that they have until there
//! is a block of them. `words.rs` says what a word is, `dictionary.rs` numbers them, `index.rs` counts those of
//! a run, `sealer.rs` makes a block of it. `header.rs` and `body.rs` are the two parts of a block as they are written, with
//! `planes.rs` for columns of numbers, `word_filter.rs`, `framed.rs` and `varint.rs`. `term.rs` is what is looked for; `count.rs`
//! and `prune.rs` answer from a header, `scan.rs` from a body. All of this is pure; `store/` keeps it on disk.
//!
//! No byte of a block is believed: what is damaged is an error and never a panic, and takes no more memory than a block may have.

#![forbid(unsafe_code)]

mod batch;
mod body;
mod count;
mod dictionary;
mod event;
mod framed;
mod header;
mod index;
mod planes;
mod prune;
mod run;
mod scan;
mod sealer;
pub mod store;
mod term;
mod varint;
mod word_filter;
pub mod words;

pub use batch::{Batch, Packer};
pub use body::Body;
pub use count::{Counted, count, count_by};
pub use dictionary::{Dictionary, MAX_WORD_LEN, MAX_WORDS, Version};
pub use event::EventHeader;
pub use header::{BlockHeader, Pair};
pub use prune::may_contain;
pub use run::{MAX_BYTES, MAX_EVENTS, Run};
pub use scan::Scanner;
pub use sealer::{Sealed, Sealer};
pub use term::{Lookup, Term};
pub use word_filter::WordFilter;

use std::fmt;

/// Bytes of history are not what was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Damaged {
    /// What they should be.
    pub part: &'static str,
}

impl fmt::Display for Damaged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the {} of a block of history cannot be read back", self.part)
    }
}

impl std::error::Error for Damaged {}
