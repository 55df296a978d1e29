//! What of history cannot be read, in numbers and in words.

use super::day_file::Rows;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// What of history was found to be spoilt. It is set aside: never shown, and never taken for something else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// Events that were acknowledged and cannot be read.
    pub set_aside_events: u64,
    /// Rows that are there and are not what was written; a table that cannot be read through is one.
    pub set_aside_rows: u64,
    /// Files that cannot be opened; how many events they had is known of those that were closed in good order.
    pub set_aside_files: u64,
    /// Names of sources and types that cannot be read. Their events can.
    pub set_aside_names: u64,
}

impl Health {
    /// Nothing is set aside.
    pub fn is_good(&self) -> bool {
        *self == Health::default()
    }

    /// The most of two looks at the same history, of which each may have met what the other has not.
    pub fn or(self, other: Health) -> Health {
        Health {
            set_aside_events: self.set_aside_events.max(other.set_aside_events),
            set_aside_rows: self.set_aside_rows.max(other.set_aside_rows),
            set_aside_files: self.set_aside_files.max(other.set_aside_files),
            set_aside_names: self.set_aside_names.max(other.set_aside_names),
        }
    }

    pub(crate) fn add(&mut self, damage: &Damage) {
        self.set_aside_events += damage.gaps.values().sum::<u64>();
        self.set_aside_rows += damage.rows.len() as u64 + u64::from(damage.is_cut);
        self.set_aside_names += damage.names;
    }
}

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_good() {
            return write!(f, "all of history can be read");
        }
        let numbers = [
            (self.set_aside_events, "events"),
            (self.set_aside_rows, "rows"),
            (self.set_aside_files, "files"),
            (self.set_aside_names, "names"),
        ];
        let told = numbers.iter().filter(|(number, _)| *number > 0);
        let told: Vec<String> = told.map(|(number, what)| format!("{number} {what}")).collect();
        write!(f, "{} of history cannot be read and are left out", told.join(", "))
    }
}

/// What was found to be spoilt in a file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Damage {
    /// By how many events of the file stand before them: events that are missing.
    pub(crate) gaps: BTreeMap<u64, u64>,
    pub(crate) rows: BTreeSet<(Rows, u64)>,
    pub(crate) names: u64,
    /// The dictionary ends before it should, or a table cannot be read through.
    pub(crate) is_cut: bool,
}

impl Damage {
    /// Nothing was found.
    pub(crate) fn is_none(&self) -> bool {
        self.gaps.is_empty() && self.rows.is_empty() && self.names == 0 && !self.is_cut
    }

    /// Events from one place up to another are missing.
    pub(crate) fn missing(&mut self, from: u64, to: u64) {
        if from < to {
            let events = self.gaps.entry(from).or_default();
            *events = (*events).max(to - from);
        }
    }
}
