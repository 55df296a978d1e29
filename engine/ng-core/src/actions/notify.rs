//! Shows a message to the person at the console.

use super::{ActionType, Alert, Effect};

/// The action `notify`.
pub(super) static ACTION: ActionType = ActionType {
    name: "notify",
    summary: "Shows a message to everyone at a console.",
    effect: |Alert { rule, level, text, seq }| Effect::Notify { rule, level, text, seq },
};
