//! Binary messages of the seed's dialect, for clients that have asked for them.
//!
//! A client sends `{"type":"enable_binary"}` and is answered `{"type":"binary_enabled","version":1,"types":{…},…}`. From
//! then on it may send binary messages, and gets those that others send to the channels it subscribes to. A message begins
//! with eight bytes, big-endian:
//!
//! | offset | size | field |
//! |---|---|---|
//! | 0 | 1 | version, 1 |
//! | 1 | 1 | type: 1 image, 2 audio, 3 video, 4 data, 5 compressed JSON |
//! | 2 | 2 | length of the metadata |
//! | 4 | 4 | length of the payload |
//!
//! Then come the metadata, a JSON object, and the payload; what follows is ignored. Compressed JSON is a request like
//! those in text messages, packed as `compression` of the metadata says: `gzip` (when it says nothing), `zlib`, `deflate`
//! or `none`. The other types go to the subscribers of the channel that the metadata names in `channel`, as they are; who
//! sends one needs the right to broadcast.

use crate::error::ApiError;
use crate::json;
use crate::settings::MESSAGE_BYTES;
use flate2::read::{DeflateDecoder, GzDecoder, ZlibDecoder};
use serde_json::{Map, Value};
use std::io::Read;

/// Version of the header.
pub(super) const VERSION: u8 = 1;
/// Types of messages with their names.
pub(super) const TYPES: [(u8, &str); 5] =
    [(1, "image"), (2, "audio"), (3, "video"), (4, "binary"), (COMPRESSED, "compressed_json")];
const COMPRESSED: u8 = 5;
const HEADER: usize = 8;

/// What a binary message asks for.
#[derive(Debug, PartialEq)]
pub(super) enum Content {
    /// A request as JSON.
    Request(Vec<u8>),
    /// Something for the subscribers of a channel.
    Media {
        /// Name of the channel.
        channel: String,
    },
}

/// Reads a message.
pub(super) fn read(bytes: &[u8]) -> Result<Content, ApiError> {
    let Some((header, rest)) = bytes.split_first_chunk::<HEADER>() else {
        return Err(bad(format!("expected a header of {HEADER} bytes, found {} bytes", bytes.len())));
    };
    let [version, kind, a, b, c, d, e, f] = *header;
    if version != VERSION {
        return Err(bad(format!("version {version}, expected {VERSION}")));
    }
    if !TYPES.iter().any(|(known, _)| *known == kind) {
        return Err(bad(format!("type {kind}, expected 1 to 5")));
    }
    let (metadata, payload) = (u16::from_be_bytes([a, b]) as usize, u32::from_be_bytes([c, d, e, f]) as usize);
    if rest.len() < metadata.saturating_add(payload) {
        let what = format!("expected {metadata} bytes of metadata and {payload} of payload, found {}", rest.len());
        return Err(bad(what));
    }
    let (metadata, rest) = rest.split_at(metadata);
    let metadata: Map<String, Value> = json::parse(if metadata.is_empty() { b"{}" } else { metadata })
        .map_err(|error| bad(format!("metadata: {}", error.message)))?;
    let text = |key: &str| match metadata.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.as_str())),
        Some(_) => Err(bad(format!("metadata.{key}: expected a text"))),
    };
    if kind == COMPRESSED {
        return unpack(text("compression")?.unwrap_or("gzip"), &rest[..payload]).map(Content::Request);
    }
    match text("channel")? {
        Some(channel) => Ok(Content::Media { channel: channel.to_owned() }),
        None => Err(bad("metadata.channel: expected the name of the channel to send this to".into())),
    }
}

fn unpack(compression: &str, payload: &[u8]) -> Result<Vec<u8>, ApiError> {
    let unpacked = match compression {
        "none" => return Ok(payload.to_vec()),
        "gzip" => bounded(GzDecoder::new(payload)),
        "zlib" => bounded(ZlibDecoder::new(payload)),
        "deflate" => bounded(DeflateDecoder::new(payload)),
        other => return Err(bad(format!("compression {other:?}, expected gzip, zlib, deflate or none"))),
    };
    let unpacked = unpacked.map_err(|error| bad(format!("the payload is not valid {compression}: {error}")))?;
    unpacked.ok_or_else(|| {
        let what = format!("the payload unpacks to more than {MESSAGE_BYTES} bytes");
        ApiError::new(axum::http::StatusCode::PAYLOAD_TOO_LARGE, "TOO_LARGE", what)
    })
}

/// All that can be read; none when it is longer than a message may be.
fn bounded(reader: impl Read) -> std::io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    reader.take(MESSAGE_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(Some(bytes).filter(|bytes| bytes.len() <= MESSAGE_BYTES))
}

fn bad(what: String) -> ApiError {
    ApiError::bad_request(format!("binary message: {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
    use std::io::Write;

    fn packed(kind: u8, metadata: &str, payload: &[u8]) -> Vec<u8> {
        let mut bytes = vec![VERSION, kind];
        bytes.extend((metadata.len() as u16).to_be_bytes());
        bytes.extend((payload.len() as u32).to_be_bytes());
        bytes.extend(metadata.as_bytes());
        bytes.extend(payload);
        bytes
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn compressed_json_is_unpacked() {
        let text = br#"{"type":"ping"}"#;
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
        zlib.write_all(text).unwrap();
        let mut deflate = DeflateEncoder::new(Vec::new(), Compression::default());
        deflate.write_all(text).unwrap();
        for (metadata, payload) in [
            ("", gzip(text)),
            (r#"{"compression":"gzip","original_size":null}"#, gzip(text)),
            (r#"{"compression":"zlib"}"#, zlib.finish().unwrap()),
            (r#"{"compression":"deflate"}"#, deflate.finish().unwrap()),
            (r#"{"compression":"none"}"#, text.to_vec()),
        ] {
            let mut message = packed(COMPRESSED, metadata, &payload);
            assert_eq!(read(&message), Ok(Content::Request(text.to_vec())), "{metadata}");
            message.extend(b"what follows is ignored");
            assert_eq!(read(&message), Ok(Content::Request(text.to_vec())), "{metadata}");
        }
    }

    #[test]
    fn media_name_their_channel() {
        for kind in 1..5 {
            let message = packed(kind, r#"{"channel":"signals","format":"jpeg"}"#, &[0, 255]);
            assert_eq!(read(&message), Ok(Content::Media { channel: "signals".into() }));
        }
    }

    #[test]
    fn faults_are_named_and_nothing_unpacks_without_bound() {
        let mut short = packed(4, "{}", b"12345");
        short.pop();
        for (message, code, what) in [
            (vec![], "BAD_REQUEST", "header of 8 bytes, found 0"),
            (vec![1, 5, 0], "BAD_REQUEST", "header of 8 bytes, found 3"),
            (vec![2, 4, 0, 0, 0, 0, 0, 0], "BAD_REQUEST", "version 2, expected 1"),
            (vec![1, 6, 0, 0, 0, 0, 0, 0], "BAD_REQUEST", "type 6, expected 1 to 5"),
            (vec![1, 5, 255, 255, 255, 255, 255, 255], "BAD_REQUEST", "65535 bytes of metadata and 4294967295"),
            (short, "BAD_REQUEST", "found 6"),
            (packed(4, "[]", b""), "BAD_REQUEST", "metadata: "),
            (packed(4, "{", b""), "BAD_REQUEST", "metadata: "),
            (packed(4, "{}", b""), "BAD_REQUEST", "metadata.channel"),
            (packed(4, r#"{"channel":1}"#, b""), "BAD_REQUEST", "metadata.channel: expected a text"),
            (packed(5, "{}", b"not gzip"), "BAD_REQUEST", "not valid gzip"),
            (packed(5, r#"{"compression":"lzma"}"#, b""), "BAD_REQUEST", "lzma"),
            (packed(5, "{}", &gzip(&vec![b' '; MESSAGE_BYTES + 1])), "TOO_LARGE", "more than 1048576 bytes"),
        ] {
            let error = read(&message).unwrap_err();
            assert_eq!(error.code, code, "{}", error.message);
            assert!(error.message.contains(what), "{:?} does not say {what:?}", error.message);
        }
    }
}
