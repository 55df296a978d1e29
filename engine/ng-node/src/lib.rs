//! One configuration becomes a running engine with its sensors and state. The only assembler.
//!
//! # Layout
//!
//! `config` turns layers of TOML into checked values with their origin; `state` keeps what commands changed, under one
//! lock, and `high_water_mark` where the numbering stands, in a `private_folder`; `history` keeps events on disk; `zone` finds local time; `engine_parts` makes an engine of a configuration,
//! `node` starts everything; `score`
//! drives an engine without a thread over an input that ends. `error` is how each of them fails, `warnings` what is valid and
//! hardly meant.

#![forbid(unsafe_code)]

pub mod config;
mod engine_parts;
mod error;
mod high_water_mark;
pub mod history;
mod node;
pub mod private_folder;
pub mod score;
mod state;
mod warnings;
pub mod zone;

pub use error::NodeError;
pub use node::{Delivered, Node, NodeOptions, Subscription};
pub use state::{StateAccess, check_state_dir, lock_owner, replace};
pub use warnings::warnings;
