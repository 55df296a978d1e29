//! Notes of the engine as events of the channel `logs`.
//!
//! `level` is one of the five words that the seed's clients know, in capitals; `severity` is the engine's own. The fields
//! of the note stand beside the keys of the seed.

use super::event::{self, Event, Style};
use super::single::Tell;
use crate::channels::Channel;
use ng_wire::{BorrowedRecord, Gap, Level};
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

pub(super) struct Logs(pub(super) Style);

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

impl Tell for Logs {
    fn record(&mut self, record: BorrowedRecord<'_>) -> Message {
        let level = word(record.level);
        let known = json!({
            "level": level.to_uppercase(),
            "message": record.text,
            "service": record.attrs.get("module").unwrap_or(&record.source),
            "correlation_id": record.attrs.get("correlation_id"),
            "severity": record.level,
            "event_id": record.seq.to_string(),
            "event_type": record.kind,
        });
        let mut data = json!(record.attrs);
        if let (Some(data), serde_json::Value::Object(known)) = (data.as_object_mut(), known) {
            data.extend(known);
        }
        Event::of_record(Channel::Logs, &record, format!("log.{level}"), data, self.0).message(self.0)
    }

    fn gap(&self, gap: &Gap) -> Message {
        event::gap(Channel::Logs, gap)
    }
}
