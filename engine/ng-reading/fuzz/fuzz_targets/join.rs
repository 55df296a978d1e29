//! Any bytes as the lines of a source: the events are the same however the bytes come, and keep to their bounds.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ng_reading::decode::Encoding;
use ng_reading::source_reader::{Item, Limits, SourceReader};
use std::convert::Infallible;

const LIMITS: Limits =
    Limits { line_bytes: 256, event_lines: 8, event_bytes: 1024, keep_colours: false, joined: true };

fn events(bytes: &[u8], step: usize) -> Vec<Vec<u8>> {
    let mut events = Vec::new();
    let mut sink = |item: Item<'_>| -> Result<(), Infallible> {
        if let Item::Event(bytes) = item {
            assert!(bytes.len() <= LIMITS.event_bytes + LIMITS.line_bytes);
            events.push(bytes.to_vec());
        }
        Ok(())
    };
    let mut reader = SourceReader::new(LIMITS);
    for piece in bytes.chunks(step) {
        let Ok(()) = reader.feed(piece, &mut sink);
    }
    let Ok(()) = reader.finish(&mut sink);
    events
}

fuzz_target!(|data: &[u8]| {
    let [step, bytes @ ..] = data else { return };
    if Encoding::of(bytes).is_packed() {
        return;
    }
    assert_eq!(events(bytes, bytes.len().max(1)), events(bytes, usize::from(*step) + 1));
});
