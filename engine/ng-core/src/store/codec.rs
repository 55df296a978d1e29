//! Heads as planes of bytes, the form in which they compress.
//!
//! Plane `b` of a column holds byte `b` of that column for every record, least significant first, so that the bytes
//! that hardly change stand together. Columns that follow each other closely are stored as differences. Every step is
//! undone exactly, bit for bit, also for NaN.

use super::Corrupt;
use ng_model::event::{Span, Text};
use ng_model::record::{Detection, NO_SEQ, RecordHeader, TellingField, Verdict};
use ng_model::symbols::Sym;
use ng_wire::{Finding, Format, Level, Outcome, Scoring, Unit};

/// Bytes of one encoded head.
pub(super) const ROW: usize = 186;

const NOVEL: u8 = 1;
const ALERT: u8 = 2;
const ESCAPED: u8 = 4;
const NEAREST: u8 = 8;
const USUAL: u8 = 16;
const TELLING: u8 = 32;
const SHARES: u8 = 64;

/// Writes the heads and the lengths of their raw bytes into `planes`, which is emptied first.
pub(super) fn encode(heads: &[RecordHeader], ends: &[usize], planes: &mut Vec<u8>) {
    planes.clear();
    planes.resize(heads.len() * ROW, 0);
    let mut out = Output { planes, count: heads.len() };
    let before = |index: usize| index.checked_sub(1).map(|index| &heads[index]);
    let raw_len = |index: usize| (ends[index] - index.checked_sub(1).map_or(0, |index| ends[index])) as u32;

    out.put(|i| heads[i].seq.wrapping_sub(before(i).map_or(0, |head| head.seq)).to_le_bytes());
    out.put(|i| heads[i].received_ns.wrapping_sub(before(i).map_or(0, |head| head.received_ns)).to_le_bytes());
    out.put(|i| heads[i].received_ns.wrapping_sub(heads[i].time_ns).to_le_bytes());
    out.put(|i| heads[i].value.to_bits().to_le_bytes());
    out.put(|i| heads[i].kind.0.to_le_bytes());
    out.put(|i| heads[i].source.0.to_le_bytes());
    out.put(|i| [heads[i].level as u8, heads[i].format as u8, heads[i].unit as u8, flags(&heads[i])]);
    out.put(|i| heads[i].declared.to_le_bytes());
    out.put(|i| raw_len(i).to_le_bytes());
    out.put(|i| heads[i].message.span.start.to_le_bytes());
    out.put(|i| {
        // The message mostly ends where the reading ends.
        let span = heads[i].message.span;
        raw_len(i).wrapping_sub(span.start).wrapping_sub(span.len).to_le_bytes()
    });

    out.put(|i| [heads[i].verdict.outcome as u8, heads[i].verdict.rule, heads[i].verdict.clause]);
    out.put(|i| heads[i].verdict.objections.to_le_bytes());
    out.put(|i| heads[i].verdict.observed.to_bits().to_le_bytes());
    out.put(|i| heads[i].verdict.limit.to_bits().to_le_bytes());

    out.put(|i| [heads[i].detection.state as u8, heads[i].detection.encoder]);
    for dimension in 0..8 {
        out.put(|i| heads[i].detection.vector[dimension].to_bits().to_le_bytes());
    }
    for channel in 0..4 {
        out.put(|i| heads[i].detection.channels[channel].to_bits().to_le_bytes());
    }
    out.put(|i| heads[i].detection.novelty.to_bits().to_le_bytes());
    out.put(|i| {
        let detection = &heads[i].detection;
        (detection.event_surprise.to_bits() ^ expected_surprise(&detection.channels)).to_le_bytes()
    });
    out.put(|i| {
        // Nothing is left of earlier events, mostly.
        let detection = &heads[i].detection;
        (detection.surprise.to_bits() ^ detection.event_surprise.to_bits()).to_le_bytes()
    });
    out.put(|i| heads[i].detection.strength.to_bits().to_le_bytes());
    out.put(|i| heads[i].detection.pattern.to_le_bytes());
    out.put(|i| match heads[i].detection.nearest {
        NO_SEQ => [0; 8],
        nearest => heads[i].seq.wrapping_sub(nearest).to_le_bytes(),
    });
    for end in 0..2 {
        out.put(|i| heads[i].detection.usual.map_or([0; 8], |usual| usual[end].to_bits().to_le_bytes()));
    }
    out.put(|i| {
        let [low, high] = heads[i].detection.telling.map_or([0; 2], |telling| telling.place.to_le_bytes());
        [low, high, heads[i].detection.telling.map_or(0, |telling| telling.finding as u8)]
    });
    for end in 0..2 {
        out.put(|i| heads[i].detection.shares.map_or([0; 4], |shares| shares[end].to_bits().to_le_bytes()));
    }
    debug_assert!(out.planes.is_empty(), "ROW is the sum of the columns");
}

/// Reads `count` heads and the ends of their raw bytes back; both vectors are emptied first.
pub(super) fn decode(
    planes: &[u8],
    count: usize,
    heads: &mut Vec<RecordHeader>,
    ends: &mut Vec<usize>,
) -> Result<(), Corrupt> {
    heads.clear();
    ends.clear();
    if planes.len() != count * ROW {
        return Err(Corrupt);
    }
    heads.resize(count, BLANK);
    ends.resize(count, 0);
    let mut bad = false;
    let mut input = Input { planes, count };

    let mut seq = 0u64;
    input.take(heads, |head, bytes| {
        seq = seq.wrapping_add(u64::from_le_bytes(bytes));
        head.seq = seq;
    });
    let mut received = 0i64;
    input.take(heads, |head, bytes| {
        received = received.wrapping_add(i64::from_le_bytes(bytes));
        head.received_ns = received;
    });
    input.take(heads, |head, bytes| head.time_ns = head.received_ns.wrapping_sub(i64::from_le_bytes(bytes)));
    input.take(heads, |head, bytes| head.value = f64::from_bits(u64::from_le_bytes(bytes)));
    input.take(heads, |head, bytes| head.kind = Sym(u32::from_le_bytes(bytes)));
    input.take(heads, |head, bytes| head.source = Sym(u32::from_le_bytes(bytes)));
    input.take(heads, |head, [level, format, unit, flags]| {
        head.level = pick(&Level::ALL, level, &mut bad);
        head.format = pick(&Format::ALL, format, &mut bad);
        head.unit = pick(&Unit::ALL, unit, &mut bad);
        head.detection.is_novel = flags & NOVEL != 0;
        head.detection.is_alert = flags & ALERT != 0;
        head.message.escaped = flags & ESCAPED != 0;
        // Says whether the column of distances holds one; replaced when that column is read. So are the others.
        head.detection.nearest = if flags & NEAREST != 0 { 0 } else { NO_SEQ };
        head.detection.usual = (flags & USUAL != 0).then_some([0.0; 2]);
        let blank = TellingField { place: 0, finding: Finding::Rare };
        head.detection.telling = (flags & TELLING != 0).then_some(blank);
        head.detection.shares = (flags & SHARES != 0).then_some([0.0; 2]);
        bad |= flags & !(NOVEL | ALERT | ESCAPED | NEAREST | USUAL | TELLING | SHARES) != 0;
    });
    input.take(heads, |head, bytes| head.declared = u16::from_le_bytes(bytes));
    let mut end = 0usize;
    input.take(ends, |place, bytes| {
        end += u32::from_le_bytes(bytes) as usize;
        *place = end;
    });
    input.take(heads, |head, bytes| head.message.span.start = u32::from_le_bytes(bytes));
    let mut index = 0;
    input.take(heads, |head, bytes| {
        let raw_len = (ends[index] - if index == 0 { 0 } else { ends[index - 1] }) as u32;
        let behind = u32::from_le_bytes(bytes);
        head.message.span.len = raw_len.wrapping_sub(head.message.span.start).wrapping_sub(behind);
        index += 1;
    });

    input.take(heads, |head, [outcome, rule, clause]| {
        head.verdict.outcome = pick(&Outcome::ALL, outcome, &mut bad);
        head.verdict.rule = rule;
        head.verdict.clause = clause;
    });
    input.take(heads, |head, bytes| head.verdict.objections = u32::from_le_bytes(bytes));
    input.take(heads, |head, bytes| head.verdict.observed = f64::from_bits(u64::from_le_bytes(bytes)));
    input.take(heads, |head, bytes| head.verdict.limit = f64::from_bits(u64::from_le_bytes(bytes)));

    input.take(heads, |head, [state, encoder]| {
        head.detection.state = pick(&Scoring::ALL, state, &mut bad);
        head.detection.encoder = encoder;
    });
    for dimension in 0..8 {
        input.take(heads, |head, bytes| head.detection.vector[dimension] = f32::from_bits(u32::from_le_bytes(bytes)));
    }
    for channel in 0..4 {
        input.take(heads, |head, bytes| head.detection.channels[channel] = f32::from_bits(u32::from_le_bytes(bytes)));
    }
    input.take(heads, |head, bytes| head.detection.novelty = f32::from_bits(u32::from_le_bytes(bytes)));
    input.take(heads, |head, bytes| {
        let detection = &mut head.detection;
        detection.event_surprise = f32::from_bits(u32::from_le_bytes(bytes) ^ expected_surprise(&detection.channels));
    });
    input.take(heads, |head, bytes| {
        let detection = &mut head.detection;
        detection.surprise = f32::from_bits(u32::from_le_bytes(bytes) ^ detection.event_surprise.to_bits());
    });
    input.take(heads, |head, bytes| head.detection.strength = f32::from_bits(u32::from_le_bytes(bytes)));
    input.take(heads, |head, bytes| head.detection.pattern = u32::from_le_bytes(bytes));
    input.take(heads, |head, bytes| {
        if head.detection.nearest != NO_SEQ {
            head.detection.nearest = head.seq.wrapping_sub(u64::from_le_bytes(bytes));
        }
    });
    for end in 0..2 {
        input.take(heads, |head, bytes| {
            if let Some(usual) = &mut head.detection.usual {
                usual[end] = f64::from_bits(u64::from_le_bytes(bytes));
            }
        });
    }
    input.take(heads, |head, [low, high, finding]| {
        if let Some(telling) = &mut head.detection.telling {
            telling.place = u16::from_le_bytes([low, high]);
            telling.finding = pick(&Finding::ALL, finding, &mut bad);
        }
    });
    for end in 0..2 {
        input.take(heads, |head, bytes| {
            if let Some(shares) = &mut head.detection.shares {
                shares[end] = f32::from_bits(u32::from_le_bytes(bytes));
            }
        });
    }
    if bad { Err(Corrupt) } else { Ok(()) }
}

const BLANK: RecordHeader = RecordHeader {
    seq: 0,
    time_ns: 0,
    received_ns: 0,
    value: 0.0,
    kind: Sym(0),
    source: Sym(0),
    level: Level::Info,
    format: Format::Text,
    declared: 0,
    unit: Unit::None,
    message: Text { span: Span { start: 0, len: 0 }, escaped: false },
    verdict: Verdict { outcome: Outcome::Admit, rule: 0, clause: 0, objections: 0, observed: 0.0, limit: 0.0 },
    detection: Detection {
        state: Scoring::Unscored,
        encoder: 0,
        is_novel: false,
        is_alert: false,
        vector: [0.0; 8],
        channels: [0.0; 4],
        novelty: 0.0,
        event_surprise: 0.0,
        surprise: 0.0,
        strength: 0.0,
        pattern: 0,
        nearest: 0,
        telling: None,
        usual: None,
        shares: None,
    },
};

fn flags(head: &RecordHeader) -> u8 {
    let detection = &head.detection;
    (u8::from(detection.is_novel) * NOVEL)
        | (u8::from(detection.is_alert) * ALERT)
        | (u8::from(head.message.escaped) * ESCAPED)
        | (u8::from(detection.nearest != NO_SEQ) * NEAREST)
        | (u8::from(detection.usual.is_some()) * USUAL)
        | (u8::from(detection.telling.is_some()) * TELLING)
        | (u8::from(detection.shares.is_some()) * SHARES)
}

/// The bits of the surprise that the channels add up to. A sum that is not a number has no agreed bits, so it predicts
/// nothing.
fn expected_surprise(channels: &[f32; 4]) -> u32 {
    let sum = channels[0] + channels[1] + channels[2] + channels[3];
    if sum.is_nan() { 0 } else { sum.to_bits() }
}

fn pick<T: Copy>(table: &[T], index: u8, bad: &mut bool) -> T {
    table.get(index as usize).copied().unwrap_or_else(|| {
        *bad = true;
        table[0]
    })
}

struct Output<'a> {
    planes: &'a mut [u8],
    count: usize,
}

impl Output<'_> {
    fn put<const WIDTH: usize>(&mut self, value: impl Fn(usize) -> [u8; WIDTH]) {
        let (mut column, rest) = std::mem::take(&mut self.planes).split_at_mut(WIDTH * self.count);
        self.planes = rest;
        let mut planes: [&mut [u8]; WIDTH] = std::array::from_fn(|_| {
            let (plane, rest) = std::mem::take(&mut column).split_at_mut(self.count);
            column = rest;
            plane
        });
        for index in 0..self.count {
            for (plane, byte) in planes.iter_mut().zip(value(index)) {
                plane[index] = byte;
            }
        }
    }
}

struct Input<'a> {
    planes: &'a [u8],
    count: usize,
}

impl Input<'_> {
    fn take<T, const WIDTH: usize>(&mut self, into: &mut [T], mut set: impl FnMut(&mut T, [u8; WIDTH])) {
        let (column, rest) = self.planes.split_at(WIDTH * self.count);
        self.planes = rest;
        let planes: [&[u8]; WIDTH] = std::array::from_fn(|plane| &column[plane * self.count..(plane + 1) * self.count]);
        for (index, item) in into.iter_mut().enumerate().take(self.count) {
            set(item, std::array::from_fn(|plane| planes[plane][index]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn planes_of_the_wrong_size_are_refused() {
        let (mut heads, mut ends) = (Vec::new(), Vec::new());
        assert_eq!(decode(&[0; ROW], 2, &mut heads, &mut ends), Err(Corrupt));
        assert_eq!(decode(&[], 0, &mut heads, &mut ends), Ok(()));
    }

    #[test]
    fn a_number_outside_its_table_is_refused() {
        let (mut heads, mut ends, mut planes) = (Vec::new(), Vec::new(), Vec::new());
        encode(&[BLANK], &[0], &mut planes);
        assert_eq!(decode(&planes, 1, &mut heads, &mut ends), Ok(()));
        let level = 8 * 4 + 4 * 2;
        planes[level] = 7;
        assert_eq!(decode(&planes, 1, &mut heads, &mut ends), Err(Corrupt));
    }
}
