//! A file in its last form: larger blocks, packed harder, with a dictionary of its own, and nothing of SQLite beside it.

use super::catalog::Entry;
use super::day_file::{self, DayFile};
use super::error::{Error, Result};
use super::folder::FileName;
use super::shelf::{Item, Order, Shelf, open};
use crate::dictionary::Dictionary;
use crate::header::BlockHeader;
use crate::run::{MAX_EVENTS, Run};
use crate::sealer::Sealer;
use std::ops::ControlFlow;

/// Level of zstd.
const LEVEL: i32 = 6;

/// The last form of a file, while it is made.
pub(crate) struct Closing {
    pub(super) source: Shelf,
    pub(super) target: DayFile,
    sealer: Sealer,
    dictionary: Dictionary,
    additions: u64,
    pub(super) run: Run,
    /// The event that comes next.
    next_seq: u64,
    pub(super) entry: Entry,
    has_names: bool,
}

impl Closing {
    /// The last form of a file, of which nothing is made yet.
    pub(super) fn new(source: Shelf, target: DayFile) -> Result<Closing> {
        let sealer = Sealer::new(LEVEL).map_err(|error| Error::io(target.path(), error))?;
        let entry = Entry { name: source.file.name.text(), ..Entry::default() };
        Ok(Closing {
            source,
            target,
            sealer,
            dictionary: Dictionary::default(),
            additions: 0,
            run: Run::default(),
            next_seq: 0,
            entry,
            has_names: false,
        })
    }

    /// The file whose last form it is.
    pub(crate) fn name(&self) -> FileName {
        self.source.file.name
    }

    /// Reads events for a block. True: they are the last.
    pub(super) fn read(&mut self, bytes: usize) -> Result<bool> {
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

    pub(super) fn write(&mut self, template: &mut dyn FnMut(u32) -> Option<String>) -> Result<()> {
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
