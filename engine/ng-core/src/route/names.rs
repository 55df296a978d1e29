//! Subscriptions filed by the names that they ask for: topic and source.

use ng_filter::{Key, MAX_PART_LEN};
use rustc_hash::FxHashMap;

/// Places of subscriptions under the names that a record must have.
#[derive(Default)]
pub(super) struct Names {
    topics: Slots,
    topics_under: Slots,
    sources: Slots,
    source_parts: Slots,
    /// Bit n is set when a part of n bytes is filed.
    part_lengths: u64,
    /// What names may settle, though no key is known: globs, expressions, negations.
    others: Vec<u32>,
    /// How many are filed.
    count: usize,
    /// The source in lower case; kept for its memory.
    folded: Vec<u8>,
}

type Slots = FxHashMap<Box<[u8]>, Vec<u32>>;

const _: () = assert!(MAX_PART_LEN < u64::BITS as usize);

impl Names {
    /// Files a subscription under a key; false when the key is no name.
    pub(super) fn file(&mut self, key: &Key, slot: u32) -> bool {
        if let Key::SourcePart(part) = key {
            self.part_lengths |= 1 << part.len();
        }
        let (slots, name) = match key {
            Key::Topic(name) => (&mut self.topics, name),
            Key::TopicUnder(name) => (&mut self.topics_under, name),
            Key::Source(name) => (&mut self.sources, name),
            Key::SourcePart(name) => (&mut self.source_parts, name),
            Key::Attr(..) | Key::HasAttr(_) | Key::Pattern(_) => return false,
        };
        slots.entry(name.clone()).or_default().push(slot);
        self.count += 1;
        true
    }

    /// Files a subscription without a key.
    pub(super) fn file_other(&mut self, slot: u32) {
        self.others.push(slot);
        self.count += 1;
    }

    /// Nothing is filed.
    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Subscriptions filed under a key.
    pub(super) fn count(&self, key: &Key) -> usize {
        let slots = match key {
            Key::Topic(name) => self.topics.get(name),
            Key::TopicUnder(name) => self.topics_under.get(name),
            Key::Source(name) => self.sources.get(name),
            Key::SourcePart(name) => self.source_parts.get(name),
            Key::Attr(..) | Key::HasAttr(_) | Key::Pattern(_) => None,
        };
        slots.map_or(0, Vec::len)
    }

    /// Puts the places of all that may want records of these names into `found`, each once.
    pub(super) fn collect(&mut self, topic: &str, source: &str, found: &mut Vec<u32>) {
        found.clear();
        found.extend_from_slice(&self.others);
        let mut add = |slots: Option<&Vec<u32>>| found.extend(slots.into_iter().flatten());
        add(self.topics.get(topic.as_bytes()));
        let ends = topic.match_indices('.').map(|(end, _)| end).chain([topic.len()]);
        ends.for_each(|end| add(self.topics_under.get(&topic.as_bytes()[..end])));
        add(self.sources.get(source.as_bytes()));
        self.folded.clear();
        self.folded.extend(source.bytes().map(|byte| byte.to_ascii_lowercase()));
        for length in (1..=MAX_PART_LEN).filter(|length| self.part_lengths & 1 << length != 0) {
            self.folded.windows(length).for_each(|part| add(self.source_parts.get(part)));
        }
        found.sort_unstable();
        found.dedup();
    }
}
