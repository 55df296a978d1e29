//! The WebSocket clients and their channels, and messages to the subscribers of a channel.

use super::answer;
use super::body::Whole;
use crate::auth::Right;
use crate::channels::{CHANNELS, Channel};
use crate::clock;
use crate::error::ApiError;
use crate::forms::event::Event;
use crate::json;
use crate::request;
use crate::routes::{App, Route, Takes, Verb, schema};
use crate::settings::MESSAGE_BYTES;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

/// How the WebSocket stands.
#[derive(Debug, Serialize, JsonSchema)]
struct Status {
    /// `ok`.
    status: &'static str,
    /// The details.
    websocket: Details,
}

/// Clients and channels.
#[derive(Debug, Serialize, JsonSchema)]
struct Details {
    /// Path of the WebSocket.
    endpoint: &'static str,
    /// `ws`, or `wss` when the server is encrypted.
    protocol: &'static str,
    /// Clients that are connected, in any dialect.
    total_connections: usize,
    /// Channels that can be subscribed to.
    total_channels: usize,
    /// Subscriptions to channels, over all clients.
    total_subscriptions: usize,
    /// Records that wait for the readers of subscriptions.
    buffered_events: u64,
    /// Bytes that wait for clients.
    buffered_bytes: u64,
    /// The clients; empty for those who may not read the channel `connections`.
    clients: Vec<Connected>,
}

/// A client.
#[derive(Debug, Serialize, JsonSchema)]
struct Connected {
    /// Its name, a UUID.
    client_id: String,
    /// The user; absent without credentials.
    user_id: Option<String>,
    /// What it speaks.
    dialect: &'static str,
    /// Where it comes from.
    address: String,
    /// When it came, ISO 8601, UTC.
    connected_at: String,
    /// The channels it reads, or its filter.
    channels: Vec<String>,
    /// When it was last heard of, seconds since 1970.
    last_heartbeat: f64,
    /// Messages sent to it.
    messages_sent: u64,
    /// Messages received from it.
    messages_received: u64,
}

/// The channels.
#[derive(Debug, Serialize, JsonSchema)]
struct Channels {
    /// Their names.
    channels: Vec<&'static str>,
    /// What each tells.
    descriptions: BTreeMap<&'static str, &'static str>,
}

/// A channel.
#[derive(Debug, Serialize, JsonSchema)]
struct Subscribers {
    /// Its name.
    channel: &'static str,
    /// Clients that read it.
    subscribers: usize,
    /// Their names; empty for those who may not read the channel `connections`.
    subscriber_ids: Vec<String>,
}

/// Where a message goes.
#[derive(Debug, Deserialize, JsonSchema)]
struct Target {
    /// Name of the channel; the key `channel` of the body when absent.
    channel: Option<String>,
}

/// A message was handed to the subscribers of a channel.
#[derive(Debug, Serialize, JsonSchema)]
struct Sent {
    /// `ok`.
    status: &'static str,
    /// The channel.
    channel: &'static str,
    /// Clients that read it.
    subscribers: usize,
    /// There was at least one.
    message_sent: bool,
}

pub(super) const ROUTES: &[Route] = &[
    Route::read("/api/v1/websocket/status", STATUS, "How the WebSocket stands.", schema::<Status>, || get(status)),
    Route::read("/api/v1/websocket/channels", STATUS, "The channels.", schema::<Channels>, || get(channels)),
    Route {
        refusals: &[404],
        ..Route::read(
            "/api/v1/websocket/channels/{channel}",
            STATUS,
            "Who reads a channel.",
            schema::<Subscribers>,
            || get(one),
        )
    },
    Route {
        verb: Verb::Post,
        query: Some(schema::<Target>),
        takes: Takes::Json(schema::<Map<String, Value>>),
        refusals: &[400, 404, 413],
        ..Route::read(
            "/api/v1/websocket/broadcast",
            Some(Right::Broadcast),
            "Sends a message, any object, to the subscribers of a channel.",
            schema::<Sent>,
            || post(broadcast),
        )
    },
];

const STATUS: Option<Right> = Some(Right::Read(Channel::Status));

/// Whoever asks may know who the clients are.
fn sees_clients() -> bool {
    request::current().is_some_and(|request| request.identity.may(Right::Read(Channel::Connections)))
}

async fn status(State(hub): State<App>) -> Response {
    let clients = hub.clients.list();
    let subscriptions =
        clients.iter().filter(|client| client.dialect == "seed").map(|client| client.reads.lock().len()).sum();
    let waiting = |metrics: &ng_wire::MetricsView| metrics.subscriptions.iter().map(|one| one.len).sum();
    let mut seen: Vec<Connected> = Vec::new();
    if sees_clients() {
        seen.extend(clients.iter().map(|client| Connected {
            client_id: client.id.clone(),
            user_id: client.identity.user.clone(),
            dialect: client.dialect,
            address: client.address.clone(),
            connected_at: clock::iso(client.since_ns),
            channels: client.reads.lock().clone(),
            last_heartbeat: client.heard_ns.load(Ordering::Relaxed) as f64 / 1e9,
            messages_sent: client.sent.load(Ordering::Relaxed),
            messages_received: client.received.load(Ordering::Relaxed),
        }));
    }
    answer::bare(Status {
        status: "ok",
        websocket: Details {
            endpoint: "/ws",
            protocol: if hub.settings.tls.is_some() { "wss" } else { "ws" },
            total_connections: clients.len(),
            total_channels: CHANNELS.len(),
            total_subscriptions: subscriptions,
            buffered_events: hub.views().metrics.map_or(0, |metrics| waiting(&metrics)),
            buffered_bytes: clients.iter().map(|client| client.behind.load(Ordering::Relaxed)).sum(),
            clients: seen,
        },
    })
}

async fn channels() -> Response {
    answer::bare(Channels {
        channels: CHANNELS.iter().map(|row| row.name).collect(),
        descriptions: CHANNELS.iter().map(|row| (row.name, row.summary)).collect(),
    })
}

async fn one(State(hub): State<App>, Path(name): Path<String>) -> Result<Response, ApiError> {
    let channel = find(&name)?;
    let subscribers = hub.clients.subscribers(channel);
    let mut subscriber_ids = Vec::new();
    if sees_clients() {
        subscriber_ids.extend(subscribers.iter().map(|client| client.id.clone()));
    }
    done(Subscribers { channel: channel.name(), subscribers: subscribers.len(), subscriber_ids })
}

fn done(data: impl Serialize) -> Result<Response, ApiError> {
    Ok(answer::bare(data))
}

fn find(name: &str) -> Result<Channel, ApiError> {
    Channel::named(name).ok_or_else(|| {
        let known: Vec<&str> = CHANNELS.iter().map(|row| row.name).collect();
        ApiError::not_found(format!("no channel {name:?}; there are {}", known.join(", ")))
    })
}

async fn broadcast(State(hub): State<App>, Query(target): Query<Target>, body: Whole) -> Result<Response, ApiError> {
    let body: Map<String, Value> = json::parse(&body.bytes)?;
    let named = target.channel.as_deref().or_else(|| body.get("channel").and_then(Value::as_str));
    let Some(name) = named.map(str::to_owned) else {
        return Err(ApiError::bad_request("channel: missing, expected the name of a channel in the query"));
    };
    let channel = find(&name)?;
    if 3 * body_bytes(&body) + 1024 > MESSAGE_BYTES {
        let what = format!("no client takes messages longer than {MESSAGE_BYTES} bytes; this one would be");
        return Err(ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "TOO_LARGE", what));
    }
    let subscribers = hub.clients.subscribers(channel).len();
    hub.channel_news.tell(message(channel, body));
    if let Some(request) = request::current() {
        let who = request.identity.name().to_owned();
        let more = serde_json::json!({
            "actor": who, "channel": channel.name(), "module": "websocket", "correlation_id": request.correlation_id,
        });
        let what = format!("{who} sent a message to the {subscribers} subscribers of {}", channel.name());
        hub.note("websocket.broadcast", "notice", what, more).await;
    }
    done(Sent { status: "ok", channel: channel.name(), subscribers, message_sent: subscribers > 0 })
}

fn body_bytes(body: &Map<String, Value>) -> usize {
    serde_json::to_string(body).map_or(usize::MAX / 4, |text| text.len())
}

/// The body as an event: its `event_type` and `data` where it has such, all of it as the data otherwise; what else it
/// has stands beside them. It can neither name another channel nor pass itself off as an answer of the server.
fn message(channel: Channel, mut body: Map<String, Value>) -> Event {
    let whole = Value::Object(body.clone());
    let event_type = match body.remove("event_type") {
        Some(Value::String(event_type)) => event_type,
        _ => "broadcast".into(),
    };
    let data = match body.remove("data") {
        Some(Value::Object(data)) => Value::Object(data),
        _ => whole,
    };
    body.remove("type");
    Event { more: body, ..Event::new(channel, clock::now_ns(), event_type, data) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forms::event::Style;
    use serde_json::json;

    fn told(body: Value) -> Value {
        let Value::Object(body) = body else { panic!("an object") };
        let text = message(Channel::Metrics, body).message(Style::default());
        let mut told: Value = serde_json::from_str(text.to_text().unwrap()).unwrap();
        told["timestamp"].take();
        told
    }

    #[test]
    fn a_body_becomes_an_event_whatever_it_holds() {
        for (body, expected) in [
            (
                json!({ "event_type": "deploy", "data": { "host": "a" }, "by": "ada" }),
                json!({ "channel": "metrics", "timestamp": null, "event_type": "deploy", "data": { "host": "a" }, "by": "ada" }),
            ),
            (
                json!({ "channel": "logs", "type": "error", "data": [1], "event_type": 7 }),
                json!({
                    "channel": "metrics", "timestamp": null, "event_type": "broadcast",
                    "data": { "channel": "logs", "type": "error", "data": [1], "event_type": 7 },
                }),
            ),
            (json!({}), json!({ "channel": "metrics", "timestamp": null, "event_type": "broadcast", "data": {} })),
        ] {
            assert_eq!(told(body), expected);
        }
    }
}
