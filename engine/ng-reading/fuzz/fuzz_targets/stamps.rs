//! Any text as a time, alone and at the start of a line.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ng_model::event::{Parsed, Reading};
use ng_model::symbols::Sym;
use ng_model::zone::Zone;
use ng_reading::encoders::{Clock, stated_time};
use ng_reading::recogniser::Recogniser;
use ng_wire::Format;

fuzz_target!(|data: (i64, &str)| {
    let (now_ns, text) = data;
    let _ = stated_time(text, now_ns, &Zone::UTC);
    let recogniser = Recogniser::new(Clock::utc());
    let raw = text.as_bytes();
    let reading = Reading { source: Sym::default(), received_ns: now_ns, written_ns: now_ns, format: Format::Text, raw };
    let mut parsed = Parsed::default();
    for _ in 0..2 {
        recogniser.encode(&reading, &mut parsed);
    }
});
