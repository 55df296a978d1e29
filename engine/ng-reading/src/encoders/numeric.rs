//! One measured value: `name=value unit`, `name: value`, `name 93%`, a bare number, `timestamp,value`, a line of a monitoring
//! system, or any of these behind a time.

use super::stamp::{self, Found};
use super::{Clock, Encoder, members, metric_lines, number};
use memchr::{memchr_iter, memchr2, memrchr};
use ng_model::event::{Parsed, Reading, Span, Text};
use ng_wire::{Format, Unit};

pub(super) static ENCODER: Encoder = Encoder {
    name: "numeric",
    version: 3,
    summary: "One measured value with an optional name, labels, unit and time.",
    features: ["now", "t-4", "t-8", "t-12", "t-16", "t-20", "t-24", "t-28"],
    channels: ["level", "shape", "multiscale", "quiet"],
    format: Format::Metric,
    parse,
};

/// Longest line that is looked at.
const MAX_LEN: usize = 4096;
/// Longest name in a line of text.
const NAME: usize = 96;
/// Most words of a line on which a time is looked for before the value.
const WORDS: usize = 6;

fn parse(reading: &Reading<'_>, clock: &Clock, parsed: &mut Parsed) -> bool {
    let raw = reading.raw;
    if !matches!(reading.format, Format::Metric | Format::Text) || raw.len() > MAX_LEN {
        return false;
    }
    parsed.message = members::whole(raw);
    let text = raw.trim_ascii();
    let start = raw.len() - raw.trim_ascii_start().len();
    if measured(text, start, reading, clock, parsed) {
        return true;
    }
    if timed(text, start, reading, clock, parsed) {
        return true;
    }
    match if reading.format == Format::Metric { loosely_named(text) } else { None } {
        Some(named) => put(named, text, start, parsed),
        None => false,
    }
}

/// A value that begins at `start` of the reading, with all that is said of it.
fn measured(text: &[u8], start: usize, reading: &Reading<'_>, clock: &Clock, parsed: &mut Parsed) -> bool {
    let bare = || number::quantity(text).map(|quantity| (0, quantity));
    match named(text, clock).or_else(bare) {
        Some(named) => put(named, text, start, parsed),
        None => metric_lines::read(text, start, reading, clock, parsed),
    }
}

/// Takes up what begins at `start` of the reading with `text`.
fn put((name, (value, unit)): Named, text: &[u8], start: usize, parsed: &mut Parsed) -> bool {
    parsed.name = Text { span: Span::new(start, start + name), escaped: false };
    let unit = if unit == Unit::None { number::implied_unit(&text[..name]) } else { unit };
    (parsed.value, parsed.unit) = (value, unit);
    true
}

/// Length of the name at the start of a line: a letter or underscore, then letters, digits and `_ . - /`.
pub(super) fn name_len(text: &[u8]) -> usize {
    match text.first() {
        Some(byte) if byte.is_ascii_alphabetic() || *byte == b'_' => text
            .iter()
            .take(NAME + 1)
            .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-' | b'/'))
            .count(),
        _ => 0,
    }
}

/// Length of the name, and the quantity.
type Named = (usize, (f64, Unit));

fn named(text: &[u8], clock: &Clock) -> Option<Named> {
    let len = name_len(text);
    let value = match text.get(len..)? {
        _ if len == 0 || len > NAME => return None,
        [b'=', value @ ..] => value,
        // `ERROR: 42` is a message, not a measurement.
        [b':', value @ ..] if clock.vocabulary.word(&text[..len]).is_none() => value.strip_prefix(b" ")?,
        [b' ', b'=', b' ', value @ ..] => value,
        // Without anything between them only a unit tells a measurement from a message.
        [b' ', value @ ..]
            if value.first().is_some_and(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'.')) =>
        {
            let (value, unit) = number::quantity(value)?;
            let is_measured = unit != Unit::None && clock.vocabulary.word(&text[..len]).is_none();
            return is_measured.then_some((len, (value, unit)));
        }
        _ => return None,
    };
    Some((len, number::quantity(value.trim_ascii())?))
}

/// `timestamp,value`, or a value of any notation behind a time; the time goes to `parsed`, and the message is what follows it.
fn timed(text: &[u8], start: usize, reading: &Reading<'_>, clock: &Clock, parsed: &mut Parsed) -> bool {
    let Some((time_ns, from)) = behind_comma(text, reading, clock).or_else(|| behind_stamp(text, reading, clock))
    else {
        return false;
    };
    if !measured(&text[from..], start + from, reading, clock, parsed) {
        return false;
    }
    // A time that the value states itself is the one it was measured at.
    parsed.time_ns = parsed.time_ns.or(Some(time_ns));
    parsed.message = Text { span: Span::new(start + from, start + text.len()), escaped: false };
    true
}

/// The time before the last comma, and where the value begins.
fn behind_comma(text: &[u8], reading: &Reading<'_>, clock: &Clock) -> Option<(i64, usize)> {
    let comma = memrchr(b',', text)?;
    let value = text[comma + 1..].trim_ascii_start();
    number::quantity(value)?;
    Some((stamp::whole(text[..comma].trim_ascii_end(), reading, clock)?, text.len() - value.len()))
}

/// The time at the start of a line, and where what follows it begins. Looks only at lines that may end in a value.
fn behind_stamp(text: &[u8], reading: &Reading<'_>, clock: &Clock) -> Option<(i64, usize)> {
    let last = &text[memrchr(b' ', text)? + 1..];
    let is_value = |byte: &u8| byte.is_ascii_digit() || b"+-.%NnIi".contains(byte);
    // A number, its unit, or one with its name.
    let ends = last.first().is_some_and(is_value) || last.len() < 3 || memchr2(b'|', b'=', last).is_some();
    if !ends || memchr_iter(b' ', text).nth(WORDS).is_some() {
        return None;
    }
    let Found { stamp, leads: true, .. } = stamp::find(text, 0)? else { return None };
    let separators = text[stamp.end..].iter().take_while(|byte| b" \t,]):|".contains(byte)).count();
    stamp.level.is_none().then(|| (clock.time_ns(&stamp, reading), stamp.end + separators))
}

/// What a sensor says with a name of any characters: everything before the last `=`.
fn loosely_named(text: &[u8]) -> Option<Named> {
    let equals = memrchr(b'=', text)?;
    Some((text[..equals].trim_ascii_end().len(), number::quantity(text[equals + 1..].trim_ascii())?))
}
