//! The engine's own protocol, and CloudEvents: a greeting, then records in batches, views, notices, and answers.

use super::line::{End, Heartbeat, Line, Over};
use super::socket::Socket;
use super::stream::{Stream, join};
use crate::auth::Right;
use crate::channels::Channel;
use crate::clients::Client;
use crate::error::ApiError;
use crate::feed::Cursor;
use crate::forms::{Form, native};
use crate::hub::{Hub, Phase, ended, error_code};
use crate::json;
use crate::request::Request as Asker;
use ng_filter::Filter;
use ng_wire::{Frame, GapReason, Hello, PROTO, Request};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use tokio_tungstenite::tungstenite::Message;

/// Time in which a client has to say hello.
const HELLO_TIMEOUT: Duration = Duration::from_secs(10);
/// How frames are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    /// Text messages.
    Json,
    /// Binary messages.
    MessagePack,
}

impl Encoding {
    fn write(self, frame: &Frame) -> Message {
        match self {
            Encoding::Json => native::json(frame),
            Encoding::MessagePack => native::message_pack(frame),
        }
    }

    fn read<T: serde::de::DeserializeOwned>(self, message: &Message) -> Result<T, ApiError> {
        match (self, message) {
            (Encoding::Json, Message::Text(text)) => json::parse(text.as_bytes()),
            (Encoding::MessagePack, Message::Binary(bytes)) => rmp_serde::from_slice(bytes)
                .map_err(|error| ApiError::new(axum::http::StatusCode::BAD_REQUEST, "BAD_JSON", error.to_string())),
            (Encoding::Json, _) => Err(ApiError::bad_request("expected a text message with JSON")),
            (Encoding::MessagePack, _) => Err(ApiError::bad_request("expected a binary message with MessagePack")),
        }
    }
}

/// Serves a client of the engine's own protocol until it leaves.
pub(super) async fn serve(hub: Arc<Hub>, asker: Asker, socket: Socket, encoding: Encoding) {
    let name = if encoding == Encoding::Json { "ng.v1.json" } else { "ng.v1.msgpack" };
    let presence = hub.clients.enter(asker.identity.clone(), asker.peer.name(), name);
    let mut line = Line::new(socket, &hub, &asker.identity);
    let mut session =
        Session { hub: &hub, asker: &asker, client: &presence.client, encoding: Some(encoding), last: Vec::new() };
    let over = async {
        let hello = match tokio::time::timeout(HELLO_TIMEOUT, hello(&mut line, encoding)).await {
            Ok(hello) => hello?,
            Err(_) => return Err(Over::End(End::POLICY)),
        };
        let welcome = hub.welcome(&asker.identity);
        let opened = open(&hub, &asker, encoding, &hello, welcome.next_seq);
        line.send(encoding.write(&Frame::Hello(welcome)), || 0).await?;
        let stream = match opened {
            Ok(stream) => stream,
            Err(error) => {
                line.send(refusal(encoding, 0, &error), || 0).await?;
                return Err(Over::End(End::POLICY));
            }
        };
        session.run(&mut line, stream).await
    };
    match over.await {
        Err(Over::End(end)) => line.close(session.last, end).await,
        _ => line.finish().await,
    }
}

/// Serves a client that only reads records in one form, and says nothing that is understood.
pub(super) async fn serve_form(hub: Arc<Hub>, asker: Asker, socket: Socket, form: Form) {
    let presence = hub.clients.enter(asker.identity.clone(), asker.peer.name(), "cloudevents.json");
    let mut line = Line::new(socket, &hub, &asker.identity);
    let mut session = Session { hub: &hub, asker: &asker, client: &presence.client, encoding: None, last: Vec::new() };
    let over = async {
        let stream = match asker.identity.require(Right::Read(Channel::Signals)) {
            Ok(()) => Stream {
                filter: Filter::default(),
                form,
                late: form,
                rejected: true,
                max_rate: None,
                from: hub.store.lock().next_seq(),
                missing: GapReason::Retention,
            },
            Err(_) => return Err(Over::End(End::POLICY)),
        };
        session.run(&mut line, Some(stream)).await
    };
    match over.await {
        Err(Over::End(end)) => line.close(session.last, end).await,
        _ => line.finish().await,
    }
}

async fn hello(line: &mut Line<'_>, encoding: Encoding) -> Result<Hello, Over> {
    loop {
        let message = line.receive().await?;
        if matches!(message, Message::Ping(_) | Message::Pong(_)) {
            continue;
        }
        let problem = match encoding.read::<Hello>(&message) {
            Ok(hello) if hello.proto == PROTO => return Ok(hello),
            Ok(hello) => ApiError::bad_request(format!("proto {} is not spoken here, expected {PROTO}", hello.proto)),
            Err(error) => error,
        };
        line.send(refusal(encoding, 0, &problem), || 0).await?;
        return Err(Over::End(End::POLICY));
    }
}

/// What a hello asks for; none = no records. One that does not resume begins with `next_seq`, which the welcome names.
fn open(
    hub: &Hub,
    asker: &Asker,
    encoding: Encoding,
    hello: &Hello,
    next_seq: u64,
) -> Result<Option<Stream>, ApiError> {
    if hello.views_only {
        return Ok(None);
    }
    asker.identity.require(Right::Read(Channel::Signals))?;
    let form = match (encoding, hello.packed) {
        (Encoding::Json, false) => Form::Json { vectors: hello.vectors },
        (Encoding::MessagePack, false) => Form::MessagePack { vectors: hello.vectors },
        (Encoding::MessagePack, true) => Form::Packed { vectors: hello.vectors },
        (Encoding::Json, true) => return Err(ApiError::bad_request("packed: only with ng.v1.msgpack")),
    };
    let other_run = hello.run.as_ref().is_some_and(|run| *run != hub.run);
    let from = hello.resume_from.map_or(next_seq, |seq| {
        let store = hub.store.lock();
        // The numbers have begun anew, and those of another run lie beyond ours.
        if seq > store.next_seq() { store.first_seq() } else { seq }
    });
    // What an engine had not told before it ended has not left the ring of this one: it never was there.
    let missing = if other_run { GapReason::SourceLost } else { GapReason::Retention };
    let filter = hub.filter(hello.filter.as_deref().unwrap_or_default())?;
    if hello.max_rate == Some(0) {
        return Err(ApiError::bad_request("max_rate: expected at least 1"));
    }
    Ok(Some(Stream { filter, form, late: form, rejected: true, max_rate: hello.max_rate, from, missing }))
}

/// A refusal as a message; `id` is that of the request, 0 for none.
fn refusal(encoding: Encoding, id: u64, error: &ApiError) -> Message {
    encoding.write(&Frame::Error { id, code: error_code(error), message: error.message.clone() })
}

struct Session<'a> {
    hub: &'a Arc<Hub>,
    asker: &'a Asker,
    client: &'a Client,
    /// None for a client that only reads records.
    encoding: Option<Encoding>,
    /// What is still to be said when the connection ends.
    last: Vec<Message>,
}

impl Session<'_> {
    async fn run(&mut self, line: &mut Line<'_>, stream: Option<Stream>) -> Result<(), Over> {
        let hub = self.hub;
        let mut news = hub.news();
        if let Some(encoding) = self.encoding {
            for frame in hub.snapshot() {
                if self.may_read(&frame) {
                    self.send(line, encoding.write(&frame), 0).await?;
                }
            }
        }
        let mut gap_form = None;
        let mut cursor = match &stream {
            Some(stream) => {
                *self.client.reads.lock() = vec![stream.filter.text().to_owned()];
                gap_form = Some(stream.form);
                Some(join(hub, self.client, line, stream).await?)
            }
            None => None,
        };
        let mut heartbeat = Heartbeat::new(hub.settings.limits.ping_s);
        let mut phase = hub.phase();
        loop {
            let behind = cursor.as_ref().map_or(0, Cursor::behind);
            self.client.behind.store(behind, Ordering::Relaxed);
            let step = tokio::select! {
                received = line.receive() => match received {
                    Ok(message) => {
                        heartbeat.heard();
                        self.client.heard();
                        self.answer(line, &message).await
                    }
                    Err(over) => Err(over),
                },
                segment = next(&mut cursor) => {
                    self.client.records.fetch_add(segment.records, Ordering::Relaxed);
                    let mut sent = Ok(());
                    for (index, message) in segment.messages.iter().enumerate() {
                        self.client.sent.fetch_add(1, Ordering::Relaxed);
                        sent = line.send(message.clone(), || cursor.as_ref().map_or(0, Cursor::behind)).await;
                        if sent.is_err() {
                            // The hole that this client leaves begins after the segment.
                            self.last = segment.messages[index + 1..].to_vec();
                            break;
                        }
                    }
                    sent
                }
                heard = news.recv(), if self.encoding.is_some() => match heard {
                    Ok(heard) if self.may_read(&heard.frame) => {
                        let message = if self.encoding == Some(Encoding::Json) { heard.json } else { heard.message_pack };
                        self.send(line, message, behind).await
                    }
                    // Views that were missed are replaced by later ones.
                    Ok(_) | Err(RecvError::Lagged(_)) => Ok(()),
                    Err(RecvError::Closed) => Err(Over::End(End::of(Phase::Stopping))),
                },
                ping = heartbeat.due() => match ping {
                    Ok(ping) => self.send(line, ping, behind).await,
                    Err(over) => Err(over),
                },
                phase = ended(&mut phase) => Err(Over::End(End::of(phase))),
            };
            if step == Err(Over::End(End::SLOW)) {
                hub.meters.slow.one();
                let gap = cursor.as_ref().map(Cursor::rest);
                if let (Some(gap), Some(form)) = (gap, gap_form) {
                    self.last.extend(hub.feeds.writer(form).gap(&gap));
                }
            }
            step?;
        }
    }

    async fn send(&self, line: &mut Line<'_>, message: Message, behind: u64) -> Result<(), Over> {
        self.client.sent.fetch_add(1, Ordering::Relaxed);
        line.send(message, || behind).await
    }

    fn may_read(&self, frame: &Frame) -> bool {
        let channel = match frame {
            Frame::Modules(_) => Channel::Modules,
            // They name patterns, which are made of events.
            Frame::Feedback(_) | Frame::Incidents(_) => Channel::Signals,
            Frame::Guardian(_) | Frame::Constitution(_) => Channel::Guardian,
            Frame::Metrics(_) => Channel::Metrics,
            Frame::Alerts(_) | Frame::Notice(_) | Frame::Action(_) => Channel::Actions,
            _ => return false,
        };
        self.asker.identity.may(Right::Read(channel))
    }

    /// Carries out a request and sends the answer.
    async fn answer(&self, line: &mut Line<'_>, message: &Message) -> Result<(), Over> {
        let Some(encoding) = self.encoding else {
            return match message {
                Message::Ping(_) | Message::Pong(_) => Ok(()),
                _ => Err(Over::End(End::UNSUPPORTED)),
            };
        };
        if matches!(message, Message::Ping(_) | Message::Pong(_)) {
            return Ok(());
        }
        let answer = match encoding.read::<Request>(message) {
            Ok(request) => match self.hub.command(&self.asker.identity, request.command).await {
                Ok(message) => encoding.write(&Frame::Result { id: request.id, message }),
                Err(error) => refusal(encoding, request.id, &error),
            },
            Err(error) => {
                self.hub.meters.errors.one();
                refusal(encoding, 0, &error)
            }
        };
        self.send(line, answer, 0).await
    }
}

/// The next segment of a stream; never without one.
async fn next(cursor: &mut Option<Cursor>) -> Arc<crate::feed::Segment> {
    match cursor {
        Some(cursor) => cursor.next().await,
        None => std::future::pending().await,
    }
}
