//! A run of events in plain form: what is sealed into a block, and what a block is unpacked into.

use super::event::EventHeader;

/// Most events of one block.
pub const MAX_EVENTS: usize = u16::MAX as usize;
/// Most bytes of the raw text of one block, unless it has one event only.
pub const MAX_BYTES: usize = 16 << 20;
/// Most bytes of the raw text of one event.
pub(crate) const MAX_EVENT_BYTES: usize = 1 << 30;

/// Events that follow each other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Run {
    pub(crate) headers: Vec<EventHeader>,
    pub(crate) ends: Vec<usize>,
    pub(crate) arena: Vec<u8>,
}

impl Run {
    /// Events in it.
    pub fn len(&self) -> usize {
        self.headers.len()
    }

    /// It has no event.
    pub fn is_empty(&self) -> bool {
        self.headers.is_empty()
    }

    /// Bytes of their raw text.
    pub fn raw_len(&self) -> usize {
        self.arena.len()
    }

    /// It takes no event of so many raw bytes any more when it shall not have more than `bytes` of them.
    pub fn is_full_for(&self, raw_len: usize, bytes: usize) -> bool {
        self.len() == MAX_EVENTS || (!self.is_empty() && self.arena.len() + raw_len > bytes.min(MAX_BYTES))
    }

    /// It takes so many further events of so many raw bytes.
    pub(crate) fn has_room_for(&self, raw_len: usize, events: usize) -> bool {
        self.len() + events <= MAX_EVENTS && (self.is_empty() || self.arena.len() + raw_len <= MAX_BYTES)
    }

    /// Adds an event. False, and nothing is added, when there is no room for it, or when its `seq` is not higher than that of
    /// the event before.
    pub fn push(&mut self, header: &EventHeader, raw: &[u8]) -> bool {
        let follows = self.headers.last().is_none_or(|last| last.seq < header.seq);
        if !follows || raw.len() > MAX_EVENT_BYTES || self.is_full_for(raw.len(), MAX_BYTES) {
            return false;
        }
        self.headers.push(*header);
        self.arena.extend_from_slice(raw);
        self.ends.push(self.arena.len());
        true
    }

    /// Forgets the events behind the first so many.
    pub(crate) fn truncate(&mut self, events: usize) {
        self.headers.truncate(events);
        self.ends.truncate(events);
        self.arena.truncate(self.ends.last().copied().unwrap_or(0));
    }

    /// `seq` of the first and the last event; none where there is none.
    pub fn seqs(&self) -> Option<[u64; 2]> {
        Some([self.headers.first()?.seq, self.headers.last()?.seq])
    }

    /// Forgets the events and keeps the memory.
    pub fn clear(&mut self) {
        self.headers.clear();
        self.ends.clear();
        self.arena.clear();
    }

    /// The events with their raw bytes.
    pub fn iter(&self) -> impl Iterator<Item = (&EventHeader, &[u8])> {
        (0..self.len()).map(|index| (&self.headers[index], self.raw(index)))
    }

    /// What is kept of an event.
    pub fn header(&self, index: usize) -> &EventHeader {
        &self.headers[index]
    }

    /// The raw bytes of an event.
    pub fn raw(&self, index: usize) -> &[u8] {
        &self.arena[self.start(index)..self.ends[index]]
    }

    /// Where the raw bytes of an event start.
    pub(crate) fn start(&self, index: usize) -> usize {
        index.checked_sub(1).map_or(0, |before| self.ends[before])
    }
}
