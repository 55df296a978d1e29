//! Records in the compact form.

use super::{Write, native};
use ng_core::convert::Packer;
use ng_model::record::StoredRecord;
use ng_wire::{Frame, Gap};
use tokio_tungstenite::tungstenite::Message;

pub(super) struct Writer {
    packer: Packer,
    count: usize,
    size: usize,
}

impl Writer {
    pub(super) fn new(vectors: bool) -> Self {
        Writer { packer: Packer::new(vectors), count: 0, size: 0 }
    }
}

impl Write for Writer {
    fn push(&mut self, stored: &StoredRecord<'_>) {
        self.packer.push(stored);
        self.count += 1;
        self.size += 100 + stored.raw.len();
    }

    fn size(&self) -> usize {
        self.size
    }

    fn finish(&mut self) -> Vec<Message> {
        self.size = 0;
        if std::mem::take(&mut self.count) == 0 {
            return Vec::new();
        }
        vec![native::message_pack(&Frame::Packed(self.packer.finish()))]
    }

    fn gap(&mut self, gap: &Gap) -> Vec<Message> {
        vec![native::message_pack(&Frame::Gap(gap.clone()))]
    }

    fn greeting(&self) -> Vec<Message> {
        vec![native::message_pack(&Frame::Packed(self.packer.whole()))]
    }
}
