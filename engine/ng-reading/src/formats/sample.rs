//! Samples: lines, and what has to come out of them.

use super::declared::Declared;
use super::fields::Meaning;
use super::file::{Fault, File};
use crate::encoders::{Clock, message_text};
use jiff::Timestamp;
use ng_model::event::{Parsed, Reading, Text};
use ng_model::symbols::Sym;
use ng_wire::{Format, Level};
use toml::Spanned;
use toml::de::DeValue;

/// A sample of a format.
#[derive(Debug)]
pub(super) struct Sample {
    /// The lines.
    pub(super) line: String,
    place: String,
    /// Nanoseconds since 1970, UTC.
    pub(super) time_ns: Option<i64>,
    level: Option<Level>,
    /// The message; the first line when it is none.
    message: Option<String>,
    /// Fields, as they stand in the line.
    fields: Vec<(String, String)>,
}

/// When lines are read whose sample states no time: 2026-11-22T12:00:00Z.
const SOME_TIME: i64 = 1_795_348_800_000_000_000;

impl Sample {
    /// Reads a table `[[sample]]`.
    pub(super) fn read<'t>(file: &mut File<'t>, value: &Spanned<DeValue<'t>>) -> Option<Sample> {
        let table = file.table("sample", value)?;
        file.known("a sample", table, &["line", "time", "level", "message", "fields"]);
        let Some(line) = table.get("line") else { return file.expected(value, "sample", "a line") };
        let place = file.place(line.span().start);
        let line = file.string("sample.line", line)?;
        let time_ns = match table.get("time") {
            None => None,
            Some(value) => match file.string("sample.time", value)?.parse::<Timestamp>() {
                Ok(time) => i64::try_from(time.as_nanosecond()).ok(),
                Err(_) => return file.expected(value, "sample.time", "a time such as 2026-11-22T10:00:00.5Z"),
            },
        };
        let level = match table.get("level") {
            None => None,
            Some(value) => match file.string("sample.level", value)?.parse() {
                Ok(level) => Some(level),
                Err(_) => {
                    return file.expected(value, "sample.level", "trace, debug, info, notice, warn, error or fatal");
                }
            },
        };
        let message = match table.get("message") {
            None => None,
            Some(value) => Some(file.string("sample.message", value)?),
        };
        let mut fields = Vec::new();
        if let Some(value) = table.get("fields") {
            for (key, value) in file.table("sample.fields", value)? {
                let text = match value.get_ref() {
                    DeValue::String(text) => text.to_string(),
                    DeValue::Integer(number) => number.to_string(),
                    DeValue::Float(number) => number.to_string(),
                    _ => return file.expected(value, "sample.fields", "a text or a number"),
                };
                fields.push((key.get_ref().to_string(), text));
            }
        }
        Some(Sample { line, place, time_ns, level, message, fields })
    }

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
    fn differences(&self, parsed: &Parsed) -> Vec<String> {
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

/// What is wrong with the samples of a format.
pub(super) fn check(format: &Declared) -> Vec<Fault> {
    let mut parsed = Parsed::default();
    let mut faults = Vec::new();
    for sample in &format.samples {
        let mut tell = |what: String| faults.push(Fault { place: sample.place.clone(), what });
        parsed.clear();
        // Each is of a source of its own: times without a date depend on those before.
        if !format.read(&sample.reading(), &Clock::utc(), &mut parsed) {
            tell("sample: the pattern does not read this line".into());
            continue;
        }
        sample.differences(&parsed).into_iter().for_each(|what| tell(format!("sample: {what}")));
        shapes(format, sample, &parsed).into_iter().for_each(|what| tell(format!("sample: {what}")));
    }
    faults
}

/// Values that do not look like what their fields are.
fn shapes(format: &Declared, sample: &Sample, parsed: &Parsed) -> Vec<String> {
    let groups = format.patterns().iter().flat_map(|pattern| &pattern.groups);
    let mut found = Vec::new();
    for group in groups {
        let Some(field) = parsed.field(sample.line.as_bytes(), group.name) else { continue };
        let value = String::from_utf8_lossy(field.value.span.of(sample.line.as_bytes()));
        let expected = match &group.meaning {
            Meaning::Text(shape, _) => shape.expects(&value),
            Meaning::Number(..) if field.number.is_nan() => Some("a number"),
            _ => None,
        };
        let told = expected.map(|expected| format!("{} is {value}, expected {expected}", group.name));
        found.extend(told.filter(|told| !found.contains(told)).into_iter().collect::<Vec<_>>());
    }
    found
}
