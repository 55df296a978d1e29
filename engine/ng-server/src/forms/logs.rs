//! Notes of the engine as events of the channel `logs`.
//!
//! `level` is one of the five words that the seed's clients know, in capitals; `severity` is the engine's own. The fields
//! of the note stand beside the keys of the seed.

use super::Write;
use super::event::{self, Event, Style};
use crate::channels::Channel;
use crate::clock;
use ng_core::convert;
use ng_core::encoders::Clock;
use ng_core::event::Parsed;
use ng_core::record::Stored;
use ng_wire::{Gap, Level};
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

pub(super) struct Writer {
    style: Style,
    parsed: Parsed,
    messages: Vec<Message>,
    size: usize,
}

impl Writer {
    pub(super) fn new(style: Style) -> Self {
        Writer { style, parsed: Parsed::default(), messages: Vec::new(), size: 0 }
    }
}

/// The word of the seed for a level.
fn word(level: Level) -> &'static str {
    match level {
        Level::Trace | Level::Debug => "debug",
        Level::Info | Level::Notice => "info",
        Level::Warn => "warning",
        Level::Error => "error",
        Level::Fatal => "critical",
    }
}

impl Write for Writer {
    fn push(&mut self, stored: &Stored<'_>) {
        let record = convert::record(stored, &Clock::default(), &mut self.parsed);
        let level = word(record.level);
        let correlation_id = record.attrs.get("correlation_id").cloned();
        let service = record.attrs.get("module").unwrap_or(&record.source).clone();
        let known = json!({
            "level": level.to_uppercase(),
            "message": record.text,
            "service": service,
            "correlation_id": correlation_id,
            "severity": record.level,
            "event_id": record.seq.to_string(),
            "event_type": record.kind,
        });
        let mut data = json!(record.attrs);
        if let (Some(data), serde_json::Value::Object(known)) = (data.as_object_mut(), known) {
            data.extend(known);
        }
        let mut event = Event::new(Channel::Logs, record.time_ns, format!("log.{level}"), data);
        if self.style.late {
            event.more.insert("buffered_at".into(), clock::iso(record.received_ns).into());
        }
        let message = event.message(self.style);
        self.size += crate::feed::length(&message);
        self.messages.push(message);
    }

    fn size(&self) -> usize {
        self.size
    }

    fn finish(&mut self) -> Vec<Message> {
        self.size = 0;
        std::mem::take(&mut self.messages)
    }

    fn gap(&mut self, gap: &Gap) -> Vec<Message> {
        vec![event::gap(Channel::Logs, gap)]
    }
}
