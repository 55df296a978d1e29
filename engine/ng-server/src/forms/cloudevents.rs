//! CloudEvents 1.0 in the structured JSON form, one event a message.

use super::Write;
use crate::clock;
use ng_core::convert;
use ng_core::encoders::Clock;
use ng_core::event::Parsed;
use ng_core::record::Stored;
use ng_wire::Gap;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

pub(super) struct Writer {
    /// `source` of what the engine itself says.
    host: String,
    parsed: Parsed,
    messages: Vec<Message>,
    size: usize,
}

impl Writer {
    pub(super) fn new(host: &str) -> Self {
        Writer { host: format!("//{host}"), parsed: Parsed::default(), messages: Vec::new(), size: 0 }
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

impl Write for Writer {
    fn push(&mut self, stored: &Stored<'_>) {
        let record = convert::record(stored, &Clock::default(), &mut self.parsed);
        let data = serde_json::to_value(&record).expect("records are valid JSON");
        let message = self.event(record.seq.to_string(), &record.kind, &record.source, record.time_ns, &data);
        self.size += 900 + 2 * record.text.len();
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
        let data = serde_json::to_value(gap).expect("a gap is valid JSON");
        let id = format!("gap-{}-{}", gap.from_seq, gap.to_seq);
        vec![self.event(id, "stream.gap", "engine", clock::now_ns(), &data)]
    }
}
