//! Lines of text.

use super::logfmt::{self, WINDOW};
use super::stamp::{self, Found};
use super::{Clock, Encoder, level, members};
use ng_model::event::{Parsed, Reading, Span, Text};
use ng_wire::Format;

pub(super) static ENCODER: Encoder = Encoder {
    name: "text",
    version: 2,
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
    let found = stamp::find(head, start);
    if let Some(Found { stamp, .. }) = &found {
        parsed.time_ns = Some(clock.time_ns(stamp, reading));
        parsed.level = stamp.level.or(parsed.level);
    }
    let leading = found.filter(|found| found.leads);
    let body = leading.map_or(start, |found| found.stamp.end);
    let from = skip_separators(head, body);
    if logfmt::collect(raw, from, &mut parsed.fields) {
        named_fields(reading, clock, found, parsed);
        if !parsed.message.span.is_empty() {
            return true;
        }
    }
    // Without timestamp and priority, indentation belongs to the message.
    let unheaded = leading.is_none() && priority.is_none();
    let mut message = if unheaded { 0 } else { from };
    if parsed.level.is_none() {
        let before = found
            .filter(|found| found.start > start)
            .and_then(|found| level::in_line(&head[..found.start], start, false, false));
        let behind = match found {
            _ if before.is_some() => None,
            Some(Found { stamp, .. }) => level::in_line(head, stamp.end, true, stamp.logcat),
            None => level::in_line(head, start, false, false),
        };
        parsed.level = before.or(behind).map(|found| found.level);
        if let Some(behind) = behind.and_then(|found| found.message)
            && (leading.is_some() || found.is_none())
        {
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
fn named_fields(reading: &Reading<'_>, clock: &Clock, stamp: Option<Found>, parsed: &mut Parsed) {
    for field in &parsed.fields {
        let span = field.value.span;
        let value = span.of(reading.raw);
        // Where auditd writes the time is no message.
        let holds_time = stamp.is_some_and(|found| (span.start..span.start + span.len).contains(&(found.start as u32)));
        match field.key.span.of(reading.raw) {
            b"msg" | b"message" if parsed.message.span.is_empty() && !holds_time => parsed.message = field.value,
            b"level" | b"lvl" | b"severity" if parsed.level.is_none() => parsed.level = level::value(value),
            b"ts" | b"time" | b"timestamp" | b"t" if parsed.time_ns.is_none() => {
                parsed.time_ns = stamp::whole(value, reading, clock);
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
