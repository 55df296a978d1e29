//! What an input is: recognised by its first two lines, and each line after them brought into the form of a reading.

use super::fields;
use ng_model::event::{Parsed, Reading};
use ng_model::symbols::Sym;
use ng_reading::encoders::Clock;
use ng_reading::recogniser::Recogniser;
use ng_wire::Format;
use serde_json::{Map, Value};
use std::borrow::Cow;

/// Arrival of the first event of an input that states no times: 2026-01-01T00:00:00Z.
pub(super) const START_NS: i64 = 1_767_225_600_000_000_000;

/// Names of a column that holds the time.
const TIMES: [&str; 6] = ["timestamp", "time", "datetime", "date", "ts", "@timestamp"];
/// Name of the column that holds the value when none is asked for.
const VALUE: &str = "value";
/// What stands for a value that was not measured, beside the notations of a number that is not finite.
const MISSING: [&[u8]; 5] = [b"", b"null", b"NULL", b"NA", b"N/A"];
/// Characters of a text that an error shows.
const SHOWN: usize = 40;

/// What an input is scored as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoder {
    /// Recognised by its first two lines.
    Auto,
    /// One number a line.
    Numeric,
    /// Lines of text, as a file that is followed.
    Text,
    /// One object a line.
    Json,
    /// Lines of text, of which the sessions are scored.
    Session,
    /// Eight numbers a line.
    Vector,
}

impl Encoder {
    /// The encoder of a name, as on the command line.
    pub fn named(name: &str) -> Option<Encoder> {
        Some(match name {
            "auto" => Encoder::Auto,
            "numeric" => Encoder::Numeric,
            "text" => Encoder::Text,
            "json" => Encoder::Json,
            "session" => Encoder::Session,
            "vector" => Encoder::Vector,
            _ => return None,
        })
    }
}

/// How the lines of an input are read.
#[derive(Clone, Debug, PartialEq)]
enum Shape {
    /// A line is a reading.
    LineReader,
    /// Columns with a header: the value, the time where there is one, and their number.
    Table { value: usize, time: Option<usize>, columns: usize },
    /// Objects of which one member is the value.
    Member(String),
    /// Numbers with commas between them.
    Numbers,
}

/// A recognised input.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Input {
    shape: Shape,
    /// The format that the readings are given as.
    pub(super) format: Format,
    /// The only format that they may turn out to be; `Text` stands for any.
    pub(super) expected: Format,
    /// The first line is a header and no event.
    pub(super) has_header: bool,
}

/// A line as the engine takes it.
#[derive(Debug, PartialEq)]
pub(super) struct Taken<'a> {
    /// The bytes of the reading.
    pub(super) raw: Cow<'a, [u8]>,
    /// The event's own time where it is not within `raw`.
    pub(super) time_ns: Option<i64>,
}

impl Input {
    /// Recognises an input by its first lines that are not blank, at most two. The error says what was expected of the
    /// line at its index.
    pub(super) fn recognise(asked: Encoder, column: Option<&str>, head: &[&[u8]]) -> Result<Input, (usize, String)> {
        let input = |shape, format, has_header| Input { shape, format, expected: format, has_header };
        let first = head.first().copied().unwrap_or_default();
        match asked {
            Encoder::Text | Encoder::Session => Ok(input(Shape::LineReader, Format::Text, false)),
            Encoder::Json => Ok(Input { expected: Format::Json, ..input(Shape::LineReader, Format::Text, false) }),
            Encoder::Vector => {
                let shape =
                    if numbers(first) == Some(8) || has_names(head) { Shape::Numbers } else { Shape::LineReader };
                Ok(input(shape, Format::Vector, has_names(head)))
            }
            Encoder::Numeric if first.starts_with(b"{") => {
                Ok(input(Shape::Member(column.unwrap_or(VALUE).into()), Format::Metric, false))
            }
            Encoder::Numeric => match table(column, head)? {
                Some(shape) => Ok(input(shape, Format::Metric, true)),
                None => Ok(input(Shape::LineReader, Format::Metric, false)),
            },
            Encoder::Auto => {
                let is = |wanted| !head.is_empty() && head.iter().all(|line| recognised(line) == wanted);
                let asked = if recognised(first) == Format::Json {
                    if column.is_some() { Encoder::Numeric } else { Encoder::Json }
                } else if column.is_none() && (is(Format::Vector) || numbers(first) == Some(8) || has_names(head)) {
                    Encoder::Vector
                } else if column.is_some() || is(Format::Metric) || matches!(table(None, head), Ok(Some(_)) | Err(_)) {
                    Encoder::Numeric
                } else {
                    Encoder::Text
                };
                Input::recognise(asked, column, head)
            }
        }
    }

    /// The reading in a line; none for a blank line between values. The error says what was expected.
    pub(super) fn take<'a>(&self, line: &'a [u8], parsed: &mut Parsed) -> Result<Option<Taken<'a>>, String> {
        let whole = Taken { raw: Cow::Borrowed(line), time_ns: None };
        if self.expected == Format::Text {
            return Ok(Some(whole));
        }
        if line.trim_ascii().is_empty() {
            return Ok(None);
        }
        match &self.shape {
            Shape::LineReader => Ok(Some(whole)),
            Shape::Numbers if line.trim_ascii_end().ends_with(b"]") => Ok(Some(whole)),
            Shape::Numbers => Ok(Some(Taken { raw: Cow::Owned([b"[", line.trim_ascii(), b"]"].concat()), ..whole })),
            Shape::Table { value, time, columns } => {
                let fields = fields::split(line);
                if fields.len() != *columns {
                    return Err(format!("expected {columns} columns as in the header, found {}", fields.len()));
                }
                let value = number_or_nan(&fields[*value]);
                let raw = match time {
                    Some(time) => [&fields[*time], b",".as_slice(), value].concat(),
                    None => value.to_vec(),
                };
                Ok(Some(Taken { raw: Cow::Owned(raw), ..whole }))
            }
            Shape::Member(name) => {
                let object: Map<String, Value> = serde_json::from_slice(line)
                    .map_err(|_| format!("expected one JSON object, found {}", shown(line)))?;
                let value = match object.get(name) {
                    Some(Value::Null) => "nan".to_owned(),
                    Some(Value::Number(number)) => number.to_string(),
                    _ => return Err(format!("expected a number as the member {name}")),
                };
                let time_ns = encode(Format::Text, line, START_NS, parsed).then_some(parsed.time_ns).flatten();
                Ok(Some(Taken { raw: Cow::Owned(value.into_bytes()), time_ns }))
            }
        }
    }

    /// What a line that the engine took for another format should have been.
    pub(super) fn expectation(&self, raw: &[u8]) -> String {
        let expected = match (self.expected, &self.shape) {
            (Format::Vector, _) => "expected eight numbers",
            (Format::Json, _) => "expected one JSON object",
            (_, Shape::Table { time: Some(_), .. }) => "expected a time and a number",
            _ => "expected a number",
        };
        format!("{expected}, found {}", shown(raw))
    }
}

/// The columns of a table with a header, chosen by name or by what the second line holds; none when it is no such table.
fn table(column: Option<&str>, head: &[&[u8]]) -> Result<Option<Shape>, (usize, String)> {
    let Some(first) = head.first() else { return Ok(None) };
    let names: Vec<String> =
        fields::split(first).iter().map(|name| String::from_utf8_lossy(name).into_owned()).collect();
    let refuse = |what: String| Err((0, what));
    if names.iter().any(|name| !is_name(name)) {
        return match column {
            Some(column) => refuse(format!("expected a header with the column {column}, found {}", shown(first))),
            None => Ok(None),
        };
    }
    let sample = head.get(1).map(|line| fields::split(line)).unwrap_or_default();
    let like = |wanted: fn(&[u8]) -> bool, at: usize| sample.get(at).is_some_and(|field| wanted(field));
    let mut times = (0..names.len()).filter(|at| like(is_time, *at));
    let named = names.iter().position(|name| TIMES.iter().any(|time| name.eq_ignore_ascii_case(time)));
    let time = named.filter(|at| sample.is_empty() || like(is_time, *at)).or_else(|| times.next());
    let shape = |value| Ok(Some(Shape::Table { value, time, columns: names.len() }));
    if let Some(column) = column {
        return match names.iter().position(|name| name == column) {
            Some(value) => shape(value),
            None => refuse(format!("no column {column}; there are {}", names.join(", "))),
        };
    }
    if sample.len() != names.len() {
        return Ok(None);
    }
    if let Some(value) = names.iter().position(|name| name.eq_ignore_ascii_case(VALUE)) {
        return shape(value);
    }
    let values: Vec<usize> = (0..names.len()).filter(|at| Some(*at) != time && like(is_number, *at)).collect();
    match values.as_slice() {
        [] => Ok(None),
        [value] => shape(*value),
        several => {
            let names: Vec<&str> = several.iter().map(|at| names[*at].as_str()).collect();
            refuse(format!("several columns hold numbers: {}; choose one with --column", names.join(", ")))
        }
    }
}

/// A word as headers have it: it begins with a letter, `_` or `@`, and is no number and no sentence.
fn is_name(text: &str) -> bool {
    let begins = text.chars().next().is_some_and(|first| first.is_alphabetic() || matches!(first, '_' | '@'));
    begins && text.len() <= 64 && !text.contains([':', '=', '{', '[']) && !is_number(text.as_bytes())
}

/// The first line has eight names and the second eight numbers.
fn has_names(head: &[&[u8]]) -> bool {
    let names = |line: &[u8]| fields::split(line).iter().all(|name| is_name(&String::from_utf8_lossy(name)));
    matches!(head, [first, second] if names(first) && fields::split(first).len() == 8 && numbers(second) == Some(8))
}

/// How many numbers a line consists of; none when anything else is in it.
fn numbers(line: &[u8]) -> Option<usize> {
    let fields = fields::split(line);
    fields.iter().all(|field| is_number(field)).then_some(fields.len())
}

fn number_or_nan(field: &[u8]) -> &[u8] {
    if MISSING.contains(&field) { b"nan" } else { field }
}

fn is_number(field: &[u8]) -> bool {
    let parsed = &mut Parsed::default();
    encode(Format::Metric, number_or_nan(field), START_NS, parsed) && parsed.name.span.is_empty()
}

fn is_time(field: &[u8]) -> bool {
    let parsed = &mut Parsed::default();
    encode(Format::Metric, &[field, b",1"].concat(), START_NS, parsed) && parsed.time_ns.is_some()
}

fn recognised(line: &[u8]) -> Format {
    let parsed = &mut Parsed::default();
    encode(Format::Text, line, START_NS, parsed);
    parsed.format
}

/// Parses a reading; true when it is what its format says. Timestamps without a zone are UTC, so that the result is the
/// same on every host.
fn encode(format: Format, raw: &[u8], received_ns: i64, parsed: &mut Parsed) -> bool {
    let reading = Reading { source: Sym::default(), received_ns, written_ns: written_ns(received_ns), format, raw };
    Recogniser::new(Clock::utc()).encode(&reading, parsed);
    parsed.format == format || format == Format::Text
}

/// When an input was written nobody knows; a stamp without its year is in the year that brings it nearest to the event
/// before.
pub(super) fn written_ns(received_ns: i64) -> i64 {
    const HALF_A_YEAR_NS: i64 = 181 * 86_400 * 1_000_000_000;
    received_ns.saturating_add(HALF_A_YEAR_NS)
}

/// A text as an error shows it.
fn shown(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.into_owned(),
    }
}
