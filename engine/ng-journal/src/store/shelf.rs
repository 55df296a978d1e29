//! One file of history as it is read: its events in their order, and what of them is missing.
//!
//! Each batch and each block says how many events of its file stand before it, so that one that is not there is seen by the next.
//! Of the end of a file the mark tells, or the catalogue.

use super::day_file::{DayFile, Rows};
use super::error::{Error, Result};
use super::health::Damage;
use crate::Damaged;
use crate::batch::Batch;
use crate::body::Body;
use crate::dictionary::Dictionary;
use crate::event::EventHeader;
use crate::header::BlockHeader;
use crate::run::MAX_EVENTS;
use rustc_hash::FxHashMap;
use std::ops::{ControlFlow, RangeInclusive};
use std::sync::Arc;

/// Which events come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Those of the lowest `seq`.
    Oldest,
    /// Those of the highest.
    Newest,
}

/// A part of a file.
pub(crate) enum Item {
    /// A block that is not opened.
    Block(Arc<BlockHeader>),
    /// Events that there is no block of yet.
    Batch(Batch),
}

impl Item {
    fn before(&self) -> u64 {
        match self {
            Item::Block(header) => header.before,
            Item::Batch(batch) => batch.before,
        }
    }

    pub(crate) fn events(&self) -> u64 {
        match self {
            Item::Block(header) => header.events as u64,
            Item::Batch(batch) => batch.run.len() as u64,
        }
    }

    /// Earliest and latest time.
    pub(crate) fn times_ns(&self) -> [i64; 2] {
        match self {
            Item::Block(header) => header.times_ns,
            Item::Batch(batch) => times_of(&batch.run.headers),
        }
    }

    /// First and last `seq`.
    pub(crate) fn seqs(&self) -> [u64; 2] {
        match self {
            Item::Block(header) => header.seqs,
            Item::Batch(batch) => batch.run.seqs().unwrap_or_default(),
        }
    }
}

/// The file and what is known of it.
#[derive(Debug)]
pub(crate) struct Shelf {
    pub(crate) file: DayFile,
    pub(crate) book: Book,
    pub(crate) damage: Damage,
    /// Events that the file has had, as others know.
    pub(crate) claimed: u64,
    /// Headers that were read, as far as there is room for them.
    headers: FxHashMap<u64, Arc<BlockHeader>>,
    header_bytes: usize,
}

/// What all events of a file share.
#[derive(Debug, Default)]
pub(crate) struct Book {
    pub(crate) dictionary: Dictionary,
    /// Rows that were read into it.
    pub(crate) additions: u64,
    /// Names of sources and types, by number; none for one that cannot be read.
    pub(crate) names: Vec<Option<String>>,
}

impl Shelf {
    pub(crate) fn new(file: DayFile, claimed: u64) -> Shelf {
        let (book, damage) = (Book::default(), Damage::default());
        Shelf { file, book, damage, claimed, headers: FxHashMap::default(), header_bytes: 0 }
    }

    /// Memory that headers take.
    pub(crate) fn header_bytes(&self) -> usize {
        self.header_bytes
    }

    /// Shows `f` the parts of the file that may have one of these events, as the file is at this moment. `room` is what further
    /// headers that are kept may take, in bytes. The events of a block are those of [`open`].
    pub(crate) fn each(
        &mut self,
        seqs: RangeInclusive<u64>,
        order: Order,
        room: usize,
        mut f: impl FnMut(&DayFile, &Book, &mut Damage, Item) -> Result<ControlFlow<()>>,
    ) -> Result<ControlFlow<()>> {
        let Shelf { file, book, damage, claimed, headers, header_bytes } = self;
        let _view = file.view()?;
        let is_all = *seqs.start() == 0 && *seqs.end() >= i64::MAX as u64;
        let (mut blocks, has_blocks) = file.keys(Rows::Blocks, seqs.clone());
        let (tail, has_tail) = file.keys(Rows::Tail, seqs.clone());
        if tail.first().is_some_and(|first| first < seqs.start()) {
            // The range begins behind all blocks, and not all of the tail is in hand.
            blocks.clear();
        }
        damage.is_cut |= !has_blocks || !has_tail;
        book.learn(file, damage);

        let parts =
            blocks.into_iter().map(|key| (Rows::Blocks, key)).chain(tail.into_iter().map(|key| (Rows::Tail, key)));
        let mut parts: Vec<(Rows, u64)> = parts.collect();
        if order == Order::Newest {
            parts.reverse();
        }
        let mut chain = Chain { order, at: (is_all && order == Order::Oldest).then_some(0), seq: None, unread: 0 };
        let most = *header_bytes + room;
        for (rows, key) in parts {
            let read = match (rows, headers.get(&key)) {
                (Rows::Blocks, Some(header)) => Ok(Item::Block(header.clone())),
                (Rows::Blocks, None) => read_header(file, key).map(|header| {
                    let bytes = header.bytes();
                    let header = Arc::new(header);
                    if *header_bytes + bytes <= most {
                        *header_bytes += bytes;
                        headers.insert(key, header.clone());
                    }
                    Item::Block(header)
                }),
                _ => read_batch(file, key).map(Item::Batch),
            };
            match read {
                Ok(item) if item.seqs()[0] == key && chain.takes(&item, damage) => {
                    if f(file, book, damage, item)?.is_break() {
                        return Ok(ControlFlow::Break(()));
                    }
                }
                Err(error) if !error.is_damage() => return Err(error),
                _ => {
                    damage.rows.insert((rows, key));
                    chain.unread += file.events(rows, key).unwrap_or(0).min(MAX_EVENTS as u64);
                }
            }
        }
        if is_all && order == Order::Oldest {
            let at = chain.at.unwrap_or(0);
            damage.missing(at, (*claimed).max(at + chain.unread));
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Shows `f` all parts of the file that can be read, and finds what is missing.
    pub(crate) fn read_all(&mut self, mut f: impl FnMut(Item)) -> Result<()> {
        let each = self.each(0..=u64::MAX, Order::Oldest, 0, |_, _, _, item| {
            f(item);
            Ok(ControlFlow::Continue(()))
        });
        each.map(|_| ())
    }

    /// `seq` of the last event that can be read.
    pub(crate) fn end(&mut self) -> Result<Option<u64>> {
        let mut end = None;
        self.each(0..=u64::MAX, Order::Newest, 0, |_, _, _, item| {
            end = Some(item.seqs()[1]);
            Ok(ControlFlow::Break(()))
        })
        .map(|_| end)
    }

    /// `seq` of the first event that can be read.
    pub(crate) fn start(&mut self) -> Result<Option<u64>> {
        let mut start = None;
        self.each(0..=u64::MAX, Order::Oldest, 0, |_, _, _, item| {
            start = Some(item.seqs()[0]);
            Ok(ControlFlow::Break(()))
        })
        .map(|_| start)
    }
}

impl Book {
    /// Reads what came into the file since.
    fn learn(&mut self, file: &DayFile, damage: &mut Damage) {
        let (names, is_whole) = file.symbols(self.names.len() as u32);
        damage.names += names.iter().filter(|name| name.is_none()).count() as u64;
        damage.is_cut |= !is_whole;
        self.names.extend(names);
        // Numbers follow from what came before, so that nothing is read behind what is spoilt. Blocks that refer to it are opened.
        let (additions, is_whole) = file.dictionary(self.additions);
        damage.is_cut |= !is_whole;
        for added in additions {
            if self.dictionary.extend(&added).is_err() {
                damage.is_cut = true;
                break;
            }
            self.additions += 1;
        }
    }
}

/// Where in a file its parts have led.
struct Chain {
    order: Order,
    /// Events of the file before the part that comes next, or those before the part that came last where the newest come first.
    at: Option<u64>,
    /// The `seq` that the next part has to be beyond.
    seq: Option<u64>,
    /// Events of parts that could not be read since one was read, as the table has them.
    unread: u64,
}

impl Chain {
    /// The part comes next. What lies between is missing; one that goes back does not belong there.
    fn takes(&mut self, item: &Item, damage: &mut Damage) -> bool {
        let ([first, last], before) = (item.seqs(), item.before());
        let Some(end) = before.checked_add(item.events()) else { return false };
        let (follows, next, seq) = match self.order {
            Order::Oldest => {
                (self.at.is_none_or(|at| at <= before) && self.seq.is_none_or(|seq| seq < first), end, last)
            }
            Order::Newest => {
                (self.at.is_none_or(|at| end <= at) && self.seq.is_none_or(|seq| last < seq), before, first)
            }
        };
        if follows {
            match (self.order, self.at) {
                (Order::Oldest, Some(at)) => damage.missing(at, before),
                (Order::Newest, Some(at)) => damage.missing(end, at),
                (_, None) => {}
            }
            (self.at, self.seq, self.unread) = (Some(next), Some(seq), 0);
        }
        follows
    }
}

/// The events of a block. None where they cannot be read.
pub(crate) fn open<T>(
    file: &DayFile,
    header: &BlockHeader,
    damage: &mut Damage,
    read: impl FnOnce(&Body<'_>) -> std::result::Result<T, Damaged>,
) -> Result<Option<T>> {
    let key = header.seqs[0];
    let body = match file.content(Rows::Bodies, key) {
        Err(error) if !error.is_damage() => return Err(error),
        body => body.ok(),
    };
    let read = body.and_then(|bytes| Body::from_bytes(&bytes).and_then(|body| read(&body)).ok());
    if read.is_none() {
        damage.rows.insert((Rows::Bodies, key));
        damage.missing(header.before, header.before + header.events as u64);
    }
    Ok(read)
}

/// Earliest and latest time of events.
pub(crate) fn times_of(headers: &[EventHeader]) -> [i64; 2] {
    let times = || headers.iter().map(|header| header.time_ns);
    [times().min().unwrap_or(0), times().max().unwrap_or(0)]
}

fn read_header(file: &DayFile, key: u64) -> Result<BlockHeader> {
    let bytes = file.content(Rows::Blocks, key)?;
    BlockHeader::from_bytes(&bytes).map_err(|damaged| Error::damaged(file.path(), damaged))
}

fn read_batch(file: &DayFile, key: u64) -> Result<Batch> {
    let bytes = file.content(Rows::Tail, key)?;
    Batch::from_bytes(&bytes).map_err(|damaged| Error::damaged(file.path(), damaged))
}
