//! The path of a field as people write it.

use super::escape::unescape;
use ng_model::event::{Field, Key, Parsed, Text};
use std::fmt::Write;

/// The path of a field: its key, behind the keys of the objects and the places in the arrays that it stands in, JSON escapes
/// resolved. The filter language takes it behind `attr.`.
pub fn path(raw: &[u8], parsed: &Parsed, field: &Field) -> String {
    let mut out = String::new();
    let around: Vec<_> = field.containers(&parsed.containers).collect();
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
    out
}

/// Adds a key behind a dot.
fn append(raw: &[u8], key: Text, out: &mut String) {
    if !key.span.is_empty() {
        if !out.is_empty() {
            out.push('.');
        }
        out.push_str(&String::from_utf8_lossy(&unescape(raw, key)));
    }
}
