//! The engine's own events: `{"type":…,"level":…,"message":…}`.

use super::{Clock, Encoder, members, text};
use ng_model::event::{Parsed, Reading};
use ng_wire::Format;

pub(super) static ENCODER: Encoder = Encoder {
    name: "note",
    version: 1,
    summary: "An event of the engine itself; never scored.",
    features: text::FEATURES,
    channels: text::CHANNELS,
    format: Format::Note,
    parse,
};

/// Only what the engine itself marks as a note is one, so that no input can speak in its name.
fn parse(reading: &Reading<'_>, clock: &Clock, parsed: &mut Parsed) -> bool {
    if reading.format != Format::Note || !members::read(reading, clock, parsed) {
        return false;
    }
    let kind = parsed.fields.iter().find(|field| field.container == 0 && field.key.of(reading.raw) == b"type");
    parsed.name = kind.map(|field| field.value).unwrap_or_default();
    true
}
