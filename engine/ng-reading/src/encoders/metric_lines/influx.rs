//! The line protocol of InfluxDB: `cpu,host=web1 usage_idle=93.5,usage_user=4i 1795352523123456789`.

use super::{Labels, Measured, Notation, time};
use crate::encoders::number;
use ng_wire::Unit;
use std::ops::Range;

pub(super) static NOTATION: Notation = Notation { behind_name: b", ", read };

fn read(line: &[u8], labels: &mut Labels<'_>) -> Option<Measured> {
    let head = until(line, 0, b" ");
    let name = until(line, 0, b", ");
    let tags = (name + 1).min(head)..head;
    if name == 0 || !pairs(line, tags.clone(), |key, value| labels.keep(key, value, line)) {
        return None;
    }
    let fields = head + 1..until(line, head + 1, b" ");
    let when = match line.get(fields.end) {
        None => None,
        Some(_) => Some(time(line, fields.end + 1)?),
    };
    // A word before `key=value` is text like any other.
    if when.is_none() && tags.is_empty() {
        return None;
    }
    let mut first = None;
    let well_formed = pairs(line, fields, |key, value| {
        let bare = without_form(line, value);
        if first.is_none() {
            first = number::decimal(&line[bare.clone()]).map(|number| (key.clone(), number));
        }
        labels.keep(key, bare, line);
    });
    let (key, value) = first.filter(|_| well_formed)?;
    // Which of its fields it is tells streams apart as well, but not what other fields before it hold.
    let labels = if key.start == head + 1 { name + 1..key.end } else { tags };
    Some(Measured { name: 0..name, labels, value, unit: Unit::None, time: when })
}

/// A value without its quotes, or the letter behind a whole number.
fn without_form(line: &[u8], value: Range<usize>) -> Range<usize> {
    match &line[value.clone()] {
        [b'"', .., b'"'] => value.start + 1..value.end - 1,
        [digits @ .., b'i' | b'u'] if number::decimal(digits).is_some() => value.start..value.end - 1,
        _ => value,
    }
}

/// Hands on what stands before and behind each `=`. False when anything is not of this form.
fn pairs(line: &[u8], place: Range<usize>, mut each: impl FnMut(Range<usize>, Range<usize>)) -> bool {
    let mut at = place.start;
    while at < place.end {
        let (key, end) = (until(line, at, b"=, "), until(line, at, b", ").min(place.end));
        if key == at || key + 1 >= end || line[key] != b'=' {
            return false;
        }
        each(at..key, key + 1..end);
        at = end + 1;
    }
    true
}

/// The first byte from `at` on that is one of `ends`, outside quotes and not behind a backslash; or the end of the line.
fn until(line: &[u8], mut at: usize, ends: &[u8]) -> usize {
    let mut quoted = false;
    while let Some(byte) = line.get(at) {
        match byte {
            b'\\' => at += 1,
            b'"' => quoted = !quoted,
            byte if !quoted && ends.contains(byte) => return at,
            _ => {}
        }
        at += 1;
    }
    line.len()
}
