//! The fields that a filter may compare. A field is one row; help, completion, checking and evaluation read it.

use super::attrs;
use crate::rules::RULE_NAMES;
use ng_model::record::{Detection, NO_PATTERN, NONE, RecordHeader, StoredRecord};
use ng_wire::{Level, Outcome, Scoring};

/// One field.
#[derive(Clone, Copy, Debug)]
pub struct FieldRow {
    /// As it is written before an operator; an attribute is `attr.` and its key.
    pub name: &'static str,
    /// What it is compared with, and where it is read.
    pub kind: FieldKind,
    /// One sentence: what it is.
    pub summary: &'static str,
    /// A filter that uses it.
    pub example: &'static str,
}

/// What a field is compared with, and where it is read. Numbers are NaN and bit sets 0 where the field is missing.
#[derive(Clone, Copy, Debug)]
pub enum FieldKind {
    /// One or more of a few names; the event has bit n set for name n.
    Choice {
        /// The names.
        names: fn() -> Vec<&'static str>,
        /// Which of them the event has.
        bits: fn(&StoredRecord<'_>) -> u32,
    },
    /// A level; ordered.
    Level,
    /// A number of the detector, missing unless the event was scored. It is kept in single precision; literals
    /// are rounded alike, so that `=` and `>=` hold for what is displayed.
    Score(fn(&Detection) -> f32),
    /// A whole number.
    Whole(fn(&RecordHeader) -> f64),
    /// The measured value, with a unit.
    Quantity,
    /// Time since the event.
    Age,
    /// The time of the event.
    Time,
    /// The time of the event is at or after the given one.
    Since,
    /// The time of the event is at or before the given one.
    Until,
    /// The dotted topic.
    Topic,
    /// The name of the source.
    Source,
    /// The message.
    Message,
    /// The module that an event of the engine itself is about.
    Module,
    /// A field of the raw bytes.
    Attribute,
    /// A property that holds or not, out of a fixed set.
    Flag,
    /// The name of another field.
    Presence,
}

/// A property that `is:` asks for. All events of a class have it, or none; see [`Needed`](super::Needed).
pub(super) struct FlagRow {
    pub(super) name: &'static str,
    pub(super) test: fn(&StoredRecord<'_>) -> bool,
}

const ROWS: &[FieldRow] = &[
    row("level", FieldKind::Level, "Severity, trace to fatal.", "level>=warn"),
    row("type", FieldKind::Topic, "Dotted topic; * is one segment or a part of one, ** the rest.", "type:metric.**"),
    row("source", FieldKind::Source, "Source; a part of its name in any case, or a glob with *.", "source:syslog"),
    row("text", FieldKind::Message, "The message alone; a bare word is looked for in the whole event.", "text:refused"),
    row("value", FieldKind::Quantity, "Measured value; with a unit, only values of that unit.", "value<5ms"),
    row("novelty", FieldKind::Score(|d| d.novelty), "Novelty; missing when not scored.", "novelty>0.9"),
    row("anomaly", FieldKind::Score(Detection::anomaly_score), "Anomaly score, 0 to 1.", "anomaly>=0.99"),
    row("surprise", FieldKind::Score(|d| d.surprise), "Sum of the surprise of all channels.", "surprise>=4"),
    row("alert", FieldKind::Score(|d| d.strength), "Strength of the alert.", "alert>=3.6"),
    row("is", FieldKind::Flag, "A property of the event.", "is:novel"),
    row("has", FieldKind::Presence, "The event has this field.", "has:attr.ip"),
    row("attr", FieldKind::Attribute, "A field of the reading; : finds a part, = the whole.", "attr.user=root"),
    row("pattern", FieldKind::Whole(pattern), "Number of the pattern.", "pattern:142"),
    row("verdict", FieldKind::Choice { names: verdicts, bits: verdict }, "Guardian's verdict.", "verdict:reject,flag"),
    row("rule", FieldKind::Choice { names: rules, bits: rule }, "A rule of Guardian that objected.", "rule:rate_limit"),
    row("module", FieldKind::Module, "Module that an event of the engine itself is about.", "module:guardian"),
    row("encoder", FieldKind::Choice { names: attrs::encoder_names, bits: encoder }, "Encoder.", "encoder:text"),
    row("format", FieldKind::Choice { names: formats, bits: format }, "How the raw bytes are read.", "format:json"),
    row("age", FieldKind::Age, "Time since the event.", "age<2m"),
    row("since", FieldKind::Since, "At or after a time, or at most so long ago.", "since:12:30"),
    row("until", FieldKind::Until, "At or before a time, or at least so long ago.", "until:10m"),
    row("time", FieldKind::Time, "The time of the event.", "time>=2026-11-22T12:30"),
    row("seq", FieldKind::Whole(|head| head.seq as f64), "Place in the stream.", "seq>1000"),
    row("priority", FieldKind::Whole(priority), "The level as a number: trace 0, then steps of 40.", "priority>=160"),
];

/// The properties of `is:`.
pub(super) const FLAGS: &[FlagRow] = &[
    FlagRow { name: "novel", test: |stored| stored.head.detection.is_novel },
    FlagRow { name: "alert", test: |stored| stored.head.detection.is_alert },
    FlagRow { name: "error", test: |stored| stored.head.level >= Level::Error },
    FlagRow { name: "learning", test: |stored| stored.head.detection.state == Scoring::Learning },
    FlagRow { name: "skipped", test: |stored| stored.head.detection.state == Scoring::Skipped },
    FlagRow { name: "gap", test: |stored| stored.kind() == "stream.gap" },
];

/// The field table, for help and completion.
pub fn fields() -> impl Iterator<Item = &'static FieldRow> {
    ROWS.iter()
}

/// The row of a field as written before an operator.
pub(super) fn find(name: &str) -> Option<&'static FieldRow> {
    let name = if name.starts_with("attr.") { "attr" } else { name };
    ROWS.iter().find(|row| row.name == name)
}

impl FieldRow {
    /// The values it accepts, when they are a fixed set.
    pub fn values(&self) -> Vec<&'static str> {
        match self.kind {
            FieldKind::Choice { names, .. } => names(),
            FieldKind::Level => Level::ALL.map(Level::name).to_vec(),
            FieldKind::Flag => FLAGS.iter().map(|flag| flag.name).collect(),
            FieldKind::Presence => {
                ROWS.iter().map(|row| row.name).filter(|name| !["is", "has"].contains(name)).collect()
            }
            _ => Vec::new(),
        }
    }

    /// What may stand after its operators, for error messages.
    pub fn expects(&self) -> String {
        match self.kind {
            FieldKind::Level => "a level (trace … fatal)".into(),
            FieldKind::Choice { .. } | FieldKind::Flag => format!("one of {}", self.values().join(", ")),
            FieldKind::Presence => "the name of a field, such as value or attr.ip".into(),
            FieldKind::Score(_) => "a number".into(),
            FieldKind::Whole(_) => "a whole number".into(),
            FieldKind::Quantity => "a number, perhaps with a unit, such as 5ms, 3MiB or 90%".into(),
            FieldKind::Age => "a duration, such as 90s or 1h30m".into(),
            FieldKind::Time | FieldKind::Since | FieldKind::Until => {
                "a time, such as 12:30, 2026-11-22T12:30 or 10m".into()
            }
            FieldKind::Topic => "a type, such as log.text or metric.**".into(),
            FieldKind::Source | FieldKind::Message | FieldKind::Attribute => "a text".into(),
            FieldKind::Module => "the name of a module".into(),
        }
    }

    /// The operators it takes, for error messages.
    pub fn operators(&self) -> &'static str {
        match self.kind {
            FieldKind::Level
            | FieldKind::Score(_)
            | FieldKind::Whole(_)
            | FieldKind::Quantity
            | FieldKind::Attribute => ": = != > >= < <=",
            FieldKind::Age | FieldKind::Time => "> >= < <=",
            FieldKind::Since | FieldKind::Until | FieldKind::Flag | FieldKind::Presence => ": =",
            FieldKind::Choice { .. }
            | FieldKind::Topic
            | FieldKind::Source
            | FieldKind::Message
            | FieldKind::Module => ": = !=",
        }
    }
}

const fn row(name: &'static str, kind: FieldKind, summary: &'static str, example: &'static str) -> FieldRow {
    FieldRow { name, kind, summary, example }
}

fn pattern(head: &RecordHeader) -> f64 {
    let pattern = head.detection.pattern;
    if pattern == NO_PATTERN { f64::NAN } else { f64::from(pattern) }
}

fn priority(head: &RecordHeader) -> f64 {
    f64::from(head.level as u8) * 40.0
}

const OUTCOMES: [(Outcome, &str); 3] =
    [(Outcome::Admit, "admit"), (Outcome::Flag, "flag"), (Outcome::Reject, "reject")];

fn verdicts() -> Vec<&'static str> {
    OUTCOMES.map(|(_, name)| name).to_vec()
}

fn verdict(stored: &StoredRecord<'_>) -> u32 {
    1 << stored.head.verdict.outcome as u8
}

fn rules() -> Vec<&'static str> {
    RULE_NAMES.to_vec()
}

fn rule(stored: &StoredRecord<'_>) -> u32 {
    stored.head.verdict.objections
}

fn encoder(stored: &StoredRecord<'_>) -> u32 {
    let encoder = stored.head.detection.encoder;
    if encoder == NONE { 0 } else { 1u32.checked_shl(encoder.into()).unwrap_or(0) }
}

fn formats() -> Vec<&'static str> {
    // In the order of the discriminants of `Format`; the test of this table holds it.
    vec!["text", "json", "metric", "vector", "journal", "note"]
}

fn format(stored: &StoredRecord<'_>) -> u32 {
    1 << stored.head.format as u8
}

#[cfg(test)]
mod tests {
    use super::super::{Env, Filter};
    use super::*;
    use ng_wire::Format;

    #[test]
    fn every_row_is_described_and_its_example_compiles() {
        for row in fields() {
            assert!(row.summary.ends_with('.'), "{}: the summary is a sentence", row.name);
            assert!(row.example.starts_with(row.name), "{}: the example uses the field", row.name);
            Filter::compile(row.example, &Env::default()).unwrap_or_else(|error| panic!("{}: {error}", row.name));
            assert_eq!(ROWS.iter().filter(|other| other.name == row.name).count(), 1, "{} stands twice", row.name);
        }
    }

    #[test]
    fn names_stand_in_the_order_of_their_bits() {
        for (index, (outcome, _)) in OUTCOMES.iter().enumerate() {
            assert_eq!(*outcome as usize, index);
        }
        for (index, format) in Format::ALL.iter().enumerate() {
            assert_eq!(*format as usize, index);
            assert_eq!(format!("{format:?}").to_lowercase(), formats()[index]);
        }
    }

    #[test]
    fn every_value_of_a_fixed_set_compiles() {
        for row in fields() {
            for value in row.values().into_iter().filter(|value| *value != "attr") {
                let text = format!("{}:{value}", row.name);
                Filter::compile(&text, &Env::default()).unwrap_or_else(|error| panic!("{text}: {error}"));
            }
        }
    }
}
