//! What the pipeline concludes about one event: a fixed-size head, kept beside the raw bytes in the store.

use crate::span::Text;
use crate::symbols::{Sym, Symbols};
use ng_wire::{Finding, Format, Level, Outcome, Scoring, Unit};

/// No rule, no encoder.
pub const NONE: u8 = u8::MAX;
/// No pattern.
pub const NO_PATTERN: u32 = u32::MAX;
/// No `seq`.
pub const NO_SEQ: u64 = u64::MAX;

/// Guardian's conclusion. Rules are named by their index in `guard::RULES`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Verdict {
    /// Admitted, flagged or rejected.
    pub outcome: Outcome,
    /// The deciding rule; [`NONE`] when admitted.
    pub rule: u8,
    /// The deciding clause, an index into the rule's clauses.
    pub clause: u8,
    /// Bit n is set when rule n objected.
    pub objections: u32,
    /// What the deciding clause found.
    pub observed: f64,
    /// What it allows.
    pub limit: f64,
}

impl Default for Verdict {
    fn default() -> Self {
        Verdict { outcome: Outcome::Admit, rule: NONE, clause: 0, objections: 0, observed: 0.0, limit: 0.0 }
    }
}

/// Novelty and anomaly of one event. Numbers are 0 unless `state` is `Learning` or `Scored`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Detection {
    /// Whether the numbers mean something.
    pub state: Scoring,
    /// Index of the encoder in `encoders::ENCODERS`; [`NONE`] when there is no vector.
    pub encoder: u8,
    /// First of its kind.
    pub is_novel: bool,
    /// Alert strength reached the threshold after warm-up.
    pub is_alert: bool,
    /// The eight features named by the encoder.
    pub vector: [f32; 8],
    /// Tail surprise of each channel of the encoder's detector at this event.
    pub channels: [f32; 4],
    /// Tail surprise of the distance to the nearest remembered vectors.
    pub novelty: f32,
    /// Sum of the channels: how unusual the event is by itself.
    pub event_surprise: f32,
    /// The same with what the leaks of the channels have left of the events before: how unusual the stream is.
    pub surprise: f32,
    /// Alert strength.
    pub strength: f32,
    /// Pattern; [`NO_PATTERN`] when it has none.
    pub pattern: u32,
    /// The nearest remembered event; [`NO_SEQ`] when there is none.
    pub nearest: u64,
    /// The field that says most; none where something else does.
    pub telling: Option<TellingField>,
    /// What the values of a metric usually were when it came, from the lowest hundredth to the highest, of what rises by
    /// nature from the value before on; of a field that is far out, what its numbers usually were. None for other events,
    /// and for a stream of which too little is known.
    pub usual: Option<[f64; 2]>,
    /// The share of late and the share before, of what is more frequent: the value of the field, or the level where no field
    /// says most.
    pub shares: Option<[f32; 2]>,
}

/// The field of an event that says most.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TellingField {
    /// Its place in [`Parsed::fields`](crate::event::Parsed::fields).
    pub place: u16,
    /// What is unusual about it.
    pub finding: Finding,
}

impl Default for Detection {
    fn default() -> Self {
        Detection {
            state: Scoring::Unscored,
            encoder: NONE,
            is_novel: false,
            is_alert: false,
            vector: [0.0; 8],
            channels: [0.0; 4],
            novelty: 0.0,
            event_surprise: 0.0,
            surprise: 0.0,
            strength: 0.0,
            pattern: NO_PATTERN,
            nearest: NO_SEQ,
            telling: None,
            usual: None,
            shares: None,
        }
    }
}

/// A value lies farther beyond the usual values than these lie from each other.
pub fn is_far(value: f64, [low, high]: [f64; 2]) -> bool {
    let beyond = (value - high).max(low - value);
    beyond > 0.0 && beyond >= high - low
}

impl Detection {
    /// The numbers mean something.
    pub fn is_scored(&self) -> bool {
        matches!(self.state, Scoring::Learning | Scoring::Scored)
    }

    /// A value lies farther beyond what is usual than usual values lie from each other; not where nothing is known to be usual.
    pub fn is_far(&self, value: f64) -> bool {
        self.usual.is_some_and(|usual| is_far(value, usual))
    }

    /// The channel that says most; of equal ones the first.
    pub fn largest_channel(&self) -> usize {
        (1..self.channels.len()).fold(
            0,
            |largest, next| {
                if self.channels[next] > self.channels[largest] { next } else { largest }
            },
        )
    }

    /// `1 − 10^(−event_surprise/4)`, in [0, 1).
    pub fn anomaly_score(&self) -> f32 {
        let score = 1.0 - 10f32.powf(-self.event_surprise / 4.0);
        // Beyond a surprise of 28 the nearest number to it is 1.
        if score == 1.0 { score.next_down() } else { score }
    }
}

/// Everything kept of one event besides its raw bytes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RecordHeader {
    /// Place in the stream.
    pub seq: u64,
    /// The event's own time, else its arrival. Nanoseconds since 1970, UTC.
    pub time_ns: i64,
    /// Arrival. Nanoseconds since 1970, UTC.
    pub received_ns: i64,
    /// Measured value; NaN when there is none.
    pub value: f64,
    /// Dotted topic.
    pub kind: Sym,
    /// Source.
    pub source: Sym,
    /// Severity.
    pub level: Level,
    /// How the raw bytes are read.
    pub format: Format,
    /// Number of the declared format that read them, good for this process alone; 0 when none did.
    pub declared: u16,
    /// Unit of `value`.
    pub unit: Unit,
    /// The message inside the raw bytes.
    pub message: Text,
    /// Guardian.
    pub verdict: Verdict,
    /// Detection.
    pub detection: Detection,
}

/// One stored event as readers, filters and rules see it.
#[derive(Clone, Copy, Debug)]
pub struct StoredRecord<'a> {
    /// What was concluded.
    pub head: &'a RecordHeader,
    /// The bytes as they arrived.
    pub raw: &'a [u8],
    /// Resolves `head.kind` and `head.source`.
    pub symbols: &'a Symbols,
}

impl<'a> StoredRecord<'a> {
    /// The bytes of the message, JSON escapes left as they are.
    pub fn message(&self) -> &'a [u8] {
        self.head.message.span.of(self.raw)
    }

    /// The dotted topic.
    pub fn kind(&self) -> &'a str {
        self.symbols.name(self.head.kind)
    }

    /// The name of the source.
    pub fn source(&self) -> &'a str {
        self.symbols.name(self.head.source)
    }
}
