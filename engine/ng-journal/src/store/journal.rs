//! Writing history. One thread writes; it has no clock and no thread of its own, and tells the outside nothing.

use super::catalog::Catalog;
use super::closing::Closing;
use super::day_file::DayFile;
use super::error::{Error, Result};
use super::folder::{FileName, Folder, day_of};
use super::health::{Damage, Health};
use super::hot::Hot;
use super::mark::{self, Mark, MarkFile};
use super::schema::Access;
use super::shelf::Shelf;
use crate::run::Run;
use std::collections::BTreeSet;
use std::path::Path;

/// How large things get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// Bytes of a file beyond which the next is begun.
    pub file: u64,
    /// Bytes of raw text of a block, while its file is written and once it is closed.
    pub blocks: [usize; 2],
}

impl Default for Sizes {
    fn default() -> Self {
        Sizes { file: 512 << 20, blocks: [256 << 10, 1 << 20] }
    }
}

/// The history of one folder, open for writing.
#[derive(Debug)]
pub struct Journal {
    pub(crate) folder: Folder,
    pub(crate) catalog: Catalog,
    pub(crate) hot: Option<Hot>,
    pub(crate) closing: Option<Closing>,
    /// Files that stay in their first form, since something of them is spoilt.
    pub(crate) kept: BTreeSet<FileName>,
    pub(crate) sizes: Sizes,
    mark: MarkFile,
    durable: Option<u64>,
    health: Health,
}

impl Journal {
    /// Opens the history of a folder, which is made when it does not exist. Nobody else writes there until this is dropped.
    pub fn open(path: &Path, sizes: Sizes) -> Result<Journal> {
        let folder = Folder::take(path)?;
        let marked = mark::read(path);
        let mut journal = Journal {
            catalog: Catalog::open(path)?,
            mark: MarkFile::open(path)?,
            folder,
            hot: None,
            closing: None,
            kept: BTreeSet::new(),
            sizes,
            durable: marked.map(|mark| mark.last_seq),
            health: Health::default(),
        };
        journal.remove_leftovers()?;
        journal.take_up(marked)?;
        Ok(journal)
    }

    /// `seq` of the last event that is kept, whatever happens to the process or the machine; none before the first.
    pub fn durable_seq(&self) -> Option<u64> {
        self.durable
    }

    /// What was found to be spoilt when it was opened and since. What is behind is found by who reads it.
    pub fn health(&self) -> &Health {
        &self.health
    }

    /// Keeps a batch: when this returns it is on the disk. Its events follow those that are kept. After an error nothing of it is
    /// kept, and the same batch can be handed over again.
    ///
    /// `now_ns` says to which day it goes; events never go to a day before that of the last. `name` gives the name behind a
    /// number of a source or type.
    pub fn append(&mut self, batch: &Run, now_ns: i64, name: &dyn Fn(u32) -> String) -> Result<()> {
        let Some([first, last]) = batch.seqs() else { return Ok(()) };
        if self.durable.is_some_and(|durable| first <= durable) || last > i64::MAX as u64 {
            return Err(Error::Order { first, durable: self.durable });
        }
        let mut append = || {
            self.make_way(batch.raw_len(), batch.len(), now_ns)?;
            self.hot_file(now_ns)?.append(batch, name)
        };
        match append() {
            // Nothing more can be written to the file, and the batch becomes a part of the next.
            Err(error) if error.is_damage() => {
                self.give_up();
                self.hot_file(now_ns)?.append(batch, name)?;
            }
            appended => appended?,
        }
        self.durable = Some(last);
        if let Some(hot) = &self.hot {
            let mark = Mark { name: hot.file().name, events: hot.entry().0.events, last_seq: last };
            // It helps to see damage, and is no part of what was promised.
            let _ = self.mark.write(&mark);
        }
        Ok(())
    }

    /// There are enough events for a block.
    pub fn is_due(&self) -> bool {
        self.hot.as_ref().is_some_and(|hot| hot.pending().raw_len() >= self.sizes.blocks[0])
    }

    /// Makes a block of the events that are in none. `template` gives the words that are constant in a pattern, such as
    /// `Receiving block * src: *`, where they are known.
    pub fn seal(&mut self, template: &mut dyn FnMut(u32) -> Option<String>) -> Result<()> {
        let Some(hot) = &mut self.hot else { return Ok(()) };
        hot.seal(template)?;
        let (entry, names) = hot.entry();
        // A summary, which the next makes good.
        let _ = self.catalog.put(entry, names);
        Ok(())
    }

    /// Ends the file that is written where a batch is not for it, and makes room for the batch among its events.
    fn make_way(&mut self, raw_len: usize, events: usize, now_ns: i64) -> Result<()> {
        let Some(hot) = &mut self.hot else { return Ok(()) };
        if !hot.file().is_in_place() {
            let path = hot.file().path().to_owned();
            self.health.set_aside_files += 1;
            self.health.set_aside_events += hot.entry().0.events;
            self.hot = None;
            return Err(Error::Gone(path));
        }
        let is_over = day_of(now_ns) > hot.file().name.day || hot.file().bytes()? >= self.sizes.file;
        if is_over || !hot.pending().has_room_for(raw_len, events) {
            self.seal(&mut |_| None)?;
        }
        if is_over {
            self.finish()?;
        }
        Ok(())
    }

    /// Ends the file that is written, if there is one. The next batch goes to another.
    pub(crate) fn finish(&mut self) -> Result<()> {
        self.seal(&mut |_| None)?;
        if let Some(hot) = self.hot.take() {
            // The log is read where it is.
            let _ = hot.file().checkpoint();
        }
        Ok(())
    }

    /// The file that is written; a new one of this day where there is none.
    fn hot_file(&mut self, now_ns: i64) -> Result<&mut Hot> {
        if self.hot.is_none() {
            let name = self.folder.next_name(day_of(now_ns))?;
            let created = DayFile::open(self.folder.file(name), name, Access::Write).and_then(Hot::create);
            if created.is_err() {
                // What was made of it has no events.
                let _ = self.folder.unlink(name);
            }
            self.hot = Some(created?);
        }
        self.hot.as_mut().ok_or_else(|| Error::Gone(self.folder.path().to_owned()))
    }

    /// Leaves the file that is written as it is.
    fn give_up(&mut self) {
        if let Some(hot) = self.hot.take() {
            self.kept.insert(hot.file().name);
            self.health.set_aside_rows += 1;
        }
    }

    /// Takes away files of which there is a later form.
    fn remove_leftovers(&self) -> Result<()> {
        let names = self.folder.names()?;
        let is_done = |name: &&FileName| !name.is_closed && names.contains(&name.closed());
        names.iter().filter(is_done).try_for_each(|name| self.folder.unlink(*name))
    }

    /// Goes on with the last file, unless it is spoilt.
    fn take_up(&mut self, marked: Option<Mark>) -> Result<()> {
        let mut latest: Option<(u64, FileName)> = None;
        for name in self.folder.names()? {
            let Some(last) = self.end_of(name)? else { continue };
            self.durable = self.durable.max(Some(last).filter(|last| *last > 0));
            if latest.is_none_or(|(seq, before)| (last, name) > (seq, before)) {
                latest = Some((last, name));
            }
        }
        let Some((_, name)) = latest.filter(|(_, name)| !name.is_closed) else { return Ok(()) };
        let claimed = marked.filter(|mark| mark.name == name).map_or(0, |mark| mark.events);
        let shelf = Shelf::new(DayFile::open(self.folder.file(name), name, Access::Write)?, claimed);
        match Hot::resume(shelf)? {
            Ok(hot) => self.hot = Some(hot),
            Err(damage) => self.keep(name, &damage),
        }
        Ok(())
    }

    /// `seq` of the last event of a file, 0 where it has none. None, and it is set aside, where it cannot be opened.
    fn end_of(&mut self, name: FileName) -> Result<Option<u64>> {
        let known = self.catalog.get(&FileName { is_closed: false, ..name }.text());
        if let Some(entry) = known.filter(|_| name.is_closed) {
            return Ok(Some(entry.seqs[1]));
        }
        let access = if name.is_closed { Access::Read } else { Access::Write };
        match DayFile::open(self.folder.file(name), name, access) {
            Err(error) if error.is_damage() => self.set_aside(name).map(|()| None),
            opened => Ok(Some(Shelf::new(opened?, 0).end()?.unwrap_or(0))),
        }
    }

    /// Leaves a file in its first form, for what is spoilt of it.
    pub(crate) fn keep(&mut self, name: FileName, damage: &Damage) {
        self.kept.insert(name);
        self.health.add(damage);
    }

    /// Leaves a file that cannot be opened under another name.
    fn set_aside(&mut self, name: FileName) -> Result<()> {
        self.folder.set_aside(name)?;
        self.health.set_aside_files += 1;
        let first = FileName { is_closed: false, ..name }.text();
        self.health.set_aside_events += self.catalog.get(&first).map_or(0, |entry| entry.events);
        Ok(())
    }
}
