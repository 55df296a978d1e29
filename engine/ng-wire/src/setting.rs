//! Settings: one description serves the configuration file, a module's form on the screen, and the reference page.

use serde::{Deserialize, Serialize};

/// A value of a setting, as it stands in a file, a form or a frame.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum SettingValue {
    /// On or off.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number.
    Float(f64),
    /// Text; also a choice, a duration (`"30s"`) or a filter.
    Text(String),
    /// A list of texts, such as file globs.
    List(Vec<String>),
}

/// What a setting accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// `true` or `false`.
    Bool,
    /// A whole number within `min..=max`.
    Int,
    /// A finite number within `min..=max`.
    Float,
    /// Any text.
    Text,
    /// One of `choices`.
    Choice,
    /// An expression of the filter language; empty means every event.
    Filter,
    /// A list of texts.
    List,
}

/// The description of one setting.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Setting {
    /// Name within its table, such as `alert_threshold`.
    pub key: String,
    /// What it accepts.
    pub kind: Kind,
    /// The value used when nothing is configured.
    pub default: SettingValue,
    /// Smallest accepted number; absent for settings that are not numbers.
    pub min: Option<f64>,
    /// Largest accepted number; absent for settings that are not numbers.
    pub max: Option<f64>,
    /// Accepted texts of a `choice`; empty otherwise.
    pub choices: Vec<String>,
    /// Unit of a number (`s`, `B`, `/s`), empty when it has none.
    pub unit: String,
    /// One sentence: what it changes.
    pub summary: String,
}
