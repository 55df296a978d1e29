//! The rows of the result: comma-separated values with a header.

use super::fields;
use ng_core::convert;
use ng_core::guard;
use ng_detect::sessions::Ended;
use ng_model::event::Parsed;
use ng_model::record::{NO_PATTERN, NO_SEQ, StoredRecord};
use ng_reading::encoders::ENCODERS;
use ng_reading::recogniser::reparse;
use ng_wire::{Format, Outcome};
use std::io::Write;

/// The columns of every event.
const COLUMNS: &str = "index,score,novelty,is_novel,anomaly_score,alert,pattern,why";

/// The header. With `explain` the channels of the encoder of `format` follow, and the nearest remembered index.
pub(super) fn header(out: &mut Vec<u8>, format: Format, explain: bool) {
    out.extend_from_slice(COLUMNS.as_bytes());
    if explain {
        for channel in channels(format) {
            out.push(b',');
            fields::write(out, channel.as_bytes());
        }
        out.extend_from_slice(b",nearest");
    }
    out.push(b'\n');
}

/// One event. Numbers are 0 when it was not scored.
pub(super) fn write(out: &mut Vec<u8>, index: u64, stored: &StoredRecord<'_>, format: Format, explain: bool) {
    let head = stored.head;
    let found = &head.detection;
    let score = if head.format == Format::Metric { found.strength } else { found.surprise };
    let (novelty, anomaly) = (found.novelty, if found.is_scored() { found.anomaly_score() } else { 0.0 });
    let (is_novel, is_alert) = (u8::from(found.is_novel), u8::from(found.is_alert));
    put(out, format_args!("{index},{score},{novelty},{is_novel},{anomaly},{is_alert},"));
    if found.pattern != NO_PATTERN {
        put(out, format_args!("{}", found.pattern));
    }
    out.push(b',');
    if head.verdict.outcome == Outcome::Reject {
        put(out, format_args!("rejected by {}", guard::clause_name(head.verdict.rule, head.verdict.clause).0));
    } else {
        let mut parsed = Parsed::default();
        if found.telling.is_some() {
            reparse(head.format, head.declared, stored.raw, head.received_ns, &mut parsed);
        }
        fields::write(out, convert::why(stored, &parsed).as_bytes());
    }
    if explain {
        // An event that is of another format than the header says has other channels.
        let fits = head.format == format;
        for (_, share) in channels(format).zip(found.channels) {
            if fits {
                put(out, format_args!(",{share}"));
            } else {
                out.push(b',');
            }
        }
        out.push(b',');
        if found.nearest != NO_SEQ {
            put(out, format_args!("{}", found.nearest));
        }
    }
    out.push(b'\n');
}

/// The header of sessions. With `explain` the strength, the number of events and the reason follow.
pub(super) fn session_header(out: &mut Vec<u8>, explain: bool) {
    out.extend_from_slice(if explain { b"session,score,strength,alert,events,why\n" } else { b"session,score\n" });
}

/// Sessions that ended.
pub(super) fn sessions(out: &mut Vec<u8>, ended: &[Ended], explain: bool) {
    for session in ended {
        fields::write(out, &session.name);
        put(out, format_args!(",{}", session.score as f32));
        if explain {
            let (strength, is_alert) = (session.strength as f32, u8::from(session.is_alert));
            put(out, format_args!(",{strength},{is_alert},{},", session.events));
            fields::write(out, session.why().as_bytes());
        }
        out.push(b'\n');
    }
}

/// Writes numbers and words that need no quotes.
fn put(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("memory takes every byte");
}

/// The names of the channels that the events of a format have.
fn channels(format: Format) -> impl Iterator<Item = &'static str> {
    let encoder = ENCODERS.iter().find(|encoder| encoder.format() == format);
    encoder.map(|encoder| encoder.channels).unwrap_or_default().into_iter().filter(|name| !name.is_empty())
}
