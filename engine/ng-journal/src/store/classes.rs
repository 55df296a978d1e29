//! Which events of a file are of a kind that is looked for, said once for all that have the same in common.

use super::names::Names;
use super::question::Predicate;
use crate::event::EventHeader;
use crate::header::Pair;
use ng_model::record::StoredRecord;
use ng_wire::Level;
use rustc_hash::FxHashMap;

/// What the events of a pair have in common, besides the minute.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Class {
    level: Level,
    source: u32,
    kind: u32,
    pattern: u32,
    marks: u8,
}

impl From<&Pair> for Class {
    fn from(pair: &Pair) -> Class {
        let Pair { level, source, kind, pattern, marks, .. } = *pair;
        Class { level, source, kind, pattern, marks }
    }
}

impl From<&EventHeader> for Class {
    fn from(header: &EventHeader) -> Class {
        let EventHeader { level, source, kind, pattern, .. } = *header;
        Class { level, source, kind, pattern, marks: header.marks() }
    }
}

/// The classes that are looked for.
pub(crate) struct Classes<'a> {
    holds: Option<Predicate<'a>>,
    known: FxHashMap<Class, bool>,
}

impl<'a> Classes<'a> {
    pub(crate) fn new(holds: Option<Predicate<'a>>) -> Classes<'a> {
        Classes { holds, known: FxHashMap::default() }
    }

    /// All are looked for.
    pub(crate) fn are_all(&self) -> bool {
        self.holds.is_none()
    }

    /// Numbers are those of another file from now on.
    pub(crate) fn forget(&mut self) {
        self.known.clear();
    }

    /// It is one of them.
    pub(crate) fn has(&mut self, class: Class, names: &mut Names) -> bool {
        let Some(holds) = self.holds else { return true };
        *self.known.entry(class).or_insert_with(|| {
            let Class { level, source, kind, pattern, marks } = class;
            let mut header = EventHeader { level, source, kind, pattern, ..EventHeader::default() };
            // Marks were looked at where they were read.
            let is_read = header.set_marks(marks).is_ok();
            let head = names.record(&header);
            is_read && holds(&StoredRecord { head: &head, raw: b"", symbols: names.symbols() })
        })
    }
}
