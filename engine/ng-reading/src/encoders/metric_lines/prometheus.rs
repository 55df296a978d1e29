//! The text form of Prometheus and OpenMetrics: `http_requests_total{method="post",code="200"} 1027 1795352523123`.

use super::{Labels, Measured, Notation, time, word};
use crate::encoders::number;
use memchr::{memchr, memchr2};
use ng_wire::Unit;

pub(super) static NOTATION: Notation = Notation { behind_name: b"{ :", read };

fn read(line: &[u8], labels: &mut Labels<'_>) -> Option<Measured> {
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':');
    let name = line.iter().take_while(|byte| is_name(byte)).count();
    if name == 0 || line[0].is_ascii_digit() || line[name - 1] == b':' {
        return None;
    }
    let (inside, end) = match line.get(name)? {
        b'{' => {
            let end = read_labels(line, name + 1, labels)?;
            (name + 1..end - 1, end)
        }
        // Without labels only what no word of a language has is a name.
        b' ' if line[..name].iter().any(|byte| matches!(byte, b'_' | b':')) => (name..name, name),
        _ => return None,
    };
    let from = end + line[end..].iter().take_while(|byte| **byte == b' ').count();
    // An exemplar may follow.
    let whole = memchr(b'#', &line[from..]).map_or(line, |at| line[..from + at].trim_ascii_end());
    let value = word(whole, from);
    let time = match whole.get(value.end) {
        None => None,
        Some(_) => Some(time(whole, value.end + 1)?),
    };
    Some(Measured {
        name: 0..name,
        labels: inside,
        value: number::plain(&line[value])?,
        unit: unit(&line[..name]),
        time,
    })
}

/// Keeps the labels from `at` on, and gives the first byte behind the bracket that closes them.
fn read_labels(line: &[u8], mut at: usize, labels: &mut Labels<'_>) -> Option<usize> {
    loop {
        at += line[at..].iter().take_while(|byte| matches!(byte, b' ' | b',')).count();
        if line.get(at)? == &b'}' {
            return Some(at + 1);
        }
        let key = at..at + memchr(b'=', &line[at..])?;
        if key.is_empty() || line.get(key.end + 1)? != &b'"' {
            return None;
        }
        let start = key.end + 2;
        let mut end = start;
        loop {
            end += memchr2(b'"', b'\\', line.get(end..)?)?;
            if line[end] == b'"' {
                break;
            }
            end += 2;
        }
        labels.keep(key, start..end, line);
        at = end + 1;
    }
}

/// The base unit that a name ends in, as the conventions of Prometheus have it.
fn unit(name: &[u8]) -> Unit {
    let end = |name: &[u8], suffix: &str| name.ends_with(suffix.as_bytes());
    let name = [&b"_total"[..], b"_sum"].iter().find_map(|suffix| name.strip_suffix(*suffix)).unwrap_or(name);
    match () {
        () if end(name, "_seconds") => Unit::Seconds,
        () if end(name, "_bytes") => Unit::Bytes,
        () if end(name, "_celsius") => Unit::Celsius,
        () if end(name, "_count") || end(name, "_bucket") => Unit::Count,
        () => number::implied_unit(name),
    }
}
