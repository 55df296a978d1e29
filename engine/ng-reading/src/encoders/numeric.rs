//! One measured value: `name=value unit`, `name: value`, a bare number, or `timestamp,value`.

use super::{Clock, Encoder, members, number, stamp};
use memchr::memrchr;
use ng_model::event::{Parsed, Reading, Span, Text};
use ng_wire::{Format, Unit};

pub(super) static ENCODER: Encoder = Encoder {
    name: "numeric",
    version: 2,
    summary: "One measured value with an optional name, unit and time.",
    features: ["now", "t-4", "t-8", "t-12", "t-16", "t-20", "t-24", "t-28"],
    channels: ["level", "shape", "multiscale", "quiet"],
    format: Format::Metric,
    parse,
};

/// Longest line that is looked at.
const MAX_LEN: usize = 512;
/// Longest name in a line of text.
const NAME: usize = 96;

fn parse(reading: &Reading<'_>, clock: &Clock, parsed: &mut Parsed) -> bool {
    let raw = reading.raw;
    if !matches!(reading.format, Format::Metric | Format::Text) || raw.len() > MAX_LEN {
        return false;
    }
    parsed.message = members::whole(raw);
    let text = raw.trim_ascii();
    let start = raw.len() - raw.trim_ascii_start().len();
    let found = named(text, clock)
        .or_else(|| number::quantity(text).map(|quantity| (0, quantity)))
        .or_else(|| timed(text, start, reading, clock, parsed))
        .or_else(|| if reading.format == Format::Metric { loosely_named(text) } else { None });
    let Some((name, (value, unit))) = found else { return false };
    parsed.name = Text { span: Span::new(start, start + name), escaped: false };
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
        _ => return None,
    };
    Some((len, number::quantity(value.trim_ascii())?))
}

/// `timestamp,value`; the time goes to `parsed`, and the message is the value.
fn timed(text: &[u8], start: usize, reading: &Reading<'_>, clock: &Clock, parsed: &mut Parsed) -> Option<Named> {
    let comma = memrchr(b',', text)?;
    let value = text[comma + 1..].trim_ascii_start();
    let quantity = number::quantity(value)?;
    parsed.time_ns = Some(stamp::whole(text[..comma].trim_ascii_end(), reading, clock)?);
    let end = start + text.len();
    parsed.message = Text { span: Span::new(end - value.len(), end), escaped: false };
    Some((0, quantity))
}

/// What a sensor says with a name of any characters: everything before the last `=`.
fn loosely_named(text: &[u8]) -> Option<Named> {
    let equals = memrchr(b'=', text)?;
    Some((text[..equals].trim_ascii_end().len(), number::quantity(text[equals + 1..].trim_ascii())?))
}
