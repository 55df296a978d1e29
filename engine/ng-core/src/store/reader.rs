//! One reader's way to the records: a copy of the open block, and the segments it unpacked lately.

use super::segment::{Block, Segment};
use super::{Placed, Shared, Snapshot, ordinal_of, seq_at};
use ng_model::record::StoredRecord;
use std::ops::{ControlFlow, Range};

/// Segments kept unpacked, so that scrolling does not unpack for each row; about 0.3 MB each.
const UNPACKED: usize = 16;

/// What plain records are wanted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To be shown, and soon again.
    Show,
    /// To be scanned once; only the latest of these is kept.
    Scan,
    /// Their heads alone; the raw bytes of sealed records are missing. Only the latest of these is kept.
    Heads,
}

/// Reads records by `seq`. Each call takes the lock once, briefly.
pub struct Reader {
    shared: Shared,
    tail: Block,
    shelf: Shelf,
    /// The ring as it was when this reader was held; it never looks again.
    held: Option<Snapshot>,
}

impl Reader {
    /// A reader of a store.
    pub fn new(shared: Shared) -> Self {
        Reader { shared, tail: Block::default(), shelf: Shelf::default(), held: None }
    }

    /// A reader of the ring as it is now, or of what this one holds: its records stay, and none is added. It keeps as much
    /// memory as the ring has at this moment.
    pub fn hold(&mut self) -> Reader {
        let held = Some(self.look());
        Reader { shared: self.shared.clone(), tail: self.tail.clone(), shelf: Shelf::default(), held }
    }

    /// What `f` makes of the record `seq`; none when it is not in the ring, or cannot be read back.
    pub fn get<R>(&mut self, seq: u64, f: impl FnOnce(&StoredRecord<'_>) -> R) -> Option<R> {
        let snapshot = self.look();
        let ordinal = self.ordinal_of(&snapshot, seq);
        self.stored(&snapshot, ordinal).filter(|stored| stored.head.seq == seq).map(|stored| f(&stored))
    }

    /// Shows `f` the records of these numbers, which rise, as the ring is now; none for one that is not in it, or cannot be
    /// read back.
    pub fn each(&mut self, seqs: &[u64], mut f: impl FnMut(u64, Option<&StoredRecord<'_>>)) {
        let snapshot = self.look();
        for &seq in seqs {
            let ordinal = self.ordinal_of(&snapshot, seq);
            f(seq, self.stored(&snapshot, ordinal).filter(|stored| stored.head.seq == seq).as_ref());
        }
    }

    /// Shows `f` the records of the ring in `seqs`, oldest first, until it breaks off.
    pub fn range(&mut self, seqs: Range<u64>, mut f: impl FnMut(&StoredRecord<'_>) -> ControlFlow<()>) {
        let snapshot = self.look();
        for ordinal in self.ordinal_of(&snapshot, seqs.start)..self.ordinal_of(&snapshot, seqs.end) {
            let Some(stored) = self.stored(&snapshot, ordinal) else { continue };
            if f(&stored).is_break() {
                return;
            }
        }
    }

    /// Records of the ring as it is now from this `seq` on.
    pub fn count_from(&mut self, seq: u64) -> u64 {
        let snapshot = self.look();
        snapshot.next - self.ordinal_of(&snapshot, seq)
    }

    /// Records of segments that this reader found corrupt; it passes over them.
    pub fn unreadable(&self) -> u64 {
        self.shelf.unreadable
    }

    /// The `seq` at this ordinal of the ring as it is now.
    pub(super) fn seq_now_at(&self, ordinal: u64) -> Option<u64> {
        match &self.held {
            Some(held) if (held.first..held.next).contains(&ordinal) => seq_at(&held.sealed, &self.tail, ordinal),
            Some(_) => None,
            None => self.shared.lock().seq_at(ordinal),
        }
    }

    /// Ordinal of the first record whose `seq` is not below this one, in the ring as it is now.
    pub(super) fn ordinal_now_of(&self, seq: u64) -> u64 {
        match &self.held {
            Some(held) => self.ordinal_of(held, seq),
            None => self.shared.lock().ordinal_of(seq),
        }
    }

    /// The store that is read.
    pub fn shared(&self) -> &Shared {
        &self.shared
    }

    /// The ring as it is now; brings the copy of the open block up to it. Records of the snapshot can be read until the
    /// next look.
    pub(super) fn look(&mut self) -> Snapshot {
        if let Some(held) = &self.held {
            return held.clone();
        }
        let store = self.shared.lock();
        self.tail.follow(&store.open);
        store.snapshot()
    }

    /// The record with this ordinal.
    pub(super) fn stored<'a>(&'a mut self, snapshot: &'a Snapshot, ordinal: u64) -> Option<StoredRecord<'a>> {
        if !(snapshot.first..snapshot.next).contains(&ordinal) {
            return None;
        }
        self.block(snapshot, ordinal, Purpose::Show)?.get(ordinal, &snapshot.symbols)
    }

    /// The plain records around this ordinal; none when they are not in the ring, or corrupt.
    pub(super) fn block(&mut self, snapshot: &Snapshot, ordinal: u64, purpose: Purpose) -> Option<&Block> {
        match snapshot.segment(ordinal) {
            Some(placed) => self.shelf.unpack(placed, purpose),
            None => Some(&self.tail),
        }
    }

    /// Ordinals of the block around this ordinal, cut to the ring.
    pub(super) fn bounds(&self, snapshot: &Snapshot, ordinal: u64) -> Range<u64> {
        let (first, end) = match snapshot.segment(ordinal) {
            Some(placed) => (placed.first, placed.end()),
            None => (self.tail.first, self.tail.end()),
        };
        first.max(snapshot.first)..end.min(snapshot.next)
    }

    /// Ordinal of the first record of the ring whose `seq` is not below this one.
    pub(super) fn ordinal_of(&self, snapshot: &Snapshot, seq: u64) -> u64 {
        ordinal_of(&snapshot.sealed, &self.tail, seq).clamp(snapshot.first, snapshot.next)
    }

    /// The `seq` at this ordinal; the next one at the end of the ring.
    pub(super) fn seq_at(&self, snapshot: &Snapshot, ordinal: u64) -> u64 {
        if ordinal >= snapshot.next {
            return snapshot.next_seq;
        }
        seq_at(&snapshot.sealed, &self.tail, ordinal).unwrap_or(snapshot.next_seq)
    }
}

/// Unpacked segments; the one unused for the longest time makes room.
#[derive(Default)]
struct Shelf {
    books: Vec<Book>,
    scanned: Book,
    heads: Book,
    scratch: Vec<u8>,
    uses: u64,
    /// The corrupt segments found last.
    corrupt: Vec<(u64, usize)>,
    unreadable: u64,
}

#[derive(Default)]
struct Book {
    /// Of which segment; an empty block is of none.
    id: (u64, usize),
    block: Block,
    used: u64,
}

impl Book {
    fn is_of(&self, segment: &Segment) -> bool {
        self.id == segment.id() && self.block.len() > 0
    }

    /// The records with the ordinals that they have now.
    fn at(&mut self, first: u64) -> &Block {
        self.block.first = first;
        &self.block
    }
}

impl Shelf {
    fn unpack(&mut self, placed: &Placed, purpose: Purpose) -> Option<&Block> {
        let segment = &placed.segment;
        self.uses += 1;
        if let Some(place) = self.books.iter().position(|book| book.is_of(segment)) {
            self.books[place].used = self.uses;
            return Some(self.books[place].at(placed.first));
        }
        if self.corrupt.contains(&segment.id()) {
            return None;
        }
        let book = match purpose {
            Purpose::Show => room(&mut self.books, self.uses)?,
            Purpose::Scan => &mut self.scanned,
            Purpose::Heads => &mut self.heads,
        };
        if !book.is_of(segment) {
            let unpacked = match purpose {
                Purpose::Show | Purpose::Scan => segment.unpack(&mut book.block, &mut self.scratch),
                Purpose::Heads => segment.unpack_heads(&mut book.block, &mut self.scratch),
            };
            book.id = segment.id();
            if unpacked.is_err() {
                if self.corrupt.len() == 1024 {
                    self.corrupt.remove(0);
                }
                self.corrupt.push(segment.id());
                self.unreadable += segment.len() as u64;
                return None;
            }
        }
        Some(book.at(placed.first))
    }
}

/// A book to unpack into.
fn room(books: &mut Vec<Book>, uses: u64) -> Option<&mut Book> {
    if books.len() < UNPACKED {
        books.push(Book::default());
    }
    let book = books.iter_mut().min_by_key(|book| book.used)?;
    book.used = uses;
    Some(book)
}
