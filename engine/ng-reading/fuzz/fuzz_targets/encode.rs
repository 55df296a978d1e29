//! Any bytes as a reading: every place that is found lies inside, and what is stored is read again as it was.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ng_model::event::{Parsed, Reading, Text};
use ng_model::symbols::Sym;
use ng_reading::encoders::{Clock, ENCODERS, message_text, path, stream_kind};
use ng_reading::formats::Formats;
use ng_reading::recogniser::{Recogniser, reparse};
use ng_wire::Format;

const NOW: i64 = 1_795_348_800_000_000_000;
const FORMATS: [Format; 5] = [Format::Text, Format::Json, Format::Metric, Format::Vector, Format::Journal];

fuzz_target!(|data: &[u8]| {
    let [format, raw @ ..] = data else { return };
    let format = FORMATS[usize::from(*format) % FORMATS.len()];
    let recogniser = Recogniser::new(Clock::utc()).trying(Formats::built_in());
    let reading = Reading { source: Sym::default(), received_ns: NOW, written_ns: NOW, format, raw };
    let mut parsed = Parsed::default();
    let encoder = recogniser.encode(&reading, &mut parsed);
    assert!(usize::from(encoder) < ENCODERS.len());
    let inside = |text: Text| (text.span.start as usize + text.span.len as usize) <= raw.len();
    assert!(inside(parsed.message) && inside(parsed.name) && inside(parsed.labels));
    for field in &parsed.fields {
        assert!(inside(field.value));
        let _ = path(raw, &parsed, field);
    }
    let _ = message_text(parsed.format, raw, parsed.message);
    stream_kind(&parsed, raw, &mut String::new());
    let mut again = Parsed::default();
    reparse(parsed.format, parsed.declared, raw, NOW, &mut again);
    assert_eq!((parsed.message, parsed.level, parsed.name), (again.message, again.level, again.name));
    assert_eq!(parsed.fields.len(), again.fields.len());
});
