//! Lines of text.

use super::logfmt::{self, WINDOW};
use super::timestamp::{self, Stamp};
use super::{Clock, Encoder, level, members};
use ng_model::event::{Parsed, Reading, Span, Text};
use ng_wire::Format;

pub(super) static ENCODER: Encoder = Encoder {
    name: "text",
    version: 1,
    summary: "A line of text, perhaps with a timestamp, a level and key=value fields.",
    features: FEATURES,
    channels: CHANNELS,
    format: Format::Text,
    parse,
};

/// Features of everything that is compared by its words.
pub(super) const FEATURES: [&str; 8] = [
    "template rarity",
    "rarest token",
    "mean token rarity",
    "severity",
    "since last",
    "transition rarity",
    "length",
    "digits",
];
/// Channels of everything that is compared by its words.
pub(super) const CHANNELS: [&str; 4] = ["template rarity", "transition rarity", "severity", "neighbours"];

/// Accepts every reading.
fn parse(reading: &Reading<'_>, clock: &Clock, parsed: &mut Parsed) -> bool {
    let raw = reading.raw;
    let head = &raw[..raw.len().min(WINDOW)];
    let mut start = level::skip_blank(head, 0);
    let priority = syslog_priority(&head[start..]);
    if let Some((level, len)) = priority {
        start += len;
        parsed.level = level::severity(level);
    }
    let stamp =
        timestamp::leading(&head[start..], reading, clock).map(|stamp| Stamp { end: start + stamp.end, ..stamp });
    let body = match stamp {
        Some(stamp) => {
            parsed.time_ns = Some(stamp.time_ns);
            parsed.level = stamp.level.or(parsed.level);
            stamp.end
        }
        None => {
            parsed.time_ns = timestamp::of_access_log(&head[start..], reading, clock);
            start
        }
    };
    let from = skip_separators(head, body);
    if logfmt::collect(raw, from, &mut parsed.fields) {
        named_fields(reading, clock, parsed);
        if !parsed.message.span.is_empty() {
            return true;
        }
    }
    // Without timestamp and priority, indentation belongs to the message.
    let unheaded = stamp.is_none() && priority.is_none();
    let mut message = if unheaded { 0 } else { from };
    if parsed.level.is_none()
        && let Some(found) = level::in_line(head, body, stamp.is_some(), stamp.is_some_and(|stamp| stamp.logcat))
    {
        parsed.level = Some(found.level);
        if let Some(behind) = found.message {
            message = skip_separators(head, behind);
        }
    }
    // A line from elsewhere may end in CR.
    let end = raw.trim_ascii_end().len();
    parsed.message =
        if message < end { Text { span: Span::new(message, end), escaped: false } } else { members::whole(raw) };
    true
}

/// Message, level and time of a line that consists of fields, as far as it has them.
fn named_fields(reading: &Reading<'_>, clock: &Clock, parsed: &mut Parsed) {
    for field in &parsed.fields {
        let value = field.value.span.of(reading.raw);
        match field.key.span.of(reading.raw) {
            b"msg" | b"message" if parsed.message.span.is_empty() => parsed.message = field.value,
            b"level" | b"lvl" | b"severity" if parsed.level.is_none() => parsed.level = level::value(value),
            b"ts" | b"time" | b"timestamp" | b"t" if parsed.time_ns.is_none() => {
                parsed.time_ns = timestamp::whole(value, reading, clock);
            }
            _ => {}
        }
    }
}

/// The severity in `<34>` and the length of the mark, with the version that RFC 5424 puts behind it.
fn syslog_priority(raw: &[u8]) -> Option<(u32, usize)> {
    let digits = raw.strip_prefix(b"<")?.iter().take(4).take_while(|byte| byte.is_ascii_digit()).count();
    if !(1..=3).contains(&digits) || raw.get(1 + digits) != Some(&b'>') {
        return None;
    }
    let number = raw[1..=digits].iter().fold(0, |number, byte| number * 10 + u32::from(byte - b'0'));
    let end = digits + 2;
    let version = matches!(raw.get(end..end + 2), Some([b'1'..=b'9', b' ']));
    (number < 192).then_some((number % 8, end + if version { 2 } else { 0 }))
}

/// The first byte behind blanks and what separates a heading from the message: `-`, `--`, `:`, `|`, `,`, `]`.
fn skip_separators(raw: &[u8], at: usize) -> usize {
    let mut next = at;
    loop {
        next = level::skip_blank(raw, next);
        let len = raw[next..].iter().take_while(|byte| matches!(byte, b'-' | b':' | b'|' | b',' | b']')).count();
        let ends = matches!(raw.get(next + len), None | Some(b' ' | b'\t' | 0x1b));
        // Separators that touch the text are skipped only where the heading touches them: `:606|Step` but not `-1 left`.
        if len == 0 || !(ends || next == at) {
            return next;
        }
        next += len;
    }
}
