//! A file in its last form: larger blocks, packed harder, with a dictionary of its own, and nothing of SQLite beside it.
//!
//! It is made step by step under another name and then takes the place of the first form. What was made of it is thrown away when
//! the process ends in between.

use super::catalog::Entry;
use super::day_file::{self, DayFile};
use super::error::{Error, Result};
use super::folder::FileName;
use super::journal::Journal;
use super::schema::Access;
use super::shelf::{Item, Order, Shelf, open};
use crate::dictionary::Dictionary;
use crate::header::BlockHeader;
use crate::run::{MAX_EVENTS, Run};
use crate::sealer::Sealer;
use std::fs::File;
use std::ops::ControlFlow;
use std::path::Path;

/// Level of zstd.
const LEVEL: i32 = 6;

/// The last form of a file, while it is made.
pub(crate) struct Closing {
    source: Shelf,
    target: DayFile,
    sealer: Sealer,
    dictionary: Dictionary,
    additions: u64,
    run: Run,
    /// The event that comes next.
    next_seq: u64,
    entry: Entry,
    has_names: bool,
}

impl Journal {
    /// Does one step of bringing files that are not written any more into their last form, some milliseconds long. False: nothing
    /// is left to be done. It may stop behind any step.
    pub fn close_step(&mut self, template: &mut dyn FnMut(u32) -> Option<String>) -> Result<bool> {
        let mut closing = match self.closing.take() {
            Some(closing) => closing,
            None => match self.next_to_close()? {
                Some(name) => self.begin_closing(name)?,
                None => return Ok(false),
            },
        };
        let is_at_end = closing.read(self.sizes.blocks[1])?;
        let is_spoilt = !closing.source.damage.is_none();
        if !is_spoilt && !closing.run.is_empty() {
            closing.write(template)?;
        }
        if !is_spoilt && !is_at_end {
            self.closing = Some(closing);
        } else {
            self.end_closing(closing)?;
        }
        Ok(true)
    }

    fn next_to_close(&self) -> Result<Option<FileName>> {
        let hot = self.hot.as_ref().map(|hot| hot.file().name);
        let is_open = |name: &FileName| !name.is_closed && Some(*name) != hot && !self.kept.contains(name);
        Ok(self.folder.names()?.into_iter().find(is_open))
    }

    fn begin_closing(&self, name: FileName) -> Result<Closing> {
        let source = DayFile::open(self.folder.file(name), name, Access::Write)?;
        self.folder.unlink_partial(name)?;
        let target = DayFile::open(self.folder.partial(name), name.closed(), Access::WriteLazily)?;
        let claimed = self.catalog.get(&name.text()).map_or(0, |entry| entry.events);
        let sealer = Sealer::new(LEVEL).map_err(|error| Error::io(target.path(), error))?;
        Ok(Closing {
            source: Shelf::new(source, claimed),
            target,
            sealer,
            dictionary: Dictionary::default(),
            additions: 0,
            run: Run::default(),
            next_seq: 0,
            entry: Entry { name: name.text(), ..Entry::default() },
            has_names: false,
        })
    }

    fn end_closing(&mut self, closing: Closing) -> Result<()> {
        let Closing { mut source, target, entry, .. } = closing;
        let name = source.file.name;
        // Looks whether anything is missing, up to the end that others know of.
        let mut events = 0;
        source.read_all(|item| events += item.events())?;
        if !source.damage.is_none() || events != entry.events {
            drop(target);
            self.keep(name, &source.damage);
            return self.folder.unlink_partial(name);
        }
        let partial = target.path().to_owned();
        if events > 0 {
            target.make_single()?;
            drop(target);
            let sync = |path: &Path| File::open(path).and_then(|file| file.sync_all());
            sync(&partial).map_err(|error| Error::io(&partial, error))?;
            std::fs::rename(&partial, self.folder.file(name.closed())).map_err(|error| Error::io(&partial, error))?;
            sync(self.folder.path()).map_err(|error| Error::io(self.folder.path(), error))?;
            let _ = self.catalog.put(&entry, &source.book.names);
        } else {
            drop(target);
            self.folder.unlink_partial(name)?;
        }
        drop(source);
        self.folder.unlink(name)
    }
}

impl Closing {
    /// The file whose last form it is.
    pub(crate) fn name(&self) -> FileName {
        self.source.file.name
    }

    /// Reads events for a block. True: they are the last.
    fn read(&mut self, bytes: usize) -> Result<bool> {
        self.run.clear();
        // The range is short, since the places of all its blocks are looked up at each step.
        for last in [self.next_seq.saturating_add(MAX_EVENTS as u64), u64::MAX] {
            let Closing { source, run, next_seq, entry, .. } = self;
            let from = *next_seq;
            let flow = source.each(from..=last, Order::Oldest, 0, |file, _, damage, item| {
                let [_, last] = item.seqs();
                if last < *next_seq {
                    return Ok(ControlFlow::Continue(()));
                }
                if !run.has_room_for(0, item.events() as usize) {
                    return Ok(ControlFlow::Break(()));
                }
                entry.add(item.seqs(), item.times_ns(), item.events());
                let events = match item {
                    Item::Block(header) => open(file, &header, damage, |body| body.run(&header))?,
                    Item::Batch(batch) => Some(batch.run),
                };
                let Some(events) = events else { return Ok(ControlFlow::Break(())) };
                let fits = events.iter().all(|(header, raw)| run.push(header, raw));
                *next_seq = last + 1;
                damage.is_cut |= !fits;
                Ok(if run.raw_len() < bytes { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
            })?;
            if flow.is_break() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn write(&mut self, template: &mut dyn FnMut(u32) -> Option<String>) -> Result<()> {
        let Closing { source, target, sealer, dictionary, run, additions, .. } = self;
        let before = self.entry.events - run.len() as u64;
        let block = sealer.seal(run, before, dictionary, template).map_err(|error| Error::io(target.path(), error))?;
        let header = BlockHeader::from_bytes(&block.header);
        let header = header.map_err(|damaged| Error::damaged(target.path(), damaged))?;
        let added = dictionary.take_added();
        target.write(|transaction| {
            if !self.has_names {
                for (number, name) in (0..).zip(&source.book.names) {
                    day_file::add_symbol(transaction, number, name.as_deref().unwrap_or_default())?;
                }
            }
            if let Some(added) = &added {
                day_file::add_to_dictionary(transaction, *additions, added)?;
            }
            day_file::add_block(transaction, &header, &block)
        })?;
        self.has_names = true;
        *additions += u64::from(added.is_some());
        Ok(())
    }
}

impl std::fmt::Debug for Closing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Closing").field("entry", &self.entry).finish_non_exhaustive()
    }
}
