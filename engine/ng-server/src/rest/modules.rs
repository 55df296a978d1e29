//! The modules: what they are, what they measure, switching and configuring them.

use super::answer;
use super::body::Json;
use crate::auth::Right;
use crate::channels::Channel;
use crate::error::ApiError;
use crate::request;
use crate::routes::{App, Route, Takes, Verb, schema};
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;
use ng_wire::{Command, ModuleStatus, ModuleView, SettingValue};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A module.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Module {
    /// Stable id.
    id: String,
    /// The field's term for it.
    name: String,
    /// What it does.
    description: String,
    /// Version of the engine.
    version: &'static str,
    /// On, off, or in error.
    status: ModuleStatus,
    /// The flag.
    enabled: bool,
    /// It may be switched off.
    can_disable: bool,
    /// It has settings.
    configurable: bool,
    /// What stops when it is switched off; absent when nothing depends on it.
    disable_warning: Option<String>,
    /// What it measures.
    metrics: Metrics,
}

/// What a module measures.
#[derive(Debug, Serialize, JsonSchema)]
struct Metrics {
    /// Operations since the start.
    operations: u64,
    /// Operations per second over the last second.
    ops_per_sec: f64,
    /// Median of the sampled latencies of the last minute, microseconds; 0 before the first sample.
    avg_latency_us: f64,
    /// 95th percentile, microseconds; 0 before the first sample.
    p95_latency_us: f64,
    /// Errors since the start.
    errors: u64,
    /// What the module counts besides.
    custom: BTreeMap<String, f64>,
}

/// All modules.
#[derive(Debug, Serialize, JsonSchema)]
struct List {
    /// In the order of the pipeline.
    modules: Vec<Module>,
    /// How many.
    total: usize,
}

/// One module.
#[derive(Debug, Serialize, JsonSchema)]
struct One {
    /// It.
    module: Module,
}

/// The metrics of a module.
#[derive(Debug, Serialize, JsonSchema)]
struct OnlyMetrics {
    /// They.
    metrics: Metrics,
}

/// The settings of a module.
#[derive(Debug, Serialize, JsonSchema)]
struct Config {
    /// Their values now.
    config: BTreeMap<String, SettingValue>,
    /// What each accepts.
    settings: Vec<ng_wire::Setting>,
}

/// The wanted state of a module.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Enabled {
    /// On or off.
    enabled: bool,
}

/// New settings of a module.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewConfig {
    /// Values by key; keys that are absent keep their value.
    config: BTreeMap<String, SettingValue>,
}

/// What was done.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Done {
    /// True.
    pub(super) success: bool,
    /// In words.
    pub(super) message: String,
}

const READ: Option<Right> = Some(Right::Read(Channel::Modules));

pub(super) const ROUTES: &[Route] = &[
    read("/api/v1", "All modules.", schema::<List>, || get(list)),
    read("/api/v1/modules", "All modules.", schema::<List>, || get(list)),
    Route { refusals: &[404], ..read("/api/v1/modules/{id}", "One module.", schema::<One>, || get(one)) },
    Route {
        verb: Verb::Put,
        needs: Some(Right::Steer),
        takes: Takes::Json(schema::<Enabled>),
        refusals: &[400, 404, 409, 413, 415, 503],
        ..read("/api/v1/modules/{id}/enabled", "Switches a module on or off.", schema::<Done>, || {
            axum::routing::put(set_enabled)
        })
    },
    Route {
        refusals: &[404],
        ..read("/api/v1/modules/{id}/metrics", "What a module measures.", schema::<OnlyMetrics>, || get(metrics))
    },
    Route {
        refusals: &[404],
        ..read("/api/v1/modules/{id}/config", "Its settings.", schema::<Config>, || get(config))
    },
    Route {
        verb: Verb::Put,
        needs: Some(Right::Steer),
        takes: Takes::Json(schema::<NewConfig>),
        refusals: &[400, 404, 413, 415, 503],
        ..read(
            "/api/v1/modules/{id}/config",
            "Changes settings; all, or none when one is refused.",
            schema::<Done>,
            || axum::routing::put(set_config),
        )
    },
];

const fn read(
    path: &'static str,
    summary: &'static str,
    gives: crate::routes::SchemaOf,
    handler: fn() -> axum::routing::MethodRouter<App>,
) -> Route {
    Route::read(path, READ, summary, gives, handler)
}

/// A module as it is told.
pub(crate) fn module(view: &ModuleView) -> Module {
    Module {
        id: view.id.clone(),
        name: view.term.clone(),
        description: view.summary.clone(),
        version: env!("CARGO_PKG_VERSION"),
        status: view.status,
        enabled: view.enabled,
        can_disable: view.can_disable,
        configurable: !view.settings.is_empty(),
        disable_warning: Some(view.disable_warning.clone()).filter(|warning| !warning.is_empty()),
        metrics: measured(view),
    }
}

fn measured(view: &ModuleView) -> Metrics {
    Metrics {
        operations: view.operations,
        ops_per_sec: view.rate,
        avg_latency_us: view.p50_us.unwrap_or_default(),
        p95_latency_us: view.p95_us.unwrap_or_default(),
        errors: view.errors,
        custom: view.gauges.iter().map(|gauge| (gauge.name.clone(), gauge.value)).collect(),
    }
}

/// The view of a module, or a refusal that names what exists.
fn find(hub: &App, id: &str) -> Result<ModuleView, ApiError> {
    let views = hub.views();
    let found = views.modules.iter().find(|module| module.id == id).cloned();
    found.ok_or_else(|| {
        let known: Vec<&str> = views.modules.iter().map(|module| module.id.as_str()).collect();
        ApiError::not_found(format!("no module {id:?}; there are {}", known.join(", ")))
    })
}

async fn list(State(hub): State<App>) -> Response {
    let modules: Vec<Module> = hub.views().modules.iter().map(module).collect();
    answer::bare(List { total: modules.len(), modules })
}

async fn one(State(hub): State<App>, Path(id): Path<String>) -> Result<Response, ApiError> {
    Ok(answer::bare(One { module: module(&find(&hub, &id)?) }))
}

async fn metrics(State(hub): State<App>, Path(id): Path<String>) -> Result<Response, ApiError> {
    Ok(answer::bare(OnlyMetrics { metrics: measured(&find(&hub, &id)?) }))
}

async fn config(State(hub): State<App>, Path(id): Path<String>) -> Result<Response, ApiError> {
    let view = find(&hub, &id)?;
    Ok(answer::bare(Config { config: view.values, settings: view.settings }))
}

async fn set_enabled(
    State(hub): State<App>,
    Path(id): Path<String>,
    Json(Enabled { enabled }): Json<Enabled>,
) -> Result<Response, ApiError> {
    find(&hub, &id)?;
    command(&hub, Command::SetModule { module: id.clone(), enabled }).await?;
    let state = if enabled { "on" } else { "off" };
    Ok(answer::bare(Done { success: true, message: format!("{id} is switched {state}") }))
}

async fn set_config(
    State(hub): State<App>,
    Path(id): Path<String>,
    Json(NewConfig { config }): Json<NewConfig>,
) -> Result<Response, ApiError> {
    find(&hub, &id)?;
    command(&hub, Command::Configure { module: id.clone(), values: config }).await?;
    Ok(answer::bare(Done { success: true, message: format!("{id} is configured") }))
}

/// Carries out a command in the name of whoever makes this request; the engine's answer.
pub(super) async fn command(hub: &App, command: Command) -> Result<Option<String>, ApiError> {
    let request = request::current().ok_or_else(|| ApiError::internal("the request has no context"))?;
    hub.command(&request.identity, command).await
}
