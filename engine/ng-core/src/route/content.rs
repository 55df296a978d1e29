//! Subscriptions filed by what a record itself holds: its pattern and its attributes.

use super::entries::{Entries, Look, Wants};
use super::table::Table;
use ng_filter::{Key, Known, text_of};
use ng_model::event::{Event, Field, Fit};
use rustc_hash::FxHashMap;
use std::io::Write;

/// Entries under the pattern or the attribute that a record must have.
#[derive(Default)]
pub(super) struct Content {
    patterns: Table<u32, Entries>,
    attrs: Vec<Attr>,
    /// The places in `attrs` by the ends of the names, from a whole key on: a field is found by its key alone.
    ends: FxHashMap<Box<[u8]>, Vec<usize>>,
    /// A bit of every key in `ends`; most fields of a record need no look into the table.
    marks: u64,
}

#[derive(Default)]
struct Attr {
    /// The path of the attribute, or the end of it.
    name: Box<str>,
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
        let place = self.place(name).unwrap_or_else(|| {
            self.attrs.push(Attr { name: name.into(), ..Attr::default() });
            for end in ends(name.as_bytes()) {
                self.marks |= mark(end);
                self.ends.entry(end.into()).or_default().push(self.attrs.len() - 1);
            }
            self.attrs.len() - 1
        });
        &mut self.attrs[place]
    }

    fn place(&self, name: &str) -> Option<usize> {
        self.ends.get(name.as_bytes())?.iter().copied().find(|place| *self.attrs[*place].name == *name)
    }

    /// Subscriptions filed under a key.
    pub(super) fn count(&self, key: &Key) -> usize {
        let attr = |name: &str| self.place(name).map(|place| &self.attrs[place]);
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
        let mut last: Option<&Entries> = None;
        for field in &event.parsed.fields {
            let mut index = [0; 16];
            let key = match field.key.of(event.raw) {
                b"" => index_of(field, event, &mut index),
                key => key,
            };
            if self.marks & mark(key) == 0 {
                continue;
            }
            for place in self.ends.get(key).into_iter().flatten() {
                let attr = &self.attrs[*place];
                if !is_named(field, event, &attr.name) {
                    continue;
                }
                look.visit(&attr.any);
                if let Some(entries) = attr.get(&text_of(&event.stored(), field))
                    && let Some(before) = last.replace(entries)
                {
                    look.visit(before);
                }
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

/// The name asks for this field, and for no other of the event.
#[inline]
fn is_named(field: &Field, event: &Event<'_>, name: &str) -> bool {
    field.fit(event.raw, &event.parsed.containers, name.as_bytes()) != Fit::No
        && event.parsed.field(event.raw, name).is_some_and(|found| std::ptr::eq(found, field))
}

/// The ends of a name from which on it may be that of a field: the name itself, and what is behind a dot or is a place in an
/// array.
fn ends(name: &[u8]) -> impl Iterator<Item = &[u8]> {
    (0..name.len()).filter(|at| *at == 0 || name[at - 1] == b'.' || name[*at] == b'[').map(|at| &name[at..])
}

/// `[7]` for an element of an array; empty for a field of another sort that has no key.
fn index_of<'b>(field: &Field, event: &Event<'_>, out: &'b mut [u8; 16]) -> &'b [u8] {
    let index = field.containers(&event.parsed.containers).next().and_then(|container| container.index);
    let mut rest = &mut out[..];
    let written = index.map(|index| write!(rest, "[{index}]"));
    let free = rest.len();
    if written.is_some_and(|written| written.is_ok()) { &out[..16 - free] } else { &[] }
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
