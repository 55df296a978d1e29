//! What the members of a JSON object say of the event.

use super::json_scan::{self, Kind, Member};
use super::{Clock, level, number, stamp};
use ng_model::event::{Field, Parsed, Reading, Span, Text};
use ng_wire::Level;

/// Most fields kept of one object.
const FIELDS: usize = 256;
/// Names of the message, the most telling first.
const MESSAGES: [&[u8]; 6] = [b"message", b"msg", b"log", b"text", b"event", b"body"];
/// Names of the level.
const LEVELS: [&[u8]; 5] = [b"level", b"lvl", b"severity", b"log.level", b"loglevel"];
/// Names of the time.
const TIMES: [&[u8]; 6] = [b"time", b"timestamp", b"ts", b"@timestamp", b"t", b"datetime"];

/// First segments of topics that only the engine and its encoders give.
const OURS: [&[u8]; 18] = [
    b"action",
    b"alert",
    b"auth",
    b"cdna",
    b"client",
    b"engine",
    b"guardian",
    b"log",
    b"metric",
    b"module",
    b"note",
    b"server",
    b"session",
    b"state",
    b"stream",
    b"system",
    b"vector",
    b"websocket",
];
/// Names of the topic.
const TYPES: [&[u8]; 2] = [b"event_type", b"type"];

/// Reads one JSON object into `parsed`: fields, and message, level and time under their usual names. False when the bytes
/// are not one JSON object.
pub(super) fn read(reading: &Reading<'_>, clock: &Clock, parsed: &mut Parsed) -> bool {
    let raw = reading.raw;
    let (mut message_rank, mut level_rank, mut time_rank) = (usize::MAX, usize::MAX, usize::MAX);
    let mut type_rank = usize::MAX;
    parsed.message = whole(raw);
    json_scan::members(raw, |member| {
        keep(member, raw, parsed, FIELDS);
        let key = member.key.span.of(raw);
        let value = member.value.span.of(raw);
        if member.depth == 2 && member.parent.span.of(raw) == b"log" && key == b"level" {
            // The nested spelling of `log.level`.
            better(&mut level_rank, 3, &mut parsed.level, || level_of(member.kind, value));
        }
        if member.depth != 1 || key.len() > 10 {
            return;
        }
        if let Some(rank) = position(&MESSAGES, key) {
            if member.kind == Kind::String && !value.is_empty() && rank < message_rank {
                (message_rank, parsed.message) = (rank, member.value);
            }
        } else if let Some(rank) = position(&LEVELS, key) {
            better(&mut level_rank, rank, &mut parsed.level, || level_of(member.kind, value));
        } else if let Some(rank) = position(&TIMES, key) {
            let time = || match member.kind {
                Kind::String | Kind::Number => stamp::whole(value, reading, clock),
                _ => None,
            };
            better(&mut time_rank, rank, &mut parsed.time_ns, time);
        } else if let Some(rank) = position(&TYPES, key)
            && rank < type_rank
            && member.kind == Kind::String
            && is_topic(value)
        {
            (type_rank, parsed.name) = (rank, member.value);
        }
    })
}

/// A dotted name such as `signal.input.text`. A single word says what an application means by it, which is no topic; and
/// nobody poses as the engine, or as another format.
fn is_topic(value: &[u8]) -> bool {
    let word = |segment: &[u8]| {
        !segment.is_empty() && segment.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
    };
    let mut segments = value.split(|byte| *byte == b'.');
    let first = segments.next().unwrap_or_default();
    let taken = OURS.iter().any(|ours| first.eq_ignore_ascii_case(ours));
    value.contains(&b'.') && word(first) && !first[0].is_ascii_digit() && !taken && segments.all(word)
}

/// The whole reading as a text.
pub(super) fn whole(raw: &[u8]) -> Text {
    Text { span: Span::new(0, raw.len()), escaped: false }
}

/// Keeps a member as a field, up to `limit` fields.
pub(super) fn keep(member: &Member, raw: &[u8], parsed: &mut Parsed, limit: usize) {
    if parsed.fields.len() < limit {
        let number = match member.kind {
            Kind::Number => number::decimal(member.value.span.of(raw)).unwrap_or(f64::NAN),
            _ => f64::NAN,
        };
        parsed.fields.push(Field { key: member.key, value: member.value, number });
    }
}

/// Takes a value from a better place than the one known so far, if there is a value.
fn better<T>(best: &mut usize, rank: usize, slot: &mut Option<T>, value: impl FnOnce() -> Option<T>) {
    if rank < *best
        && let Some(value) = value()
    {
        (*best, *slot) = (rank, Some(value));
    }
}

fn level_of(kind: Kind, value: &[u8]) -> Option<Level> {
    match kind {
        Kind::String => level::value(value).or_else(|| number::decimal(value).and_then(level::number)),
        Kind::Number => number::decimal(value).and_then(level::number),
        _ => None,
    }
}

fn position(names: &[&[u8]], key: &[u8]) -> Option<usize> {
    names.iter().position(|name| *name == key)
}
