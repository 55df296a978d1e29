//! Each file has numbers of its own for the names of sources and types; a reader has others, for those of all files.

use super::shelf::Book;
use rustc_hash::FxHashMap;

/// Stands for a name that cannot be read.
const UNREADABLE: &str = "(unreadable)";

/// Names of sources and types of all files.
#[derive(Debug, Default)]
pub(crate) struct Names {
    names: Vec<String>,
    numbers: FxHashMap<String, u32>,
}

impl Names {
    fn number(&mut self, name: &str) -> u32 {
        if let Some(known) = self.numbers.get(name) {
            return *known;
        }
        let number = self.names.len() as u32;
        self.names.push(name.to_owned());
        self.numbers.insert(name.to_owned(), number);
        number
    }

    /// Brings what is known of the names of a file up to what was read of it.
    pub(crate) fn follow(&mut self, book: &Book, symbols: &mut Vec<u32>) {
        for name in &book.names[symbols.len()..] {
            symbols.push(self.number(name.as_deref().unwrap_or(UNREADABLE)));
        }
    }

    /// The number here of one of a file.
    pub(crate) fn of_file(&mut self, symbols: &[u32], number: u32) -> u32 {
        symbols.get(number as usize).copied().unwrap_or_else(|| self.number(UNREADABLE))
    }

    /// The name behind a number.
    pub(crate) fn text(&self, number: u32) -> &str {
        self.names.get(number as usize).map_or(UNREADABLE, String::as_str)
    }
}
