//! Subscriptions filed by what a record itself holds: its pattern and its attributes.

use super::entries::{Entries, Look, Wants};
use super::table::Table;
use ng_filter::{Key, Known, text_of};
use ng_model::event::Event;
use rustc_hash::FxHashMap;

/// Entries under the pattern or the attribute that a record must have.
#[derive(Default)]
pub(super) struct Content {
    patterns: Table<u32, Entries>,
    attrs: FxHashMap<Box<[u8]>, Attr>,
    /// A bit of every name in `attrs`; most fields of a record need no look into the table.
    marks: u64,
}

#[derive(Default)]
struct Attr {
    /// Those that want any value.
    any: Entries,
    /// By short values.
    short: Table<u128, Entries>,
    /// By the others.
    long: FxHashMap<Box<[u8]>, Entries>,
}

impl Content {
    /// Files a subscription under a key; a name is not filed here.
    pub(super) fn file(&mut self, key: &Key, slot: u32, wants: &Wants) {
        let entries = match key {
            Key::Pattern(number) => self.patterns.entry(*number),
            Key::HasAttr(name) => &mut self.attr(name).any,
            Key::Attr(name, text) => match short(text) {
                Some(text) => self.attr(name).short.entry(text),
                None => self.attr(name).long.entry(text.clone()).or_default(),
            },
            Key::Topic(_) | Key::TopicUnder(_) | Key::Source(_) | Key::SourcePart(_) => return,
        };
        entries.push(slot, wants, Known::Key(key));
    }

    fn attr(&mut self, name: &str) -> &mut Attr {
        self.marks |= mark(name.as_bytes());
        self.attrs.entry(name.as_bytes().into()).or_default()
    }

    /// Subscriptions filed under a key.
    pub(super) fn count(&self, key: &Key) -> usize {
        let attr = |name: &str| self.attrs.get(name.as_bytes());
        let entries = match key {
            Key::Pattern(number) => self.patterns.get(*number),
            Key::HasAttr(name) => attr(name).map(|attr| &attr.any),
            Key::Attr(name, text) => attr(name).and_then(|attr| attr.get(text)),
            Key::Topic(_) | Key::TopicUnder(_) | Key::Source(_) | Key::SourcePart(_) => None,
        };
        entries.map_or(0, Entries::len)
    }

    /// The subscriptions filed under the pattern of an event.
    #[inline]
    pub(super) fn of_pattern(&self, event: &Event<'_>) -> Option<&Entries> {
        self.patterns.get(event.head.detection.pattern)
    }

    /// Adds the subscriptions that want the record for one of its attributes, but for the last attribute only finds them.
    #[inline]
    pub(super) fn of_attrs<'c>(&'c self, look: &mut Look<'_, '_>) -> Option<&'c Entries> {
        if self.marks == 0 {
            return None;
        }
        let event = look.event;
        let fields = &event.parsed.fields;
        let mut last: Option<&Entries> = None;
        for (place, field) in fields.iter().enumerate() {
            let name = field.key.span.of(event.raw);
            if self.marks & mark(name) == 0 {
                continue;
            }
            let Some(attr) = self.attrs.get(name) else { continue };
            // The first of several fields of one name is the attribute.
            if fields[..place].iter().any(|earlier| earlier.key.span.of(event.raw) == name) {
                continue;
            }
            look.visit(&attr.any);
            if let Some(entries) = attr.get(&text_of(&event.stored(), field))
                && let Some(before) = last.replace(entries)
            {
                look.visit(before);
            }
        }
        last
    }
}

impl Attr {
    #[inline]
    fn get(&self, text: &[u8]) -> Option<&Entries> {
        match short(text) {
            Some(text) => self.short.get(text),
            None => self.long.get(text),
        }
    }
}

/// A text of fewer than 16 bytes as a number; no other has the same.
#[inline]
fn short(text: &[u8]) -> Option<u128> {
    let mut bytes = [0; 16];
    bytes[15] = text.len() as u8;
    bytes[..15].get_mut(..text.len())?.copy_from_slice(text);
    Some(u128::from_le_bytes(bytes))
}

/// One bit for a name, from its length and its first byte.
#[inline]
fn mark(name: &[u8]) -> u64 {
    let first = name.first().copied().unwrap_or_default();
    1 << (usize::from(first).wrapping_add(name.len() * 7) % 64)
}
