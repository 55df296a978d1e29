//! The events by which a sensor speaks of its own source: gaps, restarts, and what its supervisor says of it.

use ng_model::intake::{BatchBuilder, IngestHandle, Shutdown, SourceStatus};
use ng_reading::lines::Piece;
use ng_wire::Format;
use serde_json::Value;
use std::sync::Arc;

/// Hands on what [`ng_reading::lines::LineSplitter`] found: a line as it is; a cut line with a note of what is missing; a hole as a
/// note alone.
pub(crate) fn push_piece(
    builder: &mut BatchBuilder,
    format: Format,
    source: &str,
    piece: Piece<'_>,
) -> Result<(), Shutdown> {
    match piece {
        Piece::Line(line) => builder.push(format, line),
        Piece::Cut { kept, length } => {
            builder.push(format, kept)?;
            let message = format!("line of {length} bytes cut to {}", kept.len());
            gap(builder, source, &message, length - kept.len() as u64)
        }
        Piece::Hole(bytes) => gap(builder, source, &format!("{bytes} NUL bytes left out"), bytes),
    }
}

/// `bytes` of the source are missing; nothing is known of lines, so `count` is 0.
pub(crate) fn gap(builder: &mut BatchBuilder, source: &str, message: &str, bytes: u64) -> Result<(), Shutdown> {
    let (message, source) = (quoted(message), quoted(source));
    let note = format!(
        r#"{{"type":"stream.gap","level":"warn","message":{message},"count":0,"bytes":{bytes},"source":{source}}}"#
    );
    builder.push(Format::Note, note.as_bytes())
}

/// The source began again from its start.
pub(crate) fn restart(builder: &mut BatchBuilder, source: &str, message: &str) -> Result<(), Shutdown> {
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
