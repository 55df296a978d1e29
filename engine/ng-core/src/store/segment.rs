//! A run of records: plain while it is written or read, compressed while it is kept.

use super::{Corrupt, codec};
use lz4_flex::block::{self, CompressTable};
use ng_model::record::{RecordHeader, StoredRecord};
use ng_model::symbols::Symbols;

/// Most records of one segment.
pub(super) const RECORDS: usize = 1024;
/// A segment ends before the record that would take its raw bytes beyond this; a longer record has one to itself.
pub(super) const BYTES: usize = 1 << 20;

/// Records in plain form. The ordinal of a record counts every record ever stored, without holes.
#[derive(Clone, Debug, Default)]
pub(super) struct Block {
    /// Ordinal of the first record.
    pub(super) first: u64,
    pub(super) heads: Vec<RecordHeader>,
    ends: Vec<usize>,
    arena: Vec<u8>,
}

/// Records in compressed form. They keep it wherever in the ring they stand.
#[derive(Debug)]
pub(super) struct Segment {
    count: usize,
    seqs: Seqs,
    heads: Packed,
    arena: Packed,
}

/// The numbers of a segment's records, known without unpacking it.
#[derive(Debug)]
enum Seqs {
    /// They follow each other without holes from this one on.
    Dense(u64),
    /// One by one.
    Sparse(Box<[u64]>),
}

/// Compressed bytes, or the bytes themselves where compression gains nothing.
#[derive(Debug)]
struct Packed {
    bytes: Box<[u8]>,
    len: usize,
    plain: bool,
}

/// The memory that sealing reuses from segment to segment.
pub(super) struct Press {
    planes: Vec<u8>,
    packed: Vec<u8>,
    table: CompressTable,
}

impl Block {
    /// An empty block with room for the records of a segment of ordinary lines.
    pub(super) fn with_room() -> Self {
        Block {
            first: 0,
            heads: Vec::with_capacity(RECORDS),
            ends: Vec::with_capacity(RECORDS),
            arena: Vec::with_capacity(RECORDS * 128),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.heads.len()
    }

    /// Ordinal after the last record.
    pub(super) fn end(&self) -> u64 {
        self.first + self.heads.len() as u64
    }

    /// The block takes no record of `raw_len` bytes any more.
    pub(super) fn is_full_for(&self, raw_len: usize) -> bool {
        self.len() == RECORDS || (!self.heads.is_empty() && self.arena.len() + raw_len > BYTES)
    }

    pub(super) fn push(&mut self, head: &RecordHeader, raw: &[u8]) {
        self.heads.push(*head);
        self.arena.extend_from_slice(raw);
        self.ends.push(self.arena.len());
    }

    /// Forgets the records but keeps the memory, except what an uncommonly long record took.
    pub(super) fn restart(&mut self, first: u64) {
        self.first = first;
        self.heads.clear();
        self.ends.clear();
        self.arena.clear();
        self.arena.shrink_to(BYTES);
    }

    /// Adds the records of `other` from `index` on that `wanted` lets through.
    pub(super) fn extend(&mut self, other: &Block, index: usize, wanted: impl Fn(&RecordHeader) -> bool) {
        for (index, head) in other.heads.iter().enumerate().skip(index).filter(|(_, head)| wanted(head)) {
            self.push(head, other.raw(index));
        }
    }

    /// Takes over what `other`, an older or a newer state of the same block, has beyond this one.
    pub(super) fn follow(&mut self, other: &Block) {
        if self.first != other.first || self.len() > other.len() {
            self.restart(other.first);
        }
        let (known, bytes) = (self.len(), self.arena.len());
        self.heads.extend_from_slice(&other.heads[known..]);
        self.ends.extend_from_slice(&other.ends[known..]);
        self.arena.extend_from_slice(&other.arena[bytes..]);
    }

    /// The record with this ordinal.
    pub(super) fn get<'a>(&'a self, ordinal: u64, symbols: &'a Symbols) -> Option<StoredRecord<'a>> {
        let index = usize::try_from(ordinal.checked_sub(self.first)?).ok()?;
        let head = self.heads.get(index)?;
        Some(StoredRecord { head, raw: self.raw(index), symbols })
    }

    fn raw(&self, index: usize) -> &[u8] {
        let start = index.checked_sub(1).map_or(0, |index| self.ends[index]);
        &self.arena[start..self.ends[index]]
    }

    /// Bytes of all records.
    pub(super) fn raw_len(&self) -> usize {
        self.arena.len()
    }

    /// Number of records with a lower `seq`.
    pub(super) fn below(&self, seq: u64) -> usize {
        self.heads.partition_point(|head| head.seq < seq)
    }

    /// Memory held, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.heads.capacity() * size_of::<RecordHeader>()
            + self.ends.capacity() * size_of::<usize>()
            + self.arena.capacity()
    }
}

impl Segment {
    /// The compressed form of a block that is not empty.
    pub(super) fn seal(block: &Block, press: &mut Press) -> Self {
        codec::encode(&block.heads, &block.ends, &mut press.planes);
        let planes = std::mem::take(&mut press.planes);
        let heads = Packed::new(&planes, press);
        press.planes = planes;
        let arena = Packed::new(&block.arena, press);
        press.packed.truncate(2 * BYTES);
        press.packed.shrink_to(2 * BYTES);
        Segment { count: block.len(), seqs: Seqs::of(&block.heads), heads, arena }
    }

    pub(super) fn len(&self) -> usize {
        self.count
    }

    /// What no other segment of the ring has: the `seq` of its first record, and how many it has.
    pub(super) fn id(&self) -> (u64, usize) {
        (self.seq(0), self.count)
    }

    /// The `seq` of the record at `index`.
    pub(super) fn seq(&self, index: usize) -> u64 {
        match &self.seqs {
            Seqs::Dense(first) => first + index as u64,
            Seqs::Sparse(seqs) => seqs.get(index).copied().unwrap_or(u64::MAX),
        }
    }

    /// Number of records with a lower `seq`.
    pub(super) fn below(&self, seq: u64) -> usize {
        match &self.seqs {
            Seqs::Dense(first) => seq.saturating_sub(*first).min(self.count as u64) as usize,
            Seqs::Sparse(seqs) => seqs.partition_point(|known| *known < seq),
        }
    }

    /// Unpacks heads and raw bytes into `block`, whose memory is reused, as if they were the first of the ring. The block is
    /// empty after an error.
    pub(super) fn unpack(&self, block: &mut Block, scratch: &mut Vec<u8>) -> Result<(), Corrupt> {
        let unpacked = self.unpack_heads(block, scratch).and_then(|()| self.arena.unpack(&mut block.arena));
        if unpacked.is_ok() && block.ends.last().is_none_or(|end| *end == block.arena.len()) {
            return Ok(());
        }
        block.restart(0);
        Err(Corrupt)
    }

    /// Unpacks the heads alone; the records of the block must not be asked for.
    pub(super) fn unpack_heads(&self, block: &mut Block, scratch: &mut Vec<u8>) -> Result<(), Corrupt> {
        block.restart(0);
        self.heads.unpack(scratch)?;
        codec::decode(scratch, self.count, &mut block.heads, &mut block.ends)
    }

    /// Memory held, in bytes.
    pub(super) fn bytes(&self) -> usize {
        let seqs = match &self.seqs {
            Seqs::Dense(_) => 0,
            Seqs::Sparse(seqs) => size_of_val::<[u64]>(seqs),
        };
        // The two counters of its `Arc`, and its place in the ring.
        size_of::<Self>() + 3 * size_of::<usize>() + seqs + self.heads.bytes.len() + self.arena.bytes.len()
    }

    /// Spoils a byte, for the tests of what happens then.
    #[cfg(test)]
    pub(super) fn spoil(&mut self, arena: bool, place: usize, mask: u8) {
        let packed = if arena { &mut self.arena } else { &mut self.heads };
        let place = place % packed.bytes.len();
        packed.bytes[place] ^= mask;
    }
}

impl Seqs {
    fn of(heads: &[RecordHeader]) -> Self {
        let first = heads.first().map_or(0, |head| head.seq);
        if heads.last().is_none_or(|last| last.seq - first == heads.len() as u64 - 1) {
            return Seqs::Dense(first);
        }
        Seqs::Sparse(heads.iter().map(|head| head.seq).collect())
    }
}

impl Packed {
    fn new(bytes: &[u8], press: &mut Press) -> Self {
        press.packed.resize(block::get_maximum_output_size(bytes.len()).max(press.packed.len()), 0);
        match block::compress_into_with_table(bytes, &mut press.packed, &mut press.table) {
            Ok(len) if len < bytes.len() => {
                Packed { bytes: press.packed[..len].into(), len: bytes.len(), plain: false }
            }
            _ => Packed { bytes: bytes.into(), len: bytes.len(), plain: true },
        }
    }

    fn unpack(&self, into: &mut Vec<u8>) -> Result<(), Corrupt> {
        into.clear();
        if self.plain {
            into.extend_from_slice(&self.bytes);
            return Ok(());
        }
        into.resize(self.len, 0);
        match block::decompress_into(&self.bytes, into) {
            Ok(len) if len == self.len => Ok(()),
            _ => Err(Corrupt),
        }
    }
}

impl Press {
    pub(super) fn new() -> Self {
        Press { planes: Vec::new(), packed: Vec::new(), table: CompressTable::large() }
    }

    /// Memory held, in bytes. The table of the compressor is 4096 entries of four bytes.
    pub(super) fn bytes(&self) -> usize {
        self.planes.capacity() + self.packed.capacity() + 4096 * 4
    }
}
