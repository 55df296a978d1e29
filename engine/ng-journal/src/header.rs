//! What is known of a block without opening it.
//!
//! ```text
//! crc32c │ length of the columns │ columns, zstd: spans, pairs, counted words │ filter
//! ```

use super::Damaged;
use super::event::EventHeader;
use super::framed;
use super::run::{MAX_BYTES, MAX_EVENT_BYTES, MAX_EVENTS};
use super::varint::{self, Input};
use super::word_filter::WordFilter;
use ng_wire::{Level, Scoring};
use std::io;
use std::ops::Range;
use zstd::bulk::Compressor;

const PART: &str = "header";
/// The columns of a block are never near as long.
const MAX_COLUMNS: usize = 64 << 20;
/// One minute.
const MINUTE_NS: i64 = 60_000_000_000;

/// The header of a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockHeader {
    /// Events of its file that stand before it.
    pub before: u64,
    /// Its first and last `seq`.
    pub seqs: [u64; 2],
    /// Its earliest and latest time, nanoseconds since 1970, UTC.
    pub times_ns: [i64; 2],
    /// Events.
    pub events: usize,
    /// Bytes of their raw text.
    pub raw_len: usize,
    /// The highest novelty.
    pub novelty: u8,
    /// The highest anomaly.
    pub anomaly: u8,
    /// The highest surprise.
    pub surprise: u8,
    /// The highest strength of an alert.
    pub strength: u8,
    /// Pairs tell the minute of their events. Those of a block whose events are of too many minutes do not: it would have a pair for
    /// each event.
    pub tells_minutes: bool,
    /// Events have escapes, or lists of bytes in place of a text, so that what people read of them may not stand in their bytes.
    /// Words are those of the bytes and those of the messages as they are read.
    pub has_escapes: bool,
    /// Letters stand in it that the vocabulary does not hold.
    pub(crate) has_other_letters: bool,
    pub(crate) pairs: Vec<Pair>,
    pub(crate) counted: CountedWords,
    pub(crate) filter: WordFilter,
}

/// Events that have all of this in common.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pair {
    /// Number of the version of their template.
    pub version: u32,
    /// Their pattern, which is that of the version.
    pub pattern: u32,
    /// Symbol of their source.
    pub source: u32,
    /// Symbol of their type.
    pub kind: u32,
    /// Their level.
    pub level: Level,
    /// The state of their scoring, what Guardian concluded, whether they are the first of their kind and raised an alert.
    pub(crate) marks: u8,
    /// Minutes since 1970; that of the earliest event of the block where it does not tell minutes.
    pub minute: i32,
    /// How many there are.
    pub events: u32,
}

/// How many events of each pair have a word that is not constant in their version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct CountedWords {
    /// Numbers of words, in their order.
    pub(crate) words: Vec<u16>,
    /// Where the entries of each end.
    pub(crate) ends: Vec<u32>,
    /// Pair and number of events, in the order of the pairs.
    pub(crate) entries: Vec<(u16, u32)>,
}

impl CountedWords {
    /// The entries of the word at a place.
    pub(crate) fn at(&self, place: usize) -> &[(u16, u32)] {
        &self.entries[self.range(place)]
    }

    fn range(&self, place: usize) -> Range<usize> {
        let start = place.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        start..self.ends[place] as usize
    }
}

/// The minute of a time.
pub(crate) fn minute(time_ns: i64) -> i32 {
    time_ns.div_euclid(MINUTE_NS) as i32
}

impl BlockHeader {
    /// What the events have in common, in groups.
    pub fn pairs(&self) -> &[Pair] {
        &self.pairs
    }

    /// An event that was scored, with the highest of the scores of all.
    pub(crate) fn highest(&self) -> EventHeader {
        let BlockHeader { novelty, anomaly, surprise, strength, .. } = *self;
        EventHeader { state: Scoring::Scored, novelty, anomaly, surprise, strength, ..EventHeader::default() }
    }

    /// Bytes of the filter over its words with digits.
    pub fn filter_len(&self) -> usize {
        self.filter.as_bytes().len()
    }

    /// Memory held, in bytes.
    pub fn bytes(&self) -> usize {
        let CountedWords { words, ends, entries } = &self.counted;
        size_of::<Self>()
            + size_of_val::<[Pair]>(&self.pairs)
            + size_of_val::<[u16]>(words)
            + size_of_val::<[u32]>(ends)
            + size_of_val::<[(u16, u32)]>(entries)
            + self.filter_len()
    }

    /// The header as it is written.
    pub(crate) fn to_bytes(&self, compressor: &mut Compressor<'_>) -> io::Result<Vec<u8>> {
        let columns = compressor.compress(&self.columns())?;
        let length = (columns.len() as u32).to_le_bytes();
        Ok(framed::seal(&[&length, columns.as_slice(), self.filter.as_bytes()].concat()))
    }

    /// Reads a header.
    pub fn from_bytes(bytes: &[u8]) -> Result<BlockHeader, Damaged> {
        let mut input = Input::new(framed::open(bytes, PART)?, PART);
        let length = input.u32()? as usize;
        let columns = framed::unpack(input.take(length)?, MAX_COLUMNS, PART)?;
        let filter = WordFilter::from_bytes(input.rest());
        Self::from_columns(&mut Input::new(&columns, PART), filter)
    }

    fn columns(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let first_minute = self.first_minute();
        varint::put(&mut out, self.before);
        varint::put(&mut out, self.seqs[0]);
        varint::put(&mut out, self.seqs[1] - self.seqs[0]);
        self.times_ns.iter().for_each(|time| varint::put_signed(&mut out, *time));
        varint::put(&mut out, self.events as u64);
        varint::put(&mut out, self.raw_len as u64);
        out.extend([self.novelty, self.anomaly, self.surprise, self.strength]);
        out.push(
            u8::from(self.tells_minutes) | u8::from(self.has_other_letters) << 1 | u8::from(self.has_escapes) << 2,
        );

        varint::put(&mut out, self.pairs.len() as u64);
        let mut before = 0;
        for pair in &self.pairs {
            varint::put(&mut out, u64::from(pair.version - before));
            before = pair.version;
        }
        let mut before = 0;
        for pair in &self.pairs {
            varint::put_signed(&mut out, i64::from(pair.pattern) - before);
            before = pair.pattern.into();
        }
        self.pairs.iter().for_each(|pair| varint::put(&mut out, pair.source.into()));
        self.pairs.iter().for_each(|pair| varint::put(&mut out, pair.kind.into()));
        out.extend(self.pairs.iter().map(|pair| pair.level as u8));
        out.extend(self.pairs.iter().map(|pair| pair.marks));
        self.pairs.iter().for_each(|pair| varint::put(&mut out, (pair.minute - first_minute) as u64));
        self.pairs.iter().for_each(|pair| varint::put(&mut out, pair.events.into()));

        let CountedWords { words, entries, .. } = &self.counted;
        varint::put(&mut out, words.len() as u64);
        let mut before = 0;
        for word in words {
            varint::put(&mut out, u64::from(word - before));
            before = *word;
        }
        let of_words = || (0..words.len()).map(|place| self.counted.at(place));
        of_words().for_each(|entries| varint::put(&mut out, entries.len() as u64));
        for entries in of_words() {
            let mut before = 0;
            for (pair, _) in entries {
                varint::put(&mut out, u64::from(pair - before));
                before = *pair;
            }
        }
        // Most words that vary are in all events of a pair, for the events have them outside of the message.
        for (pair, events) in entries {
            let all = *events == self.pairs[usize::from(*pair)].events;
            varint::put(&mut out, if all { 0 } else { (*events).into() });
        }
        out
    }

    fn from_columns(input: &mut Input<'_>, filter: WordFilter) -> Result<BlockHeader, Damaged> {
        let before = input.number()?;
        let first_seq = input.number()?;
        let last_seq = first_seq.checked_add(input.number()?).ok_or(input.damaged())?;
        let times_ns = [input.signed()?, input.signed()?];
        let (events, raw_len) = (input.fitting()?, input.fitting()?);
        let (novelty, anomaly, surprise) = (input.byte()?, input.byte()?, input.byte()?);
        let (strength, flags) = (input.byte()?, input.byte()?);
        if events > MAX_EVENTS || raw_len > if events > 1 { MAX_BYTES } else { MAX_EVENT_BYTES } {
            return Err(input.damaged());
        }
        let mut header = BlockHeader {
            before,
            seqs: [first_seq, last_seq],
            times_ns,
            events,
            raw_len,
            novelty,
            anomaly,
            surprise,
            strength,
            tells_minutes: flags & 1 != 0,
            has_escapes: flags & 4 != 0,
            has_other_letters: flags & 2 != 0,
            pairs: Vec::new(),
            counted: CountedWords::default(),
            filter,
        };
        header.pairs = header.read_pairs(input)?;
        header.counted = header.read_counted(input)?;
        if input.is_empty() { Ok(header) } else { Err(input.damaged()) }
    }

    fn read_pairs(&self, input: &mut Input<'_>) -> Result<Vec<Pair>, Damaged> {
        let count = input.count()?;
        let first_minute = self.first_minute();
        let mut pairs = vec![Pair::default(); count];
        let mut version = 0u32;
        for pair in &mut pairs {
            version = version.checked_add(input.fitting()?).ok_or(input.damaged())?;
            pair.version = version;
        }
        let mut pattern = 0i64;
        for pair in &mut pairs {
            pattern = pattern.checked_add(input.signed()?).ok_or(input.damaged())?;
            pair.pattern = u32::try_from(pattern).map_err(|_| input.damaged())?;
        }
        for pair in &mut pairs {
            pair.source = input.fitting()?;
        }
        for pair in &mut pairs {
            pair.kind = input.fitting()?;
        }
        for pair in &mut pairs {
            pair.level = *Level::ALL.get(usize::from(input.byte()?)).ok_or(input.damaged())?;
        }
        for pair in &mut pairs {
            pair.marks = input.byte()?;
            EventHeader::default().set_marks(pair.marks)?;
        }
        for pair in &mut pairs {
            pair.minute = first_minute.checked_add(input.fitting()?).ok_or(input.damaged())?;
        }
        let mut all = 0u64;
        for pair in &mut pairs {
            pair.events = input.fitting()?;
            all += u64::from(pair.events);
        }
        if count > MAX_EVENTS || all != self.events as u64 { Err(input.damaged()) } else { Ok(pairs) }
    }

    fn read_counted(&self, input: &mut Input<'_>) -> Result<CountedWords, Damaged> {
        let count = input.count()?;
        let mut number = 0u64;
        let mut words = Vec::with_capacity(count);
        for _ in 0..count {
            number = number.saturating_add(input.number()?);
            let word = u16::try_from(number).map_err(|_| input.damaged())?;
            if words.last().is_some_and(|last| *last >= word) {
                return Err(input.damaged());
            }
            words.push(word);
        }
        let mut ends: Vec<u32> = Vec::with_capacity(count);
        for _ in 0..count {
            let length: u32 = input.fitting()?;
            ends.push(ends.last().unwrap_or(&0).checked_add(length).ok_or(input.damaged())?);
        }
        let mut entries: Vec<(u16, u32)> = Vec::new();
        let mut start = 0;
        for end in &ends {
            let mut pair = 0u64;
            for place in start..*end {
                let step = input.number()?;
                pair = pair.saturating_add(step);
                if pair >= self.pairs.len() as u64 || (place > start && step == 0) {
                    return Err(input.damaged());
                }
                entries.push((pair as u16, 0));
            }
            start = *end;
        }
        entries.shrink_to_fit();
        for (pair, events) in &mut entries {
            let most = self.pairs[usize::from(*pair)].events;
            let written: u32 = input.fitting()?;
            *events = if written == 0 { most } else { written };
            if *events > most {
                return Err(input.damaged());
            }
        }
        Ok(CountedWords { words, ends, entries })
    }

    fn first_minute(&self) -> i32 {
        minute(self.times_ns[0])
    }
}
