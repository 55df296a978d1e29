//! A stream of records for one client: what the ring still holds of it, then the live feed.

use super::line::{End, Line, Over};
use crate::clients::Client;
use crate::clock;
use crate::feed::{Cursor, Key};
use crate::forms::{Form, Write};
use crate::hub::{Hub, Phase};
use ng_filter::Filter;
use ng_wire::{Gap, GapReason};
use std::sync::atomic::Ordering;

/// A reader that catches up joins the live feed when it is this close.
const CLOSE: u64 = 1024;

/// What a client reads of the records.
pub(super) struct Stream {
    /// Which.
    pub(super) filter: Filter,
    /// How they are written.
    pub(super) form: Form,
    /// How those are written that the client missed.
    pub(super) late: Form,
    /// Rejected records too.
    pub(super) rejected: bool,
    /// Most records a second.
    pub(super) max_rate: Option<u32>,
    /// The first record wanted: a client that has been told that it is heard misses nothing from then on.
    pub(super) from: u64,
    /// Why records are missing that the ring does not hold.
    pub(super) missing: GapReason,
}

/// Tells what the ring holds of the stream from where the client wants it, and joins the live feed.
pub(super) async fn join(hub: &Hub, client: &Client, line: &mut Line<'_>, stream: &Stream) -> Result<Cursor, Over> {
    let mut teller = Teller { hub, client, line, stream, writer: hub.feeds.writer(stream.late) };
    let mut from = stream.from;
    let first = hub.store.lock().first_seq();
    if from < first {
        teller.gap(from, first, stream.missing).await?;
        from = first;
    }
    loop {
        let end = hub.store.lock().next_seq();
        if end.saturating_sub(from) <= CLOSE {
            break;
        }
        from = teller.tell(from, end).await?;
    }
    let key = Key {
        filter: stream.filter.canonical(),
        form: stream.form,
        max_rate: stream.max_rate,
        rejected: stream.rejected,
    };
    let Ok((cursor, greeting, covered)) = hub.feeds.open(key, stream.filter.clone()).await else {
        return Err(Over::End(End::of(Phase::Stopping)));
    };
    while from < covered {
        from = teller.tell(from, covered).await?;
    }
    for message in greeting {
        teller.send(message).await?;
    }
    Ok(cursor)
}

struct Teller<'a, 'b> {
    hub: &'a Hub,
    client: &'a Client,
    line: &'a mut Line<'b>,
    stream: &'a Stream,
    writer: Box<dyn Write>,
}

impl Teller<'_, '_> {
    async fn send(&mut self, message: tokio_tungstenite::tungstenite::Message) -> Result<(), Over> {
        self.client.sent.fetch_add(1, Ordering::Relaxed);
        self.line.send(message, || 0).await
    }

    async fn gap(&mut self, from_seq: u64, to_seq: u64, reason: GapReason) -> Result<(), Over> {
        for message in self.writer.gap(&Gap { from_seq, to_seq, count: to_seq - from_seq, reason }) {
            self.send(message).await?;
        }
        Ok(())
    }

    /// Tells records of the ring below `end`; returns the first that was not looked at.
    async fn tell(&mut self, from: u64, end: u64) -> Result<u64, Over> {
        let first = self.hub.store.lock().first_seq();
        if from < first {
            self.gap(from, first, GapReason::Retention).await?;
            return Ok(first);
        }
        let Stream { filter, rejected, .. } = self.stream;
        let (writer, now_ns) = (self.writer.as_mut(), clock::now_ns());
        let (messages, count, next) = self.hub.feeds.history(writer, filter, *rejected, from..end, now_ns);
        self.client.records.fetch_add(count, Ordering::Relaxed);
        for message in messages {
            self.send(message).await?;
        }
        Ok(next)
    }
}
