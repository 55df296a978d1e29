//! Incidents: what is unusual at about the same time, as one entry; and silences.

use super::answer;
use super::body::Json;
use super::modules::{Done, command};
use crate::auth::Right;
use crate::channels::Channel;
use crate::error::ApiError;
use crate::routes::{App, Route, Takes, Verb, schema};
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{delete, get, post};
use ng_wire::{Command, IncidentsView, SilenceTarget};
use schemars::JsonSchema;
use serde::Deserialize;
use std::sync::Arc;

/// What is to be held back.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Asked {
    /// The pattern of an event, an alert rule, or the events that pass a filter.
    target: SilenceTarget,
    /// For how long, 1 s to a year.
    seconds: u64,
    /// Why; at most 200 characters.
    #[serde(default)]
    reason: String,
}

const READ: Option<Right> = Some(Right::Read(Channel::Signals));

pub(super) const ROUTES: &[Route] = &[
    Route {
        refusals: &[503],
        ..Route::read(
            "/api/v1/incidents",
            READ,
            "Incidents that go on and the latest of those that are over, the latest first, and the silences that hold.",
            schema::<IncidentsView>,
            || get(view),
        )
    },
    Route {
        verb: Verb::Post,
        takes: Takes::Json(schema::<Asked>),
        refusals: &[400, 409, 413, 415, 503],
        ..Route::read(
            "/api/v1/silences",
            Some(Right::Steer),
            "Holds back what is said of something for a time.",
            schema::<Done>,
            || post(silence),
        )
    },
    Route {
        verb: Verb::Delete,
        refusals: &[400, 404, 503],
        ..Route::read(
            "/api/v1/silences/{number}",
            Some(Right::Steer),
            "Ends a silence before its time.",
            schema::<Done>,
            || delete(expire),
        )
    },
];

fn incidents(hub: &App) -> Result<Arc<IncidentsView>, ApiError> {
    hub.views().incidents.ok_or_else(|| ApiError::not_ready("the engine is starting"))
}

async fn view(State(hub): State<App>) -> Result<Response, ApiError> {
    Ok(answer::bare(&*incidents(&hub)?))
}

async fn silence(State(hub): State<App>, Json(asked): Json<Asked>) -> Result<Response, ApiError> {
    let Asked { target, seconds, reason } = asked;
    done(command(&hub, Command::Silence { target, seconds, reason }).await?)
}

async fn expire(State(hub): State<App>, Path(number): Path<u64>) -> Result<Response, ApiError> {
    if !incidents(&hub)?.silences.iter().any(|view| view.silence.number == number) {
        return Err(ApiError::not_found(format!("there is no silence {number}; it is over, or was never asked for")));
    }
    done(command(&hub, Command::ExpireSilence { number }).await?)
}

fn done(message: Option<String>) -> Result<Response, ApiError> {
    Ok(answer::bare(Done { success: true, message: message.unwrap_or_default() }))
}
