//! History on disk: a folder of day files, which are SQLite databases of blocks.
//!
//! ```text
//! Run ─Journal.append─▶ tail of the hot file ─seal─▶ its blocks ─close_step─▶ closed file ─retain─▶ gone
//!                          └───────────────────────────┴──────────── Reader ───────┘
//! ```
//!
//! # Layout
//!
//! `folder.rs` names the files and holds the lock, `schema.rs` opens them, `day_file.rs` is the rows of one, `catalog.rs` the
//! summary of all, `mark.rs` what was last acknowledged. `journal.rs` writes: `hot.rs` is the file that events go into,
//! `closing.rs` is a file in its last form while `close_step.rs` makes it, `retention.rs` takes the oldest away, `extent.rs` says how
//! much there is. `settings.rs` is what a person says of all this. `shelf.rs` is one file as it is read, with `names.rs` for what
//! it calls things, `walk.rs` a `question.rs` on its way through one with the `classes.rs` that are asked for, `reader.rs` all of
//! them, of which `info.rs` tells. `health.rs` and `error.rs` say what is wrong.
//!
//! Here alone history touches the outside.

mod catalog;
mod classes;
mod close_step;
mod closing;
mod day_file;
mod error;
mod extent;
mod folder;
mod health;
mod hot;
mod info;
mod journal;
mod mark;
mod names;
mod question;
mod reader;
mod retention;
mod schema;
mod settings;
mod shelf;
mod walk;

pub use error::{Error, Result};
pub use extent::Extent;
pub use health::Health;
pub use info::Info;
pub use journal::{Journal, Sizes};
pub use question::{Budget, Group, Key, Predicate, Progress, Question};
pub use reader::Reader;
pub use retention::{Limits, Removed};
pub use settings::SETTINGS;
pub use shelf::Order;
