//! Commands: the only way back from a client to the engine.

use crate::{Mode, SettingValue};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A command with the number under which it is answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Request {
    /// Chosen by the client; the answer `Frame::Result` or `Frame::Error` repeats it.
    pub id: u64,
    /// Who asks, for the audit event.
    pub actor: String,
    /// What is asked.
    pub command: Command,
}

/// Everything a client may ask of the engine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Switches a module on or off. Takes effect with the next batch.
    SetModule {
        /// Module id.
        module: String,
        /// The wanted state.
        enabled: bool,
    },
    /// Changes settings of a module. Refused whole if one value is refused.
    Configure {
        /// Module id.
        module: String,
        /// New values by key; keys that are absent keep their value.
        values: BTreeMap<String, SettingValue>,
    },
    /// Sets a rule of Guardian to observe or enforce.
    SetRuleMode {
        /// Name of the rule.
        rule: String,
        /// The wanted mode.
        mode: Mode,
    },
}
