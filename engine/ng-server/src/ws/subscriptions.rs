//! The channels that one client of the seed's dialect reads, and what comes next on any of them.

use super::line::{End, Line, Over};
use super::reconnection::ResumePoint;
use super::stream::{Stream, join};
use crate::channel_news::Item;
use crate::channels::{CHANNELS, Channel};
use crate::clients::Client;
use crate::feed::{Cursor, Segment};
use crate::forms::Form;
use crate::forms::event::Style;
use crate::hub::{Hub, Phase};
use futures_util::future::select_all;
use ng_filter::Filter;
use ng_wire::GapReason;
use std::sync::Arc;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

/// What comes next.
pub(super) enum Next {
    /// An event, or a message that somebody sends to all.
    Item {
        /// It.
        item: Item,
        /// The client reads the channel as the seed's web page does.
        web: bool,
    },
    /// Events that this client has missed, for it takes them too slowly.
    Missed {
        /// The channel.
        channel: Channel,
        /// How many.
        count: u64,
    },
    /// Records. When they have been sent, [`Subscriptions::passed`] is to be told.
    Records {
        /// The channel.
        channel: Channel,
        /// They.
        segment: Arc<Segment>,
    },
    /// The server ends.
    Nothing,
}

/// The channels.
#[derive(Default)]
pub(super) struct Subscriptions {
    /// Channels of records last: they could keep the others waiting.
    all: Vec<Subscription>,
}

struct Subscription {
    channel: Channel,
    web: bool,
    news: broadcast::Receiver<Item>,
    records: Option<Records>,
}

/// A channel of records.
struct Records {
    cursor: Cursor,
    /// A segment was begun and is not known to be sent: the first `seq` of which the client may not have been told.
    begun: Option<u64>,
}

impl Records {
    fn position(&self) -> u64 {
        self.begun.unwrap_or_else(|| self.cursor.position())
    }
}

impl Subscriptions {
    /// Reads a channel from here on, or another way than before. Once read as the web page does, it stays so: those
    /// messages have everything that the others have.
    pub(super) async fn open(&mut self, hub: &Hub, channel: Channel, web: bool) -> Result<(), Over> {
        if let Some(known) = self.all.iter().find(|known| known.channel == channel)
            && (known.web || !web)
        {
            return Ok(());
        }
        let news = hub.channel_news.listen(channel);
        let from = hub.store.lock().next_seq();
        let cursor = match stream(channel, web, from) {
            Some(stream) => {
                let key = crate::feed::Key {
                    filter: stream.filter.canonical(),
                    form: stream.form,
                    max_rate: None,
                    rejected: false,
                };
                let opened = hub.feeds.open(key, stream.filter).await;
                Some(opened.map_err(|_| Over::End(End::of(Phase::Stopping)))?.0)
            }
            None => None,
        };
        self.add(channel, web, news, cursor);
        Ok(())
    }

    /// Goes on with a channel of an earlier session: tells what was missed on it.
    pub(super) async fn restore(
        &mut self,
        hub: &Hub,
        client: &Client,
        line: &mut Line<'_>,
        place: ResumePoint,
    ) -> Result<(), Over> {
        let news = hub.channel_news.listen(place.channel);
        let from = place.next_seq.unwrap_or_else(|| hub.store.lock().next_seq());
        let cursor = match stream(place.channel, place.web, from) {
            Some(stream) => Some(join(hub, client, line, &stream).await?),
            None => None,
        };
        self.add(place.channel, place.web, news, cursor);
        Ok(())
    }

    fn add(&mut self, channel: Channel, web: bool, news: broadcast::Receiver<Item>, cursor: Option<Cursor>) {
        self.close(channel);
        let records = cursor.map(|cursor| Records { cursor, begun: None });
        self.all.push(Subscription { channel, web, news, records });
        self.all.sort_by_key(|known| known.records.is_some());
    }

    /// Reads a channel no more.
    pub(super) fn close(&mut self, channel: Channel) {
        self.all.retain(|known| known.channel != channel);
    }

    /// The channels that are read, in the order of the table.
    pub(super) fn names(&self) -> Vec<&'static str> {
        let rows = CHANNELS.iter().filter(|row| self.all.iter().any(|known| known.channel == row.channel));
        rows.map(|row| row.name).collect()
    }

    /// The way a channel is read; none when it is not.
    pub(super) fn style(&self, channel: Channel) -> Option<Style> {
        let known = self.all.iter().find(|known| known.channel == channel)?;
        Some(Style { web: known.web, late: false })
    }

    /// Where the client stands.
    pub(super) fn places(&self) -> Vec<ResumePoint> {
        let place = |known: &Subscription| ResumePoint {
            channel: known.channel,
            web: known.web,
            next_seq: known.records.as_ref().map(Records::position),
        };
        self.all.iter().map(place).collect()
    }

    /// Bytes that wait for the client.
    pub(super) fn behind(&self) -> u64 {
        self.all.iter().filter_map(|known| known.records.as_ref()).map(|records| records.cursor.behind()).sum()
    }

    /// The holes that the client leaves when it is given up here.
    pub(super) fn rest(&self, hub: &Hub) -> Vec<tokio_tungstenite::tungstenite::Message> {
        let rest = |known: &Subscription| {
            let gap = known.records.as_ref()?.cursor.rest();
            let form = stream(known.channel, known.web, gap.from_seq)?.form;
            Some(hub.feeds.writer(form).gap(&gap))
        };
        self.all.iter().filter_map(rest).flatten().collect()
    }

    /// Everything of a segment has been sent.
    pub(super) fn passed(&mut self, channel: Channel) {
        let known = self.all.iter_mut().find(|known| known.channel == channel);
        if let Some(records) = known.and_then(|known| known.records.as_mut()) {
            records.begun = None;
        }
    }

    /// Waits for what comes next on any channel; for ever when none is read. Cancelling loses nothing.
    pub(super) async fn next(&mut self) -> Next {
        if self.all.is_empty() {
            return std::future::pending().await;
        }
        select_all(self.all.iter_mut().map(|known| Box::pin(known.next()))).await.0
    }
}

impl Subscription {
    async fn next(&mut self) -> Next {
        let records = async {
            match &mut self.records {
                Some(records) => {
                    let position = records.position();
                    let segment = records.cursor.next().await;
                    records.begun = Some(position);
                    segment
                }
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            heard = self.news.recv() => match heard {
                Ok(item) => Next::Item { item, web: self.web },
                Err(RecvError::Lagged(count)) => Next::Missed { channel: self.channel, count },
                Err(RecvError::Closed) => Next::Nothing,
            },
            segment = records => Next::Records { channel: self.channel, segment },
        }
    }
}

/// The records of a channel; none when it has no records. The engine's own notes are the logs, everything else that was
/// admitted is a signal.
fn stream(channel: Channel, web: bool, from: u64) -> Option<Stream> {
    let (filter, form): (&str, fn(Style) -> Form) = match channel {
        Channel::Signals => ("!format:note", Form::Signals),
        Channel::Logs => ("format:note", Form::Logs),
        _ => return None,
    };
    Some(Stream {
        filter: Filter::compile(filter, &Default::default()).expect("the filter is valid"),
        form: form(Style { web, late: false }),
        late: form(Style { web, late: true }),
        rejected: false,
        max_rate: None,
        from,
        missing: GapReason::Retention,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_channels_of_records_have_a_filter() {
        let with: Vec<_> = CHANNELS.iter().filter(|row| stream(row.channel, true, 0).is_some()).collect();
        assert_eq!(with.iter().map(|row| row.name).collect::<Vec<_>>(), ["signals", "logs"]);
    }
}
