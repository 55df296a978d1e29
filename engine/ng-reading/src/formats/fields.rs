//! What the groups of a pattern mean.

use crate::encoders::{self, Clock, Spelling};
use ng_model::event::Reading;
use ng_wire::{Level, Unit};

/// A group of a pattern that has a name.
#[derive(Debug)]
pub(super) struct Group {
    /// Its place among all groups, from 1 on.
    pub(super) index: usize,
    /// Its name, which the field has too.
    pub(super) name: &'static str,
    /// What it holds.
    pub(super) meaning: Meaning,
}

/// What a group holds.
#[derive(Clone, Debug)]
pub(super) enum Meaning {
    /// When the event happened.
    Time(Time),
    /// How severe it is.
    Level(Levels),
    /// What is told.
    Message,
    /// `key=value` fields.
    Fields,
    /// A number, which may state a level.
    Number(Number, Levels),
    /// A text, which may state a level.
    Text(Shape, Levels),
    /// Nothing that is kept.
    Ignored,
}

/// How a time is written.
#[derive(Clone, Debug, Default)]
pub(super) struct Time {
    /// Spelled out; otherwise any notation that is known.
    pub(super) spelling: Option<Spelling>,
    /// Without a zone of its own it is UTC, not local time.
    pub(super) is_utc: bool,
}

impl Time {
    /// Nanoseconds since 1970, UTC.
    pub(super) fn read(&self, value: &[u8], reading: &Reading<'_>, clock: &Clock) -> Option<i64> {
        encoders::time_in(value, self.spelling.as_ref(), self.is_utc, reading, clock)
    }
}

/// How a number is counted.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Number {
    /// The unit that is written nowhere, such as `ms`; empty when it is a bare number or its unit is written.
    pub(super) unit: &'static str,
}

impl Number {
    /// The number in the base unit of its unit; NaN when it is none.
    pub(super) fn of(self, value: &[u8]) -> (f64, Unit) {
        encoders::number_in(value, self.unit).unwrap_or((f64::NAN, Unit::None))
    }
}

/// What a text has to look like in samples, so that groups that were mixed up are noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Anything.
    Any,
    /// The address or the name of a host, with a port or without.
    Address,
    /// A path or a URL.
    Path,
}

impl Shape {
    /// What is expected of a value that does not look so.
    pub(super) fn expects(self, value: &str) -> Option<&'static str> {
        let is_host = |byte: u8| byte.is_ascii_alphanumeric() || b".:-_[]%".contains(&byte);
        let fits = match self {
            Shape::Any => true,
            Shape::Address => value.bytes().all(is_host) && value.bytes().any(|byte| byte.is_ascii_alphanumeric()),
            Shape::Path => value.contains(['/', '\\']) || value == "*",
        };
        (!fits).then_some(if self == Shape::Address { "an address" } else { "a path" })
    }
}

/// The levels that values stand for, besides the words that everybody knows.
#[derive(Clone, Debug, Default)]
pub(super) struct Levels {
    /// Words, compared in any case.
    pub(super) words: Vec<(String, Level)>,
    /// Numbers from which on the level holds, the highest first.
    pub(super) from: Vec<(f64, Level)>,
}

impl Levels {
    /// Of a word that is a level.
    pub(super) fn of_word(&self, value: &[u8], clock: &Clock) -> Option<Level> {
        self.of_text(value).or_else(|| encoders::level_of(value, clock))
    }

    /// Of a text that may be anything.
    pub(super) fn of_text(&self, value: &[u8]) -> Option<Level> {
        self.words.iter().find(|(word, _)| word.as_bytes().eq_ignore_ascii_case(value)).map(|(_, level)| *level)
    }

    /// Of a number.
    pub(super) fn of_number(&self, number: f64) -> Option<Level> {
        self.from.iter().find(|(from, _)| number >= *from).map(|(_, level)| *level)
    }
}
