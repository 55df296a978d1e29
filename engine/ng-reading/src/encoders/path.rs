//! The path of a field as people write it.

use super::escape::{lossy, unescape};
use ng_model::event::{Field, Key, Parsed, Text};
use std::borrow::Cow;
use std::fmt::Write;

/// The path of a field: its key, behind the keys of the objects and the places in the arrays that it stands in, JSON escapes
/// resolved. The filter language takes it behind `attr.`.
pub fn path<'r>(raw: &'r [u8], parsed: &Parsed, field: &Field) -> Cow<'r, str> {
    if field.container == 0 {
        return match field.key {
            Key::Text(key) => lossy(unescape(raw, key)),
            Key::Name(name) => Cow::Borrowed(name),
        };
    }
    let around: Vec<_> = field.containers(&parsed.containers).collect();
    let keys: usize = around.iter().map(|container| container.key.span.len as usize + 1).sum();
    let mut out = String::with_capacity(keys + field.key.of(raw).len());
    for container in around.iter().rev() {
        append(raw, container.key, &mut out);
        if let Some(index) = container.index {
            let _ = write!(out, "[{index}]");
        }
    }
    match field.key {
        // An element of an array has no key, its place is said already.
        Key::Text(key) if key.span.is_empty() && !around.is_empty() => {}
        Key::Text(key) => append(raw, key, &mut out),
        Key::Name(name) => out.push_str(name),
    }
    Cow::Owned(out)
}

/// Adds a key behind a dot.
fn append(raw: &[u8], key: Text, out: &mut String) {
    if !key.span.is_empty() {
        if !out.is_empty() {
            out.push('.');
        }
        out.push_str(&lossy(unescape(raw, key)));
    }
}
