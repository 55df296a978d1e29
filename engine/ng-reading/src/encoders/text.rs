//! Lines of text.

use super::logfmt::{self, WINDOW};
use super::stamp::{self, Found};
use super::stated_level::{self, Stated};
use super::vocabulary::{Role, Vocabulary};
use super::{Clock, Encoder, json_scan, level, members, stack_trace};
use memchr::{memchr, memchr_iter};
use ng_model::event::{Parsed, Reading, Span, Text};
use ng_wire::{Format, Level};
use std::ops::Range;

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
    // Of several lines the first is read, and the message is a part of it.
    let lead = reading.raw.iter().take_while(|byte| **byte == b'\n').count();
    match memchr(b'\n', &reading.raw[lead..]) {
        None => read_line(reading, reading.raw.len(), clock, parsed),
        Some(end) => {
            read_line(reading, lead + end, clock, parsed);
            stack_trace::read(reading.raw, parsed);
        }
    }
    true
}

/// Reads the line that ends at `end`.
fn read_line(reading: &Reading<'_>, end: usize, clock: &Clock, parsed: &mut Parsed) {
    let raw = &reading.raw[..end];
    let head = &raw[..raw.len().min(WINDOW)];
    let mut start = level::skip_blank(head, 0);
    let priority = syslog_priority(&head[start..]);
    if let Some((level, len)) = priority {
        start += len;
        parsed.level = stated_level::severity(level);
    }
    let found = stamp::find(head, start);
    if let Some(Found { stamp, .. }) = &found {
        parsed.time_ns = Some(clock.time_ns(stamp, reading));
        parsed.level = stamp.level.or(parsed.level);
    }
    let leading = found.filter(|found| found.leads);
    // What stands in one bracket with the time is a part of the heading: a level, a logger, a process.
    let bracket = leading.and_then(|found| rest_of_bracket(head, &found));
    if let (Some(rest), None) = (&bracket, parsed.level) {
        parsed.level = in_bracket(&clock.vocabulary, head, rest.clone());
    }
    let body = leading.map_or(start, |found| bracket.as_ref().map_or(found.stamp.end, |rest| rest.end + 1));
    let from = skip_separators(head, body);
    let fields_from = bracket.map_or(from, |rest| skip_separators(head, rest.start));
    let stated = parsed.level;
    let object = object(reading, from, raw.len(), clock, parsed);
    // What the object says of the level holds where the line says nothing of it.
    let of_object = std::mem::replace(&mut parsed.level, stated);
    let text = &raw[..object.map_or(raw.len(), |object| object.start)];
    let first = parsed.fields.len();
    if logfmt::collect(text, fields_from, parsed) && object.is_none() {
        named_fields(reading, clock, found, parsed);
        if !parsed.message.span.is_empty() {
            return;
        }
    }
    // Without timestamp and priority, indentation belongs to the message.
    let unheaded = leading.is_none() && priority.is_none();
    let mut message = if unheaded { 0 } else { from };
    if parsed.level.is_none() {
        let words = &clock.vocabulary;
        let head = &head[..head.len().min(text.len())];
        let before = found
            .filter(|found| found.start > start)
            .and_then(|found| level::in_line(words, head.get(..found.start)?, start, false, false));
        let behind = match found {
            _ if before.is_some() => None,
            // A stamp may stand inside or behind an object.
            Some(Found { stamp, .. }) => {
                let from = if leading.is_some() { body } else { stamp.end };
                level::in_line(words, head, from.min(head.len()), true, stamp.logcat)
            }
            None => level::in_line(words, head, start, false, false),
        };
        parsed.level = before.or(behind).map(|found| found.level);
        if let Some(behind) = behind.and_then(|found| found.message)
            && (leading.is_some() || found.is_none())
        {
            message = skip_separators(head, behind);
        }
    }
    parsed.level = parsed.level.or_else(|| of_fields(first, true, reading, clock, parsed)).or(of_object);
    if let Some(Object { start, message: Some(said), is_last: true, .. }) = object
        && message == start
    {
        parsed.message = said;
        return;
    }
    // A line from elsewhere may end in CR.
    let end = raw.trim_ascii_end().len();
    let (message, end) = if is_cell(&raw[..end], message) { (message + 1, end - 1) } else { (message, end) };
    parsed.message =
        if message < end { Text { span: Span::new(message, end), escaped: false } } else { members::whole(raw) };
}

/// Adds the fields in a part of a line: those of a JSON object that begins in it, and `key=value`. What the object says of
/// level and time holds where the line says nothing of them.
pub(crate) fn fields_within(reading: &Reading<'_>, part: Span, clock: &Clock, parsed: &mut Parsed) {
    let (from, end) = (part.start as usize, (part.start + part.len) as usize);
    let object = object(reading, from, end, clock, parsed);
    logfmt::collect(&reading.raw[..object.map_or(end, |object| object.start)], from, parsed);
}

/// A JSON object inside a line.
#[derive(Clone, Copy)]
struct Object {
    start: usize,
    /// Its own message.
    message: Option<Text>,
    /// Nothing follows it.
    is_last: bool,
}

/// Reads the first JSON object that begins in the line, which ends at `end`, and may go on in the lines behind it.
fn object(reading: &Reading<'_>, from: usize, end: usize, clock: &Clock, parsed: &mut Parsed) -> Option<Object> {
    /// Braces that are tried.
    const TRIES: usize = 2;
    let raw = reading.raw;
    let braces = memchr_iter(b'{', &raw[from..end]).map(|found| from + found);
    braces.take(TRIES).find_map(|start| {
        if !matches!(raw[start + 1..].trim_ascii_start(), [b'"', ..]) {
            return None;
        }
        let (end, message) = members::read_inside(reading, start, clock, parsed)?;
        Some(Object { start, message, is_last: json_scan::ends(raw, end) })
    })
}

/// Message, level and time of a line that consists of fields, as far as it has them.
fn named_fields(reading: &Reading<'_>, clock: &Clock, stamp: Option<Found>, parsed: &mut Parsed) {
    let mut ranks = [u16::MAX; 2];
    for field in &parsed.fields {
        let span = field.value.span;
        let value = span.of(reading.raw);
        // Where auditd writes the time is no message.
        let holds_time = stamp.is_some_and(|found| (span.start..span.start + span.len).contains(&(found.start as u32)));
        match clock.vocabulary.key(field.key.of(reading.raw)) {
            Some((Role::Message, rank)) if rank < ranks[0] && !value.is_empty() && !holds_time => {
                (ranks[0], parsed.message) = (rank, field.value);
            }
            Some((Role::Time, rank)) if rank < ranks[1] => {
                if let Some(time_ns) = stamp::whole(value, reading, clock) {
                    (ranks[1], parsed.time_ns) = (rank, parsed.time_ns.or(Some(time_ns)));
                }
            }
            _ => {}
        }
    }
    parsed.level = parsed.level.or_else(|| of_fields(0, false, reading, clock, parsed));
}

/// The level that a field states, from the field `first` on: in a word under the most telling key, or else in a number. In
/// prose a number is a level of something else: `tank level=1`.
fn of_fields(first: usize, is_prose: bool, reading: &Reading<'_>, clock: &Clock, parsed: &Parsed) -> Option<Level> {
    let (mut best, mut found) = ((true, u16::MAX), None);
    for field in &parsed.fields[first..] {
        if let Some((Role::Level(scale), rank)) = clock.vocabulary.key(field.key.of(reading.raw))
            && let Some(stated) = stated_level::stated(&clock.vocabulary, scale, field.value.span.of(reading.raw))
            && !(is_prose && matches!(stated, Stated::Number(..)))
            && let Some(level) = stated.level(false)
            && (matches!(stated, Stated::Number(..)), rank) < best
        {
            (best, found) = ((matches!(stated, Stated::Number(..)), rank), Some(level));
        }
    }
    found
}

/// The severity in `<34>` and the length of the mark, with the version that RFC 5424 puts behind it.
pub(crate) fn syslog_priority(raw: &[u8]) -> Option<(u32, usize)> {
    let digits = raw.strip_prefix(b"<")?.iter().take(4).take_while(|byte| byte.is_ascii_digit()).count();
    if !(1..=3).contains(&digits) || raw.get(1 + digits) != Some(&b'>') {
        return None;
    }
    let number = raw[1..=digits].iter().fold(0, |number, byte| number * 10 + u32::from(byte - b'0'));
    let end = digits + 2;
    let version = matches!(raw.get(end..end + 2), Some([b'1'..=b'9', b' ']));
    (number < 192).then_some((number % 8, end + if version { 2 } else { 0 }))
}

/// What stands between a stamp and the end of the bracket that it begins: `[2026-11-22 10:00:00 ERROR app::net]`.
fn rest_of_bracket(head: &[u8], found: &Found) -> Option<Range<usize>> {
    /// Most bytes of it.
    const LONGEST: usize = 96;
    let end = found.stamp.end;
    if head[found.start] != b'[' || head.get(end - 1) == Some(&b']') {
        return None;
    }
    let rest = head.get(end..)?;
    let len = rest.iter().take(LONGEST).position(|byte| matches!(byte, b'[' | b']'))?;
    (rest[len] == b']').then_some(end..end + len)
}

/// The level that stands in a bracket behind the time.
fn in_bracket(words: &Vocabulary, head: &[u8], rest: Range<usize>) -> Option<Level> {
    let text = &head[rest.clone()];
    let separators = text.iter().take_while(|byte| b" \t:,-|".contains(byte)).count();
    level::in_brackets(words, text[separators..].trim_ascii_end())
        .or_else(|| Some(level::in_line(words, &head[..=rest.end], rest.start, true, false)?.level))
}

/// The text at `at` is the last cell of a row, in quotes that are no part of it: `,"gone"`.
fn is_cell(raw: &[u8], at: usize) -> bool {
    match raw.get(at..) {
        Some([b'"', inside @ .., b'"']) => {
            at > 0 && matches!(raw[at - 1], b',' | b';') && memchr(b'"', inside).is_none()
        }
        _ => false,
    }
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
