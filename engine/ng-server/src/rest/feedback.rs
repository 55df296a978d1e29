//! Feedback: what operators said of events, what it changed, giving and undoing it.

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
use ng_wire::{Command, Feedback, FeedbackView};
use schemars::JsonSchema;
use serde::Deserialize;
use std::sync::Arc;

/// What is said of an event.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Given {
    /// The event; must be in the ring.
    seq: u64,
    /// `ack`: it was worth telling. `false_alarm`: it alerted and was not.
    verdict: Feedback,
}

const READ: Option<Right> = Some(Right::Read(Channel::Signals));

pub(super) const ROUTES: &[Route] = &[
    Route {
        refusals: &[503],
        ..Route::read(
            "/api/v1/feedback",
            READ,
            "Judgements that were not undone, newest first, and the thresholds that they moved.",
            schema::<FeedbackView>,
            || get(view),
        )
    },
    Route {
        verb: Verb::Post,
        takes: Takes::Json(schema::<Given>),
        refusals: &[400, 409, 413, 415, 503],
        ..Route::read(
            "/api/v1/feedback",
            Some(Right::Steer),
            "Says what an event was worth; the threshold of its pattern or stream moves.",
            schema::<Done>,
            || post(give),
        )
    },
    Route {
        verb: Verb::Delete,
        refusals: &[400, 404, 503],
        ..Route::read("/api/v1/feedback/{number}", Some(Right::Steer), "Undoes a judgement.", schema::<Done>, || {
            delete(undo)
        })
    },
];

fn feedback(hub: &App) -> Result<Arc<FeedbackView>, ApiError> {
    hub.views().feedback.ok_or_else(|| ApiError::not_ready("the engine is starting"))
}

async fn view(State(hub): State<App>) -> Result<Response, ApiError> {
    Ok(answer::bare(&*feedback(&hub)?))
}

async fn give(State(hub): State<App>, Json(Given { seq, verdict }): Json<Given>) -> Result<Response, ApiError> {
    done(command(&hub, Command::GiveFeedback { seq, verdict }).await?)
}

async fn undo(State(hub): State<App>, Path(number): Path<u64>) -> Result<Response, ApiError> {
    if !feedback(&hub)?.judgements.iter().any(|judgement| judgement.number == number) {
        return Err(ApiError::not_found(format!("there is no judgement {number}; it was undone, or never given")));
    }
    done(command(&hub, Command::UndoFeedback { number }).await?)
}

fn done(message: Option<String>) -> Result<Response, ApiError> {
    Ok(answer::bare(Done { success: true, message: message.unwrap_or_default() }))
}
