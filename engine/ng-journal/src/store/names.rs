//! The names in one file as readers know them. A file has numbers of its own for sources, types and declared formats.

use crate::event::EventHeader;
use ng_model::record::RecordHeader;
use ng_model::symbols::{Sym, Symbols};
use ng_reading::formats::number_of;
use rustc_hash::FxHashMap;

/// Stands for a name that cannot be read.
const UNREADABLE: &str = "(unreadable)";

/// The names of a file, as far as they were read of it.
#[derive(Debug)]
pub(crate) struct Names {
    symbols: Symbols,
    unreadable: Sym,
    /// By number in the file.
    known: Vec<Sym>,
    /// By number in the file, and one: that of the declared format in this process.
    formats: FxHashMap<u32, u16>,
}

impl Names {
    pub(crate) fn new() -> Names {
        let mut symbols = Symbols::without_limit();
        let unreadable = symbols.intern(UNREADABLE);
        Names { symbols, unreadable, known: Vec::new(), formats: FxHashMap::default() }
    }

    /// Resolves what [`record`](Names::record) gives.
    pub(crate) fn symbols(&self) -> &Symbols {
        &self.symbols
    }

    /// Takes up the names of the file, of which there may be more than the last time.
    pub(crate) fn follow(&mut self, names: &[Option<String>]) {
        for name in &names[self.known.len()..] {
            let known = name.as_deref().map_or(self.unreadable, |name| self.symbols.intern(name));
            self.known.push(known);
        }
    }

    /// Formats may have been declared since the last time.
    pub(crate) fn forget_formats(&mut self) {
        self.formats.clear();
    }

    /// The name behind a number of the file.
    pub(crate) fn text(&self, number: u32) -> &str {
        self.symbols.name(self.symbol(number))
    }

    /// The record of an event of the file.
    pub(crate) fn record(&mut self, header: &EventHeader) -> RecordHeader {
        let declared = match header.declared {
            0 => 0,
            number => *self.formats.entry(number).or_insert_with(|| {
                let known = self.known.get(number as usize - 1).copied();
                number_of(self.symbols.name(known.unwrap_or(self.unreadable)))
            }),
        };
        let (source, kind) = (self.symbol(header.source), self.symbol(header.kind));
        RecordHeader { source, kind, declared, ..header.record() }
    }

    fn symbol(&self, number: u32) -> Sym {
        self.known.get(number as usize).copied().unwrap_or(self.unreadable)
    }
}
