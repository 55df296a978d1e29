//! Reading history: all files of a folder as one stream of events.
//!
//! A reader looks at each file as it is at one moment, and is in nobody's way: neither does who writes wait for it, nor retention. A
//! file that is taken away while it is read is read to its end, and is not there the next time.

use super::catalog::Catalog;
use super::day_file::DayFile;
use super::error::{Error, Result};
use super::folder::{FileName, Folder};
use super::health::Health;
use super::info::Info;
use super::mark;
use super::names::Names;
use super::question::{Budget, Group, Key, Progress, Question};
use super::schema::Access;
use super::shelf::{Item, Order, Shelf, open};
use super::walk::{Ask, Walk};
use ng_model::record::StoredRecord;
use rustc_hash::FxHashSet;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;

/// Memory that headers take which are kept for the next question, in bytes.
const HEADER_ROOM: usize = 32 << 20;
/// Times that files are listed again because one was taken away meanwhile.
const TURNS: usize = 8;

/// All of the history of a folder.
#[derive(Debug)]
pub struct Reader {
    folder: Folder,
    shelves: Vec<Shelved>,
    /// Files that cannot be opened, and how many events they had.
    unusable: BTreeMap<FileName, u64>,
}

/// A file in its place among the others.
#[derive(Debug)]
struct Shelved {
    shelf: Shelf,
    /// Its first event; none while it has none.
    start: Option<u64>,
    names: Names,
}

impl Reader {
    /// A reader of the history of a folder.
    pub fn open(path: &Path) -> Result<Reader> {
        let folder = Folder::look(path);
        let mut reader = Reader { folder, shelves: Vec::new(), unusable: BTreeMap::new() };
        reader.refresh()?;
        Ok(reader)
    }

    /// How many events there are that are looked for.
    pub fn count<'a>(&mut self, question: &'a Question<'a>, cancelled: &'a dyn Fn() -> bool) -> Result<Progress> {
        self.ask(question, Order::Newest, Budget { cancelled, ..Budget::none() }, Ask::Count)
    }

    /// The same by something.
    pub fn count_by<'a>(
        &mut self,
        question: &'a Question<'a>,
        key: Key,
        cancelled: &'a dyn Fn() -> bool,
    ) -> Result<(BTreeMap<Group, u64>, Progress)> {
        let mut counts = BTreeMap::new();
        let budget = Budget { cancelled, ..Budget::none() };
        let progress = self.ask(question, Order::Newest, budget, Ask::By(key, &mut counts))?;
        Ok((counts, progress))
    }

    /// Shows `f` the events that are looked for, in this order, until it breaks off or the budget is used up. What comes back says
    /// where to go on.
    pub fn scan<'a>(
        &mut self,
        question: &'a Question<'a>,
        order: Order,
        budget: Budget<'a>,
        f: &'a mut dyn FnMut(&StoredRecord<'_>) -> ControlFlow<()>,
    ) -> Result<Progress> {
        self.ask(question, order, budget, Ask::Show(f))
    }

    /// The first `seq` that there is; none where there is none.
    pub fn first_seq(&mut self) -> Result<Option<u64>> {
        self.refresh()?;
        // Those without an event stand last.
        Ok(self.shelves.first().and_then(|shelved| shelved.start))
    }

    /// What there is, by the headers of all blocks.
    pub fn info(&mut self) -> Result<Info> {
        self.refresh()?;
        let mut info = Info::default();
        let mut room = self.header_room();
        for Shelved { shelf, .. } in &mut self.shelves {
            let before = shelf.header_bytes();
            let each = shelf.each(0..=u64::MAX, Order::Oldest, room, |_, _, _, item| {
                info.add(item.seqs(), item.times_ns(), item.events());
                Ok(ControlFlow::Continue(()))
            });
            each.map(drop)?;
            room -= shelf.header_bytes() - before;
            info.files += 1;
            info.bytes += self.folder.bytes(shelf.file.name);
        }
        Ok(Info { health: self.health(), ..info })
    }

    /// Reads everything, and says what cannot be read.
    pub fn check(&mut self, cancelled: &dyn Fn() -> bool) -> Result<Health> {
        self.refresh()?;
        for Shelved { shelf, .. } in &mut self.shelves {
            let flow = shelf.each(0..=u64::MAX, Order::Oldest, 0, |file, _, damage, item| {
                if let Item::Block(header) = &item {
                    open(file, header, damage, |body| body.run(header).map(drop))?;
                }
                Ok(if cancelled() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
            })?;
            if flow.is_break() {
                break;
            }
        }
        Ok(self.health())
    }

    /// What was met that cannot be read.
    pub fn health(&self) -> Health {
        let mut health = Health {
            set_aside_files: self.unusable.len() as u64,
            set_aside_events: self.unusable.values().sum(),
            ..Health::default()
        };
        self.shelves.iter().for_each(|shelved| health.add(&shelved.shelf.damage));
        health
    }

    fn ask<'a>(
        &mut self,
        question: &'a Question<'a>,
        order: Order,
        budget: Budget<'a>,
        ask: Ask<'a>,
    ) -> Result<Progress> {
        self.refresh()?;
        let mut walk = Walk::new(question, order, budget, ask);
        let mut room = self.header_room();
        let count = self.shelves.len();
        for turn in 0..count {
            let place = if order == Order::Oldest { turn } else { count - 1 - turn };
            // What lies outside is not asked for; the next file says where this one ends.
            let next = self.shelves.get(place + 1).and_then(|next| next.start);
            let Shelved { shelf, start, names } = &mut self.shelves[place];
            if start.is_none_or(|start| walk.is_beyond(start, next)) {
                continue;
            }
            let before = shelf.header_bytes();
            let flow = walk.through(shelf, names, room)?;
            room -= shelf.header_bytes() - before;
            if flow.is_break() {
                break;
            }
        }
        Ok(walk.progress)
    }

    /// Memory that further headers may take which are kept for the next question.
    fn header_room(&self) -> usize {
        HEADER_ROOM.saturating_sub(self.shelves.iter().map(|shelved| shelved.shelf.header_bytes()).sum())
    }

    /// Takes up which files there are now.
    fn refresh(&mut self) -> Result<()> {
        for turn in 1.. {
            match self.try_refresh() {
                Err(Error::Gone(path)) if turn < TURNS && path != self.folder.path() => {}
                refreshed => return refreshed,
            }
        }
        Ok(())
    }

    fn try_refresh(&mut self) -> Result<()> {
        let mut names: FxHashSet<FileName> = self.folder.names()?.into_iter().collect();
        let replaced: Vec<FileName> = names.iter().copied().filter(|name| !name.is_closed).collect();
        for name in replaced.into_iter().filter(|name| names.contains(&name.closed())).collect::<Vec<_>>() {
            names.remove(&name);
        }
        self.shelves.retain(|shelved| names.contains(&shelved.shelf.file.name) && shelved.shelf.file.is_in_place());
        self.unusable.retain(|name, _| names.contains(name));
        self.shelves.iter().for_each(|shelved| {
            names.remove(&shelved.shelf.file.name);
        });
        let marked = mark::read(self.folder.path());
        // Asked about new files alone.
        let catalog = if names.is_empty() { None } else { Catalog::look(self.folder.path()) };
        let known_events = |name: FileName| {
            let first = FileName { is_closed: false, ..name }.text();
            let entry = catalog.as_ref().and_then(|catalog| catalog.get(&first)).map_or(0, |entry| entry.events);
            entry.max(marked.filter(|mark| mark.name == name).map_or(0, |mark| mark.events))
        };
        for name in names {
            match DayFile::open(self.folder.file(name), name, Access::Read) {
                Ok(file) => {
                    let (shelf, names) = (Shelf::new(file, known_events(name)), Names::new());
                    self.shelves.push(Shelved { shelf, start: None, names });
                    self.unusable.remove(&name);
                }
                Err(error) if error.is_damage() => {
                    self.unusable.insert(name, known_events(name));
                }
                Err(error) => return Err(error),
            }
        }
        for Shelved { shelf, start, .. } in &mut self.shelves {
            if start.is_none() {
                *start = shelf.start()?;
            }
            if let Some(mark) = marked.filter(|mark| mark.name == shelf.file.name) {
                shelf.claimed = shelf.claimed.max(mark.events);
            }
        }
        self.shelves.sort_by_key(|shelved| (shelved.start.unwrap_or(u64::MAX), shelved.shelf.file.name));
        Ok(())
    }
}
