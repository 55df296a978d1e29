//! The events by which a sensor speaks of its own source: gaps, restarts, and what its supervisor says of it.

use ng_model::intake::{BatchBuilder, IngestHandle, Shutdown, SourceStatus};
use ng_reading::source_reader::Item;
use ng_wire::Format;
use serde_json::Value;
use std::sync::Arc;

/// What takes readings.
pub(crate) trait Readings {
    /// Takes one; an error means that the engine is stopping.
    fn push(&mut self, format: Format, raw: &[u8]) -> Result<(), Shutdown>;
}

impl Readings for BatchBuilder {
    fn push(&mut self, format: Format, raw: &[u8]) -> Result<(), Shutdown> {
        BatchBuilder::push(self, format, raw)
    }
}

/// Hands on what was found in a source: an event as it is; a cut line with a note of what is missing; all else as a note alone.
pub(crate) fn push_item(
    builder: &mut impl Readings,
    format: Format,
    source: &str,
    item: Item<'_>,
) -> Result<(), Shutdown> {
    match item {
        Item::Event(event) => builder.push(format, event),
        Item::Cut { kept, length } => {
            builder.push(format, kept)?;
            let message = format!("line of {length} bytes cut to {}", kept.len());
            gap(builder, source, &message, length - kept.len() as u64)
        }
        Item::Hole(bytes) => gap(builder, source, &format!("{bytes} NUL bytes left out"), bytes),
        Item::Ended { lines, bytes } => divided(builder, source, lines, bytes),
        Item::Broken(problem) => gap(builder, source, problem, 0),
    }
}

/// `bytes` of the source are missing; nothing is known of lines, so `count` is 0.
pub(crate) fn gap(builder: &mut impl Readings, source: &str, message: &str, bytes: u64) -> Result<(), Shutdown> {
    let (message, source) = (quoted(message), quoted(source));
    let note = format!(
        r#"{{"type":"stream.gap","level":"warn","message":{message},"count":0,"bytes":{bytes},"source":{source}}}"#
    );
    builder.push(Format::Note, note.as_bytes())
}

/// An event grew beyond a limit, and nothing of it is missing.
fn divided(builder: &mut impl Readings, source: &str, lines: usize, bytes: usize) -> Result<(), Shutdown> {
    let message = quoted(&format!("an event was divided behind {lines} lines of {bytes} bytes"));
    let source = quoted(source);
    let note = format!(r#"{{"type":"stream.divided","level":"notice","message":{message},"source":{source}}}"#);
    builder.push(Format::Note, note.as_bytes())
}

/// The source began again from its start.
pub(crate) fn restart(builder: &mut impl Readings, source: &str, message: &str) -> Result<(), Shutdown> {
    let (message, source) = (quoted(message), quoted(source));
    let note = format!(r#"{{"type":"stream.restart","level":"notice","message":{message},"source":{source}}}"#);
    builder.push(Format::Note, note.as_bytes())
}

/// An event about a source that fills no batch at present, with fields of its own; handed on at once.
pub(crate) fn own(
    ingest: &IngestHandle,
    source: &Arc<SourceStatus>,
    kind: &str,
    level: &str,
    message: &str,
    more: Value,
) -> Result<(), Shutdown> {
    let mut note = serde_json::json!({ "type": kind, "level": level, "message": message, "source": source.name });
    if let (Value::Object(note), Value::Object(more)) = (&mut note, more) {
        note.extend(more);
    }
    let mut builder = ingest.fill(source);
    builder.push(Format::Note, note.to_string().as_bytes())?;
    builder.flush()
}

/// The text as a JSON string, with its quotes.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
