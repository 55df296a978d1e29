//! Readings to events: what a line of text, a JSON object, a metric or a vector states.
//!
//! # Layout
//!
//! One file for each encoder, each with one static `ENCODER`; an encoder is added by its file and one line in [`ENCODERS`].
//! The others are helpers: `stamp/` (times as they are written) and `clock.rs` (the times that they mean), `vocabulary.rs`
//! (words of levels, keys), `level.rs` and `stated_level.rs` (severity), `logfmt.rs` (`key=value`), `heading.rs` (where an
//! event begins), `number.rs` (numbers and units), `json_scan.rs` and `members.rs` (JSON), `escape.rs` (out of JSON
//! strings), `path.rs` (names of fields), `kind.rs` (topics), `metric_lines/` (what monitoring systems write), `stack_trace.rs` (exceptions).
//!
//! Encoding allocates nothing: everything found is a span of the raw bytes.

mod clock;
mod escape;
pub(crate) mod heading;
mod journal;
mod json;
mod json_scan;
mod kind;
mod level;
mod logfmt;
mod members;
mod metric_lines;
mod note;
mod number;
mod numeric;
mod path;
pub(crate) mod stack_trace;
mod stamp;
mod stated_level;
mod text;
mod vector;
mod vocabulary;

#[cfg(test)]
mod tests;

pub use clock::Clock;
pub use escape::{lossy, message_text, unescape, unescape_into};
pub use kind::stream_kind;
pub(crate) use level::skip_colours;
pub use number::unit_symbol;
pub use path::path;
pub(crate) use stamp::{Spelling, stated as time_in, whole as time_of};
pub(crate) use stated_level::severity;
pub(crate) use text::{fields_within, syslog_priority};
pub(crate) use vocabulary::names_level;
pub use vocabulary::{Added, Vocabulary, VocabularyError};

use ng_model::event::{Parsed, Reading};
use ng_model::symbols::Sym;
use ng_model::zone::Zone;
use ng_wire::{Format, Level, Unit};

/// Every encoder, in the order of recognition. Record heads name encoders by their index.
pub static ENCODERS: &[&Encoder] =
    &[&note::ENCODER, &journal::ENCODER, &json::ENCODER, &vector::ENCODER, &numeric::ENCODER, &text::ENCODER];

/// The place of the last, text, which accepts everything.
pub(crate) const TEXT: usize = 5;

/// One row of the table of encoders.
pub struct Encoder {
    /// Name shown to the user.
    pub name: &'static str,
    /// Raised when the same bytes give another event or other features.
    pub version: u32,
    /// One sentence: what it recognises.
    pub summary: &'static str,
    /// Names of the eight dimensions of its vector.
    pub features: [&'static str; 8],
    /// Names of the channels of its detector; empty = unused.
    pub channels: [&'static str; 4],
    /// The format of the events it makes.
    format: Format,
    /// Fills the cleared `Parsed` and accepts, or refuses and leaves anything in it.
    parse: fn(&Reading<'_>, &Clock, &mut Parsed) -> bool,
}

impl Encoder {
    /// The format of the events it makes.
    pub fn format(&self) -> Format {
        self.format
    }

    /// Fills `parsed` and accepts, or refuses and leaves anything in it.
    pub(crate) fn parse(&self, reading: &Reading<'_>, clock: &Clock, parsed: &mut Parsed) -> bool {
        parsed.clear();
        parsed.format = self.format;
        (self.parse)(reading, clock, parsed)
    }
}

/// The abbreviations of zones that are read where a timestamp states them.
pub fn abbreviations() -> impl Iterator<Item = &'static str> {
    stamp::ABBREVIATIONS.iter().map(|(name, _)| *name)
}

/// The time that a whole text states, in any notation of a line; local time of a zone where it states none.
pub fn stated_time(text: &str, now_ns: i64, zone: &Zone) -> Option<i64> {
    let raw = text.as_bytes();
    let reading =
        Reading { source: Sym::default(), received_ns: now_ns, written_ns: now_ns, format: Format::Text, raw };
    stamp::whole(raw, &reading, &Clock::of(zone.clone()))
}

/// The level that a text is, a word or a letter.
pub(crate) fn level_of(text: &[u8], clock: &Clock) -> Option<Level> {
    match stated_level::stated(&clock.vocabulary, vocabulary::Scale::Size, text)? {
        stated_level::Stated::Word(level) => Some(level),
        stated_level::Stated::Number(..) => None,
    }
}

/// The number that a text states in a unit, in the base unit of it; none when it states none. Without a unit the one that it
/// states itself counts.
pub(crate) fn number_in(text: &[u8], unit: &str) -> Option<(f64, Unit)> {
    if unit.is_empty() { number::quantity(text) } else { number::in_unit(text, unit) }
}

/// The number that a text states, in the base unit of its unit; NaN when it states none.
pub(crate) fn number_of(text: &[u8]) -> f64 {
    number::quantity(text).map_or(f64::NAN, |(value, _)| value)
}

/// A text as a number in the base unit of the unit that it states, [`Unit::None`] where it states none.
pub fn quantity_of(text: &[u8]) -> Option<(f64, Unit)> {
    number::quantity(text)
}
