//! The words that the rooms of the engine share.
//!
//! ```text
//! sensors ── intake ─▶ event ─▶ record     what a stage reads, and what it concludes
//!            field span                    what an event is made of, and where that stands in its bytes
//!            settings overrides refusal    what can be set, what commands changed, why one is refused
//!            symbols zone elapsed          names, local time, time that only runs forward
//!            evidence bins                 whether something has become more frequent; when events came
//!            duration                      how long something is, in words
//!            safe_text checkpoint          text for a terminal, the form of a saved state
//!            supervise                     panics, caught for whoever starts a thread
//!            commit_progress               how far history on disk is behind the ring
//! ```

#![forbid(unsafe_code)]

pub mod bins;
pub mod checkpoint;
pub mod commit_progress;
pub mod duration;
pub mod elapsed;
pub mod event;
pub mod evidence;
pub mod field;
pub mod intake;
pub mod matched;
pub mod overrides;
pub mod record;
pub mod refusal;
pub mod safe_text;
pub mod settings;
pub mod span;
pub mod supervise;
pub mod symbols;
pub mod zone;
