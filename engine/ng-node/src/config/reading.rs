//! The words and keys that somebody adds to those that reading knows.

use super::Config;
use crate::NodeError;
use ng_reading::encoders::{Added, Vocabulary};
use ng_wire::{Level, SettingValue};

impl Config {
    /// The words of levels and the keys that lines are read by.
    pub fn vocabulary(&self) -> Result<Vocabulary, NodeError> {
        let mut added = Added::default();
        for (word, name) in self.texts("reading.levels") {
            let level = Level::ALL.into_iter().find(|level| level.name() == name);
            let level = level.ok_or_else(|| {
                let names = Level::ALL.map(Level::name).join(", ");
                self.refuse(&format!("reading.levels.{word}"), &format!("expected one of {names}"))
            })?;
            added.levels.push((word, level));
        }
        let keys = |name: &str| match self.get(&format!("reading.keys.{name}")) {
            Some(SettingValue::List(keys)) => keys.clone(),
            _ => Vec::new(),
        };
        (added.time, added.level, added.message) = (keys("time"), keys("level"), keys("message"));
        Vocabulary::new(&added).map_err(|error| {
            let of = |name: &&str| keys(name).contains(&error.word);
            let path = match ["time", "level", "message"].into_iter().find(of) {
                Some(name) => format!("reading.keys.{name}"),
                None => format!("reading.levels.{}", error.word),
            };
            self.refuse(&path, &format!("expected {}, found '{}'", error.expected, error.word))
        })
    }

    fn refuse(&self, path: &str, what: &str) -> NodeError {
        NodeError::config("NG-2104", self.origin(path).to_string(), format!("{path}: {what}"))
    }
}
