//! Guardian: its rules, what they objected to, and their modes.

use super::answer;
use super::body::Json;
use super::modules::{Done, command};
use crate::auth::Right;
use crate::channels::Channel;
use crate::error::ApiError;
use crate::routes::{App, Route, Takes, Verb, schema};
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{get, put};
use ng_wire::{Command, GuardianView, Mode};
use schemars::JsonSchema;
use serde::Deserialize;

/// The wanted mode of a rule.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewMode {
    /// `observe` flags what the rule objects to, `enforce` rejects it.
    mode: Mode,
}

const READ: Option<Right> = Some(Right::Read(Channel::Guardian));

pub(super) const ROUTES: &[Route] = &[
    Route {
        refusals: &[503],
        ..Route::read("/api/v1/guardian", READ, "The rules and their counters.", schema::<GuardianView>, || get(view))
    },
    Route {
        verb: Verb::Put,
        takes: Takes::Json(schema::<NewMode>),
        refusals: &[400, 404, 413, 415, 503],
        ..Route::read(
            "/api/v1/guardian/rules/{rule}/mode",
            Some(Right::Steer),
            "Sets the mode of a rule.",
            schema::<Done>,
            || put(set_mode),
        )
    },
];

fn guardian(hub: &App) -> Result<std::sync::Arc<GuardianView>, ApiError> {
    hub.views().guardian.ok_or_else(|| ApiError::not_ready("the engine is starting"))
}

async fn view(State(hub): State<App>) -> Result<Response, ApiError> {
    Ok(answer::bare(&*guardian(&hub)?))
}

async fn set_mode(
    State(hub): State<App>,
    Path(rule): Path<String>,
    Json(NewMode { mode }): Json<NewMode>,
) -> Result<Response, ApiError> {
    let guardian = guardian(&hub)?;
    if !guardian.rules.iter().any(|known| known.name == rule) {
        let known: Vec<&str> = guardian.rules.iter().map(|rule| rule.name.as_str()).collect();
        return Err(ApiError::not_found(format!("no rule {rule:?}; there are {}", known.join(", "))));
    }
    command(&hub, Command::SetRuleMode { rule: rule.clone(), mode }).await?;
    let mode = if mode == Mode::Enforce { "enforce" } else { "observe" };
    Ok(answer::bare(Done { success: true, message: format!("{rule} is set to {mode}") }))
}
