//! Records as events of the channel `signals`.
//!
//! Beside the keys of the seed (`event_id`, `event_type`, `is_novel`, `priority`, `resonance_score`, `neighbors_count`) an
//! event has the text, source, level, attributes and scores of its record.
//!
//! * `event_id` is the record's `seq`.
//! * `priority`, 0 to 255: 40 for each step of the level from trace on, as in filters, and up to 15 for how unusual the
//!   record is: 15 when it is novel, else 14 times its anomaly score.
//! * `resonance_score`, 0 to 1: similarity of the nearest of the latest records; null when the record was not scored, or
//!   there is none of its kind.
//! * `neighbors_count`: how many of the five nearest are at least half like it.

use super::event::{self, Event, Style};
use super::single::Tell;
use crate::channels::Channel;
use ng_core::store::{Reader, Shared, nearest};
use ng_wire::{BorrowedRecord, Gap, Level};
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

/// Records among which neighbours are looked for, the newest.
const BUDGET: usize = 256;
/// Neighbours that are looked for.
const NEIGHBOURS: usize = 5;
/// Similarity from which on a neighbour counts.
const ALIKE: f32 = 0.5;

pub(super) struct Signals {
    style: Style,
    reader: Reader,
}

impl Signals {
    pub(super) fn new(style: Style, store: Shared) -> Self {
        Signals { style, reader: Reader::new(store) }
    }
}

fn priority(level: Level, is_novel: bool, anomaly: Option<f32>) -> u8 {
    let unusual = if is_novel { 15.0 } else { 14.0 * anomaly.unwrap_or_default().clamp(0.0, 1.0) };
    40 * level as u8 + unusual as u8
}

impl Tell for Signals {
    fn record(&mut self, record: BorrowedRecord<'_>) -> Message {
        let found = nearest(&mut self.reader, record.seq, NEIGHBOURS, BUDGET);
        let detection = &record.detection;
        let data = json!({
            "event_id": record.seq.to_string(),
            "event_type": record.kind,
            "is_novel": detection.is_novel,
            "priority": priority(record.level, detection.is_novel, detection.anomaly_score),
            "resonance_score": found.first().map(|(_, _, similarity)| similarity),
            "neighbors_count": found.iter().filter(|(_, _, similarity)| *similarity >= ALIKE).count(),
            "text": record.text,
            "source": record.source,
            "level": record.level,
            "value": record.value,
            "attrs": record.attrs,
            "novelty": detection.novelty,
            "anomaly_score": detection.anomaly_score,
            "is_alert": detection.is_alert,
            "why": detection.why,
            "pattern": detection.pattern,
        });
        let kind = record.kind.clone();
        Event::of_record(Channel::Signals, &record, kind, data, self.style).message(self.style)
    }

    fn gap(&self, gap: &Gap) -> Message {
        event::gap(Channel::Signals, gap)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn priority_follows_the_level_and_then_how_unusual_a_record_is() {
        assert_eq!(priority(Level::Trace, false, None), 0);
        assert_eq!(priority(Level::Info, false, Some(0.5)), 87);
        assert_eq!(priority(Level::Info, false, Some(1.0)), 94);
        assert_eq!(priority(Level::Info, true, Some(0.1)), 95);
        assert_eq!(priority(Level::Notice, false, Some(0.0)), 120);
        assert_eq!(priority(Level::Fatal, true, None), 255);
    }
}
