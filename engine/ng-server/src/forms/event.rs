//! Events of channels, as the seed's clients read them: `{"channel":…,"timestamp":…,"event_type":…,"data":{…}}`.

use crate::channels::Channel;
use crate::clock;
use crate::settings::MESSAGE_BYTES;
use ng_wire::{BorrowedRecord, Gap, GapReason};
use serde_json::{Map, Value, json};
use tokio_tungstenite::tungstenite::Message;

/// Longest text in an event that would otherwise be longer than the clients take, bytes.
const CUT_BYTES: usize = 2 << 10;

/// How an event is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Style {
    /// For the seed's web page, which reads `type` (the channel) and `payload` (the data).
    pub web: bool,
    /// The client missed it when it happened: `buffered_at` tells since when it has waited.
    pub late: bool,
}

/// One event of a channel.
#[derive(Clone, Debug)]
pub struct Event {
    /// The channel.
    pub channel: Channel,
    /// When it happened, nanoseconds since 1970, UTC.
    pub time_ns: i64,
    /// Its type, such as `system_metrics`.
    pub event_type: String,
    /// What it says.
    pub data: Map<String, Value>,
    /// Further keys beside the data.
    pub more: Map<String, Value>,
}

impl Event {
    /// An event. `data`: an object.
    pub fn new(channel: Channel, time_ns: i64, event_type: impl Into<String>, data: Value) -> Self {
        let data = match data {
            Value::Object(data) => data,
            other => Map::from_iter([("value".to_owned(), other)]),
        };
        Event { channel, time_ns, event_type: event_type.into(), data, more: Map::new() }
    }

    /// The event of a record that is told in this style.
    pub fn of_record(
        channel: Channel,
        record: &BorrowedRecord<'_>,
        event_type: impl Into<String>,
        data: Value,
        style: Style,
    ) -> Self {
        let mut event = Event::new(channel, record.time_ns, event_type, data);
        if style.late {
            event.more.insert("buffered_at".into(), clock::iso(record.received_ns).into());
        }
        event
    }

    /// The event as a message no longer than the clients take: of one that is longer, texts are cut and it says so.
    pub fn message(mut self, style: Style) -> Message {
        let mut text = self.text(style);
        if text.len() > MESSAGE_BYTES {
            self.cut();
            text = self.text(style);
        }
        Message::Text(text.into())
    }

    fn text(&self, style: Style) -> String {
        let mut event = self.more.clone();
        event.insert("channel".into(), self.channel.name().into());
        event.insert("timestamp".into(), clock::iso(self.time_ns).into());
        event.insert("event_type".into(), self.event_type.clone().into());
        event.insert("data".into(), Value::Object(self.data.clone()));
        if style.web {
            event.insert("type".into(), self.channel.name().into());
            event.insert("payload".into(), Value::Object(self.data.clone()));
        }
        Value::Object(event).to_string()
    }

    /// Leaves out everything that can be of any length, except the beginning of texts.
    fn cut(&mut self) {
        self.more.clear();
        self.data.retain(|_, value| !value.is_array() && !value.is_object());
        for text in self.data.values_mut() {
            if let Value::String(text) = text {
                let end = (0..=CUT_BYTES.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
                text.truncate(end.unwrap_or_default());
            }
        }
        self.data.insert("truncated".into(), true.into());
    }
}

/// The event that tells of a hole in a channel. It has the keys that handlers of the channel look for, and is never
/// written for the web page, which would take it for a state.
pub fn gap(channel: Channel, gap: &Gap) -> Message {
    let reason = serde_json::to_value(gap.reason).unwrap_or_default();
    let words = reason.as_str().unwrap_or_default().replace('_', " ");
    let message = format!("{} events are missing: {words}", gap.count);
    let mut data = json!({ "count": gap.count, "reason": reason, "message": message });
    if gap.to_seq > gap.from_seq {
        data["from_seq"] = gap.from_seq.into();
        data["to_seq"] = gap.to_seq.into();
    }
    let mut event = Event::new(channel, clock::now_ns(), "stream.gap", data);
    let more = match channel {
        Channel::Signals => json!({
            "event_id": format!("gap-{}-{}", gap.from_seq, gap.to_seq), "event_type": "stream.gap", "is_novel": false,
            "priority": 255, "resonance_score": null, "neighbors_count": 0, "text": message, "source": "engine",
        }),
        Channel::Logs => json!({ "level": "WARNING", "service": "engine", "correlation_id": null }),
        _ => json!({}),
    };
    event.data.extend(more.as_object().cloned().unwrap_or_default());
    event.message(Style::default())
}

/// The hole that a client leaves in a channel of views by taking them too slowly.
pub fn missed(channel: Channel, count: u64) -> Message {
    gap(channel, &Gap { from_seq: 0, to_seq: 0, count, reason: GapReason::SlowConsumer })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(message: &Message) -> Value {
        serde_json::from_str(message.to_text().unwrap()).unwrap()
    }

    #[test]
    fn the_web_page_finds_the_data_under_its_own_names() {
        let event = Event::new(Channel::Status, 0, "status.running", json!({ "status": "running" }));
        let plain = json!({
            "channel": "status", "timestamp": "1970-01-01T00:00:00.000000Z", "event_type": "status.running",
            "data": { "status": "running" },
        });
        assert_eq!(read(&event.clone().message(Style::default())), plain);
        let mut web = plain;
        web["type"] = "status".into();
        web["payload"] = json!({ "status": "running" });
        assert_eq!(read(&event.message(Style { web: true, late: false })), web);
    }

    #[test]
    fn an_event_that_no_client_would_take_is_cut() {
        let long = "\u{1}ä".repeat(MESSAGE_BYTES / 2);
        let data = json!({ "event_id": "7", "text": long, "attrs": { "key": long } });
        let message = Event::new(Channel::Signals, 0, "log.text", data).message(Style { web: true, late: false });
        assert!(message.to_text().unwrap().len() < MESSAGE_BYTES / 8);
        let data = &read(&message)["data"];
        assert_eq!((&data["event_id"], &data["truncated"]), (&json!("7"), &json!(true)));
        assert!(data["text"].as_str().unwrap().starts_with("\u{1}ä\u{1}ä"));
        assert_eq!(data.get("attrs"), None);
    }

    #[test]
    fn a_gap_has_the_keys_that_handlers_of_its_channel_look_for() {
        let hole = Gap { from_seq: 3, to_seq: 9, count: 6, reason: GapReason::Retention };
        for (channel, keys) in [
            (Channel::Signals, &["event_id", "is_novel", "priority", "resonance_score", "neighbors_count"][..]),
            (Channel::Logs, &["level", "message", "service", "correlation_id"]),
            (Channel::Actions, &["count", "reason"]),
        ] {
            let event = read(&gap(channel, &hole));
            assert_eq!(event["channel"], channel.name());
            assert_eq!(event["data"]["reason"], "retention");
            assert!(keys.iter().all(|key| event["data"].get(key).is_some()), "{event}");
            assert_eq!(event.get("type"), None);
        }
        assert_eq!(read(&missed(Channel::Metrics, 4))["data"].get("from_seq"), None);
    }
}
