//! Writes a line to the engine's log.

use super::{ActionType, Alert, Effect};

/// The action `log`.
pub(super) static ACTION: ActionType = ActionType {
    name: "log",
    summary: "Writes a line to the log of the engine.",
    effect: |Alert { rule, level, text, seq }| Effect::Log { rule, level, text, seq },
};
