//! Any text as the file of a format: it is refused with a place, or its samples come out.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ng_reading::formats::{FormatFile, Formats};

fuzz_target!(|text: &str| {
    let file = FormatFile { path: "formats/fuzzed.toml".into(), text: text.into() };
    let (formats, faults) = Formats::with(&[file]);
    assert!(faults.is_empty() == formats.named("fuzzed").is_some());
    assert!(faults.iter().all(|fault| fault.place.starts_with("formats/fuzzed.toml") && !fault.what.is_empty()));
});
