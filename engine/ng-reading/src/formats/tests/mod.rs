//! Tests of declared formats: their files, what they read, and which is chosen.

mod choice;
mod columns;
mod files;
mod lines;

use super::{Fault, FormatFile, Formats};
use crate::recogniser::Recogniser;
use ng_model::event::{Parsed, Reading};
use ng_model::symbols::Sym;
use ng_wire::Format;

/// 2026-11-22T12:00:00Z.
const NOW: i64 = 1_795_348_800_000_000_000;

/// Formats with one more, from a file of this name and text.
fn with(name: &str, text: &str) -> (Formats, Vec<Fault>) {
    Formats::with(&[FormatFile { path: format!("formats/{name}.toml"), text: text.to_owned() }])
}

/// What is found in a line of a source, and the name of the format that found it.
fn read(recogniser: &Recogniser, source: u32, line: &[u8]) -> (&'static str, Parsed) {
    let mut parsed = Parsed::default();
    let reading = Reading { source: Sym(source), received_ns: NOW, written_ns: NOW, format: Format::Text, raw: line };
    recogniser.encode(&reading, &mut parsed);
    (super::name_of(parsed.declared), parsed)
}
