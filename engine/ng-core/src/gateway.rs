//! The module `gateway`: turns a reading into an event by way of the encoders.

use crate::labelled_streams::LabelledStreams;
use crate::store::Store;
use ng_model::event::{Event, Parsed, Reading};
use ng_model::record::{Detection, RecordHeader, Verdict};
use ng_model::settings::{Accepts, Row, Values};
use ng_model::symbols::Sym;
use ng_model::zone::Zones;
use ng_reading::encoders::{self, Clock, Vocabulary};
use ng_reading::formats::Formats;
use ng_reading::recogniser::Recogniser;
use ng_wire::{Format, Gauge, Unit};

/// Settings of the module `gateway`.
pub static SETTINGS: &[Row] = &[
    Row {
        key: "max_reading_bytes",
        accepts: Accepts::Int(1 << 20, 256, 16 << 20),
        unit: "B",
        summary: "Longer readings are cut to this length; the cut is counted.",
    },
    Row {
        key: "assume_utc",
        accepts: Accepts::Bool(false),
        unit: "",
        summary: "Timestamps without a zone are UTC instead of this host's local time.",
    },
];

/// The first stage.
pub struct Gateway {
    recogniser: Recogniser,
    /// The source of the latest reading.
    source: Option<Sym>,
    max_bytes: usize,
    parsed: Parsed,
    kind: String,
    labelled: LabelledStreams,
    cut: u64,
    left_out: u64,
}

impl Gateway {
    /// A gateway for sources in zones, with the words that it knows, whose lines may have declared formats.
    pub fn new(values: &Values, zones: Zones, vocabulary: Vocabulary, formats: Formats) -> Self {
        let mut gateway = Gateway {
            recogniser: Recogniser::new(Clock::in_zones(zones).with(vocabulary)).trying(formats),
            source: None,
            max_bytes: 0,
            parsed: Parsed::default(),
            kind: String::with_capacity(128),
            labelled: LabelledStreams::default(),
            cut: 0,
            left_out: 0,
        };
        gateway.configure(values);
        gateway
    }

    /// What finds events in readings, with what it has seen.
    pub fn recogniser(&self) -> Recogniser {
        self.recogniser.clone()
    }

    /// Takes new settings.
    pub fn configure(&mut self, values: &Values) {
        self.max_bytes = values.int("max_reading_bytes") as usize;
        self.recogniser.clock.assume_utc = values.bool("assume_utc");
    }

    /// Encodes a reading as the next event of the store. Never fails: what no encoder recognises is text.
    pub fn encode<'a>(&'a mut self, reading: &Reading<'a>, store: &'a mut Store) -> Event<'a> {
        // A note cut short would no longer be one, but a text like any other that alert rules look at.
        let most = if reading.format == Format::Note { usize::MAX } else { self.max_bytes };
        let raw = &reading.raw[..reading.raw.len().min(most)];
        self.cut += u64::from(raw.len() < reading.raw.len());
        if self.source.replace(reading.source) != Some(reading.source) {
            self.recogniser.clock.introduce(reading.source, store.symbols().name(reading.source));
        }
        let encoder = self.recogniser.encode(&Reading { raw, ..*reading }, &mut self.parsed);
        self.left_out += u64::from(self.parsed.left_out);
        let named = encoders::stream_kind(&self.parsed, raw, &mut self.kind);
        let kind = if named < self.kind.len() {
            self.labelled.intern(&mut self.kind, named, store)
        } else {
            store.intern(&self.kind)
        };
        let parsed = &self.parsed;
        let head = RecordHeader {
            seq: store.next_seq(),
            time_ns: self.recogniser.time_ns(reading, parsed),
            received_ns: reading.received_ns,
            value: parsed.value,
            kind,
            source: reading.source,
            level: parsed.level.unwrap_or_default(),
            format: parsed.format,
            declared: parsed.declared,
            unit: parsed.unit,
            message: parsed.message,
            verdict: Verdict::default(),
            detection: Detection::default(),
        };
        Event { head, encoder, raw, parsed, symbols: store.symbols() }
    }

    /// What the module counts besides operations.
    pub fn gauges(&self) -> Vec<Gauge> {
        let count = |name: &str, value: u64| Gauge { name: name.into(), value: value as f64, unit: Unit::Count };
        vec![
            count("cut", self.cut),
            count("fields.left_out", self.left_out),
            count("labels.left_out", self.labelled.left_out()),
        ]
    }
}
