//! Tests of the encoders as a whole: lines as the world writes them, and properties of every input.

mod golden;
mod properties;
mod structured;
mod traces;

use super::{Clock, ENCODERS, path};
use crate::recogniser::Recogniser;
use ng_model::event::{Parsed, Reading, Text};
use ng_model::symbols::Sym;
use ng_wire::Format;

/// 2026-11-22T12:00:00Z.
const NOW: i64 = 1_795_348_800_000_000_000;

/// The event in `raw` and the name of the encoder that found it.
fn encoded(format: Format, raw: &[u8]) -> (&'static str, Parsed) {
    let mut parsed = Parsed::default();
    let reading = Reading { source: Sym::default(), received_ns: NOW, written_ns: NOW, format, raw };
    let index = Recogniser::new(Clock::utc()).encode(&reading, &mut parsed);
    (ENCODERS[index as usize].name, parsed)
}

fn text_of(raw: &[u8], text: Text) -> &str {
    std::str::from_utf8(text.span.of(raw)).unwrap()
}

/// Fields as `path=value`, with the number behind a `#`.
fn fields_of(raw: &[u8], parsed: &Parsed) -> Vec<String> {
    let shown = |number: f64| if number.is_nan() { String::new() } else { format!("#{number}") };
    let fields = parsed.fields.iter();
    fields
        .map(|field| format!("{}={}{}", path(raw, parsed, field), text_of(raw, field.value), shown(field.number)))
        .collect()
}
