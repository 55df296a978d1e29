//! The forms in which records are told. A form is one file and one line in [`Form`].

mod cloudevents;
pub mod event;
mod logs;
pub(crate) mod native;
mod packed;
mod signals;
mod single;

use event::Style;
use ng_core::store::Shared;
use ng_model::record::StoredRecord;
use ng_wire::Gap;
use tokio_tungstenite::tungstenite::Message;

/// How records are written into messages. Feeds with the same filter and form are one feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// `{"records":[…]}` as JSON; with features and channels, or without.
    Json {
        /// With them.
        vectors: bool,
    },
    /// The same as MessagePack.
    MessagePack {
        /// With them.
        vectors: bool,
    },
    /// `{"packed":…}` as MessagePack.
    Packed {
        /// With features and channels.
        vectors: bool,
    },
    /// One CloudEvent a message.
    CloudEvents,
    /// Events of the channel `signals`, one a message.
    Signals(Style),
    /// Events of the channel `logs`, one a message; for notes of the engine.
    Logs(Style),
}

/// Writes records into messages. Each feed has a writer of its own, for a writer may remember what it has told.
pub trait Write: Send {
    /// Adds a record to the messages under way.
    fn push(&mut self, stored: &StoredRecord<'_>);

    /// Bytes under way, about.
    fn size(&self) -> usize;

    /// The messages of what was pushed since the last call.
    fn finish(&mut self) -> Vec<Message>;

    /// The messages that tell of a hole. Nothing is under way.
    fn gap(&mut self, gap: &Gap) -> Vec<Message>;

    /// What a reader must have heard who comes now, before the next message of this writer.
    fn greeting(&self) -> Vec<Message> {
        Vec::new()
    }
}

impl Form {
    /// A writer that has told nothing. `host`: name of the engine's host; `store`: where neighbours are looked for.
    pub fn writer(self, host: &str, store: &Shared) -> Box<dyn Write> {
        match self {
            Form::Json { vectors } => Box::new(native::Writer::json(vectors)),
            Form::MessagePack { vectors } => Box::new(native::Writer::message_pack(vectors)),
            Form::Packed { vectors } => Box::new(packed::Writer::new(vectors)),
            Form::CloudEvents => Box::new(single::Writer::new(cloudevents::CloudEvents::new(host))),
            Form::Signals(style) => Box::new(single::Writer::new(signals::Signals::new(style, store.clone()))),
            Form::Logs(style) => Box::new(single::Writer::new(logs::Logs(style))),
        }
    }
}
