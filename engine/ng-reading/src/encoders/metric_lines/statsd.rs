//! StatsD, with the tags of its dialects: `api.latency:320|ms|@0.1|#route:cart,code:200`.

use super::{Labels, Measured, Notation};
use crate::encoders::number;
use memchr::memchr;
use ng_wire::Unit;

pub(super) static NOTATION: Notation = Notation { behind_name: b":,;", read };

fn read(line: &[u8], labels: &mut Labels<'_>) -> Option<Measured> {
    let bar = memchr(b'|', line)?;
    let colon = line[..bar].iter().rposition(|byte| *byte == b':')?;
    let value = number::decimal(&line[colon + 1..bar])?;
    let mut parts = line[bar + 1..].split(|byte| *byte == b'|');
    let unit = match parts.next()? {
        b"ms" => Unit::Seconds,
        b"c" | b"m" => Unit::Count,
        b"g" | b"s" | b"h" | b"d" => Unit::None,
        _ => return None,
    };
    let (mut tags, mut time) = (0..0, None);
    let mut at = line.len() - parts.clone().map(|part| part.len() + 1).sum::<usize>();
    for part in parts {
        at += 1;
        match part {
            [b'#', ..] => tags = at + 1..at + part.len(),
            [b'T', ..] => time = Some(at + 1..at + part.len()),
            [b'@', ..] | [b'c' | b'e', b':', ..] => {}
            _ => return None,
        }
        at += part.len();
    }
    // Other dialects have the tags in the name.
    let end = line[..colon].iter().position(|byte| b",;#".contains(byte)).unwrap_or(colon);
    // Several values on a line are several events, which one line cannot be.
    if line[..end].iter().any(|byte| byte.is_ascii_whitespace() || *byte == b':') {
        return None;
    }
    if tags.is_empty() && end < colon {
        tags = end + 1..colon;
    }
    let mut at = tags.start;
    for tag in line[tags.clone()].split(|byte| b",;".contains(byte)) {
        if let Some(sign) = tag.iter().position(|byte| b":=".contains(byte)) {
            labels.keep(at..at + sign, at + sign + 1..at + tag.len(), line);
        }
        at += tag.len() + 1;
    }
    let milliseconds = unit == Unit::Seconds;
    Some(Measured { name: 0..end, labels: tags, value: if milliseconds { value / 1e3 } else { value }, unit, time })
}
