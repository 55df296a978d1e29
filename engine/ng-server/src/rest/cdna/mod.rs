//! The constitution: profiles, weights, versions, and trials, which published clients call quarantine.
//!
//! # Layout
//!
//! `shapes.rs` is what the answers look like. Here are the handlers and their rows.

mod shapes;

use super::answer::{self, Enveloped, Flat};
use super::body::Json;
use super::modules::command;
use crate::auth::Right;
use crate::channels::Channel;
use crate::clock;
use crate::error::ApiError;
use crate::routes::{App, Gives, Route, SchemaOf, Takes, Verb, schema};
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use axum::routing::{MethodRouter, get, post, put};
use ng_core::constitution::{HISTORY, diff, profiles, version_of, weights};
use ng_wire::{Command, Constitution, ConstitutionView, DIMENSIONS};
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use shapes::{
    Cdna, Checked, Diff, Export, Exported, History, Profile, Profiles, Reset, Started, Status, Stopped, Switched, Trial,
};

/// New weights of the eight dimensions, a profile, or both.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewConfig {
    /// The profile.
    profile: Option<String>,
    /// The weights; absent = those of the profile.
    dimension_scales: Option<Vec<f64>>,
    /// Whether the answer warns of high weights. Ranges hold in any case.
    #[serde(default = "yes")]
    should_validate: bool,
}

/// New weights by name.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewScales {
    /// They; those that are absent stay.
    scales: std::collections::BTreeMap<String, f64>,
}

/// Weights to be checked.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ToCheck {
    /// Eight.
    scales: Vec<f64>,
}

/// A trial to begin.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Start {
    /// Its length, 60 to 3600 s; absent = 300 s.
    #[serde(default = "five_minutes")]
    duration: u32,
    /// The profile to try; absent = the present weights, until others are set.
    profile: Option<String>,
}

/// How a trial ends.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Stop {
    /// What is on trial holds from now on.
    #[serde(default)]
    apply: bool,
}

/// How much of the history is wanted.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Limit {
    /// 1 to 100; absent = 10.
    #[serde(default = "ten")]
    limit: usize,
}

/// The version to be taken up again.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Back {
    /// Its number; 0 = what is configured.
    version: u64,
}

/// Two versions.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Between {
    /// The first; 0 = what is configured.
    from: u64,
    /// The second.
    to: u64,
}

fn yes() -> bool {
    true
}

fn ten() -> usize {
    10
}

fn five_minutes() -> u32 {
    300
}

pub(in crate::rest) const ROUTES: &[Route] = &[
    read("/api/v1/cdna/status", "The constitution, its trial and its history.", schema::<Flat<Status>>, || get(status)),
    read("/api/v1/cdna/config", "Profile and weights in force.", schema::<Flat<Cdna>>, || get(config)),
    Route {
        takes: Takes::Json(schema::<NewConfig>),
        ..write(
            Verb::Put,
            "/api/v1/cdna/config",
            "Sets the weights, for the trial while one runs.",
            schema::<Flat<Cdna>>,
            || put(set_config),
        )
    },
    Route {
        takes: Takes::Json(schema::<NewScales>),
        ..write(Verb::Put, "/api/v1/cdna/scales", "Sets weights by name.", schema::<Flat<Cdna>>, || put(set_scales))
    },
    read("/api/v1/cdna/profiles", "All profiles.", schema::<Flat<Profiles>>, || get(list_profiles)),
    Route {
        refusals: &[404],
        ..read("/api/v1/cdna/profiles/{id}", "One profile.", schema::<Flat<Profile>>, || get(one_profile))
    },
    write(
        Verb::Post,
        "/api/v1/cdna/profiles/{id}/switch",
        "Takes the weights of a profile.",
        schema::<Flat<Switched>>,
        || post(switch),
    ),
    Route {
        verb: Verb::Post,
        takes: Takes::Json(schema::<ToCheck>),
        refusals: &[400, 413, 415, 422],
        ..read("/api/v1/cdna/validate", "Checks weights and changes nothing.", schema::<Flat<Checked>>, || {
            post(validate)
        })
    },
    read("/api/v1/cdna/quarantine/status", "The trial that runs.", schema::<Flat<Trial>>, || get(trial)),
    Route {
        query: Some(schema::<Start>),
        ..write(
            Verb::Post,
            "/api/v1/cdna/quarantine/start",
            "Begins a trial, which reverts itself at its end.",
            schema::<Flat<Started>>,
            || post(start),
        )
    },
    Route {
        query: Some(schema::<Stop>),
        ..write(
            Verb::Post,
            "/api/v1/cdna/quarantine/stop",
            "Ends the trial: keeps what is on trial, or reverts it.",
            schema::<Flat<Stopped>>,
            || post(stop),
        )
    },
    Route {
        query: Some(schema::<Limit>),
        refusals: &[400, 503],
        ..read("/api/v1/cdna/history", "The latest amendments, newest first.", schema::<Flat<History>>, || get(history))
    },
    Route {
        query: Some(schema::<Between>),
        refusals: &[400, 404, 503],
        ..read("/api/v1/cdna/diff", "What differs between two versions.", schema::<Flat<Diff>>, || get(difference))
    },
    Route {
        query: Some(schema::<Back>),
        ..write(
            Verb::Post,
            "/api/v1/cdna/rollback",
            "Takes an earlier version up again, as a new one.",
            schema::<Flat<Cdna>>,
            || post(roll_back),
        )
    },
    Route {
        verb: Verb::Post,
        ..read("/api/v1/cdna/export", "The whole constitution with its history.", schema::<Enveloped<Export>>, || {
            post(export)
        })
    },
    Route {
        needs: Some(Right::Reset),
        ..write(Verb::Post, "/api/v1/cdna/reset", "Goes back to what is configured.", schema::<Flat<Reset>>, || {
            post(reset)
        })
    },
];

const fn read(path: &'static str, summary: &'static str, gives: SchemaOf, handler: fn() -> MethodRouter<App>) -> Route {
    Route {
        verb: Verb::Get,
        path,
        needs: Some(Right::Read(Channel::Guardian)),
        summary,
        query: None,
        takes: Takes::Nothing,
        status: 200,
        gives: Gives::Json(gives),
        refusals: &[503],
        handler,
    }
}

const fn write(
    verb: Verb,
    path: &'static str,
    summary: &'static str,
    gives: SchemaOf,
    handler: fn() -> MethodRouter<App>,
) -> Route {
    Route {
        verb,
        needs: Some(Right::Steer),
        refusals: &[400, 404, 409, 413, 415, 422, 503],
        ..read(path, summary, gives, handler)
    }
}

async fn status(State(hub): State<App>) -> Result<Response, ApiError> {
    let (kept, view) = kept(&hub).await?;
    Ok(answer::flat(Status {
        cdna: Cdna::of(&kept, &view),
        quarantine: Trial::of(&view),
        history_count: kept.history.len(),
    }))
}

async fn config(State(hub): State<App>) -> Result<Response, ApiError> {
    present(&hub, true).await
}

async fn set_config(State(hub): State<App>, Json(wanted): Json<NewConfig>) -> Result<Response, ApiError> {
    let NewConfig { profile, dimension_scales, should_validate } = wanted;
    if let Some(profile) = &profile {
        known(profile)?;
    }
    let wanted = match (dimension_scales, profile) {
        (Some(scales), profile) => Command::SetWeights { weights: accepted(eight(&scales)?)?, profile },
        (None, Some(profile)) => Command::SwitchProfile { profile },
        (None, None) => return Err(ApiError::bad_request("expected profile or dimension_scales")),
    };
    command(&hub, wanted).await?;
    present(&hub, should_validate).await
}

async fn set_scales(State(hub): State<App>, Json(NewScales { scales }): Json<NewScales>) -> Result<Response, ApiError> {
    let mut wanted = weights(&kept(&hub).await?.0);
    for (name, weight) in scales {
        let place = profiles::TABLE.iter().position(|dimension| dimension.name == name).ok_or_else(|| {
            let names: Vec<&str> = profiles::TABLE.iter().map(|dimension| dimension.name).collect();
            ApiError::bad_request(format!("no dimension {name:?}; there are {}", names.join(", ")))
        })?;
        wanted[place] = weight;
    }
    command(&hub, Command::SetWeights { weights: accepted(wanted)?, profile: None }).await?;
    present(&hub, true).await
}

async fn list_profiles(State(hub): State<App>) -> Result<Response, ApiError> {
    let (_, view) = kept(&hub).await?;
    let profiles = view.profiles.into_iter().map(|profile| (profile.name.clone(), profile.into())).collect();
    Ok(answer::flat(Profiles { profiles, current: view.profile }))
}

async fn one_profile(Path(id): Path<String>) -> Result<Response, ApiError> {
    Ok(answer::flat(Profile::from(known(&id)?.view())))
}

async fn switch(State(hub): State<App>, Path(id): Path<String>) -> Result<Response, ApiError> {
    let profile = known(&id)?;
    let (_, before) = kept(&hub).await?;
    command(&hub, Command::SwitchProfile { profile: id.clone() }).await?;
    Ok(answer::flat(Switched { success: true, old_profile: before.profile, new_profile: id, scales: profile.weights }))
}

async fn validate(Json(ToCheck { scales }): Json<ToCheck>) -> Result<Response, ApiError> {
    let scales = eight(&scales)?;
    let errors = profiles::faults(&scales);
    Ok(answer::flat(Checked { valid: errors.is_empty(), warnings: profiles::warnings(&scales), errors }))
}

async fn trial(State(hub): State<App>) -> Result<Response, ApiError> {
    let (_, view) = kept(&hub).await?;
    Ok(answer::flat(Trial::of(&view)))
}

async fn start(State(hub): State<App>, uri: Uri) -> Result<Response, ApiError> {
    let Start { duration, profile } = query(&uri)?;
    if let Some(profile) = &profile {
        known(profile)?;
    }
    let begin = Command::StartTrial { seconds: duration, weights: None, profile };
    command(&hub, begin).await.map_err(as_published)?;
    let message = format!("a trial runs for {duration} s, and reverts itself unless it is kept");
    Ok(answer::flat(Started { success: true, message, duration }))
}

async fn stop(State(hub): State<App>, uri: Uri) -> Result<Response, ApiError> {
    let Stop { apply } = query(&uri)?;
    command(&hub, Command::StopTrial { keep: apply }).await.map_err(as_published)?;
    let message = if apply { "the trial is kept" } else { "the trial is reverted" };
    Ok(answer::flat(Stopped { success: true, message: message.into(), applied: apply }))
}

async fn history(State(hub): State<App>, uri: Uri) -> Result<Response, ApiError> {
    let Limit { limit } = query(&uri)?;
    if !(1..=HISTORY).contains(&limit) {
        return Err(ApiError::bad_request(format!("limit: expected a whole number from 1 to {HISTORY}")));
    }
    let (kept, _) = kept(&hub).await?;
    Ok(answer::flat(History { total: kept.history.len(), history: shapes::entries(&kept, limit) }))
}

async fn difference(State(hub): State<App>, uri: Uri) -> Result<Response, ApiError> {
    let Between { from, to } = query(&uri)?;
    let (kept, _) = kept(&hub).await?;
    let [old, new] = [from, to].map(|version| version_of(&kept, version).map_err(ApiError::not_found));
    Ok(answer::flat(Diff { from, to, changes: diff(&old?, &new?) }))
}

async fn roll_back(State(hub): State<App>, uri: Uri) -> Result<Response, ApiError> {
    let Back { version } = query(&uri)?;
    command(&hub, Command::RollBack { version }).await?;
    present(&hub, true).await
}

async fn export(State(hub): State<App>) -> Result<Response, ApiError> {
    let (constitution, view) = kept(&hub).await?;
    let exported_at = clock::now_iso();
    let moment: String = exported_at.chars().filter(|char| char.is_ascii_digit()).take(14).collect();
    let (day, time) = moment.split_at(8);
    Ok(answer::enveloped(Export {
        success: true,
        data: Exported {
            cdna: Cdna::of(&constitution, &view),
            history: shapes::entries(&constitution, HISTORY),
            constitution,
            exported_at,
        },
        filename: format!("cdna_export_{day}_{time}.json"),
    }))
}

async fn reset(State(hub): State<App>) -> Result<Response, ApiError> {
    command(&hub, Command::RollBack { version: 0 }).await?;
    let (kept, view) = kept(&hub).await?;
    let message = "the constitution is what is configured".into();
    Ok(answer::flat(Reset { success: true, message, cdna: Cdna::of(&kept, &view) }))
}

/// The constitution as it stands after every command that was answered.
async fn kept(hub: &App) -> Result<(Constitution, ConstitutionView), ApiError> {
    let access = hub.access.clone();
    let told = tokio::task::spawn_blocking(move || access.constitution()).await;
    told.ok().and_then(Result::ok).ok_or_else(|| ApiError::not_ready("the engine is stopping"))
}

/// Profile and weights in force.
async fn present(hub: &App, warn: bool) -> Result<Response, ApiError> {
    let (kept, view) = kept(hub).await?;
    let mut cdna = Cdna::of(&kept, &view);
    if !warn {
        cdna.warnings.clear();
    }
    Ok(answer::flat(cdna))
}

fn known(id: &str) -> Result<&'static profiles::Profile, ApiError> {
    profiles::find(id).map_err(ApiError::not_found)
}

/// The weights, when there are eight.
fn eight(scales: &[f64]) -> Result<[f64; DIMENSIONS], ApiError> {
    scales.try_into().map_err(|_| {
        let what = format!("expected {DIMENSIONS} weights, not {}", scales.len());
        ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "BAD_REQUEST", what)
    })
}

/// The weights, or a refusal that names all that is wrong with them. What only a profile refuses is left to the engine,
/// and so are the weights of a profile, which may lie beyond a range.
fn accepted(scales: [f64; DIMENSIONS]) -> Result<[f64; DIMENSIONS], ApiError> {
    let errors = profiles::faults(&scales);
    if errors.is_empty() || profiles::PROFILES.iter().any(|profile| profile.weights == scales) {
        return Ok(scales);
    }
    let message = errors.join("; ");
    let details = serde_json::json!({ "message": message, "errors": errors, "warnings": profiles::warnings(&scales) });
    Err(ApiError::bad_request(message).details(details))
}

/// The query of an address.
fn query<T: DeserializeOwned>(uri: &Uri) -> Result<T, ApiError> {
    let Query(query) = Query::try_from_uri(uri).map_err(|error| ApiError::bad_request(error.body_text()))?;
    Ok(query)
}

/// A trial that runs already, or none that runs, is 400 to published clients.
fn as_published(error: ApiError) -> ApiError {
    if error.status == StatusCode::CONFLICT { ApiError { status: StatusCode::BAD_REQUEST, ..error } } else { error }
}
