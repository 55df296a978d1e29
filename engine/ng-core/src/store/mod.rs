//! The ring of recent records: one writer, the engine, and any number of readers.
//!
//! Records are collected in an open block of at most 1024; a full block is sealed into a compressed segment that never
//! changes again. Readers hold the lock only to copy the new end of the open block and to take a [`Snapshot`]; what is
//! sealed they unpack and scan without it.
//!
//! # Layout
//!
//! `segment.rs` has the plain and the compressed form of a run of records, `codec.rs` the form in which heads compress,
//! `retention.rs` what leaves the ring: the oldest records, and before them old samples, which have a budget of their own.
//! `reader.rs` finds records for one reader and remembers unpacked segments; `view.rs` is the part of the ring that a
//! filter lets through, `search.rs` finds the next match in it, `neighbours.rs` the records most like one, `tally.rs`
//! counts the patterns.

mod codec;
mod neighbours;
mod reader;
mod retention;
mod search;
mod segment;
mod tally;
mod view;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use neighbours::nearest;
pub use reader::Reader;
pub use search::Find;
pub use tally::{Counts, SPAN_S, Tally};
pub use view::View;

use ng_model::record::{NO_SEQ, RecordHeader};
use ng_model::symbols::{Sym, Symbols};
use ng_wire::{Level, Outcome, RingView, Scoring, Totals};
use parking_lot::Mutex;
use segment::{Block, Press, Segment};
use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

/// A store with its readers. The store behind the lock stays the same one for as long as it has readers.
pub type Shared = Arc<Mutex<Store>>;

/// The ring of recent records.
pub struct Store {
    symbols: Arc<Symbols>,
    sealed: Arc<VecDeque<Placed>>,
    open: Block,
    press: Press,
    /// Ordinal of the oldest record that is still shown.
    first: u64,
    next_seq: u64,
    /// Records of this process have no lower `seq`.
    begun_at: u64,
    capacity: usize,
    byte_limit: usize,
    sealed_bytes: usize,
    /// Samples held.
    samples: usize,
    /// Of them, those of the open block.
    open_samples: usize,
    workspace: retention::Workspace,
    thinned: Thinned,
    refused: u64,
    totals: Totals,
}

/// The ring at one moment, except for its open block. Taking one copies no record and costs a few reference counts; to
/// hold one keeps the memory of its segments.
#[derive(Clone, Debug)]
pub struct Snapshot {
    symbols: Arc<Symbols>,
    sealed: Arc<VecDeque<Placed>>,
    first: u64,
    next: u64,
    next_seq: u64,
    thinned: Thinned,
    totals: Totals,
}

/// A sealed segment where it stands in the ring.
#[derive(Clone, Debug)]
struct Placed {
    /// Ordinal of its first record. It grows when samples behind it leave the ring, so that the newest ordinal is always the
    /// number of records ever stored.
    first: u64,
    /// Samples in it.
    samples: usize,
    /// Time of its first record, nanoseconds since 1970, UTC.
    since_ns: i64,
    segment: Arc<Segment>,
}

/// The samples that left the ring before older records did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Thinned {
    /// How many there were.
    records: u64,
    /// There is none left in the ring below this `seq`.
    below: u64,
}

/// A sealed segment could not be unpacked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Corrupt;

impl fmt::Display for Corrupt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a segment of the ring cannot be read back")
    }
}

impl std::error::Error for Corrupt {}

impl Store {
    /// Bytes that the sealed segments may take for each record of the capacity, unless
    /// [`set_byte_limit`](Store::set_byte_limit) says otherwise. Log lines of 120 bytes take less than half of it.
    pub const BYTES_PER_RECORD: usize = 256;

    /// An empty ring for at most `capacity` records, at least one, and half as many samples.
    pub fn new(capacity: usize) -> Self {
        let mut store = Store {
            symbols: Arc::new(Symbols::new()),
            sealed: Arc::new(VecDeque::new()),
            open: Block::with_room(),
            press: Press::new(),
            first: 0,
            next_seq: 0,
            begun_at: 0,
            capacity: 0,
            byte_limit: 0,
            sealed_bytes: 0,
            samples: 0,
            open_samples: 0,
            workspace: retention::Workspace::default(),
            thinned: Thinned::default(),
            refused: 0,
            totals: Totals::default(),
        };
        store.set_capacity(capacity);
        store
    }

    /// The next record gets this `seq`, unless a higher one was given out already: for a ring that goes on where another
    /// process ended.
    pub fn begin_at(&mut self, seq: u64) {
        self.next_seq = self.next_seq.max(seq);
        self.begun_at = self.next_seq;
    }

    /// Records of this process have no lower `seq`. Of others some may never have been kept.
    pub fn begun_at(&self) -> u64 {
        self.begun_at
    }

    /// Adds a record. Its `seq` must be above every one before; holes are allowed. A record with another `seq`, which is
    /// a mistake or a repetition by a peer, is left out and counted in [`refused`](Store::refused).
    pub fn push(&mut self, head: &RecordHeader, raw: &[u8]) {
        if self.refill(head, raw) {
            tally(&mut self.totals, head);
        }
    }

    /// The same for a record of an earlier process, which the counters leave out; false when it is left out.
    pub fn refill(&mut self, head: &RecordHeader, raw: &[u8]) -> bool {
        if head.seq < self.next_seq || head.seq == NO_SEQ {
            self.refused += 1;
            return false;
        }
        // A span reaches no further than this.
        let raw = &raw[..raw.len().min(u32::MAX as usize)];
        if self.open.is_full_for(raw.len()) {
            self.seal();
        }
        self.open.push(head, raw);
        let is_sample = usize::from(retention::is_sample(head));
        self.samples += is_sample;
        self.open_samples += is_sample;
        self.next_seq = head.seq + 1;
        self.prune();
        true
    }

    /// A pattern has become part of another, which the records of the open block are told. Sealed ones keep its number, by which
    /// the other is found too.
    pub fn follow(&mut self, pattern: u32, union: u32) {
        for head in self.open.heads.iter_mut().filter(|head| head.detection.pattern == pattern) {
            head.detection.pattern = union;
        }
    }

    /// The names behind the symbols of the records.
    pub fn symbols(&self) -> &Symbols {
        &self.symbols
    }

    /// The names, to add some. Copies the table when a reader holds a snapshot; see [`intern`](Store::intern).
    pub fn symbols_mut(&mut self) -> &mut Symbols {
        Arc::make_mut(&mut self.symbols)
    }

    /// The names, shared.
    pub fn symbols_arc(&self) -> Arc<Symbols> {
        self.symbols.clone()
    }

    /// Gives another store the names of this one, and takes those of the other.
    pub(crate) fn swap_symbols(&mut self, other: &mut Store) {
        std::mem::swap(&mut self.symbols, &mut other.symbols);
    }

    /// The symbol of a name; touches the table only when the name is not known.
    pub fn intern(&mut self, name: &str) -> Sym {
        match self.symbols.find(name) {
            Some(known) => known,
            None => self.symbols_mut().intern(name),
        }
    }

    /// `seq` of the oldest record held; [`next_seq`](Store::next_seq) when the ring is empty.
    pub fn first_seq(&self) -> u64 {
        self.seq_at(self.first).unwrap_or(self.next_seq)
    }

    /// The lowest `seq` that the next record may have.
    pub fn next_seq(&self) -> u64 {
        self.next_seq
    }

    /// What was concluded of the record `seq`; none when it is not in the ring, or cannot be read back. One that is sealed
    /// is unpacked for it, with its neighbours.
    pub fn head(&self, seq: u64) -> Option<RecordHeader> {
        let ordinal = self.ordinal_of(seq);
        let head = match segment_of(&self.sealed, ordinal) {
            Some(placed) => {
                let mut block = Block::default();
                placed.segment.unpack_heads(&mut block, &mut Vec::new()).ok()?;
                block.heads.get((ordinal - placed.first) as usize).copied()
            }
            None => self.open.heads.get((ordinal - self.open.first) as usize).copied(),
        };
        head.filter(|head| head.seq == seq)
    }

    /// Records held.
    pub fn len(&self) -> usize {
        (self.open.end() - self.first) as usize
    }

    /// No record is held.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Most records held, samples not counted.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// All samples with a `seq` below this one have left the ring.
    pub fn thinned_below(&self) -> u64 {
        self.thinned.below
    }

    /// What the ring holds.
    pub fn view(&self) -> RingView {
        let open_ns = || self.open.heads.first().map(|head| head.time_ns);
        RingView {
            capacity: self.capacity as u64,
            records: Some((self.len() - self.samples) as u64),
            samples: self.samples as u64,
            earlier: self.first - self.thinned.records,
            thinned: self.thinned.records,
            first_seq: self.first_seq(),
            next_seq: self.next_seq,
            since_ns: self.sealed.front().map(|oldest| oldest.since_ns).or_else(open_ns),
            bytes: self.bytes() as u64,
        }
    }

    /// Changes the most records held, at least one, and with it the byte limit. The oldest go first, and before them old
    /// samples.
    pub fn set_capacity(&mut self, capacity: usize) {
        self.capacity = capacity.max(1);
        self.byte_limit = self.capacity.saturating_mul(Self::BYTES_PER_RECORD).max(16 << 20);
        self.prune();
    }

    /// Changes the most bytes that sealed segments take; records are then given up before the capacity is reached, samples
    /// first. The newest records, up to 1024 of them, are always held.
    pub fn set_byte_limit(&mut self, bytes: usize) {
        self.byte_limit = bytes;
        self.prune();
    }

    /// Most bytes that sealed segments take.
    pub fn byte_limit(&self) -> usize {
        self.byte_limit
    }

    /// Memory used by the records and by the work of sealing them, in bytes; names are not counted.
    pub fn bytes(&self) -> usize {
        self.sealed_bytes + self.open.bytes() + self.press.bytes() + self.workspace.bytes()
    }

    /// Records left out by [`push`](Store::push).
    pub fn refused(&self) -> u64 {
        self.refused
    }

    /// Counters over every record ever pushed.
    pub fn totals(&self) -> Totals {
        self.totals
    }

    /// The ring at this moment.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            symbols: self.symbols.clone(),
            sealed: self.sealed.clone(),
            first: self.first,
            next: self.open.end(),
            next_seq: self.next_seq,
            thinned: self.thinned,
            totals: self.totals,
        }
    }

    fn seal(&mut self) {
        let segment = Segment::seal(&self.open, &mut self.press);
        let since_ns = self.open.heads.first().map_or(0, |head| head.time_ns);
        let (first, samples) = (self.open.first, self.open_samples);
        let placed = Placed { first, samples, since_ns, segment: Arc::new(segment) };
        self.open.restart(placed.end());
        self.open_samples = 0;
        self.sealed_bytes += placed.segment.bytes();
        Arc::make_mut(&mut self.sealed).push_back(placed);
    }

    fn seq_at(&self, ordinal: u64) -> Option<u64> {
        (self.first..self.open.end()).contains(&ordinal).then(|| seq_at(&self.sealed, &self.open, ordinal))?
    }

    /// Ordinal of the first record whose `seq` is not below this one.
    fn ordinal_of(&self, seq: u64) -> u64 {
        ordinal_of(&self.sealed, &self.open, seq).clamp(self.first, self.open.end())
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store")
            .field("first_seq", &self.first_seq())
            .field("next_seq", &self.next_seq)
            .field("len", &self.len())
            .field("bytes", &self.bytes())
            .finish_non_exhaustive()
    }
}

impl Snapshot {
    /// The names behind the symbols of the records.
    pub fn symbols(&self) -> &Symbols {
        &self.symbols
    }

    /// The lowest `seq` that the next record may have.
    pub fn next_seq(&self) -> u64 {
        self.next_seq
    }

    /// Records held.
    pub fn len(&self) -> usize {
        (self.next - self.first) as usize
    }

    /// No record is held.
    pub fn is_empty(&self) -> bool {
        self.first == self.next
    }

    fn segment(&self, ordinal: u64) -> Option<&Placed> {
        segment_of(&self.sealed, ordinal)
    }
}

impl Placed {
    /// Ordinal after the last record.
    fn end(&self) -> u64 {
        self.first + self.segment.len() as u64
    }
}

fn segment_of(sealed: &VecDeque<Placed>, ordinal: u64) -> Option<&Placed> {
    sealed.get(sealed.partition_point(|placed| placed.end() <= ordinal)).filter(|placed| placed.first <= ordinal)
}

fn seq_at(sealed: &VecDeque<Placed>, open: &Block, ordinal: u64) -> Option<u64> {
    match segment_of(sealed, ordinal) {
        Some(placed) => Some(placed.segment.seq((ordinal - placed.first) as usize)),
        None => open.heads.get(usize::try_from(ordinal.checked_sub(open.first)?).ok()?).map(|head| head.seq),
    }
}

fn ordinal_of(sealed: &VecDeque<Placed>, open: &Block, seq: u64) -> u64 {
    match sealed.get(sealed.partition_point(|placed| placed.segment.below(seq) == placed.segment.len())) {
        Some(placed) => placed.first + placed.segment.below(seq) as u64,
        None => open.first + open.below(seq) as u64,
    }
}

/// Counts a record.
fn tally(totals: &mut Totals, head: &RecordHeader) {
    totals.records += 1;
    totals.warnings += u64::from(head.level == Level::Warn);
    totals.errors += u64::from(head.level >= Level::Error);
    let learns = head.detection.state == Scoring::Learning;
    totals.novel += u64::from(head.detection.is_novel && !learns);
    totals.learning += u64::from(learns);
    totals.alerts += u64::from(head.detection.is_alert);
    totals.flagged += u64::from(head.verdict.outcome == Outcome::Flag);
    totals.rejected += u64::from(head.verdict.outcome == Outcome::Reject);
}
