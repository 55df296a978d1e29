//! CloudEvents 1.0 in the structured JSON form, one event a message.

use super::single::Tell;
use crate::clock;
use ng_wire::{BorrowedRecord, Gap};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

pub(super) struct CloudEvents {
    /// `source` of what the engine itself says.
    host: String,
}

impl CloudEvents {
    pub(super) fn new(host: &str) -> Self {
        CloudEvents { host: format!("//{host}") }
    }

    fn event(&self, id: String, kind: &str, source: &str, time_ns: i64, data: &Value) -> Message {
        let event = json!({
            "specversion": "1.0", "id": id, "type": kind, "source": format!("{}/{}", self.host, escaped(source)),
            "time": clock::iso(time_ns), "datacontenttype": "application/json", "data": data,
        });
        Message::Text(event.to_string().into())
    }
}

/// The text as part of a URI reference.
fn escaped(text: &str) -> String {
    let keep = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~/:".contains(byte);
    text.bytes().map(|byte| if keep(&byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

impl Tell for CloudEvents {
    fn record(&mut self, record: BorrowedRecord<'_>) -> Message {
        let data = serde_json::to_value(&record).expect("records are valid JSON");
        self.event(record.seq.to_string(), &record.kind, &record.source, record.time_ns, &data)
    }

    fn gap(&self, gap: &Gap) -> Message {
        let data = serde_json::to_value(gap).expect("a gap is valid JSON");
        let id = format!("gap-{}-{}", gap.from_seq, gap.to_seq);
        self.event(id, "stream.gap", "engine", clock::now_ns(), &data)
    }
}
