//! What commands changed against the configuration.

use ng_wire::{Constitution, Judgements, SettingValue, Silences};
use std::collections::{BTreeMap, BTreeSet};

/// Written to the state directory before it takes effect, and taken up again at the next start.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Overrides {
    /// Module flags.
    pub enabled: BTreeMap<String, bool>,
    /// Module settings; Guardian's are named `rule.key`.
    pub settings: BTreeMap<String, BTreeMap<String, SettingValue>>,
    /// Weights of the dimensions, and the history of these and of Guardian's settings.
    pub constitution: Constitution,
    /// Names of the sources whose events are scored and not learnt.
    pub frozen: BTreeSet<String>,
    /// What operators said of events.
    pub feedback: Judgements,
    /// What is held back, and until when.
    pub silences: Silences,
}
