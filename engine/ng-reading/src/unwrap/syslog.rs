//! The headers of syslog: `<34>1 2026-11-22T13:02:03Z host app 12 ID7 [x@1 a="b"] text` of RFC 5424, and
//! `<34>Nov 22 13:02:03 host app[12]: text` of RFC 3164, which files have without the priority, or with a date of ISO 8601.

use super::{ATTRIBUTES, Wrapped, Wrapper, is_name, word_len};
use crate::encoders::{names_level, severity, syslog_priority};
use memchr::memchr;
use ng_model::event::{Container, Field, Parsed, Span, Text};

pub(super) static WRAPPER: Wrapper = Wrapper {
    find: |raw, _| match raw.first()? {
        b'<' => {
            let (number, len) = syslog_priority(raw)?;
            let found = if raw.get(len - 1) == Some(&b' ') { structured(raw, len) } else { plain(raw, len) };
            found.map(|found| Wrapped { level: severity(number), ..found })
        }
        b'A'..=b'S' | b'0'..=b'9' => plain(raw, 0),
        _ => None,
    },
};

/// With a date of ISO 8601 the process begins within so many bytes: the time, the host and the tag.
const WITHIN: usize = 40 + 256 + 64 + 2;
/// Most fields taken out of structured data.
const DATA: usize = 64;

/// RFC 5424 behind the version. What is left out is `-`.
fn structured(raw: &[u8], start: usize) -> Option<Wrapped> {
    let mut at = start;
    let mut parts = [Span::default(); 5];
    for part in &mut parts {
        let len = word_len(raw.get(at..)?, 256, |byte| byte > b' ');
        if len == 0 || raw.get(at + len) != Some(&b' ') {
            return None;
        }
        *part = Span::new(at, at + len);
        at += len + 1;
    }
    let data = at..data_end(raw, at)?;
    let inner = raw.get(data.end..)?.strip_prefix(b" ")?;
    let inner = inner.strip_prefix(b"\xef\xbb\xbf").unwrap_or(inner);
    let [time, host, app, pid, message_id] =
        parts.map(|part| if part.of(raw) == b"-" { Span::default() } else { part });
    (!inner.trim_ascii().is_empty()).then(|| Wrapped {
        inner: raw.len() - inner.len(),
        time,
        attributes: [("host", host), ("app", app), ("pid", pid), ("message_id", message_id)],
        data: Span::new(data.start, data.end),
        ..Wrapped::default()
    })
}

/// The end of structured data: `-`, or elements in brackets that touch.
fn data_end(raw: &[u8], mut at: usize) -> Option<usize> {
    if raw.get(at) == Some(&b'-') {
        return Some(at + 1);
    }
    let start = at;
    while raw.get(at) == Some(&b'[') {
        let (mut quoted, mut escaped) = (false, false);
        let len = raw[at..].iter().position(|byte| {
            let is_plain = !std::mem::take(&mut escaped);
            match byte {
                b'\\' if is_plain => escaped = true,
                b'"' if is_plain => quoted = !quoted,
                b']' if is_plain => return !quoted,
                _ => {}
            }
            false
        });
        at += len? + 1;
    }
    (at > start).then_some(at)
}

/// Adds the parameters of structured data as fields of their elements.
pub(super) fn add_data(raw: &[u8], data: Span, parsed: &mut Parsed) {
    let end = data.start as usize + data.len as usize;
    let (mut at, mut container, mut count) = (data.start as usize, 0, 0);
    while at < end && count < DATA {
        let rest = &raw[at..end];
        match rest[0] {
            b'[' => {
                let len = word_len(&rest[1..], 64, |byte| !matches!(byte, b' ' | b']'));
                let key = Text { span: Span::new(at + 1, at + 1 + len), escaped: false };
                parsed.containers.push(Container { key, index: None, parent: 0 });
                container = parsed.containers.len() as u16;
                at += 1 + len;
            }
            b' ' | b']' => at += 1,
            _ => {
                let Some(equals) = memchr(b'=', rest).filter(|equals| rest.get(equals + 1) == Some(&b'"')) else {
                    return;
                };
                let value = at + equals + 2;
                let Some((len, escaped)) = quoted_len(&raw[value..end]) else { return };
                let key = Text { span: Span::new(at, at + equals), escaped: false };
                let value = Text { span: Span::new(value, value + len), escaped };
                let number = crate::encoders::number_of(value.span.of(raw));
                parsed.fields.push(Field { container, ..Field::new(key, value, number) });
                at = value.span.start as usize + len + 1;
                count += 1;
            }
        }
    }
}

/// The length of a text that a quote ends, and whether there are escapes in it.
fn quoted_len(raw: &[u8]) -> Option<(usize, bool)> {
    let (mut at, mut escaped) = (0, false);
    loop {
        match raw.get(at)? {
            b'"' => return Some((at, escaped)),
            b'\\' => {
                escaped = true;
                at += 2;
            }
            _ => at += 1,
        }
    }
}

/// RFC 3164: the time, the host, and the tag with a colon behind it. With a date of ISO 8601 the tag must have a process, since
/// other lines begin like that.
fn plain(raw: &[u8], start: usize) -> Option<Wrapped> {
    let rest = raw.get(start..)?;
    let is_iso = rest.first().is_some_and(u8::is_ascii_digit);
    // Most lines with such a date have no process, and are not walked through.
    if is_iso && memchr(b'[', &rest[..rest.len().min(WITHIN)]).is_none() {
        return None;
    }
    let time = if is_iso { iso_len(rest)? } else { named_len(rest)? };
    let host = start + time + 1;
    let host_end = host + word_len(raw.get(host..)?, 256, |byte| is_name(byte) || byte == b':');
    if host_end == host || raw.get(host_end) != Some(&b' ') || raw[host_end - 1] == b':' {
        return None;
    }
    let app = host_end + 1;
    let app_end = app + word_len(&raw[app..], 64, |byte| is_name(byte) || matches!(byte, b'/' | b'@' | b'(' | b')'));
    let mut end = app_end;
    let mut pid = Span::default();
    if raw.get(end) == Some(&b'[') {
        let len = word_len(&raw[end + 1..], 16, |byte| byte.is_ascii_digit());
        pid = Span::new(end + 1, end + 1 + len);
        end += 1 + len;
        end += usize::from(raw.get(end) == Some(&b']'));
    }
    if app_end == app || raw.get(end) != Some(&b':') || (is_iso && pid.is_empty()) {
        return None;
    }
    // A level and what wrote the line, without a host.
    if is_iso && host_end - host > 1 && names_level(&raw[host..host_end]) {
        return None;
    }
    let inner = end + 1 + word_len(&raw[end + 1..], 8, |byte| byte == b' ');
    let mut attributes = [("", Span::default()); ATTRIBUTES];
    attributes[0] = ("host", Span::new(host, host_end));
    attributes[1] = ("app", Span::new(app, app_end));
    attributes[2] = ("pid", pid);
    let time = Span::new(start, start + time);
    // Text without a heading of its own stays behind its header, which people know by sight.
    let inner = if has_heading(&raw[inner..]) { inner } else { 0 };
    Some(Wrapped { inner, time, attributes, ..Wrapped::default() })
}

/// The length of `Nov 22 13:02:03`, with a fraction perhaps, when a blank follows.
fn named_len(raw: &[u8]) -> Option<usize> {
    let is_like = |at: usize, like: &[u8]| {
        raw.get(at..at + like.len()).is_some_and(|text| {
            text.iter().zip(like).all(|(byte, like)| match like {
                b'0' => byte.is_ascii_digit() || *byte == b' ',
                b'A' => byte.is_ascii_uppercase(),
                b'a' => byte.is_ascii_lowercase(),
                like => byte == like,
            })
        })
    };
    let len = if is_like(0, b"Aaa 00 00:00:00") { 15 } else { return None };
    let fraction = match raw.get(len) {
        Some(b'.' | b',') => 1 + word_len(&raw[len + 1..], 9, |byte| byte.is_ascii_digit()),
        _ => 0,
    };
    (raw.get(len + fraction) == Some(&b' ')).then_some(len + fraction)
}

/// The length of a date and time that begin like `2026-11-22T13`, when a blank follows.
fn iso_len(raw: &[u8]) -> Option<usize> {
    if !matches!(raw, [_, _, _, _, b'-', _, _, b'-', _, _, b'T', _, _, b':', ..]) {
        return None;
    }
    let len = word_len(raw, 40, |byte| byte != b' ');
    (len > 18 && raw.get(len) == Some(&b' ')).then_some(len)
}

/// An event of its own begins here: JSON, a date, or the letter and date of klog.
fn has_heading(raw: &[u8]) -> bool {
    match raw {
        [b'{', ..] => true,
        [b'0'..=b'9', b'0'..=b'9', b'0'..=b'9', b'0'..=b'9', b'-' | b'/', b'0'..=b'9', ..] => true,
        [b'I' | b'W' | b'E' | b'F', digits @ ..] => {
            digits.len() > 5 && digits[..4].iter().all(u8::is_ascii_digit) && digits[4] == b' '
        }
        _ => false,
    }
}
