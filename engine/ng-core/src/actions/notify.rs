//! Shows a message to the person at the console.

use super::{ActionType, Deed};

/// The action `notify`.
pub(super) static ACTION: ActionType = ActionType {
    name: "notify",
    summary: "Shows a message to everyone at a console, besides the event that is recorded.",
    deed: Deed::Notice,
};
