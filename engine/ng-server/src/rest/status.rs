//! The engine in a few numbers.

use super::answer::{self, Flat};
use super::health;
use crate::auth::Right;
use crate::channels::Channel;
use crate::clock;
use crate::hub::{Hub, Views};
use crate::process;
use crate::routes::{App, Route, schema};
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use ng_wire::{RingView, Totals};
use schemars::JsonSchema;
use serde::Serialize;

/// How the engine stands.
#[derive(Debug, Serialize, JsonSchema)]
struct Status {
    /// `healthy`, `degraded` (a module reports errors, or a part failed) or `unhealthy` (starting or stopping).
    status: &'static str,
    /// Version of the engine.
    version: &'static str,
    /// The same.
    runtime_version: &'static str,
    /// Version of this interface.
    api_version: &'static str,
    /// Now, ISO 8601, UTC.
    timestamp: String,
    /// Seconds since the start.
    uptime_seconds: f64,
    /// Patterns that are known.
    tokens_count: u64,
    /// API keys that may be used.
    api_keys_count: usize,
    /// Memory of the process, MiB.
    memory_usage_mb: f64,
    /// Requests answered since the start, this one included.
    requests_total: u64,
    /// Records made since the start.
    events_total: u64,
    /// Records per second over the last second.
    events_per_sec: f64,
    /// WebSocket clients.
    connections: usize,
}

/// What was counted since the start.
#[derive(Debug, Serialize, JsonSchema)]
struct Stats {
    /// Records.
    events: Totals,
    /// The ring.
    ring: RingView,
    /// Patterns that are known.
    patterns: u64,
    /// Transitions between patterns that are known.
    transitions: u64,
    /// The server.
    server: ServerStats,
}

/// What the server counted since the start.
#[derive(Debug, Serialize, JsonSchema)]
struct ServerStats {
    /// Requests answered.
    requests: u64,
    /// Of these with a status of 400 or above.
    refused: u64,
    /// Connections accepted.
    accepted: u64,
    /// Connections turned away because there were too many.
    turned_away: u64,
    /// WebSocket clients now.
    clients: usize,
    /// WebSocket clients that ever connected.
    clients_ever: u64,
    /// Messages sent to them.
    messages_out: u64,
    /// Messages received from them.
    messages_in: u64,
    /// Events taken in by ingest.
    ingested: u64,
    /// Events left out by ingest because it had taken them in before.
    ingest_duplicates: u64,
    /// Events refused by ingest.
    ingest_refused: u64,
}

const READ: Option<Right> = Some(Right::Read(Channel::Status));

pub(super) const ROUTES: &[Route] = &[
    Route::read("/api/v1/status", READ, "How the engine stands.", schema::<Flat<Status>>, || get(status)),
    Route::read("/status", READ, "How the engine stands.", schema::<Flat<Status>>, || get(status)),
    Route::read("/api/v1/health/status", None, "How the engine stands.", schema::<Flat<Status>>, || get(status)),
    Route::read("/health/status", None, "How the engine stands.", schema::<Flat<Status>>, || get(status)),
    Route::read("/api/v1/stats", READ, "What was counted since the start.", schema::<Flat<Stats>>, || get(stats)),
    Route::read("/stats", READ, "What was counted since the start.", schema::<Flat<Stats>>, || get(stats)),
];

async fn status(State(hub): State<App>) -> Response {
    let views = hub.views();
    answer::flat(Status {
        status: health::word(&hub),
        version: env!("CARGO_PKG_VERSION"),
        runtime_version: env!("CARGO_PKG_VERSION"),
        api_version: "v1",
        timestamp: clock::now_iso(),
        uptime_seconds: hub.started.elapsed().as_secs_f64(),
        tokens_count: gauge(&views, "token_manager", "patterns") as u64,
        api_keys_count: hub.auth.active_keys(),
        memory_usage_mb: process::resident_bytes() as f64 / f64::from(1 << 20),
        requests_total: hub.meters.requests.get(),
        events_total: totals(&hub).records,
        events_per_sec: views.metrics.as_ref().map_or(0.0, |metrics| metrics.events_per_s),
        connections: hub.clients.count(),
    })
}

async fn stats(State(hub): State<App>) -> Response {
    let views = hub.views();
    let meters = &hub.meters;
    answer::flat(Stats {
        events: totals(&hub),
        ring: ring(&hub),
        patterns: gauge(&views, "token_manager", "patterns") as u64,
        transitions: gauge(&views, "connection_manager", "links") as u64,
        server: ServerStats {
            requests: meters.requests.get(),
            refused: meters.refused.get(),
            accepted: meters.accepted.get(),
            turned_away: meters.turned_away.get(),
            clients: hub.clients.count(),
            clients_ever: hub.clients.ever.load(std::sync::atomic::Ordering::Relaxed),
            messages_out: meters.messages_out.get(),
            messages_in: meters.messages_in.get(),
            ingested: meters.ingested.get(),
            ingest_duplicates: meters.ingest_duplicates.get(),
            ingest_refused: meters.ingest_refused.get(),
        },
    })
}

/// Records since the start, as of now.
pub(crate) fn totals(hub: &Hub) -> Totals {
    hub.store.lock().totals()
}

/// The ring as of now.
pub(crate) fn ring(hub: &Hub) -> RingView {
    hub.store.lock().view()
}

/// What a module counts, as of the latest view; 0 before the first.
pub(crate) fn gauge(views: &Views, module: &str, name: &str) -> f64 {
    let module = views.modules.iter().find(|view| view.id == module);
    let gauge = module.and_then(|view| view.gauges.iter().find(|gauge| gauge.name == name));
    gauge.map_or(0.0, |gauge| gauge.value)
}
