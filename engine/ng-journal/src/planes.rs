//! The columns of events as planes of bytes, the form in which they compress.
//!
//! ```text
//! unit of time, dense │ pair, or level, source and pattern │ time │ received │ novelty │ anomaly │ strength │ details
//! │ seq, unless dense │ length, unless lines
//! ```
//!
//! In a block level, source and pattern of an event are those of its pair.

use super::Damaged;
use super::event::{DETAILS, EventHeader};
use super::header::Pair;
use super::run::Run;
use super::varint::{self, Input, unzigzag, zigzag};
use ng_wire::Level;
use std::ops::Range;

const PART: &str = "columns";
/// Times are multiples of one of these, in nanoseconds.
const UNITS: [i64; 4] = [1_000_000_000, 1_000_000, 1_000, 1];
/// Columns of one event at most, with what stands before them.
pub(crate) const MAX_ROW: usize = 512;

/// What is known of the events whose columns are read.
pub(crate) struct Known<'a> {
    /// How many there are.
    pub(crate) events: usize,
    /// `seq` of the first.
    pub(crate) first_seq: u64,
    /// Bytes of the raw text of all.
    pub(crate) raw_len: usize,
    /// What they have in common, of a block.
    pub(crate) pairs: Option<&'a [Pair]>,
    /// Where each of them ends, unless their lengths were written.
    pub(crate) ends: Option<Vec<usize>>,
}

/// Writes the columns of some events of a run, which belong to these pairs, or to none.
pub(crate) fn encode(run: &Run, events: Range<usize>, pair_of: Option<&[u16]>, lengths: bool) -> Vec<u8> {
    let headers = &run.headers[events.clone()];
    let raw_lens: Vec<usize> = events.map(|event| run.ends[event] - run.start(event)).collect();
    let first = headers.first().map_or(0, |header| header.time_ns);
    let since = |time: i64| time.wrapping_sub(first);
    let fits = |unit: &&i64| headers.iter().all(|header| since(header.time_ns) % **unit == 0);
    let unit = UNITS.iter().find(fits).copied().unwrap_or(1);
    let dense = headers.windows(2).all(|two| two[1].seq.wrapping_sub(two[0].seq) == 1);
    let mut out = vec![unit.ilog10() as u8, dense.into()];
    varint::put_signed(&mut out, first);
    if let Some(pair_of) = pair_of {
        put(&mut out, pair_of.iter().map(|pair| u64::from(*pair)));
    } else {
        put(&mut out, headers.iter().map(|header| header.level as u64));
        put(&mut out, headers.iter().map(|header| u64::from(header.source)));
        put(&mut out, headers.iter().map(|header| u64::from(header.pattern)));
    }
    let mut before = 0;
    put(
        &mut out,
        headers.iter().map(|header| {
            let now = since(header.time_ns) / unit;
            zigzag(now.wrapping_sub(std::mem::replace(&mut before, now)))
        }),
    );
    let mut before = first;
    put(
        &mut out,
        headers
            .iter()
            .map(|header| zigzag(header.received_ns.wrapping_sub(std::mem::replace(&mut before, header.received_ns)))),
    );
    out.extend(headers.iter().map(|header| header.novelty));
    out.extend(headers.iter().map(|header| header.anomaly));
    out.extend(headers.iter().map(|header| header.strength));
    let details: Vec<[u64; DETAILS]> =
        headers.iter().zip(&raw_lens).map(|(header, raw_len)| header.details(*raw_len)).collect();
    let mut span = [(u64::MAX, 0); DETAILS];
    for details in &details {
        span.iter_mut().zip(details).for_each(|(span, value)| *span = (span.0.min(*value), span.1.max(*value)));
    }
    for (column, span) in span.into_iter().enumerate() {
        put_within(&mut out, span, details.iter().map(|details| details[column]));
    }
    if !dense {
        let mut before = headers[0].seq;
        put(&mut out, headers.iter().map(|header| header.seq.wrapping_sub(std::mem::replace(&mut before, header.seq))));
    }
    if lengths {
        put(&mut out, raw_lens.iter().map(|length| *length as u64));
    }
    out
}

/// Reads the events back, and where each of them ends in the raw text.
pub(crate) fn decode(bytes: &[u8], known: Known<'_>) -> Result<(Vec<EventHeader>, Vec<usize>), Damaged> {
    let mut input = Input::new(bytes, PART);
    let damaged = Damaged { part: PART };
    let count = known.events;
    let unit = 10i64.checked_pow(input.byte()?.into()).ok_or(damaged)?;
    let dense = input.byte()? != 0;
    let first = input.signed()?;
    let mut headers = vec![EventHeader::default(); count];
    if let Some(pairs) = known.pairs {
        for (header, pair) in headers.iter_mut().zip(take(&mut input, count)?) {
            let Pair { level, source, pattern, .. } = *pairs.get(pair as usize).ok_or(damaged)?;
            (header.level, header.source, header.pattern) = (level, source, pattern);
        }
    } else {
        for (header, level) in headers.iter_mut().zip(take(&mut input, count)?) {
            header.level = *Level::ALL.get(level as usize).ok_or(damaged)?;
        }
        for (header, source) in headers.iter_mut().zip(take(&mut input, count)?) {
            header.source = source as u32;
        }
        for (header, pattern) in headers.iter_mut().zip(take(&mut input, count)?) {
            header.pattern = pattern as u32;
        }
    }
    let mut since = 0i64;
    for (header, step) in headers.iter_mut().zip(take(&mut input, count)?) {
        since = since.wrapping_add(unzigzag(step));
        header.time_ns = first.wrapping_add(since.wrapping_mul(unit));
    }
    let mut received = first;
    for (header, step) in headers.iter_mut().zip(take(&mut input, count)?) {
        received = received.wrapping_add(unzigzag(step));
        header.received_ns = received;
    }
    headers.iter_mut().zip(input.take(count)?).for_each(|(header, novelty)| header.novelty = *novelty);
    headers.iter_mut().zip(input.take(count)?).for_each(|(header, anomaly)| header.anomaly = *anomaly);
    headers.iter_mut().zip(input.take(count)?).for_each(|(header, strength)| header.strength = *strength);
    let mut details = vec![[0; DETAILS]; count];
    for column in 0..DETAILS {
        details.iter_mut().zip(take(&mut input, count)?).for_each(|(details, value)| details[column] = value);
    }
    let steps = if dense { vec![1; count] } else { take(&mut input, count)? };
    let mut seq = known.first_seq.wrapping_sub(u64::from(dense));
    for (header, step) in headers.iter_mut().zip(steps) {
        seq = seq.wrapping_add(step);
        header.seq = seq;
    }
    let ends = match known.ends {
        Some(ends) => ends,
        None => {
            let mut end = 0u64;
            let lengths = take(&mut input, count)?.into_iter();
            let ends = lengths.map(|length| {
                end = end.saturating_add(length);
                end.min(known.raw_len as u64) as usize
            });
            let ends: Vec<usize> = ends.collect();
            if end != known.raw_len as u64 {
                return Err(damaged);
            }
            ends
        }
    };
    input.end()?;
    if ends.len() != count {
        return Err(damaged);
    }
    let mut start = 0;
    for ((header, details), end) in headers.iter_mut().zip(&details).zip(&ends) {
        header.set_details(details, end - start)?;
        start = *end;
    }
    Ok((headers, ends))
}

/// Reads of the events of a block which of so many pairs each has.
pub(crate) fn decode_pairs(bytes: &[u8], events: usize, pairs: usize) -> Result<Vec<u16>, Damaged> {
    let mut input = Input::new(bytes, PART);
    input.take(2)?;
    input.signed()?;
    let column = take(&mut input, events)?;
    let is_one = |pair: u64| (pair < pairs as u64).then_some(pair as u16).ok_or(Damaged { part: PART });
    column.into_iter().map(is_one).collect()
}

/// A column: the lowest value, how many planes the others need beyond it, and the planes, the lowest byte first.
fn put(out: &mut Vec<u8>, values: impl Iterator<Item = u64>) {
    let values: Vec<u64> = values.collect();
    let span = (values.iter().copied().min().unwrap_or(0), values.iter().copied().max().unwrap_or(0));
    put_within(out, span, values.iter().copied());
}

/// The same where the lowest and the highest value are known.
fn put_within(out: &mut Vec<u8>, (least, most): (u64, u64), values: impl Iterator<Item = u64> + Clone) {
    let width = (u64::BITS - (most - least).leading_zeros()).div_ceil(8);
    varint::put(out, least);
    out.push(width as u8);
    for plane in 0..width {
        out.extend(values.clone().map(|value| ((value - least) >> (8 * plane)) as u8));
    }
}

fn take(input: &mut Input<'_>, count: usize) -> Result<Vec<u64>, Damaged> {
    let least = input.number()?;
    let width = input.byte()?;
    if width > 8 {
        return Err(input.damaged());
    }
    let mut values = vec![0u64; count];
    for plane in 0..width {
        let bytes = input.take(count)?;
        values.iter_mut().zip(bytes).for_each(|(value, byte)| *value |= u64::from(*byte) << (8 * plane));
    }
    if least > 0 {
        values.iter_mut().for_each(|value| *value = value.wrapping_add(least));
    }
    Ok(values)
}
