//! The body of a request to ingest: its events, one after the other, without a copy of what they are made of.

use super::{Event, Rejected};
use crate::error::ApiError;
use crate::json::{self, Kind, MAX_DEPTH};
use crate::rest::body::too_large;
use crate::settings::UNPACKED_BYTES;
use flate2::read::MultiGzDecoder;
use memchr::{memchr, memchr_iter, memmem};
use ng_reading::decode::Encoding;
use ng_reading::source_reader::{Item, Limits, SourceReader};
use ng_wire::Format;
use std::borrow::Cow;
use std::convert::Infallible;
use std::io::Read;

/// Longest event, bytes.
const EVENT_BYTES: usize = 1 << 20;
/// Bytes that are unpacked at a time.
const PIECE: u64 = 256 << 10;

/// How a body is divided into events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Media {
    /// A JSON value on each line.
    Lines,
    /// One JSON object, or an array of them.
    Document,
    /// Lines of text, as a followed file has them: those that belong together are one event.
    Text,
}

impl Media {
    /// Every media type that is taken in.
    pub const NAMES: [(&'static str, Media); 3] =
        [("application/x-ndjson", Media::Lines), ("application/json", Media::Document), ("text/plain", Media::Text)];
}

/// A body that was unpacked.
pub struct Body {
    media: Media,
    bytes: Vec<u8>,
    /// It is an array.
    array: bool,
}

impl Body {
    /// Unpacks a body, and refuses a JSON document that is not one. Never holds more than the limit, and no more than `hold`
    /// allows, which is told of every piece of bytes that is held besides the packed ones.
    pub fn open(
        media: Media,
        bytes: Vec<u8>,
        gzip: bool,
        hold: impl Fn(usize) -> Result<(), ApiError>,
    ) -> Result<Body, ApiError> {
        let bytes = if gzip { unpack(&bytes, hold)? } else { bytes };
        let mut array = false;
        if media == Media::Document {
            // The array itself is one level.
            array = match json::look(&bytes, MAX_DEPTH + 1)?.kind {
                Kind::Array => true,
                Kind::Object => false,
                _ => return Err(ApiError::bad_request("expected a JSON object, or an array of objects")),
            };
        }
        Ok(Body { media, bytes, array })
    }

    /// The events and what is none, each with the number of its line, or of its place in the array, counted from 1.
    pub fn events(&self) -> impl Iterator<Item = Result<Event<'_>, Rejected>> {
        let texts = if self.media == Media::Text { texts(&self.bytes) } else { Vec::new() };
        let pieces = if self.media == Media::Text { None } else { Some(self.pieces()) };
        let objects = pieces.into_iter().flatten().filter(|(_, piece)| !piece.trim_ascii().is_empty());
        texts.into_iter().chain(objects.map(|(line, piece)| {
            if piece.len() > EVENT_BYTES {
                return Err(too_long(line));
            }
            event(line, piece.trim_ascii()).map_err(|error| Rejected { line, code: error.code, error: error.message })
        }))
    }

    fn pieces(&self) -> Box<dyn Iterator<Item = (u64, &[u8])> + '_> {
        let bytes = self.bytes.as_slice();
        match (self.media, self.array) {
            (Media::Document, true) => Box::new((1..).zip(json::elements(bytes).map(|span| &bytes[span]))),
            (Media::Document, false) => Box::new(std::iter::once((1, bytes))),
            _ => Box::new(
                (1..).zip(bytes.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line))),
            ),
        }
    }
}

fn too_long(line: u64) -> Rejected {
    Rejected { line, code: "TOO_LARGE", error: format!("longer than {EVENT_BYTES} bytes") }
}

/// The events in lines of text, each with the number of its first line.
fn texts(bytes: &[u8]) -> Vec<Result<Event<'_>, Rejected>> {
    // The header says how the body is packed, and that it is UTF-8.
    let plain = Encoding::of(b"\n");
    let limits = Limits { line_bytes: EVENT_BYTES, ..Limits::default() };
    let mut reader = SourceReader::inside(limits, plain);
    let mut found = Vec::new();
    let (mut line, mut at) = (0, 0);
    // Where lines lie as they are, they are no copy.
    let mut sink = |item: Item<'_>| -> Result<(), Infallible> {
        let (Item::Event(text) | Item::Cut { kept: text, .. }) = item else { return Ok(()) };
        let first = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let place = memmem::find(&bytes[at..], first).map(|place| at + place);
        line += 1;
        if let Some(place) = place {
            line += memchr_iter(b'\n', &bytes[at..place]).count() as u64;
            at = place + first.len();
            at += memchr(b'\n', &bytes[at..]).map_or(bytes.len() - at, |end| end + 1);
        }
        if matches!(item, Item::Cut { .. }) {
            found.push(Err(too_long(line)));
            return Ok(());
        }
        let raw = match place.and_then(|place| bytes.get(place..place + text.len())) {
            Some(whole) if whole == text => Cow::Borrowed(whole),
            _ => Cow::Owned(text.to_vec()),
        };
        found.push(Ok(Event { line, format: Format::Text, raw, id: None }));
        let further = memchr_iter(b'\n', text).count();
        for _ in 0..further {
            line += 1;
            at += memchr(b'\n', &bytes[at..]).map_or(bytes.len() - at, |end| end + 1);
        }
        Ok(())
    };
    let Ok(()) = reader.feed(bytes, &mut sink);
    let Ok(()) = reader.finish(&mut sink);
    found
}

/// The event in a JSON text: an object as it is, a text or a number as a line.
fn event(line: u64, raw: &[u8]) -> Result<Event<'_>, ApiError> {
    let seen = json::look(raw, MAX_DEPTH)?;
    let (format, raw) = match seen.kind {
        Kind::Object => (Format::Json, Cow::Borrowed(raw)),
        Kind::Number => (Format::Text, Cow::Borrowed(raw)),
        Kind::String => (Format::Text, Cow::Owned(json::parse::<String>(raw)?.into_bytes())),
        other => {
            let found = format!("{other:?}").to_lowercase();
            return Err(ApiError::bad_request(format!("expected an object, a string or a number, found {found}")));
        }
    };
    Ok(Event { line, format, raw, id: seen.id })
}

fn unpack(packed: &[u8], hold: impl Fn(usize) -> Result<(), ApiError>) -> Result<Vec<u8>, ApiError> {
    // Pages that are not written to cost nothing, and growing would hold two copies.
    let mut bytes = Vec::with_capacity(UNPACKED_BYTES + 1);
    let mut unpacker = MultiGzDecoder::new(packed).take(UNPACKED_BYTES as u64 + 1);
    loop {
        let read = unpacker.by_ref().take(PIECE).read_to_end(&mut bytes);
        if bytes.len() > UNPACKED_BYTES {
            return Err(too_large("the unpacked body", UNPACKED_BYTES));
        }
        match read.map_err(|error| ApiError::bad_request(format!("the body is not whole gzip: {error}")))? {
            0 => return Ok(bytes),
            more => hold(more)?,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::io::Write;

    fn told(media: Media, bytes: &[u8]) -> Vec<String> {
        let body = Body::open(media, bytes.to_vec(), false, |_| Ok(())).unwrap();
        let tell = |one: Result<Event<'_>, Rejected>| match one {
            Ok(event) => format!("{} {:?} {}", event.line, event.format, String::from_utf8_lossy(&event.raw)),
            Err(rejected) => format!("{} {} {}", rejected.line, rejected.code, rejected.error),
        };
        body.events().map(tell).collect()
    }

    #[test]
    fn lines_become_events() {
        let lines = b"{\"a\": 1}\r\n\n  \"two\\nlines\" \n7\nnull\n{\"a\":\n\xff\n[1]";
        assert_eq!(
            told(Media::Lines, lines),
            [
                "1 Json {\"a\": 1}",
                "3 Text two\nlines",
                "4 Text 7",
                "5 BAD_REQUEST expected an object, a string or a number, found null",
                "6 BAD_JSON not valid JSON: EOF while parsing a value at line 1 column 5",
                "7 BAD_JSON not valid JSON: expected value at line 1 column 1",
                "8 BAD_REQUEST expected an object, a string or a number, found array",
            ]
        );
        assert_eq!(told(Media::Text, b"a \n\n\tb\r\n\xff"), ["1 Text a ", "3 Text \tb", "4 Text \u{fffd}"]);
    }

    #[test]
    fn lines_of_text_that_belong_together_are_one_event() {
        let trace = b"2026-11-22 10:00:00 ERROR x\r\njava.io.IOException: y\r\n\tat a.B.c(B.java:1)\r\n2026-11-22 10:00:01 INFO z\n\n\n{\n\"a\": 1\n}\n2026-11-22 10:00:02 INFO z\n";
        assert_eq!(
            told(Media::Text, trace),
            [
                "1 Text 2026-11-22 10:00:00 ERROR x\njava.io.IOException: y\n\tat a.B.c(B.java:1)",
                "4 Text 2026-11-22 10:00:01 INFO z\n\n\n{\n\"a\": 1\n}",
                "10 Text 2026-11-22 10:00:02 INFO z",
            ]
        );
        let gzip = told(Media::Text, b"\x1f\x8b\x08 is no reason to unpack");
        assert_eq!(gzip.len(), 1);
    }

    #[test]
    fn documents_become_events() {
        assert_eq!(told(Media::Document, b" {\"a\": [1]}\n"), ["1 Json {\"a\": [1]}"]);
        assert_eq!(told(Media::Document, b"[{\"a\":1},\n {}, \"t\"]"), ["1 Json {\"a\":1}", "2 Json {}", "3 Text t"]);
        assert!(told(Media::Document, b"[]").is_empty());
        for bytes in [&b"7"[..], b"[{}", b"{}{}", b""] {
            assert!(Body::open(Media::Document, bytes.to_vec(), false, |_| Ok(())).is_err());
        }
    }

    #[test]
    fn every_event_may_be_as_deep_as_any_body() {
        let deep = |levels: usize| "{\"a\":".repeat(levels) + "1" + &"}".repeat(levels);
        assert!(told(Media::Document, format!("[{}]", deep(64)).as_bytes())[0].starts_with("1 Json"));
        assert!(told(Media::Document, deep(65).as_bytes())[0].starts_with("1 BAD_JSON nested deeper than 64"));
        assert!(told(Media::Lines, format!("{}\n{}", deep(65), deep(64)).as_bytes())[1].starts_with("2 Json"));
    }

    #[test]
    fn long_events_are_rejected() {
        let text = "x".repeat(EVENT_BYTES + 1) + "\ny";
        assert_eq!(told(Media::Text, text.as_bytes()), ["1 TOO_LARGE longer than 1048576 bytes", "2 Text y"]);
    }

    #[test]
    fn packed_bodies_are_unpacked_up_to_the_limit() {
        let pack = |length: usize| {
            let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
            packer.write_all(&vec![b'x'; length]).unwrap();
            packer.finish().unwrap()
        };
        assert_eq!(
            Body::open(Media::Text, pack(UNPACKED_BYTES), true, |_| Ok(())).unwrap().bytes.len(),
            UNPACKED_BYTES
        );
        assert_eq!(
            Body::open(Media::Text, pack(UNPACKED_BYTES + 1), true, |_| Ok(())).err().unwrap().code,
            "TOO_LARGE"
        );
        let mut two = pack(3);
        two.extend(pack(4));
        assert_eq!(Body::open(Media::Text, two, true, |_| Ok(())).unwrap().bytes.len(), 7);
        let mut short = pack(100);
        short.truncate(15);
        assert_eq!(Body::open(Media::Text, short, true, |_| Ok(())).err().unwrap().code, "BAD_REQUEST");
        assert_eq!(Body::open(Media::Text, b"plain".to_vec(), true, |_| Ok(())).err().unwrap().code, "BAD_REQUEST");
    }

    #[test]
    fn what_is_unpacked_is_held_only_as_far_as_there_is_room() {
        let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
        packer.write_all(&vec![b'x'; UNPACKED_BYTES]).unwrap();
        let packed = packer.finish().unwrap();
        let held = std::cell::Cell::new(0);
        let hold = |bytes| {
            held.set(held.get() + bytes);
            if held.get() > 1 << 20 { Err(ApiError::not_ready("full")) } else { Ok(()) }
        };
        assert_eq!(Body::open(Media::Text, packed, true, hold).err().unwrap().code, "NOT_READY");
        assert!(held.get() <= (1 << 20) + PIECE as usize);
    }
}
