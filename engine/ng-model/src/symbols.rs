//! Interned names: sources and types occur a million times, their names are stored once.

use rustc_hash::FxHashMap;
use std::sync::Arc;

/// The number of an interned name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sym(pub u32);

/// A table of names. Names are never removed, so a `Sym` stays valid; the table is bounded, unless it says otherwise.
#[derive(Clone, Debug)]
pub struct Symbols {
    names: Vec<Arc<str>>,
    index: FxHashMap<Arc<str>, Sym>,
    refused: u64,
    capacity: usize,
}

impl Symbols {
    /// Most names that a bounded table holds; later ones are all [`Symbols::OTHER`], and counted.
    pub const CAPACITY: usize = 65_536;
    /// The name given when the table is full.
    pub const OTHER: Sym = Sym(0);

    /// A table that knows only `other`.
    pub fn new() -> Self {
        let mut table =
            Symbols { names: Vec::new(), index: FxHashMap::default(), refused: 0, capacity: Self::CAPACITY };
        table.intern("other");
        table
    }

    /// One that takes every name, where something else bounds their number, such as the size of the file that they come from.
    pub fn without_limit() -> Self {
        Symbols { capacity: u32::MAX as usize, ..Self::new() }
    }

    /// The number of `name`, which is added when it is new.
    pub fn intern(&mut self, name: &str) -> Sym {
        if let Some(known) = self.index.get(name) {
            return *known;
        }
        if self.names.len() == self.capacity {
            self.refused += 1;
            return Self::OTHER;
        }
        let sym = Sym(self.names.len() as u32);
        let name: Arc<str> = name.into();
        self.names.push(name.clone());
        self.index.insert(name, sym);
        sym
    }

    /// The number of `name`, if it is known.
    pub fn find(&self, name: &str) -> Option<Sym> {
        self.index.get(name).copied()
    }

    /// The name behind a number; `other` for a number that this table never gave out.
    pub fn name(&self, sym: Sym) -> &str {
        self.names.get(sym.0 as usize).map_or("other", |name| name)
    }

    /// Names that did not fit into the table.
    pub fn refused(&self) -> u64 {
        self.refused
    }
}

impl Default for Symbols {
    fn default() -> Self {
        Self::new()
    }
}
