//! Samples: lines, and what has to come out of them.

use crate::encoders::message_text;
use jiff::Timestamp;
use ng_model::event::{Parsed, Reading, Text};
use ng_model::symbols::Sym;
use ng_wire::{Format, Level};

/// A sample of a format.
#[derive(Debug)]
pub(super) struct Sample {
    /// The lines.
    pub(super) line: String,
    /// Where in its file it stands.
    pub(super) place: String,
    /// Nanoseconds since 1970, UTC.
    pub(super) time_ns: Option<i64>,
    pub(super) level: Option<Level>,
    /// The message; the first line when it is none.
    pub(super) message: Option<String>,
    /// Fields, as they stand in the line.
    pub(super) fields: Vec<(String, String)>,
}

/// When lines are read whose sample states no time: 2026-11-22T12:00:00Z.
const SOME_TIME: i64 = 1_795_348_800_000_000_000;

impl Sample {
    /// The sample as a reading, which was written at the time that it states.
    pub(super) fn reading(&self) -> Reading<'_> {
        let now = self.time_ns.unwrap_or(SOME_TIME);
        Reading {
            source: Sym::default(),
            received_ns: now,
            written_ns: now,
            format: Format::Text,
            raw: self.line.as_bytes(),
        }
    }

    /// What came out that should not have, and what should have come out.
    pub(super) fn differences(&self, parsed: &Parsed) -> Vec<String> {
        let raw = self.line.as_bytes();
        let time = |time_ns: Option<i64>| {
            let time = time_ns.and_then(|time_ns| Timestamp::from_nanosecond(time_ns.into()).ok());
            time.map_or("none".to_owned(), |time| time.to_string())
        };
        let level = |level: Option<Level>| level.map_or("none", |level| level.name());
        let text = |text: Text| String::from_utf8_lossy(&message_text(Format::Text, raw, text)).into_owned();
        let mut found = Vec::new();
        let mut compare = |what: &str, found_text: String, expected: String| {
            if found_text != expected {
                found.push(format!("{what} is {found_text}, expected {expected}"));
            }
        };
        compare("time", time(parsed.time_ns), time(self.time_ns));
        compare("level", level(parsed.level).to_owned(), level(self.level).to_owned());
        let first_line = self.line.trim_start_matches('\n').lines().next().unwrap_or_default().trim_ascii_end();
        let message = self.message.as_deref().unwrap_or(first_line);
        compare("message", text(parsed.message), message.to_owned());
        for (name, expected) in &self.fields {
            let value = parsed.field(raw, name).map_or("none".to_owned(), |field| text(field.value));
            compare(name, value, expected.clone());
        }
        found
    }
}
