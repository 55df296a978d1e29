//! What rules and stages ask of the event loop.

use super::ActionType;
use ng_wire::Level;

/// What the event loop is asked to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Record that a rule acts, and do what it says.
    Alert(Alert),
    /// Record an event of the engine itself. No rule asks for it: detection does, about more than one event.
    Note {
        /// The event, as JSON.
        json: String,
    },
}

/// What a rule has to say when it acts, or when what it told of has ended.
#[derive(Clone, Debug)]
pub struct Alert {
    /// Name of the rule.
    pub rule: String,
    /// The key of its group; none of a rule without `by`.
    pub group: Option<String>,
    /// Severity given by the rule; of an end `notice`.
    pub level: Level,
    /// What happened, in one line that starts with the name of the rule; not sanitised.
    pub text: String,
    /// It fires no more. Nothing but the event tells of that.
    pub is_end: bool,
    /// Matching events that the text counts.
    pub count: u64,
    /// The first matching event.
    pub first_seq: Option<u64>,
    /// The latest matching event.
    pub last_seq: Option<u64>,
    /// What the rule does.
    pub actions: Vec<&'static ActionType>,
}

impl Alert {
    /// The event that tells of it, as JSON.
    pub fn event(&self) -> String {
        let actions: Vec<_> = self.actions.iter().map(|action| action.name).collect();
        let mut event = serde_json::json!({
            "type": if self.is_end { "alert.resolved" } else { "alert.firing" },
            "level": self.level.name(),
            "message": self.text,
            "rule": self.rule,
            "action": actions.join(", "),
            "count": self.count,
        });
        let numbers = [("first_seq", self.first_seq), ("last_seq", self.last_seq), ("about", self.last_seq)];
        for (key, seq) in numbers.into_iter().filter_map(|(key, seq)| Some((key, seq?))) {
            event[key] = seq.into();
        }
        if let Some(group) = &self.group {
            event["group"] = group.as_str().into();
        }
        event.to_string()
    }
}

impl PartialEq for Alert {
    fn eq(&self, other: &Alert) -> bool {
        self.text == other.text && self.group == other.group && self.event() == other.event()
    }
}
