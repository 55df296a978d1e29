//! Records an event, which is done about every act of a rule.

use super::{ActionType, Deed};

/// The action `log`.
pub(super) static ACTION: ActionType = ActionType {
    name: "log",
    summary: "Records an event `alert.firing`, as every action does, and tells nobody else.",
    deed: Deed::Record,
};
