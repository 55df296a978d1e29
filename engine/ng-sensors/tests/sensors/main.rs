//! The sensors against real files, pipes and processes.

mod files;
mod hostile;
mod journald;
mod rig;
mod rotation;
mod stdin;
mod steady;
