//! Structured logs: one JSON object.

use super::{Clock, Encoder, json_scan, members};
use ng_model::event::{Parsed, Reading};
use ng_wire::Format;

pub(super) static ENCODER: Encoder = Encoder {
    name: "json",
    version: 2,
    summary: "One JSON object, with message, level and time under their usual names.",
    features: [
        "shape rarity",
        "max field rarity",
        "mean field rarity",
        "number surprise",
        "severity",
        "since last",
        "size",
        "transition rarity",
    ],
    channels: ["shape rarity", "field rarity", "severity", "neighbours"],
    format: Format::Json,
    parse,
};

fn parse(reading: &Reading<'_>, clock: &Clock, parsed: &mut Parsed) -> bool {
    matches!(reading.format, Format::Json | Format::Text)
        && json_scan::begins(reading.raw, 0)
        && members::read(reading, clock, parsed)
}
