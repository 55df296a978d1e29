//! Whether the server lives, has started, and is ready. Never authenticated, always JSON.

use super::answer::{self, Flat};
use crate::clock;
use crate::hub::{Hub, Phase};
use crate::routes::{App, Route, schema};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// How the server stands.
#[derive(Debug, Serialize, JsonSchema)]
struct Health {
    /// `healthy`, `degraded` (a module reports errors, or a part failed) or `unhealthy` (starting or stopping).
    status: &'static str,
    /// Version of the engine.
    version: &'static str,
    /// Seconds since the start.
    uptime_seconds: f64,
    /// The same as a whole number.
    uptime: u64,
    /// Now, ISO 8601, UTC.
    timestamp: String,
    /// The modules and what each is: `active`, `disabled` or `error`.
    components: BTreeMap<String, String>,
    /// What has failed and is not running again yet, such as a sensor, each with its reason.
    failures: Vec<String>,
}

/// Whether something holds.
#[derive(Debug, Serialize, JsonSchema)]
struct Probe {
    /// `alive`, `ready`, `started`, or that it is not.
    status: &'static str,
    /// It holds.
    ok: bool,
    /// The server is ready for requests.
    ready: bool,
    /// The engine has told its state at least once.
    started: bool,
    /// Seconds since the start.
    uptime_seconds: f64,
}

pub(super) const ROUTES: &[Route] = &[
    row("/api/v1/health", "How the server stands.", schema::<Flat<Health>>, &[], || get(health)),
    row("/health", "How the server stands.", schema::<Flat<Health>>, &[], || get(health)),
    row("/api/v1/health/live", "The process answers.", schema::<Flat<Probe>>, &[], || get(live)),
    row("/health/live", "The process answers.", schema::<Flat<Probe>>, &[], || get(live)),
    row("/api/v1/health/ready", "Requests are served.", schema::<Flat<Probe>>, &[503], || get(ready)),
    row("/health/ready", "Requests are served.", schema::<Flat<Probe>>, &[503], || get(ready)),
    row("/api/v1/health/startup", "The engine has started.", schema::<Flat<Probe>>, &[503], || get(startup)),
    row("/health/startup", "The engine has started.", schema::<Flat<Probe>>, &[503], || get(startup)),
];

const fn row(
    path: &'static str,
    summary: &'static str,
    gives: crate::routes::SchemaOf,
    refusals: &'static [u16],
    handler: fn() -> axum::routing::MethodRouter<App>,
) -> Route {
    Route { refusals, ..Route::read(path, None, summary, gives, handler) }
}

fn phase(hub: &Hub) -> Phase {
    *hub.phase().borrow()
}

/// `healthy`, `degraded` or `unhealthy`.
pub(super) fn word(hub: &Hub) -> &'static str {
    match phase(hub) {
        Phase::Running if hub.is_degraded() => "degraded",
        Phase::Running => "healthy",
        _ => "unhealthy",
    }
}

async fn health(State(hub): State<App>) -> Response {
    let views = hub.views();
    let components: BTreeMap<String, String> = views
        .modules
        .iter()
        .map(|module| {
            let status = serde_json::to_value(module.status).unwrap_or_default();
            (module.id.clone(), status.as_str().unwrap_or_default().to_owned())
        })
        .collect();
    let uptime = hub.started.elapsed();
    answer::flat(Health {
        status: word(&hub),
        version: env!("CARGO_PKG_VERSION"),
        uptime_seconds: uptime.as_secs_f64(),
        uptime: uptime.as_secs(),
        timestamp: clock::now_iso(),
        components,
        failures: hub.failures(),
    })
}

async fn live(State(hub): State<App>) -> Response {
    probe(&hub, "alive", true)
}

async fn ready(State(hub): State<App>) -> Response {
    let ready = phase(&hub) == Phase::Running;
    probe(&hub, if ready { "ready" } else { "not ready" }, ready)
}

async fn startup(State(hub): State<App>) -> Response {
    let started = phase(&hub) != Phase::Starting;
    probe(&hub, if started { "started" } else { "starting" }, started)
}

fn probe(hub: &Hub, status: &'static str, ok: bool) -> Response {
    let code = if ok { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let phase = phase(hub);
    answer::flat_with(
        code,
        Probe {
            status,
            ok,
            ready: phase == Phase::Running,
            started: phase != Phase::Starting,
            uptime_seconds: hub.started.elapsed().as_secs_f64(),
        },
    )
}
