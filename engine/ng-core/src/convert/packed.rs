//! The compact form of records for a connection, and the way back into a ring.

use crate::guard;
use ng_filter::rules::RULE_NAMES;
use ng_model::event::Parsed;
use ng_model::record::{Detection, NO_PATTERN, NO_SEQ, NONE, RecordHeader, StoredRecord, TellingField, Verdict};
use ng_model::symbols::Symbols;
use ng_reading::encoders::ENCODERS;
use ng_reading::formats::{name_of, number_of};
use ng_reading::recogniser::reparse;
use ng_wire::{
    Format, Gap, GapReason, Level, Packed, PackedDetection, PackedField, PackedRecord, PackedVerdict, Scoring,
};
use rustc_hash::FxHashMap;

/// Packs records into batches whose names build up one dictionary.
#[derive(Default)]
pub struct Packer {
    names: Vec<String>,
    places: FxHashMap<String, u32>,
    /// Names that earlier batches have told.
    told: usize,
    records: Vec<PackedRecord>,
    vectors: bool,
}

impl Packer {
    /// A packer with an empty dictionary. `vectors`: records carry features and channels.
    pub fn new(vectors: bool) -> Self {
        Packer { vectors, ..Packer::default() }
    }

    /// Adds a record to the batch.
    pub fn push(&mut self, stored: &StoredRecord<'_>) {
        let record = self.record(stored, self.vectors);
        self.records.push(record);
    }

    /// The batch, and an empty one in its place.
    pub fn finish(&mut self) -> Packed {
        let from = std::mem::replace(&mut self.told, self.names.len());
        Packed {
            names_from: from as u32,
            names: self.names[from..].to_vec(),
            records: std::mem::take(&mut self.records),
        }
    }

    /// Every name that was told, as the batch that begins the dictionary of a reader who comes later.
    pub fn whole(&self) -> Packed {
        Packed { names_from: 0, names: self.names[..self.told].to_vec(), records: Vec::new() }
    }

    fn place(&mut self, name: &str) -> u32 {
        if let Some(place) = self.places.get(name) {
            return *place;
        }
        let place = self.names.len() as u32;
        self.names.push(name.to_owned());
        self.places.insert(name.to_owned(), place);
        place
    }

    fn record(&mut self, stored: &StoredRecord<'_>, vectors: bool) -> PackedRecord {
        let head = stored.head;
        PackedRecord {
            seq: head.seq,
            received_ns: head.received_ns,
            time_offset_ns: head.time_ns.wrapping_sub(head.received_ns),
            kind: self.place(stored.kind()),
            source: self.place(stored.source()),
            level: head.level,
            format: head.format,
            declared: (head.declared != 0).then(|| self.place(name_of(head.declared))),
            raw: stored.raw.to_vec(),
            value: Some(head.value).filter(|value| value.is_finite()),
            unit: head.unit,
            verdict: (head.verdict != Verdict::default()).then(|| self.verdict(&head.verdict)),
            detection: (head.detection != Detection::default()).then(|| self.detection(head, vectors)),
        }
    }

    fn verdict(&mut self, verdict: &Verdict) -> PackedVerdict {
        let (rule, clause, _) = guard::clause_name(verdict.rule, verdict.clause);
        let objected = |(index, _): &(usize, &&str)| verdict.objections >> *index & 1 == 1;
        let names = RULE_NAMES.iter().enumerate().filter(objected);
        PackedVerdict {
            outcome: verdict.outcome,
            rule: self.place(rule),
            clause: self.place(clause),
            objections: names.map(|(_, name)| self.place(name)).collect(),
            observed: verdict.observed,
            limit: verdict.limit,
        }
    }

    fn detection(&mut self, head: &RecordHeader, vectors: bool) -> PackedDetection {
        let detection = &head.detection;
        let encoder = ENCODERS.get(detection.encoder as usize);
        PackedDetection {
            state: detection.state,
            encoder: encoder.map(|encoder| self.place(encoder.name)),
            is_novel: detection.is_novel,
            is_alert: detection.is_alert,
            novelty: detection.novelty,
            event_surprise: detection.event_surprise,
            surprise: detection.surprise,
            usual: detection.usual,
            field: detection.telling.map(|TellingField { place, finding }| PackedField { place, finding }),
            shares: detection.shares,
            strength: detection.strength,
            channels: (vectors && encoder.is_some()).then_some(detection.channels),
            vector: (vectors && encoder.is_some()).then_some(detection.vector),
            pattern: Some(detection.pattern).filter(|pattern| *pattern != NO_PATTERN),
            nearest_back: Some(head.seq.wrapping_sub(detection.nearest)).filter(|_| detection.nearest != NO_SEQ),
        }
    }
}

/// The names of a stream of batches; the reader's end.
#[derive(Debug, Default)]
pub struct Names(Vec<String>);

impl Names {
    /// Takes in the names of a batch. False when the batch does not follow the ones before.
    pub fn learn(&mut self, packed: &Packed) -> bool {
        let from = packed.names_from as usize;
        let follows = from <= self.0.len();
        if follows {
            self.0.truncate(from);
            self.0.extend_from_slice(&packed.names);
        }
        follows
    }

    /// The record for a ring with these symbols. `parsed` is working memory; `prefix` stands before the source.
    pub fn unpack(
        &self,
        packed: &PackedRecord,
        prefix: &str,
        symbols: &mut Symbols,
        parsed: &mut Parsed,
    ) -> RecordHeader {
        let declared = packed.declared.map_or(0, |place| number_of(self.name(place)));
        reparse(packed.format, declared, &packed.raw, packed.received_ns, parsed);
        let source = self.name(packed.source);
        RecordHeader {
            seq: packed.seq,
            time_ns: packed.received_ns.wrapping_add(packed.time_offset_ns),
            received_ns: packed.received_ns,
            value: match packed.value {
                Some(value) => value,
                None if parsed.value.is_finite() => f64::NAN,
                None => parsed.value,
            },
            kind: symbols.intern(self.name(packed.kind)),
            source: if prefix.is_empty() {
                symbols.intern(source)
            } else {
                symbols.intern(&format!("{prefix}{source}"))
            },
            level: packed.level,
            format: packed.format,
            declared,
            unit: packed.unit,
            message: parsed.message,
            verdict: packed.verdict.as_ref().map_or_else(Verdict::default, |verdict| self.verdict(verdict)),
            detection: packed
                .detection
                .as_ref()
                .map_or_else(Detection::default, |detection| self.detection(packed.seq, detection)),
        }
    }

    fn name(&self, place: u32) -> &str {
        self.0.get(place as usize).map_or("other", String::as_str)
    }

    fn verdict(&self, packed: &PackedVerdict) -> Verdict {
        let hit = ng_wire::Hit {
            rule: self.name(packed.rule).to_owned(),
            clause: self.name(packed.clause).to_owned(),
            observed: packed.observed,
            limit: packed.limit,
        };
        let objections = packed.objections.iter().map(|place| self.name(*place).to_owned()).collect();
        guard::verdict_from_wire(&ng_wire::Verdict { outcome: packed.outcome, hit: Some(hit), objections })
    }

    fn detection(&self, seq: u64, packed: &PackedDetection) -> Detection {
        let known = packed.encoder.map(|place| self.name(place));
        let encoder = ENCODERS.iter().position(|encoder| Some(encoder.name) == known);
        Detection {
            state: packed.state,
            encoder: encoder.map_or(NONE, |index| index as u8),
            is_novel: packed.is_novel,
            is_alert: packed.is_alert,
            vector: packed.vector.unwrap_or([f32::NAN; 8]),
            channels: packed.channels.unwrap_or_default(),
            novelty: packed.novelty,
            event_surprise: packed.event_surprise,
            surprise: packed.surprise,
            telling: packed.field.map(|PackedField { place, finding }| TellingField { place, finding }),
            usual: packed.usual,
            shares: packed.shares,
            strength: packed.strength,
            pattern: packed.pattern.unwrap_or(NO_PATTERN),
            nearest: packed.nearest_back.map_or(NO_SEQ, |back| seq.wrapping_sub(back)),
        }
    }
}

/// The row that stands for a hole in the stream, in the place of the last record that is missing, and its bytes.
pub fn gap_row(gap: &Gap, source: &str, now_ns: i64, symbols: &mut Symbols) -> (RecordHeader, Vec<u8>) {
    let reason = match gap.reason {
        GapReason::SlowConsumer => "the reader was too slow",
        GapReason::Retention => "they were no longer in memory",
        GapReason::RateLimited => "left out by the limit on the rate",
        GapReason::Corrupt => "they could not be read back",
        GapReason::SourceLost => "the engine was killed before it could tell them",
    };
    let count = gap.count;
    let noun = if count == 1 { "record is" } else { "records are" };
    let message = format!("{count} {noun} missing: {reason}");
    let note = serde_json::json!({ "type": "stream.gap", "level": "warn", "message": message, "count": count,
        "from_seq": gap.from_seq, "to_seq": gap.to_seq, "reason": gap.reason });
    let raw = note.to_string().into_bytes();
    let mut parsed = Parsed::default();
    reparse(Format::Note, 0, &raw, now_ns, &mut parsed);
    let head = RecordHeader {
        seq: gap.to_seq.saturating_sub(1),
        time_ns: now_ns,
        received_ns: now_ns,
        value: f64::NAN,
        kind: symbols.intern("stream.gap"),
        source: symbols.intern(source),
        level: Level::Warn,
        format: Format::Note,
        declared: 0,
        unit: ng_wire::Unit::None,
        message: parsed.message,
        verdict: Verdict::default(),
        detection: Detection { state: Scoring::Unscored, ..Detection::default() },
    };
    (head, raw)
}
