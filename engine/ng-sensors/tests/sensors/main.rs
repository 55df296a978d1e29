//! The sensors against real files, pipes and processes.

mod files;
mod hostile;
mod journald;
mod merged;
mod missing;
mod names;
mod rig;
mod rotation;
mod stdin;
mod steady;
mod supervised;
