//! What goes into the pipeline: a reading, and the event that an encoder finds in it.
//!
//! An event borrows the raw bytes of its reading; message, keys and values are spans of those bytes, so that encoding
//! allocates nothing, and a stored reading can be parsed again into the same event.

use crate::record::{RecordHeader, StoredRecord};
pub use crate::span::{Span, Text};
use crate::symbols::{Sym, Symbols};
use ng_wire::{Format, Level, Unit};

/// Raw input of the pipeline: bytes from one source.
#[derive(Clone, Copy, Debug)]
pub struct Reading<'a> {
    /// The source it came from.
    pub source: Sym,
    /// Arrival, nanoseconds since 1970, UTC; one clock read per batch.
    pub received_ns: i64,
    /// When it was written, as far as anybody knows: the last change of a file, else the arrival. What a timestamp leaves
    /// open, such as its year, is not later.
    pub written_ns: i64,
    /// What the sensor knows of the format. `Format::Text` lets the encoders recognise JSON, metrics and vectors in it.
    pub format: Format,
    /// The bytes, without a line end.
    pub raw: &'a [u8],
}

/// One field found in a reading.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Field {
    /// Its key; nested JSON objects give dotted keys only through their parent's span, arrays stay whole.
    pub key: Text,
    /// Its value, without quotes.
    pub value: Text,
    /// The value as a number; NaN when it is not one.
    pub number: f64,
}

/// What an encoder found in a reading. Reused from event to event.
#[derive(Clone, Debug, Default)]
pub struct Parsed {
    /// The format that was recognised.
    pub format: Format,
    /// Time stated by the event, nanoseconds since 1970, UTC.
    pub time_ns: Option<i64>,
    /// Level stated by the event.
    pub level: Option<Level>,
    /// The message, without timestamp and level. The whole reading when nothing else was recognised.
    pub message: Text,
    /// Name of the stream of a metric or vector; the `type` of a note. Empty otherwise.
    pub name: Text,
    /// The measured value in the base unit of `unit`; NaN when there is none.
    pub value: f64,
    /// Unit of `value`.
    pub unit: Unit,
    /// The eight numbers of a vector reading.
    pub vector: [f32; 8],
    /// Fields, in the order of the reading.
    pub fields: Vec<Field>,
}

impl Parsed {
    /// Forgets the event before, keeping the memory of `fields`.
    pub fn clear(&mut self) {
        self.fields.clear();
        *self = Parsed { fields: std::mem::take(&mut self.fields), value: f64::NAN, ..Parsed::default() };
    }

    /// The field named `key`, compared byte for byte.
    pub fn field(&self, raw: &[u8], key: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.key.span.of(raw) == key.as_bytes())
    }
}

/// An encoded reading on its way through the stages.
///
/// The head is filled in stage by stage: the encoder's part first, then `head.verdict`, then `head.detection`.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    /// What is known of the event so far, and all that is kept of it besides `raw`.
    pub head: RecordHeader,
    /// Index of its encoder in `encoders::ENCODERS`.
    pub encoder: u8,
    /// The bytes as they arrived.
    pub raw: &'a [u8],
    /// What the encoder found in them.
    pub parsed: &'a Parsed,
    /// Resolves `head.kind` and `head.source`.
    pub symbols: &'a Symbols,
}

impl<'a> Event<'a> {
    /// The bytes of the message.
    pub fn message(&self) -> &'a [u8] {
        self.parsed.message.span.of(self.raw)
    }

    /// The event as filters see it.
    pub fn stored(&self) -> StoredRecord<'_> {
        StoredRecord { head: &self.head, raw: self.raw, symbols: self.symbols }
    }
}
