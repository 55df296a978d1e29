//! Between the compact form of an event in the store and the forms that cross a border.
//!
//! [`record`] is complete and unsafe to display, for recordings and subscribers; [`restore`] is its inverse. [`Packer`] and
//! [`Names`] are the two ends of the compact form. [`row`] and
//! [`detail`] are for the screen: their texts have passed the sanitiser.

mod packed;
mod patterns;
mod why;

#[cfg(test)]
mod tests;

pub use packed::{Names, Packer, gap_row};
pub use patterns::{pattern_view, tally_view};

use crate::guard;
use crate::store::{Reader, nearest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ng_filter::rules::RULE_NAMES;
use ng_model::event::{Field, Parsed, Text};
use ng_model::record::{Detection, NO_PATTERN, NO_SEQ, NONE, RecordHeader, StoredRecord, TellingField, Verdict};
use ng_model::safe_text::safe_text;
use ng_model::symbols::Symbols;
use ng_reading::encoders::{ENCODERS, Encoder, lossy, message_text, path};
use ng_reading::formats::{name_of, number_of};
use ng_reading::recogniser::reparse;
use ng_wire::{BorrowedRecord, Feature, Format, Hit, Neighbour, Record, RecordDetail, Row, ScoreChannel};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Most bytes of the text of a row.
const ROW_TEXT: usize = 2 << 10;
/// Most bytes of the message, and of the reading, in the detail pane.
const DETAIL_TEXT: usize = 64 << 10;
/// Most bytes of one attribute in the detail pane.
const ATTR_TEXT: usize = 4 << 10;
/// Most bytes of a type, a source or a key on the screen.
const NAME_TEXT: usize = 512;

/// The complete record. `parsed` is working memory.
pub fn record<'a>(stored: &StoredRecord<'a>, parsed: &mut Parsed) -> BorrowedRecord<'a> {
    let (head, raw) = (stored.head, stored.raw);
    reparse(head.format, head.declared, raw, head.received_ns, parsed);
    let text = lossy(message(stored));
    let (raw, raw_base64) = match std::str::from_utf8(raw) {
        Ok(raw) => ((raw != text).then_some(Cow::Borrowed(raw)), None),
        Err(_) => (None, Some(STANDARD.encode(raw))),
    };
    BorrowedRecord {
        seq: head.seq,
        time_ns: head.time_ns,
        received_ns: head.received_ns,
        kind: stored.kind().into(),
        source: stored.source().into(),
        level: head.level,
        format: head.format,
        declared: (head.declared != 0).then(|| Cow::Borrowed(name_of(head.declared))),
        text,
        raw,
        raw_base64,
        value: Some(head.value).filter(|value| value.is_finite()),
        unit: head.unit,
        attrs: attrs(stored, parsed),
        verdict: verdict(&head.verdict),
        detection: detection(stored, parsed),
    }
}

/// One line of the tail.
pub fn row(stored: &StoredRecord<'_>) -> Row {
    let head = stored.head;
    let scored = head.detection.is_scored();
    Row {
        seq: head.seq,
        time_ns: head.time_ns,
        level: head.level,
        kind: safe_text(stored.kind().as_bytes(), NAME_TEXT).into_owned(),
        source: safe_text(stored.source().as_bytes(), NAME_TEXT).into_owned(),
        outcome: head.verdict.outcome,
        state: head.detection.state,
        novelty: if scored { head.detection.novelty } else { 0.0 },
        anomaly: if scored { head.detection.anomaly_score() } else { 0.0 },
        is_novel: head.detection.is_novel,
        is_alert: head.detection.is_alert,
        pattern: pattern(head),
        gap: gap(stored),
        text: safe_text(&message(stored), ROW_TEXT).into_owned(),
        more_lines: stored.raw.iter().filter(|byte| **byte == b'\n').count() as u32,
    }
}

/// Everything the detail pane shows of a record. `template` is the text of its pattern, `parsed` is working memory.
pub fn detail(
    stored: &StoredRecord<'_>,
    template: Option<&str>,
    neighbours: Vec<Neighbour>,
    parsed: &mut Parsed,
) -> RecordDetail {
    let complete = record(stored, parsed);
    let safe = |text: &str, most| Cow::Owned(safe_text(text.as_bytes(), most).into_owned());
    // Bytes that are no text are shown as far as they are: an unreadable base64 helps nobody at a screen.
    let differs = complete.raw.is_some() || complete.raw_base64.is_some();
    let mut attrs = BTreeMap::new();
    let detection = ng_wire::Detection {
        field: complete.detection.field.as_ref().map(|path| safe_text(path.as_bytes(), NAME_TEXT).into_owned()),
        ..complete.detection.clone()
    };
    for (key, value) in &complete.attrs {
        attrs.entry(safe(key, NAME_TEXT)).or_insert_with(|| safe(value, ATTR_TEXT));
    }
    RecordDetail {
        record: Record {
            kind: safe(&complete.kind, NAME_TEXT),
            source: safe(&complete.source, NAME_TEXT),
            text: Cow::Owned(safe_text(&message(stored), DETAIL_TEXT).into_owned()),
            raw: differs.then(|| Cow::Owned(safe_lines(stored.raw, DETAIL_TEXT))),
            raw_base64: None,
            attrs,
            detection,
            ..complete.into_owned()
        },
        template: template.map(|text| safe(text, DETAIL_TEXT).into_owned()),
        neighbours,
        rules: guard::Guard::explain(stored.head),
    }
}

/// The `k` records of the ring nearest to a record, with their messages; scans at most `budget` records.
pub fn neighbours(reader: &mut Reader, seq: u64, k: usize, budget: usize) -> Vec<Neighbour> {
    let found = nearest(reader, seq, k, budget);
    let text = |stored: &StoredRecord<'_>| safe_text(&message(stored), ROW_TEXT).into_owned();
    found
        .into_iter()
        .filter_map(|(seq, distance, similarity)| {
            let text = reader.get(seq, text)?;
            Some(Neighbour { seq, distance, similarity, text })
        })
        .collect()
}

/// Sanitised line by line, so that line ends stay, and tabs as the blanks that they look like; at most about `most` bytes.
fn safe_lines(raw: &[u8], most: usize) -> String {
    let mut out = String::new();
    for (place, line) in raw.split(|byte| *byte == b'\n').enumerate() {
        if place > 0 {
            out.push('\n');
        }
        if out.len() >= most {
            break;
        }
        let spaced: Vec<u8> = line.split(|byte| *byte == b'\t').collect::<Vec<_>>().join(&b"    "[..]);
        out.push_str(&safe_text(&spaced, most - out.len()));
    }
    out
}

/// The compact form of a record, with its raw bytes; its names are added to `symbols`.
///
/// What a record does not carry is found by parsing the raw bytes again: the place of the message, and a value that is
/// not finite. An encoder, rule or channel that this version does not know is left out.
pub fn restore(record: &Record, symbols: &mut Symbols) -> (RecordHeader, Vec<u8>) {
    let raw = raw_bytes(record);
    let mut parsed = Parsed::default();
    let declared = record.declared.as_deref().map_or(0, number_of);
    reparse(record.format, declared, &raw, record.received_ns, &mut parsed);
    let head = RecordHeader {
        seq: record.seq,
        time_ns: record.time_ns,
        received_ns: record.received_ns,
        value: match record.value {
            Some(value) => value,
            None if parsed.value.is_finite() => f64::NAN,
            None => parsed.value,
        },
        kind: symbols.intern(&record.kind),
        source: symbols.intern(&record.source),
        level: record.level,
        format: record.format,
        declared,
        unit: record.unit,
        message: message_of(record, &raw, &parsed),
        verdict: guard::verdict_from_wire(&record.verdict),
        detection: restore_detection(&record.detection, &raw, &parsed),
    };
    (head, raw)
}

/// Where the message of a record stands. It was found by the keys of another process when it is none by ours, but for it is
/// the value of a field.
fn message_of(record: &Record, raw: &[u8], parsed: &Parsed) -> Text {
    let is_message = |text: &Text| lossy(message_text(record.format, raw, *text)) == record.text;
    let mut values = parsed.fields.iter().map(|field| field.value);
    if is_message(&parsed.message) { parsed.message } else { values.find(is_message).unwrap_or(parsed.message) }
}

/// The bytes of a reading as they arrived.
pub fn raw_bytes(record: &Record) -> Vec<u8> {
    let decoded = record.raw_base64.as_ref().and_then(|text| STANDARD.decode(text).ok());
    decoded.unwrap_or_else(|| record.raw.as_ref().unwrap_or(&record.text).as_bytes().to_vec())
}

fn message<'a>(stored: &StoredRecord<'a>) -> Cow<'a, [u8]> {
    message_text(stored.head.format, stored.raw, stored.head.message)
}

/// The fields as text, by their paths; of fields with the same path the first, and one of the event itself before those.
fn attrs<'a>(stored: &StoredRecord<'a>, parsed: &Parsed) -> BTreeMap<Cow<'a, str>, Cow<'a, str>> {
    let mut attrs = BTreeMap::new();
    let is_top = |field: &&Field| field.container == 0;
    for field in parsed.fields.iter().filter(is_top).chain(parsed.fields.iter().filter(|field| !is_top(field))) {
        let value = || lossy(message_text(stored.head.format, stored.raw, field.value));
        attrs.entry(path(stored.raw, parsed, field)).or_insert_with(value);
    }
    attrs
}

/// The number of missing records that a gap row of the engine states.
fn gap(stored: &StoredRecord<'_>) -> Option<u64> {
    if stored.head.format != Format::Note || stored.kind() != "stream.gap" {
        return None;
    }
    let mut parsed = Parsed::default();
    reparse(Format::Note, 0, stored.raw, stored.head.received_ns, &mut parsed);
    parsed.field(stored.raw, "count").map(|field| field.number).filter(|count| *count >= 0.0).map(|count| count as u64)
}

fn pattern(head: &RecordHeader) -> Option<u32> {
    Some(head.detection.pattern).filter(|pattern| *pattern != NO_PATTERN)
}

fn verdict(verdict: &Verdict) -> ng_wire::Verdict {
    let hit = (verdict.rule != NONE).then(|| {
        let (rule, clause, _) = guard::clause_name(verdict.rule, verdict.clause);
        Hit { rule: rule.into(), clause: clause.into(), observed: verdict.observed, limit: verdict.limit }
    });
    let objected = |(index, _): &(usize, &&str)| verdict.objections.checked_shr(*index as u32).unwrap_or(0) & 1 == 1;
    let names = RULE_NAMES.iter().enumerate().filter(objected);
    ng_wire::Verdict { outcome: verdict.outcome, hit, objections: names.map(|(_, name)| name.to_string()).collect() }
}

fn encoder(index: u8) -> Option<&'static Encoder> {
    ENCODERS.get(index as usize).copied()
}

/// Numbers that are not finite have no form in JSON and are left out; detectors give none.
fn detection(stored: &StoredRecord<'_>, parsed: &Parsed) -> ng_wire::Detection {
    let detection = &stored.head.detection;
    let (encoder, named) = (encoder(detection.encoder), why::named(stored, parsed));
    let number = |value: f32| Some(value).filter(|value| detection.is_scored() && value.is_finite());
    let features = match encoder {
        Some(encoder) if detection.vector.iter().all(|value| value.is_finite()) => {
            let named = encoder.features.iter().zip(detection.vector);
            named.map(|(name, value)| Feature { name: Cow::Borrowed(name), value }).collect()
        }
        _ => Vec::new(),
    };
    let channels = encoder.map_or_else(Vec::new, |encoder| {
        let named = encoder.channels.iter().zip(detection.channels).filter(|(name, _)| !name.is_empty());
        named
            .filter_map(|(name, share)| Some(ScoreChannel { name: Cow::Borrowed(name), share: number(share)? }))
            .collect()
    });
    ng_wire::Detection {
        state: detection.state,
        encoder: encoder.map(|encoder| encoder.name.into()),
        features,
        novelty: number(detection.novelty),
        is_novel: detection.is_novel,
        event_surprise: number(detection.event_surprise),
        surprise: number(detection.surprise),
        anomaly_score: number(detection.anomaly_score()),
        strength: number(detection.strength),
        is_alert: detection.is_alert,
        channels,
        why: why(stored, parsed),
        field: named.map(|(field, _)| path(stored.raw, parsed, field).into_owned()),
        finding: named.map(|(_, finding)| finding),
        shares: detection.shares.filter(|shares| shares.iter().all(|share| share.is_finite())),
        usual: detection.usual.filter(|usual| usual.iter().all(|end| end.is_finite())),
        nearest: Some(detection.nearest).filter(|nearest| *nearest != NO_SEQ),
        pattern: Some(detection.pattern).filter(|pattern| *pattern != NO_PATTERN),
    }
}

/// What is unusual about an event, such as `cpu.iowait 12 % — usually 0 to 0.2`; empty when it was not scored. `parsed` is what
/// its bytes say.
pub fn why(stored: &StoredRecord<'_>, parsed: &Parsed) -> String {
    let encoder = encoder(stored.head.detection.encoder);
    encoder.map_or_else(String::new, |encoder| why::why(encoder.channels, stored, parsed))
}

fn restore_detection(record: &ng_wire::Detection, raw: &[u8], parsed: &Parsed) -> Detection {
    let known = ENCODERS.iter().position(|encoder| Some(encoder.name) == record.encoder.as_deref());
    let mut detection = Detection {
        state: record.state,
        encoder: known.map_or(NONE, |index| index as u8),
        is_novel: record.is_novel,
        is_alert: record.is_alert,
        novelty: record.novelty.unwrap_or(0.0),
        // Recordings of earlier versions have the other alone.
        event_surprise: record.event_surprise.or(record.surprise).unwrap_or(0.0),
        surprise: record.surprise.unwrap_or(0.0),
        telling: record.finding.and_then(|finding| {
            let named = record.field.as_ref()?;
            let place = parsed.fields.iter().position(|field| path(raw, parsed, field) == *named)?;
            Some(TellingField { place: place as u16, finding })
        }),
        usual: record.usual,
        shares: record.shares,
        strength: record.strength.unwrap_or(0.0),
        pattern: record.pattern.unwrap_or(NO_PATTERN),
        nearest: record.nearest.unwrap_or(NO_SEQ),
        ..Detection::default()
    };
    let Some(encoder) = encoder(detection.encoder) else { return detection };
    if record.features.is_empty() && parsed.format == Format::Vector {
        detection.vector = parsed.vector;
    }
    // By position: the names of features may be put in other words.
    for (dimension, feature) in detection.vector.iter_mut().zip(&record.features) {
        *dimension = feature.value;
    }
    for channel in &record.channels {
        if let Some(place) = encoder.channels.iter().position(|name| *name == channel.name) {
            detection.channels[place] = channel.share;
        }
    }
    detection
}
