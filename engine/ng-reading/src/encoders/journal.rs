//! Entries of journald as `journalctl -o json` prints them.

use super::json_scan::{self, Found, Kind};
use super::{Clock, Encoder, members, number, stated_level, text};
use memchr::memmem;
use ng_model::event::{Parsed, Reading, Span, Text};
use ng_wire::Format;
use std::sync::LazyLock;

pub(super) static ENCODER: Encoder = Encoder {
    name: "journal",
    version: 1,
    summary: "One journald entry as JSON, with MESSAGE, PRIORITY and __REALTIME_TIMESTAMP.",
    features: text::FEATURES,
    channels: text::CHANNELS,
    format: Format::Journal,
    parse,
};

/// Most fields kept of one entry.
const FIELDS: usize = 64;
/// The member by which an entry is told from other JSON.
const TIME: &[u8] = b"__REALTIME_TIMESTAMP";
static HAS_TIME: LazyLock<memmem::Finder<'static>> = LazyLock::new(|| memmem::Finder::new(TIME));

fn parse(reading: &Reading<'_>, _: &Clock, parsed: &mut Parsed) -> bool {
    let raw = reading.raw;
    let wanted = match reading.format {
        Format::Journal => true,
        Format::Text => raw.trim_ascii_start().first() == Some(&b'{') && HAS_TIME.find(raw).is_some(),
        _ => false,
    };
    if !wanted {
        return false;
    }
    parsed.message = members::whole(raw);
    let found = json_scan::members(raw, 0, &mut Vec::new(), |_, member| {
        if member.depth != 1 {
            return;
        }
        let value = member.value.span.of(raw);
        match member.key.span.of(raw) {
            b"MESSAGE" => match member.kind {
                Kind::String if !value.is_empty() => parsed.message = member.value,
                Kind::Array => parsed.message = first_message(raw, member.value),
                _ => {}
            },
            b"PRIORITY" => parsed.level = plain_number(value).and_then(stated_level::severity).or(parsed.level),
            TIME => {
                let micros: Option<i64> = std::str::from_utf8(value).ok().and_then(|text| text.parse().ok());
                parsed.time_ns = micros.and_then(|micros| micros.checked_mul(1000)).or(parsed.time_ns);
            }
            _ => {}
        }
        let key = member.key.span.of(raw);
        if !key.starts_with(b"__") || key == b"__CURSOR" {
            members::keep(member, raw, parsed, FIELDS);
        }
    });
    // Journald writes every value as a string, numbers too.
    for field in &mut parsed.fields {
        if field.number.is_nan() {
            field.number = number::decimal(field.value.span.of(raw)).unwrap_or(f64::NAN);
        }
    }
    match found {
        Found::Object(end) => {
            json_scan::ends(raw, end) && (reading.format == Format::Journal || parsed.time_ns.is_some())
        }
        Found::Cut => parsed.time_ns.is_some(),
        Found::Other => false,
    }
}

/// The first of several messages, or the array itself when it holds the bytes of one message.
fn first_message(raw: &[u8], array: Text) -> Text {
    let start = array.span.start as usize;
    let inside = raw[start + 1..].iter().position(|byte| !byte.is_ascii_whitespace()).map(|found| start + 1 + found);
    let end = start + array.span.len as usize;
    match inside {
        Some(at) if raw[at] == b'"' => {
            let mut escaped = false;
            let mut close = at + 1;
            while close < end && raw[close] != b'"' {
                escaped |= raw[close] == b'\\';
                close += if raw[close] == b'\\' { 2 } else { 1 };
            }
            Text { span: Span::new(at + 1, close.min(end)), escaped }
        }
        Some(at) if raw[at] == b'[' => {
            let len = memchr::memchr(b']', &raw[at..end]).map_or(end - at, |close| close + 1);
            Text { span: Span::new(at, at + len), escaped: false }
        }
        _ => array,
    }
}

fn plain_number(text: &[u8]) -> Option<u32> {
    std::str::from_utf8(text).ok()?.parse().ok()
}
