//! Any bytes as a source of any encoding, in pieces: nothing panics, and what is not packed does not depend on the pieces.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ng_reading::decode::Encoding;
use ng_reading::source_reader::{Item, Limits, SourceReader};
use std::convert::Infallible;

const MARKS: [&[u8]; 8] = [
    b"",
    b"\xff\xfe",
    b"\xfe\xff",
    b"\x1f\x8b\x08",
    b"\x28\xb5\x2f\xfd",
    b"\xfd7zXZ\0",
    b"BZh91AY&SY",
    EXPORT,
];
/// The mark of what is packed and yet does not depend on the pieces: how much can be read of the others before a fault depends
/// on how much is unpacked at a time.
const EXPORT: &[u8] = b"__CURSOR=";

fn events(bytes: &[u8], step: usize) -> Vec<Vec<u8>> {
    let mut events = Vec::new();
    let mut sink = |item: Item<'_>| -> Result<(), Infallible> {
        match item {
            Item::Event(bytes) | Item::Cut { kept: bytes, .. } => events.push(bytes.to_vec()),
            _ => {}
        }
        Ok(())
    };
    let mut reader = SourceReader::new(Limits { joined: false, ..Limits::default() });
    for piece in bytes.chunks(step.min(reader.portion())) {
        let Ok(()) = reader.feed(piece, &mut sink);
    }
    let Ok(()) = reader.finish(&mut sink);
    events
}

fuzz_target!(|data: &[u8]| {
    let [mark, step, rest @ ..] = data else { return };
    let mark = usize::from(*mark) % MARKS.len();
    let bytes = [MARKS[mark], rest].concat();
    let whole = events(&bytes, usize::MAX);
    let pieces = events(&bytes, usize::from(*step) + 1);
    assert!(whole == pieces || Encoding::of(&bytes).is_packed() && !bytes.starts_with(EXPORT));
});
