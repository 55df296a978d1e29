//! Eight numbers: `name=[a,b,c,d,e,f,g,h]`.

use super::{Clock, Encoder, members, number, numeric};
use ng_model::event::{Parsed, Reading, Span, Text};
use ng_wire::Format;

pub(super) static ENCODER: Encoder = Encoder {
    name: "vector",
    version: 1,
    summary: "Eight numbers in brackets, with a name before them or without.",
    features: ["x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7"],
    channels: ["neighbours", "", "", ""],
    format: Format::Vector,
    parse,
};

fn parse(reading: &Reading<'_>, _: &Clock, parsed: &mut Parsed) -> bool {
    let raw = reading.raw;
    if !matches!(reading.format, Format::Vector | Format::Text) || !raw.trim_ascii_end().ends_with(b"]") {
        return false;
    }
    let text = raw.trim_ascii();
    let start = raw.len() - raw.trim_ascii_start().len();
    let (name, list) = if text.starts_with(b"[") {
        (0, text)
    } else {
        // A sensor may use any name; in text the name must look like one.
        let strict = numeric::name_len(text);
        let len = match text.get(strict) {
            Some(b'=') if strict > 0 => strict,
            _ if reading.format == Format::Vector => match memchr::memchr(b'=', text) {
                Some(len) => len,
                None => return false,
            },
            _ => return false,
        };
        (text[..len].trim_ascii_end().len(), &text[len + 1..])
    };
    let Some(inside) = list.trim_ascii_start().strip_prefix(b"[").and_then(|list| list.strip_suffix(b"]")) else {
        return false;
    };
    let mut elements = inside.split(|byte| *byte == b',');
    for slot in &mut parsed.vector {
        match elements.next().and_then(|element| number::plain(element.trim_ascii())) {
            Some(value) => *slot = value as f32,
            None => return false,
        }
    }
    parsed.name = Text { span: Span::new(start, start + name), escaped: false };
    parsed.message = members::whole(raw);
    elements.next().is_none()
}
