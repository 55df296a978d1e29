//! Whole records with their names, as JSON or MessagePack.

use super::Write;
use ng_core::convert;
use ng_model::event::Parsed;
use ng_model::record::StoredRecord;
use ng_wire::{Frame, Gap, Record};
use tokio_tungstenite::tungstenite::Message;

pub(super) struct Writer {
    encode: fn(&Frame) -> Message,
    vectors: bool,
    parsed: Parsed,
    records: Vec<Record>,
    size: usize,
}

impl Writer {
    pub(super) fn json(vectors: bool) -> Self {
        Self::new(json, vectors)
    }

    pub(super) fn message_pack(vectors: bool) -> Self {
        Self::new(message_pack, vectors)
    }

    fn new(encode: fn(&Frame) -> Message, vectors: bool) -> Self {
        Writer { encode, vectors, parsed: Parsed::default(), records: Vec::new(), size: 0 }
    }
}

/// A frame as a text message.
pub(crate) fn json(frame: &Frame) -> Message {
    Message::Text(serde_json::to_string(frame).expect("frames are valid JSON").into())
}

/// A frame as a binary message.
pub(crate) fn message_pack(frame: &Frame) -> Message {
    Message::Binary(rmp_serde::to_vec_named(frame).expect("frames are valid MessagePack").into())
}

impl Write for Writer {
    fn push(&mut self, stored: &StoredRecord<'_>) {
        // The zone matters only for what is found in the bytes anew, and the time is in the head.
        let mut record = convert::record(stored, &mut self.parsed);
        if !self.vectors {
            record.detection.features.clear();
            record.detection.channels.clear();
        }
        self.size += 600 + 2 * record.text.len();
        self.records.push(record.into_owned());
    }

    fn size(&self) -> usize {
        self.size
    }

    fn finish(&mut self) -> Vec<Message> {
        self.size = 0;
        if self.records.is_empty() {
            return Vec::new();
        }
        vec![(self.encode)(&Frame::Records(std::mem::take(&mut self.records)))]
    }

    fn gap(&mut self, gap: &Gap) -> Vec<Message> {
        vec![(self.encode)(&Frame::Gap(gap.clone()))]
    }
}
