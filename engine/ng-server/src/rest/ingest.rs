//! Sending events.

use super::answer;
use super::body::{self, media_type, unsupported};
use crate::auth::Right;
use crate::bodies::Charge;
use crate::error::ApiError;
use crate::hub::Phase;
use crate::ingest::body::{Body, Media};
use crate::ingest::once::{Key, Once, Progress, Slot, digest};
use crate::ingest::{Origin, PATIENCE, SENSOR, Taken, behind};
use crate::request;
use crate::routes::{App, Gives, Route, Takes, Verb, schema};
use crate::settings::BODY_BYTES;
use axum::Extension;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, header};
use axum::response::Response;
use axum::routing::post;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OwnedMutexGuard;

/// Longest name of a source.
const SOURCE_BYTES: usize = 128;
/// Longest idempotency key.
const KEY_BYTES: usize = 255;
const KEY: &str = "idempotency-key";

/// The query.
#[derive(Debug, Deserialize, JsonSchema)]
struct Args {
    /// Name of the source; it is shown as `http:NAME`. Without it the source is `http`.
    #[schemars(regex(pattern = r"^[A-Za-z0-9._/-]{1,128}$"))]
    source: Option<String>,
    /// The answer comes when the events are on disk, or within five seconds; without it as soon as they are in the ring.
    #[serde(default = "waits")]
    wait: bool,
}

fn waits() -> bool {
    true
}

/// The query and the headers.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema is used")]
struct Parameters {
    #[serde(flatten)]
    query: Args,
    /// Chosen by the client, a new one for each request: a request that comes again with it within ten minutes is not
    /// taken in again, but gets the same answer.
    #[serde(rename = "Idempotency-Key")]
    #[schemars(regex(pattern = r"^[!-~]{1,255}$"), extend("in" = "header"))]
    key: Option<String>,
    /// How the body is packed.
    #[serde(rename = "Content-Encoding")]
    #[schemars(extend("in" = "header"))]
    encoding: Option<Encoding>,
}

#[derive(JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(dead_code, reason = "only its schema is used")]
enum Encoding {
    Gzip,
    Identity,
}

pub(super) const ROUTES: &[Route] = &[Route {
    verb: Verb::Post,
    path: "/api/v1/ingest",
    needs: Some(Right::Ingest),
    summary: "Takes in events; answers when they are on disk, or says why they are not.",
    query: Some(schema::<Parameters>),
    takes: Takes::Media(&[("application/x-ndjson", lines), ("application/json", document), ("text/plain", text)]),
    status: 200,
    gives: Gives::Json(schema::<Taken>),
    refusals: &[400, 409, 413, 415, 422, 503],
    handler: || post(ingest),
}];

fn lines(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "description": "One event a line, at most 1 MiB each." })
}

fn text(_: &mut SchemaGenerator) -> Schema {
    let description = "Lines as of a log, at most 1 MiB each; those that belong together are one event.";
    json_schema!({ "type": "string", "description": description })
}

fn document(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "description": "One event, or several; at most 1 MiB and 64 levels each.",
        "oneOf": [
            { "type": "object" },
            { "type": "array", "minItems": 1, "items": { "type": ["object", "string", "number"] } },
        ],
    })
}

async fn ingest(
    State(hub): State<App>,
    Query(args): Query<Args>,
    Extension(charge): Extension<Arc<Charge>>,
    headers: HeaderMap,
    body: axum::body::Body,
) -> Result<Response, ApiError> {
    let identity = request::current().ok_or_else(|| ApiError::internal("the request has no context"))?.identity;
    let origin = Origin { sender: identity.name().to_owned(), source: source(args.source.as_deref())? };
    let media = media(&headers)?;
    let gzip = gzip(&headers)?;
    let key = key(&headers)?.map(|key| Key::of(&origin.sender, key));
    let bytes = body::read(&headers, body, BODY_BYTES, &charge).await?;
    if matches!(*hub.phase().borrow(), Phase::Stopping | Phase::Restarting) {
        return Err(ApiError::not_ready("the server is stopping"));
    }
    let slot = match key {
        Some(key) => {
            let content = digest(&[format!("{media:?} {gzip}").as_bytes(), origin.source.as_bytes(), &bytes]);
            hub.ingest.once.slot(key, content)?
        }
        None => Slot::default(),
    };
    let progress = slot.lock_owned().await;
    let patience = if args.wait { PATIENCE } else { Duration::ZERO };
    let work = Work { origin, media, gzip, bytes, charge, progress, key, patience };
    // Goes on when the client leaves: whoever sends the same key again finds what came of it.
    let done = tokio::spawn(work.carry_out(hub)).await;
    done.unwrap_or_else(|_| Err(ApiError::internal("the events could not be taken in")))
}

/// A request that is to be carried out.
struct Work {
    origin: Origin,
    media: Media,
    gzip: bool,
    bytes: Vec<u8>,
    /// What the bytes, packed and unpacked, are counted in.
    charge: Arc<Charge>,
    progress: OwnedMutexGuard<Progress>,
    key: Option<Key>,
    /// Time that the disk is waited for.
    patience: Duration,
}

impl Work {
    async fn carry_out(self, hub: App) -> Result<Response, ApiError> {
        let Work { origin, media, gzip, bytes, charge, mut progress, key, patience } = self;
        if progress.done {
            return answer_of(&progress.taken);
        }
        let settle = move |once: &Once, progress: &Progress| {
            if let Some(key) = key {
                once.settle(key, progress);
            }
        };
        let Ok(place) = tokio::time::timeout(PATIENCE, hub.ingest.room.clone().acquire_owned()).await else {
            settle(&hub.ingest.once, &progress);
            return Err(behind().details(so_far(&progress.taken)));
        };
        let worker = hub.clone();
        let work = move || {
            let before = counts(&progress.taken);
            let result = Body::open(media, bytes, gzip, |bytes| charge.add(bytes)).and_then(|body| {
                let taken = &mut progress.taken;
                worker.ingest.submit(&origin, &body, taken).map_err(|error| error.details(so_far(taken)))
            });
            // The body is gone; others may come while the disk is waited for.
            drop(place);
            if result.is_ok() {
                worker.ingest.settle(&mut progress.taken, patience);
            }
            let after = counts(&progress.taken);
            let meters = &worker.meters;
            meters.ingested.add(after[0] - before[0]);
            meters.ingest_duplicates.add(after[1] - before[1]);
            meters.ingest_refused.add(after[2] - before[2]);
            progress.done = result.is_ok();
            settle(&worker.ingest.once, &progress);
            result.map(|()| progress.taken.clone())
        };
        // Here and now: another thread would have to wake first, and events wait for nothing.
        answer_of(&tokio::task::block_in_place(work)?)
    }
}

fn counts(taken: &Taken) -> [u64; 3] {
    [taken.accepted, taken.duplicates, taken.rejected_total]
}

/// What a client needs to go on after a refusal.
fn so_far(taken: &Taken) -> serde_json::Value {
    let mut so_far = json!(taken);
    so_far["next_line"] = json!(taken.next_line.max(1));
    so_far
}

fn answer_of(taken: &Taken) -> Result<Response, ApiError> {
    if taken.accepted + taken.duplicates > 0 {
        return Ok(answer::bare(taken));
    }
    let what = match taken.rejected.first() {
        Some(first) => format!("no valid event; line {}: {}", first.line, first.error),
        None => "the body holds no event".into(),
    };
    Err(ApiError::bad_request(what).details(json!(taken)))
}

/// The name of the source. What a client chooses stands behind the name of the sensor, so that it is taken for no other.
fn source(name: Option<&str>) -> Result<String, ApiError> {
    let Some(name) = name else { return Ok(SENSOR.into()) };
    let known = |byte: u8| byte.is_ascii_alphanumeric() || b"._/-".contains(&byte);
    if name.is_empty() || name.len() > SOURCE_BYTES || !name.bytes().all(known) {
        let what = format!("source: expected 1 to {SOURCE_BYTES} of the characters A-Z a-z 0-9 . _ / -");
        return Err(ApiError::bad_request(what));
    }
    Ok(format!("{SENSOR}:{name}"))
}

fn media(headers: &HeaderMap) -> Result<Media, ApiError> {
    let given = media_type(headers).unwrap_or_default();
    let found = Media::NAMES.iter().find(|(name, _)| *name == given).map(|(_, media)| *media);
    found.ok_or_else(|| {
        let names: Vec<&str> = Media::NAMES.iter().map(|(name, _)| *name).collect();
        unsupported(format!("expected one of these in UTF-8 as Content-Type: {}", names.join(", ")))
    })
}

fn gzip(headers: &HeaderMap) -> Result<bool, ApiError> {
    let given = headers.get(header::CONTENT_ENCODING).map(|given| given.as_bytes().to_ascii_lowercase());
    match given.as_deref() {
        None | Some(b"identity") => Ok(false),
        Some(b"gzip" | b"x-gzip") => Ok(true),
        _ => Err(unsupported("expected gzip as Content-Encoding, or none")),
    }
}

fn key(headers: &HeaderMap) -> Result<Option<&str>, ApiError> {
    let Some(key) = headers.get(KEY) else { return Ok(None) };
    let key = key.to_str().unwrap_or_default();
    if key.is_empty() || key.len() > KEY_BYTES || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(ApiError::bad_request(format!("{KEY}: expected 1 to {KEY_BYTES} visible characters")));
    }
    Ok(Some(key))
}
