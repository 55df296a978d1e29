//! What of an event is a symptom: that it alerts, or that it tells of something else that is unusual.

use crate::convert;
use ng_detect::meaning::is_error;
use ng_model::event::Event;
use ng_model::record::{NO_PATTERN, RecordHeader};
use ng_model::symbols::Sym;
use ng_reading::encoders::{lossy, message_text};
use ng_wire::{Format, Level, SymptomKind};

/// Most bytes of a message that are kept.
pub(super) const TEXT: usize = 256;
/// An event that is older than this when it arrives is history, and happened in its own time.
const LATE_NS: i64 = 60_000_000_000;

/// The engine's own events that tell of symptoms, with the field that has the source they speak of.
const NOTES: &[(&str, SymptomKind, &str)] = &[
    ("source.silent", SymptomKind::Silence, "source"),
    ("source.rate", SymptomKind::Rate, "source"),
    ("session.unusual", SymptomKind::Session, "session_source"),
    ("pattern.overdue", SymptomKind::Overdue, "pattern_source"),
];

/// The channels of text and JSON that speak of the level, and of the distance from all that is remembered.
const SEVERITY: usize = 2;
const DISTANCE: usize = 3;

/// Whether an event matters more or less to a person than the strength of its alert says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Salience {
    /// A metric is within what is usual or little beyond it, or a line is odd and nothing about it says why.
    Slight,
    /// As its strength says.
    Plain,
    /// A source has more errors than usual.
    Marked,
}

/// What one event shows.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Shown {
    pub(super) kind: SymptomKind,
    pub(super) source: String,
    pub(super) pattern: Option<u32>,
    pub(super) level: Level,
    /// The first of its pattern.
    pub(super) is_first: bool,
    pub(super) seq: u64,
    /// When it happened.
    pub(super) at_ns: i64,
    /// It came late, so that this is not when it arrived.
    pub(super) is_late: bool,
    pub(super) strength: f32,
    pub(super) salience: Salience,
    pub(super) text: String,
    pub(super) why: String,
}

/// The kind of symptom that an event is; none for most. Costs a comparison or two.
pub(super) fn kind_of(event: &Event<'_>, resolves: impl Fn(Sym) -> Option<SymptomKind>) -> Option<SymptomKind> {
    let detection = &event.head.detection;
    if event.head.format == Format::Note {
        return resolves(event.head.kind);
    }
    if !detection.is_alert {
        return None;
    }
    Some(if is_first(event) && is_error(event) { SymptomKind::NewError } else { SymptomKind::Anomaly })
}

/// A line or object is the first of its pattern. A number is never.
fn is_first(event: &Event<'_>) -> bool {
    event.head.detection.is_novel && !matches!(event.head.format, Format::Metric | Format::Vector)
}

/// The field in which the engine's events of this type name the source that they speak of.
pub(crate) fn source_field(event_type: &str) -> Option<&'static str> {
    NOTES.iter().find(|(name, ..)| *name == event_type).map(|(.., field)| *field)
}

/// The type of the engine's events that tell of symptoms of this kind; none for those that events of sources are.
pub(crate) fn note_of(kind: SymptomKind) -> Option<&'static str> {
    NOTES.iter().find(|(_, known, _)| *known == kind).map(|(name, ..)| *name)
}

/// The kind of symptom that the engine tells by events of this type.
pub(super) fn kind_of_note(event_type: &str) -> Option<SymptomKind> {
    NOTES.iter().find(|(name, ..)| *name == event_type).map(|(_, kind, _)| *kind)
}

impl Shown {
    /// What a symptom shows.
    pub(super) fn new(kind: SymptomKind, event: &Event<'_>) -> Shown {
        let head = &event.head;
        let detection = &head.detection;
        let note = NOTES.iter().find(|(_, known, _)| *known == kind).filter(|_| head.format == Format::Note);
        let stated = |key: &str| event.parsed.field(event.raw, key);
        let text_of = |key| stated(key).map(|field| lossy(message_text(head.format, event.raw, field.value)));
        let source = note.and_then(|(.., key)| text_of(key)).map(|name| name.into_owned());
        let strength = note.map_or(detection.strength, |_| stated("strength").map_or(0.0, |field| field.number as f32));
        let is_late = head.received_ns.saturating_sub(head.time_ns) > LATE_NS;
        Shown {
            kind,
            source: source.unwrap_or_else(|| event.symbols.name(head.source).to_owned()),
            pattern: match note {
                Some(_) => stated("pattern").map(|field| field.number as u32),
                None => Some(detection.pattern).filter(|pattern| *pattern != NO_PATTERN),
            },
            level: head.level,
            is_first: is_first(event),
            seq: head.seq,
            at_ns: at_ns(head, is_late),
            is_late,
            strength: if strength.is_finite() { strength } else { 0.0 },
            salience: salience(head),
            text: cut(&lossy(message_text(head.format, event.raw, head.message))),
            why: cut(&convert::why(&event.stored(), event.parsed)),
        }
    }
}

/// When it happened: what comes late in its own time.
pub(super) fn at_ns(head: &RecordHeader, is_late: bool) -> i64 {
    if is_late { head.time_ns } else { head.received_ns }
}

fn salience(head: &RecordHeader) -> Salience {
    let detection = &head.detection;
    let is_named = detection.telling.is_some() || detection.shares.is_some();
    match (head.format, detection.largest_channel()) {
        (Format::Metric, _) if detection.usual.is_some() && !detection.is_far(head.value) => Salience::Slight,
        (Format::Text | Format::Json, SEVERITY) if head.level >= Level::Error => Salience::Marked,
        (Format::Text | Format::Json, DISTANCE) if !is_named => Salience::Slight,
        _ => Salience::Plain,
    }
}

/// The beginning of a text.
pub(super) fn cut(text: &str) -> String {
    ng_detect::feedback::cut(text, TEXT).to_owned()
}
