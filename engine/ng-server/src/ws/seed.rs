//! The dialect of the seed, for clients that name no sub-protocol: text messages, one JSON object each.
//!
//! `connected` comes first. `subscribe` is answered by `subscribed`, at once and before the first event of those channels;
//! the other requests are answered likewise, and what is refused by `error` with a stable code. Nothing that a client
//! sends ends the session, except a fault of WebSocket itself. The server sends `{"type":"ping"}` twice a minute and
//! expects no answer; whether a client still lives is asked by WebSocket's own pings.

use super::binary::{self, Content};
use super::buckets::{Buckets, Kind};
use super::line::{End, Heartbeat, Line, Over};
use super::reconnection::{self, Places, Restored};
use super::requests::{Asked, allowed, answer, refusal, typed, unknown_channel};
use super::socket::Socket;
use super::subscriptions::{Next, Subscriptions};
use crate::auth::Right;
use crate::channel_news;
use crate::channels::Channel;
use crate::clients::Client;
use crate::error::ApiError;
use crate::forms::event;
use crate::hub::{Hub, Phase, ended};
use crate::request::Request as Asker;
use crate::settings::MESSAGE_BYTES;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio_tungstenite::tungstenite::Message;

/// Time between two pings of the dialect.
const PING_EVERY: Duration = Duration::from_secs(30);
/// A client that does not take a message in this time is given up.
const STUCK: Duration = Duration::from_secs(60);

/// Serves a client until it leaves.
pub(super) async fn serve(hub: Arc<Hub>, asker: Asker, socket: Socket, restored: Option<Restored>) {
    let presence = hub.clients.enter(asker.identity.clone(), asker.peer.name(), "seed");
    let mut line = Line::new(socket, &hub, &asker.identity);
    let mut session = Session {
        hub: &hub,
        asker: &asker,
        client: &presence.client,
        subscriptions: Subscriptions::default(),
        buckets: Buckets::new(Instant::now()),
        binary: false,
        places: Places::default(),
        unsent: Vec::new(),
    };
    let over = session.run(&mut line, restored).await;
    session.keep();
    match over {
        Err(Over::End(end)) => {
            let last = session.last_words(end);
            line.close(last, end).await;
        }
        _ => line.finish().await,
    }
}

struct Session<'a> {
    hub: &'a Arc<Hub>,
    asker: &'a Asker,
    client: &'a Client,
    subscriptions: Subscriptions,
    buckets: Buckets,
    /// Binary messages go both ways.
    binary: bool,
    /// Where this session stands, for whoever goes on with it.
    places: Places,
    /// What was to be sent after the message at which the client was given up; the hole that it leaves begins after this.
    unsent: Vec<Message>,
}

impl Session<'_> {
    async fn run(&mut self, line: &mut Line<'_>, restored: Option<Restored>) -> Result<(), Over> {
        let identity = &self.asker.identity;
        let connected = json!({
            "client_id": self.client.id,
            "user_id": identity.user,
            "reconnected": restored.is_some(),
            "role": identity.role,
            "channels": crate::channels::CHANNELS.iter().filter(|row| identity.may(Right::Read(row.channel)))
                .map(|row| row.name).collect::<Vec<_>>(),
        });
        let mut places = restored.map(|restored| restored.places()).unwrap_or_default();
        places.retain(|place| identity.may(Right::Read(place.channel)));
        *self.client.reads.lock() = places.iter().map(|place| place.channel.name().to_owned()).collect();
        self.send(line, answer("connected", connected)).await?;
        for place in places {
            self.subscriptions.restore(self.hub, self.client, line, place).await?;
            self.tell_state(line, place.channel).await?;
        }
        self.note_reads();

        let mut heartbeat = Heartbeat::new(self.hub.settings.limits.ping_s);
        let mut pings = tokio::time::interval_at(tokio::time::Instant::now() + PING_EVERY, PING_EVERY);
        pings.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut phase = self.hub.phase();
        loop {
            self.client.behind.store(self.subscriptions.behind(), Ordering::Relaxed);
            // Requests before events, so that an answer is the very next message as far as it depends on us.
            tokio::select! {
                biased;
                phase = ended(&mut phase) => return Err(Over::End(End::of(phase))),
                received = line.receive() => {
                    let message = received?;
                    heartbeat.heard();
                    self.client.heard();
                    self.hear(line, message).await?;
                }
                ping = heartbeat.due() => {
                    self.keep();
                    self.send(line, ping?).await?;
                }
                _ = pings.tick() => self.send(line, answer("ping", json!({}))).await?,
                next = self.subscriptions.next() => self.tell(line, next).await?,
            }
        }
    }

    /// Sends a message. A client that takes too little, or nothing for too long, is given up.
    async fn send(&self, line: &mut Line<'_>, message: Message) -> Result<(), Over> {
        self.client.sent.fetch_add(1, Ordering::Relaxed);
        let begun = Instant::now();
        let sent =
            line.send(message, || if begun.elapsed() > STUCK { u64::MAX } else { self.subscriptions.behind() }).await;
        if sent == Err(Over::End(End::SLOW)) {
            self.hub.meters.slow.one();
        }
        sent
    }

    /// Tells what came next on a channel.
    async fn tell(&mut self, line: &mut Line<'_>, next: Next) -> Result<(), Over> {
        match next {
            Next::Item { item, web } => match item.message(web, self.binary) {
                Some(message) => self.send(line, message).await,
                None => Ok(()),
            },
            Next::Missed { channel, count } => {
                self.hub.meters.missed.add(count);
                self.send(line, event::missed(channel, count)).await
            }
            Next::Records { channel, segment } => {
                for (index, message) in segment.messages.iter().enumerate() {
                    if let Err(over) = self.send(line, message.clone()).await {
                        self.unsent = segment.messages[index + 1..].to_vec();
                        return Err(over);
                    }
                }
                self.client.records.fetch_add(segment.records, Ordering::Relaxed);
                self.subscriptions.passed(channel);
                Ok(())
            }
            Next::Nothing => Err(Over::End(End::of(Phase::Stopping))),
        }
    }

    /// Takes a message of the client.
    async fn hear(&mut self, line: &mut Line<'_>, message: Message) -> Result<(), Over> {
        match message {
            Message::Text(text) => self.carry_out(line, text.as_bytes()).await,
            Message::Binary(bytes) => self.hear_binary(line, bytes).await,
            Message::Ping(_) | Message::Pong(_) | Message::Close(_) | Message::Frame(_) => Ok(()),
        }
    }

    /// Carries out a request and answers it.
    async fn carry_out(&mut self, line: &mut Line<'_>, bytes: &[u8]) -> Result<(), Over> {
        let typed = match typed(bytes) {
            Ok(typed) => typed,
            Err(error) => {
                let error = self.take(Kind::Other).err().unwrap_or(error);
                return self.refuse(line, &error, None).await;
            }
        };
        let taken = typed.kind().map_or(Ok(()), |kind| self.take(kind));
        match taken.and_then(|()| typed.asked()) {
            Ok(asked) => match self.answer(line, asked).await? {
                Ok(()) => Ok(()),
                Err(error) => self.refuse(line, &error, Some(&typed.name)).await,
            },
            Err(error) => self.refuse(line, &error, Some(&typed.name)).await,
        }
    }

    fn take(&mut self, kind: Kind) -> Result<(), ApiError> {
        self.buckets.take(kind, Instant::now()).map_err(|seconds| {
            self.hub.meters.rate_limited.one();
            ApiError::rate_limited(
                format!("too many messages of this type; the next may come in {seconds:.1} s"),
                seconds,
            )
        })
    }

    async fn refuse(&self, line: &mut Line<'_>, error: &ApiError, of: Option<&str>) -> Result<(), Over> {
        self.hub.meters.errors.one();
        self.send(line, refusal(error, of)).await
    }

    /// Answers a request; what is refused is returned and not yet told.
    async fn answer(&mut self, line: &mut Line<'_>, asked: Asked) -> Result<Result<(), ApiError>, Over> {
        let answered = match asked {
            Asked::Subscribe { names, web } => return self.subscribe(line, &names, web).await,
            Asked::Unsubscribe { names } => {
                names.iter().filter_map(|name| Channel::named(name)).for_each(|channel| {
                    self.subscriptions.close(channel);
                });
                self.note_reads();
                answer("unsubscribed", json!({ "channels": names }))
            }
            Asked::GetSubscriptions => answer("subscriptions", json!({ "channels": self.subscriptions.names() })),
            Asked::Ping => answer("pong", json!({})),
            Asked::Pong => return Ok(Ok(())),
            Asked::GetReconnectionToken => {
                if self.asker.identity.user.is_none() {
                    return Ok(Err(ApiError::forbidden("only users with a name can come back to a session")));
                }
                self.keep();
                let token = self.hub.tokens.give(&self.asker.identity, &self.places, Instant::now());
                answer("reconnection_token", json!({ "token": token, "expires_in": reconnection::LIFETIME.as_secs() }))
            }
            Asked::EnableBinary => {
                self.binary = true;
                self.client.binary.store(true, Ordering::Relaxed);
                let types: serde_json::Map<_, _> =
                    binary::TYPES.iter().map(|(number, name)| ((*name).to_owned(), (*number).into())).collect();
                let more = json!({ "version": binary::VERSION, "types": types, "max_bytes": MESSAGE_BYTES });
                answer("binary_enabled", more)
            }
        };
        self.send(line, answered).await?;
        Ok(Ok(()))
    }

    async fn subscribe(
        &mut self,
        line: &mut Line<'_>,
        names: &[String],
        web: bool,
    ) -> Result<Result<(), ApiError>, Over> {
        let (channels, denied) = match allowed(names, &self.asker.identity) {
            Ok(divided) => divided,
            Err(error) => return Ok(Err(error)),
        };
        for &channel in &channels {
            self.subscriptions.open(self.hub, channel, web).await?;
        }
        self.note_reads();
        let mut more = json!({ "channels": channels.iter().map(|channel| channel.name()).collect::<Vec<_>>() });
        if !denied.is_empty() {
            more["message"] = format!("not allowed, or not known: {}", denied.join(", ")).into();
            more["denied"] = denied.into();
        }
        self.send(line, answer("subscribed", more)).await?;
        for channel in channels {
            self.tell_state(line, channel).await?;
        }
        Ok(Ok(()))
    }

    /// Tells a new subscriber how things stand, where the channel tells that.
    async fn tell_state(&self, line: &mut Line<'_>, channel: Channel) -> Result<(), Over> {
        let views = self.hub.views();
        let events = match channel {
            Channel::Status => vec![channel_news::status(self.hub)],
            Channel::Modules => channel_news::modules(&views.modules),
            Channel::Guardian => views.guardian.iter().map(|view| channel_news::guardian(view)).collect(),
            _ => Vec::new(),
        };
        for event in events {
            self.send(line, event.message(self.subscriptions.style(channel).unwrap_or_default())).await?;
        }
        Ok(())
    }

    async fn hear_binary(&mut self, line: &mut Line<'_>, bytes: bytes::Bytes) -> Result<(), Over> {
        let read = match self.binary {
            true => binary::read(&bytes),
            false => Err(ApiError::bad_request("binary messages are taken after {\"type\":\"enable_binary\"}")),
        };
        match read {
            Ok(Content::Request(text)) => self.carry_out(line, &text).await,
            Ok(Content::Media { channel }) => {
                let sent = self.take(Kind::Other).and_then(|()| self.broadcast(&channel, bytes));
                match sent {
                    Ok(subscribers) => {
                        let more = json!({ "channel": channel, "subscribers": subscribers });
                        self.send(line, answer("binary_sent", more)).await
                    }
                    Err(error) => self.refuse(line, &error, Some("binary")).await,
                }
            }
            Err(error) => {
                let error = self.take(Kind::Other).err().unwrap_or(error);
                self.refuse(line, &error, Some("binary")).await
            }
        }
    }

    /// Sends a binary message to those who take such on a channel; how many they are.
    fn broadcast(&self, channel: &str, bytes: bytes::Bytes) -> Result<usize, ApiError> {
        self.asker.identity.require(Right::Broadcast).map_err(|error| ApiError::forbidden(error.message))?;
        let channel = Channel::named(channel).ok_or_else(|| unknown_channel(channel))?;
        self.hub.channel_news.tell_binary(channel, Message::Binary(bytes));
        let takes = |client: &Arc<Client>| client.binary.load(Ordering::Relaxed);
        Ok(self.hub.clients.subscribers(channel).iter().filter(|client| takes(client)).count())
    }

    /// Notes which channels are read.
    fn note_reads(&self) {
        *self.client.reads.lock() = self.subscriptions.names().into_iter().map(str::to_owned).collect();
        self.keep();
    }

    /// Notes where the session stands, for whoever goes on with it.
    fn keep(&self) {
        *self.places.lock() = self.subscriptions.places();
    }

    /// What is still to be said when the connection is closed.
    fn last_words(&mut self, end: End) -> Vec<Message> {
        if end == End::SLOW {
            self.unsent.extend(self.subscriptions.rest(self.hub));
            return std::mem::take(&mut self.unsent);
        }
        let status =
            self.subscriptions.style(Channel::Status).map(|style| channel_news::status(self.hub).message(style));
        status.into_iter().collect()
    }
}
