//! Alert rules and sources, as the console shows them.

use super::answer;
use crate::auth::Right;
use crate::channels::Channel;
use crate::routes::{App, Route, schema};
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use ng_wire::{AlertView, SourceView};
use schemars::JsonSchema;
use serde::Serialize;

/// The alert rules.
#[derive(Debug, Serialize, JsonSchema)]
struct Alerts {
    /// In the order of the configuration.
    alerts: Vec<AlertView>,
    /// How many.
    total: usize,
}

/// The sources.
#[derive(Debug, Serialize, JsonSchema)]
struct Sources {
    /// Those that are switched off last.
    sources: Vec<SourceView>,
    /// How many.
    total: usize,
}

pub(super) const ROUTES: &[Route] = &[
    Route::read(
        "/api/v1/alerts",
        Some(Right::Read(Channel::Actions)),
        "The alert rules and their states.",
        schema::<Alerts>,
        || get(alerts),
    ),
    Route::read(
        "/api/v1/sources",
        Some(Right::Read(Channel::Metrics)),
        "The sources of events, and what was lost of them.",
        schema::<Sources>,
        || get(sources),
    ),
];

async fn alerts(State(hub): State<App>) -> Response {
    let alerts = hub.views().alerts.to_vec();
    answer::bare(Alerts { total: alerts.len(), alerts })
}

async fn sources(State(hub): State<App>) -> Response {
    let sources = hub.views().metrics.map(|metrics| metrics.sources.clone()).unwrap_or_default();
    answer::bare(Sources { total: sources.len(), sources })
}
