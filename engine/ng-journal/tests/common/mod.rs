//! Events whose content follows from their number, so that what is read back is known.

use ng_journal::store::{Budget, Order, Question, Reader, Sizes};
use ng_journal::{EventHeader, Run};
use ng_model::record::{StoredRecord, Verdict};
use ng_model::span::{Span, Text};
use ng_reading::formats::number_of;
use ng_wire::{Format, Level, Outcome, Scoring, Unit};
use std::collections::BTreeMap;
use std::ops::{ControlFlow, Range};
use std::path::Path;

/// 2026-11-29T12:00:00Z.
pub(crate) const START_NS: i64 = 1_795_953_600_000_000_000;
pub(crate) const DAY_NS: i64 = 86_400_000_000_000;
/// A declared format that is built in.
const FORMAT: &str = "access_log";

/// Small enough that a few hundred events are several blocks, in several files.
pub(crate) const SMALL: Sizes = Sizes { file: 200 << 10, blocks: [4 << 10, 16 << 10] };

/// Numbers of names are those of the process, not those of a file.
pub(crate) fn name(symbol: u32) -> String {
    ["other", "nginx", "kernel", "postgres", "log.line", "metric.cpu"][symbol as usize % 6].to_owned()
}

fn mix(id: u64) -> u64 {
    let mixed = (id ^ 0x9e37_79b9_7f4a_7c15).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed ^ mixed >> 29
}

pub(crate) fn event(id: u64) -> (EventHeader, Vec<u8>) {
    let chance = mix(id);
    let pick = |bits: u32, among: u64| (chance >> bits) % among;
    let word = ["root", "Error", "größe", "errors", "x"][pick(3, 5) as usize];
    let text = match id % 5 {
        0 => format!("connection refused by {word} after {} ms", pick(8, 900)),
        1 => format!("INFO user {word} logged in from 10.0.{}.1", pick(8, 200)),
        2 => format!("Receiving block blk_{chance} src: /10.0.0.{}", pick(8, 200)),
        3 => format!("{{\"msg\":\"a \\\"{word}\\\" of {}\\n\"}}", pick(8, 70)),
        _ => format!("two lines of {word}\n{}", "and more ".repeat(pick(8, 9) as usize)),
    };
    let verdict =
        Verdict { outcome: Outcome::Flag, rule: 2, clause: 1, objections: 4, observed: id as f64, limit: 9.5 };
    let header = EventHeader {
        seq: id,
        time_ns: START_NS + id as i64 * 40_000_000 - pick(5, 3) as i64 * 1_000_000_000,
        received_ns: START_NS + id as i64 * 40_000_000,
        level: Level::ALL[pick(11, Level::ALL.len() as u64) as usize],
        source: pick(13, 4) as u32,
        kind: 4 + pick(15, 2) as u32,
        pattern: if pick(17, 9) == 0 { u32::MAX } else { (id % 5) as u32 },
        novelty: pick(19, 256) as u8,
        anomaly: pick(27, 256) as u8,
        surprise: 3,
        strength: 9,
        value: if id.is_multiple_of(7) { id as f64 / 4.0 } else { f64::NAN },
        unit: Unit::Seconds,
        format: if id % 5 == 3 { Format::Json } else { Format::Text },
        declared: if id.is_multiple_of(3) { number_of(FORMAT).into() } else { 0 },
        message: Text { span: Span { start: 0, len: text.len() as u32 }, escaped: id % 5 == 3 },
        verdict: if id.is_multiple_of(11) { verdict } else { Verdict::default() },
        state: Scoring::Scored,
        encoder: 1,
        is_novel: id.is_multiple_of(13),
        is_alert: id.is_multiple_of(17),
        nearest: if id > 40 && id.is_multiple_of(2) { id - 1 - pick(35, 30) } else { u64::MAX },
        telling: None,
        usual: id.is_multiple_of(19).then_some([1.0, 2.5]),
        shares: None,
    };
    (header, text.into_bytes())
}

pub(crate) fn template(pattern: u32) -> Option<String> {
    let known = ["connection refused by * after * ms", "INFO user * logged in from *", "Receiving block * src: *"];
    known.get(pattern as usize).map(|text| (*text).to_owned())
}

pub(crate) fn batch(ids: Range<u64>) -> Run {
    let mut run = Run::default();
    for id in ids {
        let (header, raw) = event(id);
        assert!(run.push(&header, &raw));
    }
    run
}

/// The time at which an event is appended.
pub(crate) fn now(id: u64) -> i64 {
    event(id).0.received_ns
}

/// What was read of it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    /// By `seq`: how often it was read.
    pub(crate) seqs: BTreeMap<u64, u32>,
    /// Events that are not what was written.
    pub(crate) corrupt: u64,
}

/// Reads everything and compares it with what was written.
pub(crate) fn read_all(folder: &Path) -> Found {
    let mut reader = Reader::open(folder).unwrap();
    let (mut found, mut last) = (Found::default(), 0);
    let mut take = |stored: &StoredRecord<'_>| {
        let seq = stored.head.seq;
        assert!(last < seq, "in their order");
        last = seq;
        *found.seqs.entry(seq).or_default() += 1;
        found.corrupt += u64::from(!is_right(stored));
        ControlFlow::Continue(())
    };
    reader.scan(&Question::all(), Order::Oldest, Budget::none(), &mut take).unwrap();
    found
}

/// The event is what was written.
pub(crate) fn is_right(stored: &StoredRecord<'_>) -> bool {
    let (written, text) = event(stored.head.seq);
    // Numbers of names are those of a file.
    let EventHeader { source, kind, .. } = written;
    let same = EventHeader { source, kind, ..EventHeader::of(stored.head) };
    same == written && stored.raw == text && stored.source() == name(source) && stored.kind() == name(kind)
}
