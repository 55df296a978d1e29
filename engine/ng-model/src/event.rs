//! What goes into the pipeline: a reading, and the event that an encoder finds in it.
//!
//! An event borrows the raw bytes of its reading; message, keys and values are spans of those bytes, so that encoding
//! allocates nothing, and a stored reading can be parsed again into the same event.

pub use crate::field::{Container, Field, Fit, Key};
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

/// What an encoder found in a reading. Reused from event to event.
#[derive(Clone, Debug, Default)]
pub struct Parsed {
    /// The format that was recognised.
    pub format: Format,
    /// Number of the declared format that read it; 0 when none did.
    pub declared: u16,
    /// Time stated by the event, nanoseconds since 1970, UTC.
    pub time_ns: Option<i64>,
    /// Level stated by the event.
    pub level: Option<Level>,
    /// The message, without timestamp and level. The whole reading when nothing else was recognised.
    pub message: Text,
    /// Name of the stream of a metric or vector; the `type` of a note. Empty otherwise.
    pub name: Text,
    /// What tells the streams of one name apart, as it is written; empty where the name is the stream.
    pub labels: Text,
    /// The measured value in the base unit of `unit`; NaN when there is none.
    pub value: f64,
    /// Unit of `value`.
    pub unit: Unit,
    /// The eight numbers of a vector reading.
    pub vector: [f32; 8],
    /// Fields, in the order of the reading, those of a wrapper behind them.
    pub fields: Vec<Field>,
    /// What nested fields stand in, each behind the one it stands in.
    pub containers: Vec<Container>,
    /// Fields that were found and not kept, because there were too many.
    pub left_out: u32,
}

impl Parsed {
    /// Forgets the event before, keeping the memory of its lists.
    pub fn clear(&mut self) {
        let Parsed {
            format,
            declared,
            time_ns,
            level,
            message,
            name,
            labels,
            value,
            unit,
            vector,
            fields,
            containers,
            left_out,
        } = self;
        (*format, *declared, *time_ns, *level) = (Format::default(), 0, None, None);
        (*message, *name, *labels) = (Text::default(), Text::default(), Text::default());
        (*value, *unit, *vector, *left_out) = (f64::NAN, Unit::None, [0.0; 8], 0);
        fields.clear();
        containers.clear();
    }

    /// The field that a path names. A key of the event itself goes before a path into it, and that before the end of a path
    /// where only one field has it, such as `status` for `res.status`.
    pub fn field(&self, raw: &[u8], path: &str) -> Option<&Field> {
        let (mut whole, mut tail, mut several) = (None, None::<&Field>, false);
        for field in &self.fields {
            match (field.fit(raw, &self.containers, path.as_bytes()), tail) {
                (Fit::No, _) => {}
                (Fit::Whole, _) if field.container == 0 => return Some(field),
                (Fit::Whole, _) => whole = whole.or(Some(field)),
                (Fit::Tail, None) => tail = Some(field),
                (Fit::Tail, Some(first)) => {
                    several |= first.container != field.container || first.key.of(raw) != field.key.of(raw);
                }
            }
        }
        whole.or(tail.filter(|_| !several))
    }

    /// Moves every place by `by` bytes: what was found in a part of a reading is then found in the reading.
    pub fn shift(&mut self, by: usize) {
        let by = by as u32;
        let keys = self.fields.iter_mut().filter_map(|field| match &mut field.key {
            Key::Text(text) => Some(text),
            Key::Name(_) => None,
        });
        keys.chain(self.containers.iter_mut().map(|container| &mut container.key))
            .chain([&mut self.message, &mut self.name, &mut self.labels])
            .for_each(|text| text.span.start += by);
        self.fields.iter_mut().for_each(|field| field.value.span.start += by);
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

    /// The message is a part of the reading; otherwise nothing in it was recognised as one.
    pub fn has_message(&self) -> bool {
        let span = self.parsed.message.span;
        !span.is_empty() && span.of(self.raw).len() < self.raw.len()
    }

    /// The event as filters see it.
    pub fn stored(&self) -> StoredRecord<'_> {
        StoredRecord { head: &self.head, raw: self.raw, symbols: self.symbols }
    }
}
