//! Forms that tell each record in a message of its own.

use super::Write;
use crate::feed::length;
use ng_core::convert;
use ng_model::event::Parsed;
use ng_model::record::StoredRecord;
use ng_wire::{BorrowedRecord, Gap};
use tokio_tungstenite::tungstenite::Message;

/// Writes one record, or one hole, as one message.
pub(super) trait Tell: Send {
    /// A record.
    fn record(&mut self, record: BorrowedRecord<'_>) -> Message;

    /// A hole.
    fn gap(&self, gap: &Gap) -> Message;
}

/// Gathers the messages of a form.
pub(super) struct Writer<T> {
    tell: T,
    parsed: Parsed,
    messages: Vec<Message>,
    size: usize,
}

impl<T: Tell> Writer<T> {
    pub(super) fn new(tell: T) -> Self {
        Writer { tell, parsed: Parsed::default(), messages: Vec::new(), size: 0 }
    }
}

impl<T: Tell> Write for Writer<T> {
    fn push(&mut self, stored: &StoredRecord<'_>) {
        let record = convert::record(stored, &mut self.parsed);
        let message = self.tell.record(record);
        self.size += length(&message);
        self.messages.push(message);
    }

    fn size(&self) -> usize {
        self.size
    }

    fn finish(&mut self) -> Vec<Message> {
        self.size = 0;
        std::mem::take(&mut self.messages)
    }

    fn gap(&mut self, gap: &Gap) -> Vec<Message> {
        vec![self.tell.gap(gap)]
    }
}
