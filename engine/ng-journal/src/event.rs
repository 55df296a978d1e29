//! What history keeps of an event besides its raw bytes: all of its record but the vector and the exact numbers of detection.

use super::Damaged;
use super::varint::{unzigzag, zigzag};
use memchr::{memchr, memchr_iter};
use ng_model::record::{Detection, NO_SEQ, RecordHeader, TellingField, Verdict};
use ng_model::span::{Span, Text};
use ng_model::symbols::Sym;
use ng_reading::encoders::message_text;
use ng_wire::{Finding, Format, Level, Outcome, Scoring, Unit};
use std::borrow::Cow;

const NOVEL: u64 = 1;
const ALERT: u64 = 2;
const ESCAPED: u64 = 4;
const TELLING: u64 = 8;
const USUAL: u64 = 16;
const SHARES: u64 = 32;

/// Steps of a score in one: scores are kept in eighths, up to 31.875.
const STEPS: f32 = 8.0;

/// Columns of what is neither a time nor in a pair.
pub(crate) const DETAILS: usize = 17;

/// What history keeps of an event. Two are equal when all their bits are, so that a value that is not a number is itself.
#[derive(Clone, Copy, Debug)]
pub struct EventHeader {
    /// Place in the stream; higher than that of the event before.
    pub seq: u64,
    /// Nanoseconds since 1970, UTC. Times need not grow.
    pub time_ns: i64,
    /// When it arrived, nanoseconds since 1970, UTC.
    pub received_ns: i64,
    /// Severity.
    pub level: Level,
    /// The symbol of the source.
    pub source: u32,
    /// The symbol of the type.
    pub kind: u32,
    /// The pattern, or a number that stands for none.
    pub pattern: u32,
    /// Novelty, in eighths.
    pub novelty: u8,
    /// How unusual the event is, in eighths.
    pub anomaly: u8,
    /// How unusual the stream was with it, in eighths.
    pub surprise: u8,
    /// Strength of the alert, in eighths.
    pub strength: u8,
    /// Measured value; not a number when there is none.
    pub value: f64,
    /// Unit of the value.
    pub unit: Unit,
    /// How the raw bytes are read.
    pub format: Format,
    /// Number of the declared format that read them; 0 when none did. In a file it is the number of the name there, and one.
    pub declared: u32,
    /// The message inside the raw bytes. Words of one that is escaped are not those that people read.
    pub message: Text,
    /// What Guardian concluded.
    pub verdict: Verdict,
    /// Whether scores mean something.
    pub state: Scoring,
    /// Index of the encoder, as in the record.
    pub encoder: u8,
    /// First of its kind.
    pub is_novel: bool,
    /// It raised an alert.
    pub is_alert: bool,
    /// The nearest remembered event; [`NO_SEQ`] when there is none.
    pub nearest: u64,
    /// The field that says most.
    pub telling: Option<TellingField>,
    /// What the values usually were.
    pub usual: Option<[f64; 2]>,
    /// Shares of late and before.
    pub shares: Option<[f32; 2]>,
}

impl Default for EventHeader {
    fn default() -> Self {
        EventHeader {
            seq: 0,
            time_ns: 0,
            received_ns: 0,
            level: Level::Info,
            source: 0,
            kind: 0,
            pattern: 0,
            novelty: 0,
            anomaly: 0,
            surprise: 0,
            strength: 0,
            value: f64::NAN,
            unit: Unit::None,
            format: Format::Text,
            declared: 0,
            message: Text { span: Span { start: 0, len: 0 }, escaped: false },
            verdict: Verdict::default(),
            state: Scoring::Unscored,
            encoder: 0,
            is_novel: false,
            is_alert: false,
            nearest: NO_SEQ,
            telling: None,
            usual: None,
            shares: None,
        }
    }
}

impl PartialEq for EventHeader {
    fn eq(&self, other: &Self) -> bool {
        let numbers = |header: &Self| {
            let EventHeader { seq, time_ns, received_ns, level, source, pattern, .. } = *header;
            let scores = [header.novelty, header.anomaly, header.surprise, header.strength];
            (seq, time_ns, received_ns, level, source, pattern, scores, header.details(0))
        };
        numbers(self) == numbers(other)
    }
}

impl Eq for EventHeader {}

impl EventHeader {
    /// What is kept of a record.
    pub fn of(head: &RecordHeader) -> EventHeader {
        let detection = &head.detection;
        let step = |number: f32| (number * STEPS).clamp(0.0, 255.0) as u8;
        EventHeader {
            seq: head.seq,
            time_ns: head.time_ns,
            received_ns: head.received_ns,
            level: head.level,
            source: head.source.0,
            kind: head.kind.0,
            pattern: detection.pattern,
            novelty: step(detection.novelty),
            anomaly: step(detection.event_surprise),
            surprise: step(detection.surprise),
            strength: step(detection.strength),
            value: head.value,
            unit: head.unit,
            format: head.format,
            declared: head.declared.into(),
            message: head.message,
            verdict: head.verdict,
            state: detection.state,
            encoder: detection.encoder,
            is_novel: detection.is_novel,
            is_alert: detection.is_alert,
            nearest: detection.nearest,
            telling: detection.telling,
            usual: detection.usual,
            shares: detection.shares,
        }
    }

    /// The record again: scores to an eighth, no vector, and nothing of the channels. The declared format is one of this process.
    pub fn record(&self) -> RecordHeader {
        let number = |step: u8| f32::from(step) / STEPS;
        RecordHeader {
            seq: self.seq,
            time_ns: self.time_ns,
            received_ns: self.received_ns,
            value: self.value,
            kind: Sym(self.kind),
            source: Sym(self.source),
            level: self.level,
            format: self.format,
            declared: self.declared as u16,
            unit: self.unit,
            message: self.message,
            verdict: self.verdict,
            detection: Detection {
                state: self.state,
                encoder: self.encoder,
                is_novel: self.is_novel,
                is_alert: self.is_alert,
                vector: [0.0; 8],
                channels: [0.0; 4],
                novelty: number(self.novelty),
                event_surprise: number(self.anomaly),
                surprise: number(self.surprise),
                strength: number(self.strength),
                pattern: self.pattern,
                nearest: self.nearest,
                telling: self.telling,
                usual: self.usual,
                shares: self.shares,
            },
        }
    }

    /// The message as people read it where it is no part of the raw bytes: it is written with escapes, or as a list of bytes.
    pub(crate) fn decoded_message<'r>(&self, raw: &'r [u8]) -> Option<Cow<'r, [u8]>> {
        if !self.message.escaped && self.format != Format::Journal {
            return None;
        }
        Some(message_text(self.format, raw, self.message)).filter(|text| matches!(text, Cow::Owned(_)))
    }

    /// What people read of the message or of a field may be no part of the raw bytes.
    pub(crate) fn may_hide(&self, raw: &[u8]) -> bool {
        memchr(b'\\', raw).is_some()
            || self.format == Format::Journal && may_have_list(raw)
            || self.decoded_message(raw).is_some()
    }

    /// The state of scoring, what Guardian concluded, whether it is the first of its kind and whether it raised an alert, as one
    /// number.
    pub(crate) fn marks(&self) -> u8 {
        self.state as u8
            | (self.verdict.outcome as u8) << 3
            | u8::from(self.is_novel) << 5
            | u8::from(self.is_alert) << 6
    }

    /// Takes up what [`marks`](Self::marks) gave.
    pub(crate) fn set_marks(&mut self, marks: u8) -> Result<(), Damaged> {
        self.state = pick(&Scoring::ALL, marks & 7)?;
        self.verdict.outcome = pick(&Outcome::ALL, marks >> 3 & 3)?;
        self.is_novel = marks & 32 != 0;
        self.is_alert = marks & 64 != 0;
        if marks < 128 { Ok(()) } else { Err(DAMAGED) }
    }

    /// What is neither a time nor in a pair, as numbers that are mostly the same from event to event.
    pub(crate) fn details(&self, raw_len: usize) -> [u64; DETAILS] {
        let Verdict { outcome, rule, clause, objections, observed, limit } = self.verdict;
        let Span { start, len } = self.message.span;
        let flag = |is_set: bool, flag: u64| if is_set { flag } else { 0 };
        let flags = flag(self.is_novel, NOVEL)
            | flag(self.is_alert, ALERT)
            | flag(self.message.escaped, ESCAPED)
            | flag(self.telling.is_some(), TELLING)
            | flag(self.usual.is_some(), USUAL)
            | flag(self.shares.is_some(), SHARES);
        let usual = self.usual.map_or([0; 2], |usual| usual.map(f64::to_bits));
        let shares = self.shares.map_or([0; 2], |shares| shares.map(f32::to_bits));
        [
            self.kind.into(),
            self.value.to_bits(),
            self.format as u64 | (self.unit as u64) << 8 | flags << 16,
            self.declared.into(),
            start.into(),
            // The message mostly ends where the event ends.
            (raw_len as u32).wrapping_sub(start).wrapping_sub(len).into(),
            outcome as u64 | u64::from(rule) << 8 | u64::from(clause) << 16,
            objections.into(),
            observed.to_bits(),
            limit.to_bits(),
            self.state as u64 | u64::from(self.encoder) << 8,
            self.surprise.into(),
            // A distance; 0, which none has, stands for no event.
            if self.nearest == NO_SEQ { 0 } else { zigzag(self.seq.wrapping_sub(self.nearest) as i64) },
            usual[0],
            usual[1],
            self.telling.map_or(0, |telling| u64::from(telling.place) | (telling.finding as u64) << 16),
            u64::from(shares[0]) | u64::from(shares[1]) << 32,
        ]
    }

    /// Takes up what [`details`](Self::details) gave; `seq` is known.
    pub(crate) fn set_details(&mut self, details: &[u64; DETAILS], raw_len: usize) -> Result<(), Damaged> {
        let [kind, value, form, declared, start, behind, verdict, objections, ..] = *details;
        let [.., observed, limit, scoring, surprise, nearest, low, high, telling, shares] = *details;
        let byte = |of: u64, place: u32| (of >> (8 * place)) as u8;
        self.kind = fitting(kind)?;
        self.value = f64::from_bits(value);
        self.format = pick(&Format::ALL, byte(form, 0))?;
        self.unit = pick(&Unit::ALL, byte(form, 1))?;
        self.declared = fitting(declared)?;
        let (start, behind): (u32, u32) = (fitting(start)?, fitting(behind)?);
        let len = (raw_len as u32).wrapping_sub(start).wrapping_sub(behind);
        let flags = form >> 16;
        self.message = Text { span: Span { start, len }, escaped: flags & ESCAPED != 0 };
        self.verdict = Verdict {
            outcome: pick(&Outcome::ALL, byte(verdict, 0))?,
            rule: byte(verdict, 1),
            clause: byte(verdict, 2),
            objections: fitting(objections)?,
            observed: f64::from_bits(observed),
            limit: f64::from_bits(limit),
        };
        self.state = pick(&Scoring::ALL, byte(scoring, 0))?;
        self.encoder = byte(scoring, 1);
        self.surprise = fitting(surprise)?;
        self.is_novel = flags & NOVEL != 0;
        self.is_alert = flags & ALERT != 0;
        self.nearest = if nearest == 0 { NO_SEQ } else { self.seq.wrapping_sub(unzigzag(nearest) as u64) };
        let finding = pick(&Finding::ALL, byte(telling, 2))?;
        self.telling = (flags & TELLING != 0).then_some(TellingField { place: telling as u16, finding });
        self.usual = (flags & USUAL != 0).then_some([f64::from_bits(low), f64::from_bits(high)]);
        let shares = [f32::from_bits(shares as u32), f32::from_bits((shares >> 32) as u32)];
        self.shares = (flags & SHARES != 0).then_some(shares);
        Ok(())
    }
}

/// A list stands in JSON, or a text that looks like one.
fn may_have_list(raw: &[u8]) -> bool {
    memchr_iter(b'[', raw).any(|at| {
        let before = raw[..at].iter().rev().find(|byte| !byte.is_ascii_whitespace());
        before.is_none_or(|byte| b":,[".contains(byte))
    })
}

const DAMAGED: Damaged = Damaged { part: "columns" };

fn fitting<T: TryFrom<u64>>(number: u64) -> Result<T, Damaged> {
    T::try_from(number).map_err(|_| DAMAGED)
}

fn pick<T: Copy>(table: &[T], index: u8) -> Result<T, Damaged> {
    table.get(usize::from(index)).copied().ok_or(DAMAGED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_that_is_not_what_stands_there_is_decoded() {
        let check = |format, raw: &str, message: &str, escaped, expect: Option<&str>, hides| {
            let start = raw.find(message).unwrap() as u32;
            let span = Span { start, len: message.len() as u32 };
            let header = EventHeader { format, message: Text { span, escaped }, ..EventHeader::default() };
            let decoded = header.decoded_message(raw.as_bytes());
            assert_eq!(decoded.as_deref(), expect.map(str::as_bytes), "{raw}");
            assert_eq!(header.may_hide(raw.as_bytes()), hides, "{raw}");
        };
        let (text, json, journal) = (Format::Text, Format::Json, Format::Journal);
        check(text, "plain", "plain", false, None, false);
        check(text, r"C:\x", "C", false, None, true);
        check(json, r#"{"m":"a \"b\""}"#, r#"a \"b\""#, true, Some("a \"b\""), true);
        check(journal, r#"{"MESSAGE":[104,105]}"#, "[104,105]", false, Some("hi"), true);
        check(journal, r#"{"MESSAGE":"[104,105]"}"#, "[104,105]", false, None, false);
        check(journal, r#"{"MESSAGE":"sshd[1] x","_COMM": [104]}"#, "sshd[1] x", false, None, true);
        check(journal, r#"{"MESSAGE":"sshd[1] x","_COMM":"sh"}"#, "sshd[1] x", false, None, false);
    }

    #[test]
    fn a_record_comes_back_but_for_its_vector_and_what_is_between_two_eighths() {
        let header = EventHeader {
            seq: 1 << 40,
            time_ns: -5,
            received_ns: 7,
            level: Level::Error,
            source: 3,
            kind: 70_000,
            pattern: 9,
            novelty: 255,
            anomaly: 1,
            surprise: 2,
            strength: 80,
            value: -0.0,
            unit: Unit::Celsius,
            format: Format::Note,
            declared: 300,
            message: Text { span: Span { start: 4, len: 11 }, escaped: true },
            verdict: Verdict {
                outcome: Outcome::Reject,
                rule: 4,
                clause: 1,
                objections: 17,
                observed: 2.5,
                limit: f64::INFINITY,
            },
            state: Scoring::Scored,
            encoder: 2,
            is_novel: true,
            is_alert: true,
            nearest: 12,
            telling: Some(TellingField { place: 513, finding: Finding::FarOut }),
            usual: Some([1.5, f64::NAN]),
            shares: Some([0.25, 0.5]),
        };
        for header in [header, EventHeader::default()] {
            assert_eq!(EventHeader::of(&header.record()), header);
            let mut read = EventHeader { verdict: Verdict { outcome: Outcome::Flag, ..header.verdict }, ..header };
            (read.state, read.is_novel, read.is_alert) = (Scoring::Skipped, false, true);
            read.set_marks(header.marks()).unwrap();
            assert_eq!(read, header);
            let known = EventHeader {
                kind: 0,
                value: 0.0,
                surprise: 0,
                is_novel: false,
                telling: None,
                message: EventHeader::default().message,
                verdict: Verdict::default(),
                ..header
            };
            let mut read = known;
            read.set_details(&header.details(20), 20).unwrap();
            assert_eq!(read, header);
        }
    }
}
