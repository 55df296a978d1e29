//! The columns of a block as planes of bytes, the form in which they compress.
//!
//! ```text
//! unit of time, dense │ pair │ time │ novelty │ anomaly │ strength │ seq, unless dense │ length, unless lines
//! ```
//!
//! Level, source, pattern and minute of an event are those of its pair.

use super::Damaged;
use super::header::{BlockHeader, Pair};
use super::run::{EventHeader, Run};
use super::varint::{self, Input, unzigzag, zigzag};

const PART: &str = "columns";
/// Times are multiples of one of these, in nanoseconds.
const UNITS: [i64; 4] = [1_000_000_000, 1_000_000, 1_000, 1];

/// Writes the columns of a run whose events belong to these pairs.
pub(crate) fn encode(run: &Run, pair_of: &[u16], lengths: bool) -> Vec<u8> {
    let headers = &run.headers;
    let first = headers.first().map_or(0, |header| header.time_ns);
    let since = |time: i64| time.wrapping_sub(first);
    let fits = |unit: &&i64| headers.iter().all(|header| since(header.time_ns) % **unit == 0);
    let unit = UNITS.iter().find(fits).copied().unwrap_or(1);
    let dense = headers.windows(2).all(|two| two[1].seq.wrapping_sub(two[0].seq) == 1);
    let mut out = vec![unit.ilog10() as u8, dense.into()];
    varint::put_signed(&mut out, first);
    put(&mut out, pair_of, |pair| u64::from(*pair));
    let mut before = 0;
    put(&mut out, headers, |header| {
        let now = since(header.time_ns) / unit;
        zigzag(now.wrapping_sub(std::mem::replace(&mut before, now)))
    });
    out.extend(headers.iter().map(|header| header.novelty));
    out.extend(headers.iter().map(|header| header.anomaly));
    out.extend(headers.iter().map(|header| header.strength));
    if !dense {
        let mut before = headers[0].seq;
        put(&mut out, headers, |header| header.seq.wrapping_sub(std::mem::replace(&mut before, header.seq)));
    }
    if lengths {
        let mut before = 0;
        put(&mut out, &run.ends, |end| (end - std::mem::replace(&mut before, *end)) as u64);
    }
    out
}

/// Reads the columns back; the lengths of the raw texts as well, where they were written. `pattern` says that of a version.
pub(crate) fn decode(
    bytes: &[u8],
    header: &BlockHeader,
    pattern: impl Fn(u32) -> Option<u32>,
    lengths: bool,
) -> Result<(Vec<EventHeader>, Option<Vec<usize>>), Damaged> {
    let mut input = Input::new(bytes, PART);
    let count = header.events;
    let unit = 10i64.checked_pow(input.byte()?.into()).ok_or(input.damaged())?;
    let dense = input.byte()? != 0;
    let first = input.signed()?;
    let pairs = take(&mut input, count)?;
    let mut since = 0i64;
    let times = take(&mut input, count)?.into_iter().map(|step| {
        since = since.wrapping_add(unzigzag(step));
        first.wrapping_add(since.wrapping_mul(unit))
    });
    let (novelty, anomaly, strength) = (input.take(count)?, input.take(count)?, input.take(count)?);
    let steps = if dense { vec![1; count] } else { take(&mut input, count)? };
    let mut seq = header.seqs[0].wrapping_sub(u64::from(dense));
    let mut headers = Vec::with_capacity(count);
    for (index, time_ns) in times.enumerate() {
        let pair: &Pair = header.pairs.get(pairs[index] as usize).ok_or(Damaged { part: PART })?;
        seq = seq.wrapping_add(steps[index]);
        headers.push(EventHeader {
            seq,
            time_ns,
            level: pair.level,
            source: pair.source,
            pattern: pattern(pair.version).ok_or(Damaged { part: PART })?,
            novelty: novelty[index],
            anomaly: anomaly[index],
            strength: strength[index],
        });
    }
    if !lengths {
        input.end()?;
        return Ok((headers, None));
    }
    let lengths = take(&mut input, count)?;
    input.end()?;
    let mut end = 0u64;
    let add = |length: u64| {
        end = end.saturating_add(length);
        end.min(header.raw_len as u64) as usize
    };
    let ends: Vec<usize> = lengths.into_iter().map(add).collect();
    if end == header.raw_len as u64 { Ok((headers, Some(ends))) } else { Err(Damaged { part: PART }) }
}

/// A column: how many planes it has, and the planes, the lowest byte first.
fn put<T>(out: &mut Vec<u8>, items: &[T], value: impl FnMut(&T) -> u64) {
    let values: Vec<u64> = items.iter().map(value).collect();
    let most = values.iter().copied().max().unwrap_or(0);
    let width = (u64::BITS - most.leading_zeros()).div_ceil(8);
    out.push(width as u8);
    for plane in 0..width {
        out.extend(values.iter().map(|value| (value >> (8 * plane)) as u8));
    }
}

fn take(input: &mut Input<'_>, count: usize) -> Result<Vec<u64>, Damaged> {
    let width = input.byte()?;
    if width > 8 {
        return Err(input.damaged());
    }
    let mut values = vec![0u64; count];
    for plane in 0..width {
        let bytes = input.take(count)?;
        values.iter_mut().zip(bytes).for_each(|(value, byte)| *value |= u64::from(*byte) << (8 * plane));
    }
    Ok(values)
}
