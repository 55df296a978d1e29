//! The file that events go into.

use super::catalog::Entry;
use super::day_file::{self, DayFile};
use super::error::{Error, Result};
use super::health::Damage;
use super::shelf::{Book, Item, Shelf, times_of};
use crate::batch::Packer;
use crate::event::EventHeader;
use crate::header::BlockHeader;
use crate::run::Run;
use crate::sealer::Sealer;
use ng_reading::formats::name_of;
use rustc_hash::FxHashMap;

/// Level of zstd of the blocks of a file that is written.
const LEVEL: i32 = 3;

/// The file, and its events that there is no block of yet.
pub(crate) struct Hot {
    file: DayFile,
    book: Book,
    /// Events that are in no block. All are committed.
    pending: Run,
    /// Events of the file that are in blocks.
    sealed: u64,
    entry: Entry,
    /// By number of the engine: that of the file.
    symbols: FxHashMap<u32, u32>,
    /// By number of a declared format in this process: that of its name in the file, and one.
    formats: FxHashMap<u32, u32>,
    numbers: FxHashMap<String, u32>,
    /// Names that are committed.
    stored_names: usize,
    /// Additions to the dictionary that are not committed yet.
    unstored: Vec<Vec<u8>>,
    sealer: Sealer,
    packer: Packer,
}

impl Hot {
    /// A new file.
    pub(crate) fn create(file: DayFile) -> Result<Hot> {
        Hot::over(file, Book::default(), Run::default(), 0, Entry::default())
    }

    /// The file as it was left; what is spoilt of it where something is, for then nothing more is written to it.
    pub(crate) fn resume(mut shelf: Shelf) -> Result<std::result::Result<Hot, Damage>> {
        let (mut pending, mut sealed, mut entry) = (Run::default(), 0, Entry::default());
        let mut fits = true;
        shelf.read_all(|item| {
            entry.add(item.seqs(), item.times_ns(), item.events());
            match &item {
                Item::Block(header) => sealed = header.before + header.events as u64,
                Item::Batch(batch) => fits &= batch.run.iter().all(|(header, raw)| pending.push(header, raw)),
            }
        })?;
        shelf.damage.is_cut |= !fits;
        if !shelf.damage.is_none() {
            return Ok(Err(shelf.damage));
        }
        Hot::over(shelf.file, shelf.book, pending, sealed, entry).map(Ok)
    }

    fn over(file: DayFile, book: Book, pending: Run, sealed: u64, mut entry: Entry) -> Result<Hot> {
        let io = |error| Error::io(file.path(), error);
        let (sealer, packer) = (Sealer::new(LEVEL).map_err(io)?, Packer::new().map_err(io)?);
        let numbers = (0..).zip(book.names.iter().flatten()).map(|(number, name)| (name.clone(), number)).collect();
        entry.name = file.name.text();
        Ok(Hot {
            stored_names: book.names.len(),
            file,
            book,
            pending,
            sealed,
            entry,
            symbols: FxHashMap::default(),
            formats: FxHashMap::default(),
            numbers,
            unstored: Vec::new(),
            sealer,
            packer,
        })
    }

    pub(crate) fn file(&self) -> &DayFile {
        &self.file
    }

    /// What the catalogue is told, with the names.
    pub(crate) fn entry(&self) -> (&Entry, &[Option<String>]) {
        (&self.entry, &self.book.names)
    }

    /// Events that are in no block.
    pub(crate) fn pending(&self) -> &Run {
        &self.pending
    }

    /// Commits a batch. After an error it is as if it had never been handed over.
    pub(crate) fn append(&mut self, batch: &Run, name: &dyn Fn(u32) -> String) -> Result<()> {
        let start = self.pending.len();
        let committed = self.try_append(batch, start, name);
        if committed.is_err() {
            self.pending.truncate(start);
        }
        committed
    }

    fn try_append(&mut self, batch: &Run, start: usize, name: &dyn Fn(u32) -> String) -> Result<()> {
        for (header, raw) in batch.iter() {
            let (source, kind) = (self.symbol(header.source, name), self.symbol(header.kind, name));
            let declared = self.format(header.declared);
            if !self.pending.push(&EventHeader { source, kind, declared, ..*header }, raw) {
                return Err(Error::Order { first: header.seq, durable: self.pending.seqs().map(|seqs| seqs[1]) });
            }
        }
        let end = self.pending.len();
        let before = self.sealed + start as u64;
        let bytes = self.packer.pack(&self.pending, start..end, before);
        let bytes = bytes.map_err(|error| Error::io(self.file.path(), error))?;
        let headers = &self.pending.headers[start..];
        let seqs = [headers[0].seq, headers[end - start - 1].seq];
        self.file.write(|transaction| {
            for number in self.stored_names..self.book.names.len() {
                let name = self.book.names[number].as_deref().unwrap_or_default();
                day_file::add_symbol(transaction, number as u32, name)?;
            }
            day_file::add_batch(transaction, seqs[0], end - start, &bytes)
        })?;
        self.stored_names = self.book.names.len();
        self.entry.add(seqs, times_of(headers), (end - start) as u64);
        Ok(())
    }

    /// The number that a symbol of the engine has in this file.
    fn symbol(&mut self, symbol: u32, name: &dyn Fn(u32) -> String) -> u32 {
        if let Some(known) = self.symbols.get(&symbol) {
            return *known;
        }
        let number = self.number(name(symbol));
        self.symbols.insert(symbol, number);
        number
    }

    /// What a number of a declared format is in this file.
    fn format(&mut self, declared: u32) -> u32 {
        if let Some(known) = self.formats.get(&declared) {
            return *known;
        }
        let number = match u16::try_from(declared).map_or("", name_of) {
            "" => 0,
            name => self.number(name.to_owned()) + 1,
        };
        self.formats.insert(declared, number);
        number
    }

    /// The number of a name in this file.
    fn number(&mut self, name: String) -> u32 {
        *self.numbers.entry(name).or_insert_with_key(|name| {
            self.book.names.push(Some(name.clone()));
            self.book.names.len() as u32 - 1
        })
    }

    /// Makes a block of what is in none.
    pub(crate) fn seal(&mut self, template: &mut dyn FnMut(u32) -> Option<String>) -> Result<()> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let io = |error| Error::io(self.file.path(), error);
        let block = self.sealer.seal(&self.pending, self.sealed, &mut self.book.dictionary, template).map_err(io)?;
        self.unstored.extend(self.book.dictionary.take_added());
        let header = BlockHeader::from_bytes(&block.header);
        let header = header.map_err(|damaged| Error::damaged(self.file.path(), damaged))?;
        self.file.write(|transaction| {
            for (number, added) in (self.book.additions..).zip(&self.unstored) {
                day_file::add_to_dictionary(transaction, number, added)?;
            }
            day_file::add_block(transaction, &header, &block)?;
            day_file::clear_tail(transaction)
        })?;
        self.book.additions += self.unstored.len() as u64;
        self.unstored.clear();
        self.sealed += self.pending.len() as u64;
        self.pending.clear();
        Ok(())
    }
}

impl std::fmt::Debug for Hot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hot").field("entry", &self.entry).finish_non_exhaustive()
    }
}
