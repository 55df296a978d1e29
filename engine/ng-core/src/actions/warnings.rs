//! What of a rule can never happen, and words that are searched for and were perhaps meant as a clause.

use super::condition::{Condition, Only};
use super::rule::AlertRule;
use super::words::words;
use ng_filter::{Env, Place, hint};

/// Words that ask for an absence in other languages.
const ABSENCE: [&str; 5] = ["no", "missing", "without", "nothing", "never"];

impl AlertRule {
    /// A sentence for each; none of them is refused. `env` is that of [`AlertRule::parse`].
    pub fn warnings(&self, env: &Env) -> Vec<String> {
        let mut found = Vec::new();
        if self.filter.never_matches(Place::Alerts, env) {
            found.push(match self.condition {
                Condition::Absent { .. } => "no event passes its filter, so that it always fires".into(),
                _ => "no event passes its filter, so that it never fires".to_owned(),
            });
        }
        found.extend(hint(self.filter.text()).map(|hint| hint.message));
        found.extend(self.first_word());
        found
    }

    /// What the first word of the filter may have been meant as.
    fn first_word(&self) -> Option<String> {
        let words = words(self.text.as_str()).ok()?;
        let [_, first, second, ..] = &words[..] else { return None };
        if !first.is_plain || second.is("then") {
            return None;
        }
        match first.text {
            "new" | "anomaly" if self.only == Only::Any => {
                let (word, rest) = (first.text, self.filter.text().strip_prefix(first.text)?.trim_start());
                Some(format!(
                    "{word} is searched for; events that are {word} are written behind the filter: when {rest} {word}"
                ))
            }
            word if ABSENCE.contains(&word) && self.hold_ns > 0 && self.condition == Condition::Each => {
                Some(format!("{word} is searched for; an absence is written FILTER absent for TIME"))
            }
            _ => None,
        }
    }
}
